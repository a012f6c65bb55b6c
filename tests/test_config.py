"""The environment and trust.toml: what is taken, what is refused, and in which words."""

import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from psirf_bot.cli import bot
from psirf_bot.config import NOT_A_PORT, Settings, serve_mistakes
from psirf_bot.config_warnings import warnings
from psirf_bot.domain.being_fair_settings import BeingFairSettings, Guidance
from psirf_bot.domain.mistakes import Mistake, key_lines
from psirf_bot.domain.people import Role
from psirf_bot.domain.trust import (
    OTHER_BODIES,
    BankHolidays,
    DeadlineSetting,
    Due,
    OtherBody,
    ResponsePlan,
    RingContact,
    SupportContact,
    Trust,
)
from psirf_bot.env_file import mistakes_in_it
from psirf_bot.trust_file import calendar_warnings, load_trust, read_trust, sample_trust_text

SAMPLE = sample_trust_text()
SMALLEST = """
name = "Fenmarsh"
services = ["Podiatry"]
urgent = { words = "On-call manager", phone = "01632 960001" }
datix = { report_url = "https://datix.example/" }
"""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("PSIRF_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def trust_of(text: str) -> Trust:
    trust, mistakes = read_trust(text)
    assert trust, mistakes
    return trust


# --- trust.toml


def test_the_sample_trust_is_without_mistake() -> None:
    trust, mistakes = load_trust(None)
    assert mistakes == []
    assert trust
    assert trust.name == "Fenmarsh Community NHS Trust"


def test_the_sample_explains_every_setting() -> None:
    named = {part for path in key_lines(SAMPLE) for part in path}
    models: list[type[BaseModel]] = [Trust, DeadlineSetting, RingContact, SupportContact, OtherBody]
    models += [BankHolidays, ResponsePlan, BeingFairSettings, Guidance]
    parts: list[BaseModel] = [trust_of(SAMPLE).urgent, trust_of(SAMPLE).datix, trust_of(SAMPLE).platforms]
    wanted = {name for model in [*models, *(type(part) for part in parts)] for name in model.model_fields}
    assert wanted - named == set()


def test_every_telephone_number_of_the_sample_is_made_up_or_national() -> None:
    numbers = re.findall(r'^phone = "(.*)"', SAMPLE, re.MULTILINE)
    assert numbers
    assert all(number in {"999", "116 123"} or number.startswith("01632 960") for number in numbers)


def test_what_is_left_out_has_a_default() -> None:
    trust = trust_of(SMALLEST)
    assert trust.timezone.key == "Europe/London"
    assert f"{trust.quiet_hours.begin:%H:%M}-{trust.quiet_hours.end:%H:%M}" == "19:00-08:00"
    assert not trust.platforms.keep_identifiers_on_teams
    assert trust.responses["mdt"] == "Multi-Disciplinary Team review"
    assert trust.other_bodies == OTHER_BODIES
    assert all(body.source for body in trust.other_bodies)


def test_people_to_ring_first_are_999_then_the_urgent_number_then_samaritans() -> None:
    assert [contact.phone for contact in trust_of(SMALLEST).ring] == ["999", "01632 960001", "116 123"]


def test_a_local_name_leaves_the_other_national_names() -> None:
    names = trust_of(SMALLEST + '[responses]\nswarm = "Hot debrief"').responses
    assert (names["swarm"], names["aar"]) == ("Hot debrief", "After Action Review")


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("10 working days", Due(10, "working days")),
        ("1 working day", Due(1, "working days")),
        ("10 days", Due(10, "days")),
        ("3  months", Due(3, "months")),
        ("2 hours", Due(2, "hours")),
    ],
)
def test_a_length_of_time_is_read(words: str, due: Due) -> None:
    trust = trust_of(f'{SMALLEST}[deadlines."candour.written"]\ndue = "{words}"\nsource = "local"')
    assert trust.deadlines["candour.written"].due == due
    assert str(due) == " ".join(words.split())


def test_a_duty_takes_an_owner_and_a_ladder_of_its_own() -> None:
    table = '[deadlines."report.read"]\nowner = "chair"\nladder = ["executive", "chief_nurse"]\nsource = "local"'
    own = trust_of(SMALLEST + table).deadlines["report.read"]
    assert (own.due, own.owner, own.ladder) == (None, Role.CHAIR, (Role.EXECUTIVE, Role.CHIEF_NURSE))


def test_bank_holidays_and_the_plan_are_read() -> None:
    trust = trust_of(
        SMALLEST + "[bank_holidays]\nextra = [2029-06-04]\nknown_to = 2029\n[plan]\npublished = 2025-06-02"
    )
    assert (trust.bank_holidays.extra, trust.bank_holidays.known_to) == ((date(2029, 6, 4),), 2029)
    assert trust.plan == ResponsePlan(published=date(2025, 6, 2))
    left_out = trust_of(SMALLEST)
    assert (left_out.bank_holidays.extra, left_out.bank_holidays.known_to, left_out.plan) == ((), 2028, None)


