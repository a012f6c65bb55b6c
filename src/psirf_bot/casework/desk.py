"""The desk: one delivery, one transaction. What a turn changes, tells or answers is committed before it is answered."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from psirf_bot.cards.forms import refilled
from psirf_bot.cards.menu import refusal
from psirf_bot.cards.people_to_ring import numbers, with_people_to_ring
from psirf_bot.casework import answering, begin_report, home, identities, naming, people, words
from psirf_bot.casework.actions import button
from psirf_bot.casework.errand import Errand
from psirf_bot.casework.inbound import Added, Chosen, Inbound, Opened, Pressed, Reply, Said
from psirf_bot.casework.verbs import VERBS
from psirf_bot.casework.work import Press, Refusal, Setting, Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.distress import sounds_like_distress, sounds_like_distress_or_danger
from psirf_bot.store.database import Store, taken_back_on, without_words
from psirf_bot.store.direct import Prepared, Together, inserting, table_of
from psirf_bot.store.tables import Action, Inbox

log = logging.getLogger(__name__)

ANSWER_WITHIN = 2.5
"""Seconds. Slack gives up after three; the rest is for the way there and back."""

SHORTEST = 0.2

GREET_AGAIN_AFTER = timedelta(minutes=10)
"""A platform may say twice that the bot was added; much later it has been added once more."""

NOT_SAVED_YET = "Not saved yet: the system is busy. Your words are kept here. Please press again in a moment."
NOT_SAVED_SAID = "Not saved yet: the system is busy. Please send your message again in a moment."
NOT_BEGUN = "Not begun yet: the system is busy. Please choose the message again in a moment."
STILL_BEGINNING = "The system is busy. Your report is being begun: please type or press report in a moment to go on."

ASK_AGAIN = "The system is busy, and I could not answer in time. Please do that again in a moment."
"""Where only the response could carry the answer: no message follows."""

STILL_SAVING = (
    "Not saved yet: the system is busy. Please wait for my next message before you send anything again. "
    "If none has come after a minute, please send yours again."
)
"""What has been begun may still fail, and then nothing can be written to say so."""
DONE_BEFORE = "That has been taken already."
WENT_WRONG = (
    "Sorry, something went wrong on our side and this was not saved. Please try again. "
    "If it happens again, tell the quality team."
)

# What every turn asks is asked past the ORM, in statements that are put together once.
_inbox, _action = table_of(Inbox), table_of(Action)
SEEN = Prepared(select(_inbox.c.reply, _inbox.c.at).where(_inbox.c.key == bindparam("key")))
TAKE = Prepared(inserting(Inbox, "key", "reply", "at"))
TAKE_AGAIN = Prepared(
    update(_inbox).where(_inbox.c.key == bindparam("key")).values(reply=bindparam("reply"), at=bindparam("at"))
)
MEANING = Prepared(select(_action).where(_action.c.id == bindparam("id")))
OPENING = Together(identities.KNOWN, SEEN, MEANING, people.ANYBODY_COVERS)
"""What every turn asks first."""


class Desk:
    """Takes what adapters bring. `answer_within` is in seconds.

    After a commit the courier is woken by `kick`, and given what the turn has claimed for it by `carry`.
    """

    def __init__(
        self,
        store: Store,
        setting: Setting,
        now: Callable[[], datetime],
        kick: Callable[[], None],
        carry: Callable[[Errand], None],
        *,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._store, self._setting, self._now = store, setting, now
        self._kick, self._carry = kick, carry
        self.answer_within = answer_within

    async def handle(self, inbound: Inbound) -> Reply:
        """Carry the turn out and answer it; in time, truthfully, and without costing the person their words."""
        left = self.answer_within - (time.monotonic() - inbound.arrived)
        try:
            future = self._store.submit(lambda session: self._turn(session, inbound))
            waiting = asyncio.wrap_future(future)
            await asyncio.wait({waiting}, timeout=max(SHORTEST, left))
            if not waiting.done():
                if not future.cancel():
                    # Begun already: what it leaves in the outbox, the answer to words too, goes out after its commit.
                    waiting.add_done_callback(self._finished_late)
                return self._not_done(inbound, _too_late(inbound, begun=not future.cancelled()))
            reply, done = waiting.result()
        except asyncio.CancelledError:  # nobody waits for the answer any more; what was begun is carried through
            waiting.add_done_callback(self._finished_late)
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the person hears of it and can quote it
            reference = secrets.token_hex(3).upper()
            log.error("a turn failed, reference %s: %s", reference, without_words(error))  # noqa: TRY400
            return self._not_done(inbound, f"{WENT_WRONG} Reference {reference}.")
        self._send(done)
        return _with_typed_words(reply, inbound)

    def _not_done(self, inbound: Inbound, why: str) -> Reply:
        """Why, in words; to words of distress or danger first whom to ring, which needs no database."""
        what = inbound.what
        typed = [what.text] if isinstance(what, Said) else words.given_by(what).values()
        ring = any(isinstance(each, str) and sounds_like_distress_or_danger(each) for each in typed)
        return Reply(notice=f"{numbers(self._setting.trust)} {why}".strip() if ring else why)

    def _finished_late(self, waiting: "asyncio.Future[tuple[Reply, Work]]") -> None:
        if waiting.cancelled():
            return
        if error := waiting.exception():
            log.error("a late turn failed: %s", without_words(error))
        else:
            self._send(waiting.result()[1])

    def _send(self, done: Work) -> None:
        """What a turn that has been committed has for the courier."""
        for errand in done.errands:
            self._carry(errand)
        if done.outgoing:
            self._kick()

    def _turn(self, session: Session, inbound: Inbound) -> tuple[Reply, Work]:
        """The answer, and the work as it was left."""
        work = Work(session, self._now(), self._setting)
        known, seen, action, covers = _opening(work, inbound)
        if covers is None:
            people.nobody_stands_in(work)
        by = identities.identify(work, inbound.actor, inbound.place, known)
        if seen and not (isinstance(inbound.what, Added) and work.now - seen.at > GREET_AGAIN_AFTER):
            return Reply.model_validate(seen.reply), work
        try:
            with taken_back_on(Refusal, session):
                reply = self._answer(work, by, inbound, action)
        except Refusal as why:
            work.forget()
            reply = self._refused(work, by, inbound, why)
        reply = answering.sent_where_it_belongs(work, by, inbound, reply)
        session.flush()
        kept = Reply(notice=DONE_BEFORE) if reply.sealed else reply
        (TAKE_AGAIN if seen else TAKE).change(session, key=inbound.key, reply=kept, at=work.now)
        return reply, work

    @staticmethod
    def _refused(work: Work, by: Member, inbound: Inbound, why: Refusal) -> Reply:
        """In words; beside the form where something had been typed in it, so that the words are not lost with it."""
        if isinstance(inbound.what, Pressed) and any(inbound.what.given.values()):
            return Reply(notice=str(why))
        help_ = button(work, "What can I do?", "words.help", person_id=by.id)
        return Reply(card=refusal(str(why), help_), replaces=False)

    def _answer(self, work: Work, by: Member, inbound: Inbound, action: Any) -> Reply:
        match inbound.what:
            case Said() as said:
                return words.answer(work, by, inbound, said)
            case Chosen(text):
                return Reply(card=begin_report.from_message(work, by, inbound.actor.platform, text))
            case Opened() as opened:
                home.show(work, inbound.actor, opened)
                return Reply()
            case Added():
                return words.welcome(work, by, inbound)
            case Pressed() as pressed:
                return self._press(work, by, inbound, pressed, action)

    def _press(self, work: Work, by: Member, inbound: Inbound, pressed: Pressed, action: Any) -> Reply:
        if action is None or action.verb not in VERBS:
            raise Refusal(
                "That button is from an older message and no longer works. Type help to see where things are now."
            )
        if action.person_id and action.person_id != by.id:
            raise Refusal("That button is for somebody else. Type help to see what you can do.")
        platform = inbound.actor.platform
        given = naming.with_picked(work, pressed, by)
        press = Press(action.verb, action.args, action.case_id, given, by, platform, inbound.place)
        reply = VERBS[action.verb](work, press)
        # Whoever reports is asked whether anyone is in danger; whoever adds to a report is not.
        sounds = sounds_like_distress_or_danger if action.verb == "case.add" else sounds_like_distress
        if reply.card and any(isinstance(words, str) and sounds(words) for words in given.values()):
            ring = "" if inbound.place.inline else numbers(work.trust)
            card = with_people_to_ring(work.trust, reply.card)
            return reply.model_copy(update={"card": card, "notice": f"{ring} {reply.notice}".strip()})
        return reply


def _opening(work: Work, inbound: Inbound) -> list[Any]:
    actor, what = inbound.actor, inbound.what
    # What cannot be printed is no id of ours, and PostgreSQL takes none with a NUL.
    pressed = what.action if isinstance(what, Pressed) and what.action.isprintable() else ""
    who = {"platform": actor.platform, "team": actor.team, "user": actor.user}
    return OPENING.first(work.session, **who, key=inbound.key, id=pressed, today=work.local.date())


def _too_late(inbound: Inbound, *, begun: bool) -> str:
    """What somebody is told whose turn has not been committed in time."""
    match inbound.what:
        case Pressed():
            return NOT_SAVED_YET
        case Chosen():
            return STILL_BEGINNING if begun else NOT_BEGUN
        case Opened() | Added():
            return ""  # they asked for nothing that could be lost
        case Said() if begun and inbound.place.inline:
            return ASK_AGAIN
    return STILL_SAVING if begun else NOT_SAVED_SAID


def _with_typed_words(reply: Reply, inbound: Inbound) -> Reply:
    """A form that comes back with a problem holds what was typed. That is never stored: it may hold an identifier."""
    wrong = {i.id for i in reply.card.inputs() if i.error} if reply.card else set()
    given = words.given_by(inbound.what)
    if reply.card is None or not wrong or not given:
        return reply
    return reply.model_copy(update={"card": refilled(reply.card, {k: v for k, v in given.items() if k in wrong})})
