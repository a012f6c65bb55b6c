"""The clock until contact is agreed with everybody affected, and how each of the ways out stops it (P07, P08)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from responses import CALLUM, LEAH, NIAMH, START, TOMASZ, case_in, clocks, decided, press, read_case
from sqlmodel import select

from psirf_bot.casework.first_contact import DUTY
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.support_needs import STOPPED
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Case, SupportNeed
from scenes import scene
from stage import Stage, words

WEEKLY: dict[str, Any] = {"whom": "service-user", "next": "2026-11-27", "every": "week", "avoid": None}
NONE: dict[str, Any] = {"whom": "service-user", "next": None, "every": "none", "avoid": None}
OPEN = ("2026-11-27", "open")


@scene
async def with_a_family_and_staff(stage: Stage) -> None:
    """A response that Niamh has started: the family can turn to Callum, and a member of staff is in it."""
    await read_case(stage, colleagues=TOMASZ)
    await decided(stage)
    await press(stage, LEAH, "contacts-named.set", {"contact": [CALLUM], "why-not": None})
    await press(stage, NIAMH, "response.start", START)


def the_need(work: Work) -> SupportNeed:
    return work.session.exec(select(SupportNeed)).one()


async def staff(stage: Stage) -> str:
    found: str = await stage.do(lambda work: the_need(work).id)
    return found


async def clock(stage: Stage) -> tuple[str, str] | None:
    return (await clocks(stage, DUTY)).get(DUTY)


async def morning(stage: Stage, day: int, month: int = 11) -> None:
    stage.now = datetime(2026, month, day, 9, 30, tzinfo=UTC)
    await stage.tick()


async def test_it_runs_until_contact_is_agreed_with_everybody(stage: Stage) -> None:
    await with_a_family_and_staff(stage)
    assert await clock(stage) == OPEN, "five working days from the start"
    await press(stage, NIAMH, "contact.agree", WEEKLY)
    assert await clock(stage) == OPEN
    await press(stage, NIAMH, "contact.agree", WEEKLY | {"whom": await staff(stage)})
    assert (await clocks(stage, DUTY))[DUTY][1] == "done"


async def test_the_lead_is_reminded_and_then_the_quality_team(stage: Stage) -> None:
    await with_a_family_and_staff(stage)
    await morning(stage, 27)
    digest = words(stage.private(NIAMH)[-1])
    assert "Agree contact with everybody affected" in digest
    assert TOMASZ not in digest
    await morning(stage, 30)
    assert any("Agree contact with everybody affected" in words(card) for card in stage.private(LEAH))


@pytest.mark.parametrize("first", [{}, WEEKLY], ids=["nothing", "agreed before"])
async def test_whoever_wants_no_contact_is_left_in_peace(stage: Stage, first: dict[str, Any]) -> None:
    await with_a_family_and_staff(stage)
    if first:
        await press(stage, NIAMH, "contact.agree", first)
    await press(stage, NIAMH, "contact.agree", WEEKLY | {"whom": await staff(stage)})
    for _ in range(2):  # pressed twice
        said = words(await press(stage, NIAMH, "contact.agree", NONE))
        assert "they want no contact, and nobody is reminded of any" in said
    assert (await clocks(stage, DUTY))[DUTY][1] == "done"
    assert "contact.service-user" not in {
        r for r, (_, how) in (await clocks(stage, "contact.")).items() if how == "open"
    }
    page = words(await press(stage, NIAMH, "response.show"))
    assert "They want no contact: The service user or family." in page
    assert "No contact is agreed yet" not in page
    heard = await stage.do(lambda work: list(work.session.exec(select(AuditEntry.what))))
    assert heard.count("contact not wanted") == 1

    await press(stage, NIAMH, "contact.agree", WEEKLY | {"next": "2026-12-04"})
    page = words(await press(stage, NIAMH, "response.show"))
    assert "They want no contact" not in page, "they have thought about it again"
    assert "Next on Friday 4 December 2026." in page


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (NONE | {"next": "2026-11-27"}, "You gave a day for the next contact."),
        (WEEKLY | {"next": None}, "Please give the day that was agreed, or say below that they want no contact."),
    ],
)
async def test_an_answer_that_says_both_or_neither(stage: Stage, answers: dict[str, Any], says: str) -> None:
    await with_a_family_and_staff(stage)
    assert says in words(await press(stage, NIAMH, "contact.agree", answers))
    assert await clock(stage) == OPEN


async def test_where_nobody_is_affected_nothing_is_owed(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    await press(stage, LEAH, "contacts-named.set", {"contact": None, "why-not": "not-wanted"})
    await press(stage, NIAMH, "response.start", START)
    assert (await clocks(stage, DUTY))[DUTY][1] == "done"


async def test_nobody_is_reminded_of_somebody_who_has_left_meanwhile(stage: Stage) -> None:
    """The last of them needs no more checks: nothing that anybody presses says so to this clock."""
    await with_a_family_and_staff(stage)
    await press(stage, NIAMH, "contact.agree", WEEKLY)

    def nothing_more_to_check(work: Work) -> None:
        need = the_need(work)
        need.state = STOPPED
        work.session.add(need)

    await stage.do(nothing_more_to_check)
    await morning(stage, 26)
    assert (await clocks(stage, DUTY))[DUTY][1] == "done"
    assert not [card for card in stage.private(NIAMH) if "Agree contact with everybody" in words(card)]


async def test_somebody_of_whom_the_lead_may_not_know_does_not_hold_it_open(stage: Stage) -> None:
    """Otherwise the lead would work out that there is somebody."""
    await with_a_family_and_staff(stage)

    def it_is_about_the_lead(work: Work) -> None:
        need, response = the_need(work), current(work, case_in(work))
        assert response is not None
        need.person_id = response.lead_id
        work.session.add(need)

    await stage.do(it_is_about_the_lead)
    await press(stage, NIAMH, "contact.agree", WEEKLY)
    assert (await clocks(stage, DUTY))[DUTY][1] == "done"


async def test_it_goes_on_while_nobody_is_named_for_the_family(stage: Stage) -> None:
    """Whoever was named says that they cannot: the family is affected all the same, and nobody was in touch."""
    await with_a_family_and_staff(stage)
    await press(stage, NIAMH, "contact.agree", WEEKLY | {"whom": await staff(stage)})
    await press(stage, CALLUM, "contacts-named.decline")
    await morning(stage, 26)
    assert await clock(stage) == OPEN
    page = words(await press(stage, NIAMH, "response.show"))
    assert "No contact is agreed yet with: The service user or family." in page


async def test_two_of_one_name_are_two(stage: Stage) -> None:
    await with_a_family_and_staff(stage)
    first = await staff(stage)

    def a_namesake(work: Work) -> None:
        other = the_need(work).model_dump() | {"id": "another", "person_id": "somebody else"}
        work.session.add(SupportNeed(**other))

    await stage.do(a_namesake)
    await press(stage, NIAMH, "contact.agree", WEEKLY)
    await press(stage, NIAMH, "contact.agree", NONE | {"whom": first})
    assert await clock(stage) == OPEN
    await press(stage, NIAMH, "contact.agree", NONE | {"whom": "another"})
    assert (await clocks(stage, DUTY))[DUTY][1] == "done"


async def test_whoever_is_named_in_a_report_that_is_joined_too_is_one(stage: Stage) -> None:
    await with_a_family_and_staff(stage)
    await press(stage, NIAMH, "contact.agree", WEEKLY | {"whom": await staff(stage)})

    def joined(work: Work) -> None:
        need, case = the_need(work), case_in(work)
        facts = {"id": "a", "reference": "PSI-2026-0009", "state": "merged", "merged_into": case.id}
        work.session.add(Case(**(case.model_dump() | facts)))
        work.session.flush()
        work.session.add(SupportNeed(**(need.model_dump() | {"id": "a", "case_id": "a"})))

    await stage.do(joined)
    page = words(await press(stage, NIAMH, "response.show"))
    assert "No contact is agreed yet with: The service user or family." in page
    await press(stage, NIAMH, "contact.agree", WEEKLY)
    assert (await clocks(stage, DUTY))[DUTY][1] == "done"


async def test_it_ends_with_the_response(stage: Stage) -> None:
    await with_a_family_and_staff(stage)
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": None})
    assert (await clocks(stage, DUTY))[DUTY][1] == "dropped"
