"""An invitation to use the being fair tool together: answered, taken back, or passed to another colleague (L07)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from psirf_bot.cards import fair_start as cards
from psirf_bot.cards.fair import nothing_waits
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import addresses, fair_circle, fair_follow_ups, fair_pair, fair_runs, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, changed, happened, running, settle
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import People, Question, long_text
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.being_fair import POLICE, SAFEGUARDING
from psirf_bot.domain.events import Event
from psirf_bot.domain.joint import Kind
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import FairEntry, FairRun

ASKED = ("invited", "replaced")


def invitation(work: Work, run: FairRun, by: Member) -> Card:
    """The page of a run that waits for one of the two to join."""
    case = fair_circle.case_of(work, run)
    if by.id in fair_runs.pair(run) and by.id not in run.joined:
        return _asked(work, run, by, case.reference)
    asked = next(who for who in fair_runs.pair(run) if who not in run.joined)
    name, team = people.name_of(work, asked), fair_runs.TEAM_WORDS[fair_runs.team_of(run, asked)]
    answers = fair_runs.can_take_part(work, run, asked) and not _is_declined(work, run, asked)
    buttons = _of_the_one_who_waits(work, run, by) if by.id in run.joined else ()
    back = _can_take_back(work, run, by)
    return cards.waiting(run.reference, case.reference, name, team, answers=answers, back=back, buttons=buttons)


def _asked(work: Work, run: FairRun, by: Member, case: str) -> Card:
    """The invitation itself. That somebody was replaced is said; not why."""
    declined, last = _is_declined(work, run, by.id), _last_asked(work, run, by.id)
    colleague, asker = fair_runs.other(run, by.id), last.by_id if last else ""
    join = button(work, "Join", "fair.join", person_id=by.id, style="primary", run=run.id)
    cannot = button(work, "I cannot take part", "fair.decline", person_id=by.id, run=run.id)
    return cards.invited(
        run.reference,
        case,
        people.name_of(work, colleague),
        fair_runs.TEAM_WORDS[fair_runs.team_of(run, colleague)],
        overseer="" if asker in {"", colleague} else people.name_of(work, asker),
        replaced=bool(last and last.kind == Kind.REPLACED and _was_under_way(work, run)),
        declined=declined,
        alone=_is_deserted(work, run, by),
        buttons=(join,) if declined else (join, cannot),
    )


def _of_the_one_who_waits(work: Work, run: FairRun, by: Member) -> tuple[Button, ...]:
    found = [button(work, "Ask another colleague", "fair.replace", person_id=by.id, opens=True, run=run.id)]
    if _can_take_back(work, run, by):
        found.append(button(work, "Take it back", "fair.withdraw", person_id=by.id, run=run.id))
    ways = (("Suspected crime", POLICE), ("Safeguarding", SAFEGUARDING))
    leave = [button(work, label, "fair.leave", person_id=by.id, opens=True, run=run.id, way=way) for label, way in ways]
    return (*found, *leave)


def invite(
    work: Work, run: FairRun, by: Member, how: str, colleague: str, *, instead: str = "", reason: str | None = None
) -> None:
    """Ask a colleague to join, who hears only that something private waits. `how`: invited, or replaced `instead` of
    somebody."""
    answers = {"asked": colleague} | ({"instead": instead} if instead else {})
    fair_runs.log(work, run, by.id, how, answers=answers, reason=reason)
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
    run.joined = [*run.joined, by.id]
    work.session.add(run)
    fair_runs.log(work, run, by.id, "joined")
    if not set(fair_runs.pair(run)) <= set(run.joined):  # an overseer has asked both anew
        return _shown(invitation(work, run, by))
    run.state = fair_runs.OPEN
    happened(work, Event.FAIR_JOINED, fair_runs.subject(run), by.id)
    fair_follow_ups.take_over(work, run, by.id)
    fair_runs.tell(work, run, fair_runs.other(run, by.id))
    if _is_deserted(work, run, by):
        return _shown(cards.joined_alone(run.reference, open_it(work, run, by)))
    begin = button(work, "Begin", "fair.show", person_id=by.id, style="primary", opens=True, run=run.id)
    return _shown(cards.joined(run.reference, begin, anew=anew))


def _is_deserted(work: Work, run: FairRun, by: Member) -> bool:
    """Whether the other had joined and can take part no longer."""
    colleague = fair_runs.other(run, by.id)
    return colleague in run.joined and not fair_runs.can_take_part(work, run, colleague)


def _decline(work: Work, press: Press) -> Reply:
    """No reason is asked for. They are reminded no more; whoever can ask somebody else is, from now on."""
    run, by = fair_runs.held(work, press), press.by
    if by.id in run.joined:
        return _shown(cards.moved_on(run.reference, open_it(work, run, by)))
    run = fair_runs.held(work, press, Act.JOIN_FAIR)
    if not _is_declined(work, run, by.id):
        last = _last_asked(work, run, by.id)
        fair_runs.log(work, run, by.id, "declined")
        for duty in running(work, fair_runs.subject(run), fair_circle.JOIN):
            changed(work, duty)
        for who in {fair_runs.other(run, by.id)} & set(run.joined) | ({last.by_id} if last else set()):
            fair_runs.tell(work, run, who)
    return _shown(cards.declined(run.reference))


def _is_declined(work: Work, run: FairRun, who: str) -> bool:
    """Whether they have said no since they were asked last."""
    last = _last_asked(work, run, who)
    said = (entry for entry in fair_runs.entries(work, run) if entry.kind == "declined" and entry.by_id == who)
    return any(last is None or entry.number > last.number for entry in said)


def _last_asked(work: Work, run: FairRun, who: str) -> FairEntry | None:
    """The last time that somebody was asked to join: by whom, and how."""
    asked = (e for e in fair_runs.entries(work, run) if e.kind in ASKED and e.answers.get("asked") == who)
    return max(asked, key=lambda entry: entry.number, default=None)


def _was_under_way(work: Work, run: FairRun) -> bool:
    """Whether somebody whom the first of them had asked joined before."""
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
    hears = _hears_that_nothing_waits(work, run, fair_runs.other(run, by.id))
    run.state = fair_runs.WITHDRAWN
    work.session.add(run)
    fair_runs.log(work, run, by.id, "withdrawn")
    happened(work, Event.FAIR_ENDED, fair_runs.subject(run), by.id)
    if hears:
        _tell_that_nothing_waits(work, fair_runs.other(run, by.id))
    before = fair_follow_ups.stands_again(work, run, by.id)
    back = [open_it(work, before, by, f"Open version {before.version}")] if before else []
    return _shown(cards.taken_back(run.reference, before.version if before else 0, tuple(back)))


def _can_take_back(work: Work, run: FairRun, by: Member) -> bool:
    """By whoever started it, before anybody has joined."""
    return run.state == fair_runs.INVITED and run.begun_by == by.id and not _was_under_way(work, run)


def _hears_that_nothing_waits(work: Work, run: FairRun, person_id: str) -> bool:
    """Not whoever has said no, nor whoever can no longer take part."""
    return fair_runs.can_take_part(work, run, person_id) and not _is_declined(work, run, person_id)


def _tell_that_nothing_waits(work: Work, person_id: str) -> None:
    at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, person_id))
    post.to_person(work, person_id, nothing_waits(), at=at)


# Another colleague


def _replace(work: Work, press: Press) -> Reply:
    """The form, or the colleague it asks in somebody's place, of the same team."""
    run, before = _whose_place(work, press)
    overseen = "team" in press.args
    asked_meanwhile = not overseen and press.args.get("instead", before) != before
    if asked_meanwhile or (overseen and fair_runs.can_take_part(work, run, before)):  # asked already, or able again
        return _shown(cards.moved_on(run.reference, open_it(work, run, press.by)))
    gone = people.name_of(work, before)
    form = Form(
        Act.REPORT,
        "Ask another colleague",
        "Invite them",
        lambda work, press: _whom(work, run, before, overseen=overseen),
        lambda work, press, answers: _ask_another(work, press.by, run, before, answers),
        explain=cards.for_an_overseer(gone) if overseen else cards.IN_THEIR_PLACE,
        about=lambda work, press: run.reference,
        keeps=False,
    )
    press = replace(press, args={"instead": before, **press.args})  # whoever is there once it is sent may be another
    return fair_runs.privately(work, press, run, form(work, press))


