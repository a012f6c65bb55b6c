"""What becomes of a safety action: carried out, reviewed each year, handed over, dropped (policy §15, M05–M07).

What is noted when it is done or reviewed stands in the note of the duty that this ends.
"""

from collections.abc import Callable, Sequence
from datetime import date

from psirf_bot.cards import safety_actions as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, happened
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.safety_actions import (
    NOT_YOURS,
    duty_facts,
    line_of,
    listed,
    owner_id_of,
    running,
    subject_of,
    tell_owner,
    view,
)
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import People, Question, long_text, yes_no, yes_no_not_known
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, SafetyAction

ANYBODY = Act.REPORT
"""What every member of staff may do: whose the action is has been asked before its form is shown."""


def _theirs(work: Work, press: Press, *, done: bool | None = None) -> SafetyAction:
    """The action behind this button, held for this turn, if it is this person's to settle and has not moved on."""
    action = work.session.get_one(SafetyAction, press.args["action"], with_for_update=True)
    if not may(press.by, Act.SETTLE_DUTY, duty_facts(work, action, press.by)):
        raise Refusal(NOT_YOURS)
    if action.closed_at:
        raise Refusal(f"{action.reference} is no longer needed. There is nothing you need to do.")
    if done is not None and done != (action.done_at is not None):
        raise Refusal(f"{action.reference} is done already. Thank you." if not done else "It is not done yet.")
    return action


# What its owner does with it


def _done_questions(work: Work, press: Press) -> Sequence[Question]:
    _theirs(work, press, done=False)
    return (long_text("what-was-done", "What was done?", "A sentence or two, without names.", max_length=1000),)


def _done(work: Work, press: Press, answers: Answers) -> Card:
    action = _theirs(work, press, done=False)
    note = str(answers["what-was-done"])
    action.done_at = work.now
    happened(work, Event.ACTION_DONE, subject_of(work, action), press.by.id, note=note)
    _after(work, press, action, "carried out a safety action", note=note)
    title = f"Thank you: {action.reference} is done"
    return view(work, action, press.by, title, opening="I remind you when its review is due.")


def _is_reviewed(work: Work, press: Press, action: SafetyAction) -> bool:
    """Whether the review that this form is for has been done: each form is one year's."""
    duty = running(work, action)
    return duty is None or duty.id != press.args.get("deadline")


def _review_questions(work: Work, press: Press) -> Sequence[Question]:
    action = _theirs(work, press, done=True)
    if not press.given and _is_reviewed(work, press, action):
        raise Refusal(f"{action.reference} has been reviewed already. Thank you. Type actions to see it.")
    return (
        yes_no("still-relevant", "Is it still about what matters most?"),
        yes_no_not_known("measure-shows", "Does the measure show that it works?"),
        long_text("review-note", "What does the measure show?", "Without names.", optional=True, max_length=1000),
    )


def _review(work: Work, press: Press, answers: Answers) -> Card:
    action = _theirs(work, press, done=True)
    if _is_reviewed(work, press, action):  # pressed twice, or by two people
        opening = "This review was sent before, so nothing has changed."
        return view(work, action, press.by, f"{action.reference} has been reviewed", opening=opening)
    works = {"yes": "yes", "no": "no", "not-known": "not known"}[str(answers["measure-shows"])]
    relevant = answers["still-relevant"] == "yes"
    note = f"Still about what matters most: {'yes' if relevant else 'no'}. The measure shows that it works: {works}."
    note = f"{note} {answers['review-note'] or ''}".strip()
    happened(work, Event.ACTION_REVIEWED, subject_of(work, action), press.by.id, note=note)
    _after(work, press, action, "reviewed a safety action", note=note)
    if not relevant or works == "no":
        _tell_quality(work, press.by, action)
    return view(work, action, press.by, f"Thank you: {action.reference} has been reviewed")


def _tell_quality(work: Work, by: Member, action: SafetyAction) -> None:
    """What does not work, or no longer matters, is the quality team's to think about again (M07)."""
    text = f"The review of {action.reference} says that it may need to change, or may no longer be needed."
    open_it = button(work, "Open it", "action.show", action=action.id, style="primary", opens=True)
    card = said("A safety action may need to change", text, open_it)
    if not post.to_channel(work, "quality", card):
        for someone in people.holders(work, Role.QUALITY):
            post.to_person(work, someone.id, card)


