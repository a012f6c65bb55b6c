"""Runs of the being fair tool as the rest of casework reads them: which ones, where the two stand, and what happened.

Everything about a run goes through here: who may see it is asked in one place, everything that happens is one more
entry, and a message to one of the two says nothing but that there is a private task.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlmodel import col, func, select

from psirf_bot.cards.fair import NOT_HERE, PRIVATE_TASK, private_task
from psirf_bot.casework import fair_circle, identities, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import family
from psirf_bot.casework.deadlines import Subject
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Press, Refusal, Work, once
from psirf_bot.dialogs.being_fair import EACH_FOR_THEMSELVES, FLOW, ORDER, words_of
from psirf_bot.dialogs.flow import Flow, Page, Stop, Turn, walk
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.being_fair import ENDS, NO_ONGOING_CONCERN, FairnessReview
from psirf_bot.domain.joint import Entry, Kind, Standing, standing
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, FairEntry, FairRun, Outbox

INVITED, OPEN, PAUSED, ENDED, WITHDRAWN = "invited", "open", "paused", "ended", "withdrawn"
UNDER_WAY = (INVITED, OPEN, PAUSED)
SEEN_FOR_STANDING = tuple(Kind)
TEAM_WORDS = {Role.QUALITY: "patient safety team", Role.WORKFORCE: "workforce team"}


@dataclass(frozen=True, slots=True)
class Where:
    """Where a run has got to: what its two have said, and where the answers that both agreed on lead."""

    standing: Standing
    turn: Turn[FairnessReview]

    @property
    def page(self) -> Page | None:
        """The page that is to be answered now; None at an end."""
        return self.turn.at if isinstance(self.turn.at, Page) else None

    @property
    def key(self) -> str:
        """The id of the page's first question, by which its entries are filed."""
        return self.page.asks()[0] if self.page else ""

    @property
    def each_for_themselves(self) -> bool:
        return self.key in EACH_FOR_THEMSELVES

    @property
    def end(self) -> str | None:
        """The id of the end, or of what the run waits for, that the answers lead to."""
        return self.turn.at.outcome if isinstance(self.turn.at, Stop) else None

    @property
    def closes_by_itself(self) -> bool:
        """Whether one of the two states no ground for a concern: then the tool ends, and either may confirm it."""
        return self.end in NO_ONGOING_CONCERN

    @property
    def waits(self) -> bool:
        """Whether it is to pause until something is known or discussed."""
        return self.end is not None and ENDS[self.end].waits


def subject(run: FairRun) -> Subject:
    """The run as the subject of its duties. No case and no service: they stand on no list of either."""
    return Subject(fair_circle.KIND, run.id)


def held(work: Work, press: Press, act: Act = Act.SEE_FAIR) -> FairRun:
    """The run that a button is about, held for this turn. Raises Refusal, the same one whatever the reason."""
    run = work.session.get(FairRun, press.args.get("run", ""), with_for_update=True)
    work.memo.clear()  # whoever held it before may have changed anything
    if run is None or not may(press.by, act, fair_circle.facts(work, run)):
        raise refused(work)
    return run


def refused(work: Work) -> Refusal:
    """The one refusal of everything about being fair: it says the same whether a run exists or not."""
    overseers = [someone.name for someone in people.own_holders(work, Role.OVERSEER)]
    return Refusal(f"{NOT_HERE} {' or '.join(overseers)} can help." if overseers else NOT_HERE)


def of_case(work: Work, by: Member, case: Case) -> list[FairRun]:
    """The runs in a case and those joined with it that this person may see, the newest version of each; those under
    way first."""
    theirs = select(FairRun).where(col(FairRun.case_id).in_(family(work, case.id))).order_by(col(FairRun.version))
    seen = (run for run in work.session.exec(theirs) if may(by, Act.SEE_FAIR, fair_circle.facts(work, run)))
    # Only overseers see a version that was taken back; it does not hide the one before.
    newest = {run.reference: run for run in sorted(seen, key=lambda run: run.state != WITHDRAWN)}
    return sorted(newest.values(), key=lambda run: (run.state not in UNDER_WAY, run.at))


def versions(work: Work, run: FairRun) -> list[FairRun]:
    """All versions of a run, the first one first."""
    theirs = select(FairRun).where(FairRun.reference == run.reference)
    return list(work.session.exec(theirs.order_by(col(FairRun.version))))


def entries(work: Work, run: FairRun) -> list[FairEntry]:
    """Everything that happened in a run, in order."""
    theirs = select(FairEntry).where(FairEntry.run_id == run.id).order_by(col(FairEntry.number))
    return list(once(work, ("entries", run.id), lambda: work.session.exec(theirs).all()))


def pair(run: FairRun) -> tuple[str, str]:
    return run.patient_safety_id, run.workforce_id


def other(run: FairRun, person_id: str) -> str:
    """The other one of the two."""
    return run.workforce_id if person_id == run.patient_safety_id else run.patient_safety_id


