"""The board of what is late, and the Monday summary: who sees what, and what nobody sees."""

from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from duty_stage import TODAY, a_case, labels, owed, problems, who
from psirf_bot.cards.model import Card
from psirf_bot.casework import board, people
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.work import Press, Work
from psirf_bot.store.tables import Deadline, SafetyAlert
from stage import Stage, words

AMINA, BRONWEN, CARYS, GRACE = "Amina Yusuf", "Bronwen Hale", "Carys Penhallow", "Grace Mbeki-Ward"
LEAH, NIAMH, MARGUERITE, WEI = "Leah Rosenfeld", "Niamh Gallagher", "Marguerite Oduya", "Wei Chen"


def arranged(work: Work) -> None:
    nursing, podiatry = a_case(work), a_case(work, 2, "Podiatry", restricted=True)
    owed(work, "datix.entered", -3, owner=AMINA, case=nursing)
    owed(work, "response.target", -1, owner=NIAMH, case=nursing)
    owed(work, "response.target", -8, owner=NIAMH, case=podiatry)
    owed(work, "response.target", 3, owner=NIAMH, case=podiatry)
    owed(work, "response.target", 30, owner=NIAMH, case=podiatry)
    owed(work, "contact.staff", -4, owner=CARYS, case=nursing, about=("contact", "c1"))
    owed(work, "candour.told", -2, case=nursing)
    owed(work, "themes.meeting", -2)


async def sees(stage: Stage, name: str) -> Card:
    def look(work: Work) -> Card:
        card = board.overdue(work, people.member(work, who(work, name)))
        assert problems(card) == []
        return card

    card: Card = await stage.do(look)
    return card


async def test_the_quality_team_sees_all_of_it_by_owner_and_by_service(stage: Stage) -> None:
    await stage.do(arranged)
    card = await sees(stage, LEAH)
    said = words(card)
    assert "Niamh Gallagher: 2 late; the oldest was due Thursday 12 November" in said
    assert "The candour lead: 1 late; the oldest was due Wednesday" in said
    assert "The quality team: 1 late" in said
    assert "Community Nursing: 3 late; the oldest was due Tuesday" in said
    assert "The trust as a whole: 1 late" in said
    assert "Private ones (support, contact with staff): 1 late." in said
    assert "Show the late ones of Podiatry" in labels(card)


async def test_the_board_and_the_summary_are_counted_on_both_engines(tmp_path: Path, database: str) -> None:
    async with Stage(tmp_path, database=database) as stage:
        await stage.do(arranged)
        assert "Niamh Gallagher: 2 late" in words(await sees(stage, LEAH))
        assert "Podiatry: 1 late" in words(await monday(stage))


async def test_reporters_are_not_named_on_the_board(stage: Stage) -> None:
    await stage.do(arranged)
    said = words(await sees(stage, MARGUERITE))
    assert "The reporters: 1 late" in said
    assert "Amina" not in said


async def test_private_duties_are_on_nobodys_board(stage: Stage) -> None:
    await stage.do(arranged)
    for name in (LEAH, MARGUERITE, BRONWEN):
        said = words(await sees(stage, name))
        assert "Carys" not in said
        assert "Be in touch" not in said
        assert ("Private ones" in said) == (name == LEAH)


async def test_a_service_lead_sees_their_own_services_only(stage: Stage) -> None:
    await stage.do(arranged)
    said = words(await sees(stage, BRONWEN))
    assert "Community Nursing: 3 late" in said
    assert "Niamh Gallagher: 1 late" in said
    assert "Podiatry" not in said
    assert "The trust" not in said


async def test_staff_see_their_own_and_no_board(stage: Stage) -> None:
    await stage.do(arranged)
    card = await sees(stage, AMINA)
    assert "Enter the Datix number: PSI-2026-0001" in words(card)
    assert "Was due Tuesday; it is 3 working days late." in words(card)
    assert "by owner" not in words(card)
    assert labels(card) == ["Enter the Datix number", "Not today", "Hand it over", "More"]
    assert "Nothing of yours is late" in words(await sees(stage, WEI))


async def test_ones_own_are_late_or_due_within_a_week_and_five_at_most(stage: Stage) -> None:
    await stage.do(arranged)
    said = words(await sees(stage, NIAMH))
    assert said.count("Finish the learning response:") == 3
    await stage.do(lambda work: [owed(work, "response.target", -9, owner=NIAMH) for _ in range(60)])
    card = await sees(stage, NIAMH)
    assert labels(card).count("More") == 5
    assert "And 58 more, once these are done." in words(card)


