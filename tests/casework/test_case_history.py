"""Who did what when with a case, as the quality team sees it in chat."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select
from test_reporting import AMINA, BRONWEN, LEAH
from test_triage import opened, reported

import psirf_bot
from duty_stage import a_case, owed, who
from psirf_bot.cards import blockkit
from psirf_bot.cards.check import slack_problems
from psirf_bot.casework import people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.case_history import OF_A_PANEL, SHOWN, is_told
from psirf_bot.casework.cases import by_reference
from psirf_bot.casework.duty_lines import duty
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Panel, PanelMember, SupportNeed
from stage import Stage, shown, words

SANDEEP, NIAMH = "Sandeep Bhullar", "Niamh Gallagher"
WHO_DID_WHAT = "Who did what"
PLACE = {"record": 1, "changed": 3, "_after": 3}
"""Which argument of what writes into the audit says what was done."""
PRIVATE = (
    "stood back", "takes part again", "opened the checks on staff", "asked for somebody else to check on them",
    "their line manager may be asked again", "asked for support", "sees to a request for support", "support was given",
    "checked on a member of staff", "put off a reminder", "passed on a support check", "chose who checks",
    "noted what was offered", "in a private task", "exported from being fair", "looked at the list of being fair runs",
    "read on in an export from being fair", "looked at the monitoring of being fair",
)  # fmt: skip
NOT_TOLD = (
    *PRIVATE, "was refused a private task", "opened a run of being fair", "put off a private duty",
    "handed over a private duty", "said that a private duty is done", "reminded that a private duty is late",
    "contact with staff agreed", "contact with staff made", "contact with staff moved", "contact with staff ended",
)  # fmt: skip
OF_THE_PANEL = (
    "panel opened", "panel changed", "panel facts confirmed", "opened the panel's page", "voted", "voting closed",
    "read the panel's votes", "panel decided", "panel decision cleared for another chair", "departure {}",
    "minute approved", "opened the minute", "was given the minute", "minute filed", "panel stopped",
    "PSII sent back to the panel", "panel agenda made",
)  # fmt: skip
TOLD = (
    "reported", "read", "opened the case", "opened from Datix", "Datix number entered", "owner set", "amended",
    "added to", "restricted", "restriction lifted", "closed", "reopened", "withdrawn", "merged into another case",
    "another case was merged into it", "separated again", "exported", "put on legal hold", "lifted the legal hold",
    "opened the duty of candour", "duty of candour: {}", "duty of candour: changed", "contact{} {}",
    "decided without a learning response", "response decided", "PSII verified", "response let go",
    "response lead stood down", "response started", "initial report sent",
    "response ended", "paused", "resumed",
    "extension recorded", "agreed with partners", "terms of reference set", "notifications noted",
    "named contact set", "named contact stood down", "named contact has left",
    "draft of the final report approved", "final report sent",
    "agreed a safety action", "carried out a safety action", "reviewed a safety action",
    "handed a safety action over", "dropped a safety action", "said that {} is done", "put off {}", "paused a duty",
    "started the clock of a duty again", "reminded that {} is late", "passed on what changed",
)  # fmt: skip
WITHOUT_A_CASE = {
    "received an alert", "named the lead of an alert", "the lead of an alert has left",
    "reported an alert's actions complete",
    "authorised an alert's actions", "sent an alert back", "people list taken on", "training register imported",
    "moved a due day: the calendar changed", "said that someone is in danger", "has seen that someone is in danger",
    "looked up who reported danger", "paged again", "message put back to be sent", "undelivered message let go",
    "joined from the platform",
    "picked from the platform", "taken for the same person", "restored from a backup; the next case is {}",
    "set a channel", "gave up a channel", "set a deputy", "opened the training register", "opened the figures",
    "set working hours", "exported what is held about one person", "deleted after review: {}",
}  # fmt: skip


def done(stage: Stage, *deeds: str) -> object:
    def record(work: Work) -> None:
        case = by_reference(work, "PSI-2026-0001")
        leah = case.owner_id if case else None
        for deed in deeds:
            work.record(leah or "the bot", deed, case)

    return stage.do(record)


async def history(stage: Stage) -> str:
    return words(await stage.presses(LEAH, await opened(stage), WHO_DID_WHAT))


async def test_the_quality_team_sees_it_the_newest_first_in_local_time(stage: Stage) -> None:
    await reported(stage)
    stage.later(days=220)  # in summer
    await stage.presses(LEAH, await opened(stage), "I have read this")
    shown = await history(stage)
    assert shown.startswith("PSI-2026-0001: who did what")
    first, last = f"20 November 2026, 14:00: {AMINA}: reported", f"28 June 2027, 15:00: {LEAH}: read"
    assert shown.index(last) < shown.index(first)


async def test_neither_being_fair_nor_support_nor_standing_back_is_in_it(stage: Stage) -> None:
    await reported(stage, involved="yes")
    await stage.presses(LEAH, await opened(stage), "I have read this")
    await stage.tick()
    await stage.presses(BRONWEN, stage.private(BRONWEN)[0], "I have spoken to them")
    await done(stage, *NOT_TOLD)
    stage.later(days=10)
    await stage.tick()
    shown = await history(stage)
    assert BRONWEN not in shown
    assert "member of staff" not in shown
    assert "private" not in shown
    assert [deed for deed in NOT_TOLD if deed in shown] == []
    assert f"{LEAH}: read" in shown


async def test_a_line_manager_does_not_read_there_that_somebody_never_wants_to_be_asked_about_by_them(
    stage: Stage,
) -> None:
    await reported(stage, colleagues=NIAMH)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    before = words(await stage.presses(SANDEEP, await opened(stage, SANDEEP), WHO_DID_WHAT))
    form = await stage.presses(NIAMH, await stage.says(NIAMH, "support"), "Never my line manager")
    told = await stage.presses(NIAMH, form, "Ask for somebody else", {"who": ""})
    assert "your line manager is not told" in words(told)
    after = words(await stage.presses(SANDEEP, await opened(stage, SANDEEP), WHO_DID_WHAT))
    assert after.replace(f"20 November 2026, 14:00: {SANDEEP}: opened the case\n", "", 1) == before


async def test_a_private_duty_is_put_off_reminded_of_and_handed_over_as_such(stage: Stage) -> None:
    await reported(stage, involved="yes")
    stage.later(days=10)
    await stage.tick()
    kept = select(AuditEntry.what).where(col(AuditEntry.what).endswith(" is late"))
    late = set(await stage.do(lambda work: work.session.exec(kept).all()))
    assert late == {"reminded that a private duty is late", "reminded that a duty is late"}

    def called(work: Work) -> list[str]:
        case = by_reference(work, "PSI-2026-0001")
        deadlines = (owed(work, rule, owner=LEAH, case=case) for rule in ("contact.staff", "panel.vote", "report.read"))
        return [found.in_the_audit for each in deadlines if (found := duty(work, each))]

    assert await stage.do(called) == ["a private duty", "a private duty", "a duty"]


async def test_a_deed_that_is_not_told_leaves_no_gap_on_the_page(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    await done(stage, *(deed for n in range(SHOWN) for deed in (f"amended, step {n}", "stood back")))
    assert words(await stage.presses(LEAH, await opened(stage), WHO_DID_WHAT)).count("20 November 2026") == SHOWN


# Those who are kept out of the panel


@pytest.mark.parametrize("why", ["involved", "manages", "stood back", "stood back from one that was stopped"])
async def test_whoever_is_kept_out_of_the_panel_reads_nothing_of_it_there(stage: Stage, why: str) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    await done(stage, *OF_THE_PANEL)
    everything = words(await stage.presses(SANDEEP, await opened(stage, SANDEEP), WHO_DID_WHAT))
    assert [deed for deed in OF_THE_PANEL if f"{LEAH}: {deed}" not in everything] == []

    def keep_out(work: Work) -> None:
        case = by_reference(work, "PSI-2026-0001")
        assert case
        sandeep = who(work, SANDEEP)
        if "stood back" in why:
            panel = Panel(
                id="p", case_id=case.id, route="weekly", chair_id=who(work, LEAH).id, opened_by="x", opened_at=work.now,
                closes_at=work.now, state="stopped" if "stopped" in why else "voting", documents={},
            )  # fmt: skip
            seat = PanelMember(id="m", panel_id="p", person_id=sandeep.id, seat="quality", recused_at=work.now)
            work.session.add_all([panel, seat])
            return
        named = sandeep if why == "involved" else who(work, NIAMH)  # Sandeep is her line manager
        need = SupportNeed(id="n", case_id=case.id, person_id=named.id, name=named.name, wish="quality", at=work.now)
        work.session.add(need)

    await stage.do(keep_out)
    shown = words(await stage.presses(SANDEEP, await opened(stage, SANDEEP), WHO_DID_WHAT))
    assert [deed for deed in OF_THE_PANEL if deed in shown] == []
    assert f"{LEAH}: read\n" in shown
    assert await history(stage) != shown, "others of the team still do"


async def test_that_holds_for_a_report_that_was_joined_with_one_in_which_they_are_named(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    await done(stage, *OF_THE_PANEL)

    def join(work: Work) -> None:
        case, whole = by_reference(work, "PSI-2026-0001"), a_case(work, 2)
        assert case
        case.state, case.merged_into = "merged", whole.id
        named = who(work, SANDEEP)
        need = SupportNeed(id="n", case_id=whole.id, person_id=named.id, name=named.name, wish="quality", at=work.now)
        work.session.add(need)

    await stage.do(join)
    shown = words(await stage.presses(SANDEEP, await opened(stage, SANDEEP), WHO_DID_WHAT))
    assert [deed for deed in OF_THE_PANEL if deed in shown] == []


# Every deed there is


def test_of_every_deed_in_the_audit_it_is_known_whether_it_is_told() -> None:
    """Whoever adds one says above which it is: what is new is not told before somebody has thought of it."""
    assert recorded() == {*TOLD, *PRIVATE, *OF_THE_PANEL, *WITHOUT_A_CASE}
    assert [deed for deed in (*TOLD, *OF_THE_PANEL) if not is_told(deed)] == []
    assert [deed for deed in NOT_TOLD if is_told(deed)] == []
    assert [deed for deed in OF_THE_PANEL if not OF_A_PANEL.search(deed)] == []
    assert [deed for deed in TOLD if OF_A_PANEL.search(deed)] == []


def recorded() -> set[str]:
    """What the code writes into the audit, with braces for what is put in; not what it has given a name before."""
    found = set()
    for file in Path(psirf_bot.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                at = PLACE.get(name, len(call.args))
                found |= {words for what in call.args[at : at + 1] for words in _written(what)}
    return found


def _written(what: ast.expr) -> Iterator[str]:
    if isinstance(what, ast.Constant) and isinstance(what.value, str):
        yield what.value
    elif isinstance(what, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in what.values)
    elif isinstance(what, ast.IfExp):
        yield from (*_written(what.body), *_written(what.orelse))


async def test_a_name_stands_as_it_is_written_and_what_is_none_begins_with_a_capital(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")

    def de_souza(work: Work) -> None:
        case = by_reference(work, "PSI-2026-0001")
        assert case
        leah = people.person(work, case.owner_id)
        assert leah
        leah.name = "de Souza, Leah"
        for by in ("the bot", "command line", "an administrator on the server"):
            work.record(by, "did something", case)

    await stage.do(de_souza)
    action = await stage.do(lambda work: action_id(work, "case.history", case=by_reference(work, "PSI-2026-0001")))
    page = words(shown(await stage.turn(LEAH, Pressed(action))))
    assert "14:00: de Souza, Leah: read" in page
    for by in ("The bot", "Command line", "An administrator on the server"):
        assert f"{by}: did something" in page


async def test_a_long_one_goes_on_with_what_was_earlier(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    await done(stage, *(f"amended, step {n}" for n in range(2 * SHOWN)))
    card = await stage.presses(LEAH, await opened(stage), WHO_DID_WHAT)
    assert slack_problems(blockkit.message(card)) == []
    pages = [words(card)]
    while "Earlier" in [button.label for button in card.all_buttons()]:
        card = await stage.presses(LEAH, card, "Earlier")
        pages.append(words(card))
    together = "".join(pages)
    assert len(pages) == 3
    assert all(together.count(f"amended, step {n}\n") == 1 for n in range(2 * SHOWN))
    assert f"{AMINA}: reported" in pages[-1]
    assert (await stage.presses(LEAH, card, "Back to the case")).title.startswith("PSI-2026-0001")


async def test_nobody_else_sees_it(stage: Stage) -> None:
    await reported(stage)
    hers = await opened(stage, AMINA)
    assert WHO_DID_WHAT not in [button.label for button in hers.all_buttons()]
    theirs = await opened(stage)
    for name in (AMINA, BRONWEN):
        refused = await stage.presses(name, theirs, WHO_DID_WHAT)
        assert refused.title == "I could not do that"
        assert f"{AMINA}: reported" not in words(refused)
