"""trust.toml as it was written: read into the trust's settings, or into every mistake with its line and remedy."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from psirf_bot.dialogs.being_fair import FLOW as BEING_FAIR
from psirf_bot.dialogs.report import CHECK_ON, report_flow
from psirf_bot.domain.deadlines import RULE_IDS, mistakes_in
from psirf_bot.domain.minimum import GRAVE
from psirf_bot.domain.mistakes import KeyPath, Mistake, key_lines, quoted, suggest
from psirf_bot.domain.people import Role
from psirf_bot.domain.trust import KNOWN_TO, LONGEST_LIST, NATIONAL_NAMES, DeadlineSetting, Trust


def sample_trust_text() -> str:
    """The commented trust.toml of the made-up trust."""
    return (files("psirf_bot.sample") / "trust.toml").read_text("utf-8")


def sample_people_text() -> str:
    """The fictional staff of the sample trust."""
    return files("psirf_bot.sample").joinpath("people.csv").read_text("utf-8")


def sample_training_text() -> str:
    """What the fictional staff of the sample trust have learned."""
    return files("psirf_bot.sample").joinpath("training.csv").read_text("utf-8")


def load_trust(path: Path | None) -> tuple[Trust | None, list[Mistake]]:
    """The trust of this file, or the sample trust when no file is named. None when there is any mistake."""
    if path is None:
        return read_trust(sample_trust_text())
    try:
        return read_trust(path.read_text("utf-8-sig"), path.name)
    except UnicodeError:
        return None, [Mistake(path.name, "is not plain text in UTF-8", 'Save it again with the encoding "UTF-8".')]
    except (OSError, ValueError) as why:  # ValueError: no file can have such a name
        reason = getattr(why, "strerror", None) or "not a file's name"
        return None, [Mistake("PSIRF_TRUST", f"the file cannot be read ({reason})", "Give the path of trust.toml.")]


def read_trust(text: str, name: str = "trust.toml") -> tuple[Trust | None, list[Mistake]]:
    """The trust described by this text, or every mistake in it with its line."""
    text = text.replace("\r\n", "\n")
    try:
        given = tomllib.loads(text)
        lines = key_lines(text)
    except (ValueError, RecursionError) as why:
        return None, [_syntax_mistake(name, text, str(why))]
    try:
        trust = Trust.model_validate(given)
    except ValidationError as why:
        every = [error for error in why.errors() if error["type"] != "default_factory_not_called"]
        # A list whose only item has a mistake is not also blank.
        within = {error["loc"][:end] for error in every for end in range(1, len(error["loc"]))}
        found = [error for error in every if error["type"] != "too_short" or error["loc"] not in within]
    else:
        unfit = [
            *_unfit_deadlines(trust, name, lines),
            *_unknown_questions(trust, name, lines),
            *_without_the_minimum(trust, name, lines),
        ]
        return (None if unfit else trust), unfit
    mistakes = [(_line(lines, error["loc"]), *_explain(error)) for error in found]
    return None, [
        Mistake(f"{name}:{line}" if line else name, what, remedy)
        for line, what, remedy in sorted(mistakes, key=lambda mistake: mistake[0])
    ]


def _unknown_questions(trust: Trust, name: str, lines: dict[KeyPath, int]) -> Iterator[Mistake]:
    """Words for a question that no conversation asks would silently have no effect."""
    known = {
        *report_flow(trust.services, {b.id: b.name for b in trust.other_bodies}).questions(),
        *CHECK_ON.questions(),
        *BEING_FAIR.questions(),
    }
    for key in trust.wording:
        if key not in known:
            where = f"{name}:{_line(lines, ('wording', key))}"
            yield Mistake(where, f"{quoted(key)} is not the id of a question", suggest(key, sorted(known)))


def _without_the_minimum(trust: Trust, name: str, lines: dict[KeyPath, int]) -> Iterator[Mistake]:
    """A trust's own list of events may be longer than the policy's, but its minimum is not a setting (I09)."""
    if not any(requirement.id == GRAVE and requirement.psii for requirement in trust.requirements):
        at = _line(lines, ("requirements", 0))
        what = f"the requirements have no {quoted(GRAVE)} with psii = true, which the policy asks for (12.3)"
        yield Mistake(f"{name}:{at}", what, "Take it over from the sample trust.toml.")


def _unfit_deadlines(trust: Trust, name: str, lines: dict[KeyPath, int]) -> Iterator[Mistake]:
    """Clocks of duties that are not there, and settings that a duty cannot take."""
    for rule_id, own in trust.deadlines.items():
        found = [(key, f"{quoted(rule_id)} {what}", remedy) for key, what, remedy in _unfit(rule_id, own)]
        found = found or [("due", f"{quoted(rule_id)} {m.what}", m.remedy) for m in mistakes_in({rule_id: own})]
        for key, what, remedy in found:
            yield Mistake(f"{name}:{_line(lines, ('deadlines', rule_id, key))}", what, remedy)


def _unfit(rule_id: str, own: DeadlineSetting) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one duty's settings: the key, what, and the remedy."""
    if own.due is None and own.owner is None and own.ladder is None:
        yield "source", "has only a source, so nothing changes", "Add due, owner or ladder, or take the table out."
    roles = {"owner": [own.owner] if own.owner else [], "ladder": [*(own.ladder or ())]}
    for key in roles:
        if Role.STAFF in roles[key]:
            yield (
                key,
                f'has "staff" as its {key}, but everybody is staff',
                "Name the role of those who are to hear of it.",
            )
        if Role.NON_EXECUTIVE in roles[key]:
            yield (
                key,
                f'has "non_executive" as its {key}, but they are asked to do nothing',
                "Name the role of those who are to see to it.",
            )
    if own.ladder == ():
        yield "ladder", "has nobody on its ladder", "Name at least one role, or take the line with ladder out."
    rule = RULE_IDS.get(rule_id)
    if rule is None:
        return
    if rule_id == "danger.acknowledged":
        if own.due and own.due.unit not in {"minutes", "hours"}:
            yield "due", "is for danger now, which cannot wait for days", 'Write minutes or hours, like "5 minutes".'
        return
    for key in (key for key in roles if rule.private and set(roles[key]) - {Role.QUALITY}):
        remedy = f"Take out the line with {key}."
        yield key, "is private: only the person asked and the quality team may know of it", remedy


