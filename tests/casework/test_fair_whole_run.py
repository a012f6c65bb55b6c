"""Whatever the two do, in any order: a run ends only where the tool says, and nobody else ever sees a word of it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from fair_steps import JUDITH, LEAH, LONGEST, OWEN, TOMASZ, begun, reply
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as given_steps
from hypothesis import strategies as st
from responses import started
from sqlmodel import col, delete, select

from being_fair_tool import next_step
from psirf_bot.casework import fair_circle, fair_runs
from psirf_bot.casework.desk import WENT_WRONG
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.verbs import VERBS
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.being_fair import FLOW
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import Choice, Choices, Day, Question
from psirf_bot.domain.joint import Kind
from psirf_bot.store.tables import (
    Action,
    AuditEntry,
    Case,
    Deadline,
    FairEntry,
    FairRun,
    Inbox,
    Nudge,
    Outbox,
    Posted,
)
from stage import Stage, address_of, words

CANARY = "canary"
PAIR = (LEAH, OWEN)
OTHERS = (TOMASZ, "Carys Penhallow", "Sandeep Bhullar", "Wei Chen", "Rosalind Achebe")
"""The person concerned, their line manager, the chair and a member of the quality team, an admin, an executive."""
BEGINNINGS = ("fair-who-is-hurt", "fair-1a", "fair-2a", "fair-3", "fair-4a", "fair-5")
"""The first question of the page at which an example begins; all before it has been agreed on."""
EITHER_CONFIRMS = {"continue-after-1a", "continue-after-1", "continue-after-2"}
"""Here not both state a ground for going on, so that the tool ends whatever the other says (V14)."""
WAITS = {"not-known-yet", "not-discussed-yet"}
OF_A_RUN = sorted(verb for verb in VERBS if verb.startswith("fair.") and verb != "fair.start")
ARGS = {"page": "fair-1a", "way": "police", "deadline": "none", "part": "2", "seal": "x"}
CHANGES = {*Kind, "paused", "resumed", "joined", "ended"}
"""What an end puts an end to. A way out may still be taken after it, and changes nothing of how it ended."""
AFTERWARDS = {
    f"fair.{rule}" for rule in ["told", "guidance", "health", "regulator", "police", "pipot", "lado", "safeguarding"]
}
Answers = Mapping[str, Any]
Step = tuple[Any, ...]
"""What somebody does: a method of Playing, and what it takes."""

two, number = st.sampled_from(PAIR), st.integers(0, 255)
STEPS = st.one_of(
    st.tuples(st.just("both_answer"), two, number),
    st.tuples(st.just("both_answer"), two, number),
    st.tuples(st.just("answer"), two, number),
    st.tuples(st.just("answer"), two, number),
    st.tuples(st.just("agree"), two, st.integers(0, 1)),
    st.tuples(st.just("confirm"), two),
    st.tuples(st.just("both_confirm"), two),
    st.tuples(st.just("reopen"), two, number),
    st.tuples(st.just("pause"), two, number),
    st.tuples(st.just("resume"), two),
    st.tuples(st.just("leave"), two, st.sampled_from(("police", "safeguarding"))),
    st.tuples(st.just("another_day")),
    st.tuples(st.just("refuses"), st.sampled_from(OTHERS), st.sampled_from(OF_A_RUN)),
)
ENDING = st.tuples(st.just("to_an_end"), two, number)
STEPS_BEFORE, STEPS_AFTER = st.lists(STEPS, min_size=4, max_size=8), st.lists(STEPS, min_size=2, max_size=4)
PLAYS = st.tuples(st.sampled_from(BEGINNINGS), STEPS_BEFORE, ENDING, STEPS_AFTER)
"""Where it begins, what the two and others do, how it comes to an end, and what they try after that."""


def answers_to(questions: Sequence[Question], number: int) -> dict[str, Any]:
    """Answers that go together, chosen by the number; everything typed says that it is a canary."""
    given = {question.id: _answer(question, number >> place) for place, question in enumerate(questions)}
    for key in [key for key in given if key.endswith("-ongoing") and given[key] == "no"]:
        given |= {key.replace("-ongoing", end): None for end in ("-kinds", "-ground")}
    if given.get("fair-discussed") == "not-yet":
        given["fair-discussed-on"] = None
    return given


def _answer(question: Question, number: int) -> Any:
    if isinstance(question, Choice):
        chosen = list(question.options)[number % len(question.options)]
        return [chosen] if isinstance(question, Choices) else chosen
    return "2026-11-20" if isinstance(question, Day) else f"{CANARY} {number} {question.id}"


class Playing:
    """One run, played by presses; its public methods are what can be done with it."""

    def __init__(self, stage: Stage, run: str) -> None:
        self.stage, self.run = stage, run
        self.record: Any = None
        self.counted = 0

    async def press(self, name: str, verb: str, given: Answers | None = None, **args: str) -> Reply:
        heard = await reply(self.stage, name, verb, given, run=self.run, **args)
        assert WENT_WRONG not in heard.notice, verb
        return heard

    async def now(self) -> fair_runs.Where:
        found: fair_runs.Where = await self.stage.do(lambda work: fair_runs.where(work, _run(work, self.run)))
        return found

    # What can be done with it

    async def reopen(self, name: str, number: int) -> None:
        passed = (await self.now()).turn.passed
        page = passed[number % len(passed)].asks()[0] if passed else "fair-5"
        await self.press(name, "fair.reopen", {"reason": f"{CANARY} again"}, page=page)

    async def pause(self, name: str, number: int) -> None:
        day = (self.stage.now + timedelta(days=1 + number % 9)).date().isoformat()
        await self.press(name, "fair.pause", {"why": f"{CANARY} waits", "review": day})

    async def resume(self, name: str) -> None:
        await self.press(name, "fair.resume")

    async def leave(self, name: str, way: str) -> None:
        await self.press(name, "fair.leave", {"reason": f"{CANARY} way", "referrer": name}, way=way)

    async def another_day(self) -> None:
        self.stage.later(days=1)
        await self.stage.tick()

    async def both_answer(self, first: str, number: int) -> None:
        second = OWEN if first == LEAH else LEAH
        await self.answer(first, number)
        if (await self.now()).each_for_themselves:
            await self.answer(second, number)
        else:
            await self.agree(first, 0)  # one's own proposal, which makes nothing count
            await self.check()
            await self.agree(second, 0)

    async def to_an_end(self, first: str, number: int) -> None:
        """Page after page until there is none left, and both confirm; each pause is waited for."""
        for more in range(20):
            run: FairRun = await self.stage.do(lambda work: _run(work, self.run))
            if run.state == fair_runs.PAUSED:
                await self.resume(first)
            elif run.state == fair_runs.OPEN and (await self.now()).page:
                await self.both_answer(first, number + 37 * more)
            else:
                break
            await self.check()
        await self.both_confirm(first)

    async def answer(self, name: str, number: int) -> None:
        """Propose, differ, or state one's own; where nothing is asked, a page that was there."""
        now = await self.now()
        questions = (now.page or now.turn.passed[-1]).questions
        given = answers_to(questions, number) | {"reason": f"{CANARY} sees it so"}
        await self.press(name, "fair.propose", given, page=questions[0].id)

    async def agree(self, name: str, back: int) -> None:
        """To the newest proposal, or to one `back` before it."""
        proposed = await self.stage.do(lambda work: [e.number for e in _entries(work, self.run, Kind.PROPOSED)])
        about = proposed[-1 - back] if len(proposed) > back else 0
        await self.press(name, "fair.agree", about=str(about))

    async def both_confirm(self, first: str) -> None:
        for name in (first, OWEN if first == LEAH else LEAH):
            await self.confirm(name)

    async def confirm(self, name: str) -> None:
        """With the button on their page, if it has one, and otherwise with none that was ever shown."""
        shown = (await self.press(name, "fair.show")).card
        assert shown
        offered = [button.action for button in shown.all_buttons() if button.label == "Confirm"]
        digest = await self.stage.do(lambda work: "".join(_digest(work, each) for each in offered))
        await self.press(name, "fair.confirm", digest=digest)

    async def refuses(self, name: str, verb: str) -> None:
        """Somebody else hears the same whatever they press, and nothing happens."""
        before = await self.stage.do(lambda work: len(fair_runs.entries(work, _run(work, self.run))))
        for given in ({}, {"reason": "Let me in."}):
            heard = await self.press(name, verb, given, **ARGS)
            said = words(heard.card) if heard.card else heard.notice
            assert str(await self.stage.do(fair_runs.refused)) in said, (name, verb, said)
        assert await self.stage.do(lambda work: len(fair_runs.entries(work, _run(work, self.run)))) == before

    # What must hold after each step

    async def check(self) -> None:
        await self.stage.do(self._check)

    def _check(self, work: Work) -> None:
        run, entries = _run(work, self.run), _entries(work, self.run)
        pair = fair_runs.pair(run)
        agreed = agreed_by_both(entries, pair)
        leads_to = next_step(agreed, run.reading)
        if run.state != fair_runs.ENDED:
            assert leads_to not in WAITS or run.state == fair_runs.PAUSED
            assert run.end is None
            assert run.record is None
            return
        (ended,) = (entry.number for entry in entries if entry.kind == "ended")
        left = [entry for entry in entries if entry.kind == "left" and entry.number < ended]
        if left:
            assert run.end == left[-1].answers["way"]
            assert left[-1].by_id in pair
        else:
            assert run.end == leads_to
            assert run.end not in WAITS
            changed = max(entry.number for entry in entries if entry.kind in {*Kind} - {Kind.CONFIRMED})
            confirmed = {e.by_id for e in entries if e.kind == Kind.CONFIRMED and e.number > changed}
            assert confirmed == set(pair) or (confirmed and run.end in EITHER_CONFIRMS)
        counted = [entry.number for entry in entries if entry.kind in CHANGES]
        self.record, self.counted = self.record or run.record, self.counted or len(counted)
        assert run.record == self.record, "frozen"
        assert len(counted) == self.counted, "nothing more happens in it"
        assert {duty.rule for duty in _duties(work, self.run) if duty.state in {"open", "paused"}} <= AFTERWARDS


