"""Commands and forms: a modal opens, turns its pages and closes, and no typed word is lost on the way."""

import re
from dataclasses import replace
from typing import Any

import pytest
from slack_office import ADA, CASE, CHECK, FORM, THANKS, WITH_ADA, RecordingDesk, open_form

from fakes.slack import Channel, FakeSlack, Fault, Person, payloads
from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.casework.inbound import Pressed, Reply, Said

# A slash command


async def test_a_command_is_brought_as_words_said_in_private(
    ada: Person, desk: RecordingDesk, quality: Channel
) -> None:
    await ada.slash("/psirf", "find falls &amp; trips ", channel=quality.id)
    assert desk.last.actor == ADA
    assert desk.last.place == replace(WITH_ADA, channel={"channel": quality.id})
    assert desk.last.what == Said("find falls & trips", command=True)
    assert re.fullmatch(r"slack:cmd:\S+", desk.last.key)


async def test_a_command_in_the_direct_message_is_in_no_channel(ada: Person, desk: RecordingDesk) -> None:
    await ada.slash("/psirf", "report")
    assert desk.last.place == WITH_ADA


async def test_a_form_opens_as_a_modal(ada: Person, fake: FakeSlack) -> None:
    answer = await ada.slash("/psirf", "report")
    assert (answer.status, answer.body) == (200, "")
    view = await fake.until(lambda: ada.open_view)
    assert view.title == "Report"
    assert not fake.refusals


async def test_a_card_without_inputs_is_shown_to_that_person_alone(
    ada: Person, desk: RecordingDesk, fake: FakeSlack, quality: Channel
) -> None:
    desk.reply = Reply(card=CASE)
    await ada.slash("/psirf", "case PSI-2026-0001", channel=quality.id)
    (shown,) = ada.ephemerals
    assert "Somebody tripped" in shown.words
    assert fake.conversation(quality.id) == []