async def service(stage: Stage, name: str, which: str) -> Card:
    def look(work: Work) -> Card:
        by = people.member(work, who(work, name))
        place = Place("chat", True, True, "m", {"user": name})
        reply = board.VERBS["board.service"](work, Press("", {"service": which}, None, {}, by, "web", place))
        assert reply.card
        assert problems(reply.card) == []
        return reply.card

    card: Card = await stage.do(look)
    return card


async def test_the_late_ones_of_a_service_oldest_first(stage: Stage) -> None:
    await stage.do(arranged)
    card = await service(stage, LEAH, "Community Nursing")
    said = words(card)
    order = [said.index(duty) for duty in ("Enter the Datix number", "Tell the person", "Finish the learning response")]
    assert order == sorted(order)
    assert labels(card) == ["More"] * 3
    assert len({button.spoken for button in card.all_buttons()}) == 3


async def test_of_a_case_kept_close_the_reference_is_not_shown(stage: Stage) -> None:
    await stage.do(arranged)
    assert "PSI-2026-0002" in words(await service(stage, LEAH, "Podiatry"))
    said = words(await service(stage, MARGUERITE, "Podiatry"))
    assert "Finish the learning response: kept close" in said
    assert "PSI-2026-0002" not in said
    assert "Nothing is late there" in words(await service(stage, BRONWEN, "Podiatry")), "not a service that she leads"


async def test_sixty_late_ones_of_a_service_still_fit(stage: Stage) -> None:
    def many(work: Work) -> None:
        case = a_case(work)
        for number in range(1, 61):
            owed(work, "response.target", -number, owner=NIAMH, case=case)

    await stage.do(many)
    assert "And 52 more. These are the oldest." in words(await service(stage, LEAH, "Community Nursing"))


async def monday(stage: Stage) -> Card:
    def look(work: Work) -> Card:
        card = board.summary(work, (TODAY + timedelta(days=3)).isoformat())
        assert card
        assert problems(card) == []
        return card

    card: Card = await stage.do(look)
    return card


async def test_the_monday_summary_counts_and_names_nobody(stage: Stage) -> None:
    def arrange(work: Work) -> None:
        arranged(work)
        case = a_case(work, 3, "Podiatry")
        owed(work, "report.read", -4, case=case, state="done", closed_at=work.now)
        owed(work, "report.read", -30, case=case, state="done", closed_at=work.now - timedelta(days=30))
        owed(
            work,
            "response.target",
            -4,
            owner=NIAMH,
            case=case,
            state="paused",
            reason="police",
            review_on=TODAY - timedelta(days=1),
        )
        due = TODAY + timedelta(days=10)
        work.session.add(SafetyAlert(id="al", number="NatPSA/2026/004", title="X", due_on=due, by_id="x", at=work.now))

    await stage.do(arrange)
    said = words(await monday(stage))
    assert said.startswith("The week from Monday 23 November")
    for part in (
        "Community Nursing: 3 late; the oldest was due Tuesday",
        "Due this week\n\nFinish the learning response: 1",
        "Done last week\n\nRead the report: 1",
        "Finish the learning response: PSI-2026-0003, review day Thursday",
        "NatPSA/2026/004: due Monday 30 November",
    ):
        assert part in said
    assert not [name for name in (AMINA, NIAMH, CARYS) if name in said]
    assert "Be in touch" not in said


async def test_a_quiet_week_says_so(stage: Stage) -> None:
    await stage.do(lambda work: [work.session.delete(d) for d in work.session.exec(select(Deadline))])
    assert "Nothing is late and nothing is due this week." in words(await monday(stage))


async def test_the_board_counts_in_the_database(stage: Stage) -> None:
    """A thousand late duties of many owners are not loaded to be counted."""

    def look(work: Work) -> int:
        case = a_case(work)
        for _ in range(1000):
            owed(work, "datix.entered", -3, owner=None, case=case)
        work.session.expunge_all()
        card = board.overdue(work, people.member(work, who(work, MARGUERITE)))
        assert "1000 late" in words(card)
        return sum(isinstance(one, Deadline) for one in work.session.identity_map.values())

    assert await stage.do(look) == 0


async def test_reports_to_read_take_no_place_of_what_else_somebody_owes(stage: Stage) -> None:
    def many(work: Work) -> None:
        for number in range(1, 102):
            owed(work, "report.read", -3, case=a_case(work, number, state="reported"))
        owed(work, "datix.entered", -1, owner=LEAH, case=a_case(work, 200))

    await stage.do(many)
    assert "Enter the Datix number: PSI-2026-0200" in words(await stage.says(LEAH, "overdue"))
