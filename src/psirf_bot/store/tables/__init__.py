"""The tables, by what they are about. Times are aware UTC; a JSON value is replaced whole, never changed in place."""

from psirf_bot.store.tables.audit import AuditEntry
from psirf_bot.store.tables.cases import Addition, CandourStep, Case, Counter, Notification, ReportVersion
from psirf_bot.store.tables.clock import Deadline, Nudge, Remembered, WorkingHours
from psirf_bot.store.tables.conversations import Action, Channel, Dialog, Inbox, WebMessage
from psirf_bot.store.tables.fair import FairEntry, FairMonitoring, FairRun
from psirf_bot.store.tables.messages import Outbox, PlatformHold, Posted
from psirf_bot.store.tables.panel import Agenda, Panel, PanelMember, Vote
from psirf_bot.store.tables.people import Identity, Person, StandIn, Training
from psirf_bot.store.tables.response import (
    Contact,
    Extension,
    LearningResponse,
    NamedContact,
    Partnership,
    SafetyAction,
    SafetyAlert,
)
from psirf_bot.store.tables.support import SupportCheck, SupportNeed, SupportRequest

__all__ = [
    "Action",
    "Addition",
    "Agenda",
    "AuditEntry",
    "CandourStep",
    "Case",
    "Channel",
    "Contact",
    "Counter",
    "Deadline",
    "Dialog",
    "Extension",
    "FairEntry",
    "FairMonitoring",
    "FairRun",
    "Identity",
    "Inbox",
    "LearningResponse",
    "NamedContact",
    "Notification",
    "Nudge",
    "Outbox",
    "Panel",
    "PanelMember",
    "Partnership",
    "Person",
    "PlatformHold",
    "Posted",
    "Remembered",
    "ReportVersion",
    "SafetyAction",
    "SafetyAlert",
    "StandIn",
    "SupportCheck",
    "SupportNeed",
    "SupportRequest",
    "Training",
    "Vote",
    "WebMessage",
    "WorkingHours",
]
