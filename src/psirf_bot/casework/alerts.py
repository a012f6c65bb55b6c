"""National Patient Safety Alerts: an executive names a clinical lead, the lead reports, an executive authorises (S08).

Two steps and two people: whoever leads or reports an alert's actions does not authorise them.
"""

from collections.abc import Callable, Sequence
from datetime import date

from sqlmodel import func, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.support import PRIVATE_TASK
from psirf_bot.casework import deadlines, people, post
from psirf_bot.casework.alert_page import leading, report_of, running, subject, view
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import DROPPED, OPEN, happened
from psirf_bot.casework.due_days import plan_next
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import owners
from psirf_bot.casework.safety_actions import listed
from psirf_bot.casework.support_needs import BOT
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, People, Question, long_text, short_text
from psirf_bot.domain.authority import BOARD, Act, Member
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Person, SafetyAlert

ANYBODY = Act.REPORT
"""What every member of staff may do: whether this is the alert's lead is asked before the form is shown."""


# Received, and given a lead


def _received_questions(work: Work, press: Press) -> Sequence[Question]:
    return (
        short_text("alert-number", "The alert's number", "As it stands on the alert.", max_length=60),
        short_text("alert-title", "Its title"),
        Day("alert-due", "By which day must its actions be complete?", "As the alert says.", coming=True),
    )


def _receive(work: Work, press: Press, answers: Answers) -> Card:
    number = " ".join(str(answers["alert-number"]).split()).rstrip(" .,;")
    written = func.lower(func.replace(SafetyAlert.number, " ", ""))  # “NatPSA / 2026 / 014” is the same
    same = select(SafetyAlert).where(written == number.replace(" ", "").lower())
    if work.session.exec(same).first():
        raise Unfit({"alert-number": "This alert is here already. Type alerts to see it."})
    alert = SafetyAlert(
        id=work.new_id(),
        number=number,
        title=str(answers["alert-title"]),
        due_on=date.fromisoformat(str(answers["alert-due"])),
        by_id=press.by.id,
        at=work.now,
    )
    work.session.add(alert)
    work.session.flush()
    happened(work, Event.ALERT_RECEIVED, subject(alert), press.by.id, agreed={"alert.complete": alert.due_on})
    work.record(press.by.id, "received an alert", alert=alert.id, number=number, due=alert.due_on.isoformat())
    opening = "An alert has come in. Please name the clinical lead for its actions."
    asked = _ask(work, alert, "alert.lead", "Please name a clinical lead", opening)
    words = f"{_named(asked)} asked to name a clinical lead." if asked else "Nobody could be asked to name a lead yet."
    return view(work, alert, press.by, f"Saved: alert {number}", opening=words)


def _named(asked: Sequence[Person]) -> str:
    names = " and ".join(person.name for person in asked)
    return f"{names} {'has' if len(asked) == 1 else 'have'} been"


def _ask(work: Work, alert: SafetyAlert, rule: str, title: str, opening: str) -> list[Person]:
    """Ask, in private, those whose duty this is; whoever leads the alert does not authorise it, so others are asked."""
    duty, able = running(work, alert, rule), _able(work, alert)
    asked = [someone for someone in owners(work, duty) if someone.id in able] if duty else []
    if duty and able and not asked:  # the only executive leads it, or there is none: it is one of the others' to do
        asked = list(able.values())
        deadlines.hand_over(work, duty, asked[0].id)
    cards_ = [(someone, view(work, alert, people.member(work, someone), title, opening=opening)) for someone in asked]
    return [someone for someone, card in cards_ if post.to_person(work, someone.id, card)]


def _able(work: Work, alert: SafetyAlert) -> dict[str, Person]:
    """Those who can name its lead or authorise its actions today."""
    apart = leading(work, alert)
    board = [holder for role in sorted(BOARD) for holder in people.holders(work, role)]
    return {someone.id: someone for someone in board if someone.id not in apart}


