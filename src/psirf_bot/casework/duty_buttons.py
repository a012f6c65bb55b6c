"""What there is to press for a duty: the thing itself, not today, hand it over, more."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from psirf_bot.cards import duties as cards
from psirf_bot.cards.duties import DutyLine, Row
from psirf_bot.cards.model import Button
from psirf_bot.casework import support_circle, two_offices
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import PAUSED, RUNNING
from psirf_bot.casework.duty_lines import Duty, line
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.deadlines import RULES
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import CLOCKS
from psirf_bot.store.tables import Deadline


class Doing(NamedTuple):
    """What to press to do a duty. `act`: what somebody must be allowed to do, if they are to take it on.

    `stays`: why it is not handed over from one person to another, in words for them.
    """

    label: str
    verb: str
    act: Act | None = None
    stays: str = ""


MINE = "A vote is your own. If you cannot take part, press Stand back on the panel's card; you need give no reason."
ACT_OF: dict[str, Doing] = {
    "report.read": Doing("I have read this", "case.read", Act.MARK_READ),
    "datix.entered": Doing("Enter the Datix number", "case.datix", Act.ENTER_DATIX),
    "panel.opened": Doing("Open the panel", "panel.open", Act.OPEN_PANEL),
    "panel.decided": Doing("Open the panel's page", "panel.show", Act.DECIDE_RESPONSE),
    "panel.departure": Doing("Open the panel's page", "panel.show", Act.ANSWER_DEPARTURE),
    "panel.vote": Doing("Vote", "panel.vote", Act.VOTE, MINE),
    "case.closed": Doing("Close the case", "case.close", Act.CLOSE),
    "minute.filed": Doing("It is filed", "minute.filed", Act.FILE_MINUTE),
    "notifications.made": Doing("Open the notifications", "notifications.show", Act.NOTIFY),
    "psii.final": Doing("Open the learning response", "response.show", Act.NOTIFY),
    "psii.verified": Doing("Open the learning response", "response.show", Act.VERIFY_PSII),
    "psii.day-3": Doing("Open the learning response", "response.show", Act.LEAD_RESPONSE),
    **{rule.id: Doing("It is done", "duty.done") for rule in RULES if rule.id.startswith(("themes.", "plan."))},
}
OF_A_KIND = {
    "candour": Doing("Open duty of candour", "candour.show", Act.RECORD_CANDOUR),
    "response": Doing("Open the learning response", "response.show", Act.LEAD_RESPONSE),
    "contact": Doing("Open the learning response", "response.show", Act.LEAD_RESPONSE),
    "action": Doing("Open the safety action", "action.show"),
    "alert": Doing("Open the alert", "alert.show"),
}
ACT_OF |= {r.id: OF_A_KIND[kind] for r in RULES if (kind := r.id.partition(".")[0]) in OF_A_KIND}
LED = "An executive names who leads on an alert. If it cannot be you, please ask them to name somebody else."
ACT_OF["response.lead"] = Doing("Choose the lead", "response.lead", Act.CHOOSE_LEAD)
ACT_OF["candour.confirmed"] = ACT_OF["candour.confirmed"]._replace(act=Act.CONFIRM_CANDOUR)
ACT_OF["alert.lead"] = ACT_OF["alert.lead"]._replace(act=Act.NAME_ALERT_LEAD)
ACT_OF["alert.complete"] = ACT_OF["alert.complete"]._replace(stays=LED)
ACT_OF["alert.authorised"] = ACT_OF["alert.authorised"]._replace(act=Act.AUTHORISE_ALERT)


def row(work: Work, by: Member, found: Duty, shown: DutyLine, number: int, day: str = "") -> Row:
    """A duty with its buttons for this person: the thing itself, not today, hand it over, more.

    `number`: which it is among those that read the same. `day`: of the digest that it stands in.
    """
    deadline, theirs = found.deadline, may(by, Act.SETTLE_DUTY, found.facts)

    def press(label: str, verb: str, *, opens: bool = True) -> Button:
        args: dict[str, Any] = {"day": day} if day and verb != "duty.show" else {}
        spoken = shown.spoken(label, number)
        return button(work, label, verb, opens=opens, spoken=spoken, deadline=deadline.id, **args)

    more = press("More", "duty.show")
    if deadline.state not in RUNNING:
        return shown, (more,)
    if deadline.state == PAUSED:
        if not may_pause(work, by, found):
            return shown, (more,)
        again = press("Start the clock again", "duty.resume", opens=False)
        return shown, (again, press("Keep it paused", "duty.pause"), more)
    first = doing(work, found, shown.spoken, number) if theirs or _only_shows(deadline) else ()
    over = (press("Hand it over", "duty.over"),) if theirs and not stays(found) else ()
    return shown, (*first, press("Not today", "duty.snooze", opens=False), *over, more)


def stays(found: Duty) -> str:
    """Why it is not handed over from one person to another; empty where it can be."""
    if found.rule.id in support_circle.SIGNED and found.deadline.role == Role.QUALITY:
        return two_offices.HOW  # nobody can do it today
    return ACT_OF[found.rule.id].stays if found.rule.id in ACT_OF else ""


def may_pause(work: Work, by: Member, found: Duty) -> bool:
    """Whether they may stop its clock, or let it go on; a response's clocks are its lead's and the quality team's."""
    if found.rule.id in CLOCKS and found.case:
        act = Act.RESUME if found.deadline.state == PAUSED else Act.PAUSE
        return allowed(work, by, act, found.case)
    return may(by, Act.PAUSE_DUTY, found.facts)


def _only_shows(deadline: Deadline) -> bool:
    """Whether its button opens a page that those who hear of it up the ladder may read too."""
    verb = ACT_OF[deadline.rule].verb if deadline.rule in ACT_OF else ""
    return verb.endswith(".show") and verb != "notifications.show"


def doing(work: Work, found: Duty, spoken: Any, number: int = 1) -> tuple[Button, ...]:
    """The button that does the thing itself, where there is one."""
    known = ACT_OF.get(found.rule.id)
    if known is None:
        return ()
    kind = found.deadline.subject_kind
    args: dict[str, Any] = {kind: found.deadline.subject_id} if kind in ("action", "alert") else {}
    if known.verb == "duty.done":
        args = {"deadline": found.deadline.id}
    elif not args and found.case is None:
        return ()
    case = None if args else found.case
    said = spoken(known.label, number)
    return (button(work, known.label, known.verb, case=case, style="primary", opens=True, spoken=said, **args),)


def rows(work: Work, by: Member, duties: Iterable[tuple[Duty, str, str]], day: str = "") -> tuple[Row, ...]:
    """Duties with their buttons, each with why they hear of it and with what it has to wait for."""
    listed = list(duties)
    lines = (line(work, found.deadline, found.rule, extra=extra, waits=waits) for found, extra, waits in listed)
    told_apart = zip(listed, cards.told_apart(lines), strict=True)
    return tuple(row(work, by, found, shown, number, day) for (found, _, _), (shown, number) in told_apart)