def test_being_fair_is_read_and_has_its_defaults() -> None:
    left_out = trust_of(SMALLEST).being_fair
    assert (left_out.after_ongoing_concern, left_out.review_after, left_out.fewest) == ("next test", 10, 5)
    assert "NHS England, 2025" in left_out.tool
    assert left_out.guidance.memorandum.startswith("https://www.gov.uk/")
    assert (left_out.guidance.safeguarding, left_out.guidance.health, left_out.guidance.management) == (
        None,
        None,
        None,
    )
    own = trust_of(
        f"{SMALLEST}[being_fair]\nafter_ongoing_concern = 'deliberate harm'\nreview_after = 5\nfewest = 10\n"
        "[being_fair.guidance]\nhealth = 'https://fenmarsh.example/health'\n"
    ).being_fair
    assert (own.after_ongoing_concern, own.review_after, own.fewest) == ("deliberate harm", 5, 10)
    assert own.guidance.health == "https://fenmarsh.example/health"
    assert own.guidance.memorandum == left_out.guidance.memorandum


def test_the_sample_reads_the_tool_as_the_requirements_propose() -> None:
    assert trust_of(SAMPLE).being_fair.after_ongoing_concern == "next test", "V14"


def test_a_trust_puts_the_official_wording_in_the_place_of_ours() -> None:
    own = trust_of(f'{SMALLEST}[wording]\nfair-1a = "The official text"')
    assert own.wording == {"fair-1a": "The official text"}


def test_the_review_of_the_sample_trusts_plan_falls_due_in_the_demonstration() -> None:
    plan = trust_of(SAMPLE).plan
    assert plan
    assert plan.published == date(2025, 6, 2)


# The lines of a table of deadlines, and what is then said about it, at which of its lines.
UNFIT = {
    "no such duty": ('"report.red"', 'due = "2 days"', 1, "is not a duty with a clock", 'Did you mean "report.read"?'),
    "nothing of that name": ('"lunch"', 'due = "2 days"', 1, "is not a duty", "Use one of: danger.acknowledged, "),
    "a day is agreed": (
        '"action.done"',
        'due = "2 days"',
        1,
        "its date is agreed each time",
        "Take out the line with due",
    ),
    "only a source": ('"report.read"', "", 2, "only a source", "Add due, owner or ladder"),
    "no role": ('"report.read"', 'owner = "cheif_nurse"', 1, '"owner" is not a role', 'Did you mean "chief_nurse"?'),
    "no role at all": ('"report.read"', "owner = 7", 1, '"owner" is not a role', "Use one of: quality, "),
    "no role in a ladder": (
        '"report.read"',
        'ladder = ["quality", "boss"]',
        1,
        "ladder item 2 is not a role",
        "Use one of: ",
    ),
    "a ladder of one": ('"report.read"', 'ladder = "quality"', 1, "text where a list", "ladder = ["),
    "an empty ladder": ('"report.read"', "ladder = []", 1, "nobody on its ladder", "at least one role"),
    "everybody": ('"report.read"', 'owner = "staff"', 1, "everybody is staff", "Name the role"),
    "who only reads": ('"report.read"', 'owner = "non_executive"', 1, "asked to do nothing", "Name the role"),
    "who only reads, up the ladder": (
        '"report.read"',
        'ladder = ["quality", "non_executive"]',
        1,
        "asked to do nothing",
        "Name the role",
    ),
    "everybody up the ladder": ('"report.read"', 'ladder = ["staff"]', 1, "everybody is staff", "Name the role"),
    "no length": ('"report.read"', 'due = "soon"', 1, "not a length of time", '"10 working days"'),
    "no unit": ('"report.read"', "due = 2", 1, "not a length of time", '"10 working days"'),
    "danger in days": ('"danger.acknowledged"', 'due = "1 day"', 1, "cannot wait for days", '"5 minutes"'),
    "a duty of being fair": ('"fair.lado"', 'ladder = ["quality"]', 0, "for nobody else", "Take out owner and ladder"),
    "a day that the two agree": (
        '"fair.review"',
        'due = "5 days"',
        1,
        "agreed each time",
        "Take out the line with due",
    ),
    "a private duty": ('"support.ongoing"', 'owner = "service_lead"', 1, "is private", "Take out the line with owner"),
    "a private ladder": ('"contact.staff"', 'ladder = ["chair"]', 1, "is private", "Take out the line with ladder"),
    "unknown key": (
        '"report.read"',
        'nudges = "never"',
        1,
        'unknown setting "nudges"',
        "Use one of: due, owner, ladder",
    ),
}


@pytest.mark.parametrize(("rule", "line", "at", "what", "remedy"), UNFIT.values(), ids=UNFIT)
def test_what_a_duty_cannot_take_is_named(rule: str, line: str, at: int, what: str, remedy: str) -> None:
    text = f'{SMALLEST}[deadlines.{rule}]\n{line}\nsource = "local"\n'
    (mistake,) = read_trust(text)[1]
    assert mistake.where == f"trust.toml:{line_of(text, '[deadlines') + at}"
    assert what in mistake.what
    assert remedy in mistake.remedy


@pytest.mark.parametrize(
    "table",
    [
        '"danger.acknowledged"]\ndue = "10 minutes"',
        '"danger.acknowledged"]\nowner = "medical_director"',
        '"support.ongoing"]\ndue = "20 working days"',
        '"support.asked-for"]\nladder = ["quality"]',
        '"response.target"]\ndue = "6 months"',
    ],
)
def test_what_a_duty_can_take_is_no_mistake(table: str) -> None:
    assert read_trust(f'{SMALLEST}[deadlines.{table}\nsource = "local"\n')[1] == []


