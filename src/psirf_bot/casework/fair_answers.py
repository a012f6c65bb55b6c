"""What the two answer: propose, agree, differ, state one's own, go back, and confirm at the end."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from psirf_bot.cards import fair_page as cards
from psirf_bot.cards.model import Button, Card, Part, Progress, Words
from psirf_bot.casework import fair_circle, fair_follow_ups, fair_page, fair_pair, fair_pausing, fair_runs
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, happened, running, settle
from psirf_bot.casework.fair_answering import DISCUSSED, REASON, Answering, check, check_what_stands, questions
from psirf_bot.casework.fair_page import NOT_YET
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.being_fair import NO_NAMES
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import Question, Text, long_text
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.events import Event
from psirf_bot.domain.joint import Entry, Kind
from psirf_bot.store.tables import FairRun

KEPT = "Your words are still in the form. To go on, press “Where it is now”, or open your private task again."
OVERTAKEN = "This page has been overtaken, so nothing was sent."
CHANGED = "Something has changed since you looked, so nothing was sent. Please read it again."
ALONE = "Your colleague can no longer take part, so nothing was sent. Please ask another colleague."
NOT_OPEN = {
    fair_runs.INVITED: "Nothing can be answered before both of you have joined.",
    fair_runs.PAUSED: "It is paused, so nothing was sent. Press “Go on now” to answer; either of you can.",
    fair_runs.ENDED: "It has come to its end meanwhile, so nothing was sent.",
}


def _while_open(does: Callable[[Work, Press, FairRun], Reply]) -> Callable[[Work, Press], Reply]:
    """For the two alone, and while the run is open; at another time they are told so, and see where it is."""

    def pressed(work: Work, press: Press) -> Reply:
        run = fair_runs.held(work, press)
        if may(press.by, Act.ANSWER_FAIR, fair_circle.facts(work, run)):
            if fair_runs.can_take_part(work, run, fair_runs.other(run, press.by.id)):
                return does(work, press, run)
            return _overtaken(work, press, run, ALONE)
        if not fair_page.is_one_of_the_two(run, press.by):
            raise fair_runs.refused(work)
        return _overtaken(work, press, run, NOT_OPEN[run.state])

    return pressed


def _overtaken(work: Work, press: Press, run: FairRun, why: str = OVERTAKEN) -> Reply:
    """Not done: in words beside what they have typed, otherwise on the page as it is now. The words name no page."""
    if any(press.given.values()):
        raise Refusal(f"{why} {KEPT}")
    return fair_page.shown(work, press, run, why)


# One page


def _propose(work: Work, press: Press, run: FairRun) -> Reply:
    """The form of a page, or the answers it brings: a proposal, a different one, or what somebody states for
    themselves."""
    now = fair_runs.where(work, run)
    on_path = (*now.turn.passed, *((now.page,) if now.page else ()))
    page = next((p for p in on_path if p.asks()[0] == press.args.get("page", now.key)), None)
    if page is None:
        return _overtaken(work, press, run)
    at = Answering(run, press.by, now, page, press.args.get("about", ""))
    asked = questions(at, press.given)
    agree: tuple[Button, ...] = ()
    if at.theirs:  # whatever they send next, they have read this one
        about = str(at.theirs.number)
        press = replace(press, args={**press.args, "about": about})
        agree = (button(work, "Agree", "fair.agree", run=run.id, about=about),)
    form = Form(
        Act.REPORT,
        "Your answer" if at.for_themselves else "Your proposal",
        "Send my answer" if at.for_themselves else "Propose",
        lambda work, press: asked,
        lambda work, press, answers: _take(work, at, asked, answers),
        so_far=lambda work, press: _so_far(work, at),
        keeps=False,
    )
    return fair_page.as_form(work, press, run, form, _opening(work, at), agree)


def _place(work: Work, run: FairRun, by: Member, page: Page) -> tuple[Part, ...]:
    return Words(text=fair_page.line(work, run, by), style="subtle"), Progress(text=page.title)


def _opening(work: Work, at: Answering) -> tuple[Part, ...]:
    parts = _place(work, at.run, at.by, at.page)
    if at.theirs:
        parts += fair_page.proposal_parts(work, at.run, at.page, at.theirs)
    return (*parts, Words(text=cards.FOR_YOURSELF)) if at.for_themselves else parts


def _so_far(work: Work, at: Answering) -> Answers:
    proposed = at.proposal.answers if at.proposal else None
    return proposed or fair_page.filled_in(work, at.run, at.by, at.now, at.page)


def _take(work: Work, at: Answering, asked: Sequence[Question], given: Answers) -> Card:
    """Keep what they propose or state. To propose the same as the other is not to agree: that takes “Agree”."""
    answers = {key: given[key] for key in at.page.asks()}
    if at.for_themselves and answers[at.key] == "no":  # what was typed beside it is no ground for anything
        answers = {key: value if key == at.key else None for key, value in answers.items()}
    reason = str(given.get(REASON) or "") or None
    check(answers)
    typed = [question.id for question in asked if isinstance(question, Text) and given.get(question.id)]
    for question in typed:
        fair_pair.without_their_name(work, at.run, given, question)
    check_what_stands(work, at, answers, reason)
    if answers != at.standing:
        kind = Kind.STATED if at.for_themselves else Kind.PROPOSED
        about = at.theirs.number if at.theirs else None
        fair_runs.log(work, at.run, at.by.id, kind, page=at.key, answers=answers, about=about, reason=reason)
        _look_ahead(work, at.run, at.by, tell=not at.waits_already)
    return fair_page.page(work, at.run, at.by)


# Agreeing


def _agree(work: Work, press: Press, run: FairRun) -> Reply:
    """Agree to the other's newest proposal; if that is another one by now, it is shown first."""
    now, about = fair_runs.where(work, run), press.args.get("about")
    proposal = now.standing.proposed.get(now.key)
    if proposal and str(proposal.number) == about and proposal.by != press.by.id:
        _agree_to(work, run, press.by, proposal)
        return fair_page.shown(work, press, run)
    own = (e for e in fair_runs.entries(work, run) if e.kind == Kind.AGREED and e.by_id == press.by.id)
    if any(str(e.about) == about for e in own):  # pressed twice
        return fair_page.shown(work, press, run)
    return _overtaken(work, press, run, CHANGED)


