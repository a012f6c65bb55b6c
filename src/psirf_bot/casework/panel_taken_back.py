"""A confirmed fact that asks for a PSII is taken back: nobody does that alone (I09, B11).

It still counts towards the minimum, so that to do less is a departure, which the Chief Nurse or the Medical Director
answers. Such a fact is among those that are so and among those that are not known; why, by whom and when stands first
in the reasons for the departure, a line for each.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select

from psirf_bot.cards.answers import instant
from psirf_bot.casework import people
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Panel

MARK = "Taken back after it was confirmed:\n"


def ids(panel: Panel) -> frozenset[str]:
    """The facts that were confirmed and taken back."""
    return frozenset(panel.facts or ()) & frozenset(panel.facts_not_known or ())


def lines(panel: Panel) -> tuple[str, ...]:
    """Each with who confirmed it, who took it back, when, and why."""
    words = panel.departure_why or ""
    if not words.startswith(MARK):
        return ()
    return tuple(words.removeprefix(MARK).partition("\n\n")[0].splitlines())


def besides(panel: Panel) -> str:
    """Why else the panel departs from the minimum, in the chair's own words."""
    words = panel.departure_why or ""
    return words.partition("\n\n")[2] if words.startswith(MARK) else words


def together(taken_back: Iterable[str], words: str | None) -> str | None:
    """The reasons for a departure, as they are kept."""
    first = "\n".join(taken_back)
    return "\n\n".join(filter(None, (MARK + first if first else "", words))) or None


def confirmed_before(work: Work, panel: Panel) -> Panel | None:
    """The panel on this case whose facts were confirmed last: this one or, until its own are, one before it."""
    if panel.facts is not None:
        return panel
    others = select(Panel).where(Panel.case_id == panel.case_id, col(Panel.facts_at).is_not(None))
    before = others.where(col(Panel.opened_at) < panel.opened_at).order_by(col(Panel.facts_at).desc())
    return work.session.exec(before).first()


def counting(work: Work, panel: Panel) -> frozenset[str]:
    """The facts that were confirmed, here or by the panel before, and ask for a PSII."""
    before = confirmed_before(work, panel)
    so = frozenset(before.facts or ()) if before else frozenset[str]()
    return so & {requirement.id for requirement in work.trust.requirements if requirement.psii}


def lines_with(work: Work, panel: Panel, taken_back: frozenset[str], why: str, by: str) -> tuple[str, ...]:
    """The lines for these facts: as they were for those taken back before, and new ones for the others."""
    before = confirmed_before(work, panel)
    known = {line.partition(": ")[0]: line for line in (lines(before) if before else ())}
    found = []
    for requirement in work.trust.requirements:
        if requirement.id in taken_back:
            confirmed = _by_and_when(work, before.facts_by, before.facts_at) if before else ""
            how = f"confirmed by {confirmed}; taken back by {_by_and_when(work, by, work.now)}. {why}"
            found.append(known.get(requirement.fact, f"{requirement.fact}: {how}"))
    return tuple(found)


def _by_and_when(work: Work, who: str | None, at: datetime | None) -> str:
    return f"{people.name_of(work, who)}, {instant(work.setting.calendar.local(at))}" if at else ""
