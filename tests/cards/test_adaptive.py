import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft6Validator, ValidationError, validators

import adaptive_schema
from cards.strategies import EVERY_PART, EVERY_VALUE, TRICKY, TYPED, cards, held
from psirf_bot.cards import adaptive, check
from psirf_bot.cards.model import (
    Button,
    Card,
    ChoiceInput,
    Fact,
    Facts,
    MomentInput,
    NumberInput,
    Option,
    TextInput,
    Words,
)

Json = dict[str, Any]
if adaptive_schema.PATH is None:
    pytest.skip("Microsoft's schema of Adaptive Cards is not on this machine", allow_module_level=True)
SCHEMA = json.loads(adaptive_schema.PATH.read_text())


def _any_of(validator: Any, branches: list[Json], instance: Any, whole: Json) -> Iterator[ValidationError]:
    """Go straight to the alternative that `type` names: the schema's own way tries them all, which takes seconds."""
    kinds = {branch["allOf"][0]["$ref"].rpartition("/")[2]: branch for branch in branches if "allOf" in branch}
    if isinstance(instance, dict) and instance.get("type") in kinds:
        yield from validator.descend(instance, kinds[instance["type"]])
    else:
        yield from Draft6Validator.VALIDATORS["anyOf"](validator, branches, instance, whole)


FAST: Any = validators.extend(Draft6Validator, {"anyOf": _any_of})(SCHEMA)  # type: ignore[no-untyped-call]


def nodes(thing: Any, type: str = "") -> list[Json]:
    """Every object of this type in the card, in reading order."""
    found = [thing] if isinstance(thing, dict) and thing.get("type", "").startswith(type) else []
    inside = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else []
    return found + [node for item in inside for node in nodes(item, type)]


def card_of(*body: Any, buttons: tuple[Button, ...] = ()) -> Card:
    return Card(title="T", preview="P", body=body, buttons=buttons)


def body_of(*body: Any, buttons: tuple[Button, ...] = ()) -> list[Json]:
    """The rendered card below its title."""
    return list(adaptive.render(card_of(*body, buttons=buttons))["body"][1:])


def literally(block: Json) -> str:
    return "".join(run["text"] for run in block["inlines"])


def sent(rendered: Json) -> Json:
    """What Teams sends when a submitting button is pressed and nothing was changed: strings, and no empty ones."""
    data = next(a["data"] for a in nodes(rendered, "Action.Execute") if a.get("associatedInputs") == "auto")
    return {**data} | {i["id"]: str(i["value"]) for i in nodes(rendered, "Input.") if "value" in i and "id" in i}


def test_card_with_every_part_satisfies_the_published_schema() -> None:
    rendered = adaptive.render(EVERY_PART)
    Draft6Validator(SCHEMA).validate(rendered)
    assert check.teams_problems(rendered) == []


@pytest.mark.parametrize("spoil", [{"type": "TextBlok"}, {"wrop": True}, {"text": 3}])
def test_the_fast_schema_check_finds_what_is_wrong(spoil: Json) -> None:
    rendered = adaptive.render(card_of(Words(text="x")))
    rendered["body"][1] |= spoil
    assert list(FAST.iter_errors(rendered))


@given(cards())
@settings(max_examples=60, deadline=None)
def test_any_card_is_valid_and_within_limits(card: Card) -> None:
    rendered = adaptive.render(card)
    assert list(FAST.iter_errors(rendered)) == []
    assert check.teams_problems(rendered) == []


@given(cards())
@settings(max_examples=60, deadline=None)
def test_untouched_inputs_send_back_what_they_were_given(card: Card) -> None:
    submit = Button(label="Send", action="a1", submits=True)
    rendered = adaptive.render(card.model_copy(update={"buttons": (submit,)}))
    assert adaptive.given(sent(rendered)) == {part.id: held(part) for part in card.inputs()}


