"""Votes are given and changed in private, members stand back, voting closes (policy §12.3, I11)."""

from collections.abc import Callable

from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work


def close_those_due(work: Work, most: int) -> int:
    """Close the voting whose time has come, of `most` panels; returns how many there were."""
    return 0


VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
