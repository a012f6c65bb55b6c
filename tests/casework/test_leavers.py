"""Somebody leaves whom others count on, or it passes to somebody else: nobody goes on waiting for who is not there."""

from datetime import date
from typing import Any

import pytest
import test_alerts as ta
from responses import CALLUM, LEAH, MARGUERITE, NIAMH, SANDEEP, WEI, lead_by, press, started
from sqlmodel import select

from psirf_bot.bootstrap import import_people
from psirf_bot.cards.model import Card
from psirf_bot.casework import (
    deadlines,
    leavers,
)
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.domain.people import read_people
from psirf_bot.store.tables import Person, SafetyAction, SafetyAlert, StandIn
from psirf_bot.trust_file import sample_people_text
from stage import Stage, words

FEMI, PRIYA, HUSSEIN, ROSALIND = "Femi Adeyemi", "Priya Raman", "Hussein Al-Tamimi", "Rosalind Achebe"
ACTION: dict[str, Any] = {
    "what-is-done": "Keep the two pens in two drawers.",
    "measure": "A count each month.",
    "action-owner": [FEMI],
    "service": "Podiatry",
    "action-due": "2026-12-10",
    "inequality": "Nothing found, because everybody uses the same drawers.",
}


async def leaves(stage: Stage, name: str) -> None:
    """As when the people list is taken on without them."""

    def left(work: Work) -> None:
        someone = who(work, name)
        someone.active = False
        work.session.add(someone)
        work.session.flush()
        work.memo.clear()
        deadlines.pass_on_those_of_leavers(work)
        leavers.ask_for_others(work)

    await stage.do(left)
    await stage.settled()


def who(work: Work, name: str) -> Person:
    return work.session.exec(select(Person).where(Person.name == name)).one()


async def away(stage: Stage, name: str, deputy: str) -> None:
    def stands_in(work: Work) -> None:
        days = {"starts": date(2026, 11, 20), "ends": date(2026, 12, 4)}
        work.session.add(StandIn(person_id=who(work, name).id, deputy_id=who(work, deputy).id, **days))

    await stage.do(stands_in)


def told(stage: Stage, name: str, title: str) -> list[Card]:
    return [card for card in stage.private(name) if card.title == title]


# Whoever stands in


async def test_whoever_is_away_and_the_administrators_hear_once_that_their_deputy_has_left(stage: Stage) -> None:
    await away(stage, NIAMH, CALLUM)
    await leaves(stage, CALLUM)
    await leaves(stage, CALLUM)
    for name, whom in ((NIAMH, "you"), (WEI, NIAMH)):
        [asked] = told(stage, name, "Somebody else is needed to stand in")
        days = "from 20 November 2026 until 4 December 2026"
        assert f"Callum Strachan has left, and was to stand in for {whom} {days}." in words(asked)


async def test_of_a_leave_that_is_over_or_of_one_who_left_too_nothing_is_said(stage: Stage) -> None:
    await away(stage, NIAMH, CALLUM)
    await leaves(stage, NIAMH)
    await away(stage, FEMI, CALLUM)
    stage.later(days=15)
    await leaves(stage, CALLUM)
    assert not told(stage, WEI, "Somebody else is needed to stand in")


# A learning response


@pytest.mark.parametrize("paused", [True, False])
async def test_whoever_leads_it_from_halfway_is_not_asked_to_start_it(stage: Stage, paused: bool) -> None:
    await started(stage)
    if paused:
        await press(stage, NIAMH, "case.pause", {"reason": "police", "review": "2026-12-24"})
    await lead_by(stage, CALLUM)
    said = words(stage.private(CALLUM)[-1])
    assert "Please start it" not in said
    assert "It started on Friday 20 November 2026, and its dates go on with you." in said
    assert ("It is paused just now." in said) is paused


async def test_when_the_named_contact_leaves_somebody_else_is_asked_for(stage: Stage) -> None:
    await started(stage)
    await press(stage, LEAH, "contacts-named.set", {"contact": [FEMI], "why-not": None})
    await leaves(stage, FEMI)
    await leaves(stage, FEMI)
    for name in (NIAMH, LEAH):
        [asked] = told(stage, name, "Somebody else is needed as the contact")
        assert "Femi Adeyemi has left, and was the contact of the patient or family" in words(asked)
    await stage.presses(NIAMH, asked, "Name the contact", {"contact": [PRIYA], "why-not": None})
    await stage.settled()
    assert told(stage, PRIYA, "You are a named contact")


async def test_so_it_is_when_the_people_list_comes_without_them(stage: Stage) -> None:
    await started(stage)
    await press(stage, LEAH, "contacts-named.set", {"contact": [FEMI], "why-not": None})
    without = "\n".join(line for line in sample_people_text().splitlines() if not line.startswith(FEMI))
    rows, mistakes = read_people(without, stage.trust.services)
    assert not mistakes
    settings = Settings(database_url="sqlite://", secret_key="a key for the tests alone, long enough")
    await stage.do(lambda work: import_people(work, rows, settings, demo=True))
    await stage.settled()
    assert len(told(stage, NIAMH, "Somebody else is needed as the contact")) == 1


