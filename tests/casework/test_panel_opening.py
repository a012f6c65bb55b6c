"""A panel is opened: who gets a seat, by when they vote, its papers, and the weekly agenda."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from responses import SANDEEP, case_in, clocks, fits, press, read_case, state
from sqlmodel import select
from test_reporting import AMINA, BRONWEN, CARYS, LEAH, TOMASZ
from test_triage import reported

from psirf_bot.cards.model import Card, PeopleInput
from psirf_bot.casework import panel_members, panel_opening, panels, people, training
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import (
    Agenda,
    AuditEntry,
    Case,
    Channel,
    Deadline,
    Identity,
    Outbox,
    Panel,
    PanelMember,
    Person,
    SafetyAction,
    StandIn,
    SupportNeed,
    Vote,
)
from scenes import scene
from stage import Stage, address_of, shown, words

PRIYA, FEMI, NIAMH, OWEN = "Priya Raman", "Femi Adeyemi", "Niamh Gallagher", "Owen Tregarth"
MARGUERITE = "Marguerite Oduya"
OVERSIGHT = """email,course,date,amount
sandeep.bhullar@fenmarsh.example,learning,2024-05-14,2
sandeep.bhullar@fenmarsh.example,oversight,2024-09-11,1
"""
USUAL = {LEAH: "quality", SANDEEP: "quality", BRONWEN: "service", PRIYA: "expert", FEMI: "expert"}


@pytest.fixture(autouse=True)
async def trained(stage: Stage) -> None:
    """The chair's training is complete, and the panel has a channel."""
    await _trained(stage)


@scene
async def _trained(stage: Stage) -> None:
    _, mistakes = await stage.do(lambda work: training.bring_in(work, OVERSIGHT))
    assert not mistakes
    await stage.do(
        lambda work: work.session.add(
            Channel(purpose="panel", platform="web", address={"channel": "panel"}, set_by="x", set_at=stage.now)
        )
    )


async def no_channel(stage: Stage) -> None:
    panels_own = select(Channel).where(Channel.purpose == "panel")
    await stage.do(lambda work: work.session.delete(work.session.exec(panels_own).one()))


def filled_in(card: Card) -> dict[str, Any]:
    """What is filled in on a form, as it would be sent."""
    given: dict[str, Any] = {}
    for part in card.inputs():
        value = getattr(part, "value", None)
        if isinstance(value, tuple):
            several = isinstance(part, PeopleInput) or getattr(part, "several", False)
            value = list(value) if several else (value[0] if value else "")
        given[part.id] = value or None
    return given


@scene
async def opens(stage: Stage, by: str = LEAH, **answers: Any) -> Card:
    form = await press(stage, by, "panel.open")
    return await press(stage, by, "panel.open", filled_in(form) | answers)


async def prepares(stage: Stage, by: str = LEAH, **answers: Any) -> Card:
    form = await press(stage, by, "panel.papers")
    return await press(stage, by, "panel.papers", filled_in(form) | answers)


async def the_panel(stage: Stage) -> Panel:
    found: Panel = await stage.do(lambda work: panel_of(work, case_in(work)))
    return found


async def seats(stage: Stage) -> dict[str, str]:
    def found(work: Work) -> dict[str, str]:
        panel = panel_of(work, case_in(work))
        assert panel is not None
        return {people.name_of(work, m.person_id): m.seat for m in panel_members.all_of(work, panel)}

    given: dict[str, str] = await stage.do(found)
    return given


async def votes_due(stage: Stage) -> dict[str, tuple[str, str]]:
    """By the name of the member: the day by which they are asked to vote, and how it stands."""

    def found(work: Work) -> dict[str, tuple[str, str]]:
        asked = work.session.exec(select(Deadline).where(Deadline.rule == "panel.vote")).all()
        return {people.name_of(work, d.owner_id): (d.due_local[:10], d.state) for d in asked}

    given: dict[str, tuple[str, str]] = await stage.do(found)
    return given


async def change(stage: Stage, name: str, **facts: Any) -> None:
    def set_facts(work: Work) -> None:
        someone = work.session.exec(select(Person).where(Person.name == name)).one()
        for key, value in facts.items():
            setattr(someone, key, value)
        work.session.add(someone)

    await stage.do(set_facts)


