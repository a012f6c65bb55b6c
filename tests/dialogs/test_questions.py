"""Every kind of question: what people type, and what must never be taken for an answer."""

import json
import time
import unicodedata
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from psirf_bot.dialogs.questions import (
    Clock,
    Day,
    Json,
    Moment,
    Number,
    People,
    Question,
    long_text,
    one_of,
    several_of,
    short_text,
    yes_no,
    yes_no_not_known,
)
from psirf_bot.dialogs.typed import Invalid, clean

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=ZoneInfo("Europe/London"))  # a Tuesday

AFFECTED = {
    "patient": "A patient or service user",
    "staff": "A member of staff",
    "visitor": "A visitor, carer or relative",
    "nobody": "Nobody",
}
WORDS = long_text("words", "Words?")
LINE = short_text("line", "Line?", max_length=10)
YES_NO = yes_no("yes-no", "Yes or no?")
KNOWN = yes_no_not_known("known", "Known?")
ONE = one_of("one", "Which one?", AFFECTED)
WARD = one_of("ward", "Which ward?", {"3": "3", "1": "1", "2": "2"})
SEVERAL = several_of("several", "Which?", AFFECTED)
NUMBER = Number("number", "How many?", least=-5, most=5_000)
DAY = Day("day", "Which day?")
CLOCK = Clock("clock", "What time?")
MOMENT = Moment("moment", "When?")
PEOPLE = People("people", "Who?", most=3)

KINDS: tuple[Question, ...] = (
    WORDS, LINE, YES_NO, KNOWN, ONE, WARD, SEVERAL, NUMBER, DAY, CLOCK, MOMENT, PEOPLE,
    long_text("may-be-left-out", "Words?", optional=True),
    one_of("one-left-out", "Which one?", AFFECTED, optional=True),
    several_of("several-left-out", "Which?", AFFECTED, optional=True),
    Moment("when-left-out", "When?", optional=True),
    People("people-left-out", "Who?", optional=True),
)  # fmt: skip

GOOD: list[tuple[Question, object, Json]] = [
    (WORDS, "  The hoist\r\nstopped.\n", "The hoist\nstopped."),
    (WORDS, "e\u0301", "\u00e9"),
    (WORDS, "\u00a0Café \u200b", "Café"),
    (WORDS, "She said 👩\u200d⚕️ ❤\ufe0f", "She said 👩\u200d⚕️ ❤\ufe0f"),
    (WORDS, "0", "0"),
    (WORDS, 7, "7"),
    (WORDS, "x" * 3000, "x" * 3000),
    (LINE, "  Room 4  ", "Room 4"),
    (YES_NO, "yes", "yes"),
    (YES_NO, "Yes", "yes"),
    (YES_NO, " NO ", "no"),
    (YES_NO, "y", "yes"),
    (YES_NO, "n", "no"),
    (YES_NO, "2", "no"),
    (YES_NO, 1, "yes"),
    (KNOWN, "not known", "not-known"),
    (KNOWN, "Don’t know.", "not-known"),
    (KNOWN, "Yes.", "yes"),
    (KNOWN, "not", "not-known"),
    (KNOWN, "no", "no"),
    (ONE, "a member of STAFF", "staff"),
    (ONE, "4", "nobody"),
    (ONE, "a pat", "patient"),
    (ONE, "A visitor, carer or relative", "visitor"),
    (WARD, "1", "1"),  # the ward called 1, not the first in the list
    (WARD, "2", "2"),
    (SEVERAL, "patient, staff", ["patient", "staff"]),
    (SEVERAL, "staff; 1\nstaff", ["patient", "staff"]),
    (SEVERAL, ["visitor", "patient"], ["patient", "visitor"]),
    (SEVERAL, "A member of staff, a visitor, carer or relative", ["staff", "visitor"]),
    (SEVERAL, ["A visitor, carer or relative"], ["visitor"]),
    (NUMBER, "12", 12),
    (NUMBER, 12, 12),
    (NUMBER, " -5 ", -5),
    (NUMBER, "+3", 3),
    (NUMBER, "5,000", 5000),  # as the hint writes it
    (NUMBER, "٣", 3),
    (DAY, "today", "2026-11-24"),
    (DAY, "2026-11-20", "2026-11-20"),
    (CLOCK, "14:30", "14:30"),
    (CLOCK, "2.30 p.m.", "14:30"),
    (CLOCK, "0905", "09:05"),
    (CLOCK, "midnight", "00:00"),
    (MOMENT, "yesterday 14:30", "2026-11-23T14:30"),
    (MOMENT, {"date": "2026-11-20", "time": "14:30"}, "2026-11-20T14:30"),
    (MOMENT, {"date": "2026-11-20", "time": ""}, "2026-11-20"),
    (MOMENT, {"date": "2026-11-20"}, "2026-11-20"),
    (PEOPLE, "Sam Reed; Jo O'Neil, Sam Reed", ["Sam Reed", "Jo O'Neil"]),
    (PEOPLE, "Sam Reed and Jo O'Neil", ["Sam Reed", "Jo O'Neil"]),
    (PEOPLE, "Sam Reed, Jo O'Neil, and Andy Sands", ["Sam Reed", "Jo O'Neil", "Andy Sands"]),
    (PEOPLE, "Sam Reed (Falls and Frailty) and Jo O'Neil", ["Sam Reed (Falls and Frailty)", "Jo O'Neil"]),
    (PEOPLE, "Sam Reed & sand.and.sea@fenmarsh.example", ["Sam Reed", "sand.and.sea@fenmarsh.example"]),
    (PEOPLE, ["p1", "p2", "p1"], ["p1", "p2"]),
    (PEOPLE, "jo.oneil@fenmarsh.example", ["jo.oneil@fenmarsh.example"]),
]  # fmt: skip

