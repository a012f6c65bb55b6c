"""The line that overseers keep, so that nobody can cut off the end of the record unseen."""

from collections.abc import AsyncIterator

from cards.chapters.common import Shown
from psirf_bot.casework.audit_head import tell_overseers
from stage import Stage


async def audit_head(stage: Stage) -> AsyncIterator[Shown]:
    await stage.says("Judith Cornwell", "help")
    await stage.do(lambda work: work.record("the bot", "began"))
    await stage.do(tell_overseers)
    await stage.settled()
    yield Shown("audit-head", "Overseers: the line to keep", stage.private("Judith Cornwell")[-1])
