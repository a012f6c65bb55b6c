"""What a panel has before it, asked in the same way when it is opened and later, and how its voting is begun.

The three documents are a link each, or the reason why one is not there (I12); with what the plan says for this event
and improvement work that is under way already (I01, I02).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from psirf_bot.cards.answers import moment
from psirf_bot.cards.check import clip
from psirf_bot.cards.conversation import said
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import onlookers, panel_members, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.forms import Answers, Unfit
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import Day, Json, People, Question, long_text, short_text
from psirf_bot.domain.authority import Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.panel import DOCUMENTS, Seat
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Channel, Panel, Person, SafetyAction, SupportNeed

TO_DECIDE = 2
"""Working days from the closing of the vote to the approved minute; local."""
MOST_ACTIONS = 5


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything that a panel begins with. `papers`: its documents, what the plan says, and improvement work."""

    route: str  # ordinary, urgent, weekly
    chair_id: str
    override: str | None
    seats: Mapping[str, Seat]
    closes_on: date
    papers: Mapping[str, Any]
    agenda_id: str | None = None


# What is asked


def of_chair() -> tuple[Question, ...]:
    return (
        People("chair", "Who chairs it?", "Somebody with the role of chair who was not involved.", most=1),
        long_text(
            "chair-override",
            "Only if their training in oversight is not complete: why do they chair it?",
            "This stays on the record. (Policy 4.3.)",
            optional=True,
            max_length=500,
        ),
    )


def of_members() -> tuple[Question, ...]:
    hint = "The quality team and the panel's members have a vote anyway. Nobody who was involved."
    return (
        People("representatives", "Who represents the service?", hint, optional=True),
        People("experts", "Which subject experts?", "People who know this kind of care.", optional=True),
    )


def of_papers() -> tuple[Question, ...]:
    hint = "A link, or why it is not there. You can add it later, before the decision."
    return (
        *(short_text(each, label, hint, optional=True, max_length=500) for each, label in DOCUMENTS.items()),
        long_text("plan-says", "What does the plan say for this kind of event?", optional=True, max_length=1000),
        long_text(
            "improvement",
            "What improvement work is under way already?",
            "Open safety actions of this service are filled in, where there are any.",
            optional=True,
            max_length=2000,
        ),
    )


def of_closing(label: str, hint: str = "", *, optional: bool = False) -> Question:
    return Day("closes", label, hint, optional, coming=True)


# What is filled in already


def likely_papers(work: Work, case: Case) -> dict[str, Json]:
    """What is known of the papers before anybody has typed anything."""
    datix = f"Datix {case.datix_number}" if case.datix_number else None
    return {"datix": datix, "improvement": open_actions(work, case.service) or None}


def open_actions(work: Work, service: str) -> str:
    """The service's open safety actions, a line each; not those of a case that is kept closer than they are."""
    kept_close = select(Case.id).where(col(Case.restricted) | col(Case.quality_only))
    found = select(SafetyAction).where(
        SafetyAction.service == service,
        col(SafetyAction.closed_at).is_(None),
        col(SafetyAction.case_id).is_(None) | col(SafetyAction.case_id).not_in(kept_close),
    )
    newest = work.session.exec(found.order_by(col(SafetyAction.at).desc()).limit(MOST_ACTIONS)).all()
    return "\n".join(f"{action.reference}: {clip(action.what, 150)}" for action in newest)


def papers_in(answers: Answers) -> dict[str, Any]:
    """The papers as they were given; what was left out is not there."""
    return {
        "documents": {each: str(answers[each]) for each in DOCUMENTS if answers.get(each)},
        "plan_says": answers.get("plan-says"),
        "improvement": answers.get("improvement"),
    }


def papers_of(panel: Panel) -> dict[str, Json]:
    """The papers of a panel, as answers."""
    documents = {each: panel.documents.get(each) for each in DOCUMENTS}
    return {**documents, "plan-says": panel.plan_says, "improvement": panel.improvement}


# When voting closes


def usual_day(work: Work, working_days: int) -> date:
    return work.setting.calendar_beyond.working_days_after(work.local.date(), working_days)


def closing_of(work: Work, day: date, question: str = "closes") -> datetime:
    """The moment on this day at which voting closes. Raises Unfit for a day that will not do."""
    calendar, clock = work.setting.calendar_beyond, work.trust.panel.closes_at
    if not calendar.is_working_day(day):
        next_one = moment(calendar.next_working_day(day).isoformat())
        raise Unfit({question: f"That is not a working day. The next one is {next_one}."})
    at = calendar.utc(datetime.combine(day, clock))
    if at - work.now < timedelta(minutes=1):
        raise Unfit({question: f"Voting closes at {clock:%H:%M}, and that has passed today. Please give a later day."})
    return at


