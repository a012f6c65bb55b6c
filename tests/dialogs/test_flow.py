"""The engine: a table of steps, answers keyed by question, and a position that is worked out, never stored."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import BaseModel, ConfigDict, create_model

from psirf_bot.dialogs.flow import (
    Ask,
    Flow,
    Page,
    Step,
    Stop,
    Turn,
    ask,
    describe,
    each,
    page_before,
    stop,
    submit,
    walk,
)
from psirf_bot.dialogs.questions import Json, Number, People, long_text, several_of, short_text, yes_no

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


class Guest(BaseModel):
    model_config = ConfigDict(frozen=True)
    eats: str | None = None
    why_not: str | None = None

    def does_not_eat(self) -> bool:
        return self.eats == "no"


class Party(BaseModel):
    """A made-up record: small enough to see the whole of."""

    model_config = ConfigDict(frozen=True)
    known: bool = False
    coming: str | None = None
    name: str | None = None
    seats: int | None = None
    diet: tuple[str, ...] | None = None
    note: str | None = None
    others: tuple[str, ...] | None = None
    guests: dict[str, Guest] = {}

    def stays_away(self) -> bool:
        return self.coming == "no"

    def needs_many_seats(self) -> bool:
        return (self.seats or 0) > 4

    def is_not_known(self) -> bool:
        return not self.known

    def who_else_comes(self) -> tuple[str, ...]:
        return self.others or ()


COMING = yes_no("coming", "Are you coming?")
NAME = short_text("name", "What is your name?")
SEATS = Number("seats", "How many seats?", least=1, most=10)
DIET = several_of("diet", "What do you eat?", {"fish": "Fish", "plants": "Plants"}, optional=True)
NOTE = long_text("note", "Anything to say?", optional=True)
OTHERS = People("others", "Who else?", optional=True)
GUEST = Flow(
    id="guest",
    version=1,
    record=Guest,
    steps=[
        ask("Food", yes_no("eats", "Do they eat?")),
        ask("Why", short_text("why-not", "Why not?"), when=Guest.does_not_eat),
        stop("guest-done"),
    ],
)
STEPS: list[Step[Party]] = [
    ask("Coming", COMING, NAME, only={"name": Party.is_not_known}),
    stop("stays-away", when=Party.stays_away),
    ask("Seats", SEATS, DIET),
    ask("Many", NOTE, OTHERS, when=Party.needs_many_seats),
    each("guests", Party.who_else_comes, GUEST),
    stop("comes"),
]
PARTY = Flow(id="party", version=1, record=Party, steps=STEPS)

PROPER: Mapping[str, Json] = {
    "coming": "yes", "name": "Sam", "seats": 6, "diet": None, "note": None, "others": ["Jo", "a/b"],
    "eats": "no", "why-not": "Not hungry",
}  # fmt: skip


def proper(page: Page) -> dict[str, Json]:
    return {page.prefix + q.id: PROPER[q.id] for q in page.questions}


def finish(answers: Mapping[str, Json], flow: Flow[Party] = PARTY) -> Turn[Party]:
    """Answer properly whatever is asked, until a stop; as many turns as there can be pages at most."""
    turn = walk(flow, answers, NOW)
    for _ in range(20):
        if isinstance(turn.at, Stop):
            return turn
        turn = submit(flow, turn.answers, proper(turn.at), NOW)
        assert not turn.problems
    raise AssertionError("stuck")


def at(turn: Turn[Party]) -> str:
    return turn.at.title if isinstance(turn.at, Page) else turn.at.outcome


# What a flow refuses.


class Other(BaseModel):
    def stays_away(self) -> bool:
        return True


def a_function(record: Party) -> bool:
    return record.known


INNER_EACH: Flow[Party] = Flow("inner", 1, Party, [each("guests", Party.who_else_comes, GUEST), stop("end")])

WRONG_TABLES: dict[str, tuple[list[Step[Party]], str]] = {
    "the same question on two pages": ([ask("A", NAME), ask("B", NAME), stop("end")], "its own field"),
    "the same question twice on a page": ([ask("A", NAME, NAME), stop("end")], "its own field"),
    "two ids for one field": (
        [ask("A", short_text("x-y", "?"), short_text("x_y", "?")), stop("end")],
        "its own field",
    ),
    "the same id for a question and an each": (
        [ask("A", short_text("guests", "?")), each("guests", Party.who_else_comes, GUEST), stop("end")],
        "its own field",
    ),
    "a question without a field": ([ask("A", short_text("shoe-size", "?")), stop("end")], "its own field"),
    "an each without a field": ([each("visitors", Party.who_else_comes, GUEST), stop("end")], "its own field"),
    "a slash in an id": ([ask("A", short_text("guests/name", "?")), stop("end")], "field|slash"),
    "a lambda": ([ask("A", NAME, when=lambda record: record.known), stop("end")], "a guard is a method"),
    "a lambda for one question": ([ask("A", NAME, only={"name": lambda r: r.known}), stop("end")], "a guard is"),
    "a lambda at a stop": ([stop("early", when=lambda record: record.known), stop("end")], "a guard is a method"),
    "a lambda for the items": ([each("guests", lambda record: ("a",), GUEST), stop("end")], "a guard is a method"),
    "a partial": ([ask("A", NAME, when=partial(Party.stays_away)), stop("end")], "a guard is a method"),
    "a function that is no method": ([ask("A", NAME, when=a_function), stop("end")], "a guard is a method"),
    "a method of another record": ([ask("A", NAME, when=Other.stays_away), stop("end")], "a guard is a method"),  # type: ignore[arg-type]
    "a guard for a question not on the page": (
        [ask("A", NAME, only={"seats": Party.is_not_known}), stop("end")],
        "does not ask",
    ),
    "an each in an each": ([each("guests", Party.who_else_comes, INNER_EACH), stop("end")], "no `each` of its own"),
    "no steps": ([], "unconditional stop"),
    "no stop": ([ask("A", NAME)], "unconditional stop"),
    "only a conditional stop": ([ask("A", NAME), stop("end", when=Party.stays_away)], "unconditional stop"),
    "a question after the last stop": ([stop("end"), ask("A", NAME)], "unconditional stop"),
}


@pytest.mark.parametrize("table", WRONG_TABLES)
def test_a_table_that_could_misfile_an_answer_or_never_end_is_refused(table: str) -> None:
    steps, why = WRONG_TABLES[table]
    with pytest.raises(ValueError, match=f"^party: .*({why})"):
        Flow(id="party", version=1, record=Party, steps=steps)


def test_a_slash_is_refused_even_where_the_record_has_such_a_field() -> None:
    odd = create_model("Odd", **{"a/b": (str | None, None)})  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="slash"):
        Flow("odd", 1, odd, [ask("A", short_text("a/b", "?")), stop("end")])


# Walking.


def test_it_begins_at_the_first_page_and_ends_at_the_stop() -> None:
    assert at(walk(PARTY, {}, NOW)) == "Coming"
    turn = finish({})
    assert at(turn) == "comes"
    assert [p.title for p in turn.passed] == ["Coming", "Seats", "Many", "Food", "Why", "Food", "Why"]
    assert turn.record.guests["a/b"] == Guest(eats="no", why_not="Not hungry")


def test_a_page_is_done_when_every_question_asked_on_it_has_been_answered_or_left_out() -> None:
    turn = submit(PARTY, {}, {"coming": "yes"}, NOW)
    assert at(turn) == "Coming"
    turn = submit(PARTY, turn.answers, {"name": "Sam"}, NOW)
    assert at(turn) == "Seats"
    turn = submit(PARTY, turn.answers, {"seats": "2"}, NOW)
    assert at(turn) == "Seats", "what may be left out has to be left out, not only unasked"
    assert at(submit(PARTY, turn.answers, {"diet": None}, NOW)) == "comes"


def test_what_is_known_from_outside_comes_first_and_takes_questions_away() -> None:
    turn = walk(PARTY, {}, NOW, {"known": True})
    assert isinstance(turn.at, Page)
    assert turn.at.asks() == ("coming",)
    assert at(submit(PARTY, {}, {"coming": "yes"}, NOW, {"known": True})) == "Seats"


def test_a_page_whose_questions_are_all_guarded_away_is_not_shown() -> None:
    flow = Flow(
        "quiet", 1, Party, [ask("Nobody asks", NAME, only={"name": Party.stays_away}), ask("B", SEATS), stop("end")]
    )
    turn = walk(flow, {}, NOW)
    assert at(turn) == "B"
    assert page_before(turn, "seats") is None


def test_an_answer_that_is_no_longer_usable_is_asked_for_again_and_nothing_after_it_counts() -> None:
    turn = walk(PARTY, {**finish({}).answers, "seats": 99}, NOW)
    assert at(turn) == "Seats"
    assert turn.record.seats is None
    assert "seats" not in turn.on_path()
    assert turn.answers["note"] is None, "nothing is thrown away"


def test_what_was_answered_off_the_path_is_neither_in_the_record_nor_written() -> None:
    done = finish({})
    turn = submit(PARTY, done.answers, {"coming": "no"}, NOW)
    assert at(turn) == "stays-away"
    assert turn.record == Party(coming="no", name="Sam")
    assert turn.on_path() == {"coming": "no", "name": "Sam"}


def test_changing_an_early_answer_and_back_again_brings_the_later_ones_back() -> None:
    done = finish({})
    away = submit(PARTY, done.answers, {"coming": "no"}, NOW)
    back = submit(PARTY, away.answers, {"coming": "yes"}, NOW)
    assert (back.at, back.record, back.on_path()) == (done.at, done.record, done.on_path())
    fewer = submit(PARTY, done.answers, {"seats": 2}, NOW)
    assert (fewer.record.others, fewer.record.guests) == (None, {})
    assert submit(PARTY, fewer.answers, {"seats": 6}, NOW).record == done.record


# Submitting.


def test_good_answers_beside_a_bad_one_are_kept_and_the_page_with_the_bad_one_stays() -> None:
    turn = submit(PARTY, {}, {"coming": "perhaps", "name": "Sam"}, NOW)
    assert turn.answers == {"name": "Sam"}
    assert (at(turn), set(turn.problems)) == ("Coming", {"coming"})


def test_an_edit_that_cannot_be_used_leaves_the_answer_before_it_and_shows_its_page() -> None:
    done = finish({})
    turn = submit(PARTY, done.answers, {"seats": "a few", "diet": "fish"}, NOW)
    assert (at(turn), set(turn.problems)) == ("Seats", {"seats"})
    assert turn.answers == {**done.answers, "diet": ["fish"]}
    assert at(walk(PARTY, turn.answers, NOW)) == "comes"


def test_a_problem_with_a_question_that_is_not_asked_is_nobodys_to_mend() -> None:
    """A card that was overtaken: the page it asks for is no longer on the path."""
    turn = submit(PARTY, finish({}).answers, {"coming": "no", "seats": "a few"}, NOW)
    assert (at(turn), turn.problems) == ("stays-away", {})


def test_an_answer_refused_from_outside_is_not_stored_and_its_page_stays() -> None:
    turn = submit(PARTY, {}, {"coming": "yes", "name": "943 476 5919"}, NOW, refused={"name": "That looks like…"})
    assert turn.answers == {"coming": "yes"}
    assert (at(turn), turn.problems) == ("Coming", {"name": "That looks like…"})


def test_answers_to_what_the_flow_does_not_ask_are_not_stored() -> None:
    strange = {"shoe-size": "9", "": "x", "/": "x", "guests": "x", "guests/Jo/seats": "2", "nobody/Jo/eats": "yes"}
    assert submit(PARTY, {}, strange, NOW).answers == {}


def test_sending_the_same_page_twice_changes_nothing() -> None:
    once = submit(PARTY, {}, {"coming": "YES", "name": " Sam "}, NOW)
    assert submit(PARTY, once.answers, {"coming": "YES", "name": " Sam "}, NOW) == once


def test_submitting_changes_no_dict_it_was_given() -> None:
    answers: dict[str, Json] = {"coming": "yes"}
    submit(PARTY, answers, {"name": "Sam"}, NOW)
    assert answers == {"coming": "yes"}


# Back.


def test_back_leads_to_the_page_before_on_the_path_taken() -> None:
    turn = finish({})
    asked = [page.asks()[0] for page in turn.passed]
    assert [p.asks()[0] if (p := page_before(turn, key)) else None for key in asked] == [None, *asked[:-1]]
    few = submit(PARTY, turn.answers, {"seats": 1}, NOW)
    assert (last := page_before(few, "nothing: at the stop"))
    assert last.title == "Seats"


def test_going_back_and_sending_the_page_unchanged_leads_on() -> None:
    turn = finish({})
    for page in turn.passed:
        same = {key: turn.answers[key] for key in page.asks()}
        assert submit(PARTY, turn.answers, same, NOW) == turn


# One item after the other.


def test_answers_for_an_item_stay_with_it_when_another_is_removed_or_put_before_it() -> None:
    answers: dict[str, Json] = {
        "coming": "yes", "name": "Sam", "seats": 6, "diet": None, "note": None, "others": ["Jo", "Kit", "Ali"],
        "guests/Jo/eats": "yes", "guests/Kit/eats": "no", "guests/Kit/why-not": "Ill", "guests/Ali/eats": "yes",
    }  # fmt: skip
    guests = walk(PARTY, answers, NOW).record.guests
    assert {name: guest.eats for name, guest in guests.items()} == {"Jo": "yes", "Kit": "no", "Ali": "yes"}
    fewer = submit(PARTY, answers, {"others": ["Ali", "Kit"]}, NOW)
    assert fewer.record.guests == {"Ali": guests["Ali"], "Kit": guests["Kit"]}
    assert "guests/Jo/eats" not in fewer.on_path()
    one_more = submit(PARTY, fewer.answers, {"others": ["New", "Kit", "Jo"]}, NOW)
    assert isinstance(one_more.at, Page)
    assert one_more.at.asks() == ("guests/New/eats",)
    assert submit(PARTY, one_more.answers, {"guests/New/eats": "yes"}, NOW).record.guests["Jo"] == guests["Jo"]


@pytest.mark.parametrize("name", ["a/b", "/", "a/b/eats", "eats", "guests", "0", "é ß", "x" * 120])
def test_an_item_may_have_any_name(name: str) -> None:
    begun = {key: PROPER[key] for key in ("coming", "name", "seats", "diet", "note")}
    turn = finish({**begun, "others": [name, "a"]})
    assert list(turn.record.guests) == [name, "a"]
    keys = [key for key in turn.on_path() if key.startswith("guests/")]
    assert keys == [f"guests/{who}/{q}" for who in (name, "a") for q in ("eats", "why-not")]
    for key in keys:
        assert (question := PARTY.question(key))
        assert question.id == key.rsplit("/", 1)[1]


class Hosted(Party):
    new_guests: dict[str, Guest] = {}


def test_what_was_answered_about_each_is_in_the_records_field_of_that_name() -> None:
    flow = Flow("hosted", 1, Hosted, [ask("", OTHERS), each("new-guests", Hosted.who_else_comes, GUEST), stop("end")])
    turn = walk(flow, {"others": ["Jo"], "new-guests/Jo/eats": "yes"}, NOW)
    assert turn.record.new_guests == {"Jo": Guest(eats="yes")}


# A trust's own words, and the table in English.


def test_a_trusts_own_words_change_labels_only() -> None:
    flow = PARTY.reworded({"seats": "Chairs?", "why-not": "Reason?", "nothing": "x"})
    assert {q.id: q.label for q in flow.questions().values()} == {
        **{q.id: q.label for q in PARTY.questions().values()},
        "seats": "Chairs?",
    }
    assert (inner := flow.question("guests/Jo/why-not"))
    assert inner.label == "Reason?"
    done = finish({})
    assert walk(flow, done.answers, NOW).record == done.record


def test_the_table_reads_as_english() -> None:
    assert describe(PARTY).splitlines() == [
        "party, version 1",
        "1. Coming",
        "   - [coming] Are you coming? Answers: Yes, No.",
        "   - [name] What is your name? (only if is not known)",
        "2. Check and confirm: stays-away — only if stays away",
        "3. Seats",
        "   - [seats] How many seats?",
        "   - [diet] What do you eat? (optional) Answers: Fish, Plants.",
        "4. Many — only if needs many seats",
        "   - [note] Anything to say? (optional)",
        "   - [others] Who else? (optional)",
        "5. For each of who else comes:",
        "   guest, version 1",
        "   1. Food",
        "      - [eats] Do they eat? Answers: Yes, No.",
        "   2. Why — only if does not eat",
        "      - [why-not] Why not?",
        "   3. Check and confirm: guest-done",
        "6. Check and confirm: comes",
    ]


# A flow that changes while somebody is midway.


def _record(ids: Sequence[str]) -> type[BaseModel]:
    return create_model("Anything", **dict.fromkeys(ids, (str | None, None)))  # type: ignore[call-overload, no-any-return]


def _flow(pages: Sequence[Sequence[str]]) -> Flow[BaseModel]:
    asks: list[Ask[BaseModel]] = [ask(f"Page {page[0]}", *(short_text(i, f"{i}?") for i in page)) for page in pages]
    return Flow("any", 1, _record([i for page in pages for i in page]), [*asks, stop("end")])


@st.composite
def _pages(draw: st.DrawFn) -> list[list[str]]:
    """Some pages of some questions, each with an id of its own."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
    ids = iter(f"q{n}" for n in range(sum(sizes)))
    return [[next(ids) for _ in range(size)] for size in sizes]


