"""Whatever keeps one of the two from taking part, and wherever a run has got to: somebody who can act hears of it in
private, and nobody else learns anything."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from fair_steps import (
    CONCERN,
    JUDITH,
    LEAH,
    OWEN,
    SANDEEP,
    TOMASZ,
    begun,
    both_confirm,
    done,
    on_card,
    page,
    press,
    propose,
    run_of,
    the_run,
    through,
)
from responses import CARYS, started
from test_fair_circle import BRONWEN, CALLUM, CANNOT, NIAMH, problems
from test_fair_start import IMOGEN, listed

from duty_stage import who
from psirf_bot.cards.fair import NOT_HERE, PRIVATE_TASK
from psirf_bot.cards.model import Card
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, StandIn, SupportNeed
from scenes import scene
from stage import Stage, words

NOBODY_ELSE = (SANDEEP, JUDITH, TOMASZ, CARYS, BRONWEN, NIAMH, CALLUM, IMOGEN)
WAITS = "Something waits for you."
GONE = "They cannot take part any more. Nothing goes on without a colleague: please press “Ask another colleague”."
NO_ANSWER = "They have not answered yet. You can ask another colleague instead, or take it back."
MONDAY, TUESDAY, WEDNESDAY = "2026-11-23T10:00", "2026-11-24T10:00", "2026-11-25T10:00"
A_WEEK_LATER = "2026-11-27T10:00"


# Where a run has got to


async def invited(stage: Stage) -> None:
    form = await stage.presses(LEAH, await stage.says(LEAH, "fair PSI-2026-0001"), "Start")
    given = {"concern": CONCERN, "subject": [TOMASZ], "colleague": [OWEN]}
    await stage.presses(LEAH, form, "Start and invite", given)


async def joined(stage: Stage) -> None:
    await invited(stage)
    await press(stage, OWEN, "fair.join")


async def proposed(stage: Stage) -> None:
    await begun(stage)
    await propose(stage, LEAH, {})


async def paused(stage: Stage) -> None:
    await begun(stage)
    await press(stage, LEAH, "fair.pause", {"why": "A document is still to come.", "review": "2027-03-01"})


async def ended(stage: Stage) -> None:
    await begun(stage)
    await through(stage, {"fair-systems-response": "no"})
    await both_confirm(stage)


async def looked_at_again(stage: Stage) -> None:
    await ended(stage)
    await press(stage, LEAH, "fair.revisit", {"new": "A document came to light."})


STATES = {state.__name__: state for state in (invited, joined, proposed, paused, ended, looked_at_again)}


# What keeps somebody from taking part


def leaves(work: Work, name: str) -> None:
    who(work, name).active = False


def loses_the_role(work: Work, name: str) -> None:
    who(work, name).roles = ["staff"]


def manages_them(work: Work, name: str) -> None:
    who(work, TOMASZ).line_manager_id = who(work, name).id


def stands_in_for_their_manager(work: Work, name: str) -> None:
    stands_in(work, CARYS, name)


def is_named_in_a_joined_report(work: Work, name: str) -> None:
    case = work.session.get_one(Case, the_run(work).case_id)
    other = Case(**case.model_dump() | {"id": "other", "reference": "PSI-2026-0009", "datix_number": None})
    other.merged_into = case.id
    need = {"id": "need", "case_id": "other", "person_id": who(work, name).id, "name": name, "wish": "quality"}
    work.session.add_all([other, SupportNeed(at=work.now, **need)])


WAYS = {
    way.__name__: way
    for way in (leaves, loses_the_role, manages_them, stands_in_for_their_manager, is_named_in_a_joined_report)
}


def stands_in(work: Work, name: str, deputy: str) -> None:
    today = work.local.date()
    ids = {"person_id": who(work, name).id, "deputy_id": who(work, deputy).id}
    work.session.add(StandIn(**ids, starts=today, ends=today + timedelta(days=60)))


# Who hears of it


@scene
async def ready(stage: Stage) -> None:
    await started(stage)
    await stage.do(lambda work: listed(work, IMOGEN, Role.WORKFORCE))
    for name in (LEAH, OWEN, *NOBODY_ELSE):
        await stage.says(name, "help")


async def until(stage: Stage, moment: str) -> None:
    """A tick on every night and every morning."""
    end = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    while stage.now.date() < end.date():
        stage.now = (stage.now + timedelta(days=1)).replace(hour=0, minute=30)
        await stage.tick()
        stage.now = min(end, stage.now.replace(hour=10))
        await stage.tick()
    stage.now = end
    await stage.tick()


class Ears:
    """What everybody has been sent of being fair since then."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.before = {name: len(stage.private(name)) for name in (LEAH, OWEN, *NOBODY_ELSE)}

    def of(self, name: str) -> list[Card]:
        found = [card for card in self.stage.private(name)[self.before[name] :] if card.title == "A private task"]
        assert {card.preview for card in found} <= {PRIVATE_TASK}
        return found

    def heard(self) -> set[str]:
        """Who has been sent anything; nothing stands in a channel."""
        assert "private task" not in " ".join(map(words, self.stage.channel()))
        return {name for name in self.before if self.of(name)}


