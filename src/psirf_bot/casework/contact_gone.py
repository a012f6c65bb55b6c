"""The named contact of a patient or family is it no longer: who hears of that, and who names another (B12)."""

from collections.abc import Callable

from psirf_bot.cards.conversation import said
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, case_facts, staff_named
from psirf_bot.casework.forms import case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.named_contacts import SERVICE_USER, act_of_naming, contact_of, newest, serving
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.support_needs import BOT
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, NamedContact


def _decline(work: Work, press: Press) -> Reply:
    """Nobody is named any more, and whoever can name somebody else hears of it."""
    case = case_of(work, press)
    last, response = newest(work, case), current(work, case)
    said_so = last is not None and last.by_id == press.by.id and not (last.contact_id or last.why_not)
    if last is None or not (said_so or last.contact_id == press.by.id):
        raise Refusal(f"You are not the contact for {case.reference}, so there is nothing you need to do.")
    if response is None or response.ended_at:
        raise Refusal(f"The learning response to {case.reference} has ended, so there is nothing you need to do.")
    if not said_so:  # otherwise pressed twice
        work.session.add(NamedContact(case_id=case.id, whom=SERVICE_USER, by_id=press.by.id, at=work.now))
        changed(work, case, press.by.id, "named contact stood down", whom=SERVICE_USER, contact=press.by.id)
        why = f"{press.by.name} cannot be the contact of the patient or family for the learning response to"
        _tell_that_nobody_is(work, case, press.by.id, f"{why} {case.reference}.")
    text = f"Somebody else is asked to be the contact of the patient or family for {case.reference}. "
    thanks = said("Thank you for saying so", text + "There is nothing more you need to do.", preview=PRIVATE_TASK)
    return Reply(card=thanks, replaces=press.place.private)


def contact_has_left(work: Work, case: Case) -> None:
    """Whoever was named has left while the response goes on: somebody else is asked for, once."""
    last = newest(work, case)
    if last is None or last.contact_id is None or contact_of(work, last):
        return
    work.session.add(NamedContact(case_id=case.id, whom=SERVICE_USER, by_id=BOT, at=work.now))
    changed(work, case, BOT, "named contact has left", whom=SERVICE_USER, contact=last.contact_id)
    name = people.name_of(work, last.contact_id)
    text = f"{name} has left, and was the contact of the patient or family for the learning response to"
    _tell_that_nobody_is(work, case, BOT, f"{text} {case.reference}.")


def joined(work: Work, case: Case) -> None:
    """A report that was joined may name the contact: somebody else is asked for, and why is said to nobody."""
    last, response = newest(work, case), current(work, case)
    if last is None or last.contact_id is None or response is None or response.ended_at:
        return
    if last.contact_id not in staff_named(work, case.id) or contact_of(work, last) is None:
        return
    work.session.add(NamedContact(case_id=case.id, whom=SERVICE_USER, by_id=BOT, at=work.now))
    changed(work, case, BOT, "named contact stood down", whom=SERVICE_USER, contact=last.contact_id)
    text = f"You are no longer the named contact of the patient or family in {case.reference}. Thank you for it."
    post.to_person(work, last.contact_id, said("You are not the contact any more", text, preview=PRIVATE_TASK))
    why = f"{people.name_of(work, last.contact_id)} cannot be the contact of the patient or family for"
    _tell_that_nobody_is(work, case, BOT, f"{why} the learning response to {case.reference}.")


def closed(work: Work, case: Case, by: str) -> None:
    """Whoever was named for the learning response of a case hears that the case is closed."""
    last = newest(work, case)
    contact = serving(work, case, last)
    if contact and contact.id not in {by, case_facts(work, case).lead_id}:
        text = (
            f"{case.reference} is closed, so you are not asked to be the named contact of the patient or family any "
            "more. If they turn to you, please tell the quality team. Thank you for it."
        )
        post.to_person(work, contact.id, said("A case you are a contact for is closed", text, preview=PRIVATE_TASK))


def _tell_that_nobody_is(work: Work, case: Case, by: str, why: str) -> None:
    """The lead and the owner of the case, as far as they can name somebody; otherwise the quality team."""
    name = button(work, "Name the contact", "contacts-named.set", case=case, style="primary", opens=True)
    text = f"{why} Please name somebody else, so that they have somebody to turn to."
    card = said("Somebody else is needed as the contact", text, name, preview=PRIVATE_TASK)
    team = [someone.id for someone in people.holders(work, Role.QUALITY)]
    for whom in ([case_facts(work, case).lead_id, case.owner_id], team):
        able = [who for who in dict.fromkeys(whom) if who and who != by and _may_name(work, case, who)]
        reached = [post.to_person(work, who, card) for who in able]
        if any(reached):
            return


def _may_name(work: Work, case: Case, who: str) -> bool:
    someone = people.person(work, who)
    return someone is not None and allowed(work, people.member(work, someone), act_of_naming(case), case)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"contacts-named.decline": _decline}
