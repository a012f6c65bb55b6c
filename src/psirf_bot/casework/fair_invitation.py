"""An invitation to use the being fair tool together: answered, taken back, or passed to another colleague (L07)."""

from collections.abc import Callable, Sequence

from psirf_bot.cards import fair_start as cards
from psirf_bot.cards.fair import nothing_waits
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import fair_circle, fair_pair, fair_runs, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, happened, running, settle
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import People, Question
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.being_fair import POLICE, SAFEGUARDING
from psirf_bot.domain.deadlines import Event
from psirf_bot.store.tables import FairRun

ANSWERED = {"declined": True, "invited": False, "replaced": False, "joined": False}
"""What says whether whoever was asked last has said no."""


def invitation(work: Work, run: FairRun, by: Member) -> Card:
    """The page of a run that waits for one of the two to join."""
    case, declined = fair_circle.case_of(work, run), _is_declined(work, run)
    if by.id in fair_runs.pair(run) and by.id not in run.joined:
        colleague = fair_runs.other(run, by.id)
        name, team = people.name_of(work, colleague), fair_runs.TEAM_WORDS[fair_runs.team_of(run, colleague)]
        join = button(work, "Join", "fair.join", person_id=by.id, style="primary", run=run.id)
        cannot = button(work, "I cannot take part", "fair.decline", person_id=by.id, run=run.id)
        answers = (join,) if declined else (join, cannot)
        return cards.invited(run.reference, case.reference, name, team, declined=declined, buttons=answers)
    asked = next(who for who in fair_runs.pair(run) if who not in run.joined)
    name, team = people.name_of(work, asked), fair_runs.TEAM_WORDS[fair_runs.team_of(run, asked)]
    buttons = _of_the_one_who_waits(work, run, by) if by.id in run.joined else ()
    return cards.waiting(run.reference, case.reference, name, team, declined=declined, buttons=buttons)


def _of_the_one_who_waits(work: Work, run: FairRun, by: Member) -> tuple[Button, ...]:
    found = [button(work, "Ask another colleague", "fair.replace", person_id=by.id, opens=True, run=run.id)]
    if _can_take_back(work, run, by):
        found.append(button(work, "Take it back", "fair.withdraw", person_id=by.id, run=run.id))
    ways = (("Suspected crime", POLICE), ("Safeguarding", SAFEGUARDING))
    leave = [button(work, label, "fair.leave", person_id=by.id, opens=True, run=run.id, way=way) for label, way in ways]
    return (*found, *leave)


def invite(work: Work, run: FairRun, by: Member, how: str, colleague: str) -> None:
    """Ask a colleague to join, who hears only that something private waits. `how`: invited or replaced."""
    fair_runs.log(work, run, by.id, how, answers={"asked": colleague})
    happened(work, Event.FAIR_INVITED, fair_runs.subject(run), by.id)
    fair_runs.tell(work, run, colleague)


def _shown(card: Card) -> Reply:
    return fair_runs.sealed(Reply(card=card))


def open_it(work: Work, run: FairRun, by: Member, label: str = "Open it") -> Button:
    """The way to where a run is now."""
    return button(work, label, "fair.show", person_id=by.id, opens=True, run=run.id)


# Answering it


def _join(work: Work, press: Press) -> Reply:
    """Not for whoever has become the line manager meanwhile: they are kept out."""
    run, by = fair_runs.held(work, press), press.by
    if by.id in run.joined:
        return _shown(cards.moved_on(run.reference, open_it(work, run, by)))
    run = fair_runs.held(work, press, Act.JOIN_FAIR)
    anew = _was_under_way(work, run)
    run.joined, run.state = [*run.joined, by.id], fair_runs.OPEN
    work.session.add(run)
    fair_runs.log(work, run, by.id, "joined")
    happened(work, Event.FAIR_JOINED, fair_runs.subject(run), by.id)
    fair_runs.tell(work, run, fair_runs.other(run, by.id))
    begin = button(work, "Begin", "fair.show", person_id=by.id, style="primary", opens=True, run=run.id)
    return _shown(cards.joined(run.reference, begin, anew=anew))


def _decline(work: Work, press: Press) -> Reply:
    """No reason is asked for. They are reminded no more; whoever invited them hears that something waits."""
    run, by = fair_runs.held(work, press), press.by
    if by.id in run.joined:
        return _shown(cards.moved_on(run.reference, open_it(work, run, by)))
    run = fair_runs.held(work, press, Act.JOIN_FAIR)
    if not _is_declined(work, run):
        fair_runs.log(work, run, by.id, "declined")
        _stop_waiting(work, run, by)
        fair_runs.tell(work, run, fair_runs.other(run, by.id))
    return _shown(cards.declined(run.reference))


