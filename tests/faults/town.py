"""The trust in which it all happens: its people, and what they have to be told each morning."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial

from sqlmodel import col, func, select

from faults.checker import Expected, Told
from psirf_bot.cards.model import Card, Words
from psirf_bot.casework import post
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import PersonRow, Role
from psirf_bot.domain.working_time import Calendar
from psirf_bot.store.tables import Deadline, Identity, Outbox

OPEN = ("due", "sending", "uncertain")
FAR_OFF = timedelta(minutes=10)
_MARK = re.compile(r"nudge ([0-9a-z-]+)")


def marks(told: Told) -> tuple[str, ...]:
    """Which of the plain nudges a message is."""
    return tuple(_MARK.findall(told.words))


@dataclass(frozen=True)
class Someone:
    """Somebody on one platform. `id` is the platform's own."""

    id: str
    name: str
    platform: str

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@fenmarsh.example"


def people(how_many: int) -> list[Someone]:
    """Half of them on Slack, half on Teams."""
    return [
        Someone(f"U0{n:07d}", f"Ada Slack {n}", "slack")
        if n % 2
        else Someone(str(uuid.uuid5(uuid.NAMESPACE_OID, str(n))), f"Ted Teams {n}", "teams")
        for n in range(how_many)
    ]


def move_in(work: Work, everybody: list[Someone], teams: Mapping[str, str], chats: Mapping[str, str], url: str) -> None:
    """Take on the people list; every other one on Teams has a chat with the bot already."""
    rows = [
        PersonRow(
            name=p.name,
            email=p.email,
            roles=frozenset({Role.QUALITY if p is everybody[0] else Role.STAFF}),
            service=work.trust.services[0],
            line_manager=None,
            teams_id=p.id if p.platform == "teams" else None,
            slack_id=p.id if p.platform == "slack" else None,
        )
        for p in everybody
    ]
    take_on(work, rows, teams)
    for number, identity in enumerate(work.session.exec(select(Identity).where(Identity.platform == "teams"))):
        chat = {"conversation": chats[identity.user]} if number % 2 else identity.address
        identity.address = {**chat, "service_url": url}
        work.session.add(identity)


def mornings(calendar: Calendar, after: datetime, days: int) -> list[datetime]:
    """The moments at which so many working days begin."""
    found: list[datetime] = []
    day = after.date() + timedelta(days=1)  # the evening before may not be over yet
    while len(found) < days:
        day += timedelta(days=1)
        if calendar.is_working_day(day):
            found.append(calendar.utc(datetime.combine(day, time(9))))
    return found


def nudges_of(morning: datetime, everybody: list[Someone], each: int) -> dict[Someone, list[Expected]]:
    """What everybody has to be told that morning."""
    return {
        p: [Expected(f"{morning:%m%d}-{number}-{index}", p.id, morning) for index in range(each)]
        for number, p in enumerate(everybody)
    }


def write_down(work: Work, expected: Mapping[Someone, list[Expected]]) -> None:
    """Put it all in the outbox, due at its time. Done again after a failure, it adds only what is missing."""
    person_of = {i.user: i.person_id for i in work.session.exec(select(Identity))}
    there = set(work.session.exec(select(Outbox.key).where(col(Outbox.key).like("feed%"))))
    for someone, nudges in expected.items():
        for nudge in nudges:
            if (key := f"feed{_opaque(nudge.nudge)}") in there:
                continue
            then = Work(work.session, nudge.due, replace(work.setting, new_id=partial(str, key)))
            words = Words(text=f"nudge {nudge.nudge} is for you.")
            card = Card(title="Something to do", preview="Something to do", body=(words,))
            post.to_person(then, person_of[someone.id], card)


def _opaque(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def waiting(work: Work) -> int:
    """How many messages have not come to an end, and how many reminders are not yet written."""
    soon = work.now + FAR_OFF
    messages = select(func.count()).select_from(Outbox).where(col(Outbox.state).in_(OPEN), Outbox.due_at <= soon)
    reminders = select(func.count()).select_from(Deadline)
    due = reminders.where(col(Deadline.state).in_(("open", "paused")), col(Deadline.next_at) <= work.now)
    return work.session.exec(messages).one() + work.session.exec(due).one()


def only_for_later(work: Work) -> datetime | None:
    """The next try or look, where everything that waits only waits for a time to come."""
    here = col(Outbox.state).in_(OPEN), Outbox.due_at <= work.now + FAR_OFF
    waits = dict(
        work.session.exec(select(Outbox.state, func.min(Outbox.due_at)).where(*here).group_by(Outbox.state)).all()
    )
    soonest = min(waits.values(), default=work.now)
    return soonest if "sending" not in waits and soonest > work.now else None


def on_show(work: Work, expected: Mapping[Someone, list[Expected]]) -> set[str]:
    """The nudges that were given up, and stand where people look."""
    dead = set(work.session.exec(select(Outbox.key).where(Outbox.state == "dead")))
    return {n.nudge for nudges in expected.values() for n in nudges if f"feed{_opaque(n.nudge)}" in dead}
