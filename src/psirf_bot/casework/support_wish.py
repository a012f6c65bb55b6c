"""*Never my line manager*: somebody else is to check on them, and it can be taken back."""

from collections.abc import Callable, Sequence

from sqlmodel import select

from psirf_bot.cards import support as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import people
from psirf_bot.casework.deadlines import changed as duty_changed
from psirf_bot.casework.deadlines import running
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.support_choice import one_person
from psirf_bot.casework.support_circle import SOMEONE_ELSE, kept_from_check
from psirf_bot.casework.support_needs import (
    STOPPED,
    can_check,
    case_of_need,
    move,
    subject,
)
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import People, Question
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Person, SupportNeed


def _other(work: Work, press: Press, answers: Answers) -> Card:
    someone = one_person(work, answers["who"])
    me = work.session.get_one(Person, press.by.id)
    if answers["who"] and (someone is None or someone.id in {me.id, me.line_manager_id}):
        raise Unfit({"who": "Please name somebody else who is on the people list, or leave this out."})
    _asked_about(work, press)
    me.passes_over_id = me.line_manager_id or me.id  # without a manager now, it holds for whoever becomes that
    work.session.add(me)
    work.session.flush()
    for need in _all_of(work, press.by):
        need.wish, need.wished = SOMEONE_ELSE, someone.name if someone else None
        need.passed_over_id = me.line_manager_id
        if someone is None and _has_another(work, need):
            for duty in running(work, subject(work, need)):
                duty_changed(work, duty)
        else:
            to = someone if can_check(work, need, someone) else None
            move(work, need, to.id if to else None)
        work.record(press.by.id, "asked for somebody else to check on them", case_of_need(work, need), need=need.id)
    text = (
        "From now on, if anybody is to check on you, it is somebody other than your line manager. The quality team "
        "sees to it, and your line manager is not told."
    )
    if not any(s.id not in (me.id, me.line_manager_id) for s in people.holders(work, Role.QUALITY)):
        return cards.nobody_to_ask(work.trust.support)
    return said("It is noted", text, preview="You have a private message.")


def _has_another(work: Work, need: SupportNeed) -> bool:
    """Whether somebody other than the line manager is to check already, and can."""
    checker = people.person(work, need.checker_id)
    passed_over = checker is None or checker.id in kept_from_check(work, need, afresh=True)
    return not passed_over and can_check(work, need, checker)


def _again(work: Work, press: Press) -> Reply:
    """They take it back: their line manager may be asked about them again, from the next report on."""
    me = work.session.get_one(Person, press.by.id)
    me.passes_over_id = None
    work.session.add(me)
    work.record(me.id, "their line manager may be asked again")
    text = "Your line manager may be asked again, if something new is reported. They are not told of this either."
    return Reply(card=said("It is noted", text, preview="You have a private message."))


def _all_of(work: Work, by: Member) -> list[SupportNeed]:
    """All their needs, known to them or not."""
    theirs = select(SupportNeed).where(SupportNeed.person_id == by.id, SupportNeed.state != STOPPED)
    return list(work.session.exec(theirs.order_by(SupportNeed.id).with_for_update()))


def _asked_about(work: Work, press: Press) -> None:
    """Refuses a button that is about somebody else."""
    if "need" in press.args and press.args["need"] not in {need.id for need in _all_of(work, press.by)}:
        raise Refusal("That is about somebody else, or about a report that was withdrawn. Type support to see yours.")


def _other_questions(work: Work, press: Press) -> Sequence[Question]:
    _asked_about(work, press)
    hint = "A name or work e-mail address. Leave this out, and the quality team finds somebody."
    return (People("who", "Who would you like instead?", hint, True, most=1),)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "support.again": _again,
    "support.other": Form(
        Act.ASK_FOR_SUPPORT,
        "Somebody other than my line manager",
        "Ask for somebody else",
        _other_questions,
        _other,
        explain=cards.NOT_TOLD,
    ),
}
