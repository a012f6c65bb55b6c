"""Voting in a panel closes: by itself when its time has come, or before that by the chair or the quality team.

Nothing is decided by it: a tie and a missing quorum are said to whoever chairs the panel (policy §12.3, I11).
"""

import logging
from dataclasses import replace

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from psirf_bot.cards import votes as cards
from psirf_bot.cards.model import Card
from psirf_bot.casework import panel_chair, panel_members, panels, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts, panel_of
from psirf_bot.casework.deadlines import happened, running
from psirf_bot.casework.forms import case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.database import without_words
from psirf_bot.store.tables import Case, Panel

log = logging.getLogger(__name__)

THE_BOT, LOOK = "the bot", "Open the panel's page"
NOT_YOURS_TO_CLOSE = (
    "You cannot close the voting on this one. Its chair can, or somebody in the quality team. It closes by itself too."
)


def takes_part(work: Work, by: Member, case: Case, act: Act) -> bool:
    """Whether they may do this in the panel, or could while it was under way."""
    return may(by, act, replace(case_facts(work, case), state=State.IN_PANEL))


def close(work: Work, press: Press) -> Reply:
    """Close it before its time; what that would leave out is shown first."""
    case, by = case_of(work, press), press.by
    panel = panel_of(work, case)
    if panel is None or not takes_part(work, by, case, Act.CLOSE_VOTING):
        raise Refusal(NOT_YOURS_TO_CLOSE)
    if panels.voting_is_open(work, panel) and press.args.get("sure") != "yes":
        given, lacks = panels.votes(work, panel), panels.quorum_lacks(work, panel)
        late = [member.person_id for member in panels.members(work, panel) if member.id not in given]
        waiting = sorted(people.name_of(work, person_id) for person_id in late)
        if waiting or lacks:
            anyway = button(work, "Close it all the same", "panel.close", case=case, style="primary", sure="yes")
            look = button(work, LOOK, "panel.show", case=case, opens=True)
            card = cards.close_early(case.reference, waiting, lacks, anyway, look, own=by.id in late)
            return Reply(card=card, replaces=press.place.private)
    if panel.state == panels.VOTING and panel.closed_at is None:
        _closed(work, case, panel, by.id)
    return Reply(card=_how_it_ended(work, case, panel), replaces=press.place.private)


def close_those_due(work: Work, most: int) -> int:
    """Close the voting whose time has come, of `most` panels; returns how many there were.

    The row of the case is what every turn holds, so that no vote is under way meanwhile.
    """
    due = (
        select(Panel, Case)
        .join(Case, col(Case.id) == Panel.case_id)
        .where(Panel.state == panels.VOTING, col(Panel.closed_at).is_(None), col(Panel.closes_at) <= work.now)
        .order_by(col(Panel.closes_at))
        .limit(most)
        .with_for_update(of=Case, skip_locked=True)
    )
    count = 0
    for panel, case in work.session.exec(due).all():
        try:
            with work.session.begin_nested():
                work.session.refresh(panel)  # somebody may have closed it while its case was being claimed
                if panel.state == panels.VOTING and panel.closed_at is None and panel.closes_at <= work.now:
                    _closed(work, case, panel, THE_BOT)
                    count += 1
        except DBAPIError:
            raise  # another process was first: all of it is done again
        except Exception as error:  # noqa: BLE001 - one panel that cannot be closed must not hold up the others
            log.error("panel %s: %s", panel.id, without_words(error))  # noqa: TRY400
    return count


def close_if_due(work: Work, case: Case, panel: Panel, by: Member) -> None:
    """Its time has come and nothing has closed it yet: whoever goes on with it need not wait for that."""
    if panel.state == panels.VOTING and panel.closed_at is None and panel.closes_at <= work.now:
        _closed(work, case, panel, THE_BOT, told=by.id)


def _closed(work: Work, case: Case, panel: Panel, by: str, *, told: str | None = None) -> None:
    """`told`: who sees on the spot that it has closed, where that was not their doing."""
    panel.closed_at = min(work.now, panel.closes_at)
    work.session.add(panel)
    work.record(by, "voting closed", case, panel=panel.id)
    for seat in panel_members.all_of(work, panel):
        if running(work, panel_members.vote(case, seat), "panel.vote"):
            happened(work, Event.VOTE_NOT_NEEDED, panel_members.vote(case, seat), by)
    panels.refresh(work, panel)
    _tell_the_chair(work, case, panel, told or by)


def _tell_the_chair(work: Work, case: Case, panel: Panel, by: str) -> None:
    if panel_chair.acting(work, case, panel) is None:
        panel_chair.ask_for_another(work, case)
    elif not panel_chair.tell(work, case, panel, _how_it_ended(work, case, panel), by):
        panel_chair.tell_quality(work, case, cards.chair_not_reached(case.reference))


def _how_it_ended(work: Work, case: Case, panel: Panel) -> Card:
    tally, words = panels.tally_of(work, panel), panels.choices(work)
    tie = [words[choice] for choice in tally.leading] if tally.is_tied else []
    look = button(work, LOOK, "panel.show", case=case, style="primary", opens=True)
    of = len(panels.members(work, panel))
    return cards.closed(case.reference, tally.total, of, panels.quorum_lacks(work, panel), tie, look)
