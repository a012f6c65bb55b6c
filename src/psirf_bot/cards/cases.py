"""The cards of a case: the receipt, the quality team's card, the case itself, lists, and what the reporter is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psirf_bot.cards.answers import Reading, moment, reading_parts
from psirf_bot.cards.model import Button, Buttons, Card, Copy, Details, Fact, Facts, Part, Words
from psirf_bot.domain.case import State
from psirf_bot.domain.report import EventType, Report
from psirf_bot.domain.trust import SupportContact

STATE_WORDS = {
    State.REPORTED: "Reported, not read yet",
    State.READ: "Read by the quality team",
    State.IN_PANEL: "With the panel",
    State.DECIDED: "Response decided",
    State.AWAITING_VERIFICATION: "Waiting to be verified",
    State.RESPONDING: "Learning response under way",
    State.PAUSED: "Paused",
    State.CLOSED: "Closed",
    State.WITHDRAWN: "Withdrawn by the reporter",
    State.MERGED: "Joined with another report",
}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a few words, for lists and headings. `occurred` is a day, or a day and a time, local."""

    reference: str
    state: State
    event_type: EventType
    service: str
    occurred: str
    owner: str = ""
    datix_number: str = ""

    @property
    def heading(self) -> str:
        return f"{self.reference}: {self.event_type.label.lower()}, {self.service}"

    def facts(self) -> tuple[Fact, ...]:
        return (
            Fact(label="Where it has got to", value=STATE_WORDS[self.state]),
            Fact(label="When it happened", value=moment(self.occurred)),
            *((Fact(label="Owner", value=self.owner),) if self.owner else ()),
            Fact(label="Datix number", value=self.datix_number or "Not on Datix yet"),
        )


def history_card(reference: str, done: Sequence[Fact], buttons: tuple[Button, ...]) -> Card:
    """Who did what when with a case, the newest first. `done`: a moment, and who did what then."""
    body: list[Part] = [Facts(facts=tuple(done))] if done else [Words(text="Nothing is on record here.")]
    left_out = "Being fair, support for staff and standing back are not shown. What was written is in the case itself."
    return Card(
        title=f"{reference}: who did what",
        preview=f"Who did what with {reference}.",
        body=(*body, Words(text=left_out, style="subtle")),
        buttons=buttons,
    )


def prompts(report: Report, candour: bool | None, *, decided: bool) -> tuple[Words, ...]:
    """What the answers suggest to the quality team: proposals with their ground, never decisions.

    `candour`: whether somebody has confirmed that the duty of candour applies. `decided`: a panel has considered it.
    """
    found: list[str] = []
    if report.someone_is_in_danger_now():
        found.append("The reporter said that someone was in danger when they wrote this.")
    if candour is not None:
        found.append(f"It has been confirmed that the duty of candour {'applies' if candour else 'does not apply'}.")
    elif report.candour_may_apply():
        found.append("Duty of candour may apply; a clinician decides. (Regulation 20; the reporter's answers on harm.)")
    if report.could_have_been_grave() and not decided:
        led = "may have" if report.could_have_led == "not-known" else "could have"
        found.append(f"It {led} led to serious injury, permanent harm or death: consider a response. (Policy 12.3.)")
    if report.clinical_record == "not-yet":
        found.append("It is not in the clinical record yet. (Policy 12.1.)")
    if report.is_from_a_relative():
        found.append("The reporter is a relative of the patient: only the quality team sees this report.")
    return tuple(Words(text=text, style="warning") for text in found)


def harm_facts(report: Report) -> tuple[Fact, ...]:
    """Harm with its LFPSE code, where it applies."""
    physical, psychological = report.harm_codes()
    names = (
        ("Physical harm", report.physical_harm, physical),
        ("Psychological harm", report.psychological_harm, psychological),
    )
    return tuple(
        Fact(label=label, value=f"{harm.value.capitalize()} (LFPSE code {code})")
        for label, harm, code in names
        if harm and code
    )


def quality_card(
    line: CaseLine,
    report: Report | None,
    additions: int,
    buttons: tuple[Button, ...],
    *,
    kept_inside: bool,
    candour: bool | None,
    decided: bool,
) -> Card:
    """The living card in the quality channel; it names nobody but its owner. `kept_inside`: no words of the report."""
    body: list[Part] = [Facts(facts=line.facts())]
    if kept_inside:
        why = "It was withdrawn." if line.state is State.WITHDRAWN else "Only the quality team may read this one."
        body.append(Words(text=f"{why} Open the case to read it."))
    elif report is not None:
        body += prompts(report, candour, decided=decided)
        if report.what_happened:
            body += [Words(text="What happened", style="heading"), Words(text=report.what_happened, typed=True)]
        if harm := harm_facts(report):
            body.append(Facts(facts=harm))
    if additions:
        body.append(Words(text=f"Added to since: {additions}. Open the case to read it."))
    return Card(
        title=line.heading,
        preview=f"{line.reference} has news for the quality team.",
        body=tuple(body),
        buttons=buttons,
    )


