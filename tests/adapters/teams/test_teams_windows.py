"""Windows of their own: opened by a button or from the entry beside a message, for one person alone."""

import asyncio
import dataclasses
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from teams_stage import FORM, SAVED, TOO_LARGE, RecordingDesk, Served, address_of

from fakes.teams import Conversation, FakeTeams, Fault, Json, Message, Person, cards
from psirf_bot.adapters.teams import words
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework.inbound import Chosen, Inbound, Place, Pressed, Reply, Said

NEWS = Card(
    title="A near miss",
    preview="There is news.",
    buttons=(Button(label="Open the case", action="a-open", opens=True), Button(label="I have read this", action="r")),
)
TYPED = {"what": "Mrs Marlow fell"}
NAMES = ("task/fetch", "task/submit", "composeExtension/fetchTask", "composeExtension/submitAction")


@pytest.fixture
def panel(fake: FakeTeams, ada: Person) -> Conversation:
    return fake.team("Quality", ada, channels=("Panel",), installed=True).channels["Panel"]


@pytest.fixture
async def news(fake: FakeTeams, adapter: TeamsAdapter, ada: Person, panel: Conversation) -> Message:
    """A card with a button that opens a window, in a channel."""
    await adapter.send(address_of(fake, ada) | {"conversation": panel.id}, NEWS, "key")
    return fake.messages(panel)[-1]


@pytest.fixture
async def form(desk: RecordingDesk, ada: Person, news: Message) -> Message:
    """Ada has a form open in a window."""
    desk.answer = Reply(card=FORM)
    await ada.press("Open the case", card=news)
    assert ada.dialog is not None, ada.last_toast
    return news


def shown(person: Person) -> str:
    """The words in this person's window."""
    assert person.dialog is not None, person.last_toast
    return cards.words(person.dialog.card)


def told(person: Person) -> str:
    """The word in place of a window."""
    assert person.dialog is None
    assert person.last_toast is not None
    assert person.last_toast.kind == "message", person.last_toast
    return person.last_toast.text


# from a button


async def test_a_window_is_for_one_person_alone(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, panel: Conversation, form: Message
) -> None:
    assert desk.pressed == Pressed("a-open")
    assert desk.turns[0].place == Place(f"{panel.id};messageid={form.id}", private=True)
    assert ada.dialog is not None
    assert ada.dialog.title == FORM.title
    assert "What happened?" in shown(ada)
    assert (fake.messages(panel), form.edits, form.views) == ([form], 0, {})


async def test_a_window_is_submitted_and_goes_on(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, panel: Conversation, form: Message
) -> None:
    desk.answer = Reply(card=SAVED)
    await ada.submit_dialog("Send", inputs=TYPED)
    assert desk.pressed == Pressed("a-send", TYPED)
    assert desk.turns[1].place == Place(f"{panel.id};messageid={form.id}", private=True)
    assert "Saved as PSI-2026-0001." in shown(ada)
    assert fake.messages(panel) == [form]


async def test_an_empty_answer_ends_a_window(desk: RecordingDesk, ada: Person, form: Message) -> None:
    desk.answer = Reply()
    await ada.submit_dialog("Send", inputs=TYPED)
    assert told(ada) == words.DONE


@pytest.mark.parametrize("modern", [True, False])
async def test_there_is_a_way_round_where_no_window_opens(
    desk: RecordingDesk, ada: Person, news: Message, modern: bool
) -> None:
    ada.opens_dialogs, ada.modern = False, modern
    assert await ada.press("Open the case", card=news) is None
    desk.answer = Reply(notice="I have sent you a private message.")
    await ada.press("Open the case (in our private chat)", card=news)
    [turn] = desk.turns
    assert (turn.what, turn.place.private, turn.place.inline) == (Pressed("a-open"), False, False)
    assert news.views == {}


async def test_a_long_title_is_cut(desk: RecordingDesk, ada: Person, news: Message) -> None:
    desk.answer = Reply(card=SAVED.model_copy(update={"title": "Saved " * 40}))
    await ada.press("Open the case", card=news)
    assert ada.dialog is not None
    assert len(ada.dialog.title) <= 64
    assert ada.dialog.title.endswith("Saved\u2026")


