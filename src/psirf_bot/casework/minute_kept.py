"""The minute that the chair approved, kept as it was: what changes later is not in it (I13, I14).

What rightly comes later stands beside it, dated: that a PSII was verified or sent back (I16), the filing on the Datix
record (I15), a later panel.
"""

from collections.abc import Iterator

from sqlmodel import col, select

from psirf_bot.cards.answers import instant, moment
from psirf_bot.casework import panels, people
from psirf_bot.casework.case_facts import allowed, case_facts
from psirf_bot.casework.deadlines import DROPPED
from psirf_bot.casework.minute_content import SIGNED, draft_of
from psirf_bot.casework.minute_signers import officer, when
from psirf_bot.casework.minute_text import Minute, Section, Table, as_json, of_json
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, Deadline, LearningResponse, Panel, PanelMember

Row = tuple[str, str, str]
"""What came later, who did it and when."""


def keep(work: Work, case: Case, panel: Panel) -> None:
    """Keep the minute of a panel that has just been approved. It is never written again."""
    panel.minute = panel.minute or as_json(draft_of(work, case, panel))
    work.session.add(panel)


def minute_of(work: Work, case: Case, panel: Panel) -> Minute:
    """The minute as it was approved, with what came after; before that the draft, as it stands now."""
    return of_json(panel.minute, _after(work, panel)) if panel.minute else draft_of(work, case, panel)


def approved(work: Work, case: Case) -> list[Panel]:
    """The panels of a case that came to their approved minute, the first one first."""
    theirs = select(Panel).where(Panel.case_id == case.id, Panel.state == panels.APPROVED)
    return list(work.session.exec(theirs.order_by(col(Panel.approved_at), Panel.id)))


def may_be_read(work: Work, by: Member, case: Case, panel: Panel) -> bool:
    """Whoever took part in this panel, or sees the one that looks at the case now; not who stood back from this one."""
    theirs = PanelMember.panel_id == panel.id, PanelMember.person_id == by.id
    stood_back = select(PanelMember.id).where(*theirs, col(PanelMember.recused_at).is_not(None))
    if work.session.exec(stood_back).first():
        return False
    return allowed(work, by, Act.SEE_PANEL, case) or _took_part(work, by, case, panel)


def _took_part(work: Work, by: Member, case: Case, panel: Panel) -> bool:
    """Whether they have a seat in it or chaired it, and have nothing to do with the event."""
    kept_out = case_facts(work, case).kept_out_ids
    chaired = by.acts_as(panel.chair_id, Role.CHAIR) and panel.chair_id not in kept_out
    return by.id not in kept_out and (chaired or panels.seat_of(work, panel, by) is not None)


def earlier(work: Work, by: Member, case: Case, panel: Panel) -> list[Panel]:
    """The panels that looked at the case before this one and whose minutes this person may read, the last one first."""
    before = [each for each in approved(work, case) if each.opened_at < panel.opened_at]
    return [each for each in reversed(before) if may_be_read(work, by, case, each)]


def clock(work: Work, panel: Panel, rule: str) -> Deadline | None:
    """The clock of this rule that the approval of this panel's minute started; another panel's has its own."""
    theirs = Deadline.case_id == panel.case_id, Deadline.rule == rule, Deadline.since == panel.approved_at
    return work.session.exec(select(Deadline).where(*theirs)).first()


def _after(work: Work, panel: Panel) -> Section:
    as_of = f"Added after the chair approved the minute, each with its date. As it stands on {instant(work.local)}."
    later = Table("What came later", ("What", "Who", "When"), (*_filing(work, panel), *_later_panels(work, panel)))
    if panel.decision != PSII:
        return Section("What came later", (as_of, later))
    signed = Table("Second signature", SIGNED, (_verification(work, panel),))
    return Section("Second signature and what came later", (as_of, signed, later))


def _verification(work: Work, panel: Panel) -> Row:
    """The second signature (I16). One that was sent back belongs to the panel that decides anew."""
    of_this_panel = LearningResponse.case_id == panel.case_id, LearningResponse.decided_at == panel.approved_at
    response = work.session.exec(select(LearningResponse).where(*of_this_panel)).first()
    asked = clock(work, panel, "psii.verified")
    if response and response.verified_at:
        signed = response.verified_as or people.name_of(work, response.verified_by)
        return "PSII verified", signed, when(work, response.verified_at)
    if asked and asked.state == DROPPED:
        who, on = asked.closed_by, asked.closed_at
        return "PSII sent back to the panel, not verified", officer(work, who, on), when(work, on)
    return "PSII verified", "Waits for the Chief Nurse or the Medical Director", ""


def _filing(work: Work, panel: Panel) -> Iterator[Row]:
    filed = "Filed on the Datix record"
    if panel.filed_on:
        yield filed, people.name_of(work, panel.filed_by), moment(panel.filed_on.isoformat())
    else:
        yield filed, "Waits for the quality team", ""


def _later_panels(work: Work, panel: Panel) -> Iterator[Row]:
    """Whoever reads an old minute learns that it is not the last word."""
    for later in approved(work, work.session.get_one(Case, panel.case_id)):
        if panel.approved_at and later.approved_at and later.approved_at > panel.approved_at:
            by = people.name_of(work, later.approved_by)
            yield "Minute of a later panel approved", by, when(work, later.approved_at)
