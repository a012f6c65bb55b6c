from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from cards.strategies import EVERY_PART, TRICKY, TYPED, cards
from psirf_bot.cards import html
from psirf_bot.cards.model import Button, Card, ChoiceInput, Copy, Details, Fact, Facts, Option, TextInput, Words


def card_of(*body: Any, buttons: tuple[Button, ...] = ()) -> Card:
    return Card(title="T", preview="P", body=body, buttons=buttons)


def parsed(card: Card) -> ET.Element:
    """The card as a tree. It is written so that it is well-formed XML as well, which a browser does not ask for."""
    return ET.fromstring(html.render(card, "c1"))  # noqa: S314  # our own output


def said(element: ET.Element) -> str:
    """An element's words, a line end for each <br>."""
    for line_end in element.iter("br"):
        line_end.text = "\n"
    return "".join(element.itertext())


def one(tree: ET.Element, path: str) -> ET.Element:
    [found] = tree.findall(path)
    return found


EVERY = parsed(EVERY_PART)


@given(cards())
@settings(max_examples=60, deadline=None)
def test_any_card_is_well_formed_with_ids_of_its_own(card: Card) -> None:
    tree = parsed(card)
    ids = [element.get("id", "") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name == "c1" or name.startswith("c1-") for name in ids)
    assert not {"script", "style"} & {element.tag for element in tree.iter()}
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on") or name == "style"]


@given(cards())
@settings(max_examples=60, deadline=None)
def test_every_control_of_any_card_has_a_label_and_descriptions_that_exist(card: Card) -> None:
    tree = parsed(card)
    labelled = {label.get("for") for label in tree.iter("label")}
    controls = [element for tag in ("input", "select", "textarea") for element in tree.iter(tag)]
    assert {control.get("id") for control in controls} == labelled
    ids = {element.get("id") for element in tree.iter()}
    described = [name for element in tree.iter() for name in (element.get("aria-describedby") or "").split()]
    assert set(described) <= ids


@pytest.mark.parametrize("typed", [*TRICKY, TYPED])
def test_typed_words_stand_as_they_were_typed(typed: str) -> None:
    card = card_of(
        Words(text=typed, typed=True),
        Facts(facts=(Fact(label="L", value=typed, typed=True),)),
        Details(title="D", text=typed, typed=True),
        Copy(title="C", text=typed),
        TextInput(id="a", label="A", value=typed, multiline=True),
    )
    tree = parsed(card)
    assert [said(element) for path in (".//p", ".//dd") for element in tree.findall(path)] == [typed] * 3
    # Browsers drop the first line end of these two.
    assert [said(element) for path in (".//pre", ".//textarea") for element in tree.findall(path)] == ["\n" + typed] * 2


def test_values_in_attributes_are_escaped() -> None:
    tree = parsed(card_of(TextInput(id='a"b', label="A", value="\"><script>'")))
    field = one(tree, ".//input")
    assert (field.get("name"), field.get("value")) == ('a"b', "\"><script>'")


def test_article_is_named_by_its_heading() -> None:
    assert (EVERY.tag, EVERY.get("id"), EVERY.get("aria-labelledby")) == ("article", "c1", "c1-title")
    assert said(one(EVERY, f".//h3[@id='{EVERY.get('aria-labelledby')}']")) == "Report an event"
    assert [said(heading) for heading in EVERY.iter("h4")] == ["What happened", "Text for Datix"]


def test_words_facts_details_progress() -> None:
    assert said(one(EVERY, ".//p[@class='progress']")) == "Page 1"
    assert said(one(EVERY, ".//p[@class='subtle']")) == "Nobody reads this chat live."
    warning, error = one(EVERY, ".//div[@class='warning']"), one(EVERY, ".//div[@class='error']")
    assert (said(warning), warning.get("role")) == ("Important: Ring 999 if anyone is in danger.", "note")
    assert (said(error), error.get("role")) == ("Problem: Some of it is not usable yet.", "alert")
    assert [said(element) for element in one(EVERY, ".//dl").iter() if element.tag in ("dt", "dd")] == [
        "Service",
        "Children's Therapy",
        "Place",
        TYPED,
    ]
    assert said(one(EVERY, ".//details/summary")) == "Why we ask"
    assert said(one(EVERY, ".//details/p")) == "So that others can learn.\nThank you."


