"""What people do with a duty from its card: put it off, hand it over, say that it is done, pause its clock."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from duty_stage import TODAY, a_case, digest_of, labels, nudged, owed, posted, press, problems, who
from psirf_bot.cards.model import Card
from psirf_bot.casework import board, deadlines, duties, people, reminders
from psirf_bot.casework.duty_buttons import ACT_OF
from psirf_bot.casework.duty_lines import duty_facts, line
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.domain.deadlines import RULES
from psirf_bot.store.tables import AuditEntry, Contact, Deadline, Identity, Nudge, Outbox, SupportNeed, SupportRequest
from stage import Stage, address_of, words

AMINA, BRONWEN, CARYS, GRACE = "Amina Yusuf", "Bronwen Hale", "Carys Penhallow", "Grace Mbeki-Ward"
LEAH, SANDEEP, NIAMH, MARGUERITE = "Leah Rosenfeld", "Sandeep Bhullar", "Niamh Gallagher", "Marguerite Oduya"
MONDAY = TODAY + timedelta(days=3)
SHOW, SNOOZE, OVER = duties.VERBS["duty.show"], duties.VERBS["duty.snooze"], duties.VERBS["duty.over"]
DONE, PAUSE, RESUME = duties.VERBS["duty.done"], duties.VERBS["duty.pause"], duties.VERBS["duty.resume"]


@pytest.fixture
async def mine(stage: Stage) -> str:
    """An action that Bronwen Hale owes since Tuesday, in her digest of today, with another; its id."""

    def arrange(work: Work) -> str:
        found = owed(
            work, "action.done", -3, owner=BRONWEN, about=("action", "a1"), service="Community Nursing", step=4
        )
        other = owed(work, "response.target", 0, owner=BRONWEN, case=a_case(work))
        for deadline in (found, other):
            nudged(work, deadline, BRONWEN, "late")
        posted(work, BRONWEN)
        return found.id

    stage.out.posts[address_of(BRONWEN)] = [Card(title="The digest of today", preview="")]
    made: str = await stage.do(arrange)
    return made


async def presses(
    stage: Stage,
    verb: Any,
    deadline_id: str,
    by: str,
    given: Mapping[str, object] | None = None,
    *,
    day: date | None = TODAY,
) -> Card:
    def turn(work: Work) -> Card:
        card = press(work, verb, work.session.get_one(Deadline, deadline_id), by, given, day=day)
        assert problems(card) == []
        return card

    card: Card = await stage.do(turn)
    return card


async def looks(stage: Stage, reader: str, day: date = TODAY) -> str:
    card = await stage.do(lambda work: digest_of(work, reader, day))
    return words(card) if card else ""


async def edited(stage: Stage, title: str, name: str = BRONWEN) -> None:
    """Wait until the digest that was posted is edited in place."""
    for _ in range(500):
        if stage.private(name)[0].title == title:
            return
        stage.courier.kick()
        await asyncio.sleep(0.005)
    raise AssertionError(f"it still says: {stage.private(name)[0].title}")


async def found(stage: Stage, deadline_id: str) -> Deadline:
    one: Deadline = await stage.do(lambda work: work.session.get_one(Deadline, deadline_id))
    return one


async def done_by(stage: Stage) -> list[str]:
    entries: list[str] = await stage.do(lambda work: list(work.session.exec(select(AuditEntry.what))))
    return entries


async def test_not_today_shortens_the_digest_and_comes_back_on_the_next_working_morning(
    stage: Stage, mine: str
) -> None:
    before = await found(stage, mine)
    card = await presses(stage, SNOOZE, mine, BRONWEN)
    assert card.title == "Your day: 1 thing to look at"
    assert "Not today: Carry out the safety action. Back Monday 23 November." in words(card)
    waiting = await stage.do(lambda work: work.session.exec(select(Outbox).where(Outbox.due_at > work.now)).all())
    assert [row.subject.endswith("2026-11-23") for row in waiting] == [True]
    stage.later(days=3)
    assert "Carry out the safety action" in await looks(stage, BRONWEN, MONDAY)
    await edited(stage, "Your day: 1 thing to look at")
    after = await found(stage, mine)
    assert (after.next_at, after.step, after.due_at) == (before.next_at, before.step, before.due_at)
    assert "put off a duty" in await done_by(stage)


async def test_pressed_twice_it_is_put_off_once(stage: Stage, mine: str) -> None:
    for _ in range(2):
        card = await presses(stage, SNOOZE, mine, BRONWEN)
    assert card.title == "Your day: 1 thing to look at"
    assert (await done_by(stage)).count("put off a duty") == 1


async def test_what_comes_back_and_what_falls_due_that_morning_share_one_digest(stage: Stage, mine: str) -> None:
    await presses(stage, SNOOZE, mine, BRONWEN)
    stage.later(days=2, hours=18)

    def another(work: Work) -> list[str]:
        other = owed(work, "response.target", 3, owner=BRONWEN, case=a_case(work, 2))
        bronwen = who(work, BRONWEN).id
        for deadline in (other, work.session.get_one(Deadline, mine)):
            reminders.remind(work, deadline, bronwen, "late")
        monday = select(Outbox.key).where(Outbox.subject == f"digest:{bronwen}:{MONDAY}")
        return list(work.session.exec(monday))

    assert len(await stage.do(another)) == 1
    said = await looks(stage, BRONWEN, MONDAY)
    assert said.count("Carry out the safety action") == 1
    assert "PSI-2026-0002" in said


async def put_off_twice(stage: Stage, mine: str) -> Card:
    await presses(stage, SNOOZE, mine, BRONWEN)
    stage.later(days=2, hours=20)
    await stage.do(lambda work: posted(work, BRONWEN, MONDAY))
    return await presses(stage, SNOOZE, mine, BRONWEN, day=MONDAY)


async def test_a_second_time_in_a_row_it_asks_what_is_stopping_them(stage: Stage, mine: str) -> None:
    card = await put_off_twice(stage, mine)
    assert card.title == "What is stopping you?"
    assert "I need help" in words(card)
    after = await presses(stage, SNOOZE, mine, BRONWEN, day=MONDAY)
    assert after.title == "What is stopping you?", "asked again until it is answered"


async def test_who_needs_help_gets_it_from_the_next_rung_with_its_next_digest(stage: Stage, mine: str) -> None:
    await put_off_twice(stage, mine)
    await presses(stage, duties.STOPS, mine, BRONWEN, {"stopping": "help"}, day=MONDAY)
    told = await stage.do(
        lambda work: [
            (n.person_id, n.day)
            for n in work.session.exec(select(Nudge).where(Nudge.why == "help").order_by(col(Nudge.id)))
        ]
    )
    quality = await stage.do(lambda work: {who(work, name).id for name in (LEAH, SANDEEP)})
    assert {person for person, _ in told} == quality, "the service lead asks; the quality team is the next rung"
    assert "Bronwen Hale would like help with this. Can you help?" in await looks(stage, LEAH, told[0][1])


async def test_help_is_not_asked_of_somebody_whom_it_concerns(stage: Stage) -> None:
    def arrange(work: Work) -> str:
        case, leah = a_case(work), who(work, LEAH)
        need = SupportNeed(id="n1", case_id=case.id, person_id=leah.id, name=LEAH, wish="quality", at=work.now)
        lead = who(work, NIAMH).id
        contact = Contact(id="c1", case_id=case.id, with_whom="staff", need_id="n1", avoid=[], lead_id=lead)
        work.session.add_all([need, contact])
        return owed(work, "contact.staff", -3, owner=NIAMH, case=case, about=("contact", "c1")).id

    mine = await stage.do(arrange)
    card = await presses(stage, duties.STOPS, mine, NIAMH, {"stopping": "help"}, day=None)
    assert "I will ask Sandeep Bhullar with their next list." in words(card)
    helpers = await stage.do(lambda work: work.session.exec(select(Nudge.person_id).where(Nudge.why == "help")).all())
    assert helpers == [await stage.do(lambda work: who(work, SANDEEP).id)]


async def test_waiting_for_something_puts_it_off_once_more(stage: Stage, mine: str) -> None:
    await put_off_twice(stage, mine)
    card = await presses(stage, duties.STOPS, mine, BRONWEN, {"stopping": "waiting"}, day=MONDAY)
    assert "Carry out the safety action. Back tomorrow." in words(card)


async def test_what_is_not_theirs_leads_to_handing_it_over(stage: Stage, mine: str) -> None:
    await put_off_twice(stage, mine)
    card = await presses(stage, duties.STOPS, mine, BRONWEN, {"stopping": "not-mine"}, day=MONDAY)
    assert labels(card) == ["Hand it over"]


async def test_handing_over_tells_the_new_owner_at_once_and_shortens_the_digest(stage: Stage, mine: str) -> None:
    form = await presses(stage, OVER, mine, BRONWEN)
    assert [i.id for i in form.inputs()] == ["to", "reason"]
    card = await presses(stage, OVER, mine, BRONWEN, {"to": CARYS, "reason": "She runs that clinic."})
    assert card.title == "Your day: 1 thing to look at"
    await stage.settled()
    told = stage.private(CARYS)[-1]
    assert told.title == "This is now yours: carry out the safety action"
    assert "Bronwen Hale has asked you to see to it." in words(told)
    assert "She runs that clinic." in words(told)
    assert told.preview == "Something was handed over to you."
    assert "Not today" in labels(told)
    assert "handed over a duty" in await done_by(stage)
    with pytest.raises(Refusal, match="handed over"):
        await presses(stage, OVER, mine, BRONWEN)


async def test_what_one_of_a_team_hands_over_leaves_the_digests_of_the_others(stage: Stage) -> None:
    def arrange(work: Work) -> str:
        found = owed(work, "report.read", -1, case=a_case(work, state="reported"))
        other = owed(work, "minute.filed", case=a_case(work, 2))
        nudged(work, other, SANDEEP)
        posted(work, SANDEEP)
        return found.id

    stage.out.posts[address_of(SANDEEP)] = [Card(title="The digest of today", preview="")]
    handed = await stage.do(arrange)
    assert "Read the report" in await looks(stage, SANDEEP), "it is listed, though they were not reminded of it"
    await presses(stage, OVER, handed, LEAH, {"to": LEAH, "reason": "I know this one."})
    await edited(stage, "Your day: 1 thing to look at", SANDEEP)
    assert "Read the report" not in words(stage.private(SANDEEP)[0])
    assert "File the panel's minute" in words(stage.private(SANDEEP)[0])


async def test_it_cannot_be_handed_to_nobody_or_to_who_has_it(stage: Stage, mine: str) -> None:
    for to, why in (("An agency nurse", "people list"), (BRONWEN, "with Bronwen Hale already")):
        card = await presses(stage, OVER, mine, BRONWEN, {"to": to, "reason": "I am away."})
        assert why in words(card)


def datix_of_amina(work: Work) -> str:
    case = a_case(work, reporter_id=who(work, AMINA).id)
    return owed(work, "datix.entered", -1, owner=AMINA, case=case).id


@pytest.mark.parametrize("typed", [None, "the quality team", "Quality", "quality team"])
async def test_a_reporter_who_knows_nobody_there_hands_it_to_the_quality_team(stage: Stage, typed: str | None) -> None:
    mine = await stage.do(datix_of_amina)
    form = await presses(stage, OVER, mine, AMINA, day=None)
    assert "leave this empty for the quality team" in words(form)
    refused = await presses(stage, OVER, mine, AMINA, {"to": CARYS, "reason": "On leave."}, day=None)
    assert "choose somebody else, or leave this empty for the quality team." in words(refused)
    card = await presses(stage, OVER, mine, AMINA, {"to": typed, "reason": "On leave."}, day=None)
    assert "The quality team has been told." in words(card)
    await stage.settled()
    for name in (LEAH, SANDEEP):
        told = words(stage.private(name)[-1])
        assert "Amina Yusuf has asked the quality team to see to it." in told
        assert "On leave." in told
    with pytest.raises(Refusal, match="handed over"):
        await presses(stage, OVER, mine, AMINA, day=None)
    again = await presses(stage, OVER, mine, LEAH, day=None)
    assert "quality team" not in words(again), "it is theirs already"


@pytest.mark.parametrize(
    ("reachable", "said"), [(True, "The quality team has been told."), (False, "please tell them yourself.")]
)
async def test_of_the_team_itself_the_others_hear_of_it_or_it_is_said_that_they_cannot_be_told(
    stage: Stage, reachable: bool, said: str
) -> None:
    def arrange(work: Work) -> str:
        if not reachable:
            for identity in work.session.exec(select(Identity).where(Identity.person_id == who(work, SANDEEP).id)):
                identity.address = {}
        case = a_case(work, reporter_id=who(work, LEAH).id)
        return owed(work, "datix.entered", -1, owner=LEAH, case=case).id

    mine = await stage.do(arrange)
    before = len(stage.private(LEAH))
    assert said in words(await presses(stage, OVER, mine, LEAH, {"to": None, "reason": "On leave."}, day=None))
    await stage.settled()
    assert len(stage.private(LEAH)) == before, "who has just done it themselves"


@pytest.mark.parametrize(("rule", "by"), [("candour.confirmed", GRACE), ("alert.authorised", "Rosalind Achebe")])
async def test_the_quality_team_is_not_offered_what_it_could_not_do(stage: Stage, rule: str, by: str) -> None:
    def arrange(work: Work) -> str:
        about = ("alert", "a1") if rule.startswith("alert") else None
        return owed(work, rule, 0, case=None if about else a_case(work), about=about).id

    mine = await stage.do(arrange)
    assert "quality team" not in words(await presses(stage, OVER, mine, by, day=None))
    for given, why in ((NIAMH, "could not do this here"), ("the quality team", "on the people list"), (None, "answer")):
        card = words(await presses(stage, OVER, mine, by, {"to": given, "reason": "I am away."}, day=None))
        assert why in card
        assert "or leave" not in card


@pytest.mark.parametrize(
    ("to", "role", "owner"),
    [
        (LEAH, "The quality team", LEAH),
        ("the quality team", "The quality team", "The quality team"),
        (BRONWEN, "The service lead", BRONWEN),
        (CARYS, "Whoever it was handed to", CARYS),
    ],
)
async def test_what_was_handed_over_is_no_longer_said_to_be_the_former_owners(
    stage: Stage, to: str, role: str, owner: str
) -> None:
    def handed(work: Work) -> tuple[str, str, str]:
        deadline = work.session.get_one(Deadline, datix_of_amina(work))
        rule = work.setting.rules[deadline.rule]
        before = line(work, deadline, rule).owed_by
        taker = None if to.startswith("the ") else who(work, to).id
        deadlines.hand_over(work, deadline, taker)
        found = line(work, deadline, rule)
        nudged(work, deadline, "leads", "late")
        channel = digest_of(work, "leads")
        leah = people.member(work, who(work, LEAH))
        assert channel
        assert before == "The reporter"
        return found.owed_by, words(channel), words(board.overdue(work, leah))

    owed_by, channel, late = await stage.do(handed)
    assert owed_by == role
    assert f"{role}." in channel
    assert "reporter" not in channel
    assert not any(name in channel for name in (AMINA, to) if " team" not in name)
    assert f"{owner}: 1 late" in late
    assert "The reporters" not in late


async def test_it_cannot_be_handed_to_somebody_who_could_not_do_it(stage: Stage) -> None:
    def arrange(work: Work) -> str:
        return owed(work, "report.read", 0, case=a_case(work, state="reported")).id

    mine = await stage.do(arrange)
    card = await presses(stage, OVER, mine, LEAH, {"to": CARYS, "reason": "I am away."})
    assert "Carys Penhallow could not do this here" in words(card)
    card = await presses(stage, OVER, mine, LEAH, {"to": SANDEEP, "reason": "I am away."}, day=None)
    assert "Sandeep Bhullar has been told." in words(card)


async def test_candour_is_confirmed_by_a_clinician_whoever_it_is_handed_to(stage: Stage) -> None:
    mine = await stage.do(lambda work: owed(work, "candour.confirmed", 0, case=a_case(work)).id)
    for to, answer in ((BRONWEN, "Bronwen Hale could not do this here"), (MARGUERITE, "has been told")):
        card = await presses(stage, OVER, mine, GRACE, {"to": to, "reason": "I am away."}, day=None)
        assert answer in words(card)


@pytest.mark.parametrize("rule", ["alert.lead", "alert.authorised"])
async def test_what_is_an_executives_to_do_goes_to_an_executive(stage: Stage, rule: str) -> None:
    mine = await stage.do(lambda work: owed(work, rule, 0, about=("alert", "a1")).id)
    card = await presses(stage, OVER, mine, "Rosalind Achebe", {"to": NIAMH, "reason": "I am away."}, day=None)
    assert "Niamh Gallagher could not do this here" in words(card)


async def test_who_leads_on_an_alert_is_for_an_executive_to_name(stage: Stage) -> None:
    mine = await stage.do(lambda work: owed(work, "alert.complete", 0, owner=NIAMH, about=("alert", "a1")).id)
    assert "Hand it over" not in labels(await presses(stage, SHOW, mine, NIAMH, day=None))
    with pytest.raises(Refusal, match="An executive names who leads"):
        await presses(stage, OVER, mine, NIAMH, {"to": BRONWEN, "reason": "I am away."}, day=None)


def check_on_amina(work: Work) -> Deadline:
    amina = who(work, AMINA)
    need = SupportNeed(
        id="n1",
        case_id=a_case(work).id,
        person_id=amina.id,
        name=AMINA,
        wish="someone-else",
        checker_id=who(work, CARYS).id,
        at=work.now,
    )
    work.session.add(need)
    return owed(work, "support.after-event", 0, owner=CARYS, about=("check", "n1"))


def request_of_amina(work: Work) -> Deadline:
    amina = who(work, AMINA)
    work.session.add(SupportRequest(id="r1", person_id=amina.id, wish="other", at=work.now))
    return owed(work, "support.asked-for", 0, about=("request", "r1"))


@pytest.mark.parametrize("made", [check_on_amina, request_of_amina])
async def test_support_is_kept_from_whom_it_concerns_and_the_manager_it_goes_round(
    stage: Stage, made: Callable[[Work], Deadline]
) -> None:
    mine = await stage.do(lambda work: made(work).id)

    def kept(work: Work) -> set[str]:
        return set(duty_facts(work, work.session.get_one(Deadline, mine)).kept_from_ids)

    assert await stage.do(kept) == await stage.do(lambda work: {who(work, n).id for n in (AMINA, BRONWEN)})
    card = await presses(stage, OVER, mine, LEAH, {"to": BRONWEN, "reason": "I am away."}, day=None)
    assert "cannot go to them" in words(card)
    with pytest.raises(Refusal):
        await presses(stage, SHOW, mine, BRONWEN)


async def test_a_meeting_is_noted_as_held(stage: Stage) -> None:
    def arrange(work: Work) -> str:
        meeting = owed(work, "themes.meeting", 0)
        nudged(work, meeting, LEAH)
        posted(work, LEAH)
        return meeting.id

    mine = await stage.do(arrange)
    held = await presses(stage, DONE, mine, LEAH, {"note": "Call 943 476 5919"})
    assert "NHS number" in words(held)
    card = await presses(stage, DONE, mine, LEAH, {"note": "Falls, and two charts."})
    assert "Done: hold the monthly meeting on themes." in words(card)
    after = await found(stage, mine)
    assert (after.state, after.note) == ("done", "Falls, and two charts.")
    with pytest.raises(Refusal, match="has been done"):
        await presses(stage, DONE, mine, SANDEEP, {"note": None})


@pytest.mark.parametrize(
    ("rule", "covers"),
    [
        ("themes.meeting", "Complaints, incidents and other insight"),
        ("plan.reviewed", "put the new plan on your website"),
        ("plan.exercise", "Three years of incidents and complaints, and what staff say"),
    ],
)
async def test_what_the_policy_wants_looked_at_stands_on_it_and_where_it_is_noted(
    stage: Stage, rule: str, covers: str
) -> None:
    mine = await stage.do(lambda work: owed(work, rule, 0).id)
    for verb in (SHOW, DONE):
        card = await presses(stage, verb, mine, LEAH, day=None)
        text = words(card) + "".join(getattr(field, "hint", "") for field in card.inputs())
        assert covers in text
    await presses(stage, DONE, mine, LEAH, {"note": "Falls. " * 150}, day=None)
    assert len((await found(stage, mine)).note or "") > 1000


async def test_a_review_of_the_plan_that_is_done_comes_back(stage: Stage) -> None:
    mine = await stage.do(lambda work: owed(work, "plan.exercise", 0).id)
    await presses(stage, DONE, mine, LEAH, {"note": None}, day=None)
    still = await stage.do(
        lambda work: work.session.exec(select(Deadline.due_local).where(Deadline.state == "open")).all()
    )
    assert still == ["2029-11-20T23:59"]


async def test_done_it_is_this_meeting_and_not_those_of_other_months(stage: Stage) -> None:
    mine, other = await stage.do(lambda work: [owed(work, "themes.meeting", day).id for day in (-20, 10)])
    await presses(stage, DONE, mine, LEAH, {"note": None}, day=None)
    assert ((await found(stage, mine)).state, (await found(stage, other)).state) == ("done", "open")


async def test_what_has_a_card_of_its_own_is_not_done_by_saying_so(stage: Stage, mine: str) -> None:
    with pytest.raises(Refusal, match="where it belongs"):
        await presses(stage, DONE, mine, BRONWEN, {"note": None})


async def test_a_pause_has_a_lawful_reason_and_a_day_within_three_months(stage: Stage, mine: str) -> None:
    too_late = {"why-paused": "police", "review-day": "2027-02-21"}
    assert "20 February 2027 at the latest" in words(await presses(stage, PAUSE, mine, BRONWEN, too_late))
    card = await presses(stage, PAUSE, mine, BRONWEN, {"why-paused": "police", "review-day": "2027-02-20"})
    assert "A police investigation." in words(card)
    paused = await found(stage, mine)
    assert (paused.state, paused.reason, paused.review_on) == ("paused", "police", date(2027, 2, 20))
    with pytest.raises(Refusal, match="stands still"):
        await presses(stage, SNOOZE, mine, BRONWEN)


async def test_kept_paused_it_has_stood_still_all_along(stage: Stage, mine: str) -> None:
    await presses(stage, PAUSE, mine, BRONWEN, {"why-paused": "police", "review-day": "2026-11-27"})
    stage.later(days=7)
    await presses(stage, PAUSE, mine, BRONWEN, {"why-paused": "coroner", "review-day": "2026-12-11"})
    stage.later(days=7)
    card = await presses(stage, RESUME, mine, BRONWEN, day=None)
    assert "Was due Tuesday" in words(card)
    after = await found(stage, mine)
    assert after.state == "open"
    assert after.due_local == "2026-12-01T23:59", "the 17th, and the two weeks in which the clock stood still"


async def test_a_private_duty_cannot_be_paused(stage: Stage) -> None:
    mine = await stage.do(lambda work: owed(work, "contact.staff", 0, owner=NIAMH, case=a_case(work)).id)
    with pytest.raises(Refusal):
        await presses(stage, PAUSE, mine, NIAMH)


async def test_the_card_of_a_duty_tells_all_of_it(stage: Stage, mine: str) -> None:
    await presses(stage, SNOOZE, mine, BRONWEN)
    said = words(await presses(stage, SHOW, mine, BRONWEN))
    for part in (
        "Was due Tuesday; it is 3 working days late.",
        "safety action agreed",
        "Where the date comes from: agreed with the action (policy §15)",
        "Who owes it: Bronwen Hale",
        "Bronwen Hale: today, it was late",
        "Bronwen Hale: Monday 23 November, to come back to it",
        "Pause the clock",
    ):
        assert part in said


REFUSED = [(SHOW, CARYS), (SNOOZE, CARYS), (OVER, CARYS), (DONE, CARYS), (PAUSE, CARYS)]


@pytest.mark.parametrize(("verb", "by"), REFUSED)
async def test_nobody_else_may_look_or_press(stage: Stage, mine: str, verb: Any, by: str) -> None:
    with pytest.raises(Refusal, match="not yours"):
        await presses(stage, verb, mine, by)


async def test_whoever_was_asked_to_help_may_look_and_put_off_but_not_hand_over(stage: Stage, mine: str) -> None:
    def ask_for_help(work: Work) -> None:
        deadline = work.session.get_one(Deadline, mine)
        deadline.service = "District Nursing Nights"
        for reader in (CARYS, GRACE):
            nudged(work, deadline, reader, "up")

    await stage.do(ask_for_help)
    await presses(stage, SHOW, mine, CARYS)
    await presses(stage, SNOOZE, mine, CARYS)
    with pytest.raises(Refusal):
        await presses(stage, OVER, mine, CARYS)
    await presses(stage, SHOW, mine, GRACE)
    with pytest.raises(Refusal, match="not yours"):  # no longer on the ladder: she would not hear of it again
        await presses(stage, SNOOZE, mine, GRACE)


async def test_what_was_handed_over_is_not_put_off_by_whoever_had_it(stage: Stage, mine: str) -> None:
    def hand_over(work: Work) -> None:
        deadline = work.session.get_one(Deadline, mine)
        deadline.service = "Podiatry"  # its lead would hear of it all the same
        deadlines.hand_over(work, deadline, who(work, CARYS).id)

    await stage.do(hand_over)
    with pytest.raises(Refusal, match="not yours"):
        await presses(stage, SNOOZE, mine, BRONWEN)


async def test_what_was_done_meanwhile_is_said_kindly(stage: Stage, mine: str) -> None:
    def settle(work: Work) -> None:
        deadlines.settle(work, work.session.get_one(Deadline, mine), "done", "x")

    await stage.do(settle)
    with pytest.raises(Refusal, match="Thank you"):
        await presses(stage, SNOOZE, mine, BRONWEN)


def test_every_duty_of_a_digest_says_what_doing_it_means() -> None:
    assert [rule.id for rule in RULES if not rule.alone and rule.id not in ACT_OF] == []
    said_so = {rule_id for rule_id, doing in ACT_OF.items() if doing.verb == "duty.done"}
    assert said_so == {"themes.meeting", "plan.reviewed", "plan.exercise"}
