"""What one trust has decided for itself: the contents of trust.toml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from psirf_bot.domain.being_fair_settings import BeingFairSettings
from psirf_bot.domain.minimum import REQUIREMENTS, Requirement
from psirf_bot.domain.panel import PanelSettings
from psirf_bot.domain.people import Role
from psirf_bot.domain.setting_types import Email, Frozen, HttpsUrl, Phone, Words, wrong
from psirf_bot.domain.training import TrainingSettings


def _zone(name: object) -> ZoneInfo:
    if isinstance(name, ZoneInfo):
        return name
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):  # unknown, not a zone's name, or a whole region such as "Europe"
        raise wrong("is not the name of a time zone", 'Write "Europe/London".') from None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours in which an ordinary nudge waits, local time; they usually run past midnight."""

    begin: time
    end: time


LEAST_OUT_OF_QUIET = 120
"""Minutes of the day, so that there is a time in which somebody can be told of something."""


def _quiet_hours(given: object) -> QuietHours:
    if isinstance(given, QuietHours):
        return given
    hours = re.fullmatch(r"\s*(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)\s*", str(given), re.ASCII)
    try:
        span = QuietHours(time.fromisoformat(hours[1]), time.fromisoformat(hours[2])) if hours else None
    except ValueError:  # 25:00
        span = None
    if span is None or span.begin == span.end:
        raise wrong("is not a span of hours", 'Write two different times like "19:00-08:00".')
    minutes = [at.hour * 60 + at.minute for at in (span.end, span.begin)]
    if (minutes[1] - minutes[0]) % (24 * 60) < LEAST_OUT_OF_QUIET:
        raise wrong("leaves next to nothing of the day", 'Leave two hours or more, like "19:00-08:00".')
    return span


KNOWN_TO = 2028
"""GOV.UK lists the bank holidays of England until the end of this year."""

Unit = Literal["minutes", "hours", "days", "working days", "months"]
UNITS: Mapping[str, Unit] = {
    "minute": "minutes",
    "hour": "hours",
    "day": "days",
    "working day": "working days",
    "month": "months",
}


@dataclass(frozen=True, slots=True)
class Due:
    """How long after its trigger a duty is due. Days are calendar days unless they are working days."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.number} {self.unit.removesuffix('s') if self.number == 1 else self.unit}"


def length_of(given: object) -> Due:
    """A length of time as written in trust.toml, and as `str` gives it back."""
    if isinstance(given, Due):
        return given
    words = re.fullmatch(
        r"([1-9]\d{0,2}) (minute|hour|day|working day|month)s?", " ".join(str(given).split()), re.ASCII
    )
    if words is None:
        raise wrong("is not a length of time", 'Write one like "10 working days", "10 days", "3 months" or "2 hours".')
    return Due(int(words[1]), UNITS[words[2]])


def _all_different(names: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise wrong(f'has "{name}" twice', "Keep one of them.")
        seen.add(name.casefold())
    return names


class Urgent(Frozen):
    """Whom to ring when someone is in danger now, and whom to page for an immediate risk (S04)."""

    words: Words
    phone: Phone
    executives: tuple[Email, ...] = ()
    """In the order to page them; everybody with the role of executive when it is empty."""


class Datix(Frozen):
    """The trust's risk system, which stays the record (policy §12.1)."""

    report_url: HttpsUrl


class Platforms(Frozen):
    """What a platform may be used for."""

    keep_identifiers_on_teams: StrictBool = False
    """Whether a person may keep what looks like a patient identifier in their words on Teams; never on Slack."""


ResponseType = Literal["psii", "mdt", "swarm", "aar"]
NATIONAL_NAMES: Mapping[ResponseType, str] = {
    "psii": "Patient Safety Incident Investigation",
    "mdt": "Multi-Disciplinary Team review",
    "swarm": "Swarm huddle",
    "aar": "After Action Review",
}
"""The four learning responses of the policy (§12.3, I07)."""


def _with_national_names(local: dict[ResponseType, str]) -> dict[ResponseType, str]:
    return {**NATIONAL_NAMES, **local}


def _that_ends_in_the_calendar(due: Due) -> Due:
    """A duty whose day cannot be worked out cannot begin, nor can what it begins with, such as a report."""
    if due.unit == "months" and due.number > 120:
        raise wrong("is longer than the calendar can take", 'Write ten years at most: "120 months".')
    return due


class DeadlineSetting(Frozen):
    """A trust's own clock, owner or ladder for one duty, and where that comes from, lest it be taken for law (E07)."""

    due: Annotated[Due, BeforeValidator(length_of), AfterValidator(_that_ends_in_the_calendar)] | None = None
    owner: Role | None = None
    ladder: tuple[Role, ...] | None = None
    """Who hears of it when it is late, rung by rung."""
    source: Words


class RingContact(Frozen):
    """A number on the card of people to ring first."""

    label: Words
    phone: Phone
    when: Words = "any time"


class SupportContact(Frozen):
    """Where staff find support after an incident (policy §5.1, App 2): by phone, by e-mail, or both."""

    label: Words
    phone: Phone | None = None
    email: Email | None = None
    hours: Words

    @model_validator(mode="after")
    def can_be_reached(self) -> "SupportContact":
        if self.phone is None and self.email is None:
            raise wrong("has no phone and no email", 'Add a line like phone = "01632 960010".')
        return self