BAD: list[tuple[Question, object]] = [
    (WORDS, "x" * 3001),
    (WORDS, "no\x00ne"),
    (WORDS, "half of an emoji \ud83d"),
    (WORDS, "safe \u202eton"),
    (WORDS, ["a list, whose insides nobody screened"]),
    (WORDS, {"an": "object"}),
    (LINE, "x" * 11),
    (YES_NO, "maybe"),
    (YES_NO, "0"),
    (YES_NO, "3"),
    (YES_NO, "²"),
    (KNOWN, "n"),  # No, or Not known? Not known is never taken as no, nor the other way round
    (ONE, "a"),
    (ONE, ["patient"]),
    (SEVERAL, "patient, somebody"),
    (SEVERAL, ["patient", ["staff"]]),
    (NUMBER, "²"),
    (NUMBER, "½"),
    (NUMBER, "1.5"),
    (NUMBER, 1.5),
    (NUMBER, True),
    (NUMBER, "1e3"),
    (NUMBER, "5001"),
    (NUMBER, "-6"),
    (NUMBER, "9" * 5000),
    (NUMBER, 10**5000),  # too long for str() itself
    (NUMBER, float("nan")),
    (NUMBER, float("inf")),
    (DAY, "tomorrow"),
    (DAY, "yesterday 14:30"),
    (CLOCK, "25:00"),
    (CLOCK, "24:00"),
    (CLOCK, "1.5"),
    (CLOCK, "12"),
    (CLOCK, "half past two"),
    (MOMENT, {"time": "14:30"}),
    (MOMENT, {"date": ["2026-11-20"], "time": {}}),
    (MOMENT, {"date": "2026-13-20"}),
    (PEOPLE, "Sam, Jo, Ali, Kit"),
    (PEOPLE, "x" * 121),
    (PEOPLE, {"name": "Sam"}),
    (PEOPLE, [["Sam"]]),
]

NOTHING = (
    None,
    "",
    "   ",
    "\n",
    "\u200b\u200b",
    "\u2003",
    "\u200e\u200f",
    "\u00ad",
    "\u3164\u2800",
    "\ufe0f",
    "\u0301",
)


def _kind(given: object) -> str:
    """A test's name: the kind of question; what is typed may be too long to name anything."""
    return str(getattr(given, "id", "typed"))


@pytest.mark.parametrize(("question", "typed", "answer"), GOOD, ids=_kind)
def test_what_people_type_is_understood(question: Question, typed: object, answer: Json) -> None:
    assert question.parse(typed, NOW) == answer


@pytest.mark.parametrize(("question", "typed"), BAD, ids=_kind)
def test_what_cannot_be_used_is_refused_in_words_for_the_person(question: Question, typed: object) -> None:
    with pytest.raises(Invalid) as refused:
        question.parse(typed, NOW)
    assert str(refused.value).startswith(("Please ", "That is ", "Some of "))


@pytest.mark.parametrize("blank", NOTHING, ids=ascii)
@pytest.mark.parametrize("question", KINDS, ids=_kind)
def test_nothing_that_can_be_seen_is_no_answer(question: Question, blank: object) -> None:
    if question.optional:
        assert question.parse(blank, NOW) is None
    else:
        with pytest.raises(Invalid, match="Please answer this"):
            question.parse(blank, NOW)


@pytest.mark.parametrize("none_picked", [[], ["", None], ", ;\n"])
@pytest.mark.parametrize("question", [q for q in KINDS if q.id.startswith(("several", "people"))], ids=_kind)
def test_a_list_of_nothing_is_no_answer(question: Question, none_picked: object) -> None:
    if question.optional:
        assert question.parse(none_picked, NOW) is None
    else:
        with pytest.raises(Invalid, match="Please answer this"):
            question.parse(none_picked, NOW)


def test_a_refusal_says_by_how_much_the_words_are_too_long() -> None:
    with pytest.raises(Invalid, match=r"^That is 1 character too long\. Please shorten it to 10\.$"):
        LINE.parse("x" * 11, NOW)
    with pytest.raises(Invalid, match=r"^That is 1,000 characters too long\. Please shorten it to 3,000\.$"):
        WORDS.parse("x" * 4000, NOW)


