"""The facts of a case are confirmed by a person: what they propose, and what has to be answered (I04, I09, I10)."""

from typing import Any

import pytest
from responses import SANDEEP, case_in, press
from sqlmodel import select
from test_panel_opening import filled_in, opens, read_case, the_panel, trained
from test_reporting import BRONWEN, LEAH

from psirf_bot.cards.model import Details
from psirf_bot.casework import cases, panel_facts, panels
from psirf_bot.casework.work import Work
from psirf_bot.domain.minimum import GRAVE, REQUIREMENTS
from psirf_bot.store.tables import AuditEntry, Panel
from stage import Stage, words

__all__ = ["trained"]
CONSIDERED = {"always-consider": "no", "always-consider-why": "It is in the plan, and much has been learned already."}
HARMED = {"event-type": "incident", "affected": ["patient"], "physical-harm": "severe"}
JOINED: dict[str, Any] = {"event_type": "incident", "service": "Podiatry", "occurred": "2026-11-19"}


async def opened(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)


async def confirms(stage: Stage, by: str = LEAH, **answers: Any) -> Any:
    form = await press(stage, by, "panel.facts")
    return await press(stage, by, "panel.facts", filled_in(form) | CONSIDERED | answers)


async def proposed(stage: Stage) -> Any:
    panel = await the_panel(stage)
    return await stage.do(lambda work: panels.proposal_of(work, panel))


async def test_before_anybody_confirms_them_nothing_is_proposed(stage: Stage) -> None:
    await opened(stage)
    panel = await the_panel(stage)
    assert panel.facts is None
    assert not panel_facts.answered(panel)
    assert await stage.do(lambda work: panel_facts.lines(work, panel)) == []


async def test_facts_become_a_proposal_with_its_sources(stage: Stage) -> None:
    await opened(stage)
    await confirms(stage, **{"facts-so": ["never-event", "child-death"]})
    panel = await the_panel(stage)
    assert panel_facts.answered(panel)
    found = await proposed(stage)
    assert found.needs_psii
    assert [each.id for each in found.referrals] == ["child-death"]
    assert await stage.do(lambda work: panel_facts.lines(work, panel)) == [
        ("A never event", "national guide to responding proportionately", None),
        ("Death of a child", "national guide to responding proportionately", "Child Death Overview Panel (CDOP)"),
    ]
    assert (panel.learning, panel.learning_why) == ("no", CONSIDERED["always-consider-why"])
    assert panel.facts_by is not None
    assert panel.facts_at == stage.now


async def test_none_of_them_is_an_answer_too(stage: Stage) -> None:
    await opened(stage)
    await confirms(stage, **{"facts-so": None})
    assert (await the_panel(stage)).facts == []
    assert panel_facts.answered(await the_panel(stage))
    assert not (await proposed(stage)).needs_psii


async def test_every_source_is_shown_where_it_is_ticked(stage: Stage) -> None:
    await opened(stage)
    card = await press(stage, LEAH, "panel.facts")
    form, sources = words(card), card.body[-1]
    assert isinstance(sources, Details), "folded away, below what is asked"
    assert all(each.fact in sources.text for each in REQUIREMENTS)
    assert all(each.source.partition("; to be")[0][1:] in sources.text for each in REQUIREMENTS)
    assert "to be checked" not in form, "that is for the administrator"
    assert "Leave it empty if none is. What is chosen already is only a suggestion from the report." in form
    assert "Near miss, Community Nursing." in form


async def test_what_the_report_suggests_is_ticked(stage: Stage) -> None:
    await opened(stage)
    assert filled_in(await press(stage, LEAH, "panel.facts"))["facts-so"] is None

    def grave(work: Work) -> None:
        found = cases.newest_version(work, case_in(work))
        assert found is not None
        found.answers = dict(found.answers) | HARMED
        work.session.add(found)

    await stage.do(grave)
    form = await press(stage, LEAH, "panel.facts")
    assert filled_in(form)["facts-so"] == [GRAVE]
    assert "could-have" not in [part.id for part in form.inputs()], "it did harm"
    assert (await the_panel(stage)).facts is None, "a suggestion is nobody's word"


