"""The cards in channels keep up: what is restricted shows its reference alone; a channel set later gets them too."""

from responses import LEAH, approved, press, read_case
from sqlmodel import select

from psirf_bot import demo
from psirf_bot.casework import post
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Agenda, Case, Channel, Panel
from stage import Stage, words


async def channel(stage: Stage, purpose: str) -> None:
    def make(work: Work) -> None:
        address = {"channel": purpose}
        work.session.add(Channel(purpose=purpose, platform="web", address=address, set_by="x", set_at=work.now))

    await stage.do(make)


async def test_a_restricted_case_shows_its_reference_alone_in_every_channel_at_once(stage: Stage) -> None:
    await channel(stage, "leads")
    await read_case(stage)
    await approved(stage)
    assert "Community Nursing" in words(stage.channel("leads")[-1])
    await press(stage, LEAH, "case.restrict", on="yes")
    assert "Community Nursing" not in words(stage.channel("leads")[-1])
    await press(stage, LEAH, "case.restrict", on="no")
    assert "Community Nursing" in words(stage.channel("leads")[-1])


async def test_restricted_it_stands_on_the_agenda_by_its_reference_alone(stage: Stage) -> None:
    await channel(stage, "panel")
    await stage.do(demo.put_before_a_panel)
    case: Case = await stage.do(lambda work: work.session.exec(select(Case)).one())

    def on_an_agenda(work: Work) -> None:
        panel = work.session.exec(select(Panel)).one()
        work.session.add(Agenda(id="a1", meets_on=work.local.date(), by_id="x", at=work.now))
        panel.agenda_id = "a1"
        work.session.add(panel)
        work.session.flush()
        post.living_once(work, "panel", "agenda:a1")

    await stage.do(on_an_agenda)
    await stage.settled()
    assert any("Community Nursing" in words(card) for card in stage.channel("panel"))
    await press(stage, LEAH, "case.restrict", on="yes")
    shown = [words(card) for card in stage.channel("panel")]
    assert len(shown) == 2
    assert all(case.reference in text and "Community Nursing" not in text for text in shown)


async def test_a_channel_that_is_set_later_gets_what_is_open(stage: Stage) -> None:
    await stage.do(demo.put_before_a_panel)
    await stage.settled()
    assert stage.channel("room") == []
    await stage.says("Wei Chen", "use this channel for panel", channel="room")
    await stage.settled()
    await stage.settled()
    assert any("have voted" in words(card) for card in stage.channel("room"))
