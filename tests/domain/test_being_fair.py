"""The ends of the being fair tool: their words, clause by clause, and what has to be followed up after each."""

import pytest

from psirf_bot.domain.being_fair import (
    ENDS,
    KINDS_OF_CONCERN,
    LIMBS,
    OUTSIDE_BODIES,
    FairnessReview,
    Reading,
    follow_ups,
    missing_ground,
)
from psirf_bot.domain.deadlines import RULES

# What each end has to keep of the tool, in this order: taken from the tool line by line.
STEPS: dict[str, tuple[str, ...]] = {
    "safeguarding": (
        "do not use this tool", "safeguarding concerns", "follow your organisation's safeguarding policies",
    ),
    "police": (
        "do not use this tool", "refer", "healthcare incident", "to the police", "criminal activity is suspected",
        "contributed to death or serious life-changing harm", "guided by", "memorandum of understanding",
        "healthcare organisations", "regulatory, investigatory and prosecutorial bodies",
    ),
    "another-process": ("do not use this tool", "next steps", "patient safety incident", "process"),
    "no-systems-response": (
        "do not use this tool", "learning response", "systems-based approach", "people and technology",
        "not at the actions of individuals", "only if", "begins to raise concerns about an individual's actions",
    ),
    "not-jointly": (
        "do not use this tool", "systems thinking", "safety science", "patient safety team",
        "workforce team's expertise", "supporting staff",
    ),
    "continue-after-1a": ("continue with the systems-based learning response", "ongoing concern", "the tool ends"),
    "continue-after-1": ("continue with the systems-based learning response", "ongoing concern", "the tool ends"),
    "continue-after-2": ("continue with the systems-based learning response", "ongoing concern", "the tool ends"),
    "appropriate-action": (
        "follow your organisation's guidance for appropriate action", "including contact",
        "relevant external organisations", "for example", "professional regulatory bodies", "the police",
        "statutory safeguarding processes", "the relevant lead", "person in position of trust (pipot)",
        "for adult abuse", "local authority designated officer (lado)", "for child abuse",
    ),
    "health": ("follow your organisation's guidance for health issues affecting work",),
    "mitigation": (
        "action directed at the individual", "may not be appropriate",
        "follow your organisation's guidance for appropriate action",
    ),
    "management": (
        "follow your organisation's guidance for appropriate management", "could include",
        "remediation, supervision, additional training or disciplinary action",
    ),
    "not-known-yet": ("waits", "nothing counts as no"),
    "not-discussed-yet": (
        "discuss", "the individual's supervisor or education lead", "continue with the systems-based learning response",
    ),
}  # fmt: skip

FOLLOWED_UP = {
    "safeguarding": "fair.safeguarding",
    "police": "fair.police",
    "another-process": "fair.told",
    "no-systems-response": "fair.told",
    "not-jointly": "fair.told",
    "continue-after-1a": "fair.told",
    "continue-after-1": "fair.told",
    "continue-after-2": "fair.told",
    "appropriate-action": "fair.guidance fair.told",
    "health": "fair.health fair.told",
    "mitigation": "fair.guidance fair.told",
    "management": "fair.guidance fair.told",
}
"""With nobody outside concerned. Of a crime or of abuse nobody is told before those who look into it are asked."""

BODIES = {
    ("none",): "fair.guidance fair.told",
    ("regulator",): "fair.guidance fair.regulator fair.told",
    ("police",): "fair.guidance fair.police",
    ("pipot",): "fair.guidance fair.pipot",
    ("lado",): "fair.guidance fair.lado",
    ("regulator", "police", "pipot", "lado"): "fair.guidance fair.regulator fair.police fair.pipot fair.lado",
}
NEVER = ("guilty", "blame", "fault", "culprit", "verdict", "decided that", "must be disciplined", "the individual is")


@pytest.mark.parametrize("end", ENDS)
def test_each_end_keeps_every_clause_of_the_tool_in_its_order(end: str) -> None:
    words, at = ENDS[end].step.casefold(), 0
    for clause in STEPS[end]:
        found = words.find(clause, at)
        assert found >= 0, clause
        at = found + len(clause)
    assert not any(word in words for word in NEVER)


def test_every_end_is_known_here() -> None:
    assert STEPS.keys() == ENDS.keys()
    assert FOLLOWED_UP.keys() == {end for end, found in ENDS.items() if not found.waits}


@pytest.mark.parametrize("end", FOLLOWED_UP)
def test_what_is_followed_up_after_each_end(end: str) -> None:
    assert " ".join(follow_ups(end, FairnessReview())) == FOLLOWED_UP[end]


@pytest.mark.parametrize("bodies", BODIES)
def test_each_body_outside_that_is_relevant_becomes_a_reminder(bodies: tuple[str, ...]) -> None:
    record = FairnessReview(fair_3="yes", fair_3_bodies=list(bodies))
    assert " ".join(follow_ups("appropriate-action", record)) == BODIES[bodies]


def test_a_body_outside_follows_from_yes_to_question_3_alone() -> None:
    assert "fair.lado" not in follow_ups("health", FairnessReview(fair_3="no", fair_3_bodies=["lado"]))


def test_everything_that_is_followed_up_has_its_clock() -> None:
    owed = {rule for end in FOLLOWED_UP.values() for rule in end.split()}
    owed |= {rule for bodies in BODIES.values() for rule in bodies.split()}
    assert owed <= {rule.id for rule in RULES if rule.held_tight}


def test_what_waits_is_no_end_and_opens_nothing() -> None:
    assert {end for end, found in ENDS.items() if found.waits} == {"not-known-yet", "not-discussed-yet"}
    assert all(not found.follow_ups for found in ENDS.values() if found.waits)


def test_no_end_is_worded_as_a_judgement_of_a_person() -> None:
    assert all(found.title and len(found.title) <= 60 for found in ENDS.values())
    assert "Disciplinary" not in {found.title for found in ENDS.values()}
    for end, found in ENDS.items():
        if "disciplinary" in found.step:
            assert end == "management", "only where the tool names it, among the others"


def test_the_words_to_choose_from_are_the_tools() -> None:
    assert " ".join(KINDS_OF_CONCERN.values()).casefold() == "reckless wilfully neglectful malicious"
    assert " ".join(LIMBS.values()).casefold() == "recklessness wilful neglect an intention to cause harm"
    assert list(OUTSIDE_BODIES) == ["regulator", "police", "pipot", "lado"]
    assert all(len(words) <= 75 for words, _ in OUTSIDE_BODIES.values())


@pytest.mark.parametrize(
    ("ongoing", "kinds", "ground", "missing"),
    [
        ("yes", ["reckless"], "Section 4.", False),
        ("yes", [], "Section 4.", True),
        ("yes", None, "Section 4.", True),
        ("yes", ["reckless"], None, True),
        ("yes", ["reckless"], "", True),
        ("yes", None, None, True),
        ("no", None, None, False),
        (None, None, None, False),
    ],
)
def test_an_ongoing_concern_needs_its_ground(ongoing: object, kinds: object, ground: object, missing: bool) -> None:
    assert missing_ground(ongoing, kinds, ground) is missing


@pytest.mark.parametrize("reading", ["next test", "deliberate harm"])
def test_a_record_without_answers_takes_no_way_on_or_out(reading: Reading) -> None:
    record = FairnessReview(reading=reading)
    ways = [name for name, made in vars(FairnessReview).items() if callable(made) and made.__doc__]
    ways = [name for name in ways if not name.startswith("_") and not name.startswith("model")]
    assert len(ways) == 24
    assert not any(getattr(record, name)() for name in ways)
