"""What the documents say of the report is what the flow does, and of the duties with a clock what the rules say.

`python tests/test_docs.py` writes the table of duties into docs/configuration.md.
"""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from psirf_bot.dialogs.flow import Page, walk
from psirf_bot.dialogs.questions import Json
from psirf_bot.dialogs.report import report_flow
from psirf_bot.domain.deadlines import NOW as AT_ONCE
from psirf_bot.domain.deadlines import RULES, Rule
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
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


# --- The duties with a clock


COLUMNS = ("id", "duty", "opened by", "closed by", "due after", "owner", "reminders", "ladder", "source")


def duties() -> str:
    """Every rule as a row of a Markdown table."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(row_of(rule) for rule in RULES)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row_of(rule: Rule) -> tuple[str, ...]:
    only = "; only where the duty of candour may apply" if rule.when else ""
    back = f"; then every {rule.comes_back}".replace("every 1 month", "every month") if rule.comes_back else ""
    return (
        f"`{rule.id}`",
        rule.duty,
        events(rule.opens if isinstance(rule.opens, tuple) else (rule.opens,)) + only,
        events(rule.closes),
        (str(rule.due) if rule.due else "the day agreed") + back,
        role(rule.owner),
        reminders(rule.nudges),
        ", then ".join(map(role, rule.ladder)),
        rule.source,
    )


def events(those: tuple[Event, ...]) -> str:
    return "; or ".join(those)


def role(owner: str) -> str:
    return f"`{owner}`" if owner in set(Role) else owner


def reminders(nudges: tuple[int | None, ...]) -> str:
    before = [str(-day) for day in nudges if day]
    words = ["at once"] if AT_ONCE in nudges else []
    words += [f"{', '.join(before)} before"] if before else []
    return "; ".join([*words, *(["on the day"] if 0 in nudges else [])])


def test_the_table_of_duties_is_what_the_rules_say() -> None:
    assert duties() in (DOCS / "configuration.md").read_text("utf-8"), "run: python tests/test_docs.py"


if __name__ == "__main__":
    guide = DOCS / "configuration.md"
    table = re.compile(r"^\| id \| duty \|.*\n(\|.*\n)*", re.MULTILINE)
    guide.write_text(table.sub(lambda _: duties() + "\n", guide.read_text("utf-8")), "utf-8")
