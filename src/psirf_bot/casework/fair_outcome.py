"""What the two see of a run of the being fair tool that has ended, from its frozen record and its duties."""

from sqlmodel import col, select

from psirf_bot.cards import fair_outcome as cards
from psirf_bot.cards.answers import instant, moment
from psirf_bot.cards.fair_outcome import Ended, FollowUp, Lines
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import deadlines, duty_lines, fair_circle, fair_record, fair_runs, people
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.fair_record import Record, Sections
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.being_fair import ENDS, POLICE, SAFEGUARDING
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Deadline, FairEntry, FairRun

PART = 5000
"""Characters of a record on one card: what is read on a phone, and what every platform shows whole."""
HEADINGS = 8
"""Headings of a record on one card, at most."""


def standing(work: Work, run: FairRun) -> list[FairRun]:
    """The versions of a run that have not been taken back, the first one first."""
    return [version for version in fair_runs.versions(work, run) if version.state != fair_runs.WITHDRAWN]


def is_newest(work: Work, run: FairRun) -> bool:
    return standing(work, run)[-1].id == run.id


def outcome(work: Work, run: FairRun, by: Member) -> Card:
    """How a run ended and what follows; buttons only for the two, not for an overseer who looks on."""
    record = fair_record.read(run.record or {})
    theirs = may(by, Act.FOLLOW_UP_FAIR, fair_circle.facts(work, run))
    duties = _follow_ups(work, run)
    label = "Name somebody else" if run.teller else "Name who tells them"
    told = next((duty for duty in reversed(duties) if duty.rule == "fair.told"), None)
    since = taken_since(work, run)
    teller = button(work, label, "fair.teller", opens=True, run=run.id)
    return cards.outcome(
        Ended(
            reference=run.reference,
            end=record.end,
            step=record.step,
            facts=_how(record),
            alone=[*_alone(record), *(_taken(work, entry) for entry in since)],
            ask_first=[record.end, *(str(entry.answers["way"]) for entry in since)],
            ways=_ways(work, run, by) if theirs else (),
            links=_links(work, duties),
            telling=_telling(work, run, told),
            name_teller=(teller,) if theirs and told and told.state in deadlines.RUNNING else (),
            open=[_open(work, run, duty, theirs=theirs) for duty in duties if duty.state in deadlines.RUNNING],
            done=_done(work, run),
            support=work.trust.support,
            buttons=_buttons(work, run, by, theirs=theirs),
            reopen=action_id(work, "fair.show", run=run.id),
        )
    )


def kept(work: Work, run: FairRun, part: int) -> Card:
    """One part of the frozen record, from 0, with a button to the next."""
    parts = _in_parts(fair_record.sections(run.record or {}))
    part = min(max(part, 0), len(parts) - 1)
    more = {"Back": part - 1, "Next": part + 1}
    turn = [
        button(work, label, "fair.kept", opens=True, run=run.id, part=str(n))
        for label, n in more.items()
        if 0 <= n < len(parts)
    ]
    close = button(work, "Back to the next step", "fair.show", opens=True, run=run.id)
    which = f"The whole record, part {part + 1} of {len(parts)}." if len(parts) > 1 else "The whole record."
    return cards.record_card(run.reference, parts[part], which, (*turn, close))


def _in_parts(sections: Sections) -> list[Sections]:
    """The record in parts that each fit on one card, cut between headings."""
    parts: list[Sections] = [[]]
    length = 0
    for section in sections:
        size = len(section[0]) + sum(len(label) + len(value) for label, value in section[1])
        if parts[-1] and (length + size > PART or len(parts[-1]) == HEADINGS):
            parts.append([])
            length = 0
        parts[-1].append(section)
        length += size
    return parts


def _follow_ups(work: Work, run: FairRun) -> list[Deadline]:
    """What had to be followed up after the end, done or not, the first due first."""
    about = fair_runs.subject(run)
    owed = [rule.id for rule in work.setting.rules.values() if rule.opened_by(Event.FAIR_FOLLOWED_UP)]
    theirs = select(Deadline).where(Deadline.subject_kind == about.kind, Deadline.subject_id == about.id)
    theirs = theirs.where(col(Deadline.rule).in_(owed))
    return list(work.session.exec(theirs.order_by(col(Deadline.due_at), col(Deadline.rule))))


def _telling(work: Work, run: FairRun, told: Deadline | None) -> str:
    """Who tells the person, or that somebody has; `told` is the duty to see to it, where there is one."""
    if told and told.state in deadlines.RUNNING:
        who = f"{people.name_of(work, run.teller)} is to tell them." if run.teller else cards.NOBODY_YET
        return f"{who} {cards.A_HUMAN}"
    if told and told.state == deadlines.DONE:
        return cards.TOLD
    return cards.A_HUMAN if is_newest(work, run) else cards.TOLD_LATER


