"""The page of a panel, in private: papers, facts, votes and what this person may do next."""

from collections.abc import Callable

from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.domain.authority import Member


def asked_for(work: Work, by: Member, words: str) -> Card:
    """The panel of the case with this reference, or the form that opens it."""
    raise NotImplementedError


VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
