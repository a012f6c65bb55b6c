"""The board of what is late, by owner and by service, and the Monday summary. The database does the counting."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import and_, col, func, not_, select
from sqlmodel import case as when_

from psirf_bot.cards import duties as cards
from psirf_bot.cards.duties import Tally
from psirf_bot.cards.model import Buttons, Card, Fact, Part, Words
from psirf_bot.casework import contacts, paging, people, support_circle
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import DONE, OPEN, PAUSED
from psirf_bot.casework.duty_buttons import rows
from psirf_bot.casework.duty_lines import duty, line, reference, words_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owed import owed_by
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import READS_AS_BOARD, Act, Member, may
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, SafetyAlert

OWN = 5
"""Duties of one's own with buttons, on a card that lists other things too."""
SOON = timedelta(days=7)
TALLIES = 8
IN_A_ROW = 5
SHOWN = 8
REFERENCES = 5


def overdue(work: Work, by: Member) -> Card:
    """What is late or due soon, for this person."""
    found = parts(work, by) or (Words(text="Nothing of yours is late or due this week. Thank you."),)
    return Card(title="What is due", preview="Here is what is due.", body=found)


def parts(work: Work, by: Member) -> tuple[Part, ...]:
    """Their own duties and, for those who look after others', what is late by owner and by service."""
    own = _own(work, by)
    return (*own, *_by_owner(work, by), *_by_service(work, by)) if allowed(work, by, Act.SEE_BOARD) else own


UNREAD = "report.read"
LISTED = frozenset({"panel.vote", paging.RULE})
"""Private, and neither of support nor of contact with staff."""


def _own(work: Work, by: Member) -> tuple[Part, ...]:
    until = work.setting.calendar_beyond.end_of(work.local.date() + SOON)[1]
    owed, more = owed_by(work, by, until, but=UNREAD)  # these are listed as reports to read
    first = [found for deadline in owed[:OWN] if (found := duty(work, deadline))]
    if not first:
        return ()
    listed = cards.duty_rows(rows(work, by, [(found, "", contacts.waits(work, found.deadline)) for found in first]))
    rest = more + len(owed) - OWN
    last = (Words(text=f"And {rest} more, once these are done.", style="subtle"),) if rest > 0 else ()
    return (Words(text="Your duties", style="heading"), *listed, *last)


# Late, of all that this person may look at


def _late(work: Work, by: Member) -> tuple[Any, ...]:
    """What is late and not private; for a service lead, in the services they lead."""
    return (*_is_late(work), col(Deadline.rule).in_(_open_rules(work)), *_in_scope(by))


def _is_late(work: Work) -> tuple[Any, ...]:
    return Deadline.state == OPEN, col(Deadline.due_at) < work.now


def _open_rules(work: Work) -> list[str]:
    return [rule.id for rule in work.setting.rules.values() if not rule.private]


def _in_scope(by: Member) -> tuple[Any, ...]:
    everything = READS_AS_BOARD | {Role.QUALITY, Role.CHAIR, Role.CANDOUR_LEAD}
    return () if everything & by.roles else (col(Deadline.service).in_(by.leads),)


def _by_owner(work: Work, by: Member) -> tuple[Part, ...]:
    """By name, for those who look after them; but for reporters, whose names are not for everybody."""
    reporters = [rule.id for rule in work.setting.rules.values() if rule.owner == "reporter"]
    handed_over = col(Deadline.case_id).in_(select(Case.id).where(Case.reporter_id != Deadline.owner_id))
    is_reporters = and_(col(Deadline.rule).in_(reporters), col(Deadline.owner_id).is_not(None), not_(handed_over))
    owner = when_((is_reporters, "reporter"), else_=Deadline.owner_id).label("whose")
    counting = select(owner, Deadline.role, func.count(), func.min(Deadline.due_local)).where(*_late(work, by))
    groups: dict[str, tuple[int, str]] = {}
    for owner_id, role, count, oldest in work.session.exec(counting.group_by("whose", col(Deadline.role))).all():
        label = _owner_words(work, owner_id, role)
        so_far, before = groups.get(label, (0, oldest))
        groups[label] = (so_far + count, min(before, oldest))
    return _tallied(work, "Late, by owner", groups)


def _owner_words(work: Work, owner_id: str | None, role: str | None) -> str:
    if owner_id == "reporter":
        return "The reporters"
    owner = people.person(work, owner_id)
    if owner and owner.active:
        return owner.name
    words = words_of(role)
    return words[:1].upper() + words[1:]


def _by_service(work: Work, by: Member) -> tuple[Part, ...]:
    found = _late_by_service(work, *_late(work, by))
    services = sorted((service for service in found if service), key=lambda service: -found[service][0])
    show = tuple(
        button(work, f"Show the late ones of {service}", "board.service", opens=True, service=service)
        for service in services[:IN_A_ROW]
    )
    shown = {service or "The trust as a whole": tally for service, tally in found.items()}
    private = _private_count(work, by) if by.is_quality else 0
    words = f"Private ones (support, contact with staff): {private} late. They are on no board."
    return (
        *_tallied(work, "Late, by service", shown),
        *((Buttons(buttons=show),) if show else ()),
        *((Words(text=words, style="subtle"),) if private else ()),
    )


def _late_by_service(work: Work, *late: Any) -> dict[str | None, tuple[int, str]]:
    counting = select(Deadline.service, func.count(), func.min(Deadline.due_local)).where(*late)
    return {s: (count, oldest) for s, count, oldest in work.session.exec(counting.group_by(col(Deadline.service)))}


