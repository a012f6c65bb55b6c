"""Imminent risk does not wait for the report to be finished (S04): who is told, what, and when it is over."""

from collections.abc import Mapping
from typing import Literal

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from psirf_bot.cards.model import Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.casework import cases, paging, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, OPEN
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, Dialog, Outbox

PREVIEW = "Urgent: please read this message from the safety bot now."
TITLE = "Someone may be in danger now"
SEEN = "Somebody has seen this danger and will act"
SAID_OVER = "The danger is said to be over"
STOPPED = "The report that said so was stopped before it was sent. Please ring the reporter to make sure."
WITHDRAWN = "The report that said so was withdrawn. Please ring the reporter to make sure."
MORE = "More about the danger reported just now"
PUT_RIGHT = "The reporter has changed what was told before. This is how it stands now:"
SOME, ALL, OVER = "some", "all", "over"
"""What has been told so far: that there is danger, that and what is known of it, that it is over."""

Reached = Literal["nobody", "the quality team", "the executive on call", "the quality team and the executive on call"]


def follow(work: Work, dialog: Dialog, before: Mapping[str, object], danger: str | None, by: Member) -> None:
    """Tell of danger as soon as it is said, of what is known or put right as soon as it is, and of its end."""
    known = bool(dialog.answers.get("service") and dialog.answers.get("what-happened"))
    if danger == "yes" and dialog.danger_told in {None, OVER}:
        told = paging.begin(work, dialog, by.id)
        quality = _raise_alarm(work, dialog, told)
        executive = paging.page_first(work, told)
        dialog.danger_reached = _reached(quality, executive)
        dialog.danger_told = ALL if known else SOME
        work.record(by.id, "said that someone is in danger", dialog=dialog.id)
    elif danger == "yes" and dialog.danger_told == SOME and known:
        more = [_what_to_do(work, dialog), *_facts(dialog.answers)]
        _tell(work, dialog, MORE, more, by)
        dialog.danger_told = ALL
    elif danger == "yes" and dialog.danger_told == ALL and (changed := _changed(before, dialog.answers)):
        put_right = [Words(text=PUT_RIGHT)] if any(before.get(key) for key in changed) else []
        _tell(work, dialog, MORE, [_what_to_do(work, dialog), *put_right, *_facts(dialog.answers)], by)
        paging.show_again(work, dialog.id)
    elif danger == "no" and dialog.danger_told in {SOME, ALL}:
        paging.stop(work, dialog, by.id)
        over = Words(text="The reporter now says that nobody is in danger. Please ring them to make sure.")
        _tell(work, dialog, "About the danger reported just now", [over], by)
        dialog.danger_told = OVER


def stopped(work: Work, dialog: Dialog, by: Member) -> bool:
    """Tell that the report was stopped before it was sent; False when no danger had been told.

    That says nothing of the danger, so the paging goes on until somebody has seen it. Long after that nobody is woken
    for it: the cards say so.
    """
    if dialog.danger_told not in {SOME, ALL}:
        return False
    if paging.is_fresh(work, dialog):
        _tell(work, dialog, "About the danger reported just now", [Words(text=STOPPED)], by)
    paging.show_again(work, dialog.id)  # without the words of the report, which are kept no longer
    return True


def withdrawn(work: Work, case: Case, by: Member) -> None:
    """The same of a report that is withdrawn while nobody has seen it yet; its words go from the cards in any case."""
    for dialog in work.session.exec(select(Dialog).where(Dialog.case_id == case.id)).all():
        if dialog.danger_told in {SOME, ALL} and paging.is_waiting(work, dialog):
            _tell(work, dialog, "About the danger reported just now", [Words(text=WITHDRAWN)], by)
        paging.show_again(work, dialog.id)


def told_words(work: Work, dialog: Dialog) -> Words | None:
    """What the reporter is told of it: no more than was done."""
    if dialog.danger_told not in {SOME, ALL}:
        return None
    if seen := paging.seen(work, dialog):
        return Words(text=seen)
    if dialog.danger_reached == "nobody":
        phone = work.trust.urgent.phone
        return Words(text=f"I could not reach anybody about the danger. Please ring {phone} now.", style="warning")
    return Words(text=f"I am telling {dialog.danger_reached} that somebody may be in danger, with your name.")


def undelivered(work: Work, dialog_id: str) -> None:
    """An urgent message could not be delivered somewhere: everybody in the quality team is paged as well."""
    dialog = work.session.get(Dialog, dialog_id)
    if dialog is not None:
        paging.page_also(work, dialog, people.holders(work, Role.QUALITY))
        _tell_if_none(work, dialog, col(Outbox.state) != "dead")  # none has arrived, or may still


def page_again(work: Work, deadline: Deadline) -> None:
    """Nobody has seen it yet: the next are paged. Where nothing has arrived so far, the reporter waits no longer."""
    paging.page(work, deadline)
    dialog = work.session.get(Dialog, deadline.subject_id)
    if dialog is not None:
        _tell_if_none(work, dialog, col(Outbox.state) == "sent")


def _tell_if_none(work: Work, dialog: Dialog, how: ColumnElement[bool]) -> None:
    """The reporter is told to ring, once, while nobody has seen it and there is no such message about it."""
    such = select(Outbox.id).where(Outbox.about == f"danger:{dialog.id}", how)
    if dialog.danger_reached == "nobody" or not paging.is_waiting(work, dialog) or work.session.exec(such).first():
        return
    dialog.danger_reached = "nobody"
    work.session.add(dialog)
    text = f"I could not reach anybody about the danger. Please ring {work.trust.urgent.phone} now."
    card = Card(title="Please ring now", preview=PREVIEW, body=(Words(text=text, style="warning"),))
    post.to_person(work, dialog.person_id, card, urgent=True)


