"""Everything that the bot holds about one member of staff, for their right of access: a folder of CSV files.

Being fair is not here, whether there is any or none: a named overseer gives that out, in chat.
"""

from collections.abc import Callable, Iterator

from sqlmodel import col, func, or_, select

from psirf_bot.cards.answers import shown
from psirf_bot.casework import people
from psirf_bot.casework.case_history import SECRET
from psirf_bot.casework.conversations import GONE_BACK_TO
from psirf_bot.casework.export import BY, Export, made_of
from psirf_bot.casework.export_tables import Row
from psirf_bot.casework.fair_circle import KIND as BEING_FAIR
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import Json
from psirf_bot.domain import identifiers
from psirf_bot.store.audit import digest_of
from psirf_bot.store.tables import (
    Addition,
    AuditEntry,
    Case,
    Contact,
    Deadline,
    Dialog,
    Identity,
    LearningResponse,
    NamedContact,
    Nudge,
    Panel,
    PanelMember,
    Person,
    ReportVersion,
    SafetyAction,
    SafetyAlert,
    StandIn,
    SupportCheck,
    SupportNeed,
    SupportRequest,
    Training,
    Vote,
    WorkingHours,
)

LEFT_OUT = (
    "Not in this export, whether there is any or none: everything about being fair. A named overseer can give that "
    "out, in chat. Also not in it: what other people wrote in which this person may be named; reasons, decisions and "
    "notes that this person wrote in a role, which stand in the export of those cases; words of a check, which are not "
    "kept; whom a reporter asked to leave out; messages that could not be delivered, which psirf-bot outbox lists; "
    "messages in Slack and Teams, which are searched there. Patient "
    "identifiers that the bot knows by their form are masked. Other people may be named in free text: somebody reads "
    "it first."
)

RECOGNISED = "taken for the same person"
"""In the audit, of somebody on the list who had been known under another id until then (people_list.py)."""


class NoSuchPerson(Exception):
    """Nobody has this e-mail address, or this id on a platform."""


def gather(work: Work, email: str) -> Export:
    """Everything about the person with this e-mail address. Raises NoSuchPerson. It is audited.

    Of somebody who is not on the people list no address may be known: they are found by their id on Slack or Teams.
    """
    asked = email.strip().lower()
    with_id = select(Person).join(Identity, col(Identity.person_id) == Person.id)
    person = (
        work.session.exec(select(Person).where(func.lower(col(Person.email)) == asked)).first()
        or work.session.exec(with_id.where(func.lower(col(Identity.user)) == asked)).first()
    )
    if person is None:
        raise NoSuchPerson(email)
    work.record(BY, "exported what is held about one person", person=person.id)
    tables = {name: (header, list(rows(work, person))) for name, (header, rows) in TABLES.items()}
    return made_of(work, tables, {"person": person.name}, LEFT_OUT)


def _ids(work: Work, person: Person) -> list[str]:
    """Theirs, and those under which they were known before they were recognised: what they wrote and did keeps them.

    The audit says that there are such, and for each only the digest of its id.
    """
    taken = select(AuditEntry.digest).where(AuditEntry.actor_id == person.id, AuditEntry.what == RECOGNISED)
    digests = set(work.session.exec(taken))
    others = select(Person.id).where(col(Person.active).is_(False), col(Person.on_list).is_(False))
    found = work.session.exec(others).all() if digests else ()
    return [person.id, *(one for one in found if digest_of({"newcomer": one}) in digests)]


def _reference(work: Work, case_id: str | None) -> str:
    case = work.session.get(Case, case_id) if case_id else None
    return case.reference if case else ""


def _typed(words: str | None) -> str:
    return identifiers.mask(words) if words else ""


def _person(work: Work, person: Person) -> Iterator[Row]:
    manager = people.name_of(work, person.line_manager_id)
    never = people.name_of(work, person.passes_over_id)
    roles = "; ".join(person.roles)
    yield person.name, person.email, roles, person.service, manager, person.active, person.on_list, never


def _identities(work: Work, person: Person) -> Iterator[Row]:
    for one in work.session.exec(select(Identity).where(Identity.person_id == person.id).order_by(Identity.platform)):
        yield one.platform, one.team, one.user, one.seen_at


def _hours(work: Work, person: Person) -> Iterator[Row]:
    hours = work.session.get(WorkingHours, person.id)
    if hours:
        yield ", ".join(str(day + 1) for day in hours.days), hours.begin, hours.end


