"""What the policy draws from a report, rule by rule."""

from itertools import product

import pytest
from pydantic import ValidationError

from psirf_bot.domain.harm import PhysicalHarm, PsychologicalHarm
from psirf_bot.domain.report import EVENT_TYPES, MYSELF, EventType, Report

LFPSE_PHYSICAL = {"fatal": 1, "severe": 2, "moderate": 3, "low": 4, "none": 5}
LFPSE_PSYCHOLOGICAL = {"severe": 1, "moderate": 2, "low": 3, "none": 4}


def incident(**answers: object) -> Report:
    return Report.model_validate({"event_type": "incident", **answers})


@pytest.mark.parametrize("physical", [None, *PhysicalHarm])
@pytest.mark.parametrize("psychological", [None, *PsychologicalHarm])
def test_harm_is_coded_as_the_national_service_does(
    physical: PhysicalHarm | None, psychological: PsychologicalHarm | None
) -> None:
    """A lower number is worse; psychological harm has no grade for a death, and no code beside one."""
    codes = incident(affected=["patient"], physical_harm=physical, psychological_harm=psychological).harm_codes()
    fatal = physical is PhysicalHarm.FATAL
    assert codes == (
        LFPSE_PHYSICAL[physical.value] if physical else None,
        LFPSE_PSYCHOLOGICAL[psychological.value] if psychological and not fatal else None,
    )


def test_every_grade_has_a_code_of_its_own() -> None:
    assert {harm.value: harm.lfpse for harm in PhysicalHarm} == LFPSE_PHYSICAL
    assert {harm.value: harm.lfpse for harm in PsychologicalHarm} == LFPSE_PSYCHOLOGICAL


