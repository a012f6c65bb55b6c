"""Who somebody is, whom they act for, and whom a typed name means: by the platform's own ids, never by name alone."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import col, func, select

from psirf_bot.casework import identities, naming, people
from psirf_bot.casework.inbound import Actor, Inbound, Place, Platform, Pressed, Reply, Said
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.typed import Invalid
from psirf_bot.domain.people import PersonRow, Role
from psirf_bot.store.tables import Case, Dialog, Identity, Person, StandIn, SupportNeed, WorkingHours
from stage import Stage, action, words

AMINA, BRONWEN, LEAH, SANDEEP, CARYS = (
    "Amina Yusuf",
    "Bronwen Hale",
    "Leah Rosenfeld",
    "Sandeep Bhullar",
    "Carys Penhallow",
)
TEAMS = {"slack": "T0FEN", "teams": "tenant"}
PAGES: list[dict[str, Any]] = [
    {
        "danger": "no",
        "event-type": "near-miss",
        "what-happened": "The wrong syringe driver was set up.",
        "when": {"date": "2026-11-20", "time": "09:30"},
        "service": "Community Nursing",
        "place": None,
    },
    {"could-have-led": "yes"},
]


def row(name: str, *, email: str = "", slack: str = "", teams: str = "", **more: Any) -> PersonRow:
    facts: dict[str, Any] = {"roles": frozenset({Role.STAFF}), "service": None, "line_manager": None, **more}
    return PersonRow(
        name=name, email=email or _email(name), teams_id=teams or None, slack_id=slack or None, **facts
    )  # fmt: skip


def _email(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@fenmarsh.example"


@pytest.fixture
async def empty(stage: Stage) -> Stage:
    """A trust whose list is still to be taken on."""

    def clear(work: Work) -> None:
        for table in (Identity, Person):
            for one in work.session.exec(select(table)).all():
                work.session.delete(one)

    await stage.do(clear)
    return stage


async def take(stage: Stage, *rows: PersonRow, teams: dict[str, str] | None = None) -> tuple[int, int, int]:
    counts: tuple[int, int, int] = await stage.do(lambda work: take_on(work, rows, TEAMS if teams is None else teams))
    return counts


async def who(stage: Stage, email: str) -> Person:
    found: Person = await stage.do(lambda work: work.session.exec(select(Person).where(Person.email == email)).one())
    return found


async def slack(stage: Stage, user: str, what: Said | Pressed, *, name: str = "Somebody", team: str = "T0FEN") -> Reply:
    place = Place(user, True, True, None, {"user": user})
    key = f"{user}{await stage.do(lambda work: work.new_id())}"
    return await stage.desk.handle(Inbound(Actor("slack", team, user, name), place, key, what))


async def identified(stage: Stage, user: str, *, platform: Platform = "slack", team: str = "T0FEN") -> str:
    """The id of the person behind a platform's user."""
    place = Place(user, True, True, None, {"user": user})
    found: str = await stage.do(
        lambda work: identities.identify(work, Actor(platform, team, user, "Somebody"), place).id
    )
    return found


async def reports(stage: Stage, user: str, more: dict[str, Any] | None = None) -> str:
    """Somebody on Slack reports a near miss; returns its reference."""
    reply = await slack(stage, user, Said("report"))
    for page in PAGES:
        assert reply.card
        reply = await slack(stage, user, Pressed(action(reply.card, "Next"), {**page, **(more or {})}))
    assert reply.card
    await slack(stage, user, Pressed(action(reply.card, "Send the report")))
    reference: str = await stage.do(
        lambda work: work.session.exec(select(Case.reference).order_by(col(Case.reference).desc())).first()
    )
    return reference


async def sees(stage: Stage, user: str, reference: str) -> bool:
    reply = await slack(stage, user, Said("my reports"))
    assert reply.card
    return reference in words(reply.card)


