"""Starting a run of the being fair tool: who can, with whom, and how an invitation is answered."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from responses import AMINA, BRONWEN, CARYS, LEAH, SANDEEP, TOMASZ, WEI, approved, case_in, fits, press, read_case
from sqlmodel import col, select

from duty_stage import a_case, labels, who
from psirf_bot.cards.fair import NOT_HERE, NOT_ROUTINE, PRIVATE_TASK
from psirf_bot.cards.fair_start import NAME_FOUND, NOT_YOURSELF, REPLACED_BEFORE, SAID_NO
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_pair, fair_runs, fair_start, people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.domain.trust import Trust
from psirf_bot.store.tables import (
    Action,
    AuditEntry,
    Deadline,
    FairEntry,
    FairRun,
    Identity,
    Inbox,
    LearningResponse,
    Outbox,
    Person,
    StandIn,
    SupportNeed,
)
from scenes import scene
from stage import Stage, address_of, shown, words

OWEN, JUDITH, NIAMH, MARGUERITE = "Owen Tregarth", "Judith Cornwell", "Niamh Gallagher", "Marguerite Oduya"
IMOGEN = "Imogen Farrow"
"""Of the workforce team as well; put into the list by these tests."""
CONCERN = "The response asks why the checks were left out three times."
WHY = "My colleague works elsewhere from Monday."
GIVEN = {"concern": CONCERN, "subject": TOMASZ, "colleague": OWEN}
REFUSED = f"{NOT_HERE} Judith Cornwell can help."
CANNOT = "It cannot be started with these people in this case. Judith Cornwell can tell you more."
WRONG_TEAM = "Please choose somebody who is listed as one of the"
PSI = "fair PSI-2026-0001"


def listed(work: Work, name: str, *roles: Role, manager: str | None = None) -> None:
    """Somebody more on the people list, who can be written to."""
    manager_id = who(work, manager).id if manager else None
    someone = Person(id=work.new_id(), name=name, roles=["staff", *roles], line_manager_id=manager_id)
    address = address_of(name)
    identity = Identity(platform="web", team="demo", user=address, person_id=someone.id, address={"user": address})
    work.session.add_all([someone, identity])
    work.session.flush()


@scene
async def respond(stage: Stage) -> None:
    """A near miss with a learning response, and a second colleague of the workforce team."""
    await read_case(stage)
    await approved(stage)
    await stage.do(lambda work: listed(work, IMOGEN, Role.WORKFORCE))


@pytest.fixture
async def case(stage: Stage) -> Stage:
    await respond(stage)
    return stage


async def start(stage: Stage, name: str = LEAH, **answers: Any) -> Card:
    return await press(stage, name, "fair.start", GIVEN | answers)


async def step(stage: Stage, name: str, verb: str, given: dict[str, Any] | None = None) -> Card:
    """Press what this verb stands for, on the only run."""

    def its_action(work: Work) -> str:
        return action_id(work, f"fair.{verb}", run=only(work).id)

    card = shown(await stage.turn(name, Pressed(await stage.do(its_action), given or {})))
    if card.title:
        fits(card)
    await stage.settled()
    return card


def only(work: Work) -> FairRun:
    return work.session.exec(select(FairRun)).one()


async def run(stage: Stage) -> FairRun:
    found: FairRun = await stage.do(only)
    return found


async def runs(stage: Stage) -> int:
    return len(await stage.do(lambda work: work.session.exec(select(FairRun)).all()))


async def page(stage: Stage, name: str) -> Card:
    """The page of the only run, while it waits for somebody to join."""

    def made(work: Work) -> Card:
        return fair_start.invitation(work, only(work), people.member(work, who(work, name)))

    card: Card = await stage.do(made)
    fits(card)
    return card


async def duties(stage: Stage) -> list[tuple[str, str]]:
    def found(work: Work) -> list[tuple[str, str]]:
        theirs = select(Deadline).where(Deadline.subject_kind == "fair").order_by(Deadline.rule, Deadline.occurrence)
        return [(d.rule, d.state) for d in work.session.exec(theirs)]

    return await stage.do(found)  # type: ignore[no-any-return]


async def told(stage: Stage, name: str) -> list[str]:
    """What somebody has been sent of being fair."""
    sent = [card for card in stage.private(name) if card.title == "A private task"]
    assert all(card.preview == PRIVATE_TASK for card in sent)
    return [words(card).splitlines()[2] for card in sent]


WAITS = "Something waits for you. Please open it where nobody reads along."
NOTHING = "Nothing waits here any more. Thank you."


def away(work: Work, name: str, deputy: str) -> None:
    starts = work.local.date()
    ids = {"person_id": who(work, name).id, "deputy_id": who(work, deputy).id}
    work.session.add(StandIn(**ids, starts=starts, ends=starts + timedelta(days=9)))


def managed_by(work: Work, name: str, manager: str) -> None:
    who(work, name).line_manager_id = who(work, manager).id


def involve(work: Work, name: str) -> None:
    named_in(work, case_in(work).id, name)


def named_in(work: Work, case_id: str, name: str) -> None:
    need = {"case_id": case_id, "person_id": who(work, name).id, "name": name, "wish": "quality", "state": "due"}
    work.session.add(SupportNeed(id=work.new_id(), at=work.now, **need))


def with_roles(work: Work, name: str, *roles: Role) -> None:
    who(work, name).roles = ["staff", *roles]


# Who is shown the way in


@pytest.mark.parametrize("name", [LEAH, SANDEEP, OWEN])
async def test_both_teams_are_shown_how_to_start(case: Stage, name: str) -> None:
    card = await case.says(name, PSI)
    text = words(card)
    assert text.index(NOT_ROUTINE) < text.index("underlying issues of the system") < text.index("Two people use it")
    assert labels(card) == ["Start"]
    assert (card.title, card.preview) == ("A private task", PRIVATE_TASK)


async def test_refusals_are_alike_whatever_the_reason(case: Stage) -> None:
    def more(work: Work) -> None:
        a_case(work, 2)  # without a learning response
        away(work, LEAH, WEI)
        involve(work, SANDEEP)

    await case.do(more)
    asked = [
        (LEAH, "fair PSI-2026-0404"),  # no such case
        (LEAH, "fair PSI-2026-0002"),  # no learning response
        (AMINA, PSI),  # of neither team
        (MARGUERITE, PSI),  # sees the case, and is of neither team
        (WEI, PSI),  # stands in for somebody of the quality team
        (WEI, "fair"),
        (SANDEEP, PSI),  # involved
        (AMINA, "fair nonsense"),
    ]
    before = {words(await case.says(name, text)) for name, text in asked}
    await start(case)
    after = {words(await case.says(name, text)) for name, text in asked}
    assert before == after
    [text] = before
    assert REFUSED in text


async def test_the_way_in_looks_the_same_with_a_run_as_without_one(case: Stage) -> None:
    before = {name: await case.says(name, PSI) for name in (SANDEEP, IMOGEN)}
    await start(case)
    assert {name: await case.says(name, PSI) for name in (SANDEEP, IMOGEN)} == before


async def test_the_two_and_an_overseer_find_the_run(case: Stage) -> None:
    await start(case)
    reference = (await run(case)).reference
    for name, buttons in [
        (LEAH, [f"Open {reference}", "Start"]),
        (OWEN, [f"Open {reference}", "Start"]),
        (JUDITH, [f"Open {reference}"]),
    ]:
        card = await case.says(name, PSI)
        assert labels(card) == buttons
        assert "Under way" in words(card)
        assert CONCERN not in words(card)
        assert TOMASZ not in words(card)


async def test_fair_alone_shows_what_somebody_takes_part_in(case: Stage) -> None:
    assert labels(await case.says(LEAH, "fair")) == []
    assert "for example: fair PSI-2026-0001" in words(await case.says(LEAH, "fair"))
    await start(case)
    reference = (await run(case)).reference
    assert labels(await case.says(LEAH, "fair")) == [f"Open {reference}"]
    assert labels(await case.says(OWEN, "fair")) == [f"Open {reference}"]
    assert labels(await case.says(IMOGEN, "fair")) == []
    assert labels(await case.says(JUDITH, "fair")) == ["Oversight"]


EXAMPLE = "for example: fair"


async def test_the_example_is_the_newest_case_in_which_they_could_begin(case: Stage) -> None:
    def another(work: Work) -> None:
        a_case(work, 7)  # without a learning response
        newer = {"case_id": a_case(work, 8).id, "kind": "aar", "decided_by": "x", "decided_at": work.now}
        work.session.add(LearningResponse(id="newer", **newer))
        named_in(work, newer["case_id"], LEAH)

    case.later(days=1)
    await case.do(another)
    assert f"{EXAMPLE} PSI-2026-0008." in words(await case.says(OWEN, "fair"))
    assert f"{EXAMPLE} PSI-2026-0001." in words(await case.says(LEAH, "fair"))
    assert labels(await case.says(LEAH, PSI)) == ["Start"]


@pytest.mark.parametrize("close", [{"restricted": True}, {"quality_only": True}, {"state": "withdrawn"}])
async def test_a_case_that_is_kept_close_is_no_example(case: Stage, close: dict[str, Any]) -> None:
    def keep(work: Work) -> None:
        for name, value in close.items():
            setattr(case_in(work), name, value)

    await case.do(keep)
    for name in (LEAH, OWEN):
        said = words(await case.says(name, "fair"))
        assert "PSI-" not in said
        assert "the reference of a case with a learning response." in said


async def test_where_they_can_begin_in_no_case_no_number_is_named(stage: Stage) -> None:
    await read_case(stage)
    said = words(await stage.says(LEAH, "fair"))
    assert "PSI-" not in said
    assert "To start, type fair and the reference of a case with a learning response." in said


@pytest.mark.parametrize("text", ["fair", PSI])
@pytest.mark.parametrize("name", [LEAH, AMINA])
async def test_in_a_channel_nothing_shows(case: Stage, name: str, text: str) -> None:
    await start(case)
    reference = (await run(case)).reference
    posted = len(case.channel())
    answer = words(await case.says(name, text, channel="quality"))
    await case.settled()
    assert answer == "I have sent you a private message."
    assert len(case.channel()) == posted
    assert not any("fair" in words(card).casefold() or reference in words(card) for card in case.channel())


# Starting


async def test_a_run_begins_with_an_invitation(case: Stage) -> None:
    form = await case.presses(LEAH, await case.says(LEAH, PSI), "Start")
    assert words(form).index(NOT_ROUTINE) < words(form).index("What concern about an individual's conduct")
    assert [i.required for i in form.inputs()] == [True, True, True]
    done = await case.presses(LEAH, form, "Start and invite", GIVEN)
    await case.settled()
    made = await run(case)
    assert (made.state, made.version, made.concern) == ("invited", 1, CONCERN)
    assert made.reference.startswith("BF-")
    assert len(made.reference) == 8
    leah, owen, tomasz = [(await case.do(lambda work, n=name: who(work, n).id)) for name in (LEAH, OWEN, TOMASZ)]
    assert (made.begun_by, made.patient_safety_id, made.workforce_id) == (leah, leah, owen)
    assert (made.subject_id, made.subject_name, made.joined) == (tomasz, None, [leah])
    assert made.reading == case.trust.being_fair.after_ongoing_concern
    assert made.tool == case.trust.being_fair.tool
    assert done.title == f"Being fair · {made.reference}"
    assert "It waits for Owen Tregarth to join" in words(done)
    assert "tell Owen Tregarth in person whom it concerns" in words(done)
    assert "Nobody else has been told" in words(done)
    assert await duties(case) == [("fair.join", "open")]
    assert await told(case, OWEN) == [WAITS]
    assert WAITS not in await told(case, TOMASZ) + await told(case, CARYS)


async def test_the_reading_and_the_tool_are_those_of_the_trust(tmp_path: Path) -> None:
    being_fair = {"after_ongoing_concern": "deliberate harm", "tool": "Being fair tool, as of 2027"}
    settings = Trust.model_fields["being_fair"].annotation.model_validate(being_fair)  # type: ignore[union-attr]
    async with Stage(tmp_path, being_fair=settings) as stage:
        await respond(stage)
        await start(stage)
        made = await run(stage)
        assert (made.reading, made.tool) == ("deliberate harm", "Being fair tool, as of 2027")


BOTH = (Role.QUALITY, Role.WORKFORCE)


@pytest.mark.parametrize(
    ("starts", "with_roles_of", "pair"),
    [
        ((Role.QUALITY,), (Role.WORKFORCE,), "starter, colleague"),
        ((Role.WORKFORCE,), (Role.QUALITY,), "colleague, starter"),
        (BOTH, (Role.WORKFORCE,), "starter, colleague"),
        (BOTH, (Role.QUALITY,), "colleague, starter"),
        ((Role.QUALITY,), BOTH, "starter, colleague"),
        ((Role.WORKFORCE,), BOTH, "colleague, starter"),
        (BOTH, BOTH, "starter, colleague"),
        ((Role.QUALITY,), (Role.QUALITY,), None),
        ((Role.WORKFORCE,), (Role.WORKFORCE,), None),
        ((Role.QUALITY,), (), None),
        (BOTH, (Role.OVERSEER,), None),
    ],
)
async def test_one_is_of_each_team(
    case: Stage, starts: tuple[Role, ...], with_roles_of: tuple[Role, ...], pair: str | None
) -> None:
    def prepared(work: Work) -> None:
        with_roles(work, LEAH, *starts)
        with_roles(work, OWEN, *with_roles_of)

    await case.do(prepared)
    card = await start(case)
    if pair is None:
        assert WRONG_TEAM in next(i.error for i in card.inputs() if i.id == "colleague")
        assert await runs(case) == 0
        return
    made = await run(case)
    leah, owen = [(await case.do(lambda work, n=name: who(work, n).id)) for name in (LEAH, OWEN)]
    assert (made.patient_safety_id, made.workforce_id) == ((leah, owen) if pair.startswith("starter") else (owen, leah))


async def test_nobody_starts_with_themselves_or_with_somebody_who_is_not_on_the_list(case: Stage) -> None:
    assert [i.error for i in (await start(case, colleague=LEAH)).inputs()] == ["", "", NOT_YOURSELF]
    assert WRONG_TEAM in [i.error for i in (await start(case, colleague="Jo Ferris (agency)")).inputs()][2]

    def gone(work: Work) -> None:
        who(work, OWEN).on_list = False

    await case.do(gone)
    assert WRONG_TEAM in [i.error for i in (await start(case)).inputs()][2]
    assert await runs(case) == 0


async def test_somebody_who_only_stands_in_cannot_be_asked(case: Stage) -> None:
    await case.do(lambda work: away(work, OWEN, WEI))
    assert WRONG_TEAM in [i.error for i in (await start(case, colleague=WEI)).inputs()][2]
    for _ in range(2):
        assert REFUSED in words(await press(case, AMINA, "fair.start"))
    assert await runs(case) == 0


async def test_the_name_does_not_stand_in_the_concern(case: Stage) -> None:
    for concern in ("Why did Tomasz leave it out?", "Zielinski's checks were left out."):
        assert [i.error for i in (await start(case, concern=concern)).inputs()] == [NAME_FOUND, "", ""]
    assert await runs(case) == 0


async def refusal_of(stage: Stage, name: str = LEAH, **answers: Any) -> tuple[str, ...]:
    """What stands at each of the three questions."""
    return tuple(i.error for i in (await start(stage, name, **answers)).inputs())


async def test_whoever_must_not_take_part_is_refused_alike(case: Stage) -> None:
    """Whatever the reason, and whichever of the two it is."""

    def prepared(work: Work) -> None:
        listed(work, "Ruth Ellery", Role.WORKFORCE)
        listed(work, "Piers Latham", Role.WORKFORCE)
        involve(work, "Ruth Ellery")
        managed_by(work, TOMASZ, OWEN)
        managed_by(work, AMINA, LEAH)
        away(work, OWEN, "Piers Latham")
        away(work, SANDEEP, IMOGEN)
        managed_by(work, BRONWEN, SANDEEP)

    await case.do(prepared)
    refused = [
        await refusal_of(case),  # the colleague is the line manager
        await refusal_of(case, colleague="Piers Latham"),  # stands in for the line manager
        await refusal_of(case, subject=OWEN),  # the colleague is the person concerned
        await refusal_of(case, subject=LEAH, colleague=IMOGEN),  # the starter is the person concerned
        await refusal_of(case, subject=AMINA, colleague=IMOGEN),  # the starter is the line manager
        await refusal_of(case, OWEN, colleague=LEAH),
        await refusal_of(case, subject=BRONWEN, colleague=IMOGEN),
        await refusal_of(case, subject=CARYS, colleague="Ruth Ellery"),  # involved
    ]
    assert await runs(case) == 0
    await start(case, subject=CARYS)
    refused += [
        await refusal_of(case, SANDEEP, subject=CARYS),  # there is one already
        await refusal_of(case, SANDEEP, subject=CARYS, colleague=IMOGEN),
        await refusal_of(case, IMOGEN, subject=CARYS, colleague=LEAH),  # and the colleague takes part in it
    ]
    assert set(refused) == {("", "", CANNOT)}
    assert await runs(case) == 1


async def test_somebody_involved_in_a_report_that_was_joined_takes_no_part(case: Stage) -> None:
    def joined_with(work: Work) -> None:
        other = a_case(work, 2, state="merged", merged_into=case_in(work).id)
        named_in(work, other.id, OWEN)

    await case.do(joined_with)
    assert await refusal_of(case) == ("", "", CANNOT)
    assert REFUSED in words(await case.says(OWEN, PSI))


# One at a time


@pytest.mark.parametrize(
    ("first", "again", "same"),
    [
        (TOMASZ, "tomasz.zielinski@fenmarsh.example", True),
        (TOMASZ, CARYS, False),
        ("Jo Ferris (agency)", "  jo  FERRIS (Agency)", True),
        ("Jo Ferris (agency)", "Jo Ferris (bank)", False),
    ],
)
async def test_there_is_one_run_for_a_person_and_a_case(case: Stage, first: str, again: str, same: bool) -> None:
    await start(case, subject=first)
    assert (await refusal_of(case, SANDEEP, subject=again, colleague=IMOGEN) == ("", "", CANNOT)) is same
    assert await runs(case) == (1 if same else 2)


async def test_somebody_who_joins_the_list_later_is_the_same_person(case: Stage) -> None:
    await start(case, subject="Jo Ferris")
    assert (await run(case)).subject_name == "Jo Ferris"
    await case.do(lambda work: listed(work, "Jo Ferris"))
    assert await refusal_of(case, SANDEEP, subject="Jo Ferris", colleague=IMOGEN) == ("", "", CANNOT)


async def test_a_namesake_is_another_person(case: Stage) -> None:
    def two(work: Work) -> None:
        for number in range(2):
            email = f"jo{number}@fenmarsh.example"
            work.session.add(Person(id=email, name="Jo Ferris", email=email, roles=["staff"]))

    await case.do(two)
    await start(case, subject="jo0@fenmarsh.example")
    await start(case, subject="jo1@fenmarsh.example")
    assert await runs(case) == 2


async def end_it(stage: Stage, state: str = "ended") -> None:
    def end(work: Work) -> None:
        only(work).state = state

    await stage.do(end)


async def test_one_that_was_taken_back_is_not_in_the_way(case: Stage) -> None:
    await start(case)
    await end_it(case, "withdrawn")
    await start(case, SANDEEP)
    assert await runs(case) == 2


async def test_one_that_has_ended_is_looked_at_again_by_its_two_and_by_nobody_else(case: Stage) -> None:
    await start(case)
    await step(case, OWEN, "join")
    await end_it(case)
    for name, colleague in [(LEAH, OWEN), (OWEN, LEAH), (LEAH, IMOGEN)]:
        card = await start(case, name, colleague=colleague)
        assert "press “Look at it again”" in words(card)
        assert labels(card) == [f"Open {(await run(case)).reference}"]
    assert await refusal_of(case, SANDEEP) == await refusal_of(case, IMOGEN, colleague=SANDEEP) == ("", "", CANNOT)
    assert await runs(case) == 1


async def test_one_that_nobody_can_look_at_again_is_not_in_the_way(case: Stage) -> None:
    await start(case)
    await step(case, OWEN, "join")
    await end_it(case)

    def gone(work: Work) -> None:
        for name in (LEAH, OWEN):
            who(work, name).active = False

    await case.do(gone)
    await start(case, SANDEEP, colleague=IMOGEN)
    assert await runs(case) == 2


# Names


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Owen", OWEN),
        ("tregarth", OWEN),
        ("T. Zieliński", TOMASZ),
        ("Leah", LEAH),
        ("Mbeki Ward", "Grace Mbeki-Ward"),
        ("Wei Anastasia Chen", WEI),
    ],
)
async def test_a_part_of_a_listed_name_is_nobody_else(case: Stage, typed: str, meant: str) -> None:
    errors = await refusal_of(case, subject=typed)
    assert errors[1].startswith(f"Did you mean {meant}? Please give the full name or the work e-mail address.")
    assert await runs(case) == 0
    assert "Thank you" in words(await start(case, subject=f"{typed} (agency)"))


async def test_of_many_who_could_be_meant_nobody_is_named(case: Stage) -> None:
    def more(work: Work) -> None:
        for first in ("Ana", "Bea", "Cara", "Dora"):
            listed(work, f"{first} Quennell")

    await case.do(more)
    assert (await refusal_of(case, subject="Quennell"))[1].startswith("Did you mean one of several people on the list?")


@pytest.mark.parametrize(
    ("first", "again", "same"),
    [
        ("Jo Ferris", "Ferris", True),
        ("Ferris", "jo ferrís", True),
        ("Jo Ferris", "Jo Ferris (agency)", True),
        ("Jo Ferris", "Mo Ferris", False),
        ("Jo", TOMASZ, False),
    ],
)
async def test_two_typed_names_that_share_their_words_are_one_person(
    case: Stage, first: str, again: str, same: bool
) -> None:
    await start(case, subject=first)
    assert (await refusal_of(case, SANDEEP, subject=again, colleague=IMOGEN) == ("", "", CANNOT)) is same
    assert await runs(case) == (1 if same else 2)


async def test_somebody_typed_who_is_a_part_of_a_listed_name_by_now_is_the_same(case: Stage) -> None:
    await start(case, subject="Ferris")
    await case.do(lambda work: listed(work, "Jo Ferris"))
    assert await refusal_of(case, SANDEEP, subject="Jo Ferris", colleague=IMOGEN) == ("", "", CANNOT)


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        (TOMASZ, "Tomasz’s list", True),
        (TOMASZ, "ask ZIELIŃSKI", True),
        (TOMASZ, "what tomasz zielinski said", True),
        (TOMASZ, "The member of staff", False),
        ("Grace Will", "It will do, with good grace.", False),
        ("Jo Ferris (agency)", "An Agency nurse", False),
        ("Jo Ferris (agency)", "what jo ferris said", True),
        ("Hussein Al-Tamimi", "Al said so", False),
        ("Hussein Al-Tamimi", "Mr Tamimi", True),
    ],
)
def test_a_name_stands_in_words_or_does_not(name: str, text: str, named: bool) -> None:
    assert fair_pair.is_named(name, text) is named


async def test_to_start_the_same_again_shows_the_one_there_is(case: Stage) -> None:
    form = await press(case, LEAH, "fair.start")
    for _ in range(2):
        card = await case.presses(LEAH, form, "Start and invite", GIVEN)
    assert await runs(case) == 1
    assert labels(card) == [f"Open {(await run(case)).reference}"]
    card = await start(case, OWEN, colleague=SANDEEP)
    assert labels(card) == [f"Open {(await run(case)).reference}"]
    await case.settled()
    assert (await told(case, OWEN)) == [WAITS]


async def test_two_who_start_at_once_make_one_run(tmp_path: Path, database: str) -> None:
    async with Stage(tmp_path, database=database) as stage:
        await respond(stage)
        action = await stage.do(lambda work: action_id(work, "fair.start", case=case_in(work)))
        given = {LEAH: GIVEN, SANDEEP: GIVEN | {"colleague": IMOGEN}, OWEN: GIVEN | {"colleague": LEAH}}
        cards = await asyncio.gather(*(stage.turn(name, Pressed(action, what)) for name, what in given.items()))
        assert await runs(stage) == 1
        assert sum("Thank you. It waits for" in words(shown(card)) for card in cards) == 1


# What it is called, and what is kept


async def test_a_reference_spells_nothing_and_is_never_used_twice(case: Stage) -> None:
    def made(work: Work) -> list[str]:
        found, taken_back = [], work.session.begin_nested()
        for number in range(300):
            reference = fair_start._reference(work, f"run{number}")
            found.append(reference)
            given = {"case_id": "c", "concern": "", "begun_by": "", "patient_safety_id": "", "workforce_id": ""}
            work.session.add(
                FairRun(id=f"r{number}", reference=reference, joined=[], reading="", tool="", at=work.now, **given)
            )
            work.session.flush()
        again = fair_start._reference(work, "run7")
        assert again.startswith(found[7])
        assert len(again) == 9
        taken_back.rollback()
        return found

    found = await case.do(made)
    assert len(set(found)) == 300
    assert all(len(reference) == 8 for reference in found)
    assert not set("".join(reference[3:] for reference in found)) & set("0O1ILAEU")


async def test_neither_the_concern_nor_the_name_is_kept_anywhere_else(case: Stage) -> None:
    """Not in messages, stored answers, buttons or the audit chain; not after a mistake either."""
    await start(case, colleague=SANDEEP)  # comes back with the words still in it
    await start(case)
    await step(case, OWEN, "join")
    await step(case, LEAH, "replace", {"colleague": IMOGEN, "reason": WHY})
    await step(case, IMOGEN, "decline")
    for name in (LEAH, OWEN, JUDITH):
        await case.says(name, PSI)

    def kept(work: Work) -> tuple[str, list[dict[str, str]]]:
        rows: list[Any] = [
            *(row.card for row in work.session.exec(select(Outbox))),
            *(row.reply for row in work.session.exec(select(Inbox))),
            *(row.args for row in work.session.exec(select(Action))),
            *([row.what, row.actor_id, row.digest, row.case_id] for row in work.session.exec(select(AuditEntry))),
        ]
        theirs = select(Action).where(col(Action.verb).startswith("fair."), Action.verb != "fair.start")
        return json.dumps(rows), [row.args for row in work.session.exec(theirs)]

    text, buttons = await case.do(kept)
    sent = "".join(card.model_dump_json() for cards in case.out.posts.values() for card in cards)
    found = await run(case)
    assert found.subject_id
    for word in (CONCERN, TOMASZ, found.subject_id):
        assert word not in text + sent
    assert found.reference not in sent
    assert buttons
    assert all(args["run"] == found.id and "case" not in args for args in buttons)


# An invitation


async def test_the_one_who_is_invited_sees_neither_the_concern_nor_a_question(case: Stage) -> None:
    await start(case)
    card = await page(case, OWEN)
    text = words(card)
    assert "Leah Rosenfeld, of the patient safety team, asks you" in text
    assert "PSI-2026-0001" in text
    assert NOT_ROUTINE in text
    assert CONCERN not in text
    assert TOMASZ not in text
    assert "?" not in text
    assert labels(card) == ["Join", "I cannot take part"]
    assert card.preview == PRIVATE_TASK


async def test_the_one_who_invited_sees_whom_and_has_ways_out(case: Stage) -> None:
    await start(case)
    card = await page(case, LEAH)
    assert "Owen Tregarth (workforce team)" in words(card)
    assert "They have not answered yet." in words(card)
    assert labels(card) == ["Ask another colleague", "Take it back", "Suspected crime", "Safeguarding"]
    assert labels(await page(case, JUDITH)) == []


async def test_both_are_told_where_it_begins(case: Stage) -> None:
    await start(case)
    card = await step(case, OWEN, "join")
    made = await run(case)
    assert made.state == "open"
    assert set(made.joined) == {made.patient_safety_id, made.workforce_id}
    assert "It begins with three questions before the tool is used" in words(card)
    assert labels(card) == ["Begin"]
    assert await told(case, LEAH) == [WAITS]
    assert await duties(case) == [("fair.finish", "open"), ("fair.join", "done")]
    again = await step(case, OWEN, "join")
    assert "This has moved on" in words(again)
    assert await told(case, LEAH) == [WAITS]
    assert [e for e in await entries(case) if e[0] == "joined"] == [("joined", OWEN)]


async def entries(stage: Stage) -> list[tuple[str, str]]:
    def found(work: Work) -> list[tuple[str, str]]:
        theirs = select(FairEntry).where(FairEntry.kind != "viewed").order_by(col(FairEntry.id))
        return [(entry.kind, people.name_of(work, entry.by_id)) for entry in work.session.exec(theirs)]

    return await stage.do(found)  # type: ignore[no-any-return]


@pytest.mark.parametrize("verb", ["join", "decline", "withdraw", "replace"])
@pytest.mark.parametrize("name", [IMOGEN, SANDEEP, AMINA, TOMASZ, JUDITH])
async def test_an_invitation_is_nobody_elses(case: Stage, name: str, verb: str) -> None:
    await start(case)
    assert REFUSED in words(await step(case, name, verb))
    assert (await run(case)).state == "invited"
    assert await entries(case) == [("invited", LEAH)]


@pytest.mark.parametrize(("name", "verb"), [(LEAH, "join"), (OWEN, "withdraw"), (OWEN, "replace")])
async def test_each_does_only_their_own_part(case: Stage, name: str, verb: str) -> None:
    await start(case)
    await step(case, name, verb)
    assert (await run(case)).state == "invited"
    assert await entries(case) == [("invited", LEAH)]


async def test_whoever_has_become_the_line_manager_cannot_join(case: Stage) -> None:
    await start(case)
    await case.do(lambda work: managed_by(work, TOMASZ, OWEN))
    assert REFUSED in words(await step(case, OWEN, "join"))
    assert REFUSED in words(await step(case, OWEN, "decline"))
    assert (await run(case)).state == "invited"


async def test_declining_needs_no_reason_and_the_other_hears_of_it(case: Stage) -> None:
    await start(case)
    for _ in range(2):
        assert "You need do no more" in words(await step(case, OWEN, "decline"))
    assert await entries(case) == [("invited", LEAH), ("declined", OWEN)]
    assert await told(case, LEAH) == [WAITS]
    assert await duties(case) == [("fair.join", "open")], "whoever waits is reminded that nobody is asked"
    assert "They cannot take part any more." in words(await page(case, LEAH))
    assert labels(await page(case, OWEN)) == ["Join"]
    form = await step(case, LEAH, "replace", {"colleague": OWEN})
    assert [i.error for i in form.inputs()] == [SAID_NO]
    await step(case, OWEN, "join")
    assert (await run(case)).state == "open"
    assert "This has moved on" in words(await step(case, OWEN, "decline"))


async def test_an_invitation_can_be_taken_back(case: Stage) -> None:
    await start(case)
    card = await step(case, LEAH, "withdraw")
    assert "It has been taken back" in words(card)
    assert (await run(case)).state == "withdrawn"
    assert await duties(case) == [("fair.join", "dropped")]
    assert await told(case, OWEN) == [WAITS, NOTHING]
    for name, verb in [(LEAH, "withdraw"), (OWEN, "join"), (OWEN, "decline"), (LEAH, "replace")]:
        assert REFUSED in words(await step(case, name, verb))
    assert labels(await case.says(LEAH, PSI)) == ["Start"]
    assert labels(await case.says(OWEN, "fair")) == []
    assert "Taken back" in words(await case.says(JUDITH, PSI))


async def test_what_both_have_joined_is_not_taken_back(case: Stage) -> None:
    await start(case)
    await step(case, OWEN, "join")
    assert "This has moved on" in words(await step(case, LEAH, "withdraw"))
    await step(case, LEAH, "replace", {"colleague": IMOGEN, "reason": WHY})
    assert "This has moved on" in words(await step(case, LEAH, "withdraw"))
    assert "Take it back" not in labels(await page(case, LEAH))
    assert (await run(case)).state == "invited"


async def test_to_join_and_to_take_back_at_once_is_one_of_them(tmp_path: Path, database: str) -> None:
    async with Stage(tmp_path, database=database) as stage:
        await respond(stage)
        await start(stage)
        await asyncio.gather(step(stage, OWEN, "join"), step(stage, LEAH, "withdraw"))
        kinds = [kind for kind, _ in await entries(stage)]
        assert ((await run(stage)).state, kinds) in [
            ("open", ["invited", "joined"]),
            ("withdrawn", ["invited", "withdrawn"]),
        ]


# Another colleague


@pytest.mark.parametrize("before", ["invited", "open", "paused"])
async def test_another_colleague_takes_the_place_of_the_other(case: Stage, before: str) -> None:
    await start(case)
    if before != "invited":
        await step(case, OWEN, "join")
    if before == "paused":

        def pause(work: Work) -> None:
            made = only(work)
            made.state, made.paused_why, made.review_on = "paused", "Waits.", work.local.date()

        await case.do(pause)
    form = await step(case, LEAH, "replace")
    asked = ["Which other colleague of the workforce team will use it with you?", "Why do you ask somebody else?"]
    assert [i.label for i in form.inputs()] == asked[: 1 if before == "invited" else 2]
    given = {"colleague": IMOGEN} | ({} if before == "invited" else {"reason": WHY})
    card = await case.presses(LEAH, form, "Invite them", given)
    await case.settled()
    made = await run(case)
    leah, imogen = [(await case.do(lambda work, n=name: who(work, n).id)) for name in (LEAH, IMOGEN)]
    assert (made.patient_safety_id, made.workforce_id) == (leah, imogen)
    assert (made.state, made.joined, made.review_on, made.paused_why) == ("invited", [leah], None, None)
    assert "It waits for Imogen Farrow to join" in words(card)
    assert (await told(case, IMOGEN), (await told(case, OWEN))[-1]) == ([WAITS], NOTHING)
    clocks = [state for rule, state in await duties(case) if rule == "fair.join"]
    assert clocks == ["dropped" if before == "invited" else "done", "open"], "the new one has the whole time to answer"
    for verb in ("join", "decline", "replace"):
        assert REFUSED in words(await step(case, OWEN, verb))
    assert "This has moved on" in words(await case.presses(LEAH, form, "Invite them", given))
    assert await told(case, IMOGEN) == [WAITS]
    joined = words(await step(case, IMOGEN, "join"))
    assert ("the questions are asked again" in joined) is (before != "invited")
    assert (await run(case)).state == "open"


async def test_the_colleague_can_replace_the_starter(case: Stage) -> None:
    await start(case)
    await step(case, OWEN, "join")
    form = await step(case, OWEN, "replace")
    assert [i.label for i in form.inputs()] == [
        "Which other colleague of the patient safety team will use it with you?",
        "Why do you ask somebody else?",
    ]
    await step(case, OWEN, "replace", {"colleague": SANDEEP, "reason": WHY})
    made = await run(case)
    assert made.patient_safety_id == await case.do(lambda work: who(work, SANDEEP).id)
    assert REFUSED in words(await step(case, LEAH, "withdraw"))
    await step(case, SANDEEP, "join")
    assert (await run(case)).state == "open"


async def test_another_colleague_is_refused_as_at_the_start(case: Stage) -> None:
    def prepared(work: Work) -> None:
        listed(work, "Ruth Ellery", Role.WORKFORCE)
        listed(work, "Piers Latham", Role.WORKFORCE)
        listed(work, "Una Marchetti", Role.WORKFORCE)
        involve(work, "Ruth Ellery")
        managed_by(work, TOMASZ, "Piers Latham")
        away(work, "Piers Latham", "Una Marchetti")
        with_roles(work, TOMASZ, Role.WORKFORCE)

    await case.do(prepared)
    await start(case)
    for name in ("Ruth Ellery", "Piers Latham", "Una Marchetti", TOMASZ):
        card = await step(case, LEAH, "replace", {"colleague": name})
        assert [i.error for i in card.inputs()] == [CANNOT]
    for name, error in [(SANDEEP, WRONG_TEAM), ("Jo Ferris (agency)", WRONG_TEAM), (LEAH, NOT_YOURSELF)]:
        card = await step(case, LEAH, "replace", {"colleague": name})
        assert error in next(card.inputs()).error
    assert await entries(case) == [("invited", LEAH)]


async def test_somebody_who_cannot_be_written_to_is_said_so(case: Stage) -> None:
    def unknown(work: Work) -> None:
        for identity in work.session.exec(select(Identity).where(Identity.person_id == who(work, OWEN).id)):
            identity.address = {}

    await case.do(unknown)
    assert "I cannot write to Owen Tregarth yet" in words(await start(case))


async def test_whoever_is_asked_in_their_place_sees_that_there_was_somebody_not_why(case: Stage) -> None:
    await start(case)
    await step(case, OWEN, "join")
    form = await step(case, LEAH, "replace", {"colleague": IMOGEN, "reason": "Tomasz would like that."})
    assert NAME_FOUND in [i.error for i in form.inputs()]
    assert "reason" in [i.id for i in (await step(case, LEAH, "replace", {"colleague": IMOGEN, "reason": ""})).inputs()]
    assert (await run(case)).state == "open"
    await step(case, LEAH, "replace", {"colleague": IMOGEN, "reason": WHY})
    invited = words(await page(case, IMOGEN))
    assert REPLACED_BEFORE in invited
    assert WHY not in invited
    assert WHY not in words(await step(case, IMOGEN, "join"))
    [entry] = await case.do(lambda work: [e for e in fair_runs.entries(work, only(work)) if e.kind == "replaced"])
    assert entry.reason == WHY
    read = words(await step(case, JUDITH, "record"))
    assert WHY in read
    assert f"In place of: {OWEN}" in read


async def test_whoever_is_asked_once_more_is_told_once_more(case: Stage) -> None:
    await start(case)
    for colleague in (IMOGEN, OWEN):
        await step(case, LEAH, "replace", {"colleague": colleague})
    assert await told(case, OWEN) == [WAITS, NOTHING, WAITS]
    assert await told(case, IMOGEN) == [WAITS, NOTHING]


async def test_before_both_have_joined_no_reason_is_asked_and_nobody_was_replaced(case: Stage) -> None:
    await start(case)
    await step(case, LEAH, "replace", {"colleague": IMOGEN})
    assert REPLACED_BEFORE not in words(await page(case, IMOGEN))


# In place of somebody who can no longer take part


async def overseer_asks(stage: Stage, team: Role, colleague: str, reason: str | None = WHY) -> Card:
    """Judith Cornwell asks a colleague of this team."""
    given = {"colleague": colleague} | ({"reason": reason} if reason else {})
    action = await stage.do(lambda work: action_id(work, "fair.replace", run=only(work).id, team=team))
    card = shown(await stage.turn(JUDITH, Pressed(action, given)))
    if card.title:
        fits(card)
    await stage.settled()
    return card


def left(work: Work, *names: str) -> None:
    for name in names:
        who(work, name).active = False


@pytest.mark.parametrize("before", ["invited", "open", "paused"])
async def test_an_overseer_asks_others_where_both_are_gone(case: Stage, before: str) -> None:
    await start(case)
    if before != "invited":
        await step(case, OWEN, "join")
    if before == "paused":
        await end_it(case, "paused")
    assert not any(label.startswith("Ask somebody") for label in labels(await step(case, JUDITH, "record")))
    assert "This has moved on" in words(await overseer_asks(case, Role.QUALITY, SANDEEP))
    await case.do(lambda work: left(work, LEAH, OWEN))
    record = await step(case, JUDITH, "record")
    assert f"{LEAH} can no longer take part." in words(record)
    asks = ["Ask somebody of the patient safety team", "Ask somebody of the workforce team"]
    assert [label for label in labels(record) if label.startswith("Ask")] == asks
    form = await case.presses(JUDITH, record, asks[0])
    assert f"{LEAH} can no longer take part." in words(form)
    reason = None if before == "invited" else WHY
    for _ in range(2):
        card = await overseer_asks(case, Role.QUALITY, SANDEEP, reason)
    assert "This has moved on" in words(card)
    await overseer_asks(case, Role.WORKFORCE, IMOGEN, reason)
    assert [kind for kind, by in await entries(case) if by == JUDITH and kind != "viewed"] == ["replaced"] * 2
    assert (await run(case)).joined == []
    theirs = await page(case, SANDEEP)
    assert f"{JUDITH}, who oversees the use of the being fair tool, asks you" in words(theirs)
    assert "You are told in person whom it concerns" in words(theirs)
    assert (await told(case, SANDEEP), await told(case, IMOGEN)) == ([WAITS], [WAITS])
    waits = await step(case, SANDEEP, "join")
    assert "They have not answered yet." in words(waits)
    assert (await run(case)).state == "invited", "no question before both have joined"
    assert ("fair.join", "open") in await duties(case)
    await step(case, IMOGEN, "join")
    assert (await run(case)).state == "open"
    assert ("fair.join", "open") not in await duties(case)


async def test_whoever_stays_hears_of_it_and_has_not_to_join_again(case: Stage) -> None:
    await start(case)
    await step(case, OWEN, "join")
    await case.do(lambda work: managed_by(work, TOMASZ, OWEN))
    await step(case, LEAH, "show")
    heard = len(await told(case, LEAH))
    assert "It waits for Imogen Farrow" in words(await overseer_asks(case, Role.WORKFORCE, IMOGEN))
    made, leah = await run(case), await case.do(lambda work: who(work, LEAH).id)
    assert (made.state, made.joined) == ("invited", [leah])
    assert len(await told(case, LEAH)) == heard + 1
    await step(case, IMOGEN, "decline")
    assert len(await told(case, JUDITH)) == 1, "whoever asked hears of it"
    assert "They cannot take part any more." in words(await page(case, LEAH))


async def test_that_one_of_two_who_are_asked_says_no_does_not_answer_for_the_other(case: Stage) -> None:
    await start(case)
    await case.do(lambda work: left(work, LEAH, OWEN))
    await overseer_asks(case, Role.QUALITY, SANDEEP, None)
    await overseer_asks(case, Role.WORKFORCE, IMOGEN, None)
    await step(case, IMOGEN, "decline")
    assert labels(await page(case, SANDEEP)) == ["Join", "I cannot take part"]
    assert ("fair.join", "open") in await duties(case)
    await step(case, SANDEEP, "join")
    assert "They cannot take part any more." in words(await page(case, SANDEEP))


async def test_an_overseer_asks_only_whoever_could_have_been_asked_at_the_start(case: Stage) -> None:
    def prepared(work: Work) -> None:
        listed(work, "Ruth Ellery", Role.WORKFORCE)
        listed(work, "Piers Latham", Role.WORKFORCE)
        involve(work, "Ruth Ellery")
        managed_by(work, TOMASZ, "Piers Latham")
        left(work, OWEN)

    await start(case)
    await case.do(prepared)
    for name in ("Ruth Ellery", "Piers Latham"):
        assert [i.error for i in (await overseer_asks(case, Role.WORKFORCE, name, None)).inputs()] == [CANNOT]
    for name, error in [(SANDEEP, WRONG_TEAM), (LEAH, NOT_YOURSELF), (JUDITH, NOT_YOURSELF)]:
        assert error in next((await overseer_asks(case, Role.WORKFORCE, name, None)).inputs()).error
    assert (await run(case)).workforce_id == await case.do(lambda work: who(work, OWEN).id)


@pytest.mark.parametrize("name", [LEAH, SANDEEP, IMOGEN, AMINA, TOMASZ, MARGUERITE])
async def test_nobody_else_asks_as_an_overseer_does(case: Stage, name: str) -> None:
    await start(case)
    await case.do(lambda work: left(work, OWEN))
    action = await case.do(lambda work: action_id(work, "fair.replace", run=only(work).id, team=Role.WORKFORCE))
    assert REFUSED in words(shown(await case.turn(name, Pressed(action, {"colleague": IMOGEN}))))
    assert await entries(case) == [("invited", LEAH)]


async def test_an_overseer_who_is_kept_out_or_comes_too_late_is_refused(case: Stage) -> None:
    await start(case)
    await case.do(lambda work: left(work, OWEN))
    await case.do(lambda work: managed_by(work, TOMASZ, JUDITH))
    assert NOT_HERE in words(await overseer_asks(case, Role.WORKFORCE, IMOGEN, None))
    await case.do(lambda work: managed_by(work, TOMASZ, BRONWEN))
    await end_it(case)
    assert REFUSED in words(await overseer_asks(case, Role.WORKFORCE, IMOGEN, None))
