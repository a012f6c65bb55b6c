"""Conversations with a person: begin, answer, go back, change, confirm, cancel, resume.

What a person answers is filed under the question it answers, whatever card it came from; where they are is derived.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import select

from psirf_bot.cards import conversation as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.model import Button, Card, Fact, Part, Words
from psirf_bot.casework import naming, people
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.inbound import COLLEAGUE, Platform, Reply, Said
from psirf_bot.casework.screening import IN_A_FORM, TYPED, screen
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.flow import Flow, Page, Turn, page_before, submit, unanswered, walk
from psirf_bot.dialogs.questions import Choice, People, Question
from psirf_bot.dialogs.typed import Invalid
from psirf_bot.domain.authority import Member
from psirf_bot.domain.report import MYSELF
from psirf_bot.store.tables import Dialog

TYPED_ANSWERS_WITHIN = timedelta(hours=1)
"""Words typed later than this are not taken for an answer; the unfinished conversation is offered instead."""

SKIP = frozenset({"skip", "skip it", "skip this", "-", "none", "n/a", "na", "no thanks", "nothing", "pass"})
SEND = frozenset({"send", "send it", "confirm"})


@dataclass(frozen=True, slots=True)
class Script:
    """What a flow needs around it to be held as a conversation."""

    title: str
    flow: Callable[[Work], Flow[Any]]
    facts: Callable[[Work, Member], Mapping[str, object]]
    opening: Callable[[Work, Dialog, Any], tuple[Part, ...]]
    send: str
    """The words on the button that confirms."""
    on_answers: Callable[[Work, Dialog, Any, Member], None]
    on_confirm: Callable[[Work, Dialog, Turn[Any], Member, Flow[Any]], Card]
    on_cancel: Callable[[Work, Dialog, Member], Card]
    on_ended: Callable[[Work, Dialog, Member], Card]


Act = Callable[[Work, Press, Dialog], Reply]
"""What a press does with a conversation that is still open."""


class Conversations:
    """Holds conversations by their scripts, one for each flow."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = scripts
        acts: dict[str, Act] = {
            "dialog.next": self._answered,
            "dialog.mask": partial(self._answered, masked=True),
            "dialog.keep": self._keep,
            "dialog.back": self._back,
            "dialog.show": self._show,
            "dialog.confirm": self._confirm,
            "dialog.cancel": lambda work, press, dialog: Reply(card=self._end(work, dialog, press.by)),
            "dialog.restart": self._restart,
        }
        self.verbs = {verb: partial(self._while_open, act) for verb, act in acts.items()}

    def begin(self, work: Work, by: Member, flow: str) -> Card:
        """Begin, or ask about the one left unfinished."""
        dialog = self.open_dialog(work, by, flow)
        if dialog and dialog.answers:
            return self._unfinished(work, by, dialog)
        return self._page(work, dialog or self._new(work, by, flow), by)

    def begin_with(
        self, work: Work, by: Member, platform: Platform, flow: str, key: str, text: str, *, filled: str, kept_out: str
    ) -> Card:
        """Begin with an answer that the person brought along; one that is there already is never written over.

        `filled` and `kept_out` are the words that tell them which of the two it was.
        """
        dialog = self.open_dialog(work, by, flow)
        if dialog and dialog.answers.get(key):
            return self._unfinished(work, by, dialog, kept_out)
        dialog = dialog or self._new(work, by, flow)
        given = {key: text}
        problems = self._file(work, dialog, by, given).problems
        mend = platform if self._identifies(work, dialog, given) else None
        return self._page(work, dialog, by, key=key, problems=problems, mend=mend, note=filled)

    def _identifies(self, work: Work, dialog: Dialog, given: Mapping[str, object]) -> bool:
        flow = self.scripts[dialog.flow].flow(work)
        return bool(screen(given, flow.question, masked=False, kept=False).held_back)

    def _unfinished(self, work: Work, by: Member, dialog: Dialog, extra: str = "") -> Card:
        script = self.scripts[dialog.flow]
        local = instant(dialog.updated_at.astimezone(work.trust.timezone))
        since = Fact(label="You last added to it", value=local, at=dialog.updated_at)
        more = button(work, "Go on with it", "dialog.show", person_id=by.id, style="primary", dialog=dialog.id)
        anew = button(work, "Delete it and start again", "dialog.restart", person_id=by.id, dialog=dialog.id)
        return cards.unfinished_card(script.title, since, (more, anew), more.action, extra)

    def open_dialog(self, work: Work, by: Member, flow: str) -> Dialog | None:
        mine = select(Dialog).where(Dialog.person_id == by.id, Dialog.flow == flow, Dialog.state == "open")
        return work.session.exec(mine.with_for_update()).first()

    def typed(self, work: Work, by: Member, platform: Platform, said: Said) -> Card | None:
        """Take words for the answer to the next question of a conversation under way; None when there is none."""
        text = said.text.strip()
        dialog = self._any_open(work, by)
        if dialog is None:
            return None
        if work.now - dialog.updated_at > TYPED_ANSWERS_WITHIN:
            return self.begin(work, by, dialog.flow)
        flow, turn = self._walk(work, dialog, by)
        if not isinstance(turn.at, Page):
            return self._send(work, dialog, by) if text.casefold() in SEND else self._page(work, dialog, by)
        key = unanswered(turn.at, dialog.answers, work.local)
        question = flow.question(key)
        given: object = None if _skips(question, text, work.local) else text
        if isinstance(question, People) and COLLEAGUE in text:
            if not said.picked:
                unclear = {key: naming.WHOM}
                return self._page(work, dialog, by, key=key, problems=unclear, one_at_a_time=True)
            given = naming.mentioned(work, said, by)
        return self._take(work, dialog, by, platform, {key: given}, one_at_a_time=True)

    def is_under_way(self, work: Work, by: Member) -> bool:
        """Whether words typed now would be taken for an answer."""
        dialog = self._any_open(work, by)
        return dialog is not None and work.now - dialog.updated_at <= TYPED_ANSWERS_WITHIN

    def is_open(self, work: Work, by: Member) -> bool:
        """Whether this person has anything open that could be cancelled."""
        return self._any_open(work, by) is not None

    def cancel(self, work: Work, by: Member) -> Card | None:
        """Cancel whatever this person has open; None when nothing is."""
        dialog = self._any_open(work, by)
        return self._end(work, dialog, by) if dialog else None

    def _any_open(self, work: Work, by: Member) -> Dialog | None:
        return next((d for flow in self.scripts if (d := self.open_dialog(work, by, flow))), None)

    # What a press means. Each is safe to repeat: it acts on the answers, not on a position.

    def _while_open(self, act: Act, work: Work, press: Press) -> Reply:
        """Do it, unless the conversation has ended: then say how, and where things are."""
        dialog = work.session.get(Dialog, press.args["dialog"], with_for_update=True)
        if dialog is None or dialog.person_id != press.by.id:
            raise Refusal("This form belongs to somebody else. Type help to see what you can do.")
        if dialog.state != "open":
            return Reply(card=self.scripts[dialog.flow].on_ended(work, dialog, press.by))
        return act(work, press, dialog)

    def _answered(self, work: Work, press: Press, dialog: Dialog, *, masked: bool = False, kept: bool = False) -> Reply:
        # Every question on the page is answered by sending it: a platform may leave out an input that is empty.
        given = {key: press.given.get(key) for key in json.loads(press.args["asks"])}
        return Reply(card=self._take(work, dialog, press.by, press.platform, given, masked=masked, kept=kept))

    def _keep(self, work: Work, press: Press, dialog: Dialog) -> Reply:
        may_keep = press.platform == "teams" and work.trust.platforms.keep_identifiers_on_teams
        return self._answered(work, press, dialog, kept=may_keep)

    def _back(self, work: Work, press: Press, dialog: Dialog) -> Reply:
        filled = {key: value for key, value in press.given.items() if value not in (None, "", [])}
        refused = self._file(work, dialog, press.by, filled).problems
        if refused:  # going back must not cost the words that cannot be filed yet
            return Reply(card=self._page(work, dialog, press.by, key=next(iter(refused)), problems=refused))
        _, turn = self._walk(work, dialog, press.by)
        before = page_before(turn, press.args["key"])
        return Reply(card=self._page(work, dialog, press.by, key=before.asks()[0] if before else None))

    def _show(self, work: Work, press: Press, dialog: Dialog) -> Reply:
        return Reply(card=self._page(work, dialog, press.by, key=press.args.get("key")))

    def _confirm(self, work: Work, press: Press, dialog: Dialog) -> Reply:
        _, turn = self._walk(work, dialog, press.by)
        if isinstance(turn.at, Page) or press.args["digest"] != _digest(turn):
            return Reply(card=self._page(work, dialog, press.by))  # the answers changed since that card was shown
        return Reply(card=self._send(work, dialog, press.by), keep=True)

    def _restart(self, work: Work, press: Press, dialog: Dialog) -> Reply:
        self._end(work, dialog, press.by)
        return Reply(card=self.begin(work, press.by, dialog.flow))

    def _new(self, work: Work, by: Member, flow: str) -> Dialog:
        dialog = Dialog(
            id=work.new_id(), person_id=by.id, flow=flow, answers={}, created_at=work.now, updated_at=work.now
        )
        work.session.add(dialog)
        work.session.flush()
        return dialog

    def _walk(self, work: Work, dialog: Dialog, by: Member) -> tuple[Flow[Any], Turn[Any]]:
        script = self.scripts[dialog.flow]
        flow = script.flow(work)
        return flow, walk(flow, dialog.answers, work.local, script.facts(work, by))

    def _file(
        self,
        work: Work,
        dialog: Dialog,
        by: Member,
        given: Mapping[str, object],
        *,
        masked: bool = False,
        kept: bool = False,
        one_at_a_time: bool = False,
    ) -> Turn[Any]:
        """File the answers that can be used; the others come back as problems and are not stored."""
        script = self.scripts[dialog.flow]
        flow = script.flow(work)
        remedy = TYPED if one_at_a_time else IN_A_FORM
        screened = screen(given, flow.question, masked=masked, kept=kept, remedy=remedy)
        named, unclear = naming.people_named(work, flow.question, screened.given, dialog.answers, by)
        refused = {**screened.held_back, **unclear}
        turn = submit(flow, dialog.answers, named, work.local, script.facts(work, by), refused)
        dialog.answers = dict(turn.answers)
        dialog.updated_at = work.now
        work.session.add(dialog)
        script.on_answers(work, dialog, turn.record, by)
        return turn

    def _take(
        self,
        work: Work,
        dialog: Dialog,
        by: Member,
        platform: Platform,
        given: Mapping[str, object],
        *,
        masked: bool = False,
        kept: bool = False,
        one_at_a_time: bool = False,
    ) -> Card:
        turn = self._file(work, dialog, by, given, masked=masked, kept=kept, one_at_a_time=one_at_a_time)
        if not turn.problems:
            return self._page(work, dialog, by, one_at_a_time=one_at_a_time)
        key = next(iter(turn.problems))
        mend = platform if not one_at_a_time and self._identifies(work, dialog, given) else None
        return self._page(work, dialog, by, key=key, problems=turn.problems, mend=mend, one_at_a_time=one_at_a_time)

    def _mend(self, work: Work, platform: Platform, mine: Mapping[str, Any], asks: str) -> tuple[Button, ...]:
        """Ways out for words that look like an identifier: have it taken out or, where the trust allows it, keep it."""
        mask = button(work, "Take it out for me and go on", "dialog.mask", submits=True, asks=asks, **mine)
        if platform != "teams" or not work.trust.platforms.keep_identifiers_on_teams:
            return (mask,)
        label = "It identifies no patient: keep my words"
        return mask, button(work, label, "dialog.keep", submits=True, asks=asks, **mine)

    def _page(
        self,
        work: Work,
        dialog: Dialog,
        by: Member,
        *,
        key: str | None = None,
        problems: Mapping[str, str] | None = None,
        mend: Platform | None = None,
        note: str = "",
        one_at_a_time: bool = False,
    ) -> Card:
        """The card to show now: the page that asks `key`, or the one that comes next, or check your answers."""
        script = self.scripts[dialog.flow]
        _, turn = self._walk(work, dialog, by)
        pages = (*turn.passed, *((turn.at,) if isinstance(turn.at, Page) else ()))
        page = next((p for p in pages if key in p.asks()), turn.at)
        if not isinstance(page, Page):
            return self._check(work, dialog, by, turn)
        number = pages.index(page) + 1 if page in pages else len(pages)
        asks_now = unanswered(page, dialog.answers, work.local) if page == turn.at else ""
        first = page.asks()[0]
        if one_at_a_time:
            next_key = key if key in page.asks() else unanswered(page, dialog.answers, work.local)
            page = replace(page, questions=tuple(q for q in page.questions if page.prefix + q.id == next_key))
        mine: dict[str, Any] = {"person_id": by.id, "dialog": dialog.id}
        asks = json.dumps(page.asks())
        next_ = button(work, "Next", "dialog.next", style="primary", submits=True, validates=True, asks=asks, **mine)
        back = button(work, "Back", "dialog.back", submits=True, key=first, **mine)
        stop = button(work, "Cancel", "dialog.cancel", **mine)
        mending = self._mend(work, mend, mine, asks) if mend else ()
        return cards.page_card(
            script.title,
            page,
            number,
            dialog.answers,
            problems or {},
            opening=(*script.opening(work, dialog, turn.record), *((Words(text=note),) if note else ())),
            about=_about(work, page),
            people=partial(people.filled_in, work),
            now=work.local,
            buttons=(next_, *mending, *((back,) if number > 1 else ()), stop),
            reopen=action_id(work, "dialog.show", **mine),
            asks_now=asks_now,
            one_at_a_time=one_at_a_time,
        )

    def _check(self, work: Work, dialog: Dialog, by: Member, turn: Turn[Any]) -> Card:
        script = self.scripts[dialog.flow]
        mine: dict[str, Any] = {"person_id": by.id, "dialog": dialog.id}
        pages = []
        for page in turn.passed:
            about = _about(work, page)
            spoken = f"Change: {page.title} {about}".strip()
            change = button(work, "Change", "dialog.show", key=page.asks()[0], spoken=spoken, **mine)
            pages.append((page, about, change))
        # It takes no input, but is what a form ends with: in Slack it becomes the window's own button.
        last: dict[str, Any] = {"style": "primary", "submits": True, "validates": True, "digest": _digest(turn)}
        send = button(work, script.send, "dialog.confirm", **last, **mine)
        stop = button(work, "Cancel", "dialog.cancel", **mine)
        return cards.check_card(
            script.title,
            pages,
            dialog.answers,
            opening=script.opening(work, dialog, turn.record),
            names=lambda who: people.name_of(work, who),
            buttons=(send, stop),
            reopen=action_id(work, "dialog.show", **mine),
        )

    def _send(self, work: Work, dialog: Dialog, by: Member) -> Card:
        flow, turn = self._walk(work, dialog, by)
        dialog.state = "done"
        dialog.updated_at = work.now
        work.session.add(dialog)
        return self.scripts[dialog.flow].on_confirm(work, dialog, turn, by, flow)

    def _end(self, work: Work, dialog: Dialog, by: Member) -> Card:
        dialog.state, dialog.answers, dialog.updated_at = "cancelled", {}, work.now
        work.session.add(dialog)
        return self.scripts[dialog.flow].on_cancel(work, dialog, by)


def _skips(question: Question | None, text: str, now: datetime) -> bool:
    """Whether these words leave the question out; not when they are one of its answers."""
    if question is None or not question.optional or text.casefold().rstrip(".!") not in SKIP:
        return False
    try:
        return not isinstance(question, Choice) or question.parse(text, now) is None
    except Invalid:
        return True


def _about(work: Work, page: Page) -> str:
    if page.item is None:
        return ""
    return "you" if page.item == MYSELF else people.name_of(work, page.item)


def _digest(turn: Turn[Any]) -> str:
    return hashlib.sha256(json.dumps(turn.on_path(), sort_keys=True).encode()).hexdigest()[:16]
