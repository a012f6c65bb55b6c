"""Whom people mean: by those they picked, those they mentioned, and the names they typed."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from psirf_bot.casework import people
from psirf_bot.casework.inbound import COLLEAGUE, Pressed, Said
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import People, Question
from psirf_bot.dialogs.typed import NAMES_APART, Invalid
from psirf_bot.domain.authority import Member

MYSELF_WORDS = frozenset({"me", "myself", "i"})
BETWEEN = frozenset({"", "and", "&", "with", "also", "plus", "both", "it was", "it is"})
"""What stands between the colleagues whom somebody mentions."""
WHOM = "I could not tell whom you mean. Please give their name or work e-mail address."


def with_picked(work: Work, pressed: Pressed, by: Member) -> Mapping[str, object]:
    """What the inputs held, with those who were picked before the names that were typed."""
    given = dict(pressed.given)
    for key, actors in pressed.picked.items():
        typed = [name for name in re.split(NAMES_APART, str(given.get(key) or "")) if name.strip()]
        given[key] = [*(people.picked(work, actor, by) for actor in actors), *typed]
    return given


def mentioned(work: Work, said: Said, by: Member) -> list[str]:
    """Those who were mentioned in a typed answer, and the names beside them."""
    others = (name.strip() for name in said.text.replace(COLLEAGUE, ",").split(","))
    named = [name for name in others if name.casefold().strip(".!") not in BETWEEN]
    return [*(people.picked(work, actor, by) for actor in said.picked), *named]


def people_named(
    work: Work,
    question_of: Callable[[str], Question | None],
    given: Mapping[str, object],
    answers: Mapping[str, Any],
    by: Member,
) -> tuple[dict[str, object], dict[str, str]]:
    """Turn names and addresses into people; what cannot be told for certain is a problem to be shown.

    Whoever was answered before is the same person still, whoever else is called that.
    """
    named, unclear = dict(given), dict[str, str]()
    for key, raw in given.items():
        question = question_of(key)
        if not isinstance(question, People) or raw is None:
            continue
        try:
            typed = question.parse(raw, work.local) or []
            so_far = people.as_shown(work, answers.get(key) or ())
            names = [by.id if t.casefold() in MYSELF_WORDS else t for t in typed]
            named[key] = list(dict.fromkeys(people.resolve(work, names, so_far)))
        except Invalid as why:
            unclear[key] = str(why)
    return named, unclear
