"""The report, as the policy's owner would check it: who is asked what, and in how many answers.

`report.described.txt` is the flow in English, reviewed and signed off. After a change that is meant, renew it with
`.venv/bin/python tests/dialogs/test_report_flow.py` and have the difference reviewed.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from psirf_bot.dialogs.flow import Ask, Each, Flow, Page, Stop, Turn, describe, submit, walk
from psirf_bot.dialogs.questions import Json
from psirf_bot.dialogs.report import CHECK_ON, report_flow
from psirf_bot.domain.report import CheckWish, EventType, Report
from psirf_bot.trust_file import read_trust, sample_trust_text

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=ZoneInfo("Europe/London"))
DESCRIBED = Path(__file__).with_name("report.described.txt")


def sample_flow() -> Flow[Report]:
    trust, mistakes = read_trust(sample_trust_text())
    assert trust, mistakes
    return report_flow(trust.services, {body.id: body.name for body in trust.other_bodies}).reworded(trust.wording)


FLOW = sample_flow()

# The pages, with the questions on them; ? marks what may be left out.
HAPPENED = "danger event-type what-happened when service place?"
AFFECTED = "affected affected-described?"
HARM = "physical-harm psychological-harm?"
ALWAYS_MORE = "done-straight-away? involved? colleagues?"
MORE = {
    "near-miss": f"could-have-led made-harder? {ALWAYS_MORE} relative? clinical-record? other-bodies? confidential?",
    "no harm": f"could-have-led made-harder? {ALWAYS_MORE} relative? clinical-record? other-bodies? confidential?",
    "harm": f"made-harder? {ALWAYS_MORE} relative? clinical-record? other-bodies? confidential?",
    "good-care": f"went-well? {ALWAYS_MORE} confidential?",
    "risk": f"made-harder? {ALWAYS_MORE} other-bodies? confidential?",
}
CANDOUR = "candour"

# What is reported, who was affected, physical and psychological harm: the pages met, and how many answers are needed.
OUTCOMES: list[tuple[str, str, str, str, list[str], int]] = [
    ("near-miss", "", "", "", [HAPPENED, MORE["near-miss"]], 6),
    ("good-care", "", "", "", [HAPPENED, MORE["good-care"]], 5),
    ("risk", "", "", "", [HAPPENED, MORE["risk"]], 5),
    ("incident", "nobody", "", "", [HAPPENED, AFFECTED, MORE["no harm"]], 7),
    ("incident", "staff", "", "", [HAPPENED, AFFECTED, MORE["no harm"]], 7),
    ("incident", "visitor", "", "", [HAPPENED, AFFECTED, MORE["no harm"]], 7),
    ("incident", "not-known", "", "", [HAPPENED, AFFECTED, MORE["no harm"], CANDOUR], 8),
    ("incident", "staff visitor", "", "", [HAPPENED, AFFECTED, MORE["no harm"]], 7),
    ("incident", "patient", "none", "", [HAPPENED, AFFECTED, HARM, MORE["no harm"], CANDOUR], 9),
    ("incident", "patient", "none", "none", [HAPPENED, AFFECTED, HARM, MORE["no harm"], CANDOUR], 9),
    ("incident", "patient staff", "none", "none", [HAPPENED, AFFECTED, HARM, MORE["no harm"], CANDOUR], 9),
    ("incident", "patient", "none", "low", [HAPPENED, AFFECTED, HARM, MORE["harm"], CANDOUR], 8),
    ("incident", "patient", "none", "severe", [HAPPENED, AFFECTED, HARM, MORE["harm"], CANDOUR], 8),
    ("incident", "patient", "low", "", [HAPPENED, AFFECTED, HARM, MORE["harm"], CANDOUR], 8),
    ("incident", "patient", "moderate", "none", [HAPPENED, AFFECTED, HARM, MORE["harm"], CANDOUR], 8),
    ("incident", "patient", "severe", "moderate", [HAPPENED, AFFECTED, HARM, MORE["harm"], CANDOUR], 8),
    ("incident", "patient staff", "fatal", "", [HAPPENED, AFFECTED, HARM, MORE["harm"], CANDOUR], 8),
]  # fmt: skip

GIVEN: Mapping[str, Json] = {
    "danger": "no", "what-happened": "The hoist stopped half way.", "when": "2026-11-23T14:30", "service": "Podiatry",
    "could-have-led": "not-known", "candour": "no",
}  # fmt: skip


def take(answers: Mapping[str, Json], known: Mapping[str, object] | None = None) -> Turn[Report]:
    """Answer page by page with these answers, leaving out whatever may be left out."""
    turn = walk(FLOW, {}, NOW, known)
    while isinstance(turn.at, Page):
        page = turn.at
        given = {key: answers.get(key, answers.get(q.id)) for key, q in zip(page.asks(), page.questions, strict=True)}
        turn = submit(FLOW, turn.answers, given, NOW, known)
        assert not turn.problems, (page.title, turn.problems)
    return turn


def asked(turn: Turn[Report]) -> list[str]:
    return [" ".join(q.id + "?" * q.optional for q in page.questions) for page in turn.passed]


def how_many_must_be_answered(turn: Turn[Report]) -> int:
    return sum(not q.optional for page in turn.passed for q in page.questions)


@pytest.mark.parametrize(
    ("event", "affected", "physical", "psychological", "pages", "needed"),
    OUTCOMES,
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_who_is_asked_what(
    event: str, affected: str, physical: str, psychological: str, pages: list[str], needed: int
) -> None:
    turn = take(
        {
            **GIVEN,
            "event-type": event,
            "affected": affected.split(),
            "physical-harm": physical,
            "psychological-harm": psychological,
        }
    )
    assert asked(turn) == pages
    assert how_many_must_be_answered(turn) == needed
    assert isinstance(turn.at, Stop)
    assert turn.at.outcome == "report-is-ready"


def test_the_table_of_outcomes_has_every_kind_of_event_everybody_affected_and_every_grade_of_harm() -> None:
    questions = FLOW.questions()
    for column, key in enumerate(("event-type", "affected", "physical-harm", "psychological-harm")):
        named = {value for row in OUTCOMES for value in str(row[column]).split()}
        assert named == set(getattr(questions[key], "options", ()))


def test_a_near_miss_takes_six_answers_on_two_pages() -> None:
    turn = take({**GIVEN, "event-type": "near-miss"})
    given = {key: value for key, value in turn.on_path().items() if value is not None}
    assert list(given) == ["danger", "event-type", "what-happened", "when", "service", "could-have-led"]
    assert len(turn.passed) == 2


def test_danger_is_the_very_first_question() -> None:
    first = walk(FLOW, {}, NOW).at
    assert isinstance(first, Page)
    assert first.asks()[0] == "danger"


def test_only_somebody_whom_the_list_does_not_know_is_asked_who_manages_them() -> None:
    for event in EventType:
        known = take({**GIVEN, "event-type": event, "affected": ["nobody"]}, {"manager_known": True})
        unknown = take({**GIVEN, "event-type": event, "affected": ["nobody"]}, {"manager_known": False})
        more = next(page for page in unknown.passed if page.title == "A little more")
        assert set(unknown.on_path()) - set(known.on_path()) == {"my-manager"}
        assert next(q for q in more.questions if q.id == "my-manager").optional


SUPPORT: list[tuple[dict[str, Json], list[str]]] = [
    ({}, []),
    ({"involved": "no"}, []),
    ({"involved": "yes"}, ["support/me/by"]),
    ({"colleagues": ["p1", "p2"]}, ["support/p1/by", "support/p2/by"]),
    ({"involved": "yes", "colleagues": ["p1"]}, ["support/me/by", "support/p1/by"]),
    ({"involved": "yes", "by": "someone-else"}, ["support/me/by", "support/me/who"]),
    (
        {"involved": "yes", "colleagues": ["p1"], "support/p1/by": "someone-else"},
        ["support/me/by", "support/p1/by", "support/p1/who"],
    ),
]


@pytest.mark.parametrize("event", EventType)
@pytest.mark.parametrize(("given", "keys"), SUPPORT)
def test_each_of_the_staff_involved_is_asked_about_whatever_the_event(
    event: EventType, given: dict[str, Json], keys: list[str]
) -> None:
    turn = take({**GIVEN, "event-type": event, "affected": ["nobody"], "by": "line-manager", **given})
    assert [key for key in turn.on_path() if key.startswith("support/")] == keys
    assert list(turn.record.support) == list(dict.fromkeys(key.split("/")[1] for key in keys))


def test_an_incident_that_turns_out_a_near_miss_keeps_no_harm_and_no_candour_answer() -> None:
    incident = take({**GIVEN, "event-type": "incident", "affected": ["patient"], "physical-harm": "severe"})
    near_miss = submit(FLOW, incident.answers, {"event-type": "near-miss", "could-have-led": "yes"}, NOW)
    assert isinstance(near_miss.at, Stop)
    assert near_miss.on_path().keys().isdisjoint({"affected", "physical-harm", "candour"})
    assert (near_miss.record.physical_harm, near_miss.record.candour) == (None, None)
    again = submit(FLOW, near_miss.answers, {"event-type": "incident"}, NOW)
    assert again.record == incident.record


def test_every_question_is_met_by_somebody_and_its_answer_is_used_by_the_record() -> None:
    met: set[str] = set()
    used: set[str] = set()
    everything: dict[str, Json] = {
        **GIVEN, "place": "Clinic room 2", "affected-described": "An older adult", "psychological-harm": "low",
        "made-harder": "One hoist for two rooms", "went-well": "Everyone knew the plan", "done-straight-away": "Rang",
        "colleagues": ["p1"], "involved": "yes", "relative": "no", "clinical-record": "yes", "other-bodies": ["hse"],
        "confidential": "yes", "my-manager": ["p2"], "by": "someone-else", "who": ["p3"], "candour": "yes",
    }  # fmt: skip
    for event, physical in product(EventType, ("none", "low")):
        answers = {**everything, "event-type": event.value, "affected": ["patient"], "physical-harm": physical}
        if physical == "none":
            answers["psychological-harm"] = "none"
        turn = take(answers, {"manager_known": False})
        fields = {key.replace("-", "_"): value for key, value in turn.on_path().items() if "/" not in key}
        record = turn.record.model_dump(mode="json")
        assert {field: record[field] for field in fields} == fields
        assert record["support"] == {who: {"by": "someone-else", "who": ["p3"]} for who in ("me", "p1")}
        met |= {question.id for page in turn.passed for question in page.questions}
        used |= fields.keys()
    assert met == FLOW.questions().keys() | CHECK_ON.questions().keys()
    assert used == Report.model_fields.keys() - {"manager_known", "me", "support"}
    assert set(CheckWish.model_fields) == {"by", "who"}


def test_every_step_is_reached() -> None:
    turn = take({**GIVEN, "event-type": "incident", "affected": ["patient"], "physical-harm": "low",
                 "involved": "yes", "by": "someone-else"})  # fmt: skip
    pages = [step.title for step in FLOW.steps if isinstance(step, Ask)]
    checks = [step.title for step in CHECK_ON.steps if isinstance(step, Ask)]
    assert [page.title for page in turn.passed] == pages + checks
    assert sum(isinstance(step, Each) for step in FLOW.steps) == 1
    assert turn.at is FLOW.steps[-1]


def test_the_same_answers_by_typing_by_card_and_by_modal_are_the_same() -> None:
    typed = {
        "danger": "No", "event-type": "incident", "what-happened": "It stopped.", "when": "yesterday 2.30pm",
        "service": "podiatry", "affected": "a patient or service user, a visitor, carer or relative",
        "physical-harm": "low", "colleagues": "Sam Reed, Jo Bell", "other-bodies": "HSE, police", "by": "1",
        "candour": "not known",
    }  # fmt: skip
    picked = {
        "danger": "no", "event-type": "incident", "what-happened": "It stopped.",
        "when": {"date": "2026-11-23", "time": "14:30"}, "service": "Podiatry", "affected": ["visitor", "patient"],
        "physical-harm": "low", "colleagues": ["Sam Reed", "Jo Bell"], "other-bodies": ["police", "hse"],
        "candour": "not-known", "by": "line-manager",
    }  # fmt: skip
    assert take(typed).on_path() == take(picked).on_path()  # type: ignore[arg-type]  # as the adapters give it


def test_the_flow_in_english_is_the_one_that_was_signed_off() -> None:
    assert describe(FLOW) + "\n" == DESCRIBED.read_text(encoding="utf-8"), (
        "The report flow is not the reviewed one. If the change is meant, run "
        ".venv/bin/python tests/dialogs/test_report_flow.py and have the difference in report.described.txt reviewed."
    )


if __name__ == "__main__":
    DESCRIBED.write_text(describe(FLOW) + "\n", encoding="utf-8")
