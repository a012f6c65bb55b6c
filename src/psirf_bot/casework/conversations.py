"""Conversations with a person: begin, answer, go back, change, confirm, cancel, resume.

What a person answers is filed under the question it answers, whatever card it came from; where they are is derived.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from psirf_bot.cards.model import Card
from psirf_bot.casework import by_typing, naming
from psirf_bot.casework.inbound import COLLEAGUE, Platform, Reply, Said
from psirf_bot.casework.screening import Screened, screen
from psirf_bot.casework.talk import Script, Talk, digest, may_keep
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.flow import Flow, Page, Turn, asked_before, page_before, submit, unanswered
from psirf_bot.dialogs.questions import Choice, People, Text
from psirf_bot.domain.authority import Member
from psirf_bot.store.direct import Prepared, known_as_stored, put, table_of
from psirf_bot.store.tables import Dialog

TYPED_ANSWERS_WITHIN = timedelta(hours=1)
"""Words typed later than this are not taken for an answer; the unfinished conversation is offered instead."""

GONE_BACK_TO = "gone-back-to"
"""Beside the answers: the question that somebody has gone back to by typing, and that their next words answer."""

NO_LONGER = "What you answered can no longer be chosen. Please answer this again."
"""What is said of an answer that the trust's settings no longer have."""
FILING = frozenset({"dialog.next", "dialog.mask", "dialog.keep"})
"""What files the words of a form."""
NOT_IN_IT = (
    "What is typed here was not saved, and still stands here: please copy it. "
    "To add it to a report of yours, type my reports."
)

_dialog = table_of(Dialog)
_THIS = Prepared(sa.select(_dialog).where(_dialog.c.id == sa.bindparam("id")).with_for_update())

Act = Callable[[Talk, Press], Reply]
"""What a press does with a conversation that is still open."""