class OtherBody(Frozen):
    """A body that may have to be told under another law or rule (H07)."""

    id: Annotated[Words, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    name: Words
    when: Words
    source: Words


OTHER_BODIES = tuple(
    OtherBody(id=code, name=name, when=when, source=source)
    for code, name, when, source in (
        (
            "police",
            "Police",
            "a crime may have contributed to a death or to serious harm",
            "policy §12.1; being fair tool",
        ),
        (
            "hse",
            "Health and Safety Executive (HSE)",
            "a death, an injury or a dangerous occurrence at work may have to be reported",
            "policy §12.1",
        ),
        (
            "mhra",
            "Medicines and Healthcare products Regulatory Agency (MHRA)",
            "a medicine, a medical device or a blood product may have played a part",
            "policy §12.1",
        ),
        (
            "cqc",
            "Care Quality Commission (CQC)",
            "the event may be one that the CQC must be told about",
            "policy §12.4",
        ),
        (
            "safeguarding",
            "Safeguarding lead",
            "a child or an adult may be at risk of abuse or neglect",
            "being fair tool",
        ),
        (
            "coroner",
            "Coroner",
            "a death may have to be referred",
            "local: the policy names inquests (§2.1, §12.1) but not this referral",
        ),
    )
)


def _ids_all_different(bodies: tuple[OtherBody, ...]) -> tuple[OtherBody, ...]:
    _all_different(tuple(body.id for body in bodies))
    return bodies


def _requirement_ids_differ(requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    _all_different(tuple(requirement.id for requirement in requirements))
    return requirements


def _ring_first(validated: dict[str, Any]) -> tuple[RingContact, ...]:
    """Where a trust has not written its own list: danger, our own manager, someone who listens."""
    urgent: Urgent = validated["urgent"]
    return (
        RingContact(label="Emergency services, if someone is in danger now", phone="999"),
        RingContact(label=urgent.words, phone=urgent.phone),
        RingContact(label="Samaritans, to talk to someone who listens", phone="116 123"),
    )


class BankHolidays(Frozen):
    """What the calendar of England's bank holidays does not know yet: days proclaimed once, and later years."""

    extra: tuple[date, ...] = ()
    known_to: Annotated[int, Field(ge=KNOWN_TO, le=2100)] = KNOWN_TO
    """The last year whose bank holidays have been published."""


def _in_the_calendar(published: date) -> date:
    """What falls due three years later has to be worked out, or nothing else of that day's is."""
    if not 2012 <= published.year <= KNOWN_TO + 10:
        raise wrong("is not in a year that the calendar can take", "Write it like this: published = 2025-06-02")
    return published


class ResponsePlan(Frozen):
    """The trust's response plan, whose review and planning exercise have clocks of their own (policy §10–11)."""

    published: Annotated[date, AfterValidator(_in_the_calendar)]


class Retention(Frozen):
    """How long a case is kept before the trust reviews it. The bot deletes none by itself."""

    review_after_years: Annotated[int, Field(ge=10, le=100)] = 20
    """Counted from the end of the case. The bot cannot tell which incidents the code means by serious: all are kept as
    long as those."""
    source: Words = (
        "local; NHS Records Management Code of Practice: incidents 10 years, serious ones 20, from the date of the "
        "incident; for the trust's records manager to confirm"
    )


LONGEST_LIST = 100
"""The longest list that Slack lets people pick from."""


class Trust(Frozen):
    """One trust's settings, as it wrote them in trust.toml, with the defaults for what it left out."""

    name: Words
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("Europe/London")
    quiet_hours: Annotated[QuietHours, BeforeValidator(_quiet_hours)] = QuietHours(time(19), time(8))
    services: Annotated[tuple[Words, ...], Field(min_length=1, max_length=LONGEST_LIST), AfterValidator(_all_different)]
    urgent: Urgent
    datix: Datix
    platforms: Platforms = Platforms()
    responses: Annotated[dict[ResponseType, Words], AfterValidator(_with_national_names)] = Field(
        default_factory=lambda: dict(NATIONAL_NAMES)
    )
    """The name this trust uses for each learning response; the national code stays beside it (I07)."""
    panel: PanelSettings = PanelSettings()
    requirements: Annotated[
        tuple[Requirement, ...], Field(min_length=1, max_length=LONGEST_LIST), AfterValidator(_requirement_ids_differ)
    ] = REQUIREMENTS
    """Which events have a set response, and where that comes from (I09; the national guide)."""
    training: TrainingSettings = TrainingSettings()
    """What a learning response lead and a chair need to have learned (§4, C01 to C08)."""
    being_fair: BeingFairSettings = BeingFairSettings()
    """How this trust reads the being fair tool, and where its guidance is (§14)."""
    deadlines: dict[Words, DeadlineSetting] = Field(default_factory=dict)
    """The trust's own clocks, by the id of the rule."""
    retention: Retention = Retention()
    """After how long a case is reviewed, and where that comes from."""
    bank_holidays: BankHolidays = BankHolidays()
    plan: ResponsePlan | None = None
    ring: Annotated[tuple[RingContact, ...], Field(min_length=1)] = Field(default_factory=_ring_first)
    support: tuple[SupportContact, ...] = ()
    wording: dict[Words, Words] = Field(default_factory=dict)
    """The trust's own words for a question, by the question's id; its id and meaning stay."""
    other_bodies: Annotated[
        tuple[OtherBody, ...], Field(min_length=1, max_length=LONGEST_LIST), AfterValidator(_ids_all_different)
    ] = OTHER_BODIES