def test_head_of_the_card() -> None:
    rendered = adaptive.render(EVERY_PART)
    assert rendered["type"] == "AdaptiveCard"
    assert rendered["version"] == "1.5"
    assert rendered["lang"] == "en"
    assert rendered["speak"] == "Your form is ready."
    assert rendered["fallbackText"].startswith("Your form is ready.\n\nReport an event\n\nPage 1")
    title = rendered["body"][0]
    assert (title["text"], title["style"], title["wrap"]) == ("Report an event", "heading", True)


def test_heading_and_subtle_words() -> None:
    heading, subtle = body_of(Words(text="H", style="heading"), Words(text="S", style="subtle"))
    assert (heading["text"], heading["style"]) == ("H", "heading")
    assert (subtle["text"], subtle["isSubtle"]) == ("S", True)


@pytest.mark.parametrize(
    ("style", "container", "word"), [("warning", "warning", "Important:"), ("error", "attention", "Problem:")]
)
def test_what_stands_out_does_so_by_a_word(style: Any, container: str, word: str) -> None:
    [box] = body_of(Words(text="Ring 999.", style=style))
    assert (box["type"], box["style"]) == ("Container", container)
    assert [item["text"] for item in box["items"]] == [word, "Ring 999."]


@pytest.mark.parametrize("style", ["body", "heading", "subtle", "warning", "error"])
def test_typed_words_are_runs_without_markdown(style: Any) -> None:
    for typed in (TYPED, *TRICKY[:5]):
        blocks = nodes(adaptive.render(card_of(Words(text=typed, style=style, typed=True))), "RichTextBlock")
        assert [literally(block) for block in blocks] == [typed]


def test_typed_date_templates_are_cut_in_two() -> None:
    [block] = body_of(Words(text="{{DATE(2026-11-20T08:00:00Z)}}", typed=True))
    assert [run["text"] for run in block["inlines"]] == ["{", "{DATE(2026-11-20T08:00:00Z)}}"]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("PSI-2026-0001 (near miss), 3 - 4 pm & co. [x]", "PSI-2026-0001 (near miss), 3 - 4 pm & co. [x]"),
        ("*a* _b_ `c` ~~d", r"\*a\* \_b\_ \`c\` \~~d"),
        ("[a](https://example.org)", r"[a\](https://example.org)"),
        ("- a\n2. b\n# c", "\\- a\n\n2\\. b\n\n\\# c"),
        ("<b> &amp; {{DATE(x)}}", r"\<b> \&amp; \{{DATE(x)}}"),
        ("\\*", r"\\\*"),
    ],
)
def test_other_words_are_escaped_where_markdown_would_act(text: str, escaped: str) -> None:
    [block] = body_of(Words(text=text))
    assert block["text"] == escaped


def test_facts_are_lines_of_their_own_and_literal() -> None:
    first, typed, rest = body_of(
        Facts(facts=(Fact(label="A", value="1"), Fact(label="B", value=TYPED, typed=True), Fact(label="C", value="*")))
    )
    assert literally(first) == "A: 1"
    assert literally(typed) == f"B: {TYPED}"
    assert literally(rest) == "C: *"


def test_details_are_folded_into_a_card_of_their_own() -> None:
    [action] = nodes(adaptive.render(EVERY_PART), "Action.ShowCard")
    assert action["title"] == "Why we ask"
    assert action["card"]["body"][0]["text"] == "So that others can learn.\n\nThank you."


def test_copy_is_monospace_and_literal() -> None:
    [run] = [run for run in nodes(adaptive.render(EVERY_PART), "TextRun") if run.get("fontType") == "Monospace"]
    assert run["text"] == "Type: Near miss\nPlace: clinic"


