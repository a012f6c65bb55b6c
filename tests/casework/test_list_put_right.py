"""The people list changes between two steps: another manager, somebody left out by mistake, a lead who has left."""

from dataclasses import replace
from typing import Any

import pytest
from ready_reports import send_report
from responses import LEAD, NIAMH, SANDEEP, decided, press, read_case, started
from sqlmodel import select
from test_people import identified
from test_reporting import AMINA, BRONWEN, LEAH, PAGE_1, PAGE_2, near_miss

from psirf_bot.bootstrap import import_people
from psirf_bot.casework import support
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.domain.people import PersonRow, read_people
from psirf_bot.store.tables import Case, Deadline, LearningResponse, Person, SupportNeed, SupportRequest
from psirf_bot.trust_file import sample_people_text
from stage import Stage, words

FEMI, PRIYA, CALLUM = "Femi Adeyemi", "Priya Raman", "Callum Strachan"
PANEL: dict[str, Any] = {
    "route": "ordinary",
    "closes": None,
    "chair": SANDEEP,
    "chair-override": "Nobody else is free.",
    "representatives": [BRONWEN],
    "experts": [FEMI, PRIYA],
}


def listed() -> dict[str, PersonRow]:
    rows, _ = read_people(sample_people_text())
    return {row.name: row for row in rows}


async def imports(stage: Stage, rows: dict[str, PersonRow], *without: str) -> None:
    settings = Settings(database_url="sqlite://", secret_key="a key for the tests alone, long enough")
    taken = [row for name, row in rows.items() if name not in without]
    await stage.do(lambda work: import_people(work, taken, settings, demo=True))
    await stage.settled()


async def running(stage: Stage, rule: str, owner: str | None = None) -> int:
    def count(work: Work) -> int:
        theirs = select(Deadline).where(Deadline.rule == rule, Deadline.state == "open")
        names = [work.session.get(Person, d.owner_id) if d.owner_id else None for d in work.session.exec(theirs)]
        return len([one for one in names if owner is None or (one and one.name == owner)])

    found: int = await stage.do(count)
    return found


async def test_a_manager_who_was_passed_over_still_learns_nothing_once_somebody_else_manages_them(stage: Stage) -> None:
    card = await near_miss(stage, second={"involved": "yes"})
    card = await stage.presses(AMINA, card, "Next", {i.id: "someone-else" for i in card.inputs()})
    card = await stage.presses(AMINA, card, "Next", {i.id: "Dr Xylo Smith" for i in card.inputs()})
    await stage.presses(AMINA, card, "Send the report")
    rows = listed()
    await imports(stage, rows | {AMINA: replace(rows[AMINA], line_manager=rows[CALLUM].email)})
    assert (await stage.says(BRONWEN, "case PSI-2026-0001")).title == "I could not do that"
    assert "PSI-2026-0001" not in words(await stage.says(BRONWEN, "find community"))


async def test_a_manager_who_was_passed_over_before_they_were_recognised_stays_so(stage: Stage) -> None:
    newcomer = await identified(stage, "U2")

    def passed_over(work: Work) -> None:
        amina = work.session.exec(select(Person).where(Person.name == AMINA)).one()
        amina.passes_over_id = newcomer
        need = SupportNeed(
            id="need", case_id="case", name=AMINA, wish="someone-else", passed_over_id=newcomer, at=work.now
        )
        asked = SupportRequest(id="asked", person_id=amina.id, wish="call", passed_over_id=newcomer, at=work.now)
        work.session.add_all([amina, need, asked])

    await stage.do(passed_over)
    rows = listed()
    rows[BRONWEN] = replace(rows[BRONWEN], slack_id="U2")
    await stage.do(lambda work: take_on(work, rows.values(), {"slack": "T0FEN", "web": "demo"}))

    def now(work: Work) -> set[str | None]:
        amina = work.session.exec(select(Person).where(Person.name == AMINA)).one()
        need, asked = work.session.get_one(SupportNeed, "need"), work.session.get_one(SupportRequest, "asked")
        ids = (amina.passes_over_id, need.passed_over_id, asked.passed_over_id)
        return {work.session.get_one(Person, who).name for who in ids if who}

    assert await stage.do(now) == {BRONWEN}


async def test_where_the_lead_of_a_response_has_left_somebody_else_is_chosen(stage: Stage) -> None:
    await started(stage)
    await imports(stage, listed(), NIAMH)
    for name in (LEAH, SANDEEP):
        told = [card for card in stage.private(name) if card.title == "Somebody else is needed to lead"]
        assert len(told) == 1
        assert "Niamh Gallagher is no longer on the people list" in words(told[0])
    assert await running(stage, "response.lead") == 1
    await imports(stage, listed())  # she is back, and is chosen again
    assert await running(stage, "response.lead") == 1
    await press(stage, LEAH, "response.lead", LEAD | {"lead": NIAMH, "override": "She is back."})
    assert await running(stage, "response.lead") == 0
    assert await running(stage, "response.target", NIAMH) == 1


async def test_what_is_added_is_told_to_the_quality_team_where_the_owner_has_left(stage: Stage) -> None:
    await read_case(stage)
    await imports(stage, listed(), LEAH)
    form = await stage.presses(AMINA, await stage.says(AMINA, "case PSI-2026-0001"), "Add to it")
    await stage.presses(AMINA, form, "Add this", {i.id: "The pump was the old kind." for i in form.inputs()})
    await stage.settled()
    assert stage.channel()[-1].title == "PSI-2026-0001 was added to"


