"""A report is begun: by the word alone, with what happened in the same breath, or from a message that was chosen."""

from psirf_bot.cards.check import clip
from psirf_bot.cards.model import Card, Words
from psirf_bot.cards.people_to_ring import with_people_to_ring
from psirf_bot.casework import reporting
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.conversations import Conversations
from psirf_bot.casework.inbound import Platform
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.distress import sounds_like_distress_or_danger

CONVERSATIONS = Conversations({reporting.FLOW: reporting.SCRIPT})
NOT_FOR_YOU = "Reporting here is for staff of the trust. Please tell the quality team what happened."
FROM_MESSAGE = (
    "The words of the message are filled in below. Please make them your own, without names and without anything that "
    "identifies a patient."
)
MESSAGE = 3000
"""Characters of a message that the question takes."""
ONLY_THE_BEGINNING = f"Only its first {MESSAGE:,} characters fit: the rest was left out."
NO_WORDS = "There were no words in that message that I could take."
FROM_WORDS = (
    "Your words are filled in under “What happened?”. Please make them complete, without names and without anything "
    "that identifies a patient."
)
NOT_FROM_WORDS = "Your new words were not taken: finish this one or delete it first, and then type them again."
NOT_FROM_MESSAGE = "To report from the message, finish this one or delete it first, and then choose the message again."


def begin(work: Work, by: Member) -> Card:
    """Begin with nothing filled in, or ask about the report left unfinished."""
    _may_report(work, by)
    return CONVERSATIONS.begin(work, by, reporting.FLOW)


def saying(work: Work, by: Member, platform: Platform, happened: str, *, in_chat: bool) -> Card:
    """Begin a report with what somebody said in one breath with it: “report a patient fell out of bed”."""
    _may_report(work, by)
    return _begin_with(
        work, by, platform, happened, filled=FROM_WORDS, kept_out=NOT_FROM_WORDS, typed=True, in_chat=in_chat
    )


def from_message(work: Work, by: Member, platform: Platform, text: str) -> Card:
    """Begin a report with the words of a message that somebody chose; a message without words begins an empty one."""
    _may_report(work, by)
    if not text.strip():
        card = CONVERSATIONS.begin(work, by, reporting.FLOW)
        return card.model_copy(update={"body": (Words(text=NO_WORDS), *card.body)})
    card = _begin_with(work, by, platform, text, filled=FROM_MESSAGE, kept_out=NOT_FROM_MESSAGE)
    return with_people_to_ring(work.trust, card) if sounds_like_distress_or_danger(text) else card


def _may_report(work: Work, by: Member) -> None:
    if not allowed(work, by, Act.REPORT):
        raise Refusal(NOT_FOR_YOU)


def _begin_with(
    work: Work,
    by: Member,
    platform: Platform,
    text: str,
    *,
    filled: str,
    kept_out: str,
    typed: bool = False,
    in_chat: bool = True,
) -> Card:
    fitting = clip(text, MESSAGE)
    return CONVERSATIONS.begin_with(
        work,
        by,
        platform,
        reporting.FLOW,
        reporting.WHAT_HAPPENED,
        fitting,
        filled=filled if fitting == text else f"{filled} {ONLY_THE_BEGINNING}",
        kept_out=kept_out,
        typed=typed,
        in_chat=in_chat,
    )
