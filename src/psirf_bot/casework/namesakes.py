"""Whom words mean that name somebody: the one who is known for certain or, until then, everybody of that name.

Only a name that is the same counts, but for capitals, spaces and what is added in brackets. Whoever is only called the
same is kept out of it too, so somebody else does it: the other way round, one who was involved would not be.
"""

import unicodedata
from string import ascii_lowercase
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from psirf_bot.casework import naming, people
from psirf_bot.casework.work import Work, once
from psirf_bot.store.direct import Prepared, literal, table_of
from psirf_bot.store.tables import Person


class Meant(NamedTuple):
    """Somebody who is meant, and who manages them."""

    id: str
    line_manager_id: str | None
    passes_over_id: str | None


def meant(work: Work, person_id: str | None, name: str | None) -> list[Meant]:
    """Who is meant by a person or, where there is none, by a name that was typed."""
    someone = people.person(work, person_id)
    if someone is None:
        return _called(work, name or "")
    certain = Meant(someone.id, someone.line_manager_id, someone.passes_over_id)
    if someone.on_list and someone.active:
        return [certain]
    return [certain, *_called(work, someone.name)]


def _called(work: Work, name: str) -> list[Meant]:
    """Everybody who is, or was, called that."""
    wanted = _bare(name)
    return once(work, ("called", wanted), lambda: _find(work, wanted)) if wanted else []


def _find(work: Work, wanted: str) -> list[Meant]:
    alike = _LIKELY.all(work.session, first=unicodedata.normalize("NFD", wanted)[0])
    return [Meant(who.id, who.line_manager_id, who.passes_over_id) for who in alike if _bare(who.name) == wanted]


def _bare(name: str) -> str:
    """A name as it is compared, without where they work."""
    return naming.plain(name.partition("(")[0])


_person = table_of(Person)
_first = sa.func.lower(sa.func.substr(_person.c.name, sa.literal_column("1"), sa.literal_column("1")))
# The database only leaves out names that begin with another plain letter: how it compares any other is its own affair.
_LIKELY = Prepared(
    sa.select(_person.c.id, _person.c.name, _person.c.line_manager_id, _person.c.passes_over_id).where(
        (_first == bindparam("first")) | _first.not_in([literal(letter) for letter in ascii_lowercase])
    )
)
