"""A message on its way: claimed by the courier, or by the turn that wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psirf_bot.cards.model import Card

LEASE = timedelta(seconds=60)
"""How long whoever claimed a message has it to themselves."""
NOT_CONFIGURED = "is not configured"
"""Why a message cannot be delivered whose platform has been taken out of the settings, after the platform's name."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One message claimed for sending. `token` fences off whoever held it before."""

    id: int
    token: int
    key: str
    platform: str
    address: Mapping[str, str]
    card: Card | None
    message: str | None
    read_back_since: datetime | None = None
    """Set when an earlier try may have arrived: look for it first."""
