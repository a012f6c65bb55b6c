"""Where messages go: the private chats of people, the channels of the trust, and the name of each conversation."""

from collections.abc import Mapping
from typing import Literal

from sqlmodel import col, select

from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Channel, Identity, Person

Purpose = Literal["quality", "panel", "leads"]
URGENT = ":urgent"
"""The end of a lane's name in which messages go that do not wait behind others."""


def lane_of(platform: str, address: Mapping[str, str]) -> str:
    """The name of a conversation: messages to the same one go one after another."""
    kinds = ("conversation", "channel", "user", "home")
    kind = next((kind for kind in kinds if address.get(kind)), "")
    return f"{platform}:{'home:' if kind == 'home' else ''}{address.get(kind, '?')}"


def home_of(platform: str, team: str, user: str) -> str:
    """The subject of somebody's own page of the bot. It is theirs whose identity this is when it is shown."""
    return f"home:{platform}:{team}:{user}"


def last_seen(work: Work, person_id: str) -> tuple[str, Mapping[str, str]] | None:
    """Where they were last seen; nowhere, once they have left."""
    return next(iter(private(work, person_id)), None)


def private(work: Work, person_id: str) -> list[tuple[str, Mapping[str, str]]]:
    """Everywhere that they can be written to, first where they were last seen."""
    theirs = select(Identity).join(Person, col(Identity.person_id) == Person.id).where(col(Person.active))
    theirs = theirs.where(Identity.person_id == person_id)
    identities = work.session.exec(theirs.order_by(col(Identity.seen_at).desc().nulls_last()))
    return [(i.platform, i.address) for i in identities if i.address]


def channels(work: Work, purpose: Purpose) -> list[Channel]:
    """The channels that an administrator has set for a purpose, at most one on each platform."""
    return list(work.session.exec(select(Channel).where(Channel.purpose == purpose).order_by(Channel.platform)))


def can_be_reached(work: Work, person_id: str) -> bool:
    """Whether the bot knows where to write to somebody."""
    return last_seen(work, person_id) is not None


def has_chat_with(work: Work, person_id: str) -> bool:
    """Whether messages to somebody go to a chat that is known to be there."""
    where = last_seen(work, person_id)
    return where is not None and (where[0] != "teams" or "conversation" in where[1])
