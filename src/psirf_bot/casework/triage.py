"""What the quality team and the reporter do with a case: read it, own it, amend it, add to it.

How it ends is in endings.py.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlmodel import select

from psirf_bot.cards.answers import instant, readings
from psirf_bot.cards.check import clip
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import (
    candour_clocks,
    cases,
    endings,
    notifications,
    onlookers,
    panel_facts_anew,
    people,
    post,
    support,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.case_history import history
from psirf_bot.casework.changes import changed, tell_owner
from psirf_bot.casework.deadlines import hand_over, happened, of_case, running, running_of, serve
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.news import tell_reporter
from psirf_bot.casework.view import case_view
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.flow import Page, pages_for, record_of
from psirf_bot.dialogs.questions import People, Question, long_text, one_of, short_text
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.report import Report
from psirf_bot.store.tables import Addition, Case, ReportVersion

NOT_AMENDED = frozenset({"danger", "colleagues", "involved", "my-manager"})
"""Answers that are not amended: because of them somebody was told at once, or asked to check on staff."""


def _show(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not allowed(work, press.by, Act.SEE_CASE, case):
        raise Refusal(not_now(work, press, case))
    if case.reporter_id != press.by.id:
        work.record(press.by.id, "opened the case", case)
    return Reply(card=case_view(work, case, press.by), replaces=press.place.private)


def _show_history(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not allowed(work, press.by, Act.SEE_HISTORY, case):
        raise Refusal(not_now(work, press, case))
    before = press.args.get("before")
    shown = history(work, case, press.by, int(before) if before else None)
    return Reply(card=shown, replaces=press.place.private)


def _read(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    again = case.state == State.READ and case.owner_id == press.by.id  # pressed twice, or on two cards
    if not again and not allowed(work, press.by, Act.MARK_READ, case):
        raise Refusal(not_now(work, press, case))
    if not again:
        case.state, case.read_at = State.READ, work.now
        case.owner_id = case.owner_id or press.by.id
        changed(work, case, press.by.id, "read")
        happened(work, Event.CASE_READ, of_case(case), press.by.id)
        text = f"The quality team has read {case.reference}. They will tell you what comes of it. Thank you."
        tell_reporter(work, case, "Your report has been read", text)
    if not press.place.private:
        return Reply(notice=f"Thank you. It is noted that you have read {case.reference}.")
    return Reply(card=case_view(work, case, press.by))


def _restrict(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not allowed(work, press.by, Act.RESTRICT, case):
        raise Refusal(not_now(work, press, case))
    case.restricted = press.args["on"] == "yes"
    changed(work, case, press.by.id, "restricted" if case.restricted else "restriction lifted")
    onlookers.refresh_joined(work, case)
    onlookers.refresh_leads(work, case)
    return Reply(card=case_view(work, case, press.by), replaces=press.place.private)


def _own(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    named = answers["owner"]
    owner = people.person(work, named[0]) if isinstance(named, list) else None
    if owner is None or not people.member(work, owner).is_quality:
        raise Unfit({"owner": "Please choose a member of the quality team."})
    if case.owner_id == owner.id:
        return case_view(work, case, press.by)
    theirs = [duty for duty in running(work, of_case(case)) if work.setting.rules[duty.rule].owner == "case owner"]
    before = {case.owner_id, *(duty.owner_id for duty in theirs)}
    case.owner_id = owner.id
    changed(work, case, press.by.id, "owner set", owner=owner.id)
    for duty in theirs:
        hand_over(work, duty, owner.id)
    tell_owner(work, case, press.by, f"{case.reference} is now yours", "You were made its owner.")
    _tell_former(work, case, before - {owner.id, press.by.id}, owner.name)
    return case_view(work, case, press.by)


def _tell_former(work: Work, case: Case, before: Iterable[str | None], now: str) -> None:
    """Whoever owned the case, or had been handed what its owner owes, hears that it is somebody else's."""
    text = f"{now} owns it now, and sees to what its owner owes. There is nothing you need to do."
    for who in sorted(filter(None, before)):
        someone = people.person(work, who)
        if someone and someone.active and allowed(work, people.member(work, someone), Act.SEE_CASE, case):
            look = button(work, "Open the case", "case.show", case=case, opens=True)
            post.to_person(work, someone.id, said(f"{case.reference} has another owner", text, look))


