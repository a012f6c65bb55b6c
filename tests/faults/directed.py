"""What chance would seldom find: two moments that are brought about on purpose."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from faults import town
from faults.checker import Expected
from faults.engines import Sqlite
from faults.scene import Order, Scene

WAKE = 5.0
"""Seconds between the bot's looks at what has fallen due."""


async def stopped_over_its_wake_up(folder: Path, mutant: str = "") -> list[str]:
    """A bot that was stopped when it should have looked does so as soon as it goes on."""
    how = ["--mutant", mutant] if mutant else []
    async with Scene(Sqlite(folder), folder, Order(people=2), "--wake", str(WAKE), *how) as scene:
        began = time.time()
        (someone,) = (p for p in scene.people if p.platform == "slack")
        due = datetime.now(UTC) + timedelta(seconds=WAKE + 1)  # after its first look, before its second
        await scene.do(lambda work: town.write_down(work, {someone: [Expected("the-only-one", someone.id, due)]}))
        await asyncio.sleep(began + 2 * WAKE - 1.5 - time.time())
        scene.bots[0].freeze()
        await asyncio.sleep(3.5)
        scene.bots[0].thaw()
        await asyncio.sleep(WAKE - 3)
        told = await scene.slack.ask("told")
    return [] if told else ["a look that was missed while the process was stopped was not made up for"]
