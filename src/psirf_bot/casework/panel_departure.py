"""A panel wants less than the PSII that is its minimum: the Chief Nurse or the Medical Director answers (I09).

Whoever wrote the decision, or chairs the panel, never answers it. Allowed or not, it stays in the record.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from psirf_bot.cards import panel_decision as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import (
    panel_card,
    panel_chair,
    panel_taken_back,
    panels,
    people,
    post,
    two_offices,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, case_facts, panel_of
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.duty_lines import words_of
from psirf_bot.casework.forms import Answers, Form, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.panel_draft import draft, proposed_in_words, version
from psirf_bot.casework.panels import AGREED, ASKED, DECIDED, DEPARTING, REFUSED, VOTING
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, long_text
from psirf_bot.domain.authority import Act
from psirf_bot.domain.events import Event
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, Panel, Person

ANOTHER_CHAIR_FIRST = (
    "The panel needs another chair first, and the quality team is asked to choose one. The new chair writes the "
    "decision again, and you are asked again if it is still less than the minimum."
)
KEPT_FOR_THE_NEXT = (
    "Your words are kept with the panel. The quality team is asked to choose another chair, who writes the decision "
    "again."
)


def departs(work: Work, panel: Panel, decision: str | None) -> bool:
    """Whether this decision is less than the facts ask for."""
    return decision != PSII and panels.proposal_of(work, panel).needs_psii


def holds(panel: Panel) -> bool:
    """Whether it was allowed, on the facts as they are: facts confirmed since then have not been considered."""
    answered, confirmed = panel.departure_at, panel.facts_at
    return panel.departure == AGREED and not (answered and confirmed and confirmed > answered)


def ask(work: Work, case: Case, panel: Panel, why: str, by: str) -> None:
    """Ask both of them; the first answer counts. Its clock is the Chief Nurse's, unless they wrote the decision."""
    panel.departure, panel.departure_why = ASKED, why
    panel.departure_by = panel.departure_at = panel.departure_note = None
    work.session.add(panel)
    work.session.flush()
    happened(work, Event.DEPARTURE_ASKED_FOR, of_case(case), by)
    for clock in running(work, of_case(case), "panel.departure"):
        two_offices.hand_on(work, clock, two_offices.may_answer(work, case, panel))
    asked = asked_of(work, panel)
    for someone in asked:
        post.to_person(work, someone.id, _card(work, case, panel, someone), key=_asked_once(work, panel, someone))
    if not asked:
        panel_chair.tell_quality(work, case, two_offices.nobody_answers(case.reference))


def see_to(work: Work, case: Case, panel: Panel) -> None:
    """Who can answer may have changed: its duty goes to them; where nobody can any more, that is said, once."""
    for clock in running(work, of_case(case), "panel.departure"):
        asked = two_offices.hand_on(work, clock, two_offices.may_answer(work, case, panel))
        for someone in asked_of(work, panel) if asked else ():
            at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, someone.id))
            once = _asked_once(work, panel, someone)
            post.to_person(work, someone.id, _card(work, case, panel, someone), at=at, key=once)
        if asked == []:
            card = two_offices.nobody_answers(case.reference)
            panel_chair.tell_quality(work, case, card)
            panel_chair.tell(work, case, panel, card)


def _asked_once(work: Work, panel: Panel, someone: Person) -> str:
    """Once each time that it is written."""
    written = panel.decided_at, panel.decision, panel.departure_why
    return post.key_of(work, "departure", panel.id, *written, someone.id)


def asked_of(work: Work, panel: Panel) -> list[Person]:
    """Who may answer it today: whoever holds one of the two offices and has not decided what is asked."""
    case = work.session.get_one(Case, panel.case_id)
    return two_offices.holders(work, two_offices.may_answer(work, case, panel))


def cleared(panel: Panel) -> None:
    """There is no departure any more. That one was refused stays so, whatever is decided afterwards."""
    if panel.departure == REFUSED:
        return
    panel.departure, panel.departure_why = None, panel_taken_back.together(panel_taken_back.lines(panel), None)
    panel.departure_by = panel.departure_at = panel.departure_note = None


def _deciders(panel: Panel) -> set[str | None]:
    return {panel.chair_id, panel.decided_by}


def _card(work: Work, case: Case, panel: Panel, reader: Person) -> Card:
    shown = cards.Departure(
        reference=case.reference,
        service=case.service,
        proposed=proposed_in_words(work, panel),
        wanted=panels.choices(work)[panel.decision or ""],
        asked_by=people.name_of(work, panel.decided_by),
        why=panel.departure_why or "",
        others=_other_office(work, panel, reader),
    )
    of = version(work, panel)
    allow = button(work, "Allow it", "panel.depart-yes", case=case, opens=True, of=of)
    refuse = button(work, "It has to be a PSII", "panel.depart-no", case=case, opens=True, of=of)
    look = button(work, "Open the panel", "panel.show", case=case, opens=True)
    sees = allowed(work, people.member(work, reader), Act.SEE_PANEL, case)
    return cards.departure_card(shown, (allow, refuse, *((look,) if sees else ())))


def _other_office(work: Work, panel: Panel, reader: Person) -> str:
    """The office that the reader does not hold, where somebody who was asked holds it today."""
    asked = {someone.id for someone in asked_of(work, panel)}
    held = {role: {someone.id for someone in people.holders(work, role)} for role in two_offices.OFFICES}
    others = [role for role, holders in held.items() if reader.id not in holders and holders & asked]
    return words_of(others[0]) if others else ""


