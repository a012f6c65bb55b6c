"""App Home, shortcuts, threads and local times: the whole bot behind a fake Slack that keeps Slack's rules."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import func, select

from fakes.slack import Fault, Message
from fakes.slack import Person as SlackPerson
from fakes.slack.blocks import words_of
from psirf_bot.adapters.slack import words
from psirf_bot.store.tables import Case, Dialog, Inbox
from whole import Whole, whole

PAGE_1 = {
    "Is anyone in danger now?": "No",
    "What are you reporting?": "Near miss",
    "What happened?": "The wrong syringe driver was set up and noticed before use.",
    "Which service was it in?": "Community Nursing",
    "when.date": "2026-11-20",
}
SERIOUS = "Could it have led to serious injury, major permanent harm or unexpected death?"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as bot:
        yield bot
        assert bot.slack.refusals == []


async def home_of(bot: Whole, person: SlackPerson, holds: str) -> str:
    """What stands on somebody's Home tab, once it holds these words."""

    def shown() -> str | None:
        view = bot.slack.world.homes.get(person.user.id)
        return view.words if view and holds in view.words else None

    return str(await bot.slack.until(shown, within=5))


async def report(bot: Whole, person: SlackPerson) -> None:
    await bot.slack.until(lambda: person.open_view)
    await person.submit_view(PAGE_1)
    await person.submit_view({SERIOUS: "Yes"})
    await person.submit_view()
    assert "Saved as PSI-2026-" in person.open_view.words
    await person.close_view(all_of_them=True)


async def stored(bot: Whole, table: type) -> int:
    return await bot.app.store.read(lambda session: session.exec(select(func.count()).select_from(table)).one())


async def said_in_channel(bot: Whole, text: str) -> Message:
    ben = bot.slack.person("U0WEI0001")
    await ben.say(text, channel="C0QUALITY")
    assert ben.last_message
    return ben.last_message


# App Home


async def test_home_shows_what_waits_and_my_reports_and_keeps_up(bot: Whole) -> None:
    amina, leah = bot.amina_on_slack, bot.leah_on_slack
    await amina.open_home()
    empty = await home_of(bot, amina, "Did something happen")
    assert "You have not reported anything yet" in empty
    assert "Nothing waits for you" in empty
    await amina.press("Report what happened", home=True)
    await report(bot, amina)
    await home_of(bot, amina, "PSI-2026-0001")
    await leah.open_home()
    await home_of(bot, leah, "PSI-2026-0001")
    await leah.press("I have read this", home=True)
    await bot.slack.until(lambda: leah.open_view)
    assert "Owner: \nLeah Rosenfeld" in leah.open_view.words
    await home_of(bot, leah, "Open the panel")  # what comes next is theirs
    await home_of(bot, amina, "Read by the quality team")


