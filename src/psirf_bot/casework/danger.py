"""Imminent risk does not wait for the report to be finished (S04): who is told, what, and when it is over."""

from collections.abc import Mapping
from typing import Literal

from psirf_bot.cards.model import Card, Fact, Facts, Part, Words
from psirf_bot.casework import cases, people, post
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Dialog, Person

PREVIEW = "Urgent: please read this message from the safety bot now."
SOME, ALL, OVER = "some", "all", "over"
"""What has been told so far: that there is danger, that and what is known of it, that it is over."""

Reached = Literal["nobody", "the quality team", "the executive on call", "the quality team and the executive on call"]


def follow(work: Work, dialog: Dialog, danger: str | None, by: Member) -> None:
    """Tell of danger as soon as it is said, of what is known as soon as it is known, and of its end."""
    known = bool(dialog.answers.get("service") and dialog.answers.get("what-happened"))
    if danger == "yes" and dialog.danger_told in {None, OVER}:
        dialog.danger_reached = _tell(work, dialog, "Someone may be in danger now", _facts(dialog.answers), by)
        dialog.danger_told = ALL if known else SOME
        work.record(by.id, "said that someone is in danger", dialog=dialog.id)
    elif danger == "yes" and dialog.danger_told == SOME and known:
        _tell(work, dialog, "More about the danger reported just now", _facts(dialog.answers), by)
        dialog.danger_told = ALL
    elif danger == "no" and dialog.danger_told in {SOME, ALL}:
        over = Words(text="The reporter now says that nobody is in danger. Please ring them to make sure.")
        _tell(work, dialog, "About the danger reported just now", [over], by)
        dialog.danger_told = OVER


def stopped(work: Work, dialog: Dialog, by: Member) -> bool:
    """Tell that the report was stopped before it was sent; False when no danger had been told."""
    if dialog.danger_told not in {SOME, ALL}:
        return False
    words = Words(text="The report that said so was stopped before it was sent. Please ring the reporter to make sure.")
    _tell(work, dialog, "About the danger reported just now", [words], by)
    return True


def told_words(work: Work, dialog: Dialog) -> Words | None:
    """What the reporter is told of it: no more than was done."""
    if dialog.danger_told not in {SOME, ALL}:
        return None
    if dialog.danger_reached == "nobody":
        phone = work.trust.urgent.phone
        return Words(text=f"I could not reach anybody about the danger. Please ring {phone} now.", style="warning")
    return Words(text=f"I am telling {dialog.danger_reached} that somebody may be in danger, with your name.")


def undelivered(work: Work, dialog_id: str) -> None:
    """An urgent message could not be delivered somewhere: everybody in the quality team is told in private instead."""
    dialog = work.session.get(Dialog, dialog_id)
    reporter = people.person(work, dialog.person_id) if dialog else None
    if dialog is None or reporter is None or dialog.danger_told == OVER or dialog.state == "cancelled":
        return  # news that it is over is no reason for alarm
    answers: Mapping[str, object] = dialog.answers
    if dialog.case_id:  # the report has been sent meanwhile, and its words are with the case
        version = cases.newest_version(work, work.session.get_one(Case, dialog.case_id))
        answers = version.answers if version else answers
    card = _private("Someone may be in danger: this could not be delivered elsewhere", _facts(answers), reporter.name)
    for someone in people.holders(work, Role.QUALITY):
        post.to_person(work, someone.id, card, urgent=True)


def executives(work: Work) -> list[Person]:
    """The executives to page: those that the trust names, in its order, or whoever holds the role."""
    listed = people.with_emails(work, work.trust.urgent.executives)
    return [people.acting_for(work, p, Role.EXECUTIVE) for p in listed] or people.holders(work, Role.EXECUTIVE)


def _tell(work: Work, dialog: Dialog, title: str, body: list[Part], by: Member) -> Reached:
    """To the quality channel without a name, and to each executive on call with the name of whom to ring."""
    about = f"danger:{dialog.id}"
    open_card = Card(title=title, preview=PREVIEW, body=(_act(), *body))
    quality = [post.to_channel(work, "quality", open_card, about=about, urgent=True)]
    if not quality[0]:
        quality = [post.to_person(work, p.id, open_card, urgent=True) for p in people.holders(work, Role.QUALITY)]
    card = _private(title, body, by.name)
    executive = [post.to_person(work, p.id, card, about=about, urgent=True) for p in executives(work)]
    if any(quality) and any(executive):
        return "the quality team and the executive on call"
    return "the quality team" if any(quality) else "the executive on call" if any(executive) else "nobody"


def _private(title: str, body: list[Part], reporter: str) -> Card:
    who = Facts(facts=(Fact(label="Reported by", value=reporter),))
    return Card(title=title, preview=PREVIEW, body=(_act(), who, *body))


def _act() -> Words:
    return Words(text="Nobody reads the chat live. Ring the service now.", style="warning")


def _facts(answers: Mapping[str, object]) -> list[Part]:
    where = (("Service", answers.get("service") or "Not known yet"), ("Place", answers.get("place") or "Not said"))
    facts = Facts(facts=tuple(Fact(label=label, value=str(value), typed=True) for label, value in where))
    happened = answers.get("what-happened")
    return [facts, *([Words(text=str(happened), typed=True)] if happened else [])]
