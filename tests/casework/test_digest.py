"""The morning digest: what is theirs, once, in order, in words that help; and the leads' list, which names nobody."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from duty_stage import TODAY, a_case, digest_of, labels, nudged, owed, posted, problems, who
from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, digest, reminders, told
from psirf_bot.casework.owed import MOST, MOST_AHEAD
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.domain.trust import DeadlineSetting
from psirf_bot.store.tables import Contact, Deadline, Identity, Outbox, StandIn, SupportNeed
from stage import Stage, words

AMINA, BRONWEN, CARYS, GRACE = "Amina Yusuf", "Bronwen Hale", "Carys Penhallow", "Grace Mbeki-Ward"
LEAH, SANDEEP, NIAMH = "Leah Rosenfeld", "Sandeep Bhullar", "Niamh Gallagher"
MARGUERITE = "Marguerite Oduya"


async def shows(stage: Stage, arrange: Callable[[Work], Any], reader: str, day: date = TODAY) -> str:
    """What the reader's digest of that day says, empty where there is none."""

    def look(work: Work) -> str:
        arrange(work)
        card = digest_of(work, reader, day)
        if card is None:
            return ""
        assert problems(card) == []
        said: str = words(card)
        return said

    found: str = await stage.do(look)
    return found


WHEN = {
    -3: "Was due Tuesday; it is 3 working days late.",
    -1: "Was due Thursday; it is 1 working day late.",
    -10: "Was due Tuesday 10 November; it is 8 working days late.",
    0: "Due today.",
    1: "Due tomorrow.",
    14: "Due Friday 4 December.",
    60: "Due Tuesday 19 January 2027.",
}


@pytest.mark.parametrize("due_in", WHEN)
async def test_the_day_it_is_due_is_said_as_people_say_it(stage: Stage, due_in: int) -> None:
    def arrange(work: Work) -> None:
        nudged(work, owed(work, "datix.entered", due_in, owner=AMINA, case=a_case(work)), AMINA)

    said = await shows(stage, arrange, AMINA)
    assert WHEN[due_in] in said
    assert "Enter the Datix number: PSI-2026-0001" in said
    assert "Where the date comes from: 2 working days (local: the policy gives no time)." in said


