"""The duty of candour: thresholds that are not grades, what a step asks for, and what the record comes to."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from psirf_bot.domain import candour
from psirf_bot.domain.candour import Entry, Standing, Step, is_complete, missing, standing

DAY, LATER = date(2026, 11, 20), date(2026, 11, 24)
IN_FULL: dict[str, Any] = {
    "how": "in-person",
    "whom": "themselves",
    "apology": "yes",
    "support": ["contact"],
    "enquiries": ["review"],
}
LETTER: dict[str, Any] = {"holds": ["facts", "enquiries", "results", "apology"]}


def entry(step: Step, on: date = DAY, **facts: Any) -> Entry:
    return Entry(step, on, facts)


def confirmed(ground: str) -> Entry:
    return entry(Step.CONFIRMED, ground=ground)


TOLD, WRITTEN = entry(Step.TOLD, **IN_FULL), entry(Step.WRITTEN, **LETTER)
BY_PHONE = entry(Step.TOLD, **IN_FULL | {"how": "phone"})
NO_APOLOGY = entry(Step.TOLD, **IN_FULL | {"apology": "no"})
UNREACHABLE, ATTEMPT = entry(Step.UNREACHABLE), entry(Step.ATTEMPT, way="phone", outcome="no-answer")
DECLINED = entry(Step.DECLINED, ending="declined", reason=None)
YES, NO = confirmed("moderate"), confirmed("below")
CHANGED, HOLDS_FOR_BOTH = entry(Step.CHANGED, why="amended"), entry(Step.CHANGED, why="joined-yes")

STANDS = [
    ((), Standing()),
    ((YES,), Standing(applies=True)),
    ((NO,), Standing(applies=False)),
    ((NO, YES), Standing(applies=True)),
    ((YES, NO), Standing(applies=False)),
    ((TOLD,), Standing(apologised=True, told_on=DAY, spoken_on=DAY)),
    ((BY_PHONE,), Standing(apologised=True, spoken_on=DAY)),
    ((NO_APOLOGY,), Standing(spoken_on=DAY)),
    ((NO_APOLOGY, BY_PHONE), Standing(apologised=True, spoken_on=DAY)),
    ((TOLD, NO_APOLOGY), Standing(apologised=True, told_on=DAY, spoken_on=DAY)),
    ((WRITTEN,), Standing(written_on=DAY)),
    ((entry(Step.WRITTEN, holds=["facts", "enquiries"]),), Standing()),
    ((UNREACHABLE,), Standing(unreachable=True)),
    ((UNREACHABLE, ATTEMPT, ATTEMPT), Standing(unreachable=True, attempts=2, last_attempt=DAY)),
    ((UNREACHABLE, TOLD), Standing(apologised=True, told_on=DAY, spoken_on=DAY)),
    ((UNREACHABLE, BY_PHONE), Standing(unreachable=True, apologised=True, spoken_on=DAY)),
    ((UNREACHABLE, BY_PHONE, UNREACHABLE), Standing(unreachable=True, apologised=True)),
    ((UNREACHABLE, ATTEMPT, DECLINED), Standing(attempts=1, last_attempt=DAY, ended=True, ended_on=DAY)),
    ((DECLINED, TOLD), Standing(apologised=True, told_on=DAY, spoken_on=DAY)),
    ((DECLINED, BY_PHONE), Standing(apologised=True, spoken_on=DAY)),
    ((DECLINED, NO_APOLOGY), Standing(spoken_on=DAY)),
    ((NO, CHANGED), Standing()),
    ((YES, NO, HOLDS_FOR_BOTH), Standing(applies=True)),
    ((NO, CHANGED, NO), Standing(applies=False)),
    ((TOLD, DECLINED), Standing(apologised=True, told_on=DAY, ended=True, ended_on=DAY, spoken_on=DAY)),
]


@pytest.mark.parametrize(("record", "stands"), STANDS)
def test_what_the_record_comes_to(record: tuple[Entry, ...], stands: Standing) -> None:
    assert standing(record) == stands


def test_the_newest_day_counts() -> None:
    again = standing([TOLD, WRITTEN, entry(Step.TOLD, LATER, **IN_FULL), entry(Step.WRITTEN, LATER, **LETTER)])
    assert (again.told_on, again.written_on) == (LATER, LATER)


@pytest.mark.parametrize("ground", candour.GROUNDS)
def test_each_ground_says_whether_it_applies_and_reads_so(ground: str) -> None:
    applies = standing([confirmed(ground)]).applies
    assert candour.GROUNDS[ground].startswith("Yes: " if applies else "No: ")
    assert len(candour.GROUNDS[ground]) <= 75, "longer is no option in Slack"


# With the first contact: which records let a reviewer go on (policy App 4, E05), whatever stands in them besides.
GOES_ON = [(TOLD,), (BY_PHONE,), (DECLINED,), (NO,), (YES, TOLD), (YES, DECLINED), (UNREACHABLE, ATTEMPT, DECLINED)]
WAITS = [
    (), (YES,), (NO_APOLOGY,), (WRITTEN,), (UNREACHABLE, ATTEMPT), (YES, WRITTEN, UNREACHABLE),
    (NO, CHANGED), (DECLINED, NO_APOLOGY),
]  # fmt: skip


@pytest.mark.parametrize("record", GOES_ON)
def test_the_first_contact_may_go_on(record: tuple[Entry, ...]) -> None:
    assert standing(record).why_to_wait() is None


@pytest.mark.parametrize("record", WAITS)
def test_the_first_contact_waits_and_says_why(record: tuple[Entry, ...]) -> None:
    why = standing(record).why_to_wait()
    assert why is not None
    assert ("may apply" in why) == (YES not in record)


def test_no_order_of_steps_takes_an_apology_back() -> None:
    for order in permutations([TOLD, UNREACHABLE, ATTEMPT, DECLINED, YES, WRITTEN]):
        assert standing(order).apologised
        assert standing(order).why_to_wait() is None


RESULTS = "to write what has been found out, once it is known"
TO_DO = [
    (TOLD, True, ()),
    (BY_PHONE, False, ("to meet them in person",)),
    (NO_APOLOGY, False, ("to say sorry",)),
    (entry(Step.TOLD, **IN_FULL | {"support": ["none"]}), True, ("to offer them support",)),
    (entry(Step.TOLD, **IN_FULL | {"enquiries": ["none"]}), True, ("to explain what will be looked into",)),
    (WRITTEN, True, ()),
    (entry(Step.WRITTEN, holds=["facts", "enquiries", "apology"]), True, (RESULTS,)),
    (entry(Step.WRITTEN, holds=["enquiries", "apology"]), False, ("to write what we know happened", RESULTS)),
    (entry(Step.WRITTEN, holds=["facts", "enquiries", "results"]), False, ("to say sorry in writing",)),
    (ATTEMPT, True, ()),
    (DECLINED, True, ()),
]  # fmt: skip


@pytest.mark.parametrize(("step", "complete", "left"), TO_DO)
def test_a_step_says_what_is_still_to_do(step: Entry, complete: bool, left: tuple[str, ...]) -> None:
    assert (is_complete(step), missing(step)) == (complete, left)
