"""The living card of a panel in its channel: who has voted and who has not, not how."""

from sqlmodel import col, select

from psirf_bot.cards import panel as cards
from psirf_bot.cards.model import Button, Card, Fact
from psirf_bot.casework import (
    cases,
    learning_responses,
    naming,
    panel_facts_anew,
    panel_taken_back,
    panels,
    verifying,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts, panel_of
from psirf_bot.casework.panel_papers import in_words
from psirf_bot.casework.work import Press, Work
from psirf_bot.domain.case import State
from psirf_bot.domain.minimum import Requirement
from psirf_bot.domain.panel import DOCUMENTS, WITHOUT_RESPONSE, Seat
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, Panel, PanelMember, Person

ROUTES = {"ordinary": "Ordinary", "urgent": "Urgent", "weekly": "Weekly panel"}
YES_NO = {"yes": "Yes", "no": "No", "not-known": "Not known", None: "Not answered yet"}
WRITTEN = "The chair has written the decision. It is not approved yet."
LATER, LATER_STILL = "A later panel looked at it again.", "A later panel looks at it again."
clock_words = in_words  # panel_voting.py still asks for it by this name


def render(work: Work, which: str) -> Card | None:
    """The card of the panel with this id."""
    panel = work.session.get(Panel, which)
    if panel is None:
        return None
    case = work.session.get_one(Case, panel.case_id)
    if panel.state == panels.STOPPED:
        return cards.stopped_card(case.reference)
    return cards.channel_card(shown(work, case, panel), _buttons(work, case, panel), kept_inside=_kept_inside(case))


def _kept_inside(case: Case) -> bool:
    return case.restricted or case.quality_only or case.state == State.WITHDRAWN


def about(work: Work, press: Press) -> str:
    """What a form about a panel is about, below its reference: the event, and which papers are not there yet."""
    case = work.session.get_one(Case, press.case_id)
    panel, line = panels.under_way(work, case), cases.line(work, case)
    event = "" if _kept_inside(case) else f"{line.event_type.label}, {line.service}."
    return " ".join(filter(None, (event, _missing_papers(case, panel) if panel else "")))


def _missing_papers(case: Case, panel: Panel) -> str:
    lacks = [label for which, label in DOCUMENTS.items() if not is_there(case, str(panel.documents.get(which) or ""))]
    if not lacks:
        return "All the papers are linked."
    if lacks == [DOCUMENTS["accounts"]]:
        return f"{lacks[0]} are not there yet."
    *some, last = [f"The {lacks[0] if lacks[0].startswith('Datix') else lacks[0].lower()}", *map(str.lower, lacks[1:])]
    return f"{', '.join(some)} and {last} are not there yet." if some else f"{last} is not there yet."


def shown(work: Work, case: Case, panel: Panel) -> cards.PanelShown:
    """The panel as everybody who sees it may read it; nobody's vote is in it."""
    is_open = panels.voting_is_open(work, panel)
    line = cases.line(work, case)
    return cards.PanelShown(
        reference=case.reference,
        about=f"{line.event_type.label.lower()}, {line.service}",
        standing=_standing(work, case, panel, is_open=is_open),
        is_open=is_open,
        confirmed=None if panel.facts is None else _requirements(work, panel.facts),
        not_known=tuple(_not_known(panel, each) for each in _requirements(work, panel.facts_not_known or [])),
        considered=_considered(panel),
        papers=tuple(Fact(label=label, value=paper(case, panel, which)) for which, label in DOCUMENTS.items()),
        plan=panel.plan_says or "",
        groups=_groups(work, panel),
        lacks=panels.quorum_lacks(work, panel),
        tally=None if is_open and work.trust.panel.shows_votes == "after voting" else _tally(work, panel),
        outcome=() if is_open else _outcome(work, case, panel),
        written=panel.state != panels.VOTING,
        decided=panel.state == panels.APPROVED,
        again=panel_facts_anew.words(work, panel),
    )


def paper(case: Case, panel: Panel, which: str) -> str:
    """Whether a document is there, or at least why not (I12)."""
    given = panel.documents.get(which)
    if not given:
        return "Not there yet; no reason is given"
    return "Linked" if is_there(case, str(given)) else "Not there yet; the reason is on the page"


def is_there(case: Case, given: str) -> bool:
    """Whether what stands for a document leads to it, by a link or its Datix number; otherwise it says why not."""
    number = case.datix_number
    return "://" in given or (number is not None and number.casefold() in given.casefold())


def in_short(work: Work) -> dict[str, str]:
    """What can be decided, by the trust's own names alone: for where the national ones have been said already."""
    local = {str(kind): name for kind, name in work.trust.responses.items()}
    return local | {str(choice): words for choice, words in WITHOUT_RESPONSE.items()}


def names_of(work: Work, ids: list[str]) -> dict[str, str]:
    """The names of many people at once; namesakes are told apart by a number."""
    names = dict(work.session.exec(select(Person.id, Person.name).where(col(Person.id).in_(ids))).all())
    return naming.told_apart(names)


def _standing(work: Work, case: Case, panel: Panel, *, is_open: bool) -> tuple[Fact, ...]:
    closes = panel.closes_at if is_open else min(panel.closed_at or panel.closes_at, panel.closes_at)
    voting = Fact(label="Voting closes", value=in_words(work, closes), at=closes)
    if not is_open:
        voting = Fact(label="Voting has closed", value=in_words(work, closes), at=closes)
    facts = [voting, Fact(label="How soon", value=ROUTES.get(panel.route, panel.route))]
    if panel.chair_id not in case_facts(work, case).kept_out_ids:
        facts.insert(1, Fact(label="Chair", value=names_of(work, [panel.chair_id]).get(panel.chair_id, "")))
    return tuple(facts)


def _requirements(work: Work, ids: list[str]) -> tuple[Requirement, ...]:
    return tuple(each for each in work.trust.requirements if each.id in ids)


def _not_known(panel: Panel, each: Requirement) -> str:
    taken_back = each.id in panel_taken_back.ids(panel)
    return f"{each.fact} (confirmed, then taken back; it still counts)" if taken_back else each.fact


def _considered(panel: Panel) -> tuple[Fact, ...]:
    """The two questions that have to be answered whatever the plan says (I04, I10)."""
    label = "Is the risk unexpected, or is there much to learn, even outside the plan?"
    facts = [Fact(label=label, value=YES_NO.get(panel.learning, "Not answered yet"))]
    if panel.could_have:
        label = "Could it have led to serious injury, permanent harm or death?"
        facts.append(Fact(label=label, value=YES_NO[panel.could_have]))
    return tuple(facts)


def _groups(work: Work, panel: Panel) -> tuple[cards.GroupShown, ...]:
    """The members by why they have a seat. Whoever stood back or was kept out is simply not there."""
    members, given = panels.members(work, panel), panels.votes(work, panel)
    names = names_of(work, [member.person_id for member in members])

    def named(those: list[PanelMember]) -> tuple[str, ...]:
        return tuple(sorted(names[member.person_id] for member in those))

    found = []
    for seat in Seat:
        theirs = [member for member in members if member.seat == seat]
        voted, others = [m for m in theirs if m.id in given], [m for m in theirs if m.id not in given]
        found += [cards.GroupShown(seat.words, named(voted), named(others))] if theirs else []
    return tuple(found)


def _tally(work: Work, panel: Panel) -> cards.TallyShown:
    words, counted = panels.choices(work), panels.tally_of(work, panel)
    tied = tuple(in_short(work)[choice] for choice in counted.leading) if counted.is_tied else ()
    return cards.TallyShown(tuple((words[choice], count) for choice, count in counted.counts), tied)


def _outcome(work: Work, case: Case, panel: Panel) -> tuple[str, ...]:
    """Where it has got to since voting closed. What was decided is said once the chair has approved it."""
    if panel.state in {panels.DECIDED, panels.DEPARTING}:
        return (WRITTEN,)
    if panel.state != panels.APPROVED:
        return ("Next the chair writes down what the group decided.",)
    decided = f"Decided and approved by the chair: {panels.choices(work)[panel.decision or 'none']}."
    return tuple(filter(None, (decided, _verification(work, case, panel), _departure(panel))))


def _verification(work: Work, case: Case, panel: Panel) -> str:
    """A PSII has two gates: the chair's approval and its verification (I16)."""
    newest, response = panel_of(work, case), learning_responses.current(work, case)
    if newest and newest.id != panel.id:
        return LATER if newest.state == panels.APPROVED else LATER_STILL
    if panel.decision != PSII or response is None:
        return ""
    if response.verified_at:
        return "It is verified."
    if case.state == State.AWAITING_VERIFICATION:
        can = verifying.can_be(work, case)
        return f"It waits for {verifying.BY_OFFICE} to verify it." if can else f"{verifying.NOBODY}."
    return "It was not verified, so a panel looks at it again."


def _departure(panel: Panel) -> str:
    if panel.departure == "agreed":
        return "It departs from the minimum, which is a PSII. That was agreed to, and stays on the list of gaps."
    if panel.departure == "refused":
        return "A departure from the minimum was asked for, and not agreed to."
    return ""


def _buttons(work: Work, case: Case, panel: Panel) -> tuple[Button, ...]:
    look = button(work, "Open the page", "panel.show", case=case, opens=True)
    if not panels.voting_is_open(work, panel):
        return (look,)
    vote = button(work, "Vote", "panel.vote", case=case, style="primary", opens=True)
    return vote, button(work, "Stand back", "panel.recuse", case=case, opens=True), look
