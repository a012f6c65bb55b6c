"""A Patient Safety Alert as it is shown, the list of them, and who leads on one (S08)."""

from collections.abc import Callable

from sqlmodel import col, select

from psirf_bot.cards import alerts as cards
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import deadlines, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import DONE, Subject
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import READS_AS_BOARD, Act, Member
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Deadline, SafetyAlert

SHOWN = 8
NOT_YOURS = "This alert is for its clinical lead, the executives and the quality team. If you need it, please ask them."


def view(work: Work, alert: SafetyAlert, by: Member, title: str = "", *, opening: str = "", reason: str = "") -> Card:
    """The alert, with what this person may do with it now."""
    reported = report_of(work, alert)
    return cards.alert_card(
        _line(work, alert),
        title,
        opening=opening,
        reason=reason,
        evidence=(reported.note or "") if reported and alert.reported_at else "",
        buttons=_buttons(work, alert, by),
    )


def list_alerts(work: Work, by: Member) -> Card:
    """The open alerts that this person may see, the first due first."""
    waiting = select(SafetyAlert).where(col(SafetyAlert.authorised_at).is_(None)).order_by(col(SafetyAlert.due_on))
    seen = [alert for alert in work.session.exec(waiting) if may_see(work, alert, by)]
    rows = [
        (_line(work, a), button(work, "Open", "alert.show", alert=a.id, spoken=f"Open {a.number}"))
        for a in seen[:SHOWN]
    ]
    return cards.list_card(rows, more=max(0, len(seen) - SHOWN))


def _show(work: Work, press: Press) -> Reply:
    alert = work.session.get_one(SafetyAlert, press.args["alert"])
    if not may_see(work, alert, press.by):
        raise Refusal(NOT_YOURS)
    return Reply(card=view(work, alert, press.by), replaces=press.place.private)


def _line(work: Work, alert: SafetyAlert) -> cards.AlertLine:
    return cards.AlertLine(
        alert.number,
        alert.title,
        alert.due_on.isoformat(),
        people.name_of(work, alert.lead_id),
        alert.reported_at is not None,
        people.name_of(work, alert.authorised_by),
    )


def _buttons(work: Work, alert: SafetyAlert, by: Member) -> tuple[Button, ...]:
    if alert.authorised_at:
        return ()
    if alert.reported_at:
        if not allowed(work, by, Act.AUTHORISE_ALERT) or by.id in leading(work, alert):
            return ()
        return (
            button(work, "Authorise as complete", "alert.authorise", style="primary", alert=alert.id),
            button(work, "Send it back", "alert.back", alert=alert.id),
        )
    found = []
    if by.id in leading(work, alert):
        found.append(button(work, "Report them complete", "alert.report", style="primary", alert=alert.id))
    if allowed(work, by, Act.NAME_ALERT_LEAD):
        label = "Name another lead" if alert.lead_id else "Name the clinical lead"
        found.append(button(work, label, "alert.lead", alert=alert.id))
    return tuple(found)


# Whose it is


def subject(alert: SafetyAlert) -> Subject:
    return Subject("alert", alert.id, None, None, {"whoever is named": alert.lead_id})


def running(work: Work, alert: SafetyAlert, rule: str) -> Deadline | None:
    """The duty of this alert under a rule, if its clock runs."""
    return next(iter(deadlines.running(work, subject(alert), rule)), None)


def report_of(work: Work, alert: SafetyAlert) -> Deadline | None:
    """The duty that ended with the newest report: who reported, and their evidence."""
    done = select(Deadline).where(
        Deadline.subject_kind == "alert",
        Deadline.subject_id == alert.id,
        Deadline.rule == "alert.complete",
        Deadline.state == DONE,
    )
    return work.session.exec(done.order_by(col(Deadline.closed_at).desc())).first()


def leading(work: Work, alert: SafetyAlert) -> set[str]:
    """Its clinical lead, whoever stands in for them today, and whoever reported for them."""
    lead = people.person(work, alert.lead_id)
    reported = report_of(work, alert) if alert.reported_at else None
    found = {lead.id, people.acting_for(work, lead).id} if lead else set()
    return found | ({reported.closed_by} if reported and reported.closed_by else set())


def leads(work: Work, alert_id: str, who: str) -> bool:
    """Whether this person leads the alert or reported for its lead, and so does not authorise its actions."""
    return who in leading(work, work.session.get_one(SafetyAlert, alert_id))


def may_see(work: Work, alert: SafetyAlert, by: Member) -> bool:
    return bool((READS_AS_BOARD | {Role.QUALITY}) & by.roles) or by.id in leading(work, alert)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"alert.show": _show}
