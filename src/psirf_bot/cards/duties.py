"""Cards of duties with a clock: a person's morning digest, the leads' list, one duty, the board, the week's summary."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words

When = Literal["late", "today", "soon", "paused", "done", "dropped"]

REASONS = {
    "coroner": "A coroner's inquiry",
    "police": "A police investigation",
    "partner": "A partner organisation",
    "other": "Another lawful reason",
}
"""Why a clock may be paused, by code: no words of anybody's own."""

SHOWN = 8
"""Duties with buttons in one digest, so that it fits every platform and is read to its end."""
LISTED = 20
SETTLED = 10


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One duty in a few words. `reference`: of its case, action or alert. `extra`: why the reader hears of it."""

    what: str
    when: When
    due: str
    reference: str = ""
    source: str = ""
    extra: str = ""
    service: str = ""
    owed_by: str = ""

    @property
    def heading(self) -> str:
        return f"{self.what}: {self.reference}" if self.reference else self.what

    def spoken(self, label: str, number: int = 1) -> str:
        """What a screen reader says of a button of it: first what tells it from the others, as some names are cut."""
        alike = f" ({number})" if number > 1 else ""
        return ": ".join([label, ", ".join(filter(None, (self.reference + alike, self.what)))])


Row = tuple[DutyLine, tuple[Button, ...]]


def day_words(day: date, today: date) -> str:
    """A day as people say it: today, tomorrow, Tuesday for one just gone, otherwise Friday 4 December."""
    ahead = (day - today).days
    if ahead in (0, 1):
        return "tomorrow" if ahead else "today"
    if -7 < ahead < 0:
        return f"{day:%A}"
    year = f" {day.year}" if day.year != today.year else ""
    return f"{day:%A} {day.day} {day:%B}{year}"


def due_words(due: datetime, now: datetime, late_by: int) -> str:
    """When it is due, in words. Both are naive local time; `late_by`: how many working days have passed since."""
    clock = "" if due.strftime("%H:%M") == "23:59" else f" at {due:%H:%M}"
    day = day_words(due.date(), now.date())
    if due >= now:
        return f"Due {day}{clock}."
    days = "working day" if late_by == 1 else "working days"
    return f"Was due {day}{clock}; it is {late_by} {days} late." if late_by > 0 else f"Was due {day}{clock}."


def reason_words(reason: str | None) -> str:
    return REASONS.get(reason or "", REASONS["other"])


def paused_words(reason: str | None, review_on: date | None, today: date) -> str:
    """Until when a clock stands still, and why: the reason's code only."""
    why = reason_words(reason)
    if review_on is None:
        return f"Paused. {why}."
    if review_on < today:
        return f"Paused. {why}. It was to be looked at again {_on(review_on, today)}."
    return f"Paused until it is looked at again {_on(review_on, today)}. {why}."


def _on(day: date, today: date) -> str:
    said = day_words(day, today)
    return said if said in ("today", "tomorrow") else f"on {said}"


def digest_card(rows: Sequence[Row], settled: Sequence[DutyLine], put_off: Sequence[str], *, more: int = 0) -> Card:
    """A person's morning digest. `put_off`: what waits until another day, with that day; `more`: not shown here."""
    count = len(rows) + more
    things = "1 thing" if count == 1 else f"{count} things"
    body: list[Part] = [*_rows(rows, told_from_others=True)]
    if more:
        body.append(Words(text=f"And {more} more: type overdue.", style="subtle"))
    if not rows:
        body.append(Words(text="Nothing more on this list. Thank you."))
    body += _short_lines([*map(settled_words, settled), *put_off])
    return Card(
        title=f"Your day: {things} to look at" if count else "Your day: nothing more to look at",
        preview=f"You have {things} to look at today." if count else "There is nothing more to look at today.",
        body=tuple(body),
    )


def settled_words(line: DutyLine) -> str:
    return f"{'Done' if line.when == 'done' else 'No longer needed'}: {_lower(line.what)}{_comma(line.reference)}."


def duty_rows(rows: Sequence[Row]) -> tuple[Part, ...]:
    """Duties with their buttons, for a card that has other things on it too: two lines each."""
    return tuple(_rows(rows, told_from_others=False))


def _rows(rows: Sequence[Row], *, told_from_others: bool) -> Iterator[Part]:
    for line, buttons in rows:
        yield Words(text=line.heading, style="heading")
        if told_from_others:
            yield Words(text=" ".join(filter(None, (line.extra, line.due))))
            if line.source:
                yield Words(text=f"Where the date comes from: {line.source}.", style="subtle")
        else:
            yield Words(text=line.due, style="subtle")
        if buttons:
            yield Buttons(buttons=buttons)


def told_apart(lines: Iterable[DutyLine]) -> Iterator[tuple[DutyLine, int]]:
    """Each with its number among those that read the same."""
    seen: Counter[str] = Counter()
    for line in lines:
        seen[line.heading] += 1
        yield line, seen[line.heading]


def _short_lines(lines: Sequence[str]) -> list[Part]:
    if not lines:
        return []
    rest = len(lines) - SETTLED
    shown = [*lines[:SETTLED], *([f"And {rest} more."] if rest > 0 else [])]
    return [Words(text="\n".join(shown), style="subtle")]


