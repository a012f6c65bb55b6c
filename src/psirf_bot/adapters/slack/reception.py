"""A turn from end to end: who is it, what does the desk say, and how is that shown, whatever goes wrong on the way."""

import asyncio
import logging
import secrets
from collections import OrderedDict
from dataclasses import replace

from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.channels import Channels
from psirf_bot.adapters.slack.failures import whereabouts
from psirf_bot.adapters.slack.members import Member, Members, MembershipUnknown
from psirf_bot.adapters.slack.payloads import Command, HomeOpened, Opening, Spoken, Submission, Turn, ViewPress
from psirf_bot.adapters.slack.runner import Acknowledgement
from psirf_bot.adapters.slack.screen import Screen, carried
from psirf_bot.casework.inbound import Actor, Desk, Inbound, Place, Pressed, Reply, Said, What

log = logging.getLogger(__name__)

_REMEMBERED = 2000  # deliveries; a repeated one comes within minutes
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that are taken for one another


def _reference() -> str:
    """For the person to quote; it stands in the log as well."""
    return "".join(secrets.choice(_LETTERS) for _ in range(6))


class Reception:
    """Takes every turn to the desk and shows the answer to the person."""

    def __init__(self, members: Members, channels: Channels, desk: Desk, screen: Screen, team: str) -> None:
        self._members, self._channels, self._desk, self._screen, self._team = members, channels, desk, screen, team
        self._followed: OrderedDict[str, None] = OrderedDict()

    async def take(self, turn: Turn, ack: Acknowledgement) -> None:
        """Answer a turn. It is acknowledged only when the desk has committed it."""
        try:
            reply = await self._answer(turn)
            shown = _acknowledge(ack, turn, reply)
            if self._is_first(turn.key):
                await self._screen.follow(turn, reply, shown=shown)
        except Exception as error:  # noqa: BLE001 (whatever it is, the person hears of it and can quote it)
            reference = _reference()
            log.error("a turn failed: reference %s, %s", reference, whereabouts(error))  # noqa: TRY400 (see there)
            await self._apologise(turn, reference, ack)

    async def _apologise(self, turn: Turn, reference: str, ack: Acknowledgement) -> None:
        reply = Reply(notice=words.went_wrong(reference, form=isinstance(turn, Submission | ViewPress)))
        if ack.given or not _acknowledge(ack, turn, reply):
            await self._screen.tell(turn, reply.notice)

    async def _answer(self, turn: Turn) -> Reply:
        try:
            member, place = await self._who_and_where(turn)
            if refusal := member.refusal or (isinstance(turn, Spoken) and turn.shared and words.SHARED_CHANNEL):
                return Reply(notice=refusal)
            what = await self._introduced(turn)
        except MembershipUnknown as why:
            log.warning("a turn was put off: nobody could tell who it was: %s", why)
            return Reply(notice=_put_off(turn))
        actor = self._actor(turn.user, member)
        return await self._desk.handle(Inbound(actor, place, turn.key, what, turn.arrived))

    async def _who_and_where(self, turn: Turn) -> tuple[Member, Place]:
        """Both at once where Slack has to be asked who it is; somebody known is not worth a task."""
        if known := self._members.known(turn.user):
            return known, await self._place(turn)
        return await asyncio.gather(self._members.find(turn.user), self._place(turn))

    async def _introduced(self, turn: Turn) -> What:
        """What they did, with those known by name whom they picked or mentioned. Raises MembershipUnknown."""
        users = list(dict.fromkeys(user for picked in turn.colleagues.values() for user in picked))
        if not users:
            return turn.what
        try:
            found = await asyncio.gather(*map(self._members.find, users))
        except MembershipUnknown:
            if isinstance(turn.what, Said):  # words never wait for the sake of somebody else
                return turn.what
            raise
        members = dict(zip(users, found, strict=True))
        actors = {user: self._actor(user, member) for user, member in members.items() if not member.refusal}
        match turn.what:
            case Said() as said:
                return replace(said, picked=tuple(actors.values()))
            case Pressed(action, given):
                picked, named = {}, {}
                for key, ids in turn.colleagues.items():
                    picked[key] = tuple(actors[user] for user in ids if user in actors)
                    names = [_name(members[user]) for user in ids if user not in actors]
                    named[key] = ", ".join(filter(None, [*names, str(given.get(key) or "")]))
                return Pressed(action, {**given, **named}, picked)
        return turn.what

    def _actor(self, user: str, member: Member) -> Actor:
        return Actor(platform="slack", team=self._team, user=user, name=member.name, email=member.email)

    async def _place(self, turn: Turn) -> Place:
        """The place, without its channel when that may be shared: a command does not say, as an event would."""
        channel = turn.place.channel.get("channel")
        if isinstance(turn, Command | Spoken) and channel and not await self._channels.is_our_own(channel):
            return replace(turn.place, channel={})
        return turn.place

    def _is_first(self, key: str) -> bool:
        """Whether this is the first delivery here: what follows an acknowledgement must not be shown twice."""
        if key in self._followed:
            return False
        self._followed[key] = None
        if len(self._followed) > _REMEMBERED:
            self._followed.popitem(last=False)
        return True


def _name(member: Member) -> str:
    """A guest by name; somebody whom Slack does not show, or an app, so that they are not left out without a word."""
    return member.name.replace(",", "") or "somebody outside the trust"


def _put_off(turn: Turn) -> str:
    """What somebody is told while Slack does not say who they are."""
    match turn:
        case Spoken():
            return words.NOT_SAVED_SAY
        case Opening() | Command():
            return words.NOT_BEGUN
        case HomeOpened():
            return words.NOT_SHOWN
    return words.NOT_SAVED_PRESS


def _acknowledge(ack: Acknowledgement, turn: Turn, reply: Reply) -> bool:
    """Acknowledge the turn; whether that shows something."""
    content = carried(turn, reply)
    ack.give(content)
    return bool(content) and content.get("response_action") != "clear"
