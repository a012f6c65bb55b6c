"""The draft is approved before it leaves, and the final report is sent (J04, J10)."""

from collections.abc import Callable

from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work

VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