def page(work: Work, which: str) -> Card | None:
    """What whoever is paged sees, as it stands: `which` is the conversation, its clock, and which time round it is."""
    dialog = work.session.get(Dialog, which.partition(":")[0])
    if dialog is None:
        return None
    reporter, facts = people.name_of(work, dialog.person_id), _as_known(work, dialog)
    if not paging.is_waiting(work, dialog):
        seen = paging.seen(work, dialog)
        return _private(SAID_OVER if seen == paging.OVER else SEEN, [Words(text=seen), *facts], reporter)
    see = paging.seen_button(work, dialog)
    return _private(TITLE, [_act(work), *facts], reporter).model_copy(update={"buttons": (see,)})


def waiting(work: Work, by: Member) -> list[Part]:
    """What the list of whoever was paged, and of the quality team, shows of danger that nobody has seen yet."""
    open_ = select(Deadline).where(Deadline.rule == paging.RULE, Deadline.state == OPEN)
    parts: list[Part] = []
    for told in work.session.exec(open_.order_by(col(Deadline.since), col(Deadline.id))):
        dialog = work.session.get(Dialog, told.subject_id)
        if dialog and dialog.person_id != by.id and (by.is_quality or by.id in paging.paged(work, dialog)):
            see = (paging.seen_button(work, dialog),)
            parts += [Words(text=TITLE, style="heading"), _act(work), Buttons(buttons=see)]
    return parts


def _tell(work: Work, dialog: Dialog, title: str, body: list[Part], by: Member) -> None:
    """To the quality channel without a name, and to everyone paged so far with the name of whom to ring."""
    card = _private(title, body, by.name)
    _tell_quality(work, dialog, Card(title=title, preview=PREVIEW, body=tuple(body)), card)
    for person_id in paging.paged(work, dialog):
        post.to_person(work, person_id, card, about=f"danger:{dialog.id}", urgent=True)


def alarm(work: Work, which: str) -> Card | None:
    """What the quality team sees, as it stands: `which` is the clock that runs until somebody has seen it."""
    told = work.session.get(Deadline, which)
    dialog = work.session.get(Dialog, told.subject_id) if told else None
    if told is None or dialog is None:
        return None
    facts = _as_known(work, dialog)
    who = (button(work, "Who reported this?", "danger.who", dialog=dialog.id),)
    if seen := paging.seen_in_a_role(work, told):
        title = SAID_OVER if told.state == DROPPED else SEEN
        return Card(title=title, preview=f"{title}.", body=(Words(text=seen), *facts), buttons=who)
    return Card(title=TITLE, preview=PREVIEW, body=(_act(work), *facts), buttons=who)


def _raise_alarm(work: Work, dialog: Dialog, told: Deadline) -> bool:
    """In the quality channel, without a name, or to each of the quality team; whether anybody can be reached."""
    subject = paging.alarm_of(told)
    if post.living(work, "quality", subject, about=f"danger:{dialog.id}", urgent=True):
        return True
    reached = [
        post.living_to_person(
            work, p.id, subject, key=post.key_of(work, subject, p.id), about=f"danger:{dialog.id}", urgent=True
        )
        for p in people.holders(work, Role.QUALITY)
    ]
    return any(reached)


def _tell_quality(work: Work, dialog: Dialog, in_channel: Card, in_private: Card) -> None:
    if not post.to_channel(work, "quality", in_channel, about=f"danger:{dialog.id}", urgent=True):
        for someone in people.holders(work, Role.QUALITY):
            post.to_person(work, someone.id, in_private, urgent=True)


def _reached(quality: bool, executive: bool) -> Reached:
    if quality and executive:
        return "the quality team and the executive on call"
    return "the quality team" if quality else "the executive on call" if executive else "nobody"


def _as_known(work: Work, dialog: Dialog) -> list[Part]:
    if dialog.case_id:  # the report has been sent meanwhile, and its words are with the case
        case = work.session.get_one(Case, dialog.case_id)
        if case.state == State.WITHDRAWN:
            return [Words(text=WITHDRAWN)]
        version = cases.newest_version(work, case)
        return _facts(version.answers if version else {})
    return [Words(text=STOPPED)] if dialog.state == "cancelled" else _facts(dialog.answers)


def _private(title: str, body: list[Part], reporter: str) -> Card:
    """The number first, then who reported it."""
    who = Facts(facts=(Fact(label="Reported by", value=reporter),))
    return Card(title=title, preview=PREVIEW, body=(body[0], who, *body[1:]))


def _what_to_do(work: Work, dialog: Dialog) -> Words:
    return _act(work) if paging.is_waiting(work, dialog) else Words(text=f"{SEEN}. This is for whoever does.")


def _act(work: Work) -> Words:
    urgent = work.trust.urgent
    text = f"{urgent.words}: {urgent.phone}. Nobody reads the chat live. Ring them now; if it cannot wait, ring 999."
    return Words(text=text, style="warning")


def _changed(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """What those who were told have before them, and is no longer so."""
    return [key for key in ("service", "place", "what-happened") if (before.get(key) or "") != (now.get(key) or "")]


def _facts(answers: Mapping[str, object]) -> list[Part]:
    where = (("Service", answers.get("service") or "Not known yet"), ("Place", answers.get("place") or "Not said"))
    facts = Facts(facts=tuple(Fact(label=label, value=str(value), typed=True) for label, value in where))
    happened = answers.get("what-happened")
    return [facts, *([Words(text=str(happened), typed=True)] if happened else [])]
