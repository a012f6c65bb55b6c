"""The whole bot in Teams: where somebody is shown something, and what the others there see of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import func, select

from fakes.teams import Conversation, Fault, Message, Person, cards
from psirf_bot.store.tables import Case, Channel, Identity
from whole import Whole, whole

PAGE_1 = {
    "Is anyone in danger now?": "No",
    "What are you reporting?": "Near miss",
    "What happened?": "The wrong syringe driver was set up and noticed before use.",
    "when.date": "2026-11-20",
    "Which service was it in?": "Community Nursing",
}
SERIOUS = "Could it have led to serious injury, major permanent harm or unexpected death?"
SAVED = "Saved as PSI-2026-0001. It is not on Datix yet."


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as bot:
        yield bot


@pytest.fixture
async def reports(bot: Whole) -> Conversation:
    """The quality team's channel."""
    team = bot.teams.team("Quality", bot.wei_on_teams, bot.leah_on_teams, channels=("Reports",), installed=True)
    await bot.wei_on_teams.say("@bot use this channel for quality", channel=team.channels["Reports"])
    await bot.wei_on_teams.hears("This channel is set", channel=team.channels["Reports"])
    return team.channels["Reports"]


def answers(**changed: str) -> dict[str, object]:
    return {**PAGE_1, **changed}


async def cases(bot: Whole) -> int:
    return await bot.app.store.read(lambda session: session.exec(select(func.count()).select_from(Case)).one())


async def reported(bot: Whole, reports: Conversation) -> Message:
    """The card of a report that came in, in the quality team's channel."""
    amina = bot.amina_on_teams
    await amina.say("report")
    await amina.hears("Is anyone in danger now?")
    await amina.press("Next", inputs=answers())
    await amina.press("Next", inputs={SERIOUS: "Yes"})
    await amina.press("Send the report")
    await amina.hears(SAVED)
    return await bot.leah_on_teams.hears("near miss, Community Nursing", channel=reports, within=5)


def window(person: Person) -> str:
    assert person.dialog is not None, person.last_toast
    return cards.words(person.dialog.card)


def toast(person: Person) -> str:
    assert person.last_toast is not None
    assert person.last_toast.kind == "message", person.last_toast
    return person.last_toast.text


async def test_a_case_is_opened_for_one_person_alone(bot: Whole, reports: Conversation) -> None:
    card = await reported(bot, reports)
    before, leah = list(bot.teams.messages(reports)), bot.leah_on_teams
    await leah.press("Open the case", card=card)
    assert "PSI-2026-0001" in window(leah)
    assert "Amina Yusuf" in window(leah)
    assert bot.teams.messages(reports) == before
    assert "Amina" not in leah.reads(card)
    assert "Amina" not in bot.wei_on_teams.reads(card)


async def test_a_case_is_worked_on_in_its_window(bot: Whole, reports: Conversation) -> None:
    card, leah = await reported(bot, reports), bot.leah_on_teams
    await leah.press("Open the case", card=card)
    await leah.submit_dialog("I have read this")
    assert "Read by the quality team" in window(leah)
    await leah.hears("Owner", channel=reports)
    await leah.submit_dialog("Enter the Datix number")
    await leah.submit_dialog("Save the number", inputs={"Datix number": "W12345"})
    assert "PSI-2026-0001 is on Datix as W12345." in window(leah)
    await leah.hears("W12345", channel=reports)


async def test_a_case_is_brought_to_the_private_chat(bot: Whole, reports: Conversation) -> None:
    card, leah = await reported(bot, reports), bot.leah_on_teams
    await leah.install()
    leah.opens_dialogs = False
    assert await leah.press("Open the case", card=card) is None
    await leah.press("Open the case (in our private chat)", card=card)
    assert toast(leah) == "I have sent you a private message."
    heard = await leah.hears("Amina Yusuf")
    assert heard.conversation_id == leah.chat.id
    assert (card.edits, card.views) == (0, {})


async def test_a_card_in_a_channel_is_edited_in_place(bot: Whole, reports: Conversation) -> None:
    card, leah = await reported(bot, reports), bot.leah_on_teams
    before = len(bot.teams.messages(reports))
    await leah.press("I have read this", card=card)
    assert toast(leah) == "Thank you. It is noted that you have read PSI-2026-0001."
    for person in (leah, bot.wei_on_teams):
        assert (await person.hears("Owner", channel=reports)).id == card.id
    assert (len(bot.teams.messages(reports)), card.views) == (before, {})
    assert card.edits >= 1
    await bot.amina_on_teams.hears("has been read")


async def test_a_message_becomes_a_report(bot: Whole, reports: Conversation) -> None:
    amina, leah = bot.amina_on_teams, bot.leah_on_teams
    ward = bot.teams.group_chat(amina, leah, installed=False)
    typed = '<p><at id="0">Amina Yusuf</at>, the wrong syringe driver was set up for 943 476 5919.</p>'
    message = leah.writes("wrong driver", channel=ward, markup=typed)
    await amina.use_extension(message)
    assert "looks like an NHS number" in window(amina)
    kept = "a colleague, the wrong syringe driver was set up for 943 476 5919."
    assert kept in window(amina)
    assert "Leah" not in window(amina)
    again = "It was set up for 943 476 5919, and noticed before use."
    await amina.submit_dialog("Next", inputs=answers(**{"What happened?": again}))
    assert again in window(amina)
    await amina.submit_dialog("Next", inputs={"What happened?": "It was noticed before use."})
    await amina.submit_dialog("Next", inputs={SERIOUS: "Yes"})
    assert "Check your answers" in window(amina)
    assert "It was noticed before use." in window(amina)
    assert await cases(bot) == 0
    await amina.submit_dialog("Send the report")
    assert SAVED in window(amina)
    await amina.hears(SAVED)
    await leah.hears("near miss, Community Nursing", channel=reports)
    assert bot.teams.messages(ward) == [message]

    before = bot.teams.messages(amina.chat), bot.teams.messages(reports)
    answered = [delivery.body for _, delivery in bot.teams.deliveries]
    assert [delivery.body for delivery in await bot.teams.redeliver()] == answered
    assert await cases(bot) == 1
    assert (bot.teams.messages(amina.chat), bot.teams.messages(reports)) == before


