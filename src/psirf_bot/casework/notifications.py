"""Who outside has been told of a case, and when (J08, H07)."""

from collections.abc import Callable

from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work

VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