async def test_a_weekend_makes_nothing_a_working_day_late(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        nudged(work, owed(work, "datix.entered", 0, owner=AMINA, case=a_case(work)), AMINA)

    await stage.do(arrange)
    stage.later(days=2)
    assert "Was due Friday.\n" in await shows(stage, lambda work: None, AMINA)


async def test_late_first_then_today_then_soon_and_never_the_same_twice(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        soon = owed(work, "response.target", 10, owner=NIAMH, case=a_case(work, 1))
        today = owed(work, "response.target", 0, owner=NIAMH, case=a_case(work, 2))
        owed(work, "response.target", -2, owner=NIAMH, case=a_case(work, 3))  # late, and not reminded of today
        owed(work, "response.target", 4, owner=NIAMH, case=a_case(work, 4))  # soon, and not reminded of today
        for deadline in (soon, today):
            nudged(work, deadline, NIAMH)

    said = await shows(stage, arrange, NIAMH)
    assert said.startswith("Your day: 3 things to look at")
    order = [said.index(f"PSI-2026-000{number}") for number in (3, 2, 1)]
    assert order == sorted(order)
    assert "PSI-2026-0004" not in said
    assert said.count("Finish the learning response:") == 3


async def test_the_preview_gives_nothing_away(stage: Stage) -> None:
    def look(work: Work) -> str:
        nudged(work, owed(work, "datix.entered", 0, owner=AMINA, case=a_case(work)), AMINA)
        card = digest_of(work, AMINA)
        assert card
        return card.preview

    assert await stage.do(look) == "You have 1 thing to look at today."


def of_amina(work: Work, **facts: Any) -> Deadline:
    deadline = owed(work, "datix.entered", 0, owner=AMINA, case=a_case(work), **facts)
    nudged(work, deadline, AMINA)
    return deadline


def _left(work: Work) -> None:
    of_amina(work)
    who(work, AMINA).active = False


def _on_leave(work: Work) -> None:
    of_amina(work)
    away = StandIn(person_id=who(work, AMINA).id, deputy_id=who(work, CARYS).id, starts=TODAY, ends=TODAY)
    work.session.add(away)


def _handed_over(work: Work) -> None:
    of_amina(work).owner_id = who(work, CARYS).id


NOTHING: dict[str, Callable[[Work], Any]] = {
    "nothing at all": lambda work: None,
    "done": lambda work: of_amina(work, state="done"),
    "no longer needed": lambda work: of_amina(work, state="dropped"),
    "handed over": _handed_over,
    "left": _left,
    "on leave": _on_leave,
    "somebody else's": lambda work: owed(work, "datix.entered", -3, owner=CARYS, case=a_case(work)),
    "a message of its own": lambda work: owed(
        work, "support.after-event", -3, owner=AMINA, case=a_case(work), about=("check", "need")
    ),
}


@pytest.mark.parametrize("what", NOTHING)
async def test_with_nothing_left_nothing_is_sent(stage: Stage, what: str) -> None:
    assert await shows(stage, NOTHING[what], AMINA) == ""


async def test_whoever_stands_in_is_shown_it(stage: Stage) -> None:
    assert "PSI-2026-0001" in await shows(stage, _on_leave, CARYS)


async def test_what_was_done_stays_as_a_line_in_a_digest_that_was_posted(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        posted(work, NIAMH)
        for number, state in enumerate(("done", "dropped", "open"), start=1):
            deadline = owed(work, "response.target", -1, owner=NIAMH, case=a_case(work, number), state=state)
            nudged(work, deadline, NIAMH)

    said = await shows(stage, arrange, NIAMH)
    assert said.startswith("Your day: 1 thing to look at")
    assert "Done: finish the learning response, PSI-2026-0001." in said
    assert "No longer needed: finish the learning response, PSI-2026-0002." in said


async def test_when_all_of_it_is_done_a_posted_digest_says_so(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        posted(work, AMINA)
        of_amina(work, state="done")

    said = await shows(stage, arrange, AMINA)
    assert "Nothing more on this list. Thank you." in said
    assert "Done: enter the Datix number, PSI-2026-0001." in said


async def test_an_old_digest_gains_nothing_new(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        posted(work, NIAMH)
        nudged(work, owed(work, "response.target", 0, owner=NIAMH, case=a_case(work, 1)), NIAMH)
        owed(work, "response.target", 3, owner=NIAMH, case=a_case(work, 2))

    await stage.do(arrange)
    stage.later(days=6)
    said = await shows(stage, lambda work: None, NIAMH)
    assert "PSI-2026-0001" in said
    assert "4 working days late" in said
    assert "PSI-2026-0002" not in said


async def test_a_pause_says_until_when_and_why(stage: Stage) -> None:
    review = TODAY + timedelta(days=14)

    def arrange(work: Work) -> None:
        nudged(
            work,
            owed(
                work,
                "candour.written",
                -30,
                owner=NIAMH,
                case=a_case(work),
                state="paused",
                reason="coroner",
                review_on=review,
            ),
            NIAMH,
            "review",
        )

    said = await shows(stage, arrange, NIAMH)
    assert "Paused until it is looked at again on Friday 4 December. A coroner's inquiry." in said
    assert "late" not in said
    assert "You can press: Start the clock again, Keep it paused, More" in said


async def test_a_moved_calendar_says_so(stage: Stage) -> None:
    said = await shows(stage, lambda work: of_amina(work, moved_from="2026-12-03"), AMINA)
    assert "It was Thursday 3 December before the bank holidays changed." in said


async def test_the_ladder_is_asked_for_help_without_blame(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        deadline = owed(work, "action.done", -3, owner=BRONWEN, about=("action", "a1"), service="Community Nursing")
        nudged(work, deadline, BRONWEN, "late", TODAY - timedelta(days=3))
        nudged(work, deadline, LEAH, "up")

    assert "Bronwen Hale was asked on Tuesday. Can you help?" in await shows(stage, arrange, LEAH)


async def test_it_is_not_said_that_somebody_was_asked_whom_nobody_could_reach(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        deadline = owed(work, "action.done", -3, owner=BRONWEN, about=("action", "a1"), service="Community Nursing")
        nudged(work, deadline, BRONWEN, "late", TODAY - timedelta(days=3))
        nudged(work, deadline, LEAH, "up")
        theirs = select(Identity).where(Identity.person_id == who(work, BRONWEN).id)
        for identity in work.session.exec(theirs):
            identity.address = {}

    said = await shows(stage, arrange, LEAH)
    assert "Bronwen Hale cannot be reached here just now. Can you help?" in said
    assert "asked" not in said


async def test_where_nobody_is_in_the_role_it_is_not_said_that_somebody_was_asked(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        for name in (LEAH, SANDEEP):
            who(work, name).roles = ["panel"]
        nudged(work, owed(work, "report.read", -3, case=a_case(work)), MARGUERITE, "up")

    said = await shows(stage, arrange, MARGUERITE)
    assert "There is nobody in the role that this falls to. Can you help?" in said
    assert "asked" not in said


async def test_what_was_put_off_does_not_come_back_once_it_is_somebody_elses(stage: Stage) -> None:
    made: list[Deadline] = []

    def put_off(work: Work) -> None:
        posted(work, AMINA)
        made.append(of_amina(work))
        nudged(work, made[0], AMINA, "put off", TODAY + timedelta(days=3))

    assert "Back Monday" in await shows(stage, put_off, AMINA)

    def hand_over(work: Work) -> None:
        deadlines.hand_over(work, work.session.get_one(Deadline, made[0].id), who(work, LEAH).id)
        waiting = work.session.exec(select(Outbox.subject)).all()
        assert f"digest:{who(work, AMINA).id}:{TODAY.isoformat()}" in waiting, "what hangs is brought up to date"

    assert "Back Monday" not in await shows(stage, hand_over, AMINA)


@pytest.mark.parametrize(
    ("confidential", "asked"), [(True, "The reporter was asked"), (False, "Amina Yusuf was asked")]
)
async def test_a_reporter_who_is_kept_close_is_not_named_up_the_ladder(
    tmp_path: Path, confidential: bool, asked: str
) -> None:
    def arrange(work: Work) -> None:
        case = a_case(work, reporter_id=who(work, AMINA).id, confidential=confidential)
        deadline = owed(work, "datix.entered", -3, owner=AMINA, case=case)
        for name in (LEAH, BRONWEN):
            nudged(work, deadline, name, "up")

    ladder = DeadlineSetting(source="local", ladder=(Role.QUALITY, Role.SERVICE_LEAD))
    async with Stage(tmp_path, deadlines={"datix.entered": ladder}) as stage:
        assert "Amina Yusuf was asked" in await shows(stage, arrange, LEAH)
        assert asked in await shows(stage, lambda work: None, BRONWEN)


async def test_whoever_is_not_on_the_ladder_hears_nothing(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        case = a_case(work, reporter_id=who(work, AMINA).id)
        nudged(work, owed(work, "datix.entered", -3, owner=AMINA, case=case), BRONWEN, "up")

    assert await shows(stage, arrange, BRONWEN) == ""


async def test_nobody_is_shown_a_duty_that_concerns_themselves(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        case = a_case(work)
        leah = who(work, LEAH)
        need = SupportNeed(id="n1", case_id=case.id, person_id=leah.id, name=leah.name, wish="quality", at=work.now)
        contact = Contact(
            id="c1", case_id=case.id, with_whom="staff", need_id="n1", avoid=[], lead_id=who(work, NIAMH).id
        )
        work.session.add_all([need, contact])
        deadline = owed(work, "contact.staff", -3, owner=NIAMH, case=case, about=("contact", "c1"))
        for name in (LEAH, SANDEEP):
            nudged(work, deadline, name, "up")

    assert await shows(stage, arrange, LEAH) == ""
    assert "Be in touch with the member of staff" in await shows(stage, lambda work: None, SANDEEP)


async def test_a_roles_duties_are_shown_to_those_who_hold_it(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        nudged(work, owed(work, "report.read", 0, case=a_case(work, state="reported")), LEAH)
        owed(work, "candour.told", -1, case=a_case(work, 2))

    said = await shows(stage, arrange, LEAH)
    assert "You can press: I have read this, Not today, Hand it over, More" in said
    assert "PSI-2026-0002" not in said
    assert "PSI-2026-0002" in await shows(stage, lambda work: None, GRACE)


async def test_sixty_late_duties_still_fit(stage: Stage) -> None:
    def look(work: Work) -> None:
        case = a_case(work)
        for number in range(1, 61):
            rule = ("response.target", "response.three-months", "response.six-months")[number % 3]
            nudged(work, owed(work, rule, -number, owner=NIAMH, case=case), NIAMH, "late")
        card = digest_of(work, NIAMH)
        assert card
        assert card.title == "Your day: 60 things to look at"
        assert problems(card) == []
        assert "And 52 more: type overdue." in words(card)
        assert labels(card).count("More") == 8
        spoken = [b.spoken[:75] for b in card.all_buttons()]
        assert len(set(spoken)) == len(spoken), "each button can be told from the others"

    await stage.do(look)


async def test_two_hundred_are_counted_and_not_all_looked_at(stage: Stage) -> None:
    def look(work: Work) -> None:
        for number in range(1, 201):
            owed(work, "response.target", -number, owner=NIAMH)
        card = digest_of(work, NIAMH)
        assert card
        assert card.title == "Your day: 200 things to look at"

    await stage.do(look)


@pytest.mark.parametrize("very_much", [0, MOST + 1, MOST_AHEAD])
async def test_digests_that_go_out_together_say_what_each_says_by_itself(stage: Stage, very_much: int) -> None:
    readers = (AMINA, BRONWEN, CARYS, GRACE, LEAH, SANDEEP, NIAMH)

    def arrange(work: Work) -> None:
        case, today = a_case(work, state="reported"), work.local.date()
        nudged(work, owed(work, "datix.entered", 1, owner=AMINA, case=case), AMINA, "soon")
        nudged(work, owed(work, "datix.entered", -1, owner=AMINA, case=case), BRONWEN, "up")
        owed(work, "response.target", 0, owner=CARYS, case=case)
        owed(work, "candour.told", -1, case=case)
        nudged(work, owed(work, "report.read", 0, case=case), LEAH)
        nudged(work, owed(work, "response.target", 3, owner=SANDEEP, case=case), SANDEEP, "put off", date(2026, 11, 24))
        stands_in = {"deputy_id": who(work, SANDEEP).id, "starts": today, "ends": today}
        work.session.add(StandIn(person_id=who(work, CARYS).id, **stands_in))
        for number in range(very_much):
            owed(work, "response.target", -number, owner=NIAMH)

    def one_by_one(work: Work) -> list[Card | None]:
        return [digest_of(work, reader) for reader in readers]

    def together(work: Work) -> list[Card | None]:
        digest.read_ahead(work, [f"{who(work, reader).id}:{TODAY.isoformat()}" for reader in readers])
        return one_by_one(work)

    await stage.do(arrange)
    apart = await stage.do(one_by_one)
    shown = [reader for reader, card in zip(readers, apart, strict=True) if card]
    assert shown == [AMINA, GRACE, LEAH, SANDEEP, *([NIAMH] if very_much else [])]
    assert await stage.do(together) == apart


async def test_who_has_been_told_of_a_duty_is_read_again_when_somebody_else_is(stage: Stage) -> None:
    def look(work: Work) -> None:
        duties = [owed(work, "response.target", 0, owner=AMINA) for _ in range(2)]
        amina, carys = who(work, AMINA).id, who(work, CARYS).id
        nudged(work, duties[0], AMINA)
        told.read_ahead_of(work, duties)
        assert [told.told_of(work, duty.id) for duty in duties] == [{amina}, set()]
        reminders.remind(work, duties[0], carys, "help")
        assert [told.told_of(work, duty.id) for duty in duties] == [{amina, carys}, set()]

    await stage.do(look)


async def test_the_leads_are_told_what_is_late_and_nobody_is_named(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        case = a_case(work)
        for deadline in (
            owed(work, "datix.entered", -3, owner=AMINA, case=case),
            owed(work, "contact.staff", -3, owner=NIAMH, case=case, about=("contact", "c1")),
            owed(work, "candour.told", -3, case=a_case(work, 2, "Podiatry", quality_only=True)),
        ):
            nudged(work, deadline, "leads", "late")

    said = await shows(stage, arrange, "leads")
    assert said.startswith("2 duties are late")
    assert (
        "Enter the Datix number: PSI-2026-0001: "
        "Was due Tuesday; it is 3 working days late. The reporter. Community Nursing." in said
    )
    assert "Be in touch" not in said, "private duties are in no channel"
    assert "Podiatry" not in said, "kept close"
    assert not [name for name in (AMINA, NIAMH, GRACE) if name in said]


async def test_the_leads_list_gets_shorter_as_things_are_done(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        for number, state in ((1, "done"), (2, "open")):
            deadline = owed(work, "datix.entered", -3, owner=AMINA, case=a_case(work, number), state=state)
            nudged(work, deadline, "leads", "late")

    said = await shows(stage, arrange, "leads")
    assert said.startswith("1 duty is late")
    assert "Done: enter the Datix number, PSI-2026-0001." in said

    def all_done(work: Work) -> None:
        for deadline in work.session.exec(select(Deadline)).all():
            deadline.state = "done"

    assert await shows(stage, all_done, "leads") == "", "nothing new is posted for what is done"
    assert "All of these are done." in await shows(stage, lambda work: posted(work, "leads"), "leads")


async def test_no_button_leads_whoever_hears_of_it_up_the_ladder_to_a_page_that_they_may_not_open(stage: Stage) -> None:
    def arrange(work: Work) -> tuple[Card | None, Card | None]:
        duty = owed(work, "notifications.made", -3, case=a_case(work))
        nudged(work, duty, "Marguerite Oduya", "up")
        nudged(work, duty, "Leah Rosenfeld")
        return digest_of(work, "Marguerite Oduya"), digest_of(work, "Leah Rosenfeld")

    chief_nurse, quality = await stage.do(arrange)
    assert labels(chief_nurse) == ["Not today", "More"]
    assert labels(quality)[0] == "Open the notifications"
