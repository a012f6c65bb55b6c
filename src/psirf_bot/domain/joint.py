"""Two people answer one form together: one proposes, the other agrees or differs, and only what both said counts.

What they did is a list of entries that only grows. Where they stand is worked out from it afresh, so that nothing that
was ever said is lost, and no order of what they do can make an answer count that both have not given (L07).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Answers = Mapping[str, Any]
ONGOING = "-ongoing"
"""The end of the id of a question that each answers for themselves, and that only two can answer with yes."""
APART = "\n\n"
"""What stands between the words of the two where they are put together."""


class Kind(StrEnum):
    """What one of the two can do with a page."""

    PROPOSED = "proposed"
    """Gave answers to the page, for the first time or differing from what was there."""
    AGREED = "agreed"
    """Agreed to the answers of one entry, `about`."""
    STATED = "stated"
    """Gave their own answer to a page on which each of the two answers for themselves."""
    REOPENED = "reopened"
    """Wants to look at a page again; what was agreed on it no longer counts."""
    CONFIRMED = "confirmed"
    """Confirmed everything as it stood, at the end."""
    REPLACED = "replaced"
    """Asked another colleague in place of the other: what was agreed before, these two have not agreed on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that one of them did. `page`: the id of its first question. `about`: the number of another entry."""

    number: int
    by: str
    kind: Kind
    page: str = ""
    answers: Answers = field(default_factory=dict)
    about: int | None = None


@dataclass(slots=True)
class Standing:
    """Where two people stand: what counts, what waits for the other, and who has confirmed everything."""

    agreed: dict[str, Answers] = field(default_factory=dict)
    """By page: the answers that count."""
    proposed: dict[str, Entry] = field(default_factory=dict)
    """By page: the newest proposal that the other has not agreed to."""
    stated: dict[str, dict[str, Answers]] = field(default_factory=dict)
    """By page and person: what each has answered for themselves."""
    last: dict[str, Answers] = field(default_factory=dict)
    """By page: the newest answers anybody gave, to be filled in when it is looked at again."""
    confirmed: set[str] = field(default_factory=set)
    before: dict[str, Answers] = field(default_factory=dict)
    """By page: the answers that counted last, whether they still do or not."""

    def answers(self) -> dict[str, Any]:
        """Everything that counts, by question."""
        return {key: value for page in self.agreed.values() for key, value in page.items()}


def standing(entries: Iterable[Entry], pair: Collection[str], order: Sequence[str] = ()) -> Standing:
    """Where this pair stands. What somebody did who is not one of them (any more) does not count.

    `order`: the pages as they are asked. Where another answer is agreed on than before, what each had stated for
    themselves on a later page was stated about something else, and is asked anew.
    """
    now = Standing()
    for entry in entries:
        if entry.kind is Kind.REPLACED:
            now = Standing(last=now.last)
        if entry.by not in pair or not _fits(entry):
            continue
        if entry.kind is Kind.CONFIRMED:
            now.confirmed.add(entry.by)
        elif entry.kind is not Kind.AGREED or _holds(now, entry):
            now.confirmed.clear()
            _take(now, entry, pair)
            if (
                entry.kind is Kind.AGREED
                and now.before.get(entry.page, now.agreed[entry.page]) != now.agreed[entry.page]
            ):
                _ask_anew(now, order, entry.page)
            now.before |= now.agreed
    return now


def _ask_anew(now: Standing, order: Sequence[str], changed: str) -> None:
    """What was stated on the pages after this one does not count any more."""
    for page in order[order.index(changed) + 1 :] if changed in order else ():
        if page.endswith(ONGOING):
            now.stated.pop(page, None)
            now.agreed.pop(page, None)


def _fits(entry: Entry) -> bool:
    """A page on which each answers for themselves is only stated, never proposed; and the other way round."""
    own = entry.page.endswith(ONGOING)
    return own if entry.kind is Kind.STATED else not own or entry.kind not in {Kind.PROPOSED, Kind.AGREED}


def _holds(now: Standing, entry: Entry) -> bool:
    """Whether there still is what they agreed to, and it is the other's."""
    proposal = now.proposed.get(entry.page)
    return proposal is not None and proposal.number == entry.about and proposal.by != entry.by


def _take(now: Standing, entry: Entry, pair: Collection[str]) -> None:
    page = entry.page
    match entry.kind:
        case Kind.PROPOSED:
            now.agreed.pop(page, None)
            now.proposed[page] = entry
            now.last[page] = entry.answers
        case Kind.AGREED:
            now.agreed[page] = now.proposed.pop(page).answers
        case Kind.STATED:
            theirs = now.stated.setdefault(page, {})
            theirs[entry.by] = entry.answers
            now.agreed.pop(page, None)
            if set(theirs) == set(pair):
                now.agreed[page] = together([theirs[person] for person in sorted(theirs)])
        case Kind.REOPENED:
            now.agreed.pop(page, None)
            now.proposed.pop(page, None)
            now.stated.pop(page, None)


def together(own: Iterable[Answers]) -> Answers:
    """What the answers that each gave for themselves come to: yes only where both say so (L08, L12, L13).

    Lists are put together; words stand one after the other.
    """
    both = list(own)
    joined: dict[str, Any] = {}
    for key in dict.fromkeys(key for answers in both for key in answers):
        values = [value for answers in both if (value := answers.get(key)) is not None]
        if key.endswith(ONGOING):
            joined[key] = "yes" if values == ["yes"] * len(both) else "no"
        elif any(isinstance(value, list) for value in values):
            joined[key] = list(dict.fromkeys(item for value in values for item in value))
        else:
            joined[key] = APART.join(values) or None
    return joined
