"""The tick: reminders that have fallen due become messages, each once."""

import logging
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from psirf_bot.casework import (
    addresses,
    contacts,
    danger,
    first_contact,
    paging,
    people,
    post,
    reminders,
    support_circle,
)
from psirf_bot.casework.deadlines import PAUSED, RUNNING
from psirf_bot.casework.due_days import plan_next
from psirf_bot.casework.owners import on_rung, owners
from psirf_bot.casework.work import Work
from psirf_bot.domain.deadlines import Step, step
from psirf_bot.domain.people import Role
from psirf_bot.store.database import without_words
from psirf_bot.store.tables import Case, Deadline, Person

log = logging.getLogger(__name__)

TRY_AGAIN_AFTER = timedelta(minutes=10)
LOOK_AT_PAUSES_EVERY = timedelta(days=7)


def run(work: Work, most: int = 100) -> int:
    """Deal with the reminders that are due, `most` of them; returns how many there were."""
    due = select(Deadline).where(col(Deadline.state).in_(RUNNING), col(Deadline.next_at) <= work.now)
    claimed = due.order_by(col(Deadline.next_at)).limit(most).with_for_update(skip_locked=True)
    deadlines = work.session.exec(claimed).all()
    for deadline in deadlines:
        try:
            with work.session.begin_nested():
                _remind(work, deadline)
        except DBAPIError:
            raise  # another process was first: all of it is done again
        except Exception as error:  # noqa: BLE001 - one duty that cannot be dealt with must not hold up the others
            work.memo.clear()
            log.error("deadline %s (%s): %s", deadline.id, _called(work, deadline), without_words(error))  # noqa: TRY400
            deadline.next_at = work.now + TRY_AGAIN_AFTER
            work.session.add(deadline)
    return len(deadlines)


def _called(work: Work, deadline: Deadline) -> str:
    """A duty in the log: of being fair, its rule would say where a run came to."""
    rule = work.setting.rules.get(deadline.rule)
    return "private" if rule and rule.held_tight else deadline.rule


def _remind(work: Work, deadline: Deadline) -> None:
    rule = work.setting.rules.get(deadline.rule)
    if rule is None:  # a duty that this version of the bot does not have; another may
        deadline.next_at = work.now + timedelta(days=1)
    elif rule.id == paging.RULE:
        danger.page_again(work, deadline)
    elif deadline.state == PAUSED:
        for someone in owners(work, deadline):
            reminders.remind(work, deadline, someone.id, "review")
        deadline.next_at = work.now + LOOK_AT_PAUSES_EVERY
    elif first_contact.look_before_reminding(work, deadline):
        planned = step(rule, deadline.step)
        if planned.rung is not None and contacts.waits(work, deadline):
            planned = Step(planned.day)  # they wait as they were told to: that is for its owner alone
        for someone, why in _readers(work, deadline, planned):
            reminders.remind(work, deadline, someone.id, why)
        if planned.rung is not None:
            if not rule.private:
                reminders.tell_leads(work, deadline)
                post.refresh(work, f"response:{deadline.case_id}")
            case = work.session.get(Case, deadline.case_id) if deadline.case_id else None
            what = "a private duty" if rule.private else "a duty"
            work.record("the bot", f"reminded that {what} is late", case, deadline=deadline.id, step=deadline.step)
        deadline.step += 1
        plan_next(work, deadline)
    work.session.add(deadline)
    work.session.flush()


def _readers(work: Work, deadline: Deadline, planned: Step) -> Iterator[tuple[Person, str]]:
    """Its owners and, once it is late, those on the ladder as far as it has climbed; each once.

    Where none of them can be written to, the quality team hears of it: nothing is lost without a word.
    """
    kept_from = support_circle.kept_from(work, deadline)
    asked = {someone.id: (someone, planned.why) for someone in owners(work, deadline)}
    ladder = work.setting.rules[deadline.rule].ladder
    for role in ladder[: planned.rung + 1] if planned.rung is not None else ():
        for someone in on_rung(work, deadline, role):
            asked.setdefault(someone.id, (someone, "up"))
    if work.setting.rules[deadline.rule].held_tight:
        yield from asked.values()
        return
    if not any(addresses.can_be_reached(work, person_id) for person_id in asked):
        asked |= {someone.id: (someone, "up") for someone in people.holders(work, Role.QUALITY)}
    yield from (reader for person_id, reader in asked.items() if person_id not in kept_from)
