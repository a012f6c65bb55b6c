"""One member of staff who may need support: who sees to it, who may know of it, and how it passes on (App 2, V16)."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button
from psirf_bot.casework import addresses, onlookers, people, post, reminders
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import OPEN, Subject, hand_over, happened, running, subject_of
from psirf_bot.casework.due_days import plan_next
from psirf_bot.casework.owners import owners, pattern_of
from psirf_bot.casework.support_circle import CHECK, SOMEONE_ELSE, kept_from_check
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, DutyFacts, Member, may
from psirf_bot.domain.deadlines import NOW
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, Nudge, Person, SupportNeed

ASKED, ON_LIST, CHECKED, STOPPED = "asked", "on the quality list", "checked", "stopped"
"""How far the check after the event has got; the later ones are known by their deadlines."""

AFTER_EVENT, AT_START = "support.after-event", "support.review-starts"
DURING, AT_END = "support.ongoing", "support.review-ended"
STAGES = (AFTER_EVENT, AT_START, DURING, AT_END)

BOT = "the bot"


def subject(work: Work, need: SupportNeed) -> Subject:
    """The checks on one person as the subject of their duties."""
    case = case_of_need(work, need)
    return Subject(CHECK, need.id, case, case.service, {"checker": need.checker_id})


def case_of_need(work: Work, need: SupportNeed) -> Case:
    return work.session.get_one(Case, need.case_id)


def of_case(work: Work, case: Case) -> list[SupportNeed]:
    return list(work.session.exec(select(SupportNeed).where(SupportNeed.case_id == case.id).order_by(SupportNeed.id)))


def acting_checker(work: Work, need: SupportNeed) -> Person | None:
    """Whoever is to check today: the person chosen, or their deputy while they are away."""
    chosen = people.person(work, need.checker_id)
    return people.acting_for(work, chosen) if chosen else None


def is_kept_from(work: Work, need: SupportNeed, by: Member) -> bool:
    """A check on oneself, or on somebody who is not to have their line manager, is for others to see to."""
    return by.id in kept_from_check(work, need)


def may_see_to(work: Work, need: SupportNeed, by: Member) -> bool:
    """Whether this person may know of the check: its contact and the quality team, and nobody who is kept from it."""
    acting = acting_checker(work, need)
    contacts = frozenset(filter(None, (need.checker_id, acting.id if acting else None)))
    facts = DutyFacts(contacts, private=True, kept_from_ids=kept_from_check(work, need))
    return may(by, Act.SETTLE_DUTY, facts)


def can_check(work: Work, need: SupportNeed, someone: Person | None) -> bool:
    """Whether this person can be asked: they, and whoever stands in for them, may know of it and can be reached."""
    if someone is None or not someone.active:
        return False
    acting = people.acting_for(work, someone)
    if {someone.id, acting.id} & kept_from_check(work, need, afresh=someone.id != need.checker_id):
        return False
    return addresses.can_be_reached(work, acting.id)


def has_left(work: Work, need: SupportNeed) -> bool:
    someone = people.person(work, need.person_id)
    return someone is not None and not someone.active


class Asked(NamedTuple):
    """When somebody is asked to make a check. `again`: they have been reminded of it today, and that is enough."""

    at: datetime
    again: bool


def move(work: Work, need: SupportNeed, to: str | None, *, why: str = "") -> Asked | None:
    """From now on this person sees to it, who may have done so before; with nobody named, the quality team finds them.

    `why`: words for that team. Returns when they are asked first; None where each check waits for a day of its own.
    """
    before, need.checker_id = need.checker_id, to
    if need.state in {ASKED, ON_LIST}:
        need.state = ASKED if to else ON_LIST
    work.session.add(need)
    work.session.flush()
    duties = running(work, subject(work, need))
    for duty in duties:
        duty.note = None if to else why or duty.note
        hand_over(work, duty, to)
    asked = [asked for duty in duties for asked in _ask(work, duty)] if to else []
    if to is None and duties:
        nobody_yet(work, [need])
    onlookers.refresh(work, case_of_need(work, need), before)
    return min(asked, default=None)


def _ask(work: Work, duty: Deadline) -> Iterator[Asked]:
    """Ask whoever a check belongs to by now in their next working hours, unless the check waits for its day."""
    today, calendar = work.local.date(), work.setting.calendar_beyond
    waits = work.setting.rules[duty.rule].nudges[0] is not NOW and date.fromisoformat(duty.due_local[:10]) > today
    for someone in owners(work, duty) if duty.state == OPEN and not waits else ():
        pattern, again = pattern_of(work, someone.id), today in _days_reminded(work, duty, someone.id)
        if again:
            day = reminders.remind_tomorrow(work, duty, someone.id, "due")
            yield Asked(calendar.next_morning(day, pattern), again)
        else:
            reminders.remind(work, duty, someone.id, "due")
            yield Asked(calendar.working_moment(work.now, pattern), again)


def _days_reminded(work: Work, duty: Deadline, person_id: str) -> list[date]:
    days = select(col(Nudge.day)).where(Nudge.deadline_id == duty.id, Nudge.person_id == person_id)
    return list(work.session.exec(days))


def has_a_newer(work: Work, duty: Deadline, nudge: Nudge) -> bool:
    """Whether the same person has been sent a later reminder of the same duty."""
    later = _others(duty, nudge).where(Nudge.day > nudge.day)
    return any(post.is_posted(work, subject_of(work, duty, other)) for other in work.session.exec(later))


def point_to_the_newer(work: Work, duty: Deadline, nudge: Nudge) -> None:
    """The reminder before this one is to say, once this one is there, that it is."""
    earlier = _others(duty, nudge).where(Nudge.day < nudge.day).order_by(col(Nudge.day).desc())
    hangs = (subject_of(work, duty, other) for other in work.session.exec(earlier))
    if last := next((subject for subject in hangs if post.is_posted(work, subject)), None):
        post.refresh(work, last)


def _others(duty: Deadline, nudge: Nudge) -> SelectOfScalar[Nudge]:
    return select(Nudge).where(Nudge.deadline_id == duty.id, Nudge.person_id == nudge.person_id)


def somebody_can_choose(work: Work, need: SupportNeed) -> bool:
    """Whether anybody in the quality team may know of it, and so can find somebody to check."""
    return any(not is_kept_from(work, need, people.member(work, s)) for s in people.holders(work, Role.QUALITY))


def nobody_yet(work: Work, needs: list[SupportNeed]) -> None:
    """Somebody has to be found: the quality channel is told at once, without a name, or each of the team in private."""
    card = said(
        "Somebody is needed to check on a colleague",
        "A member of staff named in a report has nobody to check on them yet.",
        button(work, "See what waits", "words.overdue", opens=True),
    )
    seen_to = any(somebody_can_choose(work, need) for need in needs)
    if seen_to and "nobody yet" not in work.memo:  # of several at the same moment once: the list has them all
        work.memo["nobody yet"] = post.to_channel(work, "quality", card)
    told = seen_to and work.memo["nobody yet"]
    for need in needs:
        for duty in running(work, subject(work, need)):
            if work.setting.rules[duty.rule].nudges[0] is NOW:
                duty.step = max(duty.step, 1) if told else 0
                plan_next(work, duty)
                work.session.add(duty)
    work.session.flush()


def begin(work: Work, needs: Sequence[SupportNeed], event: Event, by: str) -> None:
    """Start the clocks of a stage; the quality team hears at once of those who have nobody."""
    for need in needs:
        happened(work, event, subject(work, need), by)
    if without := [need for need in needs if need.checker_id is None]:
        nobody_yet(work, without)


def choose_button(work: Work, need: SupportNeed) -> Button:
    """For the quality team, where nobody is to check yet."""
    label = "Choose who checks"
    spoken = f"{label}: {need.name}, {case_of_need(work, need).reference}"
    return button(work, label, "support.choose", opens=True, spoken=spoken, need=need.id)


def due_words(work: Work, duty: Deadline) -> str:
    """By when; where that comes from is for the quality team."""
    due = date.fromisoformat(duty.due_local[:10])
    today = "today, " if due == work.local.date() else ""
    passed = ", which has passed; it can still be done" if duty.due_at < work.now else ""
    return f"{today}{due:%A} {due.day} {due:%B}{passed}"


def wish_words(need: SupportNeed) -> str:
    """What was wished for, for the quality team."""
    if need.wish == SOMEONE_ELSE:
        named = f" They named {need.wished}." if need.wished else ""
        return f"Somebody other than the line manager was asked for; please tell the line manager nothing.{named}"
    return (
        "The reporter asked for the line manager." if need.wish == "line-manager" else "You are to choose who checks."
    )


def roughly(work: Work, at: datetime) -> str:
    """A moment to come in general terms: this afternoon, tomorrow morning, on Monday morning."""
    local = work.setting.calendar_beyond.local(at)
    part = "morning" if local.hour < 12 else "afternoon" if local.hour < 18 else "evening"
    days = (local.date() - work.local.date()).days
    if days <= 1:
        return f"tomorrow {part}" if days == 1 else f"this {part}"
    return f"on {local:%A} {part}" if days < 7 else f"on {local:%A} {local.day} {local:%B}"
