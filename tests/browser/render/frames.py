"""A card as it stands on each surface, in light and in dark: pages that a browser shows at the width of a phone."""

import json
import os
import subprocess
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal

from psirf_bot.cards import adaptive, html
from psirf_bot.cards.model import Card

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

HERE = Path(__file__).parent
PHONE = 360
"""Pixels: as narrow as phones in use today are."""

TEAMS = (HERE / "teams.html").as_uri()
"""A page with `draw(card, theme)`, which returns what Microsoft's renderer found wrong with the card."""

GALLERY = (HERE / "gallery.html").as_uri()
"""A page with `show(pages)`, which stands pages from here side by side in the element `picture`."""


def teams(card: Card, theme: Theme) -> str:
    """The card as Microsoft's renderer draws it; for a frame of a page in this folder, whose scripts it needs."""
    payload = json.dumps(adaptive.render(card)).replace("</", "<\\/")
    return f'{_text("teams.html")}<script>draw({payload}, "{theme}")</script>'


def slack(rendered: Sequence[dict[str, Any]], theme: Theme) -> list[str]:
    """Each message or view as a page."""
    lines = "".join(json.dumps({"blocks": one["blocks"], "theme": theme}) + "\n" for one in rendered)
    node = subprocess.run(  # noqa: S603 - our own script
        ["node", HERE / "slack.mjs"],  # noqa: S607
        input=lines,
        env=os.environ | {"TZ": "Europe/London"},  # each reader's own time is that of this reader
        capture_output=True,
        text=True,
        check=True,
    )
    look = _text("../node_modules/slack-blocks-to-jsx/dist/style.css") + _text("slack.css")
    drawn = map(json.loads, node.stdout.splitlines())
    return [
        _page(_in_slack(one, blocks), look, theme, "A card in Slack")
        for one, blocks in zip(rendered, drawn, strict=True)
    ]


def web(card: Card, theme: Theme) -> str:
    """The card as a message of the built-in chat page."""
    look = _text("../../../src/psirf_bot/adapters/web/static/chat.css")
    dark = "all" if theme == "dark" else "not all"
    look = look.replace("(prefers-color-scheme: dark)", dark).replace(
        "color-scheme: light dark", f"color-scheme: {theme}"
    )
    alone = "body { display: block; height: auto; min-height: 0; padding: 12px; }"
    return _page(html.render(card, "card"), look + alone, theme, "A card on the chat page")


def _in_slack(rendered: dict[str, Any], blocks: str) -> str:
    """A message under its sender's name, a view in its window, or the bot's own page."""
    if rendered.get("type") == "home":
        return f'<div class="window"><div class="inside">{blocks}</div></div>'
    if rendered.get("type") != "modal":
        return f'<div class="message"><span class="face">P</span><div><b>psirf-bot</b>{blocks}</div></div>'
    title, close, submit = (escape(rendered.get(name, {}).get("text", "")) for name in ("title", "close", "submit"))
    send = f'<button class="submit">{submit}</button>' if submit else ""
    head = f"<header><button>{close}</button><h1>{title}</h1>{send}</header>"
    return f'<div class="window">{head}<div class="inside">{blocks}</div></div>'


def _page(body: str, look: str, theme: Theme, title: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return (
        f'<!doctype html><html lang="en-GB" data-theme="{theme}">{head}<style>{look}</style><body>{body}</body></html>'
    )


def _text(path: str) -> str:
    return (HERE / path).read_text()