def _stand_ins(work: Work, person: Person) -> Iterator[Row]:
    theirs = select(StandIn).where(or_(col(StandIn.person_id) == person.id, col(StandIn.deputy_id) == person.id))
    for one in work.session.exec(theirs.order_by(col(StandIn.starts))):
        yield people.name_of(work, one.person_id), people.name_of(work, one.deputy_id), one.role, one.starts, one.ends


def _training(work: Work, person: Person) -> Iterator[Row]:
    for one in work.session.exec(select(Training).where(Training.person_id == person.id).order_by(col(Training.on))):
        yield one.course, one.on, f"{one.amount:g}"


def _reports(work: Work, person: Person) -> Iterator[Row]:
    """What they reported, in every version that they wrote themselves."""
    by = _ids(work, person)
    written = select(ReportVersion).where(col(ReportVersion.by_id).in_(by)).order_by(col(ReportVersion.id))
    for version in work.session.exec(written):
        for read in version.wording.values():
            if read["shown"]:
                answer = _typed(read["shown"])
                yield _reference(work, version.case_id), version.number, version.at, read["label"], answer
    for added in work.session.exec(select(Addition).where(col(Addition.by_id).in_(by)).order_by(col(Addition.id))):
        yield _reference(work, added.case_id), None, added.at, "Added later", _typed(added.text)


def _unfinished(work: Work, person: Person) -> Iterator[Row]:
    theirs = select(Dialog).where(Dialog.person_id == person.id, Dialog.flow == work.setting.report_flow.id)
    for dialog in work.session.exec(theirs.order_by(col(Dialog.created_at))):
        answers = {key: _read(work, key, value) for key, value in dialog.answers.items() if key != GONE_BACK_TO}
        given = {key: words for key, words in answers.items() if words}
        for question, answer in given.items() or [("", "")]:
            yield dialog.state, dialog.created_at, dialog.updated_at, question, _typed(answer)


def _read(work: Work, key: str, value: Json) -> str:
    """An answer of an unfinished report in words; nothing where the question was left out."""
    question = work.setting.report_flow.question(key)
    if question is None:
        return str(value)
    return shown(question, value, lambda who: people.name_of(work, who) or who)


def _support(work: Work, person: Person) -> Iterator[Row]:
    """That they were named in a report as somebody to be checked on, and the checks; not who named them.

    Whoever checks is named, whoever they are: the person knows who spoke to them, and a name that is left out there
    would tell them that it was the reporter.
    """
    for need in _needs(work, person):
        by = people.name_of(work, need.checker_id)
        yield _reference(work, need.case_id), need.at, "named in a report", need.name, need.state, by, "", ""
        for check in work.session.exec(select(SupportCheck).where(SupportCheck.need_id == need.id)):
            by, offered, accepted = (
                people.name_of(work, check.by_id), "; ".join(check.offered), "; ".join(check.accepted)
            )  # fmt: skip
            yield _reference(work, need.case_id), check.at, f"check: {check.stage}", "", check.hr, by, offered, accepted


def _needs(work: Work, person: Person) -> list[SupportNeed]:
    theirs = select(SupportNeed).where(SupportNeed.person_id == person.id)
    return list(work.session.exec(theirs.order_by(col(SupportNeed.at), SupportNeed.id)))


def _requests(work: Work, person: Person) -> Iterator[Row]:
    theirs = select(SupportRequest).where(SupportRequest.person_id == person.id).order_by(col(SupportRequest.at))
    for one in work.session.exec(theirs):
        taken = people.name_of(work, one.taken_by)
        yield one.at, _reference(work, one.case_id), one.wish, one.state, taken, one.done_at


def _contacts(work: Work, person: Person) -> Iterator[Row]:
    """Contact that was agreed with them during a learning response."""
    agreed = select(Contact).where(col(Contact.need_id).in_([need.id for need in _needs(work, person)]))
    for one in work.session.exec(agreed.order_by(Contact.id)):
        lead = people.name_of(work, one.lead_id)
        avoid = "; ".join(one.avoid)
        yield (
            _reference(work, one.case_id),
            lead,
            one.every,
            avoid,
            "; ".join(one.access),
            one.first_on,
            one.last_on,
            one.next_on,
            one.ended_at,
        )


