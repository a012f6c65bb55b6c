"""The kinds of question a conversation can ask, and what counts as an answer to each.

`parse` turns what a person typed or picked into one JSON value, and is idempotent: an answer already given parses to
itself. `now` is the local time of the turn, so that "yesterday" means something and the future can be refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Protocol, Self

from psirf_bot.dialogs import moments
from psirf_bot.dialogs import yes_no as yes_no_typed
from psirf_bot.dialogs.typed import ALSO_SAID, NAMES_APART, Invalid, clean, is_no_name, many, plain

MOST_YEARS = 10
"""How far ahead something can be agreed."""
Json = str | int | bool | None | list[str]


class Question(Protocol):
    """One thing asked. An id keeps its meaning for ever; a new meaning gets a new id."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def optional(self) -> bool: ...
    @property
    def conditional(self) -> bool:
        """Whether it is optional only where another answer does not ask for it, as its words say."""

    def parse(self, raw: object, now: datetime) -> Json:
        """Return the answer as a JSON value, None when left out; raises Invalid."""

    def reworded(self, label: str) -> Self:
        """Return the same question in a trust's own words."""


@dataclass(frozen=True, slots=True)
class _Base:
    id: str
    label: str
    hint: str = ""
    optional: bool = False
    conditional: bool = field(default=False, kw_only=True)

    def reworded(self, label: str) -> Self:
        return replace(self, label=label)

    def left_out(self) -> None:
        if not self.optional:
            raise Invalid("Please answer this. The rest of your words are kept.")


@dataclass(frozen=True, slots=True)
class Text(_Base):
    """Words of the person's own. `max_length` is in characters."""

    max_length: int = 3000
    long: bool = True

    def parse(self, raw: object, now: datetime) -> str | None:
        typed = plain(raw)
        if not typed:
            self.left_out()
            return None
        if len(typed) > self.max_length:
            over = len(typed) - self.max_length
            characters = "character" if over == 1 else "characters"
            raise Invalid(f"That is {over:,} {characters} too long. Please shorten it to {self.max_length:,}.")
        return typed


@dataclass(frozen=True, slots=True)
class Choice(_Base):
    """One of several options; `options` maps each value to its label, in the order shown."""

    options: Mapping[str, str] = ()  # type: ignore[assignment]  # dataclasses order: every caller gives it
    better_twice: bool = field(default=False, kw_only=True)
    """Whether whatever is not clearly no is asked again: a yes that is missed would be worse than asking twice."""

    def parse(self, raw: object, now: datetime) -> str | None:
        typed = plain(raw)
        if not typed:
            self.left_out()
            return None
        return self.pick(typed)

    def pick(self, typed: str) -> str:
        """Return the value meant by its value, its label or its number in the list."""
        if typed in self.options:  # an answer given before stands, even if it reads like another option's number
            return typed
        wanted = " ".join(typed.casefold().replace("\u2019", "'").rstrip(".!").split())
        if ALSO_SAID.get(wanted) in self.options:
            return ALSO_SAID[wanted]
        for number, (value, label) in enumerate(self.options.items(), start=1):
            if wanted in {value.casefold(), label.casefold(), str(number)}:
                return value
        starts = [value for value, label in self.options.items() if label.casefold().startswith(wanted)]
        if len(starts) == 1:
            return starts[0]
        if (said := self._yes_or_no(typed)) and said.value in self.options:
            return said.value
        if self.better_twice:
            raise Invalid("I could not tell whether that is a yes. Please answer yes or no; if you are not sure, yes.")
        labels = {label.casefold(): label for label in self.options.values()}
        near = get_close_matches(wanted[:100], labels, n=1, cutoff=0.75)
        hint = f" Did you mean {labels[near[0]]}?" if near else ""
        raise Invalid(f"Please choose one of: {', '.join(self.options.values())}.{hint}")

    def all_that_is_noted(self, typed: str) -> str:
        """The label of the yes or no that is noted of these words; empty when nothing is lost by that."""
        said = self._yes_or_no(typed)
        return self.options.get(said.value, "") if said and said.more else ""

    def _yes_or_no(self, typed: str) -> yes_no_typed.Said | None:
        asks_it = {"yes", "no"} <= self.options.keys() <= {"yes", "no", "not-known"}
        return yes_no_typed.read(typed, better_twice=self.better_twice) if asks_it else None


@dataclass(frozen=True, slots=True)
class Choices(Choice):
    """Several of the options, in their order and without repeats. An option in `alone` goes with no other."""

    alone: tuple[str, ...] = ()

    def parse(self, raw: object, now: datetime) -> list[str] | None:  # type: ignore[override]  # many, not one
        typed = many(self._without_commas(raw))
        if not typed:
            self.left_out()
            return None
        picked = {self.pick(part) for part in typed}
        if len(picked) > 1 and (single := next((v for v in self.alone if v in picked), None)):
            raise Invalid(
                f"You chose “{self.options[single]}” as well as something else. Please choose one or the other."
            )
        return [value for value in self.options if value in picked]

    def _without_commas(self, raw: object) -> object:
        """Put its value where a label with a comma in it was typed, so that the label is not split."""
        if not isinstance(raw, str):
            return raw
        for value, label in self.options.items():
            if "," in label or ";" in label:
                raw = value.join(re.split(re.escape(label), raw, flags=re.IGNORECASE))
        return raw


