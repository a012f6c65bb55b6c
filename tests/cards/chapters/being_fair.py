"""Being fair: the pages of the conversation, as one or the other of the two sees them."""

from collections.abc import AsyncIterator

import fair_steps as steps
from fair_steps import LEAH, OWEN, page, press, propose, through

from cards.chapters.common import Shown
from stage import Stage


async def conversation(stage: Stage) -> AsyncIterator[Shown]:
    await steps.begun(stage)
    yield Shown("fair-first-page", "Being fair: the first page", await page(stage, LEAH))
    yield Shown("fair-waits", "A proposal waits for the other", await propose(stage, LEAH, {}))
    asked = await page(stage, OWEN)
    yield Shown("fair-proposed", "What the other proposes", asked)
    form = await steps.on_card(stage, OWEN, asked, "I see it differently")
    yield Shown("fair-differently", "Form: I see it differently", form)
    different = {"fair-who-is-hurt": "The patient's family too.", "reason": "They have told us how it was for them."}
    await steps.on_card(stage, OWEN, form, "Propose", steps.filled(form, different))
    asked = await page(stage, LEAH)
    yield Shown("fair-proposed-differently", "A different proposal, with its reason", asked)
    await steps.on_card(stage, LEAH, asked, "Agree")
    yield Shown(
        "fair-overtaken", "A proposal that has been overtaken", await press(stage, OWEN, "fair.agree", about="1")
    )
    await through(stage, until="fair-1b")
    yield Shown("fair-1b-to-1d", "Questions 1b to 1d", await page(stage, OWEN))
    await through(stage, until="fair-1-ongoing")
    yield Shown("fair-ongoing", "Each answers for themselves", await page(stage, LEAH))
    yield Shown("fair-own-answer", "Their own answer waits", await propose(stage, LEAH, {}))
    await propose(stage, OWEN, {})
    yield Shown("fair-reading", "After an ongoing concern: the reading", await page(stage, LEAH))
    yield Shown("fair-agreed", "What the two have agreed", await press(stage, LEAH, "fair.agreed"))
    yield Shown(
        "form-fair-reopen", "Form: look at a page again", await press(stage, OWEN, "fair.reopen", page="fair-1a")
    )
    await press(stage, OWEN, "fair.reopen", {"reason": "Section 4 has been rewritten."}, page="fair-1a")
    yield Shown("fair-reopened", "A page that is looked at again", await page(stage, LEAH))
    yield Shown("form-fair-pause", "Form: pause the run", await press(stage, LEAH, "fair.pause"))
    yield Shown("fair-not-known", "Not known yet: the run is paused", await through(stage, {"fair-3": "not-yet"}))
    again = await press(stage, LEAH, "fair.resume")
    yield Shown("fair-asked-again", "What was not known is asked again", again)
    await through(stage)
    end = await page(stage, LEAH)
    yield Shown("fair-end", "The tool's next step, to be confirmed", end)
    yield Shown("fair-confirmed", "One of the two has confirmed", await steps.on_card(stage, LEAH, end, "Confirm"))
