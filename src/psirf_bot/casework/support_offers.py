"""What was offered to a member of staff when somebody checked on them, and what they took up: choices, never words."""

from collections.abc import Callable, Sequence

from sqlmodel import col, select

from psirf_bot.cards import support as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import changed
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.support_circle import CHECK
from psirf_bot.casework.support_needs import case_of_need, is_kept_from, may_see_to
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, several_of, yes_no
from psirf_bot.domain.authority import Act
from psirf_bot.store.tables import Case, Deadline, SupportCheck, SupportNeed


def checks_of(work: Work, case: Case) -> list[tuple[SupportNeed, SupportCheck]]:
    """The checks that were made in a case, the oldest first, each with whom it was on."""
    made = select(SupportNeed, SupportCheck).where(
        SupportCheck.need_id == SupportNeed.id, SupportNeed.case_id == case.id
    )
    return list(work.session.exec(made.order_by(col(SupportCheck.id))))


def check_made(work: Work, need: SupportNeed, duty: Deadline) -> SupportCheck | None:
    checks = select(SupportCheck).where(
        SupportCheck.need_id == need.id, SupportCheck.stage == duty.rule, SupportCheck.at == duty.closed_at
    )
    return work.session.exec(checks).first()


def offered_button(work: Work, check: SupportCheck, need: SupportNeed) -> Button:
    """To note what was offered at this check, or to change it."""
    label = "Change the offer" if check.offered else "Note what was offered"
    spoken = f"{label}: {need.name}, {cards.STAGES[check.stage].label.lower()}"
    return button(work, label, "support.offered", opens=True, spoken=spoken, check=str(check.id))


def _offered(work: Work, press: Press, answers: Answers) -> Card:
    check, need = _found_check(work, press)
    offered, accepted = _listed(answers["offered"]), _listed(answers["accepted"])
    if not set(accepted) <= set(offered):
        raise Unfit({"accepted": "Please tick it above as well if it was offered."})
    check.offered, check.accepted, check.hr = offered, accepted, str(answers["hr"])
    work.session.add(check)
    work.session.flush()
    content = {"offered": offered, "accepted": accepted, "hr": check.hr}
    work.record(press.by.id, "noted what was offered", case_of_need(work, need), need=need.id, **content)
    for duty in _duties_done(work, need, check):
        changed(work, duty)
    text = "It is noted. What was said stays between the two of you."
    if check.hr == "yes":
        text += " Please get in touch with HR yourself: the bot does not do that."
    return said("Thank you", text)


def _offered_questions(work: Work, press: Press) -> Sequence[Question]:
    _found_check(work, press)
    everything = {**cards.OFFERS, cards.NOTHING: "Nothing was needed"}
    taken = "Anything else you offered is noted as declined for now. It can be taken up at any time."
    return (
        several_of("offered", "What was offered?", everything, alone=(cards.NOTHING,)),
        several_of("accepted", "Which of it did they take up?", cards.OFFERS, taken, optional=True),
        yes_no("hr", "Should HR be asked for more support?"),
    )


def _so_far(work: Work, press: Press) -> Answers:
    check, _ = _found_check(work, press)
    return {"offered": check.offered, "accepted": check.accepted, "hr": check.hr} if check.offered else {}


def _found_check(work: Work, press: Press) -> tuple[SupportCheck, SupportNeed]:
    """The check that was made, for whoever made it, the contact of today and the quality team."""
    check = work.session.get_one(SupportCheck, int(press.args["check"]), with_for_update=True)
    need = work.session.get_one(SupportNeed, check.need_id)
    made_it = check.by_id == press.by.id and not is_kept_from(work, need, press.by)
    if not made_it and not may_see_to(work, need, press.by):
        raise Refusal(cards.PASSED_ON)
    return check, need


def _duties_done(work: Work, need: SupportNeed, check: SupportCheck) -> list[Deadline]:
    theirs = select(Deadline).where(
        Deadline.subject_kind == CHECK,
        Deadline.subject_id == need.id,
        Deadline.rule == check.stage,
        Deadline.closed_at == check.at,
    )
    return list(work.session.exec(theirs))


def _listed(answer: object) -> list[str]:
    return [str(item) for item in answer] if isinstance(answer, list) else []


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "support.offered": Form(
        Act.ASK_FOR_SUPPORT,  # everybody may: whose the check is, the questions ask first
        "What was offered",
        "Save",
        _offered_questions,
        _offered,
        explain="Please choose: nothing that was said is kept.",
        so_far=_so_far,
    )
}
