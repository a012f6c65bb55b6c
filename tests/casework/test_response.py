"""The learning response: decided, verified, started, longer, paused, ended; each with its clocks, in words."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from responses import (
    AMINA,
    BRONWEN,
    CALLUM,
    CARYS,
    CLOSE,
    HUSSEIN,
    LEAD,
    LEAH,
    LONGER,
    MARGUERITE,
    NIAMH,
    SANDEEP,
    START,
    TOMASZ,
    WEI,
    approved,
    case_in,
    clocks,
    decided,
    lead_by,
    named,
    press,
    read_case,
    started,
    state,
    the_response,
    titles,
)
from sqlmodel import func, select
from test_panel_decision import decide, voted

from psirf_bot.cards.model import Card
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import (
    AuditEntry,
    Channel,
    Deadline,
    Extension,
    LearningResponse,
    Person,
    StandIn,
    SupportNeed,
)
from stage import Stage, address_of, shown, words


async def how_many(stage: Stage, table: Any) -> int:
    found: int = await stage.do(lambda work: work.session.exec(select(func.count()).select_from(table)).one())
    return found


def the_only(work: Work, rule: str) -> Deadline:
    return work.session.exec(select(Deadline).where(Deadline.rule == rule)).one()


async def on_a_duty(stage: Stage, name: str, verb: str, rule: str, given: Mapping[str, Any] | None = None) -> Card:
    """Press a button of the only duty of this kind, as it stands in a digest."""
    action = await stage.do(lambda work: action_id(work, verb, deadline=the_only(work, rule).id))
    return shown(await stage.turn(name, Pressed(action, dict(given or {}))))


async def owners_of(stage: Stage, rule: str) -> list[str]:
    found: list[str] = await stage.do(lambda work: [p.name for p in owners(work, the_only(work, rule))])
    return found


# Decided


@pytest.mark.parametrize(
    ("kind", "becomes", "expected"),
    [
        ("mdt", "decided", {"response.lead": "open", "response.started": "open"}),
        ("swarm", "decided", {"response.lead": "open", "response.started": "open"}),
        ("aar", "decided", {"response.lead": "open", "response.started": "open"}),
        (
            "psii",
            "awaiting verification",
            {"response.lead": "open", "psii.verified": "open"},
        ),
    ],
)
async def test_what_a_decision_opens(stage: Stage, kind: str, becomes: str, expected: Mapping[str, str]) -> None:
    await read_case(stage)
    await approved(stage, kind)
    assert await state(stage) == becomes
    found = await clocks(stage, "response.", "psii.")
    assert {rule: how for rule, (_, how) in found.items()} == expected


@pytest.mark.parametrize("decision", ["mdt", "none"])
async def test_once_a_panel_has_decided_nobody_is_asked_to_consider_a_response(stage: Stage, decision: str) -> None:
    await voted(stage)
    prompt = "consider a response"
    assert prompt in words(await press(stage, LEAH, "case.show"))
    assert prompt in words(stage.channel()[-1])
    await decide(stage, decision)
    assert prompt in words(await press(stage, LEAH, "case.show")), "not approved yet"
    await press(stage, SANDEEP, "panel.approve")
    assert prompt not in words(await press(stage, LEAH, "case.show"))
    assert prompt not in words(stage.channel()[-1])


async def test_the_lead_and_the_reporter_are_told_in_private_and_the_preview_gives_nothing_away(stage: Stage) -> None:
    await read_case(stage)
    card = await decided(stage)
    assert "Multi-Incident Review (national name: Multi-Disciplinary Team review)" in words(card)
    asked = stage.private(NIAMH)[-1]
    assert (asked.title, asked.preview) == ("You are asked to lead a learning response", "You have a private task.")
    told = stage.private(AMINA)[-1]
    assert told.title == "It was decided how to learn from your report"
    assert "Niamh" not in words(told)
    assert "Multi" not in words(told)
    assert not any("Niamh" in words(card) for card in stage.channel())


async def test_line_managers_are_asked_at_once_and_an_involved_reporter_hears_it_from_them(stage: Stage) -> None:
    await read_case(stage, involved="yes", colleagues=TOMASZ)
    await stage.tick()
    before = {name: len(stage.private(name)) for name in (CARYS, BRONWEN)}
    await decided(stage)
    await stage.tick()
    for name in (CARYS, BRONWEN):
        [asked] = stage.private(name)[before[name] :]
        assert "review" in words(asked), name
    assert "It was decided how to learn from your report" not in titles(stage, AMINA)


async def test_whoever_is_to_tell_somebody_of_a_review_reads_who_leads_it(stage: Stage) -> None:
    """O05: whoever supports somebody links up with the reviewer, and so has to know who that is."""

    def leads() -> list[str]:
        about = [line for card in stage.private(CARYS) for line in words(card).splitlines()]
        return [line for line in about if line.startswith("Who leads")]

    await read_case(stage, colleagues=TOMASZ)
    await stage.tick()
    assert len(stage.private(CARYS)) == 1
    assert leads() == [], "after the event there is no review"
    await approved(stage)
    await stage.tick()
    assert leads() == ["Who leads the review: Nobody is chosen yet"]
    await lead_by(stage, NIAMH)
    stage.later(days=4)
    await stage.tick()
    assert leads()[-1] == f"Who leads the review: {NIAMH}"


async def test_a_restricted_case_says_that_whoever_leads_can_open_it_too(stage: Stage) -> None:
    await started(stage)
    await press(stage, LEAH, "case.restrict", on="yes")
    said = "Only the quality team, the reporter and whoever leads the learning response can open this case."
    for name in (LEAH, NIAMH):
        assert said in words(await stage.says(name, "case PSI-2026-0001"))


@pytest.mark.parametrize(
    ("lead", "says"), [("Nobody Known (agency)", "on the people list"), (TOMASZ, "cannot lead this one")]
)
async def test_who_cannot_lead(stage: Stage, lead: str, says: str) -> None:
    await read_case(stage, colleagues=TOMASZ)
    card = await decided(stage, lead=lead)
    assert says in words(card)
    assert (await the_response(stage)).lead_id is None


async def test_a_manager_who_is_to_learn_nothing_cannot_lead(stage: Stage) -> None:
    await read_case(stage, colleagues=TOMASZ)

    def somebody_else(work: Work) -> None:
        need = work.session.exec(select(SupportNeed)).one()
        need.wish, need.checker_id = "someone-else", None
        work.session.add(need)

    await stage.do(somebody_else)
    card = await decided(stage, lead=CARYS)
    assert f"{CARYS} cannot lead this one. Please choose somebody else." in words(card)


@pytest.mark.parametrize("name", [AMINA, NIAMH, MARGUERITE, WEI])
async def test_only_the_quality_team_and_the_chair_choose_the_lead(stage: Stage, name: str) -> None:
    await read_case(stage)
    await approved(stage)
    assert "quality team" in words(await press(stage, name, "response.lead", LEAD))
    assert (await the_response(stage)).lead_id is None


async def test_the_same_choice_twice_is_one(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    await lead_by(stage, NIAMH)
    assert titles(stage, NIAMH) == ["You are asked to lead a learning response"]


async def test_a_new_lead_has_the_day_that_the_one_before_had(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage, "mdt", NIAMH)
    stage.later(days=10)
    await lead_by(stage, CALLUM)
    assert (await clocks(stage))["response.started"] == ("2026-11-27", "open")
    assert await owners_of(stage, "response.started") == [CALLUM]
    assert "The lead has changed" in titles(stage, NIAMH)
    refused = await press(stage, NIAMH, "response.start", START)
    assert "quality team" in words(refused), "who no longer leads it no longer sees it"


async def test_a_new_lead_of_a_verified_psii_needs_no_new_verification(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage, "psii", NIAMH)
    await press(stage, MARGUERITE, "response.verify")
    await lead_by(stage, CALLUM)
    assert await state(stage) == "decided"
    found = await clocks(stage)
    assert found["psii.verified"][1] == "done"
    assert found["psii.day-3"][1] == "open"
    assert found["response.started"][1] == "open"
    assert "Start it" in [b.label for b in (await press(stage, CALLUM, "response.show")).all_buttons()]


async def test_a_lead_who_leaves_is_replaced_while_the_response_goes_on(stage: Stage) -> None:
    await started(stage)

    def leaves(work: Work) -> None:
        niamh = work.session.exec(select(Person).where(Person.name == NIAMH)).one()
        niamh.active = False
        work.session.add(niamh)

    await stage.do(leaves)
    before = len(stage.private(NIAMH))
    await lead_by(stage, CALLUM)
    assert await owners_of(stage, "response.target") == [CALLUM]
    assert len(stage.private(NIAMH)) == before, "nobody who has left is written to"


# Verified


async def test_the_chief_nurse_is_told_at_once_and_only_the_psii_waits(stage: Stage) -> None:
    await read_case(stage, colleagues=TOMASZ)
    before = await clocks(stage, "support.", "candour.", "datix.")
    await decided(stage, "psii")
    asked = stage.private(MARGUERITE)[-1]
    assert (asked.title, asked.preview) == ("A PSII waits for you to verify it", "You have a private task.")
    assert "waits" in words(await press(stage, NIAMH, "response.show")).lower()
    assert await clocks(stage, "support.", "candour.", "datix.") == before, "support, candour and the rest go on"
    card = await stage.presses(MARGUERITE, asked, "Verify it")
    assert "By Marguerite Oduya, Chief Nurse, Friday 20 November 2026" in words(card)
    await stage.settled()
    found = await clocks(stage, "psii.", "response.", "support.review-starts")
    assert found["psii.verified"][1] == "done"
    assert found["psii.day-3"] == ("2026-11-25", "open")  # three working days
    assert found["response.started"] == ("2026-11-27", "open")
    assert found["support.review-starts"][1] == "open"
    assert titles(stage, NIAMH)[-1] == "You can start the PSII"


@pytest.mark.parametrize(
    ("name", "says"),
    [(LEAH, "Only the Chief Nurse"), (NIAMH, "Only the Chief Nurse"), (WEI, "Only the Chief Nurse"), (HUSSEIN, "")],
)
async def test_who_verifies(stage: Stage, name: str, says: str) -> None:
    await read_case(stage)
    await decided(stage, "psii")
    card = await press(stage, name, "response.verify")
    assert says in words(card)
    assert await state(stage) == ("awaiting verification" if says else "decided")


async def test_whoever_recorded_the_decision_does_not_verify_it_even_as_a_deputy(stage: Stage) -> None:
    def deputy(work: Work) -> None:
        of = {p.email: p.id for p in work.session.exec(select(Person))}
        today = work.local.date()
        away, deputy = of[address_of(MARGUERITE)], of[address_of(SANDEEP)]
        work.session.add(StandIn(person_id=away, deputy_id=deputy, role="chief_nurse", starts=today, ends=today))

    await read_case(stage)
    await stage.do(deputy)
    await decided(stage, "psii")
    assert "A PSII waits for you to verify it" in titles(stage, HUSSEIN), "the other one who may is asked"
    assert "A PSII waits for you to verify it" not in titles(stage, SANDEEP)
    assert "somebody else has to verify it" in words(await press(stage, SANDEEP, "response.verify"))
    assert await state(stage) == "awaiting verification"
    assert await owners_of(stage, "psii.verified") == [HUSSEIN], "nobody is reminded of what they may not do"
    back = await on_a_duty(stage, HUSSEIN, "duty.over", "psii.verified", {"to": SANDEEP, "reason": "I am away."})
    assert "somebody else has to verify it" in words(back)


async def test_verifying_twice_is_once(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage, "psii")
    for _ in range(2):
        card = await press(stage, MARGUERITE, "response.verify")
        assert "By Marguerite Oduya" in words(card)
    assert titles(stage, NIAMH).count("You can start the PSII") == 1
    assert "Marguerite Oduya verified the PSII" in words(await press(stage, HUSSEIN, "response.verify"))


async def test_sent_back_with_a_reason_and_decided_again(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage, "psii")
    form = await press(stage, MARGUERITE, "response.back")
    assert "What should the panel look at again?" in words(form)
    await press(stage, MARGUERITE, "response.back", {"why-back": "The pharmacist was not heard."})
    assert await state(stage) == "read"
    assert "pharmacist was not heard" in words(stage.private(LEAH)[-1])
    assert (await clocks(stage))["psii.verified"][1] == "dropped"
    assert "back with the panel" in words(await press(stage, LEAH, "response.show"))
    await decided(stage, "psii")
    assert (await clocks(stage))["psii.verified"][1] == "open", "the second time round"


# Started

TARGETS = [
    ("mdt", {"target": None}, "2027-01-20", ""),
    ("mdt", {"agreed": "agreed", "target": None}, "", "Please give the day that was agreed"),
    ("mdt", {"agreed": "agreed", "target": "2026-12-19"}, "", "from Sunday 20 December 2026 on"),
    ("mdt", {"agreed": "agreed", "target": "2026-12-20"}, "2026-12-20", ""),
    ("mdt", {"agreed": "agreed", "target": "2027-02-20"}, "2027-02-20", ""),
    ("mdt", {"agreed": "agreed", "target": "2027-02-21"}, "", "Three months end on Saturday 20 February 2027"),
    ("mdt", {"agreed": "agreed", "target": "2027-05-21"}, "", "never more than six months"),
    ("swarm", {"agreed": "agreed", "target": "2026-11-27"}, "2026-11-27", ""),
    ("mdt", {"day": "2026-11-19"}, "", "before it happened, on Friday 20 November 2026"),
    ("mdt", {"day": "2026-11-21"}, "", "in the future"),
]


@pytest.mark.parametrize(("kind", "answers", "target", "says"), TARGETS)
async def test_the_target_lies_one_to_three_months_from_the_start(
    stage: Stage, kind: str, answers: dict[str, Any], target: str, says: str
) -> None:
    card = await started(stage, kind, **answers)
    if says:
        assert says in words(card)
        assert (await the_response(stage)).started_at is None
    else:
        found = await clocks(stage)
        assert await state(stage) == "responding"
        assert found["response.started"][1] == "done"
        assert [found[f"response.{rule}"] for rule in ("target", "three-months", "six-months")] == [
            (target, "open"),
            ("2027-02-20", "open"),
            ("2027-05-20", "open"),
        ]


async def test_a_target_that_a_pause_has_moved_says_so(stage: Stage) -> None:
    await started(stage, agreed="agreed", target="2027-01-15")
    await press(stage, NIAMH, "case.pause", {"reason": "coroner", "review": "2026-12-04"})
    stage.later(days=7)
    page = words(await press(stage, NIAMH, "case.resume"))
    moved = "Target: Friday 22 January 2027: agreed with those affected (policy §13); moved by a pause from Friday 15"
    assert f"{moved} January 2027." in page


async def test_the_form_says_when_a_day_is_needed(stage: Stage) -> None:
    card = await started(stage, agreed="agreed", target=None)
    assert "Please check: Please" not in words(card)
    assert "Please give the day that was agreed." in words(card)
    assert "Needed if you agreed one" in words(card)


async def test_the_page_says_where_each_date_comes_from(stage: Stage) -> None:
    card = await started(stage, agreed="agreed", target="2027-01-15")
    text = words(card)
    assert "Target: Friday 15 January 2027: agreed with those affected (policy §13)." in text
    assert "Three-month limit: Saturday 20 February 2027: policy §13: three months." in text
    assert "Six months: Thursday 20 May 2027: policy §13: never more than six months." in text
    assert "The time it takes: agreed with those affected." in text


async def test_the_clocks_count_from_the_day_it_started_not_from_when_that_was_recorded(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    stage.later(days=12)
    await press(stage, NIAMH, "response.start", START | {"day": "2026-11-30"})
    found = await clocks(stage)
    due = {rule: found[f"response.{rule}"][0] for rule in ("target", "three-months", "six-months")}
    assert due == {"target": "2027-01-30", "three-months": "2027-02-28", "six-months": "2027-05-30"}


async def test_starting_twice_is_once_and_the_first_day_stands(stage: Stage) -> None:
    await started(stage)
    stage.later(days=3)
    await press(stage, LEAH, "response.start", START | {"day": "2026-11-23"})
    assert (await clocks(stage))["response.three-months"] == ("2027-02-20", "open")
    assert "It started on Friday 20 November 2026" in words(await press(stage, LEAH, "response.start"))


async def test_a_psii_does_not_start_before_it_is_verified(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage, "psii")
    assert "has moved on" in words(await press(stage, LEAH, "response.start", START))
    stage.later(days=3)
    await press(stage, MARGUERITE, "response.verify")
    card = await press(stage, NIAMH, "response.start", START)
    assert "this one was on Monday 23 November 2026" in words(card)
    await press(stage, NIAMH, "response.start", START | {"day": "2026-11-23"})
    assert (await clocks(stage))["response.three-months"] == ("2027-02-23", "open")


async def test_who_starts_it_is_told_where_the_duty_of_candour_has_got_to(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    assert "duty of candour" not in words(await press(stage, NIAMH, "response.start"))
    await stage.do(lambda work: happened(work, Event.CANDOUR_CONFIRMED, of_case(case_in(work)), "somebody"))
    said = words(await press(stage, NIAMH, "response.start"))
    assert "Still to be done: tell the person, in person, with an apology; send the written follow-up." in said


async def test_who_starts_it(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    for name in (AMINA, WEI, CALLUM, MARGUERITE):
        assert "quality team" in words(await press(stage, name, "response.start", START)), name
    assert await state(stage) == "decided"
    await press(stage, SANDEEP, "response.start", START)
    assert await state(stage) == "responding"


async def test_the_initial_report(stage: Stage) -> None:
    await started(stage, "psii")
    for _ in range(2):
        card = await press(stage, LEAH, "response.report-sent", {"day": "2026-11-20"})
    assert "The initial report was sent on Friday 20 November 2026." in words(card)
    assert (await clocks(stage))["psii.day-3"] == ("2026-11-25", "done")
    assert "The initial report was sent" not in [b.label for b in card.all_buttons()]


async def test_the_initial_report_is_not_sent_before_there_is_a_psii(stage: Stage) -> None:
    await started(stage, "psii")
    early = await press(stage, LEAH, "response.report-sent", {"day": "2026-11-01"})
    assert "The PSII was verified on Friday 20 November 2026" in words(early)
    assert (await clocks(stage))["psii.day-3"][1] == "open"


async def test_there_is_no_initial_report_without_a_psii(stage: Stage) -> None:
    await started(stage)
    assert "There is none here" in words(await press(stage, LEAH, "response.report-sent", {"day": "2026-11-20"}))


# Longer


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"until": "2027-02-20"}, "There is time until Saturday 20 February 2027 already"),
        ({"until": "2026-11-20"}, "Please choose a day to come"),
        ({"until": "2027-05-21"}, "Six months end on Thursday 20 May 2027"),
        ({"family": None}, "Please answer this"),
        ({"statement": " "}, "Please answer this"),
    ],
)
async def test_a_longer_time_that_cannot_be(stage: Stage, change: dict[str, Any], says: str) -> None:
    await started(stage)
    card = await press(stage, NIAMH, "response.extend", LONGER | change)
    assert says in words(card)
    assert await how_many(stage, Extension) == 0
    assert (await clocks(stage))["response.three-months"][1] == "open"


async def test_a_longer_time_is_agreed(stage: Stage) -> None:
    await started(stage)
    for _ in range(2):
        card = await press(stage, NIAMH, "response.extend", LONGER)
    assert await how_many(stage, Extension) == 1
    found = await clocks(stage)
    assert {rule: found[f"response.{rule}"][1] for rule in ("target", "three-months", "six-months")} == {
        "target": "dropped",
        "three-months": "done",
        "six-months": "open",
    }
    assert found["response.extension"] == ("2027-04-20", "open")
    assert "policy §13: three months. A longer time was recorded on Friday 20 November 2026." in words(card)
    assert "Patient or family: agreed with them. Staff: we tried to agree it" in words(card)
    assert titles(stage, LEAH)[-1] == "A learning response takes longer"
    assert "takes more than six months" not in " ".join(titles(stage, MARGUERITE))


@pytest.mark.parametrize(
    ("family", "staff", "says"),
    [
        ("agreed", "agreed", "agreed with those affected"),
        ("attempted", "agreed", "tried but not agreed with the patient or family; agreed with the staff"),
        ("not-involved", "attempted", "the patient or family not involved, or chose not to be; tried but not agreed"),
    ],
)
async def test_a_longer_time_says_with_whom_it_was_agreed(stage: Stage, family: str, staff: str, says: str) -> None:
    await started(stage)
    card = await press(stage, NIAMH, "response.extend", LONGER | {"family": family, "staff": staff})
    assert f"Extension: Tuesday 20 April 2027: {says}" in words(card)
    assert ("agreed with those affected" in words(card)) is (says == "agreed with those affected")
    assert f"takes longer, until Tuesday 20 April 2027: {says}" in words(stage.private(LEAH)[-1])
    assert "Recorded late" not in words(card)
    await press(
        stage, NIAMH, "response.extend", LONGER | {"until": "2027-05-18", "family": "agreed", "staff": "agreed"}
    )
    page = words(await press(stage, NIAMH, "response.show"))
    assert "Extension: Tuesday 18 May 2027: agreed with those affected (policy §13)." in page


@pytest.mark.parametrize("missing", ["tried-on", "tried-how"])
@pytest.mark.parametrize("who", ["family", "staff"])
async def test_what_was_tried_is_recorded_when_and_how(stage: Stage, who: str, missing: str) -> None:
    await started(stage)
    tried = LONGER | {"family": "agreed", "staff": "agreed"} | {who: "attempted"}
    refused = words(await press(stage, NIAMH, "response.extend", tried | {missing: None}))
    assert {"tried-on": "day of the last attempt", "tried-how": "say what was tried"}[missing] in refused
    assert await how_many(stage, Extension) == 0
    page = words(await press(stage, NIAMH, "response.extend", tried))
    assert "Tried: By telephone with each of the staff, twice. Last on Friday 20 November 2026." in page
    agreed = LONGER | {"until": "2027-05-18", "family": "agreed", "staff": "agreed", missing: None}
    await press(stage, NIAMH, "response.extend", agreed)
    assert await how_many(stage, Extension) == 2, "nothing was tried where all agreed"


async def test_a_longer_time_that_comes_late_is_kept_and_says_so(stage: Stage) -> None:
    await started(stage)
    stage.now = datetime(2027, 2, 20, 10, tzinfo=UTC)
    on_the_day = words(await press(stage, NIAMH, "response.extend", LONGER))
    assert "Recorded late" not in on_the_day
    stage.now = datetime(2027, 4, 30, 10, tzinfo=UTC)
    page = words(await press(stage, NIAMH, "response.extend", LONGER | {"until": "2027-05-18", "staff": "agreed"}))
    late = "Recorded late, on Friday 30 April 2027: there was time until Tuesday 20 April 2027."
    assert f"Extension: Tuesday 18 May 2027: agreed with those affected (policy §13). {late}" in page
    assert page.count(late) == 2, "with its day, and in the record"
    assert late in words(stage.private(LEAH)[-1])


async def test_no_day_is_called_agreed_that_was_not(stage: Stage) -> None:
    card = await started(stage, agreed="not-reached", target="2027-01-15")
    assert "You said that no time was agreed." in words(card)
    assert "response.target" not in await clocks(stage, "response.")


async def test_a_second_longer_time_moves_the_clock(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "response.extend", LONGER)
    earlier = await press(stage, NIAMH, "response.extend", LONGER | {"until": "2027-04-19"})
    assert "There is time until Tuesday 20 April 2027 already" in words(earlier)
    await press(stage, NIAMH, "response.extend", LONGER | {"until": "2027-05-20"})
    assert (await clocks(stage))["response.extension"] == ("2027-05-20", "open")
    assert await how_many(stage, Extension) == 2


async def test_more_than_six_months_is_never_blocked_but_the_chief_nurse_hears_of_it(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "response.extend", LONGER | {"until": "2027-06-18", "beyond": ["yes"]})
    found = await clocks(stage)
    assert found["response.extension"] == ("2027-06-18", "open")
    assert found["response.six-months"] == ("2027-05-20", "open"), "it goes on climbing the ladder"
    assert titles(stage, MARGUERITE)[-1] == "A learning response takes more than six months"


async def test_extending_needs_a_start(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    assert "has not started yet" in words(await press(stage, NIAMH, "response.extend"))


# Paused


async def test_a_pause_says_when_it_reminds_also_where_its_day_is_no_working_day(stage: Stage) -> None:
    await started(stage)
    form = await press(stage, NIAMH, "case.pause")
    assert "You are reminded on the morning of that day, or of the next working day." in words(form)
    await press(stage, NIAMH, "case.pause", {"reason": "coroner", "review": "2026-12-25"})
    paused = select(Deadline.next_at).where(Deadline.rule == "response.target")
    reminded: datetime = await stage.do(lambda work: work.session.exec(paused).one())
    assert reminded.date() == date(2026, 12, 29)


async def test_a_pause_stops_the_dates_in_sight_and_nothing_else(stage: Stage) -> None:
    await read_case(stage, colleagues=TOMASZ)
    await decided(stage, "psii")
    await press(stage, MARGUERITE, "response.verify")
    await press(stage, NIAMH, "response.start", START)
    others = await clocks(stage, "support.", "candour.", "psii.", "datix.")
    pause = {"reason": "coroner", "review": "2026-12-11"}
    card = await press(stage, NIAMH, "case.pause", pause)
    assert await state(stage) == "paused"
    found = await clocks(stage, "response.")
    assert {rule: how for rule, (_, how) in found.items()} == {
        "response.lead": "done",
        "response.started": "done",
        "response.first-contact": "open",
        "response.target": "paused",
        "response.three-months": "paused",
        "response.six-months": "open",
    }
    assert "Paused since Friday 20 November 2026: a coroner's inquiry." in words(card)
    assert "looked at again on Friday 11 December 2026" in words(card)
    assert await clocks(stage, "support.", "candour.", "psii.", "datix.") == others
    await press(stage, NIAMH, "case.pause", pause)
    assert titles(stage, LEAH).count("A learning response is paused") == 1, "pressed twice is once"
    again = await press(stage, NIAMH, "case.pause", pause | {"review": "2026-12-18"})
    assert "Paused since Friday 20 November 2026" in words(again)
    assert "looked at again on Friday 18 December 2026" in words(again)
    stage.later(days=21)
    for _ in range(2):
        await press(stage, NIAMH, "case.resume")
    assert await state(stage) == "responding"
    found = await clocks(stage, "response.")
    assert found["response.target"] == ("2027-02-10", "open")
    assert found["response.three-months"] == ("2027-03-13", "open")
    assert found["response.six-months"] == ("2027-05-20", "open"), "never more than six months (K03)"


async def test_one_clock_of_a_response_never_stands_still_or_goes_on_alone(stage: Stage) -> None:
    await started(stage)
    form = await on_a_duty(stage, NIAMH, "duty.pause", "response.target")
    assert form.title == "Pause the learning response"
    await stage.presses(NIAMH, form, "Pause it", {"reason": "police", "review": "2026-12-11"})
    states = {how for _, how in (await clocks(stage, "response.t")).values()}
    assert (await state(stage), states) == ("paused", {"paused"})
    duty = words(await on_a_duty(stage, NIAMH, "duty.show", "response.target"))
    assert "Paused until it is looked at again on Friday 11 December. A police investigation." in duty
    stage.later(days=7)
    await on_a_duty(stage, NIAMH, "duty.resume", "response.target")
    found = await clocks(stage, "response.")
    assert await state(stage) == "responding"
    assert found["response.target"] == ("2027-01-27", "open")
    assert found["response.three-months"] == ("2027-02-27", "open")


async def test_a_longer_time_goes_by_the_days_that_a_pause_has_moved(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "case.pause", {"reason": "coroner", "review": "2027-01-15"})
    stage.later(days=56)
    await press(stage, NIAMH, "case.resume")
    assert "goes on after Thursday 20 May 2027" in words(await press(stage, NIAMH, "response.extend"))
    shorter = await press(stage, NIAMH, "response.extend", LONGER | {"until": "2027-03-01"})
    assert "There is time until Saturday 17 April 2027 already" in words(shorter)
    await press(stage, NIAMH, "response.extend", LONGER | {"until": "2027-05-10"})
    assert (await clocks(stage))["response.extension"] == ("2027-05-10", "open")
    await press(stage, NIAMH, "case.pause", {"reason": "coroner", "review": "2027-01-29"})
    stage.later(days=7)
    page = words(await press(stage, NIAMH, "case.resume"))
    assert "tried but not agreed with the staff (policy §13); moved by a pause from Monday 10 May 2027." in page


async def test_a_pause_does_not_move_the_six_months_and_they_say_that_it_is_paused(stage: Stage) -> None:
    leads = {"purpose": "leads", "platform": "web", "address": {"channel": "leads"}}
    await stage.do(lambda work: work.session.add(Channel(**leads, set_by="x", set_at=work.now)))
    await started(stage)
    six = {}
    for by in ("response.six-months", "response.target"):
        stage.now = datetime(2027, 3, 1, 10, tzinfo=UTC)
        await press(stage, NIAMH, "case.pause", {"reason": "police", "review": "2027-06-01"})
        six[by] = words(await on_a_duty(stage, NIAMH, "duty.show", by))
    says = "The response is paused; the six months go on. Paused until it is looked at again on Tuesday 1 June."
    assert f"{says} A police investigation." in six["response.six-months"]
    assert says not in six["response.target"]
    for day in (20, 21, 24, 25):
        stage.now = datetime(2027, 5, day, 9, 5, tzinfo=UTC)
        await stage.tick()
    told = words(stage.private(MARGUERITE)[-1])
    assert "Finish within six months: PSI-2026-0001" in told
    assert "late. The response is paused; the six months go on." in told
    assert "A police investigation." in told
    assert "The response is paused" in words(stage.channel("leads")[-1])
    assert "the end of the six months: Thursday 20 May 2027" in words(await resumed(stage))
    assert (await clocks(stage))["response.six-months"] == ("2027-05-20", "open")


async def resumed(stage: Stage) -> Card:
    await press(stage, NIAMH, "case.resume")
    return stage.private(LEAH)[-1]


async def test_the_initial_report_is_sent_while_the_response_is_paused(stage: Stage) -> None:
    await started(stage, "psii")
    page = await press(stage, NIAMH, "case.pause", {"reason": "coroner", "review": "2026-12-11"})
    await stage.presses(NIAMH, page, "The initial report was sent", {"day": "2026-11-20"})
    assert (await clocks(stage))["psii.day-3"] == ("2026-11-25", "done")


async def test_a_pause_needs_a_day_to_come_and_somebody_who_may(stage: Stage) -> None:
    await started(stage)
    today = await press(stage, NIAMH, "case.pause", {"reason": "police", "review": "2026-11-20"})
    assert "Please choose a day to come" in words(today)
    for name in (AMINA, WEI, MARGUERITE):
        asked = {"reason": "police", "review": "2026-12-11"}
        assert "quality team" in words(await press(stage, name, "case.pause", asked)), name
    assert await state(stage) == "responding"
    assert "whoever leads the response" in words(await press(stage, WEI, "case.resume"))


# Ended


async def test_it_ends_with_what_was_missing_and_the_staff_hear_from_those_who_support_them(stage: Stage) -> None:
    await read_case(stage, colleagues=TOMASZ)
    await decided(stage)
    await press(stage, NIAMH, "response.start", START)
    stage.later(days=40)
    early = await press(stage, NIAMH, "response.end", {"day": "2026-11-19", "missing": None})
    assert "It started on Friday 20 November 2026" in words(early)
    for _ in range(2):
        card = await press(stage, NIAMH, "response.end", {"day": "2026-12-30", "missing": "The hospital's notes."})
    assert "Information that was missing: The hospital's notes." in words(card)
    assert "Ended: Wednesday 30 December 2026" in words(card)
    found = await clocks(stage, "response.", "support.review-ended")
    assert found.pop("response.first-contact")[1] == "dropped", "it is too late for a first contact"
    assert {how for rule, (_, how) in found.items() if rule.startswith("response.")} == {"done"}
    assert found["support.review-ended"][1] == "open"
    assert titles(stage, LEAH).count("A learning response has ended") == 1
    assert await state(stage) == "responding", "the case itself is closed by the quality team"


async def test_a_case_that_is_opened_again_gets_a_response_of_its_own(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": "The notes."})
    await press(stage, LEAH, "case.close", CLOSE)
    stage.later(days=10)
    await press(stage, LEAH, "case.reopen")
    card = await decided(stage, "aar", CALLUM)
    assert await how_many(stage, LearningResponse) == 2
    assert "After Action Review" in words(card)
    assert "Before, information that was missing: The notes." in words(card), "it may have come to light since (K08)"
    assert "Three-month limit" not in words(card), "the dates of the first one are behind us"


# Its page


WHILE_IT_GOES_ON = {
    "Agree a longer time",
    "Pause it",
    "It has ended",
    "Terms of reference",
    "The named contact",
    "Agree contact",
    "Other organisations",
    "Back to the case",
}


@pytest.mark.parametrize(
    ("name", "sees"), [(LEAH, True), (NIAMH, True), (MARGUERITE, True), (AMINA, False), (WEI, False), (CALLUM, False)]
)
async def test_who_opens_the_page(stage: Stage, name: str, sees: bool) -> None:
    await started(stage)
    card = await press(stage, name, "response.show")
    assert (card.title == "Learning response") is sees


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (LEAH, {"Change the lead", "Notifications", *WHILE_IT_GOES_ON}),
        (NIAMH, WHILE_IT_GOES_ON),
        (MARGUERITE, {"Approve the draft", "Back to the case"}),
    ],
)
async def test_the_page_offers_what_may_be_done(stage: Stage, name: str, labels: set[str]) -> None:
    await started(stage)
    card = await press(stage, name, "response.show")
    assert {b.label for b in card.all_buttons()} == labels


async def first_of(stage: Stage, name: str) -> list[str]:
    """What stands out on the page."""
    card = await press(stage, name, "response.show")
    return [b.label for b in card.all_buttons() if b.style == "primary"]


async def test_what_comes_next_stands_out(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "psii")
    await lead_by(stage, NIAMH)
    assert await first_of(stage, MARGUERITE) == ["Verify the PSII"]
    assert await first_of(stage, NIAMH) == []
    await press(stage, MARGUERITE, "response.verify")
    assert await first_of(stage, NIAMH) == ["The named contact"]
    await named(stage)
    assert await first_of(stage, NIAMH) == ["Start it"]
    await press(stage, NIAMH, "response.start", START)
    assert await first_of(stage, NIAMH) == []


async def test_the_initial_report_is_offered_once_the_psii_is_verified_until_it_was_sent(stage: Stage) -> None:
    async def offered() -> bool:
        card = await press(stage, NIAMH, "response.show")
        return "The initial report was sent" in [b.label for b in card.all_buttons()]

    await read_case(stage)
    await decided(stage, "psii")
    assert not await offered()
    await press(stage, MARGUERITE, "response.verify")
    assert await offered(), "day 3 may come before the start"
    await press(stage, NIAMH, "response.report-sent", {"day": "2026-11-20"})
    assert not await offered()


@pytest.mark.long
async def test_every_button_offered_can_be_pressed(stage: Stage) -> None:
    """Whatever the page offers leads somewhere: no refusal behind a button, in no state and for nobody."""

    async def all_of(name: str) -> None:
        for b in (await press(stage, name, "response.show")).all_buttons():
            if b.label in {"Verify the PSII", "Go on again"}:
                continue
            then = await stage.presses(name, await press(stage, name, "response.show"), b.label)
            assert then.title != "I could not do that", (name, b.label)

    await read_case(stage)
    await all_of(LEAH)
    await decided(stage, "psii")
    for name in (LEAH, MARGUERITE, NIAMH):
        await all_of(name)
    await press(stage, MARGUERITE, "response.verify")
    for name in (LEAH, NIAMH):
        await all_of(name)
    await press(stage, NIAMH, "response.start", START)
    await all_of(NIAMH)
    await press(stage, NIAMH, "case.pause", {"reason": "partner", "review": "2026-12-11"})
    for name in (LEAH, NIAMH, MARGUERITE):
        await all_of(name)


async def test_what_people_did_is_in_the_audit_chain_without_their_words(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "response.extend", LONGER)

    def what(work: Work) -> list[str]:
        theirs = select(AuditEntry.what).where(AuditEntry.case_id == case_in(work).id)
        return [
            w for w in work.session.exec(theirs) if w in {"response decided", "response started", "extension recorded"}
        ]

    assert await stage.do(what) == ["response decided", "response started", "extension recorded"]
