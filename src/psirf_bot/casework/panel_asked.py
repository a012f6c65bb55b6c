"""What somebody sees who asks for a panel by typing: its page, the form that opens it, or the panels under way."""

from sqlmodel import col, select

from psirf_bot.cards import panel as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import cases, panel_opening, panel_page, panels
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, panel_of
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.panel_papers import in_words
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Panel

NONE_WAITS = (
    "No panel that you take part in is under way. To see one, type panel and its reference, for example: "
    "panel PSI-2026-0001."
)
LISTED = 8
"""How many panels under way are listed."""


def asked_for(work: Work, by: Member, words: str) -> Card:
    """The panel of the case with this reference, or the form that opens it."""
    if not words:
        return _under_way(work, by)
    case = cases.by_reference(work, words)
    if case is None:
        raise Refusal(panel_page.CANNOT_SHOW)
    panel = panel_of(work, case)
    comes_first = panel is None or case.state == State.READ
    if comes_first and panels.under_way(work, case) is None and allowed(work, by, Act.OPEN_PANEL, case):
        return _opening_form(work, by, case)
    if panel is None and by.is_quality:
        raise Refusal(f"{case.reference} has no panel. Type case {case.reference} to see what can be done with it.")
    if panel is None or not allowed(work, by, Act.SEE_PANEL, case):
        return panel_page.only_earlier(work, case, panel, by)
    return panel_page.opened(work, case, panel, by)


def _opening_form(work: Work, by: Member, case: Case) -> Card:
    """The form as if its button had been pressed."""
    press = Press("panel.open", {}, case.id, {}, by, "web", Place("", private=True))
    card = panel_opening.VERBS["panel.open"](work, press).card
    assert card is not None  # noqa: S101 - a form that was not sent is shown
    return card


def _under_way(work: Work, by: Member) -> Card:
    """The panels in which they have a seat, or which they chair; for the quality team all of them."""
    going = select(Panel).where(col(Panel.state).not_in((panels.APPROVED, panels.STOPPED)))
    found = []
    for panel in work.session.exec(going.order_by(col(Panel.closes_at), Panel.id)):
        case = work.session.get_one(Case, panel.case_id)
        takes_part = by.is_quality or by.acts_as(panel.chair_id, Role.CHAIR) or panels.seat_of(work, panel, by)
        if takes_part and allowed(work, by, Act.SEE_PANEL, case):
            found.append((panel, case))
    if not found:
        return said("Panels under way", NONE_WAITS)
    return cards.list_card([_listed(work, *each) for each in found[:LISTED]], more=len(found) - LISTED)


def _listed(work: Work, panel: Panel, case: Case) -> tuple[str, str, Button]:
    closes = in_words(work, panel.closes_at)
    when = f"Voting closes {closes}." if panels.voting_is_open(work, panel) else "Voting has closed."
    look = button(work, "Open the page", "panel.show", case=case, spoken=f"Open the page of {case.reference}")
    return cases.line(work, case).heading, when, look