# Answered


def _asked(work: Work, press: Press) -> tuple[Case, Panel]:
    """The case and its panel, for somebody who may answer. Raises Refusal."""
    case = case_of(work, press)
    panel = panel_of(work, case)
    if panel is None or not allowed(work, press.by, Act.ANSWER_DEPARTURE, case):
        if allowed(work, press.by, Act.SEE_PANEL, case):
            raise Refusal(f"Nothing of {case.reference} waits for that. Type panel {case.reference} to see the panel.")
        if press.by.roles & set(two_offices.OFFICES) and panel and panel.state == DEPARTING:
            raise Refusal("This one is for somebody else to answer. There is nothing you need to do.")
        raise Refusal("Only the Chief Nurse or the Medical Director, or whoever stands in for them, can answer this.")
    if press.by.id in _deciders(panel):
        raise Refusal("You decided on this with the panel, so somebody else has to answer it. (Policy 12.3.)")
    if panel.state != DEPARTING:
        by = f" {people.name_of(work, panel.departure_by)} has answered it." if panel.departure_by else ""
        raise Refusal(f"Nothing of {case.reference} waits for an answer any more.{by} Thank you.")
    return case, panel


def _answers(form: Form) -> Callable[[Work, Press], Reply]:
    """The form with what is asked in it; anew in full, where that has changed since its reader was asked."""

    def pressed(work: Work, press: Press) -> Reply:
        case, panel = _asked(work, press)
        reader = people.person(work, press.by.id)
        if reader and press.args.get("of", version(work, panel)) != version(work, panel):
            return Reply(card=_card(work, case, panel, reader), notice="This has changed since you were asked.")
        wanted = panels.choices(work)[panel.decision or ""]
        text = f"The panel wants: {wanted}. What the rules propose: {proposed_in_words(work, panel)}"
        return replace(form, explain=text)(work, press)

    return pressed


def _note(work: Work, press: Press) -> Sequence[Question]:
    return (long_text("note", "Is there anything the minute should say?", optional=True, max_length=1000),)


def _reason(work: Work, press: Press) -> Sequence[Question]:
    return (long_text("why-psii", "Why does it have to be a PSII?", "The chair reads your words.", max_length=1000),)


def _allow(work: Work, press: Press, answers: Answers) -> Card:
    case, panel = _asked(work, press)
    _answered(work, press, case, panel, AGREED, str(answers["note"] or "") or None)
    chairs = _chairs(work, case, panel)
    for chair in chairs:
        opening = f"{press.by.name} allows what the panel wants. Please read the minute once more, and approve it."
        post.to_person(work, chair.id, draft(work, case, panel, people.member(work, chair), opening))
    look = button(work, "See the list of gaps", "gaps.show", opens=True)
    text = "The chair is told. It stays on the list of gaps." if chairs else ANOTHER_CHAIR_FIRST
    return said(f"Allowed: {case.reference}", text, look)


def _refuse(work: Work, press: Press, answers: Answers) -> Card:
    case, panel = _asked(work, press)
    chairs, why = _chairs(work, case, panel), str(answers["why-psii"])
    _answered(work, press, case, panel, REFUSED, why)
    text = f"{press.by.name} has answered that it has to be a PSII. Why: {why}"
    for chair in chairs:
        write = button(work, "Write the decision", "panel.decide", case=case, style="primary", opens=True)
        title = f"{case.reference} has to be a PSII"
        post.to_person(work, chair.id, said(title, text, write, preview=PRIVATE_TASK))
    text = "The chair has your words, and writes the decision again." if chairs else KEPT_FOR_THE_NEXT
    return said(f"It has to be a PSII: {case.reference}", text)


def _answered(work: Work, press: Press, case: Case, panel: Panel, answer: str, note: str | None) -> None:
    """Allowed, the decision stands; otherwise there is none any more, and the chair writes it again."""
    wanted = panel.decision
    panel.departure, panel.departure_note = answer, note
    panel.departure_by, panel.departure_at = press.by.id, work.now
    panel.state = DECIDED if answer == AGREED else VOTING
    if answer == REFUSED:
        panel.decision = panel.rationale = panel.decided_by = panel.decided_at = None
    happened(work, Event.DEPARTURE_ANSWERED, of_case(case), press.by.id)
    panels.refresh(work, panel)
    changed(work, case, press.by.id, f"departure {answer}", panel=panel.id, decision=wanted, note=note)


def _chairs(work: Work, case: Case, panel: Panel) -> list[Person]:
    """Whoever chairs it today, and whoever wrote the decision if that was somebody else; nobody who is kept out."""
    wrote, out = people.person(work, panel.decided_by), case_facts(work, case).kept_out_ids
    both = panel_chair.acting(work, case, panel), wrote
    found = list({p.id: p for p in both if p and p.active and p.id not in out}.values())
    if not found:
        panel_chair.ask_for_another(work, case)
    return found


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "panel.depart-yes": _answers(
        Form(Act.ANSWER_DEPARTURE, "Allow the departure", "Allow it", _note, _allow, about=panel_card.about),
    ),
    "panel.depart-no": _answers(
        Form(Act.ANSWER_DEPARTURE, "It has to be a PSII", "Tell the chair", _reason, _refuse, about=panel_card.about),
    ),
}