def test_inputs_of_the_card_with_every_part() -> None:
    fields = {field["id"]: field for field in nodes(adaptive.render(EVERY_PART), "Input.")}
    assert fields["what"]["type"] == "Input.Text"
    assert fields["what"]["isMultiline"] is True
    assert fields["what"]["maxLength"] == 3000
    assert fields["place"]["label"] == "Where? (optional)"
    assert (fields["how-many"]["min"], fields["how-many"]["max"], fields["how-many"]["value"]) == (0, 10, 2)
    assert (fields["danger"]["style"], fields["service"]["style"]) == ("expanded", "compact")
    assert (fields["affected"]["isMultiSelect"], fields["affected"]["value"]) == (True, "patient,staff")
    assert (fields["day"]["value"], fields["clock"]["value"]) == ("2026-11-20", "14:30")
    assert (fields["when.date"]["value"], fields["when.date"]["max"]) == ("2026-11-20", "2026-11-21")
    assert (fields["when.time"]["value"], fields["when.time"]["label"]) == ("14:30", "Time, if known")
    assert fields["who"]["value"] == "Sam Hart, jo@fenmarsh.example"
    assert all(field["label"] and field.get("errorMessage", "time") for field in fields.values())


def test_error_and_hint_stand_below_their_input() -> None:
    field, error, hint = body_of(TextInput(id="a", label="A", hint="No names.", error="Too long."))
    assert (error["text"], error["color"]) == ("Please check: Too long.", "Attention")
    assert field["id"] == "a"
    assert (hint["text"], hint["isSubtle"]) == ("No names.", True)


SEND = Button(label="Send", action="s", submits=True, validates=True)
BACK = Button(label="Back", action="b", submits=True)


@pytest.mark.parametrize(("buttons", "required"), [((SEND,), True), ((SEND, BACK), False)])
def test_a_required_input_never_blocks_the_way_back(buttons: tuple[Button, ...], required: bool) -> None:
    [field, *_] = body_of(TextInput(id="a", label="A", required=True), buttons=buttons)
    assert field.get("isRequired", False) is required
    assert field["label"] == "A"


def test_only_the_day_of_a_moment_can_be_required() -> None:
    date, time, *_ = body_of(MomentInput(id="m", label="When?", required=True), buttons=(SEND,))
    assert (date["isRequired"], "isRequired" in time) == (True, False)


def test_a_limit_never_shuts_out_the_value_already_there() -> None:
    text, number = body_of(
        TextInput(id="a", label="A", value="x" * 200, max_length=150), NumberInput(id="n", label="N", value=-2, most=9)
    )
    assert text["maxLength"] == 200
    assert (number["min"], number["max"]) == (-2, 9)


def test_buttons() -> None:
    *_, row = adaptive.render(EVERY_PART)["body"]
    back, forward, delete = row["actions"]
    assert (back["type"], back["verb"], back["associatedInputs"]) == ("Action.Execute", "press", "auto")
    assert (forward["data"]["action"], forward["style"]) == ("bbbb2222", "positive")
    assert (delete["data"], delete["style"]) == ({"action": "cccc3333"}, "destructive")
    assert delete["associatedInputs"] == "none"
    assert delete["fallback"]["type"] == "Action.Submit"
    assert all(action["fallback"]["data"] == action["data"] for action in row["actions"])
    [link] = nodes(adaptive.render(EVERY_PART), "Action.OpenUrl")
    assert (link["title"], link["url"]) == ("Open Datix", "https://datix.example/?a=1&b=2")


OPEN = Button(label="Open it", action="o", style="primary", spoken="Open PSI-2026-0001", opens=True)


def test_a_button_that_opens_a_window_has_a_way_round() -> None:
    [row] = body_of(buttons=(OPEN,))
    opens, way_round = row["actions"]
    assert (opens["type"], opens["title"], opens["style"]) == ("Action.Submit", "Open it", "positive")
    assert opens["data"] == {"msteams": {"type": "task/fetch"}, "action": "o"}
    assert opens["associatedInputs"] == "none"
    assert (way_round["type"], way_round["title"]) == ("Action.Execute", "Open it (in our private chat)")
    assert "style" not in way_round
    assert way_round["data"] == way_round["fallback"]["data"] == {"action": "o"}
    assert [action["tooltip"] for action in row["actions"]] == [
        "Open PSI-2026-0001",
        "Open PSI-2026-0001 (in our private chat)",
    ]


def test_what_a_screen_reader_says_is_the_buttons_tooltip() -> None:
    [row] = body_of(buttons=(Button(label="Open", action="o", spoken="Open PSI-2026-0001"), BACK))
    spoken, plain = row["actions"]
    assert spoken["tooltip"] == spoken["fallback"]["tooltip"] == "Open PSI-2026-0001"
    assert "tooltip" not in plain


