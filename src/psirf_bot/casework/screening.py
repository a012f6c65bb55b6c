"""Free text is screened for patient identifiers before anything is stored (design §8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from psirf_bot.dialogs.questions import People, Question, Text
from psirf_bot.domain import identifiers


@dataclass(frozen=True, slots=True)
class Screened:
    """What may go on, and what is held back with the words for the person."""

    given: dict[str, object]
    held_back: dict[str, str]


def screen(
    given: Mapping[str, object], question: Callable[[str], Question | None], *, masked: bool, kept: bool
) -> Screened:
    """Look through every free-text answer; the person may have chosen to have identifiers masked, or kept."""
    cleared: dict[str, object] = {}
    held_back: dict[str, str] = {}
    for key, raw in given.items():
        if not isinstance(question(key), Text | People) or not isinstance(raw, str) or kept:
            cleared[key] = raw
        elif masked:
            cleared[key] = identifiers.mask(raw)
        elif found := identifiers.find(raw):
            held_back[key] = (
                identifiers.words(f.kind for f in found) + " Please take it out, or let me take it out for you."
            )
        else:
            cleared[key] = raw
    return Screened(cleared, held_back)