class Conversations:
    """Holds conversations by their scripts, one for each flow."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = scripts
        acts: dict[str, Act] = {
            "dialog.next": _answered,
            "dialog.mask": partial(_answered, masked=True),
            "dialog.keep": _keep,
            "dialog.back": _back,
            "dialog.show": _show,
            "dialog.confirm": _confirm,
            "dialog.cancel": lambda talk, press: Reply(card=_end(talk)),
            "dialog.restart": self._restart,
        }
        self.verbs = {verb: partial(self._while_open, act) for verb, act in acts.items()}

    def begin(self, work: Work, by: Member, flow: str) -> Card:
        """Begin, or ask about the one left unfinished."""
        talk = self._open(work, by, flow)
        if talk and talk.dialog.answers:
            return talk.unfinished()
        talk = talk or self._new(work, by, flow)
        _touch(talk)
        return talk.card(talk.walk())

    def begin_with(
        self,
        work: Work,
        by: Member,
        platform: Platform,
        flow: str,
        key: str,
        text: str,
        *,
        filled: str,
        kept_out: str,
        typed: bool = False,
        in_chat: bool = True,
    ) -> Card:
        """Begin with an answer that the person brought along; one that is there already is never written over.

        `filled` and `kept_out` are the words that tell them which of the two it was. `typed`: they typed it, and
        `in_chat`, where it still stands.
        """
        talk = self._open(work, by, flow)
        if talk and talk.dialog.answers.get(key):
            return talk.unfinished(kept_out)
        talk = talk or self._new(work, by, flow)
        return _take(talk, platform, {key: text}, key=key, note=filled, typed=typed, in_chat=in_chat)

    def typed(self, work: Work, by: Member, platform: Platform, said: Said) -> Card | None:
        """Take words for the answer to the next question of a conversation under way; None when there is none."""
        text = said.text.strip()
        talk = self._any_open(work, by)
        if talk is None:
            return None
        if not _is_fresh(talk):
            return _not_taken(talk)
        turn = talk.walk()
        key = _typing_at(talk, turn)
        if by_typing.plain(text) in by_typing.BACK:
            return _one_back(talk, turn, key)
        sends = by_typing.means_send(text, talk.script.send)
        if key is None:
            return _send(talk, turn) if sends else talk.card(turn, note=by_typing.NOT_SENT, one_at_a_time=True)
        question = talk.flow.question(key)
        if sends and not isinstance(question, Choice):  # nobody's account of anything, in whatever words it is asked
            return talk.card(turn, key=key, note=by_typing.NOT_SENT_BEFORE, one_at_a_time=True)
        if key == talk.dialog.answers.get(GONE_BACK_TO) and by_typing.leaves_as_it_is(question, text, work.local):
            _touch(talk)
            return talk.card(talk.walk(), one_at_a_time=True)
        given: object = None if by_typing.skips(question, text, work.local) else text
        if isinstance(question, People) and COLLEAGUE in text:
            if not said.picked:
                return talk.card(turn, key=key, problems={key: naming.WHOM}, one_at_a_time=True)
            given = naming.mentioned(work, said, by)
        note = by_typing.noted_only(question, text)
        return _take(talk, platform, {key: given}, note=note, typed=True, one_at_a_time=True)

    def is_under_way(self, work: Work, by: Member) -> bool:
        """Whether words typed now would be taken for an answer."""
        talk = self._any_open(work, by)
        return talk is not None and _is_fresh(talk)

    def is_open(self, work: Work, by: Member) -> bool:
        """Whether this person has anything open that could be cancelled."""
        return self._any_open(work, by) is not None

    def cancel(self, work: Work, by: Member) -> Card | None:
        """Cancel whatever this person has open; None when nothing is."""
        talk = self._any_open(work, by)
        return _end(talk) if talk else None

    def _open(self, work: Work, by: Member, flow: str) -> Talk | None:
        mine = select(Dialog).where(Dialog.person_id == by.id, Dialog.flow == flow, Dialog.state == "open")
        dialog = work.session.exec(mine.with_for_update()).first()
        return Talk(work, by, dialog, self.scripts[flow]) if dialog else None

    def _any_open(self, work: Work, by: Member) -> Talk | None:
        return next((talk for flow in self.scripts if (talk := self._open(work, by, flow))), None)

    def _new(self, work: Work, by: Member, flow: str) -> Talk:
        dialog = Dialog(
            id=work.new_id(), person_id=by.id, flow=flow, answers={}, created_at=work.now, updated_at=work.now
        )
        work.session.add(dialog)
        work.session.flush()
        return Talk(work, by, dialog, self.scripts[flow])

    def _while_open(self, act: Act, work: Work, press: Press) -> Reply:
        """Do it, unless the conversation has ended: then say how, and where things are."""
        found = _THIS.first(work.session, id=press.args["dialog"])
        if found is None or found.person_id != press.by.id:
            raise Refusal("This form belongs to somebody else. Type help to see what you can do.")
        dialog = known_as_stored(work.session, Dialog, found)
        script = self.scripts[dialog.flow]
        if dialog.state != "open":
            ended = script.on_ended(work, dialog, press.by)
            if press.verb in FILING and _holds_words(script.flow(work), press):
                return Reply(notice=f"{ended.title}. {NOT_IN_IT}")  # the card would take the place of their words
            return Reply(card=ended)
        return act(Talk(work, press.by, dialog, script), press)

    def _restart(self, talk: Talk, press: Press) -> Reply:
        _end(talk)
        return Reply(card=self.begin(talk.work, press.by, talk.dialog.flow))


# What a press means. Each is safe to repeat: it acts on the answers, not on a position.


def _answered(talk: Talk, press: Press, *, masked: bool = False, kept: bool = False) -> Reply:
    # Every question on the page is answered by sending it: a platform may leave out an input that is empty.
    given = {key: press.given.get(key) for key in json.loads(press.args["asks"])}
    return Reply(card=_take(talk, press.platform, given, masked=masked, kept=kept))


def _keep(talk: Talk, press: Press) -> Reply:
    return _answered(talk, press, kept=may_keep(talk.work, press.platform))


def _back(talk: Talk, press: Press) -> Reply:
    asks = json.loads(press.args.get("asks", "[]"))
    given = {key: press.given.get(key) for key in (*asks, *press.given)}
    turn, _ = _file(talk, {key: value for key, value in given.items() if _says_something(value) or _emptied(talk, key)})
    if turn.problems:  # going back must not cost the words that cannot be filed yet
        return Reply(card=talk.card(talk.walk(), key=next(iter(turn.problems)), problems=turn.problems))
    before = page_before(turn, press.args["key"])
    return Reply(card=talk.card(turn, key=before.asks()[0] if before else None))


def _holds_words(flow: Flow[Any], press: Press) -> bool:
    """Whether somebody has written something in the form, and not only chosen."""
    return any(isinstance(flow.question(key), Text) and said for key, said in press.given.items())


def _says_something(value: object) -> bool:
    return any(value.values()) if isinstance(value, Mapping) else value not in (None, "", [])


def _emptied(talk: Talk, key: str) -> bool:
    """Whether an answer that may be left out was there; one that is needed stays until there is another."""
    question = talk.flow.question(key)
    return question is not None and question.optional and talk.dialog.answers.get(key) is not None


def _show(talk: Talk, press: Press) -> Reply:
    _touch(talk)
    return Reply(card=talk.card(talk.walk(), key=press.args.get("key")))


def _confirm(talk: Talk, press: Press) -> Reply:
    turn = talk.walk()
    if isinstance(turn.at, Page) or press.args["digest"] != digest(turn):
        # The answers changed since that card was shown, or the settings did.
        answers = talk.dialog.answers
        key = unanswered(turn.at, answers, talk.work.local) if isinstance(turn.at, Page) else ""
        return Reply(card=talk.card(turn, problems={key: NO_LONGER} if key in answers else None))
    return Reply(card=_send(talk, turn), keep=True)


# What typing does beside answering.


def _typing_at(talk: Talk, turn: Turn[Any]) -> str | None:
    """The question that words typed now answer; None when all are answered."""
    back_to = talk.dialog.answers.get(GONE_BACK_TO)
    if isinstance(back_to, str) and back_to in asked_before(turn, None):
        return back_to
    return unanswered(turn.at, talk.dialog.answers, talk.work.local) if isinstance(turn.at, Page) else None


def _one_back(talk: Talk, turn: Turn[Any], key: str | None) -> Card:
    before = asked_before(turn, key)
    if not before:
        return talk.card(turn, key=key, note=by_typing.THE_FIRST, one_at_a_time=True)
    answers = {**talk.dialog.answers, GONE_BACK_TO: before[-1]}
    put(talk.work.session, talk.dialog, answers=answers, updated_at=talk.work.now)
    return talk.card(turn, key=before[-1], note=by_typing.STAYS, one_at_a_time=True)


def _not_taken(talk: Talk) -> Card:
    """What somebody sees who types after a long time: what they have open, and that their words are not in it."""
    if talk.dialog.answers:
        return talk.unfinished(by_typing.NOT_TAKEN)
    _touch(talk)
    return talk.card(talk.walk(), note=by_typing.NOT_TAKEN_YET)


def _touch(talk: Talk) -> None:
    """They are at it again, in a form or by typing."""
    answers = {key: value for key, value in talk.dialog.answers.items() if key != GONE_BACK_TO}
    put(talk.work.session, talk.dialog, answers=answers, updated_at=talk.work.now)


# What becomes of answers.


def _take(
    talk: Talk,
    platform: Platform,
    given: Mapping[str, object],
    *,
    key: str | None = None,
    note: str = "",
    masked: bool = False,
    kept: bool = False,
    typed: bool = False,
    in_chat: bool = True,
    one_at_a_time: bool = False,
) -> Card:
    """File what was given and show what comes next, or the page of the question `key`; a problem goes first."""
    turn, screened = _file(talk, given, masked=masked, kept=kept, typed=typed)
    problems = turn.problems
    if problems:  # then `turn` is at their page, and not where the answers lead
        key, turn, note = next(iter(problems)), talk.walk(), ""
    if screened.taken_out:
        note = f"{note} {by_typing.kept_masked(screened.taken_out, in_chat=in_chat, can_go_back=one_at_a_time)}".strip()
    mend = platform if problems and screened.identifies and not typed else None
    return talk.card(turn, key=key, problems=problems, mend=mend, note=note, one_at_a_time=one_at_a_time)


def _file(
    talk: Talk, given: Mapping[str, object], *, masked: bool = False, kept: bool = False, typed: bool = False
) -> tuple[Turn[Any], Screened]:
    """File the answers that can be used; the others come back as problems and are not stored.

    Returns where that leads, and what was found that looks like an identifier.
    """
    work, by, dialog, flow = talk.work, talk.by, talk.dialog, talk.flow
    screened = screen(given, flow.question, masked=masked, kept=kept, typed=typed)
    named, unclear = naming.people_named(work, flow.question, screened.given, dialog.answers, by)
    turn = submit(flow, dialog.answers, named, work.local, talk.facts, {**screened.held_back, **unclear})
    # Where a typed answer cannot be used, the same question is asked again.
    still_back = typed and turn.problems
    answers = {key: value for key, value in turn.answers.items() if still_back or key != GONE_BACK_TO}
    before = dialog.answers
    put(work.session, dialog, answers=answers, updated_at=work.now)
    talk.script.on_answers(work, dialog, before, turn.record, by)
    return turn, screened


def _send(talk: Talk, turn: Turn[Any]) -> Card:
    talk.dialog.state, talk.dialog.updated_at = "done", talk.work.now
    talk.work.session.add(talk.dialog)
    return talk.script.on_confirm(talk.work, talk.dialog, turn, talk.by, talk.flow)


def _end(talk: Talk) -> Card:
    dialog = talk.dialog
    dialog.state, dialog.answers, dialog.updated_at = "cancelled", {}, talk.work.now
    talk.work.session.add(dialog)
    return talk.script.on_cancel(talk.work, dialog, talk.by)


def _is_fresh(talk: Talk) -> bool:
    return talk.work.now - talk.dialog.updated_at <= TYPED_ANSWERS_WITHIN
