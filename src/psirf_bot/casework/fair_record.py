"""The record of a run of the being fair tool as it stood when it ended: frozen in words, so that no later change of
wording, names or settings alters what was asked and answered (L16, L17, L19)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from psirf_bot.cards import fair_page
from psirf_bot.cards.answers import moment, shown
from psirf_bot.casework import fair_circle, fair_runs, people
from psirf_bot.casework.fair_runs import Where
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.being_fair import EACH_FOR_THEMSELVES
from psirf_bot.dialogs.flow import Ask, Page
from psirf_bot.domain.being_fair import ENDS, OUTSIDE_BODIES, FairnessReview
from psirf_bot.domain.joint import Kind
from psirf_bot.store.tables import FairEntry, FairRun

READINGS = fair_page.READINGS
"""How "only continue if there are ongoing concerns" was read, in words (V14)."""
DID = {
    Kind.PROPOSED: "proposed",
    Kind.AGREED: "agreed, before it was changed",
    Kind.STATED: "stated for themselves",
    Kind.REOPENED: "wanted to look at it again",
    "invited": "invited a colleague",
    "declined": "could not take part",
    Kind.REPLACED: "asked another colleague",
    "paused": "paused",
    "resumed": "went on",
    "left": "took this way out alone",
    "ended": "brought it to its end",
    "teller named": "named who tells the member of staff",
    "told": "noted that the member of staff was told",
    "step taken": "noted a step as done",
    "revisited": "began a new version",
}
"""What somebody did, by the kind of entry, to follow their name; other kinds read as they are."""
LEFT, CONFIRMED = "left", str(Kind.CONFIRMED)
NOT_ON_THE_WAY = frozenset({CONFIRMED, LEFT, "ended", "viewed", "exported"})

Sections = list[tuple[str, list[tuple[str, str]]]]
"""A record to be printed: headings, each with its labels and values."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Deed(_Frozen):
    """Who did what, and when, in local time."""

    what: str
    by: str
    at: str
    reason: str = ""


class Answer(_Frozen):
    """One question in the words shown, and its answer's. `by`: whose it is, where each answered for themselves."""

    id: str
    label: str
    shown: str
    by: str = ""


class Entered(_Frozen):
    """What stood on one page of the tool, titled with its place, and who entered it."""

    title: str
    answers: list[Answer]
    deeds: list[Deed]


class Record(_Frozen):
    """Everything about a run that has ended. `pages`: what counts, on the path; `changes`: what was said and differed
    or was changed; `going`: how it went otherwise; `closed_by`: who confirmed the end, or took the way out alone."""

    tool: str
    reading: str
    flow: str
    flow_version: int
    case: str
    reference: str
    version: int
    concern: str
    patient_safety: str
    workforce: str
    pages: list[Entered]
    changes: list[Entered]
    going: list[Deed]
    end: str
    title: str
    step: str
    bodies: list[str]
    closed_by: list[Deed]
    referral_by: str = ""
    ended: str


def freeze(work: Work, run: FairRun, where: Where, end: str) -> dict[str, Any]:
    """What is to be kept of a run that comes to this end now (FairRun.record)."""
    entries, flow = fair_runs.entries(work, run), fair_runs.flow_of(run)
    counted = {page.asks()[0]: _counting(run, entries, page.asks()[0]) for page in where.turn.passed}
    numbers = {entry.number for found in counted.values() for entry in found}
    rest = [entry for entry in entries if entry.number not in numbers and entry.kind not in NOT_ON_THE_WAY]
    left = _left(entries)
    record = Record(
        tool=run.tool,
        reading=READINGS[run.reading],
        flow=flow.id,
        flow_version=flow.version,
        case=fair_circle.case_of(work, run).reference,
        reference=run.reference,
        version=run.version,
        concern=run.concern,
        patient_safety=people.name_of(work, run.patient_safety_id),
        workforce=people.name_of(work, run.workforce_id),
        pages=[_page(work, page, counted[page.asks()[0]]) for page in where.turn.passed],
        changes=[_change(work, run, entry) for entry in rest if entry.page],
        going=[_deed(work, entry) for entry in rest if not entry.page],
        end=end,
        title=ENDS[end].title,
        step=ENDS[end].step,
        bodies=_bodies(where.turn.record),
        closed_by=[_deed(work, left)] if left else _confirmed(work, where, entries),
        referral_by=people.name_of(work, left.answers.get("referrer")) if left else "",
        ended=_moment(work, work.now),
    )
    return record.model_dump(mode="json")


def read(record: Mapping[str, Any]) -> Record:
    """A frozen record as it was kept."""
    return Record.model_validate(record)


