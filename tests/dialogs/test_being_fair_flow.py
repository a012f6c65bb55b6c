"""The being fair tool as its owner would check it: each path through it, its words, and the sheet to be signed off.

The sheet is docs/being-fair-sign-off.md. After a change that is meant, renew its list of steps with
`PYTHONPATH=tests .venv/bin/python tests/dialogs/test_being_fair_flow.py` and have the difference reviewed.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from being_fair_tool import next_step
from psirf_bot.cards import adaptive, blockkit, check
from psirf_bot.cards.forms import as_input
from psirf_bot.cards.model import Button, Card
from psirf_bot.dialogs.being_fair import EACH_FOR_THEMSELVES, FLOW, place_of, steps_of_ends
from psirf_bot.dialogs.flow import Ask, Page, Turn, always, describe, walk
from psirf_bot.dialogs.questions import Choice, Choices, Json, Question
from psirf_bot.domain.being_fair import ENDS, FairnessReview

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=ZoneInfo("Europe/London"))
SHEET = Path(__file__).parents[2] / "docs" / "being-fair-sign-off.md"
READINGS = ("next test", "deliberate harm")

# --- The paths -------------------------------------------------------------------------------------------------------

# One row for each path through the tool: what is answered, and the end that it comes to. Under "." nothing is asked.
# The columns are in the order of the questions. The three questions before use come first, whatever follows.
#
# psi: precondition 1   other: s safeguarding, p police, a another   sys: precondition 2   joint: precondition 3
PRECONDITIONS = """
psi other sys joint   end
n   s     .   .       safeguarding
n   p     .   .       police
n   a     .   .       another-process
y   .     n   .       no-systems-response
y   .     y   n       not-jointly
"""

# With all three preconditions answered by yes.
#
# y yes   n no; at 1a also unsure; at bcd: no to any of 1b to 1d, or not known   ? not known yet; at talk: not yet held
# on: ongoing concerns, stated by both (y) or not (n)   talk: with the supervisor or education lead
# what: what is suggested, and whom it concerns   4: y yes to 4a or 4b, n no to both, ? neither yes, and not both known
EITHER_READING = """
1a  on  bcd talk on   2a  2b  on   3   what 4   5    end
y   n   .   .    .    .   .   .    .   .    .   .    continue-after-1a
n   .   n   ?    .    .   .   .    .   .    .   .    not-discussed-yet
n   .   n   y    n    .   .   .    .   .    .   .    continue-after-1

