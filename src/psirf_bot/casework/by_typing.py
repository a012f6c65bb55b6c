"""What people type beside answers: to send, to skip, to go back; and what they want to report, said in one breath."""

import re
from datetime import datetime

from psirf_bot.dialogs.questions import Choice, Question
from psirf_bot.dialogs.typed import Invalid

SKIP = frozenset({
    "skip", "skip it", "skip this", "-", "none", "n/a", "na", "no", "nope", "no thanks", "no thank you", "nothing",
    "nothing else", "pass",
})  # fmt: skip
SEND = frozenset({
    "send", "send it", "send this", "send now", "send it now", "send report", "send my report", "send the report",
    "submit", "submit it", "submit now", "submit report", "submit my report", "submit the report", "confirm", "done",
    "all done",
})  # fmt: skip
_BEFORE_SEND = r"(?:(?:yes|yeah|yep|ok|okay|please|now)\b[\s,.!]*)+(?=\w)"
NEXT = frozenset({
    "next", "go on", "continue", "forward", "keep", "keep it", "leave it", "ok", "okay",
})  # fmt: skip
"""After going back: the answer stays as it was."""
BACK = frozenset({"back", "go back", "previous", "one back", "back one"})
NOT_SENT = "Not sent yet. Type send to send it, type back to go back one question, or press “Change”."
NOT_SENT_BEFORE = "Not sent yet: this question comes first."
THE_FIRST = "This is the first question. Type cancel to stop."
STAYS = "What you answered here stays until you answer it again. Type next to go on without changing it."
NOT_TAKEN = "What you typed just now was not taken: go on with it first, and then type it again."
NOT_TAKEN_YET = "What you typed just now was not taken: it is a while since you began. Please answer this first."


def kept_masked(found: str, *, in_chat: bool, can_go_back: bool) -> str:
    """`found`: what the words looked like; `in_chat`: whether they still stand there as they were typed."""
    still = " What you typed still stands in the chat: please delete it there." if in_chat else ""
    back = " Type back if you want to change them." if can_go_back else ""
    return f"{found} I have kept your words without it.{still}{back}"


def plain(text: str) -> str:
    """The words without what does not matter in a word of ours: capitals, space and the point at the end."""
    return " ".join(text.casefold().split()).strip(" .!,;…").strip()


def means_send(text: str, label: str) -> bool:
    """Whether these words send it; `label`: the words on the button that does."""
    words = re.sub(r"[\s,]+please$", "", plain(text))
    return {words, re.sub(rf"^{_BEFORE_SEND}", "", words)} & (SEND | {plain(label)}) != set()


def skips(question: Question | None, text: str, now: datetime) -> bool:
    """Whether these words leave the question out; not when they are one of its answers."""
    return question is not None and question.optional and _skips(text) and not _answers(question, text, now)


def leaves_as_it_is(question: Question | None, text: str, now: datetime) -> bool:
    """Whether these words, after going back, leave what was answered; what can be left out can be left out then too."""
    if question is None or _answers(question, text, now):
        return False
    return plain(text) in NEXT or (_skips(text) and not question.optional)


def _skips(text: str) -> bool:
    return text.strip() == "-" or plain(text) in SKIP


def _answers(question: Question, text: str, now: datetime) -> bool:
    """Whether the words are one of its options."""
    try:
        return isinstance(question, Choice) and question.parse(text, now) is not None
    except Invalid:
        return False


def noted_only(question: Question | None, text: str) -> str:
    """What somebody is told whose yes or no had more words after it."""
    label = question.all_that_is_noted(text) if isinstance(question, Choice) else ""
    where = "Please write them where they belong, for example under “What happened?”."
    return f"I noted “{label}”, but not the words after it. {where}" if label else ""


_WANTED = re.compile(r"(?:(?:i|we) (?:want|need|would like|have) to |i.d like to )?report\b", re.IGNORECASE)
_LEAD = re.compile(r"(?:[\s:,;.–—-]+|(?:that|how|please)\b)+", re.IGNORECASE)
_KINDS = frozenset({
    "a", "an", "the", "my", "new", "another", "this", "that", "it", "something", "some", "one", "near", "miss",
    "near-miss", "incident", "accident", "event", "issue", "problem", "concern", "risk", "or", "and", "good", "care",
    "harm", "safety", "patient", "psirf", "datix", "form", "case", "here", "now", "today", "please", "to", "you",
    "about", "of", "for", "me",
})  # fmt: skip
"""Words that say no more than what kind of thing it is."""
_REFERENCE = re.compile(r"psi-\d+-\d+")
_ASKS = re.compile(r"(?:how|what|where|who|when|can|do|does|is|are|should|which|why)\b.*\?", re.IGNORECASE | re.DOTALL)


def wants_to_report(text: str) -> bool:
    return _WANTED.match(text.strip()) is not None


def reported_in(text: str) -> str:
    """What happened, from “report that a patient fell”; empty where only the kind was named, or something was asked."""
    wanted = _WANTED.match(text.strip())
    if wanted is None:
        return ""
    rest = text.strip()[wanted.end() :].strip()
    lead = _LEAD.match(rest)
    words = rest[lead.end() :] if lead else rest
    said = [plain(word).strip("?:") for word in words.split()]
    only_the_kind = all(word in _KINDS or _REFERENCE.fullmatch(word) for word in said if word)
    return "" if only_the_kind or _ASKS.fullmatch(rest) or _ASKS.fullmatch(words) else words
