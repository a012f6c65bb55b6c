"""Every card that the bot shows, made by the real desk in the real conversations of a made-up trust.

A card is one line in a chapter: drive the stage to where it is shown, and `yield Shown(…)`. Each chapter has a stage of
its own, so that a new card changes no other.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from cards.chapters import (
    audit_head,
    being_fair,
    being_fair_outcome,
    being_fair_oversight,
    being_fair_start,
    candour,
    cases,
    duties,
    leads,
    minutes,
    notifications,
    panel,
    panel_decision,
    panel_opening,
    reporting,
    response,
    response_board,
    safety_actions,
    setting_up,
    support,
    voting,
)
from cards.chapters.common import Shown
from psirf_bot.cards import blockkit
from stage import Stage

__all__ = ["Shown", "catalogue", "on_slack"]

CHAPTERS: tuple[Callable[[Stage], AsyncIterator[Shown]], ...] = (
    reporting.help_,
    reporting.home,
    reporting.report,
    reporting.other_reports,
    reporting.from_a_message,
    reporting.danger,
    cases.case,
    cases.ends,
    cases.lists,
    support.support,
    support.support_in_a_review,
    support.support_for_yourself,
    duties.duties,
    duties.a_late_day,
    candour.candour,
    panel_opening.panel_opening,
    panel_opening.agenda,
    panel.panel,
    panel_decision.panel_decision,
    minutes.minutes,
    leads.leads,
    response.verification,
    response.verification_kept_close,
    response.response,
    notifications.notifications,
    response_board.board,
    safety_actions.actions,
    safety_actions.alerts,
    being_fair_start.being_fair_start,
    being_fair.conversation,
    being_fair_outcome.being_fair_outcome,
    being_fair_oversight.oversight,
    audit_head.audit_head,
    setting_up.hours,
    setting_up.setting_up,
    setting_up.from_datix,
    voting.voting,
)


def on_slack(one: Shown) -> dict[str, Any]:
    """The card as Slack gets it: App Home, a window where there is something to send, otherwise a message."""
    if one.place == "home":
        return blockkit.home(one.card)
    sends = any(one.card.inputs()) or any(button.submits for button in one.card.all_buttons())
    return blockkit.modal(one.card) if sends else blockkit.message(one.card)


async def catalogue(folder: Path) -> list[Shown]:
    """All of them, in the order in which people meet them. `folder` keeps each chapter's database."""
    found: list[Shown] = []
    for chapter in CHAPTERS:
        home = folder / chapter.__qualname__
        home.mkdir()
        async with Stage(home) as stage:
            found += [one async for one in chapter(stage)]
    return found
