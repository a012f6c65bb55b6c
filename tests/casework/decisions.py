"""Stage directions for a decision as a panel takes it: opened, voted on, closed, written and approved by its chair."""

from typing import Any

from responses import BRONWEN, LEAH, SANDEEP, case_in, press

from psirf_bot import demo
from psirf_bot.casework import panels
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.work import Work
from scenes import scene
from stage import Stage

FEMI = "Femi Adeyemi"
WHY = "Two charts are in use in every team, and nobody can see both."
VOTES = {LEAH: "psii", BRONWEN: "psii", FEMI: "mdt"}


@scene
async def decided_by_a_panel(stage: Stage, decision: str = "psii", *, restricted: bool = False, **answers: Any) -> None:
    """A case with severe harm: everybody votes, and the chair writes what was decided and approves the minute."""
    await stage.do(demo.put_before_a_panel)
    await stage.settled()
    if restricted:
        await press(stage, LEAH, "case.restrict", on="yes")
    for name, choice in VOTES.items():
        await press(stage, name, "panel.vote", {"choice": choice, "rationale": "As we said."})
    await press(stage, SANDEEP, "panel.close", sure="yes")
    given = {"decision": decision, "rationale": WHY, "departure": None} | answers
    await press(stage, SANDEEP, "panel.decide", given)
    await press(stage, SANDEEP, "panel.approve")
    assert await stage.do(_is_approved)


def _is_approved(work: Work) -> bool:
    panel = panel_of(work, case_in(work))
    return panel is not None and panel.state == panels.APPROVED