RUNS_OUT_WITHIN = timedelta(days=400)
"""How long before the bank holidays are no longer known an administrator is told; a year's deadlines need them."""


def calendar_warnings(trust: Trust, today: date) -> Iterator[Mistake]:
    """Dates further ahead than the bank holidays are known would have to be foreseen, and might change."""
    last = trust.bank_holidays.known_to
    if date(last, 12, 31) - today <= RUNS_OUT_WITHIN:
        yield Mistake(
            "[bank_holidays]",
            f"the bank holidays are known only until the end of {last}",
            f"When www.gov.uk/bank-holidays lists {last + 1}, set known_to = {last + 1}; put days that are proclaimed "
            "once into extra.",
        )


def _line(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, or of the nearest table around it; 0 when nothing of it is in the file."""
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 0)


def _syntax_mistake(name: str, text: str, why: str) -> Mistake:
    at = re.search(r"at line (\d+)", why)
    line = int(at[1]) if at else len(text.rstrip().split("\n"))
    if "twice" in why or "overwrite" in why:
        return Mistake(f"{name}:{line}", "this is in the file a second time", "Keep one of the two.")
    return Mistake(
        f"{name}:{line}",
        "the file cannot be read from here on",
        'Write each line as key = "value", with straight quotation marks, in pairs, round words and phone numbers.',
    )


WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
FOUND: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),  # before numbers: to Python it is one
    ((int, float), "a number"),
    (str, "text"),
    ((date, datetime, time), "a date or a time"),
    (list, "a list"),
    (dict, "a table"),
)


def _explain(error: ErrorDetails) -> tuple[str, str]:
    """What is wrong with one setting and what to do about it; the value itself is not repeated."""
    path, kind = error["loc"], error["type"]
    if path[-1] == "[key]":
        path = path[:-1]
        if kind == "literal_error":
            return f"unknown setting {quoted(str(path[-1]))}", suggest(str(path[-1]), NATIONAL_NAMES)
        return f"a name in [{path[0]}] is blank", f"Give it one like this: {_example(path)}"
    key = f"{path[-2]} item {path[-1] + 1}" if isinstance(path[-1], int) else f'"{path[-1]}"'
    if kind == "setting":
        return f"{key} {error['ctx']['what']}", error["ctx"]["remedy"]
    if kind == "extra_forbidden":
        return f"unknown setting {quoted(str(path[-1]))}", suggest(str(path[-1]), _known_keys(path[:-1]))
    remedy = f"Write it like this: {_example(path)}"
    if kind == "missing":
        return f"{key} is missing", remedy.replace("Write it", "Add it")
    if kind in {"string_too_short", "too_short"}:
        return f"{key} is blank", remedy
    if kind == "too_long":
        return f"{key} has more than {LONGEST_LIST} in it", "Slack can offer no longer list: please join some of them."
    if kind == "string_pattern_mismatch":
        return f"{key} may have only small letters, digits and hyphens", remedy
    return _explain_kind(error, key, path)


def _explain_kind(error: ErrorDetails, key: str, path: KeyPath) -> tuple[str, str]:
    """The same for something of another kind than is needed."""
    kind, given = error["type"], error["input"]
    if kind == "string_too_long":
        return f"{key} has more than {error['ctx']['max_length']} characters", "Please shorten it."
    if kind == "literal_error":
        words = re.findall(r"'([^']+)'", error["ctx"]["expected"])
        return f"{key} is none of the words that it can be", suggest(str(given), words)
    if kind == "enum":
        return f"{key} is not a role", suggest(str(given), [role for role in Role if role is not Role.STAFF])
    if kind.startswith("date"):
        return (
            f"{key} is not a date",
            f"Write the year, the month and the day, without quotation marks: {_a_date(path)}",
        )
    if kind in {"time_parsing", "time_type"}:
        return f"{key} is not a time of day", f"Write it like this: {_example(path)}"
    if kind in NO_NUMBER and path[-1] == "known_to":
        return f"{key} is not a year that the calendar can take", f"Write {KNOWN_TO} or a later year: {_example(path)}"
    if kind in NO_NUMBER:
        return f"{key} is not a number that fits here", f"Write it like this: {_example(path)}"
    found = next(words for types, words in FOUND if isinstance(given, types))
    return f"{key} is {found} where {WANTED[kind]} is needed", f"Write it like this: {_example(path)}"


NO_NUMBER = frozenset({"int_type", "int_parsing", "int_parsing_size", "int_from_float", "finite_number"}) | {
    "float_type",
    "float_parsing",
    "greater_than_equal",
    "less_than_equal",
}


def _a_date(path: KeyPath) -> str:
    return f"{path[-2]} = [2027-06-04]" if isinstance(path[-1], int) else _example(path)


def _known_keys(table: KeyPath) -> list[str]:
    """The settings that this table of trust.toml takes."""
    kind: Any = Trust
    for part in table:
        # After a list or a table of models, the next part of the path only says which one.
        kind = _model_in(kind) if get_args(kind) else kind.model_fields[part].annotation
    return list(_model_in(kind).model_fields)


def _model_in(kind: Any) -> Any:
    """The model that a list or a table is of, or that may be left out."""
    return next((each for each in get_args(kind) if hasattr(each, "model_fields")), kind)


def _example(path: KeyPath) -> str:
    """The line of the sample trust.toml that sets the same thing, or something of its kind."""
    text = sample_trust_text()
    alike = {key: line for key, line in key_lines(text).items() if key[0] == path[0] and len(key) == len(path)}
    line = next((line for key, line in alike.items() if key[-1] == path[-1]), next(iter(alike.values()), None))
    return text.split("\n")[line - 1] if line else f'{path[-1]} = "…"'