def sections(record: Mapping[str, Any]) -> Sections:
    """A frozen record to be shown or printed: what was used, each page, what changed on the way, and the end."""
    found = read(record)
    used = [
        ("Tool", found.tool),
        ("If there are ongoing concerns", found.reading),
        ("Questions", f"{found.flow}, version {found.flow_version}"),
        ("Case", found.case),
        ("Member of staff", found.reference),
        ("Version", str(found.version)),
        ("Concern" if found.version == 1 else "What was new", found.concern),
        ("Patient safety team", found.patient_safety),
        ("Workforce team", found.workforce),
    ]
    pages = [(page.title, _lines(page)) for page in found.pages]
    changes = [(f"Changed on the way: {page.title}", _lines(page)) for page in found.changes]
    went = [("How it went", _deeds(found.going))] if found.going else []
    return [("What was used", used), *pages, *changes, *went, ("The tool's next step", _end(found))]


def _end(found: Record) -> list[tuple[str, str]]:
    lines = [(found.title, found.step), ("Outside bodies", "; ".join(found.bodies)), *_deeds(found.closed_by)]
    lines += [("Who makes the referral", found.referral_by), ("Ended", moment(found.ended))]
    return [(label, value) for label, value in lines if value]


def _lines(page: Entered) -> list[tuple[str, str]]:
    answers = [(f"{a.label} ({a.by})" if a.by else a.label, a.shown) for a in page.answers if a.shown]
    return [*answers, *_deeds(page.deeds)]


def _deeds(deeds: Iterable[Deed]) -> list[tuple[str, str]]:
    """Each with who and when; a reason that was given stands after it."""
    return [
        line
        for deed in deeds
        for line in ((f"{deed.by} {deed.what}", moment(deed.at)), ("Reason", deed.reason))
        if line[1]
    ]


def _counting(run: FairRun, entries: Sequence[FairEntry], key: str) -> list[FairEntry]:
    """The entries by which the answers of a page count: the proposal and who agreed, or what each of the two stated."""
    since = max((entry.number for entry in entries if entry.kind == Kind.REPLACED), default=0)
    theirs = [e for e in entries if e.page == key and e.by_id in fair_runs.pair(run) and e.number > since]
    if key in EACH_FOR_THEMSELVES:
        stated = {entry.by_id: entry for entry in theirs if entry.kind == Kind.STATED}
        return sorted(stated.values(), key=lambda entry: entry.number)
    proposal = [entry for entry in theirs if entry.kind == Kind.PROPOSED][-1]
    agreed = [e for e in theirs if e.kind == Kind.AGREED and e.about == proposal.number and e.by_id != proposal.by_id]
    return [proposal, *agreed[:1]]


def _page(work: Work, page: Page, counted: Sequence[FairEntry]) -> Entered:
    answers = [answer for entry in counted for answer in _answers(work, entry, page)]
    words = {Kind.AGREED: "agreed"}
    return Entered(title=page.title, answers=answers, deeds=[_deed(work, e, words.get(Kind(e.kind))) for e in counted])


def _change(work: Work, run: FairRun, entry: FairEntry) -> Entered:
    """Something that was said of a page and does not count any more, or that only asked to look at it again."""
    page = _page_of(run, entry.page)
    answers = _answers(work, entry, page) if page else []
    return Entered(title=page.title if page else entry.page, answers=answers, deeds=[_deed(work, entry)])


def _page_of(run: FairRun, key: str) -> Page | None:
    asked = (step for step in fair_runs.flow_of(run).steps if isinstance(step, Ask))
    return next((Page(step.title, step.questions) for step in asked if step.questions[0].id == key), None)


def _answers(work: Work, entry: FairEntry, page: Page) -> list[Answer]:
    """The answers of one entry in the words in which they were asked."""
    name = people.name_of(work, entry.by_id) if entry.kind == Kind.STATED else ""
    return [
        Answer(
            id=question.id,
            label=question.label,
            shown=shown(question, entry.answers[question.id], lambda who: people.name_of(work, who)),
            by=name,
        )
        for question in page.questions
        if question.id in entry.answers
    ]


def _deed(work: Work, entry: FairEntry, words: str | None = None) -> Deed:
    return Deed(
        what=words or DID.get(entry.kind, entry.kind),
        by=people.name_of(work, entry.by_id),
        at=_moment(work, entry.at),
        # Why a colleague was replaced is for overseers, who read the entries.
        reason=(entry.reason or "") if entry.kind != Kind.REPLACED else "",
    )


def _confirmed(work: Work, where: Where, entries: Sequence[FairEntry]) -> list[Deed]:
    """Who confirmed everything as it stood at the end: the newest of each."""
    newest = {entry.by_id: entry for entry in entries if entry.kind == CONFIRMED}
    return [_deed(work, entry) for who, entry in newest.items() if who in where.standing.confirmed]


def _left(entries: Sequence[FairEntry]) -> FairEntry | None:
    return next((entry for entry in reversed(entries) if entry.kind == LEFT), None)


def _bodies(record: FairnessReview) -> list[str]:
    chosen = record.fair_3_bodies or [] if record.answered_yes_to_3() else []
    return [words for body, (words, _) in OUTSIDE_BODIES.items() if body in chosen]


def _moment(work: Work, at: datetime) -> str:
    return work.setting.calendar.local(at).replace(tzinfo=None).isoformat(timespec="minutes")
