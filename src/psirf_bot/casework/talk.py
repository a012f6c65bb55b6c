"""One conversation with one person as it stands in this turn, and the cards that show it to them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from psirf_bot.cards import conversation as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.model import Button, Card, Fact, Part, Words
from psirf_bot.casework import naming, people
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.inbound import Platform
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.flow import Flow, Page, Turn, unanswered, walk
from psirf_bot.domain.authority import Member
from psirf_bot.domain.report import MYSELF
from psirf_bot.store.tables import Dialog


@dataclass(frozen=True, slots=True)
class Script:
    """What a flow needs around it to be held as a conversation."""

    title: str
    flow: Callable[[Work], Flow[Any]]
    facts: Callable[[Work, Member], Mapping[str, object]]
    opening: Callable[[Work, Dialog, Any], tuple[Part, ...]]
    send: str
    """The words on the button that confirms."""
    on_answers: Callable[[Work, Dialog, Mapping[str, object], Any, Member], None]
    """Told with the answers of before."""
    on_confirm: Callable[[Work, Dialog, Turn[Any], Member, Flow[Any]], Card]
    on_cancel: Callable[[Work, Dialog, Member], Card]
    on_ended: Callable[[Work, Dialog, Member], Card]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: whose it is, the answers so far, and the script that it is held by."""

    work: Work
    by: Member
    dialog: Dialog
    script: Script

    @property
    def flow(self) -> Flow[Any]:
        return self.script.flow(self.work)

    @property
    def facts(self) -> Mapping[str, object]:
        """What the flow is told from outside."""
        return self.script.facts(self.work, self.by)

    def walk(self) -> Turn[Any]:
        """Where the answers lead. It costs something: once in a turn, unless they change."""
        return walk(self.flow, self.dialog.answers, self.work.local, self.facts)

    def unfinished(self, extra: str = "") -> Card:
        """What they are asked when they would begin anew; `extra`: what became of what they wanted to begin."""
        dialog, local = self.dialog, instant(self.dialog.updated_at.astimezone(self.work.trust.timezone))
        since = Fact(label="You last had it open", value=local, at=dialog.updated_at)
        more = self._button("Go on with it", "dialog.show", style="primary")
        anew = self._button("Delete it and start again", "dialog.restart")
        return cards.unfinished_card(self.script.title, since, (more, anew), more.action, extra)

    def card(
        self,
        turn: Turn[Any],
        *,
        key: str | None = None,
        problems: Mapping[str, str] | None = None,
        mend: Platform | None = None,
        note: str = "",
        one_at_a_time: bool = False,
    ) -> Card:
        """The card to show now: the page that asks `key`, or the one that comes next, or check your answers.

        `mend`: the platform, where the words that were sent look like an identifier.
        """
        work, answers = self.work, self.dialog.answers
        pages = (*turn.passed, *((turn.at,) if isinstance(turn.at, Page) else ()))
        page = next((p for p in pages if key in p.asks()), turn.at) if key else turn.at
        if not isinstance(page, Page):
            return self._check(turn, note, by_typing=one_at_a_time)
        number = pages.index(page) + 1 if page in pages else len(pages)
        first = page.asks()[0]
        asks_now = unanswered(page, answers, work.local) if page is turn.at else ""
        if one_at_a_time:
            asks_now = key if key in page.asks() else asks_now
            page = replace(page, questions=tuple(q for q in page.questions if page.prefix + q.id == asks_now))
        return cards.page_card(
            self.script.title,
            page,
            number,
            answers,
            problems or {},
            opening=(*self._opening(turn), *((Words(text=note),) if note else ())),
            about=self._about(page),
            people=partial(naming.filled_in, work),
            now=work.local,
            buttons=self._ways_on(page, mend, back_from=first if number > 1 else ""),
            reopen=self._reopen(),
            asks_now=asks_now,
            one_at_a_time=one_at_a_time,
        )

    def _ways_on(self, page: Page, mend: Platform | None, *, back_from: str) -> tuple[Button, ...]:
        asks, sends = json.dumps(page.asks()), partial(self._button, submits=True)
        next_ = sends("Next", "dialog.next", style="primary", validates=True, asks=asks)
        back = (sends("Back", "dialog.back", key=back_from, asks=asks),) if back_from else ()
        return (next_, *(self._mending(mend, asks) if mend else ()), *back, self._cancel())

    def _mending(self, platform: Platform, asks: str) -> tuple[Button, ...]:
        """Ways out for words that look like an identifier: have it taken out or, where the trust allows it, keep it."""
        mask = self._button("Take it out for me and go on", "dialog.mask", submits=True, asks=asks)
        if not may_keep(self.work, platform):
            return (mask,)
        label = "It identifies no patient: keep my words"
        return mask, self._button(label, "dialog.keep", submits=True, asks=asks)

    def _check(self, turn: Turn[Any], note: str, *, by_typing: bool) -> Card:
        pages = []
        for page in turn.passed:
            about = self._about(page)
            spoken = f"Change: {page.title} {about}".strip()
            pages.append((page, about, self._button("Change", "dialog.show", key=page.asks()[0], spoken=spoken)))
        # It takes no input, but is what a form ends with: in Slack it becomes the window's own button.
        last: dict[str, Any] = {"style": "primary", "submits": True, "validates": True, "digest": digest(turn)}
        return cards.check_card(
            self.script.title,
            pages,
            self.dialog.answers,
            opening=(*self._opening(turn), *((Words(text=note),) if note else ())),
            names=partial(people.name_of, self.work),
            buttons=(self._button(self.script.send, "dialog.confirm", **last), self._cancel()),
            reopen=self._reopen(),
            by_typing=by_typing,
        )

    def _opening(self, turn: Turn[Any]) -> tuple[Part, ...]:
        return self.script.opening(self.work, self.dialog, turn.record)

    def _about(self, page: Page) -> str:
        if page.item is None:
            return ""
        return "you" if page.item == MYSELF else people.name_of(self.work, page.item)

    def _button(self, label: str, verb: str, **how: Any) -> Button:
        return button(self.work, label, verb, person_id=self.by.id, dialog=self.dialog.id, **how)

    def _cancel(self) -> Button:
        return self._button("Cancel", "dialog.cancel")

    def _reopen(self) -> str:
        return action_id(self.work, "dialog.show", person_id=self.by.id, dialog=self.dialog.id)


def may_keep(work: Work, platform: Platform) -> bool:
    """Whether words that look like an identifier may be kept: where the trust allows it, and never on Slack."""
    return platform == "teams" and work.trust.platforms.keep_identifiers_on_teams


def digest(turn: Turn[Any]) -> str:
    """What the answers that would be sent are known by: they are sent as they were shown, or shown again."""
    return hashlib.sha256(json.dumps(turn.on_path(), sort_keys=True).encode()).hexdigest()[:16]
