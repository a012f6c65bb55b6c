"""Free text is screened for patient identifiers before anything is stored (design §8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from psirf_bot.casework.work import PersonId
from psirf_bot.dialogs.questions import People, Question, Text
from psirf_bot.domain import identifiers


@dataclass(frozen=True, slots=True)
class Screened:
    """What may go on, what is held back with the words for the person, and whether there was an identifier at all."""

    given: dict[str, object]
    held_back: dict[str, str]
    identifies: bool


IN_A_FORM = "Please take it out, or let me take it out for you."
TYPED = "Please send your words again without it. These were not kept."


def screen(
    given: Mapping[str, object],
    question: Callable[[str], Question | None],
    *,
    masked: bool,
    kept: bool,
    remedy: str = IN_A_FORM,
) -> Screened:
    """Look through every free-text answer; the person may have chosen to have identifiers masked, or kept."""
    cleared: dict[str, object] = {}
    held_back: dict[str, str] = {}
    identifies = False
    for key, raw in given.items():
        asked = question(key)
        if not isinstance(asked, Text | People):
            cleared[key] = raw
            continue
        words = [part for part in (raw if isinstance(raw, list) else [raw]) if isinstance(part, str)]
        words = [part for part in words if not isinstance(part, PersonId)]
        # A work e-mail address is how a colleague is named.
        harmless = frozenset({identifiers.Kind.EMAIL}) if isinstance(asked, People) else frozenset()
        kinds = {f.kind for part in words for f in identifiers.find(part)} - harmless
        identifies = identifies or bool(kinds)
        if not kinds or (kept and isinstance(asked, Text)):
            cleared[key] = raw
        elif masked:
            cleared[key] = (
                [part if isinstance(part, PersonId) else identifiers.mask(part) for part in raw]
                if isinstance(raw, list)
                else identifiers.mask(words[0])
            )
        else:
            held_back[key] = f"{identifiers.words(kinds)} {remedy}"
    return Screened(cleared, held_back, identifies)