n   .   y   .    .    ?   .   .    .   .    .   .    not-known-yet
n   .   y   .    .    n   .   n    .   .    .   .    continue-after-2
n   .   y   .    .    n   .   y    ?   .    .   .    not-known-yet
n   .   y   .    .    n   .   y    y   y    .   .    appropriate-action
n   .   y   .    .    n   .   y    n   .    ?   .    not-known-yet
n   .   y   .    .    n   .   y    n   .    y   .    health
n   .   y   .    .    n   .   y    n   .    n   ?    not-known-yet
n   .   y   .    .    n   .   y    n   .    n   y    mitigation
n   .   y   .    .    n   .   y    n   .    n   n    management
n   .   y   .    .    y   ?   .    .   .    .   .    not-known-yet
n   .   y   .    .    y   n   n    .   .    .   .    continue-after-2
n   .   y   .    .    y   n   y    ?   .    .   .    not-known-yet
n   .   y   .    .    y   n   y    y   y    .   .    appropriate-action
n   .   y   .    .    y   n   y    n   .    ?   .    not-known-yet
n   .   y   .    .    y   n   y    n   .    y   .    health
n   .   y   .    .    y   n   y    n   .    n   ?    not-known-yet
n   .   y   .    .    y   n   y    n   .    n   y    mitigation
n   .   y   .    .    y   n   y    n   .    n   n    management
n   .   y   .    .    y   y   .    ?   .    .   .    not-known-yet
n   .   y   .    .    y   y   .    y   y    .   .    appropriate-action
n   .   y   .    .    y   y   .    n   .    ?   .    not-known-yet
n   .   y   .    .    y   y   .    n   .    y   .    health
n   .   y   .    .    y   y   .    n   .    n   ?    not-known-yet
n   .   y   .    .    y   y   .    n   .    n   y    mitigation
n   .   y   .    .    y   y   .    n   .    n   n    management
"""

# Where both state ongoing concerns after 1a, or after 1b to 1d: the next test in the tool's order, which is question 2.
NEXT_TEST = """
1a  on  bcd talk on   2a  2b  on   3   what 4   5    end
y   y   .   .    .    ?   .   .    .   .    .   .    not-known-yet
y   y   .   .    .    n   .   n    .   .    .   .    continue-after-2
y   y   .   .    .    n   .   y    ?   .    .   .    not-known-yet
y   y   .   .    .    n   .   y    y   y    .   .    appropriate-action
y   y   .   .    .    n   .   y    n   .    ?   .    not-known-yet
y   y   .   .    .    n   .   y    n   .    y   .    health
y   y   .   .    .    n   .   y    n   .    n   ?    not-known-yet
y   y   .   .    .    n   .   y    n   .    n   y    mitigation
y   y   .   .    .    n   .   y    n   .    n   n    management
y   y   .   .    .    y   ?   .    .   .    .   .    not-known-yet
y   y   .   .    .    y   n   n    .   .    .   .    continue-after-2
y   y   .   .    .    y   n   y    ?   .    .   .    not-known-yet
y   y   .   .    .    y   n   y    y   y    .   .    appropriate-action
y   y   .   .    .    y   n   y    n   .    ?   .    not-known-yet
y   y   .   .    .    y   n   y    n   .    y   .    health
y   y   .   .    .    y   n   y    n   .    n   ?    not-known-yet
y   y   .   .    .    y   n   y    n   .    n   y    mitigation
y   y   .   .    .    y   n   y    n   .    n   n    management
y   y   .   .    .    y   y   .    ?   .    .   .    not-known-yet
y   y   .   .    .    y   y   .    y   y    .   .    appropriate-action
y   y   .   .    .    y   y   .    n   .    ?   .    not-known-yet
y   y   .   .    .    y   y   .    n   .    y   .    health
y   y   .   .    .    y   y   .    n   .    n   ?    not-known-yet
y   y   .   .    .    y   y   .    n   .    n   y    mitigation
y   y   .   .    .    y   y   .    n   .    n   n    management

n   .   n   y    y    ?   .   .    .   .    .   .    not-known-yet
n   .   n   y    y    n   .   n    .   .    .   .    continue-after-2
n   .   n   y    y    n   .   y    ?   .    .   .    not-known-yet
n   .   n   y    y    n   .   y    y   y    .   .    appropriate-action
n   .   n   y    y    n   .   y    n   .    ?   .    not-known-yet
n   .   n   y    y    n   .   y    n   .    y   .    health
n   .   n   y    y    n   .   y    n   .    n   ?    not-known-yet
n   .   n   y    y    n   .   y    n   .    n   y    mitigation
n   .   n   y    y    n   .   y    n   .    n   n    management
n   .   n   y    y    y   ?   .    .   .    .   .    not-known-yet
n   .   n   y    y    y   n   n    .   .    .   .    continue-after-2
n   .   n   y    y    y   n   y    ?   .    .   .    not-known-yet
n   .   n   y    y    y   n   y    y   y    .   .    appropriate-action
n   .   n   y    y    y   n   y    n   .    ?   .    not-known-yet
n   .   n   y    y    y   n   y    n   .    y   .    health
n   .   n   y    y    y   n   y    n   .    n   ?    not-known-yet
n   .   n   y    y    y   n   y    n   .    n   y    mitigation
n   .   n   y    y    y   n   y    n   .    n   n    management
n   .   n   y    y    y   y   .    ?   .    .   .    not-known-yet
n   .   n   y    y    y   y   .    y   y    .   .    appropriate-action
n   .   n   y    y    y   y   .    n   .    ?   .    not-known-yet
n   .   n   y    y    y   y   .    n   .    y   .    health
n   .   n   y    y    y   y   .    n   .    n   ?    not-known-yet
n   .   n   y    y    y   y   .    n   .    n   y    mitigation
n   .   n   y    y    y   y   .    n   .    n   n    management
"""

# The same where a trust reads it as the test of what the concern is about, which is question 3.
DELIBERATE_HARM = """
1a  on  bcd talk on   2a  2b  on   3   what 4   5    end
y   y   .   .    .    .   .   .    ?   .    .   .    not-known-yet
y   y   .   .    .    .   .   .    y   y    .   .    appropriate-action
y   y   .   .    .    .   .   .    n   .    ?   .    not-known-yet
y   y   .   .    .    .   .   .    n   .    y   .    health
y   y   .   .    .    .   .   .    n   .    n   ?    not-known-yet
y   y   .   .    .    .   .   .    n   .    n   y    mitigation
y   y   .   .    .    .   .   .    n   .    n   n    management

