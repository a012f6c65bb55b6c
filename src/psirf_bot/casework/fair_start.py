"""Starting a run of the being fair tool: who, about which concern, and with whom (L01, L07)."""

from collections.abc import Callable

from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_runs
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.domain.authority import Member

VERBS: dict[str, Callable[[Work, Press], Reply]] = {}


def asked_for(work: Work, by: Member, rest: str) -> Card:
    """What somebody gets who types `fair PSI-…`."""
    raise fair_runs.refused(work)
