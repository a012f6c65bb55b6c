"""What people do with a duty from its card: look at it, say it is done, put it off; the rest is in duty_moves.py."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import col, select

from psirf_bot.cards import duties as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.duties import Told
from psirf_bot.cards.model import Card, Fact
from psirf_bot.casework import contacts, deadlines, digest, duty_moves, people, reminders
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import DONE, OPEN, Subject
from psirf_bot.casework.duty_buttons import ACT_OF, may_pause, row, stays
from psirf_bot.casework.duty_lines import HELP, LEADS, PUT_OFF, Duty, line, names_of_owners
from psirf_bot.casework.duty_press import FOR_EVERYBODY, NOT_YOURS, Verb, about, after, on_a_duty, still_open, the_duty
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import on_rung
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, long_text, one_of
from psirf_bot.domain.authority import Act, may
from psirf_bot.domain.deadlines import step
from psirf_bot.store.tables import Deadline, Nudge

STOPPING = {
    "waiting": "I am waiting for somebody or something",
    "time": "There is no time for it",
    "not-mine": "It is not mine to do",
    "help": "I need help",
}
IN_A_ROW = timedelta(days=7)
"""Put off again so soon after it came back, it is worth asking what stops it."""
REMINDERS = 8
COVERS = {
    "themes.meeting": "Complaints, incidents and other insight, side by side: which themes come back, and who has the "
    "time to work on them. (Policy 12.2.)",
    "plan.reviewed": "What has changed, inequality too, with those who have a stake in it. Then put the new plan on "
    "your website in place of the old one, and its day into trust.toml. (Policy 7.1 and 11.1.)",
    "plan.exercise": "Three years of incidents and complaints, and what staff say; services and capacity; PSII reports "
    "and improvement plans; claims, inequality and reporting; those who have a stake in it. (Policy 9.1 and 11.1.)",
}
"""What the policy wants looked at in a duty that is not about one case (F02, G02, G04 to G07, I05, I06)."""


# Looking at it


def _show(work: Work, press: Press) -> Reply:
    found = the_duty(work, press, Act.SEE_DUTY)
    deadline, by = found.deadline, press.by
    shown = line(work, deadline, found.rule, waits=contacts.waits(work, deadline))
    _, buttons = row(work, by, found, shown, 1)
    buttons = tuple(b for b in buttons if b.label != "More")
    if deadline.state == OPEN and may_pause(work, by, found):
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
        ("What to look at", COVERS.get(rule.id, "")),
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
    found = still_open(work, press, Act.SETTLE_DUTY)
    known = ACT_OF.get(found.rule.id)
    if known is None or known.verb != "duty.done":
        raise Refusal("This one is done where it belongs: press the first button on it.")
    deadline = found.deadline
    about = Subject(deadline.subject_kind, deadline.subject_id, found.case, deadline.service)
    note = str(answers["note"]) if answers["note"] else None
    deadlines.done(work, deadline, about, press.by.id, note)
    work.record(press.by.id, f"said that {found.in_the_audit} is done", found.case, deadline=deadline.id, note=note)
    return after(work, press, "Thank you", f"It is noted as done: {found.rule.duty}.")


# Not today


def _snooze(work: Work, press: Press) -> Reply:
    found = still_open(work, press, Act.SEE_DUTY)
    if not digest.is_for(work, press.by, found.deadline, PUT_OFF):
        raise Refusal(NOT_YOURS)  # they would not hear of it again
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
    return after(work, press, "Not today", text)


def _on(day: date, today: date) -> str:
    words = cards.day_words(day, today)
    return words if words == "tomorrow" else f"on {words}"


def _put_off(work: Work, press: Press, found: Duty, why: str) -> date:
    """They are reminded again on their next working morning. The clock itself, and the ladder, go on as before."""
    deadline, by = found.deadline, press.by.id
    day = reminders.remind_tomorrow(work, deadline, by, PUT_OFF)
    work.record(by, f"put off {found.in_the_audit}", found.case, deadline=deadline.id, until=day.isoformat(), why=why)
    deadlines.changed(work, deadline)
    return day


def _stops(work: Work, press: Press, answers: Answers) -> Card:
    """Put off twice in a row: what is stopping them decides what is offered."""
    found, why = still_open(work, press, Act.SEE_DUTY), str(answers["stopping"])
    if why == "not-mine" and may(press.by, Act.SETTLE_DUTY, found.facts):
        if why_it_stays := stays(found):
            return said("Whose is it?", why_it_stays)
        args = {"day": press.args["day"]} if "day" in press.args else {}
        over = button(work, "Hand it over", "duty.over", deadline=found.deadline.id, **args)  # type: ignore[arg-type]
        return said("Whose is it?", "Please hand it over to whoever should do it, and say why.", over)
    day = _put_off(work, press, found, why)
    if why != "help":
        return _until(work, press, day)
    asked = _ask_for_help(work, press, found)
    text = f"I will ask {asked} with their next list. You will hear of it again {_on(day, work.local.date())}."
    nobody = "There is nobody further up to ask here. Please speak to your line manager or the quality team."
    return after(work, press, "Thank you for saying so", text if asked else nobody)


def _ask_for_help(work: Work, press: Press, found: Duty) -> str:
    """The next rung of the ladder hears of it with their next digest. Their names, or nothing where there is nobody."""
    deadline, ladder = found.deadline, found.rule.ladder
    climbed = sum(step(found.rule, number).rung is not None for number in range(deadline.step))
    for role in ladder[min(climbed, max(len(ladder) - 1, 0)) :]:
        kept_from = found.facts.kept_from_ids | {press.by.id}
        there = [someone for someone in on_rung(work, deadline, role) if someone.id not in kept_from]
        for someone in there:
            reminders.remind(work, deadline, someone.id, HELP)
        if there:
            return " and ".join(someone.name for someone in there)
    return ""


def _done_questions(work: Work, press: Press) -> Sequence[Question]:
    covers = COVERS.get(the_duty(work, press, Act.SETTLE_DUTY).rule.id, "")
    hint = f"{covers} No names, please.".strip()
    return (long_text("note", "Is there anything to note?", hint, optional=True, max_length=1500),)


STOPS = Form(
    FOR_EVERYBODY,
    "What is stopping you?",
    "Send",
    lambda work, press: (one_of("stopping", "What is stopping you?", STOPPING),),
    _stops,
    explain="You have put this off before. Nobody is blamed: it helps to know what would make it possible.",
    about=about,
    keeps=False,
)
IT_IS_DONE = Form(
    FOR_EVERYBODY,
    "It is done",
    "Note that it is done",
    _done_questions,
    _done,
    about=about,
    keeps=False,
)
VERBS: dict[str, Verb] = {
    "duty.show": _show,
    "duty.snooze": _snooze,
    "duty.done": on_a_duty(Act.SETTLE_DUTY, IT_IS_DONE),
    **duty_moves.VERBS,
}