async def leaves(stage: Stage, name: str) -> None:
    def work(work: Work) -> None:
        work.session.exec(select(Person).where(Person.name == name)).one().active = False

    await stage.do(work)


# The people list


async def test_it_counts_who_was_added_changed_and_has_left(empty: Stage) -> None:
    anna, ben, cara = row("Anna Field"), row("Ben Marsh"), row("Cara Fen")
    assert await take(empty, anna, ben, cara) == (3, 0, 0)
    assert await take(empty, anna, ben, cara) == (0, 0, 0)
    promoted = row("Ben Marsh", roles=frozenset({Role.STAFF, Role.QUALITY}))
    assert await take(empty, anna, promoted) == (0, 1, 1)
    assert await take(empty, anna, promoted) == (0, 0, 0)
    assert await take(empty, anna, promoted, cara) == (0, 1, 0), "back again"
    assert await take(empty) == (0, 0, 3)


async def test_who_is_not_on_the_list_goes_by_the_name_of_their_platform_and_whoever_is_by_the_lists(
    empty: Stage,
) -> None:
    await take(empty, row("Anna Field", slack="U1"))

    async def names() -> set[str]:
        return set(await empty.do(lambda work: work.session.exec(select(Person.name)).all()))

    for name in ("Bryony Marsh", "Bryony Marsh-Fen", "Bryony Marsh-Fen\0"):
        for user in ("U1", "U2"):
            await slack(empty, user, Said("help"), name=name)
        assert await names() == {"Anna Field", name.removesuffix("\0")}


async def test_another_line_manager_is_a_change_and_one_who_is_gone_is_taken_off(empty: Stage) -> None:
    anna, ben = row("Anna Field", line_manager=_email("Ben Marsh")), row("Ben Marsh")
    await take(empty, anna, ben)
    assert (await who(empty, anna.email)).line_manager_id == (await who(empty, ben.email)).id
    assert await take(empty, row("Anna Field"), ben) == (0, 1, 0)
    await take(empty, anna, ben)
    assert await take(empty, anna) == (0, 1, 1)
    assert (await who(empty, anna.email)).line_manager_id is None


async def test_a_new_address_does_not_make_a_new_person(empty: Stage) -> None:
    await take(empty, row("Anna Field", slack="U1"), row("Ben Marsh", slack="U2"))
    before = await identified(empty, "U1")
    reference = await reports(empty, "U1")
    married = row("Anna Marsh", email="anna.marsh@fenmarsh.example", slack="U1")
    assert await take(empty, married, row("Ben Marsh", slack="U2")) == (0, 1, 0)
    assert await identified(empty, "U1") == before
    assert await sees(empty, "U1", reference)


async def test_addresses_that_are_exchanged_stay_with_their_people(empty: Stage) -> None:
    await take(empty, row("Anna Field", email="a@x.example", slack="U1"), row("Ben", email="b@x.example", slack="U2"))
    anna, ben = await identified(empty, "U1"), await identified(empty, "U2")
    swapped = (row("Anna Field", email="b@x.example", slack="U1"), row("Ben", email="a@x.example", slack="U2"))
    assert await take(empty, *swapped) == (0, 2, 0)
    assert [await identified(empty, "U1"), await identified(empty, "U2")] == [anna, ben]
    assert (await who(empty, "b@x.example")).id == anna


async def test_an_address_given_to_a_new_colleague_does_not_give_them_the_old_ones_reports(empty: Stage) -> None:
    await take(empty, row("John Marsh", slack="U1", roles=frozenset({Role.STAFF, Role.QUALITY})))
    reference = await reports(empty, "U1")
    assert await take(empty) == (0, 0, 1)
    assert await take(empty, row("Joan Marsh", email=_email("John Marsh"), slack="U2")) == (1, 0, 0)
    assert not await sees(empty, "U2", reference)
    assert await sees(empty, "U1", reference)
    assert await identified(empty, "U1") != await identified(empty, "U2")


