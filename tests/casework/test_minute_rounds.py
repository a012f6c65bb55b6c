"""The minutes of a case that more than one panel looked at: each is kept, reached and filed by itself."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from responses import BRONWEN, LEAH, MARGUERITE, SANDEEP, case_in, press
from sqlmodel import col, select
from test_panel_decision import FEMI, WHY, add_panel, decide, id_of, labels, panel_in, voted

from psirf_bot.cards.model import Card
from psirf_bot.casework.minute_kept import approved, minute_of
from psirf_bot.casework.minute_text import Minute, plain
from psirf_bot.casework.minutes import Ticket, opened
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Deadline, Panel, PanelMember, SupportNeed, Vote
from scenes import scene
from stage import Stage, words

FIRST_WORDS, SECOND_WORDS = WHY, "It turned out to be small after all."
FILED = {"filed-on": "2026-11-22"}


@scene
async def first_round(stage: Stage) -> str:
    """A PSII that the chair approved on 20 November and the Chief Nurse sent back on the 21st; the panel's id."""
    await voted(stage)
    await decide(stage, "psii")
    await press(stage, SANDEEP, "panel.approve")
    stage.later(days=1)
    await press(stage, MARGUERITE, "response.back", {"why-back": "The plan names another response."})
    found: str = await stage.do(lambda work: panel_in(work).id)
    return found


async def second_panel(stage: Stage) -> str:
    stage.later(hours=1)
    await stage.do(lambda work: add_panel(work, (), {LEAH: "aar", BRONWEN: "aar", FEMI: "aar"}))
    found: str = await stage.do(lambda work: panel_in(work).id)
    return found


@scene
async def both_rounds(stage: Stage) -> tuple[str, str]:
    """And what a second panel decided instead, approved on 22 November."""
    first, second = await first_round(stage), await second_panel(stage)
    stage.later(hours=23)
    await decide(stage, "aar", rationale=SECOND_WORDS)
    await press(stage, SANDEEP, "panel.approve")
    return first, second


async def number_on_datix(stage: Stage) -> None:
    def number(work: Work) -> None:
        case = case_in(work)
        case.datix_number = "W-77"
        work.session.add(case)

    await stage.do(number)


async def minute(stage: Stage, panel: str) -> Minute:
    found: Minute = await stage.do(lambda work: minute_of(work, case_in(work), work.session.get_one(Panel, panel)))
    return found


async def filings(stage: Stage) -> list[tuple[str, str]]:
    """The clocks of the filings, by the day on which each began."""
    theirs = select(Deadline).where(Deadline.rule == "minute.filed").order_by(col(Deadline.since))
    found: list[tuple[str, str]] = await stage.do(
        lambda work: [(clock.since.date().isoformat(), clock.state) for clock in work.session.exec(theirs)]
    )
    return found


async def filed_on(stage: Stage, *ids: str) -> list[str]:
    found: list[str] = await stage.do(lambda work: [str(work.session.get_one(Panel, each).filed_on) for each in ids])
    return found


async def test_the_chair_approves_a_minute_that_is_kept_with_its_digest(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "psii")
    draft = plain(await minute(stage, await stage.do(lambda work: panel_in(work).id)))
    assert "Draft, not approved" in draft
    assert "Minute approved; Waits for the chair" in draft
    await press(stage, SANDEEP, "panel.approve")

    def kept(work: Work) -> None:
        panel = panel_in(work)
        [entry] = work.session.exec(select(AuditEntry).where(AuditEntry.what == "minute approved"))
        content = json.dumps({"panel": panel.id, "minute": panel.minute}, sort_keys=True)
        assert entry.digest == hashlib.sha256(content.encode()).hexdigest()
        assert entry.actor_id == id_of(work, SANDEEP)
        found = plain(minute_of(work, case_in(work), panel))
        assert WHY in found
        assert "Minute approved; Sandeep Bhullar, chair of the panel; 20 November 2026, 14:00" in found
        assert "PSII verified; Waits for the Chief Nurse or the Medical Director" in found

    await stage.do(kept)


