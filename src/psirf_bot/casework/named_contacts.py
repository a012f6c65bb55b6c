"""Whom each person affected can turn to during a learning response (B12)."""

from collections.abc import Callable

from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work

VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