async def test_a_mistyped_id_can_be_put_right_and_its_owner_loses_what_it_gave(empty: Stage) -> None:
    quality = frozenset({Role.STAFF, Role.QUALITY})
    await take(empty, row("Anna Field", slack="U9", roles=quality))
    anna = (await who(empty, _email("Anna Field"))).id
    assert await take(empty, row("Anna Field", slack="U1", roles=quality)) == (0, 1, 0), "it is what her role goes with"
    assert await identified(empty, "U1") == anna
    assert await identified(empty, "U9") != anna


async def test_ids_taken_on_before_the_team_is_known_are_claimed_when_they_show(empty: Stage) -> None:
    await take(empty, row("Anna Field", slack="U1", teams="object"), teams={"slack": "", "teams": ""})
    anna = (await who(empty, _email("Anna Field"))).id
    assert await identified(empty, "U1") == anna
    assert await identified(empty, "object", platform="teams", team="tenant") == anna
    found = await empty.do(lambda work: work.session.exec(select(Identity)).all())
    assert {(i.platform, i.team, i.user) for i in found} == {
        ("slack", "T0FEN", "U1"),
        ("teams", "tenant", "object"),
    }


@pytest.mark.parametrize("teams", [TEAMS, {"slack": "", "teams": ""}], ids=["team known", "team not known"])
async def test_taking_the_list_on_again_keeps_claimed_ids(empty: Stage, teams: dict[str, str]) -> None:
    await take(empty, row("Anna Field", slack="U1"), teams={"slack": "", "teams": ""})
    anna = await identified(empty, "U1")
    assert await take(empty, row("Anna New", email="new@fenmarsh.example", slack="U1"), teams=teams) == (0, 1, 0)
    assert await identified(empty, "U1") == anna
    number = await empty.do(lambda work: work.session.exec(select(func.count()).select_from(Identity)).one())
    assert number == 1


async def test_ids_taken_on_under_a_mistaken_team_go_once_it_is_put_right(empty: Stage) -> None:
    """Whatever was written to them went to the other tenant, as they were as good as the right ones."""
    await take(empty, row("Anna Field", slack="U1", teams="object"), teams={"slack": "T1", "teams": "wrong"})
    await take(empty, row("Anna Field", slack="U1", teams="object"), teams={"slack": "T0FEN", "teams": "tenant"})
    found = await empty.do(lambda work: work.session.exec(select(Identity)).all())
    assert {(i.platform, i.team) for i in found} == {("slack", "T0FEN"), ("teams", "tenant")}


async def test_an_id_of_another_team_is_nobody_we_know(empty: Stage) -> None:
    await take(empty, row("Anna Field", slack="U1"))
    stranger = await identified(empty, "U1", team="T0ELSEWHERE")
    assert stranger != (await who(empty, _email("Anna Field"))).id


async def test_who_reported_before_being_listed_keeps_their_reports(empty: Stage) -> None:
    reference = await reports(empty, "U1", {"my-manager": "Bronwen"})
    before = await identified(empty, "U1")
    assert await take(empty, row("Anna Field", slack="U1")) == (1, 0, 0)
    assert await identified(empty, "U1") == before
    assert await sees(empty, "U1", reference)
    assert (await who(empty, _email("Anna Field"))).on_list


