"""The terms of reference of a learning response, with those affected: what it looks at, and by when (P09, Q17, K04)."""

from collections.abc import Callable, Sequence
from datetime import date

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.response_changes import changed, tell
from psirf_bot.casework.under_way import check_target, day_in, in_words, response_of, started_on
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, long_text, one_of
from psirf_bot.domain.authority import Act
from psirf_bot.domain.response import TIMEFRAME
from psirf_bot.store.tables import Case, LearningResponse

ASKED_FOR = "Asked for by the patient or family:"
TIME = "The time it takes:"
"""What the lines begin with that stand below the terms themselves."""
LONGER = "the longer time that was recorded"


def lines(work: Work, response: LearningResponse) -> list[str]:
    """The terms as they were set, with who set them and when; nothing while there are none."""
    if response.terms is None or response.terms_at is None:
        return []
    on = in_words(work.setting.calendar.local(response.terms_at).date())
    return [response.terms, f"Set by {people.name_of(work, response.terms_by)}, {on}."]


def _parts(response: LearningResponse) -> tuple[str, str]:
    """The terms themselves, and what those affected asked for, as they were typed."""
    terms = (response.terms or "").rpartition(f"\n\n{TIME}")[0]
    own, _, asked = terms.partition(f"\n\n{ASKED_FOR} ")
    return own, asked


def _questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    response = response_of(work, case)
    if response.ended_at:
        raise Refusal("This learning response has ended, so its terms of reference stay as they are.")
    time = (
        one_of("agreed", "Is the time it takes agreed with those affected?", TIMEFRAME, "Policy 13."),
        Day("target", "By which day is it to be finished?", "Needed if you agreed one.", optional=True, coming=True),
    )
    return (
        long_text("terms", "What does the learning response look at?", "Systems and not people. No names."),
        long_text(
            "asked-for",
            "What did the patient or family ask to be looked at?",
            "In their words if you can, without names. Leave it out if nothing.",
            optional=True,
            max_length=1000,
        ),
        *(() if _has_longer(work, case) else time),
    )


def _has_longer(work: Work, case: Case) -> bool:
    """Whether a longer time was recorded: it counts from then on, whatever is agreed here (§13)."""
    return bool(running(work, of_case(case), "response.extension"))


def _so_far(work: Work, press: Press) -> Answers:
    response = response_of(work, case_of(work, press))
    terms, asked = _parts(response)
    target = response.target_on.isoformat() if response.target_on and response.target_on >= work.local.date() else None
    return {"terms": terms or None, "asked-for": asked or None, "target": target}


def _set(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    response = response_of(work, case)
    target = day_in(answers, "target") if answers.get("target") else None
    agreed = "" if _has_longer(work, case) else str(answers["agreed"])
    if agreed:
        _check_day(work, response, target, agreed)
    text = _text(answers, agreed, target)
    if text != response.terms or target not in {None, response.target_on}:  # otherwise pressed twice
        response.terms, response.terms_by, response.terms_at = text, press.by.id, work.now
        _move(work, case, response, target, agreed)
        work.session.add(response)
        changed(work, case, press.by.id, "terms of reference set", response.lead_id, response=response.id, terms=text)
        note = f"The terms of reference of {case.reference} are set. You can read them on its page."
        tell(work, case, press.by, [response.lead_id], "Terms of reference", note)
    back = button(work, "Back to the learning response", "response.show", case=case)
    return said("The terms of reference are set", "They stand on the page of the learning response.", back)


def _check_day(work: Work, response: LearningResponse, target: date | None, agreed: str) -> None:
    """The day has to lie where the policy has it, counted from the start, or from today if it has not started."""
    if target and agreed != "agreed":
        raise Unfit({"target": "You said that no time was agreed. Please leave the day out, or say that it was."})
    start = started_on(work, response) if response.started_at else work.local.date()
    check_target(work, response, start, target, agreed=agreed == "agreed")


def _move(work: Work, case: Case, response: LearningResponse, target: date | None, agreed: str) -> None:
    """The day agreed becomes the target; where it has started, its clock moves there."""
    if target is None:
        return
    response.target_on = target
    for clock in running(work, of_case(case), "response.target"):
        deadlines.move(work, clock, target)
        clock.note = f"The time it takes: {TIMEFRAME[agreed].lower()}."
        work.session.add(clock)


def _text(answers: Answers, agreed: str, target: date | None) -> str:
    """Everything in one text, each under a line of its own."""
    asked = f"\n\n{ASKED_FOR} {answers['asked-for']}" if answers["asked-for"] else ""
    until = f", by {in_words(target)}" if target else ""
    time = f"{TIMEFRAME[agreed].lower()}{until}" if agreed else LONGER
    return f"{answers['terms']}{asked}\n\n{TIME} {time}."


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "terms.set": Form(
        Act.LEAD_RESPONSE,
        "Terms of reference",
        "Set them",
        _questions,
        _set,
        explain="Please set them with the patient or family, if they wish, and with the staff who were involved.",
        so_far=_so_far,
    ),
}
