"""What authority needs to know of a case: asked on nearly every turn, so past the ORM."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from psirf_bot.casework.namesakes import Meant, meant
from psirf_bot.casework.work import Work, once
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.case import CaseFacts, State
from psirf_bot.store.direct import Prepared, literal, table_of
from psirf_bot.store.tables import Case, LearningResponse, Panel, PanelMember, Person, SupportNeed

NOT_LET_GO = (col(LearningResponse.started_at).is_not(None) | col(LearningResponse.ended_at).is_(None),)
"""Of learning responses: not one that a panel decided on and that never came to be."""


def allowed(work: Work, by: Member, act: Act, case: Case | None = None) -> bool:
    return may(by, act, case_facts(work, case) if case else None)


def case_facts(work: Work, case: Case) -> CaseFacts:
    """What authority needs to know of a case."""
    return once(work, ("facts", case.id), lambda: _case_facts(work, case))


def _case_facts(work: Work, case: Case) -> CaseFacts:
    needs = _NEEDS.all(work.session, case=case.id)
    panel = panel_of(work, case)
    response = _RESPONSES.first(work.session, case=case.id)
    return CaseFacts(
        state=State(case.state),
        service=case.service,
        reporter_id=case.reporter_id,
        owner_id=case.owner_id,
        confidential=case.confidential,
        quality_only=case.quality_only,
        restricted=is_restricted(work, case),
        **(_panel_facts(work, case, panel) if panel else {}),
        lead_id=response.lead_id if response else None,
        has_response=response is not None and response.ended_at is None,
        checker_ids=frozenset(need.checker_id for need in needs if need.checker_id),
        passed_over_ids=frozenset(
            manager
            for need in needs
            if need.wish == "someone-else"
            # Whoever managed them then is to hear nothing either, whoever manages them since.
            for manager in (need.passed_over_id, *(someone.line_manager_id for someone in _meant(work, need)))
            if manager and manager != need.checker_id
        ),
    )


def is_restricted(work: Work, case: Case) -> bool:
    """Whether the quality team keeps it to itself: as soon as one is on the way to what it was joined with."""
    while case.merged_into and not case.restricted:
        case = work.session.get_one(Case, case.merged_into)
    return case.restricted


def panel_of(work: Work, case: Case) -> Panel | None:
    """The panel that looks at a case, or did last."""
    return once(work, ("panel of", case.id), lambda: _newest_panel(work, case))


def _newest_panel(work: Work, case: Case) -> Panel | None:
    found = _PANELS.first(work.session, case=case.id)
    return work.session.get_one(Panel, found.id) if found else None


def _panel_facts(work: Work, case: Case, panel: Panel) -> dict[str, Any]:
    """Who takes part in its panel, and who must not: whoever was involved, and their line managers."""
    members = _MEMBERS.all(work.session, panel=panel.id)
    named, managers = _staff_and_managers(work, case.id)
    return {
        "chair_id": panel.chair_id,
        "panel_ids": frozenset(m.person_id for m in members if m.recused_at is None),
        "involved_ids": named,
        "kept_out_ids": frozenset(m.person_id for m in members if m.recused_at) | named | managers,
    }


def involved_in(work: Work, case: Case) -> frozenset[str]:
    """The staff named in a case's reports, with those that were joined with it, and their line managers."""
    return frozenset().union(*_staff_and_managers(work, case.id))


def staff_named(work: Work, case_id: str) -> frozenset[str]:
    """The staff named in a case's reports and in those of every one it was joined with."""
    return _staff_and_managers(work, family(work, case_id)[0])[0]


def _staff_and_managers(work: Work, case_id: str) -> tuple[frozenset[str], frozenset[str]]:
    return once(work, ("staff", case_id), lambda: _named_in(work, case_id))


def _named_in(work: Work, case_id: str) -> tuple[frozenset[str], frozenset[str]]:
    named, managers = set[str](), set[str | None]()
    for each in _with_joined(work, case_id):
        for need in _NEEDS.all(work.session, case=each):
            staff = _meant(work, need)
            named |= {someone.id for someone in staff}
            managers |= {need.passed_over_id, *(someone.line_manager_id for someone in staff)}
    return frozenset(named), frozenset(filter(None, managers))


def _meant(work: Work, need: Any) -> Sequence[Meant]:
    """Who is named; nothing more is asked about those who are known for certain."""
    if need.on_list and need.active:
        return (Meant(need.person_id, need.line_manager_id, None),)
    return meant(work, need.person_id, need.name)


def family(work: Work, case_id: str) -> list[str]:
    """The ids of a case and of every one it was joined with, whichever into which; the one that goes on comes first."""
    work.session.flush()
    while (joined := _INTO.first(work.session, case=case_id)) and joined.merged_into:
        case_id = joined.merged_into
    return _with_joined(work, case_id)


def _with_joined(work: Work, case_id: str) -> list[str]:
    """This one, and every one that was joined into it or into one of those."""
    found = [case_id]
    for each in found:
        found += [joined.id for joined in _JOINED.all(work.session, case=each)]
    return found


_case, _need, _person, _response = (table_of(each) for each in (Case, SupportNeed, Person, LearningResponse))
_panel, _member = table_of(Panel), table_of(PanelMember)
_NEEDS = Prepared(
    sa.select(_need.c.person_id, _need.c.name, _need.c.checker_id, _need.c.wish, _need.c.passed_over_id)
    .add_columns(_person.c.line_manager_id, _person.c.on_list, _person.c.active)
    .join(_person, _need.c.person_id == _person.c.id, isouter=True)
    .where(_need.c.case_id == bindparam("case"))
)
_RESPONSES = Prepared(
    sa.select(_response.c.lead_id, _response.c.ended_at)
    .where(_response.c.case_id == bindparam("case"), *NOT_LET_GO)
    .order_by(_response.c.decided_at.desc())
)
_PANELS = Prepared(
    sa.select(_panel.c.id)
    .where(_panel.c.case_id == bindparam("case"), _panel.c.state != literal("stopped"))
    .order_by(_panel.c.opened_at.desc())
)
_MEMBERS = Prepared(
    sa.select(_member.c.person_id, _member.c.recused_at).where(_member.c.panel_id == bindparam("panel"))
)
_INTO = Prepared(sa.select(_case.c.merged_into).where(_case.c.id == bindparam("case")))
_JOINED = Prepared(sa.select(_case.c.id).where(_case.c.merged_into == bindparam("case")).order_by(_case.c.id))