@dataclass(frozen=True, slots=True)
class Number(_Base):
    """A whole number between two bounds, both included."""

    least: int = 0
    most: int = 1_000_000

    def parse(self, raw: object, now: datetime) -> int | None:
        typed = plain(raw)
        if not typed:
            self.left_out()
            return None
        if re.fullmatch(r"[+-]?(\d{1,18}|\d{1,3}(,\d{3}){1,5})", typed):
            number = int(typed.replace(",", ""))
            if self.least <= number <= self.most:
                return number
        raise Invalid(f"Please enter a whole number from {self.least:,} to {self.most:,}.")


@dataclass(frozen=True, slots=True)
class Day(_Base):
    """A date, stored as 2026-11-20: not in the future or, when it is one to come, from today on."""

    coming: bool = False

    def parse(self, raw: object, now: datetime) -> str | None:
        typed = plain(raw)
        if not typed:
            self.left_out()
            return None
        if self.coming:
            found = moments.read_day(typed, now)
            if found is None or found < now.date():
                raise Invalid("Please enter a day from today on, for example 21 December 2026.")
            if found.year > now.year + MOST_YEARS:
                raise Invalid(f"Please enter a day in the next {MOST_YEARS} years.")
            return found.isoformat()
        day, clock = _moment(typed, now)
        if clock is not None:
            raise Invalid("Please give the day alone, for example yesterday or 20 November.")
        return _not_in_future(day, None, now)


@dataclass(frozen=True, slots=True)
class Clock(_Base):
    """A time of day; stored as 14:30."""

    def parse(self, raw: object, now: datetime) -> str | None:
        typed = plain(raw)
        if not typed:
            self.left_out()
            return None
        clock = moments.read_time(typed)
        if clock is None:
            raise Invalid("Please enter a time, for example 14:30 or 2.30pm.")
        return clock.isoformat("minutes")


@dataclass(frozen=True, slots=True)
class Moment(_Base):
    """A day, with a time if it is known; stored as 2026-11-20 or 2026-11-20T14:30, both local.

    Cards and modals give the two parts as {"date": …, "time": …}; people type "today" or "yesterday 14:30".
    """

    def parse(self, raw: object, now: datetime) -> str | None:
        if isinstance(raw, Mapping):
            parts = (plain(raw.get("date")), plain(raw.get("time")))
            if parts[1] and not parts[0]:
                raise Invalid("Please give the day as well as the time.")
            raw = " ".join(part for part in parts if part)
        typed = plain(raw)
        if not typed:
            self.left_out()
            return None
        return _not_in_future(*_moment(typed, now), now)


@dataclass(frozen=True, slots=True)
class People(_Base):
    """One or more colleagues: ids from the people list, or names as typed for someone who is not on it.

    Turning a name, an e-mail address or a platform's id into an id is done before parsing, outside the flow.
    """

    most: int = 10
    max_length: int = 120

    def parse(self, raw: object, now: datetime) -> list[str] | None:
        names = list(dict.fromkeys(clean(name) for name in many(raw, NAMES_APART)))
        names = [name for name in names if not is_no_name(name)]
        if not names:
            self.left_out()
            return None
        if len(names) > self.most:
            one = "one person" if self.most == 1 else f"up to {self.most} people"
            raise Invalid(f"Please name {one} here.")
        if any(len(name) > self.max_length for name in names):
            raise Invalid("That is too long for a name. Please give a name or a work e-mail address.")
        return names


def short_text(
    id: str, label: str, hint: str = "", *, optional: bool = False, conditional: bool = False, max_length: int = 150
) -> Text:
    return Text(id, label, hint, optional, max_length, long=False, conditional=conditional)


def long_text(
    id: str, label: str, hint: str = "", *, optional: bool = False, conditional: bool = False, max_length: int = 3000
) -> Text:
    return Text(id, label, hint, optional, max_length, conditional=conditional)


def yes_no(id: str, label: str, hint: str = "", *, optional: bool = False, better_twice: bool = False) -> Choice:
    return Choice(id, label, hint, optional, {"yes": "Yes", "no": "No"}, better_twice=better_twice)


def yes_no_not_known(id: str, label: str, hint: str = "", *, optional: bool = False) -> Choice:
    return Choice(id, label, hint, optional, {"yes": "Yes", "no": "No", "not-known": "Not known"})


def one_of(id: str, label: str, options: Mapping[str, str], hint: str = "", *, optional: bool = False) -> Choice:
    return Choice(id, label, hint, optional, options)


def several_of(
    id: str,
    label: str,
    options: Mapping[str, str],
    hint: str = "",
    *,
    optional: bool = False,
    conditional: bool = False,
    alone: tuple[str, ...] = (),
) -> Choices:
    return Choices(id, label, hint, optional, options, alone, conditional=conditional)


def _moment(typed: str, now: datetime) -> tuple[date, time | None]:
    found = moments.read_moment(typed, now)
    if found is None:
        raise Invalid(moments.why_unclear(typed))
    return found


def _not_in_future(day: date, clock: time | None, now: datetime) -> str:
    if day > now.date() or (day == now.date() and clock is not None and _is_ahead(clock, now)):
        raise Invalid("That is in the future. Please give a day and time that have passed.")
    if now.year - day.year > 120:
        raise Invalid("That is a very long time ago. Please check the year.")
    return day.isoformat() if clock is None else f"{day.isoformat()}T{clock.isoformat('minutes')}"


def _is_ahead(clock: time, now: datetime) -> bool:
    """Whether the clock has yet to show this today. When it is put back it shows an hour twice: the first counts."""
    readings = (datetime.combine(now.date(), clock, now.tzinfo).replace(fold=fold) for fold in (0, 1))
    return min(reading.timestamp() for reading in readings) > now.timestamp()
