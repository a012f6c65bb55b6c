"""Imminent danger is paged to the executive on call, then to a fall-back, until somebody says they have seen it (S04).

It is the one thing that waits for no working hours.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import col, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button
from psirf_bot.casework import people, post, reminders
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, Subject, happened, running, settle
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.domain.trust import length_of
from psirf_bot.store.tables import Deadline, Dialog, Nudge, Person

RULE = "danger.acknowledged"
OVER = "The reporter no longer says that somebody is in danger."
ROLES = {
    Role.EXECUTIVE: "The executive on call",
    Role.CHIEF_NURSE: "The Chief Nurse",
    Role.MEDICAL_DIRECTOR: "The Medical Director",
    Role.QUALITY: "Somebody in the quality team",
}
"""Those who are paged, as they are called where nobody is named."""


def begin(work: Work, dialog: Dialog, by: str) -> Deadline:
    """Start the clock that runs until somebody has seen it."""
    happened(work, Event.DANGER_TOLD, _about(dialog), by)
    (deadline,) = running(work, _about(dialog), RULE)
    return deadline


def page_first(work: Work, deadline: Deadline) -> bool:
    """Page the first executive; whether an executive could be. The fall-back follows while nobody has seen it."""
    return _page(work, deadline, _round(work, deadline, 0)) and bool(_executives(work, deadline))


def stop(work: Work, dialog: Dialog, by: str) -> None:
    """The reporter says that it is over: nobody else is woken."""
    for deadline in running(work, _about(dialog), RULE):
        settle(work, deadline, DROPPED, by)
        show_again(work, dialog.id)


def page(work: Work, deadline: Deadline) -> None:
    """Nobody has seen it yet: the next in line, and then everybody, again and again."""
    _page(work, deadline, _round(work, deadline, deadline.step))
    work.record("the bot", "paged again", deadline=deadline.id, step=deadline.step)


def goes_on(work: Work, deadline: Deadline) -> bool:
    """Whether this is a page: no calendar moves the next one, and a clock that was wrong holds it up for no longer."""
    if deadline.rule != RULE:
        return False
    length = length_of(deadline.length)
    soon = work.now + timedelta(**{length.unit: length.number})
    deadline.next_at = min(deadline.next_at or soon, soon)
    work.session.add(deadline)
    return True


def paged(work: Work, dialog: Dialog) -> list[str]:
    """Everyone who has been paged about this danger so far."""
    told = select(Nudge.person_id).join(Deadline, col(Deadline.id) == Nudge.deadline_id)
    return sorted(set(work.session.exec(told.where(Deadline.rule == RULE, Deadline.subject_id == dialog.id))))


def is_waiting(work: Work, dialog: Dialog) -> bool:
    """Whether nobody has said yet that they have seen it."""
    return bool(running(work, _about(dialog), RULE))


def is_fresh(work: Work, dialog: Dialog) -> bool:
    """Whether nobody has seen it yet, or somebody has within the hour."""
    told = _newest(work, dialog)
    return told is not None and (told.closed_at is None or work.now - told.closed_at < timedelta(hours=1))


def page_also(work: Work, dialog: Dialog, others: list[Person]) -> None:
    """Page those of the others who have not been paged yet, while nobody has seen it."""
    told = paged(work, dialog)
    for deadline in running(work, _about(dialog), RULE):
        _send(work, deadline, [someone for someone in others if someone.id not in told], "also")


def _page(work: Work, deadline: Deadline, people_to_page: list[Person]) -> bool:
    """Page them, and set the time by which somebody has to have seen it. Whether anybody could be paged."""
    reached = _send(work, deadline, people_to_page)
    length = length_of(deadline.length)
    deadline.step += 1
    deadline.next_at = work.now + timedelta(**{length.unit: length.number})
    work.session.add(deadline)
    work.session.flush()
    return reached


def _send(work: Work, deadline: Deadline, people_to_page: list[Person], *out_of_turn: str) -> bool:
    subject, about = _page_of(deadline, deadline.step), f"danger:{deadline.subject_id}"
    reached = False
    for someone in people_to_page:
        key = post.key_of(work, subject, someone.id, *out_of_turn)
        reached |= post.page(work, someone.id, subject, _page_of(deadline, ""), key=key, about=about)
        reminders.noted(work, deadline, someone.id, "late", work.local.date())
    _refresh_lists(work, deadline.subject_id)
    return reached


def _refresh_lists(work: Work, dialog_id: str) -> None:
    """The pages of their own of those on whose list it stands."""
    dialog = work.session.get_one(Dialog, dialog_id)
    quality = (someone.id for someone in people.holders(work, Role.QUALITY))
    post.refresh_homes(work, (*paged(work, dialog), *quality))


def _round(work: Work, deadline: Deadline, number: int) -> list[Person]:
    """Whom to page this time: one executive after the other, then everybody who may be able to act."""
    executives = _executives(work, deadline)
    if number < len(executives):
        return [executives[number]]
    everybody = [*executives]
    for role in (Role.CHIEF_NURSE, Role.MEDICAL_DIRECTOR, Role.QUALITY):
        everybody += people.holders(work, role)
    reporter = _reporter(work, deadline)
    return list({someone.id: someone for someone in everybody if someone.id != reporter}.values())


def _reporter(work: Work, deadline: Deadline) -> str | None:
    dialog = work.session.get(Dialog, deadline.subject_id)
    return dialog.person_id if dialog else None


def _executives(work: Work, deadline: Deadline) -> list[Person]:
    """Those that the trust names, in its order, or whoever holds the role; not whoever told of it."""
    listed = people.with_emails(work, work.trust.urgent.executives)
    acting = [people.acting_for(work, p, Role.EXECUTIVE) for p in listed] or people.holders(work, Role.EXECUTIVE)
    reporter = _reporter(work, deadline)
    return list({someone.id: someone for someone in acting if someone.id != reporter}.values())


def _about(dialog: Dialog) -> Subject:
    return Subject("danger", dialog.id)


def seen(work: Work, dialog: Dialog) -> str:
    """Who has seen it and when, in words; empty while nobody has."""
    told = _newest(work, dialog)
    if told is None or told.closed_at is None:
        return ""
    if told.state == DROPPED:
        return OVER
    at = told.closed_at.astimezone(work.trust.timezone)
    return f"{people.name_of(work, told.closed_by)} saw this at {at:%H:%M} and will act."


def seen_in_a_role(work: Work, told: Deadline) -> str:
    """The same for a channel, where nobody is named and a card stands for days."""
    if told.closed_at is None:
        return ""
    if told.state == DROPPED:
        return OVER
    at = told.closed_at.astimezone(work.trust.timezone)
    return f"{_role_of(work, told)} saw this at {at:%H:%M} on {at:%A} {at.day} {at:%B} and will act."


def _role_of(work: Work, told: Deadline) -> str:
    someone = people.person(work, told.closed_by)
    held = people.member(work, someone).roles if someone else frozenset()
    if someone and someone.id in {executive.id for executive in _executives(work, told)}:
        return ROLES[Role.EXECUTIVE]
    return next((words for role, words in ROLES.items() if role in held), "Somebody who was paged")


def _newest(work: Work, dialog: Dialog) -> Deadline | None:
    """What became of the danger when it was said last."""
    of_this = select(Deadline).where(Deadline.rule == RULE, Deadline.subject_id == dialog.id)
    return work.session.exec(of_this.order_by(col(Deadline.since).desc())).first()


def alarm_of(told: Deadline) -> str:
    """The living card of the quality team, each time that the danger is told."""
    return f"danger:{told.id}"


def _page_of(told: Deadline, number: int | str) -> str:
    """The living card of whoever is paged, each time that the danger is told and each time round."""
    return f"page:{told.subject_id}:{told.id}:{number}"


def show_again(work: Work, dialog_id: str) -> None:
    """Bring up to date what everybody who was told of it has before them."""
    rounds = work.session.exec(select(Deadline).where(Deadline.rule == RULE, Deadline.subject_id == dialog_id)).all()
    pages = (_page_of(told, number) for told in rounds for number in range(told.step + 1))
    post.refresh(work, *pages, *(alarm_of(told) for told in rounds))
    _refresh_lists(work, dialog_id)


def seen_button(work: Work, dialog: Dialog) -> Button:
    return button(work, "I have seen this and will act", "danger.seen", style="primary", dialog=dialog.id)


def _acknowledge(work: Work, press: Press) -> Reply:
    dialog = work.session.get_one(Dialog, press.args["dialog"])
    if press.by.id not in paged(work, dialog) and not press.by.is_quality:
        raise Refusal("This is for those who were paged. If somebody is in danger, ring 999.")
    urgent, told = work.trust.urgent, ""
    for _ in running(work, _about(dialog), RULE):
        happened(work, Event.DANGER_ACKNOWLEDGED, _about(dialog), press.by.id)
        work.record(press.by.id, "has seen that someone is in danger", dialog=dialog.id)
        show_again(work, dialog.id)
        ring = f"If it cannot wait, ring 999. {urgent.words}: {urgent.phone}."
        card = said("Your message about danger was seen", f"{seen(work, dialog)} {ring}")
        if post.to_person(work, dialog.person_id, card, urgent=True):
            told = "I am telling the reporter. "
    text = f"{seen(work, dialog)} {told}Those who were paged can see that. {urgent.words}: {urgent.phone}."
    return Reply(card=said("Thank you", text), replaces=False)


def _who_reported(work: Work, press: Press) -> Reply:
    """The reporter was told that the quality team has their name; in a channel it does not stand."""
    dialog = work.session.get_one(Dialog, press.args["dialog"])
    if press.by.id not in paged(work, dialog) and not press.by.is_quality:
        raise Refusal("This is for the quality team. If somebody is in danger, ring 999.")
    work.record(press.by.id, "looked up who reported danger", dialog=dialog.id)
    text = f"{people.name_of(work, dialog.person_id)} reported it. Please ring them, to hear more or to make sure."
    return Reply(card=said("Who reported the danger", text), replaces=False)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"danger.seen": _acknowledge, "danger.who": _who_reported}
