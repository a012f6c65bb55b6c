"""Levels of harm as the national service records them: a lower code is worse (facts: LFPSE v5 lists)."""

from enum import StrEnum


class PhysicalHarm(StrEnum):
    """Physical harm to a patient, with the LFPSE code."""

    FATAL = "fatal"
    SEVERE = "severe"
    MODERATE = "moderate"
    LOW = "low"
    NONE = "none"

    @property
    def lfpse(self) -> int:
        return {"fatal": 1, "severe": 2, "moderate": 3, "low": 4, "none": 5}[self.value]


class PsychologicalHarm(StrEnum):
    """Psychological harm to a patient, with the LFPSE code; there is no fatal grade."""

    SEVERE = "severe"
    MODERATE = "moderate"
    LOW = "low"
    NONE = "none"

    @property
    def lfpse(self) -> int:
        return {"severe": 1, "moderate": 2, "low": 3, "none": 4}[self.value]
