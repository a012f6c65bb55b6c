"""Take a picture of every card on every surface, and write the gallery around them (`make gallery`).

Each picture has Teams (by Microsoft's renderer), Slack and the chat page side by side, at the width of a phone: light
above, dark below. A card that has not changed gives the same picture.
"""

import asyncio
import base64
import struct
import sys
import tempfile
import zlib
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "casework"), str(TESTS / "browser")]

from playwright.async_api import Page, async_playwright  # noqa: E402
from render import frames  # noqa: E402

from browser.chromium import CHROMIUM, FLAGS  # noqa: E402
from cards.catalogue import Shown, catalogue, on_slack  # noqa: E402
from psirf_bot.cards import plain  # noqa: E402

SCALE = 0.8  # as wide as a page of documentation shows a picture; in full size the gallery would be half as large again
INTRODUCTION = """# Every card

What people see, on all three surfaces at the width of a phone, light and dark: Microsoft Teams as Microsoft's own
renderer draws it, Slack, and the built-in chat page. Made by `make gallery` from the real conversations of a made-up
trust; nobody here exists. The platforms' own apps differ a little in fonts and spacing, and show
dates in each reader's own way.
"""


async def picture(tab: Page) -> bytes:
    """What is shown, as a PNG in a few colours: a quarter of the size of one in all of them."""
    png = base64.b64encode(await tab.locator("#picture").screenshot()).decode()
    few = await tab.evaluate("png => inFewColours(png)", png)
    width, points = few["width"], base64.b64decode(few["points"])
    rows = b"".join(b"\0" + points[at : at + width] for at in range(0, len(points), width))
    head = struct.pack(">IIBBBBB", width, few["height"], 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", bytes(few["palette"])), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


async def take_pictures(shown: list[Shown]) -> None:
    slack = {theme: frames.slack([on_slack(one) for one in shown], theme) for theme in frames.THEMES}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = await browser.new_page(viewport={"width": 1140, "height": 800}, device_scale_factor=SCALE)
        await tab.goto(frames.GALLERY)
        for number, one in enumerate(shown):
            pages = {
                theme: {
                    "Teams": frames.teams(one.card, theme),
                    "Slack": slack[theme][number],
                    "Chat page": frames.web(one.card, theme),
                }
                for theme in frames.THEMES
            }
            await tab.evaluate("pages => show(pages)", pages)
            (HERE / f"{one.slug}.png").write_bytes(await picture(tab))
        await browser.close()


def in_the_gallery(one: Shown) -> str:
    """The card's heading and picture, and its words folded away."""
    where = {"private": "", "channel": "In a channel. ", "home": "In Slack, on the bot's own page. "}[one.place]
    words = plain.render(one.card).replace("```", "'''")
    return (
        f"## {one.title}\n\n{where}The notification says: {one.card.preview}\n\n"
        f"![{one.title}, on Teams, Slack and the chat page]({one.slug}.png)\n\n"
        f"<details><summary>In plain text</summary>\n\n```text\n{words}\n```\n\n</details>\n"
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shown = await catalogue(Path(folder))
    for old in HERE.glob("*.png"):
        if old.stem not in {one.slug for one in shown}:
            old.unlink()
    await take_pictures(shown)
    (HERE / "README.md").write_text("\n".join([INTRODUCTION, *map(in_the_gallery, shown)]))
    size = sum(file.stat().st_size for file in HERE.iterdir())
    print(f"{len(shown)} cards, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    asyncio.run(main())
