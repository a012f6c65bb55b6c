"""A person's own page of the bot, where the platform has one: what waits for them, and what they reported."""

from collections.abc import Mapping

from psirf_bot.cards.menu import home_card
from psirf_bot.cards.model import Card
from psirf_bot.casework import lists, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.inbound import Platform
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member


def show(work: Work, by: Member, platform: Platform, address: Mapping[str, str]) -> None:
    """Show the page to somebody who has just opened it."""
    post.living_at(work, platform, address, post.home_of(by.id))


def page(work: Work, person_id: str) -> Card | None:
    """The page as it stands now; None for somebody who has left."""
    someone = people.person(work, person_id)
    if someone is None or not someone.active:
        return None
    by = people.member(work, someone)
    report = button(work, "Report what happened", "words.report", person_id=by.id, style="primary")
    help_ = button(work, "What else can I do?", "words.help", person_id=by.id)
    return home_card(work.trust, (report, help_), lists.what_waits(work, by), lists.my_reports(work, by))
