"""Training: what somebody lacks to lead or to oversee on a given day, and every mistake in training.csv."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psirf_bot.domain.people import read_people
from psirf_bot.domain.training import (
    COLUMNS,
    COURSES,
    IN,
    Learned,
    Standard,
    TrainingRow,
    TrainingSettings,
    lacking_to_lead,
    lacking_to_oversee,
    read_training,
)
from psirf_bot.trust_file import load_trust, read_trust, sample_people_text, sample_training_text, sample_trust_text

TODAY = date(2026, 11, 20)
DAY = date(2024, 5, 14)
LEVELS = (Learned("level-1", DAY), Learned("level-2", DAY))
NIAMH, CALLUM = "niamh.gallagher@fenmarsh.example", "callum.strachan@fenmarsh.example"
KNOWN = (NIAMH, CALLUM)
HEADER = ",".join(COLUMNS)

# What is asked

DAYS = "2 days of training in learning from incidents"
HOURS = "6 hours of training in involving those affected"
LEADS = {
    "nothing": ((), (COURSES["level-1"], COURSES["level-2"], f"{DAYS} (0 so far)", f"{HOURS} (0 so far)")),
    "all": ((*LEVELS, Learned("learning", DAY, 2), Learned("engagement", DAY, 6)), ()),
    "in parts": (
        (*LEVELS, Learned("learning", DAY, 0.5), Learned("learning", TODAY, 1.5), Learned("engagement", DAY, 6)),
        (),
    ),
    "no level 2": ((LEVELS[0], Learned("learning", DAY, 2), Learned("engagement", DAY, 6)), (COURSES["level-2"],)),
    "a day short": ((*LEVELS, Learned("learning", DAY, 1), Learned("engagement", DAY, 6)), (f"{DAYS} (1 so far)",)),
    "an hour short": ((*LEVELS, Learned("learning", DAY, 2), Learned("engagement", DAY, 5)), (f"{HOURS} (5 so far)",)),
    "oversight is something else": (
        (*LEVELS, Learned("oversight", DAY, 5), Learned("engagement", DAY, 6)),
        (f"{DAYS} (0 so far)",),
    ),
}


@pytest.mark.parametrize(("done", "lacks"), LEADS.values(), ids=LEADS)
def test_what_somebody_lacks_to_lead(done: tuple[Learned, ...], lacks: tuple[str, ...]) -> None:
    assert lacking_to_lead(done, Standard()) == lacks


@pytest.mark.parametrize(
    ("done", "lacks"),
    [
        ((), (f"{DAYS} (0 so far)", "1 day of training in oversight (0 so far)")),
        ((Learned("learning", DAY, 2), Learned("oversight", DAY, 1)), ()),
        ((Learned("learning", DAY, 3),), ("1 day of training in oversight (0 so far)",)),
        ((Learned("learning", DAY, 1), Learned("oversight", DAY, 1)), (f"{DAYS} (1 so far)",)),
    ],
)
def test_what_somebody_lacks_to_oversee(done: tuple[Learned, ...], lacks: tuple[str, ...]) -> None:
    assert lacking_to_oversee(done, Standard()) == lacks


NEWER = Standard(since=date(2026, 6, 1), learning_days=3, engagement_hours=8, oversight_days=0)
OLDER = Standard(since=date(2022, 8, 1))


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (date(2021, 1, 1), OLDER),
        (date(2022, 8, 1), OLDER),
        (date(2026, 5, 31), OLDER),
        (date(2026, 6, 1), NEWER),
        (date(2030, 1, 1), NEWER),
    ],
)
def test_the_standard_is_the_one_of_the_day(day: date, holds: Standard) -> None:
    settings = TrainingSettings(standards=(NEWER, OLDER))
    assert settings.on(day) == holds
    enough_before = (*LEVELS, Learned("learning", DAY, 2), Learned("engagement", DAY, 6))
    assert bool(lacking_to_lead(enough_before, settings.on(day))) == (holds is NEWER)


# The file


def sheet(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines])


READ = {
    "ISO": (f"{NIAMH},learning,2024-05-14,2", ("learning", DAY, 2)),
    "as it is written here": (f"{NIAMH},learning,14/05/2024,2", ("learning", DAY, 2)),
    "half a day": (f"{NIAMH},oversight,2024-05-14,0.5", ("oversight", DAY, 0.5)),
    "with its unit": (f"{NIAMH},engagement,2024-05-14,6 hours", ("engagement", DAY, 6)),
    "a level": (f"{NIAMH},level-1,2024-05-14,", ("level-1", DAY, 0)),
    "capitals and spaces": (f" {NIAMH.upper()} , Level 2 ,2024-05-14, ", ("level-2", DAY, 0)),
    "taken back": (f"{NIAMH},learning,2024-05-14,0", ("learning", DAY, None)),
    "a level taken back": (f"{NIAMH},level-1,2024-05-14,0", ("level-1", DAY, None)),
    "today": (f"{NIAMH},learning,2026-11-20,1", ("learning", TODAY, 1)),
}


@pytest.mark.parametrize(("line", "row"), READ.values(), ids=READ)
def test_a_row_is_read(line: str, row: tuple[str, date, float | None]) -> None:
    rows, mistakes = read_training("\ufeff" + sheet("", line, ",,,").replace("\n", "\r\n"), TODAY, KNOWN)
    assert mistakes == []
    assert rows == [TrainingRow(NIAMH, *row)]  # type: ignore[arg-type]


def test_columns_may_stand_in_any_order() -> None:
    rows, mistakes = read_training(
        sheet(f"2,14/05/2024,learning,{NIAMH}", header="Amount,Date,Course,E-mail"), TODAY, KNOWN
    )
    assert [m.what for m in mistakes] == ['unknown column "e-mail"', 'column "email" is missing']
    rows, mistakes = read_training(
        sheet(f"2,14/05/2024,learning,{NIAMH}", header="Amount,Date,Course,Email"), TODAY, KNOWN
    )
    assert (rows, mistakes) == ([TrainingRow(NIAMH, "learning", DAY, 2)], [])


def line(email: str = NIAMH, course: str = "learning", on: str = "2024-05-14", amount: str = "2") -> str:
    return f"{email},{course},{on},{amount}"


MISTAKES = {
    "empty file": ("", 1, "is empty", "email,course,date,amount"),
    "unknown column": (sheet(header=HEADER + ",xyz"), 1, 'unknown column "xyz"', "Use one of: email"),
    "missing column": (sheet(header="email,course,date"), 1, 'column "amount" is missing', "Add it"),
    "column twice": (sheet(header=HEADER + ",date"), 1, 'column "date" is there twice', "Keep one"),
    "nobody's address": (sheet(line("a@b.example")), 2, '"a@b.example" is not on the people list', "import people.csv"),
    "misspelt address": (sheet(line("niamh.galagher@fenmarsh.example")), 2, "is not on the people list", f'"{NIAMH}"?'),
    "no address": (sheet(line("")), 2, "email is missing", "people.csv"),
    "misspelt course": (sheet(line(course="lerning")), 2, 'unknown course "lerning"', 'Did you mean "learning"?'),
    "course like no other": (sheet(line(course="xyzzy")), 2, 'unknown course "xyzzy"', "Use one of: level-1"),
    "no course": (sheet(line(course="")), 2, "course is missing", "Use one of: level-1"),
    "no date": (sheet(line(on="")), 2, "date is missing", "31/03/2026"),
    "not a date": (sheet(line(on="May 2024")), 2, '"May 2024" is not a date', "31/03/2026"),
    "American date": (sheet(line(on="05/14/2024")), 2, '"05/14/2024" is not a date', "31/03/2026"),
    "short year": (sheet(line(on="14/05/24")), 2, '"14/05/24" is not a date', "31/03/2026"),
    "to come": (sheet(line(on="21/11/2026")), 2, '"21/11/2026" is still to come', "once the course"),
    "no amount": (sheet(line(amount="")), 2, "amount is missing", "Give the days it took"),
    "not an amount": (sheet(line(amount="two")), 2, 'amount "two" is not a number', "Give the days it took"),
    "other unit": (sheet(line(amount="12 hours")), 2, 'learning is counted in days, but amount is "12 hours"', "days"),
    "hours as days": (sheet(line(course="engagement", amount="1 day")), 2, "engagement is counted in hours", "hours"),
    "far too long": (sheet(line(amount="101")), 2, 'amount "101" is more than 100 days', "Give the days"),
    "level with a length": (sheet(line(course="level-1")), 2, "level-1 has no length", "Leave amount blank"),
    "twice": (sheet(line(), "", line(on="14/05/2024", amount="1")), 4, "is already on line 2", "whole length"),
    "too many cells": (sheet(line() + ",x"), 2, "too many cells: 5 where the first line has 4", "comma"),
    "too few cells": (sheet(NIAMH), 2, "too few cells: 1 where the first line has 4", "comma"),
    "quotation mark left open": (sheet(line(), f'"{NIAMH},learning'), 3, "a quotation mark has no partner", "in pairs"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "where", "what", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_once_with_its_line_and_remedy(text: str, where: int, what: str, remedy: str) -> None:
    _, mistakes = read_training(text, TODAY, KNOWN)
    assert [m.where for m in mistakes] == [f"training.csv:{where}"]
    assert what in mistakes[0].what
    assert remedy in mistakes[0].remedy


def test_every_mistake_is_named_in_the_order_of_the_file() -> None:
    text = sheet(line("a@b.example", "lerning", "soon", "two"), line(), line(on="soon"))
    _, mistakes = read_training(text, TODAY, KNOWN)
    assert [m.where[-1] for m in mistakes] == ["2", "2", "2", "4"]


@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read_training(text, TODAY, KNOWN)


CELLS = st.sampled_from(
    [NIAMH, "learning", "level-1", "2024-05-14", "2", "0", "", '"', "\n", "\x00", "\u2028", "²", "١"]
)


@given(st.lists(st.lists(CELLS, max_size=5).map(",".join)))
def test_any_rows_are_read_without_an_exception(lines: list[str]) -> None:
    rows, mistakes = read_training(sheet(*lines), TODAY, KNOWN)
    assert all(mistake.what and mistake.remedy for mistake in mistakes)
    assert mistakes or all((row.course in IN) == (row.amount != 0) for row in rows if row.amount is not None)


def test_the_sample_register_fits_the_sample_people() -> None:
    trust, _ = load_trust(None)
    assert trust
    people, _ = read_people(sample_people_text(), trust.services)
    rows, mistakes = read_training(sample_training_text(), TODAY, {person.email for person in people})
    assert mistakes == []

    def done(email: str) -> list[Learned]:
        return [Learned(row.course, row.on, row.amount or 0) for row in rows if row.email == email]

    standard = trust.training.on(TODAY)
    assert lacking_to_lead(done(NIAMH), standard) == ()
    assert lacking_to_lead(done(CALLUM), standard) == (f"{DAYS} (1 so far)",)
    assert lacking_to_oversee(done("sandeep.bhullar@fenmarsh.example"), standard) == ()


# Its settings, and the panel's beside them

SETTINGS = {
    "unknown standard": ("learning_days = 2", "learnign_days = 2", '"learnign_days"', 'Did you mean "learning_days"?'),
    "no number": ("learning_days = 2", 'learning_days = "two"', '"learning_days" is not a number', "learning_days = 2"),
    "below nought": ("engagement_hours = 6", "engagement_hours = -1", '"engagement_hours" is not a number', "= 6"),
    "half a response": ("responses_a_year = 2", "responses_a_year = 1.5", '"responses_a_year" is not a number', "= 2"),
    "no day": ("since = 2022-08-01", 'since = "soon"', '"since" is not a date', "since = 2022-08-01"),
    "the same day": (
        "[[training.standards]]\n",
        '[[training.standards]]\nsource = "x"\n[[training.standards]]\n',
        "two that hold from the same day",
        "its own since",
    ),
    "time of day": ('closes_at = "17:00"', 'closes_at = "5pm"', '"closes_at" is not a time of day', '"17:00"'),
    "when votes show": ('votes = "after voting"', 'votes = "at onec"', '"shows_votes" is none of the', '"at once"'),
    "quorum": ("quality = 1\n", "quality = 51\n", '"quality" is not a number that fits', "quality = 1"),
    "unknown group": ("quality = 1\n", "qualty = 1\n", 'unknown setting "qualty"', '"quality"'),
    "a long fact": ('"A never event"', f'"{"x" * 76}"', '"fact" has more than 75 characters', "shorten"),
    "no fact": ('fact = "A never event"\n', "", '"fact" is missing', "Add it"),
    "psii": ("psii = true", 'psii = "perhaps"', '"psii" is text where true or false is needed', "psii = true"),
    "the policy's own minimum": ("psii = true", "psii = false", "no \"death-or-severe-harm\" with psii", "sample"),
    "an event twice": ('id = "never-event"', 'id = "custody"', '"requirements" has "custody" twice', "Keep one"),
}  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "what", "remedy"), SETTINGS.values(), ids=SETTINGS)
def test_a_mistake_in_the_settings_is_explained_once(good: str, bad: str, what: str, remedy: str) -> None:
    text = sample_trust_text()
    assert good in text
    trust, mistakes = read_trust(text.replace(good, bad, 1))
    assert trust is None
    assert len(mistakes) == 1, mistakes
    assert what in mistakes[0].what
    assert remedy in mistakes[0].remedy
    assert mistakes[0].where.startswith("trust.toml:")