def test_a_refusal_never_repeats_what_was_typed() -> None:
    """It is shown next to the question, and may be logged or read out by others."""
    for question in KINDS:
        with pytest.raises(Invalid) as refused:
            question.parse("zzqx 943 476 5919 \x00", NOW)
        assert "943" not in str(refused.value)


def test_the_options_in_a_refusal_can_be_typed_back() -> None:
    with pytest.raises(Invalid) as refused:
        SEVERAL.parse("martians", NOW)
    listed = str(refused.value).removeprefix("Please choose one of: ").removesuffix(".")
    assert SEVERAL.parse(listed, NOW) == list(AFFECTED)


@pytest.mark.parametrize("question", KINDS, ids=_kind)
def test_new_words_for_a_question_change_nothing_else(question: Question) -> None:
    again = question.reworded("In our words?")
    assert again.label == "In our words?"
    assert (again.id, again.hint, again.optional) == (question.id, question.hint, question.optional)
    assert again.reworded(question.label) == question


_TYPED = st.text() | st.text("0123456789 :./-,;apmtodyesnw²٣\u200b\u00a0\n", max_size=20)
_LIKELY = st.sampled_from([typed for _, typed, _ in GOOD] + [typed for _, typed in BAD] + [*NOTHING])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TYPED,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from(("date", "time", "x")), inside),
    max_leaves=6,
)
_HALVES = st.text(st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"]), min_size=1)
_RAW = st.one_of(
    _LIKELY,
    _TYPED,
    _JSON,
    _HALVES,
)


@settings(max_examples=250)
@example("١/١/2026")
@example({"date": "20 Nov", "time": "2.30pm"})
@given(_RAW)
def test_anything_at_all_is_an_answer_or_refused_and_an_answer_parses_to_itself(raw: object) -> None:
    for question in KINDS:
        try:
            answer = question.parse(raw, NOW)
        except Invalid as why:
            assert str(why)  # noqa: PT017 - either outcome is right, for each kind
            continue
        assert json.loads(json.dumps(answer)) == answer
        assert json.dumps(answer, ensure_ascii=False).encode()  # no half of an emoji
        assert question.parse(answer, NOW) == answer


_OPTION = st.sampled_from(["1", "2", "3", "yes", "Yes", "No", "no", "Ward 1", "ward 1, north"]) | st.text(
    "ab12, ", min_size=1
).map(str.strip).filter(bool)


@settings(max_examples=150)
@given(st.dictionaries(_OPTION, _OPTION, min_size=1, max_size=6))
def test_the_value_of_an_option_always_means_that_option(options: dict[str, str]) -> None:
    """Even where a trust calls its wards 3, 1 and 2: an answer given is never filed as another."""
    one, several = one_of("one", "?", options), several_of("several", "?", options)
    for value in options:
        assert one.parse(value, NOW) == value
        assert several.parse([value], NOW) == [value]
    assert several.parse(list(options), NOW) == list(options)


@settings(max_examples=100)
@given(st.text())
def test_cleaning_is_done_once_and_for_all(typed: str) -> None:
    try:
        words = clean(typed)
    except Invalid:
        return
    assert clean(words) == words
    assert words == words.strip()


@settings(max_examples=150)
@given(
    st.text() | st.text(st.characters(max_codepoint=0x7F)) | _HALVES | st.text(st.characters(categories=["Cc", "Cf"]))
)
def test_words_are_kept_unless_one_of_their_characters_cannot_be(typed: str) -> None:
    """What the quick look says is what Unicode says of each character by itself."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n")
    turns = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    unfit = [
        c
        for c in lines
        if (unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t") or unicodedata.bidirectional(c) in turns
    ]
    if unfit:
        with pytest.raises(Invalid):
            clean(typed)
    else:
        assert clean(typed) in unicodedata.normalize("NFC", lines)


@pytest.mark.parametrize("length", [100_000, 1_000_000])
@pytest.mark.parametrize("unit", ["x", "t ", "1,", "\u200b", "9", "a\u0301"], ids=ascii)
def test_very_many_characters_hold_nobody_up(unit: str, length: int) -> None:
    """Every turn waits for the one that writes."""
    much = (unit * length)[:length]
    for question in KINDS:
        began = time.process_time()
        with suppress(Invalid):
            question.parse(much, NOW)
        assert time.process_time() - began < 1, question.id


@pytest.mark.parametrize("typed", ["unknown", "Not sure.", "don’t know", "not known", "?", "-", "nobody"])
def test_that_nobody_is_known_is_no_name(typed: str) -> None:
    assert People("colleagues", "Who?", optional=True).parse(typed, NOW) is None
    assert People("colleagues", "Who?").parse(f"{typed}, Amina", NOW) == ["Amina"]