def agreed_by_both(entries: Sequence[FairEntry], pair: Sequence[str]) -> dict[str, Any]:
    """The answers that both gave, read off what happened: on each page the last word counts, if it is both's.

    What each stated for themselves was stated about what they had agreed on before: with that, it is asked anew.
    """
    pages: dict[str, dict[str, Any]] = {}
    stated: dict[str, dict[str, Answers]] = {}
    before: dict[str, Answers] = {}
    by_number = {entry.number: entry for entry in entries}
    for entry in entries:
        match entry.kind:
            case Kind.PROPOSED:
                pages.pop(entry.page, None)
            case Kind.AGREED:
                proposal = by_number[entry.about or 0]
                assert {proposal.by_id, entry.by_id} == set(pair)
                assert proposal is [e for e in entries[: entries.index(entry)] if _is_proposal(e, entry.page)][-1]
                pages[entry.page] = proposal.answers
                if before.setdefault(entry.page, proposal.answers) != proposal.answers:
                    before[entry.page] = proposal.answers
                    stated = {own: said for own, said in stated.items() if _PAGES.index(own) < _PAGES.index(entry.page)}
            case Kind.REOPENED:
                pages.pop(entry.page, None)
                stated.pop(entry.page, None)
            case Kind.STATED:
                stated.setdefault(entry.page, {})[entry.by_id] = entry.answers
    found = {key: value for answers in pages.values() for key, value in answers.items()}
    for page, said in stated.items():
        if set(said) == set(pair):
            found |= dict.fromkeys(said[pair[0]], True)  # of these it only counts whether they are answered
            found[page] = "yes" if all(answers[page] == "yes" for answers in said.values()) else "no"
    return found