def _answer_some(pages: Sequence[Sequence[str]], upto: int) -> dict[str, Json]:
    """The answers of somebody who sent so many pages, each answer saying which question it is for."""
    flow, answers = _flow(pages), dict[str, Json]()
    for page in pages[:upto]:
        answers = dict(submit(flow, answers, {i: f"for {i}" for i in page}, NOW).answers)
    return answers


@settings(max_examples=150)
@given(_pages(), st.data())
def test_a_question_put_in_while_somebody_is_midway_is_asked_and_misfiles_nothing(
    pages: list[list[str]], data: st.DataObject
) -> None:
    upto = data.draw(st.integers(0, len(pages)), "pages sent")
    before = _answer_some(pages, upto)
    changed = [list(page) for page in pages]
    where = data.draw(st.integers(0, len(pages)), "put in at page")
    if data.draw(st.booleans(), "as a page of its own") or where == len(pages):
        changed.insert(where, ["new"])
    else:
        changed[where].insert(data.draw(st.integers(0, len(changed[where])), "place on the page"), "new")
    flow = _flow(changed)

    turn = walk(flow, before, NOW)
    assert turn.answers == before
    assert isinstance(turn.at, Page)
    missing = next(page for page in changed if not before.keys() >= set(page))
    assert list(turn.at.asks()) == missing, "the first page with something unanswered, the new question or an older one"
    while isinstance(turn.at, Page):
        turn = submit(flow, turn.answers, {key: f"for {key}" for key in turn.at.asks()}, NOW)
        assert turn.answers.items() >= before.items()
    assert turn.on_path() == {i: f"for {i}" for page in changed for i in page}


