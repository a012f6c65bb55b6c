"""Why the patient or family has no named contact in a learning response, and whether that does (B12).

That nobody was affected takes a reason where a report says that a patient was: it stands on the record, after the
answer. Either answer is for the learning response it was given for; the next one asks again.
"""

from collections.abc import Collection

from psirf_bot.casework import cases
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import Question, short_text
from psirf_bot.domain.harm import PhysicalHarm, PsychologicalHarm
from psirf_bot.store.tables import Case, NamedContact

NOBODY, REASON = "nobody-affected", ": "
WHY_NOT = {"not-wanted": "They do not want one", NOBODY: "No patient or family was affected"}
"""Why a patient or family has no named contact."""


def stands(work: Work, case: Case, named: NamedContact) -> bool:
    """Whether this reason for having no contact does for the learning response that there is now."""
    return not is_of_before(work, case, named) and not (named.why_not == NOBODY and affected(work, case))


def is_of_before(work: Work, case: Case, named: NamedContact) -> bool:
    """It was given before this learning response was decided on."""
    response = current(work, case)
    return response is not None and named.at < response.decided_at


def affected(work: Work, case: Case) -> str:
    """What the reports say of a patient who was affected; empty where none says that one was."""
    found = (cases.report_of(work, each) for each in cases.with_joined(work, case))
    reports = [each[0] for each in found if each and (each[0].a_patient_was_affected() or each[0].known_harm())]
    if not reports:
        return ""
    harm = [
        _worst("physical harm", [r.physical_harm for r in reports if r.physical_harm]),
        _worst("psychological harm", [r.psychological_harm for r in reports if r.psychological_harm]),
    ]
    graded = ", ".join(filter(None, harm))
    return f"As it is reported, a patient was affected{f' ({graded})' if graded else ''}."


def _worst(what: str, harm: Collection[PhysicalHarm] | Collection[PsychologicalHarm]) -> str:
    found: list[PhysicalHarm | PsychologicalHarm] = [each for each in harm if each != "none"]
    return f"{what}: {min(found, key=lambda each: each.lfpse)}" if found else ""


def asked_anew(work: Work, case: Case, named: NamedContact | None) -> str:
    """Why the reason that there is does not do; empty where there is none."""
    if named is None or named.why_not is None or stands(work, case, named):
        before = named is not None and named.contact_id and is_of_before(work, case, named)
        return " Somebody was named before this response was decided on. Please ask them again." if before else ""
    if is_of_before(work, case, named):
        return f" Before this response was decided on it was said: {in_words(named)}. Please answer it for this one."
    return f" It was said: {in_words(named)}. {affected(work, case)} Please name somebody, or say how that is."


def question(work: Work, case: Case) -> tuple[Question, ...]:
    """Why nobody was affected, where a report says that a patient was."""
    said = affected(work, case)
    asked = short_text(
        "why-nobody",
        "If nobody was affected: why is it reported otherwise?",
        f"{said} Your words stay on the record. No names.",
        optional=True,
        conditional=True,
        max_length=300,
    )
    return (asked,) if said else ()


def in_words(named: NamedContact | None) -> str:
    """As it is shown. With a reason: No patient or family was affected: the report mixed up two visits."""
    which, reason = parts(named)
    return REASON.join(filter(None, (WHY_NOT.get(which or "", "Nobody yet"), reason)))


def parts(named: NamedContact | None) -> tuple[str | None, str | None]:
    """Which answer was given, and the reason after it."""
    which, _, reason = ((named.why_not if named else None) or "").partition(REASON)
    return which or None, reason or None
