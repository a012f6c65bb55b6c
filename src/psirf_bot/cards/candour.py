"""The card of the duty of candour: what was answered, what the law asks, what has been done, and what comes next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psirf_bot.cards.answers import instant, moment
from psirf_bot.cards.cases import CaseLine, harm_facts
from psirf_bot.cards.duties import DutyLine
from psirf_bot.cards.model import Button, Buttons, Card, Details, Fact, Facts, Part, Words
from psirf_bot.cards.support import PRIVATE_TASK
from psirf_bot.domain import candour
from psirf_bot.domain.candour import Entry, Standing, Step
from psirf_bot.domain.report import Report

MOST_LINES = 20
"""Of the record on a card; the newest ones, where there are more."""

NOT_DECIDED = "Duty of candour may apply; a clinician decides."
NOT_SUGGESTED = "The report does not suggest it. A clinician can still confirm that it applies."
GRADES = "Harm as reported (LFPSE grades)"
NOT_ONE_SCALE = "These grades and the thresholds below are not the same scale. Neither decides the other."
KEPT_CLOSE = "The report itself is kept to the quality team. Please ask them for what you need to know."
COULD_HAVE = {"yes": "Yes", "no": "No", "not-known": "Not known"}

NOT_BY_LETTER = "Not yet. The letter does not take its place: it is still to do. (Regulation 20(3) and (4).)"

TO_SAY = (
    "Take your time, in a quiet place. Ask whether they would like somebody with them.",
    "“I am {name}. I would like to talk with you about something that happened in your care. Is now a good time?”",
    "“Something happened that we did not mean to happen. This is what we know. This is what we do not know yet.”",
    "“I am sorry that this happened to you, and for what it has meant for you.”",
    "“How has it been for you?” Listen to the end. They may see it differently from you, and that is all right.",
    "“What would you most like us to find out?”",
    "“This is what happens next, this is who you can ring, and this is when you will hear from us again.”",
    "“Is there anything that would make it easier to talk: another time, another language, another way?”",
)
NO_ADMISSION = "Saying sorry is not an admission of liability. It is the right thing to do. (CQC guidance.)"
PRINCIPLES = "Drawn from the nine principles in the policy, Appendix 3."


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the written record: what was done, who did it, and who recorded it when."""

    entry: Entry
    who: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """What the card tells of one case. `reports`: none where it was opened from Datix, several that were joined.

    `what_happened` None: kept from the reader.
    """

    line: CaseLine
    reports: Sequence[Report]
    what_happened: str | None
    may_apply: bool
    """A clinician is still to say whether it applies."""
    now: Standing
    clocks: Sequence[DutyLine]
    record: Sequence[Line]


def candour_card(
    shown: Shown, reader: str, *, note: str, steps: tuple[Button, ...], buttons: tuple[Button, ...]
) -> Card:
    """`note`: what has just been kept, and what is still to do. `steps`: what can be recorded now."""
    body: list[Part] = [Words(text=note, style="body")] if note else []
    body += _so_far(shown)
    body += _clocks(shown.clocks)
    if steps:
        body += [Words(text="What can be recorded now", style="heading"), Buttons(buttons=steps)]
    if shown.now.under_way:
        said = "\n\n".join(TO_SAY).replace("{name}", reader)
        body += [Details(title="Words you could use", text=f"{said}\n\n{NO_ADMISSION}\n\n{PRINCIPLES}")]
    body += _what_it_goes_by(shown)
    body += _record(shown.record)
    return Card(
        title=f"{shown.line.reference}: duty of candour", preview=PRIVATE_TASK, body=tuple(body), buttons=buttons
    )


def _so_far(shown: Shown) -> Iterable[Part]:
    now = shown.now
    facts = [Fact(label="Service", value=shown.line.service), Fact(label="Does it apply?", value=_applies(shown))]
    if now.under_way:
        facts.append(Fact(label="Told in person, with an apology", value=_told(now)))
        if now.apologised and now.told_on is None:
            facts.append(Fact(label="Spoken apology", value="Given, but not in person yet"))
        facts.append(Fact(label="Written follow-up", value=_day(now.written_on)))
    if now.attempts:
        facts.append(
            Fact(label="Attempts to reach them", value=f"{now.attempts}, the last on {_day(now.last_attempt)}")
        )
    if now.unreachable:
        so_far = "They cannot be reached so far."
        if now.spoken_on:
            so_far = f"They were spoken to on {_day(now.spoken_on)}, and could not be told in person yet."
        facts.append(Fact(label="Contact", value=f"{so_far} Each attempt is recorded."))
    if now.ended:
        facts.append(Fact(label="Contact", value="They declined, or attempts ended. They can come back at any time."))
    yield Facts(facts=tuple(facts))


