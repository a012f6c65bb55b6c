"""What somebody sees of the support for them, and the quality team of the support in a case."""

from collections.abc import Sequence

from sqlmodel import col, select

from psirf_bot.cards import support as cards
from psirf_bot.cards.cases import CaseLine
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.casework import cases, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.support_circle import SOMEONE_ELSE
from psirf_bot.casework.support_needs import (
    STOPPED,
    case_of_need,
    choose_button,
    may_see_to,
    of_case,
    wish_words,
)
from psirf_bot.casework.support_offers import checks_of, offered_button
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import Case, Person, SupportCheck, SupportNeed

NOTHING_TO_SHOW = "There is nothing more to show you about that reference."
MOST = 3
"""Cases that one card shows."""


def page(work: Work, by: Member, words: str = "") -> Card:
    """What somebody sees who types support, or support and a reference: for themselves, and the checks they look after.

    That somebody is named in a report they learn from a person first, never from here.
    """
    case = cases.by_reference(work, words) if words else None
    known = [need for need in _known_to_them(work, by) if not words or (case and need.case_id == case.id)]
    checks = _checks(work, case, by) if case else []
    if checks:
        work.record(by.id, "opened the checks on staff", case)
    ask = button(work, "Please ask somebody to get in touch", "support.ask", style="primary", opens=True)
    me = work.session.get_one(Person, by.id)
    if me.passes_over_id:
        nobody_else = button(work, "My line manager may be asked again", "support.again")
    else:
        nobody_else = button(work, "Never my line manager", "support.other", opens=True)
    return cards.for_yourself(
        work.trust.support,
        [_own_row(work, need) for need in known[:MOST]],
        checks,
        (ask, nobody_else),
        note=NOTHING_TO_SHOW if words and not known and not checks else "",
    )


def _known_to_them(work: Work, by: Member) -> list[SupportNeed]:
    """The cases in which they are named, as far as they know it: they reported it, or were spoken to."""
    theirs = select(SupportNeed, Case).where(
        SupportNeed.case_id == Case.id, SupportNeed.person_id == by.id, SupportNeed.state != STOPPED
    )
    rows = work.session.exec(theirs.order_by(col(SupportNeed.at).desc())).all()
    return [need for need, case in rows if case.reporter_id == by.id or need.checked_at]


def _own_row(work: Work, need: SupportNeed) -> tuple[CaseLine, tuple[Button, ...]]:
    line = cases.line(work, case_of_need(work, need))
    if need.wish == SOMEONE_ELSE:
        return line, ()
    label = "Not my line manager here"
    spoken = f"{label}: {line.reference}"
    return line, (button(work, label, "support.other", opens=True, spoken=spoken, need=need.id),)


def _checks(work: Work, case: Case, by: Member) -> list[Part]:
    """For the contact and the quality team: the checks made in a case, and what was offered."""
    parts: list[Part] = []
    for need, made in _checked_in(work, case, by):
        parts.append(Facts(facts=(_fact(work, need, made),)))
        buttons = [offered_button(work, check, need) for check in made[-1:]]
        if by.is_quality and need.checker_id is None and need.state != STOPPED:
            buttons.append(choose_button(work, need))
        parts += [Buttons(buttons=tuple(buttons))] if buttons else []
    return [Words(text=f"In {case.reference}", style="heading"), *parts] if parts else []


def facts(work: Work, case: Case, by: Member) -> list[Fact]:
    """Each member of staff whose checks this person may know of: which were made, by whom, and what was offered."""
    return [_fact(work, need, made) for need, made in _checked_in(work, case, by)]


def _checked_in(work: Work, case: Case, by: Member) -> list[tuple[SupportNeed, list[SupportCheck]]]:
    made = checks_of(work, case)
    needs = [need for need in of_case(work, case) if may_see_to(work, need, by)]
    return [(need, [check for other, check in made if other.id == need.id]) for need in needs]


def _fact(work: Work, need: SupportNeed, made: Sequence[SupportCheck]) -> Fact:
    words = [_who_checks(work, need)]
    for check in made:
        day = check.at.astimezone(work.trust.timezone).date()
        words.append(cards.check_words(check.stage, people.name_of(work, check.by_id), day))
        words.append(cards.offered_words(check.offered, check.accepted, check.hr))
    return Fact(label=need.name, value=" ".join(filter(None, words)))


def _who_checks(work: Work, need: SupportNeed) -> str:
    if need.state == STOPPED:
        return "Not followed up: the report was withdrawn, or they have left."
    contact = people.name_of(work, need.checker_id)
    return f"{contact} is to check on them." if contact else f"Nobody yet. {wish_words(need)}"
