"""Answers as people read them back, and questions as inputs that never cost anybody their words."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psirf_bot.cards import plain
from psirf_bot.cards.answers import instant, moment, page_parts, reading_parts, readings, shown
from psirf_bot.cards.forms import as_input, holding, refilled
from psirf_bot.cards.model import (
    Button,
    Card,
    ChoiceInput,
    ClockInput,
    DayInput,
    Fact,
    Facts,
    Input,
    MomentInput,
    NumberInput,
    Option,
    PeopleInput,
    TextInput,
    Words,
)
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import (
    Choice,
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
)
from psirf_bot.dialogs.typed import Invalid

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
PLACES = {"ward": "On the ward", "home": "At home"}

LONG = long_text("long", "What happened?", "In your own words.")
SHORT = short_text("short", "Where?", optional=True, max_length=40)
ONE = one_of("one", "Which?", PLACES)
SEVERAL = several_of("several", "Which of these?", PLACES, optional=True)
NUMBER = Number("number", "How many?", least=1, most=9)
DAY = Day("day", "Which day?")
CLOCK = Clock("clock", "What time?")
MOMENT = Moment("moment", "When?")
WHO = People("who", "Who?", most=3)
KINDS: tuple[Question, ...] = (LONG, SHORT, ONE, SEVERAL, NUMBER, DAY, CLOCK, MOMENT, WHO)

NAMES = {"p1": "Sam Reed", "p2": "Jo Bell"}


def name(who: str) -> str:
    return NAMES.get(who, who)


# Answers in words.


@pytest.mark.parametrize(
    ("question", "value", "words"),
    [
        (LONG, "The hoist\nstopped.", "The hoist\nstopped."),
        (LONG, "p1", "p1"),
        (ONE, "home", "At home"),
        (ONE, "gone", "gone"),  # an option that has since been taken away
        (SEVERAL, ["ward", "home"], "On the ward; At home"),
        (SEVERAL, [], ""),
        (NUMBER, 7, "7"),
        (NUMBER, 0, "0"),
        (DAY, "2026-11-20", "Friday 20 November 2026"),
        (CLOCK, "14:30", "14:30"),
        (MOMENT, "2026-11-20", "Friday 20 November 2026"),
        (MOMENT, "2026-11-01T09:05", "Sunday 1 November 2026, 09:05"),
        (WHO, ["p1", "A locum", "p2"], "Sam Reed, A locum, Jo Bell"),
        *((question, None, "") for question in KINDS),
    ],
)
def test_an_answer_in_words(question: Question, value: Json, words: str) -> None:
    assert shown(question, value, name) == words


def test_moments_and_instants_are_written_out_without_a_leading_nought() -> None:
    assert moment("2026-02-03") == "Tuesday 3 February 2026"
    assert instant(datetime(2026, 2, 3, 4, 5, tzinfo=UTC)) == "3 February 2026, 04:05"


def test_a_page_read_back_has_short_answers_in_a_table_long_ones_in_full_and_none_that_was_left_out() -> None:
    page = Page("A page", (LONG, SHORT, ONE, NUMBER, WHO), prefix="each/x/")
    answers: dict[str, Json] = {
        "each/x/long": "It *stopped*.", "each/x/short": None, "each/x/one": "ward", "each/x/number": 0,
        "each/x/who": ["p1"], "long": "of another page",
    }  # fmt: skip
    assert page_parts(page, answers, name) == (
        Facts(
            facts=(
                Fact(label="Which?", value="On the ward"),
                Fact(label="How many?", value="0"),
                Fact(label="Who?", value="Sam Reed", typed=True),
            )
        ),
        Words(text="What happened?", style="subtle"),
        Words(text="It *stopped*.", typed=True),
    )
    assert page_parts(page, {}, name) == ()


def test_what_people_typed_is_marked_as_typed_and_our_own_words_are_not() -> None:
    answers: dict[str, Json] = {"long": "a", "short": "b", "one": "ward", "who": ["c"], "moment": "2026-11-20"}
    parts = page_parts(Page("", KINDS), answers, name)
    facts = next(part for part in parts if isinstance(part, Facts)).facts
    assert {fact.value: fact.typed for fact in facts} == {
        "b": True, "On the ward": False, "Friday 20 November 2026": False, "c": True,
    }  # fmt: skip
    assert [part.typed for part in parts if isinstance(part, Words)] == [False, True]


def test_a_reading_keeps_the_words_in_which_an_answer_was_shown() -> None:
    pages = [Page("First", (LONG,)), Page("For each", (SHORT,), "each/p1/", "p1")]
    read = readings(pages, {"long": "x", "each/p1/short": "y"}, str)
    assert {key: (r["page"], r["label"], r["shown"], r["long"]) for key, r in read.items()} == {
        "long": ("First", LONG.label, "x", True),
        "each/p1/short": ("For each", SHORT.label, "y", False),
    }
    assert [p.text for p in reading_parts(read.values()) if isinstance(p, Words)] == [
        "First",
        LONG.label,
        "x",
        "For each",
    ]


# Questions as inputs.

INPUTS: list[tuple[Question, Input]] = [
    (LONG, TextInput(id="k", label="What happened?", hint="In your own words.", required=True, multiline=True)),
    (SHORT, TextInput(id="k", label="Where?", max_length=40)),
    (ONE, ChoiceInput(id="k", label="Which?", required=True, options=(
        Option(value="ward", label="On the ward"), Option(value="home", label="At home")))),
    (SEVERAL, ChoiceInput(id="k", label="Which of these?", several=True, options=(
        Option(value="ward", label="On the ward"), Option(value="home", label="At home")))),
    (NUMBER, NumberInput(id="k", label="How many?", required=True, least=1, most=9)),
    (DAY, DayInput(id="k", label="Which day?", required=True)),
    (CLOCK, ClockInput(id="k", label="What time?", required=True)),
    (MOMENT, MomentInput(id="k", label="When?", required=True, latest="2026-11-24")),
    (WHO, PeopleInput(id="k", label="Who?", required=True, most=3)),
]  # fmt: skip


@pytest.mark.parametrize(("question", "input"), INPUTS, ids=[q.id for q, _ in INPUTS])
def test_each_kind_of_question_has_its_input(question: Question, input: Input) -> None:
    assert as_input(question, "k", now=NOW) == input
    refused = as_input(question, "k", None, "Please answer this.", now=NOW)
    assert refused == input.model_copy(update={"error": "Please answer this."})


@dataclass(frozen=True)
class Signature:
    """A kind of question that no card can ask."""

    id: str = "signature"
    label: str = "Sign here?"
    hint: str = ""
    optional: bool = False
    conditional: bool = False

    def parse(self, raw: object, now: datetime) -> Json:
        return None

    def reworded(self, label: str) -> "Signature":
        return self


def test_a_kind_of_question_without_an_input_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="no input for Signature"):
        as_input(Signature(), "k", now=NOW)


HELD: list[tuple[Question, object, dict[str, object]]] = [
    (LONG, "It stopped.", {"value": "It stopped."}),
    (SHORT, "", {"value": ""}),
    (SHORT, 0, {"value": "0"}),
    (SHORT, ["no", "words"], {"value": ""}),
    (ONE, "home", {"value": ("home",)}),
    (ONE, "gone", {"value": ()}),
    (SEVERAL, ["home", "gone", "ward"], {"value": ("home", "ward")}),
    (SEVERAL, "home", {"value": ("home",)}),
    (NUMBER, 7, {"value": 7}),
    (NUMBER, "12", {"value": 12}),  # the platforms' number inputs come back as text
    (NUMBER, "a few", {"value": None}),
    (NUMBER, "²", {"value": None}),
    (NUMBER, True, {"value": None}),
    (DAY, "2026-11-20", {"value": "2026-11-20"}),
    (CLOCK, "14:30", {"value": "14:30"}),
    (MOMENT, "2026-11-20T14:30", {"day": "2026-11-20", "clock": "14:30"}),
    (MOMENT, "2026-11-20", {"day": "2026-11-20", "clock": ""}),
    (MOMENT, {"date": "2026-11-20", "time": "14:30"}, {"day": "2026-11-20", "clock": "14:30"}),
    (MOMENT, {"date": None, "time": "14:30"}, {"day": "", "clock": "14:30"}),
    (WHO, ["Sam Reed", "Jo Bell"], {"value": ("Sam Reed", "Jo Bell")}),
    (WHO, "Sam Reed, Jo Bell,", {"value": ("Sam Reed", "Jo Bell")}),
]


@pytest.mark.parametrize(("question", "value", "held"), HELD)
def test_an_input_holds_what_was_answered_or_typed(question: Question, value: object, held: dict[str, object]) -> None:
    empty = as_input(question, "k", now=NOW)
    assert as_input(question, "k", value, now=NOW) == empty.model_copy(update=held)


def _sent(input: Input) -> object:
    """What a platform sends back for an input that is left as it was shown."""
    match input:
        case ChoiceInput():
            return list(input.value) if input.several else "".join(input.value)
        case MomentInput():
            return {"date": input.day, "time": input.clock}
        case PeopleInput():
            return ", ".join(input.value)
        case _:
            return "" if input.value is None else str(input.value)


@pytest.mark.parametrize(
    ("question", "value"),
    [(LONG, "A\nb"), (SHORT, "Room 4"), (ONE, "home"), (SEVERAL, ["ward", "home"]), (NUMBER, 7), (DAY, "2026-11-20"),
     (CLOCK, "14:30"), (MOMENT, "2026-11-20T14:30"), (MOMENT, "2026-11-20"), (WHO, ["Sam Reed", "Jo Bell"])],
)  # fmt: skip
def test_a_page_shown_again_and_sent_unchanged_gives_the_same_answers(question: Question, value: Json) -> None:
    assert question.parse(_sent(as_input(question, "k", value, now=NOW)), NOW) == value


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(("date", "time", "x")), inside),
    max_leaves=5,
)


@settings(max_examples=100)
@given(_JSON)
def test_whatever_came_can_be_shown_and_words_that_can_be_used_come_back(given: object) -> None:
    for question in KINDS:
        holder = as_input(question, "k", given, now=NOW)
        assert type(holder).model_validate(holder.model_dump()) == holder
        try:
            answer = question.parse(given, NOW)
        except Invalid:
            continue
        if (
            answer is not None
            and not isinstance(question, Day | Moment | Clock | Choice)
            and not isinstance(given, list)
        ):
            assert question.parse(_sent(holder), NOW) == answer


def test_a_refused_form_comes_back_with_the_words_still_in_it() -> None:
    button = Button(label="Next", action="a")
    inputs = tuple(as_input(q, q.id, now=NOW) for q in (LONG, ONE, MOMENT, NUMBER))
    card = Card(title="T", preview="P", body=(Words(text="Hello"), *inputs), buttons=(button,), reopen="r")
    given = {"long": "Her name is …", "one": "home", "moment": {"date": "2026-11-20", "time": ""}, "other": "x"}
    again = refilled(card, given)
    assert again.body[0] == Words(text="Hello")
    assert list(again.inputs()) == [
        *(holding(before, given[before.id]) for before in inputs[:3]),
        inputs[3],
    ]
    assert (again.title, again.preview, again.buttons, again.reopen) == ("T", "P", (button,), "r")
    assert card.body[1] == inputs[0], "the card itself is not changed"


def test_what_was_shown_before_stays_where_nothing_was_sent() -> None:
    card = Card(title="T", preview="P", body=(as_input(LONG, "long", "As before", now=NOW),))
    assert refilled(card, {}) == card
    assert refilled(card, {"long": None}) == card
    (emptied,) = refilled(card, {"long": ""}).inputs()
    assert isinstance(emptied, TextInput)
    assert emptied.value == ""


def test_what_another_answer_may_ask_for_is_not_called_optional_in_whatever_words() -> None:
    asked = long_text("ground", "If yes: what is it?", "Needed if you answer yes.", optional=True, conditional=True)
    for question in (asked, asked.reworded("What is the ground, where there is one?")):
        part = as_input(question, question.id, now=NOW)
        assert not part.required
        assert plain.label(part) == question.label
    left_out = as_input(long_text("more", "If you like: more?", optional=True), "more", now=NOW)
    assert plain.label(left_out) == "If you like: more? (optional)"