def _whose_place(work: Work, press: Press) -> tuple[FairRun, str]:
    """One of the two has the other replaced; an overseer, whoever of the named team can no longer take part."""
    if "team" not in press.args:
        run = fair_runs.held(work, press, Act.REPLACE_FAIR)
        return run, fair_runs.other(run, press.by.id)
    run = fair_runs.held(work, press, Act.OVERSEE_FAIR)
    if run.state not in fair_runs.UNDER_WAY:
        raise fair_runs.refused(work)
    return run, fair_circle.facts(work, run).pair[Role(press.args["team"])]


def _whom(work: Work, run: FairRun, before: str, *, overseen: bool) -> Sequence[Question]:
    team = fair_runs.TEAM_WORDS[fair_runs.team_of(run, before)]
    words = f"Which other colleague of the {team} will use it{'' if overseen else ' with you'}?"
    why = long_text("reason", cards.WHY_REPLACED, cards.STAYS, max_length=1000)
    return (People("colleague", words, most=1), *([why] if _was_under_way(work, run) else []))


def _ask_another(work: Work, by: Member, run: FairRun, before: str, answers: Answers) -> Card:
    colleague = fair_pair.one_named(answers["colleague"])
    declined = run.state == fair_runs.INVITED and _is_declined(work, run, before)
    if colleague == before and declined:
        raise Unfit({"colleague": cards.SAID_NO})
    able = fair_runs.can_take_part(work, run, before)
    if colleague == before and able:
        return cards.moved_on(run.reference, open_it(work, run, by))
    team, pair = fair_runs.team_of(run, before), fair_runs.pair(run)
    if colleague == by.id or (colleague in pair and colleague != before):
        raise Unfit({"colleague": cards.NOT_YOURSELF})
    if team not in fair_pair.own_roles(work, colleague):
        raise Unfit({"colleague": cards.wrong_team([fair_runs.TEAM_WORDS[team]])})
    case, takes_part = fair_circle.case_of(work, run), [colleague, *({by.id} & set(pair))]
    fair_pair.check_nobody_is_kept_out(work, by, case, run.subject_id, run.subject_name, takes_part)
    reason = fair_pair.without_their_name(work, run, answers, "reason") if "reason" in answers else None
    _take_the_place(work, run, by, before, colleague, reason)
    if able and not declined:
        _tell_that_nothing_waits(work, before)
    reached = addresses.can_be_reached(work, colleague)
    name = people.name_of(work, colleague)
    return cards.asked_another(run.reference, name, open_it(work, run, by), reached=reached)


def _take_the_place(work: Work, run: FairRun, by: Member, before: str, colleague: str, reason: str | None) -> None:
    """A pause ends with it: what was known and agreed is asked of these two anew."""
    if run.state == fair_runs.PAUSED:
        run.review_on = run.paused_why = None
        happened(work, Event.FAIR_RESUMED, fair_runs.subject(run), by.id)
    stays = fair_runs.other(run, before)
    if run.patient_safety_id == before:
        run.patient_safety_id = colleague
    else:
        run.workforce_id = colleague
    run.joined, run.state = [who for who in run.joined if who == stays], fair_runs.INVITED
    work.session.add(run)
    _stop_waiting(work, run, by)
    invite(work, run, by, Kind.REPLACED, colleague, instead=before, reason=reason)
    if by.id != stays and stays in run.joined:
        fair_runs.tell(work, run, stays)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "fair.join": _join,
    "fair.decline": _decline,
    "fair.withdraw": _withdraw,
    "fair.replace": _replace,
}