def _enter_datix(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    number = cases.as_kept(str(answers["datix-number"]))
    if not any(c.isdigit() for c in number):
        raise Unfit({"datix-number": "A Datix number has digits in it. If you do not have it yet, come back later."})
    if number.startswith("PSI-"):
        raise Unfit({"datix-number": "That is our own reference. Please give the number that Datix shows."})
    others = work.session.exec(select(Case).where(Case.datix_number == number, Case.state != State.WITHDRAWN)).all()
    if any(cases.goes_on_as(work, other).id != cases.goes_on_as(work, case).id for other in others):
        taken = "Another case already has that number. Please check it, or ask the quality team to join the two."
        raise Unfit({"datix-number": taken})
    stands = case.datix_number
    if stands and number != stands != press.args.get("seen"):
        asked = f"{stands} has been entered here meanwhile. If {number} is right, press Save the number once more. "
        raise Unfit({"datix-number": asked + f"If not, {stands} stays as it is."})
    if stands != number:
        case.datix_number = number
        changed(work, case, press.by.id, "Datix number entered", number=number)
        happened(work, Event.DATIX_ENTERED, of_case(case), press.by.id)
    thanks = f"{case.reference} is on Datix as {number}. There is nothing else you need to do on Datix."
    return said("Thank you", thanks, button(work, "Open the case", "case.show", case=case))


def _datix(work: Work, press: Press) -> Reply:
    """A form may have been open for days: it carries the number that it was opened, or asked again, in view of."""
    stands = case_of(work, press).datix_number or ""
    args = {**press.args, "seen": press.args.get("stands", ""), "stands": stands}
    return DATIX(work, replace(press, args=args))


def _add(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    text = str(answers["addition"])
    again = any(a.text == text and a.by_id == press.by.id for a in cases.additions(work, case))
    if not again:
        work.session.add(Addition(case_id=case.id, by_id=press.by.id, text=text, at=work.now))
        changed(work, case, press.by.id, "added to", text=text)
        whole = cases.goes_on_as(work, case)
        joined = f" It is looked at together with {whole.reference}." if whole.id != case.id else ""
        text = f"The reporter or a colleague added something.{joined}"
        tell_owner(work, case, press.by, f"{case.reference} was added to", text)
    return case_view(work, case, press.by)


def _amend_questions(work: Work, press: Press) -> Sequence[Question]:
    """First which answer, then the new answer and the reason."""
    flow = work.setting.report_flow
    chosen = flow.question(press.args.get("key", ""))
    if chosen is None:
        found = cases.report_of(work, case_of(work, press))
        if found is None:
            raise Refusal(
                "This case was opened from Datix, so there is no report here to amend. Please amend it there."
            )
        asked = [q for page in pages_for(flow, found[0]) for q in page.questions if q.id not in NOT_AMENDED]
        return (one_of("key", "Which answer should change?", {q.id: q.label[:75] for q in asked}),)
    return (chosen, long_text("why-amended", "Why is it being changed?", max_length=500))


def _amend(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    if "key" in answers:
        chosen = replace(press, args={"key": str(answers["key"]), "stands": press.args["stands"]}, given={})
        shown = AMEND(work, chosen).card
        return shown or case_view(work, case, press.by)
    key = press.args["key"]
    found = cases.report_of(work, case)
    if found is None or found[1].answers.get(key) == answers[key]:
        return case_view(work, case, press.by)
    before, version = found
    _as_it_was_seen(work, version, key, press.args["seen"])
    reported = work.setting.calendar_beyond.local(case.opened_at)
    if key == "when" and str(answers[key]) > reported.isoformat():  # both local; a day alone comes before its hours
        raise Unfit({key: f"That is after it was reported ({instant(reported)}). Please check the day and the time."})
    report = _rewrite(work, case, version, key, answers, press.by.id)
    case.event_type = report.event_type or case.event_type
    if report.service and report.service != case.service:
        case.service = report.service
        for duty in running_of(work, case):
            serve(work, duty, case.service)
    case.occurred = report.when or case.occurred
    case.confidential = report.confidential == "yes"
    if key == "relative":  # another answer may make this one irrelevant; it protects the reporter all the same
        if report.is_from_a_relative() and not case.quality_only:
            support.leave_to_the_quality_team(work, case)
        case.quality_only = report.is_from_a_relative()
    changed(work, case, press.by.id, "amended", question=key)
    onlookers.refresh_leads(work, case)
    candour_clocks.amended(work, case, before, press.by.id)
    panel_facts_anew.amended(work, case, before, press.by.id)
    notifications.as_it_stands(work, case, press.by.id)
    tell_reporter(work, case, f"{case.reference} was amended", "The quality team corrected an answer in your report.")
    return case_view(work, case, press.by)


def _as_it_was_seen(work: Work, version: ReportVersion, key: str, seen: str) -> None:
    """Nobody writes over what a colleague amended meanwhile without having read it. Raises Unfit."""
    of_then = select(ReportVersion).where(
        ReportVersion.case_id == version.case_id, ReportVersion.number == int(seen or 0)
    )
    then = work.session.exec(of_then).first()
    if then and then.answers.get(key) != version.answers.get(key):
        now = clip(version.wording[key]["shown"], 300) if key in version.wording else "nothing"
        text = f"{people.name_of(work, version.by_id)} has changed this meanwhile. It says now: {now}"
        raise Unfit({key: f"{text}\nIf yours is right, press Go on once more."})


def _rewrite(work: Work, case: Case, old: ReportVersion, key: str, answers: Answers, by: str) -> Report:
    """Keep a new version, with the one answer changed and without those that it makes irrelevant."""
    flow = work.setting.report_flow
    new = {**old.answers, key: answers[key]}
    pages = pages_for(flow, record_of(flow, new))
    dropped = flow.questions().keys() - {asked for page in pages for asked in page.asks()}
    if key in dropped:
        raise Refusal(f"That question is no longer asked here. Type case {case.reference} to see how things are now.")
    new = {k: value for k, value in new.items() if k not in dropped}
    page = next((p for p in pages if key in p.asks()), Page("", ()))
    changed_page = replace(page, questions=tuple(q for q in page.questions if q.id == key))
    read = {k: r for k, r in old.wording.items() if k not in dropped}
    read |= readings([changed_page], new, lambda who: people.name_of(work, who))
    cases.write_version(work, case, new, read, by, str(answers["why-amended"]))
    return record_of(flow, new)


def _amending(work: Work, press: Press) -> Reply:
    """A form may have been open for days: it carries the version that it was opened, or asked again, in view of."""
    found = cases.report_of(work, case_of(work, press))
    stands = str(found[1].number) if found else ""
    return AMEND(work, replace(press, args={**press.args, "seen": press.args.get("stands", ""), "stands": stands}))


def _only(*questions: Question) -> Callable[[Work, Press], Sequence[Question]]:
    return lambda work, press: questions


def _as_it_stands(work: Work, press: Press) -> Answers:
    found = cases.report_of(work, case_of(work, press))
    return found[1].answers if found else {}


DATIX = Form(
    Act.ENTER_DATIX,
    "Enter the Datix number",
    "Save the number",
    _only(short_text("datix-number", "Datix number", "As Datix shows it, for example W12345.", max_length=30)),
    _enter_datix,
)
AMEND = Form(Act.AMEND, "Amend the report", "Go on", _amend_questions, _amend, so_far=_as_it_stands)

VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "case.show": _show,
    "case.history": _show_history,
    "case.read": _read,
    "case.restrict": _restrict,
    "case.amend": _amending,
    "case.owner": Form(
        Act.SET_OWNER,
        "Who owns this case?",
        "Make them the owner",
        _only(People("owner", "Owner", "A name or work e-mail address from the quality team.", most=1)),
        _own,
    ),
    "case.datix": _datix,
    "case.add": Form(
        Act.ADD,
        "Add to the report",
        "Add this",
        _only(
            long_text(
                "addition",
                "What would you like to add?",
                "No names and nothing that identifies a patient.",
                max_length=2000,
            )
        ),
        _add,
    ),
    **endings.VERBS,
}