async def test_who_was_listed_without_an_id_and_reported_keeps_their_reports_when_it_is_filled_in(empty: Stage) -> None:
    await take(empty, row("Anna Field"), row("Ben Marsh", line_manager=_email("Anna Field")))
    listed = (await who(empty, _email("Anna Field"))).id
    sent = await reports(empty, "U1", {"my-manager": "Ben Marsh"})
    half = await slack(empty, "U1", Said("report"))
    assert half.card
    newcomer = await identified(empty, "U1")
    assert newcomer != listed, "an address or a name alone is never enough"
    nights = WorkingHours(person_id=newcomer, days=[0, 1], begin="20:00", end="07:30")
    await empty.do(lambda work: work.session.add(nights))
    await take(empty, row("Anna Field", slack="U1"), row("Ben Marsh", line_manager=_email("Anna Field")))
    assert await identified(empty, "U1") == listed
    assert await sees(empty, "U1", sent)
    page = await slack(empty, "U1", Pressed(action(half.card, "Next"), PAGES[0]))
    assert page.card
    assert "could-have-led" in [i.id for i in page.card.inputs()], "the form that was open goes on"
    assert await empty.do(lambda work: naming.resolve(work, ["Anna Field"])) == [listed]
    assert (await who(empty, _email("Ben Marsh"))).line_manager_id == listed
    left_behind = await empty.do(lambda work: _rows_of(work, newcomer))
    assert left_behind == 0
    assert await empty.do(lambda work: work.session.get_one(WorkingHours, listed).begin) == "20:00"


def _rows_of(work: Work, person_id: str) -> int:
    columns = (Case.reporter_id, Dialog.person_id, Identity.person_id, SupportNeed.person_id)
    return sum(len(work.session.exec(select(column).where(column == person_id)).all()) for column in columns)


async def test_a_leaver_may_report_as_any_member_may_but_holds_no_role(stage: Stage) -> None:
    assert "Nothing was found" in words(await stage.says(LEAH, "find podiatry"))
    await leaves(stage, LEAH)
    assert "for the quality team" in words(await stage.says(LEAH, "find podiatry"))
    assert "Is anyone in danger now?" in words(await stage.says(LEAH, "report"))
    holders = await stage.do(lambda work: [p.name for p in people.holders(work, Role.QUALITY)])
    assert holders == [SANDEEP]


async def test_where_somebody_was_last_seen_in_private_is_where_they_are_written_to(empty: Stage) -> None:
    await take(empty, row("Anna Field", slack="U1", teams="object"))

    def seen(work: Work, platform: Platform, user: str, place: Place) -> None:
        identities.identify(work, Actor(platform, TEAMS[platform], user, "Anna"), place)

    private = Place("D1", private=True, address={"channel": "D1"})
    await empty.do(lambda work: seen(work, "slack", "U1", private))
    empty.later(minutes=5)
    channel = Place("ward", private=False, address={"conversation": "ward"})
    await empty.do(lambda work: seen(work, "teams", "object", channel))
    found = await empty.do(lambda work: work.session.exec(select(Identity)).all())
    addresses = {i.platform: i.address for i in found}
    assert addresses["slack"] == {"channel": "D1"}
    assert addresses["teams"] == {"user": "object", "tenant": "tenant"}, "never a channel"


# Standing in for somebody


async def stand_in(
    stage: Stage,
    whose: str,
    deputy: str,
    *,
    role: Role | None = None,
    starts: str = "2026-11-20",
    ends: str = "2026-11-22",
) -> None:
    def work(work: Work) -> None:
        ids = {p.name: p.id for p in work.session.exec(select(Person)).all()}
        days = date.fromisoformat(starts), date.fromisoformat(ends)
        work.session.add(StandIn(person_id=ids[whose], deputy_id=ids[deputy], role=role, starts=days[0], ends=days[1]))

    await stage.do(work)


async def acting(stage: Stage, name: str, role: Role | None = None) -> str:
    def work(work: Work) -> str:
        someone = work.session.exec(select(Person).where(Person.name == name)).one()
        return people.acting_for(work, someone, role).name

    found: str = await stage.do(work)
    return found


async def roles(stage: Stage, name: str) -> set[Role]:
    def work(work: Work) -> set[Role]:
        return set(people.member(work, work.session.exec(select(Person).where(Person.name == name)).one()).roles)

    found: set[Role] = await stage.do(work)
    return found


