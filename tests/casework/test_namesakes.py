"""Somebody who was named only by what was typed: whoever is called that is treated as involved, and nobody else."""

import unicodedata

import pytest
from responses import AMINA, BRONWEN, CARYS, LEAH, TOMASZ, case_in, read_case
from sqlmodel import select

from duty_stage import who
from psirf_bot.casework import fair_pair, lead_choice, named_contacts, people
from psirf_bot.casework.case_facts import case_facts, staff_named
from psirf_bot.casework.forms import Unfit
from psirf_bot.casework.namesakes import meant
from psirf_bot.casework.support_circle import kept_from_check
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Person, SupportNeed
from stage import Stage, address_of

OWEN = "Owen Tregarth"


def typed(work: Work, name: str, wish: str = "quality") -> SupportNeed:
    """The report names them by hand."""
    need = SupportNeed(id=work.new_id(), case_id=case_in(work).id, name=name, wish=wish, at=work.now)
    work.session.add(need)
    work.session.flush()
    return need


def called(work: Work, name: str, **facts: object) -> Person:
    someone = Person(id=work.new_id(), name=name, **{"roles": ["staff"], **facts})
    work.session.add(someone)
    work.session.flush()
    return someone


def names(work: Work, ids: frozenset[str]) -> set[str]:
    return {people.name_of(work, who) for who in ids}


# Who is meant


@pytest.mark.parametrize(
    ("listed", "named"),
    [
        ("Dana Whitlock", "Dana Whitlock"),
        ("Dana Whitlock", "  dana   WHITLOCK (agency)"),
        ("Dana Whitlock (Podiatry)", "Dana Whitlock (agency)"),
        ("Niamh O’Hara", "niamh o'hara"),
        ("’t Hooft", "'T HOOFT"),
        ("Élodie Roux", unicodedata.normalize("NFD", "élodie roux")),
        (unicodedata.normalize("NFD", "Élodie Roux"), "Élodie Roux"),
        ("Øystein Ås", "øystein ås"),
        ("ẞtefan Weiß", "SStefan Weiss"),
    ],
)
async def test_a_name_is_the_same_however_it_is_typed(stage: Stage, listed: str, named: str) -> None:
    def found(work: Work) -> tuple[list[str], str]:
        someone = called(work, listed)
        return [each.id for each in meant(work, None, named)], someone.id

    assert await stage.do(lambda work: meant(work, None, named)) == []
    ids, wanted = await stage.do(found)
    assert ids == [wanted]


@pytest.mark.parametrize(
    "named", ["Dan Whitlock", "Dana", "Dana Whitlocks", "Whitlock", "Dana W.", "(agency)", " ", ""]
)
async def test_a_name_that_is_only_similar_means_nobody(stage: Stage, named: str) -> None:
    assert await stage.do(lambda work: called(work, "Dana Whitlock") and meant(work, None, named)) == []


async def test_whoever_is_known_for_certain_has_no_namesakes(stage: Stage) -> None:
    def found(work: Work) -> tuple[set[str], set[str]]:
        called(work, TOMASZ)
        left = called(work, TOMASZ, active=False)
        return tuple({each.id for each in meant(work, one.id, None)} for one in (listed(work), left))

    def listed(work: Work) -> Person:
        return work.session.exec(select(Person).where(Person.name == TOMASZ, Person.email == address_of(TOMASZ))).one()

    certain, of_one_who_left = await stage.do(found)
    assert certain == {await stage.do(lambda work: listed(work).id)}
    assert len(of_one_who_left) == 3, "whoever has left may be here again as somebody else"


# What they are kept from


async def test_they_and_their_manager_are_as_involved_as_if_they_had_been_picked(stage: Stage) -> None:
    await read_case(stage)

    def found(work: Work) -> tuple[set[str], set[str]]:
        typed(work, f"{TOMASZ} (agency)", "someone-else")
        case = case_in(work)
        return names(work, staff_named(work, case.id)), names(work, case_facts(work, case).passed_over_ids)

    assert await stage.do(found) == ({TOMASZ}, {CARYS})


async def test_a_check_on_them_is_kept_from_them_and_from_a_manager_who_is_passed_over(stage: Stage) -> None:
    await read_case(stage)

    def found(work: Work, wish: str) -> set[str]:
        return names(work, kept_from_check(work, typed(work, f"{TOMASZ} (agency)", wish)))

    assert await stage.do(lambda work: found(work, "quality")) == {TOMASZ}
    assert await stage.do(lambda work: found(work, "someone-else")) == {TOMASZ, CARYS}


async def test_whoever_never_wants_their_manager_asked_is_heard_there_too(stage: Stage) -> None:
    await read_case(stage)

    def found(work: Work) -> set[str]:
        tomasz = who(work, TOMASZ)
        tomasz.passes_over_id = tomasz.line_manager_id
        return names(work, kept_from_check(work, typed(work, f"{TOMASZ} (agency)")))

    assert await stage.do(found) == {TOMASZ, CARYS}


async def test_they_neither_lead_it_nor_are_the_contact_nor_use_being_fair_in_it(stage: Stage) -> None:
    await read_case(stage)

    def refusals(work: Work) -> list[str]:
        typed(work, f"{OWEN} (bank)")
        case, owen, amina = case_in(work), who(work, OWEN).id, who(work, AMINA).id
        leah = people.member(work, who(work, LEAH))
        tries = (
            lambda: lead_choice._lead(work, case, {"lead": [owen]}),
            lambda: named_contacts._chosen(work, case, {"contact": [owen], "why-not": None}),
            lambda: fair_pair.check_nobody_is_kept_out(work, leah, case, amina, None, [leah.id, owen]),
        )
        said = []
        for each in tries:
            with pytest.raises(Unfit) as refused:
                each()
            said += refused.value.problems.values()
        return said

    lead, contact, fair = await stage.do(refusals)
    assert lead == f"{OWEN} cannot lead this one. Please choose somebody else."
    assert contact == f"{OWEN} cannot be the contact here. Please choose somebody else."
    assert fair.startswith("It cannot be started with these people in this case.")


async def test_others_are_free(stage: Stage) -> None:
    await read_case(stage)

    def free(work: Work) -> str:
        typed(work, f"{OWEN} (bank)")
        return lead_choice._lead(work, case_in(work), {"lead": [who(work, BRONWEN).id]}).name

    assert await stage.do(free) == BRONWEN
