"""What the rules propose for a case, and who confirmed the facts (I04, I09, I10; B11)."""

from collections.abc import Callable

from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work

VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
