"""A strict Microsoft Teams and Bot Connector on loopback, for tests, demo checks and load runs."""

from .client import Person, Toast
from .dialogs import Dialog
from .fake import Delivery, FakeTeams
from .faults import Fault
from .forms import ClientRefused
from .world import Conversation, Json, Message, Team, User

__all__ = [
    "ClientRefused",
    "Conversation",
    "Delivery",
    "Dialog",
    "FakeTeams",
    "Fault",
    "Json",
    "Message",
    "Person",
    "Team",
    "Toast",
    "User",
]