async def test_a_card_too_large_for_teams_is_put_in_words(desk: RecordingDesk, ada: Person, news: Message) -> None:
    desk.answer = Reply(card=TOO_LARGE)
    await ada.press("Open the case", card=news)
    assert told(ada).startswith("Which one?")


# nothing typed is lost


async def test_a_word_leaves_what_was_typed_to_be_sent_again(
    desk: RecordingDesk, ada: Person, form: Message, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.answer = Reply(notice="Not saved yet: the system is busy.")
    answer = await ada.submit_dialog("Send", inputs=TYPED)
    assert "Not saved yet: the system is busy." in shown(ada)
    assert words.NOT_LOST in shown(ada)
    assert answer is not None
    assert answer.body["task"]["value"]["title"] == words.PLEASE_READ
    desk.answer = Reply(card=SAVED)
    await ada.submit_dialog("Try again")
    assert desk.pressed == Pressed("a-send", TYPED)
    assert "Saved" in shown(ada)
    assert [turn.what for turn in desk.turns[1:]] == [Pressed("a-send", TYPED)] * 2
    assert "Marlow" not in caplog.text


async def test_a_word_may_come_again_and_again(desk: RecordingDesk, ada: Person, form: Message) -> None:
    desk.answer = Reply(notice="Not saved yet.")
    await ada.submit_dialog("Send", inputs=TYPED)
    for _ in range(3):
        await ada.submit_dialog("Try again")
    assert "Not saved yet." in shown(ada)
    assert desk.pressed == Pressed("a-send", TYPED)
    assert len(desk.turns) == 5


async def test_a_word_before_there_is_a_window_ends_it(desk: RecordingDesk, ada: Person, news: Message) -> None:
    desk.answer = Reply(notice="That is for the quality team.")
    await ada.press("Open the case", card=news)
    assert told(ada) == "That is for the quality team."


async def test_a_card_of_large_words_does_not_cost_what_was_typed(
    desk: RecordingDesk, ada: Person, form: Message
) -> None:
    desk.answer = Reply(card=TOO_LARGE)
    await ada.submit_dialog("Send", inputs=TYPED)
    desk.answer = Reply(card=SAVED)
    await ada.submit_dialog("Try again")
    assert desk.pressed.given == TYPED


async def test_a_mistake_of_ours_has_a_reference(
    desk: RecordingDesk, ada: Person, form: Message, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def stumble(inbound: Inbound) -> Reply:
        raise KeyError(str(inbound.what))

    desk.answer = stumble
    await ada.submit_dialog("Send", inputs=TYPED)
    reference = shown(ada).partition("Reference ")[2][:6]
    assert f"turn failed: {reference} KeyError" in caplog.text
    assert "Marlow" not in caplog.text
    desk.answer = Reply(card=SAVED)
    await ada.submit_dialog("Try again")
    assert desk.pressed.given == TYPED

    desk.answer = stumble
    await ada.press("Open the case", card=form)
    assert "Reference" in told(ada)


async def test_a_slow_turn_is_answered_in_time(
    fake: FakeTeams, desk: RecordingDesk, served: Served, ada: Person, form: Message
) -> None:
    async def think(_inbound: Inbound) -> Reply:
        await asyncio.Event().wait()
        return Reply(card=SAVED)

    async with served(answer_within=0.2):
        desk.answer = think
        await ada.submit_dialog("Send", inputs=TYPED)
        assert words.NOT_SAVED_PRESSED in shown(ada)
    async with served():
        desk.answer = Reply(card=SAVED)
        await ada.submit_dialog("Try again")
        assert "Saved" in shown(ada)
    async with served(answer_within=0.2):
        desk.answer = think
        await ada.press("Open the case", card=form)
        assert told(ada) == words.NOT_OPENED


async def test_a_late_answer_is_not_shown(fake: FakeTeams, desk: RecordingDesk, ada: Person, news: Message) -> None:
    async def think(_inbound: Inbound) -> Reply:
        await asyncio.sleep(1.5)
        return Reply(card=SAVED)

    fake.invoke_patience, desk.answer = 0.3, think
    await ada.press("Open the case", card=news)
    assert ada.dialog is None
    assert ada.last_toast is not None
    assert ada.last_toast.kind == "error"
    assert len(desk.turns) == 1


@pytest.mark.parametrize(
    ("change", "fault", "answer_within", "text"),
    [
        ({"role": "guest"}, None, 2.8, words.STAFF_ONLY),
        ({}, Fault.failing(503), 2.8, words.NOT_SAVED_PRESSED),
        ({}, Fault.hang(), 0.2, words.NOT_SAVED_PRESSED),
    ],
)
async def test_somebody_who_cannot_be_looked_up_loses_nothing(
    fake: FakeTeams,
    desk: RecordingDesk,
    served: Served,
    ada: Person,
    panel: Conversation,
    form: Message,
    change: dict[str, Any],
    fault: Fault | None,
    answer_within: float,
    text: str,
) -> None:
    async with served(answer_within=answer_within):
        panel.members[ada.user.id] = dataclasses.replace(ada.user, **change)
        fake.fail_next("member", *filter(None, [fault]))
        await ada.submit_dialog("Send", inputs=TYPED)
        assert text in shown(ada)
        assert len(desk.turns) == 1
    panel.members[ada.user.id] = ada.user
    async with served():
        desk.answer = Reply(card=SAVED)
        await ada.submit_dialog("Try again")
        assert desk.pressed.given == TYPED


# from a message


async def test_a_message_is_chosen(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, panel: Conversation
) -> None:
    ben = fake.person("Ben Ashworth")
    markup = '<div><p><at id="0">Ada Okafor</at>, the alarm &amp; the pump were off.</p><p>Again.</p></div>'
    message = ben.writes("the alarm was off", channel=panel, markup=markup)
    desk.answer = Reply(card=FORM)
    await ada.use_extension(message)
    [turn] = desk.turns
    assert turn.what == Chosen("a colleague, the alarm & the pump were off.\nAgain.")
    assert turn.place == Place(f"{panel.id};messageid={message.id}", private=True)
    desk.answer = Reply(card=SAVED)
    await ada.submit_dialog("Send", inputs=TYPED)
    assert desk.pressed == Pressed("a-send", TYPED)
    assert desk.turns[1].place == turn.place
    assert "Saved" in shown(ada)
    assert fake.messages(panel) == [message]


async def test_a_report_is_begun_from_the_box_where_people_write(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    desk.answer = Reply(card=FORM)
    await ada.use_extension()
    [turn] = desk.turns
    assert (turn.what, turn.place) == (Said("report"), Place(ada.chat.id, private=True, address=address_of(fake, ada)))
    assert "What happened?" in shown(ada)


@pytest.mark.parametrize("context", ["compose", "commandBox", "commandbox"])
async def test_every_box_is_one(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, context: str
) -> None:
    value = {"commandId": "report", "commandContext": context}
    await fake.deliver(fake.activities.invoke(NAMES[2], ada.user, ada.chat, value, None, None))
    assert desk.turns[0].what == Said("report")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"contentType": "text", "content": "1 <b> 2\nthree"}, "1 <b> 2\nthree"),
        ({"contentType": "html", "content": "<script>alert(1)</script><img src=x onerror=y>Off"}, "Off"),
        ({"contentType": "html", "content": "<div>" * 5_000 + "deep" + "</div>" * 5_000}, "deep"),
        ({"contentType": "html", "content": "<p>\u0000&#0;x</p>"}, "\ufffdx"),
        ({"contentType": None, "content": None}, ""),
        ({}, ""),
        (None, ""),
    ],
)
async def test_any_message_can_be_chosen(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, body: Any, text: str
) -> None:
    value = {"commandContext": "message", "messagePayload": {"body": body}}
    turn = fake.activities.invoke(NAMES[2], ada.user, ada.chat, value, None, None)
    assert (await fake.deliver(turn)).status == 200
    assert desk.turns[0].what == Chosen(text)


