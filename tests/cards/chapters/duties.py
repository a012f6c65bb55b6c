"""What people owe: the digest and what is pressed in it, the board, and what leads read."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Any

from cards.chapters.common import AMINA, BRONWEN, LEAH, SANDEEP, Shown
from duty_stage import a_case, digest_of, nudged, owed, posted, press, who
from psirf_bot.cards.model import Card
from psirf_bot.casework import board
from psirf_bot.casework.duties import VERBS
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline, LearningResponse
from stage import Stage, address_of, shown

OVER = "Hand it over: PSI-2026-0001, Enter the Datix"
OWED = ("report.read", "datix.entered", "panel.opened", "response.target", "response.six-months")


async def duties(stage: Stage) -> AsyncIterator[Shown]:
    """The digest and what is pressed in it, the leads' list, the board and the Monday summary."""
    mine = await stage.do(_a_morning)

    async def pressed(verb: str, number: int, by: str, given: Mapping[str, Any] | None = None) -> Card:
        def turn(work: Work) -> Card:
            deadline = work.session.get_one(Deadline, mine[number])
            return press(work, VERBS[verb], deadline, by, given)

        card: Card = await stage.do(turn)
        return card

    digest = await stage.do(lambda work: digest_of(work, BRONWEN))
    stage.out.posts[address_of(BRONWEN)] = [digest]  # where `posted` says that it is
    yield Shown("digest", "The morning digest", digest)
    yield Shown("digest-help", "A digest that asks for help", await stage.do(lambda work: digest_of(work, SANDEEP)))
    yield Shown("duty", "One duty", await pressed("duty.show", 0, BRONWEN))
    yield Shown("duty-done", "A duty is done", await pressed("duty.done", 3, LEAH))
    yield Shown("duty-over", "Hand a duty over", await pressed("duty.over", 0, BRONWEN))
    yield Shown("duty-pause", "Pause a clock", await pressed("duty.pause", 1, BRONWEN))
    yield Shown("digest-shorter", "The digest after “Not today”", await pressed("duty.snooze", 0, BRONWEN))
    stage.later(days=3)
    yield Shown("duty-stops", "What is stopping you?", await pressed("duty.snooze", 0, BRONWEN))
    stage.later(days=-3)
    datix = next(b.action for b in digest.all_buttons() if b.spoken.startswith(OVER))
    over = {"to": SANDEEP, "reason": "I am at another clinic until Thursday."}
    await stage.turn(BRONWEN, Pressed(datix, over))
    await stage.settled()
    yield Shown("duty-handed-over", "A duty was handed over to you", stage.private(SANDEEP)[-1])
    leads = await stage.do(lambda work: digest_of(work, "leads"))
    yield Shown("leads-late", "What is late, for the leads", leads, "channel")
    of_leah = await stage.says(LEAH, "overdue")
    yield Shown("board", "The board of what is late", of_leah)
    show = next(b.action for b in of_leah.all_buttons() if b.label.startswith("Show the late ones"))
    yield Shown("board-service", "What is late in one service", shown(await stage.turn(LEAH, Pressed(show))))
    week = await stage.do(lambda work: board.summary(work, "2026-11-23"))
    yield Shown("week", "The Monday summary", week, "channel")
    yield Shown("figures", "Figures for a committee", await stage.says(LEAH, "figures"))


def _a_morning(work: Work) -> list[str]:
    case = a_case(work, reporter_id=who(work, AMINA).id, state="paused")
    by = {"lead_id": who(work, BRONWEN).id, "decided_by": who(work, LEAH).id, "decided_at": work.now}
    work.session.add(LearningResponse(id="r1", case_id=case.id, kind="mdt", **by))
    late = owed(work, "response.target", -3, owner=BRONWEN, case=case)
    today = owed(work, "datix.entered", 0, owner=BRONWEN, case=case)
    paused = owed(work, "response.six-months", 9, owner=BRONWEN, case=case)
    paused.state, paused.reason, paused.review_on = "paused", "coroner", date(2026, 12, 4)
    meeting = owed(work, "themes.meeting", 3)
    for deadline in (late, today, paused):
        nudged(work, deadline, BRONWEN)
    nudged(work, late, SANDEEP, "up")
    nudged(work, late, "leads", "late")
    posted(work, BRONWEN)
    return [late.id, today.id, paused.id, meeting.id]


async def a_late_day(stage: Stage) -> AsyncIterator[Shown]:
    """The morning after a long absence: many more than one page holds."""
    await stage.do(_sixty)
    yield Shown("digest-sixty", "The morning digest, with sixty things", await stage.do(lambda w: digest_of(w, LEAH)))
    leads = await stage.do(lambda work: digest_of(work, "leads"))
    yield Shown("leads-late-sixty", "What is late, for the leads: sixty duties", leads, "channel")
    yield Shown("board-sixty", "What waits: sixty things", await stage.says(LEAH, "overdue"))
    week = await stage.do(lambda work: board.summary(work, "2026-11-23"))
    yield Shown("week-sixty", "The Monday summary: sixty duties are late", week, "channel")


def _sixty(work: Work) -> None:
    for number in range(1, 61):
        service = ("Community Nursing", "Podiatry", "Urgent Treatment Centre")[number % 3]
        case = a_case(work, number, service)
        deadline = owed(work, OWED[number % len(OWED)], -(1 + number // 2), owner=LEAH, case=case)
        nudged(work, deadline, LEAH)
        nudged(work, deadline, "leads", "late")
