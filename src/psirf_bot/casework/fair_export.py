"""A copy of everything that being fair holds about one person, made by an overseer for that person (L19).

The person's name stands in it nowhere, and what is asked for is kept nowhere but in the runs that were found.
"""

import hmac
import unicodedata
from collections.abc import Callable, Sequence

from sqlmodel import col, select

from psirf_bot.cards import fair_oversight as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_circle, fair_history, fair_runs, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.fair_record import Sections
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import People, Question, short_text
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.store.tables import FairRun, Person, SupportNeed

CHANGED = "Something has changed since you began, so the pieces would not fit together. Please make the export again."
KEPT_FOR = (
    "As long as the case. {years} years after a case ended, it is reviewed whether to keep it; once that decides "
    "against it, both are deleted together."
)
WHAT = (
    "Answers to the questions of the being fair tool, and what was to be followed up afterwards; what happened on the "
    "way, with who did it and when. The tool names a next step. It is no finding about anybody."
)
WHY = (
    "The patient safety incident response policy, section 14: where a learning response raises concerns about an "
    "individual's conduct or fitness to practise, the tool helps to decide the next steps fairly."
)
FROM_WHOM = (
    "One member of the patient safety team and one of the workforce team, named below in their official role. They "
    "used what the learning response and the organisation's records say. Groups recorded for counting come from the "
    "staff record."
)


def _export(work: Work, press: Press) -> Reply:
    if not may(press.by, Act.OVERSEE_FAIR):
        raise fair_runs.refused(work)
    return fair_runs.sealed(FORM(work, press))


def _questions(work: Work, press: Press) -> Sequence[Question]:
    return (
        People("fair-export-whose", "Whose data is it?", "The person who asked for a copy of it.", most=1),
        short_text("fair-export-reason", "The number of the request, or why it is made", "No names here."),
    )


def _made(work: Work, press: Press, answers: Answers) -> Card:
    whose = answers["fair-export-whose"]
    runs = about(work, press.by, whose[0] if isinstance(whose, list) else "")
    work.record(press.by.id, "exported from being fair")
    if not runs:
        return cards.nothing_held(button(work, "Back to the overview", "fair.oversee"))
    for run in runs:
        fair_runs.log(work, run, press.by.id, "exported", reason=str(answers["fair-export-reason"]))
    return _card(work, runs, 1)


FORM = Form(
    Act.REPORT,
    "Subject-access export",
    "Make the export",
    _questions,
    _made,
    explain="This gives you everything that being fair holds about one person, for you to check and to give to them. "
    "That you made it is in the record.",
    keeps=False,
)


def _next(work: Work, press: Press) -> Reply:
    """A later part of an export, as long as it still is the same one."""
    run = fair_runs.held(work, press, Act.OVERSEE_FAIR)
    runs = about(work, press.by, run.subject_id or run.subject_name or "")
    if not hmac.compare_digest(press.args.get("seal", ""), _seal(work, _pieces(work, runs))):
        raise Refusal(CHANGED)
    card = _card(work, runs, int(press.args["part"]))
    # Not in the runs, which say already that it was made: one line more would move what the parts begin with.
    work.record(press.by.id, "read on in an export from being fair", run=run.id, part=press.args["part"])
    return Reply(card=card, replaces=press.place.private, sealed=True)


def _card(work: Work, runs: Sequence[FairRun], part: int) -> Card:
    pieces = _pieces(work, runs)
    buttons = [button(work, "Back to the overview", "fair.oversee")]
    if part < cards.parts_of_copies(pieces):
        # By the name that was typed, if by any: more runs may be found by it than by somebody's id.
        found = next((run for run in runs if not run.subject_id), runs[0])
        seal = _seal(work, pieces)
        following = button(work, "More", "fair.export-part", run=found.id, part=str(part + 1), seal=seal)
        buttons.insert(0, following)
    return cards.export(pieces, part, buttons)


def _pieces(work: Work, runs: Sequence[FairRun]) -> list[str]:
    return cards.in_pieces(text_of(work, runs))


def _seal(work: Work, pieces: Sequence[str]) -> str:
    return work.setting.audit_key.seal("export of being fair", *pieces)[:32]


def about(work: Work, by: Member, whose: str) -> list[FairRun]:
    """All runs about somebody, by their id or by a name as typed, all versions. Raises Refusal where they are kept from
    this overseer, whether there are any or not."""
    someone = people.person(work, whose)
    meant = [someone] if someone else [p for p in work.session.exec(select(Person)) if _alike(p.name) == _alike(whose)]
    if any(by.id in _kept_out(work, each.id) for each in meant):
        raise fair_runs.refused(work)
    theirs = select(FairRun).order_by(col(FairRun.reference), col(FairRun.version))
    name = _alike(someone.name if someone else whose)
    ids = {each.id for each in meant}
    return [
        run
        for run in work.session.exec(theirs)
        if (run.subject_id in ids if run.subject_id else _alike(run.subject_name or "") == name)
    ]


def _kept_out(work: Work, who: str) -> frozenset[str]:
    """Who is kept out of whatever there may be about this person, in any case."""
    theirs = select(SupportNeed.case_id).where(SupportNeed.person_id == who)
    cases = {"", *work.session.exec(theirs)}
    return frozenset().union(*(fair_circle.kept_out(work, case_id, who) for case_id in cases))


def _alike(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def text_of(work: Work, runs: Sequence[FairRun]) -> str:
    """The whole text: what is held and why, and every version of every run in full."""
    opening: Sections = [
        (
            f"What {work.trust.name} holds about you in being fair",
            [
                ("Made", instant(work.local)),
                ("What is held", WHAT),
                ("From whom", FROM_WHOM),
                ("Why", WHY),
                ("How long it is kept", KEPT_FOR.format(years=work.trust.retention.review_after_years)),
                (
                    "How you are called in it",
                    "The member of staff, or by a reference. Words that somebody typed stand as they were typed.",
                ),
            ],
        )
    ]
    return cards.as_text([*opening, *(section for run in runs for section in fair_history.in_full(work, run))])


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"fair.export": _export, "fair.export-part": _next}
