"""The checklist for a learning response with other organisations: what is agreed, and what is missing (J01 to J07)."""

from collections.abc import Sequence

from psirf_bot.cards.model import Button, Card, Fact, Facts, Part, Words


def partners_card(
    reference: str, agreed: Sequence[Fact], missing: Sequence[str], recorded: str, buttons: tuple[Button, ...]
) -> Card:
    """In private. `agreed`: what is known, in words that people typed. `recorded`: by whom and when."""
    body: list[Part] = [Words(text=reference, style="subtle")]
    if agreed:
        body.append(Facts(facts=tuple(agreed)))
        body.append(Words(text=recorded, style="subtle"))
    else:
        body.append(
            Words(text="For a learning response with other organisations. Nothing is noted yet. (Policy 12.4.)")
        )
    if missing:
        body.append(Words(text="Still missing", style="heading"))
        body.append(Words(text="\n".join(f"• {one}" for one in missing)))
    else:
        body.append(Words(text="Nothing is missing. Thank you."))
    return Card(title="With other organisations", preview="Your page is ready.", body=tuple(body), buttons=buttons)
