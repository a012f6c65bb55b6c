"""At the end of a learning response: how well it worked, and how well those affected were involved (P14)."""

from typing import Any

from responses import AMINA, LEAH, MARGUERITE, NIAMH, clocks, decided, press, read_case, started, state, the_response
from test_final_report import APPROVE, SENT, ended

from psirf_bot.domain.response import HOW_WELL
from stage import Stage, words

OUTCOME = {"outcome": "Drivers are stored apart."}
WELL: dict[str, Any] = {
    "response-went": "well",
    "response-words": None,
    "involving-went": "partly",
    "involving-words": "Ring them earlier.",
}


async def test_a_response_that_started_is_evaluated_as_the_case_is_closed(stage: Stage) -> None:
    await started(stage)
    form = await press(stage, LEAH, "case.close")
    assert [i.id for i in form.inputs()] == ["outcome", *WELL]
    assert len(HOW_WELL) == 4
    refused = words(await press(stage, LEAH, "case.close", OUTCOME))
    assert "Please answer this" in refused
    assert await state(stage) == "responding"
    await press(stage, LEAH, "case.close", OUTCOME | WELL)
    assert await state(stage) == "closed"
    said = (await the_response(stage)).evaluation or {}
    assert {key: said[key] for key in WELL} == WELL
    assert said["by"]
    assert said["at"].startswith("2026-11-20")
    assert "Drivers are stored apart." in words(stage.private(AMINA)[-1])
    assert "Ring them earlier." not in words(stage.private(AMINA)[-1]), "the reporter is sent the outcome alone"
    page = words(await press(stage, LEAH, "response.show"))
    assert "How the learning response worked: well." in page
    assert "How those affected were involved: partly. Ring them earlier." in page


async def test_without_a_response_that_started_nothing_more_is_asked(stage: Stage) -> None:
    await read_case(stage)
    assert [i.id for i in (await press(stage, LEAH, "case.close")).inputs()] == ["outcome"]
    await decided(stage)
    assert [i.id for i in (await press(stage, LEAH, "case.close")).inputs()] == ["outcome"]
    await press(stage, LEAH, "case.close", OUTCOME)
    assert await state(stage) == "closed"
    assert await the_response(stage) is None, "it never came to be"


async def test_a_psii_is_not_closed_before_its_final_report_was_sent(stage: Stage) -> None:
    await ended(stage)
    for given in ({}, OUTCOME | WELL):
        refused = words(await press(stage, LEAH, "case.close", given))
        assert "is not noted as sent, so the case cannot be closed yet" in refused
        assert "have its draft approved, send the report" in refused
    assert await state(stage) == "responding"
    assert (await the_response(stage)).evaluation is None
    await press(stage, MARGUERITE, "report.approve", APPROVE)
    await press(stage, LEAH, "report.final-sent", SENT)
    await press(stage, LEAH, "case.close", OUTCOME | WELL)
    assert await state(stage) == "closed"


async def test_closed_twice_by_two_people_the_first_words_stand(stage: Stage) -> None:
    await started(stage)
    await press(stage, LEAH, "case.close", OUTCOME | WELL)
    again = await press(stage, "Sandeep Bhullar", "case.close", OUTCOME | WELL | {"response-went": "not-well"})
    assert "has moved on" in words(again)
    assert ((await the_response(stage)).evaluation or {})["response-went"] == "well"


async def test_opened_again_what_was_missing_is_shown_and_the_evaluation_is_kept(stage: Stage) -> None:
    await started(stage)
    missing = "The hospital's own review."
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": missing})
    await press(stage, LEAH, "case.close", OUTCOME | WELL)
    await press(stage, LEAH, "case.reopen")
    assert f"Information that was missing: {missing}" in words(await press(stage, LEAH, "response.show"))
    assert (await clocks(stage))["panel.opened"][1] == "open"
    form = await press(stage, LEAH, "case.close")
    values = {i.id: getattr(i, "value", None) for i in form.inputs()}
    assert values["involving-words"] == "Ring them earlier."
    assert values["response-went"] == ("well",)
