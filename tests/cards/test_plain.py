import pytest
from hypothesis import given, settings

from cards.strategies import EVERY_PART, cards
from psirf_bot.cards import adaptive, check, html, plain
from psirf_bot.cards.model import Button, Card, DayInput, Facts, Words


def test_every_part_in_reading_order() -> None:
    assert (
        plain.render(EVERY_PART)
        == """\
Report an event

Page 1

What happened

Facts, in your own words.

Nobody reads this chat live.

Important: Ring 999 if anyone is in danger.

Problem: Some of it is not usable yet.

*Not bold* <!channel> :fire: <b>
second line

Service: Children's Therapy
Place: *Not bold* <!channel> :fire: <b>
second line

Why we ask
So that others can learn.
Thank you.

Text for Datix
Type: Near miss
Place: clinic

Open Datix: https://datix.example/?a=1&b=2

What happened?
No names.
Your answer so far: A fall

Where? (optional)
Please check: That looks like a postcode.

How many? (optional)
Your answer so far: 2

Is anyone in danger now?
- Yes
- No
Your answer so far: No

Which service? (optional)
- Service 1
- Service 2
- Service 3
- Service 4
- Service 5
- Service 6
- Service 7
Your answer so far: Service 3

Who was affected? (optional)
- A patient
- Staff
Your answer so far: A patient, Staff

Which day? (optional)
Your answer so far: 2026-11-20

What time? (optional)
Your answer so far: 14:30

When was it?
Your answer so far: 2026-11-20 14:30

Who else? (optional)
Your answer so far: Sam Hart, jo@fenmarsh.example

You can press: Back, Next, Delete"""
    )


def test_a_card_with_nothing_on_it_is_its_title() -> None:
    assert plain.render(Card(title="T", preview="P", body=(Facts(facts=()), Words(text="")))) == "T"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("Please answer this.", "Please answer this."),
        ("That is in the future.", "Please check: That is in the future."),
    ],
)
def test_what_is_wrong_says_please_once(error: str, shown: str) -> None:
    card = Card(title="T", preview="P", body=(DayInput(id="day", label="Which day?", error=error),))
    for said in (plain.render(card), str(adaptive.render(card)), html.render(card, "a")):
        assert shown in said
        assert "Please check: Please" not in said


@given(cards())
@settings(max_examples=50, deadline=None)
def test_nothing_that_is_said_is_left_out(card: Card) -> None:
    rendered = plain.render(card)
    said = [card.title, *(part.text for part in card.body if isinstance(part, Words))]
    said += [label for part in card.inputs() for label in (part.label, part.hint, part.error)]
    said += [button.label for button in card.all_buttons() if isinstance(button, Button)]
    assert [words for words in said if words not in rendered] == []


@pytest.mark.parametrize(
    ("text", "most", "clipped"),
    [
        ("just right", 10, "just right"),
        ("Report a patient safety event", 24, "Report a patient safety…"),
        ("Report a patient safety event", 23, "Report a patient…"),
        ("Unsplittable" * 3, 10, "Unsplitta…"),
        ("a bcdefghijkl", 10, "a bcdefgh…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_clip(text: str, most: int, clipped: str) -> None:
    assert check.clip(text, most) == clipped


def test_only_the_longest_words_are_cut() -> None:
    card = Card(title="T", preview="P", body=(Words(text="short"), Words(text="x" * 50), Words(text="y" * 70)))
    assert [part.text for part in check.fitted(card, 65).body if isinstance(part, Words)] == [
        "short",
        "x" * 29 + "…",
        "y" * 29 + "…",
    ]
    assert check.fitted(card, 125) is card


def test_a_title_without_end_is_cut() -> None:
    assert check.fitted(Card(title="x" * 4000, preview="P"), 10).title == "x" * 299 + "…"