def _votes(work: Work, person: Person) -> Iterator[Row]:
    """Where they had a seat in a panel, and every vote that they gave."""
    seats = select(PanelMember, Panel).join(Panel, col(Panel.id) == PanelMember.panel_id)
    for seat, panel in work.session.exec(seats.where(PanelMember.person_id == person.id).order_by(PanelMember.id)):
        yield _reference(work, panel.case_id), panel.opened_at, seat.seat, "", "", seat.recused_at
    given = select(Vote, Panel).join(Panel, col(Panel.id) == Vote.panel_id).where(Vote.by_id == person.id)
    for vote, panel in work.session.exec(given.order_by(col(Vote.id))):
        yield _reference(work, panel.case_id), vote.at, "vote", vote.choice, _typed(vote.rationale), None


def _duties(work: Work, person: Person) -> Iterator[Row]:
    theirs = or_(col(Deadline.owner_id) == person.id, col(Deadline.closed_by).in_(_ids(work, person)))
    for duty in work.session.exec(select(Deadline).where(theirs).order_by(col(Deadline.due_at), Deadline.id)):
        if not _is_fair(duty):
            rule = work.setting.rules.get(duty.rule)
            case, owed = _reference(work, duty.case_id), duty.owner_id == person.id
            yield case, rule.duty if rule else duty.rule, owed, duty.due_local, duty.state, duty.closed_at


def _reminders(work: Work, person: Person) -> Iterator[Row]:
    theirs = select(Nudge, Deadline).join(Deadline, col(Deadline.id) == Nudge.deadline_id)
    for nudge, duty in work.session.exec(theirs.where(Nudge.person_id == person.id).order_by(col(Nudge.id))):
        if not _is_fair(duty):
            yield _reference(work, duty.case_id), nudge.day, nudge.why


def _is_fair(duty: Deadline) -> bool:
    return duty.subject_kind == BEING_FAIR or duty.rule.startswith(f"{BEING_FAIR}.")


def _parts(work: Work, person: Person) -> Iterator[Row]:
    """Which cases, responses, panels and actions have them as owner, lead, chair or contact."""
    for model, column, part in (
        (Case, Case.reporter_id, "reported it"),
        (Case, Case.owner_id, "looks after it"),
        (Panel, Panel.chair_id, "chairs its panel"),
        (LearningResponse, LearningResponse.lead_id, "leads its learning response"),
        (NamedContact, NamedContact.contact_id, "named contact"),
        (Contact, Contact.lead_id, "keeps contact"),
        (SafetyAction, SafetyAction.owner_id, "owns a safety action"),
    ):
        name = "id" if model is Case else "case_id"
        found = work.session.exec(select(getattr(model, name)).where(col(column) == person.id)).all()
        yield from ((part, reference) for reference in sorted(_reference(work, one) for one in found))
    for alert in work.session.exec(select(SafetyAlert).where(SafetyAlert.lead_id == person.id)):
        yield "leads a safety alert", alert.number


def _audit(work: Work, person: Person) -> Iterator[Row]:
    """What they did and when."""
    for entry in work.session.exec(
        select(AuditEntry).where(col(AuditEntry.actor_id).in_(_ids(work, person))).order_by(col(AuditEntry.id))
    ):
        if not SECRET.search(entry.what):
            yield entry.at, entry.what, _reference(work, entry.case_id)


TABLES: dict[str, tuple[tuple[str, ...], Callable[[Work, Person], Iterator[Row]]]] = {
    "person": (
        ("name", "e-mail", "roles", "service", "line manager", "works here", "on the list", "is not asked about them"),
        _person,
    ),
    "identities": (("platform", "team", "user", "last seen"), _identities),
    "working_hours": (("days, Monday is 1", "from", "until"), _hours),
    "stand_ins": (("for", "by", "role", "from", "until"), _stand_ins),
    "training": (("course", "on", "amount"), _training),
    "reports": (("case", "version", "at", "question", "answer"), _reports),
    "unfinished_reports": (("state", "begun", "added to", "question", "answer"), _unfinished),
    "support": (("case", "at", "what", "named as", "state", "by", "offered", "accepted"), _support),
    "support_requests": (("at", "case", "wish", "state", "taken by", "done"), _requests),
    "contacts": (("case", "lead", "every", "not on", "easier", "first", "last", "next", "ended"), _contacts),
    "panels": (("case", "at", "seat or vote", "choice", "reason", "stood back"), _votes),
    "duties": (("case", "duty", "theirs", "due", "state", "closed"), _duties),
    "reminders": (("case", "day", "why"), _reminders),
    "parts": (("part", "in"), _parts),
    "audit": (("at", "what", "case"), _audit),
}  # fmt: skip