# who is let in, and what is answered


def whole_value(name: str) -> Json:
    """What goes through."""
    entry = {"commandId": "report", "commandContext": "message"}
    values: dict[str, Json] = {
        "task/fetch": {"data": {"action": "a", "msteams": {"type": "task/fetch"}}},
        "task/submit": {"data": {"action": "a", **TYPED}},
        "composeExtension/fetchTask": entry | {"messagePayload": {"body": {"contentType": "text", "content": "Off"}}},
        "composeExtension/submitAction": entry | {"data": {"action": "a", **TYPED}},
    }
    return values[name]


def invoke(fake: FakeTeams, person: Person, name: str, value: Any) -> Json:
    return fake.activities.invoke(name, person.user, person.chat, value, None, None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("token", "change", "status"),
    [
        (lambda fake: fake.token(), {}, 200),
        (lambda fake: None, {}, 401),
        (lambda fake: "rubbish", {}, 403),
        (lambda fake: fake.token(key=fake.keys.stranger()), {}, 403),
        (lambda fake: fake.token(aud="another-bot"), {}, 403),
        (lambda fake: fake.token(key=fake.keys.webchat), {"channelId": "webchat"}, 403),
        (lambda fake: fake.token(), {"channelData": {"tenant": {"id": "another-tenant"}}}, 403),
        (lambda fake: fake.token(serviceurl="https://elsewhere.example/"),
         {"serviceUrl": "https://elsewhere.example/"}, 403),
        (lambda fake: fake.token(), {"conversation": None}, 400),
        (lambda fake: fake.token(), {"from": {"id": 7}}, 400),
    ],
)  # fmt: skip
async def test_only_microsoft_is_let_in(
    fake: FakeTeams,
    desk: RecordingDesk,
    adapter: TeamsAdapter,
    ada: Person,
    name: str,
    token: Callable[..., Any],
    change: Json,
    status: int,
) -> None:
    turn = invoke(fake, ada, name, whole_value(name)) | change
    assert (await fake.deliver(turn, token=token(fake))).status == status
    assert len(desk.turns) == (status == 200)


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_too_large_or_too_deep_is_refused(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, name: str
) -> None:
    large = invoke(fake, ada, name, whole_value(name) | {"x": "y" * 300_000})
    assert (await fake.deliver(large)).status == 413
    deep = (
        json.dumps(invoke(fake, ada, name, "deep")).encode().replace(b'"deep"', b'{"data":' * 5000 + b"1" + b"}" * 5000)
    )
    assert (await fake.deliver(deep)).status == 400
    assert desk.turns == []


