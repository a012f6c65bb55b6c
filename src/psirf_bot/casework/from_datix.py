"""A case for something reported elsewhere: `open datix NUMBER`, by the quality team."""

from collections.abc import Callable

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.reporting import tell_quality
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, short_text
from psirf_bot.domain import identifiers
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State

ASKED = ("event-type", "when", "service")


def known_case(work: Work, by: Member, number: str) -> Card | None:
    """The way to the case with this Datix number, if there is one. Raises Refusal."""
    if not allowed(work, by, Act.OPEN_FROM_DATIX):
        raise Refusal("Opening a case from Datix is for the quality team. Type report to report something yourself.")
    if len(number) > 30 or number.startswith("PSI-") or not any(c.isdigit() for c in number):
        raise Refusal("Please give the Datix number, for example: open datix W12345.")
    if found := identifiers.find(number):
        raise Refusal(f"{identifiers.words(f.kind for f in found)} Please give the number that Datix shows.")
    known = cases.by_reference(work, number)
    if known and known.state != State.WITHDRAWN:
        open_it = button(work, "Open the case", "case.show", case=known, style="primary")
        return said("There is a case for it", f"{number} is {known.reference}.", open_it)
    return None


def asked_for(work: Work, press: Press, number: str) -> Card:
    """The case with this Datix number, or the form that opens one."""
    number = cases.as_kept(number)
    if known := known_case(work, press.by, number):
        return known
    begun = Press("datix.open", {"number": number}, None, {}, press.by, press.platform, press.place)
    shown = OPEN(work, begun).card
    assert shown is not None  # noqa: S101 - a form that was not sent is shown
    return shown


def _questions(work: Work, press: Press) -> list[Question]:
    asked = work.setting.report_flow.questions()
    return [asked[key] for key in ASKED]


def _open(work: Work, press: Press, answers: Answers) -> Card:
    number = press.args["number"]
    if known := known_case(work, press.by, number):
        return known
    case = cases.open_case(
        work,
        event_type=answers["event-type"],
        service=answers["service"],
        occurred=answers["when"],
        owner_id=press.by.id,
        datix_number=number,
    )
    work.record(press.by.id, "opened from Datix", case, number=number)
    cases.begin_clocks(work, case, press.by.id)
    tell_quality(work, case)
    open_it = button(work, "Open the case", "case.show", case=case, style="primary")
    return said(f"Opened as {case.reference}", f"It stands for {number} on Datix.", open_it)


OPEN = Form(
    Act.OPEN_FROM_DATIX,
    "Open a case from Datix",
    "Open the case",
    _questions,
    _open,
    explain="For something that is on Datix already. The words stay in Datix.",
)

WHICH = Form(
    Act.OPEN_FROM_DATIX,
    "Open a case from Datix",
    "Go on",
    lambda work, press: (
        short_text("number", "Datix number", "As Datix shows it, for example W12345.", max_length=30),
    ),
    lambda work, press, answers: asked_for(work, press, str(answers["number"])),
)

VERBS: dict[str, Callable[[Work, Press], Reply]] = {"datix.open": OPEN, "datix.which": WHICH}
