"""What happens between two steps of a learning response: sent back, joined, left, stood in for, chosen again."""

from typing import Any

import pytest
from decisions import decided_by_a_panel
from responses import (
    HUSSEIN,
    LEAD,
    LEAH,
    MARGUERITE,
    NIAMH,
    SANDEEP,
    START,
    TOMASZ,
    case_in,
    clocks,
    decided,
    lead_by,
    named,
    press,
    read_case,
    the_response,
    titles,
    trained,
)
from sqlmodel import select
from test_joined_reports import on, report
from test_panel_decision import AGREED_ON, add_panel
from test_panel_opening import change
from test_voting import away

from psirf_bot.casework import lead_choice, panel_decision, people, response
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Person
from scenes import scene
from stage import Stage, words

ENDED: dict[str, Any] = {"day": "2026-11-20", "missing": None}
DECLINE = {"why": "other", "more": "I know the family."}
WAITS, NEEDED = "A draft waits for you to approve it", "Somebody else is needed to lead"


@scene
async def waits(stage: Stage) -> None:
    """A PSII that a panel decided on, with somebody to lead it, waits to be verified."""
    await trained(stage)
    await decided_by_a_panel(stage)
    await named(stage)
    await lead_by(stage, NIAMH)


async def decides_again(stage: Stage, kind: str) -> None:
    """As the approved minute of a later panel does."""

    def decide(work: Work) -> None:
        chair = work.session.exec(select(Person).where(Person.name == SANDEEP)).one()
        response.decide(work, case_in(work), kind, people.member(work, chair))

    await stage.do(decide)
    await stage.settled()


async def joins(stage: Stage, colleague: str) -> None:
    await report(stage, colleagues=colleague)
    await on(stage, 2, LEAH, "case.merge", {"into": "PSI-2026-0001"})


async def lead_of(stage: Stage) -> str | None:
    return (await the_response(stage)).lead_id


# Sent back to the panel


async def sent_back(stage: Stage) -> None:
    await waits(stage)
    await press(stage, MARGUERITE, "response.back", {"why-back": "One account differs."})
    assert titles(stage, NIAMH)[-1] == "Please wait"


@pytest.mark.parametrize(
    ("kind", "says"), [("mdt", "It need not be verified, so it can start."), ("psii", "waits to be verified once more")]
)
async def test_whoever_was_asked_to_wait_hears_what_the_panel_decided_again(stage: Stage, kind: str, says: str) -> None:
    await sent_back(stage)
    await decides_again(stage, kind)
    assert says in words(stage.private(NIAMH)[-1])


async def test_the_chair_is_not_told_that_a_lead_is_chosen_next_where_there_is_one(stage: Stage) -> None:
    await sent_back(stage)
    await decides_again(stage, "mdt")

    def said(work: Work) -> str:
        case, chair = case_in(work), work.session.exec(select(Person).where(Person.name == SANDEEP)).one()
        panel = panel_of(work, case)
        assert panel
        panel.decision = "mdt"
        return words(panel_decision._what_next(work, case, panel, people.member(work, chair)))

    told = await stage.do(said)
    assert f"{NIAMH} still leads it." in told
    assert "Next, somebody is chosen" not in told


async def test_a_lead_who_cannot_while_the_panel_has_it_is_replaced_once_it_has_decided(stage: Stage) -> None:
    await sent_back(stage)
    await press(stage, NIAMH, "response.decline-lead", DECLINE)
    asked = stage.private(LEAH)[-1]
    assert "Nobody has to be chosen before the panel has decided again." in words(asked)
    assert list(asked.all_buttons()) == []
    assert (await clocks(stage, "response.lead")).get("response.lead", ("", "done"))[1] != "open"
    await decides_again(stage, "mdt")
    assert (await clocks(stage, "response.lead"))["response.lead"][1] == "open"


async def test_a_lead_who_leaves_while_the_panel_has_it_leads_no_longer(stage: Stage) -> None:
    await sent_back(stage)
    await change(stage, NIAMH, active=False)
    await stage.do(lead_choice.look_for_leavers)
    assert await lead_of(stage) is None
    await decides_again(stage, "mdt")
    assert (await clocks(stage, "response.lead"))["response.lead"][1] == "open"


# A chair who was named since