@pytest.mark.parametrize(
    ("known_to", "today", "warned"),
    [
        (2028, date(2026, 11, 22), False),
        (2028, date(2027, 11, 26), False),
        (2028, date(2027, 11, 27), True),  # 400 days before the last of December
        (2028, date(2030, 1, 1), True),
        (2029, date(2028, 1, 1), False),
    ],
)
def test_bank_holidays_that_run_out_are_warned_of_in_time(known_to: int, today: date, warned: bool) -> None:
    trust = trust_of(f"{SMALLEST}[bank_holidays]\nknown_to = {known_to}")
    found = list(calendar_warnings(trust, today))
    assert bool(found) is warned
    assert all(f"until the end of {known_to}" in w.what and f"known_to = {known_to + 1}" in w.remedy for w in found)


# What to change in the sample, and what is then said about it.
WRONG = {
    "plan without a date": (
        "published = 2025-06-02",
        'published = "June"',
        '"published" is not a date',
        "= 2025-06-02",
    ),
    "plan with a number": ("published = 2025-06-02", "published = 20250602", '"published" is not a date', "quotation"),
    "plan of another century": (
        "published = 2025-06-02",
        "published = 2052-06-02",
        '"published" is not in a year that the calendar can take',
        "= 2025-06-02",
    ),
    "unknown key of the plan": ("published =", "publishd =", 'unknown setting "publishd"', '"published"'),
    "bank holiday in words": ("extra = []", 'extra = ["4 June"]', "extra item 1 is not a date", "extra = [2027-06-04]"),
    "bank holidays not listed": (
        "extra = []",
        "extra = 2027-06-04",
        '"extra" is a date or a time where a list',
        "extra =",
    ),
    "unknown key of bank holidays": ("known_to =", "know_to =", 'unknown setting "know_to"', '"known_to"'),
    "year gone by": ("known_to = 2028", "known_to = 2027", '"known_to" is not a year', "Write 2028 or a later year"),
    "year in words": ("known_to = 2028", 'known_to = "next"', '"known_to" is not a year', "known_to = 2028"),
    "unknown key": ('phone = "999"', 'phon = "999"', 'unknown setting "phon"', 'Did you mean "phone"?'),
    "unknown top-level key": ("timezone =", "timezon =", 'unknown setting "timezon"', '"timezone"'),
    "unknown table": ("[platforms]", "[platform]", 'unknown setting "platform"', '"platforms"'),
    "unknown key in a named table": ('due = "10', 'dew = "10', 'unknown setting "dew"', '"due"'),
    "unknown response": ("swarm =", "swam =", 'unknown setting "swam"', '"swarm"'),
    "number for text": ('phone = "999"', "phone = 999", '"phone" is a number where text', 'phone = "999"'),
    "text for a list": (
        'services = ["Community Nursing",',
        'services = "x" #',
        "text where a list",
        'services = ["Com',
    ),
    "text for true or false": ("= false", '= "no"', "text where true or false", "keep_identifiers_on_teams = false"),
    "list item not text": ('"Podiatry"', "7", "services item 3 is a number", "services = ["),
    "blank name": ('"Fenmarsh Community NHS Trust"', '" "', '"name" is blank', 'name = "Fenmarsh'),
    "service twice": ('"Podiatry"', '"community nursing"', '"services" has "community nursing" twice', "Keep one"),
    "no service": (
        '["Community Nursing", "Children\'s Therapy", "Podiatry", "District Nursing Nights"]',
        "[]",
        "blank",
        "[",
    ),
    "time zone": ('= "Europe/London"', '= "Europe"', '"timezone" is not the name', '"Europe/London"'),
    "quiet all day": ('= "19:00-08:00"', '= "19:00-18:00"', '"quiet_hours" leaves next to nothing', '"19:00-08:00"'),
    "quiet hours": ('= "19:00-08:00"', '= "19-8"', '"quiet_hours" is not a span', '"19:00-08:00"'),
    "quiet hours, impossible": ('= "19:00-08:00"', '= "19:00-28:00"', "not a span", '"19:00-08:00"'),
    "quiet hours, all day": ('= "19:00-08:00"', '= "08:00-08:00"', "not a span", "two different times"),
    "plain http": ("https://datix.example/capture", "http://datix.example", "not a secure web address", "https://"),
    "no phone number": ('phone = "01632 960011"', 'phone = "bleep"', "no phone number in it", "01632 960001"),
    "e-mail": ('"people.team@fenmarsh.example"', '"people team"', '"email" is not an e-mail address', "guardian@"),
    "nobody to reach": ('email = "people.team@fenmarsh.example"', "", "support item 3 has no phone and no", "phone ="),
    "due": ('due = "10 working days"', 'due = "a fortnight"', '"due" is not a length of time', '"10 working days"'),
    "due beyond the calendar": (
        'due = "10 working days"',
        'due = "300 months"',
        '"due" is longer than the calendar can take',
        '"120 months"',
    ),
    "due never": ('due = "10 working days"', 'due = "0 days"', '"due" is not a length of time', '"2 hours"'),
    "no such reading": (
        'after_ongoing_concern = "next test"',
        'after_ongoing_concern = "nextest"',
        '"after_ongoing_concern" is none of the words',
        'Did you mean "next test"?',
    ),
    "a case kept too short": (
        "review_after_years = 20",
        "review_after_years = 5",
        '"review_after_years" is not a number',
        "review_after_years = 20",
    ),
    "a review never": ("review_after = 10", "review_after = 0", '"review_after" is not a number', "review_after = 10"),
    "a person alone": ("fewest = 5", "fewest = 1", '"fewest" is not a number', "fewest = 5"),
    "unknown key of being fair": ("review_after =", "review_afer =", 'unknown setting "review_afer"', '"review_after"'),
    "guidance by plain http": (
        'health = "https://intranet',
        'health = "http://intranet',
        '"health" is not a secure web address',
        "https://",
    ),
    "unknown guidance": ("health = ", "healt = ", 'unknown setting "healt"', 'Did you mean "health"?'),
    "body twice": ('id = "hse"', 'id = "police"', '"other_bodies" has "police" twice', "Keep one"),
    "body's id": ('id = "hse"', 'id = "HSE!"', '"id" may have only small letters', "id ="),
}