# Candour may apply: down, physical harm; across, psychological harm left out, none, low, moderate, severe.
# "always" whatever is said about what it could have led to; "if" only when that is yes or not known.
GRADES = (None, "none", "low", "moderate", "severe")
CANDOUR = {
    "none":     ("if",     "if",     "if",     "always", "always"),
    "low":      ("if",     "if",     "if",     "always", "always"),
    "moderate": ("always", "always", "always", "always", "always"),
    "severe":   ("always", "always", "always", "always", "always"),
    "fatal":    ("always", "always", "always", "always", "always"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("physical", "psychological", "when"),
    [(physical, grade, when) for physical, row in CANDOUR.items() for grade, when in zip(GRADES, row, strict=True)],
)
def test_candour_may_apply_from_moderate_harm_or_when_it_could_come_to_that(
    physical: str, psychological: str | None, when: str
) -> None:
    """A prompt for a clinician, never a decision (E02, V19; Regulation 20(8): "could result in")."""
    harm = {"physical_harm": physical, "psychological_harm": psychological}
    for candour, could in {"yes": True, "not-known": True, "no": False, None: False}.items():
        report = incident(affected=["patient"], **harm, candour=candour)
        assert report.candour_may_apply() is (when == "always" or could)


def test_not_known_who_was_affected_is_never_taken_as_no_patient() -> None:
    assert incident(affected=["not-known"], candour="not-known").candour_may_apply()
    assert not incident(affected=["not-known"], candour="no").candour_may_apply()


@pytest.mark.parametrize("affected", [None, [], ["staff"], ["visitor", "staff"], ["nobody"]])
def test_candour_is_about_patients(affected: list[str] | None) -> None:
    worst = {"physical_harm": "fatal", "psychological_harm": "severe", "candour": "yes"}
    assert not incident(affected=affected, **worst).candour_may_apply()
    for event in EventType:
        report = Report.model_validate({"event_type": event, "affected": ["patient", "staff"], **worst})
        assert report.candour_may_apply() is (event is EventType.INCIDENT)


@pytest.mark.parametrize(
    ("event", "physical", "psychological", "asked"),
    [
        ("near-miss", None, None, True),
        ("near-miss", "severe", "severe", True),
        ("incident", None, None, True),
        ("incident", "none", None, True),
        ("incident", "none", "none", True),
        ("incident", None, "none", True),
        ("incident", "low", "none", False),
        ("incident", "none", "low", False),
        ("incident", None, "low", False),
        ("incident", "fatal", None, False),
        ("good-care", None, None, False),
        ("risk", None, None, False),
        (None, None, None, False),
    ],
)
def test_a_near_miss_or_an_event_without_harm_is_asked_what_it_could_have_led_to(
    event: str | None, physical: str | None, psychological: str | None, asked: bool
) -> None:
    """I10."""
    report = Report.model_validate(
        {"event_type": event, "physical_harm": physical, "psychological_harm": psychological}
    )
    assert report.was_a_near_miss_or_did_no_harm() is asked


@pytest.mark.parametrize(("could", "grave"), [("yes", True), ("not-known", True), ("no", False), (None, False)])
def test_not_known_is_never_taken_as_no(could: str | None, grave: bool) -> None:
    """V15, in the spirit of it: what nobody knows yet may still have been grave."""
    assert Report.model_validate({"event_type": "near-miss", "could_have_led": could}).could_have_been_grave() is grave


@pytest.mark.parametrize(
    ("involved", "colleagues", "to_support"),
    [
        (None, None, ()),
        ("no", None, ()),
        ("no", (), ()),
        ("yes", None, (MYSELF,)),
        ("yes", (), (MYSELF,)),
        (None, ("p1", "p2"), ("p1", "p2")),
        ("no", ("p1",), ("p1",)),
        ("yes", ("p1", "p2"), (MYSELF, "p1", "p2")),
        ("yes", ("p1", MYSELF), (MYSELF, "p1")),
    ],
)
def test_everyone_on_the_staff_side_may_need_support(
    involved: str | None, colleagues: tuple[str, ...] | None, to_support: tuple[str, ...]
) -> None:
    """V16: not only those who ask. Nobody is asked about twice."""
    for event in EventType:
        report = Report.model_validate({"event_type": event, "involved": involved, "colleagues": colleagues})
        assert report.staff_to_support() == to_support


@pytest.mark.parametrize(
    ("confidential", "relative", "kept", "from_a_relative"),
    [
        (None, None, False, False),
        ("no", "no", False, False),
        ("yes", "no", True, False),
        ("no", "yes", True, True),
        ("yes", "yes", True, True),
        (None, "yes", True, True),
    ],
)
def test_whose_name_stays_with_the_quality_team(
    confidential: str | None, relative: str | None, kept: bool, from_a_relative: bool
) -> None:
    report = Report.model_validate({"confidential": confidential, "relative": relative})
    assert (report.keeps_name_to_quality_team(), report.is_from_a_relative()) == (kept, from_a_relative)


def test_only_a_yes_says_that_someone_is_in_danger() -> None:
    said = {None: False, "no": False, "yes": True}
    assert {a: Report.model_validate({"danger": a}).someone_is_in_danger_now() for a in said} == said


def test_the_kinds_of_event_exclude_one_another() -> None:
    for event in EventType:
        report = Report(event_type=event)
        assert report.is_an_incident() is (event.value == "incident")
        assert report.is_good_care() is (event.value == "good-care")
        assert report.is_not_good_care() is (event.value != "good-care")
        assert report.is_an_incident_or_near_miss() is (event.value in {"incident", "near-miss"})
        assert event.label == EVENT_TYPES[event]


def test_a_report_with_nothing_in_it_claims_nothing() -> None:
    nothing = Report()
    claims = (
        nothing.someone_is_in_danger_now, nothing.is_an_incident, nothing.a_patient_was_affected, nothing.known_harm,
        nothing.candour_may_apply, nothing.could_have_been_grave, nothing.was_a_near_miss_or_did_no_harm,
        nothing.keeps_name_to_quality_team, nothing.manager_is_not_known, nothing.is_good_care,
    )  # fmt: skip
    assert not any(claim() for claim in claims)
    assert nothing.harm_codes() == (None, None)
    assert nothing.staff_to_support() == ()


def test_a_report_does_not_change_once_made() -> None:
    with pytest.raises(ValidationError):
        Report().danger = "yes"  # type: ignore[misc]


def test_an_answer_that_no_question_offers_makes_no_report() -> None:
    for field, answer in product(
        ("danger", "event_type", "physical_harm", "candour", "could_have_led"), ("perhaps", 1)
    ):
        with pytest.raises(ValidationError):
            Report.model_validate({field: answer})
