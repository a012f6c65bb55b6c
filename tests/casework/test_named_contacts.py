"""Named contacts: a learning response does not start while somebody affected has nobody to turn to (B12)."""

from typing import Any

import pytest
from ready_reports import send_report
from responses import (
    AMINA,
    BRONWEN,
    CALLUM,
    CARYS,
    CLOSE,
    LEAH,
    NIAMH,
    SANDEEP,
    TOMASZ,
    approved,
    case_in,
    press,
    read_case,
    the_response,
    trained,
)
from sqlmodel import select
from test_joined_reports import join, report

from psirf_bot import demo
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, named_contacts, nobody_affected, people
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.work import Press, Work
from psirf_bot.store.tables import AuditEntry, Identity, NamedContact, Person, SupportNeed
from scenes import scene
from stage import Stage, words

LEAD = {"lead": NIAMH, "hours": "6", "time-agreed": ["yes"], "override": None}
FEMI = "Femi Adeyemi"
SET: dict[str, Any] = {"contact": FEMI, "why-not": None}
NOBODY: dict[str, Any] = {"contact": None, "why-not": "nobody-affected"}
INVOLVED: dict[str, Any] = {"involved": "yes", "colleagues": TOMASZ}


@pytest.fixture(autouse=True)
async def _ready(stage: Stage) -> None:
    await trained(stage)


@scene
async def to_name(stage: Stage, kind: str = "mdt", **answers: Any) -> None:
    await read_case(stage, **answers)
    await approved(stage, kind)
    await press(stage, LEAH, "response.lead", LEAD)


def person(work: Work, name: str) -> Person:
    return work.session.exec(select(Person).where(Person.name == name)).one()


async def missing(stage: Stage) -> list[str]:
    found: list[str] = await stage.do(lambda work: named_contacts.missing(work, case_in(work)))
    return found


async def lines(stage: Stage, name: str) -> dict[str, str]:
    found = await stage.do(
        lambda work: named_contacts.lines(work, case_in(work), people.member(work, person(work, name)))
    )
    return dict(found)


async def gate(stage: Stage, name: str) -> Card | None:
    def asked(work: Work) -> Card | None:
        by = people.member(work, person(work, name))
        place = Place("chat", True, True, None, {}, {})
        reply = named_contacts.gate(work, Press("response.start", {}, case_in(work).id, {}, by, "web", place))
        return reply.card if reply else None

    found: Card | None = await stage.do(asked)
    return found


def labels(card: Card) -> list[str]:
    return [b.label for b in card.all_buttons()]


# Before it starts


async def test_nothing_starts_while_the_patient_or_family_has_nobody(stage: Stage) -> None:
    await to_name(stage)
    assert await missing(stage) == ["the patient or family"]
    card = await gate(stage, NIAMH)
    assert card
    assert "everybody affected has a named contact (policy 3.4)" in words(card)
    assert labels(card) == ["Name the contact", "Back to the learning response"]
    await stage.presses(NIAMH, card, "Name the contact", SET)
    assert await missing(stage) == []
    assert await gate(stage, NIAMH) is None


@pytest.mark.parametrize("why", ["not-wanted", "nobody-affected"])
async def test_that_there_is_none_is_an_answer_too(stage: Stage, why: str) -> None:
    await to_name(stage)
    card = await press(stage, LEAH, "contacts-named.set", NOBODY | {"why-not": why})
    assert named_contacts.WHY_NOT[why] in words(card)
    assert await missing(stage) == []


HARMED: dict[str, Any] = {
    **demo.REPORT,
    "when": "2026-11-19T20:10",
    "physical-harm": "severe",
}
WHY = "The report was of another visit; nobody lives at that address."


@scene
async def harmed(stage: Stage) -> None:
    """A learning response to a report that says that a patient came to severe harm."""
    await send_report(stage, AMINA, HARMED)
    await press(stage, LEAH, "case.read")
    await approved(stage, "mdt")
    await press(stage, LEAH, "response.lead", LEAD)