async def gone(stage: Stage, way: Callable[[Work, str], None], names: Sequence[str]) -> Ears:
    def do(work: Work) -> None:
        for name in names:
            way(work, name)

    await stage.settled()
    stage.later(hours=4)  # the end of the working day, for nobody is here any more
    await stage.tick()
    await stage.do(do)
    return Ears(stage)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", STATES)
async def test_the_other_hears_of_it_and_nobody_else_does(stage: Stage, state: str, way: str) -> None:
    await ready(stage)
    await STATES[state](stage)
    ears = await gone(stage, WAYS[way], [OWEN])
    await until(stage, MONDAY if state != "ended" else A_WEEK_LATER)
    assert ears.heard() == {LEAH}
    assert WAITS in words(ears.of(LEAH)[0])
    opened = await stage.presses(LEAH, ears.of(LEAH)[0], "Open it")
    assert ("Ask another colleague" in [button.label for button in opened.all_buttons()]) == (state != "ended")
    if not way.startswith("leaves"):
        assert NOT_HERE in words(await press(stage, OWEN, "fair.show"))


@pytest.mark.parametrize("state", STATES)
async def test_whoever_was_asked_hears_of_it_where_the_one_who_asked_is_gone(stage: Stage, state: str) -> None:
    await ready(stage)
    await STATES[state](stage)
    ears = await gone(stage, leaves, [LEAH])
    await until(stage, MONDAY if state != "ended" else A_WEEK_LATER)
    # Nobody else has joined, so nobody else knows whom it concerns.
    waits_to_join = state in {"invited", "looked_at_again"}
    assert ears.heard() == ({OWEN, JUDITH} if waits_to_join else {OWEN})


@pytest.mark.parametrize("state", STATES)
async def test_an_overseer_hears_of_it_where_both_are_gone(stage: Stage, state: str) -> None:
    await ready(stage)
    await STATES[state](stage)
    ears = await gone(stage, leaves, [LEAH, OWEN])
    await until(stage, MONDAY if state != "ended" else A_WEEK_LATER)
    assert ears.heard() == {JUDITH}
    record = await stage.presses(JUDITH, ears.of(JUDITH)[0], "Open it")
    assert "Only overseers can see this page." in words(record)
    labels = [button.label for button in record.all_buttons()]
    wanted = "Done: See that the person is told" if state == "ended" else "Ask somebody of the workforce team"
    assert [label for label in labels if label.startswith(wanted)], labels


@pytest.mark.parametrize("kept", [loses_the_role, manages_them])
async def test_of_the_overseers_only_one_who_may_see_it_hears_of_it(
    stage: Stage, kept: Callable[[Work, str], None]
) -> None:
    await ready(stage)
    await paused(stage)

    def another(work: Work) -> None:
        who(work, SANDEEP).roles = ["staff", Role.OVERSEER]
        kept(work, JUDITH)

    await stage.do(another)
    ears = await gone(stage, leaves, [LEAH, OWEN])
    await until(stage, MONDAY)
    assert ears.heard() == {SANDEEP}


