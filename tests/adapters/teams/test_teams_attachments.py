"""What comes with words in Teams: their HTML, pictures, files, cards, and buttons that are not ours."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from teams_stage import RecordingDesk

from fakes.teams import FakeTeams, Json, Person
from psirf_bot.adapters.teams import words
from psirf_bot.cards.files import NOT_KEPT
from psirf_bot.casework.inbound import Said
from whole import Whole, whole

PICTURE = {
    "contentType": "image/*",
    "contentUrl": "https://smba.trafficmanager.net/uk/v3/attachments/0-x/views/original",
}
PICTURE_HTML = {
    "contentType": "text/html",
    "content": '<p><img alt="image" src="https://graph.microsoft.com/x" itemtype="http://schema.skype.com/AMSImage"></p>',
}
PDF = {
    "contentType": "application/vnd.microsoft.teams.file.download.info",
    "content": {"downloadUrl": "https://x.sharepoint.com/x", "uniqueId": "1150D938", "fileType": "pdf"},
    "name": "notes.pdf",
    "contentUrl": "https://x.sharepoint.com/personal/x/notes.pdf",
}
LINK = {
    "contentType": "application/vnd.microsoft.card.thumbnail",
    "content": {"title": "NHS England", "tap": {"type": "openUrl", "value": "https://www.england.nhs.uk/"}},
}
CARD = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.5"}}
CONNECTOR_CARD = {"contentType": "application/vnd.microsoft.teams.card.o365connector", "content": {}}
QUOTED = {"contentType": "messageReference", "content": "{}"}


def html(content: str) -> Json:
    return {"contentType": "text/html", "content": content}


def sent(fake: FakeTeams, person: Person, text: str | None, *attachments: object, **more: object) -> Json:
    """A message as Teams posts it."""
    message_id = fake.world.new_message_id()
    turn = fake.activities.message(person.user, person.chat, text or "", message_id, None)
    return turn | {"text": text, "attachments": list(attachments), **more}


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize(
    ("text", "attachments", "heard"),
    [
        ("The hoist failed", [PICTURE, html("<p>The hoist failed</p>")], Said("The hoist failed", files=True)),
        ("The hoist failed", [PDF], Said("The hoist failed", files=True)),
        ("", [PICTURE, PICTURE_HTML], Said("", files=True)),
        (None, [PDF], Said("", files=True)),
        (None, [{"contentType": "application/pdf"}], Said("", files=True)),
        (None, [{"contentType": "video/mp4"}], Said("", files=True)),
        ("See the link", [html("<p>See the link</p>"), LINK], Said("See the link")),
        ("This card", [CARD, CONNECTOR_CARD, QUOTED], Said("This card")),
        ("help", [], Said("help")),
        ("help", None, Said("help")),
        ("help", ["odd", None, {}, {"contentType": 7}, {"contentType": "text/html", "content": {}}], Said("help")),
    ],
)
async def test_pictures_and_files_are_told_from_what_teams_adds_itself(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, text: str | None, attachments: list[Any] | None, heard: Said
) -> None:
    await fake.deliver(sent(fake, ada, text) | {"attachments": attachments})
    assert [turn.what for turn in desk.turns] == [heard]


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize("text", ["", None, " ", "\u00a0"])
async def test_words_that_stand_in_their_html_alone_are_read_there(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, text: str | None
) -> None:
    await fake.deliver(sent(fake, ada, text, html("<p>I want&nbsp;to <b>die</b></p>")))
    assert [turn.what for turn in desk.turns] == [Said("I want to die")]


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize(
    "mention",
    [
        '<at id="0">psirf-bot</at>',
        '<span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">psirf-bot</span>',
    ],
)
async def test_the_mention_of_the_bot_is_no_colleague(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, mention: str
) -> None:
    bot = {"id": fake.world.bot_id, "name": "psirf-bot"}
    entity = {"type": "mention", "mentioned": bot, "text": "<at>psirf-bot</at>"}
    content = html(f'<p>{mention}&nbsp;find <at id="1">Ben</at></p>')
    turn = fake.activities.message(ada.user, fake.group_chat(ada), "", "1", None)
    await fake.deliver(turn | {"text": "", "entities": [entity], "attachments": [content]})
    assert [turn.what for turn in desk.turns] == [Said("find a colleague")]


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize("value", [{}, "a-send", {"verb": "somebody else's"}, {"action": {"data": {}}}])
async def test_words_with_a_button_of_somebody_else_are_words(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, value: object
) -> None:
    await fake.deliver(sent(fake, ada, "help", value=value))
    assert [turn.what for turn in desk.turns] == [Said("help")]


@pytest.mark.usefixtures("adapter")
async def test_a_button_that_is_not_ours_is_answered_where_somebody_is_alone_with_us(
    fake: FakeTeams, desk: RecordingDesk, ada: Person
) -> None:
    press = fake.activities.card_submit(ada.user, ada.chat, {"verb": "somebody else's"}, "1", None)
    for _ in range(2):
        await fake.deliver(press)
    others = fake.group_chat(ada)
    await fake.deliver(fake.activities.card_submit(ada.user, others, {"verb": "somebody else's"}, "1", None))
    assert [message.text for message in fake.messages(ada.chat)] == [words.UNKNOWN_BUTTON]
    assert (fake.messages(others), desk.deliveries) == ([], [])


# with the whole bot


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as bot:
        yield bot


async def test_a_picture_in_a_report_is_not_dropped_without_a_word(bot: Whole) -> None:
    teams, amina = bot.teams, bot.amina_on_teams
    for answer, question in (
        ("report", "Is anyone in danger now?"),
        ("no", "What are you reporting?"),
        ("near miss", "What happened?"),
    ):
        await amina.say(answer)
        assert NOT_KEPT not in amina.reads(await amina.hears(question))
    amina._act()
    await teams.deliver(sent(teams, amina, "The hoist failed", PICTURE, html("<p>The hoist failed</p>")))
    assert NOT_KEPT in amina.reads(await amina.hears("When was it?"))
    amina._act()
    await teams.deliver(sent(teams, amina, None, PDF))
    heard = amina.reads(await amina.hears("Please tell me in words"))
    assert NOT_KEPT in heard
    assert "What I can help with" not in heard


async def test_words_of_distress_are_heard_however_they_come(bot: Whole) -> None:
    amina = bot.amina_on_teams
    await bot.teams.deliver(sent(bot.teams, amina, "", html("<p>I want to die</p>")))
    await amina.hears("Please ring someone now")


async def test_a_word_of_ours_is_known_among_what_cannot_be_seen(bot: Whole) -> None:
    amina = bot.amina_on_teams
    await amina.say("\u200bhelp\u200b\ufeff")
    assert "I did not understand" not in amina.reads(await amina.hears("What I can help with"))