def test_in_a_window_every_button_is_a_plain_submit() -> None:
    card = EVERY_PART.model_copy(update={"buttons": (*EVERY_PART.buttons, OPEN)})
    message, window = adaptive.render(card), adaptive.render(card, window=True)
    assert nodes(window, "Action.Execute") == []
    submits = nodes(window, "Action.Submit")
    assert {submit["title"]: submit["data"] for submit in submits} == {
        **{
            a["title"]: a["data"]
            for a in nodes(message, "Action.Execute")
            if "title" in a and "private chat" not in a["title"]
        },
        "Open it": {"action": "o"},
    }
    assert not any("fallback" in submit for submit in submits)
    assert [link["url"] for link in nodes(window, "Action.OpenUrl")] == ["https://datix.example/?a=1&b=2"]
    Draft6Validator(SCHEMA).validate(window)


@given(cards())
@settings(max_examples=30, deadline=None)
def test_any_card_is_valid_in_a_window(card: Card) -> None:
    rendered = adaptive.render(card, window=True)
    assert list(FAST.iter_errors(rendered)) == []
    assert check.teams_problems(rendered) == []


def test_seven_buttons_are_two_rows() -> None:
    rows = body_of(buttons=tuple(Button(label=str(n), action=str(n)) for n in range(7)))
    assert [len(row["actions"]) for row in rows] == [6, 1]


def test_given_reads_every_kind_of_input() -> None:
    assert adaptive.given(sent(adaptive.render(EVERY_PART))) == EVERY_VALUE


def test_given_says_which_inputs_were_left_empty() -> None:
    rendered = adaptive.render(EVERY_PART)
    [data, *_] = [a["data"] for a in nodes(rendered, "Action.Execute") if a.get("title") == "Next"]
    assert adaptive.given(data) == dict.fromkeys(EVERY_VALUE)


def test_given_without_our_own_data_still_reads_the_inputs() -> None:
    data = {"action": "a", "x": "", "y": "a,b", "m.date": "2026-11-20"}
    assert adaptive.given(data) == {"x": None, "y": "a,b", "m": {"date": "2026-11-20", "time": None}}


def test_long_words_are_cut_to_28_kilobytes() -> None:
    rendered = adaptive.render(card_of(*[Words(text="🙂 " * 4000, typed=True)] * 9, Words(text="The end.")))
    assert check.teams_problems(rendered) == []
    assert rendered["body"][-1]["text"] == "The end."
    assert literally(rendered["body"][1]).endswith("…")


def test_a_form_of_long_answers_keeps_them_whole() -> None:
    fields = [TextInput(id=str(n), label="L", value="w" * 3000, multiline=True) for n in range(4)]
    rendered = adaptive.render(card_of(*fields, buttons=(SEND,)))
    assert check.teams_problems(rendered) == []
    assert [len(field["value"]) for field in nodes(rendered, "Input.")] == [3000] * 4


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ((TextInput(id="a", label="A"), TextInput(id="a", label="B")), "input id a is used 2 times"),
        ((TextInput(id="action", label="A"),), "input id action is taken by the buttons' own data"),
        (
            (ChoiceInput(id="c", label="C", options=(Option(value="a,b", label="A"),), several=True),),
            "input c has a comma in a value; Teams joins the chosen ones with commas",
        ),
    ],
)
def test_the_check_finds_clashes_of_inputs(body: tuple[Any, ...], problem: str) -> None:
    assert check.teams_problems(adaptive.render(card_of(*body))) == [problem]


def test_the_check_finds_what_is_too_large() -> None:
    card = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "x" * 29_000}]}
    assert check.teams_problems(card) == ["the card has 29063 bytes; at most 28672"]
    card["body"][0]["text"] = "x" * 41_000  # type: ignore[index]
    assert len(check.teams_problems(card)) == 2
    assert check.teams_problems({"actions": [{"type": "Action.Submit"}] * 7}) == ["7 actions in a row; at most 6"]
