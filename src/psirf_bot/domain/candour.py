"""The duty of candour: Regulation 20's thresholds, what each step asks for, and how far a case has got with it.

The thresholds are not the grades of harm that the national service records; nothing here derives one from the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

LAW = "Regulation 20(7) and (8), SI 2014/2936, in plain words; the regulation's own words decide"
THRESHOLDS = (
    "In the care we give, something unintended or unexpected happened. A health care professional thinks that it "
    "led to one of these, or could lead to it:",
    "• death, because of the event and not of the illness;",
    "• severe harm: a lasting loss of what the body or mind can do;",
    "• moderate harm: not lasting, but significant, with moderately more treatment;",
    "• prolonged psychological harm: for 28 days or more without a break.",
)

APPLIES = {
    "death": "Yes: death",
    "severe": "Yes: severe harm",
    "moderate": "Yes: moderate harm",
    "psychological": "Yes: prolonged psychological harm (28 days or more)",
    "could": "Yes: it could result in one of these",
}
DOES_NOT = {
    "below": "No: it reached no threshold and could not have",
    "expected": "No: it was neither unintended nor unexpected",
    "elsewhere": "No: it was not in the care that we give",
    "no-one": "No: no service user was affected",
}
GROUNDS = APPLIES | DOES_NOT
"""What a clinician can confirm, each with its ground."""

HOW_TOLD = {"in-person": "In person", "phone": "By phone or video"}
TO_WHOM = {"themselves": "The person themselves", "family": "Family, or somebody acting for them"}
SUPPORT = {
    "contact": "A named person to ring",
    "talk": "Somebody to talk to about how they feel",
    "communication": "An interpreter or help with communication",
    "practical": "Practical help",
    "advocacy": "Advocacy or advice from outside the trust",
    "none": "Nothing yet",
}
ENQUIRIES = {
    "review": "A review, to learn from what happened",
    "clinical": "More checks or tests of their health",
    "outside": "A body outside the trust will look at it",
    "open": "That it is not decided yet",
    "none": "Nothing yet",
}
IN_LETTER = {
    "facts": "What we know happened",
    "enquiries": "What is still being looked into",
    "results": "What has been found out so far",
    "apology": "The apology",
}
LETTER_FIRST = {
    "not-yet": "Not yet: it is still to do",
    "asked": "Not yet: they asked for the letter first",
    "cannot-meet": "Not yet: they cannot be met so far",
    "told": "Yes: it is recorded next",
}
"""Whether they had been told in person, which comes first, when a letter is recorded (Regulation 20(3) and (4))."""
WAYS = {
    "phone": "By phone",
    "letter": "By letter",
    "visit": "By a visit",
    "someone": "Through somebody else",
    "message": "By e-mail or message",
}
OUTCOMES = {
    "no-answer": "No answer",
    "will-ring": "They will be in touch",
    "another-time": "They asked for another time",
    "declined": "They would rather not talk now",
    "wrong-details": "The address or number was not right",
}
ENDINGS = {
    "declined": "They do not want to be contacted",
    "tried": "Every way that we know has been tried",
    "harm": "A clinician thinks that contact would harm them",
}


CHANGES = {
    "amended": "The report was amended, so whether the duty applies is asked again.",
    "joined": "Another report of the same event was joined with this one, so whether the duty applies is asked again.",
    "joined-yes": "Another report of the same event was joined with this one. A clinician has confirmed of one of them "
    "that the duty applies, so that it is owed.",
}
"""What can change under an answer; only after the last is it still Yes."""


class Step(StrEnum):
    """What can stand in the written record of the duty (Regulation 20(3)(e), (5) and (6))."""

    CONFIRMED = "confirmed"
    TOLD = "told"
    WRITTEN = "written"
    UNREACHABLE = "unreachable"
    ATTEMPT = "attempt"
    DECLINED = "declined"
    CHANGED = "changed"
    """What the answer went by has changed, so that it is asked again or holds for more than it did."""


Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record: the step, the day it was taken, and what was ticked."""

    step: Step
    on: date
    facts: Facts


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a case has got. `applies` None: nobody has confirmed it. `ended`: declined, or attempts ended."""

    applies: bool | None = None
    apologised: bool = False
    """Somebody has said sorry to them, in whatever way they were spoken to (policy App 4)."""
    told_on: date | None = None
    written_on: date | None = None
    unreachable: bool = False
    spoken_on: date | None = None
    """When somebody last spoke with them, in whatever way, since it was recorded that they could not be reached."""
    attempts: int = 0
    last_attempt: date | None = None
    ended: bool = False
    ended_on: date | None = None
    """The day since which they have declined, or attempts have ended."""

    @property
    def under_way(self) -> bool:
        """Whether a step may still be owed: it was not confirmed that the duty does not apply."""
        return self.applies is not False

    def why_to_wait(self) -> str | None:
        """Why a reviewer waits with their first contact with the service user (policy App 4); None: they need not."""
        if self.apologised or self.ended or not self.under_way:
            return None
        if self.applies is None:
            return "Duty of candour may apply, and no clinician has confirmed yet whether it does."
        return "The duty of candour applies, and nobody has recorded yet that the person was told, with an apology."


def standing(record: Iterable[Entry]) -> Standing:
    """What the record comes to, read in the order in which it was written."""
    now = Standing()
    for entry in record:
        now = _after(now, entry)
    return now


def _after(now: Standing, entry: Entry) -> Standing:
    match entry.step:
        case Step.CONFIRMED:
            return replace(now, applies=entry.facts.get("ground") in APPLIES)
        case Step.TOLD:
            now = replace(now, apologised=now.apologised or entry.facts.get("apology") == "yes")
            # Whoever talks with us again has come back, in whatever way; a talk before that is only recorded late.
            came_back = now.ended_on is None or entry.on >= now.ended_on
            spoken_on = max(entry.on, now.spoken_on or entry.on)
            now = replace(now, spoken_on=spoken_on)
            now = replace(now, ended=False, ended_on=None) if came_back else now
            return replace(now, told_on=entry.on, unreachable=False) if is_complete(entry) else now
        case Step.WRITTEN:
            return replace(now, written_on=entry.on) if is_complete(entry) else now
        case Step.UNREACHABLE:
            return replace(now, unreachable=True, spoken_on=None, ended=False, ended_on=None)
        case Step.ATTEMPT:
            return replace(now, attempts=now.attempts + 1, last_attempt=max(entry.on, now.last_attempt or entry.on))
        case Step.DECLINED:
            return replace(now, unreachable=False, ended=True, ended_on=entry.on)
        case Step.CHANGED:
            return replace(now, applies=True if entry.facts.get("why") == "joined-yes" else None)


def is_complete(entry: Entry) -> bool:
    """Whether the step is done by this; if not it is kept all the same, and `missing` says what is still to do."""
    facts = entry.facts
    if entry.step is Step.TOLD:
        return facts.get("how") == "in-person" and facts.get("apology") == "yes"
    if entry.step is Step.WRITTEN:
        return {"facts", "enquiries", "apology"} <= set(_ticked(facts, "holds"))
    return True


def missing(entry: Entry) -> tuple[str, ...]:
    """What Regulation 20(3) and (4) ask for besides, in words for whoever goes on with it."""
    facts = entry.facts
    if entry.step is Step.TOLD:
        lacking = {
            "to meet them in person": facts.get("how") != "in-person",
            "to say sorry": facts.get("apology") != "yes",
            "to offer them support": _ticked(facts, "support") in ((), ("none",)),
            "to explain what will be looked into": _ticked(facts, "enquiries") in ((), ("none",)),
        }
    elif entry.step is Step.WRITTEN:
        holds = _ticked(facts, "holds")
        lacking = {
            "to write what we know happened": "facts" not in holds,
            "to write what is still being looked into": "enquiries" not in holds,
            "to write what has been found out, once it is known": "results" not in holds,
            "to say sorry in writing": "apology" not in holds,
        }
    else:
        lacking = {}
    return tuple(words for words, is_lacking in lacking.items() if is_lacking)


def _ticked(facts: Facts, key: str) -> Sequence[str]:
    ticked = facts.get(key)
    return tuple(ticked) if isinstance(ticked, list) else ()
