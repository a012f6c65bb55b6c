"""What is recorded of the duty of candour: a clinician confirms whether it applies; each step taken closes its clock.

The record is only ever added to (Regulation 20(3)(e), (5) and (6)). It holds no words about the person: what can be
said of them is chosen from a list.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from psirf_bot.cards import candour as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, post
from psirf_bot.casework.candour import NOT_YOURS, joined_with, record_of, show, standing_of
from psirf_bot.casework.candour_clocks import bring_in_line, came_back
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, People, Question, one_of, several_of, short_text, yes_no
from psirf_bot.domain import candour
from psirf_bot.domain.authority import Act
from psirf_bot.domain.candour import Entry, Step
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import CandourStep, Case

A_CLINICIAN = (
    "Whether the duty of candour applies is for a clinician to confirm: the candour lead, the Chief Nurse or the "
    "Medical Director. Please ask one of them. You can already record what has been done."
)
CONFIRMED_NOW = "It was confirmed that the duty of candour applies."


def _confirm(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    ground = str(answers["ground"])
    applies = ground in candour.APPLIES
    if not _write(work, press, case, Step.CONFIRMED, work.local.date(), answers["opinion"], {"ground": ground}):
        return show(work, case, press.by)
    bring_in_line(work, case, press.by.id, CONFIRMED_NOW)
    post.refresh(work, cases.living_subject(case))
    note = "Thank you. It is recorded that the duty of candour applies. The days count from the report."
    no = "Thank you. It is recorded that the duty of candour does not apply. Being open and kind still helps."
    return show(work, case, press.by, note if applies else no)


def _told(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    before = standing_of(work, case)
    facts = {key: answers[key] for key in ("how", "whom", "apology", "support", "enquiries")}
    on = _passed(case, answers, "told-on")
    told = Entry(Step.TOLD, on, facts)
    if _write(work, press, case, Step.TOLD, on, answers["told-by"], facts):
        if before.ended and before.under_way and not standing_of(work, case).ended:
            came_back(work, case, press.by.id)
        if candour.is_complete(told):
            happened(work, Event.TOLD_IN_PERSON, of_case(case), press.by.id)
    return show(work, case, press.by, _thanks(told))


def _written(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    facts = {key: answers[key] for key in ("holds", "told-first") if key in answers}
    on = _passed(case, answers, "sent-on")
    letter = Entry(Step.WRITTEN, on, facts)
    if _write(work, press, case, Step.WRITTEN, on, answers["sent-by"], facts) and candour.is_complete(letter):
        happened(work, Event.LETTER_SENT, of_case(case), press.by.id)
    return show(work, case, press.by, f"{_thanks(letter)} {_telling_is_open(work, case)}".strip())


def _telling_is_open(work: Work, case: Case) -> str:
    """What a letter leaves to do, as long as they have not been told in person."""
    now = standing_of(work, case)
    if now.told_on or now.ended or not now.under_way:
        return ""
    due = " and ".join(moment(clock.due_local[:10]) for clock in running(work, of_case(case), "candour.told"))
    return f"Telling them in person, with an apology, stays open until it is recorded{f', due {due}' if due else ''}."


def _unreachable(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    now = standing_of(work, case)
    if now.told_on is None and not now.unreachable and not now.ended and now.under_way:
        _write(work, press, case, Step.UNREACHABLE, work.local.date(), press.by.id, {})
        happened(work, Event.CANNOT_BE_REACHED, of_case(case), press.by.id)
    note = "Thank you. Please record each attempt to reach them: what was tried, and when."
    return Reply(card=show(work, case, press.by, note), replaces=press.place.private)


def _attempt(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    facts = {"way": answers["way"], "outcome": answers["outcome"]}
    on = _passed(case, answers, "tried-on")
    if _write(work, press, case, Step.ATTEMPT, on, answers["tried-by"], facts):
        happened(work, Event.ATTEMPT_RECORDED, of_case(case), press.by.id)
    return show(work, case, press.by, "Thank you. The attempt is recorded.")


def _declined(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    ending, reason = str(answers["ending"]), answers["reason"]
    if ending != "declined":
        if not standing_of(work, case).attempts:
            raise Unfit({"ending": "Please record at least one attempt first: they are owed that we tried."})
        if not reason:
            raise Unfit({"reason": "Please say in a few words why attempts end now."})
    on = _passed(case, answers, "ended-on")
    now = standing_of(work, case)
    if (spoken := max(filter(None, (now.told_on, now.spoken_on)), default=on)) > on:
        why = f"They were spoken to on {moment(spoken.isoformat())}, after that. Please give that day or a later one."
        raise Unfit({"ended-on": why})
    if _write(work, press, case, Step.DECLINED, on, press.by.id, {"ending": ending, "reason": reason}):
        happened(work, Event.DECLINED, of_case(case), press.by.id)
    note = "Thank you. It is recorded. The record of attempts is kept, and they can come back at any time."
    return show(work, case, press.by, note)


def _write(work: Work, press: Press, case: Case, step: Step, on: date, who: Any, facts: dict[str, Any]) -> bool:
    """Add a line to the record; False when this same form has added it already (pressed twice)."""
    who = who[0] if isinstance(who, list) else who
    new = CandourStep(case_id=case.id, step=step, on=on, who=who, facts=facts, by_id=press.by.id, at=work.now)
    for old in record_of(work, case)[int(press.args.get("seen", "0")) :]:
        if (old.step, old.on, old.who, old.facts, old.by_id) == (step, on, who, facts, press.by.id):
            return False
    work.session.add(new)
    work.session.flush()
    what = str(step)
    if step is Step.CONFIRMED:
        what = "confirmed that it applies" if facts["ground"] in candour.APPLIES else "confirmed that it does not apply"
    work.record(press.by.id, f"duty of candour: {what}", case, on=on.isoformat(), who=who, facts=facts)
    return True


def _passed(case: Case, answers: Answers, key: str) -> date:
    """The day that was given; nothing can have been done before it happened."""
    day, happened_on = str(answers[key]), case.occurred[:10]
    if day < happened_on:
        raise Unfit({key: f"That is before it happened ({moment(happened_on)}). Please check the day."})
    return date.fromisoformat(day)


def _thanks(entry: Entry) -> str:
    """What was recorded is kept; what it still lacks is said kindly."""
    left = candour.missing(entry)
    if not left:
        return "Thank you. It is recorded, and nothing of what was said."
    return f"Thank you. It is recorded. Still to do: {'; '.join(left)}."


def _only(*questions: Question) -> Callable[[Work, Press], Sequence[Question]]:
    return lambda work, press: questions


def _of_the_letter(work: Work, press: Press) -> Sequence[Question]:
    """A letter that went first is recorded too, with how that came. Asked as things stood when the form was opened."""
    case = case_of(work, press)
    record = record_of(work, case)
    before = standing_of(work, case, record[: int(press.args.get("seen", len(record)))])
    return WRITTEN if before.told_on or before.ended else (*WRITTEN, TOLD_FIRST)


def _by_me(key: str) -> Callable[[Work, Press], Answers]:
    return lambda work, press: {key: [press.by.id]}


def _who(key: str, label: str) -> People:
    return People(key, label, "A name or work e-mail address of a colleague.", most=1)


TOLD = (
    Day("told-on", "On which day were they spoken to?"),
    _who("told-by", "Who spoke with them?"),
    one_of("how", "How?", candour.HOW_TOLD),
    one_of("whom", "With whom?", candour.TO_WHOM, "No names, please."),
    yes_no("apology", "Did they hear an apology?"),
    several_of("support", "Which support was offered?", candour.SUPPORT, alone=("none",)),
    several_of("enquiries", "What were they told will be looked into?", candour.ENQUIRIES, alone=("none",)),
)
WRITTEN = (
    Day("sent-on", "On which day was the letter sent?"),
    _who("sent-by", "Who sent it?"),
    several_of("holds", "What does it hold?", candour.IN_LETTER),
)
TOLD_FIRST = one_of(
    "told-first",
    "Have they been told in person, with an apology?",
    candour.LETTER_FIRST,
    "Nobody has recorded that yet, and the law asks for it before the letter. It stays open until it is recorded.",
)
ATTEMPT = (
    Day("tried-on", "On which day was it tried?"),
    _who("tried-by", "Who tried?"),
    one_of("way", "How?", candour.WAYS),
    one_of("outcome", "What came of it?", candour.OUTCOMES),
)
DECLINED = (
    Day("ended-on", "Since which day?"),
    one_of("ending", "Why does contact end?", candour.ENDINGS),
    short_text(
        "reason",
        "If attempts end: why now?",
        "A few words. No names, and nothing that says who they are.",
        optional=True,
        conditional=True,
        max_length=150,
    ),
)
CONFIRM = (
    one_of("ground", "What do you confirm, and on which ground?", candour.GROUNDS),
    _who("opinion", "Whose clinical opinion is this?"),
)
CONFIRMING = Form(
    Act.CONFIRM_CANDOUR,
    "Does the duty of candour apply?",
    "Confirm",
    _only(*CONFIRM),
    _confirm,
    explain="\n".join((*candour.THRESHOLDS, f"Source: {candour.LAW}.", "You can change this as you learn more.")),
    so_far=_by_me("opinion"),
)
TELLING = Form(
    Act.RECORD_CANDOUR,
    "They were spoken to",
    "Record it",
    _only(*TOLD),
    _told,
    explain=f"Only what was done is kept here, never what was said. {cards.NO_ADMISSION}",
    so_far=_by_me("told-by"),
)
WRITING = Form(
    Act.RECORD_CANDOUR,
    "The written follow-up",
    "Record it",
    _of_the_letter,
    _written,
    explain="Only what it holds is kept here. Please keep a copy of the letter in the record. (Regulation 20(6).)",
    so_far=_by_me("sent-by"),
)
TRYING = Form(
    Act.RECORD_CANDOUR,
    "An attempt to reach them",
    "Record it",
    _only(*ATTEMPT),
    _attempt,
    explain="The law asks for a written record of the attempts. (Regulation 20(5).)",
    so_far=_by_me("tried-by"),
)
ENDING = Form(
    Act.RECORD_CANDOUR,
    "They declined, or attempts end",
    "Record it",
    _only(*DECLINED),
    _declined,
    explain="That is theirs to choose, and they can come back at any time. (Regulation 20(5).)",
)


def _show(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    card = show(work, case, press.by)
    work.record(press.by.id, "opened the duty of candour", case)
    return Reply(card=card, replaces=press.place.private)


def _for(act: Act, do: Callable[[Work, Press], Reply]) -> Callable[[Work, Press], Reply]:
    """Refuse in words that fit; and let a form know which lines were there when it was opened, to tell two presses."""

    def guarded(work: Work, press: Press) -> Reply:
        case = case_of(work, press)
        if not allowed(work, press.by, act, case):
            raise Refusal(A_CLINICIAN if allowed(work, press.by, Act.SEE_CANDOUR, case) else NOT_YOURS)
        if into := joined_with(work, case):
            raise Refusal(f"{case.reference} was joined with {into.reference}. Please type candour {into.reference}.")
        if not press.given:
            press = replace(press, args={**press.args, "seen": str(len(record_of(work, case)))})
        return do(work, press)

    return guarded


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "candour.show": _show,
    "candour.confirm": _for(Act.CONFIRM_CANDOUR, CONFIRMING),
    "candour.told": _for(Act.RECORD_CANDOUR, TELLING),
    "candour.written": _for(Act.RECORD_CANDOUR, WRITING),
    "candour.unreachable": _for(Act.RECORD_CANDOUR, _unreachable),
    "candour.attempt": _for(Act.RECORD_CANDOUR, TRYING),
    "candour.declined": _for(Act.RECORD_CANDOUR, ENDING),
}
