"""A change to a learning response: written down, shown wherever it is, and told to whom it concerns."""

from collections.abc import Iterable

from psirf_bot.cards.conversation import said
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import deadlines, onlookers, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, of_case, running
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import Case


def changed(work: Work, case: Case, by: str, what: str, *others: str | None, **content: object) -> None:
    """Write down what somebody did, and bring up to date what shows the case."""
    work.session.add(case)
    work.session.flush()
    work.record(by, what, case, **content)
    onlookers.refresh_cards(work, case)
    onlookers.refresh(work, case, by, *others)


def drop(work: Work, case: Case, rules: Iterable[str], by: str, note: str) -> None:
    """Stop clocks of a case that something newer takes the place of."""
    for deadline in running(work, of_case(case), *rules):
        deadlines.settle(work, deadline, DROPPED, by, note)


def tell(work: Work, case: Case, by: Member, whom: Iterable[str | None], title: str, text: str) -> None:
    """Tell these people in private what somebody else did, each once."""
    open_it = button(work, "Open the learning response", "response.show", case=case, style="primary", opens=True)
    for who in dict.fromkeys(filter(None, whom)):
        if who != by.id:
            post.to_person(work, who, said(title, text, open_it, preview=PRIVATE_TASK))
