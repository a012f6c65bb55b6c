"""Support for staff: four checks by the person chosen, what staff ask for themselves, and who never learns of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from test_reporting import AMINA, BRONWEN, CARYS, LEAH, TOMASZ, near_miss

from psirf_bot.cards import blockkit, plain
from psirf_bot.cards.check import slack_problems
from psirf_bot.cards.model import Card
from psirf_bot.casework import (
    people,
    support,
    support_lists,
    support_needs,
    support_page,
    support_requests,
    support_stages,
    tick,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import (
    AuditEntry,
    Case,
    Deadline,
    Person,
    StandIn,
    SupportCheck,
    SupportNeed,
    SupportRequest,
    WorkingHours,
)
from scenes import scene
from stage import NOW, Stage, words

NIAMH, SANDEEP, MARGUERITE, WEI, GRACE = (
    "Niamh Gallagher",
    "Sandeep Bhullar",
    "Marguerite Oduya",
    "Wei Chen",
    "Grace Mbeki-Ward",
)
DONE, TOMORROW, PASS = "I have spoken to them", "Remind me tomorrow", "Someone else should do this"
SYRINGE = "syringe"
"""A word of the report, which no check ever holds."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as made:
        yield made
        checks = [c for posted in made.out.posts.values() for c in posted if DONE in [b.label for b in c.buttons]]
        assert not any(SYRINGE in words(card) for card in checks)
        assert not any(TOMASZ in words(card) for card in made.channel()), "nobody is named in a channel"


@scene
async def reported(stage: Stage, name: str = AMINA, *, by: str = "line-manager", who: str = "", **second: Any) -> None:
    """A near miss in which Tomasz is named, whose line manager is Carys, unless other colleagues are."""
    card = await near_miss(stage, name, second={"colleagues": TOMASZ, **second})
    while "Send the report" not in [b.label for b in card.all_buttons()]:
        given = {i.id: who if i.id.endswith("/who") else by for i in card.inputs()}
        card = await stage.presses(name, card, "Next", given)
    await stage.presses(name, card, "Send the report")
    await stage.settled()


async def at(stage: Stage, **after: float) -> None:
    """The clock at so much after Friday 20 November, two in the afternoon, with what is due sent."""
    stage.later(seconds=(NOW + timedelta(**after) - stage.now).total_seconds())
    await stage.tick()


async def found(stage: Stage, kind: Any, *conditions: Any) -> list[Any]:
    return list(await stage.do(lambda work: work.session.exec(select(kind).where(*conditions)).all()))


async def need_of(stage: Stage, name: str = TOMASZ) -> SupportNeed:
    [need] = await found(stage, SupportNeed, SupportNeed.name == name)
    assert isinstance(need, SupportNeed)
    return need


async def duties(stage: Stage, *states: str) -> list[Deadline]:
    mine = await found(stage, Deadline, Deadline.subject_kind == "check")
    return [duty for duty in mine if not states or duty.state in states]


async def on_case(stage: Stage, what: Any, reference: str = "PSI-2026-0001") -> Any:
    """What a function makes of a case."""

    def with_case(work: Work) -> Any:
        return what(work, work.session.exec(select(Case).where(Case.reference == reference)).one())

    return await stage.do(with_case)


async def away(stage: Stage, who: str, deputy: str) -> None:
    def set_(work: Work) -> None:
        today = work.local.date()
        until = today + timedelta(days=90)
        person, other = (_by_name(work, name) for name in (who, deputy))
        work.session.add(StandIn(person_id=person.id, deputy_id=other.id, starts=today, ends=until))

    await stage.do(set_)


async def leaves(stage: Stage, name: str) -> None:
    def left(work: Work) -> None:
        someone = _by_name(work, name)
        someone.active = False
        work.session.add(someone)
        work.session.flush()
        support.pass_on_those_of_leavers(work)

    await stage.do(left)
    stage.courier.kick()
    await stage.settled()


def _by_name(work: Work, name: str) -> Person:
    return work.session.exec(select(Person).where(Person.name == name)).one()


async def own_page(stage: Stage, name: str, typed: str = "") -> Any:
    """What somebody sees who types support."""

    def page(work: Work) -> Any:
        return support_page.page(work, people.member(work, _by_name(work, name)), typed)

    return await stage.do(page)


# After the event