def case_card(
    line: CaseLine,
    report: Report | None,
    read: Iterable[Reading],
    *,
    about: Iterable[Fact],
    additions: Sequence[tuple[Fact, str]],
    support: Sequence[Fact],
    due: Sequence[Fact],
    outcome: str,
    rows: Sequence[tuple[Button, ...]],
    prompted: bool,
    candour: bool | None,
    decided: bool,
) -> Card:
    """The whole case, for somebody who may see it, in private. `prompted`: with what the answers suggest."""
    body: list[Part] = [Facts(facts=(*line.facts(), *about))]
    if report is not None:
        body += prompts(report, candour, decided=decided) if prompted else ()
        body += reading_parts(read)
        if harm := harm_facts(report):
            body += [Words(text="For Datix and LFPSE", style="heading"), Facts(facts=harm)]
    if support:
        body += [Words(text="Support for staff", style="heading"), Facts(facts=tuple(support))]
    if due:
        body += [Words(text="What is due", style="heading"), Facts(facts=tuple(due))]
    for when, text in additions:
        body += [Facts(facts=(when,)), Words(text=text, typed=True)]
    if outcome:
        heading = "Said when it was withdrawn" if line.state is State.WITHDRAWN else "What came of it"
        body += [Words(text=heading, style="heading"), Words(text=outcome, typed=True)]
    body += [Buttons(buttons=row) for row in rows if row]
    return Card(title=line.heading, preview=f"Here is {line.reference}.", body=tuple(body))


def receipt(
    line: CaseLine,
    report: Report,
    datix_text: str,
    told: Sequence[str],
    contacts: Sequence[SupportContact],
    buttons: tuple[Button, ...],
) -> Card:
    """What the reporter gets: saved, what is not done yet, and who has been told."""
    body: list[Part] = [
        Words(text=f"Saved as {line.reference}. It is not on Datix yet."),
        *(Words(text=text) for text in told),
        *((Details(title="If you would like to talk to somebody", text=_numbers(contacts)),) if contacts else ()),
        Words(text="Next: put it on Datix", style="heading"),
        Words(text="Open Datix, copy the text below, and enter the Datix number here when you have it."),
        Copy(title="Text for Datix, in the order of its form", text=datix_text),
    ]
    if (
        report.is_an_incident_or_near_miss()
        and report.clinical_record != "does-not-apply"
        and report.clinical_record != "yes"
    ):
        body.append(Words(text="Please write it in the clinical record too, as soon as you can."))
    if report.keeps_name_to_quality_team():
        body.append(
            Words(text="The quality team can see your name. Colleagues may guess who reported.", style="subtle")
        )
    title = "Thank you for sharing this" if report.is_good_care() else "Thank you. Are you all right?"
    return Card(title=title, preview="Your report is saved. It is not on Datix yet.", body=tuple(body), buttons=buttons)


def _numbers(contacts: Sequence[SupportContact]) -> str:
    return "\n".join(f"{c.label}: {', '.join(filter(None, (c.phone, c.email, c.hours)))}" for c in contacts)


def datix_text(line: CaseLine, report: Report, shown: dict[str, str]) -> str:
    """The report as tidy text in the order of the Datix form: details, severity, people, openness."""
    physical, psychological = report.harm_codes()
    codes = [f"{name} {code}" for name, code in (("physical", physical), ("psychological", psychological)) if code]
    rows = [
        ("Type", line.event_type.label),
        ("Date and time", moment(line.occurred)),
        ("Service", line.service),
        ("Place", shown.get("place", "")),
        ("What happened", shown.get("what-happened", "")),
        ("Action taken", shown.get("done-straight-away", "")),
        ("What made it harder", shown.get("made-harder", "")),
        ("What went well", shown.get("went-well", "")),
        ("Physical harm", shown.get("physical-harm", "")),
        ("Psychological harm", shown.get("psychological-harm", "")),
        ("LFPSE harm codes", ", ".join(codes)),
        ("Could have led to serious harm", shown.get("could-have-led", "")),
        ("Who was affected", shown.get("affected", "")),
        ("Described as", shown.get("affected-described", "")),
        ("Outside bodies to tell", shown.get("other-bodies", "")),
        ("Duty of candour", "May apply; a clinician decides" if report.candour_may_apply() else ""),
        ("Chat reference", line.reference),
    ]
    return "\n".join(f"{label}: {value}" for label, value in rows if value)


def list_card(
    title: str,
    nothing: str,
    rows: Sequence[tuple[CaseLine, tuple[Button, ...]]],
    *,
    left: int = 0,
    more: Button | None = None,
    first: tuple[Part, ...] = (),
) -> Card:
    """A list of cases, each with its buttons; how many are `left` out, and the button that shows `more` of them."""
    body: list[Part] = [*first]
    for line, buttons in rows:
        body.append(Words(text=line.heading, style="heading"))
        body.append(Words(text=f"{STATE_WORDS[line.state]}. {moment(line.occurred)}.", style="subtle"))
        body.append(Buttons(buttons=buttons))
    if left:
        narrower = "" if more else " Please look for something narrower, such as a reference or an owner."
        body.append(Words(text=f"And {left} more.{narrower}", style="subtle"))
        body += [Buttons(buttons=(more,))] if more else []
    if not body:
        body.append(Words(text=nothing))
    return Card(title=title, preview=title, body=tuple(body))
