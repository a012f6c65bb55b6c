"""Yes and no as people type them: a danger is told rather twice than not at all."""

from datetime import UTC, datetime

import pytest

from psirf_bot.dialogs.questions import one_of, yes_no, yes_no_not_known
from psirf_bot.dialogs.typed import Invalid

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)
DANGER = yes_no("danger", "Is anyone in danger now?", better_twice=True)
INVOLVED = yes_no("involved", "Were you involved yourself?")
KNOWN = yes_no_not_known("known", "Could it have led to harm?")

YES = (
    "yes", "Yes.", "YES!", "y", "yeah", "yep", "yup", "yes please", "yes there is", "yes, he has collapsed", "yes yes",
    "Yes - there is a patient with a knife in bay 2", "yes\nhe fell", "yes: bay 2", "yes no pulse",
    "Yes, not breathing",
    "yes, nobody is with him", "yes he’s on the floor", "yes, " + "he has collapsed and " * 60,
)  # fmt: skip
CLEARLY_NO = (
    "no", "No.", "n", "nope", "nah", "nobody", "no one", "no-one", "Nobody!", "no, all fine", "no - all good",
    "no thanks",
    "No. Everyone is safe now", "nobody is in danger", "no one in danger now", "no danger", "not now",
    "not any more", "no longer",
    "no, not at the moment", "no, he’s fine", "no it is over", "no and all is well", "nobody was hurt",
)  # fmt: skip
NO_BUT_NOT_OF_DANGER = (
    "no, I came later",
    "no I was not",
    "no, he is bleeding",
    "No - on leave",
    "no. It was on the ward",
)
UNCLEAR = (
    "yes and no", "yes or no", "yes/no", "yes, no", "yes but no longer", "yes but not any more", "no but he might fall",
    "no wait yes",    "no, maybe", "no doubt", "nobody is helping him", "nobody is here", "nobody is safe",
    "no one came",
    "maybe", "I think so",    "he is bleeding", "I don’t think so", "in danger", "not safe", "all fine",
    "yesterday", "north wing",
    "nothing", "help", "!", "no, not sure",
)  # fmt: skip
NOT_KNOWN = (
    "not sure",
    "Not sure yet",
    "don’t know",
    "I don't know",
    "unsure",
    "no idea",
    "unknown",
    "not known, sorry",
)


def understood(question: object, typed: str) -> object:
    try:
        return question.parse(typed, NOW)  # type: ignore[attr-defined]
    except Invalid:
        return None


@pytest.mark.parametrize("question", [DANGER, INVOLVED, KNOWN], ids=lambda q: str(q.id))
@pytest.mark.parametrize("typed", YES)
def test_a_leading_yes_is_a_yes(question: object, typed: str) -> None:
    assert understood(question, typed) == "yes"


@pytest.mark.parametrize("typed", CLEARLY_NO)
def test_a_clear_no_is_a_no(typed: str) -> None:
    assert understood(DANGER, typed) == "no"
    assert understood(INVOLVED, typed) == "no"
    assert understood(KNOWN, typed) == (None if typed == "n" else "no")


@pytest.mark.parametrize("typed", NO_BUT_NOT_OF_DANGER)
def test_a_no_with_more_words_is_no_clear_no_of_danger(typed: str) -> None:
    assert understood(INVOLVED, typed) == "no"
    assert understood(DANGER, typed) is None


@pytest.mark.parametrize("question", [DANGER, INVOLVED, KNOWN], ids=lambda q: str(q.id))
@pytest.mark.parametrize("typed", UNCLEAR)
def test_what_is_not_clear_is_asked_again(question: object, typed: str) -> None:
    assert understood(question, typed) is None


@pytest.mark.parametrize("typed", NOT_KNOWN)
def test_not_known_is_no_no(typed: str) -> None:
    assert understood(KNOWN, typed) == "not-known"
    assert understood(DANGER, typed) is None
    assert understood(INVOLVED, typed) is None
    assert understood(KNOWN, "not sure, probably yes") is None


def test_a_danger_that_is_not_clear_says_what_to_answer() -> None:
    with pytest.raises(Invalid, match="if you are not sure, yes"):
        DANGER.parse("maybe", NOW)


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("yes", ""),
        ("yes please", ""),
        ("yes there is", ""),
        ("no thanks", ""),
        ("maybe", ""),
        ("yes, he has collapsed", "Yes"),
        ("no, I came later", "No"),
        ("not sure, the notes are missing", "Not known"),
    ],
)
def test_words_after_it_are_known_to_be_lost(typed: str, label: str) -> None:
    assert KNOWN.all_that_is_noted(typed) == label


def test_other_choices_are_read_as_before() -> None:
    record = one_of("record", "Is it in the record?", {"yes": "Yes", "not-yet": "Not yet"})
    assert understood(record, "yes, today") is None
    assert understood(record, "not yet") == "not-yet"


def test_very_many_characters_hold_nobody_up() -> None:
    for unit in ("-", ", ", "no ", "no, ", "yes ", " - ", "and "):
        understood(DANGER, f"no {unit * 4000}x")
        understood(KNOWN, f"yes {unit * 4000}x")