@settings(max_examples=100)
@given(_pages(), st.data())
def test_questions_removed_or_moved_leave_every_other_answer_where_it_belongs(
    pages: list[list[str]], data: st.DataObject
) -> None:
    before = _answer_some(pages, data.draw(st.integers(0, len(pages)), "pages sent"))
    ids = data.draw(st.permutations([i for page in pages for i in page]))
    kept = ids[: data.draw(st.integers(1, len(ids)), "questions kept")]
    flow = _flow([[i] for i in kept])
    turn = walk(flow, before, NOW)
    while isinstance(turn.at, Page):
        (key,) = turn.at.asks()
        assert key not in before, "what was answered is not asked again"
        turn = submit(flow, turn.answers, {key: f"for {key}"}, NOW)
    assert turn.record.model_dump() == {i: f"for {i}" for i in kept}


def test_a_question_put_in_on_a_page_already_sent_brings_that_page_back_with_its_answers() -> None:
    steps: list[Step[Party]] = [ask("Coming", COMING), ask("Seats", SEATS, DIET), stop("comes")]
    begun = submit(Flow("party", 1, Party, steps), {}, {"coming": "yes", "seats": "6", "diet": None}, NOW)
    assert at(begun) == "comes"
    now_on = walk(PARTY, begun.answers, NOW)
    assert at(now_on) == "Coming"
    assert submit(PARTY, now_on.answers, {"name": "Sam"}, NOW).record.seats == 6