async def test_that_nobody_was_affected_takes_a_reason_where_it_is_reported_otherwise(stage: Stage) -> None:
    await harmed(stage)
    asked = await press(stage, LEAH, "contacts-named.set", NOBODY | {"why-nobody": None})
    assert "As it is reported, a patient was affected (physical harm: severe" in words(asked)
    assert [i.id for i in asked.inputs() if i.error] == ["why-nobody"]
    assert await missing(stage) == ["the patient or family"]
    noted = await press(stage, LEAH, "contacts-named.set", NOBODY | {"why-nobody": WHY})
    assert f"No patient or family was affected: {WHY}" in words(noted)
    assert await missing(stage) == []
    assert WHY in words(await press(stage, NIAMH, "response.show")), "it stands on the record"
    form = {i.id: getattr(i, "value", None) for i in (await press(stage, LEAH, "contacts-named.set")).inputs()}
    assert (form["why-not"], form["why-nobody"]) == (("nobody-affected",), WHY)
    assert await stage.do(lambda work: work.session.exec(select(NamedContact.why_not)).all()) == [
        f"nobody-affected: {WHY}"
    ]


async def test_harm_that_is_graded_none_is_not_said_as_a_harm(stage: Stage) -> None:
    none = HARMED | {"physical-harm": "none", "psychological-harm": "none", "could-have-led": "no"}
    await send_report(stage, AMINA, none)

    def said(work: Work) -> str:
        return nobody_affected.affected(work, case_in(work))

    assert await stage.do(said) == "As it is reported, a patient was affected."


async def test_that_they_do_not_want_one_takes_no_reason(stage: Stage) -> None:
    await harmed(stage)
    await press(stage, LEAH, "contacts-named.set", NOBODY | {"why-not": "not-wanted", "why-nobody": None})
    assert await missing(stage) == []


async def test_it_is_asked_once_more_when_it_is_reported_otherwise_later(stage: Stage) -> None:
    await to_name(stage)
    await press(stage, LEAH, "contacts-named.set", NOBODY)

    def harm(work: Work) -> None:
        found = cases.newest_version(work, case_in(work))
        assert found is not None
        answers = {**found.answers, "event-type": "incident", "affected": ["patient"], "physical-harm": "severe"}
        cases.write_version(work, case_in(work), answers, {}, "x", "It was graver.")

    await stage.do(harm)
    card = await gate(stage, NIAMH)
    assert card is not None
    assert "It was said: No patient or family was affected. As it is reported, a patient was affected" in words(card)


@pytest.mark.parametrize("why", ["not-wanted", "nobody-affected"])
async def test_what_was_said_for_an_earlier_response_is_asked_anew(stage: Stage, why: str) -> None:
    await to_name(stage)
    await press(stage, LEAH, "contacts-named.set", NOBODY | {"why-not": why})
    stage.later(hours=1)
    await approved(stage, "mdt")
    assert await missing(stage) == ["the patient or family"]
    card = await gate(stage, LEAH)
    assert card is not None
    assert "Before this response was decided on it was said" in words(card)
    form = await press(stage, LEAH, "contacts-named.set")
    assert [getattr(i, "value", None) or None for i in form.inputs()] == [None, None]
    await press(stage, LEAH, "contacts-named.set", NOBODY | {"why-not": why})
    assert await missing(stage) == []


async def test_the_checker_of_a_member_of_staff_is_their_contact(stage: Stage) -> None:
    await to_name(stage, **INVOLVED)
    await press(stage, LEAH, "contacts-named.set", NOBODY)
    assert await missing(stage) == []

    def nobody_checks(work: Work) -> None:
        for need in work.session.exec(select(SupportNeed).where(SupportNeed.name == TOMASZ)):
            need.checker_id = None
            work.session.add(need)

    await stage.do(nobody_checks)
    assert await missing(stage) == ["a member of staff"]
    of_quality, of_lead = await gate(stage, LEAH), await gate(stage, NIAMH)
    assert of_quality
    assert of_lead
    assert labels(of_quality) == ["Choose who checks", "Back to the learning response"]
    assert labels(of_lead) == ["Back to the learning response"]
    assert "please ask them" in words(of_lead)
    assert TOMASZ not in words(of_lead)
    await stage.presses(LEAH, of_quality, "Choose who checks", {"who": CARYS})
    assert await missing(stage) == []


async def test_a_contact_who_has_left_is_none(stage: Stage) -> None:
    await to_name(stage)
    await press(stage, LEAH, "contacts-named.set", SET)

    def leave(work: Work) -> None:
        femi = person(work, FEMI)
        femi.active = False
        work.session.add(femi)

    await stage.do(leave)
    assert await missing(stage) == ["the patient or family"]


@pytest.mark.parametrize("name", [AMINA, CALLUM, CARYS])
async def test_others_are_told_nothing_of_what_is_missing(stage: Stage, name: str) -> None:
    await to_name(stage)
    assert await gate(stage, name) is None


