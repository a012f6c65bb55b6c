import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from cards.strategies import EVERY_PART, EVERY_VALUE, TYPED, cards, held
from psirf_bot.cards import blockkit, check, slack_inputs
from psirf_bot.cards.model import (
    Button,
    Buttons,
    Card,
    ChoiceInput,
    Copy,
    Details,
    Fact,
    Facts,
    MomentInput,
    NumberInput,
    Option,
    PeopleInput,
    TextInput,
    Words,
)
from psirf_bot.domain.identifiers import mask

Json = dict[str, Any]
SEND = Button(label="Send", action="s1", submits=True, validates=True)
BACK = Button(label="Back", action="b1", submits=True)
KEEP = Button(label="Not now", action="k1")


def card_of(*body: Any, buttons: tuple[Button, ...] = (), **more: str) -> Card:
    return Card(**{"title": "T", "preview": "P", **more}, body=body, buttons=buttons)


def blocks_of(*body: Any, buttons: tuple[Button, ...] = ()) -> list[Json]:
    """The message's blocks below its title."""
    return list(blockkit.message(card_of(*body, buttons=buttons))["blocks"][1:])


def fields_of(view: Json) -> dict[str, Json]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def field_of(part: Any, *buttons: Button) -> Json:
    [block] = fields_of(blockkit.modal(card_of(part, buttons=buttons or (SEND,)))).values()
    return dict(block)


def texts(thing: Any) -> list[str]:
    """Every text in these blocks, in reading order."""
    if isinstance(thing, list):
        return [text for item in thing for text in texts(item)]
    if not isinstance(thing, dict):
        return []
    own = [thing["text"]] if isinstance(thing.get("text"), str) else []
    return own + [text for value in thing.values() for text in texts(value)]


