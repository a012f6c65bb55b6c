"""A duty goes to somebody else, or its clock stands still for a lawful reason."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from psirf_bot.cards import duties as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.support import PRIVATE_TASK
from psirf_bot.casework import alert_page, deadlines, naming, pausing, people, post
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import OPEN, PAUSED
from psirf_bot.casework.duty_buttons import ACT_OF, row, stays
from psirf_bot.casework.duty_lines import INSTEAD, Duty, duty, line
from psirf_bot.casework.duty_press import FOR_EVERYBODY, Verb, about, after, on_a_duty, still_open
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, People, Question, long_text, one_of
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.deadlines import months
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import CLOCKS
from psirf_bot.store.tables import Case, Deadline, Person

LONGEST_PAUSE = months(3)
TEAM = "the quality team"
LEAVE_EMPTY = "leave this empty for the quality team"


# Handing it over


def _hand_over_questions(work: Work, press: Press) -> Sequence[Question]:
    team = bool(_team(work, still_open(work, press, Act.SETTLE_DUTY), press.by))
    hint = "A name or work e-mail address. They are told at once."
    hint += f" If you know nobody for it, {LEAVE_EMPTY}." if team else ""
    return (
        People("to", "Who should do it?", hint, most=1, optional=team),
        long_text("reason", "Why?", "They are sent these words. No names of patients.", max_length=300),
    )


def _hand_over(work: Work, press: Press, answers: Answers) -> Card:
    found, reason = still_open(work, press, Act.SETTLE_DUTY), str(answers["reason"])
    deadline, before, team = found.deadline, found.facts.owner_ids, _team(work, found, press.by)
    was_somebodys = deadline.owner_id is not None
    to_the_team = bool(team) and _means_the_team(answers["to"])
    takers = team if to_the_team else [_taker(work, press, found, answers["to"])]
    if to_the_team:
        deadline.role = Role.QUALITY
    deadlines.hand_over(work, deadline, None if to_the_team else takers[0].id)
    post.refresh_homes(work, before)
    what, to = f"handed over {found.in_the_audit}", TEAM if to_the_team else takers[0].id
    work.record(press.by.id, what, found.case, deadline=deadline.id, to=to, reason=reason)
    told = duty(work, deadline) or found
    reached = [_tell(work, press, told, taker, reason, to_the_team=to_the_team) for taker in takers]
    if was_somebodys and press.by.id not in before:
        now_with = TEAM if to_the_team else takers[0].name
        _tell_those_before(work, press, told, before - {taker.id for taker in takers}, now_with)
    name, them = ("The quality team", "the quality team") if to_the_team else (takers[0].name, takers[0].name)
    text = f"{name} has been told." if any(reached) else f"I cannot write to {them} yet: please tell them yourself."
    return after(work, press, "Handed over", text)


def _tell(work: Work, press: Press, found: Duty, to: Person, reason: str, *, to_the_team: bool) -> bool:
    shown, buttons = row(work, people.member(work, to), found, line(work, found.deadline, found.rule), 1)
    card = cards.handed_over(shown, press.by.name, reason, buttons, to_the_team=to_the_team)
    return post.to_person(work, to.id, card)


def _tell_those_before(work: Work, press: Press, found: Duty, before: Iterable[str], now_with: str) -> None:
    """Somebody else has handed over what was theirs: they need not go on with it."""
    shown = line(work, found.deadline, found.rule)
    text = f"{shown.heading}. {press.by.name} has handed this over to {now_with}. There is nothing more you need to do."
    for who in before:
        post.to_person(work, who, said("Somebody else does this now", text, preview=PRIVATE_TASK))


def _team(work: Work, found: Duty, by: Member) -> list[Person]:
    """The others of the quality team who could do it, where it may go to them together and is not theirs already."""
    team = people.holders(work, Role.QUALITY)
    if found.rule.owner == "checker" or found.rule.id in INSTEAD or found.facts.owner_ids >= {p.id for p in team}:
        return []
    others = (p for p in team if p.id != by.id and p.id not in found.facts.kept_from_ids)
    return [p for p in others if _could_do(work, found, p)]


def _could_do(work: Work, found: Duty, someone: Person) -> bool:
    known = ACT_OF.get(found.rule.id)
    return not (known and known.act) or allowed(work, people.member(work, someone), known.act, found.case)


def _means_the_team(named: object) -> bool:
    """Nobody is named, or the team is, in one of the ways in which people write it."""
    words = naming.plain(str(named[0])) if isinstance(named, list) else ""
    return words.removeprefix("the ").removesuffix(" team") in {"", "quality"}


def _taker(work: Work, press: Press, found: Duty, named: object) -> Person:
    """Somebody who is here, is not kept from it, and can do it; raises Unfit."""
    someone = people.person(work, named[0]) if isinstance(named, list) else None
    if someone is None or not someone.active:
        raise Unfit({"to": "Please choose somebody on the people list, by name or work e-mail address."})
    if someone.id in found.facts.kept_from_ids:
        raise Unfit({"to": "This one cannot go to them. Please choose somebody else."})
    if found.facts.owner_ids == {someone.id}:
        raise Unfit({"to": f"It is with {someone.name} already. Please choose somebody else."})
    if not _could_do(work, found, someone):
        instead = f", or {LEAVE_EMPTY}" if _team(work, found, press.by) else ""
        raise Unfit({"to": f"{someone.name} could not do this here. Please choose somebody else{instead}."})
    if found.rule.id == "psii.verified" and found.case and someone.id == _decider(work, found.case):
        text = f"{someone.name} recorded what the panel decided, so somebody else has to verify it. (Policy 3.2.)"
        raise Unfit({"to": text})
    if found.rule.id == "alert.authorised" and alert_page.leads(work, found.deadline.subject_id, someone.id):
        text = f"{someone.name} leads on this alert, so somebody else has to authorise its actions."
        raise Unfit({"to": text})
    return someone


def _decider(work: Work, case: Case) -> str | None:
    response = current(work, case)
    return response.decided_by if response else None


def _over(work: Work, press: Press) -> Reply:
    if why := stays(still_open(work, press, Act.SETTLE_DUTY)):
        raise Refusal(why)
    return HAND_OVER(work, press)


# Pausing the clock


def _pause_it(work: Work, press: Press) -> Reply:
    if whole := _of_a_response(work, press):
        return pausing.VERBS["case.pause"](work, replace(whole, verb="case.pause"))
    return PAUSE(work, press)


def _of_a_response(work: Work, press: Press) -> Press | None:
    """The same about the case, where this is one of a response's clocks: they stand still and go on together (K05)."""
    deadline = work.session.get_one(Deadline, press.args["deadline"])
    return replace(press, args={}, case_id=deadline.case_id) if deadline.rule in CLOCKS else None


