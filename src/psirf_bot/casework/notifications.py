"""Who outside has been told of a case, and when (J08, H07, I08); the newest word on each counts.

It waits for nothing: not for the decision, and not for a PSII to be verified (V17).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import col, select

from psirf_bot.cards import notifications as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.check import clip
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, learning_responses, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, panel_of
from psirf_bot.casework.changes import changed
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.panels import proposal_of
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, several_of, short_text
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, Notification

LFPSE = "lfpse"
NAMES = {
    LFPSE: "Learn from patient safety events (LFPSE)",
    "ics": "Integrated care system (ICS)",
    "commissioner": "Commissioner",
    "nhse": "NHS England",
    "cqc": "Care Quality Commission (CQC)",
}
"""The five that hear of every PSII (policy §12.4, J08)."""
OF_A_PSII = "a PSII (policy §12.4)"
OF_EVERY_EVENT = "every patient safety incident (policy §12.1)"
IF_GRAVE = "an event with significant harm (policy §12.3)"
DECIDED_ON = frozenset({State.DECIDED, State.AWAITING_VERIFICATION, State.RESPONDING, State.PAUSED})
MOST_WORDS = 300
ON_THE_CARD = 150
"""Characters of somebody's reason that the list shows."""


@dataclass(frozen=True, slots=True)
class Body:
    """Somebody outside who may have to be told. `ground`: for what, and where that comes from."""

    id: str
    name: str
    ground: str
    owed: bool = True


def bodies(work: Work, case: Case) -> list[Body]:
    """Everybody who may have to know: the five, those to whom the facts refer it, and those the reporter thought of."""
    psii = _is_psii(work, case)
    found = {
        key: Body(key, name, OF_A_PSII if psii else OF_EVERY_EVENT if key == LFPSE else IF_GRAVE, psii or key == LFPSE)
        for key, name in NAMES.items()
    }
    panel = panel_of(work, case)
    for requirement in proposal_of(work, panel).referrals if panel else ():
        _add(found, Body(requirement.id, requirement.refer_to or "", f"{requirement.fact} ({requirement.source})"))
    named = _named_in_reports(work, case)
    for other in work.trust.other_bodies:
        if other.id in named:
            _add(found, Body(other.id, other.name, f"named in the report: {other.when} ({other.source})"))
    return list(found.values())


def _add(found: dict[str, Body], one: Body) -> None:
    """One body is listed once, with every ground there is."""
    before = found.get(one.id)
    grounds = [one.ground] if before is None or not before.owed else [before.ground, one.ground]
    found[one.id] = replace(before or one, ground="; ".join(grounds), owed=True)


def _is_psii(work: Work, case: Case) -> bool:
    response = learning_responses.current(work, case)
    return response is not None and response.kind == PSII


def _named_in_reports(work: Work, case: Case) -> set[str]:
    reports = filter(None, (cases.report_of(work, each) for each in cases.with_joined(work, case)))
    return {body for report, _ in reports for body in report.other_bodies or ()}


def newest(work: Work, case: Case) -> dict[str, Notification]:
    """What counts for each body: the last word on it, also from a report that was joined; nothing once taken back."""
    family = [each.id for each in cases.with_joined(work, case)]
    said = select(Notification).where(col(Notification.case_id).in_(family)).order_by(col(Notification.id))
    last = {one.body: one for one in work.session.exec(said)}
    return {body: one for body, one in last.items() if one.on or one.why_not}


def still_open(work: Work, case: Case) -> list[Body]:
    """Those who are still to be told, or of whom nobody has said why not."""
    known = newest(work, case)
    return [body for body in bodies(work, case) if body.owed and body.id not in known]


def settle(work: Work, case: Case, by: str) -> None:
    """Once nobody is left to be told, the duty is done; it may have been before it was owed (V17)."""
    if not still_open(work, case):
        happened(work, Event.NOTIFICATIONS_MADE, of_case(case), by)


def owed_from_now(work: Work, case: Case, by: str) -> None:
    """A panel has decided: where somebody is still to be told, that has a clock from now on (J08)."""
    if still_open(work, case):
        happened(work, Event.NOTIFICATIONS_OWED, of_case(case), by)
    settle(work, case, by)


