"""Draw what the installation guide ends with: a first report in Slack (needs Node.js, Chromium and the dev tools).

Use: .venv/bin/python docs/images/first_report.py
"""

import asyncio
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "gallery"))

from make import CHROMIUM, FLAGS, async_playwright, catalogue, frames, on_slack, picture  # noqa: E402

SHOWN = ("report-what-happened", "report-receipt", "quality-new")
"""Side by side: what opens, what the reporter reads in the end, and what hangs in the quality channel."""

ALONE = "#picture { align-items: start; background: #c9d1d7 } #picture > div > div { display: none }"


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cards = {one.slug: one for one in await catalogue(Path(folder))}
    drawn = frames.slack([on_slack(cards[slug]) for slug in SHOWN], "light")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = await browser.new_page(viewport={"width": 1140, "height": 800})
        await tab.goto(frames.GALLERY)
        await tab.add_style_tag(content=ALONE)
        await tab.evaluate("pages => show(pages)", {"light": dict(zip(SHOWN, drawn, strict=True))})
        (HERE / "first-report.png").write_bytes(await picture(tab))
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
