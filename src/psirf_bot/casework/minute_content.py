"""What the minute of a panel says (I13), worked out from how things stand; minute_kept.py keeps it once it is approved.

The group decides, so it lists the reasons that were given for each choice and not whose they were. It names who stood
back by their own choice. Who was kept out is not there, not even as a number: that would tell who was involved.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlmodel import col, func, select

from psirf_bot.cards.answers import instant
from psirf_bot.cards.panel import source_words
from psirf_bot.casework import panel_facts_anew, panel_members, panel_taken_back, panels, people, two_offices
from psirf_bot.casework.minute_event import event
from psirf_bot.casework.minute_signers import chaired, officer, when
from psirf_bot.casework.minute_text import Line, Minute, Section, Table
from psirf_bot.casework.panel_card import YES_NO, in_short, is_there
from psirf_bot.casework.work import Work
from psirf_bot.domain.minimum import Requirement
from psirf_bot.domain.panel import DOCUMENTS, Seat
from psirf_bot.domain.response import PSII
from psirf_bot.domain.trust import NATIONAL_NAMES
from psirf_bot.store.tables import Case, Panel, Vote

HOW_SOON = {"ordinary": "Ordinary", "urgent": "Urgent", "weekly": "Weekly agenda"}
SITS_AS = {
    Seat.QUALITY: "Member of the quality team",
    Seat.SERVICE: "Service representative",
    Seat.EXPERT: "Subject expert",
    Seat.MEMBER: "Other member of the panel",
}
SIGNED = ("What", "Who, and in which office", "When")
NOT_SAID = "Not said"
NO_CODE = "None: it is not one of the four learning responses"
KEPT_OUT = (
    "Staff whom a report names as involved, and their line managers, have no seat and no vote. This minute does not "
    "say who they are, or whether there are any."
)
"""The same words in every minute: it is filed where many can read it, and only who needs such a name is given it."""
SIGNS_LATER = (
    "A PSII needs a second signature, of the Chief Nurse, the Medical Director or whoever stands in for them. It comes "
    "after this one, so it stands at the end. (Policy 3.2 and 12.3.)"
)


def draft_of(work: Work, case: Case, panel: Panel) -> Minute:
    """The minute of a panel whose voting has closed, as it would be if it were approved now."""
    sections = (
        Section("The event", tuple(event(work, case))),
        Section("The panel", tuple(_panel(work, panel))),
        Section("Papers considered", tuple(_papers(case, panel))),
        Section("Facts", tuple(_facts(work, panel))),
        Section("Votes", tuple(_votes(work, panel))),
        Section("Decision", tuple(_decision(work, panel))),
        Section("Signatures", tuple(_signatures(work, panel))),
    )
    return Minute(work.trust.name, case.reference, False, sections, work.local)


# What it says


def _panel(work: Work, panel: Panel) -> Iterator[str | Line | Table]:
    yield Line("How soon", HOW_SOON.get(panel.route, panel.route.capitalize()))
    yield Line("Opened", _by_and_when(work, panel.opened_by, panel.opened_at))
    closed = min(panel.closed_at or panel.closes_at, panel.closes_at)
    yield Line("Voting closed", instant(work.setting.calendar.local(closed)))
    yield Line("Chair", people.name_of(work, panel.chair_id))
    if panel.chair_override:
        yield Line("Why they chair it before their training in oversight is complete", panel.chair_override)
    yield Line("Quorum", _quorum(work, panel))
    given, order = panels.votes(work, panel), list(Seat)
    rows = [
        (
            Seat(m.seat),
            people.name_of(work, m.person_id) + (", chair" if m.person_id == panel.chair_id else ""),
            _took_part(work, m.person_id, given.get(m.id)),
        )
        for m in panels.members(work, panel)
    ]
    rows.sort(key=lambda row: (order.index(row[0]), row[1]))
    named = tuple((SITS_AS[seat], name, voted) for seat, name, voted in rows)
    yield Table("Members", ("Sits as", "Name", "Voted"), named)
    yield Line("Stood back by their own choice", _stood_back(work, panel))
    yield KEPT_OUT


def _stood_back(work: Work, panel: Panel) -> str:
    """Who stood back, for whoever looks for conflicts of interest. Nobody was asked why."""
    back = sorted(people.name_of(work, m.person_id) for m in panel_members.all_of(work, panel) if m.recused_at)
    return f"{', '.join(back)}. No reason is asked for." if back else "Nobody"


def _quorum(work: Work, panel: Panel) -> str:
    """Whether it was reached, with what it is: a reader does not have the trust's settings."""
    lacks, quorum = panels.quorum_lacks(work, panel), work.trust.panel.quorum
    needed = _counted({Seat.QUALITY: quorum.quality, Seat.SERVICE: quorum.service, Seat.EXPERT: quorum.expert})
    if not needed:
        return "The trust sets none"
    missing = f". Missing: {_counted(lacks)}" if lacks else ""
    return f"{'Not reached' if lacks else 'Reached'} (needed {needed}){missing}"