n   .   n   y    y    .   .   .    ?   .    .   .    not-known-yet
n   .   n   y    y    .   .   .    y   y    .   .    appropriate-action
n   .   n   y    y    .   .   .    n   .    ?   .    not-known-yet
n   .   n   y    y    .   .   .    n   .    y   .    health
n   .   n   y    y    .   .   .    n   .    n   ?    not-known-yet
n   .   n   y    y    .   .   .    n   .    n   y    mitigation
n   .   n   y    y    .   .   .    n   .    n   n    management
"""

BEFORE_USE = "fair-who-is-hurt"
OF_PRECONDITIONS = ("fair-safety-incident", "fair-other-process", "fair-systems-response", "fair-jointly")
OF_QUESTIONS = (
    "fair-1a", "fair-1a-ongoing", "fair-1b", "fair-discussed", "fair-1-ongoing", "fair-2a", "fair-2b",
    "fair-2-ongoing", "fair-3", "fair-3-which", "fair-4a", "fair-5",
)  # fmt: skip
"""The first question of the page behind each column."""
ALL_YES = {"fair-safety-incident": "yes", "fair-systems-response": "yes", "fair-jointly": "yes"}
THREE = ("yes", "no", "not-known")
EITHER = ("yes", "no", "not-yet")
NOT_ALL_YES = tuple(cell for cell in product(THREE, repeat=3) if cell != ("yes", "yes", "yes"))
HEALTH = {
    "y": (("yes", "yes"), ("yes", "no"), ("yes", "not-yet"), ("no", "yes"), ("not-yet", "yes")),
    "n": (("no", "no"),),
    "?": (("not-yet", "not-yet"), ("not-yet", "no"), ("no", "not-yet")),
}

Way = tuple[tuple[str, ...], str]
"""The pages on a path, by their first questions, and the end."""


def meant(page: str, mark: str) -> Iterator[Mapping[str, Json]]:
    """Every set of answers to a page that its mark in the table stands for."""
    one = {"y": "yes", "n": "no", "?": "not-yet"}
    key = str(page)
    match page:
        case "fair-other-process":
            yield {page: {"s": "safeguarding", "p": "police", "a": "another"}[mark]}
        case "fair-1a":
            yield from ({key: value} for value in (("yes",) if mark == "y" else ("no", "unsure")))
        case "fair-1b":
            every = [("yes", "yes", "yes")] if mark == "y" else NOT_ALL_YES
            yield from ({"fair-1b": b, "fair-1c": c, "fair-1d": d} for b, c, d in every)
        case "fair-discussed":
            held = ("supervisor", "education-lead", "both") if mark == "y" else ("not-yet",)
            yield from ({key: value} for value in held)
        case "fair-3-which":
            yield {}
        case "fair-4a":
            yield from ({"fair-4a": a, "fair-4b": b} for a, b in HEALTH[mark])
        case _:
            yield {page: one[mark]}


ALONGSIDE: Mapping[str, Json] = {
    "fair-who-is-hurt": "A patient, and staff.", "fair-what-they-need": "Support.", "fair-whose-task": "The ward's.",
    "fair-1a-source": "Section 4.", "fair-discussed-on": "2026-11-20", "fair-3-which": ["recklessness"],
    "fair-3-source": "Section 5.", "fair-3-bodies": ["regulator"],
    **{f"fair-{place}-kinds": ["reckless"] for place in ("1a", "1", "2")},
    **{f"fair-{place}-ground": "What section 4 says." for place in ("1a", "1", "2")},
}  # fmt: skip
"""Answers that decide nothing about the path."""


def rows(table: str, pages: tuple[str, ...], before: Mapping[str, Json]) -> dict[Way, list[dict[str, Json]]]:
    """By path: every set of answers that the table says leads along it."""
    found: dict[Way, list[dict[str, Json]]] = {}
    for line in filter(None, table.strip().splitlines()[1:]):
        *marks, end = line.split()
        asked = [(page, mark) for page, mark in zip(pages, marks, strict=True) if mark != "."]
        way = ((BEFORE_USE, *before, *(page for page, _ in asked)), end)
        assert way not in found, line
        each = product(*(list(meant(page, mark)) for page, mark in asked))
        found[way] = [{**before, **{key: v for part in parts for key, v in part.items()}} for parts in each]
    return found


@cache
def table(reading: str) -> dict[Way, list[dict[str, Json]]]:
    own = {"next test": NEXT_TEST, "deliberate harm": DELIBERATE_HARM}[reading]
    return {
        **rows(PRECONDITIONS, OF_PRECONDITIONS, {}),
        **rows(EITHER_READING, OF_QUESTIONS, ALL_YES),
        **rows(own, OF_QUESTIONS, ALL_YES),
    }


def go(answers: Mapping[str, Json], reading: str) -> Turn[FairnessReview]:
    return walk(FLOW, answers, NOW, {"reading": reading})


def way_of(turn: Turn[FairnessReview]) -> Way:
    assert not isinstance(turn.at, Page), turn.at
    return tuple(page.asks()[0] for page in turn.passed), turn.at.outcome


@cache
def every_way(reading: str) -> dict[Way, list[dict[str, Json]]]:
    """All that can be answered, page by page, as the flow asks it; the answers by the path that they take."""
    found: dict[Way, list[dict[str, Json]]] = {}
    open_ends: list[dict[str, Json]] = [{}]
    while open_ends:
        answers = open_ends.pop()
        turn = go(answers, reading)
        if not isinstance(turn.at, Page):
            found.setdefault(way_of(turn), []).append(answers)
            continue
        offered = [
            list(q.options) if isinstance(q, Choice) and not isinstance(q, Choices) else [ALONGSIDE[q.id]]
            for q in turn.at.questions
        ]
        open_ends += [{**answers, **dict(zip(turn.at.asks(), picked, strict=True))} for picked in product(*offered)]
    return found


@pytest.mark.parametrize("reading", READINGS)
def test_every_path_has_its_row_and_every_row_is_a_path(reading: str) -> None:
    assert set(every_way(reading)) == set(table(reading))
    assert len(table(reading)) == {"next test": 83, "deliberate harm": 47}[reading]


@pytest.mark.parametrize("reading", READINGS)
def test_each_row_comes_to_its_end_by_its_questions(reading: str) -> None:
    """With every set of answers that its marks stand for."""
    for way, every in table(reading).items():
        assert every
        for answers in every:
            assert way_of(go({**ALONGSIDE, **answers}, reading)) == way


@pytest.mark.parametrize("reading", READINGS)
def test_the_rows_have_every_answer_that_can_be_given(reading: str) -> None:
    """Each is on exactly one path, so that the table neither leaves one out nor has it twice."""
    for way, every in every_way(reading).items():
        decisive = [{key: value for key, value in answers.items() if key not in ALONGSIDE} for answers in every]
        assert len(decisive) == len(table(reading)[way])
        assert all(answers in table(reading)[way] for answers in decisive)


@pytest.mark.parametrize("reading", READINGS)
def test_every_end_is_reached_and_no_other(reading: str) -> None:
    assert {end for _, end in every_way(reading)} == set(ENDS)


@pytest.mark.parametrize("reading", READINGS)
def test_every_question_is_asked_on_some_path_and_has_its_field(reading: str) -> None:
    asked = {key for ways in every_way(reading).values() for answers in ways for key in answers}
    assert asked == set(FLOW.questions())
    assert {key.replace("-", "_") for key in asked} == set(FairnessReview.model_fields) - {"reading"}


@pytest.mark.parametrize("key", ["fair-2a", "fair-2b", "fair-3", "fair-4a", "fair-4b", "fair-5"])
def test_what_is_not_known_yet_waits_and_is_never_taken_for_no(key: str) -> None:
    """V15: with everything else as if the answer were to be no all the way."""
    on_the_way: dict[str, Json] = {
        **ALONGSIDE, **ALL_YES, "fair-1a": "unsure", "fair-1b": "yes", "fair-1c": "yes", "fair-1d": "yes",
        "fair-2a": "yes", "fair-2b": "yes", "fair-3": "no", "fair-4a": "no", "fair-4b": "no", "fair-5": "no",
        "fair-2-ongoing": "no",
    }  # fmt: skip
    not_known, no = (go({**on_the_way, key: value}, "next test") for value in ("not-yet", "no"))
    assert way_of(not_known)[1] == "not-known-yet"
    assert way_of(no)[1] == ("continue-after-2" if key in {"fair-2a", "fair-2b"} else "management")
    assert ENDS["not-known-yet"].waits


def test_a_yes_to_either_health_question_does_not_wait_for_the_other() -> None:
    before: dict[str, Json] = {**ALONGSIDE, **ALL_YES, "fair-1a": "yes", "fair-1a-ongoing": "yes", "fair-3": "no"}
    for a, b in (("yes", "not-yet"), ("not-yet", "yes")):
        assert way_of(go({**before, "fair-4a": a, "fair-4b": b}, "deliberate harm"))[1] == "health"


# --- The tool read a second time -------------------------------------------------------------------------------------

OPTIONS = {q.id: tuple(q.options) for q in FLOW.questions().values() if type(q) is Choice}


def answered(key: str) -> st.SearchStrategy[Json]:
    """Any answer to a question; mostly yes to a precondition, so that most runs come as far as the tests."""
    values = ("yes", "yes", "yes", "no") if key in ALL_YES else OPTIONS.get(key, (ALONGSIDE.get(key),))
    return st.sampled_from(values)


ANSWERS = st.tuples(
    st.fixed_dictionaries({key: answered(key) for key in FLOW.questions()}),
    st.sets(st.sampled_from(sorted(FLOW.questions())), max_size=2),
).map(lambda both: {key: value for key, value in both[0].items() if key not in both[1]})
"""Answers to nearly all questions, also to those that are not on the path."""


def where(turn: Turn[FairnessReview]) -> str:
    return f"ask {turn.at.asks()[0]}" if isinstance(turn.at, Page) else turn.at.outcome


@settings(max_examples=600, deadline=None)
@given(answers=ANSWERS, reading=st.sampled_from(READINGS))
def test_any_answers_lead_where_the_tool_says(answers: dict[str, Json], reading: str) -> None:
    assert where(go(answers, reading)) == next_step(answers, reading)


@pytest.mark.parametrize("reading", READINGS)
def test_the_second_reading_agrees_on_everything_that_can_be_answered(reading: str) -> None:
    for (_, end), ways in every_way(reading).items():
        assert {next_step(answers, reading) for answers in ways} == {end}


@settings(max_examples=200, deadline=None)
@given(answers=ANSWERS, reading=st.sampled_from(READINGS))
def test_what_is_no_longer_on_the_path_never_reaches_the_rules(answers: dict[str, Json], reading: str) -> None:
    turn = go(answers, reading)
    assert turn.record == go(turn.on_path(), reading).record
    given_to_rules = {key for key, value in turn.record.model_dump().items() if value is not None} - {"reading"}
    assert given_to_rules <= {key.replace("-", "_") for key in turn.on_path()}


# --- The words -------------------------------------------------------------------------------------------------------

# What each question has to keep of the tool, in its label or its reason: taken from the tool line by line.
CLAUSES: Mapping[str, tuple[str, ...]] = {
    "fair-who-is-hurt": ("who is hurt?", "staff", "patients", "family", "public", "for example"),
    "fair-what-they-need": ("what do they need?", "support for their wellbeing", "information on what happened",
                            "for example"),
    "fair-whose-task": ("whose responsibility is it to meet that need?", "occupational health",
                        "the patient safety team", "for example"),
    "fair-safety-incident": ("do the concerns raised relate to a patient safety incident?", "if no, do not use it",
                             "decide next steps", "other processes should be followed"),
    "fair-other-process": ("safeguarding policies", "healthcare incident", "criminal activity is suspected",
                           "contributed to death or serious life-changing harm", "police",
                           "memorandum of understanding"),
    "fair-systems-response": ("patient safety learning response", "systems-based approach", "started or completed",
                              "if no, do not use the tool", "healthcare is complex", "people and technology",
                              "to understand the wider issues of the system", "not the actions of individuals"),
    "fair-jointly": ("used jointly", "a member of the patient safety team", "a member of the workforce team",
                     "if no, do not use the tool", "systems thinking", "safety science",
                     "expertise in supporting staff"),
    "fair-1a": ("does the learning response indicate", "same peer group", "the individual involved",
                "comparable experience and qualifications", "would have acted in the same way",
                "in similar circumstances", "wider system issues have been fully considered"),
    "fair-1b": ("1b.", "was the individual included", "when their peer group received", "relevant training"),
    "fair-1c": ("1c.", "have you considered", "experience and background of the individual",
                "differences in training practices", "between organisations or internationally",
                "cultural differences"),
    "fair-1d": ("1d.", "was supervision in line with expected practice?"),
    "fair-discussed": ("discussed", "the individual's supervisor or education lead",
                       "the systems-based learning response continues"),
    "fair-2a": ("does the learning response identify", "any agreed protocols or accepted practices",
                "apply to the individual's action or omission", "wider system issues have been fully considered"),
    "fair-2b": ("does the learning response find these protocols", "workable", "reflective of accepted practice"),
    "fair-3": ("based on what is known", "any suggestion of", "recklessness, wilful neglect or an intention to cause "
               "harm"),
    "fair-3-bodies": ("external organisations", "professional regulatory body", "the police",
                      "person in position of trust, for adult abuse",
                      "local authority designated officer, for child abuse", "your organisation's guidance"),
    "fair-4a": ("4a.", "based on what is known", "any indication of substance use by the individual",
                "for example, drugs or alcohol"),
    "fair-4b": ("4b.", "based on what is known", "any indication of physical or mental ill health",
                "may have affected the individual's actions"),
    "fair-5": ("does the learning response or other information identify", "any significant mitigating circumstances",
               "for the individual's actions"),
    **{
        f"fair-{place}-ongoing": ("ongoing concerns", "an individual's action may have been",
                                  "reckless, wilfully neglectful or malicious", "the tool goes on only if",
                                  "the systems-based learning response continues")
        for place in ("1a", "1", "2")
    },
}  # fmt: skip

OURS = {
    "fair-1a-source", "fair-discussed-on", "fair-3-which", "fair-3-source",
    *(f"fair-{place}-{what}" for place in ("1a", "1", "2") for what in ("kinds", "ground")),
}  # fmt: skip
"""Asked so that the record says why; the tool does not ask it. The sheet says so too."""

PLACES = {
    "fair-who-is-hurt": "Before using the tool", "fair-safety-incident": "Precondition 1",
    "fair-systems-response": "Precondition 2", "fair-jointly": "Precondition 3", "fair-1a": "Question 1a: substitution",
    "fair-1a-ongoing": "After question 1a", "fair-1c": "1b to 1d: substitution", "fair-discussed": "After questions 1b",
    "fair-1-ongoing": "After questions 1b to 1d", "fair-2a": "Question 2a: foresight",
    "fair-2b": "Question 2b: foresight", "fair-2-ongoing": "After question 2", "fair-3": "Question 3: deliberate harm",
    "fair-3-bodies": "After question 3", "fair-4b": "Question 4: health", "fair-5": "Question 5: mitigating",
}  # fmt: skip

ANSWERS_OFFERED = {
    "fair-1a": "Yes No Unsure",
    **dict.fromkeys(("fair-1b", "fair-1c", "fair-1d"), "Yes No Not known"),
    **dict.fromkeys(("fair-2a", "fair-2b", "fair-3", "fair-4a", "fair-4b", "fair-5"), "Yes No Not known yet"),
    **dict.fromkeys((*ALL_YES, *EACH_FOR_THEMSELVES), "Yes No"),
}


def words_of(question: Question) -> str:
    return " ".join((question.label, question.hint, *getattr(question, "options", {}).values())).casefold()


def test_each_question_keeps_every_clause_of_the_tool() -> None:
    lost = {
        key: missing
        for key, clauses in CLAUSES.items()
        if (missing := [clause for clause in clauses if clause not in words_of(FLOW.questions()[key])])
    }
    assert lost == {}
    assert CLAUSES.keys() | OURS == FLOW.questions().keys()
    assert not CLAUSES.keys() & OURS


def test_each_question_has_the_tools_answers() -> None:
    for key, offered in ANSWERS_OFFERED.items():
        assert " ".join(getattr(FLOW.questions()[key], "options", {}).values()) == offered, key


def test_each_page_names_its_place_in_the_tool() -> None:
    for key, place in PLACES.items():
        assert place in place_of(FLOW.questions()[key]), key


def test_each_question_says_why_it_is_asked() -> None:
    """One on its page at least; what only adds to an answer need not."""
    assert {q.id for q in FLOW.questions().values() if not q.hint} <= OURS
    waits = [q for q in FLOW.questions().values() if "not-yet" in getattr(q, "options", {}) and q.id in CLAUSES]
    assert len(waits) == 7
    for question in waits:
        assert "pauses" in question.hint, question.id


def test_health_is_answered_without_any_detail() -> None:
    """L15: nothing can be typed on that page."""
    (page,) = [step for step in FLOW.steps if isinstance(step, Ask) and step.title.startswith("Question 4")]
    assert all(type(question) is Choice for question in page.questions)


LONGEST_SENTENCE = 30
"""In words. The questions are the tool's own and may be longer."""