def plain_text(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def buttons_of(rendered: Json) -> list[Json]:
    return [element for block in rendered["blocks"] if block["type"] == "actions" for element in block["elements"]]


def untouched(view: Json) -> dict[str, Json]:
    """`state.values` of a view in which nobody has changed anything, as Slack sends it."""
    kept = {"option": "selected_option", "options": "selected_options", "date": "selected_date"}
    kept |= {"time": "selected_time", "value": "value"}
    empty: dict[str, tuple[str, Any]] = {
        "checkboxes": ("options", []),
        "multi_static_select": ("options", []),
        "datepicker": ("date", None),
    }
    empty |= {"timepicker": ("time", None), "radio_buttons": ("option", None), "static_select": ("option", None)}
    values: dict[str, Json] = {}
    for block_id, block in fields_of(view).items():
        element = block["element"]
        name, nothing = empty.get(element["type"], ("value", None))
        state = {"type": element["type"], kept[name]: element.get(f"initial_{name}", nothing)}
        values[block_id] = {element["action_id"]: state}
    return values


# --- Any card -----------------------------------------------------------------------------------------------


@given(cards())
@settings(max_examples=80, deadline=None)
def test_any_card_is_within_limits_and_has_no_markup(card: Card) -> None:
    for rendered in (blockkit.message(card), blockkit.modal(card)):
        assert check.slack_problems(rendered) == []
        assert "mrkdwn" not in json.dumps(rendered)
        assert '"emoji": true' not in json.dumps(rendered)


@given(cards())
@settings(max_examples=80, deadline=None)
def test_untouched_inputs_send_back_what_they_were_given(card: Card) -> None:
    view = blockkit.modal(card.model_copy(update={"buttons": (SEND,)}))
    expected = {
        part.id: held(part) for part in card.inputs() if not (isinstance(part, ChoiceInput) and not part.options)
    }
    for part in card.inputs():
        if isinstance(part, TextInput):
            expected[part.id] = mask(part.value) or None
    assert slack_inputs.given(untouched(view)) == expected


# --- Messages -----------------------------------------------------------------------------------------------


def test_message_starts_with_its_title_and_says_its_preview() -> None:
    rendered = blockkit.message(card_of(title="Hello", preview="A <task> & more"))
    assert rendered == {
        "text": "A &lt;task&gt; &amp; more",
        "blocks": [{"type": "header", "text": plain_text("Hello")}],
    }


def test_words_of_every_style() -> None:
    body, subtle, heading, warning, error = blocks_of(
        Words(text="B"),
        Words(text="S", style="subtle"),
        Words(text="H", style="heading"),
        Words(text="Ring 999.", style="warning"),
        Words(text="Not yet.", style="error"),
    )
    assert body == {"type": "section", "text": plain_text("B")}
    assert subtle == {"type": "context", "elements": [plain_text("S")]}
    assert heading == {"type": "header", "text": plain_text("H")}
    assert warning["elements"][0]["type"] == "rich_text_quote"
    assert "".join(texts(warning)) == "Important: Ring 999."
    assert "".join(texts(error)) == "Problem: Not yet."


@pytest.mark.parametrize("style", ["body", "subtle", "heading", "warning", "error"])
def test_typed_words_stand_as_they_were_typed(style: Any) -> None:
    [block] = blocks_of(Words(text=TYPED, style=style, typed=True))
    assert texts(block)[-1] == TYPED


@pytest.mark.parametrize(
    "part",
    [
        Words(text="NHS 943 476 5919", typed=True),
        Facts(facts=(Fact(label="L", value="NHS 943 476 5919", typed=True),)),
        Details(title="D", text="NHS 943 476 5919", typed=True),
        Copy(title="C", text="NHS 943 476 5919"),
    ],
)
def test_identifiers_that_were_typed_never_reach_slack(part: Any) -> None:
    assert "NHS [NHS number removed]" in texts(blocks_of(part))


def test_words_of_our_own_are_not_masked() -> None:
    assert texts(blocks_of(Words(text="Ring 01632 960001"))) == ["Ring 01632 960001"]


def test_facts_details_progress_and_copy() -> None:
    blocks = blockkit.message(EVERY_PART.model_copy(update={"reopen": ""}))["blocks"]
    assert blocks[1] == {"type": "context", "elements": [plain_text("Page 1")]}
    rich = [block["elements"] for block in blocks if block["type"] == "rich_text"]
    facts, details, copy = rich[2:5]
    assert "".join(texts(facts)) == f"Service: Children's Therapy\nPlace: {TYPED}"
    assert facts[0]["elements"][0]["style"] == {"bold": True}
    assert texts(details) == ["Why we ask"]
    assert plain_text("So that others can learn.\nThank you.") in [block.get("text") for block in blocks]
    assert copy[1]["type"] == "rich_text_preformatted"
    assert texts(copy) == ["Text for Datix", "Type: Near miss\nPlace: clinic"]


def test_long_words_are_split_between_words() -> None:
    blocks = blocks_of(Words(text=("word " * 1000).strip()))
    assert [len(text) for text in texts(blocks)] == [2999, 1999]
    assert " ".join(texts(blocks)) == ("word " * 1000).strip()


def test_words_beyond_13000_characters_are_cut() -> None:
    rendered = blockkit.message(card_of(*[Words(text="x" * 6000)] * 3, Words(text="The end.")))
    assert check.slack_problems(rendered) == []
    assert texts(rendered["blocks"])[-1] == "The end."
    assert sum(text.endswith("…") for text in texts(rendered["blocks"])) == 3


def test_blocks_beyond_50_give_way_but_never_a_button() -> None:
    body = [Words(text=f"line {n}") for n in range(80)]
    rendered = blockkit.message(card_of(*body, Buttons(buttons=(KEEP,)), buttons=(KEEP,)))
    assert len(rendered["blocks"]) == 50
    assert [button["value"] for button in buttons_of(rendered)] == ["k1", "k1"]
    assert texts(rendered["blocks"])[-3:] == ["… There is more than can be shown here.", "Not now", "Not now"]


def test_a_message_that_is_too_long_and_can_be_opened_ends_with_a_button_that_opens_all_of_it() -> None:
    change = Button(label="Change", action="c1")
    pages = [
        part
        for n in range(30)
        for part in (Words(text=f"Page {n}", style="heading"), Words(text=f"Said {n}"), Buttons(buttons=(change,)))
    ]
    send = Button(label="Send the report", action="s1")
    rendered = blockkit.message(card_of(*pages, Words(text="The end."), buttons=(send, KEEP), reopen="r1"))
    assert check.slack_problems(rendered) == []
    kinds = [block["type"] for block in rendered["blocks"]]
    assert kinds[-3:] == ["context", "actions", "actions"]
    assert kinds[-4] != "header", "of nothing"
    assert all(before == "section" for before, kind in pairwise(kinds[:-2]) if kind == "actions"), (
        "no button stands alone"
    )
    assert [button["value"] for button in buttons_of(rendered)][-3:] == ["r1", "s1", "k1"]
    assert texts(rendered["blocks"])[-4:-2] == [
        "… There is more than can be shown here.",
        "Open it to see all of it",
    ]
    opens = rendered["blocks"][-2]["elements"][0]
    assert opens["action_id"].startswith("open:"), "in a window, which holds twice as much"


def test_a_message_that_fits_has_no_button_that_opens_it() -> None:
    rendered = blockkit.message(card_of(Words(text="Short."), buttons=(KEEP,), reopen="r1"))
    assert [button["value"] for button in buttons_of(rendered)] == ["k1"]


def test_a_form_that_is_too_long_as_a_message_is_opened_by_one_button_alone() -> None:
    body = [*(Words(text=f"line {n}") for n in range(80)), TextInput(id="a", label="A")]
    rendered = blockkit.message(card_of(*body, buttons=(SEND,), reopen="r1"))
    assert check.slack_problems(rendered) == []
    assert [button["value"] for button in buttons_of(rendered)] == ["r1"]


def test_buttons_have_ids_of_their_own_and_links_lead_out() -> None:
    link = Button(label="Open Datix", url="https://datix.example/?a=1", style="primary")
    rows = blocks_of(Buttons(buttons=(link,)), buttons=(KEEP, Button(label="Delete", action="d1", style="danger")))
    assert [row["elements"] for row in rows] == [
        [
            {
                "type": "button",
                "action_id": "press:1",
                "text": plain_text("Open Datix"),
                "url": "https://datix.example/?a=1",
                "style": "primary",
            }
        ],
        [
            {"type": "button", "action_id": "press:2", "text": plain_text("Not now"), "value": "k1"},
            {"type": "button", "action_id": "press:3", "text": plain_text("Delete"), "value": "d1", "style": "danger"},
        ],
    ]


def test_a_form_as_a_message_is_its_words_and_one_button() -> None:
    rendered = blockkit.message(EVERY_PART)
    assert "input" not in {block["type"] for block in rendered["blocks"]}
    assert "Facts, in your own words." in texts(rendered["blocks"])
    [button] = buttons_of(rendered)
    assert (button["text"]["text"], button["value"], button["style"]) == ("Open the form", "dddd4444", "primary")


def test_a_form_that_cannot_be_opened_again_keeps_what_needs_no_form() -> None:
    rendered = blockkit.message(card_of(TextInput(id="a", label="A"), buttons=(SEND, KEEP)))
    assert "input" not in {block["type"] for block in rendered["blocks"]}
    assert [button["value"] for button in buttons_of(rendered)] == ["k1"]


# --- Modals -------------------------------------------------------------------------------------------------


def test_the_button_that_sends_the_form_is_the_submit() -> None:
    view = blockkit.modal(card_of(TextInput(id="a", label="A"), buttons=(BACK, SEND, KEEP)))
    assert (view["type"], view["callback_id"]) == ("modal", "psirf")
    assert (view["title"], view["close"], view["submit"]) == tuple(map(plain_text, ("T", "Close", "Send")))
    assert json.loads(view["private_metadata"]) == {"action": "s1"}
    assert [button["value"] for button in buttons_of(view)] == ["b1", "k1"]


def test_without_a_button_that_sends_there_is_no_submit_and_no_input() -> None:
    view = blockkit.modal(card_of(Words(text="W"), TextInput(id="a", label="A"), buttons=(KEEP,)))
    assert not {"submit", "private_metadata"} & set(view)
    assert [block["type"] for block in view["blocks"]] == ["section", "actions"]


def test_a_submit_in_the_middle_of_the_card_leaves_its_row() -> None:
    view = blockkit.modal(card_of(Buttons(buttons=(SEND,)), TextInput(id="a", label="A")))
    assert view["submit"] == plain_text("Send")
    assert buttons_of(view) == []


def test_a_long_title_is_clipped_and_stands_in_full_above_the_form() -> None:
    view = blockkit.modal(card_of(title="Report a patient safety event now"))
    assert view["title"] == plain_text("Report a patient safety…")
    assert view["blocks"] == [{"type": "header", "text": plain_text("Report a patient safety event now")}]


def test_inputs_of_the_card_with_every_part() -> None:
    fields = fields_of(blockkit.modal(EVERY_PART))
    elements = {name: block["element"] for name, block in fields.items()}
    assert {name: element["type"] for name, element in elements.items()} == {
        "what": "plain_text_input",
        "place": "plain_text_input",
        "how-many": "number_input",
        "danger": "radio_buttons",
        "service": "static_select",
        "affected": "checkboxes",
        "day": "datepicker",
        "clock": "timepicker",
        "when.date": "datepicker",
        "when.time": "timepicker",
        "who.picked": "multi_users_select",
        "who.typed": "plain_text_input",
    }
    assert {name for name, block in fields.items() if not block["optional"]} == {"what", "danger", "when.date"}
    assert {element["action_id"] for element in elements.values()} == {"value"}
    assert fields["what"]["label"] == plain_text("What happened?")
    assert fields["what"]["hint"] == plain_text("No names.")
    assert (elements["what"]["multiline"], elements["place"]["multiline"]) == (True, False)
    assert (elements["what"]["initial_value"], elements["place"]["max_length"]) == ("A fall", 150)
    number = elements["how-many"]
    assert (number["initial_value"], number["min_value"], number["max_value"]) == ("2", "0", "10")
    assert elements["danger"]["initial_option"] == {"text": plain_text("No"), "value": "no"}
    assert [option["value"] for option in elements["affected"]["initial_options"]] == ["patient", "staff"]
    assert elements["when.date"]["initial_date"] == "2026-11-20"
    assert elements["when.time"]["initial_time"] == "14:30"
    assert fields["when.time"]["label"] == plain_text("Time, if known")


def test_more_than_ten_boxes_are_a_list() -> None:
    options = tuple(Option(value=str(n), label="L" * 80) for n in range(11))
    field = field_of(ChoiceInput(id="c", label="C", options=options, several=True))
    assert field["element"]["type"] == "multi_static_select"
    assert len(field["element"]["options"][0]["text"]["text"]) == 75


def test_a_choice_without_options_says_so() -> None:
    view = blockkit.modal(card_of(ChoiceInput(id="c", label="Who else?", options=()), buttons=(SEND,)))
    assert texts(view["blocks"]) == ["Who else?: there is nothing to choose from."]


def test_what_is_wrong_stands_above_the_input() -> None:
    card = card_of(
        TextInput(id="a", label="A", error="Too long."),
        TextInput(id="b", label="B"),
        MomentInput(id="m", label="M", error="That is in the future."),
        buttons=(SEND,),
    )
    field, error, *_ = blockkit.modal(card)["blocks"]
    assert (field["block_id"], error["block_id"]) == ("a", "a.error")
    assert error["elements"][0]["type"] == "rich_text_quote"
    assert "".join(texts(error)) == "Please check: Too long."


def test_initial_values_are_masked_but_a_colleagues_address_stays() -> None:
    text = field_of(TextInput(id="a", label="A", value="NHS 943 476 5919, jo@fenmarsh.example"))
    named = PeopleInput(id="p", label="P", value=("jo@fenmarsh.example", "NHS 943 476 5919"))
    people = fields_of(blockkit.modal(card_of(named, buttons=(SEND,))))["p.typed"]
    assert text["element"]["initial_value"] == "NHS [NHS number removed], [e-mail address removed]"
    assert people["element"]["initial_value"] == "jo@fenmarsh.example, NHS [NHS number removed]"


def test_those_who_were_picked_are_picked_again_and_those_who_were_typed_stay_words() -> None:
    who = PeopleInput(id="p", label="P", value=("Ada Field", "Sam Hart"), on_slack={"Ada Field": "U0ADA"}, most=2)
    fields = fields_of(blockkit.modal(card_of(who, buttons=(SEND,))))
    assert fields["p.picked"]["element"]["initial_users"] == ["U0ADA"]
    assert fields["p.picked"]["element"]["max_selected_items"] == 2
    assert fields["p.typed"]["element"]["initial_value"] == "Sam Hart"


def test_a_limit_never_shuts_out_the_value_already_there() -> None:
    text = field_of(TextInput(id="a", label="A", value="x" * 200, max_length=150))["element"]
    longest = field_of(TextInput(id="a", label="A", value="x" * 3500, max_length=5000))["element"]
    number = field_of(NumberInput(id="n", label="N", value=-2, most=9))["element"]
    assert text["max_length"] == 200
    assert (longest["max_length"], len(longest["initial_value"])) == (3000, 3000)
    assert (number["min_value"], number["max_value"]) == ("-2", "9")


@pytest.mark.parametrize(("day", "clock"), [("yesterday", "late"), ("", ""), ("2026-13-01", "25:00")])
def test_what_a_picker_does_not_take_is_left_out(day: str, clock: str) -> None:
    view = blockkit.modal(card_of(MomentInput(id="m", label="M", day=day, clock=clock), buttons=(SEND,)))
    assert [set(block["element"]) for block in view["blocks"]] == [{"type", "action_id"}] * 2


def test_a_form_that_only_saves_requires_nothing() -> None:
    assert field_of(TextInput(id="a", label="A", required=True), BACK)["optional"] is True
    assert field_of(TextInput(id="a", label="A", required=True), SEND)["optional"] is False


# --- What comes back ----------------------------------------------------------------------------------------


def test_given_reads_every_kind_of_input() -> None:
    state = untouched(blockkit.modal(EVERY_PART))
    assert slack_inputs.given(state) == EVERY_VALUE


def test_those_picked_and_those_typed_come_apart() -> None:
    picked = {"value": {"type": "multi_users_select", "selected_users": ["U0ADA", "U0BEN"]}}
    typed = {"value": {"type": "plain_text_input", "value": "Sam Hart, Jo"}}
    state = {"p.picked": picked, "p.typed": typed}
    assert slack_inputs.given(state) == {"p": "Sam Hart, Jo"}
    assert slack_inputs.picked(state) == {"p": ["U0ADA", "U0BEN"]}


def test_a_form_as_a_message_asks_what_typed_words_would_answer() -> None:
    wrong = ChoiceInput(id="c", label="Which?", options=(Option(value="a", label="This one"),), error="Choose one.")
    card = card_of(TextInput(id="t", label="What?"), wrong, buttons=(SEND,)).model_copy(update={"reopen": "r"})
    assert texts(blockkit.message(card)["blocks"])[1:] == ["Open the form"], "typing answers nothing here"
    card = card.model_copy(update={"asks_now": "c"})
    assert texts(blockkit.message(card)["blocks"])[1:] == [
        "You can answer by typing. Which?",
        "Problem: ",
        "Choose one.",
        "• This one",
        "Open the form",
    ]


def test_a_field_that_was_masked_is_a_new_one_for_slack() -> None:
    """Slack goes on showing what was typed in a block of the same name."""
    words = "NHS 943 476 5919"
    field = field_of(TextInput(id="a", label="A", value=words, error="That looks like an NHS number. Take it out."))
    assert field["block_id"] != "a"
    state = {field["block_id"]: {"value": {"type": "plain_text_input", "value": "better"}}}
    assert slack_inputs.given(state) == {"a": "better"}


def test_a_field_that_was_masked_is_a_new_one_too_when_the_same_words_are_typed_again() -> None:
    card = card_of(TextInput(id="a", label="A", value="NHS 943 476 5919"), buttons=(SEND,))
    first, again, repeated = (fields_of(blockkit.modal(card, turn)).keys() for turn in ("one", "two", "two"))
    assert first != again
    assert again == repeated, "the same turn always gives the same window"


def test_half_a_character_in_what_was_typed_is_left_out() -> None:
    """Nothing that holds one can be shown again."""
    state: dict[str, Json] = {"a": {"value": {"type": "plain_text_input", "value": "The \ud83d drip 🙂"}}}
    assert slack_inputs.given(state) == {"a": "The  drip 🙂"}


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ({"type": "plain_text_input", "value": None}, None),
        ({"type": "plain_text_input", "value": ""}, None),
        ({"type": "plain_text_input"}, None),
        ({"type": "checkboxes", "selected_options": []}, None),
        ({"type": "static_select", "selected_option": None}, None),
        ({"type": "datepicker", "selected_date": None}, None),
        ({"type": "number_input", "value": "0"}, "0"),
    ],
)
def test_given_reads_empty_inputs_as_none(state: Json, value: object) -> None:
    assert slack_inputs.given({"a": {"value": state}}) == {"a": value}


