"""What follows a report: danger told at once, then the case, its reference, and everybody who has to know."""

from collections.abc import Mapping
from typing import Any

from psirf_bot.cards import cases as cards
from psirf_bot.cards.answers import Reading, readings
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card, Part
from psirf_bot.cards.people_to_ring import danger_words
from psirf_bot.casework import cases, danger, onlookers, people, post, support
from psirf_bot.casework.actions import button
from psirf_bot.casework.talk import Script
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.flow import Flow, Turn
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.domain.report import Report
from psirf_bot.store.tables import Case, Dialog

FLOW = "report"
WHAT_HAPPENED = "what-happened"


def _facts(work: Work, by: Member) -> Mapping[str, object]:
    someone = people.known(work, by.id)
    return {"me": by.id, "manager_known": bool(someone and (someone.on_list or someone.line_manager_id))}


def _opening(work: Work, dialog: Dialog, report: Report) -> tuple[Part, ...]:
    told = danger.told_words(work, dialog)
    if told:
        return (danger_words(work.trust), told)
    return () if report.danger == "no" else (danger_words(work.trust),)


def _on_answers(work: Work, dialog: Dialog, before: Mapping[str, object], report: Report, by: Member) -> None:
    danger.follow(work, dialog, before, report.danger or _as_answered(dialog), by)


def _as_answered(dialog: Dialog) -> str | None:
    """The answer about danger before its page is complete: it counts at once."""
    said_ = dialog.answers.get("danger")
    return str(said_) if said_ else None


def _on_confirm(work: Work, dialog: Dialog, turn: Turn[Any], by: Member, flow: Flow[Any]) -> Card:
    report: Report = turn.record
    _remember_manager(work, by, report)
    case = cases.open_case(
        work,
        event_type=report.event_type,
        service=report.service,
        occurred=report.when,
        reporter_id=by.id,
        confidential=report.confidential == "yes",
        quality_only=report.is_from_a_relative(),
        danger=dialog.danger_told is not None,
    )
    answers = turn.on_path()
    read = readings(turn.passed, answers, lambda who: people.name_of(work, who))
    cases.write_version(work, case, answers, read, by.id)
    work.record(by.id, "reported", case, answers=answers)
    dialog.case_id, dialog.answers = case.id, {}
    cases.begin_clocks(work, case, by.id)
    needs = support.ask_for_checks(work, case, report)
    tell_quality(work, case)
    onlookers.refresh(work, case)
    return receipt(work, case, report, read, told=[support.told_about_support(work, needs)] if needs else [])


def tell_quality(work: Work, case: Case) -> None:
    """Hang the case's living card in the quality channel, or tell each of the team when no channel has been set."""
    if post.living(work, "quality", cases.living_subject(case)):
        return
    open_it = button(work, "Open the case", "case.show", case=case, style="primary")
    card = said(
        cases.line(work, case).heading,
        "A new report is waiting to be read.",
        open_it,
        preview="A new report is waiting.",
    )
    for someone in people.holders(work, Role.QUALITY):
        post.to_person(work, someone.id, card)


def receipt(work: Work, case: Case, report: Report, read: Mapping[str, Reading], told: list[str]) -> Card:
    words = {key: reading["shown"] for key, reading in read.items()}
    line = cases.line(work, case)
    buttons = (
        Button(label="Open Datix", url=work.trust.datix.report_url),
        button(work, "Enter the Datix number", "case.datix", case=case, style="primary"),
        button(work, "Add to this report", "case.add", case=case),
        button(work, "Withdraw it", "case.withdraw", case=case),
    )
    return cards.receipt(line, report, cards.datix_text(line, report, words), told, work.trust.support, buttons)


def _remember_manager(work: Work, by: Member, report: Report) -> None:
    """Somebody who is not on the list said who manages them; it stands until the list says otherwise."""
    someone, named = people.person(work, by.id), (report.my_manager or ("",))[0]
    if someone and not someone.on_list and people.person(work, named):
        someone.line_manager_id = named
        work.session.add(someone)


def _on_cancel(work: Work, dialog: Dialog, by: Member) -> Card:
    if danger.stopped(work, dialog, by):
        text = "Nothing was saved. Those who were told of the danger know that you stopped, and may ring you."
        return said("Your report is cancelled", text)
    again = button(work, "Start a new report", "words.report", person_id=by.id)
    return said(
        "Your report is cancelled", "Nothing was saved. If anything happened, you can report it at any time.", again
    )


def _on_ended(work: Work, dialog: Dialog, by: Member) -> Card:
    case = work.session.get(Case, dialog.case_id) if dialog.case_id else None
    if case is None:
        again = button(work, "Start a new report", "words.report", person_id=by.id)
        text = "It was cancelled, or left for a month. Nothing from it was saved. You can start again."
        return said("This form has ended", text, again)
    open_it = button(work, "Open it", "case.show", case=case, style="primary")
    text = f"This report was sent and saved as {case.reference}. Nothing was sent twice."
    return said("Your report is already saved", text, open_it)


SCRIPT = Script(
    title="Report",
    flow=lambda work: work.setting.report_flow,
    facts=_facts,
    opening=_opening,
    send="Send the report",
    on_answers=_on_answers,
    on_confirm=_on_confirm,
    on_cancel=_on_cancel,
    on_ended=_on_ended,
)