def decided_by(work: Work, closes_on: date) -> date:
    """The day by which the minute is to be approved."""
    return work.setting.calendar_beyond.working_days_after(closes_on, TO_DECIDE)


def in_words(work: Work, at: datetime) -> str:
    """A moment as people here read it."""
    return moment(f"{at.astimezone(work.trust.timezone):%Y-%m-%dT%H:%M}")


# The beginning


def start(work: Work, case: Case, opening: Opening, by: Member) -> Panel:
    """Open the panel of a case that was read: its members are asked to vote, and its chair to decide afterwards."""
    [panel] = start_all(work, [(case, opening)], by)
    return panel


def start_all(work: Work, openings: Sequence[tuple[Case, Opening]], by: Member) -> list[Panel]:
    """Open the panels of these cases. What shows several of them is brought up to date once."""
    panels = [_begin(work, case, opening, by) for case, opening in openings]
    concerned: set[str | None] = {by.id}
    for case, opening in openings:
        onlookers.refresh_cards(work, case)
        concerned |= {case.reporter_id, case.owner_id, opening.chair_id, *opening.seats}
    theirs = col(SupportNeed.case_id).in_([case.id for case, _ in openings])
    checkers = work.session.exec(select(SupportNeed.checker_id).where(theirs))
    onlookers.refresh(work, openings[0][0], *concerned, *checkers)
    return panels


def _begin(work: Work, case: Case, opening: Opening, by: Member) -> Panel:
    panel = Panel(
        id=work.new_id(),
        case_id=case.id,
        route=opening.route,
        agenda_id=opening.agenda_id,
        chair_id=opening.chair_id,
        chair_override=opening.override,
        opened_by=by.id,
        opened_at=work.now,
        closes_at=closing_of(work, opening.closes_on),
        **opening.papers,
    )
    work.session.add(panel)
    case.state = State.IN_PANEL
    work.session.add(case)
    work.session.flush()
    decided = {"panel.decided": decided_by(work, opening.closes_on)}
    happened(work, Event.PANEL_OPENED, of_case(case, chair=panel.chair_id), by.id, agreed=decided)
    panel_members.seat(work, case, panel, opening.seats, opening.closes_on)
    content = {
        "panel": panel.id,
        "route": panel.route,
        "chair": panel.chair_id,
        "override": panel.chair_override,
        "members": dict(opening.seats),
        "closes": panel.closes_at.isoformat(),
        "papers": dict(opening.papers),
    }
    work.record(by.id, "panel opened", case, **content)
    return panel


def tell_chair(work: Work, case: Case, panel: Panel, by: Member) -> None:
    """Tell whoever chairs it today in private what they are asked to do, unless they have just done it themselves."""
    if panel.chair_id == by.id:
        return
    reader, you_are = whoever_chairs(work, work.session.get_one(Person, panel.chair_id), by)
    when = f"Members can vote until {in_words(work, panel.closes_at)}, unless the page says otherwise. After that"
    if panel.closed_at is not None or panel.closes_at <= work.now:
        when = "Voting has closed. Now"
    text = (
        f"{you_are} asked to chair the panel on {case.reference}. {when} you write down what the group decided, and "
        "approve the minute. If you cannot, please tell the quality team."
    )
    open_it = button(work, "Open the panel", "panel.show", case=case, style="primary", opens=True)
    post.to_person(work, reader, said(f"{you_are} asked to chair a panel", text, open_it, preview=PRIVATE_TASK))


def whoever_chairs(work: Work, chair: Person, by: Member) -> tuple[str, str]:
    """Who reads that somebody is asked to chair, and how it begins for them: their deputy while they are away.

    A deputy who has named the chair just now need not be told.
    """
    acting = people.acting_for(work, chair, Role.CHAIR)
    if acting.id in {chair.id, by.id}:
        return chair.id, "You are"
    return acting.id, f"{chair.name}, for whom you stand in, is"


NO_CHANNEL = (
    "No channel is set for the panel yet, so nothing was posted; members are reminded in private. "
    "Please ask an administrator to type “use this channel for panel” in the channel."
)


def has_channel(work: Work) -> bool:
    """Whether the panel has a channel in which its cards hang."""
    return work.session.exec(select(Channel.purpose).where(Channel.purpose == "panel")).first() is not None