async def test_the_card_says_what_to_do_then_words_to_use_then_numbers_to_ring_then_the_facts(stage: Stage) -> None:
    await reported(stage)
    assert stage.private(CARYS) == [], "the clock asks, in their working hours"
    await stage.tick()
    [card] = stage.private(CARYS)
    text = words(card)
    order = ("not blame", "By:", "What to do:", "Hello Tomasz", "01632 960010", "01632 960012", "Kind of event:")
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert card.preview == "You have a private task."
    assert "By: Monday 23 November\n" in text, "where that comes from is for the quality team"
    assert [b.label for b in card.buttons] == [DONE, TOMORROW, PASS]
    assert not slack_problems(blockkit.message(card))


@pytest.mark.parametrize(
    ("hours", "told"),
    [(0, "this afternoon"), (4, "on Monday morning"), (22, "on Monday morning"), (40, "tomorrow morning")],
    ids=["friday-afternoon", "friday-evening", "saturday", "sunday"],
)
async def test_the_reporter_is_told_the_truth_about_when(stage: Stage, hours: float, told: str) -> None:
    stage.later(hours=hours)
    await reported(stage)
    needs = await found(stage, SupportNeed)
    text = await stage.do(lambda work: support.told_about_support(work, needs))
    assert text == f"I will ask somebody to check on your colleague, in private, {told}."
    await stage.tick()
    assert bool(stage.private(CARYS)) == (hours == 0)
    await at(stage, days=2, hours=19, minutes=30)
    assert len(stage.private(CARYS)) == (1 if hours else 2), "on Monday once, at half past nine at the latest"


async def test_the_reporter_is_told_the_truth_about_somebody_who_is_seldom_at_work(stage: Stage) -> None:
    def fridays_only(work: Work) -> None:
        carys = _by_name(work, CARYS).id
        work.session.add(WorkingHours(person_id=carys, days=[4], begin="09:00", end="12:00"))

    await stage.do(fridays_only)
    await reported(stage, involved="yes", colleagues="")
    await reported(stage)
    [mine, theirs] = await found(stage, SupportNeed)
    for needs, told in (
        ([mine], "I will ask somebody to check on you, in private, this afternoon."),
        ([theirs], "I will ask somebody to check on your colleague, in private, on Friday 27 November."),
    ):
        assert await stage.do(lambda work, needs=needs: support.told_about_support(work, needs)) == told


async def test_where_nobody_can_be_asked_the_reporter_and_the_quality_team_are_told_so(stage: Stage) -> None:
    await reported(stage, by="quality", involved="yes")
    needs = await found(stage, SupportNeed)
    text = await stage.do(lambda work: support.told_about_support(work, needs))
    assert text == "The quality team will find somebody to check on the staff involved."
    told = [c for c in stage.channel() if c.title == "Somebody is needed to check on a colleague"]
    assert len(told) == 1, "one word in the channel, however many there are"
    await stage.tick()
    assert stage.private(LEAH) == [], "the channel has told them; a private reminder waits for the day it is due"
    await at(stage, days=2, hours=19)
    assert f"Somebody is needed to check on {TOMASZ}" in [c.title for c in stage.private(LEAH)]