async def involve(stage: Stage, name: str) -> None:
    """Their support need as the report would have made it."""

    def need(work: Work) -> None:
        someone = work.session.exec(select(Person).where(Person.name == name)).one()
        work.session.add(
            SupportNeed(
                id=work.new_id(), case_id=case_in(work).id, name=name, person_id=someone.id, wish="quality", at=work.now
            )
        )

    await stage.do(need)


# Opening


async def test_one_press_opens_it_as_it_is_filled_in(stage: Stage) -> None:
    await read_case(stage)
    form = await press(stage, LEAH, "panel.open")
    given = filled_in(form)
    assert (given["route"], given["chair"]) == ("ordinary", [SANDEEP])
    assert (given["representatives"], given["experts"]) == ([BRONWEN], [FEMI, PRIYA])
    await press(stage, LEAH, "panel.open", given)
    panel = await the_panel(stage)
    assert (await state(stage), panel.route, panel.state) == ("in panel", "ordinary", "voting")
    assert f"{panel.closes_at:%d %H:%M}" == "27 17:00", "five working days from Friday the 20th"
    assert await seats(stage) == USUAL
    due = await clocks(stage)
    assert due["panel.opened"][1] == "done"
    assert due["panel.decided"] == ("2026-12-01", "open"), "two working days after voting closes"
    assert await votes_due(stage) == dict.fromkeys(USUAL, ("2026-11-27", "open"))