def test_what_we_say_ourselves_is_short() -> None:
    for question in FLOW.questions().values():
        for sentence in re.split(r"(?<=[.?!])\s", question.hint):
            assert len(sentence.split()) <= LONGEST_SENTENCE, (question.id, sentence)


def test_every_page_fits_slack_and_teams() -> None:
    """With its longest words, and as the two see it who look at it again."""
    for step in FLOW.steps:
        if not isinstance(step, Ask):
            continue
        for question in step.questions:
            assert all(len(label) <= 75 for label in getattr(question, "options", {}).values()), question.id
            assert len(question.label) <= 250, question.id
            assert len(question.hint) <= 300, question.id
        inputs = tuple(as_input(q, q.id, ALONGSIDE.get(q.id), now=NOW) for q in step.questions)
        send = Button(label="Propose", action="a", submits=True, validates=True)
        card = Card(title=step.title, preview="You have a private task.", body=inputs, buttons=(send,))
        assert check.slack_problems(blockkit.message(card)) == []
        assert check.slack_problems(blockkit.modal(card)) == []
        assert check.teams_problems(adaptive.render(card)) == []


def test_a_trusts_own_wording_changes_the_words_and_nothing_else() -> None:
    own = {key: f"The official text of {key}" for key in FLOW.questions()}
    reworded = FLOW.reworded(own)
    assert {key: q.label for key, q in reworded.questions().items()} == own
    for reading in READINGS:
        for way, ways in every_way(reading).items():
            assert way_of(walk(reworded, ways[0], NOW, {"reading": reading})) == way
    assert FLOW.reworded({}).questions() == FLOW.questions()


