"""Everything that is kept of a run of the being fair tool, as headings with labels and values: for overseers to read,
and for the person concerned to be given (L19)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from psirf_bot.cards.answers import instant, moment, shown
from psirf_bot.cards.support import OFFERS
from psirf_bot.casework import fair_circle, fair_record, fair_runs, people
from psirf_bot.casework.fair_record import Sections
from psirf_bot.casework.under_way import in_words
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.being_fair import place_of
from psirf_bot.dialogs.flow import Flow
from psirf_bot.domain.being_fair import ENDS, FairnessReview
from psirf_bot.domain.joint import Kind
from psirf_bot.domain.monitoring import GROUPS, NOT_KNOWN_WORDS
from psirf_bot.store.tables import Deadline, FairEntry, FairMonitoring, FairRun

LOOKED = {"viewed": "looked at it", "exported": "exported it"}
STATES = {
    fair_runs.INVITED: "Waiting for both to join",
    fair_runs.OPEN: "Under way",
    fair_runs.PAUSED: "Paused",
    fair_runs.ENDED: "Ended",
    fair_runs.WITHDRAWN: "Withdrawn before both had joined",
}
DID = {
    Kind.AGREED: "agreed",
    Kind.CONFIRMED: "confirmed everything as it stood",
    "groups recorded": "recorded groups, for counting alone",
    "joined": "joined",
    "paused": "paused it",
    "withdrawn": "withdrew the invitation",
}
"""What the record says in other words, or not at all, because there it counts no more."""
BESIDE = {
    "asked": "Who was asked",
    "day": "On",
    "end": "Where it came to",
    "instead": "In place of",
    "number": "Reference number",
    "referrer": "Who makes the referral",
    "review": "To be looked at again on",
    "rule": "What was done",
    "support": "Support offered",
    "teller": "Who tells the person",
    "version": "Version begun",
    "way": "Way out taken alone",
}
"""What is entered beside the tool's questions."""
DUTY_STATES = {"open": "open", "paused": "paused", "done": "done", "dropped": "no longer needed"}


def to_read(work: Work, run: FairRun) -> Sections:
    """A run for an overseer: the record of one that has ended, otherwise what happened so far; then who has seen it."""
    if run.record is None:
        return [about(work, run), *_happened(work, fair_runs.entries(work, run)), *seen(work, run)]
    since = _happened(work, _since_the_end(work, run), "Since it ended")
    return [*fair_record.sections(run.record), *since, *follow_ups(work, run), *seen(work, run)]


def in_full(work: Work, run: FairRun) -> Sections:
    """Everything that is kept of one version of a run; what stands in its record and what happened on the way."""
    record = fair_record.sections(run.record) if run.record is not None else []
    happened = _happened(work, fair_runs.entries(work, run))
    return [about(work, run), *record, *happened, *follow_ups(work, run), *groups(work, run), *seen(work, run)]


def about(work: Work, run: FairRun) -> tuple[str, list[tuple[str, str]]]:
    """What a run is: about what, by whom, how far it has got."""
    lines = [
        ("Case", fair_circle.case_of(work, run).reference),
        ("State", STATES[run.state]),
        ("Begun", f"{_at(work, run.at)}, by {people.name_of(work, run.begun_by)}"),
        ("For the patient safety team", people.name_of(work, run.patient_safety_id)),
        ("For the workforce team", people.name_of(work, run.workforce_id)),
        ("Concern" if run.version == 1 else "What was new", run.concern),
        ("Tool", run.tool),
        ("If there are ongoing concerns", fair_record.READINGS[run.reading]),
        ("Looked at again on", in_words(run.review_on) if run.review_on else ""),
        ("Why it was paused", run.paused_why or ""),
        ("Where it came to", ENDS[run.end].title if run.end else ""),
        ("The tool's next step", ENDS[run.end].step if run.end else ""),
        ("Ended", _at(work, run.ended_at) if run.ended_at else ""),
        ("Who tells the person", people.name_of(work, run.teller)),
    ]
    return name_of(run), [(label, value) for label, value in lines if value]


def name_of(run: FairRun) -> str:
    return run.reference if run.version == 1 else f"{run.reference}, version {run.version}"