async def test_the_chairs_clock_is_the_chairs(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    owner = await stage.do(
        lambda work: work.session.exec(select(Deadline.owner_id).where(Deadline.rule == "panel.decided")).one()
    )
    assert await stage.do(lambda work: people.name_of(work, owner)) == SANDEEP
    assert "You are asked to chair a panel" in [card.title for card in stage.private(SANDEEP)]
    assert {card.preview for card in stage.private(SANDEEP) if "chair" in card.title} == {"You have a private task."}


async def test_its_card_is_posted_once_in_the_panels_channel(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await opens(stage)
    subject = panels.subject(await the_panel(stage))
    posts = await stage.do(lambda work: work.session.exec(select(Outbox).where(Outbox.subject == subject)).all())
    assert [post.lane for post in posts] == ["web:panel"]


async def test_without_a_channel_it_opens_and_says_whom_to_ask(stage: Stage) -> None:
    await no_channel(stage)
    await read_case(stage)
    page = await opens(stage)
    assert "use this channel for panel" in words(page)
    assert await state(stage) == "in panel"


async def test_the_urgent_route_closes_on_the_next_working_day(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage, route="urgent")
    panel = await the_panel(stage)
    assert (panel.route, f"{panel.closes_at:%A %d %H:%M}") == ("urgent", "Monday 23 17:00")
    assert (await clocks(stage))["panel.decided"] == ("2026-11-25", "open")


async def test_voting_closes_by_the_trusts_own_clock_in_summer(stage: Stage) -> None:
    await read_case(stage)
    stage.later(days=230)
    await opens(stage, route="urgent")
    assert f"{(await the_panel(stage)).closes_at:%H:%M}" == "16:00", "17:00 British Summer Time"


@pytest.mark.parametrize(
    ("closes", "hours", "refusal"),
    [
        ("2026-11-28", 0, "not a working day. The next one is Monday 30 November 2026"),
        ("2026-12-25", 0, "not a working day. The next one is Tuesday 29 December 2026"),
        ("2026-11-20", 3, "that has passed today"),
        ("2026-11-19", 0, "from today on"),
    ],
)
async def test_a_closing_day_that_will_not_do(stage: Stage, closes: str, hours: int, refusal: str) -> None:
    await read_case(stage)
    stage.later(hours=hours)
    form = await opens(stage, closes=closes)
    assert refusal in words(form)
    assert await state(stage) == "read"


async def test_pressing_twice_shows_the_page(stage: Stage) -> None:
    await read_case(stage)
    first = await opens(stage)
    second = await press(stage, LEAH, "panel.open", {"route": "urgent", "chair": SANDEEP})
    assert second.title == first.title
    assert len(await stage.do(lambda work: work.session.exec(select(Panel)).all())) == 1


async def test_two_who_open_it_at_once_open_it_once(stage: Stage) -> None:
    await read_case(stage)
    given = filled_in(await press(stage, LEAH, "panel.open"))
    action = await stage.do(lambda work: action_id(work, "panel.open", case=case_in(work)))
    await asyncio.gather(*(stage.turn(name, Pressed(action, given)) for name in (LEAH, SANDEEP)))
    await stage.settled()
    assert len(await stage.do(lambda work: work.session.exec(select(Panel)).all())) == 1
    assert await seats(stage) == USUAL


async def test_a_case_that_nobody_has_read_cannot_be_opened(stage: Stage) -> None:
    await reported(stage)
    assert "Type case PSI-2026-0001, and say that you have" in words(await press(stage, LEAH, "panel.open"))
    assert await state(stage) == "reported"


async def test_only_the_quality_team_opens_one(stage: Stage) -> None:
    await read_case(stage)
    assert "quality team" in words(await press(stage, BRONWEN, "panel.open"))
    assert await stage.do(lambda work: panel_of(work, case_in(work))) is None


# Who gets a seat


async def test_involved_staff_and_their_line_managers_get_no_seat(stage: Stage) -> None:
    await read_case(stage)
    await involve(stage, AMINA)  # Bronwen is her line manager
    await involve(stage, PRIYA)
    form = await press(stage, LEAH, "panel.open")
    given = filled_in(form)
    assert (given["representatives"], given["experts"]) == (None, [FEMI])
    page = await press(stage, LEAH, "panel.open", given)
    assert await seats(stage) == {LEAH: "quality", SANDEEP: "quality", FEMI: "expert"}
    assert "Still wanted: service representative (1 more)" in words(page)


async def test_a_manager_who_was_passed_over_gets_no_seat(stage: Stage) -> None:
    await read_case(stage)
    await involve(stage, TOMASZ)

    def pass_over(work: Work) -> None:
        need = work.session.exec(select(SupportNeed)).one()
        need.passed_over_id = work.session.exec(select(Person.id).where(Person.name == FEMI)).one()
        work.session.add(need)

    await stage.do(pass_over)
    await opens(stage)
    assert FEMI not in await seats(stage)


async def typed(stage: Stage, name: str) -> None:
    """The report names somebody by hand."""

    def need(work: Work) -> None:
        work.session.add(
            SupportNeed(id=work.new_id(), case_id=case_in(work).id, name=name, wish="quality", at=work.now)
        )

    await stage.do(need)


async def listed(stage: Stage, name: str, *roles: str, manager: str, email: str = "") -> str:
    """Somebody who has come on the people list."""

    def add(work: Work) -> str:
        theirs = work.session.exec(select(Person.id).where(Person.name == manager)).one()
        someone = Person(id=work.new_id(), name=name, roles=["staff", *roles], line_manager_id=theirs)
        someone.email = email or address_of(name)
        where = {"platform": "web", "team": "demo", "user": someone.email}
        work.session.add_all([someone, Identity(**where, person_id=someone.id, address={"user": someone.email})])
        return someone.id

    return str(await stage.do(add))


async def test_whoever_was_named_by_hand_is_kept_out_once_they_are_listed(stage: Stage) -> None:
    dana = "Dana Whitlock"
    await read_case(stage)
    await typed(stage, "dana  WHITLOCK (agency)")
    await listed(stage, dana, "expert", "panel", "quality", manager=FEMI)
    await listed(stage, "Dan Whitlock", "expert", manager=MARGUERITE)
    assert filled_in(await press(stage, LEAH, "panel.open"))["experts"] == ["Dan Whitlock", PRIYA]
    for name in (dana, FEMI):
        assert f"{name} cannot sit on this one." in words(await opens(stage, experts=[name]))
    await opens(stage)
    assert await seats(stage) == {LEAH: "quality", SANDEEP: "quality", BRONWEN: "service", PRIYA: "expert"} | {
        "Dan Whitlock": "expert"
    }
    for name in (dana, FEMI):
        assert "You do not have a vote" in words(await press(stage, name, "panel.vote"))
        assert "I cannot show you a panel" in words(await press(stage, name, "panel.show"))
    assert "You do not have a vote" not in words(await press(stage, "Dan Whitlock", "panel.vote"))


async def test_a_member_who_turns_out_to_be_named_by_hand_has_no_vote_any_more(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    given = {"choice": "mdt", "rationale": "Three alike this year."}
    await press(stage, PRIYA, "panel.vote", given)
    assert await stage.do(lambda work: len(panels.votes(work, panel_of(work, case_in(work))))) == 1
    await typed(stage, f"{PRIYA} (bank)")
    assert await stage.do(lambda work: panels.votes(work, panel_of(work, case_in(work)))) == {}
    assert "You do not have a vote" in words(await press(stage, PRIYA, "panel.vote", given))


async def test_two_of_one_name_are_told_apart_and_a_form_that_was_filled_in_is_taken_as_it_is(stage: Stage) -> None:
    await read_case(stage)
    second = await listed(stage, FEMI, "expert", manager=MARGUERITE, email="femi2@fenmarsh.example")
    given = filled_in(await press(stage, LEAH, "panel.open"))
    assert sorted(given["experts"]) == [FEMI, f"{FEMI} (2)", PRIYA]
    await press(stage, LEAH, "panel.open", given)
    assert len(await stage.do(lambda work: work.session.exec(select(PanelMember)).all())) == 6
    assert f"Not yet: {FEMI}, {FEMI} (2), {PRIYA}" in words(stage.channel("panel")[-1])
    await press(stage, FEMI, "panel.vote", {"choice": "mdt", "rationale": "Three alike this year."})
    assert f"Voted: {FEMI}. Not yet: {FEMI} (2), {PRIYA}" in words(stage.channel("panel")[-1])
    form = await press(stage, LEAH, "panel.papers")
    for experts, stays in ((f"{PRIYA}, {FEMI} (2)", True), (f"{PRIYA}, {FEMI}", False)):
        await press(stage, LEAH, "panel.papers", filled_in(form) | {"experts": experts})
        sitting = await stage.do(lambda work: [m.person_id for m in work.session.exec(select(PanelMember))])
        assert (second in sitting) is stays


@pytest.mark.parametrize("question", ["representatives", "experts", "chair"])
async def test_somebody_who_must_not_sit_is_refused_in_the_same_words(stage: Stage, question: str) -> None:
    await read_case(stage)
    await involve(stage, TOMASZ)
    said = []
    for name in (TOMASZ, CARYS):  # involved, and his line manager
        form = await opens(stage, **{question: name})
        said.append(words(form).replace(name, "…"))
        assert f"{name} cannot sit on this one. Please choose somebody else." in words(form)
    assert said[0] == said[1]
    assert await state(stage) == "read"


@pytest.mark.parametrize(
    ("answers", "seat"),
    [
        ({"experts": [OWEN]}, (OWEN, "expert")),
        ({"representatives": [CARYS]}, (CARYS, "service")),
        ({"representatives": [LEAH]}, (LEAH, "service")),
        ({"experts": [], "representatives": []}, (PRIYA, "expert")),
        ({"experts": [], "representatives": []}, (BRONWEN, "service")),
    ],
)
async def test_the_seat_that_somebody_gets(stage: Stage, answers: dict[str, Any], seat: tuple[str, str]) -> None:
    await read_case(stage)
    await opens(stage, **answers)
    assert (await seats(stage))[seat[0]] == seat[1]


@pytest.mark.parametrize(
    ("roles", "service", "seat"),
    [
        (["quality"], None, "quality"),
        (["quality", "service_lead"], "Community Nursing", "quality"),
        (["panel"], "Community Nursing", "service"),
        (["panel"], "Podiatry", "member"),
        (["panel", "expert"], "Podiatry", "expert"),
        (["chair"], None, "member"),
        (["service_lead"], "Podiatry", None),
        (["expert"], "Podiatry", None),
        (["staff"], "Community Nursing", None),
    ],
)
async def test_the_seat_that_comes_with_what_somebody_is(
    stage: Stage, roles: list[str], service: str | None, seat: str | None
) -> None:
    await read_case(stage)
    await change(stage, OWEN, roles=roles, service=service)

    def by_right(work: Work) -> str | None:
        who = work.session.exec(select(Person.id).where(Person.name == OWEN)).one()
        return panel_members.standing(work, case_in(work)).get(who)

    assert await stage.do(by_right) == seat


async def test_whoever_stands_in_today_sits_instead(stage: Stage) -> None:
    await read_case(stage)

    def away(work: Work) -> None:
        ids = dict(work.session.exec(select(Person.name, Person.id)).all())
        today = date(2026, 11, 20)
        work.session.add(StandIn(person_id=ids[LEAH], deputy_id=ids[NIAMH], starts=today, ends=today, by_id="x"))

    await stage.do(away)
    await opens(stage, by=SANDEEP)
    assert await seats(stage) == {name: seat for name, seat in USUAL.items() if name != LEAH} | {NIAMH: "quality"}


async def test_nobody_is_named_twice(stage: Stage) -> None:
    await read_case(stage)
    assert "named twice" in words(await opens(stage, representatives=[OWEN], experts=[OWEN]))
    assert await state(stage) == "read"


async def test_somebody_who_is_not_on_the_list_gets_no_seat(stage: Stage) -> None:
    await read_case(stage)
    form = await opens(stage, experts="Zebedee Quill (agency)")
    assert "Zebedee Quill (agency) is not on the people list" in words(form)
    assert await state(stage) == "read"


async def test_a_quality_colleague_who_was_involved_cannot_open_it(stage: Stage) -> None:
    await read_case(stage)
    await involve(stage, LEAH)
    card = await press(stage, LEAH, "panel.open")
    assert "Somebody else has to open this one" in words(card)
    assert list(card.inputs()) == []


# The chair


async def test_a_chair_has_the_role(stage: Stage) -> None:
    await read_case(stage)
    assert f"{LEAH} does not chair panels" in words(await opens(stage, chair=LEAH))
    assert await state(stage) == "read"


async def test_an_untrained_chair_needs_a_reason_that_stays(stage: Stage) -> None:
    await read_case(stage)
    await change(stage, LEAH, roles=["quality", "chair"])
    form = await opens(stage, chair=LEAH)
    assert "training in oversight (0 so far)" in words(form)
    assert await state(stage) == "read"
    await opens(stage, **{"chair": LEAH, "chair-override": "The trained chair is on leave until January."})
    assert (await the_panel(stage)).chair_override == "The trained chair is on leave until January."


async def test_a_reason_that_was_not_needed_is_not_kept(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage, **{"chair-override": "Not needed."})
    assert (await the_panel(stage)).chair_override is None


async def test_the_trained_chair_is_suggested(stage: Stage) -> None:
    await read_case(stage)
    await change(stage, AMINA, roles=["chair"])  # before Sandeep in the alphabet, and not trained
    assert filled_in(await press(stage, LEAH, "panel.open"))["chair"] == [SANDEEP]


# Papers


async def test_what_is_known_of_the_papers_is_filled_in(stage: Stage) -> None:
    await read_case(stage)

    def known(work: Work) -> None:
        case = case_in(work)
        case.datix_number = "W12345"
        work.session.add(case)
        work.session.add(_action(work, "SA-2026-0001", "Community Nursing", "One chart for insulin"))
        work.session.add(_action(work, "SA-2026-0002", "Podiatry", "Another service's"))
        hidden = Case(id="hidden", reference="PSI-2026-0900", restricted=True, opened_at=work.now, **NEAR_MISS)
        work.session.add(hidden)
        work.session.add(_action(work, "SA-2026-0003", "Community Nursing", "Of a restricted case", case_id="hidden"))

    await stage.do(known)
    given = filled_in(await press(stage, LEAH, "panel.open"))
    assert (given["datix"], given["improvement"]) == ("Datix W12345", "SA-2026-0001: One chart for insulin")


def _action(work: Work, reference: str, service: str, what: str, case_id: str | None = None) -> SafetyAction:
    return SafetyAction(
        id=reference, reference=reference, case_id=case_id, service=service, what=what, measure="A count",
        inequality="Nothing found", owner_id="x", due_on=date(2027, 1, 4), by_id="x", at=work.now,
    )  # fmt: skip


async def test_what_is_missing_of_the_three_documents(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage, datix=None, chronology="https://files.example/chronology", accounts="  ")
    assert panel_opening.missing_papers(await the_panel(stage)) == ["Datix report", "First-hand accounts"]
    await prepares(stage, datix="Datix W1", accounts="Not there: nobody saw it happen.", **{"plan-says": "A review."})
    panel = await the_panel(stage)
    assert panel_opening.missing_papers(panel) == []
    assert panel.documents["chronology"] == "https://files.example/chronology", "what was given before stays"
    assert panel.plan_says == "A review."


async def test_papers_never_hold_an_identifier(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    form = await prepares(stage, chronology="The chart of 943 476 5919")
    assert "looks like" in words(form)
    assert (await the_panel(stage)).documents == {}


# Changing it while voting is open


async def test_new_members_are_asked_for_a_vote_and_those_who_go_no_longer(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage, experts=[OWEN])
    await prepares(stage, experts=[NIAMH])
    assert (await seats(stage)) == USUAL | {NIAMH: "expert"}, "panel members keep their seat without being named"
    due = await votes_due(stage)
    assert (due[OWEN], due[NIAMH]) == (("2026-11-27", "dropped"), ("2026-11-27", "open"))


async def test_a_member_who_has_voted_stays(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage, experts=[OWEN])

    def votes(work: Work) -> None:
        who = work.session.exec(select(Person.id).where(Person.name == OWEN)).one()
        member = work.session.exec(select(PanelMember).where(PanelMember.person_id == who)).one()
        given = {"panel_id": member.panel_id, "member_id": member.id, "number": 1, "by_id": who, "at": work.now}
        work.session.add(Vote(choice="psii", rationale="Two charts.", **given))

    await stage.do(votes)
    form = await prepares(stage, experts=[NIAMH], closes="2026-12-02")
    assert f"{OWEN} has voted, so they stay on this panel." in words(form)
    assert (await seats(stage)) == USUAL | {OWEN: "expert"}, "and nothing else has changed"
    assert f"{(await the_panel(stage)).closes_at:%d}" == "27"


async def test_whoever_stood_back_stays_so(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)

    def stands_back(work: Work) -> None:
        who = work.session.exec(select(Person.id).where(Person.name == FEMI)).one()
        member = work.session.exec(select(PanelMember).where(PanelMember.person_id == who)).one()
        member.recused_at = work.now
        work.session.add(member)

    await stage.do(stands_back)
    await prepares(stage, chronology="https://files.example/1")

    def sitting(work: Work) -> list[str]:
        panel = panel_of(work, case_in(work))
        assert panel is not None
        return sorted(people.name_of(work, m.person_id) for m in panels.members(work, panel))

    assert await stage.do(sitting) == sorted(set(USUAL) - {FEMI})
    form = await prepares(stage, experts=[FEMI])
    assert f"{FEMI} cannot sit on this one. Please choose somebody else." in words(form)


async def test_a_later_closing_day_moves_the_clocks(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await prepares(stage, closes="2026-12-02")
    assert f"{(await the_panel(stage)).closes_at:%m-%d %H:%M}" == "12-02 17:00"
    assert set((await votes_due(stage)).values()) == {("2026-12-02", "open")}
    assert (await clocks(stage))["panel.decided"] == ("2026-12-04", "open")


async def test_another_chair_owes_the_decision_and_is_told(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await change(stage, MARGUERITE, roles=["chief_nurse", "chair"])
    await prepares(stage, **{"chair": MARGUERITE, "chair-override": "The chair is away."})
    owner = await stage.do(
        lambda work: work.session.exec(select(Deadline.owner_id).where(Deadline.rule == "panel.decided")).one()
    )
    assert await stage.do(lambda work: people.name_of(work, owner)) == MARGUERITE
    assert "You are asked to chair a panel" in [card.title for card in stage.private(MARGUERITE)]


async def test_once_voting_has_closed_only_the_papers_and_the_chair_change(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)

    def close(work: Work) -> None:
        panel = panel_of(work, case_in(work))
        assert panel is not None
        panel.closed_at = work.now
        work.session.add(panel)

    await stage.do(close)
    form = await press(stage, LEAH, "panel.papers")
    asked = [part.id for part in form.inputs()]
    assert asked == ["datix", "chronology", "accounts", "plan-says", "improvement", "chair", "chair-override"]
    await press(stage, LEAH, "panel.papers", filled_in(form) | {"chronology": "https://files.example/late"})
    assert (await the_panel(stage)).documents["chronology"] == "https://files.example/late"
    assert await seats(stage) == USUAL


async def test_what_was_done_is_in_the_audit(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await prepares(stage)
    done = await stage.do(lambda work: work.session.exec(select(AuditEntry.what).order_by(AuditEntry.id)).all())
    assert [what for what in done if what in {"panel opened", "panel changed"}] == ["panel opened", "panel changed"]


# The weekly agenda


NEAR_MISS = {
    "state": "read",
    "event_type": "near-miss",
    "service": "Community Nursing",
    "occurred": "2026-11-19",
}


async def read_cases(stage: Stage, count: int, **facts: Any) -> None:
    def make(work: Work) -> None:
        for number in range(1, count + 1):
            case = Case(
                id=f"case{number}", reference=f"PSI-2026-{number:04d}", opened_at=work.now, **(NEAR_MISS | facts)
            )
            work.session.add(case)

    await stage.do(make)


async def agenda(stage: Stage, given: Mapping[str, Any] | None = None, by: str = LEAH) -> Card:
    action = await stage.do(lambda work: action_id(work, "panel.agenda"))
    card = shown(await stage.turn(by, Pressed(action, dict(given or {}))))
    fits(card)
    await stage.settled()
    return card


async def test_ten_cases_are_one_post_with_ten_threads(stage: Stage) -> None:
    await read_cases(stage, 12)
    form = await agenda(stage)
    given = filled_in(form)
    assert given["cases"] == [f"PSI-2026-{n:04d}" for n in range(1, 11)], "the oldest ten are ticked"
    await agenda(stage, given)
    made = await stage.do(lambda work: work.session.exec(select(Agenda)).one())
    opened = await stage.do(lambda work: work.session.exec(select(Panel)).all())
    assert {(p.route, p.agenda_id, f"{p.closes_at:%d %H:%M}") for p in opened} == {("weekly", made.id, "27 17:00")}
    posted = select(Outbox.subject).where(Outbox.lane == "web:panel").order_by(Outbox.id)
    posts = await stage.do(lambda work: work.session.exec(posted).all())
    assert posts[0] == f"agenda:{made.id}"
    assert sorted(posts[1:]) == sorted(panels.subject(panel) for panel in opened)
    assert len(posts) == 11
    card = stage.channel("panel")[0]
    assert card.title == "The weekly panel: Friday 27 November 2026"
    assert words(card).count("Voting is open until Friday 27 November 2026, 17:00") == 10
    assert "blame hides what happened" in words(card)
    assert not any(name in words(card) for name in (SANDEEP, LEAH, BRONWEN, AMINA))
    waiting = await stage.do(lambda work: work.session.exec(select(Case.reference).filter_by(state="read")).all())
    assert sorted(waiting) == ["PSI-2026-0011", "PSI-2026-0012"]


async def test_the_chair_of_an_agenda_is_told_once(stage: Stage) -> None:
    await read_cases(stage, 3)
    await agenda(stage, filled_in(await agenda(stage)))
    [told] = [card for card in stage.private(SANDEEP) if "chair" in card.title]
    assert "PSI-2026-0001, PSI-2026-0002, PSI-2026-0003" in words(told)


async def test_more_than_ten_are_too_many(stage: Stage) -> None:
    await read_cases(stage, 12)
    given = filled_in(await agenda(stage)) | {"cases": [f"PSI-2026-{n:04d}" for n in range(1, 13)]}
    assert "You chose 12. Please choose up to 10" in words(await agenda(stage, given))
    assert await stage.do(lambda work: work.session.exec(select(Panel)).all()) == []


async def test_it_says_when_there_are_more_cases_than_it_lists(stage: Stage) -> None:
    await read_cases(stage, 31)
    form = await agenda(stage)
    assert "There are more: these are the oldest 30." in words(form)
    assert "PSI-2026-0030" in words(form)
    assert "PSI-2026-0031" not in words(form)


async def test_an_agenda_that_is_sent_twice_is_made_once(stage: Stage) -> None:
    await read_cases(stage, 3)
    given = filled_in(await agenda(stage))
    first, second = await agenda(stage, given), await agenda(stage, given)
    assert first == second
    assert len(await stage.do(lambda work: work.session.exec(select(Panel)).all())) == 3
    assert len(await stage.do(lambda work: work.session.exec(select(Agenda)).all())) == 1


@pytest.mark.parametrize("kept", ["restricted", "quality_only"])
async def test_a_case_that_is_kept_close_shows_its_reference_only(stage: Stage, kept: str) -> None:
    await read_cases(stage, 1, **{kept: True})
    await agenda(stage, filled_in(await agenda(stage)))
    card = stage.channel("panel")[0]
    assert "PSI-2026-0001" in words(card)
    assert "near miss" not in words(card)
    assert "Community Nursing" not in words(card)


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        ({"closed_at": True}, "Voting has closed. Next the chair writes down what the group decided"),
        ({"state": panels.DECIDED}, "Decided. The minute waits to be approved"),
        ({"state": panels.DEPARTING}, "Decided. The minute waits to be approved"),
        ({"state": panels.APPROVED}, "Decided, and the minute is approved"),
        ({"state": panels.STOPPED}, "Taken off"),
    ],
)
async def test_the_agenda_follows_its_cases(stage: Stage, facts: dict[str, Any], standing: str) -> None:
    await read_cases(stage, 1)
    await agenda(stage, filled_in(await agenda(stage)))

    def goes_on(work: Work) -> None:
        panel = work.session.exec(select(Panel)).one()
        for key, value in facts.items():
            setattr(panel, key, work.now if key == "closed_at" else value)
        panels.refresh(work, panel)

    await stage.do(goes_on)
    await stage.settled()
    assert standing in words(stage.channel("panel")[0])


async def test_an_agenda_without_a_channel_says_whom_to_ask(stage: Stage) -> None:
    await no_channel(stage)
    await read_cases(stage, 1)
    assert "use this channel for panel" in words(await agenda(stage, filled_in(await agenda(stage))))
    assert len(await stage.do(lambda work: work.session.exec(select(Panel)).all())) == 1


async def test_a_chair_who_must_not_sit_on_one_of_them(stage: Stage) -> None:
    await read_cases(stage, 2)
    await involve(stage, SANDEEP)
    await change(stage, LEAH, roles=["quality", "chair"])
    given = filled_in(await agenda(stage)) | {"chair": SANDEEP}
    form = await agenda(stage, given)
    assert f"{SANDEEP} cannot sit on this one. Please choose somebody else." in words(form)
    assert "leave PSI-2026-0001 out here" in words(form)
    assert await stage.do(lambda work: work.session.exec(select(Panel)).all()) == []


async def test_whoever_was_involved_does_not_see_that_case_on_the_form(stage: Stage) -> None:
    await read_cases(stage, 2)
    await involve(stage, LEAH)
    form = words(await agenda(stage))
    assert "PSI-2026-0001" not in form
    assert "PSI-2026-0002" in form


async def test_with_no_case_waiting_it_says_calmly_when_the_panel_meets(stage: Stage) -> None:
    for card in (await agenda(stage), await stage.says(LEAH, "agenda")):
        assert card.title == "Nothing for the panel now"
        assert "No agenda is made for a coming day yet. Once a case has been read, type agenda again." in words(card)
        assert not list(card.inputs())
    await read_cases(stage, 2)
    given = filled_in(await agenda(stage))
    await agenda(stage, given | {"cases": ["PSI-2026-0001"], "meets": "2026-12-04"})
    await agenda(stage, given | {"cases": ["PSI-2026-0002"]})
    card = await stage.says(LEAH, "agenda")
    assert "The next weekly panel meets on Friday 27 November 2026." in words(card)
    stage.later(days=8)
    assert "meets on Friday 4 December 2026." in words(await stage.says(LEAH, "agenda"))
    await stage.do(lambda work: [setattr(p, "state", panels.STOPPED) for p in work.session.exec(select(Panel))])
    assert "No agenda is made for a coming day yet." in words(await stage.says(LEAH, "agenda"))


async def test_a_case_that_somebody_was_involved_in_is_not_told_to_them_by_the_agenda(stage: Stage) -> None:
    nothing = await agenda(stage)
    await read_cases(stage, 1)
    await involve(stage, LEAH)
    assert await agenda(stage) == nothing


async def test_a_form_whose_last_case_somebody_else_has_just_put_there_says_so(stage: Stage) -> None:
    await read_cases(stage, 1)
    given = filled_in(await agenda(stage))
    await stage.do(lambda work: setattr(work.session.exec(select(Case)).one(), "state", "in panel"))
    action = await stage.do(lambda work: action_id(work, "panel.agenda"))
    reply = await stage.turn(LEAH, Pressed(action, given))
    assert reply.card is None
    assert "Somebody has just opened the panel for those that did." in reply.notice


async def test_only_the_quality_team_makes_an_agenda(stage: Stage) -> None:
    await read_cases(stage, 1)
    action = await stage.do(lambda work: action_id(work, "panel.agenda"))
    for name in (AMINA, BRONWEN):
        assert list(shown(await stage.turn(name, Pressed(action, {}))).inputs()) == []
