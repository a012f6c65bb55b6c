"""National Patient Safety Alerts: a lead is named, reports, and somebody else authorises or sends it back (S08)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from psirf_bot.cards import adaptive, blockkit
from psirf_bot.cards.model import Card
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Deadline, Person, StandIn
from stage import Stage, shown, words

LEAH, ROSALIND, HUSSEIN, MARGUERITE, AMINA, FEMI = (
    "Leah Rosenfeld",
    "Rosalind Achebe",
    "Hussein Al-Tamimi",
    "Marguerite Oduya",
    "Amina Yusuf",
    "Femi Adeyemi",
)
NUMBER = "NatPSA/2026/014/MHRA"
GIVEN: dict[str, Any] = {
    "alert-number": NUMBER,
    "alert-title": "Insulin leakage from pen needles",
    "alert-due": "2026-12-18",
}
EVIDENCE = {"evidence": "All needles were swapped; the count is in the alerts folder."}


async def press(stage: Stage, name: str, verb: str, given: Mapping[str, Any] | None = None, **args: str) -> Card:
    action = await stage.do(lambda work: action_id(work, verb, **args))
    return shown(await stage.turn(name, Pressed(action, dict(given or {}))))


async def last(stage: Stage, name: str) -> Card:
    await stage.settled()
    return stage.private(name)[-1]


async def duties(stage: Stage) -> dict[str, Deadline]:
    """The duties of the only alert, the newest of each rule."""
    order = select(Deadline).where(Deadline.subject_kind == "alert").order_by(col(Deadline.occurrence))
    return await stage.do(lambda work: {d.rule: d for d in work.session.exec(order)})


async def states(stage: Stage) -> dict[str, str]:
    return {rule.removeprefix("alert."): duty.state for rule, duty in (await duties(stage)).items()}


async def id_of(stage: Stage, name: str) -> str:
    found: str = await stage.do(lambda work: work.session.exec(select(Person.id).where(Person.name == name)).one())
    return found


async def led_by(stage: Stage, lead: str) -> Card:
    """An alert that has come in, with its lead named by the executive; what the lead was told."""
    await press(stage, LEAH, "alert.new", GIVEN)
    await stage.presses(ROSALIND, await last(stage, ROSALIND), "Name the clinical lead", {"alert-lead": lead})
    return await last(stage, lead)


async def reported(stage: Stage, lead: str = FEMI) -> Card:
    return await stage.presses(lead, await led_by(stage, lead), "Report them complete", EVIDENCE)


async def test_the_executive_is_asked_to_name_a_lead(stage: Stage) -> None:
    saved = await press(stage, LEAH, "alert.new", GIVEN)
    assert "Rosalind Achebe has been asked to name a clinical lead." in words(saved)
    asked = await last(stage, ROSALIND)
    assert asked.preview == "You have a private task."
    assert [b.label for b in asked.buttons] == ["Name the clinical lead"]
    assert await states(stage) == {"lead": "open", "complete": "open"}
    assert (await duties(stage))["alert.complete"].due_local == "2026-12-18T23:59"


async def test_an_alert_is_taken_once(stage: Stage) -> None:
    await press(stage, LEAH, "alert.new", GIVEN)
    again = await press(stage, LEAH, "alert.new", GIVEN | {"alert-number": NUMBER.lower()})
    assert "This alert is here already" in words(again)


@pytest.mark.parametrize(("name", "may"), [(LEAH, True), (ROSALIND, False), (AMINA, False)])
async def test_only_the_quality_team_takes_alerts(stage: Stage, name: str, may: bool) -> None:
    await press(stage, name, "alert.new", GIVEN)
    assert bool(await duties(stage)) is may


async def test_the_lead_is_told_and_owns_the_duty(stage: Stage) -> None:
    told = await led_by(stage, FEMI)
    assert "Rosalind Achebe named you as its clinical lead" in words(told)
    assert await states(stage) == {"lead": "done", "complete": "open"}
    assert (await duties(stage))["alert.complete"].owner_id == await id_of(stage, FEMI)


async def test_another_lead_can_be_named_until_the_actions_are_reported(stage: Stage) -> None:
    told = await led_by(stage, FEMI)
    card = await last(stage, ROSALIND)
    await stage.presses(ROSALIND, card, "Name another lead", {"alert-lead": HUSSEIN})
    assert (await duties(stage))["alert.complete"].owner_id == await id_of(stage, HUSSEIN)
    refused = await stage.presses(FEMI, told, "Report them complete", EVIDENCE)
    assert "Only the alert's clinical lead" in words(refused)
    await stage.presses(HUSSEIN, await last(stage, HUSSEIN), "Report them complete", EVIDENCE)
    late = await stage.presses(ROSALIND, card, "Name another lead", {"alert-lead": FEMI})
    assert "have been reported complete" in words(late)


async def test_two_people_report_and_authorise_and_both_are_in_the_audit(stage: Stage) -> None:
    said = await reported(stage)
    assert "Rosalind Achebe has been asked to authorise that." in words(said)
    asked = await last(stage, ROSALIND)
    assert EVIDENCE["evidence"] in words(asked)
    assert await states(stage) == {"lead": "done", "complete": "done", "authorised": "open"}
    done = await stage.presses(ROSALIND, asked, "Authorise as complete")
    assert "Actions authorised as complete, by Rosalind Achebe" in words(done)
    assert not list(done.all_buttons())
    assert await states(stage) == {"lead": "done", "complete": "done", "authorised": "done"}
    for name in (FEMI, LEAH):
        assert "Rosalind Achebe has authorised" in words(await last(stage, name))

    def entries(work: Work) -> list[tuple[str, str]]:
        return [(e.what, e.actor_id) for e in work.session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]

    assert (await stage.do(entries))[-2:] == [
        ("reported an alert's actions complete", await id_of(stage, FEMI)),
        ("authorised an alert's actions", await id_of(stage, ROSALIND)),
    ]
    again = await stage.presses(ROSALIND, asked, "Authorise as complete")
    assert "by Rosalind Achebe" in words(again)
    other = await press(stage, HUSSEIN, "alert.authorise", alert=(await duties(stage))["alert.lead"].subject_id)
    assert "authorised already" in words(other)


async def test_an_executive_who_leads_is_not_asked_to_authorise_and_may_not(stage: Stage) -> None:
    said = await reported(stage, ROSALIND)
    assert not list(said.all_buttons())
    assert "Marguerite Oduya" in words(said)
    alert = (await duties(stage))["alert.lead"].subject_id
    for verb, given in (("alert.authorise", {}), ("alert.back", {"what-is-missing": "More."})):
        refused = await press(stage, ROSALIND, verb, given, alert=alert)
        assert "somebody else has to authorise" in words(refused)
    assert (await states(stage))["authorised"] == "open"
    await stage.presses(MARGUERITE, await last(stage, MARGUERITE), "Authorise as complete")
    assert (await states(stage))["authorised"] == "done"


async def test_whoever_reported_for_the_lead_may_not_authorise_either(stage: Stage) -> None:
    told = await led_by(stage, FEMI)
    femi, hussein = await id_of(stage, FEMI), await id_of(stage, HUSSEIN)
    stand_in = StandIn(person_id=femi, deputy_id=hussein, starts=date(2026, 11, 20), ends=date(2026, 11, 20))
    await stage.do(lambda work: work.session.add(stand_in))
    await stage.presses(HUSSEIN, told, "Report them complete", EVIDENCE)
    stage.later(days=3)  # he stands in no longer
    alert = (await duties(stage))["alert.lead"].subject_id
    assert "somebody else has to" in words(await press(stage, HUSSEIN, "alert.authorise", alert=alert))


async def test_sent_back_the_same_day_holds_and_the_lead_hears_why(stage: Stage) -> None:
    await reported(stage)
    asked = await last(stage, ROSALIND)
    await stage.presses(ROSALIND, asked, "Send it back", {"what-is-missing": "Podiatry's count."})
    assert await states(stage) == {"lead": "done", "complete": "open", "authorised": "dropped"}
    duty = (await duties(stage))["alert.complete"]
    assert (duty.due_local[:10], duty.owner_id) == ("2026-12-18", await id_of(stage, FEMI))
    assert duty.next_at is not None
    told = await last(stage, FEMI)
    assert "Podiatry's count." in words(told)
    assert "not been reported" in words(await stage.presses(ROSALIND, asked, "Authorise as complete"))
    await stage.presses(FEMI, told, "Report them complete", {"evidence": "Now with podiatry."})
    again = await last(stage, ROSALIND)
    assert "Now with podiatry." in words(again)
    await stage.presses(ROSALIND, again, "Authorise as complete")
    assert await states(stage) == {"lead": "done", "complete": "done", "authorised": "done"}


async def test_nobody_authorises_what_has_not_been_reported(stage: Stage) -> None:
    await led_by(stage, FEMI)
    alert = (await duties(stage))["alert.lead"].subject_id
    assert "not been reported complete yet" in words(await press(stage, ROSALIND, "alert.authorise", alert=alert))
    assert "Only an executive" in words(await press(stage, LEAH, "alert.authorise", alert=alert))


async def test_open_alerts_are_listed_for_those_they_concern(stage: Stage) -> None:
    await led_by(stage, FEMI)
    for name, sees in ((LEAH, True), (ROSALIND, True), (FEMI, True), (AMINA, False)):
        assert (NUMBER in words(await press(stage, name, "words.alerts"))) is sees
    alert = (await duties(stage))["alert.lead"].subject_id
    assert "for its clinical lead" in words(await press(stage, AMINA, "alert.show", alert=alert))
    listed = await press(stage, FEMI, "words.alerts")
    opened = await stage.presses(FEMI, listed, "Open")
    await stage.presses(FEMI, opened, "Report them complete", EVIDENCE)
    await stage.presses(ROSALIND, await last(stage, ROSALIND), "Authorise as complete")
    assert "No Patient Safety Alert is open." in words(await press(stage, LEAH, "words.alerts"))


async def test_a_long_list_says_how_many_more_there_are_and_fits_every_platform(stage: Stage) -> None:
    for number in range(10):
        given = {"alert-number": f"NatPSA/2026/{number:03}/NHSPS", "alert-title": "x" * 150}
        await press(stage, LEAH, "alert.new", GIVEN | given)
    card = await press(stage, LEAH, "words.alerts")
    assert "And 2 more" in words(card)
    assert blockkit.message(card)
    assert adaptive.render(card)


async def test_whoever_stands_in_for_the_lead_is_not_told_that_they_were_named(stage: Stage) -> None:
    femi, hussein = await id_of(stage, FEMI), await id_of(stage, HUSSEIN)
    stand_in = StandIn(person_id=femi, deputy_id=hussein, starts=date(2026, 11, 20), ends=date(2026, 11, 24))
    await stage.do(lambda work: work.session.add(stand_in))
    await press(stage, LEAH, "alert.new", GIVEN)
    await stage.presses(ROSALIND, await last(stage, ROSALIND), "Name the clinical lead", {"alert-lead": FEMI})
    told = words(await last(stage, HUSSEIN))
    assert "Rosalind Achebe named Femi Adeyemi, for whom you stand in, as its clinical lead." in told