def test_given_puts_half_a_moment_together_and_passes_over_what_is_no_input() -> None:
    state: dict[str, Json] = {
        "m.date": {"value": {"type": "datepicker", "selected_date": "2026-11-20"}},
        "m.time": {"value": {"type": "timepicker", "selected_time": None}},
        "n.date": {"value": {"type": "datepicker", "selected_date": None}},
        "n.time": {"value": {"type": "timepicker", "selected_time": None}},
        "x": {"press:1": {"type": "button"}},
    }
    assert slack_inputs.given(state) == {"m": {"date": "2026-11-20", "time": None}, "n": None}


# --- The check ----------------------------------------------------------------------------------------------


def _section(text: str) -> Json:
    return {"type": "section", "text": plain_text(text)}


def _input(element: Json, block_id: str = "a") -> Json:
    return {"type": "input", "block_id": block_id, "label": plain_text("L"), "element": element}


def _button(**more: Any) -> Json:
    return {"type": "button", "action_id": "press:1", "text": plain_text("B"), "value": "v", **more}


def _options(count: int, value: str = "v") -> list[Json]:
    return [{"text": plain_text("O"), "value": value}] * count


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([_section("x")] * 51, "51 blocks; at most 50"),
        ([_section("x" * 3001)], "text of section has 3001; at most 3000"),
        ([_section(" ")], "an empty plain_text"),
        ([_section("x" * 2700)] * 5, "13500 characters in all; at most 13000"),
        ([{"type": "header", "text": plain_text("x" * 151)}], "text of header has 151; at most 150"),
        ([{"type": "context", "elements": [plain_text("x")] * 11}], "elements of context has 11; at most 10"),
        ([{"type": "actions", "elements": [_button(value="x" * 2001)]}], "value of button has 2001; at most 2000"),
        ([{"type": "actions", "elements": [_button(text=plain_text("x" * 76))]}], "text of button has 76; at most 75"),
        ([{"type": "actions", "elements": [_button(), _button()]}], "action_id press:1 is used 2 times"),
        ([_input({"type": "radio_buttons", "options": _options(11)})], "options of radio_buttons has 11; at most 10"),
        (
            [_input({"type": "static_select", "options": _options(101)})],
            "options of static_select has 101; at most 100",
        ),
        ([_input({"type": "static_select", "options": []})], "static_select without options"),
        ([_input({"type": "checkboxes", "options": _options(1, "v" * 76)})], "value of option has 76; at most 75"),
        ([_input({"type": "checkboxes", "options": _options(1, "")})], "an option without a value"),
        ([_input({"type": "datepicker"})] * 2, "block_id a is used 2 times"),
        ([_input({"type": "datepicker"}, "a" * 256)], "an id of input is longer than 255"),
    ],
)
def test_the_check_finds(blocks: list[Json], problem: str) -> None:
    assert problem in "\n".join(check.slack_problems({"text": "t", "blocks": blocks}))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"title": plain_text("x" * 25)}, "title of modal has 25; at most 24"),
        ({"submit": plain_text("x" * 25)}, "submit of modal has 25; at most 24"),
        ({"private_metadata": "x" * 3001}, "private_metadata of modal has 3001; at most 3000"),
        ({"blocks": [_section("x")] * 101}, "101 blocks; at most 100"),
        ({"blocks": [_input({"type": "datepicker"})]}, "a view with inputs needs a submit"),
        (
            {"blocks": [_input({"type": "plain_text_input", "initial_value": "é" * 3000}, str(n)) for n in range(20)]},
            "the view is larger than 250000 bytes",
        ),
        (  # six times as large in JSON as in itself: nothing swells more than this character
            {
                "blocks": [
                    _input({"type": "plain_text_input", "initial_value": "\x7f" * 2100}, str(n)) for n in range(20)
                ]
            },
            "the view is larger than 250000 bytes",
        ),
    ],
)
def test_the_check_finds_in_a_view(more: Json, problem: str) -> None:
    view = {"type": "modal", "title": plain_text("T"), "blocks": [], **more}
    assert problem in check.slack_problems(view)


@pytest.mark.parametrize("text", ["", "x" * 4001])
def test_the_check_finds_a_text_of_the_wrong_length(text: str) -> None:
    assert check.slack_problems({"text": text, "blocks": []}) == ["the text of a message has 1 to 4000 characters"]