def _told(now: Standing) -> str:
    """A letter does not take the place of telling them, which Regulation 20 puts first."""
    went_first = now.written_on and not now.told_on and not now.ended
    return NOT_BY_LETTER if went_first else _day(now.told_on)


def _applies(shown: Shown) -> str:
    if shown.now.applies is None:
        return NOT_DECIDED if shown.may_apply else NOT_SUGGESTED
    confirmed = [line for line in shown.record if line.entry.step is Step.CONFIRMED]
    last = [line for line in confirmed if (line.entry.facts.get("ground") in candour.APPLIES) is shown.now.applies][-1]
    return f"{_entry_words(last)} Confirmed by {last.by} on {instant(last.at)}."


def _clocks(clocks: Sequence[DutyLine]) -> Iterable[Part]:
    if clocks:
        yield Words(text="Still to do, and by when", style="heading")
        yield Facts(facts=tuple(Fact(label=clock.what, value=_clock_words(clock)) for clock in clocks))


def _clock_words(clock: DutyLine) -> str:
    return f"{clock.due} {clock.extra} Where the date comes from: {clock.source}."


def _what_it_goes_by(shown: Shown) -> Iterable[Part]:
    yield Words(text=GRADES, style="heading")
    facts = tuple(dict.fromkeys(fact for report in shown.reports for fact in _grades(report)))
    if facts:
        yield Facts(facts=facts)
    source = "From the reporter's answers, as far as was known then." if facts else "No grade of harm was reported."
    yield Words(text=f"{source} {NOT_ONE_SCALE}", style="subtle")
    if shown.what_happened is None:
        yield Words(text=KEPT_CLOSE)
    elif shown.what_happened:
        yield Details(title="What happened, as it was reported", text=shown.what_happened, typed=True)
    yield Words(text="The law's thresholds", style="heading")
    yield Words(text="\n".join(candour.THRESHOLDS))
    yield Words(text=f"Source: {candour.LAW}.", style="subtle")


def _grades(report: Report) -> Iterable[Fact]:
    yield from harm_facts(report)
    if report.candour:
        label = "Could it have led, or still lead, to moderate or worse harm, lasting distress or death?"
        yield Fact(label=label, value=COULD_HAVE[report.candour])


def _record(record: Sequence[Line]) -> Iterable[Part]:
    if not record:
        return
    yield Words(text="Who recorded what, oldest first", style="heading")
    if len(record) > MOST_LINES:
        yield Words(text=f"Earlier lines that are kept, too: {len(record) - MOST_LINES}.", style="subtle")
    yield Facts(
        facts=tuple(
            Fact(label=f"{instant(line.at)}, {line.by}", value=_entry_words(line), typed=True)
            for line in record[-MOST_LINES:]
        )
    )


def _entry_words(line: Line) -> str:
    """One line of the record in words."""
    entry, facts = line.entry, line.entry.facts
    day = _day(entry.on)
    match entry.step:
        case Step.CONFIRMED:
            return f"{candour.GROUNDS[str(facts['ground'])]}. Clinical opinion: {line.who}."
        case Step.TOLD:
            apology = "with an apology" if facts["apology"] == "yes" else "without an apology yet"
            return (
                f"{candour.HOW_TOLD[str(facts['how'])]} on {day} by {line.who}, {apology}. "
                f"Spoke with: {candour.TO_WHOM[str(facts['whom'])]}. "
                f"Support offered: {_labels(facts['support'], candour.SUPPORT)}. "
                f"Explained what will be looked into: {_labels(facts['enquiries'], candour.ENQUIRIES)}."
            )
        case Step.WRITTEN:
            letter = f"Letter sent on {day} by {line.who}. It holds: {_labels(facts['holds'], candour.IN_LETTER)}."
            first = candour.LETTER_FIRST.get(str(facts.get("told-first")))
            return f"{letter} Told in person by then? {first}." if first else letter
        case Step.UNREACHABLE:
            return "They cannot be reached so far."
        case Step.ATTEMPT:
            way, outcome = candour.WAYS[str(facts["way"])], candour.OUTCOMES[str(facts["outcome"])]
            return f"Attempt on {day} by {line.who}. {way}: {outcome}."
        case Step.DECLINED:
            ending = candour.ENDINGS[str(facts["ending"])]
            return " ".join(filter(None, (f"From {day}: {ending}.", str(facts.get("reason") or ""))))
        case Step.CHANGED:
            return candour.CHANGES[str(facts["why"])]


def _labels(ticked: object, labels: dict[str, str]) -> str:
    return "; ".join(labels[value] for value in ticked) if isinstance(ticked, list) else ""


def _day(day: object) -> str:
    return moment(str(day)) if day else "Not yet"
