"""The weekly panel: one post in its channel, and a panel with a thread of its own for each of up to ten cases."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import islice

from sqlmodel import col, select

from psirf_bot.cards.agenda import AgendaLine, agenda_card
from psirf_bot.cards.answers import moment
from psirf_bot.cards.check import clip
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card, Fact, Facts, Part, Words
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import cases, panel_members, panel_papers, panels, post
from psirf_bot.casework.case_facts import allowed, involved_in
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.panel_papers import Opening, closing_of
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, several_of
from psirf_bot.dialogs.typed import many
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.panel import Seat
from psirf_bot.store.tables import Agenda, Case, Panel, Person

MOST = 10
"""How many cases one agenda takes."""
LISTED = 30
"""How many cases there are to choose from."""
AHEAD = 5
"""Working days until the panel meets, where nobody says otherwise."""
TWICE = timedelta(minutes=10)
"""The same cases sent again within this time were one press too many."""
LABEL = 75
"""The longest option that Slack shows."""
NOTHING_WAITS = "No case waits for you to put before the panel."
"""True also for somebody who was involved in the only one that does, who is not to learn of it here."""


# The card


def render(work: Work, which: str) -> Card | None:
    """The weekly agenda's living card."""
    found = work.session.get(Agenda, which)
    if found is None:
        return None
    lines = [_line(work, panel) for panel in panels_of(work, found)]
    return agenda_card(found.meets_on, f"{work.trust.panel.closes_at:%H:%M}", lines) if lines else None


def panels_of(work: Work, found: Agenda) -> list[Panel]:
    """Its panels, in the order of their cases' references."""
    theirs = select(Panel).join(Case, col(Panel.case_id) == Case.id).where(Panel.agenda_id == found.id)
    return list(work.session.exec(theirs.order_by(col(Case.opened_at), Case.reference)))


def _line(work: Work, panel: Panel) -> AgendaLine:
    case = work.session.get_one(Case, panel.case_id)
    kept_inside = case.restricted or case.quality_only or case.state == State.WITHDRAWN
    line = cases.line(work, case)
    about = "" if kept_inside else f"{line.event_type.label.lower()}, {line.service}"
    return AgendaLine(case.reference, about, standing(work, panel))


def standing(work: Work, panel: Panel) -> str:
    """Where a panel has got to, in words that everybody in its channel may read."""
    if panel.state == panels.VOTING:
        if panels.voting_is_open(work, panel):
            return f"Voting is open until {panel_papers.in_words(work, panel.closes_at)}"
        return "Voting has closed. Next the chair writes down what the group decided"
    if panel.state == panels.APPROVED:
        return "Decided, and the minute is approved"
    return "Taken off" if panel.state == panels.STOPPED else "Decided. The minute waits to be approved"


# The form


def _waiting(work: Work, by: str) -> list[Case]:
    """The cases that were read and wait for a panel, the oldest first; not those in which this person was involved."""
    read = select(Case).where(Case.state == State.READ).order_by(col(Case.opened_at), Case.reference)
    not_involved = (case for case in work.session.exec(read) if by not in involved_in(work, case))
    return list(islice(not_involved, LISTED + 1))


def _questions(work: Work, press: Press) -> Sequence[Question]:
    waiting = _waiting(work, press.by.id)
    if not waiting:
        raise Refusal(f"{NOTHING_WAITS} Somebody has just opened the panel for those that did.")
    more = f" There are more: these are the oldest {LISTED}." if len(waiting) > LISTED else ""
    options = {case.reference: clip(cases.line(work, case).heading, LABEL) for case in waiting[:LISTED]}
    return (
        Day("meets", "On which day does the panel meet?", "Voting closes on that day.", coming=True),
        *panel_papers.of_chair(),
        several_of("cases", f"Which cases? Up to {MOST}", options, f"The oldest first.{more}"),
    )


def _so_far(work: Work, press: Press) -> Answers:
    filled: Answers = {
        "meets": panel_papers.usual_day(work, AHEAD).isoformat(),
        "chair": panel_members.likely_chair(work) or None,
        "cases": [case.reference for case in _waiting(work, press.by.id)[:MOST]],
    }
    return filled