async def test_one_that_was_sent_back_says_so_and_that_a_later_one_was_approved(stage: Stage) -> None:
    first, second = await both_rounds(stage)
    before = plain(await minute(stage, first))
    assert FIRST_WORDS in before
    assert SECOND_WORDS not in before
    after = before.partition("SECOND SIGNATURE AND WHAT CAME LATER")[2]
    assert "PSII sent back to the panel, not verified; Marguerite Oduya, Chief Nurse; 21 November 2026, 14:00" in after
    assert "Minute of a later panel approved; Sandeep Bhullar; 22 November 2026, 14:00" in after
    then = plain(await minute(stage, second))
    assert SECOND_WORDS in then
    assert "sent back" not in then
    assert "later panel" not in then


async def test_a_second_psii_is_verified_in_its_own_minute_alone(stage: Stage) -> None:
    first, second = await first_round(stage), await second_panel(stage)
    await decide(stage, "psii", rationale="More is known now.")
    await press(stage, SANDEEP, "panel.approve")
    await press(stage, MARGUERITE, "response.verify")
    assert "PSII verified" not in plain(await minute(stage, first))
    assert "PSII verified; Marguerite Oduya, Chief Nurse; 21 November 2026, 15:00" in plain(await minute(stage, second))


async def test_the_page_lists_earlier_panels_with_their_minutes(stage: Stage) -> None:
    first, _ = await first_round(stage), await second_panel(stage)

    def still_votes(work: Work) -> None:
        panel = panel_in(work)
        panel.closed_at, panel.closes_at = None, work.now + timedelta(days=2)
        work.session.add(panel)

    await stage.do(still_votes)
    page = await press(stage, BRONWEN, "panel.show")
    assert "Earlier panels" in words(page)
    assert "Minute approved 20 November 2026, 14:00: Patient Safety Incident Investigation" in words(page)
    assert "Its minute is filed" not in labels(page)
    assert "Voting on PSI-2026-0001 is open" in words(await press(stage, BRONWEN, "minute.show"))
    shown = await stage.presses(BRONWEN, page, "Its minute")
    assert FIRST_WORDS in words(shown)
    femi = await stage.do(lambda work: id_of(work, FEMI))
    assert await stage.do(lambda work: FIRST_WORDS in plain(opened(work, Ticket(first, femi))))


async def test_each_minute_leads_to_the_one_before(stage: Stage) -> None:
    await both_rounds(stage)
    newest = await press(stage, LEAH, "minute.show")
    assert SECOND_WORDS in words(newest)
    before = await stage.presses(LEAH, newest, "The minute before this one")
    assert FIRST_WORDS in words(before)
    assert "The minute before this one" not in labels(before)


async def test_without_an_earlier_panel_none_is_listed(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "aar")
    await press(stage, SANDEEP, "panel.approve")
    assert "Earlier panels" not in words(await press(stage, LEAH, "panel.show"))
    assert "The minute before this one" not in labels(await press(stage, LEAH, "minute.show"))


async def test_whoever_stood_back_from_a_panel_does_not_read_its_minute_later(stage: Stage) -> None:
    first, _ = await both_rounds(stage)
    femi = await stage.do(lambda work: id_of(work, FEMI))

    def stood_back(work: Work) -> None:
        theirs = PanelMember.panel_id == first, PanelMember.person_id == femi
        member = work.session.exec(select(PanelMember).where(*theirs)).one()
        member.recused_at = work.now
        work.session.add(member)

    assert "Earlier panels" in words(await press(stage, FEMI, "panel.show"))
    await stage.do(stood_back)
    assert "Earlier panels" not in words(await press(stage, FEMI, "panel.show"))
    assert "The minute before this one" not in labels(await press(stage, FEMI, "minute.show"))
    assert "I cannot show you" in words(await press(stage, FEMI, "minute.show", panel=first))
    assert await stage.do(lambda work: opened(work, Ticket(first, femi))) is None