def _after(work: Work, press: Press, action: SafetyAction, what: str, **content: object) -> None:
    """Write it down, and keep whose it is and when its next review is due where they are read."""
    duty = running(work, action)
    if duty and duty.rule == "action.reviewed":
        action.review_on = date.fromisoformat(duty.due_local[:10])
    action.owner_id = (duty.owner_id if duty else None) or action.owner_id
    work.session.add(action)
    work.session.flush()
    case = work.session.get(Case, action.case_id) if action.case_id else None
    work.record(press.by.id, what, case, action=action.id, **content)


def _hand_questions(work: Work, press: Press) -> Sequence[Question]:
    action = _theirs(work, press)
    giver = people.person(work, action.by_id)
    goes_back = giver is not None and giver.active and giver.id != owner_id_of(work, action)
    back = f" Leave it empty to give it back to {giver.name}." if giver and goes_back else ""
    return (
        People("new-owner", "Who should do it instead?", f"One person.{back}", optional=goes_back, most=1),
        long_text("why-not", "Why is that?", "The next owner reads this.", max_length=500),
    )


def _hand(work: Work, press: Press, answers: Answers) -> Card:
    action = _theirs(work, press)
    before = owner_id_of(work, action)
    chosen = listed(work, answers, "new-owner")
    to, reason = chosen.id if chosen else action.by_id, str(answers["why-not"])
    if to == before:
        raise Unfit({"new-owner": "It is theirs already. Please name somebody else."})
    duty = running(work, action)
    if duty:
        deadlines.hand_over(work, duty, to)
        post.refresh_homes(work, (before,))
    action.owner_id = to
    _after(work, press, action, "handed a safety action over", before=before, to=to, reason=reason)
    _tell_the_owner_before(work, press.by, action, before)
    told = tell_owner(work, action, press.by, reason)
    name = people.name_of(work, to)
    text = f"It is now with {name}, who has been told." if told else f"It is with {name}. Please tell them yourself."
    return said(f"{action.reference} has been handed over", text)


def _tell_the_owner_before(work: Work, by: Member, action: SafetyAction, before: str | None) -> None:
    """Whose it was need not go on with it. Who handed it over knows, and tells whomever they stand in for."""
    someone = people.person(work, before)
    acting = people.acting_for(work, someone) if someone else None
    if acting and acting.id == by.id:
        acting = someone
    if acting and acting.id not in {by.id, action.owner_id}:
        now = people.name_of(work, action.owner_id)
        text = f"{by.name} has handed {action.reference} over to {now}. There is nothing more you need to do."
        post.to_person(work, acting.id, said(f"{action.reference} is with {now} now", text))


# What the quality team does with it


def _drop_questions(work: Work, press: Press) -> Sequence[Question]:
    _theirs(work, press)
    if not press.by.is_quality:
        raise Refusal("Only the quality team can say that a safety action is no longer needed.")
    return (long_text("why-dropped", "Why is it no longer needed?", "Its owner reads this.", max_length=500),)


def _drop(work: Work, press: Press, answers: Answers) -> Card:
    action, reason = _theirs(work, press), str(answers["why-dropped"])
    owner = owner_id_of(work, action)
    duty = running(work, action)
    if duty:
        deadlines.settle(work, duty, DROPPED, press.by.id, reason)  # with the reason in its note
    happened(work, Event.ACTION_DROPPED, subject_of(work, action), press.by.id)
    action.closed_at = work.now
    _after(work, press, action, "dropped a safety action", reason=reason)
    title = f"{action.reference} is no longer needed"
    if owner and owner != press.by.id:
        told = cards.action_card(line_of(work, action), title, opening="The quality team says why:", reason=reason)
        someone = people.person(work, owner)
        post.to_person(work, people.acting_for(work, someone).id if someone else owner, told)
    return view(work, action, press.by, title)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "action.done": Form(ANYBODY, "The safety action is done", "It is done", _done_questions, _done),
    "action.review": Form(ANYBODY, "Review the safety action", "Save", _review_questions, _review),
    "action.hand": Form(ANYBODY, "Hand the safety action over", "Hand it over", _hand_questions, _hand),
    "action.drop": Form(ANYBODY, "No longer needed", "Save", _drop_questions, _drop),
}
