"""The minute of a panel before it is approved, in the words in which its chair reads it."""

from datetime import datetime

from psirf_bot.cards import panel_decision as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.model import Button, Card, Fact
from psirf_bot.cards.panel import GROUP_DECIDES, quorum_missing, source_words
from psirf_bot.casework import panel_facts_anew, panel_stopping, panel_taken_back, panels, people, post, two_offices
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.panel_card import in_short, is_there
from psirf_bot.casework.panels import APPROVED, DECIDED, DEPARTING, VOTING
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.panel import DOCUMENTS, Seat
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Panel

READ_IT = "Please read all of it, and approve it if it is right. Nothing happens before you do."
ANSWERS = {"yes": "Yes", "no": "No", "not-known": "Not known"}


def draft(work: Work, case: Case, panel: Panel, by: Member, opening: str = READ_IT) -> Card:
    """The minute in short, with what this person may do with it."""
    look = button(work, "Open the panel", "panel.show", case=case, opens=True)
    if again := panel_facts_anew.words(work, panel):
        opening = again if opening == READ_IT else f"{opening} {again}"
    return cards.draft_card(_shown(work, case, panel), opening, (*offers(work, case, panel, by), look))


def _shown(work: Work, case: Case, panel: Panel) -> cards.Draft:
    return cards.Draft(
        reference=case.reference,
        service=case.service,
        decision=panels.choices(work).get(panel.decision or "", "Not written yet"),
        written_by=_by_and_when(work, panel.decided_by, panel.decided_at),
        rationale=panel.rationale or "",
        departure=departure_in_words(work, panel),
        departure_why=panel.departure_why or "",
        proposed=proposed_in_words(work, panel),
        votes=votes_in_words(work, panel),
        quorum=quorum_in_words(work, panel),
        members=_members(work, panel),
        papers=_papers(case, panel),
        facts=_facts(work, panel),
    )


def offers(work: Work, case: Case, panel: Panel, by: Member) -> tuple[Button, ...]:
    """What this person may do next towards the decision."""
    decides = allowed(work, by, Act.DECIDE_RESPONSE, case)
    closed = panel.state == VOTING and not panels.voting_is_open(work, panel)
    anew = panel.state != APPROVED and panel_facts_anew.of(work, panel)
    write = button(work, "Write the decision", "panel.decide", case=case, style="primary", opens=True)
    change = button(work, "Change it", "panel.decide", case=case, opens=True)
    look_again = button(work, "Look at the facts again", "panel.facts", case=case, style="primary", opens=True)
    approve = button(work, "Approve the minute", "panel.approve", case=case, style="primary", of=version(work, panel))
    off = button(work, "Take it off", "panel.stop", case=case, panel=panel.id)
    found = (
        (decides and closed, write),
        (decides and panel.state == DECIDED and not anew, approve),
        (decides and panel.state == DECIDED and anew, look_again),
        (decides and panel.state in {DECIDED, DEPARTING}, change),
        (panel_stopping.may_stop(work, case, panel, by), off),
    )
    return tuple(offered for may, offered in found if may)


def version(work: Work, panel: Panel) -> str:
    """What a reader of the draft has read: where it differs by now, they have not read what they would approve."""
    case = work.session.get_one(Case, panel.case_id)
    return post.key_of(work, panel.id, _shown(work, case, panel), panel.plan_says, panel.improvement)


# In words


def votes_in_words(work: Work, panel: Panel) -> str:
    """The tally. A tie is said to be one, and never resolved here (I11)."""
    tally, short = panels.tally_of(work, panel), in_short(work)
    words = dict(panels.choices(work))
    if panel.decision:  # whose national name has been said
        words[panel.decision] = short[panel.decision]
    if not tally.counts:
        return "Nobody voted."
    counts = "; ".join(
        f"{words[choice]}: {count} {'vote' if count == 1 else 'votes'}" for choice, count in tally.counts
    )
    if tally.is_tied:
        between = " and ".join(short[choice] for choice in tally.leading)
        return f"{counts}. It was a tie between {between}." + ("" if panel.decision else f" {GROUP_DECIDES}")
    return f"{counts}."


