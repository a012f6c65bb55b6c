"""Who outside has been told of a case, by whom and when, and that nothing waits for the panel (J08, H07, I08, V17)."""

from typing import Any

import pytest
from responses import AMINA, LEAH, MARGUERITE, NIAMH, approved, case_in, clocks, decided, press, read_case
from sqlmodel import select
from test_joined_reports import join, report

from psirf_bot.casework import notifications
from psirf_bot.casework.work import Work
from psirf_bot.domain.minimum import REQUIREMENTS
from psirf_bot.store.tables import AuditEntry, Notification, Panel
from stage import Stage, words

TOLD: dict[str, Any] = {"day": "2026-11-20", "why": None}
FIVE = ["lfpse", "ics", "commissioner", "nhse", "cqc"]


async def note(stage: Stage, body: Any, name: str = LEAH, **answers: Any) -> str:
    return words(await press(stage, name, "notifications.record", {"body": body} | TOLD | answers))


async def listed(stage: Stage) -> str:
    return words(await press(stage, LEAH, "notifications.show"))


async def confirmed(stage: Stage, *facts: str) -> None:
    """A panel whose facts somebody has confirmed."""

    def confirm(work: Work) -> None:
        panel = Panel(
            id=work.new_id(),
            case_id=case_in(work).id,
            route="urgent",
            chair_id="nobody",
            opened_by="nobody",
            opened_at=work.now,
            closes_at=work.now,
            documents={},
            facts=list(facts),
        )
        work.session.add(panel)

    await stage.do(confirm)


async def rows(stage: Stage) -> list[tuple[str, str | None, str | None]]:
    def found(work: Work) -> list[tuple[str, str | None, str | None]]:
        said = work.session.exec(select(Notification).order_by(Notification.id))  # type: ignore[arg-type]
        return [(one.body, one.on.isoformat() if one.on else None, one.why_not) for one in said]

    written: list[tuple[str, str | None, str | None]] = await stage.do(found)
    return written


async def test_a_psii_is_told_to_all_five_while_it_waits_to_be_verified(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "psii")
    before = await listed(stage)
    assert all(name in before.partition("Still to do")[2] for name in notifications.NAMES.values())
    said = await note(stage, FIVE[:4])
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "open"
    assert "Care Quality Commission" in said.partition("Still to do")[2].partition("Told")[0]
    await note(stage, "cqc", day=None, why="The ICS tells them for all of us.")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "done"
    said = await listed(stage)
    assert "Everybody who has to know is dealt with" in said
    assert "Friday 20 November 2026, noted by Leah Rosenfeld" in said
    assert "The ICS tells them for all of us." in said.partition("Not needed")[2]


async def test_whoever_the_facts_refer_it_to_is_told_too(stage: Stage) -> None:
    await read_case(stage)
    await confirmed(stage, "child-death")
    await approved(stage, "psii")
    await note(stage, FIVE)
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "open"
    said = await listed(stage)
    requirement = next(one for one in REQUIREMENTS if one.id == "child-death")
    assert f"{requirement.refer_to}: {requirement.fact} ({requirement.source})" in said.partition("Still to do")[2]
    await note(stage, "child-death")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "done"


async def test_bodies_that_the_reporter_thought_of_are_on_the_list_once(stage: Stage) -> None:
    await read_case(stage, **{"other-bodies": ["police", "safeguarding"]})
    await confirmed(stage, "safeguarding")

    def ids(work: Work) -> list[str]:
        return [body.id for body in notifications.bodies(work, case_in(work))]

    assert await stage.do(ids) == [*FIVE, "safeguarding", "police"]
    still = (await listed(stage)).partition("Still to do")[2]
    assert "named in the report" in still
    assert "A safeguarding concern about a child or an adult" in still


async def test_without_a_psii_only_lfpse_is_always_owed(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "mdt")
    said = await listed(stage)
    owed, _, others = said.partition("Only where the harm was significant")
    assert "LFPSE" in owed
    assert "Commissioner" not in owed
    assert "Commissioner" in others


async def test_the_newest_word_counts_and_nothing_is_lost(stage: Stage) -> None:
    await read_case(stage)
    await note(stage, "lfpse", day=None, why="It was not a patient safety incident.")
    said = await note(stage, "lfpse")
    assert "It was not a patient safety incident." not in said
    assert await rows(stage) == [
        ("lfpse", None, "It was not a patient safety incident."),
        ("lfpse", "2026-11-20", None),
    ]