def _counted(votes: Mapping[Seat, int]) -> str:
    words = {Seat.QUALITY: "quality team", Seat.SERVICE: "service representative", Seat.EXPERT: "expert"}
    return ", ".join(f"{count} {words[seat]}" for seat, count in votes.items() if count)


def _took_part(work: Work, member_id: str, vote: Vote | None) -> str:
    if vote is None:
        return "No"
    return "Yes" if vote.by_id == member_id else f"Yes, through {people.name_of(work, vote.by_id)}, who stood in"


def _papers(case: Case, panel: Panel) -> Iterator[Line | Table]:
    rows = tuple((label, _paper(case, str(panel.documents.get(which) or ""))) for which, label in DOCUMENTS.items())
    yield Table("Papers", ("Document", "Where it is, or why it is not there"), rows)
    yield Line("What the plan says", panel.plan_says or NOT_SAID)
    yield Line("Improvement work under way", panel.improvement or NOT_SAID)


def _paper(case: Case, given: str) -> str:
    if not given:
        return "Missing. No reason is given."
    return given if is_there(case, given) else f"Not there: {given}"


def _facts(work: Work, panel: Panel) -> Iterator[str | Line | Table]:
    if panel.facts is None:
        yield "Nobody has confirmed the facts yet."
    else:
        yield Line("Confirmed", _by_and_when(work, panel.facts_by, panel.facts_at))
        back = panel_taken_back.ids(panel)
        rows = (
            *_requirements(work, [fact for fact in panel.facts if fact not in back], "Yes"),
            *_requirements(work, [fact for fact in panel.facts_not_known or () if fact not in back], "Not known"),
        )
        for line in panel_taken_back.lines(panel):
            fact, _, how = line.partition(": ")
            yield Line(fact, how)
        if rows:
            yield Table("Events with a set response", ("Fact", "Is it so?", "What follows if it is", "Source"), rows)
        else:
            yield "No fact that has a set response was confirmed. The group decides."
        considered = {*panel.facts, *(panel.facts_not_known or ())}
        not_so = "; ".join(each.fact for each in work.trust.requirements if each.id not in considered)
        yield Line("Looked at and not so", not_so or "None")
        if again := panel_facts_anew.words(work, panel):
            yield again
    answer = YES_NO.get(panel.learning, NOT_SAID)
    why = f". {panel.learning_why}" if panel.learning_why else ""
    yield Line("Is the risk unexpected, or is there much to learn, even outside the plan?", answer + why)
    if panel.could_have:
        yield Line(
            "Could it have led to serious injury, permanent harm or death?", YES_NO.get(panel.could_have, NOT_SAID)
        )


def _requirements(work: Work, ids: Iterable[str], answer: str) -> tuple[tuple[str, ...], ...]:
    """Those that are so. One that the trust has taken out of its settings since stands by its id."""
    known = {each.id: each for each in work.trust.requirements}
    gone = "no longer in the trust's settings"
    return tuple(
        (each.fact, answer, _follows(each), _source(each)) if (each := known.get(which)) else (which, answer, "", gone)
        for which in ids
    )