async def test_home_opens_a_case_in_a_modal_and_leaves_the_page_as_it_is(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await report(bot, amina)
    await amina.open_home()
    await home_of(bot, amina, "PSI-2026-0001")
    await amina.press("Open", home=True)
    await bot.slack.until(lambda: amina.open_view)
    assert "The wrong syringe driver" in amina.open_view.words
    assert "PSI-2026-0001" in await home_of(bot, amina, "Did something happen")


async def test_the_same_opening_delivered_again_has_no_second_effect(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.open_home()
    await home_of(bot, amina, "Did something happen")
    [delivery] = [d for d in bot.slack.post.sent if b"app_home_opened" in d.body]
    before = await stored(bot, Inbox)
    assert (await bot.slack.deliver(delivery.body, delivery.headers)).status == 200
    assert await stored(bot, Inbox) == before


async def test_a_guest_is_told_on_the_page_itself(bot: Whole) -> None:
    guest = bot.slack.add_user("U0GUEST01", "Guest", is_restricted=True)
    await guest.open_home()
    assert words.GUEST in await home_of(bot, guest, "Sorry")


async def test_a_page_that_slack_refuses_for_now_is_shown_later(bot: Whole) -> None:
    bot.slack.fail_next("views.publish", Fault.throttled(retry_after=1))
    await bot.amina_on_slack.open_home()
    await home_of(bot, bot.amina_on_slack, "Did something happen")


async def test_the_messages_tab_needs_no_page(bot: Whole) -> None:
    body = bot.slack.post
    await bot.amina_on_slack.open_home()
    await home_of(bot, bot.amina_on_slack, "Did something happen")
    opened = next(d.body for d in body.sent if b"app_home_opened" in d.body)
    other = opened.replace(b'"tab":"home"', b'"tab":"messages"').replace(b'"event_id":"Ev', b'"event_id":"EvM')
    before = await stored(bot, Inbox)
    assert (await bot.slack.deliver(other, body.headers(other, "application/json"))).status == 200
    assert await stored(bot, Inbox) == before


# Shortcuts


async def test_the_global_shortcut_opens_the_form(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await report(bot, amina)
    assert await stored(bot, Case) == 1


async def test_a_message_becomes_a_report_with_its_words_filled_in(bot: Whole) -> None:
    amina = bot.amina_on_slack
    message = await said_in_channel(bot, "The wrong driver was set up & <@U0LEAH001> noticed in time")
    await amina.message_shortcut("psirf_report_message", message)
    await bot.slack.until(lambda: amina.open_view and "The words of the message are filled in" in amina.open_view.words)
    await amina.submit_view({k: v for k, v in PAGE_1.items() if k != "What happened?"})
    await amina.submit_view({SERIOUS: "Yes"})
    assert "The wrong driver was set up & a colleague noticed in time" in amina.open_view.words


async def test_a_message_with_an_identifier_is_screened_before_anything_is_stored(bot: Whole) -> None:
    amina = bot.amina_on_slack
    message = await said_in_channel(bot, "Patient 943 476 5919 got the wrong driver")
    await amina.message_shortcut("psirf_report_message", message)
    await bot.slack.until(lambda: amina.open_view and "looks like an NHS number" in amina.open_view.words)
    answers = await bot.app.store.read(lambda session: session.exec(select(Dialog.answers)).all())
    assert answers == [{}]
    inbox = await bot.app.store.read(lambda session: [str(r) for r in session.exec(select(Inbox.reply)).all()])
    assert "943" not in "".join(inbox)
    await amina.press("Take it out for me and go on")
    await bot.slack.until(lambda: "NHS number removed" in str(amina.open_view and amina.open_view.content))


async def test_words_already_written_are_never_written_over_by_a_message(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await bot.slack.until(lambda: amina.open_view)
    await amina.submit_view(PAGE_1)
    await amina.close_view(all_of_them=True)
    message = await said_in_channel(bot, "Something else happened")
    await amina.message_shortcut("psirf_report_message", message)
    await bot.slack.until(lambda: amina.open_view)
    assert "unfinished report" in amina.open_view.words
    assert "choose the message again" in amina.open_view.words


async def test_a_message_without_words_begins_an_empty_report(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.message_shortcut("psirf_report_message", await said_in_channel(bot, "  "))
    await bot.slack.until(lambda: amina.open_view)
    assert "filled in" not in amina.open_view.words


async def test_a_guest_may_not_use_a_shortcut(bot: Whole) -> None:
    guest = bot.slack.add_user("U0GUEST01", "Guest", is_ultra_restricted=True)
    await guest.shortcut("psirf_report")
    await bot.slack.until(lambda: guest.open_view)
    assert words.GUEST in guest.open_view.words
    assert await stored(bot, Dialog) == 0


async def test_when_no_form_can_be_opened_it_comes_as_a_direct_message(bot: Whole) -> None:
    bot.slack.fail_next("views.open", Fault.refused("expired_trigger_id"))
    await bot.amina_on_slack.shortcut("psirf_report")
    await bot.slack.until(lambda: any("Open the form" in m.words for m in bot.slack.messages("U0AMINA01")))


# Threads, and a case from a channel


async def test_words_in_a_thread_of_the_direct_message_are_answered_in_that_thread(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.dm("help")
    await bot.slack.until(lambda: any("What I can help with" in m.words for m in bot.slack.messages("U0AMINA01")))
    root = bot.slack.messages("U0AMINA01")[-1]
    await amina.say("my reports", channel=root.channel, thread_ts=root.ts)
    answer = await bot.slack.until(
        lambda: next((m for m in bot.slack.messages("U0AMINA01") if "Your reports" in m.words), None)
    )
    assert answer.thread_ts == root.ts
    await amina.dm("overdue")
    later = await bot.slack.until(
        lambda: next((m for m in bot.slack.messages("U0AMINA01") if "What waits" in m.words), None)
    )
    assert later.thread_ts is None, "what is said later does not go into an old thread"


async def test_a_case_opened_from_the_channel_is_shown_in_a_modal(bot: Whole) -> None:
    wei, leah, amina = bot.slack.person("U0WEI0001"), bot.leah_on_slack, bot.amina_on_slack
    await wei.say(f"<@{bot.slack.bot_user_id}> use this channel for quality", channel="C0QUALITY")
    await bot.slack.until(lambda: any("is set" in m.words for m in bot.slack.messages("C0QUALITY")))
    await amina.shortcut("psirf_report")
    await report(bot, amina)
    card = await bot.slack.until(
        lambda: next((m for m in bot.slack.messages("C0QUALITY") if "near miss" in m.words), None)
    )
    before = len(bot.slack.messages("C0QUALITY")), card.words
    await leah.press("Open the case", message=card)
    await bot.slack.until(lambda: leah.open_view)
    assert "Reported by" in leah.open_view.words
    assert (len(bot.slack.messages("C0QUALITY")), card.words) == before
    await leah.press("Enter the Datix number")
    await leah.submit_view({"Datix number": "W12345"})
    assert "W12345" in leah.open_view.words


async def test_each_reader_sees_when_in_their_own_time(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await report(bot, amina)
    await amina.slash("/psirf", "case PSI-2026-0001")
    shown = amina.ephemerals[-1].blocks
    in_london, in_sydney = (" ".join(words_of(shown, tz)) for tz in ("Europe/London", "Australia/Sydney"))
    assert "Reported:" in in_london
    assert in_london != in_sydney


# Colleagues


async def to_the_colleagues(bot: Whole, colleagues: dict[str, object]) -> SlackPerson:
    """An incident, as far as the page that asks for colleagues, with these given."""
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await bot.slack.until(lambda: amina.open_view)
    await amina.submit_view({**PAGE_1, "What are you reporting?": "Incident"})
    for _ in range(6):
        labels = [b.get("label", {}).get("text", "") for b in amina.open_view.content["blocks"]]
        if any("other staff were involved" in label for label in labels):
            await amina.submit_view(colleagues)
            return amina
        inputs = [b for b in amina.open_view.content["blocks"] if b["type"] == "input" and not b.get("optional")]
        await amina.submit_view({b["label"]["text"]: b["element"]["options"][-1]["text"]["text"] for b in inputs})
    raise AssertionError(amina.open_view.words)


async def test_colleagues_are_picked_from_slacks_own_list(bot: Whole) -> None:
    bot.slack.add_user("U0NEW0001", "Perdita Newcomer", email="perdita.newcomer@fenmarsh.example")
    guest = bot.slack.add_user("U0GUEST01", "Gail Guest", is_restricted=True)
    amina = await to_the_colleagues(
        bot,
        {
            "Which other staff were involved?": ["Leah Rosenfeld", "Perdita Newcomer", guest.user.real_name],
            "Or by name, if they are not on Slack": "Agency nurse on nights",
        },
    )
    shown = amina.open_view.words
    for _ in range(8):
        if "Check your answers" in amina.open_view.words:
            break
        inputs = [b for b in amina.open_view.content["blocks"] if b["type"] == "input" and not b.get("optional")]
        await amina.submit_view({b["label"]["text"]: b["element"]["options"][-1]["text"]["text"] for b in inputs})
        shown += amina.open_view.words
    for name in ("Leah Rosenfeld", "Perdita Newcomer", "Gail Guest", "Agency nurse on nights"):
        assert name in amina.open_view.words, shown
    assert not amina.saw_error, amina.reason


async def test_the_direct_message_asks_the_question_that_typed_words_answer(bot: Whole) -> None:
    amina = bot.amina_on_slack
    for typed, asked in (
        ("report", "You can answer by typing. Is anyone in danger now?"),
        ("no", "What are you reporting?"),
        ("near miss", "What happened?"),
        ("The driver of 943 476 5919 was wrong", "I have kept your words without it."),
    ):
        await amina.dm(typed)
        await bot.slack.until(lambda asked=asked: any(asked in m.words for m in bot.slack.messages("U0AMINA01")))


async def test_a_thread_that_is_gone_does_not_swallow_the_answer(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.dm("help")
    await bot.slack.until(lambda: any("What I can help with" in m.words for m in bot.slack.messages("U0AMINA01")))
    root = bot.slack.messages("U0AMINA01")[-1]
    bot.slack.fail_next("chat.postMessage", Fault.refused("thread_not_found"))
    await amina.say("my reports", channel=root.channel, thread_ts=root.ts)
    answer = await bot.slack.until(
        lambda: next((m for m in bot.slack.messages("U0AMINA01") if "Your reports" in m.words), None)
    )
    assert answer.thread_ts is None


async def test_nothing_is_posted_in_a_channel_that_has_been_shared_since(bot: Whole) -> None:
    wei, amina = bot.slack.person("U0WEI0001"), bot.amina_on_slack
    await wei.say(f"<@{bot.slack.bot_user_id}> use this channel for quality", channel="C0QUALITY")
    await bot.slack.until(lambda: any("is set" in m.words for m in bot.slack.messages("C0QUALITY")))
    bot.slack.world.channels["C0QUALITY"].is_ext_shared = True
    bot.app.adapters["slack"]._poster._channels._known.clear()  # as after ten minutes
    await amina.shortcut("psirf_report")
    await report(bot, amina)
    await bot.slack.until(lambda: any("cannot post in the channel" in m.words for m in bot.slack.messages("U0WEI0001")))
    assert not any("near miss" in m.words for m in bot.slack.messages("C0QUALITY"))


async def test_a_window_says_that_an_identifier_was_taken_out_and_shows_it_so(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await bot.slack.until(lambda: amina.open_view)
    await amina.submit_view({**PAGE_1, "What happened?": "Given to 943 476 5919"})
    assert "It is taken out here" in amina.open_view.words
    await amina.submit_view()
    assert "looks like" not in amina.open_view.words, "the field that is shown holds the words without it"


async def test_an_identifier_that_is_typed_again_is_taken_out_again(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await bot.slack.until(lambda: amina.open_view)
    for _ in range(3):
        await amina.submit_view({**PAGE_1, "What happened?": "Given to 943 476 5919"})
        assert "It is taken out here" in amina.open_view.words
        assert "Given to" in str(amina.open_view.content)
        assert "5919" not in f"{amina.open_view.content} {amina.open_view.typed}"


async def test_half_a_character_in_a_form_is_left_out_and_the_words_go_on(bot: Whole) -> None:
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")
    await bot.slack.until(lambda: amina.open_view)
    await amina.submit_view({**PAGE_1, "What happened?": "The \ud800 drip"})
    assert "went wrong" not in amina.open_view.words
    assert SERIOUS in amina.open_view.words