def follow_ups(work: Work, run: FairRun) -> Sections:
    """The duties of the two, with the day each is due and what became of it."""
    theirs = select(Deadline).where(Deadline.subject_kind == fair_circle.KIND, Deadline.subject_id == run.id)
    lines = []
    for owed in work.session.exec(theirs.order_by(col(Deadline.since), col(Deadline.rule))):
        rule = work.setting.rules.get(owed.rule)
        closed = f" on {_at(work, owed.closed_at)}" if owed.closed_at else ""
        note = f". {owed.note}" if owed.note else ""
        due = in_words(datetime.fromisoformat(owed.due_local).date())
        lines.append((rule.duty if rule else owed.rule, f"due {due}; {DUTY_STATES[owed.state]}{closed}{note}"))
    return [("Follow-ups", lines)] if lines else []


def groups(work: Work, run: FairRun) -> Sections:
    """To which groups the person belongs, as it was recorded for counting; every time that it was."""
    theirs = select(FairMonitoring).where(FairMonitoring.run_id == run.id).order_by(col(FairMonitoring.id))
    return [
        (
            f"Recorded for counting alone, {_at(work, row.at)}, by {people.name_of(work, row.by_id)}",
            [
                (group.title, group.values.get(row.groups.get(key, ""), NOT_KNOWN_WORDS))
                for key, group in GROUPS.items()
            ],
        )
        for row in work.session.exec(theirs)
    ]


def seen(work: Work, run: FairRun) -> Sections:
    """Who has looked at it and when, the two who use it included: a line for each person and day."""
    times: dict[str, list[str]] = {}
    for entry in fair_runs.entries(work, run):
        if entry.kind in LOOKED:
            at = work.setting.calendar.local(entry.at)
            line = f"{people.name_of(work, entry.by_id)} {LOOKED[entry.kind]}, {in_words(at.date())}"
            times.setdefault(line, []).append(f"{at:%H:%M}" + (f" ({entry.reason})" if entry.reason else ""))
    lines = [(line, ", ".join(dict.fromkeys(found))) for line, found in times.items()]
    return [("Who has seen it", lines)] if lines else []


def _since_the_end(work: Work, run: FairRun) -> Sequence[FairEntry]:
    entries = fair_runs.entries(work, run)
    last = max((entry.number for entry in entries if entry.kind == "ended"), default=0)
    return [entry for entry in entries if entry.number > last] if last else []


def _happened(work: Work, entries: Iterable[FairEntry], heading: str = "What happened, in order") -> Sections:
    lines = [line for entry in entries if entry.kind not in LOOKED for line in _entry(work, entry)]
    return [(heading, lines)] if lines else []


def _entry(work: Work, entry: FairEntry) -> list[tuple[str, str]]:
    """One thing that somebody did: what and when, on which page, with the answers given and the reason."""
    did = DID.get(entry.kind) or fair_record.DID.get(entry.kind, entry.kind)
    of = f" to number {entry.about}" if entry.about else ""
    flow = fair_runs.flow_of(work.session.get_one(FairRun, entry.run_id))
    page = flow.question(entry.page) if entry.page else None
    lines = [
        (f"{entry.number}. {people.name_of(work, entry.by_id)} {did}{of}", _at(work, entry.at)),
        ("Page", place_of(page) if page else ""),
        *(_answer(work, flow, key, value) for key, value in entry.answers.items() if key != "deadline"),
        ("Reason", entry.reason or ""),
    ]
    return [(label, value) for label, value in lines if value]


def _answer(work: Work, flow: Flow[FairnessReview], key: str, value: Any) -> tuple[str, str]:
    """An answer to a question of the tool, or what was entered beside it, as people read it."""
    question = flow.question(key)
    if question:
        return question.label, shown(question, value, lambda who: people.name_of(work, who))
    words = "; ".join(_entered(work, key, str(one)) for one in (value if isinstance(value, list) else [value]) if one)
    return BESIDE.get(key, key), words


def _entered(work: Work, key: str, value: str) -> str:
    match key:
        case "end" | "way":
            return ENDS[value].title
        case "rule":
            return work.setting.rules[value].duty
        case "day" | "review":
            return moment(value)
        case "support":
            return OFFERS.get(value, value)
    return people.name_of(work, value)


def _at(work: Work, at: datetime) -> str:
    return instant(work.setting.calendar.local(at))
