"""The page of a panel, in private: papers, facts, votes and what this person may do next."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

from sqlmodel import col, func, select

from psirf_bot.cards import panel as cards
from psirf_bot.cards.answers import instant, moment
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Part, Words
from psirf_bot.casework import (
    learning_responses,
    minute_kept,
    panel_card,
    panel_draft,
    panels,
    people,
    two_offices,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, case_facts, panel_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.panel_card import names_of
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.panel import DOCUMENTS, Seat
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Panel, Vote

CANNOT_SHOW = "I cannot show you a panel of that reference. If you need to see it, please ask the quality team."
EARLIER = 3
"""How many earlier panels of a case are listed; each minute leads to the one before."""
BESIDE = (8, 4_000)
"""How many votes, and characters of them, the page itself has room for; the others follow on pages of their own."""
ON_A_PAGE = (20, 10_000)
CHANGED = {0: "", 1: ", changed once", 2: ", changed twice"}
DEPARTURE = {"asked": "", "agreed": "Allowed by", "refused": "It has to be a PSII: answered by"}
WHY_IT_DEPARTS, ANSWER = "Why it departs from the minimum", "What they said"
TYPED = frozenset({WHY_IT_DEPARTS, ANSWER})


def page(work: Work, case: Case, panel: Panel, by: Member) -> Card:
    """The panel as this person, who may see it, sees it now."""
    votes = _votes(work, panel, by)
    fitting = _fitting(votes, *BESIDE)
    private = cards.PageShown(
        confirmed_by=_signed(work, "Confirmed by", panel.facts_by, panel.facts_at),
        papers=_papers(case, panel),
        own=_own(work, panel, by),
        votes=tuple(votes[:fitting]),
        more_votes=len(votes) - fitting,
        decided=_decided(work, case, panel),
        rationale=panel.rationale or "",
    )
    rows = (_on(work, case, fitting, len(votes)), *_rows(work, case, panel, by))
    card = cards.page_card(panel_card.shown(work, case, panel), private, rows)
    return card.model_copy(update={"body": (*card.body, *_earlier(work, case, panel, by))})


def page_after(work: Work, press: Press, *notes: str) -> Card:
    """The page for whoever has just done something there, with what has to be said first."""
    card = _page_of(work, replace(press, verb="panel.show", args={}, given={}))
    first = tuple(Words(text=note, style="warning") for note in notes if note)
    return card.model_copy(update={"body": (*first, *card.body)})


def _show(work: Work, press: Press) -> Reply:
    return Reply(card=_page_of(work, press), replaces=press.place.private)


def _page_of(work: Work, press: Press) -> Card:
    case = work.session.get_one(Case, press.case_id)
    panel = panel_of(work, case)
    if panel is None or not allowed(work, press.by, Act.SEE_PANEL, case):
        return only_earlier(work, case, panel, press.by)
    if "start" in press.args:
        return _more_votes(work, case, panel, press.by, int(press.args["start"]))
    return opened(work, case, panel, press.by)


def opened(work: Work, case: Case, panel: Panel, by: Member) -> Card:
    work.record(by.id, "opened the panel's page", case, panel=panel.id)
    return page(work, case, panel, by)


def only_earlier(work: Work, case: Case, panel: Panel | None, by: Member) -> Card:
    """For whoever sat on an earlier panel of the case alone: its minute. Raises Refusal for everybody else."""
    if panel is None or not (parts := _earlier(work, case, panel, by)):
        raise Refusal(CANNOT_SHOW)
    return Card(title=f"Panels on {case.reference}", preview="Your page is ready.", body=parts)


# What the page says


def _papers(case: Case, panel: Panel) -> tuple[Fact, ...]:
    """The documents with their links, or why they are not there (I12); and what else the group looks at (I02, I04)."""
    facts = []
    for which, label in DOCUMENTS.items():
        given = str(panel.documents.get(which) or "")
        words = given if not given or panel_card.is_there(case, given) else f"Not there: {given}"
        facts.append(Fact(label=label, value=words or panel_card.paper(case, panel, which), typed=bool(given)))
    others = (
        ("What the plan says", panel.plan_says),
        ("Improvement work under way", panel.improvement),
        ("Why there is, or is not, an unexpected risk or much to learn", panel.learning_why),
    )
    return (*facts, *(Fact(label=label, value=words, typed=True) for label, words in others if words))


def _own(work: Work, panel: Panel, by: Member) -> cards.OwnVote | None:
    """The vote of their seat; who stands in for a member does not read what the member gave before."""
    seat = panels.seat_of(work, panel, by)
    if seat is None:
        return None
    theirs = seat.person_id == by.id
    whose, vote = "" if theirs else people.name_of(work, seat.person_id), panels.votes(work, panel).get(seat.id)
    if vote is None:
        return cards.OwnVote(whose, "Not given yet" if panels.voting_is_open(work, panel) else "None was given")
    if not theirs and vote.by_id != by.id:
        return cards.OwnVote(whose, "It has been given")
    stood_in = "" if vote.by_id == by.id else f" (given by {people.name_of(work, vote.by_id)}, who stood in for you)"
    return cards.OwnVote(whose, panels.choices(work)[vote.choice] + stood_in, vote.rationale)


def _reads_votes(work: Work, panel: Panel, by: Member) -> bool:
    """The chair and the quality team, and nobody before voting has closed."""
    reads = by.is_quality or by.acts_as(panel.chair_id, Role.CHAIR)
    return reads and not panels.voting_is_open(work, panel)


def _votes(work: Work, panel: Panel, by: Member) -> list[cards.VoteShown]:
    """Every vote with its reasons, group by group, for whoever may read them."""
    if not _reads_votes(work, panel, by):
        return []
    given, words, seats = panels.votes(work, panel), panels.choices(work), list(Seat)
    everyone = panels.members(work, panel)
    members = [member for member in everyone if member.id in given]
    names = names_of(work, [*(m.person_id for m in everyone), *(vote.by_id for vote in given.values())])
    counted = select(Vote.member_id, func.count()).where(Vote.panel_id == panel.id).group_by(col(Vote.member_id))
    times = dict(work.session.exec(counted).all())
    found = []
    for member in sorted(members, key=lambda m: (seats.index(Seat(m.seat)), names[m.person_id])):
        vote = given[member.id]
        changes = times[member.id] - 1
        stood_in = f", given by {names[vote.by_id]}" if vote.by_id != member.person_id else ""
        changed = CHANGED.get(changes, f", changed {changes} times")
        heading = f"{names[member.person_id]} ({Seat(member.seat).words}): {words[vote.choice]}{stood_in}{changed}"
        found.append(cards.VoteShown(heading, vote.rationale))
    return found


def _more_votes(work: Work, case: Case, panel: Panel, by: Member, start: int) -> Card:
    votes = _votes(work, panel, by)
    if not votes:
        raise Refusal(CANNOT_SHOW)
    work.record(by.id, "read the panel's votes", case, panel=panel.id, start=start)
    until = start + _fitting(votes[start:], *ON_A_PAGE)
    back = button(work, "Back to the panel", "panel.show", case=case)
    buttons = (*_on(work, case, until, len(votes)), back)
    return cards.votes_card(f"Votes on {case.reference}", votes[start:until], len(votes) - until, *buttons)


def _fitting(votes: Sequence[cards.VoteShown], most: int, characters: int) -> int:
    """How many of these votes fit, so that no platform has to cut their words; at least one."""
    lengths = accumulate(len(vote.heading) + len(vote.rationale) for vote in votes[:most])
    return max(1, sum(length <= characters for length in lengths))


def _on(work: Work, case: Case, start: int, votes: int) -> tuple[Button, ...]:
    """The button to the votes that do not fit."""
    return (button(work, "More votes", "panel.show", case=case, start=str(start)),) if votes > start else ()


def _decided(work: Work, case: Case, panel: Panel) -> tuple[Fact, ...]:
    """The decision with its signatures, the departure from the minimum, and what has become of the minute."""
    approved, response = panel.state == panels.APPROVED, learning_responses.current(work, case)
    verified = response if approved and response and response.kind == panel.decision else None
    filed = moment(panel.filed_on.isoformat()) if panel.filed_on else ""
    facts = (
        ("Decision, not approved yet", "" if approved else panels.choices(work).get(panel.decision or "", "")),
        ("Written", _signed(work, "By", panel.decided_by, panel.decided_at)),
        *_departure(work, panel),
        ("Minute approved", _signed(work, "By", panel.approved_by, panel.approved_at)),
        ("PSII verified", _signed(work, "By", verified.verified_by, verified.verified_at) if verified else ""),
        ("Filed on the Datix record", f"By {people.name_of(work, panel.filed_by)}, {filed}" if filed else ""),
    )
    return tuple(Fact(label=label, value=words, typed=label in TYPED) for label, words in facts if words)


def _departure(work: Work, panel: Panel) -> tuple[tuple[str, str], ...]:
    """Why the group wants something else than the minimum, and what the Chief Nurse or Medical Director said (I09)."""
    if panel.departure is None:
        return ()
    answered = _signed(work, DEPARTURE[panel.departure], panel.departure_by, panel.departure_at)
    said_so = answered or two_offices.departure_waits(work, panel)
    return (WHY_IT_DEPARTS, panel.departure_why or ""), ("Departure", said_so), (ANSWER, panel.departure_note or "")


def _signed(work: Work, what: str, by: str | None, at: datetime | None) -> str:
    """Who did it and when: By Leah Rosenfeld, 20 November 2026, 14:00."""
    return f"{what} {people.name_of(work, by)}, {instant(work.setting.calendar.local(at))}" if by and at else ""


def _earlier(work: Work, case: Case, panel: Panel, by: Member) -> tuple[Part, ...]:
    """The panels that looked at the case before, the last one first: their minutes stay."""
    before = minute_kept.earlier(work, by, case, panel)
    files = allowed(work, by, Act.FILE_MINUTE, case)
    parts: list[Part] = [Words(text="Earlier panels", style="heading")] if before else []
    for each in before[:EARLIER]:
        on = instant(work.setting.calendar.local(each.approved_at or each.opened_at))
        parts.append(Words(text=f"Minute approved {on}: {panels.choices(work)[each.decision or 'none']}"))
        offered = [("Its minute", "minute.show")]
        offered += [("Its minute is filed", "minute.filed")] if files and each.filed_on is None else []
        buttons = (button(work, t, verb, case=case, spoken=f"{t}: {on}", panel=each.id) for t, verb in offered)
        parts.append(Buttons(buttons=tuple(buttons)))
    return tuple(parts)


# What they may do next


def _rows(work: Work, case: Case, panel: Panel, by: Member) -> tuple[tuple[Button, ...], ...]:
    facts, is_open = case_facts(work, case), panels.voting_is_open(work, panel)
    votes = is_open and may(by, Act.VOTE, facts) and panels.seat_of(work, panel, by)
    prepares = panel.state != panels.APPROVED and may(by, Act.PREPARE_PANEL, facts)
    decided = by.id in {panel.chair_id, panel.decided_by}
    departs = panel.state == panels.DEPARTING and may(by, Act.ANSWER_DEPARTURE, facts) and not decided
    files = panel.state == panels.APPROVED and panel.filed_on is None and may(by, Act.FILE_MINUTE, facts)
    responds = learning_responses.current(work, case) is not None and learning_responses.sees(work, by, case)
    given = votes and votes.id in panels.votes(work, panel)
    voting = (
        (votes, "Change my vote" if given else "Vote", "panel.vote"),
        (votes, "Stand back", "panel.recuse"),
        (prepares, "Confirm the facts" if panel.facts is None else "Look at the facts again", "panel.facts"),
        (prepares, "Papers and members" if is_open else "Papers", "panel.papers"),
        (is_open and may(by, Act.CLOSE_VOTING, facts), "Close the voting now", "panel.close"),
    )
    answers = (("Allow the departure", "panel.depart-yes"), ("It has to be a PSII", "panel.depart-no"))
    of = panel_draft.version(work, panel)
    departure = [button(work, label, verb, case=case, of=of) for label, verb in answers if departs]
    minute = ((not is_open, "The minute", "minute.show"), (files, "It is filed", "minute.filed"))
    its = [button(work, label, verb, case=case, panel=panel.id) for offered, label, verb in minute if offered]
    after = (
        (responds, "Open the learning response", "response.show"),
        (may(by, Act.OPEN_PANEL, facts), "Open a new panel", "panel.open"),
        (may(by, Act.SEE_CASE, facts), "Back to the case", "case.show"),
    )
    first, last = (
        tuple(button(work, label, verb, case=case) for offered, label, verb in row if offered)
        for row in (voting, after)
    )
    return first, (*panel_draft.offers(work, case, panel, by), *departure), (*its, *last)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"panel.show": _show}
