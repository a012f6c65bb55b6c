"""The cards of a National Patient Safety Alert: the alert itself, and the list of those that are open."""

from collections.abc import Sequence
from dataclasses import dataclass

from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.cards.support import PRIVATE_TASK


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert as people read it. `due` is a day such as 2026-12-21; names are empty where there is nobody yet."""

    number: str
    title: str
    due: str
    lead: str = ""
    reported: bool = False
    authorised_by: str = ""

    @property
    def state(self) -> str:
        if self.authorised_by:
            return f"Actions authorised as complete, by {self.authorised_by}"
        if self.reported:
            return "Actions reported complete; waiting for an executive to authorise that"
        return "Actions under way" if self.lead else "Waiting for a clinical lead to be named"


def alert_card(
    line: AlertLine,
    title: str = "",
    *,
    opening: str = "",
    reason: str = "",
    evidence: str = "",
    buttons: tuple[Button, ...] = (),
) -> Card:
    """The alert, in private. `evidence` is what its lead gave; `reason`: why it was sent back."""
    facts = (
        Fact(label="Title", value=line.title, typed=True),
        Fact(label="Where it has got to", value=line.state),
        Fact(label="To be complete by", value=moment(line.due)),
        Fact(label="Clinical lead", value=line.lead or "Nobody yet"),
    )
    body: list[Part] = [Words(text=opening)] if opening else []
    body += [Words(text=reason, typed=True)] if reason else []
    body.append(Facts(facts=facts))
    if evidence:
        body += [Words(text="What shows that the actions are complete", style="heading")]
        body += [Words(text=evidence, typed=True)]
    return Card(title=title or f"Alert {line.number}", preview=PRIVATE_TASK, body=tuple(body), buttons=buttons)


def list_card(rows: Sequence[tuple[AlertLine, Button]], *, more: int) -> Card:
    """Open alerts, the first due first."""
    body: list[Part] = []
    for line, open_it in rows:
        body.append(Words(text=f"{line.number}: {line.title}", typed=True))
        lead = f" Clinical lead: {line.lead}." if line.lead else ""
        body.append(Words(text=f"{line.state}. By {moment(line.due)}.{lead}", style="subtle"))
        body.append(Buttons(buttons=(open_it,)))
    if more:
        body.append(Words(text=f"And {more} more, once these are done.", style="subtle"))
    if not rows:
        body.append(Words(text="No Patient Safety Alert is open."))
    return Card(title="Patient Safety Alerts", preview="Here are the open alerts.", body=tuple(body))
