"""Free text is screened for patient identifiers before anything is stored."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from psirf_bot.casework.work import PersonId
from psirf_bot.dialogs.questions import People, Question, Text
from psirf_bot.domain import identifiers


@dataclass(frozen=True, slots=True)
class Screened:
    """What may go on, what is held back with the words for the person, and whether there was an identifier at all.

    `taken_out`: what the person is told was taken out of words that were typed.
    """

    given: dict[str, object]
    held_back: dict[str, str]
    identifies: bool
    taken_out: str = ""


IN_A_FORM = "Please take it out, or let me take it out for you."
TYPED = (
    "Please send your words again without it. These were not kept, but they still stand in the chat: "
    "please delete them there."
)
"""For words that were typed as a message: no button can bring them back (ADR 11)."""


def screen(
    given: Mapping[str, object],
    question: Callable[[str], Question | None],
    *,
    masked: bool,
    kept: bool,
    typed: bool = False,
) -> Screened:
    """Look through every free-text answer; the person may have chosen to have identifiers masked, or kept.

    Words that were `typed` as a message are masked at once: they cannot come back with a button that would do it. Names
    are not, nor words of which nothing else would be left.
    """
    cleared: dict[str, object] = {}
    held_back: dict[str, str] = {}
    identifies, taken_out = False, set[identifiers.Kind]()
    for key, raw in given.items():
        asked = question(key)
        if not isinstance(asked, Text | People):
            cleared[key] = raw
            continue
        words = [part for part in (raw if isinstance(raw, list) else [raw]) if _is_typed(part)]
        # A work e-mail address is how a colleague is named.
        harmless = frozenset({identifiers.Kind.EMAIL}) if isinstance(asked, People) else frozenset()
        kinds = {f.kind for part in words for f in identifiers.find(part)} - harmless
        identifies = identifies or bool(kinds)
        if not kinds or (kept and isinstance(asked, Text)):
            cleared[key] = raw
        elif masked:
            cleared[key] = [_masked(part) for part in raw] if isinstance(raw, list) else _masked(raw)
        elif typed and isinstance(asked, Text) and (rest := _without(words)):
            cleared[key] = rest
            taken_out |= kinds
        else:
            held_back[key] = f"{identifiers.words(kinds)} {TYPED if typed else IN_A_FORM}"
    return Screened(cleared, held_back, identifies, identifiers.words(taken_out))


def _is_typed(part: object) -> TypeGuard[str]:
    return isinstance(part, str) and not isinstance(part, PersonId)


def _masked(part: object) -> object:
    return identifiers.mask(part) if _is_typed(part) else part


def _without(words: list[str]) -> str:
    """The words with their identifiers masked; empty where they were nothing else."""
    masked = identifiers.mask(words[0])
    return masked if re.search(r"[^\W\d_]{2}", re.sub(r"\[[\w -]+ removed\]", "", masked)) else ""
