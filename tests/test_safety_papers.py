"""The papers on safety: every test that they name is there, and nothing that they have to cover is left out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from psirf_bot.delivery import housekeeping
from psirf_bot.store import tables

TESTS = Path(__file__).parent
ROOT = TESTS.parent
DOCS, CODE = ROOT / "docs", ROOT / "src" / "psirf_bot"
HAZARDS = DOCS / "safety" / "hazard-log.md"
PAPERS = [
    DOCS / "threat-model.md", DOCS / "data.md", DOCS / "privacy.md", HAZARDS,
    DOCS / "safety" / "clinical-safety-case.md", DOCS / "requirements.md",
]  # fmt: skip
CITED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
HAS_TO_BE_SAID = ("Effect", "Causes", "Design", "Tests", "Training and procedure")


@cache
def names_in(file: str) -> set[str]:
    """The names of the tests in a file, without running any."""
    path = TESTS / file
    if not path.exists():
        return set()
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def cited(text: str) -> set[tuple[str, str]]:
    return set(CITED.findall(text))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_test_that_a_paper_names_is_there(paper: Path) -> None:
    gone = [f"{file}::{name}" for file, name in sorted(cited(paper.read_text("utf-8"))) if name not in names_in(file)]
    assert gone == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_file_that_a_paper_names_is_there(paper: Path) -> None:
    named = set(re.findall(r"`([a-z_]+/[\w/]+\.py)`", paper.read_text("utf-8")))
    assert [file for file in sorted(named) if not (CODE / file).exists() and not (ROOT / file).exists()] == []


def test_every_threat_has_something_against_it_and_a_test() -> None:
    rows = table_rows((DOCS / "threat-model.md").read_text("utf-8"), "what could happen")
    assert len(rows) > 40
    assert [row[0] for row in rows if len(row) != 3 or not row[1] or not cited(row[2])] == []


def test_every_requirement_that_the_code_names_is_on_the_page_with_how_it_is_met() -> None:
    page = (DOCS / "requirements.md").read_text("utf-8")
    rows = [row for row in re.findall(r"^\| (.*) \|$", page, re.MULTILINE) if re.match(r"[A-V]\d\d\b", row)]
    there = {each for row in rows for each in re.findall(r"[A-V]\d\d", row.partition("|")[0])}
    code = " ".join(path.read_text("utf-8") for path in CODE.rglob("*.py"))
    ranges = re.findall(r"\b([A-V])(\d\d) to (?:\1)(\d\d)\b", code)
    named = set(re.findall(r"\b[A-V]\d\d\b(?!:)", code))  # no time of day
    named |= {f"{letter}{number:02d}" for letter, a, b in ranges for number in range(int(a), int(b) + 1)}
    assert named - there == set()
    assert len(named) > 100
    for row in rows:
        columns = row.split(" | ")
        left = re.search(r"\*\*(Left to people|Not met|In part)\.\*\*", columns[3])
        assert len(columns) == 5, row
        assert left or columns[4] != "–", row


def test_every_table_stands_in_the_paper_on_data() -> None:
    rows = table_rows((DOCS / "data.md").read_text("utf-8"), "what")
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    there_are = {model.__name__ for model in vars(tables).values() if _is_table(model)}
    assert len(there_are) == len(SQLModel.metadata.tables)
    assert there_are - named == set()
    assert named - there_are == set(), "tables that are no more"
    assert [row[0] for row in rows if len(row) != 5 or not all(row)] == []


def _is_table(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, SQLModel) and hasattr(model, "__table__")


def test_the_paper_on_data_says_how_long_things_are_kept() -> None:
    text = (DOCS / "data.md").read_text("utf-8")
    days = {name: f"{getattr(housekeeping, name).days} day" for name in vars(housekeeping) if name.startswith("KEEP_")}
    rows = {row[1]: row[2] for row in table_rows(text, "what")}
    assert days["KEEP_ANSWERS"] in rows["`Inbox`"]
    assert days["KEEP_SENT"] in rows["`Outbox`"]
    assert days["KEEP_DRAFTS"] in rows["`Dialog`"]


def test_every_hazard_has_its_causes_controls_and_a_test() -> None:
    text = HAZARDS.read_text("utf-8")
    parts = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    assert len(parts) >= 15
    for part in parts:
        said = dict(re.findall(r"^- \*\*(.+?):\*\* (.+(?:\n  .+)*)", part, re.MULTILINE))
        assert [name for name in HAS_TO_BE_SAID if not said.get(name)] == [], part.splitlines()[0]
        assert cited(said["Tests"]), part.splitlines()[0]


def test_every_hazard_is_rated_by_the_matrix_and_none_is_worse_with_its_controls() -> None:
    text = HAZARDS.read_text("utf-8")
    matrix = {int(row[0][0]): [int(cell) for cell in row[1:]] for row in table_rows(text, "likelihood")}
    rows = table_rows(text, "id")
    sections = re.findall(r"^### (H\d\d) (.+)$", text, re.MULTILINE)
    assert [(row[0], row[1]) for row in rows] == sections, "the table and the sections name the same hazards"
    for row in rows:
        first, then = (re.fullmatch(r"(\d) × (\d) = (\d)", cell) for cell in row[2:4])
        assert first, row
        assert then, row
        for likelihood, severity, risk in (map(int, first.groups()), map(int, then.groups())):
            assert matrix[likelihood][severity - 1] == risk, row
        assert int(then[3]) <= int(first[3]), row
        assert row[4], f"{row[0]} has no owner"
        assert row[5] in {"open", "controlled, for the CSO to accept"}, row
        assert (row[5] == "open") == (int(then[3]) >= 3), f"{row[0]}: a risk of 3 or more is open"


def table_rows(text: str, first: str) -> list[list[str]]:
    """The rows of every Markdown table whose first heading is this."""
    found: list[list[str]] = []
    within = False
    for line in text.splitlines():
        if not line.startswith("|"):
            within = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0].lower() == first:
            within = True
        elif within and not set(cells[0]) <= set("-: "):
            found.append(cells)
    return found