async def test_what_is_added_is_told_to_whoever_acts_for_the_owner(stage: Stage) -> None:
    await read_case(stage)
    away = {"deputy": "Carys Penhallow", "from": "today", "until": "24 November 2026"}
    await stage.presses(LEAH, await stage.says(LEAH, "deputy"), "Save", away)
    form = await stage.presses(AMINA, await stage.says(AMINA, "case PSI-2026-0001"), "Add to it")
    await stage.presses(AMINA, form, "Add this", {i.id: "The pump was the old kind." for i in form.inputs()})
    await stage.settled()
    assert stage.private("Carys Penhallow")[-1].title == "PSI-2026-0001 was added to"
    assert "PSI-2026-0001 was added to" not in [card.title for card in stage.private(LEAH)]


async def test_whoever_is_back_on_the_list_is_asked_for_their_vote_again(stage: Stage) -> None:
    await read_case(stage)
    form = await stage.presses(LEAH, await stage.says(LEAH, "case PSI-2026-0001"), "Open the panel")
    chair = await stage.do(lambda work: work.session.exec(select(Person.id).where(Person.name == SANDEEP)).one())
    kept = {i.id: getattr(i, "value", None) for i in form.inputs()}
    await stage.presses(LEAH, form, "Open it", kept | PANEL | {"chair": chair})
    assert await running(stage, "panel.vote", FEMI) == 1
    await imports(stage, listed(), FEMI)
    assert await running(stage, "panel.vote", FEMI) == 0
    for _ in range(2):
        await imports(stage, listed())
        assert await running(stage, "panel.vote", FEMI) == 1
    assert await running(stage, "panel.vote", PRIYA) == 1, "nobody is asked twice"


async def test_somebody_left_out_by_mistake_is_checked_on_once_they_are_back(stage: Stage) -> None:
    await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, "involved": "yes"})
    await imports(stage, listed(), AMINA)
    assert await running(stage, "support.after-event") == 0
    await imports(stage, listed())
    await imports(stage, listed())
    assert await running(stage, "support.after-event", BRONWEN) == 1
    titles = [card.title for card in stage.private(LEAH)]
    assert titles == ["Checks on a member of staff have stopped", "Checks on a member of staff go on"]


@pytest.mark.parametrize("spoken", ["", "to them after the event", "to them of the review"])
async def test_whoever_is_back_on_the_list_hears_of_the_review_that_goes_on(stage: Stage, spoken: str) -> None:
    await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, "involved": "yes"})
    await press(stage, LEAH, "case.read")
    await decided(stage)
    await stage.tick()
    titles = {"to them after the event": ["Please check"], "to them of the review": ["Please check", "Please tell"]}
    for title in titles.get(spoken, []):
        card = next(card for card in stage.private(BRONWEN) if card.title.startswith(title))
        await stage.presses(BRONWEN, card, "I have spoken to them")
    await imports(stage, listed(), AMINA)
    assert await running(stage, "support.review-starts") == await running(stage, "support.ongoing") == 0
    for _ in range(2):
        await imports(stage, listed())
        assert await running(stage, "support.review-starts", BRONWEN) == (spoken != "to them of the review")
        assert await running(stage, "support.ongoing", BRONWEN) == 1
        assert await running(stage, "support.after-event", BRONWEN) == (not spoken)
    assert [card.title for card in stage.private(SANDEEP)].count("Checks on a member of staff go on") == 1


async def test_whoever_was_left_out_when_a_review_began_hears_of_it_once_they_are_back(stage: Stage) -> None:
    await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, "involved": "yes"})
    await imports(stage, listed(), AMINA)
    await press(stage, LEAH, "case.read")
    await decided(stage)
    await imports(stage, listed())
    assert await running(stage, "support.review-starts", BRONWEN) == 1


async def test_whoever_is_back_on_the_list_hears_that_the_review_has_ended(stage: Stage) -> None:
    await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, "involved": "yes"})
    await press(stage, LEAH, "case.read")
    await decided(stage)

    def end(work: Work) -> None:
        response = work.session.exec(select(LearningResponse)).one()
        response.started_at = response.ended_at = work.now
        work.session.add(response)
        support.review_ended(work, work.session.exec(select(Case)).one())

    await stage.do(end)
    await imports(stage, listed(), AMINA)
    assert await running(stage, "support.review-ended") == 0
    for _ in range(2):
        await imports(stage, listed())
        assert await running(stage, "support.review-ended", BRONWEN) == 1
        assert await running(stage, "support.review-starts") == 0


async def test_a_check_that_stopped_long_ago_is_not_asked_for_again(stage: Stage) -> None:
    await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, "involved": "yes"})
    await imports(stage, listed(), AMINA)
    stage.later(days=31)
    await imports(stage, listed())
    assert await running(stage, "support.after-event") == 0


async def test_what_came_of_it_waits_for_no_talk_with_an_involved_reporter_who_has_left(stage: Stage) -> None:
    rows = listed()
    await imports(stage, rows)
    await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, "involved": "yes"})
    await press(stage, LEAH, "case.read")
    await imports(stage, rows, AMINA)
    closed = await press(stage, LEAH, "case.close", {"outcome": "Drivers are now stored apart."})
    assert "they are told once" not in words(closed)
    stage.later(days=40)
    await imports(stage, rows)
    assert "Drivers are now stored apart." in words(await stage.says(AMINA, "case PSI-2026-0001"))
