"""Whoever chairs a panel today, and how they and the quality team hear of what comes to it."""

from psirf_bot.cards import votes as cards
from psirf_bot.cards.model import Card
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts
from psirf_bot.casework.deadlines import hand_over, of_case, running
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Panel, Person


def acting(work: Work, case: Case, panel: Panel) -> Person | None:
    """Whoever chairs it today; None where that is nobody, or somebody who has left or is kept out of the case."""
    chair = people.person(work, panel.chair_id)
    today = people.acting_for(work, chair, Role.CHAIR) if chair else None
    return today if today and today.active and today.id not in case_facts(work, case).kept_out_ids else None


def tell(work: Work, case: Case, panel: Panel, card: Card, by: str = "") -> bool:
    """Tell them in private, in their working hours unless the panel is urgent; False when they cannot be told.

    `by`: who has done it, and has just been answered.
    """
    chair = acting(work, case, panel)
    if chair is None or chair.id == by:
        return chair is not None
    at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, chair.id))
    private = card.model_copy(update={"preview": PRIVATE_TASK})
    return post.to_person(work, chair.id, private, at=None if panel.route == "urgent" else at)


def ask_for_another(work: Work, case: Case) -> None:
    """The decision is the quality team's to see to until they have named another chair."""
    for clock in running(work, of_case(case), "panel.decided"):
        if clock.owner_id is not None:
            hand_over(work, clock, None)
    choose = button(work, "Choose another chair", "panel.papers", case=case, opens=True)
    tell_quality(work, case, cards.chair_needed(case.reference, choose))


def tell_quality(work: Work, case: Case, card: Card) -> None:
    """In their channel or, where there is none, each in private; nobody who has no part in it."""
    out = case_facts(work, case).kept_out_ids
    if not post.to_channel(work, "quality", card):
        for someone in people.holders(work, Role.QUALITY):
            if someone.id not in out:
                post.to_person(work, someone.id, card)
