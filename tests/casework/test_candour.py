"""The duty of candour from the report to the letter: who confirms, what is recorded, which clocks run, who waits."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from ready_reports import send_report
from sqlmodel import col, select
from test_reporting import AMINA, BRONWEN, CARYS, LEAH, PAGE_1

from psirf_bot.cards import adaptive, blockkit, check
from psirf_bot.cards.model import Card
from psirf_bot.casework import candour, candour_steps, cases, people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.deadlines import of_case as deadlines_of
from psirf_bot.casework.deadlines import running, running_of, settle
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.domain.candour import LETTER_FIRST
from psirf_bot.store.tables import AuditEntry, CandourStep, Case, Deadline, Inbox, Nudge
from scenes import scene
from stage import Stage, shown, words

GRACE, MARGUERITE, WEI, NIAMH = "Grace Mbeki-Ward", "Marguerite Oduya", "Wei Chen", "Niamh Gallagher"
FIRST = "PSI-2026-0001"
ANSWERS: dict[str, Any] = PAGE_1 | {
    "event-type": "incident",
    "what-happened": "The evening insulin was given twice.",
    "affected": ["patient"],
    "affected-described": "An older adult having care at home",
    "physical-harm": "moderate",
    "psychological-harm": "none",
    "could-have-led": "no",
    "candour": "not-known",
    "involved": "no",
}
NOTHING = {"physical-harm": "none", "candour": "no"}
TOLD: dict[str, Any] = {
    "told-on": "2026-11-20",
    "told-by": BRONWEN,
    "how": "in-person",
    "whom": "themselves",
    "apology": "yes",
    "support": ["contact", "talk"],
    "enquiries": ["review"],
}
LETTER: dict[str, Any] = {
    "sent-on": "2026-11-20",
    "sent-by": GRACE,
    "holds": ["facts", "enquiries", "apology"],
    "told-first": "not-yet",
}
ATTEMPT: dict[str, Any] = {"tried-on": "2026-11-20", "tried-by": GRACE, "way": "phone", "outcome": "no-answer"}
DECLINED: dict[str, Any] = {"ended-on": "2026-11-20", "ending": "declined", "reason": None}
YES, NO = {"ground": "moderate", "opinion": GRACE}, {"ground": "below", "opinion": MARGUERITE}

TELL, SEND, TRY = "Somebody has spoken with them", "The letter is sent", "Record an attempt"
UNREACHABLE, DECLINE, CONFIRM = "They cannot be reached", "They declined, or attempts end", "Confirm whether it applies"
CHANGE = "Change what was confirmed"


@scene
async def reported(stage: Stage, **change: Any) -> None:
    await send_report(stage, AMINA, ANSWERS | change)


def case_of(work: Work, reference: str = FIRST) -> Case:
    found = cases.by_reference(work, reference)
    assert found is not None
    return found


async def opened(stage: Stage, name: str = GRACE, verb: str = "candour.show", reference: str = FIRST) -> Card:
    """What somebody gets who presses a button of this verb."""
    action = await stage.do(lambda work: action_id(work, verb, case=case_of(work, reference)))
    return shown(await stage.turn(name, Pressed(action)))


async def records(stage: Stage, label: str, given: dict[str, Any], name: str = GRACE, reference: str = FIRST) -> Card:
    """Open the card, press the button, and send the form that it shows."""
    form = await stage.presses(name, await opened(stage, name, reference=reference), label)
    return await stage.presses(name, form, "Confirm" if label in (CONFIRM, CHANGE) else "Record it", given)


async def clocks(stage: Stage, reference: str = FIRST) -> dict[str, str]:
    """The duties of candour that are owed, each with its due day."""

    def owed(work: Work) -> dict[str, str]:
        theirs = select(Deadline).where(Deadline.case_id == case_of(work, reference).id, Deadline.state == "open")
        return {
            d.rule.removeprefix("candour."): d.due_local[:10]
            for d in work.session.exec(theirs)
            if d.rule.startswith("candour.")
        }

    found: dict[str, str] = await stage.do(owed)
    return found


async def gate(stage: Stage, reference: str = FIRST) -> str | None:
    why: str | None = await stage.do(lambda work: candour.contact_gate(work, case_of(work, reference)))
    return why


async def steps(stage: Stage) -> list[str]:
    return list(await stage.do(lambda work: [s.step for s in work.session.exec(select(CandourStep))]))


# From the report


BY_REPORT = [
    ({}, True),
    ({"physical-harm": "low", "candour": "yes"}, True),
    ({"physical-harm": "low", "candour": "not-known"}, True),
    ({"physical-harm": "none", "psychological-harm": "moderate", "candour": "no"}, True),
    (NOTHING, False),
    ({"physical-harm": "low", "candour": "no"}, False),
]


@pytest.mark.parametrize(("change", "suggested"), BY_REPORT)
async def test_the_clock_and_the_gate_start_with_the_report(
    stage: Stage, change: dict[str, Any], suggested: bool
) -> None:
    """Friday 20 November 2026 with two and ten working days."""
    await reported(stage, **change)
    owed = {"confirmed": "2026-11-24", "told": "2026-12-04", "written": "2026-12-04"} if suggested else {}
    assert await clocks(stage) == owed
    assert bool(await gate(stage)) is suggested


async def test_the_card_shows_grades_and_thresholds_apart_and_decides_nothing(stage: Stage) -> None:
    await reported(stage)
    text = words(await opened(stage))
    assert "Duty of candour may apply; a clinician decides." in text
    assert "Moderate (LFPSE code 3)" in text
    assert "prolonged psychological harm: for 28 days or more" in text
    assert "SI 2014/2936" in text
    assert "not the same scale" in text
    assert "not an admission of liability" in text
    due = "Due Friday 4 December. Counted from Friday 20 November 2026. Where the date comes from: 10 working days"
    assert due in text
    assert "contract/local" in text


async def test_a_report_without_candour_says_so_and_a_clinician_can_confirm_it_all_the_same(stage: Stage) -> None:
    await reported(stage, **NOTHING)
    assert "does not suggest it" in words(await opened(stage))
    stage.later(days=3)
    await records(stage, CONFIRM, {"ground": "could", "opinion": GRACE})
    assert await clocks(stage) == {"told": "2026-12-04", "written": "2026-12-04"}, "counted from the report"
    assert await gate(stage)


# Who may


SEES = {GRACE: True, LEAH: True, MARGUERITE: True, BRONWEN: True, AMINA: False, CARYS: False, WEI: False, NIAMH: False}
CONFIRMS = (GRACE, MARGUERITE)


async def test_who_sees_records_and_confirms(stage: Stage) -> None:
    """The line manager leads the service here: she sees it and can record, and does not confirm."""
    await reported(stage)
    recording = [v for v in candour_steps.VERBS if v not in ("candour.confirm", "candour.unreachable")]
    for name, sees in SEES.items():
        for verb in recording:
            card = await opened(stage, name, verb)
            assert (card.title != "I could not do that") is sees, (name, verb)
            assert ("looked after by the candour lead" in words(card)) is not sees, (name, verb)
        refused = words(await opened(stage, name, "candour.confirm"))
        assert ("for a clinician to confirm" in refused) == (sees and name not in CONFIRMS), name
        assert ("Whose clinical opinion" in refused) == (name in CONFIRMS), name
        labels = [button.label for button in (await opened(stage, name)).all_buttons()]
        assert (CONFIRM in labels) == (name in CONFIRMS), name


async def test_a_stranger_who_sends_a_form_changes_nothing(stage: Stage) -> None:
    await reported(stage)
    for label, given in ((TELL, TOLD), (SEND, LETTER), (DECLINE, DECLINED)):
        form = await stage.presses(GRACE, await opened(stage), label)
        for name in (n for n, sees in SEES.items() if not sees):
            refused = await stage.presses(name, form, "Record it", given)
            assert "looked after by the candour lead" in words(refused), name
    form = await stage.presses(GRACE, await opened(stage), CONFIRM)
    for name in (n for n in SEES if n not in CONFIRMS):
        await stage.presses(name, form, "Confirm", NO)
    assert await steps(stage) == []
    assert "told" in await clocks(stage)


async def test_a_report_kept_close_shows_its_grades_and_none_of_its_words(stage: Stage) -> None:
    await reported(stage, relative="yes")
    theirs, quality = await opened(stage, GRACE), await opened(stage, LEAH)
    assert "insulin" not in words(theirs)
    assert "older adult" not in words(theirs)
    assert "Moderate (LFPSE code 3)" in words(theirs)
    assert "kept to the quality team" in words(theirs)
    assert "Open the case" not in [b.label for b in theirs.all_buttons()]
    assert "insulin" in words(quality)
    assert (await opened(stage, BRONWEN)).title == "I could not do that"


async def test_opening_it_is_written_down(stage: Stage) -> None:
    await reported(stage)
    await opened(stage)
    did = await stage.do(lambda work: [entry.what for entry in work.session.exec(select(AuditEntry))])
    assert "opened the duty of candour" in did


# Confirmed, and changed


async def test_no_closes_every_clock_and_the_gate(stage: Stage) -> None:
    await reported(stage)
    card = await records(stage, CONFIRM, NO, MARGUERITE)
    assert await clocks(stage) == {}
    assert await gate(stage) is None
    assert "No: it reached no threshold and could not have. Clinical opinion: Marguerite Oduya." in words(card)
    assert [b.label for b in card.all_buttons()] == [CHANGE, "Open the case"], "nothing is left to record"


async def test_from_no_to_yes_the_clocks_run_from_the_report_again(stage: Stage) -> None:
    await reported(stage)
    await records(stage, CONFIRM, NO)
    stage.later(days=5)
    card = await records(stage, CHANGE, YES)
    assert await clocks(stage) == {"told": "2026-12-04", "written": "2026-12-04"}
    assert "The duty of candour applies" in str(await gate(stage))
    text = words(card)
    assert text.index("No: it reached no threshold") < text.rindex("Yes: moderate harm"), "both stay, oldest first"
    assert (await stage.do(lambda work: candour.standing_of(work, case_of(work)))).applies
    entries = select(AuditEntry.what).order_by(col(AuditEntry.id))
    did = await stage.do(lambda work: list(work.session.exec(entries)))
    assert [what for what in did if "confirmed" in what] == [
        "duty of candour: confirmed that it does not apply",
        "duty of candour: confirmed that it applies",
    ]


async def test_what_is_done_stays_done_when_it_is_confirmed_later(stage: Stage) -> None:
    await reported(stage)
    await records(stage, TELL, TOLD)
    await records(stage, CONFIRM, YES)
    assert await clocks(stage) == {"written": "2026-12-04"}
    await records(stage, SEND, LETTER)
    await records(stage, CHANGE, NO)
    await records(stage, CHANGE, YES)
    assert await clocks(stage) == {}


async def test_attempts_go_on_when_no_becomes_yes(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    await records(stage, CONFIRM, NO)
    assert await clocks(stage) == {}
    await records(stage, CHANGE, YES)
    assert await clocks(stage) == {"attempts": "2026-11-27", "told": "2026-12-04", "written": "2026-12-04"}


# Told, and written

SPOKEN = [
    ({}, True, True, ""),
    ({"how": "phone"}, False, True, "Still to do: to meet them in person."),
    ({"apology": "no"}, False, False, "Still to do: to say sorry."),
    ({"how": "phone", "apology": "no"}, False, False, "Still to do: to meet them in person; to say sorry."),
    ({"support": ["none"]}, True, True, "Still to do: to offer them support."),
    ({"whom": "family"}, True, True, ""),
]


@pytest.mark.parametrize(("change", "done", "may_go_on", "left"), SPOKEN)
async def test_told_closes_its_clock_only_in_person_with_an_apology(
    stage: Stage, change: dict[str, Any], done: bool, may_go_on: bool, left: str
) -> None:
    await reported(stage)
    card = await records(stage, TELL, TOLD | change)
    assert ("told" not in await clocks(stage)) is done
    assert (await gate(stage) is None) is may_go_on
    assert await stage.do(lambda work: candour.standing_of(work, case_of(work)).apologised) is may_go_on
    assert await steps(stage) == ["told"], "what was recorded is kept"
    assert left in words(card)
    assert ("Still to do: " in words(card)) is bool(left)


LETTERS = [
    (["facts", "enquiries", "results", "apology"], True, ""),
    (["facts", "enquiries", "apology"], True, "what has been found out, once it is known"),
    (["facts", "enquiries", "results"], False, "to say sorry in writing"),
    (["apology"], False, "to write what we know happened; to write what is still being looked into"),
]


@pytest.mark.parametrize(("holds", "done", "left"), LETTERS)
async def test_a_letter_closes_its_clock_when_it_holds_what_the_law_asks(
    stage: Stage, holds: list[str], done: bool, left: str
) -> None:
    await reported(stage)
    card = await records(stage, SEND, LETTER | {"holds": holds})
    assert ("written" not in await clocks(stage)) is done
    assert left in words(card)
    assert await gate(stage), "a letter is no spoken apology"


ASKED_FIRST = "Have they been told in person, with an apology?"
STAYS_OPEN = "Telling them in person, with an apology, stays open until it is recorded"


@pytest.mark.parametrize(("how", "said"), list(LETTER_FIRST.items()))
async def test_a_letter_before_anybody_told_them_is_recorded_and_telling_stays_open(
    stage: Stage, how: str, said: str
) -> None:
    await reported(stage)
    form = await stage.presses(GRACE, await opened(stage), SEND)
    assert ASKED_FIRST in [i.label for i in form.inputs()]
    unanswered = await stage.presses(GRACE, form, "Record it", LETTER | {"told-first": None})
    assert await steps(stage) == [], "what came first is said by whoever records it"
    card = words(await stage.presses(GRACE, unanswered, "Record it", LETTER | {"told-first": how}))
    assert f"{STAYS_OPEN}, due Friday 4 December 2026." in card
    assert "Told in person, with an apology: Not yet. The letter does not take its place: it is still to do." in card
    assert f"Told in person by then? {said}." in card
    assert (await clocks(stage)) == {"confirmed": "2026-11-24", "told": "2026-12-04"}
    told = words(await records(stage, TELL, TOLD))
    assert "told" not in await clocks(stage)
    assert "Told in person, with an apology: Friday 20 November 2026" in told
    assert f"Told in person by then? {said}." in told, "the record keeps the order in which it was written"


@pytest.mark.parametrize("done", [(TELL, TOLD), (DECLINE, DECLINED)])
async def test_a_letter_in_its_turn_asks_nothing_more(stage: Stage, done: tuple[str, dict[str, Any]]) -> None:
    await reported(stage)
    await records(stage, *done)
    form = await opened(stage, verb="candour.written")
    assert ASKED_FIRST not in [i.label for i in form.inputs()]
    card = words(await stage.presses(GRACE, form, "Record it", LETTER))
    assert STAYS_OPEN not in card
    assert "does not take its place" not in card
    assert "by then" not in card


async def test_by_phone_alone_they_are_not_told_yet_when_the_letter_goes(stage: Stage) -> None:
    await reported(stage)
    await records(stage, TELL, TOLD | {"how": "phone"})
    assert STAYS_OPEN in words(await records(stage, SEND, LETTER | {"told-first": "cannot-meet"}))
    assert "told" in await clocks(stage)


async def test_a_letter_sent_twice_is_one_also_when_they_are_told_in_between(stage: Stage) -> None:
    await reported(stage)
    form = await stage.presses(GRACE, await opened(stage), SEND)
    await stage.presses(GRACE, form, "Record it", LETTER)
    await records(stage, TELL, TOLD, LEAH)
    again = words(await stage.presses(GRACE, form, "Record it", LETTER))
    assert await steps(stage) == ["written", "told"]
    assert STAYS_OPEN not in again


async def test_nothing_is_done_before_it_happened_or_in_the_future(stage: Stage) -> None:
    await reported(stage)
    early = await records(stage, TELL, TOLD | {"told-on": "2026-11-19"})
    assert "before it happened (Friday 20 November 2026)" in words(early)
    late = await records(stage, SEND, LETTER | {"sent-on": "2026-11-21"})
    assert "in the future" in words(late)
    assert await steps(stage) == []


# Cannot be reached, declined


async def test_attempts_come_round_until_they_are_told(stage: Stage) -> None:
    await reported(stage)
    card = await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    assert TRY in [b.label for b in card.all_buttons()]
    assert (await clocks(stage))["attempts"] == "2026-11-27"
    stage.later(days=4)
    card = await records(stage, TRY, ATTEMPT | {"tried-on": "2026-11-24"})
    assert (await clocks(stage))["attempts"] == "2026-12-01", "the next one"
    assert "1, the last on Tuesday 24 November 2026" in words(card)
    assert await gate(stage)
    await records(stage, TELL, TOLD)
    assert await clocks(stage) == {"confirmed": "2026-11-24", "written": "2026-12-04"}


async def test_pressed_twice_they_are_unreachable_once(stage: Stage) -> None:
    await reported(stage)
    card = await opened(stage)
    await stage.presses(GRACE, card, UNREACHABLE)
    await stage.presses(GRACE, card, UNREACHABLE)
    assert await steps(stage) == ["unreachable"]


ENDS = [
    ({"ending": "declined"}, False, ""),
    ({"ending": "declined", "reason": "They wrote to us."}, False, ""),
    ({"ending": "tried", "reason": "No address is known."}, False, "at least one attempt first"),
    ({"ending": "harm", "reason": "Their consultant advised it."}, False, "at least one attempt first"),
    ({"ending": "tried", "reason": None}, True, "in a few words why"),
    ({"ending": "tried", "reason": "No address is known."}, True, ""),
    ({"ending": "harm", "reason": "Their consultant advised it."}, True, ""),
]


@pytest.mark.parametrize(("change", "tried", "wrong"), ENDS)
async def test_contact_ends_when_they_say_so_or_after_an_attempt(
    stage: Stage, change: dict[str, Any], tried: bool, wrong: str
) -> None:
    await reported(stage)
    await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    if tried:
        await records(stage, TRY, ATTEMPT)
    card = await records(stage, DECLINE, DECLINED | change)
    assert (await gate(stage) is None) is (not wrong)
    assert ("told" in await clocks(stage)) is bool(wrong)
    assert wrong in words(card)
    if wrong and change["reason"]:
        assert change["reason"] in [getattr(i, "value", "") for i in card.inputs()], "the words are kept"
    if not wrong:
        assert await clocks(stage) == {"confirmed": "2026-11-24"}
        assert (change.get("reason") or "They do not want to be contacted") in words(card)


async def test_who_declined_can_come_back_and_is_then_owed_a_letter(stage: Stage) -> None:
    await reported(stage)
    await records(stage, CONFIRM, YES)
    await records(stage, DECLINE, DECLINED)
    assert await clocks(stage) == {}
    stage.later(days=10)
    await records(stage, TELL, TOLD | {"told-on": "2026-11-30"})
    assert await clocks(stage) == {"written": "2026-12-14"}, "ten working days from the day it was recorded"


# Pressed twice


@pytest.mark.parametrize(
    ("label", "given"), [(TELL, TOLD), (SEND, LETTER), (DECLINE, DECLINED), (CONFIRM, YES), (CONFIRM, NO)]
)
async def test_a_form_sent_twice_is_recorded_once(stage: Stage, label: str, given: dict[str, Any]) -> None:
    await reported(stage)
    form = await stage.presses(GRACE, await opened(stage), label)
    send = "Confirm" if label == CONFIRM else "Record it"
    first = await stage.presses(GRACE, form, send, given)
    once = await clocks(stage)
    second = await stage.presses(GRACE, form, send, given)
    assert first.title == second.title == f"{FIRST}: duty of candour"
    assert len(await steps(stage)) == 1
    assert await clocks(stage) == once


async def test_two_attempts_alike_on_one_day_are_two_when_each_has_its_own_form(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    form = await stage.presses(GRACE, await opened(stage), TRY)
    for _ in range(2):
        await stage.presses(GRACE, form, "Record it", ATTEMPT)
    await records(stage, TRY, ATTEMPT)
    await stage.presses(LEAH, form, "Record it", ATTEMPT)
    assert await steps(stage) == ["unreachable", "attempt", "attempt", "attempt"]


async def test_whoever_was_spoken_to_after_all_is_not_said_to_be_out_of_reach(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    assert "They cannot be reached so far. Each attempt is recorded." in words(await opened(stage))
    await records(stage, TELL, TOLD | {"how": "phone"})
    page = await opened(stage)
    assert "They were spoken to on Friday 20 November 2026, and could not be told in person yet." in words(page)
    assert TRY in [b.label for b in page.all_buttons()], "to meet them is still owed"


# What is typed


async def test_an_identifier_comes_back_with_the_words_kept_and_is_not_stored(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    await records(stage, TRY, ATTEMPT)
    typed = DECLINED | {"ending": "tried", "reason": "Rang 01632 960123 four times."}
    form = await stage.presses(GRACE, await opened(stage), DECLINE)
    back = await stage.presses(GRACE, form, "Record it", typed)
    [reason] = [i for i in back.inputs() if i.id == "reason"]
    assert "phone number" in reason.error
    assert getattr(reason, "value", "") == typed["reason"]
    assert await steps(stage) == ["unreachable", "attempt"]
    masked = await stage.presses(GRACE, back, "Take it out for me and go on", typed)
    assert "four times" in words(masked)
    assert "960123" not in words(masked)
    named = await records(stage, TELL, TOLD | {"told-by": "Ann 943 476 5919"})
    assert "NHS number" in words(named)
    # The second has a day that cannot be, so that the form comes back with the name that was masked in it.
    half = TOLD | {"told-by": "Ann 943 476 5919", "told-on": "2031-01-01"}
    await stage.presses(GRACE, named, "Take it out for me and go on", half)
    replies = await stage.do(lambda work: [str(row.reply) for row in work.session.exec(select(Inbox))])
    assert not [reply for reply in replies if "5919" in reply]


# Joined, amended, withdrawn

SECOND, THIRD = "PSI-2026-0002", "PSI-2026-0003"
TOMASZ = "Tomasz Zielinski"


async def does(stage: Stage, name: str, verb: str, given: dict[str, Any], reference: str = FIRST, **args: str) -> Card:
    """Send a form of this verb, as if it had been opened before."""
    action = await stage.do(lambda work: action_id(work, verb, case=case_of(work, reference), **args))
    card = shown(await stage.turn(name, Pressed(action, given)))
    await stage.settled()
    return card


async def joins(stage: Stage, reference: str, into: str) -> Card:
    return await does(stage, LEAH, "case.merge", {"into": into}, reference)


async def amends(stage: Stage, key: str, value: Any) -> Card:
    return await does(stage, LEAH, "case.amend", {key: value, "why-amended": "It turned out otherwise."}, key=key)


async def withdraws(stage: Stage, reference: str = FIRST) -> Card:
    return await does(stage, AMINA, "case.withdraw", {"why": None}, reference)


async def asked_to_look(stage: Stage, name: str = GRACE) -> list[str]:
    return [words(card) for card in stage.private(name) if card.title == "Please look at the duty of candour"]


async def test_a_joined_report_brings_its_record_and_its_clocks(stage: Stage) -> None:
    await reported(stage, **NOTHING)
    stage.later(days=3)
    await reported(stage)
    await records(stage, TELL, TOLD, reference=SECOND)
    assert await gate(stage) is None
    await joins(stage, SECOND, FIRST)
    assert await clocks(stage) == {"confirmed": "2026-11-25", "written": "2026-12-07"}, "from the report that says so"
    assert await clocks(stage, SECOND) == {}
    assert await stage.do(lambda work: candour.standing_of(work, case_of(work)).apologised)
    assert f"was joined with {FIRST}" in words(await opened(stage, reference=SECOND))
    assert f"was joined with {FIRST}" in words(await opened(stage, verb="candour.told", reference=SECOND))


async def test_no_to_a_joined_report_alone_is_asked_again_of_both(stage: Stage) -> None:
    await reported(stage, **NOTHING)
    await reported(stage)
    await records(stage, CONFIRM, NO, reference=SECOND)
    await joins(stage, SECOND, FIRST)
    assert await gate(stage), "it was confirmed of that report alone"
    assert await clocks(stage) == {"confirmed": "2026-11-24", "told": "2026-12-04", "written": "2026-12-04"}
    card = words(await opened(stage))
    assert "Duty of candour may apply; a clinician decides." in card
    assert "so whether the duty applies is asked again" in card
    assert len(await asked_to_look(stage)) == 1


async def test_what_is_owed_goes_along_a_chain_of_joined_reports(stage: Stage) -> None:
    for change in ({}, NOTHING, NOTHING):
        await reported(stage, **change)
    await joins(stage, FIRST, SECOND)
    await records(stage, TELL, TOLD, reference=SECOND)
    await joins(stage, SECOND, THIRD)
    assert await clocks(stage, THIRD) == {"confirmed": "2026-11-24", "written": "2026-12-04"}
    assert "Duty of candour may apply; a clinician decides." in words(await opened(stage, reference=THIRD))
    assert await stage.do(lambda work: candour.standing_of(work, case_of(work, THIRD)).apologised)


async def test_the_gate_looks_along_the_chain(stage: Stage) -> None:
    for change in ({}, NOTHING, NOTHING):
        await reported(stage, **change)
    await joins(stage, FIRST, SECOND)
    await joins(stage, SECOND, THIRD)
    assert "may apply" in str(await gate(stage, THIRD))


async def test_an_open_question_that_is_joined_with_a_no_is_asked_of_both(stage: Stage) -> None:
    await reported(stage)
    await reported(stage)
    await records(stage, CONFIRM, NO, reference=SECOND)
    stage.later(days=3)
    await joins(stage, FIRST, SECOND)
    owed = {"confirmed": "2026-11-24", "told": "2026-12-04", "written": "2026-12-04"}
    assert await clocks(stage, SECOND) == owed, "each goes on from when it ran"
    assert await gate(stage, SECOND)
    assert (await stage.do(lambda work: candour.standing_of(work, case_of(work, SECOND)))).applies is None


@pytest.mark.parametrize("yes_first", [True, False])
async def test_yes_to_one_of_two_joined_reports_holds_for_both(stage: Stage, yes_first: bool) -> None:
    await reported(stage)
    await reported(stage)
    answers = [(YES, FIRST), (NO, SECOND)]
    for answer, reference in answers if yes_first else reversed(answers):
        await records(stage, CONFIRM, answer, reference=reference)
    await joins(stage, FIRST, SECOND)
    assert await clocks(stage, SECOND) == {"told": "2026-12-04", "written": "2026-12-04"}
    assert "The duty of candour applies" in str(await gate(stage, SECOND))
    assert "Yes: moderate harm. Clinical opinion: Grace" in words(await opened(stage, reference=SECOND))


async def test_two_that_were_both_confirmed_no_stay_no(stage: Stage) -> None:
    await reported(stage)
    await reported(stage)
    for reference in (FIRST, SECOND):
        await records(stage, CONFIRM, NO, reference=reference)
    await joins(stage, FIRST, SECOND)
    assert await clocks(stage, SECOND) == {}
    assert await gate(stage, SECOND) is None


async def test_joined_the_days_count_from_the_earlier_report(stage: Stage) -> None:
    await reported(stage)
    stage.later(days=10)
    await reported(stage)
    assert (await clocks(stage, SECOND))["told"] == "2026-12-14"
    await joins(stage, FIRST, SECOND)
    assert await clocks(stage, SECOND) == {"confirmed": "2026-11-24", "told": "2026-12-04", "written": "2026-12-04"}
    assert "Counted from Friday 20 November 2026." in words(await opened(stage, reference=SECOND))
    await records(stage, CONFIRM, YES, reference=SECOND)
    assert await clocks(stage, SECOND) == {"told": "2026-12-04", "written": "2026-12-04"}


async def test_a_later_report_that_is_joined_gives_no_more_time(stage: Stage) -> None:
    await reported(stage)
    stage.later(days=10)
    await reported(stage)
    await joins(stage, SECOND, FIRST)
    assert await clocks(stage) == {"confirmed": "2026-11-24", "told": "2026-12-04", "written": "2026-12-04"}


@pytest.mark.parametrize("confirmed", [True, False])
async def test_who_withdraws_a_report_withdraws_nothing_that_is_owed(stage: Stage, confirmed: bool) -> None:
    await reported(stage)
    if confirmed:
        await records(stage, CONFIRM, YES)
    before = await clocks(stage)
    assert before
    await withdraws(stage)
    assert await clocks(stage) == before
    [told] = await asked_to_look(stage)
    assert "The report was withdrawn. What is owed to the person stays owed" in told
    assert "The report was withdrawn." in words(await opened(stage))
    await records(stage, CHANGE if confirmed else CONFIRM, NO)
    assert await clocks(stage) == {}, "a clinician ends it"


async def test_a_withdrawn_report_that_nothing_is_owed_for_tells_nobody(stage: Stage) -> None:
    await reported(stage, **NOTHING)
    await withdraws(stage)
    assert await clocks(stage) == {}
    assert await asked_to_look(stage) == []


async def test_confirmed_yes_once_more_starts_what_does_not_run(stage: Stage) -> None:
    await reported(stage)
    await records(stage, CONFIRM, YES)

    def lose(work: Work) -> None:
        for clock in running(work, deadlines_of(case_of(work)), "candour.told"):
            settle(work, clock, "dropped", "somebody")

    await stage.do(lose)
    await records(stage, CHANGE, {"ground": "severe", "opinion": GRACE})
    assert await clocks(stage) == {"told": "2026-12-04", "written": "2026-12-04"}


async def test_reports_that_a_withdrawal_separates_keep_what_was_done_together(stage: Stage) -> None:
    """Nobody is written to twice, or visited twice, because the other report was withdrawn."""
    await reported(stage)
    await records(stage, CONFIRM, YES)
    await records(stage, TELL, TOLD)
    await does(stage, AMINA, "case.datix", {"datix-number": "W1"})
    stage.later(days=3)
    await reported(stage)
    await joins(stage, FIRST, SECOND)
    await records(stage, SEND, LETTER, reference=SECOND)
    await withdraws(stage, SECOND)
    assert await clocks(stage) == {}
    assert await clocks(stage, SECOND) == {}
    assert "datix.entered" not in await stage.do(lambda work: [d.rule for d in running_of(work, case_of(work))])
    text = words(await opened(stage))
    assert "Written follow-up: Friday 20 November 2026" in text
    assert "Told in person, with an apology: Friday 20 November 2026" in text


async def test_what_is_left_goes_on_with_the_report_that_is_set_free(stage: Stage) -> None:
    await reported(stage, **NOTHING)
    await reported(stage)
    await joins(stage, FIRST, SECOND)
    await records(stage, CONFIRM, YES, reference=SECOND)
    await records(stage, TELL, TOLD, reference=SECOND)
    await withdraws(stage, SECOND)
    assert await clocks(stage) == {"written": "2026-12-04"}
    assert await clocks(stage, SECOND) == {}, "owed once"


async def test_what_no_other_report_goes_on_with_stays_with_the_withdrawn_one(stage: Stage) -> None:
    await reported(stage, **NOTHING)
    await reported(stage)
    await joins(stage, FIRST, SECOND)
    await withdraws(stage, SECOND)
    assert await clocks(stage) == {}
    assert "told" in await clocks(stage, SECOND)
    assert len(await asked_to_look(stage)) == 1


async def test_a_no_is_asked_again_when_the_report_says_more(stage: Stage) -> None:
    await reported(stage, **{"physical-harm": "low", "candour": "not-known"})
    await records(stage, CONFIRM, NO)
    stage.later(days=3)
    await amends(stage, "physical-harm", "severe")
    assert await clocks(stage) == {"confirmed": "2026-11-25", "told": "2026-12-04", "written": "2026-12-04"}
    assert "may apply" in str(await gate(stage))
    assert "The report was amended, so whether the duty applies is asked again." in words(await opened(stage))
    await records(stage, CONFIRM, NO)
    await amends(stage, "service", "Podiatry")
    assert await clocks(stage) == {}, "another answer that has nothing to do with it"
    await amends(stage, "physical-harm", "low")
    assert (await clocks(stage))["confirmed"], "another grade"
    await records(stage, CONFIRM, NO)
    await amends(stage, "candour", "no")
    assert await clocks(stage) == {}, "it suggests it no longer"


async def test_a_yes_stays_yes_whatever_is_amended(stage: Stage) -> None:
    await reported(stage)
    await records(stage, CONFIRM, YES)
    await amends(stage, "physical-harm", "severe")
    assert await clocks(stage) == {"told": "2026-12-04", "written": "2026-12-04"}
    assert await asked_to_look(stage) == []


async def test_a_late_amendment_is_asked_from_then_and_climbs_no_ladder_at_once(stage: Stage) -> None:
    """Reported on 20 November and amended on 18 December: nobody has been slow."""
    await reported(stage, **NOTHING)
    stage.later(days=28)
    await amends(stage, "physical-harm", "severe")
    assert await clocks(stage) == {"confirmed": "2026-12-22", "told": "2026-12-04", "written": "2026-12-04"}
    [told] = await asked_to_look(stage)
    assert "Duty of candour may apply; a clinician decides." in told
    assert "so that Friday 4 December 2026 has passed already" in told
    stage.now = datetime(2026, 12, 21, 10, tzinfo=UTC)
    await stage.tick()
    assert await reminded(stage) == {GRACE}
    stage.now = datetime(2026, 12, 29, 10, tzinfo=UTC)
    await stage.tick()
    assert LEAH in await reminded(stage), "after that it is late as any other"


async def reminded(stage: Stage) -> set[str]:
    """Who has been reminded of candour so far."""

    def found(work: Work) -> set[str]:
        rows = select(Nudge.person_id).join(Deadline, col(Deadline.id) == Nudge.deadline_id)
        return {people.name_of(work, who) or who for who in work.session.exec(rows.where(OF_CANDOUR))}

    names: set[str] = await stage.do(found)
    return names


OF_CANDOUR = col(Deadline.rule).startswith("candour.")


async def test_a_case_from_datix_is_asked_about_and_waits(stage: Stage) -> None:
    for number, kind in (("W1", "incident"), ("W2", "near-miss")):
        form = await stage.says(LEAH, f"open datix {number}")
        await stage.presses(LEAH, form, "Open the case", {"event-type": kind, "when": "today", "service": "Podiatry"})
    assert await clocks(stage) == {"confirmed": "2026-11-24"}
    assert "may apply" in str(await gate(stage))
    assert "Duty of candour may apply; a clinician decides." in words(await opened(stage))
    assert await clocks(stage, SECOND) == {}
    assert await gate(stage, SECOND) is None
    await records(stage, CONFIRM, YES)
    assert await clocks(stage) == {"told": "2026-12-04", "written": "2026-12-04"}


# Come back after it had ended


async def test_whoever_comes_back_is_told_before_a_clinician_has_confirmed_anything(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    await records(stage, TRY, ATTEMPT)
    await records(stage, DECLINE, DECLINED | {"ending": "tried", "reason": "No address is known."})
    await records(stage, TELL, TOLD)
    assert await clocks(stage) == {"confirmed": "2026-11-24", "written": "2026-12-04"}


@pytest.mark.parametrize("apology", ["yes", "no"])
async def test_who_comes_back_by_phone_is_owed_a_meeting_and_a_letter(stage: Stage, apology: str) -> None:
    await reported(stage)
    await records(stage, CONFIRM, YES)
    await records(stage, DECLINE, DECLINED)
    assert await clocks(stage) == {}
    stage.later(days=10)
    card = await records(stage, TELL, TOLD | {"told-on": "2026-11-30", "how": "phone", "apology": apology})
    assert await clocks(stage) == {"told": "2026-12-14", "written": "2026-12-14"}
    assert [b.label for b in card.all_buttons()][:2] == [TELL, SEND]
    assert (await gate(stage) is None) is (apology == "yes")


async def test_the_longest_record_fits_every_platform(stage: Stage) -> None:
    await reported(stage, **{"what-happened": "Insulin. " * 330})

    def fill(work: Work) -> None:
        facts = {key: TOLD[key] for key in ("how", "whom", "apology", "support", "enquiries")}
        for number in range(60):
            step = CandourStep(
                case_id=case_of(work).id,
                step="told",
                on=date(2026, 11, 20),
                who=f"Colleague {number}",
                facts=facts,
                by_id="x",
                at=stage.now,
            )
            work.session.add(step)

    await stage.do(fill)
    card = await opened(stage)
    assert "Earlier lines that are kept, too: 40." in words(card)
    assert "Colleague 59" in words(card)
    assert check.slack_problems(blockkit.message(card)) == []
    assert check.slack_problems(blockkit.modal(card)) == []
    assert check.teams_problems(adaptive.render(card)) == []


async def test_show_refuses_in_words(stage: Stage) -> None:
    """What the typed word goes through."""
    await reported(stage)

    def asks(work: Work) -> str:
        from psirf_bot.store.tables import Person

        wei = work.session.exec(select(Person).where(Person.name == WEI)).one()
        with pytest.raises(Refusal) as refused:
            candour.show(work, case_of(work), people.member(work, wei))
        return str(refused.value)

    assert "looked after by the candour lead" in await stage.do(asks)


async def test_the_grades_of_every_joined_report_are_shown_to_whoever_confirms(stage: Stage) -> None:
    await reported(stage, **NOTHING)
    await reported(stage)
    await joins(stage, "PSI-2026-0002", "PSI-2026-0001")
    assert "Physical harm: Moderate" in words(await opened(stage))


async def test_an_attempt_counts_once_however_often_its_report_was_joined(stage: Stage) -> None:
    for _ in range(3):
        await reported(stage)
    for number in (2, 3):
        await joins(stage, f"PSI-2026-000{number}", "PSI-2026-0001")
    await does(stage, GRACE, "candour.unreachable", {})
    await records(stage, "Record an attempt", ATTEMPT)
    await withdraws(stage)
    await joins(stage, "PSI-2026-0003", "PSI-2026-0002")
    assert "Attempts to reach them: 1," in words(await opened(stage, reference="PSI-2026-0002"))


async def test_a_talk_from_before_they_declined_that_is_recorded_late_brings_nobody_back(stage: Stage) -> None:
    await reported(stage)
    await records(stage, CONFIRM, YES)
    stage.later(days=5)
    await records(stage, DECLINE, DECLINED | {"ended-on": "2026-11-24"})
    card = words(await records(stage, TELL, TOLD | {"told-on": "2026-11-23", "how": "phone"}))
    assert await clocks(stage) == {}, "they asked not to be contacted"
    assert "They declined, or attempts ended. They can come back at any time." in card
    await records(stage, TELL, TOLD | {"told-on": "2026-11-25", "how": "phone"})
    assert set(await clocks(stage)) == {"told", "written"}, "that was after it"


async def test_they_cannot_have_declined_before_they_were_last_spoken_to(stage: Stage) -> None:
    await reported(stage)
    await records(stage, CONFIRM, YES)
    stage.later(days=5)
    await records(stage, TELL, TOLD | {"told-on": "2026-11-24"})
    refused = words(await records(stage, DECLINE, DECLINED | {"ended-on": "2026-11-23"}))
    assert "They were spoken to on Tuesday 24 November 2026, after that." in refused
    assert "written" in await clocks(stage)
    await records(stage, DECLINE, DECLINED | {"ended-on": "2026-11-24"})
    assert await clocks(stage) == {}


async def test_the_last_attempt_is_the_latest_one_whatever_was_recorded_last(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(GRACE, await opened(stage), UNREACHABLE)
    stage.later(days=5)
    await records(stage, TRY, ATTEMPT | {"tried-on": "2026-11-25"})
    card = await records(stage, TRY, ATTEMPT | {"tried-on": "2026-11-23"})
    assert "2, the last on Wednesday 25 November 2026" in words(card)


@pytest.mark.parametrize("relative", ["yes", "no"])
async def test_a_service_lead_who_may_not_see_it_is_not_told_that_it_is_late(stage: Stage, relative: str) -> None:
    await reported(stage, relative=relative)
    stage.now = datetime(2026, 11, 25, 10, tzinfo=UTC)
    await stage.tick()
    late = "Confirm whether the duty of candour applies"
    assert any(late in words(card) for card in stage.private(BRONWEN)) is (relative == "no")
    assert any(late in words(card) for card in stage.private(LEAH)) is (relative == "yes"), "somebody can help"
