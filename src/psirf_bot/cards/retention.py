"""What is kept, and that it is whole: the head of the audit, for those who keep it."""

from psirf_bot.cards.model import Card, Copy, Fact, Facts, Words


def audit_head(entries: int, day: str, head: str) -> Card:
    """The head of the audit on one day, with what to do with it."""
    facts = (Fact(label="Day", value=day), Fact(label="Entries in the audit", value=str(entries)))
    why = (
        "This line stands for the whole record of who did what, as this day began. Please keep it where nobody who "
        "runs the bot can change it, such as a note of your own. Nothing else is asked of you."
    )
    check = (
        "To check the record, give the line to whoever runs the bot, and watch. If anything before it was changed, "
        "left out, moved or cut off, this says so:"
    )
    body = (
        Words(text=why),
        Facts(facts=facts),
        Copy(title="To keep", text=head),
        Words(text=check),
        Copy(title="To check", text=f"psirf-bot audit verify --kept {head}"),
    )
    return Card(title="Today's line to keep", preview="There is a line for you to keep.", body=body)
