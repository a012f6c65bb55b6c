"""A person's morning digest, and the list of what is late in the leads' channel: as things stand when it is shown."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, func, select

from psirf_bot.cards import duties as cards
from psirf_bot.cards.model import Card
from psirf_bot.casework import addresses, contacts, owed, owners, people, post, support_circle, told
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import is_restricted
from psirf_bot.casework.deadlines import OPEN, PAUSED, RUNNING
from psirf_bot.casework.duty_buttons import rows
from psirf_bot.casework.duty_lines import HELP, LEADS, PUT_OFF, UP, Duty, duty, line, names_of_owners, when
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, Nudge, Person

TO_HELP = frozenset({UP, HELP, PUT_OFF})
"""Why somebody hears of what is not theirs; what they put off was one of these."""
ORDER = ("late", "today", "soon", "paused")
_READERS = "readers of digests"


def subject(person_id: str, day: date) -> str:
    """The living card that holds what somebody is reminded of on a day."""
    return f"digest:{person_id}:{day.isoformat()}"


def read_ahead(work: Work, which: Collection[str]) -> None:
    """Several digests, each "<person id>:<day>", are about to be rendered: read at once what each would read."""
    split = (one.rpartition(":") for one in which)
    readers = [(reader, date.fromisoformat(day)) for reader, _, day in split if reader != LEADS]
    if len(readers) < 2:
        return
    ids = [reader for reader, _ in readers]
    owners.read_ahead(work, ids)
    found = work.session.exec(_PEOPLE, params={"ids": ids}).all()
    work.memo.update({("person", someone.id): someone for someone in found})
    members = work.memo[_READERS] = {someone.id: people.member(work, someone) for someone in found if someone.active}
    duties = told.read_ahead(work, readers)
    for day in {day for _, day in readers}:
        theirs = [members[reader] for reader, its_day in readers if its_day == day and reader in members]
        duties += owed.read_ahead(work, theirs, _end_of(work, day))
    told.read_ahead_of(work, duties)


def render(work: Work, which: str) -> Card | None:
    """The digest of "<person id>:<day>"; None where nothing is left to say and nothing has been said yet."""
    reader, _, day = which.rpartition(":")
    if reader == LEADS:
        return _for_the_leads(work, date.fromisoformat(day))
    by = _reader(work, reader)
    return _for_one(work, by, date.fromisoformat(day)) if by else None


def _reader(work: Work, who: str) -> Member | None:
    """None once they have left."""
    ahead: dict[str, Member] = work.memo.get(_READERS, {})
    if who in ahead:
        return ahead[who]
    someone = people.person(work, who)
    return people.member(work, someone) if someone and someone.active else None


def _for_one(work: Work, by: Member, day: date) -> Card | None:
    back = _put_off(work, by.id, day)
    nudged = _nudged(work, by.id, day)
    known = [(deadline, why) for deadline, why in nudged if _may_know(work, by, deadline)]
    why_of = {d.id: why for d, why in known if d.id not in back and is_for(work, by, d, why)}
    others, more = owed.owed_by(work, by, _end_of(work, day))
    here = {deadline.id for deadline, _ in nudged} | back.keys()
    listed = [deadline for deadline, _ in nudged if deadline.id in why_of]
    listed += [deadline for deadline in others if deadline.id not in here]
    listed.sort(key=lambda deadline: (ORDER.index(when(work, deadline)), deadline.due_at, deadline.rule))
    posted = post.is_posted(work, subject(by.id, day))
    if not listed and not posted:
        return None
    first = [found for deadline in listed[: cards.SHOWN] if (found := duty(work, deadline))]
    shown = [
        (found, _asked(work, by, found, why_of.get(found.deadline.id, "")), contacts.waits(work, found.deadline))
        for found in first
    ]
    rules = work.setting.rules
    settled = [line(work, d, rules[d.rule]) for d, _ in known if d.state not in RUNNING] if posted else []
    return cards.digest_card(
        rows(work, by, shown, day.isoformat()),
        settled,
        list(_put_off_words(work, by, back)) if posted else [],
        more=more + max(0, len(listed) - cards.SHOWN),
    )


def _end_of(work: Work, day: date) -> datetime:
    if ("end of", day) not in work.memo:
        work.memo["end of", day] = work.setting.calendar_beyond.end_of(day)[1]
    end: datetime = work.memo["end of", day]
    return end


def _nudged(work: Work, reader: str, day: date) -> list[tuple[Deadline, str]]:
    """What this reader is reminded of on that day, and why."""
    return [(deadline, nudge.why) for deadline, nudge in told.told(work, reader, day)]


def _may_know(work: Work, by: Member, deadline: Deadline) -> bool:
    """Whoever was reminded of a duty may see it, unless it is to be kept from them; some have messages of their own."""
    rule = work.setting.rules.get(deadline.rule)
    return rule is not None and not rule.alone and by.id not in support_circle.kept_from(work, deadline)


def is_for(work: Work, by: Member, deadline: Deadline, why: str) -> bool:
    """Still to be done, and still theirs to do or, where they were asked to, to help with."""
    if deadline.state not in RUNNING:
        return False
    owing = told.owing(work, deadline)
    if by.id in owing:
        return True
    in_time = deadline.state == OPEN and when(work, deadline) != "late"
    if why == UP and in_time and any(addresses.can_be_reached(work, owner) for owner in owing):
        return False  # another day was agreed since
    # The quality team is asked where nobody else can be reached.
    rungs = (*work.setting.rules[deadline.rule].ladder, Role.QUALITY) if why in TO_HELP else ()
    return any(someone.id == by.id for role in rungs for someone in owners.in_role(work, role, deadline.service))


def _asked(work: Work, by: Member, found: Duty, why: str) -> str:
    """Why somebody who does not owe it hears of it: without blame."""
    if by.id in found.facts.owner_ids or why not in TO_HELP:
        return ""
    if found.deadline.state == PAUSED:
        return "Nothing is asked of you while it is paused."
    if not found.facts.owner_ids:
        return "There is nobody in the role that this falls to. Can you help?"
    who = names_of_owners(work, by, found)
    if why == HELP:
        return f"{who} would like help with this. Can you help?"
    if who and not any(addresses.can_be_reached(work, owner) for owner in found.facts.owner_ids):
        return f"{who} cannot be reached here just now. Can you help?"
    first = select(col(Nudge.day)).where(
        Nudge.deadline_id == found.deadline.id, col(Nudge.person_id).in_(found.facts.owner_ids)
    )
    day = work.session.exec(first.order_by(col(Nudge.day))).first()
    asked = f"{'were' if ' and ' in who else 'was'} asked"
    today = work.local.date()
    if day is None or day >= today:
        return f"{who} {asked}. Can you help?"
    return f"{who} {asked} on {cards.day_words(day, today)}. Can you help?"


def _put_off(work: Work, person_id: str, day: date) -> dict[str, tuple[Deadline, date]]:
    """What this person has put off beyond that day, and until when."""
    later = told.told_later(work, person_id, day)
    return {deadline.id: (deadline, nudge.day) for deadline, nudge in later if nudge.why == PUT_OFF}


def _put_off_words(work: Work, by: Member, back: dict[str, tuple[Deadline, date]]) -> Iterator[str]:
    """What they put off comes back as long as it is still to be done, and still theirs."""
    for deadline, day in back.values():
        found = duty(work, deadline)
        if found and is_for(work, by, deadline, PUT_OFF):
            shown = line(work, deadline, found.rule)
            yield f"Not today: {shown.heading}. Back {cards.day_words(day, work.local.date())}."


def _for_the_leads(work: Work, day: date) -> Card | None:
    """What was late that day: by duty, reference, service and role. Private duties never appear, and nobody's name."""
    rules = work.setting.rules
    listed = [d for d, _ in _nudged(work, LEADS, day) if d.rule in rules and not rules[d.rule].private]
    late = [d for d in listed if when(work, d) == "late"]
    open_rules = [rule.id for rule in rules.values() if not rule.private]
    all_late = (
        select(func.count())
        .select_from(Deadline)
        .where(Deadline.state == OPEN, col(Deadline.due_at) < work.now, col(Deadline.rule).in_(open_rules))
    )
    settled = [d for d in listed if d.state not in RUNNING]
    if not late and not post.is_posted(work, subject(LEADS, day)):
        return None
    return cards.leads_card(
        [_for_a_channel(work, d) for d in late],
        [_for_a_channel(work, d) for d in settled],
        [_for_a_channel(work, d) for d in listed if d.state in RUNNING and d not in late],
        max(0, work.session.exec(all_late).one() - len(late)),
        button(work, "See what waits", "words.overdue", opens=True),
        day=cards.day_words(day, work.local.date()),
    )


def _for_a_channel(work: Work, deadline: Deadline) -> cards.DutyLine:
    """A duty where others read along: of a case that is kept close, the service is not said."""
    case = work.session.get(Case, deadline.case_id) if deadline.case_id else None
    shown = line(work, deadline, work.setting.rules[deadline.rule])
    if case and (is_restricted(work, case) or case.quality_only):
        return cards.DutyLine(shown.what, shown.when, shown.due, shown.reference, owed_by=shown.owed_by)
    return shown


_IDS: Any = bindparam("ids", expanding=True)
_PEOPLE = select(Person).where(col(Person.id).in_(_IDS))
