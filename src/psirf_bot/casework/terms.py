"""The terms of reference of a learning response, with those affected: what it looks at, and by when (P09, Q17, K04).

Which parts of the system it looks at (A05, D02) and what was considered about inequality (F03) are lines of their text.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, about_systems, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.response_changes import changed, tell
from psirf_bot.casework.safety_actions import WHY_NOTHING, is_no_answer
from psirf_bot.casework.under_way import check_target, day_in, in_words, response_of, started_on
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, long_text, one_of, several_of
from psirf_bot.domain.authority import Act
from psirf_bot.domain.response import PARTS_OF_THE_SYSTEM, TIMEFRAME
from psirf_bot.store.tables import Case, LearningResponse

SYSTEM = "Parts of the system:"
NOT_LOOKED_AT = "Not looked at:"
INEQUALITY = "About inequality:"
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


def asked_for(response: LearningResponse) -> str:
    """What the patient or family asked to be looked at, as it was typed; "" where there is nothing."""
    return _parts(response)["asked-for"]


def _parts(response: LearningResponse) -> dict[str, str]:
    """The terms themselves and the lines below them, as they were typed; "" for a line that is not there."""
    text = (response.terms or "").rpartition(f"\n\n{TIME}")[0]
    found = {}
    for key, heading in (("asked-for", ASKED_FOR), ("inequality", INEQUALITY), ("system", SYSTEM)):
        before, there, said = text.rpartition(f"\n\n{heading} ")
        text, found[key] = (before, said) if there else (said, "")
    return {"terms": text, **found}


def _system_in(line: str) -> list[str]:
    """Which parts of the system a line of the terms names."""
    named = line.partition(f" {NOT_LOOKED_AT}")[0].rstrip(".").split(", ")
    return [key for key, name in PARTS_OF_THE_SYSTEM.items() if name in named]


def _system_line(looked_at: Collection[str]) -> str:
    """Those that it looks at and, for whoever reads it, those that it does not."""
    there = ", ".join(name for key, name in PARTS_OF_THE_SYSTEM.items() if key in looked_at)
    left = ", ".join(name for key, name in PARTS_OF_THE_SYSTEM.items() if key not in looked_at)
    return f"{there}. {NOT_LOOKED_AT} {left}." if left else f"{there}."


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
        several_of(
            "system",
            "Which parts of the system?",
            PARTS_OF_THE_SYSTEM,
            "Two or more: nothing happens for one reason alone. (Policy 5.1.)",
        ),
        long_text(
            "inequality",
            "What did you consider about inequality?",
            "Who could be harmed more, or heard less? “Nothing found, because …” is fine. (Policy 7.1.)",
            max_length=1000,
        ),
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
    parts = _parts(response)
    target = response.target_on.isoformat() if response.target_on and response.target_on >= work.local.date() else None
    said = {key: parts[key] or None for key in ("terms", "inequality", "asked-for")}
    return {**said, "system": _system_in(parts["system"]), "target": target}


def _set(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    response = response_of(work, case)
    _check_words(answers)
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


def _check_words(answers: Answers) -> None:
    about_systems(answers, "terms")
    if not isinstance(answers["system"], list) or len(answers["system"]) < 2:
        raise Unfit({"system": "Please choose two or more. (Policy 5.1.)"})
    if is_no_answer(str(answers["inequality"])):
        raise Unfit({"inequality": WHY_NOTHING})


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
    looked_at = answers["system"] if isinstance(answers["system"], list) else ()
    system = f"\n\n{SYSTEM} {_system_line(looked_at)}\n\n{INEQUALITY} {answers['inequality']}"
    asked = f"\n\n{ASKED_FOR} {answers['asked-for']}" if answers["asked-for"] else ""
    until = f", by {in_words(target)}" if target else ""
    time = f"{TIMEFRAME[agreed].lower()}{until}" if agreed else LONGER
    return f"{answers['terms']}{system}{asked}\n\n{TIME} {time}."


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
