"""A safety action, an alert or a panel passes to a team, or to whoever stands in: each is asked what they can do."""

from datetime import date
from typing import Any

import pytest
import test_alerts as ta
import test_safety_actions as ts
from sqlmodel import col, select
from test_leavers import leaves
from test_panel_opening import _trained, agenda, filled_in, read_cases

from duty_stage import a_case, digest_of, nudged, owed, posted
from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline, Person, SafetyAction, SafetyAlert, StandIn
from stage import Stage, words

FEMI, LEAH, SANDEEP, PRIYA, BRONWEN = (
    "Femi Adeyemi",
    "Leah Rosenfeld",
    "Sandeep Bhullar",
    "Priya Raman",
    "Bronwen Hale",
)
ROSALIND, MARGUERITE, HUSSEIN = ta.ROSALIND, ta.MARGUERITE, ta.HUSSEIN


def who(work: Work, name: str) -> Person:
    return work.session.exec(select(Person).where(Person.name == name)).one()


async def away(stage: Stage, name: str, deputy: str) -> None:
    def stands_in(work: Work) -> None:
        days = {"starts": date(2026, 11, 20), "ends": date(2026, 12, 30)}
        work.session.add(StandIn(person_id=who(work, name).id, deputy_id=who(work, deputy).id, **days))

    await stage.do(stands_in)


async def newest(stage: Stage, rule: str) -> Deadline:
    found_last = select(Deadline).where(Deadline.rule == rule).order_by(col(Deadline.since).desc())
    found: Deadline = await stage.do(lambda work: work.session.exec(found_last).first())
    return found


async def on_the_duty(stage: Stage, name: str, verb: str, rule: str, given: dict[str, Any] | None = None) -> str:
    return words(await ta.press(stage, name, verb, given, deadline=(await newest(stage, rule)).id))


async def the_action(stage: Stage) -> str:
    found: str = await stage.do(lambda work: work.session.exec(select(SafetyAction.id)).one())
    return found


# A safety action


async def test_an_action_given_to_the_quality_team_comes_back_to_them_for_its_review(stage: Stage) -> None:
    await ts.agreed(stage)
    await on_the_duty(stage, FEMI, "duty.over", "action.done", {"to": None, "reason": "I have no time."})
    await stage.settled()
    assert "The quality team, Community Nursing." in await ts.the_list(stage, SANDEEP)
    action = await the_action(stage)
    assert "for its owner" in words(await ta.press(stage, FEMI, "action.done", {"what-was-done": "It."}, action=action))
    done = await ta.press(stage, SANDEEP, "action.done", {"what-was-done": "It."}, action=action)
    assert "Owner: The quality team" in words(done)
    assert (await newest(stage, "action.reviewed")).owner_id is None
    before = len(stage.private(FEMI))
    await ta.press(stage, SANDEEP, "action.drop", {"why-dropped": "It is done otherwise."}, action=action)
    await stage.settled()
    assert len(stage.private(FEMI)) == before


async def test_whoever_stands_in_for_an_owner_is_not_told_that_it_is_theirs(stage: Stage) -> None:
    await away(stage, FEMI, PRIYA)
    await ts.agreed(stage)
    told = await ta.last(stage, PRIYA)
    assert told.title == "SA-2026-0001 is now with Femi Adeyemi"
    assert "Femi Adeyemi, for whom you stand in, was named as its owner." in words(told)
    await stage.presses(PRIYA, told, "Hand it over", {"new-owner": None, "why-not": "She keeps the charts."})
    assert "Priya Raman has handed SA-2026-0001 over to Leah" in words(await ta.last(stage, FEMI)), "it was theirs"


async def test_who_gives_it_to_somebody_for_whom_they_stand_in_is_not_told_of_it_themselves(stage: Stage) -> None:
    await ts.agreed(stage, **{"action-owner": LEAH})
    await away(stage, FEMI, LEAH)
    given = {"new-owner": FEMI, "why-not": "It is his ward."}
    said = await ta.press(stage, LEAH, "action.hand", given, action=await the_action(stage))
    assert "Femi Adeyemi, who has been told" in words(said)
    await stage.settled()
    assert [card.title for card in stage.private(FEMI)] == ["SA-2026-0001 is now yours"]
    assert "SA-2026-0001 is now yours" not in [card.title for card in stage.private(LEAH)]


async def test_an_action_shows_the_day_to_which_a_pause_has_moved_it(stage: Stage) -> None:
    await ts.agreed(stage)
    await on_the_duty(stage, FEMI, "duty.pause", "action.done", {"why-paused": "police", "review-day": "2026-12-24"})
    assert "Paused until it is looked at again on Thursday 24 December. A police" in await ts.the_list(stage, FEMI)
    stage.later(days=20)
    await on_the_duty(stage, FEMI, "duty.resume", "action.done")
    assert "To be done by Sunday 10 January 2027" in await ts.the_list(stage, FEMI)
    shown = await ta.press(stage, FEMI, "action.show", action=await the_action(stage))
    assert "To be done by Sunday 10 January 2027" in words(shown)


async def test_whose_duty_somebody_else_hands_over_hears_of_it(stage: Stage) -> None:
    await ts.agreed(stage)
    await on_the_duty(stage, LEAH, "duty.over", "action.done", {"to": PRIYA, "reason": "He asked by telephone."})
    told = await ta.last(stage, FEMI)
    assert told.title == "Somebody else does this now"
    assert "SA-2026-0001. Leah Rosenfeld has handed this over to Priya Raman." in words(told)
    await on_the_duty(stage, PRIYA, "duty.over", "action.done", {"to": BRONWEN, "reason": "She is there."})
    await stage.settled()
    assert "Somebody else does this now" not in [card.title for card in stage.private(PRIYA)], "she did it herself"


