"""A case for something reported elsewhere: `open datix NUMBER`, by the quality team."""

from collections.abc import Callable

from psirf_bot.cards.conversation import said
from psirf_bot.cards.forms import as_input
from psirf_bot.cards.model import Button, Card, Words
from psirf_bot.casework import cases
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.reporting import tell_quality
from psirf_bot.casework.work import Press, Refusal, Work, allowed
from psirf_bot.dialogs.questions import Invalid, Json, Question
from psirf_bot.domain.authority import Act, Member

ASKED = ("event-type", "when", "service")


def open_datix(work: Work, by: Member, number: str) -> Card:
    """The case with this Datix number, or the few questions that open one."""
    if not allowed(work, by, Act.OPEN_FROM_DATIX):
        raise Refusal("Opening a case from Datix is for the quality team. Type report to report something yourself.")
    number = number.strip().upper()
    if not number or len(number) > 30:
        raise Refusal("Please give the Datix number, for example: open datix W12345.")
    known = cases.by_reference(work, number)
    if known:
        open_it = button(work, "Open the case", "case.show", case=known, style="primary")
        return said("There is a case for it", f"{number} is {known.reference}.", open_it)
    return _form(work, number, {})


def _form(work: Work, number: str, problems: dict[str, str]) -> Card:
    here = action_id(work, "datix.open", number=number)
    inputs = tuple(as_input(q, q.id, None, problems.get(q.id, ""), now=work.local) for q in _questions(work))
    save = Button(label="Open the case", action=here, style="primary", submits=True, validates=True)
    lead = Words(text=f"For something already on Datix as {number}. The words stay in Datix.")
    return Card(
        title="Open a case from Datix",
        preview="Your form is ready.",
        body=(lead, *inputs),
        buttons=(save,),
        reopen=here,
    )


def _questions(work: Work) -> list[Question]:
    asked = work.setting.report_flow.questions()
    return [asked[key] for key in ASKED]


def _open(work: Work, press: Press) -> Reply:
    number = press.args["number"]
    if not allowed(work, press.by, Act.OPEN_FROM_DATIX) or cases.by_reference(work, number) or not press.given:
        return Reply(card=open_datix(work, press.by, number))
    answers: dict[str, Json] = {}
    problems: dict[str, str] = {}
    for question in _questions(work):
        try:
            answers[question.id] = question.parse(press.given.get(question.id), work.local)
        except Invalid as why:
            problems[question.id] = str(why)
    if problems:
        return Reply(card=_form(work, number, problems))
    case = cases.open_case(
        work,
        event_type=answers["event-type"],
        service=answers["service"],
        occurred=answers["when"],
        owner_id=press.by.id,
        datix_number=number,
    )
    work.record(press.by.id, "opened from Datix", case, number=number)
    tell_quality(work, case)
    open_it = button(work, "Open the case", "case.show", case=case, style="primary")
    return Reply(card=said(f"Opened as {case.reference}", f"It stands for {number} on Datix.", open_it), keep=True)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"datix.open": _open}
