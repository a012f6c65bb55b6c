"""Being fair is nobody else's: what the threat model relies on, over everything that can be typed or may be done."""

from typing import Any

from ready_reports import send_report
from sqlmodel import select

from psirf_bot.domain.authority import Act, FairFacts, Member, may
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, FairRun, Person
from stage import Stage, words
from test_threats import CANARY, REPORT


async def test_nobody_outside_a_being_fair_run_can_tell_that_there_is_one(stage: Stage) -> None:
    outside = ("Amina Yusuf", "Tomasz Zielinski", "Bronwen Hale", "Wei Chen", "Leah Rosenfeld")
    asked = ("fair PSI-2026-0001", "case PSI-2026-0001", "overdue", f"find {CANARY}", "find BF-CNRY2", "my reports")
    await send_report(stage, "Amina Yusuf", REPORT)

    async def told() -> list[str]:
        said = [words(await stage.says(who, what)) for who in outside for what in asked]
        await stage.settled()
        return said

    before = await told()
    posted = {room: len(cards) for room, cards in stage.out.posts.items()}
    await stage.do(_begin_a_run)
    assert await told() == before
    assert CANARY not in str(stage.out.posts)
    assert "BF-CNRY2" in words(await stage.says("Sandeep Bhullar", "fair PSI-2026-0001")), "to the two it is there"
    assert {room: len(cards) for room, cards in stage.out.posts.items() if room == "quality"} == {
        room: count for room, count in posted.items() if room == "quality"
    }


def _begin_a_run(work: Any) -> None:
    """Sandeep and Owen work through the tool about Tomasz."""
    who = {p.name: p.id for p in work.session.exec(select(Person))}
    work.session.add(
        FairRun(
            id="run",
            reference="BF-CNRY2",
            case_id=work.session.exec(select(Case.id)).one(),
            subject_id=who["Tomasz Zielinski"],
            concern=f"{CANARY} concern",
            begun_by=who["Sandeep Bhullar"],
            patient_safety_id=who["Sandeep Bhullar"],
            workforce_id=who["Owen Tregarth"],
            joined=[who["Sandeep Bhullar"], who["Owen Tregarth"]],
            state="open",
            reading="next test",
            tool="2025",
            at=work.now,
        )
    )


def test_only_the_circle_may_do_anything_with_a_being_fair_run() -> None:
    """In every state, somebody who holds every role but that of an overseer may do nothing, unless in the pair."""
    roles = frozenset(Role) - {Role.OVERSEER}
    for state in ("invited", "open", "paused", "ended", "withdrawn"):
        pair = {Role.QUALITY: "sandeep", Role.WORKFORCE: "owen"}
        run = FairFacts(pair, frozenset({"sandeep", "owen"}), state, kept_out_ids=frozenset({"tomasz", "bronwen"}))
        for act in Act:
            outsider = Member("leah", "Leah", roles=roles, own=roles)
            assert not may(outsider, act, run), (act, state)
            for kept_out in ("tomasz", "bronwen"):
                anything = frozenset(Role)
                assert not may(Member(kept_out, kept_out, roles=anything, own=anything), act, run), (act, state)
    within = Member("sandeep", "Sandeep", roles=frozenset({Role.QUALITY}), own=frozenset({Role.QUALITY}))
    assert may(within, Act.ANSWER_FAIR, FairFacts(pair, frozenset(pair.values()), "open"))
