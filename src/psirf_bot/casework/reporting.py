"""What follows a report: danger told at once, then the case, its reference, and everybody who has to know."""

from collections.abc import Mapping
from typing import Any

from psirf_bot.cards import cases as cards
from psirf_bot.cards.answers import Reading, readings
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card, Fact, Facts, Part, Words
from psirf_bot.cards.people_to_ring import danger_words
from psirf_bot.casework import cases, people, post, support
from psirf_bot.casework.actions import button
from psirf_bot.casework.conversations import Script
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.flow import Flow, Turn
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.domain.report import Report
from psirf_bot.store.tables import Case, Dialog, Person

FLOW = "report"


def _facts(work: Work, by: Member) -> Mapping[str, object]:
    someone = people.person(work, by.id)
    return {"manager_known": bool(someone and (someone.on_list or someone.line_manager_id))}


def _opening(work: Work, report: Report) -> tuple[Part, ...]:
    if report.someone_is_in_danger_now():
        told = (
            "The quality team and the executive on call have been told that somebody may be in danger, and your name."
        )
        return (danger_words(work.trust), Words(text=told))
    return () if report.danger == "no" else (danger_words(work.trust),)


def _on_answers(work: Work, dialog: Dialog, report: Report, by: Member) -> None:
    """Imminent risk does not wait for the report to be finished (S04)."""
    danger = report.someone_is_in_danger_now() or dialog.answers.get("danger") == "yes"
    if not danger or dialog.danger_told:
        return
    dialog.danger_told = True
    where = str(dialog.answers.get("service") or "the service is not known yet")
    facts = (
        Fact(label="Service", value=where),
        Fact(label="Place", value=str(dialog.answers.get("place") or "Not said"), typed=True),
    )
    happened = dialog.answers.get("what-happened")
    body: list[Part] = [Facts(facts=facts)]
    if happened:
        body.append(Words(text=str(happened), typed=True))
    _urgent(work, "Someone may be in danger now", body, reporter=by)
    work.record(by.id, "said that someone is in danger", dialog=dialog.id)


def _urgent(work: Work, title: str, body: list[Part], reporter: Member) -> None:
    """To the quality channel without a name, and to each executive on call with the name of whom to ring."""
    act = Words(text="Nobody reads the chat live. Ring the service now.", style="warning")
    preview = "Urgent: please read this message from the safety bot now."
    in_channel = Card(title=title, preview=preview, body=(act, *body))
    if not post.to_channel(work, "quality", in_channel):
        for someone in people.holders(work, Role.QUALITY):
            post.to_person(work, someone.id, in_channel)
    who = Facts(facts=(Fact(label="Reported by", value=reporter.name),))
    private = Card(title=title, preview=preview, body=(act, who, *body))
    for someone in executives(work):
        post.to_person(work, someone.id, private)


def executives(work: Work) -> list[Person]:
    """The executives to page: those that the trust names, in its order, or whoever holds the role (S04)."""
    listed = people.with_emails(work, work.trust.urgent.executives)
    return [people.acting_for(work, p, Role.EXECUTIVE) for p in listed] or people.holders(work, Role.EXECUTIVE)


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
        danger=report.someone_is_in_danger_now(),
    )
    answers = turn.on_path()
    read = readings(turn.passed, answers, lambda who: people.name_of(work, who))
    cases.write_version(work, case, answers, read, by.id)
    work.record(by.id, "reported", case, answers=answers)
    dialog.case_id, dialog.answers = case.id, {}
    needs = support.ask_for_checks(work, case, report)
    tell_quality(work, case)
    return receipt(work, case, report, read, told=[_told_about_support(needs)] if needs else [])


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
        button(work, "Enter the Datix number", "case.datix", case=case),
        button(work, "Add to this report", "case.add", case=case),
        button(work, "Withdraw it", "case.withdraw", case=case),
    )
    return cards.receipt(line, report, cards.datix_text(line, report, words), told, work.trust.support, buttons)


def _told_about_support(needs: list[Any]) -> str:
    asked = sum(1 for need in needs if need.state == support.ASKED)
    if asked == len(needs):
        return "The people who are to check on staff have been asked, in private."
    if asked:
        return "Some people have been asked to check on staff, in private; the quality team will find the others."
    return "The quality team will find somebody to check on the staff involved."


def _remember_manager(work: Work, by: Member, report: Report) -> None:
    """Somebody who is not on the list said who manages them; it stands until the list says otherwise."""
    someone, named = people.person(work, by.id), (report.my_manager or ("",))[0]
    if someone and not someone.on_list and people.person(work, named):
        someone.line_manager_id = named
        work.session.add(someone)


def _on_cancel(work: Work, dialog: Dialog, by: Member) -> Card:
    if dialog.danger_told:
        stopped = Words(
            text="The report that said so was stopped before it was sent. Please ring the reporter to make sure."
        )
        _urgent(work, "About the danger reported just now", [stopped], reporter=by)
        text = "Nothing was saved. The quality team and the executive on call know of the danger and may ring you."
        return said("Your report is cancelled", text)
    again = button(work, "Start a new report", "words.report", person_id=by.id)
    return said(
        "Your report is cancelled", "Nothing was saved. If anything happened, you can report it at any time.", again
    )


def _on_ended(work: Work, dialog: Dialog, by: Member) -> Card:
    case = work.session.get(Case, dialog.case_id) if dialog.case_id else None
    if case is None:
        again = button(work, "Start a new report", "words.report", person_id=by.id)
        return said("This form was cancelled", "Nothing from it was saved. You can start a new one.", again)
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