async def test_a_chair_who_was_named_since_reads_neither_why_it_was_sent_back_nor_why_a_lead_cannot(
    stage: Stage,
) -> None:
    await waits(stage)
    await joins(stage, SANDEEP)
    await press(stage, NIAMH, "response.decline-lead", DECLINE)
    await press(stage, MARGUERITE, "response.back", {"why-back": "One account differs."})
    told = "\n".join(words(card) for card in stage.private(SANDEEP))
    assert NEEDED not in told
    assert "account differs" not in told
    assert "account differs" in words(stage.private(LEAH)[-1])


# Who approves the draft


@scene
async def under_way(stage: Stage, lead: str = NIAMH) -> None:
    await trained(stage)
    await read_case(stage)
    await stage.do(lambda work: add_panel(work, (), AGREED_ON))
    await decided(stage, "psii", lead)
    await press(stage, MARGUERITE, "response.verify")
    await press(stage, lead, "response.start", START)


async def test_a_chief_nurse_who_was_named_since_is_not_asked_to_approve_the_draft(stage: Stage) -> None:
    await under_way(stage)
    await joins(stage, MARGUERITE)
    await press(stage, NIAMH, "response.end", ENDED)
    assert WAITS not in titles(stage, MARGUERITE)
    assert titles(stage, HUSSEIN).count(WAITS) == 1
    refused = words(await press(stage, MARGUERITE, "report.approve"))
    assert "This one is for somebody else to approve. There is nothing you need to do." in refused


async def test_where_neither_of_the_two_can_an_executive_is_asked_to_approve_the_draft(stage: Stage) -> None:
    await change(stage, "Callum Strachan", roles=["executive"])
    await under_way(stage, HUSSEIN)
    await joins(stage, MARGUERITE)
    await press(stage, HUSSEIN, "response.end", ENDED)
    assert WAITS in titles(stage, "Callum Strachan")


async def test_where_nobody_can_approve_the_draft_the_quality_team_hears_of_it(stage: Stage) -> None:
    def no_executives(work: Work) -> None:
        for someone in work.session.exec(select(Person)):
            if "executive" in someone.roles:
                someone.roles = [role for role in someone.roles if role != "executive"]
                work.session.add(someone)

    await stage.do(no_executives)
    await under_way(stage, HUSSEIN)
    await joins(stage, MARGUERITE)
    await press(stage, HUSSEIN, "response.end", ENDED)
    assert "PSI-2026-0001: a draft waits" in [card.title for card in stage.channel()]


# A lead who is away, and a lead whose time changes


async def test_a_lead_for_whom_somebody_else_said_no_hears_of_it(stage: Stage) -> None:
    await waits(stage)
    await stage.do(lambda work: away(work, NIAMH, TOMASZ))
    await press(stage, TOMASZ, "response.decline-lead", DECLINE)
    assert f"{NIAMH} (so says {TOMASZ}, who stands in for them) cannot lead" in words(stage.private(LEAH)[-1])
    assert f"{TOMASZ} said for you" in words(stage.private(NIAMH)[-1])


async def test_a_lead_hears_that_their_hours_have_changed_once(stage: Stage) -> None:
    await waits(stage)
    for _ in range(2):
        await press(stage, SANDEEP, "response.lead", LEAD | {"hours": "4", "override": f"{NIAMH} is free."})
    assert "You have 4 hours a week" in words(stage.private(NIAMH)[-1])
    assert titles(stage, NIAMH).count("Your protected time has changed") == 1


# Paused, and restricted


async def test_a_lead_who_goes_on_with_what_is_paused_reads_that_it_is(stage: Stage) -> None:
    await under_way(stage)
    await press(stage, LEAH, "case.pause", {"reason": "police", "review": "2026-12-28"})
    assert "has moved on (paused)" in words(await press(stage, NIAMH, "response.end", ENDED))


async def test_in_a_restricted_case_whoever_verified_is_not_told_that_somebody_else_would_have_to(
    stage: Stage,
) -> None:
    await waits(stage)
    await press(stage, LEAH, "case.restrict", on="yes")
    await press(stage, MARGUERITE, "response.verify")
    refused = words(await press(stage, MARGUERITE, "response.back"))
    assert "does not wait to be verified. There is nothing you need to do." in refused