# Junk.

_KEYS = st.sampled_from(
    ["coming", "name", "seats", "diet", "note", "others", "guests/Jo/eats", "guests/a/b/why-not", "guests//eats", "?"]
)
_JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(("yes", "no", "6", "1", "²", "\x00", "\ud800", "Jo", "Jo,a/b", "fish"))
    | st.lists(st.text(max_size=4), max_size=3)
    | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)
)


class Somebody(RuleBasedStateMachine):
    """Somebody who sends anything at all, in any order; whatever they did, proper answers lead to the stop."""

    def __init__(self) -> None:
        super().__init__()
        self.turn: Turn[Party] = walk(PARTY, {}, NOW)

    @initialize(answers=st.dictionaries(_KEYS, _JUNK, max_size=6))
    def arrives_with_anything_stored(self, answers: dict[str, Json]) -> None:
        self.turn = walk(PARTY, answers, NOW)

    @rule(given=st.dictionaries(_KEYS, _JUNK, max_size=4))
    def sends_junk(self, given: dict[str, object]) -> None:
        before = dict(self.turn.answers)
        self.turn = submit(PARTY, self.turn.answers, given, NOW)
        untouched = before.keys() - given.keys()
        assert {key: self.turn.answers[key] for key in untouched} == {key: before[key] for key in untouched}

    @precondition(lambda self: isinstance(self.turn.at, Page))
    @rule()
    def answers_the_page_properly(self) -> None:
        assert isinstance(self.turn.at, Page)
        asked = self.turn.at.asks()
        self.turn = submit(PARTY, self.turn.answers, proper(self.turn.at), NOW)
        assert isinstance(self.turn.at, Stop) or self.turn.at.asks() != asked

    @rule(key=_KEYS)
    def goes_back(self, key: str) -> None:
        before = page_before(self.turn, key)
        assert before is None or before in (*self.turn.passed, self.turn.at)

    @invariant()
    def is_where_the_answers_alone_say(self) -> None:
        again = walk(PARTY, self.turn.answers, NOW)
        assert (again.record, again.passed) == (self.turn.record, self.turn.passed)
        if not self.turn.problems:
            assert again.at == self.turn.at
        else:
            assert isinstance(self.turn.at, Page)
            assert self.turn.problems.keys() & set(self.turn.at.asks())
        json.dumps(self.turn.on_path())

    @invariant()
    def proper_answers_lead_to_the_stop(self) -> None:
        finish(self.turn.answers)


Somebody.TestCase.settings = settings(max_examples=40, stateful_step_count=12)
test_nobody_gets_stuck: Callable[..., object] = Somebody.TestCase
