"""Whoever is named in a case's reports does not lead what is learned from it in place of somebody who is away."""

from decisions import decided_by_a_panel
from responses import LEAH, MARGUERITE, NIAMH, SANDEEP, START, TOMASZ, case_in, lead_by, press
from sqlmodel import select
from test_voting import away

from duty_stage import who
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline, SupportNeed
from scenes import scene
from stage import Stage, words

ANOTHER = {"contact": None, "why-not": "not-wanted"}


@scene
async def under_way(stage: Stage) -> None:
    """A response that Niamh has started after a panel; Tomasz stands in for her."""
    await decided_by_a_panel(stage)
    await press(stage, LEAH, "contacts-named.set", ANOTHER)
    await lead_by(stage, NIAMH)
    await press(stage, MARGUERITE, "response.verify")
    await press(stage, NIAMH, "response.start", START)
    await stage.do(lambda work: away(work, NIAMH, TOMASZ))


def is_named(work: Work) -> None:
    tomasz = who(work, TOMASZ)
    need = SupportNeed(id="n1", case_id=case_in(work).id, person_id=tomasz.id, name=TOMASZ, wish="quality", at=work.now)
    work.session.add(need)


def who_owes_the_target(work: Work) -> list[str]:
    target = work.session.exec(select(Deadline).where(Deadline.rule == "response.target")).one()
    return [someone.name for someone in owners(work, target)]


async def test_whoever_stands_in_for_a_lead_leads(stage: Stage) -> None:
    await under_way(stage)
    assert "It has ended" in words(await press(stage, TOMASZ, "response.show"))
    assert await stage.do(who_owes_the_target) == [TOMASZ]


async def test_but_not_if_they_are_named_in_the_report(stage: Stage) -> None:
    await under_way(stage)
    await stage.do(is_named)
    assert "It has ended" not in words(await press(stage, TOMASZ, "response.show"))
    assert "could not do that" in words(await press(stage, TOMASZ, "case.pause"))
    assert await stage.do(who_owes_the_target) == [LEAH, SANDEEP], "somebody is asked who can do it"