# --- The sheet -------------------------------------------------------------------------------------------------------


def steps() -> str:
    return describe(FLOW, ends=steps_of_ends())


def test_the_sheet_that_was_signed_off_is_what_the_bot_asks() -> None:
    assert steps() in SHEET.read_text("utf-8"), (
        "The being fair tool is not the reviewed one. If the change is meant, run "
        "PYTHONPATH=tests .venv/bin/python tests/dialogs/test_being_fair_flow.py and have the sheet reviewed again."
    )


def test_every_condition_on_the_sheet_is_in_the_tools_terms() -> None:
    conditions = re.findall(r" — only if (.*)$", steps(), re.MULTILINE)
    assert len(conditions) == sum(step.when is not always for step in FLOW.steps)
    assert all(re.search(r"precondition \d|\b[1-5][a-d]?\b|discussed", words) for words in conditions)
    assert not any("_" in words or words.endswith(".") for words in conditions)


def test_the_sheet_says_what_no_step_can_show() -> None:
    sheet = " ".join(SHEET.read_text("utf-8").split())
    for clause in (
        "not for routine use", "either of the two can take alone, at any time", "neither the person concerned nor "
        "their line manager", "answers for themselves", "“next test”", "“deliberate harm”", "pause",
        "restorative just culture", "as further information from the learning response becomes available",
    ):  # fmt: skip
        assert clause in sheet, clause
    for key in sorted(EACH_FOR_THEMSELVES | OURS):
        assert f"`{key}`" in sheet, key


if __name__ == "__main__":
    old = SHEET.read_text("utf-8")
    begins, ends = old.index("being-fair, version"), old.index("\n\n## What holds throughout")
    SHEET.write_text(old[:begins] + steps() + old[ends:], "utf-8")
