"""Who can be tried out on the page, and which conversations they see."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from psirf_bot.delivery.platform import Refused


@dataclass(frozen=True, slots=True)
class WebPerson:
    """Somebody the page can be used as. The e-mail address is the key, in lower case."""

    name: str
    email: str
    roles: Collection[str]
    service: str | None


BOT_NAME = "psirf-bot"

CHANNELS = {"quality": "Quality team", "panel": "Panel", "leads": "Leads"}
"""The channels that stand ready in the demo, by the purpose they may be used for."""

_LEADERS = frozenset({"quality", "chair", "chief_nurse", "medical_director", "executive", "admin"})
_MEMBERS: Mapping[str, frozenset[str]] = {
    "quality": frozenset({"quality", "chair", "admin"}),
    "panel": _LEADERS | {"panel", "expert"},
    "leads": _LEADERS | {"service_lead", "response_lead", "candour_lead", "workforce"},
}


def rooms_for(roles: Collection[str]) -> list[str]:
    """The channels that people with these roles are members of."""
    return [channel(purpose) for purpose, members in _MEMBERS.items() if members.intersection(roles)]


def rooms_of(person: WebPerson) -> dict[str, str]:
    """The rooms somebody sees, by id, with their names."""
    channels = {room: CHANNELS[address_of(room)["channel"]] for room in rooms_for(person.roles)}
    return {own_room(person.email): BOT_NAME, **channels}


def described(person: WebPerson) -> dict[str, object]:
    """Somebody to choose on the page, with what they do in words and the rooms they see."""
    roles = [role.replace("_", " ") for role in person.roles if role != "staff"] or ["staff"]
    own = own_room(person.email)
    return {
        "name": person.name,
        "email": person.email,
        "about": " · ".join(filter(None, (", ".join(roles).capitalize(), person.service))),
        "rooms": [{"id": room, "name": name, "private": room == own} for room, name in rooms_of(person).items()],
    }


def own_room(email: str) -> str:
    """Somebody's private chat with the bot."""
    return f"user:{email}"


def channel(purpose: str) -> str:
    return f"channel:{purpose}"


def address_of(room: str) -> dict[str, str]:
    """The address that casework keeps, to post there again."""
    kind, _, name = room.partition(":")
    return {kind: name}


def room_at(address: Mapping[str, str]) -> str:
    """The room at an address; Refused when there is no such place."""
    match dict(address):
        case {"user": str(email)} if email:
            return own_room(email)
        case {"channel": purpose} if purpose in CHANNELS:
            return channel(purpose)
    raise Refused("unknown_address", final=True)