def as_it_stands(work: Work, case: Case, by: str) -> None:
    """A report was amended or joined: once a panel has decided, what is owed by now has a clock, and nothing else."""
    (owed_from_now if State(case.state) in DECIDED_ON else settle)(work, case, by)


# The list


def page(work: Work, case: Case, by: Member, note: str = "") -> Card:
    """The list as it stands, with what there is to press."""
    known = newest(work, case)
    shown = [_shown(work, body, known.get(body.id)) for body in bodies(work, case)]
    has_response = learning_responses.current(work, case) is not None and learning_responses.sees(work, by, case)
    look = (button(work, "Learning response", "response.show", case=case),) if has_response else ()
    record = button(work, "Note who was told", "notifications.record", case=case, style="primary")
    return cards.notifications_card(
        case.reference, shown, [(record, *look, button(work, "Back to the case", "case.show", case=case))], note
    )


def _shown(work: Work, body: Body, said: Notification | None) -> cards.BodyShown:
    ground = f"For {body.ground}." if body.id in NAMES else f"{body.ground[:1].upper()}{body.ground[1:]}."
    if said is None:
        return cards.BodyShown(body.name, "open" if body.owed else "where grave", ground)
    by = people.name_of(work, said.by_id)
    if said.on:
        number = f" Their number: {said.reference}." if said.reference else ""
        return cards.BodyShown(body.name, "told", f"{moment(said.on.isoformat())}, noted by {by}.{number} {ground}")
    why = clip(said.why_not or "", ON_THE_CARD)
    return cards.BodyShown(body.name, "not needed", f"(Noted by {by}.) {ground}", why)


def _show(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not allowed(work, press.by, Act.NOTIFY, case):
        raise Refusal(not_now(work, press, case))
    return Reply(card=page(work, case, press.by), replaces=press.place.private)


# A note of one or several


_NOTED_WRONGLY = several_of("wrong", "Or was it noted wrongly?", {"yes": "They have not been told yet"}, optional=True)


def _questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    known = newest(work, case)
    in_order = sorted(bodies(work, case), key=lambda body: (body.id in known, not body.owed))
    return (
        several_of(
            "body", "Who?", {body.id: body.name for body in in_order}, "Those told on the same day go together."
        ),
        Day("day", "On which day were they told?", optional=True),
        short_text(
            "why",
            "Or why need they not be told?",
            "A few words, and nothing that says who the patient is.",
            optional=True,
            max_length=MOST_WORDS,
        ),
        short_text(
            "number", "Which number did they give it?", "For example that of LFPSE.", optional=True, max_length=60
        ),
        *([_NOTED_WRONGLY] if known else []),
    )


def _record(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    day = date.fromisoformat(str(answers["day"])) if answers["day"] else None
    why = str(answers["why"]) if answers["why"] else None
    wrong = bool(answers.get("wrong"))
    if (day is not None) + (why is not None) + wrong != 1:
        raise Unfit({"day": "Please give the day on which they were told, or why they need not be: one of the two."})
    if day and day.isoformat() < case.occurred[:10]:
        raise Unfit({"day": f"That is before it happened ({moment(case.occurred[:10])}). Please check the day."})
    number = str(answers["number"]) if answers["number"] else None
    known, chosen = newest(work, case), answers["body"]
    wanted = chosen if isinstance(chosen, list) else []
    told = (day, why, number)
    new = [b for b in wanted if not (last := known.get(b)) or (last.on, last.why_not, last.reference) != told]
    if wrong:
        new = [body for body in wanted if body in known]
    work.session.add_all(
        Notification(case_id=case.id, body=body, on=day, why_not=why, reference=number, by_id=press.by.id, at=work.now)
        for body in new
    )
    if new:  # otherwise pressed twice
        on = day.isoformat() if day else None
        changed(work, case, press.by.id, "notifications noted", bodies=new, on=on, why=why, number=number)
    as_it_stands(work, case, press.by.id)
    return page(work, case, press.by, "Thank you. It is noted.")


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "notifications.show": _show,
    "notifications.record": Form(
        Act.NOTIFY,
        "Who was told",
        "Note it",
        _questions,
        _record,
        explain="A day or a reason that is wrong is put right by noting it again: the newest counts.",
    ),
}