def leads_card(
    late: Sequence[DutyLine],
    settled: Sequence[DutyLine],
    not_now: Sequence[DutyLine],
    others: int,
    *buttons: Button,
    day: str = "today",
) -> Card:
    """What was reminded of that day, for the leads' channel: by duty, reference, service and role; nobody is named.

    `others`: how many more are late that nobody was reminded of that day. `not_now`: paused, or has another day.
    """
    all_done = not not_now and all(line.when == "done" for line in settled)
    nothing = "All of these are done. Thank you." if all_done else "Thank you."
    count = "1 duty is late" if len(late) + others == 1 else f"{len(late) + others} duties are late"
    body: list[Part] = [late_lines(late[:LISTED])] if late else [Words(text=nothing)]
    if len(late) > LISTED:
        body.append(Words(text=f"And {len(late) - LISTED} more: type overdue.", style="subtle"))
    if late and others:
        more = "1 other is late too" if others == 1 else f"{others} others are late too"
        reminded = day if day == "today" else f"on {day}"
        body.append(Words(text=f"These were reminded of {reminded}. {more}: type overdue.", style="subtle"))
    body += _short_lines([f"{line.heading}: {line.due}" for line in not_now])
    body += _short_lines([settled_words(line) for line in settled])
    title = count if late else "Nothing on this list is late any more"
    return Card(title=title, preview=f"{title}.", body=tuple(body), buttons=buttons)


def late_lines(lines: Iterable[DutyLine]) -> Facts:
    """Each on a line of its own, without a person's name."""
    return Facts(facts=tuple(Fact(label=line.heading, value=_whose(line)) for line in lines))


def _whose(line: DutyLine) -> str:
    return f"{line.due} {'. '.join(filter(None, (line.owed_by, line.service)))}."


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody was reminded of it: on which day, in words, and why."""

    who: str
    day: str
    why: str


WHY = {
    "soon": "it was soon due",
    "due": "it was due",
    "late": "it was late",
    "up": "to ask for help, as it was late",
    "help": "to ask for help",
    "review": "the pause was to be looked at again",
    "put off": "to come back to it",
}


def duty_card(
    line: DutyLine,
    facts: Iterable[Fact],
    told: Sequence[Told],
    note: str,
    buttons: tuple[Button, ...],
) -> Card:
    """Everything about one duty, in private."""
    body: list[Part] = [Words(text=line.due), Facts(facts=tuple(facts))]
    if told:
        reminders = tuple(Fact(label=t.who, value=f"{t.day}, {WHY.get(t.why, t.why)}") for t in told)
        body += [Words(text="Who was reminded", style="heading"), Facts(facts=reminders)]
    if note:
        body += [Words(text="Note", style="heading"), Words(text=note, typed=True)]
    body += [Buttons(buttons=buttons)] if buttons else []
    return Card(title=line.heading, preview="Here is one duty.", body=tuple(body))


def handed_over(
    line: DutyLine, by: str, reason: str, buttons: tuple[Button, ...], *, to_the_team: bool = False
) -> Card:
    """What the new owner of a duty is told at once, in private: one person, or each of the quality team."""
    whose, whom = ("the quality team's", "the quality team") if to_the_team else ("yours", "you")
    return Card(
        title=f"This is now {whose}: {_lower(line.what)}",
        preview="Something was handed over to you.",
        body=(
            Words(text=f"{by} has asked {whom} to see to it. {line.due}"),
            Facts(facts=(*_fact("Reference", line.reference), Fact(label="Reason", value=reason, typed=True))),
            Words(text="If it cannot be you, hand it over, and say why.", style="subtle"),
        ),
        buttons=buttons,
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """How many are late for one owner or one service, and how long the oldest has been."""

    label: str
    count: int
    oldest: str

    def fact(self) -> Fact:
        return Fact(label=self.label, value=f"{self.count} late; the oldest was due {self.oldest}")


def tallies(title: str, found: Sequence[Tally], more: int = 0) -> tuple[Part, ...]:
    """A heading and a line for each; nothing where there is nothing."""
    if not found:
        return ()
    rest = (Words(text=f"And {more} more.", style="subtle"),) if more else ()
    return (Words(text=title, style="heading"), Facts(facts=tuple(t.fact() for t in found)), *rest)


def summary_card(parts: Sequence[tuple[str, Sequence[Fact]]], day: date) -> Card:
    """The week at a glance, for the leads' channel: numbers and references, no names."""
    body: list[Part] = []
    for title, facts in parts:
        if facts:
            body += [Words(text=title, style="heading"), Facts(facts=tuple(facts))]
    return Card(
        title=f"The week from {day:%A} {day.day} {day:%B}",
        preview="The week's summary is here.",
        body=tuple(body) or (Words(text="Nothing is late and nothing is due this week."),),
    )


def _fact(label: str, value: str) -> tuple[Fact, ...]:
    return (Fact(label=label, value=value),) if value else ()


def _lower(what: str) -> str:
    return what[:1].lower() + what[1:]


def _comma(reference: str) -> str:
    return f", {reference}" if reference else ""