def _source(requirement: Requirement) -> str:
    words = source_words(requirement)
    return words[:1].upper() + words[1:]


def _follows(requirement: Requirement) -> str:
    follows = ["At least a PSII."] if requirement.psii else []
    follows += [f"Referral to: {requirement.refer_to}."] if requirement.refer_to else []
    return " ".join(follows)


def _votes(work: Work, panel: Panel) -> Iterator[str | Line | Table]:
    """The tally and the reasons. They stand in the order of the alphabet, which says nothing about whose they are."""
    tally, words, short = panels.tally_of(work, panel), panels.choices(work), in_short(work)
    if not tally.counts:
        yield "Nobody voted."
        return
    yield Table("Tally", ("Choice", "Votes"), tuple((words[choice], str(count)) for choice, count in tally.counts))
    if tally.is_tied:
        between = " and ".join(short[choice] for choice in tally.leading)
        yield f"It is a tie between {between}. The group decides; the bot does not settle it."
    yield "The group decides together, so reasons are listed without names, in the order of the alphabet."
    given = panels.votes(work, panel)
    counted = select(func.count()).where(Vote.panel_id == panel.id, col(Vote.member_id).in_(given))
    yield Line("Votes that were changed before voting closed", str(work.session.exec(counted).one() - len(given)))
    order = [choice for choice, _ in tally.counts]
    reasons = sorted(given.values(), key=lambda v: (order.index(v.choice), v.rationale.casefold(), v.rationale))
    rows = tuple((short[vote.choice], vote.rationale) for vote in reasons)
    yield Table("Reasons, one row for each vote", ("Choice", "Reason"), rows)


def _decision(work: Work, panel: Panel) -> Iterator[str | Line]:
    """What was decided, beside the least that the facts ask for; its national name stands once (I07)."""
    if panel.facts is not None:
        needs = panels.proposal_of(work, panel).needs_psii
        yield Line(
            "The least that the confirmed facts ask for",
            "A PSII" if needs else "No particular response: the group decides",
        )
    if panel.decision is None:
        yield "Not written yet."
    else:
        decision = in_short(work)[panel.decision]
        yield Line("Decision", decision)
        yield Line("National code", _code(panel.decision, decision))
        yield Line("Why", panel.rationale or NOT_SAID)
    if panel.departure:
        yield Line("A departure from the minimum was asked for, because", panel.departure_why or NOT_SAID)
        yield Line("Answer", _departure(work, panel))


def _code(decision: str, said: str) -> str:
    """PSII, with the national name unless that is the trust's own and has just been said."""
    national = {str(kind): name for kind, name in NATIONAL_NAMES.items()}.get(decision)
    if national is None:
        return NO_CODE
    return decision.upper() if national == said else f"{decision.upper()} ({national})"


def _departure(work: Work, panel: Panel) -> str:
    answer = {"agreed": "Allowed", "refused": "Not allowed: it has to be a PSII"}.get(panel.departure or "")
    if answer is None:
        return two_offices.departure_waits(work, panel)
    by = officer(work, panel.departure_by, panel.departure_at)
    return f"{answer}, by {by}, {when(work, panel.departure_at)}. {panel.departure_note or ''}".strip()


def _signatures(work: Work, panel: Panel) -> Iterator[str | Table]:
    approved = chaired(work, panel.approved_by, panel) if panel.approved_by else "Waits for the chair"
    rows = (
        ("Decision written", chaired(work, panel.decided_by, panel), when(work, panel.decided_at)),
        ("Minute approved", approved, when(work, panel.approved_at)),
    )
    yield Table("Who signed", SIGNED, rows)
    if panel.decision == PSII:
        yield SIGNS_LATER


def _by_and_when(work: Work, who: str | None, at: datetime | None) -> str:
    return f"By {people.name_of(work, who)}, {when(work, at)}"
