"""One checklist for a response with other organisations: what is missing is said, the newest counts (J01 to J07)."""

from typing import Any

from responses import AMINA, LEAH, NIAMH, WEI, approved, case_in, decided, press, read_case, started
from sqlmodel import select

from psirf_bot.casework import partners
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Partnership
from stage import Stage, words

OURS: dict[str, Any] = {
    "lead-organisation": "ours",
    "lead-name": None,
    "lead-why": "Most of the care was ours.",
    "invited": "Lowmere Hospitals: came, agrees.\nFenmarsh Ambulance: could not come.",
    "agreed-times": "Finished by the end of January.",
    "contribution": None,
    "nhse-help": "not-needed",
    "cqc-help": "not-needed",
    "ics-contact": "The safety office of Fenmarsh ICS",
}
THEIRS = OURS | {"lead-organisation": "another", "lead-name": "Lowmere Hospitals", "invited": None}


async def count(stage: Stage) -> int:
    found: int = await stage.do(lambda work: len(work.session.exec(select(Partnership)).all()))
    return found


async def lines(stage: Stage) -> tuple[str, ...]:
    def found(work: Work) -> tuple[str, ...]:
        return partners.lines(work, case_in(work))

    shown: tuple[str, ...] = await stage.do(found)
    return shown


async def test_a_checklist_is_filled_bit_by_bit_and_says_what_is_missing(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    assert await lines(stage) == ()
    empty = words(await press(stage, NIAMH, "partners.show"))
    assert "Nothing is noted yet" in empty
    assert empty.count("• ") == 7
    first = dict.fromkeys(OURS) | {"lead-organisation": "ours", "lead-why": "Most of the care was ours."}
    said = words(await press(stage, NIAMH, "partners.record", first))
    assert "Led by: Fenmarsh Community NHS Trust" in said
    assert "who was invited" in said.partition("Still missing")[2]
    assert "what we contribute" not in said, "that is for when another leads"
    form = await press(stage, LEAH, "partners.record")
    assert {i.id: getattr(i, "value", None) for i in form.inputs()}["lead-why"] == "Most of the care was ours."
    said = words(await press(stage, LEAH, "partners.record", OURS))
    assert "Nothing is missing" in said
    assert "Noted by Leah Rosenfeld" in said
    assert await lines(stage) == ("With other organisations. Led by Fenmarsh Community NHS Trust.",)
    assert await count(stage) == 2


async def test_where_another_leads_our_contribution_is_asked_for(stage: Stage) -> None:
    await started(stage)
    said = words(await press(stage, NIAMH, "partners.record", THEIRS | {"lead-name": None}))
    assert "Please say which organisation leads" in said
    said = words(await press(stage, NIAMH, "partners.record", THEIRS | {"nhse-help": "not-yet"}))
    assert "Led by: Lowmere Hospitals" in said
    left = said.partition("Still missing")[2]
    assert "what we contribute" in left
    assert "whether NHS England could help" in left
    assert "who was invited" not in left
    assert (await lines(stage))[0] == "With other organisations. Led by Lowmere Hospitals."
    assert "what we contribute" in (await lines(stage))[1]


async def test_pressed_twice_it_is_written_once(stage: Stage) -> None:
    await started(stage)
    for name in (NIAMH, NIAMH, LEAH):
        await press(stage, name, "partners.record", OURS)
    assert await count(stage) == 1


async def test_it_goes_on_while_the_response_is_paused(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "case.pause", {"reason": "partner", "review": "2026-12-11"})
    assert "Nothing is missing" in words(await press(stage, NIAMH, "partners.record", OURS))


async def test_an_identifier_in_it_is_held_back(stage: Stage) -> None:
    await started(stage)
    said = words(await press(stage, NIAMH, "partners.record", OURS | {"invited": "About NHS number 943 476 5919"}))
    assert "NHS number" in said
    assert await count(stage) == 0


async def test_it_is_for_the_lead_and_the_quality_team(stage: Stage) -> None:
    await started(stage)
    for name in (AMINA, WEI):
        await press(stage, name, "partners.record", OURS)
        assert "Still missing" not in words(await press(stage, name, "partners.show"))
    assert await count(stage) == 0


async def test_there_has_to_be_a_response(stage: Stage) -> None:
    await read_case(stage)
    assert "No learning response" in words(await press(stage, LEAH, "partners.show"))
    await approved(stage)
    assert "Nothing is noted yet" in words(await press(stage, LEAH, "partners.show"))