async def test_a_report_that_was_joined_with_it_suggests_too(stage: Stage) -> None:
    await opened(stage)

    def join(work: Work) -> None:
        ours = case_in(work)
        found = cases.newest_version(work, ours)
        assert found is not None
        other = cases.open_case(work, **JOINED, merged_into=ours.id)
        cases.write_version(work, other, dict(found.answers) | HARMED, {}, "x")

    await stage.do(join)
    assert filled_in(await press(stage, LEAH, "panel.facts"))["facts-so"] == [GRAVE]


async def test_a_fact_is_not_both_so_and_not_known(stage: Stage) -> None:
    await opened(stage)
    form = await confirms(stage, **{"facts-so": [GRAVE], "facts-not-known": [GRAVE, "maternity"]})
    assert "Chosen twice: Unexpected death or severe harm under our care." in words(form)
    assert (await the_panel(stage)).facts is None
    await confirms(stage, **{"facts-so": [GRAVE], "facts-not-known": ["maternity"]})
    assert (await the_panel(stage)).facts_not_known == ["maternity"]


@pytest.mark.parametrize("left_out", ["always-consider", "always-consider-why", "could-have"])
async def test_what_must_be_answered(stage: Stage, left_out: str) -> None:
    await opened(stage)
    form = await confirms(stage, **{left_out: None})
    assert "Please answer this" in words(form)
    assert (await the_panel(stage)).learning is None


@pytest.mark.parametrize("could_have", ["yes", "no", "not-known"])
async def test_a_near_miss_is_asked_what_it_could_have_done(stage: Stage, could_have: str) -> None:
    await opened(stage)
    assert filled_in(await press(stage, LEAH, "panel.facts"))["could-have"] == "yes", "as its reporter said"
    await confirms(stage, **{"could-have": could_have})
    assert (await the_panel(stage)).could_have == could_have


async def test_a_case_from_datix_has_no_report_to_suggest_anything(stage: Stage) -> None:
    def from_datix(work: Work) -> None:
        case = cases.open_case(work, **JOINED, datix_number="W1")
        case.state = "read"
        work.session.add(case)

    await stage.do(from_datix)
    await opens(stage)
    form = await press(stage, LEAH, "panel.facts")
    given = filled_in(form)
    assert (given["facts-so"], "could-have" in given) == (None, False)
    await confirms(stage, **{"facts-so": ["custody"]})
    assert [each.id for each in (await proposed(stage)).referrals] == ["custody"]


async def test_they_can_be_changed_until_the_minute_is_approved(stage: Stage) -> None:
    await opened(stage)
    await confirms(stage, **{"facts-so": [GRAVE]})
    form = await press(stage, SANDEEP, "panel.facts")
    assert filled_in(form)["facts-so"] == [GRAVE], "what was confirmed, not what the report suggests"
    await confirms(stage, by=SANDEEP, **{"facts-so": [GRAVE, "child-death"]})
    assert (await the_panel(stage)).facts == [GRAVE, "child-death"]
    done = await stage.do(
        lambda work: work.session.exec(select(AuditEntry.actor_id).filter_by(what="panel facts confirmed")).all()
    )
    assert len(set(done)) == 2, "each change is in the audit, with who made it"

    def approved(work: Work) -> None:
        panel = work.session.exec(select(Panel)).one()
        panel.state = panels.APPROVED
        work.session.add(panel)

    await stage.do(approved)
    assert "has no panel under way" in words(await press(stage, LEAH, "panel.facts"))


async def test_others_cannot_confirm_them(stage: Stage) -> None:
    await opened(stage)
    assert list((await press(stage, BRONWEN, "panel.facts")).inputs()) == []


async def test_confirming_twice_changes_nothing(stage: Stage) -> None:
    await opened(stage)
    first = await confirms(stage, **{"facts-so": [GRAVE]})
    second = await confirms(stage, **{"facts-so": [GRAVE]})
    assert first.title == second.title
    assert (await the_panel(stage)).facts == [GRAVE]