def line_of(text: str, fragment: str) -> int:
    return text[: text.index(fragment)].count("\n") + 1


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_named_with_what_and_remedy(case: str) -> None:
    before, after, what, remedy = WRONG[case]
    _, mistakes = read_trust(SAMPLE.replace(before, after, 1))
    assert any(what in mistake.what and remedy in mistake.remedy for mistake in mistakes), mistakes


ELSEWHERE = {"nobody to reach", "body twice"}  # told at the table that is short of something


@pytest.mark.parametrize("case", sorted(set(WRONG) - ELSEWHERE))
def test_a_mistake_is_named_with_its_line(case: str) -> None:
    before, after, what, _ = WRONG[case]
    text = SAMPLE.replace(before, after, 1)
    where = [mistake.where for mistake in read_trust(text)[1] if what in mistake.what]
    assert where == [f"trust.toml:{line_of(SAMPLE, before)}"]


def test_a_missing_setting_is_named_at_its_table() -> None:
    (mistake,) = read_trust(SAMPLE.replace('source = "contract/local"\n', ""))[1]
    assert mistake == Mistake(
        f"trust.toml:{line_of(SAMPLE, '[deadlines')}",
        '"source" is missing',
        'Add it like this: source = "contract/local"',
    )


def test_a_file_without_anything_lists_what_is_needed() -> None:
    assert [mistake.what for mistake in read_trust("")[1]] == [
        f'"{key}" is missing' for key in ("name", "services", "urgent", "datix")
    ]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("name = Fenmarsh", 1, "cannot be read from here on"),
        ('\nphone = "01632', 2, "cannot be read from here on"),
        ("\n\nphone = 01632 960001", 3, "cannot be read from here on"),
        ("[urgent]\nwords = “On call”", 2, "cannot be read from here on"),
        ("[urgent]\n[urgent]", 2, "a second time"),
        ('name = "a"\nname = "b"', 2, "a second time"),
        ("a = " + "[" * 5000, 1, "cannot be read from here on"),
        ("a = 1" + "0" * 5000, 1, "cannot be read from here on"),
    ],
)
def test_text_that_is_not_toml_is_named_with_its_line(text: str, line: int, what: str) -> None:
    (mistake,) = read_trust(text)[1]
    assert (mistake.where, what in mistake.what) == (f"trust.toml:{line}", True)


def test_keys_are_found_in_every_way_toml_writes_them() -> None:
    lines = key_lines(
        "a.b = 1\n# [not]\n'q.r' = '''\n[x]\nc = 2\n'''\nlist = [\n  { k = 1 },\n]\n"
        '[t."u.v"] # [w]\nd = 2\n[[many]]\ne = 3\n[[many]]\ne = 4\ninside = {f = 5}\n'
    )
    assert {path: lines[path] for path in lines if path[0] != "many"} == {
        ("a",): 1,
        ("a", "b"): 1,
        ("q.r",): 3,
        ("list",): 7,
        ("list", 0): 7,
        ("list", 0, "k"): 7,
        ("t",): 10,
        ("t", "u.v"): 10,
        ("t", "u.v", "d"): 11,
    }
    assert [lines["many", 0, "e"], lines["many", 1], lines["many", 1, "inside", "f"]] == [13, 14, 16]


def test_a_mistake_reads_as_one_line() -> None:
    assert str(Mistake("trust.toml:12", "x is wrong", "mend it")) == "trust.toml:12: x is wrong → mend it"


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        (None, "PSIRF_TRUST", "cannot be read"),
        (b"name = '\xff'", "ours.toml", "not plain text in UTF-8"),
        (b"nam = 1", "ours.toml:1", 'unknown setting "nam"'),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, where: str, what: str) -> None:
    path = tmp_path / "ours.toml"
    if content is not None:
        path.write_bytes(content)
    trust, mistakes = load_trust(path)
    assert trust is None
    assert any(mistake.where == where and what in mistake.what for mistake in mistakes)