# Naming


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"contact": None, "why-not": None}, "Please name somebody, or say below why there is nobody"),
        ({"contact": FEMI, "why-not": "not-wanted"}, "Please choose one or the other"),
        ({"contact": "Somebody Else (agency)", "why-not": None}, "on the people list"),
        ({"contact": TOMASZ, "why-not": None}, f"{TOMASZ} cannot be the contact here. Please choose somebody else."),
    ],
)
async def test_who_cannot_be_the_contact(stage: Stage, answers: dict[str, Any], says: str) -> None:
    await to_name(stage, **INVOLVED)
    assert says in words(await press(stage, NIAMH, "contacts-named.set", answers))
    assert "the patient or family" in await missing(stage)


async def test_who_is_named_hears_of_it_in_private_and_once(stage: Stage) -> None:
    await to_name(stage)
    for _ in range(2):
        await press(stage, NIAMH, "contacts-named.set", SET)
    [told] = stage.private(FEMI)
    assert (told.title, told.preview) == ("You are a named contact", "You have a private task.")
    assert "Niamh Gallagher has named you as the contact of the patient or family" in words(told)
    assert "The lead will speak with you before you speak to them." in words(told)
    assert labels(told) == ["I cannot do this"], "they may not see the response"
    await press(stage, NIAMH, "contacts-named.set", SET | {"contact": CALLUM})
    assert stage.private(FEMI)[-1].title == "Somebody else is the contact now"
    rows = await stage.do(lambda work: len(work.session.exec(select(NamedContact)).all()))
    audited = await stage.do(
        lambda work: len(work.session.exec(select(AuditEntry).where(AuditEntry.what == "named contact set")).all())
    )
    assert (rows, audited) == (2, 2)
    assert not any("Femi" in words(card) or "Callum" in words(card) for card in stage.channel())


async def test_who_is_named_may_say_no_without_a_reason_and_somebody_else_is_to_be_named(stage: Stage) -> None:
    await to_name(stage)
    await press(stage, NIAMH, "contacts-named.set", SET)
    for _ in range(2):
        thanks = await stage.presses(FEMI, stage.private(FEMI)[0], "I cannot do this")
        assert thanks.title == "Thank you for saying so"
        await stage.settled()
    assert await missing(stage) == ["the patient or family"]
    for name in (NIAMH, LEAH):
        told = [card for card in stage.private(name) if card.title == "Somebody else is needed as the contact"]
        assert [card.preview for card in told] == ["You have a private task."], name
        assert "Femi Adeyemi cannot be the contact" in words(told[0])
    assert not any("Femi" in words(card) for card in stage.channel())
    audited = await stage.do(
        lambda work: len(
            work.session.exec(select(AuditEntry).where(AuditEntry.what == "named contact stood down")).all()
        )
    )
    assert audited == 1
    await stage.presses(NIAMH, stage.private(NIAMH)[-1], "Name the contact", SET | {"contact": CALLUM})
    assert await missing(stage) == []
    late = await stage.presses(FEMI, stage.private(FEMI)[0], "I cannot do this")
    assert "You are not the contact for PSI-2026-0001" in words(late)
    assert (await lines(stage, LEAH))["The patient or family"] == CALLUM


@pytest.mark.parametrize("name", [AMINA, NIAMH, CALLUM])
async def test_only_the_contact_can_say_no(stage: Stage, name: str) -> None:
    await to_name(stage)
    assert "You are not the contact" in words(await press(stage, name, "contacts-named.decline")), "there is none"
    await press(stage, LEAH, "contacts-named.set", SET)
    assert "You are not the contact" in words(await press(stage, name, "contacts-named.decline"))
    await press(stage, LEAH, "contacts-named.set", NOBODY)
    assert "You are not the contact" in words(await press(stage, name, "contacts-named.decline"))
    assert await missing(stage) == []


async def test_while_a_psii_waits_a_no_goes_to_those_who_can_name_somebody(stage: Stage) -> None:
    await to_name(stage, kind="psii")
    await press(stage, LEAH, "contacts-named.set", SET)
    await press(stage, FEMI, "contacts-named.decline")
    assert stage.private(LEAH)[-1].title == "Somebody else is needed as the contact"
    assert stage.private(NIAMH)[-1].title == "You are asked to lead a learning response", "the lead cannot name one yet"


async def test_a_contact_who_may_see_the_response_can_open_it(stage: Stage) -> None:
    await to_name(stage)
    await press(stage, NIAMH, "contacts-named.set", SET | {"contact": BRONWEN})
    told = stage.private(BRONWEN)[-1]
    assert labels(told) == ["I cannot do this", "Open the learning response"]
    assert (await stage.presses(BRONWEN, told, "Open the learning response")).title == "Learning response"