def see_to(work: Work, alert: SafetyAlert) -> None:
    """The people list has changed: where nobody who was asked can do it any more, others are."""
    for rule, title, opening in (
        ("alert.lead", "Please name a clinical lead", "An alert waits for its clinical lead to be named."),
        ("alert.authorised", "Please authorise an alert's actions", "Its actions are reported complete."),
    ):
        duty = running(work, alert, rule)
        if duty and not any(someone.id in _able(work, alert) for someone in owners(work, duty)):
            _ask(work, alert, rule, title, opening)


def _lead_questions(work: Work, press: Press) -> Sequence[Question]:
    _under_way(work, press)
    return (People("alert-lead", "Who is its clinical lead?", "One person, by name or work e-mail address.", most=1),)


def _name_lead(work: Work, press: Press, answers: Answers) -> Card:
    alert = _under_way(work, press)
    lead = listed(work, answers, "alert-lead")
    assert lead is not None  # noqa: S101 - the question is not optional
    if lead.id == alert.lead_id:
        return view(work, alert, press.by)
    before, alert.lead_id, alert.named_by = alert.lead_id, lead.id, press.by.id
    work.session.add(alert)
    happened(work, Event.ALERT_LEAD_NAMED, subject(alert), press.by.id)
    duty = running(work, alert, "alert.complete")
    if duty:
        deadlines.hand_over(work, duty, lead.id)
        post.refresh_homes(work, (before,))
    work.record(press.by.id, "named the lead of an alert", alert=alert.id, before=before, lead=lead.id)
    _tell_the_one_before(work, alert, before, press.by)
    acting = people.acting_for(work, lead)
    whom = "you" if acting.id == lead.id else f"{lead.name}, for whom you stand in,"
    opening = f"{press.by.name} named {whom} as its clinical lead. If this is not for you, please tell them."
    card = view(work, alert, people.member(work, acting), "You lead on an alert", opening=opening)
    if acting.id != press.by.id and not post.to_person(work, acting.id, card):
        return view(work, alert, press.by, opening=f"I cannot write to {lead.name} yet. Please tell them yourself.")
    return view(work, alert, press.by)


def _tell_the_one_before(work: Work, alert: SafetyAlert, before: str | None, by: Member) -> None:
    someone = people.person(work, before)
    acting = people.acting_for(work, someone) if someone else None
    if acting and acting.id not in {by.id, alert.lead_id}:
        text = f"Somebody else leads on alert {alert.number} now. There is nothing more you need to do. Thank you."
        post.to_person(work, acting.id, said("The lead of an alert has changed", text, preview=PRIVATE_TASK))


def lead_has_left(work: Work, alert: SafetyAlert) -> None:
    """Nobody leads its actions any more, so the executives are asked again to name somebody."""
    name, before, alert.lead_id = people.name_of(work, alert.lead_id), alert.lead_id, None
    work.session.add(alert)
    happened(work, Event.ALERT_RECEIVED, subject(alert), BOT, only={"alert.lead"})
    work.record(BOT, "the lead of an alert has left", alert=alert.id, before=before)
    opening = f"{name}, who led its actions, has left. Please name another clinical lead."
    _ask(work, alert, "alert.lead", "Please name a clinical lead", opening)


# Reported, and authorised or sent back


def _report_questions(work: Work, press: Press) -> Sequence[Question]:
    _of_its_lead(work, press)
    question = "What shows that the actions are complete?"
    return (long_text("evidence", question, "A few sentences, and where the evidence is kept.", max_length=1000),)


def _report(work: Work, press: Press, answers: Answers) -> Card:
    alert, evidence = _of_its_lead(work, press), str(answers["evidence"])
    alert.reported_at = work.now
    work.session.add(alert)
    happened(work, Event.ALERT_REPORTED, subject(alert), press.by.id, note=evidence)
    work.record(press.by.id, "reported an alert's actions complete", alert=alert.id, evidence=evidence)
    opening = f"{press.by.name} reports that the actions are complete. Please authorise that, or send it back."
    asked = _ask(work, alert, "alert.authorised", "Please authorise an alert's actions", opening)
    words = f"{_named(asked)} asked to authorise that." if asked else "Nobody could be asked to authorise that yet."
    return view(work, alert, press.by, f"Thank you: alert {alert.number}", opening=words)