async def test_that_it_happened_is_noted_and_what_was_offered_but_never_what_was_said(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    thanks = await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    await stage.settled()
    [check] = await found(stage, SupportCheck)
    assert (check.stage, check.offered) == ("support.after-event", [])
    form = await stage.presses(CARYS, thanks, "Note what was offered")
    assert {i.kind for i in form.inputs()} == {"choice"}, "nothing can be typed"
    given = {"offered": ["peer-support", "hr"], "accepted": ["time-away"], "hr": "yes"}
    wrong = await stage.presses(CARYS, form, "Save", given)
    assert "Please tick it above" in words(wrong)
    saved = await stage.presses(CARYS, form, "Save", {**given, "accepted": ["peer-support"]})
    assert "get in touch with HR yourself" in words(saved)
    facts = await on_case(stage, lambda work, case: support_page.facts(work, case, _member(work, LEAH)))
    assert (
        "Carys Penhallow spoke to them on 20 November. Offered: Peer support (taken up), Help from HR (declined)."
        in (facts[0].value)
    )
    await at(stage, days=10)
    assert not any(DONE in [b.label for b in c.buttons] for c in stage.private(CARYS)), "nothing more is asked"
    assert "Change the offer" in [b.label for b in stage.private(CARYS)[0].buttons]


def _member(work: Work, name: str) -> Any:
    return people.member(work, _by_name(work, name))


async def test_nobody_else_notes_what_was_offered(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    thanks = await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    for name in (BRONWEN, TOMASZ, MARGUERITE, GRACE):
        refused = await stage.presses(name, thanks, "Note what was offered")
        assert "passed to somebody else" in words(refused), name
    form = await stage.presses(LEAH, thanks, "Note what was offered")
    saved = {"offered": ["nothing-needed"], "accepted": None, "hr": "no"}
    assert "It is noted" in words(await stage.presses(LEAH, form, "Save", saved))


async def test_a_check_pressed_twice_is_one_check(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    card = stage.private(CARYS)[0]
    await stage.presses(CARYS, card, DONE)
    assert "There is nothing you need to do" in words(await stage.presses(CARYS, card, DONE))
    assert len(await found(stage, SupportCheck)) == 1


async def test_a_reminder_whose_check_was_made_meanwhile_is_not_sent(stage: Stage) -> None:
    await reported(stage)

    def written_and_made(work: Work) -> None:
        tick.run(work)
        duty = work.session.exec(select(Deadline).where(Deadline.rule == "support.after-event")).one()
        support_stages.note(work, _need(work), duty, _member(work, CARYS))

    await stage.do(written_and_made)
    stage.courier.kick()
    await stage.settled()
    assert stage.private(CARYS) == []


# Put off, late, passed on


async def test_remind_me_tomorrow_is_the_next_working_morning_and_moves_no_day(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    [before] = await duties(stage)
    answer = words(await stage.presses(CARYS, stage.private(CARYS)[0], TOMORROW))
    assert answer.startswith("I will remind you on Monday morning.")
    [after] = await duties(stage)
    assert (after.due_at, after.next_at) == (before.due_at, before.next_at)
    assert "put off a reminder" in [e.what for e in await found(stage, AuditEntry)]
    await at(stage, days=2, hours=18, minutes=30)
    assert len(stage.private(CARYS)) == 1, "not before Monday, nine o'clock"
    await at(stage, days=2, hours=19, minutes=1)
    assert len(stage.private(CARYS)) == 2, "once, though the day's own reminder falls due as well"


async def test_a_late_check_is_told_in_private_to_the_quality_team_alone(stage: Stage) -> None:
    await reported(stage)
    await at(stage, days=3, hours=22)
    [late] = [c for c in stage.private(LEAH) if TOMASZ in words(c)]
    assert late.title == f"No check on {TOMASZ} is noted yet"
    assert "Carys Penhallow is asked" in words(late)
    assert "which has passed; it can still be done" in words(stage.private(CARYS)[-1])
    for name in (BRONWEN, MARGUERITE, GRACE, TOMASZ, "Rosalind Achebe"):
        assert not any(TOMASZ in words(c) for c in stage.private(name)), name
    await stage.presses(LEAH, late, f"I have spoken to {TOMASZ}")
    await stage.settled()
    assert "somebody has spoken to" in words(stage.private(CARYS)[0])


async def passed(stage: Stage, who: str | None = None, reason: str = "do-not-get-on") -> Any:
    await stage.tick()
    form = await stage.presses(CARYS, stage.private(CARYS)[0], PASS)
    answer = await stage.presses(CARYS, form, "Pass it on", {"reason": reason, "who": who})
    await stage.settled()
    return answer


async def test_passed_to_somebody_who_is_asked_at_once_and_learns_no_reason(stage: Stage) -> None:
    await reported(stage)
    await passed(stage, NIAMH)
    await stage.tick()
    [asked] = stage.private(NIAMH)
    assert DONE in [b.label for b in asked.buttons]
    assert "get on" not in words(asked)
    assert words(stage.private(CARYS)[0]).startswith("Passed to somebody else")
    refused = await stage.presses(CARYS, asked, DONE)
    assert "This has been passed to somebody else. There is nothing you need to do." in words(refused)


async def test_passed_to_nobody_the_quality_team_learns_why_and_chooses(stage: Stage) -> None:
    await reported(stage)
    await passed(stage)
    assert "Somebody is needed to check on a colleague" in [c.title for c in stage.channel()]
    await at(stage, days=2, hours=19, minutes=1)
    card = next(c for c in stage.private(LEAH) if c.title == f"Somebody is needed to check on {TOMASZ}")
    assert "Carys Penhallow could not do it, and said: “We do not get on”." in words(card)
    form = await stage.presses(LEAH, card, "Choose who checks")
    assert "We do not get on”. Please choose somebody else, or choose them again to confirm." in words(form)
    assert "to be left out" in words(await stage.presses(LEAH, form, "Ask them", {"who": TOMASZ}))
    chosen = await stage.presses(LEAH, form, "Ask them", {"who": NIAMH})
    assert f"{NIAMH} will be asked to check on {TOMASZ}, in private, this morning." in words(chosen)
    await stage.tick()
    [asked] = stage.private(NIAMH)
    assert "Wish: You were asked to check on them." in words(asked), "it was their line manager who was wished for"
    assert "could not do it" not in words(await stage.presses(LEAH, card, "Choose who checks")), "that is settled"


async def test_whoever_chooses_second_reads_whom_somebody_chose_before(stage: Stage) -> None:
    await reported(stage)
    await passed(stage)
    card = await stage.says(LEAH, "overdue")
    form = await stage.presses(LEAH, card, "Choose who checks")
    first = await stage.presses(LEAH, form, "Ask them", {"who": NIAMH})
    assert "instead of" not in words(first)
    late = await stage.presses(LEAH, form, "Ask them", {"who": WEI})
    assert f"That is instead of {NIAMH}." in words(late), "it was open before the other was sent"
    opened = await stage.presses(LEAH, card, "Choose who checks")
    assert f"{WEI} is to check on them now. Whoever you choose does it instead." in words(opened)
    assert "instead of" not in words(await stage.presses(LEAH, opened, "Ask them", {"who": WEI}))


async def chosen_again(stage: Stage, name: str = CARYS) -> str:
    listed = await stage.says(LEAH, "overdue")
    form = await stage.presses(LEAH, listed, "Choose who checks")
    answer = words(await stage.presses(LEAH, form, "Ask them", {"who": name}))
    await stage.settled()
    return answer


async def test_whoever_is_chosen_again_on_a_later_day_is_asked_at_once(stage: Stage) -> None:
    await reported(stage)
    await passed(stage)
    await at(stage, days=4, hours=21)  # Tuesday, eleven o'clock: it is late
    before = len(stage.private(CARYS))
    assert f"{CARYS} will be asked to check on {TOMASZ}, in private, this morning." in await chosen_again(stage)
    await stage.tick()
    assert len(stage.private(CARYS)) == before + 1
    assert stage.private(CARYS)[-1].title == f"Please check how {TOMASZ} is"
    await at(stage, days=4, hours=26)
    assert len(stage.private(CARYS)) == before + 1, "one a day, whatever the clock of the check says"


async def test_whoever_is_chosen_again_on_the_day_they_were_asked_hears_of_it_tomorrow(stage: Stage) -> None:
    await reported(stage)
    await passed(stage)
    before = len(stage.private(CARYS))
    answer = await chosen_again(stage)
    assert f"{CARYS} will be asked again to check on {TOMASZ}, in private, on Monday morning." in answer
    assert "a reminder of it today" in answer
    await at(stage, days=2, hours=18, minutes=30)
    assert len(stage.private(CARYS)) == before
    await at(stage, days=2, hours=19, minutes=1)
    assert len(stage.private(CARYS)) == before + 1


async def test_a_deputy_who_is_asked_instead_is_named(stage: Stage) -> None:
    await away(stage, CARYS, NIAMH)
    await reported(stage, by="quality")
    assert f"{NIAMH}, who stands in for {CARYS}, will be asked" in await chosen_again(stage)
    await stage.tick()
    assert len(stage.private(NIAMH)) == 1


async def test_a_check_that_waits_for_its_day_asks_nobody_before(stage: Stage) -> None:
    await reported(stage)
    await on_case(stage, support.review_starts)
    await stage.tick()
    for card in list(stage.private(CARYS)):
        await stage.presses(CARYS, card, DONE)
    assert [duty.rule for duty in await duties(stage, "open")] == ["support.ongoing"]
    asked = await stage.do(lambda work: support_needs.move(work, _need(work), _by_name(work, NIAMH).id))
    await stage.tick()
    assert asked is None
    assert stage.private(NIAMH) == []
    await at(stage, days=34)
    assert len(stage.private(NIAMH)) == 1


async def test_an_earlier_reminder_says_that_there_is_a_newer_one(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    await at(stage, days=2, hours=20)
    first, second = stage.private(CARYS)
    assert "There is a newer message about this below." in words(first)
    assert TOMASZ not in words(first)
    assert "By: today, Monday 23 November" in words(second)
    await at(stage, days=5, hours=20)
    *earlier, last = stage.private(CARYS)
    assert len(earlier) > 1
    assert {card.title for card in earlier} == {"A newer message is below"}
    assert DONE in [b.label for b in last.buttons]
    await stage.presses(CARYS, last, DONE)
    await stage.settled()
    assert {card.title for card in stage.private(CARYS)} == {"Thank you for checking"}
    assert all(card.title != "A newer message is below" for card in stage.private(LEAH))


async def test_earlier_reminders_of_whoever_it_is_kept_from_say_that_it_was_passed_on(stage: Stage) -> None:
    await reported(stage)
    await at(stage, days=5, hours=20)
    await somebody_else(stage, who=NIAMH)
    assert {card.title for card in stage.private(CARYS)} == {"Passed to somebody else"}


@pytest.mark.parametrize("named", [TOMASZ, "Bronwen Hale"])
async def test_passed_to_whoever_may_not_know_it_goes_to_the_quality_team_in_the_same_words(
    stage: Stage, named: str
) -> None:
    if named == BRONWEN:  # whose deputy is the very person to be checked on
        await away(stage, BRONWEN, TOMASZ)
    await reported(stage)
    assert "Somebody else will be asked." in words(await passed(stage, named))
    await stage.tick()
    assert stage.private(named) == []
    assert (await need_of(stage)).checker_id is None


async def test_a_name_that_is_not_on_the_list_is_asked_about(stage: Stage) -> None:
    await reported(stage)
    assert "Please choose somebody else from the people list" in words(await passed(stage, "Dr Xylo Smith"))
    assert (await need_of(stage)).state == support.ASKED


# Away, gone, out of reach


async def test_a_deputy_is_asked_and_presses_for_whoever_is_away(stage: Stage) -> None:
    await away(stage, CARYS, NIAMH)
    await reported(stage)
    await stage.tick()
    assert stage.private(CARYS) == []
    waits = await stage.says(NIAMH, "overdue")
    assert f"Please check how {TOMASZ} is" in words(waits)
    await stage.presses(NIAMH, stage.private(NIAMH)[0], DONE)
    [check] = await found(stage, SupportCheck)
    assert check.by_id == (await stage.do(lambda work: _by_name(work, NIAMH).id))
    assert (await need_of(stage)).checker_id == (await stage.do(lambda work: _by_name(work, CARYS).id))


async def test_a_deputy_who_is_the_very_person_is_never_asked(stage: Stage) -> None:
    await away(stage, CARYS, TOMASZ)
    await reported(stage)
    await stage.tick()
    assert stage.private(TOMASZ) == []
    assert f"Nobody is to check on {TOMASZ} yet" in words(await stage.says(LEAH, "overdue"))


async def test_a_checker_who_leaves_is_replaced_by_the_quality_team(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    await leaves(stage, CARYS)
    assert (await need_of(stage)).state == support.ON_LIST
    assert f"Nobody is to check on {TOMASZ} yet" in words(await stage.says(LEAH, "overdue"))


async def test_checks_on_somebody_who_has_left_stop_and_the_quality_team_knows(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    await leaves(stage, TOMASZ)
    assert [d.state for d in await duties(stage)] == ["dropped"]
    assert "no longer needed" in words(stage.private(CARYS)[0])
    assert "no longer on the people list" in words(stage.private(LEAH)[-1])
    await on_case(stage, support.review_starts)
    assert len(await duties(stage)) == 1


async def test_out_of_reach_only_the_contact_is_replaced(stage: Stage) -> None:
    await reported(stage)
    need = await need_of(stage)
    leah = await stage.do(lambda work: _by_name(work, LEAH).id)
    await stage.do(lambda work: support.undelivered(work, f"{need.id}:{leah}"))
    assert (await need_of(stage)).state == support.ASKED
    await stage.do(lambda work: support.undelivered(work, f"{need.id}:{need.checker_id}"))
    assert (await need_of(stage)).state == support.ON_LIST


async def test_withdrawn_before_anybody_was_asked_nobody_hears_of_it(stage: Stage) -> None:
    stage.later(hours=5)
    await reported(stage)
    await _withdraw(stage)
    await at(stage, days=3)
    assert stage.private(CARYS) == []


async def test_withdrawn_after_that_they_are_told_and_need_do_nothing(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    card = stage.private(CARYS)[0]
    await _withdraw(stage)
    assert stage.private(CARYS)[-1].title == "A report was withdrawn"
    assert "no longer needed" in words(stage.private(CARYS)[0])
    assert "was withdrawn" in words(await stage.presses(CARYS, card, DONE))
    await at(stage, days=10)
    assert len(stage.private(CARYS)) == 2


async def _withdraw(stage: Stage) -> None:
    form = await stage.presses(AMINA, await stage.says(AMINA, "case PSI-2026-0001"), "Withdraw it")
    await stage.presses(AMINA, form, "Withdraw it", {"why": None})
    await stage.settled()


# A review


async def test_their_contact_tells_them_first_that_a_review_starts(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    assert "ask the quality team" in await gate(stage)
    await on_case(stage, support.review_starts)
    assert "it is about learning and not blame" in await gate(stage)
    assert "Carys" not in await gate(stage)
    await stage.tick()
    card = stage.private(CARYS)[-1]
    assert card.title == f"Please tell {TOMASZ} that a review starts"
    assert "learn, not to blame" in words(card)
    assert "peer support" in words(card)
    await stage.presses(CARYS, card, DONE)
    assert await gate(stage) == ""
    assert {c.stage for c in await found(stage, SupportCheck)} == {"support.after-event", "support.review-starts"}


async def gate(stage: Stage) -> str:
    need = await need_of(stage)

    def words_of(work: Work) -> str:
        may_go_on = support.staff_contact_gate(work, need)
        assert support.told_that_review_starts(work, need) == (may_go_on is None)
        return may_go_on or ""

    return str(await stage.do(words_of))


async def test_while_it_goes_on_they_are_checked_on_each_month_until_it_ends(stage: Stage) -> None:
    await reported(stage)
    await on_case(stage, support.review_starts)
    await at(stage, days=34)
    card = stage.private(CARYS)[-1]
    assert card.title == f"Please check how {TOMASZ} is while the review goes on"
    await stage.presses(CARYS, card, DONE)
    running = [d.rule for d in await duties(stage, "open")]
    assert sorted(running) == ["support.after-event", "support.ongoing", "support.review-starts"]
    await on_case(stage, support.review_ended)
    running = [d.rule for d in await duties(stage, "open")]
    assert sorted(running) == ["support.after-event", "support.review-ended"], "what has not started is owed no longer"
    await stage.tick()
    assert f"Please speak to {TOMASZ} now that the review has ended" in [c.title for c in stage.private(CARYS)]


async def test_later_checks_do_not_send_the_news_that_waits_for_the_first(stage: Stage) -> None:
    await reported(stage, colleagues="", involved="yes")
    await on_case(stage, support.review_starts)
    await stage.tick()
    starts = next(c for c in stage.private(BRONWEN) if "review starts" in c.title)
    await stage.presses(BRONWEN, starts, DONE)
    assert (await need_of(stage, AMINA)).checked_at is None


async def test_in_two_reports_that_were_joined_they_are_told_once_and_the_manager_is_passed_over(stage: Stage) -> None:
    await reported(stage)
    await reported(stage, BRONWEN, by="someone-else", who=NIAMH)
    form = await stage.presses(LEAH, await stage.says(LEAH, "case PSI-2026-0002"), "Join with another")
    await stage.presses(LEAH, form, "Join them", {"into": "PSI-2026-0001"})
    await on_case(stage, support.review_starts)
    starts = [d for d in await duties(stage) if d.rule == "support.review-starts"]
    niamh = await stage.do(lambda work: _by_name(work, NIAMH).id)
    assert [d.owner_id for d in starts] == [niamh]


# What staff ask for themselves


async def test_numbers_come_first_on_the_page_of_whoever_asks_for_support(stage: Stage) -> None:
    text = plain.render(await own_page(stage, TOMASZ))
    places = [text.index(part) for part in ("Numbers to ring", "Peer support: 01632 960010", "Please ask somebody")]
    assert places == sorted(places)


async def test_nobody_learns_here_that_they_are_named_in_a_report(stage: Stage) -> None:
    before = await own_page(stage, TOMASZ, "PSI-2026-0001")
    await reported(stage)
    assert words(await own_page(stage, TOMASZ, "PSI-2026-0001")) == words(before)
    assert "PSI-2026-0001" not in words(await own_page(stage, TOMASZ))
    await stage.tick()
    await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    assert "PSI-2026-0001" in words(await own_page(stage, TOMASZ)), "somebody has spoken to them"


async def somebody_else(stage: Stage, name: str = TOMASZ, who: str | None = None) -> Any:
    form = await stage.presses(name, await own_page(stage, name), "Never my line manager")
    answer = await stage.presses(name, form, "Ask for somebody else", {"who": who})
    await stage.settled()
    return answer


async def test_the_manager_is_passed_over_without_a_word(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    card = stage.private(CARYS)[0]
    assert "your line manager is not told" in words(await somebody_else(stage, who=NIAMH))
    await stage.tick()
    assert len(stage.private(NIAMH)) == 1
    assert len(stage.private(CARYS)) == 1, "no message; what they have says that it was passed on"
    assert words(stage.private(CARYS)[0]).startswith("Passed to somebody else")
    for label in (DONE, TOMORROW, PASS):
        assert "This has been passed to somebody else." in words(await stage.presses(CARYS, card, label))
    assert TOMASZ not in words(await stage.says(CARYS, "overdue"))
    await at(stage, days=20)
    assert len(stage.private(CARYS)) == 1


async def test_what_is_asked_for_tells_nobody_whether_they_are_named(stage: Stage) -> None:
    before = words(await somebody_else(stage))
    await stage.presses(TOMASZ, await own_page(stage, TOMASZ), "My line manager may be asked again")
    await reported(stage)
    assert words(await somebody_else(stage)) == before


async def test_never_my_line_manager_holds_for_later_reports_and_for_the_manager_they_had(stage: Stage) -> None:
    await somebody_else(stage)
    await reported(stage)  # the reporter asks for the line manager
    await at(stage, days=10)
    assert [c for c in stage.private(CARYS) if TOMASZ in words(c)] == []
    assert any(TOMASZ in words(c) for c in stage.private(LEAH)), "the quality team finds somebody"
    assert TOMASZ not in words(await stage.says(CARYS, "overdue"))


async def test_a_deputy_who_is_to_know_nothing_leaves_the_check_to_the_quality_team(stage: Stage) -> None:
    await reported(stage, by="someone-else", who=NIAMH)
    form = await stage.says(NIAMH, "deputy")
    away = {"deputy": CARYS, "from": "2026-11-20", "until": "2026-12-20"}
    await stage.presses(NIAMH, form, "Save", away)
    await at(stage, days=5)
    assert [c for c in stage.private(CARYS) if TOMASZ in words(c)] == []
    assert any(TOMASZ in words(c) for c in stage.private(LEAH)), "nobody is silent about it"


async def test_a_passed_over_manager_is_met_in_no_other_office(stage: Stage) -> None:
    """Leah's line manager is of the quality team as well, and stands in for the one who is named instead."""
    await reported(stage, colleagues=LEAH)
    await stage.tick()
    assert DONE in [b.label for b in stage.private(SANDEEP)[-1].buttons]
    await somebody_else(stage, LEAH, NIAMH)
    await at(stage, days=10)
    mine = [c for c in stage.private(SANDEEP) if LEAH in words(c)]
    assert mine == [], "nor on the ladder"
    facts = await on_case(stage, lambda work, case: support_page.facts(work, case, _member(work, SANDEEP)))
    assert facts == []
    assert LEAH not in words(await stage.says(SANDEEP, "overdue")).replace(f"{LEAH}'s", "")


async def test_support_asked_for_reaches_the_quality_team_but_no_line_manager(stage: Stage) -> None:
    await _managed_by(stage, TOMASZ, SANDEEP)
    form = await stage.presses(TOMASZ, await own_page(stage, TOMASZ), "Please ask somebody to get in touch")
    await stage.presses(TOMASZ, form, "Ask for it", {"how": "peer-support"})
    await stage.tick()
    [card] = stage.private(LEAH)
    assert card.title == f"{TOMASZ} asks for support"
    assert stage.private(SANDEEP) == []
    refused = await stage.presses(SANDEEP, card, "I will see to it")
    assert "passed to somebody else" in words(refused)
    taken = await stage.presses(LEAH, card, "I will see to it")
    await stage.settled()
    assert "Leah Rosenfeld of the quality team has seen" in words(stage.private(TOMASZ)[-1])
    await stage.presses(LEAH, taken, "Somebody has been in touch")
    await at(stage, days=10)
    [request] = await found(stage, SupportRequest)
    assert request.state == "done"
    assert not any(TOMASZ in words(c) for c in stage.private(SANDEEP))
    assert not any("asks for support" in c.title for c in stage.private(LEAH))


async def _managed_by(stage: Stage, who: str, manager: str) -> None:
    def set_(work: Work) -> None:
        someone = _by_name(work, who)
        someone.line_manager_id = _by_name(work, manager).id
        work.session.add(someone)

    await stage.do(set_)


async def test_a_request_that_would_reach_only_their_line_manager_is_not_taken(stage: Stage) -> None:
    form = await stage.presses(LEAH, await own_page(stage, LEAH), "Please ask somebody to get in touch")
    answer = await stage.presses(LEAH, form, "Ask for it", {"how": "quality"})
    assert "01632 960010" in words(answer)
    assert "nobody but your line manager" in words(answer)
    assert await found(stage, SupportRequest) == []


async def test_the_record_of_checks_is_for_their_contact_and_the_quality_team(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    for name in (CARYS, LEAH):
        page = await own_page(stage, name, "PSI-2026-0001")
        assert "spoke to them on 20 November" in words(page), name
        assert not slack_problems(blockkit.message(page))
    for name in (AMINA, BRONWEN, MARGUERITE, GRACE, WEI):
        page = await own_page(stage, name, "PSI-2026-0001")
        assert "spoke to them" not in words(page), name
        assert page.title == "Support for you"


async def test_the_quality_team_sees_the_checks_first_and_can_choose_who_makes_them(stage: Stage) -> None:
    await reported(stage, by="quality")
    page = await own_page(stage, LEAH, "PSI-2026-0001")
    assert page.title == "Checks on staff"
    assert words(page).index("Nobody yet.") < words(page).index("Numbers to ring")
    form = await stage.presses(LEAH, page, "Choose who checks")
    await stage.presses(LEAH, form, "Ask them", {"who": CARYS})
    assert "Choose who checks" not in [b.label for b in (await own_page(stage, LEAH, "PSI-2026-0001")).all_buttons()]
    theirs = await own_page(stage, CARYS, "PSI-2026-0001")
    assert "Choose who checks" not in [b.label for b in theirs.all_buttons()], "that is for the quality team"


# Lists


def _texts(parts: Any) -> str:
    return plain.render(Card(title="List", preview="List", body=tuple(parts)))


async def test_the_list_says_which_check_it_is_so_that_no_gate_opens_unawares(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    await on_case(stage, support.review_starts)
    old = await stage.do(lambda work: button(work, DONE, "support.done", need=_need(work).id))
    await stage.presses(CARYS, Card(title="", preview="", buttons=(old,)), DONE)
    assert await gate(stage) != "", "a button that names no stage is about the event alone"
    listed = await stage.do(lambda work: support_lists.checks_to_make(work, _member(work, CARYS)))
    assert f"Please tell {TOMASZ} that a review starts" in _texts(listed)
    await stage.presses(CARYS, Card(title="", preview="", body=tuple(listed)), f"I have spoken to {TOMASZ}")
    assert await gate(stage) == ""


def _need(work: Work) -> SupportNeed:
    return work.session.exec(select(SupportNeed)).one()


async def test_the_quality_teams_list_lets_them_choose_and_shows_who_asks(stage: Stage) -> None:
    await reported(stage, by="quality")
    form = await stage.presses(TOMASZ, await own_page(stage, TOMASZ), "Please ask somebody to get in touch")
    await stage.presses(TOMASZ, form, "Ask for it", {"how": "occupational-health"})
    listed = await stage.do(lambda work: support_lists.for_the_quality_team(work, _member(work, LEAH)))
    assert f"{TOMASZ} asks for support: occupational health." in _texts(listed)
    form = await stage.presses(LEAH, Card(title="", preview="", body=tuple(listed)), "Choose who checks")
    await stage.presses(LEAH, form, "Ask them", {"who": CARYS})
    assert (await need_of(stage)).state == support.ASKED
    for name in (TOMASZ, BRONWEN, CARYS):
        nothing = await stage.do(lambda work, name=name: support_requests.waiting(work, _member(work, name)))
        assert nothing == [], name
