"""What this person can do: the words and buttons of help."""

from psirf_bot.cards.menu import OFFERS, help_card
from psirf_bot.cards.model import Card
from psirf_bot.casework.actions import button
from psirf_bot.casework.begin_report import CONVERSATIONS
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import READS_AS_BOARD, Act, Member
from psirf_bot.domain.people import Role

ON_A_PANEL = frozenset({Role.QUALITY, Role.CHAIR, Role.PANEL, Role.EXPERT})
MAY_SEE_CANDOUR = READS_AS_BOARD | {Role.QUALITY, Role.CANDOUR_LEAD, Role.SERVICE_LEAD}
OVERSEES_ACTIONS = READS_AS_BOARD | {Role.SERVICE_LEAD}
FOR_SOME: tuple[tuple[Act | frozenset[Role], str, str, str], ...] = (
    (Act.FIND, "find …", "Find a case by reference, Datix number, service, state or owner", "Find a case"),
    (Act.FIND, "case PSI-…", "Open a case", ""),
    (ON_A_PANEL, "panel", "See the panels you have a vote in; panel PSI-… opens one", "Panels"),
    (Act.OPEN_PANEL, "agenda", "Put cases before the weekly panel", ""),
    (Act.SEE_GAPS, "gaps", "See the events that need a PSII and have none", ""),
    (Act.SEE_GAPS, "figures", "See the figures of the last three months, for a committee", ""),
    (Act.SEE_UNTRIAGED, "training", "See who is trained to lead or oversee a learning response", ""),
    (Act.START_FAIR, "fair PSI-…", "Two people use the being fair tool, in private; rarely", ""),
    (Act.OVERSEE_FAIR, "fair", "Being fair, for overseers", ""),
    (Act.AGREE_ACTION, "action", "Agree a safety action; actions lists them", ""),
    (OVERSEES_ACTIONS, "actions", "See the safety actions that you oversee", ""),
    (Act.RECEIVE_ALERT, "alert", "Note a Patient Safety Alert; alerts lists them", ""),
    (MAY_SEE_CANDOUR, "candour PSI-…", "See where the duty of candour has got to", ""),
    (Act.OPEN_FROM_DATIX, "open datix …", "Open a case for something already on Datix", "Open from Datix"),
    (Act.SET_CHANNEL, "use this channel for …", "Typed in a channel: quality, panel or leads", ""),
)
"""What only some can do: who, the word, what it is for, and its button if it has one."""


def help_for(work: Work, by: Member, *, unknown: bool = False, meant: str = "") -> Card:
    """What this person can do, as buttons and as words."""
    theirs = [
        (word, meaning, label)
        for who, word, meaning, label in FOR_SOME
        if (allowed(work, by, who) if isinstance(who, Act) else by.roles & who)
    ]
    words = [(word, meaning) for word, meaning, _ in (*OFFERS, *theirs)]
    words.append(("cancel", "Stop the form you have open"))
    labels = {word.rstrip(" …"): label for word, _, label in (*OFFERS, *theirs) if label}
    if CONVERSATIONS.is_open(work, by):
        labels["cancel"] = "Cancel my form"
    buttons = tuple(
        button(work, label, f"words.{word}", person_id=by.id, style="primary" if word == "report" else "plain")
        for word, label in labels.items()
    )
    return help_card(work.trust, words, buttons, unknown=unknown, meant=meant)
