"""The card that asks somebody to check on a colleague, and the words that may help them."""

from collections.abc import Sequence

from psirf_bot.cards.answers import moment
from psirf_bot.cards.cases import CaseLine
from psirf_bot.cards.model import Button, Card, Details, Fact, Facts, Words
from psirf_bot.domain.trust import SupportContact

PRIVATE_TASK = "You have a private task."

WISHES = {
    "line-manager": "The reporter asked that their line manager checks on them.",
    "someone-else": "The reporter asked that you check on them. Please do not raise it with their line manager.",
    "quality": "The quality team is to choose who checks on them.",
}


def please_check(
    name: str, line: CaseLine, wish: str, contacts: Sequence[SupportContact], buttons: tuple[Button, ...]
) -> Card:
    """Service, time, kind of event and the wish: enough to be kind, and nothing of what was written."""
    return Card(
        title=f"Please check how {name} is",
        preview=PRIVATE_TASK,
        body=(
            Words(text=f"{name} was involved in something that was reported. It is about support, not blame."),
            Facts(
                facts=(
                    Fact(label="Kind of event", value=line.event_type.label),
                    Fact(label="Service", value=line.service),
                    Fact(label="When", value=moment(line.occurred)),
                    Fact(label="Wish", value=WISHES.get(wish, WISHES["quality"])),
                )
            ),
            Details(
                title="Words you could use",
                text=f"“Hello {name.split()[0]}. I heard it may have been a hard time at work. How are you? "
                "You do not have to tell me what happened. What would help: a break, company, somebody to talk to?”",
            ),
            *((support_numbers(contacts),) if contacts else ()),
            Words(text="Please speak to them, not in chat, and note only that you did.", style="subtle"),
        ),
        buttons=buttons,
    )


def support_numbers(contacts: Sequence[SupportContact]) -> Facts:
    return Facts(
        facts=tuple(Fact(label=c.label, value=", ".join(filter(None, (c.phone, c.email, c.hours)))) for c in contacts)
    )


def thank_you(name: str) -> Card:
    text = f"It is noted that you have checked on {name}; nothing of what was said is kept. Please look in again."
    return Card(title="Thank you for checking", preview="Thank you. It is noted.", body=(Words(text=text),))