# A Patient Safety Alert


async def test_when_the_only_executive_leads_others_owe_it_to_authorise(stage: Stage) -> None:
    await ta.reported(stage, ROSALIND)
    assert (await newest(stage, "alert.authorised")).owner_id == await ta.id_of(stage, MARGUERITE)
    assert "Authorise" not in words(await ta.press(stage, ROSALIND, "words.overdue"))
    assert "Authorise the alert's actions" in words(await ta.press(stage, MARGUERITE, "words.overdue"))


async def test_without_an_executive_the_board_is_asked_and_not_the_quality_team(stage: Stage) -> None:
    def leaves(work: Work) -> None:
        rosalind = who(work, ROSALIND)
        rosalind.active = False
        work.session.add(rosalind)

    await stage.do(leaves)
    saved = await ta.press(stage, LEAH, "alert.new", ta.GIVEN)
    assert "Marguerite Oduya and Hussein Al-Tamimi have been asked to name a clinical lead." in words(saved)
    assert "Name the clinical lead" in [b.label for b in (await ta.last(stage, MARGUERITE)).all_buttons()]
    assert stage.private(SANDEEP) == []
    assert (await newest(stage, "alert.lead")).owner_id == await ta.id_of(stage, MARGUERITE)


async def test_when_the_executive_who_was_asked_leaves_others_are(stage: Stage) -> None:
    await ta.reported(stage)
    await leaves(stage, ROSALIND)
    await leaves(stage, "Wei Chen")  # once
    asked = [card for card in stage.private(MARGUERITE) if card.title == "Please authorise an alert's actions"]
    assert len(asked) == 1
    await stage.presses(MARGUERITE, asked[0], "Authorise as complete")
    assert (await newest(stage, "alert.authorised")).state == "done"


async def test_to_authorise_is_not_handed_to_whoever_leads(stage: Stage) -> None:
    await ta.reported(stage, MARGUERITE)
    over = {"to": MARGUERITE, "reason": "I am away."}
    assert "Marguerite Oduya leads on this alert" in await on_the_duty(
        stage, ROSALIND, "duty.over", "alert.authorised", over
    )
    assert "has been told" in await on_the_duty(
        stage, ROSALIND, "duty.over", "alert.authorised", over | {"to": HUSSEIN}
    )


@pytest.mark.parametrize("typed", ["NatPSA / 2026 / 014 / MHRA", "natpsa/2026/014/mhra."])
async def test_an_alert_is_taken_once_however_its_number_is_typed(stage: Stage, typed: str) -> None:
    await ta.press(stage, LEAH, "alert.new", ta.GIVEN)
    again = await ta.press(stage, SANDEEP, "alert.new", ta.GIVEN | {"alert-number": typed})
    assert "This alert is here already" in words(again)
    assert len(await stage.do(lambda work: list(work.session.exec(select(SafetyAlert))))) == 1


# A panel


async def test_whoever_stands_in_for_the_chair_of_an_agenda_is_told(stage: Stage) -> None:
    await _trained(stage)
    await read_cases(stage, 2)
    await away(stage, SANDEEP, BRONWEN)
    await agenda(stage, filled_in(await agenda(stage)) | {"chair": [SANDEEP]})
    told = await ta.last(stage, BRONWEN)
    assert told.title == "Sandeep Bhullar, for whom you stand in, is asked to chair the weekly panel"
    assert stage.private(SANDEEP) == []


# What is late no more


@pytest.mark.parametrize("later", [0, 3])
async def test_the_list_of_a_day_gone_by_says_which_day_it_was(stage: Stage, later: int) -> None:
    def look(work: Work) -> str:
        case = a_case(work)
        nudged(work, owed(work, "contact.service-user", -3, owner="Niamh Gallagher", case=case), "leads", "late")
        owed(work, "response.target", -3, owner="Niamh Gallagher", case=case)
        return words(digest_of(work, "leads") or Card(title="", preview="", body=()))

    stage.later(days=later)
    assert f"reminded of {'on Friday' if later else 'today'}. 1 other is late too" in await stage.do(look)


async def test_what_has_another_day_by_now_is_said_to_be_neither_late_nor_done(stage: Stage) -> None:
    def arrange(work: Work) -> str:
        late = owed(work, "contact.service-user", -3, owner="Niamh Gallagher", case=a_case(work))
        for reader, why in (("leads", "late"), (LEAH, "up")):
            nudged(work, late, reader, why)
            posted(work, reader)
        return late.id

    def shown(work: Work) -> tuple[str, str]:
        leads, leah = digest_of(work, "leads"), digest_of(work, LEAH)
        assert leads
        assert leah
        return words(leads), words(leah)

    which = await stage.do(arrange)
    leads, leah = await stage.do(shown)
    assert "1 duty is late" in leads
    assert "Can you help?" in leah
    await stage.do(lambda work: deadlines.move(work, work.session.get_one(Deadline, which), date(2026, 12, 8)))
    leads, leah = await stage.do(shown)
    assert "Nothing on this list is late any more" in leads
    assert "Due Tuesday 8 December." in leads
    assert "done" not in leads
    assert "Can you help?" not in leah