async def test_what_was_noted_of_the_wrong_case_is_open_again(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "mdt")
    assert "Or was it noted wrongly?" not in words(await press(stage, LEAH, "notifications.record"))
    await note(stage, "lfpse")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "done"
    assert "Or was it noted wrongly?" in words(await press(stage, LEAH, "notifications.record"))
    assert "one of the two" in await note(stage, "lfpse", wrong=["yes"])
    said = await note(stage, ["lfpse", "cqc"], day=None, wrong=["yes"])
    assert "LFPSE" in said.partition("Still to do")[2]
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "open"
    assert await rows(stage) == [("lfpse", "2026-11-20", None), ("lfpse", None, None)], "nothing is lost"
    await note(stage, "lfpse")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "done"


async def test_pressed_twice_it_is_noted_once(stage: Stage) -> None:
    await read_case(stage)
    for name in (LEAH, LEAH, "Sandeep Bhullar"):
        await note(stage, ["lfpse", "ics"], name)
    assert [body for body, _, _ in await rows(stage)] == ["lfpse", "ics"]

    def written(work: Work) -> int:
        return len(work.session.exec(select(AuditEntry).where(AuditEntry.what == "notifications noted")).all())

    assert await stage.do(written) == 1


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({"day": None}, "one of the two"),
        ({"why": "Both."}, "one of the two"),
        ({"day": "2026-11-19"}, "before it happened"),
        ({"day": "2026-11-21"}, "in the future"),
        ({"day": None, "why": "Rang 943 476 5919."}, "NHS number"),
    ],
)
async def test_a_day_or_a_reason_and_no_identifiers(stage: Stage, answers: dict[str, Any], refused: str) -> None:
    await read_case(stage)
    assert refused in await note(stage, "lfpse", **answers)
    assert await rows(stage) == []


@pytest.mark.parametrize("name", [AMINA, NIAMH, MARGUERITE])
async def test_it_is_for_the_quality_team(stage: Stage, name: str) -> None:
    await read_case(stage)
    await decided(stage)
    for verb in ("notifications.show", "notifications.record"):
        said = words(await press(stage, name, verb, {"body": "lfpse"} | TOLD if verb.endswith("record") else None))
        assert "quality team" in said
        assert "Still to do" not in said
    assert await rows(stage) == []


async def test_told_before_it_was_owed_nobody_is_chased(stage: Stage) -> None:
    await read_case(stage)
    await note(stage, FIVE)
    await approved(stage, "psii")
    assert await clocks(stage, "notifications.") == {}


async def test_a_referral_without_any_response_is_chased_too(stage: Stage) -> None:
    await read_case(stage)
    await stage.do(lambda work: notifications.owed_from_now(work, case_in(work), "somebody"))
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "open"


BODIES = {"other-bodies": ["police"]}


async def test_who_is_named_in_a_report_that_is_joined_later_has_a_clock(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "mdt")
    await note(stage, "lfpse")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "done"
    stage.later(days=5)
    await report(stage, **BODIES)
    await join(stage, 2, into=1)
    assert (await clocks(stage, "notifications."))["notifications.made"] == ("2026-11-27", "open")
    await note(stage, "police", day="2026-11-25")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "done"


@pytest.mark.parametrize("named", [True, False])
async def test_an_amended_report_names_somebody_or_nobody_any_more(stage: Stage, named: bool) -> None:
    await read_case(stage, **({} if named else BODIES))
    await approved(stage, "mdt")
    await note(stage, "lfpse")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == ("done" if named else "open")
    answers = {"other-bodies": ["police"] if named else [], "why-amended": "It was left out."}
    await press(stage, LEAH, "case.amend", answers, key="other-bodies")
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == ("open" if named else "done")


async def test_before_a_decision_an_amended_report_starts_no_clock(stage: Stage) -> None:
    await read_case(stage)
    answers = {"other-bodies": ["police"], "why-amended": "It was left out."}
    await press(stage, LEAH, "case.amend", answers, key="other-bodies")
    assert await clocks(stage, "notifications.") == {}


async def test_decided_anew_as_something_lighter_nothing_stays_owed_that_is_done(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "psii")
    await note(stage, "lfpse")
    await press(stage, LEAH, "case.close", {"outcome": "It was another event."})
    await press(stage, LEAH, "case.reopen")
    await approved(stage, "mdt")
    assert "Everybody who has to know is dealt with" in await listed(stage)
    assert (await clocks(stage, "notifications."))["notifications.made"][1] == "done"
