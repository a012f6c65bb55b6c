"""The cards of a safety action: the action itself, and the list of those that are open."""

from collections.abc import Sequence
from dataclasses import dataclass

from psirf_bot.cards.answers import moment
from psirf_bot.cards.check import clip
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.cards.support import PRIVATE_TASK

IN_A_LIST = 120
"""Characters of what is to be done that a list shows."""


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One safety action as people read it. `due` and `review` are days such as 2026-12-21; `ended`: nobody owes it."""

    reference: str
    what: str
    measure: str
    inequality: str
    service: str
    owner: str
    due: str
    done: bool = False
    review: str = ""
    ended: bool = False
    paused: str = ""
    """Until when its clock stands still, in words."""

    @property
    def state(self) -> str:
        """Where it has got to, and when it is next due."""
        if self.ended:
            return "No longer needed"
        if self.paused:
            return f"{'Done. Its review: ' if self.done else ''}{self.paused.rstrip('.')}"
        return f"Done. To be reviewed {moment(self.review)}" if self.done else f"To be done by {moment(self.due)}"

    def facts(self) -> tuple[Fact, ...]:
        return (
            Fact(label="Where it has got to", value=self.state),
            Fact(label="Owner", value=self.owner),
            Fact(label="Service", value=self.service),
        )


def action_card(
    line: ActionLine,
    title: str,
    *,
    opening: str = "",
    reason: str = "",
    about: Sequence[Fact] = (),
    so_far: Sequence[tuple[str, str]] = (),
    buttons: tuple[Button, ...] = (),
) -> Card:
    """The whole safety action, in private. `reason`: words typed by whoever passed it on. `so_far`: what was noted."""
    body: list[Part] = [Words(text=opening)] if opening else []
    body += [Words(text=reason, typed=True)] if reason else []
    body.append(Facts(facts=(*line.facts(), *about)))
    for heading, text in (
        ("What is to be done", line.what),
        ("How we know that it works", line.measure),
        ("What was considered about inequality", line.inequality),
        *so_far,
    ):
        body += [Words(text=heading, style="heading"), Words(text=text, typed=True)]
    return Card(title=title, preview=PRIVATE_TASK, body=tuple(body), buttons=buttons)


def list_card(groups: Sequence[tuple[str, Sequence[tuple[ActionLine, Button]]]], *, more: int, later: int) -> Card:
    """Open safety actions under a heading each for whose they are. `later`: done ones whose review is not near."""
    body: list[Part] = []
    for heading, rows in groups:
        body.append(Words(text=heading, style="heading"))
        for line, open_it in rows:
            body.append(Words(text=f"{line.reference}: {clip(line.what, IN_A_LIST)}", typed=True))
            body.append(Words(text=f"{line.owner}, {line.service}. {line.state}.", style="subtle"))
            body.append(Buttons(buttons=(open_it,)))
    if not groups:
        body.append(Words(text="No safety action waits for you. Thank you."))
    if more:
        body.append(Words(text=f"And {more} more, once these are done.", style="subtle"))
    if later:
        noun = "is one that is" if later == 1 else f"are {later} that are"
        body.append(Words(text=f"There {noun} done, and not due to be reviewed yet.", style="subtle"))
    return Card(title="Safety actions", preview="Here are your safety actions.", body=tuple(body))
