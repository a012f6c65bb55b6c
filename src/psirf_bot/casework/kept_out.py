"""Whoever turns out to be kept out of a case, leaves or goes on leave: what waits for them is somebody else's.

A report that was joined may name them, and the people list may make them the manager of somebody who was involved.
"""

import logging
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from psirf_bot.casework import deadlines, panel_chair, panel_departure, panel_members, panels, people, verifying
from psirf_bot.casework.case_facts import case_facts
from psirf_bot.casework.deadlines import DROPPED, RUNNING, happened, of_case, running
from psirf_bot.casework.panel_closing import THE_BOT
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.database import without_words
from psirf_bot.store.tables import Case, Deadline, Panel, Person

log = logging.getLogger(__name__)
KeptOut = Mapping[str, frozenset[str]]
"""Who is kept out of each case that waits for somebody, by its id."""
WAITING = (State.IN_PANEL, State.AWAITING_VERIFICATION)


def joined(work: Work, case: Case, by: str) -> None:
    """A report that was joined with a case may name those who look at it: they are asked for nothing any more."""
    _look_at(work, case, by)
    if panel := panels.under_way(work, case):
        panels.refresh(work, panel)


def as_it_stands(work: Work) -> KeptOut:
    """Who is kept out of what waits, to be compared with once the people list has changed."""
    waiting = work.session.exec(select(Case).where(col(Case.state).in_(WAITING))).all()
    return {case.id: case_facts(work, case).kept_out_ids for case in waiting}


def after_an_import(work: Work, before: KeptOut) -> None:
    """The people list was taken on: leavers, and whoever it has made kept out, are asked for nothing any more.

    Comes before the other duties of leavers are passed on: a vote is not passed on.
    """
    left = select(Person.id).where(col(Person.active).is_(False))
    theirs = select(Deadline).where(Deadline.rule == "panel.vote", col(Deadline.state).in_(RUNNING))
    given_up = work.session.exec(theirs.where(col(Deadline.owner_id).in_(left))).all()
    for vote in given_up:
        deadlines.settle(work, vote, DROPPED, THE_BOT, "They have left")
    look_again(work)
    for which, out in as_it_stands(work).items():
        case = work.session.get_one(Case, which)
        fewer = any(vote.case_id == which for vote in given_up)
        if (fewer or out != before.get(which)) and (panel := panels.under_way(work, case)):
            panels.refresh(work, panel)


def look_again(work: Work) -> None:
    """Look at every case that waits for a decision or a signature. One that is held just now waits until tomorrow."""
    waiting = select(Case).where(col(Case.state).in_(WAITING)).order_by(Case.reference)
    for case in work.session.exec(waiting.with_for_update(skip_locked=True)).all():
        try:
            with work.session.begin_nested():
                _look_at(work, case, THE_BOT)
        except DBAPIError:
            raise  # another process was first: all of it is done again
        except Exception as error:  # noqa: BLE001 - one that cannot be looked at must not hold up the others
            work.memo.clear()
            log.error("case %s: %s", case.id, without_words(error))  # noqa: TRY400


def _look_at(work: Work, case: Case, by: str) -> None:
    panel = panels.under_way(work, case) if case.state == State.IN_PANEL else None
    if panel:
        out = case_facts(work, case).kept_out_ids
        for seat in panel_members.all_of(work, panel):
            if seat.person_id in out and running(work, panel_members.vote(case, seat), "panel.vote"):
                happened(work, Event.VOTE_NOT_NEEDED, panel_members.vote(case, seat), by)
        if panel_members.ask_those_back(work, case, panel, out, by):
            panels.refresh(work, panel)
        if not _can_decide(work, case, panel, out):
            _ask_once_for_a_chair(work, case)
        panel_departure.see_to(work, case, panel)
    verifying.see_to(work, case)


def _can_decide(work: Work, case: Case, panel: Panel, out: frozenset[str]) -> bool:
    """Whether its chair, or whoever stands in for them today, can decide."""
    chair = people.person(work, panel.chair_id)
    if chair is None or not chair.active or chair.id in out:
        return False
    return panel_chair.acting(work, case, panel) is not None


def _ask_once_for_a_chair(work: Work, case: Case) -> None:
    """Once asked for another chair, the decision is nobody's until the quality team has chosen one."""
    if any(clock.owner_id for clock in running(work, of_case(case), "panel.decided")):
        panel_chair.ask_for_another(work, case)
