"""Who did what when with a case, as the quality team sees it in chat."""

from test_reporting import AMINA, BRONWEN, LEAH
from test_triage import opened, reported

from psirf_bot.cards import blockkit
from psirf_bot.cards.check import slack_problems
from psirf_bot.casework import people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.case_history import SHOWN
from psirf_bot.casework.cases import by_reference
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from stage import Stage, shown, words

WHO_DID_WHAT = "Who did what"


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


async def test_being_fair_is_not_in_it_and_support_has_no_name(stage: Stage) -> None:
    await reported(stage, involved="yes")
    await stage.presses(LEAH, await opened(stage), "I have read this")
    await stage.tick()
    await stage.presses(BRONWEN, stage.private(BRONWEN)[0], "I have spoken to them")
    await done(stage, "opened a run of being fair", "in a private task", "stood back")
    shown = await history(stage)
    assert "A member of staff: checked on a member of staff" in shown
    assert BRONWEN not in shown
    assert "A member of staff: stood back" in shown
    assert "private task" not in shown
    assert "a run of" not in shown


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
