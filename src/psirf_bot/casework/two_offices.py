"""What the Chief Nurse or the Medical Director signs: whose it is today, and what is said where neither can (B06, V18).

A PSII to be verified (I16), and a departure from the minimum (I09). Somebody who stands in for one of them can sign,
unless they were involved or have decided on it. Where nobody can, the duty is the quality team's, who find somebody.
"""

from collections.abc import Callable

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, panels, people
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, Panel, Person

OFFICES = (Role.CHIEF_NURSE, Role.MEDICAL_DIRECTOR)
HOW = (
    "Please ask an administrator of the bot to type deputy, and to name somebody who stands in for the Chief Nurse or "
    "the Medical Director. I ask that person as soon as there is one."
)

Can = Callable[[Person], bool]


def holders(work: Work, can: Can) -> list[Person]:
    """Those who can sign today."""
    found = {p.id: p for role in OFFICES for p in people.holders(work, role)}
    return [p for p in found.values() if can(p)]


def hand_on(work: Work, clock: Deadline, can: Can) -> list[Person] | None:
    """Give the duty to whoever can sign, if it is not theirs already: then None. Empty where nobody can any more."""
    first = work.setting.rules[clock.rule].role
    if first not in OFFICES:  # the trust has given it to others, who see to it
        return None
    offices = sorted(OFFICES, key=lambda role: role != first)
    held = [people.holders(work, role) for role in offices]
    able = [[p for p in those if can(p)] for those in held]
    asked, owing = able[0] or able[1], owners(work, clock)
    with_quality = clock.role == Role.QUALITY and clock.owner_id is None
    if with_quality if not asked else owing and all(can(p) for p in owing):
        return None
    clock.role = first if asked else Role.QUALITY
    work.session.add(clock)
    deadlines.hand_over(work, clock, asked[0].id if asked and able[0] != held[0] else None)
    return asked


# A departure from the minimum: read by what shows it, before and after it is answered


def may_answer(work: Work, case: Case, panel: Panel) -> Can:
    """Whoever chairs the panel, or wrote what is asked, does not answer it."""
    decided = {panel.chair_id, panel.decided_by}
    return lambda p: p.id not in decided and allowed(work, people.member(work, p), Act.ANSWER_DEPARTURE, case)


def departure_waits(work: Work, panel: Panel) -> str:
    """A departure that was asked for, and has no answer yet."""
    case = work.session.get_one(Case, panel.case_id)
    if panel.state != panels.DEPARTING or holders(work, may_answer(work, case, panel)):
        return "The Chief Nurse or the Medical Director has been asked to answer it."
    return "Nobody can answer it today: somebody has to stand in for the Chief Nurse or the Medical Director."


def nobody_answers(reference: str) -> Card:
    text = f"Nobody can answer today whether the panel on {reference} may depart from the minimum. {HOW}"
    return said("A panel needs an answer", text)


def nobody_verifies(reference: str) -> Card:
    text = f"Nobody can verify the PSII for {reference} today. {HOW} Nothing else waits for it."
    return said("A PSII needs somebody who can verify it", text)
