"""Whom each person affected can turn to during a learning response (B12).

For the patient or family somebody is named here; for each member of staff it is whoever checks on them, as their
support goes (casework/support.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlmodel import col, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import nobody_affected, people, post, support
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, case_facts, staff_named
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import sees
from psirf_bot.casework.nobody_affected import NOBODY, REASON, WHY_NOT
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.support_needs import acting_checker, can_check, choose_button
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import People, Question, one_of
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, NamedContact, Person, SupportNeed

SERVICE_USER = "service-user"
WHOM = "The patient or family"
MOST = 3
"""Members of staff for whom somebody can be chosen on one card."""


def missing(work: Work, case: Case) -> list[str]:
    """Who has no named contact yet, in words that name nobody; nothing when everybody affected has one."""
    found = [] if family_has_one(work, case) else ["the patient or family"]
    if without := len(_staff_without(work, case)):
        found.append("a member of staff" if without == 1 else f"{without} members of staff")
    return found


def lines(work: Work, case: Case, by: Member) -> list[tuple[str, str]]:
    """Who is affected and whom each can turn to, as far as this person may know.

    Who checks on somebody is for the quality team and that contact; the lead is told only that there is somebody.
    """
    last = newest(work, case)
    contact = serving(work, case, last)
    found = [(WHOM, contact.name if contact else nobody_affected.in_words(last))]
    leads = by.acts_as(case_facts(work, case).lead_id, Role.RESPONSE_LEAD)
    for need in support.in_review(work, case):
        theirs = acting_checker(work, need)
        is_contact = theirs is not None and by.id in {theirs.id, need.checker_id}
        if support.is_kept_from(work, need, by) or not (by.is_quality or leads or is_contact):
            continue
        named = _of_staff(work, need)
        words = named.name if named and (by.is_quality or is_contact) else "The person who supports them"
        found.append((need.name, words if named else "Nobody yet"))
    return found


def gate(work: Work, press: Press) -> Reply | None:
    """Why a learning response cannot start yet, with the way to what is missing; None when it can (B12)."""
    case = case_of(work, press)
    if not allowed(work, press.by, Act.LEAD_RESPONSE, case) or not (waits := missing(work, case)):
        return None
    text = f"Before it starts, everybody affected has a named contact (policy 3.4). Still without one: {_and(waits)}."
    offers: list[Button] = []
    if not family_has_one(work, case):
        text += nobody_affected.asked_anew(work, case, newest(work, case))
        offers.append(button(work, "Name the contact", "contacts-named.set", case=case, style="primary"))
    staff = [need for need in _staff_without(work, case) if not support.is_kept_from(work, need, press.by)]
    if press.by.is_quality:
        offers += [choose_button(work, need) for need in staff[:MOST]]
    elif staff:
        text += " The quality team chooses who supports a member of staff; please ask them."
    offers.append(button(work, "Back to the learning response", "response.show", case=case))
    card = said("It can start once there is somebody to turn to", text, *offers, preview=PRIVATE_TASK)
    return Reply(card=card, replaces=press.place.private)


def family_has_one(work: Work, case: Case) -> bool:
    """Whether the patient or family has a named contact, or there is a reason why they have none."""
    last = newest(work, case)
    if last is None or last.why_not is None:
        return serving(work, case, last) is not None
    return nobody_affected.stands(work, case, last)


def family_is_in_it(work: Work, case: Case) -> bool:
    """Whether there is a family to be in touch with in this response, also while nobody is named for it any more."""
    last = newest(work, case)
    if last is None or nobody_affected.is_of_before(work, case, last):
        return False
    return last.why_not is None or not nobody_affected.stands(work, case, last)


def _and(words: Sequence[str]) -> str:
    return " and ".join(words)


def _staff_without(work: Work, case: Case) -> list[SupportNeed]:
    return [need for need in support.in_review(work, case) if _of_staff(work, need) is None]


def newest(work: Work, case: Case) -> NamedContact | None:
    theirs = select(NamedContact).where(NamedContact.case_id == case.id, NamedContact.whom == SERVICE_USER)
    return work.session.exec(theirs.order_by(col(NamedContact.id).desc())).first()


def contact_of(work: Work, named: NamedContact) -> Person | None:
    """The person named, as long as they work here."""
    someone = people.person(work, named.contact_id)
    return someone if someone and someone.active else None


def serving(work: Work, case: Case, named: NamedContact | None) -> Person | None:
    """The contact in the learning response that there is now: whoever was it in an earlier one is asked anew."""
    someone = contact_of(work, named) if named and not nobody_affected.is_of_before(work, case, named) else None
    return None if someone and someone.id in staff_named(work, case.id) else someone


def _of_staff(work: Work, need: SupportNeed) -> Person | None:
    """Whoever checks on a member of staff, as long as they can."""
    someone = people.person(work, need.checker_id)
    return someone if someone and can_check(work, need, someone) else None


# The patient or family


def _questions(work: Work, press: Press) -> Sequence[Question]:
    return (
        People(
            "contact",
            "Who is the named contact of the patient or family?",
            "A name or work e-mail address; nobody who was involved.",
            optional=True,
            most=1,
        ),
        one_of("why-not", "Or why is there none?", WHY_NOT, optional=True),
        *nobody_affected.question(work, case_of(work, press)),
    )


def _so_far(work: Work, press: Press) -> Answers:
    case = case_of(work, press)
    last = newest(work, case)
    if last is None or (last.why_not and nobody_affected.is_of_before(work, case, last)):
        return {}
    which, reason = nobody_affected.parts(last)
    return {"contact": [last.contact_id] if last.contact_id else None, "why-not": which, "why-nobody": reason}


def _set(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    someone = _chosen(work, case, answers)
    why_not, before = _why_none(work, case, answers), newest(work, case)
    reached = True
    again = before is not None and (before.contact_id, before.why_not) == (someone and someone.id, why_not)
    if before is None or not again or nobody_affected.is_of_before(work, case, before):
        named = NamedContact(
            case_id=case.id,
            whom=SERVICE_USER,
            contact_id=someone.id if someone else None,
            why_not=why_not,
            by_id=press.by.id,
            at=work.now,
        )
        work.session.add(named)
        changed(work, case, press.by.id, "named contact set", whom=SERVICE_USER, contact=named.contact_id, why=why_not)
        reached = _tell(work, case, press.by, before, someone)
    back = button(work, "Back to the learning response", "response.show", case=case)
    waits = missing(work, case)
    text = "" if reached or not someone else f"I cannot write to {someone.name} yet. Please tell them yourself. "
    text += f"{WHOM}: {someone.name if someone else nobody_affected.in_words(newest(work, case))}."
    text += f" Still without one: {_and(waits)}." if waits else " Everybody affected has a named contact now."
    return said("The named contact is noted", text, back, preview="It is noted.")


def _chosen(work: Work, case: Case, answers: Answers) -> Person | None:
    """The person named, or None where there is a reason. Raises Unfit for neither, for both, and for who cannot be."""
    named, reason = answers["contact"], answers["why-not"]
    if not isinstance(named, list):
        if not reason:
            raise Unfit({"contact": "Please name somebody, or say below why there is nobody."})
        return None
    someone = people.person(work, named[0])
    if reason:
        raise Unfit({"why-not": "You named somebody above. Please choose one or the other."})
    if someone is None or not (someone.active and someone.on_list):
        raise Unfit({"contact": "Please choose somebody who is on the people list."})
    if someone.id in staff_named(work, case.id):
        raise Unfit({"contact": f"{someone.name} cannot be the contact here. Please choose somebody else."})
    return someone


def _why_none(work: Work, case: Case, answers: Answers) -> str | None:
    """Why there is nobody. Raises Unfit where a report says that a patient was affected, and nobody says why not."""
    which, reason = answers["why-not"], " ".join(str(answers.get("why-nobody") or "").split())
    if which != NOBODY or not (said_so := nobody_affected.affected(work, case)):
        return str(which) if which else None
    if not reason:
        raise Unfit({"why-nobody": f"{said_so} Please say why nobody was, or name somebody above."})
    return f"{NOBODY}{REASON}{reason}"


def _tell(work: Work, case: Case, by: Member, before: NamedContact | None, someone: Person | None) -> bool:
    """Whoever is named hears of it in private, and whoever was before; False when who is named cannot be reached."""
    if before and before.contact_id and before.contact_id not in {by.id, someone.id if someone else None}:
        text = f"You are no longer the named contact of the patient or family in {case.reference}. Thank you for it."
        post.to_person(work, before.contact_id, said("Somebody else is the contact now", text, preview=PRIVATE_TASK))
    if someone and someone.id != by.id:
        text = (
            f"{by.name} has named you as the contact of the patient or family for the learning response to "
            f"{case.reference}: the one they can turn to. The lead will speak with you before you speak to them. "
            "If you cannot, press I cannot do this: no reason is needed."
        )
        cannot = button(work, "I cannot do this", "contacts-named.decline", case=case)
        look = button(work, "Open the learning response", "response.show", case=case, opens=True)
        offers = (cannot, look) if sees(work, people.member(work, someone), case) else (cannot,)
        card = said("You are a named contact", text, *offers, preview=PRIVATE_TASK)
        return post.to_person(work, someone.id, card)
    return True


FORM = Form(
    Act.LEAD_RESPONSE,
    "Named contact of the patient or family",
    "Save",
    _questions,
    _set,
    explain="Whoever is named is told in private. For staff it is whoever checks on them.",
    so_far=_so_far,
)
MEANWHILE = {State.AWAITING_VERIFICATION: Act.CHOOSE_LEAD, State.PAUSED: Act.RESUME}
"""Who may name contacts while the response itself waits."""


def act_of_naming(case: Case) -> Act:
    return MEANWHILE.get(State(case.state), Act.LEAD_RESPONSE)


def _form(work: Work, press: Press) -> Reply:
    return replace(FORM, act=act_of_naming(case_of(work, press)))(work, press)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "contacts-named.set": _form,
}