def _make(work: Work, press: Press, answers: Answers) -> Card:
    meets_on, picked = date.fromisoformat(str(answers["meets"])), answers["cases"]
    assert isinstance(picked, list)  # noqa: S101 - the question is not optional
    if len(picked) > MOST:
        raise Unfit({"cases": f"You chose {len(picked)}. Please choose up to {MOST}, and leave the rest for later."})
    closing_of(work, meets_on, "meets")
    held = select(Case).where(col(Case.reference).in_(picked), Case.state == State.READ)
    found = list(work.session.exec(held.order_by(col(Case.opened_at), Case.reference).with_for_update()))
    if len(found) < len(picked):  # somebody opened one between the form and now
        raise Unfit({"cases": "Somebody has just opened the panel for one of these. Please choose again."})
    chair, override = panel_members.chair_of(work, answers, *found)
    made = Agenda(id=work.new_id(), meets_on=meets_on, by_id=press.by.id, at=work.now)
    work.session.add(made)
    work.session.flush()
    work.record(press.by.id, "panel agenda made", agenda=made.id, cases=[case.id for case in found])
    post.living_once(work, "panel", f"agenda:{made.id}")  # before those of its cases, which hang below it
    openings = []
    for case in found:
        papers = panel_papers.papers_in(panel_papers.likely_papers(work, case))
        seats = panel_members.usual(work, case)
        openings.append((case, Opening("weekly", chair.id, override, seats, meets_on, papers, made.id)))
    for panel in panel_papers.start_all(work, openings, press.by):
        post.living_once(work, "panel", panels.subject(panel))
    _tell_chair(work, press, made, chair)
    return _made(work, made)


def _tell_chair(work: Work, press: Press, made: Agenda, chair: Person) -> None:
    if chair.id == press.by.id:
        return
    reader, you_are = panel_papers.whoever_chairs(work, chair, press.by)
    references = ", ".join(work.session.get_one(Case, panel.case_id).reference for panel in panels_of(work, made))
    text = (
        f"{you_are} asked to chair the weekly panel on {moment(made.meets_on.isoformat())}: {references}. "
        "To see one of them, type panel and its reference. If you cannot, please tell the quality team."
    )
    post.to_person(work, reader, said(f"{you_are} asked to chair the weekly panel", text, preview=PRIVATE_TASK))


def _made(work: Work, made: Agenda) -> Card:
    """What was made, with what it still lacks: the members that the quorum wants, and a channel."""
    opened = panels_of(work, made)
    cases_ = "One case is" if len(opened) == 1 else f"{len(opened)} cases are"
    text = (
        f"{cases_} before the panel that meets on {moment(made.meets_on.isoformat())}. "
        "What was known of each is filled in. To add its papers, type panel and its reference."
    )
    body: list[Part] = [Words(text=text)]
    if not panel_papers.has_channel(work):
        body.append(Words(text=panel_papers.NO_CHANNEL, style="warning"))
    facts = []
    for panel in opened:
        lacking = panel_members.quorum_warning(work, (Seat(m.seat) for m in panels.members(work, panel)))
        reference = work.session.get_one(Case, panel.case_id).reference
        facts.append(Fact(label=reference, value=lacking or standing(work, panel)))
    return Card(title="The agenda is made", preview=PRIVATE_TASK, body=(*body, Facts(facts=tuple(facts))))


def _made_before(work: Work, press: Press) -> Agenda | None:
    """The agenda that the same press made a moment ago."""
    theirs = select(Agenda).where(Agenda.by_id == press.by.id, col(Agenda.at) > work.now - TWICE)
    for made in work.session.exec(theirs):
        references = {work.session.get_one(Case, panel.case_id).reference for panel in panels_of(work, made)}
        if references == set(many(press.given.get("cases"))):
            return made
    return None


AGENDA = Form(
    Act.OPEN_PANEL,
    "The weekly panel",
    "Make the agenda",
    _questions,
    _make,
    explain="One post lists the cases, and each has a thread of its own. What is known of each is filled in.",
    so_far=_so_far,
)


def agenda_form(work: Work, press: Press) -> Reply:
    """The form that makes an agenda; pressed twice, what it made; with nothing to put on one, when the panel meets."""
    if press.given:
        again = _made_before(work, press)
        return Reply(card=_made(work, again)) if again else AGENDA(work, press)
    if allowed(work, press.by, Act.OPEN_PANEL) and not _waiting(work, press.by.id):
        return Reply(card=_nothing_waits(work), replaces=press.place.private)
    return AGENDA(work, press)


def _nothing_waits(work: Work) -> Card:
    """Nothing to put on an agenda is no failure."""
    coming = select(col(Agenda.meets_on)).join(Panel, col(Panel.agenda_id) == Agenda.id)
    coming = coming.where(Agenda.meets_on >= work.local.date(), Panel.state != panels.STOPPED)
    day = work.session.exec(coming.order_by(col(Agenda.meets_on))).first()
    meets = (
        f"The next weekly panel meets on {moment(day.isoformat())}."
        if day
        else "No agenda is made for a coming day yet."
    )
    how = "Once a case has been read, type agenda again. To see those that wait to be read, type overdue."
    return said("Nothing for the panel now", f"{NOTHING_WAITS} {meets} {how}")
