"""Which words bring the card of people to ring: those in the first table always, those in the last preferably not."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psirf_bot.domain.distress import sounds_like_distress_or_danger

MUST = """
I want to die
i wanna die
I'm ready to die
I wish I was dead
I wish I had never been born
I'm going to kill myself
I want to kill my self
I have been hurting myself
I have been self-harming
I feel suicidal
I want to end it
I want to end it all
I am going to take my own life
Everyone would be better off without me
There is no point in living
there's no point anymore
I don't want to be here any more
I do not want to wake up
I dont want to live
I can't cope
I cant cope any more
We cannot go on like this
I can not carry on
I can't take it
I can't do this anymore
I can't breathe
I feel really hopeless
im so desperate
I'm in crisis
I am not safe
I don't feel safe
I'm scared for my life
I am at breaking point
I'm having a breakdown
I took an overdose
he overdosed
help me
please help
Someone help!
I need help
I need help now
we need an ambulance
Call an ambulance
ring 999
someone is in danger
we're in danger
There is immediate danger
He's not breathing
She stopped breathing
he isnt breathing
no pulse
not responding
she is unresponsive
he is unconscious
she just collapsed
she is choking
cardiac arrest in bay 2
crash call
he's having a heart attack
having a seizure
bleeding badly
lots of blood
she is dying
hes dying
pt is dying
he has a knife
he's got a knife
man with a knife at the desk
someone attacked me
he is attacking staff
they are threatening us
I've been assaulted
I was raped
my husband hits me
there's a fire
Fire!
the bin is on fire
emergency
Emergency in room 4
this is an emergency.
medical emergency please come
"""

SPELT = (
    "I CAN’T COPE",
    "i can‘t cope",
    "I can´t cope",
    "I can`t cope",
    "I  can't\ncope",
    "I can't\u00a0cope",
    "Ｉ want to die",
    "I want to d\u200bie",
    "sui\u00adcidal",
    "**I want to die**",
    "I want to die😢",
)

# Typed as an answer to a question. The numbers stand above the next question then, and nothing is lost: acceptable.
EITHER_WAY = """
The patient collapsed yesterday and was helped up.
Nobody was in danger.
I cut myself on a needle.
The overdose policy was not followed.
Please help me fill in this form
The patient has a history of self-harm.
"""

PREFERABLY_NOT = """
The hoist stopped half way.
The patient fell in the bathroom and was not hurt.
She was taken to the emergency department.
The emergency buzzer did not work.
The emergency trolley was not checked.
Emergency contact details were missing.
It was an emergency admission.
The wrong dose was drawn up and not given.
The wound was not responding to treatment.
We can't do this visit alone.
The lift cannot take this weight.
We cannot take it out of the cupboard.
There was a little bleeding from the site.
There is a fire door that sticks.
There was a fire drill.
The patient died peacefully at home.
He was dying and his family was with him.
The patient said the stairs felt unsafe.
The handover was not as safe as it could be.
The handrail was a danger to visitors.
There was no point of contact.
There is no point in the rota for this.
She was better off in a side room.
Two patients have a similar name.
Breakdown of the van on the way.
The scalpel was left on the tray.
The line manager was a great help.
He needs help with washing.
The helpline did not answer.
report
my reports
help
yes
not known
yesterday 14:30
Podiatry
Sam Reed, Jo Bell
PSI-2026-0001
"""


def lines(table: str) -> list[str]:
    return table.strip().splitlines()


@pytest.mark.parametrize("words", lines(MUST))
def test_words_of_distress_or_danger_always_bring_the_numbers(words: str) -> None:
    assert sounds_like_distress_or_danger(words)
    assert sounds_like_distress_or_danger(words.upper())


@pytest.mark.parametrize("words", SPELT)
def test_however_they_are_typed(words: str) -> None:
    assert sounds_like_distress_or_danger(words)


@pytest.mark.parametrize("words", lines(EITHER_WAY))
def test_where_it_may_be_either_the_numbers_are_shown(words: str) -> None:
    """When in doubt it is better to show them; a change here is to be made knowingly."""
    assert sounds_like_distress_or_danger(words)


@pytest.mark.parametrize("words", lines(PREFERABLY_NOT))
def test_the_everyday_words_of_a_report_are_taken_as_they_are(words: str) -> None:
    assert not sounds_like_distress_or_danger(words)


@settings(max_examples=100)
@given(st.text(max_size=30), st.sampled_from(lines(MUST)), st.text(max_size=30))
def test_no_words_around_them_hide_them(before: str, words: str, after: str) -> None:
    if words in {"Fire!", "emergency", "not responding", "there's a fire"}:  # what comes after tells
        return
    assert sounds_like_distress_or_danger(f"{before}. {words}. {after}")


@settings(max_examples=100)
@given(st.text() | st.text(st.characters(categories=["Cs", "Cc", "Cf"])))
def test_any_text_gets_an_answer(text: str) -> None:
    assert sounds_like_distress_or_danger(text) in {True, False}


@pytest.mark.parametrize("unit", ["x", " ", "i can't ", "i'm so really ", "emergency d", "fire ", "not responding to "])
def test_a_long_text_holds_nobody_up(unit: str) -> None:
    began = time.process_time()
    sounds_like_distress_or_danger((unit * 100_000)[:100_000])
    assert time.process_time() - began < 1
