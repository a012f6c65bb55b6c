"""Duties for tests: whose they are, when they are due and who was reminded, put straight into the store."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlmodel import select

from psirf_bot.cards import adaptive, blockkit, check
from psirf_bot.cards.model import Card
from psirf_bot.casework import addresses, digest, people
from psirf_bot.casework.inbound import Place, Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.store.tables import Case, Deadline, Nudge, Person, Posted
from stage import address_of

TODAY = date(2026, 11, 20)  # a Friday, and what the stage takes for today
NUMBERS = count(1)


def who(work: Work, name: str) -> Person:
    return work.session.exec(select(Person).where(Person.name == name)).one()


def a_case(work: Work, number: int = 1, service: str = "Community Nursing", **facts: Any) -> Case:
    case = Case(
        id=f"case{number}",
        reference=f"PSI-2026-{number:04d}",
        state=facts.pop("state", "read"),
        event_type="incident",
        service=service,
        occurred="2026-11-19",
        opened_at=work.now,
        **facts,
    )
    work.session.add(case)
    work.session.flush()
    return case


def owed(
    work: Work,
    rule: str,
    due_in: int = 0,
    *,
    owner: str | None = None,
    case: Case | None = None,
    about: tuple[str, str] | None = None,
    **facts: Any,
) -> Deadline:
    """A duty that is due so many days from today, at the end of the day."""
    known = work.setting.rules[rule]
    local, at = work.setting.calendar_beyond.end_of(TODAY + timedelta(days=due_in))
    kind, which = about or (("case", case.id) if case else ("trust", "trust"))
    number = next(NUMBERS)
    made = Deadline(
        id=f"duty{number}",
        rule=rule,
        subject_kind=kind,
        subject_id=which,
        occurrence=str(number),
        case_id=case.id if case else None,
        service=facts.pop("service", case.service if case else None),
        owner_id=who(work, owner).id if owner else None,
        role=known.role,
        since=work.now - timedelta(days=9),
        length=str(known.due) if known.due else None,
        source=known.source,
        due_local=local.isoformat(timespec="minutes"),
        due_at=at,
        **facts,
    )
    work.session.add(made)
    work.session.flush()
    return made


def nudged(work: Work, deadline: Deadline, reader: str, why: str = "due", day: date = TODAY) -> None:
    person_id = reader if reader == "leads" else who(work, reader).id
    work.session.add(
        Nudge(deadline_id=deadline.id, step=0, person_id=person_id, why=why, day=day, at=work.now - timedelta(hours=5))
    )
    work.session.flush()


def posted(work: Work, reader: str, day: date = TODAY) -> None:
    """The digest of that day is in their chat."""
    person_id = reader if reader == "leads" else who(work, reader).id
    address = {"channel": reader} if reader == "leads" else {"user": address_of(reader)}
    lane = addresses.lane_of("web", address)
    message = f"{address.get('user') or reader}/0"
    subject = digest.subject(person_id, day)
    work.session.add(Posted(subject=subject, lane=lane, platform="web", address=address, message=message))
    work.session.flush()


def digest_of(work: Work, reader: str, day: date = TODAY) -> Card | None:
    person_id = reader if reader == "leads" else who(work, reader).id
    return digest.render(work, f"{person_id}:{day.isoformat()}")


def press(
    work: Work,
    verb: Callable[[Work, Press], Reply],
    deadline: Deadline,
    by: str,
    given: Mapping[str, object] | None = None,
    *,
    day: date | None = TODAY,
) -> Card:
    """Press a button of a duty in the digest of a day; the card that is shown then."""
    args = {"deadline": deadline.id} | ({"day": day.isoformat()} if day else {})
    place = Place("chat", True, True, "m", {"user": by})
    reply = verb(work, Press("", args, None, given or {}, people.member(work, who(work, by)), "web", place))
    assert reply.card is not None
    return reply.card


def problems(card: Card) -> list[str]:
    """Why a platform would not take the card, or cut something off it."""
    slack = blockkit.message(card)
    cut = ["cut on Slack"] if "more than can be shown" in str(slack) else []
    return [*check.slack_problems(slack), *check.teams_problems(adaptive.render(card)), *cut]


def labels(card: Card) -> list[str]:
    return [button.label for button in card.all_buttons()]