def quorum_in_words(work: Work, panel: Panel) -> str:
    """What is missing for the quorum; empty when nothing is."""
    lacks = panels.quorum_lacks(work, panel)
    return f"There was no quorum: {quorum_missing(lacks)}. (Policy 12.3.)" if lacks else ""


def proposed_in_words(work: Work, panel: Panel) -> str:
    """What the rules propose from the facts, each with its source."""
    found = panels.proposal_of(work, panel)
    wanted = "; ".join(f"{r.fact} ({source_words(r)})" for r in found.psii)
    again = panel_facts_anew.words(work, panel)
    minimum = f"The minimum is a PSII: {wanted}." if wanted else "" if again else "The facts set no minimum."
    minimum = " ".join(filter(None, (again, minimum)))
    referred = "; ".join(f"{r.fact}, to {r.refer_to} ({source_words(r)})" for r in found.referrals)
    return f"{minimum} To be referred: {referred}." if referred else minimum


def departure_in_words(work: Work, panel: Panel) -> str:
    """Where a departure from the minimum has got to; empty where there is none."""
    if panel.departure is None:
        return ""
    by = people.person(work, panel.departure_by)
    delegate = " (standing in)" if by and not {Role.CHIEF_NURSE, Role.MEDICAL_DIRECTOR} & set(by.roles) else ""
    answered = _by_and_when(work, panel.departure_by, panel.departure_at) + delegate
    note = f" {panel.departure_note}" if panel.departure_note else ""
    return {
        "asked": two_offices.departure_waits(work, panel),
        "agreed": f"Allowed by {answered}.{note}",
        "refused": f"Not allowed, by {answered}.{note}",
    }[panel.departure]


def _by_and_when(work: Work, who: str | None, at: datetime | None) -> str:
    local = instant(work.setting.calendar.local(at)) if at else ""
    return ", ".join(filter(None, (people.name_of(work, who), local)))


def _members(work: Work, panel: Panel) -> tuple[Fact, ...]:
    """Those who have a vote, by why they have it, and whether they gave it."""
    given, lines = panels.votes(work, panel), dict[Seat, list[str]]()
    for m in panels.members(work, panel):
        vote, name = given.get(m.id), people.name_of(work, m.person_id)
        stood_in = f" (voted, through {people.name_of(work, vote.by_id)})" if vote and vote.by_id != m.person_id else ""
        voted = stood_in or (" (voted)" if vote else " (did not vote)")
        lines.setdefault(Seat(m.seat), []).append(name + voted)
    return tuple(Fact(label=seat.words, value=", ".join(lines[seat])) for seat in Seat if seat in lines)


def _papers(case: Case, panel: Panel) -> tuple[Fact, ...]:
    """Each of the three documents: its link, or why it is not there (I12)."""
    given = {label: str(panel.documents.get(which) or "no reason yet") for which, label in DOCUMENTS.items()}
    return tuple(
        Fact(label=label, value=words if is_there(case, words) else f"Not there: {words}", typed=True)
        for label, words in given.items()
    )


def _facts(work: Work, panel: Panel) -> tuple[Fact, ...]:
    """What somebody confirmed to be so, and how they answered the two questions that go with it (I04, I10)."""
    taken_back = panel_taken_back.ids(panel)
    so, unknown = set(panel.facts or ()) - taken_back, set(panel.facts_not_known or ()) - taken_back
    answers = [("Yes", each) for each in work.trust.requirements if each.id in so]
    answers += [("Not known", each) for each in work.trust.requirements if each.id in unknown]
    named = [Fact(label=each.fact, value=f"{answer} ({source_words(each)})") for answer, each in answers]
    for line in panel_taken_back.lines(panel):
        fact, _, how = line.partition(": ")
        named.append(Fact(label=fact, value=f"It counts still, though it was taken back. First {how}", typed=True))
    named = named or [Fact(label="Events with a set response", value="None of them")]
    learning = ". ".join(filter(None, (ANSWERS.get(panel.learning or "", ""), panel.learning_why)))
    more = (
        Fact(label="Confirmed by", value=_by_and_when(work, panel.facts_by, panel.facts_at)),
        Fact(label="Unexpected risk, or much to learn", value=learning, typed=True),
        Fact(label="Could have led to serious harm", value=ANSWERS.get(panel.could_have or "", "")),
    )
    return (*named, *(fact for fact in more if fact.value))