def test_a_file_as_windows_saves_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_bytes(("\ufeff" + SAMPLE.replace("\n", "\r\n")).encode())
    assert load_trust(path)[1] == []


VALUES: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(["1", "1.5", "true", '""', '"x"', "'999'", '"10 days"', '"19:00-08:00"', "1979-05-27", "07:32:00"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: f"[{', '.join(values)}]"),
        inner.map(lambda value: f"{{ label = {value}, due = {value} }}"),
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(
    [
        *(name for model in (Trust, DeadlineSetting, BankHolidays, ResponsePlan) for name in model.model_fields),
        *("words", "phone", "label", "id", "psii", "report_url", '""', '"a.b"', '"report.read"'),
    ]
)
STATEMENTS = st.one_of(
    st.builds("{} = {}".format, KEYS, VALUES),
    st.builds("{}.{} = {}".format, KEYS, KEYS, VALUES),
    KEYS.map("[{}]".format),
    KEYS.map("[[{}]]".format),
    st.builds("[{}.{}]".format, KEYS, KEYS),
)


@given(st.one_of(st.text(), st.lists(STATEMENTS, max_size=6).map("\n".join), STATEMENTS.map(SMALLEST.__add__)))
def test_any_text_gives_a_trust_or_mistakes(text: str) -> None:
    trust, mistakes = read_trust(text)
    assert (trust is None) == bool(mistakes)
    assert all(mistake.what and mistake.remedy for mistake in mistakes)


@given(st.binary())
def test_any_file_gives_a_trust_or_mistakes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    trust, mistakes = load_trust(path)
    assert (trust is None) == bool(mistakes)


# --- The environment

KEY = "k" * 32
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "SLACK_TEAM_ID": "T1"}
BY_SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_TEAM_ID": "T1"}
ENTRA = "0e1d2c3b-0000-4000-8000-000000000001"
TEAMS = {"TEAMS_APP_ID": ENTRA, "TEAMS_APP_SECRET": "s", "TEAMS_TENANT_ID": ENTRA}


@pytest.fixture
def own_trust(tmp_path: Path) -> str:
    path = tmp_path / "trust.toml"
    path.write_text(SAMPLE.replace("01632 960", "0300 555 0"), "utf-8")
    return str(path)


def settings_of(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(f"PSIRF_{name}", value)
    return Settings()


def test_what_is_not_set_has_the_default_of_the_design() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 3978)
    assert settings.database_url.get_secret_value() == "sqlite:///var/psirf.db"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert (settings.trust, settings.secret_key, settings.slack_bot_token, settings.teams_app_id) == (None,) * 4


def test_blank_values_count_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    blank = {name.upper(): " " for name in Settings.model_fields}
    assert settings_of(monkeypatch, blank) == Settings.model_construct()


def test_spaces_around_a_value_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, {"SECRET_KEY": f" {KEY}\n", "PORT": " 8080 ", "SLACK_TEAM_ID": " T1 "})
    assert settings.secret_key
    assert (settings.secret_key.get_secret_value(), settings.port, settings.slack_team_id) == (KEY, 8080, "T1")


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PSIRF_PORT=8081\nOTHER=1\n")
    assert Settings().port == 8081


def test_service_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, {"TEAMS_SERVICE_HOSTS": "smba.example, 127.0.0.1:5000"})
    assert settings.teams_service_hosts == ("smba.example", "127.0.0.1:5000")


SECRETS = (
    "SECRET_KEY",
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_APP_TOKEN",
    "TEAMS_APP_SECRET",
    "DATABASE_URL",
)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    secret = "hunter2-hunter2"
    settings = settings_of(monkeypatch, {name: secret})
    assert getattr(settings, name.lower()).get_secret_value() == secret
    shown = [repr(settings), str(settings), settings.model_dump_json(), *map(str, serve_mistakes(settings))]
    assert "hunter2" not in "".join(shown)


def test_keys_of_before_are_read_apart_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(
        monkeypatch, {"SECRET_KEY": KEY, "SECRET_KEY_OLD": " hunter2-hunter2,\n hunter2-too-of-old \t"}
    )
    assert [old.get_secret_value() for old in settings.secret_key_old] == ["hunter2-hunter2", "hunter2-too-of-old"]
    mistakes = [str(mistake) for mistake in serve_mistakes(settings)]
    assert any("PSIRF_SECRET_KEY_OLD" in mistake for mistake in mistakes), "the first is too short"
    assert "hunter2" not in "".join([repr(settings), str(settings), settings.model_dump_json(), *mistakes])
    assert Settings(_env_file=None, secret_key_old=" , ").secret_key_old == ()  # type: ignore[call-arg, arg-type]


@pytest.mark.parametrize(
    "old", ["a key of before, with a comma", '["in brackets"]', '["open', "12345678901234567", "null"]
)
def test_whatever_key_was_in_use_can_be_listed_as_one_of_before(monkeypatch: pytest.MonkeyPatch, old: str) -> None:
    """Otherwise what it sealed could never be checked again, once the key is changed."""
    settings = settings_of(monkeypatch, {"SECRET_KEY": KEY, "SECRET_KEY_OLD": json.dumps([old, "another"])})
    assert [key.get_secret_value() for key in settings.secret_key_old] == [old, "another"]


