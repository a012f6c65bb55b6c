"""A person's own page of the bot, where the platform has one: what waits for them, and what they reported."""

from psirf_bot.cards.menu import home_card
from psirf_bot.cards.model import Card
from psirf_bot.casework import addresses, lists, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.inbound import Actor, Opened
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Identity


def show(work: Work, actor: Actor, opened: Opened) -> None:
    """Show the page to somebody who has just opened it."""
    post.living_at(work, actor.platform, opened.address, addresses.home_of(actor.platform, actor.team, actor.user))


def page(work: Work, whose: str) -> Card | None:
    """The page of an identity as it stands now; None when nobody has it any more."""
    platform, team, user = whose.split(":", 2)
    identity = work.session.get(Identity, (platform, team, user))
    someone = people.person(work, identity.person_id) if identity else None
    if someone is None:
        return None
    by = people.member(work, someone)
    report = button(work, "Report what happened", "words.report", person_id=by.id, style="primary")
    help_ = button(work, "What else can I do?", "words.help", person_id=by.id)
    return home_card(work.trust, (report, help_), lists.overdue(work, by), lists.my_reports(work, by))