async def test_a_draft_approved_before_the_end_is_not_said_to_be_ready(stage: Stage) -> None:
    await started(stage, "psii")
    await press(stage, MARGUERITE, "report.approve", {"approved": ["draft", "learning"]})
    [said] = told(stage, NIAMH, "The draft is approved")
    assert "It can be sent once the learning response has ended." in words(said)


async def test_that_the_final_report_was_sent_stands_on_its_page_once(stage: Stage) -> None:
    await started(stage, "psii")
    await press(stage, MARGUERITE, "report.approve", {"approved": ["draft", "learning"]})
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": None})
    page = words(await press(stage, LEAH, "report.final-sent", {"day": "2026-11-20", "to": ["family"]}))
    assert page.count("The final report was sent on") == 1


async def test_terms_that_take_an_agreed_time_back_are_told_once_and_the_start_says_no_other(stage: Stage) -> None:
    await started(stage, agreed="agreed", target="2027-01-25")
    not_wanted: dict[str, Any] = {
        "terms": "How drivers are stored.",
        "system": ["tasks", "tools"],
        "inequality": "Nothing found, because everybody has the same driver.",
        "asked-for": None,
        "agreed": "not-wanted",
        "target": None,
    }
    for _ in range(2):  # pressed twice
        await press(stage, LEAH, "terms.set", not_wanted)
    assert len(told(stage, NIAMH, "Terms of reference")) == 1
    page = words(await press(stage, NIAMH, "response.show"))
    assert page.count("The time it takes:") == 1
    assert "The time it takes: they did not want to agree a time." in page


# A Patient Safety Alert


async def test_when_the_lead_of_an_alert_leaves_an_executive_is_asked_again(stage: Stage) -> None:
    await ta.led_by(stage, FEMI)
    await leaves(stage, FEMI)
    await leaves(stage, FEMI)
    asked = [card for card in told(stage, ROSALIND, "Please name a clinical lead") if "has left" in words(card)]
    assert len(asked) == 1
    assert "Clinical lead: Nobody yet" in words(asked[0])
    assert await ta.states(stage) == {"lead": "open", "complete": "open"}
    await stage.presses(ROSALIND, asked[0], "Name the clinical lead", {"alert-lead": PRIYA})
    assert "You lead on an alert" in (await ta.last(stage, PRIYA)).title
    assert (await ta.states(stage))["lead"] == "done"


async def test_an_alert_sent_back_to_somebody_who_has_left_waits_for_another_lead(stage: Stage) -> None:
    await ta.reported(stage, FEMI)
    asked = await ta.last(stage, ROSALIND)
    await leaves(stage, FEMI)
    await stage.presses(ROSALIND, asked, "Send it back", {"what-is-missing": "The count."})
    await stage.settled()
    assert [card.title for card in stage.private(ROSALIND) if "has left" in words(card)] == [
        "Please name a clinical lead"
    ]
    lead = await stage.do(lambda work: work.session.exec(select(SafetyAlert.lead_id)).one())
    assert lead is None


async def test_whoever_led_an_alert_before_hears_that_somebody_else_does(stage: Stage) -> None:
    await ta.led_by(stage, FEMI)
    await stage.presses(ROSALIND, await ta.last(stage, ROSALIND), "Name another lead", {"alert-lead": HUSSEIN})
    assert "Somebody else leads on alert" in words(await ta.last(stage, FEMI))


# A safety action


async def agreed(stage: Stage) -> str:
    await ta.press(stage, LEAH, "action.new", ACTION)
    found: str = await stage.do(lambda work: work.session.exec(select(SafetyAction.id)).one())
    return found


async def test_whose_action_somebody_else_hands_over_hears_of_it(stage: Stage) -> None:
    action = await agreed(stage)
    given = {"new-owner": [PRIYA], "why-not": "She has the time."}
    await ta.press(stage, LEAH, "action.hand", given, action=action)
    assert "Leah Rosenfeld has handed SA-2026-0001 over to Priya Raman." in words(await ta.last(stage, FEMI))
    await ta.press(stage, PRIYA, "action.hand", given | {"new-owner": [SANDEEP]}, action=action)
    assert (await ta.last(stage, PRIYA)).title == "SA-2026-0001 has been handed over", "she did it herself"


async def test_whoever_stands_in_for_the_owner_hears_that_it_is_not_needed(stage: Stage) -> None:
    action = await agreed(stage)
    await away(stage, FEMI, PRIYA)
    await ta.press(stage, LEAH, "action.drop", {"why-dropped": "The pens are gone."}, action=action)
    assert "The pens are gone." in words(await ta.last(stage, PRIYA))


async def test_an_owner_who_has_left_is_shown_as_that(stage: Stage) -> None:
    await started(stage)
    await agreed(stage)
    await leaves(stage, FEMI)
    assert f"{FEMI} (has left)" in words(await stage.says(LEAH, "actions"))
    case = words(await stage.says(MARGUERITE, "case PSI-2026-0001"))
    assert f"Owner: {LEAH}" in case
    await leaves(stage, LEAH)
    assert f"Owner: {LEAH} (has left)" in words(await stage.says(MARGUERITE, "case PSI-2026-0001"))