@pytest.mark.parametrize("old", ["12345678901234567", "null", "[open", '"quoted"', "{}"])
def test_a_key_of_before_that_is_no_list_is_taken_as_it_stands(monkeypatch: pytest.MonkeyPatch, old: str) -> None:
    settings = settings_of(monkeypatch, {"SECRET_KEY": KEY, "SECRET_KEY_OLD": old})
    assert [key.get_secret_value() for key in settings.secret_key_old] == [old]


@given(st.text(), st.text())
def test_a_secret_is_in_no_mistake_whatever_stands_around_it(before: str, after: str) -> None:
    secret = f"{before}☃{after}"
    settings = Settings(**dict.fromkeys((name.lower() for name in SECRETS), secret))  # type: ignore[arg-type]
    assert "☃" not in "".join(map(str, [settings, *serve_mistakes(settings)]))


@pytest.mark.parametrize("platform", [SLACK, TEAMS, SLACK | TEAMS, BY_SOCKET, SLACK | BY_SOCKET])
def test_a_complete_environment_may_serve(
    monkeypatch: pytest.MonkeyPatch, own_trust: str, platform: dict[str, str]
) -> None:
    settings = settings_of(monkeypatch, {"SECRET_KEY": KEY, "TRUST": own_trust, **platform})
    assert serve_mistakes(settings) == []


def test_dev_needs_neither_a_platform_nor_a_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    assert serve_mistakes(settings_of(monkeypatch, {"SECRET_KEY": KEY}), dev=True) == []


# What is changed in a complete environment, and what is then said about it; None takes a value away.
STOPS = {
    "no key": ({"SECRET_KEY": ""}, "PSIRF_SECRET_KEY", "is not set"),
    "short key": ({"SECRET_KEY": "fifteen-letters"}, "PSIRF_SECRET_KEY", "shorter than 16"),
    "short old key": ({"SECRET_KEY_OLD": f"{KEY} fifteen-letters"}, "PSIRF_SECRET_KEY_OLD", "shorter than 16"),
    "no signing secret": ({"SLACK_SIGNING_SECRET": ""}, "PSIRF_SLACK_SIGNING_SECRET", "not set, but PSIRF_SLACK_BOT"),
    "no bot token": ({"SLACK_BOT_TOKEN": ""}, "PSIRF_SLACK_BOT_TOKEN", "not set, but PSIRF_SLACK_SIGNING"),
    "no team": ({"SLACK_TEAM_ID": ""}, "PSIRF_SLACK_TEAM_ID", "not set, but"),
    "not a bot token": ({"SLACK_BOT_TOKEN": "xapp-1"}, "PSIRF_SLACK_BOT_TOKEN", "not look like the right token"),
    "not an app token": ({"SLACK_APP_TOKEN": "xoxb-1"}, "PSIRF_SLACK_APP_TOKEN", "not look like the right token"),
    "no app id": ({"TEAMS_APP_ID": ""}, "PSIRF_TEAMS_APP_ID", "not set, but"),
    "no app secret": ({"TEAMS_APP_SECRET": ""}, "PSIRF_TEAMS_APP_SECRET", "not set, but"),
    "no tenant": ({"TEAMS_TENANT_ID": ""}, "PSIRF_TEAMS_TENANT_ID", "not set, but"),
    "service host": ({"TEAMS_SERVICE_HOSTS": "https://smba.example/uk"}, "PSIRF_TEAMS_SERVICE_HOSTS", "not a host"),
    "plain http, Slack": ({"SLACK_API_URL": "http://slack.example/"}, "PSIRF_SLACK_API_URL", "plain http"),
    "plain http, keys": ({"TEAMS_OPENID_URL": "http://login.example/"}, "PSIRF_TEAMS_OPENID_URL", "plain http"),
    "plain http, tokens": ({"TEAMS_LOGIN_URL": "http://login.example/"}, "PSIRF_TEAMS_LOGIN_URL", "plain http"),
    "loopback only as a user": (
        {"SLACK_API_URL": "http://127.0.0.1@evil.example"},
        "PSIRF_SLACK_API_URL",
        "plain http",
    ),
    "loopback only in a name": ({"SLACK_API_URL": "http://localhost.example"}, "PSIRF_SLACK_API_URL", "plain http"),
    "no web address": ({"SLACK_API_URL": "http://["}, "PSIRF_SLACK_API_URL", "not a web address"),
    "other scheme": ({"TEAMS_LOGIN_URL": "ftp://login.example"}, "PSIRF_TEAMS_LOGIN_URL", "not a web address"),
    "host": ({"HOST": "http://127.0.0.1"}, "PSIRF_HOST", "not a host name"),
    "host out of range": ({"HOST": "300.0.0.1"}, "PSIRF_HOST", "not a host name"),
    "port": ({"PORT": "http"}, "PSIRF_PORT", "not a port number"),
    "port too high": ({"PORT": "65536"}, "PSIRF_PORT", "not a port number"),
    "port below nothing": ({"PORT": "-1"}, "PSIRF_PORT", "not a port number"),
    "database": ({"DATABASE_URL": "mysql://db.example/psirf"}, "PSIRF_DATABASE_URL", "not a database that"),
    "database's driver": ({"DATABASE_URL": "postgresql://db.example/psirf"}, "PSIRF_DATABASE_URL", "not a database"),
    "database's password": (
        {"DATABASE_URL": "postgresql+psycopg://u:can@ary@db.example/psirf"},
        "PSIRF_DATABASE_URL",
        "is not an address",
    ),
    "database's password, with a slash": (
        {"DATABASE_URL": "postgresql+psycopg://u:can@ary/x@db.example/psirf"},
        "PSIRF_DATABASE_URL",
        "is not an address",
    ),
    "database's password, with a slash at once": (
        {"DATABASE_URL": "postgresql+psycopg://u:can@/ary@db.example/psirf"},
        "PSIRF_DATABASE_URL",
        "is not an address",
    ),
    "database's port": ({"DATABASE_URL": "postgresql+psycopg://u:p@db:5x/psirf"}, "PSIRF_DATABASE_URL", "not an addr"),
    "database in memory": ({"DATABASE_URL": "sqlite:///"}, "PSIRF_DATABASE_URL", "names no file"),
    "database in memory by name": ({"DATABASE_URL": "sqlite:///:memory:"}, "PSIRF_DATABASE_URL", "names no file"),
    "no such trust": ({"TRUST": "nowhere.toml"}, "PSIRF_TRUST", "cannot be read"),
}


