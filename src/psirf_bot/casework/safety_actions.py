"""Safety actions: what is to be done so that it does not happen again, its measure, its owner, and its reviews.

Each has a measure and one named owner (policy §15, M02, M04), what was considered about inequality (F03), and a review
every year (M06). What its owner does with it is in casework/action_steps.py.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlmodel import and_, col, or_, select

from psirf_bot.cards import safety_actions as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Button, Card, Fact
from psirf_bot.casework import deadlines, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import DROPPED, PAUSED, RUNNING, Subject, happened
from psirf_bot.casework.duty_lines import due, words_of
from psirf_bot.casework.forms import Answers, Form, Unfit, about_systems, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, People, Question, long_text, one_of
from psirf_bot.domain.authority import READS_AS_BOARD, Act, DutyFacts, Member, may
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Deadline, Nudge, Person, Remembered, SafetyAction

SHOWN = 8
NEAR = timedelta(days=31)
"""How long before its review an action that was done is listed again."""
SO_FAR = 3
"""How many notes of the past a card shows."""
NO_ANSWER = frozenset({"no", "none", "nothing", "nil", "n/a", "na", "nothing found", "not applicable"})
WHY_NOTHING = "Please say why, for example: nothing found, because everybody uses the same form."


def is_no_answer(considered: str) -> bool:
    """Whether what was considered about inequality is no more than a no (F03)."""
    return considered.casefold().rstrip(".!") in NO_ANSWER


# Agreeing one


def _questions(work: Work, press: Press) -> Sequence[Question]:
    services = {service: service for service in work.trust.services}
    return (
        long_text("what-is-done", "What is to be done?", "A change that makes the work safer.", max_length=1000),
        long_text(
            "measure",
            "How will you know that it works?",
            "What is counted or looked at, how often, and what you hope to see.",
            max_length=1000,
        ),
        People("action-owner", "Who sees to it?", "One person, by name or work e-mail address.", most=1),
        one_of("service", "Which service is it for?", services),
        Day("action-due", "By which day?", "For example 21 December 2026.", coming=True),
        long_text(
            "inequality",
            "What did you consider about inequality?",
            "Who could be helped less than others, or harmed more? “Nothing found, because …” is fine.",
            max_length=1000,
        ),
    )


def _agree(work: Work, press: Press, answers: Answers) -> Card:
    about_systems(answers, "what-is-done")
    case = case_of(work, press) if press.case_id else None
    owner = listed(work, answers, "action-owner")
    assert owner is not None  # noqa: S101 - the question is not optional
    inequality = str(answers["inequality"])
    if is_no_answer(inequality):
        raise Unfit({"inequality": WHY_NOTHING})
    facts: dict[str, Any] = {
        "case_id": case.id if case else None,
        "service": str(answers["service"]),
        "what": str(answers["what-is-done"]),
        "measure": str(answers["measure"]),
        "inequality": inequality,
        "owner_id": owner.id,
        "due_on": date.fromisoformat(str(answers["action-due"])),
        "by_id": press.by.id,
    }
    again = select(SafetyAction).filter_by(**facts, closed_at=None)
    if before := work.session.exec(again).first():  # pressed twice
        return view(work, before, press.by, f"Saved as {before.reference}")
    action = SafetyAction(id=work.new_id(), reference=_next_reference(work), at=work.now, **facts)
    work.session.add(action)
    work.session.flush()
    happened(work, Event.ACTION_AGREED, subject_of(work, action), press.by.id, agreed={"action.done": action.due_on})
    words = (action.what, action.measure, action.inequality)
    due = action.due_on.isoformat()
    work.record(press.by.id, "agreed a safety action", case, action=action.id, words=words, owner=owner.id, due=due)
    told = tell_owner(work, action, press.by)
    opening = "" if told else f"I cannot write to {owner.name} yet. Please tell them yourself."
    return view(work, action, press.by, f"Saved as {action.reference}", opening=opening)


def _next_reference(work: Work) -> str:
    """Unique, rising, never reused."""
    year = work.local.year
    name = f"safety actions of {year}"
    last = work.session.exec(select(Remembered).where(Remembered.name == name).with_for_update()).first()
    last = last or Remembered(name=name, value="0")
    last.value = str(int(last.value) + 1)
    work.session.add(last)
    return f"SA-{year}-{int(last.value):04d}"


def listed(work: Work, answers: Answers, key: str) -> Person | None:
    """The one person named, who is on the people list and has not left; None where the question was left out."""
    named = answers.get(key)
    if not isinstance(named, list):
        return None
    found = people.person(work, named[0])
    if found is None or not found.active or not found.on_list:
        raise Unfit({key: "That is nobody on the people list. Please give a work e-mail address."})
    return found


def tell_owner(work: Work, action: SafetyAction, by: Member, reason: str = "") -> bool:
    """The owner is told once that it is theirs; False when the bot cannot reach them. `reason`: why it was handed over.

    Whoever stands in for them hears it in their place, unless they have just done it themselves.
    """
    if action.owner_id == by.id:
        return True
    owner = work.session.get_one(Person, action.owner_id)
    acting = people.acting_for(work, owner)
    reader = owner if acting.id == by.id else acting
    mine = reader.id == owner.id
    title = f"{action.reference} is now {'yours' if mine else f'with {owner.name}'}"
    whom = "you" if mine else f"{owner.name}, for whom you stand in"
    named = "You were named" if mine else f"{owner.name}, for whom you stand in, was named"
    opening = f"{by.name} handed it over to {whom}:" if reason else f"{named} as its owner."
    card = view(work, action, people.member(work, reader), title, opening=opening, reason=reason)
    return post.to_person(work, reader.id, card)


# Seeing one


def view(work: Work, action: SafetyAction, by: Member, title: str = "", *, opening: str = "", reason: str = "") -> Card:
    """The safety action, with what this person may do with it."""
    case = work.session.get(Case, action.case_id) if action.case_id else None
    about = (Fact(label="From", value=case.reference),) if case and allowed(work, by, Act.SEE_CASE, case) else ()
    ended = select(Deadline).where(
        Deadline.subject_kind == "action", Deadline.subject_id == action.id, col(Deadline.note).is_not(None)
    )
    past = work.session.exec(
        ended.order_by(col(Deadline.closed_at).desc(), col(Deadline.rule).desc()).limit(SO_FAR)
    ).all()
    return cards.action_card(
        line_of(work, action),
        title or action.reference,
        opening=opening,
        reason=reason,
        about=about,
        so_far=[(_heading(work, duty), duty.note or "") for duty in reversed(past)],
        buttons=_buttons(work, action, by),
    )


def _heading(work: Work, duty: Deadline) -> str:
    assert duty.closed_at is not None  # noqa: S101 - it has been settled
    what = "No longer needed" if duty.state == DROPPED else "Done" if duty.rule == "action.done" else "Reviewed"
    day = duty.closed_at.astimezone(work.trust.timezone).date()
    return f"{what} on {moment(day.isoformat())}, by {people.name_of(work, duty.closed_by)}"


def line_of(work: Work, action: SafetyAction) -> cards.ActionLine:
    """As its duty stands: a pause moves the day, and it may have been handed to the quality team together."""
    duty, owner_id = running(work, action), owner_id_of(work, action)
    day = duty.due_local[:10] if duty else action.due_on.isoformat()
    team = words_of(duty.role) if duty and owner_id is None else ""
    return cards.ActionLine(
        action.reference,
        action.what,
        action.measure,
        action.inequality,
        action.service,
        team[:1].upper() + team[1:] or people.owner_named(work, owner_id),
        day,
        action.done_at is not None,
        day if action.done_at and duty else "",
        action.closed_at is not None,
        due(work, duty) if duty and duty.state == PAUSED else "",
    )


def _buttons(work: Work, action: SafetyAction, by: Member) -> tuple[Button, ...]:
    if action.closed_at or not may(by, Act.SETTLE_DUTY, duty_facts(work, action, by)):
        return ()
    duty = running(work, action)
    if action.done_at and duty:
        found = [button(work, "Review it", "action.review", style="primary", action=action.id, deadline=duty.id)]
    else:
        found = [button(work, "It is done", "action.done", style="primary", action=action.id)]
    mine = by.id == owner_id_of(work, action)
    found.append(button(work, "This is not for me" if mine else "Hand it over", "action.hand", action=action.id))
    if by.is_quality:
        found.append(button(work, "No longer needed", "action.drop", action=action.id))
    return tuple(found)


def _show(work: Work, press: Press) -> Reply:
    action = work.session.get_one(SafetyAction, press.args["action"])
    if not may(press.by, Act.SEE_DUTY, duty_facts(work, action, press.by)):
        raise Refusal(NOT_YOURS)
    return Reply(card=view(work, action, press.by), replaces=press.place.private)


# Whose it is

NOT_YOURS = "This safety action is for its owner and the quality team. If you need to see it, please ask them."


def running(work: Work, action: SafetyAction) -> Deadline | None:
    """The duty of this action whose clock runs: to carry it out, or to review it."""
    return next(iter(deadlines.running(work, Subject("action", action.id))), None)


def owner_id_of(work: Work, action: SafetyAction) -> str | None:
    """Whose it is: whoever the duty was handed over to, where that was done on the day's digest.

    None where it was handed to the quality team together. Somebody who has left stays until it is somebody else's.
    """
    duty = running(work, action)
    if duty and duty.owner_id:
        return duty.owner_id
    owner = people.person(work, action.owner_id)
    return None if duty and owner and owner.active else action.owner_id


def duty_facts(work: Work, action: SafetyAction, by: Member) -> DutyFacts:
    """Its owner settles it; whoever agreed it, was reminded of it, leads its service or sits on the board sees it."""
    duty = running(work, action)
    owner_id = owner_id_of(work, action)
    mine = {*([owner_id] if owner_id else ()), *((someone.id for someone in owners(work, duty)) if duty else ())}
    reminded = select(Nudge.person_id).where(
        Nudge.deadline_id == Deadline.id, Deadline.subject_kind == "action", Deadline.subject_id == action.id
    )
    told = {action.by_id, *work.session.exec(reminded)}
    oversees = action.service in by.leads or bool(READS_AS_BOARD & by.roles)
    return DutyFacts(frozenset(mine), frozenset(told | ({by.id} if oversees else set())))


def subject_of(work: Work, action: SafetyAction) -> Subject:
    case = work.session.get(Case, action.case_id) if action.case_id else None
    return Subject("action", action.id, case, action.service, {"whoever is named": owner_id_of(work, action)})


# The list


def list_actions(work: Work, by: Member) -> Card:
    """This person's open safety actions; for the quality team and the board everybody's, by service (B14).

    Whoever leads a service has all of that service's. Those of a case that is kept close stay with the quality team.
    """
    open_ones = select(SafetyAction).where(col(SafetyAction.closed_at).is_(None))
    open_ones = open_ones.order_by(col(SafetyAction.service), col(SafetyAction.due_on), col(SafetyAction.reference))
    mine_ids = _ids_of_mine(work, by)
    if not by.is_quality:
        kept_close = select(Case.id).where(col(Case.restricted) | col(Case.quality_only))
        told_of = or_(col(SafetyAction.case_id).is_(None), col(SafetyAction.case_id).not_in(kept_close))
        overseen = col(SafetyAction.service).in_(work.trust.services if READS_AS_BOARD & by.roles else by.leads)
        open_ones = open_ones.where(or_(col(SafetyAction.id).in_(mine_ids), and_(overseen, told_of)))
    seen = work.session.exec(open_ones).all()
    near = work.local.date() + NEAR
    now = [a for a in seen if a.done_at is None or (a.review_on and a.review_on <= near)]
    now.sort(key=lambda action: action.id not in mine_ids)  # one's own first; the rest stays by service
    shown = [(line_of(work, a), _open_button(work, a), a.id in mine_ids) for a in now[:SHOWN]]
    groups = [
        (heading, [(line, open_it) for line, open_it, _ in rows])
        for heading, rows in groupby(shown, key=lambda row: "Yours" if row[2] else row[0].service)
    ]
    return cards.list_card(groups, more=max(0, len(now) - SHOWN), later=len(seen) - len(now))


def _open_button(work: Work, action: SafetyAction) -> Button:
    return button(work, "Open", "action.show", action=action.id, spoken=f"Open {action.reference}")


def _ids_of_mine(work: Work, by: Member) -> set[str]:
    """The actions that this person owes, their own and those of whoever they stand in for today."""
    stands_in = [who for who, only in by.acts_for if only is None]
    theirs = select(Deadline.subject_id).where(
        Deadline.subject_kind == "action",
        col(Deadline.state).in_(RUNNING),
        col(Deadline.owner_id).in_([by.id, *stands_in]),
    )
    return set(work.session.exec(theirs))


NEW = Form(
    Act.AGREE_ACTION,
    "Agree a safety action",
    "Save",
    _questions,
    _agree,
    explain="Please agree it with those who will carry it out. Without names of patients or staff in the words.",
    so_far=lambda work, press: {"service": case_of(work, press).service} if press.case_id else {},
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "action.new": NEW,
    "action.show": _show,
}
