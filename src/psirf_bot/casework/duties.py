"""What people do with a duty from its card: look at it, say it is done, put it off, hand it over, pause its clock."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sqlmodel import col, select

from psirf_bot.cards import duties as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.duties import Told
from psirf_bot.cards.model import Button, Card, Fact
from psirf_bot.casework import deadlines, digest, people, post, reminders
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DONE, OPEN, PAUSED, Subject, happened
from psirf_bot.casework.duty_lines import (
    ACT_OF,
    HELP,
    LEADS,
    PUT_OFF,
    Duty,
    duty,
    line,
    names_of_owners,
    row,
)
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import in_role
from psirf_bot.casework.work import Press, Refusal, Work, allowed
from psirf_bot.dialogs.questions import Day, People, long_text, one_of
from psirf_bot.domain.authority import Act, may
from psirf_bot.domain.deadlines import Event, months, step
from psirf_bot.store.tables import Deadline, Nudge, Person

Verb = Callable[[Work, Press], Reply]

NOT_YOURS = "This is not yours to see to now: it may have been handed over. Type overdue to see what is yours."
ALREADY = {DONE: "That has been done. Thank you.", PAUSED: "Its clock stands still just now, so nothing is due."}
DONE_BY = {
    "themes.meeting": Event.MEETING_HELD,
    "plan.reviewed": Event.PLAN_REVIEWED,
    "plan.exercise": Event.EXERCISE_DONE,
}
"""Duties with no other card of their own: it is enough to say that they are done."""
STOPPING = {
    "waiting": "I am waiting for somebody or something",
    "time": "There is no time for it",
    "not-mine": "It is not mine to do",
    "help": "I need help",
}
IN_A_ROW = timedelta(days=7)
"""Put off again so soon after it came back, it is worth asking what stops it."""
LONGEST_PAUSE = months(3)
REMINDERS = 8


def _found(work: Work, press: Press, act: Act) -> Duty:
    """The duty that the pressed button is about, held for this turn; raises Refusal where it is not theirs."""
    deadline = work.session.get(Deadline, press.args["deadline"], with_for_update=True)
    found = duty(work, deadline) if deadline else None
    if found is None or not may(press.by, act, found.facts):
        raise Refusal(NOT_YOURS)
    return found


def _open(work: Work, press: Press, act: Act, *states: str) -> Duty:
    """The same, as long as it is in one of these states."""
    found = _found(work, press, act)
    state = found.deadline.state
    if state not in (states or (OPEN,)):
        raise Refusal(ALREADY.get(state, "It goes on as before. Type overdue to see what is yours."))
    return found


def _on_a_duty(act: Act, form: Form, *states: str) -> Verb:
    """A form that is about a duty: the duty's own authority is asked each time, before the form's."""

    def verb(work: Work, press: Press) -> Reply:
        _open(work, press, act, *states)
        return form(work, press)

    return verb


def _after(work: Work, press: Press, title: str, text: str, *buttons: Button) -> Card:
    """The digest that was pressed, as it is now; elsewhere a few words."""
    day = press.args.get("day")
    if day:
        which = f"{press.by.id}:{day}"
        post.refresh(work, f"digest:{which}")  # it may list duties that it did not remind of
        card = digest.render(work, which) if press.place.message else None
        if card:
            return card
    return said(title, text, *buttons)


# Looking at it


def _show(work: Work, press: Press) -> Reply:
    found = _found(work, press, Act.SEE_DUTY)
    deadline, by = found.deadline, press.by
    shown = line(work, deadline, found.rule)
    _, buttons = row(work, by, found, shown, 1)
    buttons = tuple(b for b in buttons if b.label != "More")
    if deadline.state == OPEN and may(by, Act.PAUSE_DUTY, found.facts):
        pause = button(work, "Pause the clock", "duty.pause", opens=True, deadline=deadline.id)
        buttons = (*buttons, pause)
    if found.case and allowed(work, by, Act.SEE_CASE, found.case) and len(buttons) < 5:
        buttons = (*buttons, button(work, "Open the case", "case.show", case=found.case, opens=True))
    card = cards.duty_card(shown, _facts(work, press, found), _told(work, deadline), deadline.note or "", buttons)
    return Reply(card=card, replaces=False)


def _facts(work: Work, press: Press, found: Duty) -> Sequence[Fact]:
    deadline, rule = found.deadline, found.rule
    opens = rule.opens if isinstance(rule.opens, tuple) else (rule.opens,)
    since = deadline.since.astimezone(work.trust.timezone)
    today = work.local.date()
    rows = [
        ("Opened", f"{cards.day_words(since.date(), today)}: {' or '.join(opens)}"),
        ("Where the date comes from", line(work, deadline, rule).source),
        ("Who owes it", names_of_owners(work, press.by, found)),
        ("Service", deadline.service or ""),
    ]
    if deadline.paused_at:
        rows.append(("Paused", cards.day_words(deadline.paused_at.astimezone(work.trust.timezone).date(), today)))
    if deadline.closed_at:
        closed = cards.day_words(deadline.closed_at.astimezone(work.trust.timezone).date(), today)
        ended = "Done" if deadline.state == DONE else "No longer needed since"
        rows.append((ended, closed))
    return [Fact(label=label, value=value) for label, value in rows if value]


def _told(work: Work, deadline: Deadline) -> list[Told]:
    nudges = select(Nudge).where(Nudge.deadline_id == deadline.id).order_by(col(Nudge.day).desc(), col(Nudge.id).desc())
    today = work.local.date()
    return [
        Told(
            "The leads' channel" if nudge.person_id == LEADS else people.name_of(work, nudge.person_id),
            cards.day_words(nudge.day, today),
            nudge.why,
        )
        for nudge in work.session.exec(nudges.limit(REMINDERS))
    ]


# Done


def _done(work: Work, press: Press, answers: Answers) -> Card:
    found = _open(work, press, Act.SETTLE_DUTY)
    event = DONE_BY.get(found.rule.id)
    if event is None:
        raise Refusal("This one is done where it belongs: press the first button on it.")
    deadline = found.deadline
    about = Subject(deadline.subject_kind, deadline.subject_id, found.case, deadline.service)
    note = str(answers["note"]) if answers["note"] else None
    happened(work, event, about, press.by.id, note=note)
    work.record(press.by.id, "said that a duty is done", found.case, deadline=deadline.id, note=note)
    return _after(work, press, "Thank you", f"It is noted as done: {found.rule.duty}.")


# Not today


def _snooze(work: Work, press: Press) -> Reply:
    found = _open(work, press, Act.SEE_DUTY)
    today = work.local.date()
    theirs = select(col(Nudge.day)).where(
        Nudge.deadline_id == found.deadline.id, Nudge.person_id == press.by.id, Nudge.why == PUT_OFF
    )
    until = work.session.exec(theirs.order_by(col(Nudge.day).desc())).first()
    if until and until <= today and today - until <= IN_A_ROW:
        return STOPS(work, press)
    day = until if until and until > today else _put_off(work, press, found, "")
    return Reply(card=_until(work, press, day))


def _until(work: Work, press: Press, day: date) -> Card:
    text = f"You will hear of it again {_on(day, work.local.date())}. The day it is due does not move."
    return _after(work, press, "Not today", text)


def _on(day: date, today: date) -> str:
    words = cards.day_words(day, today)
    return words if words == "tomorrow" else f"on {words}"


def _put_off(work: Work, press: Press, found: Duty, why: str) -> date:
    """They are reminded again on their next working morning. The clock itself, and the ladder, go on as before."""
    deadline, by = found.deadline, press.by.id
    day = reminders.remind_tomorrow(work, deadline, by, PUT_OFF)
    work.record(by, "put off a duty", found.case, deadline=deadline.id, until=day.isoformat(), why=why)
    deadlines.changed(work, deadline)
    return day


def _stops(work: Work, press: Press, answers: Answers) -> Card:
    """Put off twice in a row: what is stopping them decides what is offered."""
    found, why = _open(work, press, Act.SEE_DUTY), str(answers["stopping"])
    if why == "not-mine" and may(press.by, Act.SETTLE_DUTY, found.facts):
        args = {"day": press.args["day"]} if "day" in press.args else {}
        over = button(work, "Hand it over", "duty.over", deadline=found.deadline.id, **args)  # type: ignore[arg-type]
        return said("Whose is it?", "Please hand it over to whoever should do it, and say why.", over)
    day = _put_off(work, press, found, why)
    if why != "help":
        return _until(work, press, day)
    asked = _ask_for_help(work, press, found)
    text = f"I will ask {asked} with their next list. You will hear of it again {_on(day, work.local.date())}."
    nobody = "There is nobody further up to ask here. Please speak to your line manager or the quality team."
    return _after(work, press, "Thank you for saying so", text if asked else nobody)


def _ask_for_help(work: Work, press: Press, found: Duty) -> str:
    """The next rung of the ladder hears of it with their next digest. Their names, or nothing where there is nobody."""
    deadline, ladder = found.deadline, found.rule.ladder
    climbed = sum(step(found.rule, number).rung is not None for number in range(deadline.step))
    for role in ladder[min(climbed, max(len(ladder) - 1, 0)) :]:
        kept_from = found.facts.kept_from_ids | {press.by.id}
        there = [someone for someone in in_role(work, role, deadline.service) if someone.id not in kept_from]
        for someone in there:
            reminders.remind(work, deadline, someone.id, HELP)
        if there:
            return " and ".join(someone.name for someone in there)
    return ""


# Handing it over


def _hand_over(work: Work, press: Press, answers: Answers) -> Card:
    found, reason = _open(work, press, Act.SETTLE_DUTY), str(answers["reason"])
    deadline, to = found.deadline, _taker(work, found, answers["to"])
    before = found.facts.owner_ids
    deadlines.hand_over(work, deadline, to.id)
    post.refresh_homes(work, before)
    work.record(press.by.id, "handed over a duty", found.case, deadline=deadline.id, to=to.id, reason=reason)
    told = duty(work, deadline) or found
    member = people.member(work, to)
    shown, buttons = row(work, member, told, line(work, deadline, found.rule), 1)
    reached = post.to_person(work, to.id, cards.handed_over(shown, press.by.name, reason, buttons))
    text = f"{to.name} has been told." if reached else f"I cannot write to {to.name} yet: please tell them yourself."
    return _after(work, press, "Handed over", text)


def _taker(work: Work, found: Duty, named: object) -> Person:
    """Somebody who is here, is not kept from it, and can do it; raises Unfit."""
    someone = people.person(work, named[0]) if isinstance(named, list) else None
    if someone is None or not someone.active:
        raise Unfit({"to": "Please choose somebody on the people list, by name or work e-mail address."})
    if someone.id in found.facts.kept_from_ids:
        raise Unfit({"to": "This one cannot go to them. Please choose somebody else."})
    if found.facts.owner_ids == {someone.id}:
        raise Unfit({"to": f"It is with {someone.name} already. Please choose somebody else."})
    known = ACT_OF.get(found.rule.id)
    member = people.member(work, someone)
    if known and known.act and found.case and not allowed(work, member, known.act, found.case):
        raise Unfit({"to": f"{someone.name} could not do this here. Please choose somebody else, or the quality team."})
    return someone


# Pausing the clock


def _pause(work: Work, press: Press, answers: Answers) -> Card:
    found = _open(work, press, Act.PAUSE_DUTY, OPEN, PAUSED)
    deadline, since = found.deadline, found.deadline.paused_at
    reason, review_on = str(answers["why-paused"]), date.fromisoformat(str(answers["review-day"]))
    latest = work.setting.calendar_beyond.due(work.now, LONGEST_PAUSE)[0].date()
    if review_on > latest:
        on = f"{latest.day} {latest:%B %Y}"
        raise Unfit({"review-day": f"Please choose a day within three months: {on} at the latest."})
    deadlines.pause(work, deadline, reason, review_on)
    deadline.paused_at = since or deadline.paused_at  # it has stood still since then
    work.session.add(deadline)
    work.record(press.by.id, "paused a duty", found.case, deadline=deadline.id, why=reason, until=review_on.isoformat())
    return _after(work, press, "The clock is paused", f"{found.rule.duty}: {line(work, deadline, found.rule).due}")


def _resume(work: Work, press: Press) -> Reply:
    found = _open(work, press, Act.PAUSE_DUTY, PAUSED)
    deadlines.resume(work, found.deadline)
    work.record(press.by.id, "started the clock of a duty again", found.case, deadline=found.deadline.id)
    now = line(work, found.deadline, found.rule)
    return Reply(card=_after(work, press, "The clock goes on", f"{now.heading}. {now.due}"))


FOR_EVERYBODY = Act.SET_HOURS
"""What everybody may do: whose duty it is has been asked before."""

STOPS = Form(
    FOR_EVERYBODY,
    "What is stopping you?",
    "Send",
    lambda work, press: (one_of("stopping", "What is stopping you?", STOPPING),),
    _stops,
    explain="You have put this off before. Nobody is blamed: it helps to know what would make it possible.",
    keeps=False,
)
VERBS: dict[str, Verb] = {
    "duty.show": _show,
    "duty.snooze": _snooze,
    "duty.resume": _resume,
    "duty.done": _on_a_duty(
        Act.SETTLE_DUTY,
        Form(
            FOR_EVERYBODY,
            "It is done",
            "Note that it is done",
            lambda work, press: (
                long_text("note", "Is there anything to note?", "No names, please.", optional=True, max_length=500),
            ),
            _done,
            keeps=False,
        ),
    ),
    "duty.over": _on_a_duty(
        Act.SETTLE_DUTY,
        Form(
            FOR_EVERYBODY,
            "Hand it over",
            "Hand it over",
            lambda work, press: (
                People("to", "Who should do it?", "A name or work e-mail address. They are told at once.", most=1),
                long_text("reason", "Why?", "They are sent these words. No names of patients.", max_length=300),
            ),
            _hand_over,
            keeps=False,
        ),
    ),
    "duty.pause": _on_a_duty(
        Act.PAUSE_DUTY,
        Form(
            FOR_EVERYBODY,
            "Pause the clock",
            "Pause it",
            lambda work, press: (
                one_of("why-paused", "Why does it have to wait?", cards.REASONS),
                Day("review-day", "When is it looked at again?", "Within three months.", coming=True),
            ),
            _pause,
            explain="For lawful reasons only. The reason and the day are shown to everybody concerned.",
            keeps=False,
        ),
        OPEN,
        PAUSED,
    ),
}
