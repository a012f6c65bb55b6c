"""Who reads, hears and leaves a trace of a run of the being fair tool, whatever happens to people, cases and messages
meanwhile."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

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
    reply,
    run_of,
    the_run,
    through,
)
from responses import CARYS, started
from sqlmodel import col, select

from duty_stage import who
from psirf_bot.cards.fair import NOT_HERE
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_circle, fair_export, fair_record, people, people_list
from psirf_bot.casework import tick as ticking
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Actor, Pressed, Said
from psirf_bot.casework.work import Work
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.domain.monitoring import GROUPS
from psirf_bot.domain.people import PersonRow, Role
from psirf_bot.store.tables import (
    AuditEntry,
    Case,
    Deadline,
    Inbox,
    Outbox,
    Person,
    StandIn,
    SupportNeed,
)
from scenes import scene
from stage import Stage, action, shown, words

BRONWEN, NIAMH, CALLUM = "Bronwen Hale", "Niamh Gallagher", "Callum Strachan"
MANAGER = CARYS
"""Tomasz's line manager."""
LEFT = {"reason": "A crime is suspected that contributed to a death.", "referrer": [LEAH]}
SECRET = "words that are for the two alone"
CANNOT = "It cannot be started with these people in this case. Judith Cornwell can tell you more."
LATER = "I could not show this to you at once"


@scene
async def ready(stage: Stage) -> None:
    await started(stage)
    for name in (LEAH, OWEN, JUDITH):
        await stage.says(name, "help")


async def make(stage: Stage, name: str, *roles: Role) -> None:
    """Give somebody these roles and no others."""

    def give(work: Work) -> None:
        who(work, name).roles = ["staff", *roles]

    await stage.do(give)


async def leaves(stage: Stage, *names: str) -> None:
    def leave(work: Work) -> None:
        for name in names:
            who(work, name).active = False

    await stage.do(leave)


async def start(stage: Stage, colleague: str, *, subject: str = TOMASZ, picked: Actor | None = None) -> Card:
    form = await stage.presses(LEAH, await stage.says(LEAH, "fair PSI-2026-0001"), "Start")
    given: dict[str, object] = {"concern": CONCERN, "colleague": [colleague]}
    whom = {"subject": (picked,)} if picked else {}
    sent = Pressed(action(form, "Start and invite"), given if picked else given | {"subject": [subject]}, picked=whom)
    return shown(await stage.turn(LEAH, sent))


def problems(card: Card) -> list[str]:
    return [i.error for i in card.inputs() if i.error]


@scene
async def invited(stage: Stage) -> None:
    await ready(stage)
    await start(stage, OWEN)
    await stage.settled()


async def kept_out(stage: Stage) -> set[str]:
    def found(work: Work) -> set[str]:
        run = the_run(work)
        out = fair_circle.kept_out(work, run.case_id, run.subject_id, run.subject_name)
        return {people.name_of(work, someone) for someone in out}

    return await stage.do(found)  # type: ignore[no-any-return]


async def looked(stage: Stage) -> list[str]:
    """Who has seen something of the run, in order."""
    seen = await done(stage, "viewed")
    return await stage.do(lambda work: [people.name_of(work, entry.by_id) for entry in seen])  # type: ignore[no-any-return]


async def audited(stage: Stage) -> list[str]:
    entries = select(AuditEntry.what).order_by(col(AuditEntry.id))
    return await stage.do(lambda work: list(work.session.exec(entries)))  # type: ignore[no-any-return]


# Somebody who has not joined


@pytest.mark.parametrize("answer", ["fair.decline", ""])
async def test_whoever_has_not_joined_reads_and_hears_nothing_of_what_comes_after(stage: Stage, answer: str) -> None:
    await invited(stage)
    if answer:
        await press(stage, OWEN, answer)
    assert "Join" in [b.label for b in (await page(stage, OWEN)).all_buttons()]
    heard = len(stage.private(OWEN))
    await press(stage, LEAH, "fair.leave", LEFT, way="police")
    for verb in ("fair.show", "fair.kept", "fair.teller", "fair.agreed", "fair.revisit", "fair.monitoring-record"):
        assert NOT_HERE in words(await press(stage, OWEN, verb)), verb
    for _ in range(8):
        stage.later(days=1)
        await stage.tick()
    assert [words(card) for card in stage.private(OWEN)[heard:] if "Something waits" in words(card)] == []
    assert [card for card in stage.private(LEAH) if "Something waits for you" in words(card)]


