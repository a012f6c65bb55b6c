"""A strict fake Slack: the Web API over HTTP, and people who use Slack and drive the bot with signed requests.

It refuses what Slack refuses, by Slack's names, so that a test that passes here is worth something there.
"""

from .client import TROUBLE_CONNECTING, Person
from .controls import PLEASE_COMPLETE, CannotDo
from .delivery import SLACK_RETRY_DELAYS, Answer, Delivery, sign
from .fake import FakeSlack
from .faults import Fault
from .rules import check_blocks, check_view
from .server import Call
from .sockets import Envelope, Line, Sockets
from .world import SCOPES, Channel, Message, SlackError, User, View

__all__ = [
    "PLEASE_COMPLETE",
    "SCOPES",
    "SLACK_RETRY_DELAYS",
    "TROUBLE_CONNECTING",
    "Answer",
    "Call",
    "CannotDo",
    "Channel",
    "Delivery",
    "Envelope",
    "FakeSlack",
    "Fault",
    "Line",
    "Message",
    "Person",
    "SlackError",
    "Sockets",
    "User",
    "View",
    "check_blocks",
    "check_view",
    "sign",
]