@pytest.mark.parametrize(
    ("at", "deputises"),
    [
        (datetime(2026, 7, 9, 22, 59, tzinfo=UTC), False),  # 23:59 on the day before, in summer
        (datetime(2026, 7, 9, 23, 0, tzinfo=UTC), True),  # the first day begins
        (datetime(2026, 7, 11, 12, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 12, 22, 59, tzinfo=UTC), True),  # the last day ends
        (datetime(2026, 7, 12, 23, 0, tzinfo=UTC), False),
    ],
)
async def test_both_days_are_included_by_the_clock_on_the_wall(stage: Stage, at: datetime, deputises: bool) -> None:
    await stand_in(stage, LEAH, AMINA, starts="2026-07-10", ends="2026-07-12")
    stage.now = at
    assert await acting(stage, LEAH, Role.QUALITY) == (AMINA if deputises else LEAH)
    assert (Role.QUALITY in await roles(stage, AMINA)) is deputises
    assert Role.QUALITY in await roles(stage, LEAH), "whoever is away has not lost their role"


async def test_a_stand_in_for_one_role_is_none_for_the_others(stage: Stage) -> None:
    await stand_in(stage, LEAH, AMINA, role=Role.PANEL)
    assert await acting(stage, LEAH, Role.PANEL) == AMINA
    assert await acting(stage, LEAH, Role.QUALITY) == LEAH
    assert await acting(stage, LEAH) == LEAH
    assert await roles(stage, AMINA) == {Role.STAFF, Role.PANEL}


async def test_whoever_it_falls_to_in_the_end_may_do_it(stage: Stage) -> None:
    await stand_in(stage, LEAH, AMINA)
    await stand_in(stage, AMINA, CARYS)
    assert await acting(stage, LEAH, Role.QUALITY) == CARYS
    assert Role.QUALITY in await roles(stage, CARYS)
    names = await stage.do(lambda work: [p.name for p in people.holders(work, Role.QUALITY)])
    assert names == [CARYS, SANDEEP]


async def test_what_a_link_of_the_chain_leaves_out_goes_no_further(stage: Stage) -> None:
    await stand_in(stage, LEAH, AMINA, role=Role.PANEL)
    await stand_in(stage, AMINA, CARYS)
    assert await acting(stage, LEAH, Role.PANEL) == CARYS
    assert Role.QUALITY not in await roles(stage, CARYS)
    assert Role.PANEL in await roles(stage, CARYS)


async def test_deputies_in_a_circle_do_not_go_round_for_ever(stage: Stage) -> None:
    for whose, deputy in ((LEAH, AMINA), (AMINA, CARYS), (CARYS, LEAH)):
        await stand_in(stage, whose, deputy)
    assert await acting(stage, LEAH, Role.QUALITY) in {LEAH, AMINA, CARYS}
    assert Role.QUALITY in await roles(stage, CARYS)
    await stand_in(stage, SANDEEP, SANDEEP)
    assert await acting(stage, SANDEEP, Role.QUALITY) == SANDEEP


async def test_a_deputy_who_has_left_is_passed_over(stage: Stage) -> None:
    await stand_in(stage, LEAH, AMINA)
    await stand_in(stage, LEAH, CARYS)
    assert await acting(stage, LEAH, Role.QUALITY) == CARYS, "the one named last"
    await leaves(stage, CARYS)
    assert await acting(stage, LEAH, Role.QUALITY) == AMINA
    assert await roles(stage, CARYS) == {Role.STAFF}
    await leaves(stage, AMINA)
    assert await acting(stage, LEAH, Role.QUALITY) == LEAH


async def test_nobody_inherits_the_roles_of_somebody_who_has_left(stage: Stage) -> None:
    await stand_in(stage, LEAH, AMINA)
    await leaves(stage, LEAH)
    assert await roles(stage, AMINA) == {Role.STAFF}


async def test_two_holders_with_one_deputy_are_one_person_to_ask(stage: Stage) -> None:
    await stand_in(stage, LEAH, AMINA)
    await stand_in(stage, SANDEEP, AMINA)
    names = await stage.do(lambda work: [p.name for p in people.holders(work, Role.QUALITY)])
    assert names == [AMINA]


