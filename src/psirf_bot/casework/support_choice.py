"""Who makes a check in somebody's place: passed on by whoever was asked, or chosen by the quality team (O01, V16)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from psirf_bot.cards import support as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import people
from psirf_bot.casework.deadlines import running
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.support_circle import kept_from_check
from psirf_bot.casework.support_needs import Asked, acting_checker, can_check, case_of_need, move, roughly, subject
from psirf_bot.casework.support_review import also_after_event
from psirf_bot.casework.support_stages import found
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import People, Question, one_of
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import ENDED
from psirf_bot.store.tables import Person, SupportNeed


def _pass(work: Work, press: Press, answers: Answers) -> Card:
    need = _theirs(work, press)
    someone = one_person(work, answers["who"])
    if answers["who"] and (someone is None or someone.id == press.by.id):
        raise Unfit({"who": "Please choose somebody else from the people list, or leave this out."})
    if someone and people.acting_for(work, someone).id == press.by.id:
        raise Unfit({"who": f"You stand in for {someone.name} today. Please choose somebody else, or leave this out."})
    to = someone if can_check(work, need, someone) else None
    reason = str(answers["reason"])
    work.record(
        press.by.id,
        "passed on a support check",
        case_of_need(work, need),
        need=need.id,
        reason=reason,
        to=to.id if to else None,
    )
    _move(work, need, to, why=cards.passed_on_words(press.by.name, reason))
    return said("Thank you for saying so", "Somebody else will be asked. There is nothing more you need to do.")


def _move(work: Work, need: SupportNeed, to: Person | None, *, why: str = "") -> Asked | None:
    """With the same talk that was asked of the same contact in another report of the event: it is one."""
    for other, _ in also_after_event(work, need):
        move(work, other, to.id if to and can_check(work, other, to) else None, why=why)
    return move(work, need, to.id if to else None, why=why)


def _theirs(work: Work, press: Press) -> SupportNeed:
    """The need, for whoever is to check alone: somebody of the quality team may have been replaced meanwhile."""
    need = found(work, press)
    acting = acting_checker(work, need)
    if press.by.id not in {need.checker_id, acting.id if acting else None}:
        raise Refusal(cards.PASSED_ON)
    return need


def _pass_questions(work: Work, press: Press) -> Sequence[Question]:
    need = _theirs(work, press)
    if not running(work, subject(work, need)):
        raise Refusal(f"It is noted that {need.name} has been checked on, so nobody else is asked.")
    return (
        one_of("reason", "Why?", cards.REASONS, "Only the quality team is told."),
        People("who", "Who could do it?", "A name or work e-mail address. You can leave this out.", True, most=1),
    )


def _choose(work: Work, press: Press, answers: Answers) -> Card:
    need = found(work, press)
    someone = one_person(work, answers["who"])
    if someone is None:
        raise Unfit({"who": "Please choose somebody who is on the people list."})
    if someone.id in kept_from_check(work, need, afresh=True):
        raise Unfit({"who": "It cannot be this person: they are to be left out of it. Please choose somebody else."})
    if not can_check(work, need, someone):
        text = "I cannot reach them, or whoever stands in for them is to be left out. Please choose somebody else."
        raise Unfit({"who": text})
    before = people.person(work, need.checker_id)
    asked = _move(work, need, someone)
    work.record(press.by.id, "chose who checks", case_of_need(work, need), need=need.id, who=someone.id)
    instead = f" That is instead of {before.name}." if before and before.id != someone.id else ""
    return said("Thank you", f"{_will_be_asked(work, need, someone, asked)}{instead}")


def _will_be_asked(work: Work, need: SupportNeed, chosen: Person, asked: Asked | None) -> str:
    acting = people.acting_for(work, chosen)
    who = chosen.name if acting.id == chosen.id else f"{acting.name}, who stands in for {chosen.name},"
    if asked is None and case_of_need(work, need).state in ENDED:
        return f"The case is closed, so no check on {need.name} is due. If there is another one, {who} will be asked."
    when = roughly(work, asked.at) if asked else "when the next check is due"
    if asked and asked.again:
        return (
            f"{who} will be asked again to check on {need.name}, in private, {when}. "
            "They have had a reminder of it today, and one a day is the most."
        )
    return f"{who} will be asked to check on {need.name}, in private, {when}."


def _choose_questions(work: Work, press: Press) -> Sequence[Question]:
    found(work, press)
    if not press.by.is_quality:
        raise Refusal(cards.PASSED_ON)
    return (People("who", "Who is to check on them?", "A name or work e-mail address.", most=1),)


def _choose_form(work: Work, press: Press) -> Reply:
    """It says first who could not do it, so that nobody chooses them again unawares, or whom somebody chose already."""
    need = found(work, press)
    why = next((duty.note for duty in running(work, subject(work, need)) if duty.note), "")
    explain = f"{why} Please choose somebody else, or choose them again to confirm." if why else ""
    if checker := people.person(work, need.checker_id):
        explain = f"{checker.name} is to check on them now. Whoever you choose does it instead."
    form = Form(EVERYBODY, "Choose who checks", "Ask them", _choose_questions, _choose, explain)
    return _apart(form)(work, press)


def one_person(work: Work, named: object) -> Person | None:
    """The person whom somebody chose in a form; None for a name that is not on the list, or for nobody."""
    return people.person(work, str(named[0])) if isinstance(named, list) and named else None


def _apart(form: Form) -> Callable[[Work, Press], Reply]:
    """A form with no way back to the case: whoever checks may not open that. Its questions ask whose it is."""
    return lambda work, press: form(work, replace(press, case_id=None))


EVERYBODY = Act.ASK_FOR_SUPPORT
"""What every member of staff may do: whose the check is, each form asks first."""

VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "support.pass": _apart(Form(EVERYBODY, "Someone else should do this", "Pass it on", _pass_questions, _pass)),
    "support.choose": _choose_form,
}
