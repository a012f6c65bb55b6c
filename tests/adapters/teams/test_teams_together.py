"""Many people who press within the same moment are all let in, though Teams takes few readings of a roster."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, cast

import pytest
from teams_stage import FORM, RecordingDesk, address_of

from fakes.teams import Conversation, FakeTeams, Fault, Message, Person
from psirf_bot.adapters.teams import connector, members, words
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework.inbound import Reply

PANEL = Card(
    title="The panel votes", preview="Please vote.", buttons=(Button(label="Vote", action="a-vote", opens=True),)
)
Staff = Sequence[Person]


@pytest.fixture
def staff(fake: FakeTeams) -> Staff:
    return [fake.person(f"Member {n:02d}") for n in range(50)]


@pytest.fixture
def panel(fake: FakeTeams, staff: Staff) -> Conversation:
    return fake.team("Panel", *staff, channels=("Panel",), installed=True).channels["Panel"]


@pytest.fixture
async def card(fake: FakeTeams, adapter: TeamsAdapter, desk: RecordingDesk, panel: Conversation) -> Message:
    """A card in the channel whose button opens a form."""
    desk.answer = Reply(card=FORM)
    await adapter.send(address_of(fake, fake.person("Ada Okafor")) | {"conversation": panel.id}, PANEL, "key")
    return fake.messages(panel)[-1]


def reads(fake: FakeTeams) -> Counter[tuple[str, int | None]]:
    return Counter((call.kind, call.status) for call in fake.history if call.kind in ("member", "members"))


async def vote(card: Message, *people: Person) -> None:
    await asyncio.gather(*(someone.press("Vote", card=card) for someone in people))


async def test_fifty_people_press_in_the_same_instant(
    fake: FakeTeams, desk: RecordingDesk, staff: Staff, card: Message
) -> None:
    await vote(card, *staff)
    assert [someone.last_toast for someone in staff if not someone.dialog] == []
    await asyncio.gather(*(someone.submit_dialog("Send", inputs={"what": "aar"}) for someone in staff))
    assert [someone.last_toast for someone in staff if someone.last_toast] == []
    assert len({turn.actor.user for turn in desk.turns}) == len(staff)
    assert len(desk.turns) == 2 * len(staff)
    assert reads(fake) == {("member", 200): 4, ("members", 200): 1}


async def test_they_press_one_after_another(fake: FakeTeams, staff: Staff, card: Message) -> None:
    for some in range(0, len(staff), 5):
        await vote(card, *staff[some : some + 5])
    assert all(someone.dialog for someone in staff)
    assert reads(fake) == {("member", 200): 4, ("members", 200): 1}


async def test_strangers_among_them_are_refused(
    fake: FakeTeams, desk: RecordingDesk, staff: Staff, panel: Conversation, card: Message
) -> None:
    gus = fake.person("Gus Guest", guest=True)
    sam = fake.person("Sam Stranger", tenant_id="another-tenant")
    ben = fake.person("Ben Ashworth")  # not in the team
    for stranger in (gus, sam):
        panel.members[stranger.user.id] = stranger.user
    await vote(card, *staff, gus, sam, ben)
    for stranger in (gus, sam, ben):
        assert stranger.dialog is None
        assert stranger.last_toast is not None
        assert stranger.last_toast.text == words.STAFF_ONLY
    assert len(desk.turns) == len(staff)
    assert reads(fake) == {("member", 200): 6, ("member", 404): 1, ("members", 200): 1}


async def test_whom_the_roster_does_not_plainly_show_is_asked_for_alone(
    fake: FakeTeams, staff: Staff, panel: Conversation, card: Message
) -> None:
    last, nothing = staff[-1].user, cast(Any, "")
    panel.members[last.id] = dataclasses.replace(last, role=nothing)
    await vote(card, *staff)
    assert all(someone.dialog for someone in staff)
    assert reads(fake) == {("member", 200): 5, ("members", 200): 1}


async def test_of_a_large_team_the_first_pages_are_read(
    fake: FakeTeams, staff: Staff, panel: Conversation, card: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "PAGE", 50)
    monkeypatch.setattr(members, "_PAGES", 2)
    more = [fake.person(f"Another {n:02d}") for n in range(52)]
    panel.members.update({someone.user.id: someone.user for someone in more})
    await vote(card, *staff, *more)
    assert all(someone.dialog for someone in (*staff, *more))
    assert reads(fake) == {("member", 200): 4 + 2, ("members", 200): 2}


@pytest.mark.parametrize("kind", ["member", "members"])
async def test_a_short_wait_that_is_asked_for_is_kept(
    fake: FakeTeams, staff: Staff, card: Message, kind: Literal["member", "members"]
) -> None:
    fake.fail_next(kind, Fault.throttled(1))
    began = asyncio.get_running_loop().time()
    await vote(card, *staff)
    assert asyncio.get_running_loop().time() - began >= 1
    assert all(someone.dialog for someone in staff)
    assert reads(fake)[kind, 429] == 1


async def test_during_a_long_wait_nobody_is_asked_for(fake: FakeTeams, staff: Staff, card: Message) -> None:
    fake.fail_next("member", Fault.throttled(30))
    await vote(card, staff[0])
    await vote(card, *staff[:3])
    for someone in staff[:3]:
        assert someone.last_toast is not None
        assert someone.last_toast.text == words.NOT_OPENED
    assert reads(fake) == {("member", 429): 1}


async def test_where_all_cannot_be_read_at_once_they_are_asked_for_alone(
    fake: FakeTeams, staff: Staff, card: Message
) -> None:
    fake.fail_next("members", Fault.failing(503))
    await vote(card, *staff[:7])
    assert all(someone.dialog for someone in staff[:7])
    assert reads(fake) == {("member", 200): 7, ("members", 503): 1}
