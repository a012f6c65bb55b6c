"""A button on the card of a duty: whether the duty is still theirs and still open, and what they are shown after."""

from collections.abc import Callable

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import digest, post
from psirf_bot.casework.deadlines import DONE, OPEN, PAUSED
from psirf_bot.casework.duty_lines import Duty, duty, line
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act, may
from psirf_bot.store.tables import Deadline

Verb = Callable[[Work, Press], Reply]

FOR_EVERYBODY = Act.SET_HOURS
"""What everybody may do: whose duty it is has been asked before."""
NOT_YOURS = "This is not yours to see to now: it may have been handed over. Type overdue to see what is yours."
ALREADY = {DONE: "That has been done. Thank you.", PAUSED: "Its clock stands still just now, so nothing is due."}


def the_duty(work: Work, press: Press, act: Act) -> Duty:
    """The duty that the pressed button is about, held for this turn; raises Refusal where it is not theirs."""
    deadline = work.session.get(Deadline, press.args["deadline"], with_for_update=True)
    found = duty(work, deadline) if deadline else None
    if found is None or not may(press.by, act, found.facts):
        raise Refusal(NOT_YOURS)
    return found


def still_open(work: Work, press: Press, act: Act, *states: str) -> Duty:
    """The same, as long as it is in one of these states."""
    found = the_duty(work, press, act)
    state = found.deadline.state
    if state not in (states or (OPEN,)):
        raise Refusal(ALREADY.get(state, "It goes on as before. Type overdue to see what is yours."))
    return found


def on_a_duty(act: Act, does: Verb, *states: str) -> Verb:
    """What is done with a duty: the duty's own authority is asked each time, before that of a form about it."""

    def verb(work: Work, press: Press) -> Reply:
        still_open(work, press, act, *states)
        return does(work, press)

    return verb


def about(work: Work, press: Press) -> str:
    """The duty that a form is about, with what it belongs to."""
    deadline = work.session.get(Deadline, press.args["deadline"])
    found = duty(work, deadline) if deadline else None
    return line(work, found.deadline, found.rule).heading if found else ""


def after(work: Work, press: Press, title: str, text: str, *buttons: Button) -> Card:
    """The digest that was pressed, as it is now; elsewhere a few words."""
    day = press.args.get("day")
    if day:
        which = f"{press.by.id}:{day}"
        post.refresh(work, f"digest:{which}")  # it may list duties that it did not remind of
        card = digest.render(work, which) if press.place.message else None
        if card:
            return card
    return said(title, text, *buttons)