async def test_a_message_without_words_begins_an_empty_report(bot: Whole) -> None:
    amina = bot.amina_on_teams
    ward = bot.teams.chat_of_two(amina, bot.leah_on_teams)
    await amina.use_extension(bot.leah_on_teams.writes("", channel=ward, markup='<img src="x">'))
    assert "Is anyone in danger now?" in window(amina)
    assert bot.teams.messages(amina.chat) == []


async def test_a_report_is_begun_from_the_box_where_people_write(bot: Whole) -> None:
    amina = bot.amina_on_teams
    ward = bot.teams.group_chat(amina, bot.leah_on_teams, installed=False)
    await amina.use_extension(channel=ward)
    assert "Is anyone in danger now?" in window(amina)
    assert bot.teams.messages(ward) == []


async def test_a_group_chat_is_answered_in_private(bot: Whole) -> None:
    amina = bot.amina_on_teams
    ward = bot.teams.group_chat(amina, bot.leah_on_teams)
    assert await amina.say("report", channel=ward) is None
    await amina.say("@bot report", channel=ward)
    await amina.hears("I am sending you a private message.", channel=ward)
    form = await amina.hears("Is anyone in danger now?")
    assert form.conversation_id == amina.chat.id
    assert not any(message.cards for message in bot.teams.messages(ward))


async def test_everybody_is_welcomed(bot: Whole) -> None:
    leah = bot.leah_on_teams
    await leah.install()
    await leah.hears("Report what happened")
    ward = bot.teams.group_chat(leah, bot.amina_on_teams, installed=False)
    await leah.install(chat=ward)
    await leah.hears("I open a report with you, in private", channel=ward)
    team = bot.teams.team("Quality", leah, channels=("Reports",))
    await leah.install(team=team)
    await leah.hears("use this channel for", channel=team.channels["General"])
    assert bot.teams.messages(team.channels["Reports"]) == []
    await bot.teams.redeliver()
    for place in (leah.chat, ward, team.channels["General"]):
        assert len(bot.teams.messages(place)) == 1


# What goes wrong on the way


async def test_a_word_that_teams_takes_later_is_said_once(bot: Whole) -> None:
    amina = bot.amina_on_teams
    team = bot.teams.team("Quality", amina, channels=("Reports",), installed=True)
    bot.teams.fail_next("send", Fault.throttled(0))
    await amina.say("@bot help", channel=team.channels["Reports"])
    await amina.hears("private message", channel=team.channels["Reports"], within=4)
    said = [m for m in bot.teams.messages(team.channels["Reports"]) if "private message" in m.text]
    assert len(said) == 1


async def test_a_group_chat_serves_no_purpose_because_others_may_read_along(bot: Whole) -> None:
    wei = bot.wei_on_teams
    await wei.install()
    ward = bot.teams.group_chat(wei, bot.leah_on_teams)
    await wei.say("@bot use this channel for quality", channel=ward)
    await wei.hears("not a group chat")
    assert await bot.app.store.read(lambda session: session.exec(select(Channel)).all()) == []


async def test_whoever_adds_the_bot_once_more_is_greeted_and_can_be_written_to(bot: Whole) -> None:
    """After the first time, Teams says only that it was installed."""
    amina = bot.amina_on_teams
    await bot.teams.deliver(bot.teams.activities.installation("add", amina.user, amina.chat))
    await amina.hears("What I can help with")
    addresses = await bot.app.store.read(
        lambda s: s.exec(select(Identity.address).where(Identity.platform == "teams")).all()
    )
    assert amina.chat.id in [address.get("conversation") for address in addresses]


async def test_an_edit_that_comes_late_never_wipes_what_is_being_typed(bot: Whole) -> None:
    """It only repeats what has been shown: it goes at once or not at all."""
    amina = bot.amina_on_teams
    await amina.install()
    await amina.say("report")
    form = await amina.hears("Is anyone in danger now?")
    bot.teams.fail_next("update", Fault.throttled(1))
    await amina.press("Next", inputs=answers())
    await asyncio.sleep(1.5)
    assert form.edits == 0
    assert "could it have led" in amina.reads(form).lower()


async def test_coming_back_to_a_form_shows_where_it_has_got_to(bot: Whole) -> None:
    amina = bot.amina_on_teams
    await amina.install()
    await amina.say("report")
    form = await amina.hears("Is anyone in danger now?")
    await amina.press("Next", inputs=answers())
    await bot.slack.until(lambda: form.edits)
    form.views.clear()  # another device, or the chat opened once more
    assert "could it have led" in amina.reads(form).lower()
    assert await cases(bot) == 0
