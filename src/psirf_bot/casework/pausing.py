"""A learning response is paused because a coroner, the police or a partner asked for it, and goes on again (K05).

Its six months stand where they are: they block nothing, and say that it is paused (K03).
"""

from collections.abc import Callable, Sequence
from datetime import date

from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import PAUSED, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.response_changes import changed, tell
from psirf_bot.casework.response_page import MOVED, page
from psirf_bot.casework.under_way import also_paused, day_in, in_words, response_of, six_months, under_way
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, one_of
from psirf_bot.domain import response as rules
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Deadline

REMINDED = "You are reminded on the morning of that day, or of the next working day."


def _pause_questions(work: Work, press: Press) -> Sequence[Question]:
    under_way(work, case_of(work, press))
    return (
        one_of("reason", "Who asked for it?", rules.PAUSES),
        Day("review", "When will you look at it again?", REMINDED, coming=True),
    )


def _pause(work: Work, press: Press, answers: Answers) -> Card:
    case, review, reason = case_of(work, press), day_in(answers, "review"), str(answers["reason"])
    response = under_way(work, case)
    if review <= work.local.date():
        raise Unfit({"review": "Please choose a day to come."})
    clocks = running(work, of_case(case), *rules.STAND_STILL)
    same = all((clock.state, clock.reason, clock.review_on) == (PAUSED, reason, review) for clock in clocks)
    if case.state == State.PAUSED and same:  # pressed twice
        return page(work, case, press.by)
    before, case.state = case.state, State.PAUSED
    facts = {"reason": reason, "review": review.isoformat()}
    changed(work, case, press.by.id, "paused", response.lead_id, response=response.id, **facts)
    for clock in clocks:
        deadlines.pause(work, clock, reason, review)
    words = f"{rules.PAUSES[reason].lower()}. It is looked at again on {in_words(review)}."
    six = in_words(six_months(work, case, response))
    text = f"{case.reference}: {words} Support, candour, contact and safety actions go on as before, and so do the "
    text += f"six months, which end on {six}."
    title = "A learning response stays paused" if before == State.PAUSED else "A learning response is paused"
    tell(work, case, press.by, [case.owner_id, response.lead_id], title, text)
    return page(work, case, press.by)


def _goes_on(work: Work, clock: Deadline) -> None:
    """A day that was agreed says that it is a pause that moved it: nobody has agreed to the new one."""
    before = clock.due_local[:10]
    deadlines.resume(work, clock)
    if clock.length is None and clock.due_local[:10] != before and MOVED not in clock.source:
        clock.source += f"{MOVED} {in_words(date.fromisoformat(before))}"
        deadlines.changed(work, clock)


def _so_far(work: Work, press: Press) -> Answers:
    paused = (clock for clock in running(work, of_case(case_of(work, press)), *rules.CLOCKS) if clock.state == PAUSED)
    clock = next(paused, None)
    return {"reason": clock.reason, "review": str(clock.review_on)} if clock else {}


def _resume(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    response = response_of(work, case)
    if case.state != State.RESPONDING or not allowed(work, press.by, Act.LEAD_RESPONSE, case):  # else pressed twice
        if not allowed(work, press.by, Act.RESUME, case):
            raise Refusal(f"This is for whoever leads the response, or the quality team. Type case {case.reference}.")
        case.state = State.RESPONDING
        changed(work, case, press.by.id, "resumed", response.lead_id, response=response.id)
        for clock in running(work, of_case(case), *rules.CLOCKS):
            if clock.state == PAUSED:
                _goes_on(work, clock)
        six = in_words(six_months(work, case, response))
        text = f"{case.reference} goes on. Its dates have moved by as long as it stood still, but for the end of the "
        text += f"six months: {six}."
        tell(work, case, press.by, [case.owner_id, response.lead_id], "A learning response goes on", text)
    return Reply(card=page(work, case, press.by), replaces=press.place.private)


PAUSE = Form(
    Act.PAUSE,
    "Pause the learning response",
    "Pause it",
    _pause_questions,
    _pause,
    explain="Its target and its limit of three months stand still, for everybody to see. The six months do not move "
    "(policy 13). Support, candour, contact and safety actions go on.",
    so_far=_so_far,
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {"case.pause": also_paused(PAUSE), "case.resume": _resume}
