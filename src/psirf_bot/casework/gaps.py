"""Cases whose minimum is, or may be, a PSII and that have none: the list that the regulator asks for (B11)."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import String, cast
from sqlalchemy.orm import aliased
from sqlmodel import col, exists, or_, select

from psirf_bot.cards import gaps as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Card
from psirf_bot.casework import panel_facts_anew, panel_taken_back, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.panels import STOPPED
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.minimum import Requirement
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, LearningResponse, Panel

UNDECIDED, TAKEN_BACK, ALLOWED, WITHOUT, ON_THE_WAY = "undecided", "taken back", "allowed", "without", "on the way"
ANEW = "anew"
TITLES = {
    UNDECIDED: "The panel has not decided yet",
    ANEW: "Something graver is reported since the facts were confirmed: they have to be looked at again",
    TAKEN_BACK: "Confirmed, then taken back: nobody has allowed that yet",
    ALLOWED: "Decided otherwise, as the Chief Nurse or the Medical Director allowed",
    WITHOUT: "Decided or closed without one, and nobody allowed that",
    ON_THE_WAY: "On the way: a PSII waits to be verified",
}
BEFORE_THE_DECISION = frozenset({State.REPORTED, State.READ, State.IN_PANEL})


@dataclass(frozen=True, slots=True)
class Found:
    """A case without a verified PSII, the panel whose facts want one, and why it has none."""

    case: Case
    panel: Panel
    why: str
    anew: tuple[Requirement, ...] = ()
    """What is suggested only since its facts were confirmed."""


def show(work: Work, by: Member) -> Card:
    """The gaps, for whoever oversees the responses."""
    if not allowed(work, by, Act.SEE_GAPS):
        text = "The list of gaps is for those who oversee the responses. Type help to see what you can do."
        raise Refusal(text)
    found = _found(work)
    groups = []
    for why, title in TITLES.items():
        these = [one for one in found if one.why == why]
        shown = [_shown(work, one, by) for one in these[: cards.SHOWN]]
        groups += [cards.Group(title, shown, len(these) - len(shown))] if these else []
    return cards.gaps_card(_count(found), groups)


def count(work: Work) -> int:
    """How many cases need a PSII and have none on the way."""
    return _count(_found(work))


def _count(found: Iterable[Found]) -> int:
    return sum(one.why != ON_THE_WAY for one in found)


def _found(work: Work) -> list[Found]:
    """Where a fact was confirmed, or is suggested since, that needs a PSII. The oldest facts first.

    A panel opened since counts once its own facts are confirmed.
    """
    wanting = [requirement.id for requirement in work.trust.requirements if requirement.psii]
    if not wanting:
        return []
    later = aliased(Panel)
    superseded = exists().where(
        col(later.case_id) == Panel.case_id,
        col(later.state) != STOPPED,
        col(later.facts_at).is_not(None),
        col(later.opened_at) > Panel.opened_at,
    )
    has_one = exists().where(
        col(LearningResponse.case_id) == Panel.case_id,
        col(LearningResponse.kind) == PSII,
        col(LearningResponse.verified_at).is_not(None),
    )
    facts = cast(Panel.facts, String)  # a JSON list
    listed = (
        select(Panel, Case)
        .join(Case, col(Case.id) == Panel.case_id)
        .where(
            Panel.state != STOPPED,
            col(Panel.facts_at).is_not(None),
            or_(panel_facts_anew.MAY_HAVE_CHANGED, *(facts.contains(f'"{fact}"') for fact in wanting)),
            col(Case.state).not_in((State.WITHDRAWN, State.MERGED)),
            ~superseded,
            ~has_one,
        )
        .order_by(col(Panel.facts_at), col(Panel.id))
    )
    found = []
    for panel, case in work.session.exec(listed).all():
        anew = [each for each in panel_facts_anew.since(work, panel) if each.psii]
        if anew or set(panel.facts or ()) & set(wanting):
            found.append(Found(case, panel, _why(case, panel, wanting), tuple(anew)))
    return found


def _why(case: Case, panel: Panel, wanting: Collection[str]) -> str:
    state = State(case.state)
    if state is State.AWAITING_VERIFICATION:
        return ON_THE_WAY
    if not set(panel.facts or ()) & set(wanting):
        return ANEW
    if state in BEFORE_THE_DECISION:
        all_taken_back = set(panel.facts or ()) & set(wanting) <= panel_taken_back.ids(panel)
        return TAKEN_BACK if all_taken_back else UNDECIDED
    return ALLOWED if panel.departure == "agreed" and panel.decision != PSII else WITHOUT


def _shown(work: Work, one: Found, by: Member) -> cards.Gap:
    """As much of it as this person may know: for some its reference alone."""
    case = one.case
    sees = allowed(work, by, Act.SEE_PANEL, case)
    kept_close = case.restricted or case.quality_only
    look = button(work, f"Open {case.reference}", "panel.show", case=case, opens=True) if sees else None
    return cards.Gap(
        case.reference,
        case.service if sees or not kept_close else "",
        _words(work, one) if sees or not kept_close else "",
        _in_their_words(one) if sees else "",
        look,
    )


def _in_their_words(one: Found) -> str:
    """Why a departure was allowed, or who took back what was confirmed and why."""
    return (one.panel.departure_why or "") if one.why == ALLOWED else " ".join(panel_taken_back.lines(one.panel))


def _words(work: Work, one: Found) -> str:
    """How it stands and, where something graver is reported since, what to do."""
    if not one.anew or one.why == ON_THE_WAY:
        return _standing(work, one)
    suggested = f"Suggested since: {'; '.join(each.fact for each in one.anew)}."
    return f"{_standing(work, one)} {suggested} {panel_facts_anew.way_on(work, one.case)}"


def _standing(work: Work, one: Found) -> str:
    panel, confirmed = one.panel, ""
    if panel.facts_at:
        day = work.setting.calendar.local(panel.facts_at).date()
        ago = (work.local.date() - day).days
        confirmed = f"Facts confirmed on {moment(day.isoformat())}, {_ago(ago)}."
    if one.why == ALLOWED and panel.departure_at:
        day = work.setting.calendar.local(panel.departure_at).date()
        return f"Allowed by {people.name_of(work, panel.departure_by)} on {moment(day.isoformat())}."
    if one.why in {WITHOUT, ANEW} and one.case.state == State.CLOSED:
        return f"{confirmed} The case is closed."
    return confirmed


def _ago(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def _press(work: Work, press: Press) -> Reply:
    return Reply(card=show(work, press.by), replaces=press.place.private)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"gaps.show": _press}