_PAGES = list(FLOW.questions())


def _is_proposal(entry: FairEntry, page: str) -> bool:
    return entry.kind == Kind.PROPOSED and entry.page == page


def _digest(work: Work, action: str) -> str:
    return str(work.session.get_one(Action, action).args["digest"])


def _run(work: Work, run: str) -> FairRun:
    return work.session.get_one(FairRun, run)


def _entries(work: Work, run: str, *kinds: str) -> list[FairEntry]:
    found = work.session.exec(select(FairEntry).where(FairEntry.run_id == run).order_by(col(FairEntry.number)))
    return [entry for entry in found if not kinds or entry.kind in kinds]


def _duties(work: Work, run: str) -> list[Deadline]:
    theirs = (Deadline.subject_kind == fair_circle.KIND, Deadline.subject_id == run)
    return list(work.session.exec(select(Deadline).where(*theirs)))


def agree_until(work: Work, run: FairRun, asked: str, answers: Answers = LONGEST) -> None:
    """Both have agreed on these answers up to the page that asks this, or up to an end."""
    while isinstance(page := fair_runs.where(work, run).turn.at, Page) and asked not in page.asks():
        key, given = page.asks()[0], {question: answers[question] for question in page.asks()}
        for person in fair_runs.pair(run) if key.endswith("-ongoing") else ():
            fair_runs.log(work, run, person, Kind.STATED, page=key, answers=given)
        if not key.endswith("-ongoing"):
            made = fair_runs.log(work, run, run.workforce_id, Kind.PROPOSED, page=key, answers=given)
            fair_runs.log(work, run, run.patient_safety_id, Kind.AGREED, page=key, about=made.number)