async def test_a_deputy_of_a_lead_leads_that_service_and_not_their_own(stage: Stage) -> None:
    await stand_in(stage, CARYS, AMINA)

    def leads(work: Work) -> set[str]:
        return set(people.member(work, work.session.exec(select(Person).where(Person.name == AMINA)).one()).leads)

    assert await stage.do(leads) == {"District Nursing Nights"}


# Whom a name means


async def meant(stage: Stage, *typed: str) -> list[str]:
    def work(work: Work) -> list[str]:
        return [people.name_of(work, who) for who in naming.resolve(work, typed)]

    found: list[str] = await stage.do(work)
    return found


@pytest.mark.parametrize(
    "typed",
    [AMINA, "amina yusuf", "  AMINA   YUSUF ", "amina.yusuf@fenmarsh.example", "Amina.Yusuf@Fenmarsh.example"],
)
async def test_a_name_or_an_address_is_a_person_however_it_is_typed(stage: Stage, typed: str) -> None:
    ids = await stage.do(lambda work: naming.resolve(work, [typed]))
    assert ids == [(await who(stage, _email(AMINA))).id]


@pytest.mark.parametrize(
    ("listed", "typed"),
    [
        ("Łukasz Óscar Žák", "Łukasz Óscar Žák"),
        ("Łukasz Óscar Žák", "łukasz óscar žák"),
        ("ÉLODIE MARSH", "Élodie Marsh"),
        ("Siobhan O'Fen", "Siobhan O’Fen"),
        ("Zoë Marsh", "Zoe\u0308 Marsh"),
        ("Jürgen Groß", "JÜRGEN GROSS"),
    ],
)
async def test_names_from_everywhere_are_found_as_they_are_typed(empty: Stage, listed: str, typed: str) -> None:
    await take(empty, row(listed, email="one@fenmarsh.example"), row("Ben Marsh"))
    assert await meant(empty, typed) == [listed]


async def test_several_at_once_and_a_name_that_nobody_has_stays_as_typed(stage: Stage) -> None:
    assert await meant(stage, AMINA, " ", "An agency nurse", LEAH) == [AMINA, "An agency nurse", LEAH]
    assert await stage.do(lambda work: naming.resolve(work, ["An agency nurse"])) == ["An agency nurse"]


async def test_two_of_the_same_name_are_told_apart_by_address(empty: Stage) -> None:
    await take(empty, row("Ann Fen", email="ann1@fenmarsh.example"), row("Ann Fen", email="ann2@fenmarsh.example"))
    with pytest.raises(Invalid, match="There are 2 people called ann fen"):
        await meant(empty, "ann fen")
    second = (await who(empty, "ann2@fenmarsh.example")).id
    assert await empty.do(lambda work: naming.resolve(work, ["ANN2@fenmarsh.example"])) == [second]


@pytest.mark.parametrize("typed", ["Amina Yusof", "amina yusof"])
async def test_a_slip_is_asked_about_and_there_is_a_way_on_for_somebody_else(stage: Stage, typed: str) -> None:
    with pytest.raises(Invalid, match="Did you mean Amina Yusuf"):
        await meant(stage, typed)
    assert await meant(stage, f"{typed} (agency)") == [f"{typed} (agency)"]


async def test_an_address_that_nobody_has_is_not_taken_for_a_name(stage: Stage) -> None:
    with pytest.raises(Invalid, match="e-mail address"):
        await meant(stage, "nobody@elsewhere.example")


async def test_an_id_is_the_person_it_stands_for_while_they_are_here(stage: Stage) -> None:
    amina = (await who(stage, _email(AMINA))).id
    assert await stage.do(lambda work: naming.resolve(work, [amina])) == [amina]
    await leaves(stage, AMINA)
    assert await stage.do(lambda work: naming.resolve(work, [amina])) == [AMINA], "somebody who has left is but a name"
    assert await stage.do(lambda work: naming.resolve(work, [AMINA])) == [AMINA]
