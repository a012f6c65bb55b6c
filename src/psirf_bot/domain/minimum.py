"""What the rules propose for an event: the minimum that a panel cannot vote away, and whom it is referred to.

A person confirms the facts; nothing here decides (I09, B11; the national guide, V12).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from psirf_bot.domain.harm import PhysicalHarm, PsychologicalHarm
from psirf_bot.domain.report import Report
from psirf_bot.domain.setting_types import Frozen, Words


class Requirement(Frozen):
    """A kind of event with a set response. `fact`: what has to be so. `psii`: whether it needs a PSII as the least."""

    id: Annotated[Words, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    fact: Annotated[Words, StringConstraints(max_length=75)]
    psii: bool = False
    refer_to: Words | None = None
    source: Words


GRAVE = "death-or-severe-harm"
"""The requirement that the harm in a report suggests."""
GUIDE = "national guide to responding proportionately"

REQUIREMENTS = (
    Requirement(id=GRAVE, fact="Unexpected death or severe harm under our care", psii=True, source="policy §12.3"),
    Requirement(id="never-event", fact="A never event", psii=True, source=GUIDE),
    Requirement(
        id="death-problems-in-care",
        fact="Death more likely than not due to problems in care",
        psii=True,
        source=f"{GUIDE}; learning from deaths",
    ),
    Requirement(
        id="death-detained",
        fact="Death of somebody detained or under the MCA, perhaps linked to care",
        psii=True,
        source=GUIDE,
    ),
    Requirement(
        id="maternity",
        fact="Maternity or newborn event that meets the MNSI criteria",
        refer_to="Maternity and Newborn Safety Investigations (MNSI)",
        source=GUIDE,
    ),
    Requirement(id="child-death", fact="Death of a child", refer_to="Child Death Overview Panel (CDOP)", source=GUIDE),
    Requirement(
        id="learning-disability",
        fact="Death of a person with a learning disability",
        refer_to="LeDeR",
        source=f"{GUIDE}; to be checked against the trust's plan",
    ),
    Requirement(
        id="mental-health-homicide",
        fact="Homicide by somebody in mental health care",
        refer_to="NHS England's regional independent investigation team",
        source=GUIDE,
    ),
    Requirement(
        id="safeguarding",
        fact="A safeguarding concern about a child or an adult",
        refer_to="Safeguarding lead and the local authority",
        source=f"{GUIDE}; to be checked against the trust's plan",
    ),
    Requirement(
        id="screening",
        fact="An incident in an NHS screening programme",
        refer_to="Regional screening quality assurance service",
        source=f"{GUIDE}; to be checked against the trust's plan",
    ),
    Requirement(
        id="custody",
        fact="Death in custody with NHS care",
        refer_to="Prisons and Probation Ombudsman, or the IOPC",
        source=f"{GUIDE}; to be checked against the trust's plan",
    ),
    Requirement(
        id="domestic-homicide",
        fact="A domestic homicide",
        refer_to="Community safety partnership",
        source=f"{GUIDE}; to be checked against the trust's plan",
    ),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What follows from the facts: the requirements that want a PSII, and those that refer it to somebody."""

    psii: tuple[Requirement, ...]
    referrals: tuple[Requirement, ...]

    @property
    def needs_psii(self) -> bool:
        return bool(self.psii)


def proposal(requirements: Sequence[Requirement], facts: Collection[str]) -> Proposal:
    """What the rules propose where these facts are so."""
    so = [requirement for requirement in requirements if requirement.id in facts]
    return Proposal(
        tuple(requirement for requirement in so if requirement.psii),
        tuple(requirement for requirement in so if requirement.refer_to),
    )


def grounds(report: Report) -> frozenset[tuple[str, str]]:
    """Which facts a report suggests, for somebody to confirm, each with why. Severe harm of either kind counts (V4).

    What is fatal is severe too, so that less harm is nothing new.
    """
    why = (
        (GRAVE, "fatal", report.physical_harm is PhysicalHarm.FATAL),
        (GRAVE, "severe", report.physical_harm in {PhysicalHarm.FATAL, PhysicalHarm.SEVERE}),
        (GRAVE, "severe psychological", report.psychological_harm is PsychologicalHarm.SEVERE),
        ("safeguarding", "reported to them", "safeguarding" in (report.other_bodies or ())),
    )
    return frozenset((fact, ground) for fact, ground, so in why if so)