def _agree_to(work: Work, run: FairRun, by: Member, proposal: Entry) -> None:
    fair_runs.log(work, run, by.id, Kind.AGREED, page=proposal.page, about=proposal.number)
    if proposal.answers.get(DISCUSSED, NOT_YET) != NOT_YET:
        happened(work, Event.FAIR_TALKED, fair_runs.subject(run), by.id)
    _look_ahead(work, run, by)


def _look_ahead(work: Work, run: FairRun, by: Member, *, tell: bool = True) -> None:
    """What follows from an answer: the run waits where the tool waits, and the other is told of what is theirs now."""
    now = fair_runs.where(work, run)
    if not now.turn.record.answered_no_or_not_known_to_any_of_1b_to_1d():
        for duty in running(work, fair_runs.subject(run), "fair.discussed"):  # the tool does not ask for it any more
            settle(work, duty, DROPPED, by.id)
    if now.waits:
        fair_pausing.pause_until_known(work, run, now, by.id)
    if tell:
        fair_runs.tell(work, run, fair_runs.other(run, by.id))


# Going back


def _reopen(work: Work, press: Press, run: FairRun) -> Reply:
    """Look at a page again: what was agreed on it no longer counts, and what came after it waits."""
    now = fair_runs.where(work, run)
    page = next((p for p in now.turn.passed if p.asks()[0] == press.args.get("page")), None)
    if page is None:
        return _overtaken(work, press, run)

    def do(work: Work, press: Press, answers: Answers) -> Card:
        key, reason = page.asks()[0], fair_pair.without_their_name(work, run, answers, REASON)
        fair_runs.log(work, run, press.by.id, Kind.REOPENED, page=key, reason=reason)
        fair_runs.tell(work, run, fair_runs.other(run, press.by.id))
        return fair_page.page(work, run, press.by)

    hint = f"It stays in the record. {NO_NAMES}"
    form = Form(
        Act.REPORT,
        "Look at it again",
        "Look at it again",
        lambda work, press: (
            long_text(REASON, "Why would you like to look at this page again?", hint, max_length=1000),
        ),
        do,
        explain="What you agreed on this page no longer counts then. Later answers are kept for when you come to them.",
        keeps=False,
    )
    opening = (*_place(work, run, press.by, page), fair_page.agreed_on(work, run, now, page))
    return fair_page.as_form(work, press, run, form, opening)


# The end


def _confirm(work: Work, press: Press, run: FairRun) -> Reply:
    """Confirm everything as it was shown; with the second of the two the run has come to its end."""
    now = fair_runs.where(work, run)
    if now.end is None or now.waits or press.args.get("digest") != fair_page.digest(work, run, now):
        return fair_page.shown(work, press, run, CHANGED)
    if press.by.id not in now.standing.confirmed:  # else pressed twice
        fair_runs.log(work, run, press.by.id, Kind.CONFIRMED)
        if now.closes_by_itself or now.standing.confirmed | {press.by.id} >= set(fair_runs.pair(run)):
            fair_follow_ups.end_run(work, run, now.end, press.by.id)
        else:
            fair_runs.tell(work, run, fair_runs.other(run, press.by.id))
    return fair_page.shown(work, press, run)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "fair.propose": _while_open(_propose),
    "fair.agree": _while_open(_agree),
    "fair.reopen": _while_open(_reopen),
    "fair.confirm": _while_open(_confirm),
}
