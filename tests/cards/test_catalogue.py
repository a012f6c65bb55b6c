"""Every card that the bot shows keeps the rules of every platform, and can be read and used by ear."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import adaptive_schema
from cards.catalogue import Shown, catalogue, on_slack
from psirf_bot.cards import adaptive, blockkit, check, html, plain
from psirf_bot.cards.model import Card
from psirf_bot.casework.verbs import VERBS

Json = dict[str, Any]

ONLY_TYPED = frozenset(
    f"words.{word}"
    for word in ("cancel", "action", "actions", "alert", "alerts", "agenda", "figures", "gaps", "training")
)
NOT_HERE = ONLY_TYPED | {"dialog.keep", "support.again", "case.more"}
"""Where a trust allows it, on Teams; to take back a wish; where there are more than eight."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="session")
def shown(folder: Path) -> list[Shown]:
    return asyncio.run(catalogue(folder))


def troubles(shown: list[Shown], look: Callable[[Card], object]) -> dict[str, object]:
    """What is wrong, by the slug of the card."""
    return {one.slug: wrong for one in shown if (wrong := look(one.card))}


def test_every_card_has_a_name_of_its_own(shown: list[Shown]) -> None:
    for names in ([one.slug for one in shown], [one.title for one in shown]):
        assert [name for name, times in Counter(names).items() if times > 1] == []


def test_slack_takes_every_card_as_a_message(shown: list[Shown]) -> None:
    assert troubles(shown, lambda card: check.slack_problems(blockkit.message(card))) == {}


def test_slack_takes_every_card_as_a_window(shown: list[Shown]) -> None:
    assert troubles(shown, lambda card: check.slack_problems(blockkit.modal(card))) == {}


def test_no_button_that_sends_a_window_is_cut(shown: list[Shown]) -> None:
    submits = {one.slug: blockkit.modal(one.card).get("submit", {}).get("text", "") for one in shown}
    assert any(submits.values())
    assert {slug: label for slug, label in submits.items() if label.endswith("…")} == {}


def test_slack_takes_every_own_page(shown: list[Shown]) -> None:
    pages = [one for one in shown if one.place == "home"]
    assert pages
    assert troubles(pages, lambda card: check.slack_problems(blockkit.home(card))) == {}


def test_teams_takes_every_card(shown: list[Shown]) -> None:
    assert troubles(shown, lambda card: check.teams_problems(adaptive.render(card))) == {}


@pytest.mark.skipif(adaptive_schema.PATH is None, reason="Microsoft's schema is not on this machine")
def test_every_card_satisfies_microsofts_schema(shown: list[Shown]) -> None:
    from cards.test_adaptive import FAST

    assert troubles(shown, lambda card: list(FAST.iter_errors(adaptive.render(card)))) == {}


def test_every_card_can_be_read_as_plain_text_and_announced(shown: list[Shown]) -> None:
    assert troubles(shown, lambda card: not (plain.render(card).strip() and card.preview.strip())) == {}


def test_the_announcement_gives_nothing_away(shown: list[Shown]) -> None:
    told = ("Amina", "Tomasz", "insulin", "syringe", "Community Nursing")
    assert troubles(shown, lambda card: [word for word in told if word in card.preview]) == {}


def test_every_input_and_option_has_a_label(shown: list[Shown]) -> None:
    def unlabelled(card: Card) -> list[str]:
        options = [(i.id, option.label) for i in card.inputs() for option in getattr(i, "options", ())]
        return [name for name, label in [*((i.id, i.label) for i in card.inputs()), *options] if not label.strip()]

    assert troubles(shown, unlabelled) == {}


ACTIONS = ("Action.Execute", "Action.OpenUrl", "Action.ShowCard", "Action.Submit")
NAMES: dict[str, Callable[[Shown], list[str]]] = {
    "slack": lambda one: [
        b.get("accessibility_label", b["text"]["text"]) for b in nodes(on_slack(one)) if b.get("type") == "button"
    ],
    "teams": lambda one: [
        f"{action['title']}, {action.get('tooltip', '')}"
        for row in nodes(adaptive.render(one.card))
        for action in row.get("actions", ())
        if action["type"] in ACTIONS
    ],
    "web": lambda one: Page.of(one.card).buttons,
}
"""What a screen reader says for each button: on Teams its title, then what the button is described by."""


@pytest.mark.parametrize("platform", NAMES)
def test_every_button_says_what_it_does(shown: list[Shown], platform: str) -> None:
    assert [one.slug for one in shown if not all(name.strip(" ,") for name in NAMES[platform](one))] == []


def test_what_is_said_of_a_button_begins_with_what_is_seen(shown: list[Shown]) -> None:
    """Otherwise somebody who controls their screen by voice cannot press what they read (WCAG 2.5.3)."""

    def others(card: Card) -> list[str]:
        return [b.spoken for b in card.all_buttons() if b.spoken and not b.spoken.startswith(b.label)]

    assert troubles(shown, others) == {}


@pytest.mark.parametrize("platform", NAMES)
def test_no_two_buttons_of_a_card_sound_the_same(shown: list[Shown], platform: str) -> None:
    same = {one.slug: [name for name, times in Counter(NAMES[platform](one)).items() if times > 1] for one in shown}
    assert {slug: names for slug, names in same.items() if names} == {}


def test_every_card_begins_with_a_heading(shown: list[Shown]) -> None:
    def headless(card: Card) -> bool:
        teams, slack = adaptive.render(card)["body"][0], blockkit.message(card)["blocks"][0]
        return not card.title or teams.get("style") != "heading" or slack["type"] != "header"

    assert troubles(shown, headless) == {}


def test_headings_go_down_one_level_at_a_time(shown: list[Shown]) -> None:
    def skipping(card: Card) -> bool:
        page = Page.of(card)
        skipped = any(below > above + 1 for above, below in pairwise(page.levels))
        return page.first != "h3" or page.levels.count(3) != 1 or skipped

    assert troubles(shown, skipping) == {}


def test_every_verb_stands_on_a_button_of_the_catalogue(shown: list[Shown], folder: Path) -> None:
    offered: set[str] = set()
    for database in folder.glob("*/stage.db"):
        with sqlite3.connect(database) as connection:
            offered |= {verb for (verb,) in connection.execute("select distinct verb from action")}
        connection.close()
    assert VERBS.keys() - offered == NOT_HERE


class Page(HTMLParser):
    """What a screen reader finds on a card of the chat page: its headings, and the names of its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.first = ""
        self.levels: list[int] = []
        self.buttons: list[str] = []
        self._inside = False

    @classmethod
    def of(cls, card: Card) -> "Page":
        page = cls()
        page.feed(html.render(card, "c"))
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("article", "form") and not self.first:
            self.first = tag
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.levels.append(int(tag[1]))
        if tag in ("button", "a", "summary"):
            self.buttons.append(given.get("aria-label") or "")
            self._inside = not self.buttons[-1]

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("button", "a", "summary")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.buttons[-1] += data


def nodes(thing: Any) -> Iterator[Json]:
    """Every object in the rendered card."""
    if isinstance(thing, dict):
        yield thing
    for inside in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from nodes(inside)
