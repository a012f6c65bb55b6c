"""What waits of supporting staff: the checks of a contact; for the quality team whom nobody checks on, and who asks."""

from typing import Literal

from sqlmodel import col, or_, select

from psirf_bot.cards import support as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Button, Buttons, Part, Words
from psirf_bot.casework import cases, people, support_requests
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import RUNNING, running
from psirf_bot.casework.owners import owners
from psirf_bot.casework.support_circle import CHECK, kept_from_check
from psirf_bot.casework.support_needs import (
    AFTER_EVENT,
    DURING,
    ON_LIST,
    STOPPED,
    case_of_need,
    choose_button,
    is_kept_from,
    subject,
    wish_words,
)
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import Deadline, StandIn, SupportNeed

MOST = 3
"""So that a card holds everything that it begins to list, buttons included, on every platform."""


def waiting(work: Work, person_id: str) -> list[tuple[SupportNeed, Deadline]]:
    """The checks that this person is to make now, for themselves or for somebody they stand in for."""
    today = work.local.date().isoformat()
    theirs = select(Deadline).where(
        Deadline.subject_kind == CHECK,
        col(Deadline.state).in_(RUNNING),
        col(Deadline.owner_id).in_(_they_may_act_for(work, person_id)),
        or_(Deadline.rule != DURING, col(Deadline.due_local) <= f"{today}T23:59"),  # that one waits for its day
    )
    found = []
    for duty in work.session.exec(theirs.order_by(col(Deadline.since), col(Deadline.subject_id), col(Deadline.rule))):
        need = work.session.get_one(SupportNeed, duty.subject_id)
        acting = {someone.id for someone in owners(work, duty)}
        if person_id in acting and person_id not in kept_from_check(work, need):
            found.append((need, duty))
    return found


def _they_may_act_for(work: Work, person_id: str) -> set[str]:
    today, met, new = work.local.date(), set[str](), {person_id}
    while new:
        met |= new
        covers = select(StandIn.person_id).where(
            col(StandIn.deputy_id).in_(new), StandIn.starts <= today, StandIn.ends >= today
        )
        new = set(work.session.exec(covers)) - met
    return met


def on_the_quality_list(work: Work, by: Member) -> list[SupportNeed]:
    """What waits for somebody to be found, as far as this member of the quality team may know of it."""
    checks = select(Deadline.subject_id).where(Deadline.subject_kind == CHECK, col(Deadline.state).in_(RUNNING))
    nobody = select(SupportNeed).where(
        col(SupportNeed.checker_id).is_(None),
        SupportNeed.state != STOPPED,
        or_(SupportNeed.state == ON_LIST, col(SupportNeed.id).in_(checks)),
    )
    found = work.session.exec(nobody.order_by(col(SupportNeed.at)))
    return [need for need in found if not is_kept_from(work, need, by)]


def checks_to_make(work: Work, by: Member) -> list[Part]:
    """What somebody's list shows of the checks that they are to make."""
    found = waiting(work, by.id)
    parts: list[Part] = []
    for need, duty in found[:MOST]:
        line = cases.line(work, case_of_need(work, need))
        text = f"{line.reference}: {line.event_type.label.lower()} in {line.service}, {moment(line.occurred)}."
        other = "Someone else should do this"
        spoken = f"{other}: {need.name}, {line.reference}"
        pass_on = button(work, other, "support.pass", opens=True, spoken=spoken, need=need.id)
        parts += [
            Words(text=cards.STAGES[duty.rule].title.format(name=need.name), style="heading"),
            Words(text=text),
            Buttons(buttons=(_done(work, need, duty, "primary"), pass_on)),
        ]
    return parts + _and_more(len(found) - MOST)


def for_the_quality_team(work: Work, by: Member) -> list[Part]:
    """What the quality team's list shows: members of staff without a contact, and those who asked for support."""
    needs, requests = on_the_quality_list(work, by), support_requests.waiting(work, by)
    parts: list[Part] = []
    for need in needs[:MOST]:
        case = case_of_need(work, need)
        text = f"Nobody is to check on {need.name} yet ({case.reference}). {wish_words(need)}"
        # What is said at later times, such as that a review starts, is on the private card of that check.
        duties = running(work, subject(work, need), AFTER_EVENT)
        parts += [
            Words(text="Support for a member of staff", style="heading"),
            Words(text=text),
            Buttons(buttons=(choose_button(work, need), *(_done(work, need, duty) for duty in duties))),
        ]
    parts += _and_more(len(needs) - MOST)
    for request in requests[:MOST]:
        name, way = people.name_of(work, request.person_id), cards.WAYS[request.wish].lower()
        parts += [
            Words(text=f"{name} asks for support: {way}."),
            Buttons(buttons=support_requests.buttons(work, request)),
        ]
    return parts + _and_more(len(requests) - MOST)


def _done(work: Work, need: SupportNeed, duty: Deadline, style: Literal["plain", "primary"] = "plain") -> Button:
    label, reference = f"I have spoken to {need.name}", case_of_need(work, need).reference
    spoken = f"{label}: {cards.STAGES[duty.rule].label}, {reference}"
    return button(work, label, "support.done", style=style, spoken=spoken, need=need.id, duty=duty.id)


def _and_more(count: int) -> list[Part]:
    return [Words(text=f"And {count} more, once these are done.", style="subtle")] if count > 0 else []
