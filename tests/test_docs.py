"""What the documents say of the report is what the flow does."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from psirf_bot.dialogs.flow import Page, walk
from psirf_bot.dialogs.questions import Json
from psirf_bot.dialogs.report import report_flow
from psirf_bot.trust_file import load_trust

DOCS = Path(__file__).parents[1] / "docs"
NOW = datetime(2026, 11, 20, 14, tzinfo=ZoneInfo("Europe/London"))
COMMON: dict[str, Json] = {
    "danger": "no",
    "what-happened": "Something.",
    "when": "2026-11-20",
    "service": "Podiatry",
    "could-have-led": "no",
    "candour": "no",
    "physical-harm": "none",
}
KINDS: dict[str, dict[str, Json]] = {
    "near miss": {"event-type": "near-miss"},
    "good care": {"event-type": "good-care"},
    "risk or concern": {"event-type": "risk"},
    "incident that affected no patient": {"event-type": "incident", "affected": ["staff"]},
    "incident, not known yet who was affected": {"event-type": "incident", "affected": ["not-known"]},
    "incident that affected a patient": {"event-type": "incident", "affected": ["patient"]},
    "the same, when there was harm": {"event-type": "incident", "affected": ["patient"], "physical-harm": "low"},
}


def counted(kind: dict[str, Json]) -> tuple[int, int, int]:
    """Pages, answers needed and answers that can be left out, for somebody who answers only what is needed."""
    trust, _ = load_trust(None)
    assert trust
    flow = report_flow(trust.services, {b.id: b.name for b in trust.other_bodies})
    given: dict[str, Json] = {**COMMON, **kind}
    answers: dict[str, Json] = {}
    while isinstance(page := walk(flow, answers, NOW).at, Page):
        answers |= {key: None if q.optional else given[key] for q, key in zip(page.questions, page.asks(), strict=True)}
    questions = [q for page in walk(flow, answers, NOW).passed for q in page.questions]
    optional = sum(q.optional for q in questions)
    return len(walk(flow, answers, NOW).passed), len(questions) - optional, optional


@pytest.mark.parametrize("kind", KINDS)
def test_the_guide_counts_the_pages_and_answers_of_a_report(kind: str) -> None:
    row = re.search(rf"^\| {kind} \| (\d+) \| (\d+) \| (\d+) \|$", (DOCS / "reporting.md").read_text(), re.MULTILINE)
    assert row, f"the guide has no row for: {kind}, {counted(KINDS[kind])}"
    assert tuple(map(int, row.groups())) == counted(KINDS[kind])
