"""What the minute of a panel says (I13), worked out from how things stand; minute_kept.py keeps it once it is approved.

The group decides, so it lists the reasons that were given for each choice and not whose they were. Whoever stood back,
or was kept out, is simply not there.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlmodel import col, func, select

from psirf_bot.cards.answers import instant, moment
from psirf_bot.casework import panels, people
from psirf_bot.casework.minute_text import Line, Minute, Section, Table
from psirf_bot.casework.panel_card import ROUTES, YES_NO, is_there
from psirf_bot.casework.work import Work
from psirf_bot.domain.minimum import Requirement
from psirf_bot.domain.panel import DOCUMENTS, Seat
from psirf_bot.domain.people import Role
from psirf_bot.domain.report import EventType
from psirf_bot.domain.trust import NATIONAL_NAMES
from psirf_bot.store.tables import Case, Panel, StandIn, Vote

OFFICES = {Role.CHIEF_NURSE, Role.MEDICAL_DIRECTOR}
NOT_SAID = "Not said"


def draft_of(work: Work, case: Case, panel: Panel) -> Minute:
    """The minute of a panel whose voting has closed, as it would be if it were approved now."""
    sections = (
        Section("The event", tuple(_event(case))),
        Section("The panel", tuple(_panel(work, panel))),
        Section("Papers considered", tuple(_papers(case, panel))),
        Section("Facts", tuple(_facts(work, panel))),
        Section("Votes", tuple(_votes(work, panel))),
        Section("Decision", tuple(_decision(work, panel))),
        Section("Signatures", (_signatures(work, panel),)),
    )
    return Minute(work.trust.name, case.reference, False, sections, work.local)


# What it says


def _event(case: Case) -> Iterator[Line]:
    yield Line("Case reference", case.reference)
    yield Line("Datix number", case.datix_number or "Not on Datix yet")
    yield Line("Event type", EventType(case.event_type).label)
    yield Line("Service", case.service)
    yield Line("When it happened", moment(case.occurred))


def _panel(work: Work, panel: Panel) -> Iterator[str | Line | Table]:
    yield Line("Route", ROUTES.get(panel.route, panel.route.capitalize()))
    yield Line("Opened", _by_and_when(work, panel.opened_by, panel.opened_at))
    closed = min(panel.closed_at or panel.closes_at, panel.closes_at)
    yield Line("Voting closed", instant(work.setting.calendar.local(closed)))
    yield Line("Chair", people.name_of(work, panel.chair_id))
    if panel.chair_override:
        yield Line("Why they chair it before their training in oversight is complete", panel.chair_override)
    yield Line("Quorum", _quorum(work, panel))
    given, members = panels.votes(work, panel), panels.members(work, panel)
    rows = [
        (Seat(m.seat), people.name_of(work, m.person_id), _took_part(work, m.person_id, given.get(m.id)))
        for m in members
    ]
    order = list(Seat)
    rows.sort(key=lambda row: (order.index(row[0]), row[1]))
    yield Table("Members", ("Seat", "Name", "Voted"), tuple((seat.words, name, voted) for seat, name, voted in rows))


def _quorum(work: Work, panel: Panel) -> str:
    lacks = panels.quorum_lacks(work, panel)
    wanted = "; ".join(f"{seat.words} ({count} more)" for seat, count in lacks.items())
    return f"Not reached. It wanted votes of: {wanted}." if lacks else "Reached."


def _took_part(work: Work, member_id: str, vote: Vote | None) -> str:
    if vote is None:
        return "No"
    return "Yes" if vote.by_id == member_id else f"Yes, through {people.name_of(work, vote.by_id)}"


def _papers(case: Case, panel: Panel) -> Iterator[Line | Table]:
    rows = tuple((label, _paper(case, str(panel.documents.get(which) or ""))) for which, label in DOCUMENTS.items())
    yield Table("Papers", ("Document", "Where it is, or why it is not there"), rows)
    yield Line("What the plan says", panel.plan_says or NOT_SAID)
    yield Line("Improvement work under way", panel.improvement or NOT_SAID)


def _paper(case: Case, given: str) -> str:
    if not given:
        return "Missing. No reason is given."
    return given if is_there(case, given) else f"Not there: {given}"


def _facts(work: Work, panel: Panel) -> Iterator[str | Line | Table]:
    if panel.facts is None:
        yield "Nobody has confirmed the facts yet."
    else:
        yield Line("Confirmed", _by_and_when(work, panel.facts_by, panel.facts_at))
        rows = (
            *_requirements(work, panel.facts, "Yes"),
            *_requirements(work, panel.facts_not_known or (), "Not known"),
        )
        if rows:
            yield Table("Events with a set response", ("Fact", "Is it so?", "What follows", "Source"), rows)
        else:
            yield "No fact that has a set response was confirmed. The group decides."
    answer = YES_NO.get(panel.learning, NOT_SAID)
    why = f". {panel.learning_why}" if panel.learning_why else ""
    yield Line("Is the risk unexpected, or is there much to learn, even outside the plan?", answer + why)
    if panel.could_have:
        yield Line(
            "Could it have led to serious injury, permanent harm or death?", YES_NO.get(panel.could_have, NOT_SAID)
        )


def _requirements(work: Work, ids: Iterable[str], answer: str) -> tuple[tuple[str, ...], ...]:
    """Those that are so. One that the trust has taken out of its settings since stands by its id."""
    known = {each.id: each for each in work.trust.requirements}
    gone = "no longer in the trust's settings"
    return tuple(
        (each.fact, answer, _follows(each), each.source) if (each := known.get(which)) else (which, answer, "", gone)
        for which in ids
    )


def _follows(requirement: Requirement) -> str:
    follows = ["A PSII as the least."] if requirement.psii else []
    follows += [f"Referral to: {requirement.refer_to}."] if requirement.refer_to else []
    return " ".join(follows)


def _votes(work: Work, panel: Panel) -> Iterator[str | Line | Table]:
    """The tally and the reasons. They stand in the order of the alphabet, which says nothing about whose they are."""
    tally, words = panels.tally_of(work, panel), panels.choices(work)
    if not tally.counts:
        yield "Nobody voted."
        return
    yield Table("Tally", ("Choice", "Votes"), tuple((words[choice], str(count)) for choice, count in tally.counts))
    if tally.is_tied:
        between = " and ".join(words[choice] for choice in tally.leading)
        yield f"It is a tie between {between}. The group decides; the bot does not settle it."
    given = panels.votes(work, panel)
    counted = select(func.count()).where(Vote.panel_id == panel.id, col(Vote.member_id).in_(given))
    yield Line("Votes that were changed before voting closed", str(work.session.exec(counted).one() - len(given)))
    order = [choice for choice, _ in tally.counts]
    reasons = sorted(given.values(), key=lambda v: (order.index(v.choice), v.rationale.casefold(), v.rationale))
    rows = tuple((words[vote.choice], vote.rationale) for vote in reasons)
    yield Table("Reasons, one row for each vote", ("Choice", "Reason"), rows)


def _decision(work: Work, panel: Panel) -> Iterator[str | Line]:
    if panel.decision is None:
        yield "Not written yet."
    else:
        yield Line("Decision", panels.choices(work)[panel.decision])
        national = {str(kind): name for kind, name in NATIONAL_NAMES.items()}.get(panel.decision)
        code = f"{panel.decision} ({national})" if national else "None: it is not one of the four learning responses"
        yield Line("National code", code)
        yield Line("Why", panel.rationale or NOT_SAID)
    if panel.departure:
        yield Line("A departure from the minimum was asked for, because", panel.departure_why or NOT_SAID)
        yield Line("Answer", _departure(work, panel))


def _departure(work: Work, panel: Panel) -> str:
    answer = {"agreed": "Allowed", "refused": "Not allowed: it has to be a PSII"}.get(panel.departure or "")
    if answer is None:
        return "The Chief Nurse or the Medical Director has been asked."
    by = officer(work, panel.departure_by, panel.departure_at)
    return f"{answer}, by {by}, {when(work, panel.departure_at)}. {panel.departure_note or ''}".strip()


def _signatures(work: Work, panel: Panel) -> Table:
    by_chair = _chaired(work, panel.approved_by, panel)
    rows = (
        ("Decision written", _chaired(work, panel.decided_by, panel), when(work, panel.decided_at)),
        ("Minute approved by the chair", by_chair or "Waits for the chair", when(work, panel.approved_at)),
    )
    return Table("Who signed", ("What", "Who", "When"), rows)


# Who and when


def when(work: Work, at: datetime | None) -> str:
    return instant(work.setting.calendar.local(at)) if at else ""


def _by_and_when(work: Work, who: str | None, at: datetime | None) -> str:
    return f"By {people.name_of(work, who)}, {when(work, at)}"


def _chaired(work: Work, who: str | None, panel: Panel) -> str:
    """Who signed as the chair, and that it was for the chair if it was somebody else."""
    standing_in = (
        f", standing in for {people.name_of(work, panel.chair_id)}" if who not in {None, panel.chair_id} else ""
    )
    return people.name_of(work, who) + standing_in


def officer(work: Work, who: str | None, at: datetime | None) -> str:
    """Who signed as the Chief Nurse or the Medical Director, and for which of them they stood in that day."""
    name, signer = people.name_of(work, who), people.person(work, who)
    if at is None or (signer and OFFICES & set(signer.roles)):
        return name
    day = work.setting.calendar.local(at).date()
    covers = select(StandIn).where(StandIn.deputy_id == who, StandIn.starts <= day, StandIn.ends >= day)
    for stand_in in work.session.exec(covers.order_by(col(StandIn.id).desc())):
        principal = people.person(work, stand_in.person_id)
        if principal and OFFICES & set(principal.roles) and stand_in.role in {None, *OFFICES}:
            return f"{name}, standing in for {principal.name}"
    return f"{name}, standing in for the Chief Nurse or the Medical Director"
