"""What the rules propose for an event: the minimum, whom it is referred to, and what a report suggests (I09, B11)."""

from typing import Any

import pytest

from psirf_bot.domain.minimum import GRAVE, REQUIREMENTS, grounds, proposal
from psirf_bot.domain.report import Report


def report(**answers: Any) -> Report:
    return Report.model_validate({"event_type": "incident", **answers})


@pytest.mark.parametrize(
    ("facts", "needs_psii", "referred"),
    [
        ([], False, []),
        ([GRAVE], True, []),
        (["never-event"], True, []),
        (["death-problems-in-care"], True, []),
        (["death-detained"], True, []),
        (["maternity"], False, ["Maternity and Newborn Safety Investigations (MNSI)"]),
        (["child-death"], False, ["Child Death Overview Panel (CDOP)"]),
        (["learning-disability"], False, ["LeDeR"]),
        ([GRAVE, "custody"], True, ["Prisons and Probation Ombudsman, or the IOPC"]),
        (["no such fact"], False, []),
    ],
)
def test_what_follows_from_the_facts(facts: list[str], needs_psii: bool, referred: list[str]) -> None:
    found = proposal(REQUIREMENTS, facts)
    assert found.needs_psii is needs_psii
    assert [each.refer_to for each in found.referrals] == referred


@pytest.mark.parametrize(
    ("answers", "facts"),
    [
        ({"physical_harm": "fatal"}, {GRAVE}),
        ({"physical_harm": "severe"}, {GRAVE}),
        ({"physical_harm": "moderate", "psychological_harm": "severe"}, {GRAVE}),
        ({"physical_harm": "moderate", "psychological_harm": "moderate"}, set()),
        ({"other_bodies": ("police", "safeguarding")}, {"safeguarding"}),
        ({"other_bodies": ("police",)}, set()),
        ({}, set()),
    ],
)
def test_what_a_report_suggests(answers: dict[str, Any], facts: set[str]) -> None:
    assert {fact for fact, _ in grounds(report(**answers))} == facts


@pytest.mark.parametrize(
    ("before", "now", "anew"),
    [
        ({}, {"physical_harm": "severe"}, {GRAVE}),
        ({"physical_harm": "severe"}, {"physical_harm": "fatal"}, {GRAVE}),
        ({"physical_harm": "fatal"}, {"physical_harm": "severe"}, set()),
        ({"physical_harm": "severe"}, {"physical_harm": "severe", "psychological_harm": "severe"}, {GRAVE}),
        ({"physical_harm": "severe"}, {"other_bodies": ("safeguarding",)}, {"safeguarding"}),
    ],
)
def test_only_what_is_graver_gives_new_grounds(before: dict[str, Any], now: dict[str, Any], anew: set[str]) -> None:
    assert {fact for fact, _ in grounds(report(**now)) - grounds(report(**before))} == anew


def test_every_requirement_has_a_source_and_asks_for_something() -> None:
    assert all(each.source and (each.psii or each.refer_to) for each in REQUIREMENTS)
    assert len({each.id for each in REQUIREMENTS}) == len(REQUIREMENTS)
    assert {each.id for each in REQUIREMENTS} >= {"mental-health-homicide", "screening", "safeguarding", "never-event"}
