"""One checklist for responses with other organisations (policy §12.4, J01 to J07). The newest one counts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from psirf_bot.cards import partners as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.check import clip
from psirf_bot.cards.model import Card, Fact
from psirf_bot.casework import people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current, sees
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.under_way import also_paused, response_of
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, long_text, one_of, short_text
from psirf_bot.domain.authority import Act, Member
from psirf_bot.store.tables import Case, Partnership

OURS, ANOTHER = "ours", "another"
HELP = {"asked": "Considered: they help", "not-needed": "Considered: not needed", "not-yet": "Not considered yet"}
NOT_YET = "not-yet"
LONG, SHORT = 800, 150

Facts = Mapping[str, Any]


def newest(work: Work, case: Case) -> Partnership | None:
    """What was agreed last, None while nothing was."""
    theirs = select(Partnership).where(Partnership.case_id == case.id)
    return work.session.exec(theirs.order_by(col(Partnership.id).desc())).first()


def lines(work: Work, case: Case) -> tuple[str, ...]:
    """The checklist in a line or two for the response's page; nothing where no other organisation takes part."""
    found = newest(work, case)
    if found is None:
        return ()
    left = missing(found.facts)
    led = f"With other organisations. Led by {_leader(work, found.facts)}."
    return (led, *((f"Still missing: {'; '.join(left)}.",) if left else ()))


def missing(facts: Facts) -> list[str]:
    """What the policy asks for and nobody has noted yet, in words."""
    leader = facts.get("lead-organisation")
    wanted = (
        (leader and facts.get("lead-why"), "who leads, and why they are best placed"),  # J02
        (leader == ANOTHER or facts.get("invited"), "who was invited to help set the scope, and who came"),  # J06
        (facts.get("agreed-times"), "the times that were agreed"),  # J06
        (leader == OURS or facts.get("contribution"), "what we contribute, and who oversees it"),  # J03
        (_considered(facts, "nhse-help"), "whether NHS England could help"),  # J07
        (_considered(facts, "cqc-help"), "whether the CQC could help"),  # J07
        (facts.get("ics-contact"), "the contact at the integrated care system"),  # J01
    )
    return [words for there, words in wanted if not there]


def _considered(facts: Facts, key: str) -> bool:
    return facts.get(key) not in {None, NOT_YET}


def _leader(work: Work, facts: Facts) -> str:
    return work.trust.name if facts.get("lead-organisation") == OURS else str(facts.get("lead-name") or "another")


# The page


def page(work: Work, case: Case, by: Member) -> Card:
    """The checklist as it stands, with what this person may press."""
    found = newest(work, case)
    facts: Facts = found.facts if found else {}
    recorded = ""
    if found:
        at = instant(work.setting.calendar.local(found.at))
        recorded = f"Noted by {people.name_of(work, found.by_id)}, {at}."
    record = button(work, "Note what is agreed", "partners.record", case=case, style="primary")
    look = button(work, "Learning response", "response.show", case=case)
    buttons = (
        (record, look) if any(allowed(work, by, act, case) for act in (Act.LEAD_RESPONSE, Act.RESUME)) else (look,)
    )
    return cards.partners_card(case.reference, _agreed(work, facts), missing(facts), recorded, buttons)


def _agreed(work: Work, facts: Facts) -> list[Fact]:
    known = (
        ("Led by", _leader(work, facts) if facts else ""),
        ("Why", facts.get("lead-why")),
        ("Invited, and who came", facts.get("invited")),
        ("Times agreed", facts.get("agreed-times")),
        ("What we contribute", facts.get("contribution")),
        ("Help from NHS England", HELP.get(facts.get("nhse-help", ""))),
        ("Help from the CQC", HELP.get(facts.get("cqc-help", ""))),
        ("Contact at the ICS", facts.get("ics-contact")),
    )
    return [Fact(label=label, value=clip(str(value), LONG), typed=True) for label, value in known if value]


def _show(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not sees(work, press.by, case):
        raise Refusal(not_now(work, press, case))
    if current(work, case) is None:
        raise Refusal(f"No learning response to {case.reference} has been decided yet.")
    return Reply(card=page(work, case, press.by), replaces=press.place.private)


# What is agreed


def _questions(work: Work, press: Press) -> Sequence[Question]:
    response_of(work, case_of(work, press))
    return (
        one_of("lead-organisation", "Who leads?", {OURS: work.trust.name[:75], ANOTHER: "Another organisation"}),
        short_text("lead-name", "If another: which one?", optional=True, conditional=True, max_length=SHORT),
        long_text(
            "lead-why",
            "Why are they best placed?",
            "Capability, capacity and remit.",
            optional=True,
            max_length=LONG,
        ),
        long_text(
            "invited",
            "Who was invited to help set the scope?",
            "One organisation a line: whether they came, and whether they agree.",
            optional=True,
            max_length=LONG,
        ),
        long_text(
            "agreed-times",
            "Which times were agreed?",
            "When it is to be finished, and when you meet.",
            optional=True,
            max_length=LONG,
        ),
        long_text(
            "contribution",
            "If another leads: what do we contribute?",
            "Documents, and who here oversees them and the learning.",
            optional=True,
            conditional=True,
            max_length=LONG,
        ),
        one_of("nhse-help", "Could NHS England help?", HELP, optional=True),
        one_of("cqc-help", "Could the CQC help?", HELP, optional=True),
        short_text(
            "ics-contact", "Who is the contact at the ICS?", "A team or an office.", optional=True, max_length=SHORT
        ),
    )


def _record(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    facts = {key: value for key, value in answers.items() if value is not None}
    if facts["lead-organisation"] == ANOTHER and "lead-name" not in facts:
        raise Unfit({"lead-name": "Please say which organisation leads."})
    if facts["lead-organisation"] == OURS:
        facts.pop("lead-name", None)
    before = newest(work, case)
    if before is None or before.facts != facts:  # otherwise pressed twice
        work.session.add(Partnership(case_id=case.id, facts=facts, by_id=press.by.id, at=work.now))
        response = response_of(work, case)
        changed(work, case, press.by.id, "agreed with partners", response.lead_id, response=response.id, facts=facts)
    return page(work, case, press.by)


def _so_far(work: Work, press: Press) -> Answers:
    found = newest(work, case_of(work, press))
    return found.facts if found else {}


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "partners.show": _show,
    "partners.record": also_paused(
        Form(
            Act.LEAD_RESPONSE,
            "With other organisations",
            "Note it",
            _questions,
            _record,
            explain="Organisations, teams and days only: please name no patient and nobody who was involved. "
            "What is not known yet can be added later.",
            so_far=_so_far,
        )
    ),
}
