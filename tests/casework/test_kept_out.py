"""Whoever turns out to be kept out: named in a report or one that is joined, made a manager by an import, on leave."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from decisions import FEMI, VOTES, decided_by_a_panel
from responses import CALLUM, HUSSEIN, LEAH, MARGUERITE, NIAMH, SANDEEP, TOMASZ, press, titles
from sqlmodel import select
from test_joined_reports import on, report
from test_panel_decision import stands_in
from test_verifying import asked

from psirf_bot import demo
from psirf_bot.bootstrap import import_people
from psirf_bot.casework import people
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.domain.people import read_people
from psirf_bot.store.tables import Channel, Deadline, Person, StandIn
from psirf_bot.trust_file import sample_people_text
from scenes import scene
from stage import Stage, words

NOBODY, ASKED = "A PSII needs somebody who can verify it", "A PSII waits for you to verify it"
NEEDED, UNANSWERED = "A panel needs a chair", "A panel needs an answer"
DEPARTS = "A panel asks to depart from the minimum"
PSII: dict[str, Any] = {"decision": "psii", "rationale": "Two charts.", "departure": None}
LESS: dict[str, Any] = {"decision": "aar", "rationale": "Two charts.", "departure": "It is known."}


@scene
async def with_a_panel(stage: Stage, *named: str, channel: bool = True) -> None:
    """These colleagues are named in the report; the panel has voted and voting is closed."""

    def begin(work: Work) -> None:
        if channel:
            to = {"channel": "panel"}
            work.session.add(Channel(purpose="panel", platform="web", address=to, set_by="x", set_at=work.now))
        ids = [work.session.exec(select(Person).where(Person.name == name)).one().id for name in named]
        amina, leah = (demo._member(work, each) for each in (demo.AMINA, demo.LEAH))
        told = {**demo.REPORT, "colleagues": ids, "by": "line-manager"} if ids else demo.REPORT
        case = demo._reported(work, amina, told, "20:10")
        demo._press(work, leah, case, "case.read")
        demo._press(work, leah, case, "case.datix", {"datix-number": "W10001"})
        demo._press(work, leah, case, "panel.open", demo.PANEL | {"chair-override": "None is trained."})
        demo._press(work, leah, case, "panel.facts", demo.FACTS)

    await stage.do(begin)
    await stage.settled()
    for name, choice in VOTES.items():
        await press(stage, name, "panel.vote", {"choice": choice, "rationale": "As we said."})


async def closes_and_decides(stage: Stage, decision: dict[str, Any]) -> Any:
    await press(stage, SANDEEP, "panel.close", sure="yes")
    return await press(stage, SANDEEP, "panel.decide", decision)


async def joins(stage: Stage, *colleagues: str) -> None:
    await report(stage, colleagues=", ".join(colleagues))
    await on(stage, 2, LEAH, "case.merge", {"into": "PSI-2026-0001"})


async def imports(stage: Stage, **managers: str) -> None:
    """The people list comes anew, in which somebody (by first name) has another line manager."""
    lines = []
    for line in sample_people_text().splitlines():
        fields = line.split(",")
        manager = managers.get(fields[0].split()[0].lower())
        fields[4] = (
            f"{manager.split()[0].lower()}.{manager.split()[-1].lower()}@fenmarsh.example" if manager else fields[4]
        )
        lines.append(",".join(fields))
    rows, mistakes = read_people("\n".join(lines), stage.trust.services)
    assert not mistakes
    settings = Settings(database_url="sqlite://", secret_key="a key for the tests alone, long enough")
    await stage.do(lambda work: import_people(work, rows, settings, demo=True))
    await stage.settled()


async def owing(stage: Stage, rule: str) -> list[str]:
    def found(work: Work) -> list[str]:
        clock = work.session.exec(select(Deadline).where(Deadline.rule == rule)).one()
        return sorted(someone.name for someone in owners(work, clock))

    names: list[str] = await stage.do(found)
    return names


async def quality(stage: Stage) -> list[str]:
    found: list[str] = await stage.do(lambda work: sorted(p.name for p in people.holders(work, "quality")))
    return found


def said_to_quality(stage: Stage, title: str) -> int:
    return [card.title for card in stage.channel()].count(title)


# Nobody can verify a PSII


async def test_where_nobody_can_verify_it_that_is_said_and_whose_it_is(stage: Stage) -> None:
    await with_a_panel(stage, MARGUERITE, HUSSEIN)
    await closes_and_decides(stage, PSII)
    told = words(await press(stage, SANDEEP, "panel.approve"))
    assert "Nobody can verify it today. Please ask an administrator" in told
    assert "waits to be verified by" not in told
    assert said_to_quality(stage, NOBODY) == 1
    card = next(c for c in stage.channel() if c.title == NOBODY)
    assert "to type deputy, and to name somebody who stands in" in words(card)
    assert not [name for name in (MARGUERITE, HUSSEIN) if name in words(card)]
    assert await owing(stage, "psii.verified") == await quality(stage)
    assert "Nobody can verify it today" in words(await press(stage, LEAH, "response.show"))
    assert "Nobody can verify it today" in words(stage.channel("panel")[-1])
    refused = words(await press(stage, MARGUERITE, "response.verify"))
    assert "is for somebody else to verify. There is nothing you need to do." in refused
    assert "Only the Chief Nurse" not in refused
    assert ASKED not in [*titles(stage, MARGUERITE), *titles(stage, HUSSEIN)]
    for day in (24, 25, 26, 27, 30):
        for minute in (5, 6):
            stage.now = datetime(2026, 11, day, 9, minute, tzinfo=UTC)
            await stage.tick()
    assert not [n for n in (MARGUERITE, HUSSEIN) for c in stage.private(n) if "PSII: PSI-2026-0001" in words(c)]
    assert [c for c in stage.private(LEAH) if "Find somebody who can verify the PSII: PSI-2026-0001" in words(c)]
    owed = await stage.says(LEAH, "overdue")
    spoken = [b.spoken for b in owed.all_buttons() if "Find somebody who can verify" in b.spoken]
    assert spoken
    assert not [each for each in spoken if each.startswith("Hand it over")], "nobody there is could take it on"
    assert said_to_quality(stage, NOBODY) == 1, "once"


async def test_whoever_chairs_it_today_hears_of_it(stage: Stage) -> None:
    await with_a_panel(stage, TOMASZ)
    await closes_and_decides(stage, PSII)
    await press(stage, SANDEEP, "panel.approve")
    form = await stage.says(SANDEEP, "deputy")
    await stage.presses(SANDEEP, form, "Save", {"deputy": CALLUM, "from": "2026-11-20", "until": "2026-12-20"})
    await joins(stage, MARGUERITE, HUSSEIN)
    assert (titles(stage, CALLUM).count(NOBODY), titles(stage, SANDEEP).count(NOBODY)) == (1, 0)


async def test_whoever_comes_to_stand_in_is_asked_at_once_and_verifies(stage: Stage) -> None:
    await with_a_panel(stage, MARGUERITE, HUSSEIN)
    await closes_and_decides(stage, PSII)
    await press(stage, SANDEEP, "panel.approve")
    form = await stage.says(MARGUERITE, "deputy")
    days = {"deputy": NIAMH, "from": "2026-11-20", "until": "2026-12-01"}
    await stage.presses(MARGUERITE, form, "Save", days)
    await stage.settled()
    assert titles(stage, NIAMH)[-1] == ASKED
    assert await owing(stage, "psii.verified") == [NIAMH]
    assert "It waits for the Chief Nurse or the Medical Director" in words(stage.channel("panel")[-1])
    assert "By Niamh Gallagher" in words(await press(stage, NIAMH, "response.verify"))


@pytest.mark.parametrize("named", [(MARGUERITE,), (MARGUERITE, HUSSEIN)])
async def test_a_joined_report_that_names_whoever_was_to_verify_it(stage: Stage, named: tuple[str, ...]) -> None:
    await decided_by_a_panel(stage)
    assert asked(stage)
    await joins(stage, *named)
    if HUSSEIN in named:
        assert await owing(stage, "psii.verified") == await quality(stage)
        assert said_to_quality(stage, NOBODY) == 1
        assert titles(stage, SANDEEP)[-1] == NOBODY, "the chair is told too"
    else:
        assert await owing(stage, "psii.verified") == [HUSSEIN]
        assert titles(stage, HUSSEIN)[-1] == ASKED
        assert said_to_quality(stage, NOBODY) == 0


async def test_leave_that_begins_is_followed_up_on_its_first_morning_and_its_end_too(stage: Stage) -> None:
    await decided_by_a_panel(stage)

    def chair_stands_in(work: Work) -> None:
        who = {p.name: p.id for p in work.session.exec(select(Person))}
        for name in (MARGUERITE, HUSSEIN):
            days = {"starts": date(2026, 11, 24), "ends": date(2026, 11, 25)}
            work.session.add(StandIn(person_id=who[name], deputy_id=who[SANDEEP], **days))

    await stage.do(chair_stands_in)
    for day, hour, title, whose in (
        (23, 10, 0, [MARGUERITE]),
        (24, 2, 0, [SANDEEP]),
        (24, 10, 1, await quality(stage)),
        (25, 10, 1, await quality(stage)),
        (26, 10, 1, [MARGUERITE]),
    ):
        stage.now = datetime(2026, 11, day, hour, tzinfo=UTC)
        await stage.tick()
        assert said_to_quality(stage, NOBODY) == title, (day, hour)
        assert await owing(stage, "psii.verified") == whose, (day, hour)


# Nobody can answer a departure


async def test_where_nobody_can_answer_a_departure_nothing_says_that_somebody_was_asked(stage: Stage) -> None:
    await with_a_panel(stage, MARGUERITE, HUSSEIN)
    draft = words(await closes_and_decides(stage, LESS))
    page = words(await press(stage, LEAH, "panel.show"))
    refused = words(await press(stage, SANDEEP, "panel.approve"))
    for text in (draft, page, refused):
        assert "Nobody can answer it today: somebody has to stand in" in text
        assert "has been asked" not in text
    assert said_to_quality(stage, UNANSWERED) == 1
    assert await owing(stage, "panel.departure") == await quality(stage)
    await stands_in(stage, NIAMH, MARGUERITE)
    stage.now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    await stage.tick()
    assert "PSI-2026-0001" in words(stage.private(NIAMH)[-1])
    assert await owing(stage, "panel.departure") == [NIAMH]
    assert "has been asked to answer it" in words(await press(stage, LEAH, "panel.show"))


async def test_a_joined_report_that_names_whoever_was_to_answer(stage: Stage) -> None:
    await with_a_panel(stage, TOMASZ)
    await closes_and_decides(stage, LESS)
    before = len(stage.private(HUSSEIN))
    assert await owing(stage, "panel.departure") == [MARGUERITE]
    await joins(stage, MARGUERITE)
    assert await owing(stage, "panel.departure") == [HUSSEIN]
    assert len(stage.private(HUSSEIN)) == before, "they have been asked already"


async def test_whoever_comes_to_owe_the_answer_is_asked_once_also_where_others_were_asked_before(stage: Stage) -> None:
    await with_a_panel(stage, HUSSEIN)
    await closes_and_decides(stage, LESS)
    form = await stage.says(HUSSEIN, "deputy")
    await stage.presses(HUSSEIN, form, "Save", {"deputy": NIAMH, "from": "2026-11-20", "until": "2026-12-20"})
    await joins(stage, MARGUERITE)
    stage.now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    for _ in range(2):
        await stage.tick()
    assert await owing(stage, "panel.departure") == [NIAMH]
    assert titles(stage, NIAMH).count(DEPARTS) == 1
    assert "has been asked to answer it" in words(await press(stage, LEAH, "panel.show"))


async def test_what_is_answered_to_a_panel_without_a_chair_is_kept_for_the_next(stage: Stage) -> None:
    await with_a_panel(stage, TOMASZ)
    await closes_and_decides(stage, LESS)
    await joins(stage, SANDEEP)
    told = words(await press(stage, MARGUERITE, "panel.depart-yes", {"note": None}))
    assert "The panel needs another chair first" in told
    assert "The chair is told" not in told


async def test_it_is_not_the_chairs_either_and_is_kept_for_the_next(stage: Stage) -> None:
    await with_a_panel(stage, TOMASZ)
    await closes_and_decides(stage, LESS)
    await joins(stage, SANDEEP)
    told = words(await press(stage, MARGUERITE, "panel.depart-no", {"why-psii": "It is severe."}))
    assert "Your words are kept with the panel." in told
    assert "The chair has your words" not in told
    assert "It is severe." in words(await press(stage, LEAH, "panel.show"))


# An import of the people list


@pytest.mark.parametrize("closed", [True, False])
async def test_a_chair_whom_an_import_makes_the_manager_is_replaced(stage: Stage, closed: bool) -> None:
    await with_a_panel(stage, TOMASZ)
    if closed:
        await press(stage, SANDEEP, "panel.close", sure="yes")
    for _ in range(2):
        await imports(stage, tomasz=SANDEEP)
    assert said_to_quality(stage, NEEDED) == 1, "asked once"
    assert await owing(stage, "panel.decided") == await quality(stage)
    stage.now = datetime(2026, 12, 3, 9, 5, tzinfo=UTC)
    await stage.tick()
    assert said_to_quality(stage, NEEDED) == 1 + (not closed), "and once more as voting closes without one"
    owed = words(await stage.says(LEAH, "overdue"))
    assert "Choose another chair for the panel: PSI-2026-0001" in owed


async def test_the_panels_card_counts_no_vote_of_whom_an_import_has_kept_out(stage: Stage) -> None:
    await with_a_panel(stage, TOMASZ)
    assert "3 of 5 have voted" in words(stage.channel("panel")[-1])
    await imports(stage, tomasz=FEMI)
    assert "2 of 4 have voted" in words(stage.channel("panel")[-1])
    await imports(stage)
    assert "3 of 5 have voted" in words(stage.channel("panel")[-1])


async def test_an_import_that_changes_nothing_of_a_panel_edits_nothing(stage: Stage) -> None:
    await with_a_panel(stage, TOMASZ)
    await imports(stage)
    before = len(stage.out.edits)
    await imports(stage)
    assert len(stage.out.edits) == before