async def test_while_a_psii_waits_the_quality_team_can_name_them(stage: Stage) -> None:
    await to_name(stage, kind="psii")
    assert await gate(stage, LEAH) is None, "it cannot start anyway"
    await press(stage, NIAMH, "contacts-named.set", SET)
    assert await missing(stage) == ["the patient or family"], "not the lead yet"
    for name in (AMINA, CARYS):
        await press(stage, name, "contacts-named.set", SET)
    assert await missing(stage) == ["the patient or family"]
    await press(stage, LEAH, "contacts-named.set", SET)
    assert await missing(stage) == []


# Who sees whom


async def test_the_page_shows_each_as_far_as_somebody_may_know(stage: Stage) -> None:
    await to_name(stage, **INVOLVED)
    family = {"The patient or family": "Nobody yet"}
    assert await lines(stage, SANDEEP) == family | {AMINA: BRONWEN, TOMASZ: CARYS}
    supported = "The person who supports them"
    assert await lines(stage, NIAMH) == family | {AMINA: supported, TOMASZ: supported}
    assert await lines(stage, CARYS) == family | {TOMASZ: CARYS}
    assert await lines(stage, CALLUM) == family
    await press(stage, LEAH, "contacts-named.set", SET)
    assert (await lines(stage, CALLUM))["The patient or family"] == FEMI


async def test_a_check_that_is_kept_from_somebody_is_not_shown_to_them(stage: Stage) -> None:
    await to_name(stage, **INVOLVED)

    def passed_over(work: Work) -> None:
        need = work.session.exec(select(SupportNeed).where(SupportNeed.name == TOMASZ)).one()
        need.wish, need.passed_over_id, need.checker_id = "someone-else", person(work, LEAH).id, person(work, FEMI).id
        work.session.add(need)

    await stage.do(passed_over)
    assert TOMASZ not in await lines(stage, LEAH)
    assert (await lines(stage, SANDEEP))[TOMASZ] == FEMI
    assert (await the_response(stage)).started_at is None


async def test_a_contact_who_is_named_in_a_report_that_is_joined_is_replaced_and_nobody_hears_why(stage: Stage) -> None:
    await to_name(stage)
    await press(stage, NIAMH, "contacts-named.set", SET)
    await report(stage, colleagues=FEMI)
    await join(stage, 2, into=1)
    assert await missing(stage) == ["the patient or family"]
    [told] = [card for card in stage.private(NIAMH) if card.title == "Somebody else is needed as the contact"]
    assert "Femi Adeyemi cannot be the contact of the patient or family" in words(told)
    assert "named in" not in words(told)
    assert "You are no longer the named contact" in words(stage.private(FEMI)[-1])
    await stage.presses(NIAMH, told, "Name the contact", SET | {"contact": CALLUM})
    assert await missing(stage) == []


async def test_the_contact_hears_that_the_case_is_closed_and_is_asked_anew_when_there_is_another_response(
    stage: Stage,
) -> None:
    await to_name(stage)
    await press(stage, NIAMH, "contacts-named.set", SET)
    await press(stage, LEAH, "case.close", CLOSE)
    assert stage.private(FEMI)[-1].title == "A case you are a contact for is closed"
    stage.later(hours=1)
    await press(stage, LEAH, "case.reopen")
    await approved(stage, "mdt")
    await press(stage, LEAH, "response.lead", LEAD)
    assert await missing(stage) == ["the patient or family"]
    card = await gate(stage, NIAMH)
    assert card is not None
    assert "Somebody was named before this response was decided on." in words(card)
    await stage.presses(NIAMH, card, "Name the contact", SET)
    await stage.settled()
    assert await missing(stage) == []
    assert stage.private(FEMI)[-1].title == "You are a named contact"
    assert "Somebody else is the contact now" not in [each.title for each in stage.private(FEMI)]


async def test_who_names_a_contact_that_cannot_be_written_to_is_told_so(stage: Stage) -> None:
    await to_name(stage)

    def nowhere(work: Work) -> None:
        for identity in work.session.exec(select(Identity).where(Identity.person_id == person(work, FEMI).id)):
            work.session.delete(identity)

    await stage.do(nowhere)
    noted = await press(stage, NIAMH, "contacts-named.set", SET)
    assert "I cannot write to Femi Adeyemi yet. Please tell them yourself." in words(noted)