async def test_a_deputy_of_one_of_the_two_or_of_an_overseer_hears_nothing(stage: Stage) -> None:
    await ready(stage)
    await invited(stage)

    def away(work: Work) -> None:
        for name in (LEAH, OWEN, JUDITH):
            stands_in(work, name, SANDEEP)

    await stage.do(away)
    ears = Ears(stage)
    await until(stage, "2026-12-11T10:00")
    assert ears.heard() == {LEAH, OWEN}


async def test_what_is_said_gives_no_reason_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    pages, refusals = set(), set()
    for way in (*WAYS.values(), None):
        async with Stage(tmp_path_factory.mktemp("way")) as stage:
            await ready(stage)
            await invited(stage)
            if way is None:
                await press(stage, OWEN, "fair.decline")
            else:
                await gone(stage, way, [OWEN])
            pages.add(words(await page(stage, LEAH)))
            if way not in {None, leaves, loses_the_role}:
                form = await press(stage, LEAH, "fair.replace", {"colleague": [OWEN]})
                refusals.add(tuple(problems(form)))
            if way not in {None, leaves}:
                refusals.add(words(await press(stage, OWEN, "fair.show")))
    assert len(pages) == 1
    assert GONE in pages.pop()
    assert len(refusals) == 2, "one for whoever is kept out, one for whoever asks for them"
    assert (CANNOT,) in refusals


# What comes of it


async def test_another_is_asked_and_whoever_is_kept_out_hears_nothing_of_it(stage: Stage) -> None:
    await ready(stage)
    await invited(stage)
    ears = await gone(stage, manages_them, [OWEN])
    await press(stage, LEAH, "fair.replace", {"colleague": [IMOGEN]})
    await until(stage, TUESDAY)
    assert IMOGEN in ears.heard()
    assert ears.of(OWEN) == []
    await press(stage, IMOGEN, "fair.join")
    assert (await run_of(stage)).state == "open"


async def test_what_is_taken_back_is_not_told_to_whoever_is_kept_out(stage: Stage) -> None:
    await ready(stage)
    await invited(stage)
    ears = await gone(stage, manages_them, [OWEN])
    await press(stage, LEAH, "fair.withdraw")
    await until(stage, TUESDAY)
    assert ears.heard() == set()


async def test_to_look_at_it_again_without_the_colleague_writes_to_nobody_and_says_what_is_needed(stage: Stage) -> None:
    await ready(stage)
    await ended(stage)
    ears = await gone(stage, manages_them, [OWEN])
    card = await press(stage, LEAH, "fair.revisit", {"new": "A document came to light."})
    assert "Your colleague can no longer take part: please open it and ask another to join it" in words(card)
    assert [entry.kind for entry in await done(stage)] == [], "nobody has been asked"
    waits = await on_card(stage, LEAH, card, "Open it")
    assert GONE in words(waits)
    await until(stage, WEDNESDAY)
    assert ears.heard() == {LEAH}
    await press(stage, LEAH, "fair.replace", {"colleague": [IMOGEN]})
    await until(stage, "2026-11-26T10:00")
    assert ears.heard() == {LEAH, IMOGEN}


async def test_whoever_joins_one_who_is_gone_is_told_so_and_asks_another(stage: Stage) -> None:
    await ready(stage)
    await invited(stage)
    await gone(stage, leaves, [LEAH])
    assert "Your colleague can no longer take part." in words(await page(stage, OWEN))
    card = await press(stage, OWEN, "fair.join")
    assert "Your colleague can no longer take part: please open it and ask another." in words(card)
    assert "You have both joined" not in words(card)
    opened = await on_card(stage, OWEN, card, "Open it")
    assert "Ask another colleague" in [button.label for button in opened.all_buttons()]


