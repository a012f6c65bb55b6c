"""A change to a case: written down, shown wherever the case is, and told to whoever owns it."""

from psirf_bot.cards.conversation import said
from psirf_bot.casework import cases, onlookers, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case


def changed(work: Work, case: Case, by: str, what: str, **content: object) -> None:
    """Write the change down, and bring the living card up to date."""
    work.session.add(case)
    work.session.flush()
    work.record(by, what, case, **content)
    onlookers.refresh_cards(work, case)
    onlookers.refresh(work, case, by)


def tell_owner(work: Work, case: Case, by: Member, title: str, text: str) -> None:
    """Tell whoever owns a case, or acts for them today, what somebody else did with it.

    The quality channel where there is none by now. A report that was joined with another is its owner's.
    """
    news = said(title, text, button(work, "Open the case", "case.show", case=case, style="primary", opens=True))
    owner = people.person(work, cases.goes_on_as(work, case).owner_id)
    acting = people.acting_for(work, owner) if owner else None
    if acting is None or not acting.active or not people.member(work, acting).is_quality:
        told = post.to_channel(work, "quality", news)
        for someone in [] if told else people.holders(work, Role.QUALITY):
            post.to_person(work, someone.id, news)
    elif by.id not in {acting.id, owner.id if owner else None}:
        post.to_person(work, acting.id, news)
