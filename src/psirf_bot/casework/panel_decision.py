"""The chair decides and approves the minute; a departure from the minimum is asked for (I09, I13, I14)."""

from collections.abc import Callable

from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work

VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