def put_away(work: Work, run: FairRun) -> None:
    """An example is over: its run is under way no more, and nothing is owed in it, so that the next begins as it did.

    What happened in it stays, as of every run.
    """
    owed = [duty.id for duty in _duties(work, run.id)]
    work.session.exec(delete(Nudge).where(col(Nudge.deadline_id).in_(owed)))
    work.session.exec(delete(Deadline).where(col(Deadline.id).in_(owed)))
    run.state = run.state if run.state == fair_runs.ENDED else fair_runs.WITHDRAWN
    work.session.add(run)


def words_kept_elsewhere(work: Work) -> list[str]:
    """Rows outside the run itself that hold a word of what was typed in it."""
    tables = (Inbox, Outbox, Posted, Action, AuditEntry, Nudge, Deadline, Case)
    rows = [str(row.model_dump()) for table in tables for row in work.session.exec(select(table))]
    return [row for row in rows if CANARY in row]


async def example(stage: Stage, reference: str, beginning: str, steps: list[Step]) -> str:
    """Play it; returns where it came to."""
    run = await begun(stage, reference=reference, concern=f"{CANARY} concern", at=stage.now)
    playing = Playing(stage, run)
    try:
        await stage.do(lambda work: agree_until(work, _run(work, run), beginning))
        for step in steps:
            await getattr(playing, step[0])(*step[1:])
            await playing.check()
        await stage.settled()
        assert await stage.do(words_kept_elsewhere) == []
        end: str = await stage.do(lambda work: _run(work, run).end or "")
        return end
    finally:
        await stage.do(lambda work: put_away(work, _run(work, run)))


@pytest.mark.long
async def test_in_any_order_it_ends_where_the_tool_does_and_nobody_else_sees_a_word(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await started(stage)
    loop = asyncio.get_running_loop()
    ends: list[str] = []
    numbers = count(1)

    # Without shrinking, which would play for minutes: a play that fails is short enough to be read.
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given_steps(PLAYS)
    def any_order(play: tuple[str, list[Step], Step, list[Step]]) -> None:
        beginning, steps, ending, afterwards = play
        playing = example(stage, f"BF-{next(numbers)}", beginning, [*steps, ending, *afterwards])
        ends.append(asyncio.run_coroutine_threadsafe(playing, loop).result(60))

    with caplog.at_level(logging.DEBUG):
        await asyncio.to_thread(any_order)

    assert len(set(ends)) > 3, "many ends are reached"
    assert CANARY not in caplog.text
    told = {room: [words(card) for card in cards] for room, cards in stage.out.posts.items()}
    assert CANARY not in str(told), "not even to the two: their messages say that there is a private task"
    for room, cards in told.items():
        if room not in {address_of(name) for name in (*PAIR, JUDITH)}:
            assert "private task" not in str(cards), room