async def test_whoever_has_declined_is_not_reminded_while_another_is_asked(stage: Stage) -> None:
    await invited(stage)
    await press(stage, OWEN, "fair.decline")

    def owing(work: Work) -> list[str]:
        deadline = next(d for d in fair_duties(work) if d.rule == "fair.join")
        return [someone.name for someone in fair_circle.owing(work, deadline)]

    assert await stage.do(owing) == []


def fair_duties(work: Work) -> list[Deadline]:
    return list(work.session.exec(select(Deadline).where(Deadline.subject_kind == fair_circle.KIND)))


# Who is kept out


async def test_whoever_is_picked_before_they_are_listed_is_the_same_person_afterwards(stage: Stage) -> None:
    await ready(stage)
    await start(stage, OWEN, picked=Actor("slack", "T1", "U0TOMASZ", "tomasz  ZIELINSKI", "U0TOMASZ"))
    newcomer = (await run_of(stage)).subject_id
    assert {TOMASZ, MANAGER} <= await kept_out(stage)
    await imported(stage, {TOMASZ: "U0TOMASZ"})
    assert (await run_of(stage)).subject_id != newcomer

    def found(work: Work) -> list[str]:
        judith = people.member(work, who(work, JUDITH))
        return [run.id for run in fair_export.about(work, judith, who(work, TOMASZ).id)]

    assert await stage.do(found) == [(await run_of(stage)).id]


async def imported(stage: Stage, slack: Mapping[str, str]) -> None:
    """The people list as it is, with these ids on Slack."""

    def do(work: Work) -> None:
        listed = work.session.exec(select(Person).where(col(Person.on_list))).all()
        email = {person.id: person.email for person in listed}
        rows = [
            PersonRow(
                name=person.name,
                email=person.email or "",
                roles=frozenset(map(Role, person.roles)),
                service=person.service,
                line_manager=email.get(person.line_manager_id or ""),
                slack_id=slack.get(person.name),
                teams_id=None,
            )
            for person in listed
        ]
        people_list.take_on(work, rows, {"slack": "T1", "web": "demo"})

    await stage.do(do)


@pytest.mark.parametrize("typed", [TOMASZ, f"{TOMASZ} (agency)"])
async def test_the_manager_of_somebody_who_has_left_is_not_asked(stage: Stage, typed: str) -> None:
    await ready(stage)
    await make(stage, MANAGER, Role.WORKFORCE)
    await leaves(stage, TOMASZ)
    assert problems(await start(stage, MANAGER, subject=typed)) == [CANNOT]
    await start(stage, OWEN, subject=typed)
    assert {TOMASZ, MANAGER} <= await kept_out(stage)
    assert ((await run_of(stage)).subject_id is None) is (typed != TOMASZ)


async def test_whoever_stands_in_for_a_stand_in_of_the_manager_is_not_asked(stage: Stage) -> None:
    await ready(stage)
    await make(stage, NIAMH, Role.WORKFORCE)

    def away(work: Work) -> str:
        today = work.local.date()
        for name, deputy in ((MANAGER, CALLUM), (CALLUM, NIAMH)):
            ids: dict[str, Any] = {"person_id": who(work, name).id, "deputy_id": who(work, deputy).id}
            work.session.add(StandIn(**ids, starts=today, ends=today + timedelta(days=9)))
        work.session.flush()
        return people.acting_for(work, who(work, MANAGER)).name

    assert await stage.do(away) == NIAMH
    assert problems(await start(stage, NIAMH)) == [CANNOT]


@pytest.mark.parametrize("into", ["the case of the run", "the other"])
async def test_whoever_was_passed_over_in_a_report_that_was_joined_is_kept_out(stage: Stage, into: str) -> None:
    run = await begun(stage)
    await joined(stage, into)
    assert OWEN in await kept_out(stage)
    assert NOT_HERE in words(await press(stage, OWEN, "fair.show", run=run))