async def test_it_is_said_once_and_then_with_the_reminders(stage: Stage) -> None:
    await ready(stage)
    await paused(stage)  # until long after
    ears = await gone(stage, leaves, [OWEN])
    await until(stage, "2026-12-11T10:00")
    assert len(ears.of(LEAH)) == 1


async def test_a_colleague_who_came_later_and_is_gone_too_is_told_as_soon(stage: Stage) -> None:
    await ready(stage)
    await begun(stage)
    first = await gone(stage, leaves, [OWEN])
    await until(stage, MONDAY)
    assert len(first.of(LEAH)) == 1
    await press(stage, LEAH, "fair.replace", {"colleague": [IMOGEN], "reason": "They cannot."})
    await press(stage, IMOGEN, "fair.join")
    ears = Ears(stage)
    await stage.do(lambda work: leaves(work, IMOGEN))
    await until(stage, TUESDAY)
    assert len(ears.of(LEAH)) == 1


async def test_nobody_is_told_that_a_colleague_is_missing_while_both_can_take_part(stage: Stage) -> None:
    await ready(stage)
    await paused(stage)
    ears = Ears(stage)
    await until(stage, "2026-12-11T10:00")
    assert ears.heard() <= {OWEN}, "who heard of the pause"


# An invitation that nobody answers


async def test_an_invitation_that_is_not_answered_in_time_is_told_to_whoever_waits(stage: Stage) -> None:
    await ready(stage)
    await invited(stage)
    ears = Ears(stage)
    await until(stage, "2026-11-24T16:30")  # the day on which the answer is due
    assert ears.heard() == {OWEN}
    await until(stage, WEDNESDAY)
    assert ears.heard() == {LEAH, OWEN}
    waits = await stage.presses(LEAH, ears.of(LEAH)[0], "Open it")
    assert NO_ANSWER in words(waits)
    assert {"Ask another colleague", "Take it back"} <= {button.label for button in waits.all_buttons()}
    await press(stage, OWEN, "fair.join")
    assert not [card for card in ears.of(LEAH)[:1] if WAITS in words(card)], "it waits for Owen no more"


async def test_whoever_waits_for_another_is_reminded_that_nobody_is_asked(stage: Stage) -> None:
    await ready(stage)
    await invited(stage)
    await press(stage, OWEN, "fair.decline")
    ears = Ears(stage)
    await until(stage, WEDNESDAY)
    assert ears.heard() == {LEAH}
    await stage.do(lambda work: leaves(work, LEAH))
    await until(stage, "2026-11-27T10:00")
    assert ears.heard() == {LEAH, JUDITH}


async def test_what_an_overseer_hears_of_is_not_theirs_to_do(stage: Stage) -> None:
    await ready(stage)
    await paused(stage)
    await gone(stage, leaves, [LEAH, OWEN])
    record = await press(stage, JUDITH, "fair.record")
    assert not [button.label for button in record.all_buttons() if button.label.startswith("Done:")]


async def test_whom_an_overseer_has_asked_meanwhile_is_not_replaced_unawares(stage: Stage) -> None:
    await begun(stage)
    await stage.says(JUDITH, "help")

    def workforce(work: Work) -> None:
        for name in (CALLUM, BRONWEN):
            who(work, name).roles = ["staff", Role.WORKFORCE]
        leaves(work, OWEN)

    await stage.do(workforce)
    form = await on_card(stage, LEAH, await page(stage, LEAH), "Ask another colleague")
    theirs = await press(stage, JUDITH, "fair.replace", team="workforce")
    await on_card(stage, JUDITH, theirs, "Invite them", {"colleague": [CALLUM], "reason": "They have left."})
    sent = await on_card(stage, LEAH, form, "Invite them", {"colleague": [BRONWEN], "reason": "They have left."})
    assert "This has moved on" in words(sent)
    assert (await run_of(stage)).workforce_id == await stage.do(lambda work: who(work, CALLUM).id)
    assert not stage.private(BRONWEN)
