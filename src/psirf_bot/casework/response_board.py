"""The living card of each learning response in the leads' channel: stage, next date, who owes what.

Roles and days, never names. Of a case that is kept close it shows the reference only.
"""

from collections.abc import Iterator

from psirf_bot.cards import response_board as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.duties import DutyLine, paused_words
from psirf_bot.cards.model import Card
from psirf_bot.casework import duty_lines, post, verifying
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import PAUSED, of_case, running, running_of
from psirf_bot.casework.learning_responses import current, kind_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.domain.response import CLOCKS, PSII
from psirf_bot.store.tables import Case, LearningResponse

OF_A_RESPONSE = ("panel.", "psii.", "minute.", "notifications.", "response.", "contact.")
"""The duties that the card tells of; candour and support have pages of their own."""
WITH_THE_PANEL = frozenset({State.REPORTED, State.READ, State.IN_PANEL})


def subject(case: Case) -> str:
    return f"response:{case.id}"


def hang(work: Work, case: Case) -> None:
    """Hang the card of a case in the leads' channel, once; pressed twice, or decided again, there is still one."""
    post.living_once(work, "leads", subject(case))


def refresh(work: Work, case: Case) -> None:
    """Bring the card up to date, if it hangs."""
    post.refresh(work, subject(case))


def render(work: Work, which: str) -> Card | None:
    """The card of the case with this id; None while it has no learning response."""
    case = work.session.get(Case, which)
    response = current(work, case) if case else None
    if case is None or response is None:
        return None
    look = button(work, "Open the learning response", "response.show", case=case, opens=True)
    if case.restricted or case.quality_only or case.state == State.WITHDRAWN:
        return cards.kept_close_card(case.reference, look, ended=State(case.state).has_ended)
    owed = () if State(case.state).has_ended else tuple(_owed(work, case))
    stage = _stage(work, case, response)
    shown = cards.BoardShown(case.reference, kind_of(work, response), case.service, stage, owed)
    return cards.board_card(shown, look)


def _owed(work: Work, case: Case) -> Iterator[DutyLine]:
    """What is owed, the first due first; of the clocks that bound its time, only the nearest."""
    bounded = False
    for deadline in running_of(work, case):
        rule = work.setting.rules.get(deadline.rule)
        if rule is None or rule.private or not deadline.rule.startswith(OF_A_RESPONSE):
            continue
        if deadline.rule in CLOCKS:
            if bounded:
                continue
            bounded = True
        yield duty_lines.line(work, deadline, rule)


def _stage(work: Work, case: Case, response: LearningResponse) -> str:
    """Where it has got to, in words."""
    state = State(case.state)
    if state is State.MERGED:
        return "Joined with another report, and goes on there."
    if state is State.CLOSED and case.ended_at:
        return f"Closed on {moment(work.setting.calendar.local(case.ended_at).date().isoformat())}."
    if response.ended_at:
        return _after_its_end(state, response)
    if state is State.AWAITING_VERIFICATION:
        can = verifying.can_be(work, case)
        return "Decided. It waits to be verified." if can else f"Decided. {verifying.NOBODY}."
    if state is State.PAUSED:
        return _paused(work, case)
    if response.started_at:
        return "Under way."
    if state in WITH_THE_PANEL:
        return "Back with the panel."
    return f"Decided. {'It is to be started.' if response.lead_id else 'Its lead is to be chosen.'}"


def _after_its_end(state: State, response: LearningResponse) -> str:
    if response.started_at is None:
        return "The panel decided on something else, so there is no learning response."
    if state in WITH_THE_PANEL:
        return "It had ended, and the case is looked at again."
    if response.kind != PSII or response.final_sent_on:
        return "Ended. The quality team can close the case, and tell the reporter what changed."
    if response.draft_approved_at is None:
        return "Ended. The draft of the final report is to be approved by the board, and then sent."
    return "Ended. The draft is approved, and the final report is to be sent."


def _paused(work: Work, case: Case) -> str:
    """Until when it stands still, and why by its code: nobody's own words are shown."""
    stands_still = (clock for clock in running(work, of_case(case), *CLOCKS) if clock.state == PAUSED)
    clock = next(stands_still, None)
    return paused_words(clock.reason, clock.review_on, work.local.date()) if clock else "Paused."
