"""Every card in Microsoft's own renderer, in Chromium: read without a complaint, and usable on a phone and by ear."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from browser.chromium import CHROMIUM, FLAGS
from browser.render import frames
from cards.catalogue import Shown, catalogue
from psirf_bot.cards import adaptive

pytestmark = pytest.mark.browser

LET_BE = 'Invalid value "en" for property "lang".'
"""Found wrong in every second card: the renderer's pattern for languages goes on from where it last stopped."""

CUT = """() => [...document.querySelectorAll('#card, #card *')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
  .map((e) => e.textContent)"""
"""The words of what is wider than the room it has."""

FAINT = """() => {
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (e) => {
    const colour = getComputedStyle(e).backgroundColor;
    return parts(colour)[3] === 0 && e.parentElement ? behind(e.parentElement) : colour;
  };
  const own = (e) => [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
  const contrast = (e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  return [...document.querySelectorAll('#card *')].filter((e) => own(e) && contrast(e) < 4.5).map((e) => e.textContent);
}"""
"""The words with less contrast to what is behind them than 4.5 to 1, in colours close to those of Teams."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    return asyncio.run(catalogue(tmp_path_factory.mktemp("catalogue")))


@pytest.fixture
async def phone() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": frames.PHONE, "height": 740})
        await page.goto(frames.TEAMS)
        yield page
        await browser.close()


async def draw(phone: Page, rendered: dict[str, Any], theme: frames.Theme = "light") -> list[str]:
    """Show the card; returns what the renderer found wrong with it."""
    found: list[str] = await phone.evaluate("([card, theme]) => draw(card, theme)", [rendered, theme])
    return found


DOTS = "..."
"""What stands for the actions that are folded away behind a button of their own."""


def actions(thing: Any) -> list[str]:
    """The titles of the actions that are not folded away, in reading order."""
    if isinstance(thing, list):
        return [title for item in thing for title in actions(item)]
    if not isinstance(thing, dict):
        return []
    titles = [action["title"] for action in thing.get("actions", []) if action.get("mode") != "secondary"]
    return titles + [title for key, value in thing.items() if key != "actions" for title in actions(value)]


async def test_the_renderer_finds_what_is_wrong(phone: Page) -> None:
    """Otherwise the tests below could not fail."""
    assert await draw(phone, {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlok"}]})


async def test_it_finds_nothing_wrong(phone: Page, shown: list[Shown]) -> None:
    wrong = {one.slug: set(await draw(phone, adaptive.render(one.card))) - {LET_BE} for one in shown}
    assert {slug: found for slug, found in wrong.items() if found} == {}


async def test_every_input_has_a_name_that_is_said(phone: Page, shown: list[Shown]) -> None:
    for one in shown:
        await draw(phone, adaptive.render(one.card))
        for field in await phone.locator("input, select, textarea").all():
            await expect(field, one.slug).to_have_accessible_name(re.compile(r"\S"))
        asked = len(list(one.card.inputs()))
        assert await phone.locator(".ac-input-container").count() >= asked, one.slug


async def test_every_action_can_be_pressed(phone: Page, shown: list[Shown]) -> None:
    for one in shown:
        rendered = adaptive.render(one.card)
        await draw(phone, rendered)
        drawn = [(await button.inner_text()).strip() for button in await phone.locator(".ac-pushButton").all()]
        assert [title for title in drawn if title != DOTS] == actions(rendered["body"]), one.slug
        assert (DOTS in drawn) is ('"mode": "secondary"' in json.dumps(rendered)), one.slug


async def test_the_title_is_a_heading_and_comes_first(phone: Page, shown: list[Shown]) -> None:
    for one in shown:
        await draw(phone, adaptive.render(one.card))
        await expect(phone.get_by_role("heading").first, one.slug).to_have_text(one.card.title)


async def test_no_markup_is_shown_as_it_is_written(phone: Page, shown: list[Shown]) -> None:
    for one in shown:
        await draw(phone, adaptive.render(one.card))
        assert not re.search(r"\\[!-/:-@\[-`{-~]|\*\*", await phone.locator("#card").inner_text()), one.slug


async def test_nothing_is_wider_than_a_phone(phone: Page, shown: list[Shown]) -> None:
    cut: dict[str, list[str]] = {}
    for one in shown:
        await draw(phone, adaptive.render(one.card))
        cut[one.slug] = await phone.evaluate(CUT)
        assert await phone.evaluate("document.documentElement.scrollWidth") == frames.PHONE, one.slug
    assert {slug: found for slug, found in cut.items() if found} == {}


@pytest.mark.parametrize("theme", frames.THEMES)
async def test_nothing_is_too_faint_to_read(phone: Page, shown: list[Shown], theme: frames.Theme) -> None:
    for one in shown:
        await draw(phone, adaptive.render(one.card), theme)
        assert await phone.evaluate(FAINT) == [], one.slug