async def test_whoever_sat_on_an_earlier_panel_alone_reads_its_minute(stage: Stage) -> None:
    first, second = await both_rounds(stage)

    def not_on_the_second(work: Work) -> None:
        theirs = PanelMember.panel_id == second, PanelMember.person_id == id_of(work, FEMI)
        member = work.session.exec(select(PanelMember).where(*theirs)).one()
        for vote in work.session.exec(select(Vote).where(Vote.member_id == member.id)):
            work.session.delete(vote)
        work.session.delete(member)

    await stage.do(not_on_the_second)
    page = await stage.says(FEMI, "panel PSI-2026-0001")
    assert page.title == "Panels on PSI-2026-0001"
    assert list(labels(page)) == ["Its minute"]
    shown = await stage.presses(FEMI, page, "Its minute")
    assert FIRST_WORDS in words(shown)
    assert SECOND_WORDS not in words(shown)
    assert "I cannot show you" in words(await press(stage, FEMI, "minute.show", panel=second))
    femi = await stage.do(lambda work: id_of(work, FEMI))
    assert await stage.do(lambda work: opened(work, Ticket(first, femi)))
    assert await stage.do(lambda work: opened(work, Ticket(second, femi))) is None

    def involved(work: Work) -> None:
        kept: dict[str, Any] = {"wish": "line-manager", "state": "open", "at": work.now}
        work.session.add(SupportNeed(id="n1", case_id=case_in(work).id, person_id=femi, name=FEMI, **kept))

    await stage.do(involved)
    assert await stage.do(lambda work: opened(work, Ticket(first, femi))) is None
    assert "I cannot show you" in words(await press(stage, FEMI, "panel.show"))


async def test_a_panel_of_another_case_is_not_shown(stage: Stage) -> None:
    await both_rounds(stage)

    def of_another(work: Work) -> None:
        panel = approved(work, case_in(work))[0]
        work.session.add(Panel(**panel.model_dump(exclude={"id", "case_id"}), id="elsewhere", case_id="another"))

    await stage.do(of_another)
    assert SECOND_WORDS in words(await press(stage, LEAH, "minute.show", panel="elsewhere"))


# Filing


async def test_each_minute_is_filed_by_itself_and_stops_its_own_clock(stage: Stage) -> None:
    first, second = await both_rounds(stage)
    await number_on_datix(stage)
    assert await filings(stage) == [("2026-11-20", "open"), ("2026-11-22", "open")]
    page = await press(stage, LEAH, "panel.show")
    form = await stage.presses(LEAH, page, "It is filed")
    assert "Approved on 22 November 2026, 14:00" in words(form)
    await stage.presses(LEAH, form, "Note it", FILED)
    assert await filed_on(stage, first, second) == ["None", "2026-11-22"]
    assert await filings(stage) == [("2026-11-20", "open"), ("2026-11-22", "done")]
    form = await stage.presses(LEAH, await press(stage, LEAH, "panel.show"), "Its minute is filed")
    assert "Approved on 20 November 2026, 14:00" in words(form)
    await stage.presses(LEAH, form, "Note it", FILED)
    assert await filed_on(stage, first, second) == ["2026-11-22"] * 2
    assert await filings(stage) == [("2026-11-20", "done"), ("2026-11-22", "done")]
    assert "Its minute is filed" not in labels(await press(stage, LEAH, "panel.show"))


async def test_an_earlier_one_is_filed_while_a_later_panel_has_not_decided(stage: Stage) -> None:
    first, second = await first_round(stage), await second_panel(stage)
    await number_on_datix(stage)
    await press(stage, LEAH, "minute.filed", {"filed-on": "2026-11-21"})
    assert await filed_on(stage, first, second) == ["2026-11-21", "None"]
    assert await filings(stage) == [("2026-11-20", "done")]
    assert "is not approved yet, so it cannot be filed" in words(await press(stage, LEAH, "minute.filed"))


async def test_the_reminder_asks_for_the_first_one_owed_and_sent_twice_files_one(stage: Stage) -> None:
    first, second = await both_rounds(stage)
    await number_on_datix(stage)
    form: Card = await press(stage, LEAH, "minute.filed")
    assert "Approved on 20 November 2026, 14:00" in words(form)
    for _ in range(2):
        await stage.presses(LEAH, form, "Note it", FILED)
    assert await filed_on(stage, first, second) == ["2026-11-22", "None"]
    assert "Approved on 22 November 2026, 14:00" in words(await press(stage, LEAH, "minute.filed"))


async def test_one_is_not_filed_before_it_was_approved(stage: Stage) -> None:
    first, second = await both_rounds(stage)
    await number_on_datix(stage)
    for panel in (second, first):
        await press(stage, LEAH, "minute.filed", {"filed-on": "2026-11-21"}, panel=panel)
    assert await filed_on(stage, first, second) == ["2026-11-21", "None"]