@pytest.mark.parametrize(("changed", "where", "what"), STOPS.values(), ids=STOPS)
def test_one_wrong_setting_stops_serve(
    monkeypatch: pytest.MonkeyPatch, own_trust: str, changed: dict[str, str], where: str, what: str
) -> None:
    complete = {"SECRET_KEY": KEY, "TRUST": own_trust, **SLACK, **TEAMS}
    (mistake,) = serve_mistakes(settings_of(monkeypatch, complete | changed))
    assert mistake.where == where
    assert what in mistake.what
    assert mistake.remedy


def test_words_for_a_question_that_nobody_asks_are_a_mistake() -> None:
    line = SAMPLE.split("\n").index("[wording]") + 2
    (mistake,) = read_trust(SAMPLE.replace("[wording]", '[wording]\nwhat-hapened = "Tell us"'))[1]
    assert (mistake.where, mistake.remedy) == (f"trust.toml:{line}", 'Did you mean "what-happened"?')


def test_more_services_than_slack_can_offer_are_a_mistake() -> None:
    many = ", ".join(f'"Service {n}"' for n in range(101))
    (mistake,) = read_trust(re.sub(r"services = \[[^\]]*\]", f"services = [{many}]", SAMPLE))[1]
    assert "more than 100" in mistake.what


def test_the_sample_trust_is_warned_of_but_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, {"SECRET_KEY": KEY, **SLACK, **TEAMS})
    assert serve_mistakes(settings) == []
    (warning,) = warnings(settings)
    assert "made-up sample trust" in warning.what


def test_made_up_numbers_left_in_a_copy_of_the_sample_are_warned_of(
    monkeypatch: pytest.MonkeyPatch, own_trust: str
) -> None:
    settings = settings_of(monkeypatch, {"SECRET_KEY": KEY, "TRUST": own_trust, **SLACK})
    assert list(warnings(settings)) == []
    Path(own_trust).write_text(Path(own_trust).read_text().replace("0300 555 0011", "01632 960011"), "utf-8")
    (warning,) = warnings(settings)
    assert (warning.where, "ring nowhere: 01632 960011" in warning.what) == ("trust.toml", True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_name_that_is_misspelt_in_the_file_is_said(own_trust: str, encoding: str) -> None:
    Path(".env").write_text(f"PSIRF_TRUST={own_trust}\nPSIRF_SLACK_BOT_TOKN=xoxb-canary\nOTHER=1\n", encoding)
    (warning,) = warnings(Settings())
    assert (warning.where, warning.remedy) == ("PSIRF_SLACK_BOT_TOKN", 'Did you mean "PSIRF_SLACK_BOT_TOKEN"?')
    assert "canary" not in str(warning)


def test_a_setting_that_is_in_the_file_twice_is_said(own_trust: str) -> None:
    Path(".env").write_text(f"PSIRF_TRUST={own_trust}\n\npsirf_port=canary\nOTHER=1\nOTHER=2\nPSIRF_PORT=1\n", "utf-8")
    (warning,) = warnings(Settings())
    assert (warning.where, warning.remedy) == (".env:6", "Keep one of them")
    assert "PSIRF_PORT is in the file a second time" in warning.what


def test_a_file_of_settings_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(mistakes_in_it()) == []
    Path(".env").write_text("PSIRF_PORT=4000\n", "utf-16")
    (mistake,) = mistakes_in_it()
    assert (mistake.where, "UTF-8" in mistake.what) == (".env", True)

    Path(".env").write_text("PSIRF_PORT=4000\n", "utf-8")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", ".env")

    monkeypatch.setattr("pydantic_settings.DotEnvSettingsSource._read_env_files", refused)
    (mistake,) = mistakes_in_it()
    assert "Permission denied" in mistake.what
    said = CliRunner().invoke(bot, ["check"])
    assert (said.exit_code, said.output.startswith(".env: cannot be read")) == (1, True)


@pytest.mark.parametrize("line", ['PSIRF_SECRET_KEY="canary', "PSIRF_SECRET_KEY: canary", "PSIRF_SECRET_KEY"])
def test_a_line_of_the_file_that_cannot_be_read_is_named_and_no_new_key_is_asked_for(line: str) -> None:
    Path(".env").write_text(f"# ours\nPSIRF_PORT=4000\n\n \n{line}\n", "utf-8")
    (mistake,) = mistakes_in_it()
    assert (mistake.where, mistake.what) == (".env:5", "this line cannot be read")
    said = CliRunner().invoke(bot, ["check"])
    assert (said.exit_code, said.output) == (1, f"{mistake}\n")
    assert "canary" not in said.output


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("SLACK_TEAM_ID", "https://app.slack.com/client/T01/C01", "T01"),
        ("SLACK_TEAM_ID", "T…", "T0FEN"),
        ("TEAMS_TENANT_ID", "fenmarsh.example", ENTRA),
        ("TEAMS_APP_ID", "“" + ENTRA + "”", ENTRA.upper()),
    ],
)
def test_an_id_that_is_none_is_said(
    monkeypatch: pytest.MonkeyPatch, own_trust: str, name: str, wrong: str, right: str
) -> None:
    assert list(warnings(settings_of(monkeypatch, {"TRUST": own_trust, name: right}))) == []
    (warning,) = warnings(settings_of(monkeypatch, {"TRUST": own_trust, name: wrong}))
    assert (warning.where, warning.what) == (f"PSIRF_{name}", "does not look like the right id")