async def joined(stage: Stage, into: str) -> None:
    """Another report about Tomasz, which passes over Owen, and one of the two is joined with the other."""

    def do(work: Work) -> None:
        case = work.session.get_one(Case, the_run(work).case_id)
        other = Case(**case.model_dump() | {"id": "other", "reference": "PSI-2026-0009", "datix_number": None})
        merged, goes_on = (other, case) if into == "the case of the run" else (case, other)
        merged.merged_into = goes_on.id
        need: dict[str, Any] = {
            "case_id": "other",
            "person_id": who(work, TOMASZ).id,
            "name": TOMASZ,
            "wish": "someone-else",
        }
        passed_over = who(work, OWEN).id
        work.session.add_all([other, case, SupportNeed(id="need", at=work.now, passed_over_id=passed_over, **need)])

    await stage.do(do)


@pytest.mark.parametrize("into", ["the case of the run", "the other"])
async def test_a_run_is_found_by_the_reference_of_either_joined_report(stage: Stage, into: str) -> None:
    await begun(stage)
    await joined(stage, into)
    for reference in ("PSI-2026-0001", "PSI-2026-0009"):
        card = await stage.says(LEAH, f"fair {reference}")
        assert "Open BF-7K2MQ" in [b.label for b in card.all_buttons()], reference


# Where the two can see to nothing any more


async def test_one_who_has_left_the_team_is_not_reminded_of_what_they_cannot_do(stage: Stage) -> None:
    await begun(stage)
    await press(stage, LEAH, "fair.leave", LEFT, way="police")
    await make(stage, OWEN)
    heard = len(stage.private(OWEN))
    for _ in range(8):
        stage.later(days=1)
        await stage.tick()
    assert stage.private(OWEN)[heard:] == []
    assert [card for card in stage.private(LEAH) if "Something waits for you" in words(card)]
    assert not [card for card in stage.private(JUDITH) if card.title == "A private task"]


@pytest.mark.parametrize("kept", [False, True])
async def test_a_lawful_duty_of_two_who_are_gone_is_told_to_an_overseer(stage: Stage, kept: bool) -> None:
    await begun(stage)
    await stage.says(JUDITH, "help")
    await press(stage, LEAH, "fair.leave", LEFT, way="police")

    def gone(work: Work) -> None:
        who(work, LEAH).active, who(work, OWEN).roles = False, ["staff"]
        if kept:
            who(work, TOMASZ).line_manager_id = who(work, JUDITH).id

    await stage.do(gone)
    for _ in range(8):
        stage.later(days=1)
        await stage.tick()
    told = [card for card in stage.private(JUDITH) if card.title == "A private task"]
    assert bool(told) is not kept
    if told:
        record = await stage.presses(JUDITH, told[-1], "Open it")
        assert record.title == "Being fair · BF-7K2MQ"
        assert "Part" in words(record) or "What was used" in words(record)
        done = "Done: Refer to the police, guided by the memorandum of understanding"
        form = await stage.presses(JUDITH, record, done)
        given = {"day": stage.now.date().isoformat(), "number": "P-20"}
        assert "P-20" in words(await stage.presses(JUDITH, form, "Save", given))
        await stage.settled()
        assert any("Nothing waits here any more" in words(card) for card in stage.private(JUDITH))
        record = await stage.presses(JUDITH, told[-1], "Open it")
        assert done not in [button.label for button in record.all_buttons()]


async def test_what_is_only_the_trusts_own_is_told_to_an_overseer_too(stage: Stage) -> None:
    await begun(stage)
    await stage.says(JUDITH, "help")
    await through(stage, {"fair-systems-response": "no"})
    await both_confirm(stage)
    await leaves(stage, LEAH, OWEN)
    for _ in range(12):
        stage.later(days=1)
        await stage.tick()
    told = [card for card in stage.private(JUDITH) if card.title == "A private task"]
    record = await stage.presses(JUDITH, told[-1], "Open it")
    form = await stage.presses(JUDITH, record, "Done: See that the person is told, in person, and has support")
    given = {"teller": [BRONWEN], "day": stage.now.date().isoformat(), "support": ["peer-support"]}
    assert f"told by {BRONWEN}" in words(await stage.presses(JUDITH, form, "Save", given))


# Answers that cannot be given at once


async def sends_for(stage: Stage, name: str, verb: str = "fair.show") -> None:
    """Press where the answer travels as a message of its own."""
    pressed = await stage.do(lambda work: action_id(work, verb, run=the_run(work).id))
    given = await stage.turn(name, Pressed(pressed, {}), inline=False)
    assert given.card is None
    assert given.sealed


