"""Whom people mean: by those they picked, those they mentioned, and the names they typed."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import count
from typing import Any

from sqlmodel import col, select

from psirf_bot.cards.forms import with_people
from psirf_bot.cards.model import Input
from psirf_bot.casework import identities
from psirf_bot.casework.inbound import COLLEAGUE, Pressed, Said
from psirf_bot.casework.people import name_of
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import People, Question
from psirf_bot.dialogs.typed import NAMES_APART, Invalid
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import Identity, Person

MYSELF_WORDS = frozenset({"me", "myself", "i"})
BETWEEN = frozenset({"", "and", "&", "with", "also", "plus", "both", "it was", "it is"})
"""What stands between the colleagues whom somebody mentions."""
WHOM = "I could not tell whom you mean. Please give their name or work e-mail address."


def with_picked(work: Work, pressed: Pressed, by: Member) -> Mapping[str, object]:
    """What the inputs held, with those who were picked before the names that were typed."""
    given = dict(pressed.given)
    for key, actors in pressed.picked.items():
        typed = [name for name in re.split(NAMES_APART, str(given.get(key) or "")) if name.strip()]
        given[key] = [*(identities.picked(work, actor, by) for actor in actors), *typed]
    return given


def mentioned(work: Work, said: Said, by: Member) -> list[str]:
    """Those who were mentioned in a typed answer, and the names beside them."""
    others = (name.strip() for name in said.text.replace(COLLEAGUE, ",").split(","))
    named = [name for name in others if name.casefold().strip(".!") not in BETWEEN]
    return [*(identities.picked(work, actor, by) for actor in said.picked), *named]


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
            so_far = as_shown(work, answers.get(key) or ())
            named[key] = list(dict.fromkeys(resolve(work, with_myself(typed, by.id), so_far)))
        except Invalid as why:
            unclear[key] = str(why)
    return named, unclear


def with_myself(typed: Iterable[str], by: str) -> list[str]:
    """What was typed, with whoever typed it where they said that they mean themselves."""
    return [by if name.strip().casefold() in MYSELF_WORDS else name for name in typed]


def resolve(work: Work, typed: Iterable[str], so_far: Mapping[str, str] | None = None) -> list[str]:
    """Turn names and e-mail addresses into person ids; a name nobody has stays as typed. Raises Invalid when unsure.

    `so_far`: who is meant by the names that were shown, as `as_shown` gave them; they are not guessed at again.
    """
    names = [name.strip() for name in typed if name.strip()]
    known = {plain(name): who for name, who in (so_far or {}).items()}
    unsure = [name for name in names if plain(name) not in known]
    everyone = work.session.exec(select(Person).where(col(Person.active))).all() if unsure else []
    return [known.get(plain(name)) or _one(work, name, everyone) for name in names]


def as_shown(work: Work, who: Iterable[str]) -> dict[str, str]:
    """These people, or names that were typed, by what is shown for them: namesakes are told apart by a number."""
    names = {someone: name_of(work, someone).replace(",", "") for someone in who}  # between names there are commas
    shown = told_apart(names)
    return {shown[someone]: someone for someone in names}


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """People's names by their ids, with a number for namesakes: it does not hang on the order in which they are
    shown."""
    shown: dict[str, str] = {}
    for who, name in sorted(names.items()):
        labels = (name if n == 1 else f"{name} ({n})" for n in count(1))
        shown[who] = next(label for label in labels if label not in shown.values())
    return shown


def filled_in(work: Work, input: Input, who: Iterable[str]) -> Input:
    """An input for people with these in it: picked where the platform can do that, otherwise by what is shown."""
    shown = as_shown(work, who)
    theirs = select(Identity).where(Identity.platform == "slack", col(Identity.person_id).in_(shown.values()))
    return with_people(input, shown, {i.person_id: i.user for i in work.session.exec(theirs)})


def _one(work: Work, typed: str, everyone: Sequence[Person]) -> str:
    someone = work.session.get(Person, typed)
    if someone:
        return someone.id if someone.active else someone.name
    wanted = plain(typed)
    found = [p for p in everyone if wanted in {plain(p.name), plain(p.email or "")}]
    found = [p for p in found if p.on_list] or list(found)
    if len(found) > 1:
        raise Invalid(f"There are {len(found)} people called {typed}. Please give a work e-mail address instead.")
    if found:
        return found[0].id
    names = {alike: p.name for p in everyone if (alike := plain(p.name))[:1] == wanted[:1]}
    nearest = get_close_matches(wanted, names, n=1, cutoff=0.8)
    if nearest:
        raise Invalid(
            f"Nobody on the people list is called that. Did you mean {names[nearest[0]]}? "
            "If not, please add where they work, for example (agency)."
        )
    if "@" in typed:
        raise Invalid("Nobody on the people list has that e-mail address. Please check it, or give their name.")
    return typed


def plain(name: str) -> str:
    """A name or an address for comparing: phones turn apostrophes, and people change capitals and spaces."""
    return " ".join(unicodedata.normalize("NFC", name).replace("’", "'").casefold().split())