def _open(work: Work, run: FairRun, duty: Deadline, *, theirs: bool) -> FollowUp:
    words = work.setting.rules[duty.rule].duty
    spoken = f"It is done: {words}"
    done = button(work, "It is done", "fair.step-taken", opens=True, spoken=spoken, run=run.id, deadline=duty.id)
    return FollowUp(words, duty_lines.due(work, duty), (done,) if theirs else ())


def _done(work: Work, run: FairRun) -> list[tuple[str, str]]:
    """What was followed up: what, on which day, and by whom it was noted."""
    lines = []
    for entry in fair_runs.entries(work, run):
        if entry.kind not in {"told", "step taken"} or entry.answers["rule"] not in work.setting.rules:
            continue
        words = [moment(entry.answers["day"])]
        if entry.kind == "told":
            words.append(f"told by {people.name_of(work, entry.answers['teller'])}")
            words.append(f"support offered: {cards.offered_words(entry.answers['support'])}")
        if entry.answers.get("number"):
            words.append(f"reference {entry.answers['number']}")
        words.append(f"noted by {people.name_of(work, entry.by_id)}")
        lines.append((work.setting.rules[entry.answers["rule"]].duty, "; ".join(words)))
    return lines


def _how(record: Record) -> list[tuple[str, str]]:
    version = [("Version", str(record.version))] if record.version > 1 else []
    return [
        ("Case", record.case),
        *version,
        ("Tool", record.tool),
        ("If there are ongoing concerns", record.reading),
        (
            "Answered by" if record.pages else "Between",
            f"{record.patient_safety} (patient safety team) and {record.workforce} (workforce team)",
        ),
        ("Ended", moment(record.ended)),
    ]


def _alone(record: Record) -> list[Lines]:
    if not record.referral_by:
        return []
    deed = record.closed_by[0]
    return [cards.taken_alone(deed.by, moment(deed.at), deed.reason, record.referral_by)]


def taken_since(work: Work, run: FairRun) -> list[FairEntry]:
    """The ways out that were taken alone after the run had ended."""
    entries = fair_runs.entries(work, run)
    ended = max((entry.number for entry in entries if entry.kind == "ended"), default=0)
    return [entry for entry in entries if entry.kind == fair_record.LEFT and entry.number > ended > 0]


def _taken(work: Work, entry: FairEntry) -> Lines:
    at, end = instant(work.setting.calendar.local(entry.at)), ENDS[entry.answers["way"]]
    by, referrer = (people.name_of(work, who) for who in (entry.by_id, entry.answers["referrer"]))
    return [("Since the end", end.step), *cards.taken_alone(by, at, entry.reason or "", referrer)]


def has_taken(work: Work, run: FairRun, by: str, way: str) -> bool:
    """Whether this person has taken this way out already."""
    theirs = (e for e in fair_runs.entries(work, run) if e.kind == fair_record.LEFT and e.by_id == by)
    return any(entry.answers["way"] == way for entry in theirs)


def _ways(work: Work, run: FairRun, by: Member) -> tuple[Button, ...]:
    """Each can take a way out alone at any time, so also after the end; nobody takes the same one twice."""
    return tuple(
        button(work, label, "fair.leave", opens=True, run=run.id, way=way)
        for label, way in (("Suspected crime", POLICE), ("Safeguarding", SAFEGUARDING))
        if not has_taken(work, run, by.id, way)
    )


def _links(work: Work, duties: list[Deadline]) -> tuple[Button, ...]:
    """To what the tool says to follow, where the trust has set it."""
    guidance = work.trust.being_fair.guidance
    safeguarding = ("Safeguarding policies", guidance.safeguarding)
    of_rule = {
        "fair.police": ("Memorandum of understanding", guidance.memorandum),
        "fair.safeguarding": safeguarding,
        "fair.pipot": safeguarding,
        "fair.lado": safeguarding,
        "fair.health": ("Guidance on health and work", guidance.health),
        "fair.guidance": ("Our organisation's guidance", guidance.management),
    }
    found = dict.fromkeys(of_rule[duty.rule] for duty in duties if duty.rule in of_rule)
    return tuple(Button(label=label, url=str(url)) for label, url in found if url)


def _buttons(work: Work, run: FairRun, by: Member, *, theirs: bool) -> tuple[Button, ...]:
    """The whole record, a new version or the way to it, the versions before, and the monitoring."""

    def press(label: str, verb: str, which: FairRun = run) -> Button:
        return button(work, label, verb, opens=True, run=which.id)

    versions = standing(work, run)
    found = [press("The whole record", "fair.kept")]
    if versions[-1].id != run.id:
        found.append(press(f"Version {versions[-1].version}", "fair.show", versions[-1]))
    elif theirs:
        found.append(press("Look at it again", "fair.revisit"))
    before = [version for version in versions if version.version < run.version][-1:]
    found += [press(f"Version {version.version}", "fair.show", version) for version in before]
    if theirs and fair_runs.team_of(run, by.id) is Role.WORKFORCE:
        found.append(press("For fairness monitoring", "fair.monitoring-record"))
    return tuple(found)