async def kept_words(stage: Stage) -> list[str]:
    """The states of messages that still hold the words of a page."""
    rows = await stage.do(lambda work: work.session.exec(select(Outbox)).all())
    return [row.state for row in rows if SECRET in str(row.card)]


async def test_a_page_that_goes_at_once_leaves_nothing_behind(stage: Stage) -> None:
    await begun(stage)
    await propose(stage, LEAH, {"fair-who-is-hurt": SECRET})
    await sends_for(stage, OWEN)
    await stage.settled()
    assert SECRET in words(stage.private(OWEN)[-1])
    assert await kept_words(stage) == []


@pytest.mark.parametrize("fault", [Refused("later", retry_after=600), Refused("later"), Uncertain("no answer")])
async def test_a_page_that_was_held_up_never_reaches_whoever_was_replaced(stage: Stage, fault: Exception) -> None:
    await make(stage, NIAMH, Role.WORKFORCE)
    await begun(stage)
    await propose(stage, LEAH, {"fair-who-is-hurt": SECRET})
    before = len(stage.private(OWEN))
    stage.out.failures.append(fault)
    await sends_for(stage, OWEN)
    await stage.settled()
    instead = {"colleague": [NIAMH], "reason": "They have left the team."}
    form = await reply(stage, LEAH, "fair.replace")
    asks = {i.id: instead[i.id] for i in shown(form).inputs()}
    await reply(stage, LEAH, "fair.replace", asks)
    for _ in range(3):
        stage.later(minutes=11)
        await stage.settled()
    got = [words(card) for card in stage.private(OWEN)[before:]]
    assert not [said for said in got if SECRET in said]
    assert len([said for said in got if LATER in said]) == 1
    assert await kept_words(stage) == []


@pytest.mark.parametrize("shut_out", [False, True])
async def test_a_page_that_cannot_be_delivered_is_not_kept(stage: Stage, shut_out: bool) -> None:
    await begun(stage)
    await propose(stage, OWEN, {"fair-who-is-hurt": SECRET})
    stage.out.failures.append(Refused("no", final=True, shut_out=shut_out))
    await sends_for(stage, LEAH)
    await stage.settled()
    assert await kept_words(stage) == []
    assert not [card for card in stage.private(LEAH) if SECRET in words(card)]


async def test_a_page_asked_for_where_others_read_along_goes_at_once_or_not_at_all(stage: Stage) -> None:
    await begun(stage)
    await propose(stage, OWEN, {"fair-who-is-hurt": SECRET})
    pressed = await stage.do(lambda work: action_id(work, "fair.show", run=the_run(work).id))
    stage.out.failures.append(Refused("later", retry_after=60))
    await stage.turn(LEAH, Pressed(pressed, {}), channel="ward", inline=False)
    await stage.settled()
    stage.later(minutes=2)
    await stage.settled()
    assert LATER in words(stage.private(LEAH)[-1])
    assert await kept_words(stage) == []


async def test_the_answer_to_the_typed_word_is_kept_nowhere(stage: Stage) -> None:
    await begun(stage)
    assert (await stage.turn(LEAH, Said("fair PSI-2026-0001"))).sealed
    replies = await stage.do(lambda work: [str(row.reply) for row in work.session.exec(select(Inbox))])
    assert not [kept for kept in replies if "BF-7K2MQ" in kept]


# What is noted in logs


