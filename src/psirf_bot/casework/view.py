"""A case as this person may see it, and the card of it that lives in the quality channel."""

from psirf_bot.cards import cases as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.model import Button, Card, Fact
from psirf_bot.casework import (
    candour,
    cases,
    duty_lines,
    learning_responses,
    news,
    people,
    support_page,
)
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.case_facts import allowed, case_facts, is_restricted, panel_of
from psirf_bot.casework.deadlines import running_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Case

ABOUT_STAFF = frozenset({"colleagues", "involved", "my-manager", "relative", "confidential"})


def case_view(work: Work, case: Case, by: Member) -> Card:
    """Everything about the case that this person may see, with what they may do now."""
    found = cases.report_of(work, case)
    close = by.is_quality or case.reporter_id == by.id
    read = dict(found[1].wording) if found else {}
    if not close:
        # Staff are named to those who need the name; a manager who was to be left out learns nothing from here.
        read = {key: r for key, r in read.items() if key not in ABOUT_STAFF}
    # What is added may name people: it is for those who may know them.
    added = [
        (Fact(label="Added", value=instant(a.at.astimezone(work.trust.timezone)), at=a.at), a.text)
        for a in (cases.additions(work, case) if close else ())
    ]
    return cards.case_card(
        cases.line(work, case),
        found[0] if found else None,
        [r for key, r in read.items() if "/" not in key],
        about=_about(work, case, by),
        additions=added,
        support=support_page.facts(work, case, by) if by.is_quality else (),
        due=_due(work, case, by),
        outcome=_outcome(work, case, by),
        rows=_rows(work, case, by),
        prompted=by.is_quality or case.reporter_id != by.id,
        candour=candour.standing_of(work, case).applies,
        decided=_decided(work, case),
    )


def _outcome(work: Work, case: Case, by: Member) -> str:
    """What came of it, as its reporter was told: of a report that was joined with another, what came of the whole."""
    if case.reporter_id != by.id:
        return case.outcome or ""
    return "" if news.waits_to_be_spoken_to(work, case) else cases.goes_on_as(work, case).outcome or ""


def living_card(work: Work, case: Case) -> Card:
    """The case in the quality channel, as it stands now."""
    found = cases.report_of(work, case)
    buttons = [button(work, "Open the case", "case.show", case=case, opens=True)]
    if case.state == "reported":
        buttons.insert(0, button(work, "I have read this", "case.read", case=case, style="primary"))
    return cards.quality_card(
        cases.line(work, case),
        found[0] if found else None,
        len(cases.additions(work, case)),
        tuple(buttons),
        kept_inside=is_restricted(work, case) or case.quality_only or case.state == State.WITHDRAWN,
        candour=candour.standing_of(work, case).applies,
        decided=_decided(work, case),
    )


def _decided(work: Work, case: Case) -> bool:
    """Whether a panel has decided how to respond: nobody needs to be asked to consider it any more."""
    panel = panel_of(work, case)
    return learning_responses.current(work, case) is not None or (panel is not None and panel.approved_at is not None)


def _about(work: Work, case: Case, by: Member) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    if allowed(work, by, Act.SEE_REPORTER, case) and case.reporter_id:
        name = people.name_of(work, case.reporter_id)
        note = " (asked to be kept to the quality team)" if case.confidential else ""
        facts.append(Fact(label="Reported by", value=name + note))
    if case.merged_into:
        into = work.session.get(Case, case.merged_into)
        facts.append(Fact(label="Joined with", value=into.reference if into and by.is_quality else "Another report"))
    joined = [one.reference for one in cases.with_joined(work, case)[1:] if allowed(work, by, Act.SEE_CASE, one)]
    if joined:
        facts.append(Fact(label="Reports joined with it", value=", ".join(joined)))
    if is_restricted(work, case):
        led = case_facts(work, case).lead_id is not None
        others = ", the reporter and whoever leads the learning response" if led else " and the reporter"
        facts.append(Fact(label="Restricted", value=f"Only the quality team{others} can open this case."))
    reported = instant(case.opened_at.astimezone(work.trust.timezone))
    facts.append(Fact(label="Reported", value=reported, at=case.opened_at))
    return tuple(facts)


def _due(work: Work, case: Case, by: Member) -> tuple[Fact, ...]:
    """The case's duties whose clocks run, as far as this person may know of them, and where each day comes from."""
    facts = []
    for deadline in running_of(work, case):
        rule = work.setting.rules.get(deadline.rule)
        duty = None if rule is None or rule.private else duty_lines.duty(work, deadline)
        if duty and may(by, Act.SEE_DUTY, duty.facts):
            line = duty_lines.line(work, deadline, duty.rule)
            facts.append(Fact(label=line.what, value=f"{line.due} {line.source[:1].upper()}{line.source[1:]}."))
    return tuple(facts)


def _rows(work: Work, case: Case, by: Member) -> list[tuple[Button, ...]]:
    """What this person may do with the case in its present state, in rows."""
    facts = case_facts(work, case)

    def offers(act: Act, label: str, verb: str, **args: str) -> tuple[Button, ...]:
        if not may(by, act, facts):
            return ()
        return (Button(label=label, action=action_id(work, verb, case=case, **args)),)

    panel = offers(Act.OPEN_PANEL, "Open the panel", "panel.open")
    if panel_of(work, case):
        panel += offers(Act.SEE_PANEL, "The panel", "panel.show")
    shown = learning_responses.current(work, case) is not None and learning_responses.sees(work, by, case)
    respond = (button(work, "Learning response", "response.show", case=case),) if shown else ()
    datix = "Change the Datix number" if case.datix_number else "Enter the Datix number"
    restrict = ("Lift the restriction", "no") if case.restricted else ("Restrict", "yes")
    return [
        (
            *offers(Act.MARK_READ, "I have read this", "case.read"),
            *offers(Act.ENTER_DATIX, datix, "case.datix"),
            *offers(Act.ADD, "Add to it", "case.add"),
            *offers(Act.WITHDRAW, "Withdraw it", "case.withdraw"),
        ),
        (
            *offers(Act.SET_OWNER, "Set the owner", "case.owner"),
            *offers(Act.AMEND, "Amend", "case.amend"),
            *offers(Act.MERGE, "Join with another", "case.merge"),
            *offers(Act.RESTRICT, restrict[0], "case.restrict", on=restrict[1]),
            *offers(Act.CLOSE, "Close", "case.close"),
            *offers(Act.REOPEN, "Reopen", "case.reopen"),
        ),
        (
            *offers(Act.SEE_CANDOUR, "Duty of candour", "candour.show"),
            *panel,
            *respond,
            *offers(Act.AGREE_ACTION, "Agree a safety action", "action.new"),
            *offers(Act.SEE_HISTORY, "Who did what", "case.history"),
        ),
    ]