def _authorise(work: Work, press: Press) -> Reply:
    alert = _held(work, press)
    if alert.authorised_by == press.by.id:  # pressed twice
        return Reply(card=view(work, alert, press.by))
    _may_authorise(work, press, alert)
    alert.authorised_by, alert.authorised_at = press.by.id, work.now
    work.session.add(alert)
    happened(work, Event.ALERT_AUTHORISED, subject(alert), press.by.id)
    work.record(press.by.id, "authorised an alert's actions", alert=alert.id)
    text = f"{press.by.name} has authorised the actions of alert {alert.number} as complete. Thank you."
    for someone in {alert.by_id, alert.lead_id} - {press.by.id, None}:
        post.to_person(work, str(someone), said("An alert is complete", text))
    return Reply(card=view(work, alert, press.by), keep=True)


def _back_questions(work: Work, press: Press) -> Sequence[Question]:
    _may_authorise(work, press, _held(work, press))
    return (long_text("what-is-missing", "What is still needed?", "The clinical lead reads this.", max_length=500),)


def _send_back(work: Work, press: Press, answers: Answers) -> Card:
    alert, reason = _held(work, press), str(answers["what-is-missing"])
    _may_authorise(work, press, alert)
    alert.reported_at = None
    work.session.add(alert)
    waiting = running(work, alert, "alert.authorised")
    if waiting:
        deadlines.settle(work, waiting, DROPPED, press.by.id, reason)
    if reported := report_of(work, alert):  # the same duty, with the same day
        reported.state, reported.closed_at, reported.closed_by = OPEN, None, None
        plan_next(work, reported)
        deadlines.changed(work, reported)
    work.record(press.by.id, "sent an alert back", alert=alert.id, reason=reason)
    lead = people.person(work, alert.lead_id)
    acting = people.acting_for(work, lead) if lead else None
    if acting and not acting.active:
        lead_has_left(work, alert)
    elif acting:
        opening = f"{press.by.name} sent it back to you. Still needed:"
        card = view(work, alert, people.member(work, acting), "An alert needs more", opening=opening, reason=reason)
        post.to_person(work, acting.id, card)
    return view(work, alert, press.by)


# What each may do


def _held(work: Work, press: Press) -> SafetyAlert:
    return work.session.get_one(SafetyAlert, press.args["alert"], with_for_update=True)


def _under_way(work: Work, press: Press) -> SafetyAlert:
    """The alert, if its actions have not been reported complete."""
    alert = _held(work, press)
    if alert.reported_at:
        raise Refusal(f"The actions of alert {alert.number} have been reported complete. Type alerts to see it.")
    return alert


def _of_its_lead(work: Work, press: Press) -> SafetyAlert:
    alert = _held(work, press)
    if press.by.id not in leading(work, alert):
        raise Refusal("Only the alert's clinical lead can report that its actions are complete.")
    return _under_way(work, press)


def _may_authorise(work: Work, press: Press, alert: SafetyAlert) -> None:
    if not allowed(work, press.by, Act.AUTHORISE_ALERT):
        raise Refusal("Only an executive can authorise an alert's actions.")
    if alert.authorised_at:
        raise Refusal(f"The actions of alert {alert.number} have been authorised already. Thank you.")
    if alert.reported_at is None:
        raise Refusal(f"The actions of alert {alert.number} have not been reported complete yet.")
    if press.by.id in leading(work, alert):
        raise Refusal("You lead on this alert, so somebody else has to authorise its actions.")


RECEIVE = Form(
    Act.RECEIVE_ALERT,
    "A Patient Safety Alert has come in",
    "Save",
    _received_questions,
    _receive,
    explain="The executives are asked to name a clinical lead for it.",
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "alert.new": RECEIVE,
    "alert.lead": Form(Act.NAME_ALERT_LEAD, "Name the clinical lead", "Save", _lead_questions, _name_lead),
    "alert.report": Form(ANYBODY, "The alert's actions are complete", "Report it", _report_questions, _report),
    "alert.authorise": _authorise,
    "alert.back": Form(Act.AUTHORISE_ALERT, "Send the alert back", "Send it back", _back_questions, _send_back),
}
