"""Who leads a learning response: the register of training, the time for it, an override with its reason, a no."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from responses import (
    AMINA,
    CALLUM,
    CARYS,
    HUSSEIN,
    LEAH,
    NIAMH,
    SANDEEP,
    START,
    TOMASZ,
    approved,
    case_in,
    clocks,
    press,
    read_case,
    the_response,
    titles,
    trained,
)
from sqlmodel import select

from psirf_bot.cards.model import Card
from psirf_bot.casework import learning_responses, people, training
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.training import Standard, TrainingSettings
from psirf_bot.store.tables import AuditEntry, Contact, Deadline, NamedContact, Person, SupportNeed, Training
from psirf_bot.trust_file import sample_training_text
from scenes import scene
from stage import Stage, words

GIVEN: dict[str, Any] = {"lead": NIAMH, "hours": "6", "time-agreed": ["yes"], "override": None}
REASON = "The only one who knows syringe drivers, and the deputy chief nurse guides them."
DECLINE = {"why": "time", "more": None}


@pytest.fixture(autouse=True)
async def _ready(stage: Stage) -> None:
    await trained(stage)


async def choose(stage: Stage, name: str = LEAH, **answers: Any) -> Card:
    return await press(stage, name, "response.lead", GIVEN | answers)


@scene
async def to_choose(stage: Stage, kind: str = "mdt", **answers: Any) -> None:
    await read_case(stage, **answers)
    await approved(stage, kind)


async def lead_of(stage: Stage) -> str:
    response = await the_response(stage)
    return str(await stage.do(lambda work: people.name_of(work, response.lead_id)))


async def audited(stage: Stage) -> list[str]:
    found: list[str] = await stage.do(
        lambda work: [
            entry.what for entry in work.session.exec(select(AuditEntry).where(AuditEntry.case_id == case_in(work).id))
        ]
    )
    return [what for what in found if what.startswith("response lead")]


def id_of(work: Work, name: str) -> str:
    return work.session.exec(select(Person.id).where(Person.name == name)).one()


def member(work: Work, name: str) -> Member:
    return people.member(work, work.session.get_one(Person, id_of(work, name)))


# The form


async def test_the_form_shows_each_response_lead_with_what_they_lack_and_how_much_they_led(stage: Stage) -> None:
    await to_choose(stage)
    form = words(await press(stage, LEAH, "response.lead"))
    assert "Niamh Gallagher: Training complete. Led 0 in the last 12 months (2 are expected)." in form
    assert "Callum Strachan: Still needs: 2 days of training in learning from incidents (1 so far)." in form
    assert AMINA not in form


@pytest.mark.parametrize(
    ("days_ago", "count"),
    [(0, "Led 1 in the last 12 months (2 are expected)."), (366, "Led 0 in the last 12 months (2")],
)
async def test_responses_of_the_last_twelve_months_are_counted(stage: Stage, days_ago: int, count: str) -> None:
    await to_choose(stage)
    await choose(stage)
    niamh = await stage.do(lambda work: id_of(work, NIAMH))
    assert "Led 0" in await stage.do(lambda work: training.lead_words(work, niamh)), "chosen, but not begun"

    def started(work: Work) -> None:
        response = learning_responses.current(work, case_in(work))
        assert response
        response.started_at = work.now
        work.session.add(response)

    await stage.do(started)
    stage.later(days=days_ago)
    assert count in await stage.do(lambda work: training.lead_words(work, niamh))


REFUSED: dict[str, tuple[Mapping[str, Any], str]] = {
    "a stranger": ({"lead": "Nobody Known (agency)"}, "on the people list"),
    "somebody involved": ({"lead": TOMASZ, "override": REASON}, f"{TOMASZ} cannot lead this one. Please choose"),
    "not on the list": ({"lead": CARYS}, "Carys Penhallow still needs: a place on the list of response leads; Patient"),
    "training not complete": ({"lead": CALLUM}, "Callum Strachan still needs: 2 days of training in learning"),
    "no hours": ({"hours": None}, "Please answer this"),
    "too few hours": ({"hours": "0"}, "from 1 to 40"),
    "too many hours": ({"hours": "41"}, "from 1 to 40"),
    "time not agreed": ({"time-agreed": None}, "Please answer this"),
}


@pytest.mark.parametrize(("answers", "says"), REFUSED.values(), ids=REFUSED)
async def test_who_cannot_lead_it(stage: Stage, answers: Mapping[str, Any], says: str) -> None:
    await to_choose(stage, involved="yes", colleagues=TOMASZ)
    card = await choose(stage, **answers)
    assert says in words(card)
    assert await lead_of(stage) == ""
    assert (await clocks(stage))["response.lead"][1] == "open"
    assert await audited(stage) == []


async def test_why_somebody_cannot_lead_is_said_to_nobody(stage: Stage) -> None:
    await to_choose(stage, involved="yes", colleagues=TOMASZ)

    def somebody_else(work: Work) -> None:
        need = work.session.exec(select(SupportNeed).where(SupportNeed.name == TOMASZ)).one()
        need.wish, need.checker_id = "someone-else", None
        work.session.add(need)

    await stage.do(somebody_else)
    said = []
    for name in (TOMASZ, CARYS):
        form = await choose(stage, lead=name, override=REASON)
        said.append([i.error.replace(name, "…") for i in form.inputs() if i.error])
    assert said == [["… cannot lead this one. Please choose somebody else."]] * 2


async def test_the_refusal_says_that_a_reason_lets_it_go_on(stage: Stage) -> None:
    await to_choose(stage)
    assert "If they are to lead it all the same, give the reason below." in words(await choose(stage, lead=CALLUM))


# Chosen


async def test_a_trained_lead_is_chosen_with_the_time_agreed(stage: Stage) -> None:
    await to_choose(stage)
    assert "Led by: Niamh Gallagher" in words(await choose(stage, override=REASON))
    response = await the_response(stage)
    assert (response.hours_a_week, response.lead_override) == (6, None), "a reason that was not needed is not kept"
    assert (await clocks(stage))["response.lead"][1] == "done"
    asked = stage.private(NIAMH)[-1]
    assert asked.title == "You are asked to lead a learning response"
    assert "The quality team asks you to lead the learning response to PSI-2026-0001: Multi" in words(asked)
    assert "You have 6 hours a week for it." in words(asked)
    assert "press I cannot lead this: no reason is needed." in words(asked)
    assert [b.label for b in asked.all_buttons()] == ["Open the learning response", "I cannot lead this"]
    assert await audited(stage) == ["response lead chosen"]


@pytest.mark.parametrize("lead", [CALLUM, HUSSEIN])
async def test_a_reason_lets_somebody_lead_before_their_training_is_complete(stage: Stage, lead: str) -> None:
    await to_choose(stage)
    await choose(stage, lead=lead, override=REASON)
    assert await lead_of(stage) == lead
    assert (await the_response(stage)).lead_override == REASON
    assert await audited(stage) == ["response lead chosen before their training was complete"]


async def test_the_reason_for_one_is_no_reason_for_another(stage: Stage) -> None:
    await to_choose(stage)
    await choose(stage, lead=CALLUM, override=REASON)
    assert "Please give one for Hussein Al-Tamimi" in words(await choose(stage, lead=HUSSEIN, override=REASON))
    assert await lead_of(stage) == CALLUM
    await choose(stage, lead=HUSSEIN, override="He led the last three.")
    assert await lead_of(stage) == HUSSEIN


async def test_the_reason_is_for_those_who_choose_and_for_the_lead(stage: Stage) -> None:
    await to_choose(stage)
    await choose(stage, lead=CALLUM, override=REASON)
    response = await the_response(stage)

    for name, chooses, sees in ((LEAH, True, True), (CALLUM, False, True), (CARYS, False, False)):
        text = await stage.do(lambda w, n=name, c=chooses: _about(w, response, n, c))
        assert "Protected time: 6 hours a week." in text
        assert (REASON in text) is sees, name
        assert ("2 days of training" in text) is sees, name


def _about(work: Work, response: Any, name: str, chooses: bool) -> str:
    return "\n".join(training.about_lead(work, response, member(work, name), chooses=chooses))


async def test_pressed_twice_they_are_asked_once_and_other_hours_are_kept_without_asking_again(stage: Stage) -> None:
    await to_choose(stage)
    for hours in ("6", "6", "8"):
        await choose(stage, hours=hours)
    assert titles(stage, NIAMH).count("You are asked to lead a learning response") == 1
    assert (await the_response(stage)).hours_a_week == 8
    assert len(await audited(stage)) == 2


async def test_what_is_asked_is_what_holds_on_the_day(tmp_path: Path) -> None:
    """C11: a standard that holds from tomorrow asks for nothing today."""
    later = Standard(since=date(2026, 11, 21), engagement_hours=8)
    other = tmp_path / "other"
    other.mkdir()
    async with Stage(other, training=TrainingSettings(standards=(Standard(), later))) as stage:
        await stage.do(lambda work: training.bring_in(work, sample_training_text()))
        niamh = await stage.do(lambda work: id_of(work, NIAMH))
        assert await stage.do(lambda work: training.lead_lacks(work, niamh)) == ()
        stage.later(days=1)
        lacks = await stage.do(lambda work: training.lead_lacks(work, niamh))
        assert lacks == ("8 hours of training in involving those affected (6 so far)",)


# They cannot


async def test_a_lead_who_cannot_says_so_and_somebody_else_is_to_be_chosen(stage: Stage) -> None:
    await to_choose(stage)
    await choose(stage, lead=CALLUM, override=REASON)
    card = await stage.presses(CALLUM, stage.private(CALLUM)[-1], "I cannot lead this", DECLINE)
    await stage.settled()
    assert "Thank you for saying so" in card.title
    response = await the_response(stage)
    assert (response.lead_id, response.hours_a_week, response.lead_override) == (None, None, None)
    assert (await clocks(stage))["response.lead"][1] == "open"
    assert await audited(stage) == [
        "response lead chosen before their training was complete",
        "response lead stood down",
    ]
    for name in (LEAH, SANDEEP):
        told = stage.private(name)[-1]
        assert (told.title, told.preview) == ("Somebody else is needed to lead", "You have a private task."), name
        assert "Callum Strachan cannot lead the learning response" in words(told)
        assert "I do not have the time." in words(told)
    assert not any("Callum" in words(card) for card in stage.channel())
    assert "You do not lead" in words(await press(stage, CALLUM, "response.decline-lead", DECLINE)), "pressed twice"
    await stage.presses(LEAH, stage.private(LEAH)[-1], "Choose the lead", GIVEN)
    assert await lead_of(stage) == NIAMH


async def test_what_the_lead_owed_goes_back_to_the_role_and_to_the_next_lead(stage: Stage) -> None:
    await to_choose(stage)
    await choose(stage)
    await _with_named_contact(stage)
    await press(stage, NIAMH, "response.start", START)
    contact = {"whom": "service-user", "next": "2026-11-27", "every": "week", "avoid": None}
    await press(stage, NIAMH, "contact.agree", contact)
    await press(stage, NIAMH, "response.decline-lead", DECLINE)
    rules = ("response.three-months", "contact.service-user")

    def owned(work: Work) -> dict[str, list[str]]:
        theirs = select(Deadline).where(Deadline.rule.in_(rules))  # type: ignore[attr-defined]
        return {duty.rule: [p.name for p in owners(work, duty)] for duty in work.session.exec(theirs)}

    assert await stage.do(owned) == {rule: [LEAH, SANDEEP] for rule in rules}
    await choose(stage, lead=CALLUM, override=REASON)
    assert await stage.do(owned) == {rule: [CALLUM] for rule in rules}
    callum = await stage.do(lambda work: id_of(work, CALLUM))
    assert await stage.do(lambda work: work.session.exec(select(Contact.lead_id)).all()) == [callum]


async def _with_named_contact(stage: Stage) -> None:
    def named(work: Work) -> None:
        row = NamedContact(case_id=case_in(work).id, whom="service-user", why_not="not-wanted", by_id="x", at=work.now)
        work.session.add(row)

    await stage.do(named)


@pytest.mark.parametrize("name", [AMINA, LEAH, CARYS])
async def test_only_the_lead_can_say_no(stage: Stage, name: str) -> None:
    await to_choose(stage)
    await choose(stage)
    assert "You do not lead" in words(await press(stage, name, "response.decline-lead", DECLINE))
    assert await lead_of(stage) == NIAMH


# The register


async def test_the_card_shows_leads_and_overseers_and_the_incomplete_first(stage: Stage) -> None:
    def show(work: Work) -> Card:
        return training.show(work, member(work, LEAH))

    text = words(await stage.do(show))
    assert text.index("Callum Strachan: Still needs: 2 days") < text.index("Niamh Gallagher: Training complete")
    assert text.index("Judith Cornwell: Still needs: 2 days") < text.index("Sandeep Bhullar: Training complete")
    assert "Marguerite Oduya: Still needs: 2 days" in text, "the board oversees too (C08)"
    assert AMINA not in text


@pytest.mark.parametrize("name", [AMINA, NIAMH, CARYS])
async def test_the_card_is_for_the_quality_team(stage: Stage, name: str) -> None:
    with pytest.raises(Refusal, match="quality team"):
        await stage.do(lambda work: training.show(work, member(work, name)))


async def test_rows_are_added_corrected_and_taken_back_and_none_is_lost(stage: Stage) -> None:
    header = "email,course,date,amount\n"
    callum = "callum.strachan@fenmarsh.example"

    async def bring(*lines: str) -> training.Imported:
        done, mistakes = await stage.do(lambda work: training.bring_in(work, header + "\n".join(lines)))
        assert mistakes == []
        return done  # type: ignore[no-any-return]

    before = await stage.do(lambda work: len(work.session.exec(select(Training)).all()))
    assert await stage.do(lambda work: training.bring_in(work, sample_training_text())) == (
        training.Imported(0, 0, 0, before),
        [],
    )
    assert await bring(f"{callum},learning,23/09/2025,1.5", f"{callum},oversight,2025-09-23,1") == (
        training.Imported(1, 1, 0, 0)
    )
    assert await bring(f"{callum},oversight,2025-09-23,0", f"{callum},level-1,2020-01-01,0") == (
        training.Imported(0, 0, 1, 1)
    )
    who = await stage.do(lambda work: id_of(work, CALLUM))
    assert await stage.do(lambda work: training.lead_lacks(work, who)) == (
        "2 days of training in learning from incidents (1.5 so far)",
    )
    assert await stage.do(lambda work: len(work.session.exec(select(Training)).all())) == before


async def test_while_there_is_a_mistake_nothing_changes(stage: Stage) -> None:
    before = await stage.do(lambda work: len(work.session.exec(select(Training)).all()))
    text = (
        "email,course,date,amount\nniamh.gallagher@fenmarsh.example,oversight,2025-01-01,1\nx@y.example,learning,soon,1"
    )
    done, mistakes = await stage.do(lambda work: training.bring_in(work, text))
    assert not done.is_news
    assert [m.where for m in mistakes] == ["training.csv:3", "training.csv:3"]
    assert await stage.do(lambda work: len(work.session.exec(select(Training)).all())) == before