DEEP: Any = "x"
for _ in range(90):
    DEEP = {"data": DEEP, "messagePayload": DEEP, "body": DEEP} if isinstance(DEEP, str) else {"data": DEEP}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "a",
        [],
        {},
        DEEP,
        {"data": None},
        {"data": []},
        {"data": {"action": None}},
        {"data": {"action": {"action": "a"}}},
        {"commandContext": None},
        {"commandContext": ["compose"]},
        {"commandContext": "message"},
        {"commandContext": "message", "messagePayload": "x"},
        {"commandContext": "message", "messagePayload": {"body": "x"}},
        {"commandContext": "message", "messagePayload": {"body": {"content": ["x"]}}},
        {"commandContext": "elsewhere", "messagePayload": {"body": {"content": "x"}}},
    ],
)
async def test_what_no_client_sends_has_no_effect(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, name: str, value: Any
) -> None:
    answer = await fake.deliver(invoke(fake, ada, name, value))
    assert (answer.status, desk.deliveries) == (200, [])
    assert answer.body == {"task": {"type": "message", "value": words.UNKNOWN_BUTTON}}


@pytest.mark.parametrize("name", NAMES)
async def test_the_same_again_has_one_effect(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, name: str
) -> None:
    desk.answer = Reply(card=FORM)
    turn = invoke(fake, ada, name, whole_value(name))
    answers = await asyncio.gather(*(fake.deliver(turn) for _ in range(3)))
    answers += await fake.redeliver()
    assert len({json.dumps(answer.body) for answer in answers}) == 1
    assert (len(desk.deliveries), len(desk.turns)) == (6, 1)


async def test_only_what_a_card_can_send_is_sent_again(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    desk.answer = Reply(notice="Not saved yet.")
    data = {"action": "a", "asked": ["what"], "what": "x", "n": 3, "deep": {"x": {}}, "msteams": {"type": "task/fetch"}}
    answer = await fake.deliver(invoke(fake, ada, "task/submit", {"data": data}))
    [again] = cards.actions(answer.body["task"]["value"]["card"]["content"])
    assert again.node["data"] == {"action": "a", "asked": ["what"], "what": "x", "n": "3"}