def test_copy_has_a_button_for_its_text() -> None:
    button = one(EVERY, ".//button[@data-copy]")
    assert button.get("aria-label") == "Copy Text for Datix"
    assert said(one(EVERY, f".//pre[@id='{button.get('data-copy')}']")) == "\nType: Near miss\nPlace: clinic"


def test_inputs_of_the_card_with_every_part() -> None:
    by_name = {element.get("name"): element for element in EVERY.iter() if element.get("name")}
    assert {name: (element.tag, element.get("type")) for name, element in by_name.items()} == {
        "what": ("textarea", None),
        "place": ("input", "text"),
        "how-many": ("input", "number"),
        "danger": ("input", "radio"),
        "service": ("select", None),
        "affected": ("input", "checkbox"),
        "day": ("input", "date"),
        "clock": ("input", "time"),
        "when.date": ("input", "date"),
        "when.time": ("input", "time"),
        "who": ("input", "text"),
    }
    values = {name: element.get("value") for name, element in by_name.items()}
    assert (values["how-many"], values["day"], values["clock"]) == ("2", "2026-11-20", "14:30")
    assert (values["when.date"], values["when.time"]) == ("2026-11-20", "14:30")
    assert values["who"] == "Sam Hart, jo@fenmarsh.example"
    assert by_name["when.date"].get("max") == "2026-11-21"
    assert by_name["place"].get("maxlength") == "150"
    assert (by_name["how-many"].get("min"), by_name["how-many"].get("max")) == ("0", "10")
    checked = [(e.get("name"), e.get("value")) for e in EVERY.iter("input") if e.get("checked") is not None]
    assert checked == [("danger", "no"), ("affected", "patient"), ("affected", "staff")]
    assert one(EVERY, ".//option[@selected]").get("value") == "s3"
    required = {element.get("name") for element in EVERY.iter() if element.get("required") is not None}
    assert required == {"what", "danger", "when.date"}


def test_labels_say_in_words_what_is_optional() -> None:
    labels = [said(label) for label in (*EVERY.iter("legend"), *EVERY.iter("label"))]
    assert {"Is anyone in danger now?", "Who was affected? (optional)", "When was it?"} <= set(labels)
    assert {"What happened?", "Where? (optional)", "Time, if known"} <= set(labels)


@pytest.mark.parametrize(
    ("part", "described"),
    [
        (TextInput(id="a", label="A", hint="No names.", error="Too long."), ".//input"),
        (
            ChoiceInput(
                id="a", label="A", hint="No names.", error="Too long.", options=(Option(value="y", label="Yes"),)
            ),
            ".//fieldset",
        ),
    ],
)
def test_hint_and_error_belong_to_their_input(part: Any, described: str) -> None:
    tree = parsed(card_of(part))
    names = (one(tree, described).get("aria-describedby") or "").split()
    assert [said(one(tree, f".//p[@id='{name}']")) for name in names] == ["No names.", "Please check: Too long."]
    assert one(tree, ".//input").get("aria-invalid") == "true"


def test_checkboxes_are_never_all_required() -> None:
    options = (Option(value="y", label="Yes"), Option(value="n", label="No"))
    tree = parsed(card_of(ChoiceInput(id="a", label="A", options=options, several=True, required=True)))
    assert [box.get("required") for box in tree.iter("input")] == [None, None]


def test_buttons_carry_what_they_do_and_no_more() -> None:
    back, forward, delete = [button.attrib for button in EVERY.findall(".//button[@data-action]")]
    assert back == {"type": "button", "class": "plain", "data-action": "aaaa1111", "data-submits": "true"}
    assert (forward["class"], forward["data-validates"]) == ("primary", "true")
    assert delete == {"type": "button", "class": "danger", "data-action": "cccc3333"}
    link = one(EVERY, ".//a")
    assert (link.get("href"), link.get("rel")) == ("https://datix.example/?a=1&b=2", "noopener noreferrer")


def test_a_link_that_would_run_is_words_only() -> None:
    tree = parsed(card_of(buttons=(Button(label="Open", url="javascript:alert(1)"),)))
    assert (tree.findall(".//a"), said(one(tree, ".//span"))) == ([], "Open")


@pytest.mark.parametrize(("body", "forms"), [((), 0), ((TextInput(id="a", label="A"),), 1)])
def test_there_is_a_form_when_there_is_something_to_fill_in(body: tuple[Any, ...], forms: int) -> None:
    assert len(parsed(card_of(*body)).findall("form")) == forms
