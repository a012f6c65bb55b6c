"""What an administrator sets up, deputies, and cases that come from Datix."""

from collections.abc import AsyncIterator
from typing import Any

from sqlmodel import select

from cards.chapters.common import LEAH, SANDEEP, TOMASZ, WEI, Shown, opened, reported, titled
from psirf_bot.casework.inbound import Said
from psirf_bot.delivery.platform import Refused
from psirf_bot.store.tables import Channel
from stage import Stage


async def from_datix(stage: Stage) -> AsyncIterator[Shown]:
    form = await stage.says(LEAH, "open datix W777")
    yield Shown("form-open-datix", "Form: open a case from Datix", form)
    given = {"event-type": "incident", "when": "yesterday", "service": "Podiatry"}
    yield Shown("datix-opened", "A case from Datix is opened", await stage.presses(LEAH, form, "Open the case", given))
    yield Shown("datix-known", "Datix: there is a case for it", await stage.says(SANDEEP, "open datix W777"))
    yield Shown("case-from-datix", "A case from Datix", await opened(stage, LEAH))
    await stage.do(_no_channels)
    await reported(stage)
    yield Shown("quality-private", "A new report where no channel is set", stage.private(SANDEEP)[-1])


async def hours(stage: Stage) -> AsyncIterator[Shown]:
    form = await stage.says(TOMASZ, "hours")
    yield Shown("form-hours", "Form: when do you work?", form)
    nights = {"which-hours": "own", "work-days": ["monday"], "work-from": "19:30", "work-until": "07:30"}
    yield Shown("hours-saved", "Working hours, saved", await stage.presses(TOMASZ, form, "Save", nights))


async def setting_up(stage: Stage) -> AsyncIterator[Shown]:
    yield Shown("channel-where", "A channel is set in the channel", await stage.says(WEI, "use this channel for panel"))
    await stage.turn(WEI, Said("use this channel for panel"), channel="panel", inline=False)
    await stage.settled()
    yield Shown("channel-set", "A channel is set", stage.channel("panel")[0], "channel")
    yield Shown("channel-sure", "A channel is set: to the administrator", stage.private(WEI)[0])
    stage.out.failures.append(Refused("not_in_channel", final=True))
    await stage.turn(WEI, Said("use this channel for leads"), channel="leads", inline=False)
    await stage.settled()
    not_set = titled(stage.private(WEI), "A channel cannot be used")
    yield Shown("channel-not-set", "A channel that the bot cannot post in", not_set)
    yield Shown("form-deputy-admin", "Form: a deputy, for an administrator", await stage.says(WEI, "deputy"))
    form = await stage.says(LEAH, "deputy")
    yield Shown("form-deputy", "Form: a deputy", form)
    given = {"deputy": SANDEEP, "from": "21 December 2026", "until": "24 December 2026"}
    yield Shown("deputy-saved", "A deputy is set", await stage.presses(LEAH, form, "Save", given))
    await stage.settled()
    yield Shown("deputy-told", "To the deputy", stage.private(SANDEEP)[-1])
    await stage.presses(LEAH, form, "Save", {"deputy": None, "from": None, "until": None})
    await stage.settled()
    yield Shown("deputy-over", "To a deputy who is no longer one", stage.private(SANDEEP)[-1])


def _no_channels(work: Any) -> None:
    for channel in work.session.exec(select(Channel)).all():
        work.session.delete(channel)