def _private_count(work: Work, by: Member) -> int:
    """How many private duties are late, without those that are to be kept from whoever reads this."""
    rules = work.setting.rules.values()
    private = [rule.id for rule in rules if rule.private and not rule.held_tight and rule.id not in LISTED]
    late = select(Deadline).where(*_is_late(work), col(Deadline.rule).in_(private))
    return sum(by.id not in support_circle.kept_from(work, deadline) for deadline in work.session.exec(late))


def _tallied(work: Work, title: str, groups: dict[str, tuple[int, str]]) -> tuple[Part, ...]:
    """The most first."""
    most = sorted(groups.items(), key=lambda group: (-group[1][0], group[0]))
    found = [Tally(label, count, _day(work, oldest)) for label, (count, oldest) in most[:TALLIES]]
    return cards.tallies(title, found, max(0, len(most) - TALLIES))


def _day(work: Work, due_local: str) -> str:
    return cards.day_words(date.fromisoformat(due_local[:10]), work.local.date())


# The late ones of one service


def _show_service(work: Work, press: Press) -> Reply:
    service = press.args["service"]
    if not allowed(work, press.by, Act.SEE_BOARD):
        raise Refusal("The board is for the quality team and those who lead a service. Type overdue to see your own.")
    late = select(Deadline).where(*_late(work, press.by), Deadline.service == service)
    found = work.session.exec(late.order_by(col(Deadline.due_at), col(Deadline.id)).limit(SHOWN)).all()
    count = int(work.session.exec(select(func.count()).select_from(late.subquery())).one())
    body = [part for deadline in found for part in _late_one(work, press.by, deadline)]
    if count > SHOWN:
        body.append(Words(text=f"And {count - SHOWN} more. These are the oldest.", style="subtle"))
    nothing = (Words(text="Nothing is late there. Thank you."),)
    card = Card(title=f"Late in {service}", preview="Here is what is late.", body=tuple(body) or nothing)
    return Reply(card=card, replaces=press.place.private)


def _late_one(work: Work, by: Member, deadline: Deadline) -> tuple[Part, ...]:
    """One late duty: the reference only where they may open the case, and more where it is theirs to see."""
    found = duty(work, deadline)
    if found is None:
        return ()
    shown = line(work, deadline, found.rule)
    if found.case and not allowed(work, by, Act.SEE_CASE, found.case):
        shown = cards.DutyLine(shown.what, shown.when, shown.due, "kept close", owed_by=shown.owed_by)
    whose = Words(text=f"{shown.due} {shown.owed_by}.", style="subtle")
    heading = Words(text=shown.heading, style="heading")
    if not may(by, Act.SEE_DUTY, found.facts):
        return heading, whose
    spoken = f"{shown.spoken('More')}, {deadline.occurrence}"
    more = button(work, "More", "duty.show", opens=True, spoken=spoken, deadline=deadline.id)
    return heading, whose, Buttons(buttons=(more,))


# The Monday summary


def summary(work: Work, which: str) -> Card | None:
    """The week that begins on a Monday, for the leads' channel: numbers and references, no names."""
    monday = date.fromisoformat(which)
    late = _late_by_service(work, *_is_late(work), col(Deadline.rule).in_(_open_rules(work)))
    by_service = sorted(late.items(), key=lambda group: (-group[1][0], group[0] or ""))
    late_facts = [
        Tally(service or "The trust as a whole", count, _day(work, oldest)).fact()
        for service, (count, oldest) in by_service[:TALLIES]
    ]
    return cards.summary_card(
        [
            ("Late", late_facts),
            ("Due this week", _by_duty(work, Deadline.state == OPEN, *_between(work, Deadline.due_at, monday, 0))),
            ("Done last week", _by_duty(work, Deadline.state == DONE, *_between(work, Deadline.closed_at, monday, -7))),
            ("Paused, and to be looked at again", _paused(work)),
            ("Patient Safety Alerts that are open", _alerts(work)),
        ],
        monday,
    )


def _between(work: Work, at: Any, monday: date, offset: int) -> tuple[Any, Any]:
    """In the week that begins so many days from the Monday."""
    first = datetime.combine(monday + timedelta(days=offset), time())
    utc = work.setting.calendar_beyond.utc
    return col(at) >= utc(first), col(at) < utc(first + timedelta(days=7))


def _by_duty(work: Work, *which: Any) -> list[Fact]:
    counting = select(Deadline.rule, func.count()).where(*which, col(Deadline.rule).in_(_open_rules(work)))
    found = work.session.exec(counting.group_by(col(Deadline.rule))).all()
    most = sorted(found, key=lambda group: (-group[1], group[0]))
    return [Fact(label=work.setting.rules[rule].duty, value=str(count)) for rule, count in most]


def _paused(work: Work) -> list[Fact]:
    """Those whose day of review has passed."""
    waiting = select(Deadline).where(
        Deadline.state == PAUSED,
        col(Deadline.review_on) < work.local.date(),
        col(Deadline.rule).in_(_open_rules(work)),
    )
    found: Sequence[Deadline] = work.session.exec(waiting.order_by(col(Deadline.review_on)).limit(REFERENCES)).all()
    return [
        Fact(
            label=work.setting.rules[d.rule].duty,
            value=", ".join(filter(None, (reference(work, d), f"review day {_day(work, str(d.review_on))}"))),
        )
        for d in found
    ]


def _alerts(work: Work) -> list[Fact]:
    still = select(SafetyAlert).where(col(SafetyAlert.authorised_at).is_(None)).order_by(col(SafetyAlert.due_on))
    return [
        Fact(label=alert.number, value=f"due {cards.day_words(alert.due_on, work.local.date())}")
        for alert in work.session.exec(still.limit(REFERENCES))
    ]


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"board.service": _show_service}