def _pause(work: Work, press: Press, answers: Answers) -> Card:
    found = still_open(work, press, Act.PAUSE_DUTY, OPEN, PAUSED)
    deadline = found.deadline
    reason, review_on = str(answers["why-paused"]), date.fromisoformat(str(answers["review-day"]))
    latest = work.setting.calendar_beyond.due(work.now, LONGEST_PAUSE)[0].date()
    if review_on > latest:
        on = f"{latest.day} {latest:%B %Y}"
        raise Unfit({"review-day": f"Please choose a day within three months: {on} at the latest."})
    deadlines.pause(work, deadline, reason, review_on)
    work.record(press.by.id, "paused a duty", found.case, deadline=deadline.id, why=reason, until=review_on.isoformat())
    return after(work, press, "The clock is paused", f"{found.rule.duty}: {line(work, deadline, found.rule).due}")


def _resume(work: Work, press: Press) -> Reply:
    found = still_open(work, press, Act.PAUSE_DUTY, PAUSED)
    if whole := _of_a_response(work, press):
        pausing.VERBS["case.resume"](work, replace(whole, verb="case.resume"))
    else:
        deadlines.resume(work, found.deadline)
        work.record(press.by.id, "started the clock of a duty again", found.case, deadline=found.deadline.id)
    now = line(work, found.deadline, found.rule)
    return Reply(card=after(work, press, "The clock goes on", f"{now.heading}. {now.due}"))


HAND_OVER = Form(
    FOR_EVERYBODY,
    "Hand it over",
    "Hand it over",
    _hand_over_questions,
    _hand_over,
    about=about,
    keeps=False,
)
PAUSE = Form(
    FOR_EVERYBODY,
    "Pause the clock",
    "Pause it",
    lambda work, press: (
        one_of("why-paused", "Why does it have to wait?", cards.REASONS),
        Day("review-day", "When is it looked at again?", "Within three months.", coming=True),
    ),
    _pause,
    explain="For lawful reasons only. The reason and the day are shown to everybody concerned.",
    about=about,
    keeps=False,
)
VERBS: dict[str, Verb] = {
    "duty.over": on_a_duty(Act.SETTLE_DUTY, _over),
    "duty.pause": on_a_duty(Act.PAUSE_DUTY, _pause_it, OPEN, PAUSED),
    "duty.resume": _resume,
}