def _is_declined(work: Work, run: FairRun) -> bool:
    said = [ANSWERED[entry.kind] for entry in fair_runs.entries(work, run) if entry.kind in ANSWERED]
    return said[-1:] == [True]


def _was_under_way(work: Work, run: FairRun) -> bool:
    """Whether both had joined before."""
    return any(entry.kind == "joined" for entry in fair_runs.entries(work, run))


def _stop_waiting(work: Work, run: FairRun, by: Member) -> None:
    """Nobody has to answer the invitation any more."""
    for deadline in running(work, fair_runs.subject(run), fair_circle.JOIN):
        settle(work, deadline, DROPPED, by.id)


# Taking it back


def _withdraw(work: Work, press: Press) -> Reply:
    run, by = fair_runs.held(work, press, Act.REPLACE_FAIR), press.by
    if not _can_take_back(work, run, by):
        return _shown(cards.moved_on(run.reference, open_it(work, run, by)))
    run.state = fair_runs.WITHDRAWN
    work.session.add(run)
    fair_runs.log(work, run, by.id, "withdrawn")
    happened(work, Event.FAIR_ENDED, fair_runs.subject(run), by.id)
    if not _is_declined(work, run):
        _tell_that_nothing_waits(work, fair_runs.other(run, by.id))
    return _shown(cards.taken_back(run.reference))


def _can_take_back(work: Work, run: FairRun, by: Member) -> bool:
    """By whoever started it, before anybody has joined."""
    return run.state == fair_runs.INVITED and run.begun_by == by.id and not _was_under_way(work, run)


def _tell_that_nothing_waits(work: Work, person_id: str) -> None:
    at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, person_id))
    post.to_person(work, person_id, nothing_waits(), at=at)


# Another colleague


def _replace(work: Work, press: Press) -> Reply:
    """The form, or the colleague it asks. They are asked in place of the other one of the two, of the same team."""
    run = fair_runs.held(work, press, Act.REPLACE_FAIR)
    form = Form(
        Act.REPORT,
        "Ask another colleague",
        "Invite them",
        lambda work, press: _whom(run, press.by),
        lambda work, press, answers: _ask_another(work, press.by, run, answers),
        explain=cards.IN_THEIR_PLACE,
        about=lambda work, press: run.reference,
        keeps=False,
    )
    return fair_runs.privately(work, run, form(work, press))


def _whom(run: FairRun, by: Member) -> Sequence[Question]:
    team = fair_runs.TEAM_WORDS[fair_runs.team_of(run, fair_runs.other(run, by.id))]
    return (People("colleague", f"Which other colleague of the {team} will use it with you?", most=1),)


def _ask_another(work: Work, by: Member, run: FairRun, answers: Answers) -> Card:
    before, colleague = fair_runs.other(run, by.id), fair_pair.one_named(answers["colleague"])
    declined = run.state == fair_runs.INVITED and _is_declined(work, run)
    if colleague == before and declined:
        raise Unfit({"colleague": cards.SAID_NO})
    if colleague == before:
        return cards.moved_on(run.reference, open_it(work, run, by))
    team = fair_runs.team_of(run, before)
    if colleague == by.id:
        raise Unfit({"colleague": cards.NOT_YOURSELF})
    if team not in fair_pair.own_roles(work, colleague):
        raise Unfit({"colleague": cards.wrong_team([fair_runs.TEAM_WORDS[team]])})
    case = fair_circle.case_of(work, run)
    fair_pair.check_nobody_is_kept_out(work, case, run.subject_id, [by.id, colleague])
    _take_the_place(work, run, by, before, colleague)
    if not declined:
        _tell_that_nothing_waits(work, before)
    reached = post.can_be_reached(work, colleague)
    name = people.name_of(work, colleague)
    return cards.asked_another(run.reference, name, open_it(work, run, by), reached=reached)


def _take_the_place(work: Work, run: FairRun, by: Member, before: str, colleague: str) -> None:
    """A pause ends with it: what was known and agreed is asked of these two anew."""
    if run.state == fair_runs.PAUSED:
        run.review_on = run.paused_why = None
        happened(work, Event.FAIR_RESUMED, fair_runs.subject(run), by.id)
    if run.patient_safety_id == before:
        run.patient_safety_id = colleague
    else:
        run.workforce_id = colleague
    run.joined, run.state = [by.id], fair_runs.INVITED
    work.session.add(run)
    _stop_waiting(work, run, by)
    invite(work, run, by, "replaced", colleague)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "fair.join": _join,
    "fair.decline": _decline,
    "fair.withdraw": _withdraw,
    "fair.replace": _replace,
}
