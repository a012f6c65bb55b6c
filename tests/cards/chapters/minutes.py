"""The minute of a panel: given in private, and filed on the Datix record."""

from collections.abc import AsyncIterator
from datetime import timedelta

from sqlmodel import select

from cards.chapters.common import FEMI, FIRST, LEAH, MARGUERITE, NEAR_MISS, SANDEEP, Shown, opened, reported
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.minute_kept import keep
from psirf_bot.casework.work import Setting, Work
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Panel, PanelMember, Person, Vote
from stage import Stage, shown

VOTES = {LEAH: ("quality", "mdt", "Two teams met here."), FEMI: ("expert", "aar", "It can be looked at soon.")}


async def minutes(stage: Stage) -> AsyncIterator[Shown]:
    await reported(stage, **NEAR_MISS)
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    await stage.do(_decided)
    show = await stage.do(lambda work: action_id(work, "minute.show", case=work.session.exec(select(Case)).one()))
    draft = shown(await stage.turn(SANDEEP, Pressed(show)))
    yield Shown("minute-draft", "The minute: a draft, where there are no links", draft)
    await stage.do(_approved)
    bot = "https://bot.fenmarsh.example"
    stage.setting = Setting(stage.trust, stage.setting.new_id, stage.setting.audit_key, bot)
    stage.desk = stage.new_desk()
    card = shown(await stage.turn(LEAH, Pressed(show)))
    yield Shown("minute", "The minute: approved, to be filed", card)
    yield Shown("minute-read", "The minute: as the board reads it", shown(await stage.turn(MARGUERITE, Pressed(show))))
    form = await stage.presses(LEAH, card, "It is filed")
    yield Shown("form-minute-filed", "Form: the minute is filed", form)
    filed = await stage.presses(LEAH, form, "Note it", {"filed-on": "2026-11-20"})
    yield Shown("minute-filed", "The minute is filed", filed)
    yield Shown("minute-kept", "The minute: filed", shown(await stage.turn(LEAH, Pressed(show))))
    stage.later(days=5)
    await stage.do(_opened_again)
    page = await stage.says(LEAH, f"panel {FIRST}")
    yield Shown("panel-page-earlier", "The panel's page: an earlier panel of the same case", page)
    before = await stage.presses(LEAH, page, "Its minute")
    yield Shown("minute-earlier", "The minute of an earlier panel", before)
    only_earlier = await stage.says(FEMI, f"panel {FIRST}")
    yield Shown("panel-earlier-only", "The panel, for a member of an earlier one alone", only_earlier)


def _decided(work: Work) -> None:
    case = work.session.exec(select(Case)).one()
    case.state, case.datix_number = State.IN_PANEL, "W-4711"
    ids = dict(work.session.exec(select(Person.name, Person.id)).all())
    panel = Panel(
        id="panel1",
        case_id=case.id,
        route="weekly",
        state="decided",
        chair_id=ids[SANDEEP],
        opened_by=ids[LEAH],
        opened_at=work.now,
        closes_at=work.now,
        closed_at=work.now,
        documents={"datix": "Datix W-4711", "chronology": "https://files.fenmarsh.example/chronology"},
        plan_says="Syringe drivers are a priority of the plan.",
        facts=[],
        facts_by=ids[LEAH],
        facts_at=work.now,
        learning="yes",
        learning_why="Four services share these drivers.",
        could_have="yes",
        decision="mdt",
        rationale="Two teams can learn from it together.",
        decided_by=ids[SANDEEP],
        decided_at=work.now,
    )
    work.session.add_all([case, panel])
    for name, (seat, choice, rationale) in VOTES.items():
        member = PanelMember(id=f"seat of {name}", panel_id=panel.id, person_id=ids[name], seat=seat)
        given = {"by_id": ids[name], "choice": choice, "rationale": rationale, "at": work.now}
        work.session.add_all([member, Vote(panel_id=panel.id, member_id=member.id, number=1, **given)])


def _approved(work: Work) -> None:
    case, panel = work.session.exec(select(Case)).one(), work.session.get_one(Panel, "panel1")
    case.state, panel.state = State.DECIDED, "approved"
    panel.approved_by, panel.approved_at = panel.chair_id, work.now
    work.session.add_all([case, panel])
    keep(work, case, panel)
    happened(work, Event.MINUTE_APPROVED, of_case(case), panel.chair_id)


def _opened_again(work: Work) -> None:
    """The case was opened again, and another panel votes on it."""
    case, first = work.session.exec(select(Case)).one(), work.session.get_one(Panel, "panel1")
    case.state = State.IN_PANEL
    of_first = first.model_dump(include={"case_id", "chair_id", "opened_by", "documents", "plan_says"})
    closes = work.now + timedelta(days=2)
    work.session.add(Panel(id="panel2", route="urgent", opened_at=work.now, closes_at=closes, **of_first))
    work.session.add(PanelMember(id="seat2", panel_id="panel2", person_id=first.opened_by, seat="quality"))
    work.session.add(case)