async def test_a_notice_is_shown_literally_to_that_person_alone(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply(notice="Nothing is called <b> & *c*.")
    await ada.slash("/psirf", "find b")
    (shown,) = ada.ephemerals
    assert shown.words == "Nothing is called <b> & *c*."
    assert shown.text == "Nothing is called &lt;b&gt; &amp; *c*."


async def test_nothing_to_show_is_an_empty_answer(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply()
    answer = await ada.slash("/psirf", "report")
    assert (answer.body, ada.saw_error, ada.ephemerals) == ("", "", [])


@pytest.mark.parametrize(
    "fault", [Fault.refused("expired_trigger_id"), Fault.throttled(), Fault.failing(), Fault.hang(), Fault.drop()]
)
async def test_a_form_that_cannot_be_opened_comes_as_a_message_that_opens_it(
    ada: Person, fake: FakeSlack, fault: Fault
) -> None:
    fake.fail_next("views.open", fault)
    await ada.slash("/psirf", "report")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.buttons == ["Open the form"]
    await ada.press("Open the form", message=message)
    assert await fake.until(lambda: ada.open_view)


async def test_a_trigger_that_another_delivery_has_used_is_no_reason_for_a_second_form(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter
) -> None:
    fake.fail_next("views.open", Fault.refused("exchanged_trigger_id"))
    await ada.slash("/psirf", "report")
    await adapter.stop()
    assert fake.messages("U0ADA") == []


async def test_a_card_too_strange_for_slack_still_says_its_preview(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply(card=CASE.model_copy(update={"buttons": CASE.buttons * 700}))
    await ada.slash("/psirf", "case PSI-2026-0001")
    (shown,) = ada.ephemerals
    assert shown.words == CASE.preview


# With inputs, a submit and more buttons than Slack takes
TOO_MUCH = FORM.model_copy(update={"buttons": (*FORM.buttons[:1], *(CASE.buttons * 1300))})


async def test_a_form_too_strange_for_slack_comes_as_a_message(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await ada.slash("/psirf", "report")
    await fake.until(lambda: ada.open_view)
    desk.reply = Reply(card=TOO_MUCH)
    await ada.submit_view({"In your own words": "A fall"})
    await fake.until(lambda: len(fake.messages("U0ADA")) == 1)
    await ada.slash("/psirf", "report")
    await fake.until(lambda: len(fake.messages("U0ADA")) == 2)
    assert ada.open_view is None
    assert not fake.refusals


# A modal


async def test_a_submission_brings_the_action_and_what_was_given(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    await ada.submit_view({"In your own words": "A fall on the ward"})
    assert desk.last.what == Pressed("a-next", {"what": "A fall on the ward", "more": None})
    assert desk.last.place == WITH_ADA
    assert desk.last.key.startswith("slack:view:")


async def test_the_next_card_takes_the_place_of_the_one_submitted(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=CHECK, notice="Please read it once more.")
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.open_view
    assert "A fall on the ward" in ada.open_view.words
    assert "Please read it once more." in ada.open_view.words
    assert ada.open_view.content["close"]["text"] == "Close"  # it is not done yet: there is something to press
    assert "submit" not in ada.open_view.content


async def test_the_last_card_ends_in_done(ada: Person, fake: FakeSlack, desk: RecordingDesk) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=THANKS)
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.open_view
    assert ada.open_view.content["close"]["text"] == "Done"


async def test_a_notice_stands_under_the_first_input_and_the_words_stay(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(notice="Not saved yet, please press again.")
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.view_errors == {"what": "Not saved yet, please press again."}
    assert ada.open_view
    assert ada.open_view.typed["what", "value"]["value"] == "A fall"


async def test_a_notice_about_a_view_without_inputs_is_laid_upon_it(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    asks = FORM.model_copy(update={"body": FORM.body[:1]})
    await open_form(ada, fake)
    desk.reply = Reply(card=asks)
    await ada.submit_view({"In your own words": "A fall"})
    desk.reply = Reply(notice="Not saved yet, please press again.")
    await ada.submit_view()
    assert ada.open_view
    assert "Not saved yet, please press again." in ada.open_view.words
    await ada.close_view()
    assert ada.open_view
    assert ada.open_view.title == "Report"


async def test_nothing_more_to_show_closes_the_modal(ada: Person, fake: FakeSlack, desk: RecordingDesk) -> None:
    await open_form(ada, fake)
    desk.reply = Reply()
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.open_view is None


async def test_a_press_in_a_modal_brings_what_is_typed_and_turns_the_page(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    ada.fill({"In your own words": "Half a sen"})
    desk.reply = Reply(card=CHECK)
    await ada.press("Back")
    assert desk.last.what == Pressed("a-back", {"what": "Half a sen", "more": None})
    assert desk.last.place == WITH_ADA
    assert desk.last.key.startswith("slack:act:")
    await fake.until(lambda: ada.open_view and ada.open_view.title == "Check your answers")
    assert [call.args["hash"] for call in fake.calls if call.method == "views.update"]
    assert not fake.refusals


async def test_a_page_that_changed_meanwhile_is_turned_all_the_same(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=CHECK)
    fake.fail_next("views.update", Fault.refused("hash_conflict"))
    await ada.press("Back")
    await fake.until(lambda: ada.open_view and ada.open_view.title == "Check your answers")


async def test_a_page_that_cannot_be_turned_comes_as_a_message(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=CHECK)
    fake.fail_next("views.update", Fault.failing(503))
    await ada.press("Back")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.buttons == ["Send"]


async def test_a_notice_about_a_press_in_a_modal_leaves_the_typed_words_alone(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    form = ada.open_view
    ada.fill({"In your own words": "Half a sen"})
    desk.reply = Reply(notice="Not saved yet, please press again.")
    await ada.press("Back")
    await fake.until(lambda: ada.open_view is not form)
    assert ada.open_view
    assert "Not saved yet, please press again." in ada.open_view.words
    await ada.close_view()
    assert ada.open_view is form
    assert form.typed["what", "value"]["value"] == "Half a sen"


async def test_a_notice_that_cannot_be_laid_upon_the_modal_is_sent(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(notice="Not saved yet, please press again.")
    fake.fail_next("views.push", Fault.refused("push_limit_reached"))
    await ada.press("Back")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.words == "Not saved yet, please press again."


async def test_a_press_whose_answer_travels_by_itself_says_so_in_the_modal(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply()
    await ada.press("Cancel")
    await fake.until(lambda: ada.open_view and words.SENT in ada.open_view.words)


async def test_a_submission_that_names_no_trigger_is_known_by_what_it_holds(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = payloads.view_submission

    def without(*of: Any) -> dict[str, Any]:
        return {name: value for name, value in whole(*of).items() if name != "trigger_id"}

    monkeypatch.setattr(payloads, "view_submission", without)
    await open_form(ada, fake)
    desk.reply = Reply(notice="Please say more.")
    for typed in ("A fall", "A fall", "A fall on the ward"):
        answer = await ada.submit_view({"In your own words": typed})
        assert answer
        assert answer.status == 200
    given = [done.what.given["what"] for done in desk.done if isinstance(done.what, Pressed)]
    assert given == ["A fall", "A fall on the ward"]