def can_take_part(work: Work, run: FairRun, person_id: str) -> bool:
    """Whether one of the two still can: not if they have left, have changed teams, or are kept out by now."""
    someone = people.person(work, person_id)
    return bool(someone and team_of(run, person_id) in someone.roles and _may_hear(work, run, person_id))


def _may_hear(work: Work, run: FairRun, person_id: str) -> bool:
    """Whether somebody could open what they are told of: nobody is written to who would be refused."""
    someone = people.person(work, person_id)
    seen = fair_circle.facts(work, run)
    return bool(someone and someone.active and may(people.member(work, someone), Act.SEE_FAIR, seen))


def team_of(run: FairRun, person_id: str) -> Role:
    """The team that one of the two is there for."""
    return Role.QUALITY if person_id == run.patient_safety_id else Role.WORKFORCE


def where(work: Work, run: FairRun) -> Where:
    """Where a run stands. Only what both agreed on is walked."""
    counted = [
        Entry(e.number, e.by_id, Kind(e.kind), e.page, e.answers, e.about)
        for e in entries(work, run)
        if e.kind in SEEN_FOR_STANDING
    ]
    now = standing(counted, pair(run), ORDER)
    return Where(now, walk(flow_of(run), now.answers(), work.local, {"reading": run.reading}))


def flow_of(run: FairRun) -> Flow[FairnessReview]:
    """The tool in the words that this run began with, whatever is set today."""
    return FLOW.reworded(run.wording)


def wording_today(work: Work) -> dict[str, str]:
    """The words that a run begins with: a trust's own where it has set some."""
    return dict(words_of(FLOW.reworded(work.trust.wording)))


def log(
    work: Work,
    run: FairRun,
    by: str,
    kind: str,
    *,
    page: str = "",
    answers: Mapping[str, Any] | None = None,
    about: int | None = None,
    reason: str | None = None,
) -> FairEntry:
    """Add to a run that `by` did something. The audit chain says that somebody did something in a private task, no
    more."""
    newest = select(func.max(FairEntry.number)).where(FairEntry.run_id == run.id)
    number = (work.session.exec(newest).one() or 0) + 1
    given: dict[str, Any] = {"page": page, "answers": dict(answers or {}), "about": about, "reason": reason}
    entry = FairEntry(run_id=run.id, number=number, by_id=by, kind=kind, at=work.now, **given)
    work.session.add(entry)
    work.session.flush()
    work.record(by, "in a private task", run=run.id, number=number, kind=kind, **given)
    return entry


def sealed(reply: Reply) -> Reply:
    """The answer as one about a run goes out: kept nowhere else, and its preview says nothing."""
    card = reply.card.model_copy(update={"preview": PRIVATE_TASK}) if reply.card else None
    return reply.model_copy(update={"card": card, "sealed": True})


def viewed(work: Work, run: FairRun, by: Member) -> None:
    """Keep that somebody has seen something of a run: once for each press."""
    if ("viewed", run.id, by.id) not in work.memo:
        work.memo["viewed", run.id, by.id] = log(work, run, by.id, "viewed")


def privately(work: Work, press: Press, run: FairRun, reply: Reply) -> Reply:
    """The same, of something of a run, which is noted; and from a form there is a way back."""
    card = reply.card
    viewed(work, run, press.by)
    if card and any(card.inputs()):
        back = button(work, "Back", "fair.show", run=run.id)
        reply = reply.model_copy(update={"card": card.model_copy(update={"buttons": (*card.buttons, back)})})
    return sealed(reply)


def tell(work: Work, run: FairRun, person_id: str) -> None:
    """Let one of the two know that there is something for them; not what. Where they have still to be told, or have
    been that day and have not looked since, once is enough: what they open shows where it is now.

    In their working hours, or at once while they are here: two who use the tool together do not wait until morning.
    Whoever can no longer take part hears nothing.
    """
    if not _may_hear(work, run, person_id):
        return
    open_it = button(work, "Open it", "fair.show", person_id=person_id, style="primary", opens=True, run=run.id)
    in_hours = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, person_id))
    at = work.now if identities.is_here(work, person_id) else in_hours
    card = private_task(open_it)
    theirs = select(Outbox.card).where(Outbox.person_id == person_id, Outbox.state == "due")
    if card.model_dump(mode="json") not in work.session.exec(theirs).all():
        day = work.setting.calendar_beyond.local(at).date()
        what = "private task", run.id, person_id, _looked(work, run, person_id), day
        keys = (post.key_of(work, *what, again) for again in count())  # one that could not be delivered told nobody
        key = next(key for key in keys if post.state_of(work, key) != "dead")
        post.to_person(work, person_id, card, at=at, key=key)


def _looked(work: Work, run: FairRun, person_id: str) -> int:
    """The number of the last thing that somebody saw or did in a run, or that they were asked to join."""
    found = (e.number for e in entries(work, run) if person_id in {e.by_id, e.answers.get("asked")})
    return max(found, default=0)
