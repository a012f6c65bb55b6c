"""The minute of a panel: as a Word document, and its filing on the Datix record (I13 to I15)."""

from collections.abc import Callable

from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work

VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