def test_half_of_socket_mode_says_what_else_it_needs(monkeypatch: pytest.MonkeyPatch, own_trust: str) -> None:
    mistakes = serve_mistakes(
        settings_of(monkeypatch, {"SECRET_KEY": KEY, "TRUST": own_trust, "SLACK_APP_TOKEN": "xapp-1"})
    )
    assert [mistake.where for mistake in mistakes] == ["PSIRF_SLACK_BOT_TOKEN", "PSIRF_SLACK_TEAM_ID"]
    assert all("SIGNING_SECRET" not in mistake.remedy for mistake in mistakes)


def test_without_a_signing_secret_the_other_way_in_is_named(monkeypatch: pytest.MonkeyPatch, own_trust: str) -> None:
    half = {name: value for name, value in SLACK.items() if name != "SLACK_SIGNING_SECRET"}
    (mistake,) = serve_mistakes(settings_of(monkeypatch, {"SECRET_KEY": KEY, "TRUST": own_trust, **half}))
    assert (mistake.where, "set PSIRF_SLACK_APP_TOKEN" in mistake.remedy) == ("PSIRF_SLACK_SIGNING_SECRET", True)


def test_a_signing_secret_beside_an_app_token_is_said_to_do_nothing(
    monkeypatch: pytest.MonkeyPatch, own_trust: str
) -> None:
    both = {"SECRET_KEY": KEY, "TRUST": own_trust, **SLACK, "SLACK_APP_TOKEN": "xapp-1"}
    (warning,) = warnings(settings_of(monkeypatch, both))
    assert warning.where == "PSIRF_SLACK_SIGNING_SECRET"
    assert "Socket Mode" in warning.what


def test_no_platform_at_all_stops_serve(monkeypatch: pytest.MonkeyPatch, own_trust: str) -> None:
    (mistake,) = serve_mistakes(settings_of(monkeypatch, {"SECRET_KEY": KEY, "TRUST": own_trust}))
    assert "neither Teams nor Slack" in mistake.what
    needed = {f"PSIRF_{name}" for name in SLACK | TEAMS | BY_SOCKET}
    assert {name for name in needed if name not in mistake.remedy} == set()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/api/", "http://localhost:9000", "http://[::1]:9000"])
def test_plain_http_is_allowed_to_loopback(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    urls = dict.fromkeys(("SLACK_API_URL", "TEAMS_OPENID_URL", "TEAMS_LOGIN_URL"), url)
    assert serve_mistakes(settings_of(monkeypatch, {"SECRET_KEY": KEY, **urls}), dev=True) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "bot.fenmarsh.example"])  # noqa: S104 - refused here
def test_dev_stays_on_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    (mistake,) = serve_mistakes(settings_of(monkeypatch, {"SECRET_KEY": KEY, "HOST": host}), dev=True)
    assert (mistake.where, "to other machines" in mistake.what) == ("PSIRF_HOST", True)


def test_mistakes_of_the_trust_stop_serve_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(SAMPLE.replace('name = "Fenmarsh', 'nane = "Fenmarsh'), "utf-8")
    mistakes = serve_mistakes(settings_of(monkeypatch, {"SECRET_KEY": KEY, "TRUST": str(path), **SLACK}))
    assert [mistake.what for mistake in mistakes] == ['"name" is missing', 'unknown setting "nane"']


def test_a_port_that_is_none_does_not_hide_the_other_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, {"PORT": "²"})
    assert settings.port == NOT_A_PORT
    assert {"PSIRF_PORT", "PSIRF_SECRET_KEY"} <= {mistake.where for mistake in serve_mistakes(settings)}
