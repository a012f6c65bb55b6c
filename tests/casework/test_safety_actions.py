"""Safety actions: agreed with a measure and an owner, handed over, done, reviewed each year, dropped."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from duty_stage import who
from psirf_bot.cards import adaptive, blockkit
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, deadlines
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Case, Deadline, Person, SafetyAction, StandIn
from stage import Stage, shown, words

LEAH, AMINA, NIAMH, FEMI, BRONWEN = (
    "Leah Rosenfeld",
    "Amina Yusuf",
    "Niamh Gallagher",
    "Femi Adeyemi",
    "Bronwen Hale",
)
GIVEN: dict[str, Any] = {
    "what-is-done": "One chart for insulin, on the tablet only.",
    "measure": "Paper charts found in cars, counted each month; we hope for none.",
    "action-owner": FEMI,
    "service": "Community Nursing",
    "action-due": "2026-12-21",
    "inequality": "Nothing found, because every household gets the same chart.",
}


async def press(stage: Stage, name: str, verb: str, given: Mapping[str, Any] | None = None, **args: str) -> Card:
    action = await stage.do(lambda work: action_id(work, verb, **args))
    return shown(await stage.turn(name, Pressed(action, dict(given or {}))))


async def agreed(stage: Stage, name: str = LEAH, **changed: Any) -> Card:
    return await press(stage, name, "action.new", GIVEN | changed)


async def the_list(stage: Stage, name: str) -> str:
    return words(await press(stage, name, "words.actions"))


async def last(stage: Stage, name: str) -> Card:
    await stage.settled()
    return stage.private(name)[-1]


async def rows(stage: Stage) -> list[Deadline]:
    found = select(Deadline).where(Deadline.subject_kind == "action").order_by(col(Deadline.due_at))
    result: list[Deadline] = await stage.do(lambda work: list(work.session.exec(found)))
    return result


async def entries(stage: Stage) -> list[str]:
    order = select(AuditEntry.what).order_by(col(AuditEntry.id))
    found: list[str] = await stage.do(lambda work: list(work.session.exec(order)))
    return found


async def test_an_action_has_a_reference_and_its_owner_is_told_once(stage: Stage) -> None:
    card = await agreed(stage)
    assert card.title == "Saved as SA-2026-0001"
    await stage.settled()
    (told,) = stage.private(FEMI)
    assert told.preview == "You have a private task."
    assert "You were named as its owner." in words(told)
    assert [b.label for b in told.buttons] == ["It is done", "This is not for me"]
    (duty,) = await rows(stage)
    assert (duty.rule, duty.due_local, duty.service) == ("action.done", "2026-12-21T23:59", "Community Nursing")
    assert "agreed a safety action" in await entries(stage)


async def test_references_rise_and_are_not_used_again(stage: Stage) -> None:
    first = await agreed(stage)
    await stage.presses(LEAH, first, "No longer needed", {"why-dropped": "It was agreed twice."})
    assert (await agreed(stage)).title == "Saved as SA-2026-0002"
    assert (await agreed(stage)).title == "Saved as SA-2026-0002"  # the same once more: pressed twice
    stage.later(days=60)
    assert (await agreed(stage, **{"action-due": "2027-06-01"})).title == "Saved as SA-2027-0001"


@pytest.mark.parametrize("left_out", ["measure", "action-owner", "inequality", "what-is-done", "action-due"])
async def test_what_the_policy_asks_for_cannot_be_left_out(stage: Stage, left_out: str) -> None:
    card = await agreed(stage, **{left_out: None})
    assert {i.id for i in card.inputs() if i.error} == {left_out}
    assert await rows(stage) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"action-owner": "Somebody (agency)"}, "nobody on the people list"),
        ({"action-owner": f"{FEMI}, {AMINA}"}, "Please name one person here."),
        ({"inequality": "None."}, "Please say why"),
        ({"what-is-done": "Remind staff, as it was human error."}, "names a person as the cause"),
        ({"action-due": "2026-11-19"}, "a day from today on"),
        ({"measure": "Ring 943 476 5919 each month."}, "NHS number"),
    ],
)
async def test_what_cannot_be_used_is_said_in_words(stage: Stage, wrong: dict[str, str], told: str) -> None:
    card = await agreed(stage, **wrong)
    assert [told in i.error for i in card.inputs() if i.error] == [True]
    assert await rows(stage) == []


async def test_only_the_quality_team_and_response_leads_agree_actions(stage: Stage) -> None:
    assert "Saved as" in (await agreed(stage, NIAMH)).title
    assert "Saved as" not in (await agreed(stage, AMINA, measure="Another.")).title


async def test_an_action_of_a_case_belongs_to_it_and_shows_it_only_to_those_who_may_see_it(stage: Stage) -> None:
    def case_of_podiatry(work: Work) -> Case:
        facts = {"event_type": "incident", "service": "Podiatry", "occurred": "2026-11-20"}
        return cases.open_case(work, **facts)

    case = await stage.do(case_of_podiatry)
    action = await stage.do(lambda work: action_id(work, "action.new", case=case))
    form = shown(await stage.turn(LEAH, Pressed(action)))
    assert "Podiatry" in str([i for i in form.inputs() if i.id == "service"])
    card = shown(await stage.turn(LEAH, Pressed(action, GIVEN | {"service": "Podiatry"})))
    assert "PSI-2026-0001" in words(card)
    assert "PSI-2026-0001" not in words(await last(stage, FEMI))
    (duty,) = await rows(stage)
    assert duty.case_id == case.id


async def test_this_is_not_for_me_gives_it_back_with_the_reason(stage: Stage) -> None:
    await agreed(stage)
    given = {"new-owner": None, "why-not": "I start another post in December."}
    await stage.presses(FEMI, await last(stage, FEMI), "This is not for me", given)
    told = await last(stage, LEAH)
    assert told.title == "SA-2026-0001 is now yours"
    assert "Femi Adeyemi handed it over to you:\nI start another post in December." in words(told).replace("\n\n", "\n")
    assert "SA-2026-0001" not in await the_list(stage, FEMI)
    await stage.presses(LEAH, told, "This is not for me", {"new-owner": AMINA, "why-not": "She keeps the charts."})
    assert "SA-2026-0001" in await the_list(stage, AMINA)
    (duty,) = await rows(stage)
    owner = await stage.do(lambda work: work.session.get_one(SafetyAction, duty.subject_id).owner_id)
    assert duty.owner_id == owner


async def test_whoever_gave_it_to_themselves_has_to_name_somebody(stage: Stage) -> None:
    card = await agreed(stage, **{"action-owner": LEAH})
    await stage.settled()
    assert [c.title for c in stage.private(LEAH)] == ["Saved as SA-2026-0001"]  # and not told of it besides
    asked = await stage.presses(LEAH, card, "This is not for me", {"new-owner": None, "why-not": "No time."})
    assert [i.id for i in asked.inputs() if i.error] == ["new-owner"]
    same = await stage.presses(LEAH, card, "This is not for me", {"new-owner": LEAH, "why-not": "No time."})
    assert "It is theirs already" in words(same)


async def test_nothing_goes_back_to_somebody_who_has_left(stage: Stage) -> None:
    await agreed(stage, NIAMH)

    def leaves(work: Work) -> None:
        niamh = work.session.exec(select(Person).where(Person.name == NIAMH)).one()
        niamh.active = False
        work.session.add(niamh)

    await stage.do(leaves)
    given = {"new-owner": None, "why-not": "No time."}
    asked = await stage.presses(FEMI, await last(stage, FEMI), "This is not for me", given)
    assert [i.id for i in asked.inputs() if i.error] == ["new-owner"]


async def test_done_it_comes_back_for_its_review_each_year(stage: Stage) -> None:
    await agreed(stage)
    told = await last(stage, FEMI)
    done = await stage.presses(FEMI, told, "It is done", {"what-was-done": "Paper charts were taken out."})
    assert "To be reviewed Saturday 20 November 2027" in words(done)
    assert "Done on Friday 20 November 2026, by Femi Adeyemi" in words(done)
    again = await stage.presses(FEMI, told, "It is done", {"what-was-done": "Once more."})
    assert "done already" in words(again)
    stage.later(days=350)
    due = await press(stage, FEMI, "words.actions")
    assert "SA-2026-0001" in words(due)
    opened = await stage.presses(FEMI, due, "Open")
    given = {"still-relevant": "yes", "measure-shows": "yes", "review-note": "No paper chart since May."}
    reviewed = await stage.presses(FEMI, opened, "Review it", given)
    assert "No paper chart since May." in words(reviewed)
    duties = await rows(stage)
    assert [(d.rule, d.state, d.due_local[:10]) for d in duties] == [
        ("action.done", "done", "2026-12-21"),
        ("action.reviewed", "done", "2027-11-20"),
        ("action.reviewed", "open", "2028-11-05"),
    ]
    assert "Sunday 5 November 2028" in words(reviewed)
    await stage.settled()
    assert not [card for card in stage.channel() if "may need to change" in card.title]


async def test_a_review_that_is_sent_twice_is_one(stage: Stage) -> None:
    await agreed(stage)
    done = await stage.presses(FEMI, await last(stage, FEMI), "It is done", {"what-was-done": "Done."})
    given = {"still-relevant": "yes", "measure-shows": "yes", "review-note": None}
    for says in ("Thank you: SA-2026-0001 has been reviewed", "so nothing has changed"):
        assert says in words(await stage.presses(FEMI, done, "Review it", given))
    assert "has been reviewed already" in words(await stage.presses(FEMI, done, "Review it"))
    assert [d.state for d in await rows(stage) if d.rule == "action.reviewed"] == ["done", "open"]


@pytest.mark.parametrize("answers", [("no", "yes"), ("yes", "no")])
async def test_a_review_that_finds_it_wanting_is_for_the_quality_team(stage: Stage, answers: tuple[str, str]) -> None:
    await agreed(stage)
    done = await stage.presses(FEMI, await last(stage, FEMI), "It is done", {"what-was-done": "Done."})
    given = {"still-relevant": answers[0], "measure-shows": answers[1], "review-note": None}
    await stage.presses(FEMI, done, "Review it", given)
    await stage.settled()
    card = stage.channel()[-1]
    assert card.title == "A safety action may need to change"
    assert FEMI not in words(card)
    assert "No longer needed" in {b.label for b in (await stage.presses(LEAH, card, "Open it")).all_buttons()}


async def test_only_the_quality_team_drops_an_action_and_its_owner_hears_why(stage: Stage) -> None:
    card = await agreed(stage)
    told = await last(stage, FEMI)
    dropping = await stage.do(
        lambda work: action_id(work, "action.drop", action=work.session.exec(select(SafetyAction.id)).one())
    )
    refused = shown(await stage.turn(FEMI, Pressed(dropping, {"why-dropped": "I would rather not."})))
    assert "Only the quality team" in words(refused)
    given = {"why-dropped": "The new system does this."}
    dropped = await stage.presses(LEAH, card, "No longer needed", given)
    assert "The new system does this." in words(dropped)
    assert not list(dropped.all_buttons())
    assert "The new system does this." in words(await last(stage, FEMI))
    (duty,) = await rows(stage)
    assert (duty.state, duty.note, duty.next_at) == ("dropped", "The new system does this.", None)
    late = await stage.presses(FEMI, told, "It is done", {"what-was-done": "It."})
    assert "no longer needed" in words(late)
    assert "SA-2026-0001" not in await the_list(stage, LEAH)


async def test_an_action_is_seen_by_those_it_concerns(stage: Stage) -> None:
    await agreed(stage)
    (duty,) = await rows(stage)
    for name, sees in ((FEMI, True), (LEAH, True), (BRONWEN, True), (AMINA, False), ("Carys Penhallow", False)):
        card = await press(stage, name, "action.show", action=duty.subject_id)
        assert (GIVEN["measure"] in words(card)) is sees, name
    settled = await press(stage, BRONWEN, "action.done", {"what-was-done": "x"}, action=duty.subject_id)
    assert "for its owner and the quality team" in words(settled)


async def test_a_duty_handed_over_elsewhere_takes_the_action_with_it(stage: Stage) -> None:
    await agreed(stage)
    (duty,) = await rows(stage)
    amina = await stage.do(lambda work: work.session.exec(select(Person.id).where(Person.name == AMINA)).one())
    await stage.do(lambda work: deadlines.hand_over(work, work.session.get_one(Deadline, duty.id), amina))
    done = await press(stage, AMINA, "action.done", {"what-was-done": "Done."}, action=duty.subject_id)
    assert "Owner: Amina Yusuf" in words(done)
    assert [d.owner_id for d in await rows(stage)] == [amina, amina]


async def test_the_list_has_ones_own_first_and_everybodys_by_service_for_the_quality_team(stage: Stage) -> None:
    await agreed(stage, service="Podiatry")
    await agreed(stage, service="Children's Therapy")
    await agreed(stage, **{"action-owner": LEAH, "service": "Podiatry"})
    text = await the_list(stage, LEAH)
    places = [text.index(part) for part in ("Yours", "SA-2026-0003", "Children's Therapy\n", "SA-2026-0002")]
    assert places == sorted(places)
    assert text.index("SA-2026-0002") < text.index("SA-2026-0001")
    assert "SA-2026-0003" not in await the_list(stage, FEMI)
    assert "No safety action waits for you" in await the_list(stage, AMINA)


async def test_the_list_of_whoever_stands_in_for_a_stand_in_has_what_they_are_asked_for(stage: Stage) -> None:
    await agreed(stage, **{"action-due": "2026-11-24", "service": "Podiatry"})

    def away(work: Work) -> None:
        days = {"starts": date(2026, 11, 20), "ends": date(2026, 12, 30)}
        for one, other in ((FEMI, BRONWEN), (BRONWEN, AMINA)):
            work.session.add(StandIn(person_id=who(work, one).id, deputy_id=who(work, other).id, **days))

    await stage.do(away)
    assert "SA-2026-0001" in words(await stage.says(AMINA, "overdue"))
    assert "SA-2026-0001" in await the_list(stage, AMINA)


async def test_the_board_sees_them_all_and_whoever_leads_a_service_those_of_that_service(stage: Stage) -> None:
    await agreed(stage, service="Podiatry")
    await agreed(stage, service="Community Nursing")
    for name, sees in (("Rosalind Achebe", {1, 2}), ("Marguerite Oduya", {1, 2}), (BRONWEN, {2}), (AMINA, set())):
        text = await the_list(stage, name)
        assert {n for n in (1, 2) if f"SA-2026-000{n}" in text} == sees, name
        assert ("actions: See" in words(await stage.says(name, "help"))) is bool(sees), name


async def test_those_of_a_case_that_is_kept_close_stay_with_the_quality_team(stage: Stage) -> None:
    facts = {"event_type": "incident", "service": "Podiatry", "occurred": "2026-11-20"}
    case = await stage.do(lambda work: cases.open_case(work, **facts))
    action = await stage.do(lambda work: action_id(work, "action.new", case=case))
    await stage.turn(LEAH, Pressed(action, GIVEN))
    assert "SA-2026-0001" in await the_list(stage, "Marguerite Oduya")

    def restrict(work: Work) -> None:
        work.session.exec(select(Case)).one().restricted = True

    await stage.do(restrict)
    shown_to = {
        name: "SA-2026-0001" in await the_list(stage, name) for name in (LEAH, FEMI, "Marguerite Oduya", BRONWEN)
    }
    assert shown_to == {LEAH: True, FEMI: True, "Marguerite Oduya": False, BRONWEN: False}


async def test_a_long_list_says_how_many_more_there_are_and_fits_every_platform(stage: Stage) -> None:
    for number in range(10):
        service = stage.trust.services[number % len(stage.trust.services)]
        await agreed(stage, **{"what-is-done": f"{number} " + "x" * 990, "service": service})
    card = await press(stage, LEAH, "words.actions")
    assert "And 2 more" in words(card)
    assert blockkit.message(card)
    assert adaptive.render(card)


async def test_a_done_action_is_counted_until_its_review_is_near(stage: Stage) -> None:
    await agreed(stage)
    await stage.presses(FEMI, await last(stage, FEMI), "It is done", {"what-was-done": "Done."})
    text = await the_list(stage, FEMI)
    assert "There is one that is done" in text
    assert "SA-2026-0001" not in text
