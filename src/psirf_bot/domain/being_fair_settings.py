"""What a trust may set of the being fair tool: how it is read, when it is looked at again, where its guidance is."""

from typing import Annotated, Literal

from pydantic import Field

from psirf_bot.domain.setting_types import Frozen, HttpsUrl, Words

Reading = Literal["next test", "deliberate harm"]
"""Where the tool goes on after "only continue if there are ongoing concerns", for it does not say so itself (V14)."""

TOOL = "Being fair tool: supporting staff following a patient safety incident (NHS England, 2025)"


class Guidance(Frozen):
    """Where this trust keeps what the tool tells people to follow. What is left out is named without a link."""

    safeguarding: HttpsUrl | None = None
    health: HttpsUrl | None = None
    management: HttpsUrl | None = None
    memorandum: HttpsUrl = (
        "https://www.gov.uk/government/publications/investigating-suspected-criminal-activity-in-healthcare-mou"
    )


class BeingFairSettings(Frozen):
    """What a trust may set of the tool. `review_after`: in working days, when a run that is paused is looked at again.

    `fewest`: smaller numbers of people are not shown in the monitoring.
    """

    after_ongoing_concern: Reading = "next test"
    tool: Words = TOOL
    review_after: Annotated[int, Field(ge=1, le=60)] = 10
    fewest: Annotated[int, Field(ge=3, le=20)] = 5
    guidance: Guidance = Guidance()