async def test_a_failed_reminder_does_not_log_where_a_run_came_to(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(stage)
    await press(stage, LEAH, "fair.leave", LEFT, way="police")

    def fails(*_: object) -> None:
        raise ValueError("no day")

    monkeypatch.setattr(ticking, "plan_next", fails)
    stage.later(days=7)
    await stage.tick()
    logged = [record.getMessage() for record in caplog.records if record.getMessage().startswith("deadline")]
    assert [line for line in logged if "(private)" in line]
    assert not [line for line in logged if "fair." in line or "police" in line]


async def test_a_failed_turn_does_not_log_where_a_run_came_to(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(stage)
    await through(stage, {"fair-systems-response": "no"})
    await on_card(stage, LEAH, await page(stage, LEAH), "Confirm")
    card = await page(stage, OWEN)

    def fails(*_: object, **__: object) -> None:
        raise ValueError("no record")

    monkeypatch.setattr(fair_record, "_moment", fails)
    await on_card(stage, OWEN, card, "Confirm")
    (logged,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "in a private task" in logged
    assert "_turn:" in logged
    assert not [name for name in ("freeze", "end_run", "_confirm") if name in logged]


# What is noted of those who look


async def test_whatever_shows_something_of_a_run_is_noted_once(stage: Stage) -> None:
    await begun(stage)
    await through(stage, {"fair-5": "no"})
    await both_confirm(stage)
    groups = {key: next(iter(group.values)) for key, group in GROUPS.items()}
    for name, verb, given, args in (
        (OWEN, "fair.monitoring-record", groups, {}),
        (OWEN, "fair.monitoring-record", None, {}),
        (LEAH, "fair.teller", None, {}),
        (LEAH, "fair.teller", {"teller": [LEAH]}, {}),
        (LEAH, "fair.revisit", None, {}),
        (LEAH, "fair.leave", None, {"way": "police"}),
        (LEAH, "fair.kept", None, {}),
        (LEAH, "fair.show", None, {}),
        (JUDITH, "fair.record", None, {}),
    ):
        before = await looked(stage)
        await press(stage, name, verb, given, **args)
        assert (await looked(stage))[len(before) :] == [name], verb
    before = await audited(stage)
    await press(stage, JUDITH, "fair.oversee")
    assert (await audited(stage))[len(before) :] == ["looked at the list of being fair runs"]


async def test_a_form_that_comes_back_with_what_the_other_has_proposed_is_noted(stage: Stage) -> None:
    await begun(stage)
    form = await page(stage, LEAH)
    await propose(stage, OWEN, {"fair-who-is-hurt": SECRET})
    before = await looked(stage)
    given = {i.id: "Another answer." for i in form.inputs()}
    assert SECRET in words(await on_card(stage, LEAH, form, "Propose", given))
    assert (await looked(stage))[len(before) :] == [LEAH]


async def test_a_later_part_of_an_export_is_noted_and_is_still_the_same_one(stage: Stage) -> None:
    await begun(stage)
    await through(stage, {})
    await both_confirm(stage)
    asked = {"fair-export-whose": [TOMASZ], "fair-export-reason": "Request 7"}
    form = await press(stage, JUDITH, "fair.export")
    card = await on_card(stage, JUDITH, form, "Make the export", asked)
    while "More" in [b.label for b in card.all_buttons()]:
        before = (await audited(stage)).count("read on in an export from being fair")
        card = await on_card(stage, JUDITH, card, "More")
        assert card.title != "I could not do that"
        assert (await audited(stage)).count("read on in an export from being fair") == before + 1
    assert "read on in an export from being fair" in await audited(stage)


async def test_a_try_that_was_refused_is_noted_and_counted_for_overseers(stage: Stage) -> None:
    await ready(stage)
    await make(stage, MANAGER, Role.WORKFORCE)
    assert problems(await start(stage, MANAGER)) == [CANNOT]
    await start(stage, OWEN)
    await press(stage, LEAH, "fair.replace", {"colleague": [MANAGER]})
    assert (await audited(stage)).count("was refused a private task") == 2
    said = "Tries that were refused in the last 12 months: {}"
    assert said.format(2) in words(await press(stage, JUDITH, "fair.oversee"))
    stage.later(days=367)
    assert said.format(0) in words(await press(stage, JUDITH, "fair.oversee"))


async def test_a_try_with_the_wrong_team_is_no_such_try(stage: Stage) -> None:
    await ready(stage)
    await start(stage, SANDEEP)
    assert "was refused a private task" not in await audited(stage)


async def test_an_overseer_of_the_two_reads_a_withdrawn_run_as_an_overseer(stage: Stage) -> None:
    await ready(stage)
    await make(stage, LEAH, Role.QUALITY, Role.OVERSEER)
    await start(stage, OWEN)
    await press(stage, LEAH, "fair.withdraw")
    assert "Withdrawn before both had joined" in words(await press(stage, LEAH, "fair.show"))


async def test_an_overseer_who_never_joined_reads_what_came_after_as_an_overseer(stage: Stage) -> None:
    await ready(stage)
    await make(stage, OWEN, Role.WORKFORCE, Role.OVERSEER)
    await start(stage, OWEN)
    await press(stage, LEAH, "fair.leave", LEFT, way="police")
    shown_to = await press(stage, OWEN, "fair.show")
    assert "Only overseers can see this page." in words(shown_to)
