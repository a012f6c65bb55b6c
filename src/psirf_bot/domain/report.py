"""What a member of staff reports, as a record of their answers, and the rules that the policy draws from it."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from psirf_bot.domain.harm import PhysicalHarm, PsychologicalHarm

YesNo = Literal["yes", "no"]
YesNoNotKnown = Literal["yes", "no", "not-known"]

MYSELF = "me"
"""The item that stands for the reporter among the staff who may need support."""


class EventType(StrEnum):
    """What kind of event is reported (requirements H02, H04, M09)."""

    INCIDENT = "incident"
    NEAR_MISS = "near-miss"
    GOOD_CARE = "good-care"
    RISK = "risk"

    @property
    def label(self) -> str:
        return EVENT_TYPES[self]


EVENT_TYPES = {
    EventType.INCIDENT: "Incident",
    EventType.NEAR_MISS: "Near miss",
    EventType.GOOD_CARE: "Good care",
    EventType.RISK: "Risk or concern",
}


class CheckWish(BaseModel):
    """Who should check on one member of staff (App 2, O01): their line manager, someone else, or whom quality picks."""

    model_config = ConfigDict(frozen=True)

    by: Literal["line-manager", "someone-else", "quality"] | None = None
    who: tuple[str, ...] | None = None

    def someone_else_should(self) -> bool:
        return self.by == "someone-else"


class Report(BaseModel):
    """The reporter's answers on the path they took; a question not asked, or left out, is None."""

    model_config = ConfigDict(frozen=True)

    # Known from outside before the first question.
    manager_known: bool = True
    me: str | None = None

    danger: YesNo | None = None
    event_type: EventType | None = None
    what_happened: str | None = None
    when: str | None = None
    service: str | None = None
    place: str | None = None

    affected: tuple[str, ...] | None = None
    affected_described: str | None = None
    physical_harm: PhysicalHarm | None = None
    psychological_harm: PsychologicalHarm | None = None

    could_have_led: YesNoNotKnown | None = None
    made_harder: str | None = None
    went_well: str | None = None
    done_straight_away: str | None = None
    colleagues: tuple[str, ...] | None = None
    involved: YesNo | None = None
    relative: YesNo | None = None
    clinical_record: Literal["yes", "not-yet", "does-not-apply"] | None = None
    other_bodies: tuple[str, ...] | None = None
    confidential: YesNo | None = None
    my_manager: tuple[str, ...] | None = None
    candour: YesNoNotKnown | None = None

    support: dict[str, CheckWish] = Field(default_factory=dict)

    def someone_is_in_danger_now(self) -> bool:
        return self.danger == "yes"

    def is_an_incident(self) -> bool:
        return self.event_type is EventType.INCIDENT

    def is_an_incident_or_near_miss(self) -> bool:
        return self.event_type in {EventType.INCIDENT, EventType.NEAR_MISS}

    def is_good_care(self) -> bool:
        return self.event_type is EventType.GOOD_CARE

    def is_not_good_care(self) -> bool:
        return not self.is_good_care()

    def a_patient_was_affected(self) -> bool:
        return self.is_an_incident() and "patient" in (self.affected or ())

    def a_patient_may_have_been_affected(self) -> bool:
        """Not known yet is never taken as no."""
        return self.is_an_incident() and bool({"patient", "not-known"} & set(self.affected or ()))

    def was_a_near_miss_or_did_no_harm(self) -> bool:
        """Whether to ask what it could have led to (I10)."""
        if self.event_type is EventType.NEAR_MISS:
            return True
        return self.is_an_incident() and not self.known_harm()

    def known_harm(self) -> bool:
        """Whether harm to a patient has been recorded, of either kind."""
        physical = self.physical_harm not in {None, PhysicalHarm.NONE}
        return physical or self.psychological_harm not in {None, PsychologicalHarm.NONE}

    def harm_codes(self) -> tuple[int | None, int | None]:
        """LFPSE codes, physical then psychological; the second does not apply to a fatal event."""
        fatal = self.physical_harm is PhysicalHarm.FATAL
        psychological = None if fatal or self.psychological_harm is None else self.psychological_harm.lfpse
        return (self.physical_harm.lfpse if self.physical_harm else None), psychological

    def candour_may_apply(self) -> bool:
        """A prompt, never a decision: Regulation 20 thresholds are not LFPSE grades, and a clinician decides (V19)."""
        if not self.a_patient_may_have_been_affected():
            return False
        physical, psychological = self.harm_codes()
        graded = (physical is not None and physical <= 3) or (psychological is not None and psychological <= 2)
        return graded or self.candour in {"yes", "not-known"}

    def could_have_been_grave(self) -> bool:
        """Whether a near miss or no-harm event may still need a response (I10); not known is never taken as no."""
        return self.could_have_led in {"yes", "not-known"}

    def manager_is_not_known(self) -> bool:
        return not self.manager_known

    def keeps_name_to_quality_team(self) -> bool:
        """Confidential, or from a patient's relative: nobody but the quality team sees the reporter or the report."""
        return self.confidential == "yes" or self.is_from_a_relative()

    def is_from_a_relative(self) -> bool:
        return self.relative == "yes"

    def staff_to_support(self) -> tuple[str, ...]:
        """Everyone on the staff side who may need support (V16), the reporter among them if they were involved."""
        me = self.involved == "yes" or self.me in (self.colleagues or ())
        return ((MYSELF,) if me else ()) + tuple(c for c in self.colleagues or () if c not in {MYSELF, self.me})

    def is_not_from_a_relative(self) -> bool:
        return not self.is_from_a_relative()
