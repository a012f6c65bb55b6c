"""The chair decides and approves the minute; a departure from the minimum is asked for (I09, I13, I14)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from psirf_bot.cards.answers import instant
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import (
    minute_kept,
    news,
    notifications,
    panel_card,
    panel_closing,
    panel_departure,
    panel_facts_anew,
    panel_opening,
    panel_taken_back,
    panels,
    people,
    post,
    response,
    support,
    two_offices,
    verifying,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, panel_of
from psirf_bot.casework.changes import tell_owner
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.forms import Answers, Form, Unfit, about_systems, case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.panel_draft import READ_IT, draft, proposed_in_words, quorum_in_words, version, votes_in_words
from psirf_bot.casework.panels import APPROVED, DECIDED, DEPARTING
from psirf_bot.casework.response_changes import changed, drop
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, long_text, one_of, short_text
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.panel import WITHOUT_RESPONSE
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, Panel

NOT_THEIRS = "This one is not yours to decide any more. The quality team is asked to choose another chair. Thank you."
"""For the chair who was named in a report that was joined, and the like; it gives no reason away."""
NO_QUORUM = "Without the quorum: "
"""How a rationale begins where the quorum was missing; the first line then says why it was decided all the same."""
TO_THE_REPORTER = {
    "improvement": "It was decided that what you reported becomes part of improvement work that looks at several "
    "events together.",
    "other-process": "It was decided that another process is the right place for this.",
    "none": "It was decided that no further response is needed now. Your report is kept, and counts when events like "
    "it are looked at together.",
}


def _chaired(work: Work, press: Press, case: Case) -> Panel:
    """The panel, for whoever chairs it today. Raises Refusal."""
    panel = panel_of(work, case)
    if panel is None or not allowed(work, press.by, Act.DECIDE_RESPONSE, case):
        if not allowed(work, press.by, Act.SEE_PANEL, case):
            chaired = panel and case.state == State.IN_PANEL and press.by.acts_as(panel.chair_id, Role.CHAIR)
            raise Refusal(NOT_THEIRS if chaired else not_now(work, press, case))
        if case.state != State.IN_PANEL:
            raise Refusal(f"{case.reference} has moved on. Type panel {case.reference} to see what was decided.")
        raise Refusal("That is for the chair of this panel, or whoever stands in for the chair.")
    return panel


def _ready(work: Work, case: Case, panel: Panel) -> None:
    """Voting has closed, and what the group has to know is there (I04, I09, I12). Raises Refusal with what is not."""
    waits = []
    if panels.voting_is_open(work, panel):
        closes = instant(work.setting.calendar.local(panel.closes_at))
        waits.append(f"Voting is open until {closes}: wait for that, or close it now.")
    if missing := panel_opening.missing_papers(panel):
        waits.append(f"These papers have neither a link nor a reason why they are not there: {', '.join(missing)}.")
    if panel.facts is None:
        waits.append("Nobody has confirmed the facts.")
    if panel.learning is None:
        waits.append("Nobody has said whether the risk is unexpected, or there is much to learn.")
    if waits:
        raise Refusal(
            f"{case.reference} cannot be decided yet. {' '.join(waits)} Type panel {case.reference} to go there."
        )


# The decision


def _decide(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    panel = _chaired(work, press, case)
    panel_closing.close_if_due(work, case, panel, press.by)
    _ready(work, case, panel)
    words = (votes_in_words(work, panel), quorum_in_words(work, panel), proposed_in_words(work, panel))
    return replace(FORM, explain="\n\n".join(filter(None, words)))(work, press)


def _questions(work: Work, press: Press) -> Sequence[Question]:
    panel = _chaired(work, press, case_of(work, press))
    why_not = long_text(
        "departure",
        "If it is not a PSII: why not?",
        "The Chief Nurse or the Medical Director answers this. It stays on the list of gaps.",
        optional=True,
        max_length=1500,
    )
    no_quorum = short_text(
        "without-quorum", "The quorum is missing: why decide all the same?", "The minute says so.", max_length=300
    )
    hint = "The minute has these words. For another process, say which one."
    return (
        one_of("decision", "What did the panel decide?", panels.choices(work)),
        long_text("rationale", "Why?", hint, max_length=2000),
        *((why_not,) if panels.proposal_of(work, panel).needs_psii else ()),
        *((no_quorum,) if panels.quorum_lacks(work, panel) else ()),
    )


def _so_far(work: Work, press: Press) -> Answers:
    panel = _chaired(work, press, case_of(work, press))
    why, rationale = _rationale_of(panel)
    return {
        "decision": panel.decision,
        "rationale": rationale or None,
        "departure": panel_taken_back.besides(panel) or None,
        "without-quorum": why or None,
    }


def _rationale_of(panel: Panel) -> tuple[str, str]:
    """Why it was decided without the quorum, and the rationale."""
    words = panel.rationale or ""
    if not words.startswith(NO_QUORUM):
        return "", words
    why, _, rationale = words.removeprefix(NO_QUORUM).partition("\n")
    return why, rationale.lstrip("\n")


def _rationale_in(answers: Answers) -> str:
    why = " ".join(str(answers.get("without-quorum") or "").split())
    rationale = str(answers["rationale"])
    return f"{NO_QUORUM}{why}\n\n{rationale}" if why else rationale


def _write(work: Work, press: Press, answers: Answers) -> Card:
    """Written, and where it is less than the minimum asked for; not approved yet."""
    case = case_of(work, press)
    panel = _chaired(work, press, case)
    about_systems(answers, "rationale")
    decision, rationale = str(answers["decision"]), _rationale_in(answers)
    departs = panel_departure.departs(work, panel, decision)
    taken_back, given = panel_taken_back.lines(panel), str(answers.get("departure") or "")
    why = panel_taken_back.together(taken_back, given) if departs else None
    if departs and why is None:
        text = "A PSII is the minimum here. Please say why the panel wants something else, or choose a PSII."
        raise Unfit({"departure": text})
    asked_before = panel.state == DEPARTING or panel_departure.holds(panel)
    same_question = asked_before and (panel.decision, panel.departure_why) == (decision, why)
    if (panel.decision, panel.rationale) != (decision, rationale) or not same_question:
        panel.decision, panel.rationale = decision, rationale
        panel.decided_by, panel.decided_at = press.by.id, work.now
    if why is None:
        panel.state = DECIDED
        panel_departure.cleared(panel)
        drop(work, case, ("panel.departure",), press.by.id, "decided again")
    elif not same_question:
        panel.state = DEPARTING
        panel_departure.ask(work, case, panel, why, press.by.id)
    panels.refresh(work, panel)
    changed(work, case, press.by.id, "panel decided", panel=panel.id, decision=decision, why=rationale, departs=why)
    return draft(work, case, panel, press.by, _opening(work, panel))


def _opening(work: Work, panel: Panel) -> str:
    if panel.state != DEPARTING:
        return READ_IT
    names = " and ".join(someone.name for someone in panel_departure.asked_of(work, panel))
    if not names:
        return f"This is less than the minimum, and nobody can answer it today. {two_offices.HOW}"
    return f"This is less than the minimum, so I have asked {names}. I will tell you when one of them has answered."


# The minute


def _approve(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    done = panel_of(work, case)
    if not (done and done.state == APPROVED and done.approved_by == press.by.id):  # otherwise pressed twice
        panel = _chaired(work, press, case)
        _ready(work, case, panel)
        if panel.decision and press.args.get("of", version(work, panel)) != version(work, panel):
            opening = "This has changed since you read it. Please read it once more."
            return Reply(card=draft(work, case, panel, press.by, opening), replaces=press.place.private)
        _may_be_approved(work, case, panel)
        _approved(work, case, panel, press.by)
        done = panel
    return Reply(card=_what_next(work, case, done, press.by), replaces=press.place.private)


def _may_be_approved(work: Work, case: Case, panel: Panel) -> None:
    """It was written, and still stands now that facts and members may have changed. Raises Refusal."""
    again = f"Type panel {case.reference}, and change the decision."
    if panel.state == DEPARTING:
        raise Refusal(f"{two_offices.departure_waits(work, panel)} I will tell you when they have answered.")
    if panel.state != DECIDED:
        raise Refusal(f"The decision has not been written yet. Type panel {case.reference} to write it.")
    if looks_again := panel_facts_anew.words(work, panel):
        raise Refusal(f"{looks_again} Type panel {case.reference} to do so.")
    if panel_departure.departs(work, panel, panel.decision) and not panel_departure.holds(panel):
        before = "since a departure was allowed" if panel.departure == panels.AGREED else "since it was written"
        text = f"The facts were confirmed again {before}, and a PSII is the minimum now."
        raise Refusal(f"{text} {proposed_in_words(work, panel)} {again} Choose a PSII, or say why not.")
    if panels.quorum_lacks(work, panel) and not _rationale_of(panel)[0]:
        raise Refusal(f"{quorum_in_words(work, panel)} {again} It asks why you decide all the same.")


def _approved(work: Work, case: Case, panel: Panel, by: Member) -> None:
    panel.state, panel.approved_by, panel.approved_at = APPROVED, by.id, work.now
    minute_kept.keep(work, case, panel)
    which_round = str(len(minute_kept.approved(work, case)))  # the filing of an earlier minute may be owed still
    happened(work, Event.MINUTE_APPROVED, of_case(case), by.id, occurrence=which_round)
    decision = str(panel.decision)
    changed(work, case, by.id, "minute approved", panel=panel.id, minute=panel.minute)
    if decision in WITHOUT_RESPONSE:
        _without_response(work, case, decision, by)
    else:
        response.decide(work, case, decision, by)
    notifications.owed_from_now(work, case, by.id)
    panels.refresh(work, panel)


def _without_response(work: Work, case: Case, decision: str, by: Member) -> None:
    before = current(work, case)
    if before and before.lead_id and before.started_at is None and before.ended_at is None:
        text = f"The panel decided on something else for {case.reference}. There is nothing you need to do. Thank you."
        post.to_person(work, before.lead_id, said("There is nothing to lead", text, preview=PRIVATE_TASK))
    response.let_go(work, case, by)
    case.state = State.DECIDED
    changed(work, case, by.id, "decided without a learning response", decision=decision)
    happened(work, Event.NO_RESPONSE_DECIDED, of_case(case), by.id)
    text = (
        f"The panel decided: {panels.choices(work)[decision].lower()}. When you can say what changed, please close the "
        "case: the reporter is sent those words."
    )
    tell_owner(work, case, by, f"{case.reference} has no learning response", text)
    if not any(need.person_id == case.reporter_id for need in support.of_case(work, case)):  # they hear it in person
        then = "The quality team will tell you what changed. Thank you for speaking up."
        text = f"{case.reference}: {TO_THE_REPORTER[decision]} {then}"
        news.tell_reporter(work, case, "It was decided what comes of your report", text)


def _what_next(work: Work, case: Case, panel: Panel, by: Member) -> Card:
    """To the chair: what was decided, and who has to do what now."""
    text = f"The panel decided on: {panels.choices(work)[str(panel.decision)]}."
    if panel.decision == PSII:
        waits = f"It waits to be verified by {verifying.BY_OFFICE}."
        text += f" {waits if verifying.can_be(work, case) else f'Nobody can verify it today. {two_offices.HOW}'}"
        text += " Nothing else waits for that."
    elif panel.decision in WITHOUT_RESPONSE:
        text += " The quality team closes the case once it can say what changed."
    elif (response_now := current(work, case)) and response_now.lead_id:
        text += f" {people.name_of(work, response_now.lead_id)} still leads it."
    else:
        text += " Next, somebody is chosen to lead it."
    text += " The quality team files the minute on Datix."
    minute = button(work, "The minute", "minute.show", case=case, opens=True)
    lead = button(work, "Choose the lead", "response.lead", case=case, style="primary", opens=True)
    has_lead = panel.decision not in WITHOUT_RESPONSE and allowed(work, by, Act.CHOOSE_LEAD, case)
    return said(f"The minute of {case.reference} is approved", text, *((lead,) if has_lead else ()), minute)


FORM = Form(
    Act.DECIDE_RESPONSE,
    "What the panel decided",
    "Save the decision",
    _questions,
    _write,
    about=panel_card.about,
    so_far=_so_far,
)

VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "panel.decide": _decide,
    "panel.approve": _approve,
    **panel_departure.VERBS,
}
