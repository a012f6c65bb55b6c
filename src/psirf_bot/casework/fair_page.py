"""The page of a run for one of the two: what is asked now, what waits, and what has been agreed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from psirf_bot.cards import fair_page as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.fair import PRIVATE_TASK
from psirf_bot.cards.forms import as_input
from psirf_bot.cards.model import Button, Card, Facts, Part, Words
from psirf_bot.casework import fair_circle, fair_follow_ups, fair_oversight, fair_runs, fair_start, people
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.fair_runs import Where
from psirf_bot.casework.forms import Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.being_fair import EACH_FOR_THEMSELVES
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import Json
from psirf_bot.domain.authority import Member
from psirf_bot.domain.being_fair import ENDS, POLICE, SAFEGUARDING
from psirf_bot.domain.joint import Entry, Kind
from psirf_bot.store.tables import FairRun

Answers = Mapping[str, Json]

NOT_YET = "not-yet"
HERE, PAUSE, CRIME = "Where it is now", "Pause", "Suspected crime"


def page(work: Work, run: FairRun, by: Member, note: str = "") -> Card:
    """What this person sees of a run as it is now; that they saw it is kept. `note`: what is said before it."""
    left = run.state == fair_runs.WITHDRAWN or (run.state != fair_runs.INVITED and by.id not in run.joined)
    if left or not is_one_of_the_two(run, by):  # an overseer, be it one of the two
        return fair_oversight.record_of(work, run, by)
    fair_runs.viewed(work, run, by)
    return cards.noted(_page(work, run, by), note)


def shown(work: Work, press: Press, run: FairRun, note: str = "") -> Reply:
    """The page as the answer to a button."""
    return Reply(card=page(work, run, press.by, note), replaces=press.place.private, sealed=True)


def is_one_of_the_two(run: FairRun, by: Member) -> bool:
    return by.id in fair_runs.pair(run) and fair_runs.team_of(run, by.id) in by.own


def as_form(
    work: Work, press: Press, run: FairRun, form: Form, opening: Sequence[Part] = (), more: tuple[Button, ...] = ()
) -> Reply:
    """The answer of a form about a run: kept nowhere and, while it is still a form, with the way back.

    `opening`: what is shown before its questions. `more`: what else can be pressed there.
    """
    reply = form(work, press)
    card = reply.card
    if card and card.reopen != _here(work, run):  # a form opens itself again, a page is shown again
        fair_runs.viewed(work, run, press.by)
        buttons = (*card.buttons, *more, button(work, HERE, "fair.show", run=run.id))
        card = card.model_copy(update={"body": (*opening, *card.body), "buttons": buttons, "preview": PRIVATE_TASK})
    return reply.model_copy(update={"card": card, "sealed": True})


def line(work: Work, run: FairRun, by: Member) -> str:
    """Which run it is, in which case, and with whom."""
    case, other = fair_circle.case_of(work, run), fair_runs.other(run, by.id)
    team = fair_runs.TEAM_WORDS[fair_runs.team_of(run, other)]
    return f"{run.reference} · {case.reference} · version {run.version} · with {people.name_of(work, other)} ({team})"


def filled_in(work: Work, run: FairRun, by: Member, now: Where, asked: Page) -> Answers:
    """What a page is filled in with: the newest answers to it, otherwise those of last time. None of it counts."""
    key = asked.asks()[0]
    if key in EACH_FOR_THEMSELVES:  # never with what the other has answered
        return _own_last(work, run, by, key)
    found = now.standing.agreed.get(key) or now.standing.last.get(key) or _last_time(work, run, asked)
    return {question: answer for question, answer in found.items() if answer != NOT_YET}


def _page(work: Work, run: FairRun, by: Member) -> Card:
    under_way = run.state in {fair_runs.OPEN, fair_runs.PAUSED}
    if under_way and not fair_runs.can_take_part(work, run, fair_runs.other(run, by.id)):
        return _without_the_other(work, run, by)
    match run.state:
        case fair_runs.INVITED:
            return fair_start.invitation(work, run, by)
        case fair_runs.OPEN:
            return _open(work, run, by)
        case fair_runs.PAUSED:
            return _paused(work, run, by)
        case _:
            return fair_follow_ups.outcome(work, run, by)


def _open(work: Work, run: FairRun, by: Member) -> Card:
    now = fair_runs.where(work, run)
    if now.page is None:
        return _at_an_end(work, run, by, now)
    body = cards.first_words(run.concern) if not now.turn.passed else ()
    body += (Words(text=cards.READINGS[run.reading]),) if _after_an_ongoing_concern(now) else ()
    parts, buttons = _asked(work, run, by, now, now.page)
    return cards.framed(_frame(work, run, by), now.page.title, (*body, *parts), buttons)


def _asked(
    work: Work, run: FairRun, by: Member, now: Where, asked: Page
) -> tuple[tuple[Part, ...], tuple[Button, ...]]:
    """The page that is to be answered now, and its buttons: to be filled in, to be agreed to, or to be waited for."""
    other = people.name_of(work, fair_runs.other(run, by.id))
    mine = now.standing.stated.get(now.key, {}).get(by.id)
    proposal = now.standing.proposed.get(now.key)
    if mine is not None:
        change = button(work, "Change my answer", "fair.propose", opens=True, run=run.id, page=now.key)
        return cards.waiting("Your answer", other, asked, mine), (change,)
    if proposal is None:
        return _to_be_filled_in(work, run, by, now, asked)
    if proposal.by == by.id:
        change = button(work, "Change my proposal", "fair.propose", opens=True, run=run.id, page=now.key)
        return cards.waiting("Your proposal", other, asked, proposal.answers), (change,)
    return proposal_parts(work, run, asked, proposal), (
        button(work, "Agree", "fair.agree", style="primary", run=run.id, about=str(proposal.number)),
        button(work, "I see it differently", "fair.propose", opens=True, run=run.id, page=now.key),
    )


def proposal_parts(work: Work, run: FairRun, asked: Page, proposal: Entry) -> tuple[Part, ...]:
    """What one of the two proposes, as the other reads it."""
    entry = next(e for e in fair_runs.entries(work, run) if e.number == proposal.number)
    return cards.proposed(people.name_of(work, proposal.by), asked, proposal.answers, entry.reason)


def _to_be_filled_in(
    work: Work, run: FairRun, by: Member, now: Where, asked: Page
) -> tuple[tuple[Part, ...], tuple[Button, ...]]:
    values = filled_in(work, run, by, now, asked)
    parts: list[Part] = [*_why_again(work, run, now.key)]
    if values and not parts:
        parts.append(Words(text=cards.LAST_TIME, style="subtle"))
    if now.each_for_themselves:
        parts.append(Words(text=cards.FOR_YOURSELF))
    parts += [as_input(q, q.id, values.get(q.id), now=work.local) for q in asked.questions]
    label = "Send my answer" if now.each_for_themselves else "Propose"
    send = button(work, label, "fair.propose", style="primary", submits=True, validates=True, run=run.id, page=now.key)
    return tuple(parts), (send,)


def _why_again(work: Work, run: FairRun, key: str) -> tuple[Part, ...]:
    """Why a page is asked again, if the last thing that happened to it was that it was reopened."""
    theirs = [e for e in fair_runs.entries(work, run) if e.page == key and e.kind in fair_runs.SEEN_FOR_STANDING]
    if not theirs or theirs[-1].kind != Kind.REOPENED:
        return ()
    return cards.looked_at_again(people.name_of(work, theirs[-1].by_id), theirs[-1].reason)


def _at_an_end(work: Work, run: FairRun, by: Member, now: Where) -> Card:
    confirmed = now.standing.confirmed
    names = " and ".join(people.name_of(work, who) for who in fair_runs.pair(run) if who in confirmed and who != by.id)
    said = f"{names} has confirmed." if names else ""
    buttons: tuple[Button, ...] = ()
    if by.id in confirmed:
        said = f"You have confirmed. It waits for {people.name_of(work, fair_runs.other(run, by.id))}."
    elif not now.waits:
        seen = digest(work, run, now)
        buttons = (button(work, "Confirm", "fair.confirm", style="primary", run=run.id, digest=seen),)
    frame = _frame(work, run, by)
    ways = (*buttons, *(way for way in frame.ways if way.label in {PAUSE, CRIME, "Safeguarding"}))
    sections = tuple(_sections(work, run, now))
    parts = cards.at_an_end(ENDS[now.end or ""], said, sections, either=now.closes_by_itself)
    return cards.framed(replace(frame, ways=ways), "", parts)


def digest(work: Work, run: FairRun, now: Where) -> str:
    """Stands for everything that is agreed and where it leads; nobody can tell from it what that is."""
    meaning = [run.id, now.end or "", *(f"{key}={value}" for key, value in sorted(now.turn.on_path().items()))]
    return work.setting.audit_key.seal("being fair", *meaning)[:16]


def _paused(work: Work, run: FairRun, by: Member) -> Card:
    until = moment(run.review_on.isoformat()) if run.review_on else ""
    buttons = (
        button(work, "Go on now", "fair.resume", style="primary", run=run.id),
        button(work, "Change the day", "fair.pause", opens=True, run=run.id),
    )
    return cards.framed(_frame(work, run, by), "", cards.paused(run.paused_why or "", until), buttons)


def _agreed(work: Work, press: Press) -> Reply:
    """Everything that has been agreed so far, with a button to look at each page again while the run is open."""
    run = fair_runs.held(work, press)
    if run.state not in {fair_runs.OPEN, fair_runs.PAUSED} or not is_one_of_the_two(run, press.by):
        return shown(work, press, run)
    fair_runs.viewed(work, run, press.by)
    sections = tuple(_sections(work, run, fair_runs.where(work, run)))
    said = Words(text=cards.cut_short(sections) if sections else cards.NOTHING_AGREED)
    back = button(work, "Back", "fair.show", run=run.id)
    another = button(work, "Ask another colleague instead", "fair.replace", opens=True, run=run.id)
    frame = replace(_frame(work, run, press.by), ways=(back, another))
    card = cards.framed(frame, "What we have agreed", (*((said,) if said.text else ()), *sections))
    return Reply(card=card, replaces=press.place.private, sealed=True)


def _sections(work: Work, run: FairRun, now: Where) -> Iterator[Part]:
    """Each page on the path with what was agreed on it; while the run is open, each can be looked at again."""
    for passed in now.turn.passed:
        key, facts = passed.asks()[0], agreed_on(work, run, now, passed)
        spoken = f"Change: {passed.title}"
        change = button(work, "Change", "fair.reopen", opens=True, spoken=spoken, run=run.id, page=key)
        yield from cards.section(passed, facts, change if run.state == fair_runs.OPEN else None)


def agreed_on(work: Work, run: FairRun, now: Where, passed: Page) -> Facts:
    """What has been agreed on one page; where each answers for themselves, what each of the two has answered."""
    key = passed.asks()[0]
    if key not in EACH_FOR_THEMSELVES:
        return cards.answered(passed, now.standing.agreed[key])
    both = now.standing.stated[key]
    return cards.stated(passed, {people.name_of(work, who): both[who] for who in fair_runs.pair(run)})


def _frame(work: Work, run: FairRun, by: Member) -> cards.Frame:
    ways = [
        button(work, HERE, "fair.show", run=run.id),
        button(work, "What we have agreed", "fair.agreed", opens=True, run=run.id),
        button(work, CRIME, "fair.leave", opens=True, run=run.id, way=POLICE),
        button(work, "Safeguarding", "fair.leave", opens=True, run=run.id, way=SAFEGUARDING),
    ]
    if run.state == fair_runs.OPEN:
        ways.insert(1, button(work, PAUSE, "fair.pause", opens=True, run=run.id))
    return cards.Frame(run.reference, line(work, run, by), tuple(ways), _here(work, run))


def _without_the_other(work: Work, run: FairRun, by: Member) -> Card:
    """The other has left, has changed teams or must not take part any more: nothing goes on without a colleague."""
    another = button(work, "Ask another colleague", "fair.replace", style="primary", opens=True, run=run.id)
    parts = (Words(text=cards.ALONE, style="warning"),)
    return cards.framed(_frame(work, run, by), "", parts, (another,))


def _here(work: Work, run: FairRun) -> str:
    return action_id(work, "fair.show", run=run.id)


def _after_an_ongoing_concern(now: Where) -> bool:
    """Whether the page before was answered with an ongoing concern: what comes now depends on the reading (V14)."""
    before = now.turn.passed[-1].asks()[0] if now.turn.passed else ""
    return before in EACH_FOR_THEMSELVES


def _own_last(work: Work, run: FairRun, by: Member, key: str) -> Answers:
    """What somebody answered for themselves the last time they were asked, in this version or an earlier one."""
    earlier = [version for version in fair_runs.versions(work, run) if version.version <= run.version]
    theirs = (
        entry
        for version in reversed(earlier)
        for entry in reversed(fair_runs.entries(work, version))
        if entry.kind == Kind.STATED and entry.page == key and entry.by_id == by.id
    )
    entry = next(theirs, None)
    return entry.answers if entry else {}


def _last_time(work: Work, run: FairRun, asked: Page) -> Answers:
    all_of_them = fair_runs.versions(work, run)
    earlier = [each for each in all_of_them if each.version < run.version and each.state != fair_runs.WITHDRAWN]
    agreed = fair_runs.where(work, earlier[-1]).standing.answers() if earlier else {}
    return {key: agreed[key] for key in asked.asks() if key in agreed}


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "fair.show": lambda work, press: shown(work, press, fair_runs.held(work, press)),
    "fair.agreed": _agreed,
}
