"""Duties that fall due on the trust's people: safety actions for the digest, and checks on members of staff."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import col, func, select, update

from faults.checker import Expected, Timeline, Told
from faults.town import Someone
from psirf_bot.casework import deadlines, safety_actions, support_needs
from psirf_bot.casework.work import Work
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Deadline, Identity, Outbox, SafetyAction, SupportNeed

DIGEST = "Your day:"
EDITED = 5
"""Every so manieth person's messages are edited in the evening."""
_ACTION = re.compile(r"A-(\d{8})-(\d+)")
_CHECKED = re.compile(r"Nina n(\d{8})x(\d+)")


@dataclass
class Rota:
    """Who is there, whose each duty is, and what everybody has to be told. A `reader` may be told of anything."""

    people: Sequence[Someone]
    readers: frozenset[str]
    person_of: Mapping[str, str] = field(default_factory=dict)
    """The bot's id of everybody, by the platform's."""
    action_of: dict[str, str] = field(default_factory=dict)
    """The place in which each action may be told."""
    heirs: set[str] = field(default_factory=set)
    """The places of those who were given somebody else's duty: their digest stays theirs."""
    passed_over: set[str] = field(default_factory=set)
    """The digests of those whose only duty was handed over before it was sent."""

    def expected(self, due: datetime) -> dict[Someone, list[Expected]]:
        """A digest for everybody that morning, and for every other one a check besides."""
        day = due.date()
        wanted: dict[Someone, list[Expected]] = {}
        for number, p in enumerate(self.people):
            digest = Expected(f"digest {p.id} {day}", p.id, due)
            check = [Expected(f"check {day:%Y%m%d} {number}", p.id, due)] if number % 4 < 2 else []
            wanted[p] = ([] if digest.nudge in self.passed_over else [digest]) + check
        return wanted

    def units(self, told: Told, timeline: Timeline) -> tuple[str, ...]:
        """Which of all that a message is; what does not belong in its place has a name that nobody expects."""
        if told.place in self.readers:
            return ()
        found = [f"check {day} {number}" for day, number in set(_CHECKED.findall(told.words))]
        if DIGEST in told.words:
            found.append(f"digest {told.place} {timeline.clock_at(told.at).date()}")
            said = {f"A-{day}-{number}" for day, number in _ACTION.findall(told.words)}
            found += [f"{action} told to {told.place}" for action in said if self.action_of.get(action) != told.place]
        return tuple(found)


def know_everybody(work: Work, rota: Rota) -> None:
    rota.person_of = {i.user: i.person_id for i in work.session.exec(select(Identity))}


def open_for(work: Work, rota: Rota, day: date, numbers: Sequence[int]) -> None:
    """Give these people an action due that day, and every other one somebody to check on; what is there stays."""
    there = set(work.session.exec(select(SafetyAction.id)))
    for number in numbers:
        someone, reference = rota.people[number], f"A-{day:%Y%m%d}-{number}"
        rota.action_of[reference] = someone.id
        if reference not in there:
            _open(work, reference, rota.person_of[someone.id], day, number)


def _open(work: Work, reference: str, person_id: str, day: date, number: int) -> None:
    service = work.trust.services[0]
    action = SafetyAction(
        id=reference, reference=reference, service=service, what="x", measure="x", inequality="x", owner_id=person_id,
        due_on=day, by_id="x", at=work.now,
    )  # fmt: skip
    work.session.add(action)
    work.session.flush()
    about = safety_actions.subject_of(work, action)
    deadlines.happened(work, Event.ACTION_AGREED, about, "x", agreed={"action.done": day})
    if number % 4 < 2:
        case = Case(
            id=f"case {reference}", reference=f"P{reference}", state="reported", event_type="near-miss",
            service=service, occurred=day.isoformat(), opened_at=work.now,
        )  # fmt: skip
        need = SupportNeed(
            id=f"need {reference}", case_id=case.id, name=f"Nina n{day:%Y%m%d}x{number}", wish="line-manager",
            checker_id=person_id, at=work.now,
        )  # fmt: skip
        work.session.add_all([case, need])
        work.session.flush()
        support_needs.begin(work, [need], Event.STAFF_NAMED, "x")


def close(work: Work, day: date, numbers: Sequence[int]) -> None:
    """Everything of that day is done; for some in the bot's own way, so that their messages are edited in place."""
    for number in numbers:
        reference = f"A-{day:%Y%m%d}-{number}"
        action = work.session.get(SafetyAction, reference)
        need = work.session.get(SupportNeed, f"need {reference}")
        if number % EDITED:
            owed = col(Deadline.subject_id).in_((reference, f"need {reference}"))
            work.session.exec(update(Deadline).where(owed).values(state="done", next_at=None))
            continue
        if action:
            deadlines.happened(work, Event.ACTION_DONE, safety_actions.subject_of(work, action), "x")
        if need:
            deadlines.happened(work, Event.CHECKED_AFTER_EVENT, support_needs.subject(work, need), "x")


def hand_over_some(work: Work, rota: Rota, day: date, chance: random.Random, most: int) -> list[tuple[str, str, str]]:
    """Give away the one duty of some people whose digest is written but not yet sent: they must hear nothing of it.

    Gives the action, the place it went to, and the digest that is not to be sent.
    """
    waiting = select(Outbox).where(
        col(Outbox.subject).like(f"digest:%:{day}"), Outbox.state == "due", col(Outbox.first_tried_at).is_(None)
    )
    place_of = {person_id: place for place, person_id in rota.person_of.items()}
    done = []
    rows = list(work.session.exec(waiting.with_for_update(skip_locked=True)))
    for row in chance.sample(rows, min(most, len(rows))):
        place = place_of.get(row.person_id or "")
        number = next((n for n, p in enumerate(rota.people) if p.id == place), None)
        action = work.session.get(SafetyAction, f"A-{day:%Y%m%d}-{number}")
        heir = chance.choice(rota.people)
        if action is None or place is None or place in rota.heirs or heir.id == place:
            continue
        if f"digest {heir.id} {day}" in rota.passed_over:
            continue
        written = select(func.count()).select_from(Outbox).where(Outbox.subject == row.subject)
        if work.session.exec(written).one() > 1:  # it is an edit of one that has been sent
            continue
        action.owner_id = rota.person_of[heir.id]
        owed = select(Deadline).where(Deadline.subject_id == action.id, Deadline.rule == "action.done")
        deadlines.hand_over(work, work.session.exec(owed).one(), action.owner_id)
        done.append((action.reference, heir.id, f"digest {place} {day}"))
    return done


def on_show(work: Work, rota: Rota) -> set[str]:
    """What was given up, and stands where people look."""
    place_of = {person_id: place for place, person_id in rota.person_of.items()}
    found = set()
    for subject in work.session.exec(select(Outbox.subject).where(Outbox.state == "dead")):
        kind, _, rest = (subject or "").partition(":")
        first, _, more = rest.partition(":")
        if kind == "digest":
            found.add(f"digest {place_of.get(first)} {more}")
        elif kind == "nudge" and (deadline := work.session.get(Deadline, first)):
            need = work.session.get(SupportNeed, deadline.subject_id)
            found |= {f"check {d} {n}" for d, n in _CHECKED.findall(need.name)} if need else set()
    return found
