"""The desk when things go wrong: an answer in time, true in what it says, and nothing typed is lost or let out."""

import asyncio
import gc
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, func, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.people_to_ring import numbers
from psirf_bot.casework import desk as desk_module
from psirf_bot.casework import post
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.desk import NOT_SAVED_SAID, NOT_SAVED_YET, WENT_WRONG
from psirf_bot.casework.inbound import Chosen, Pressed, Reply, Said
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.store import audit
from psirf_bot.store.tables import (
    Action,
    AuditEntry,
    Case,
    Counter,
    Dialog,
    Identity,
    Inbox,
    Outbox,
    Person,
    ReportVersion,
)
from stage import NOW, Stage, action, shown, words

AMINA, LEAH, TOMASZ = "Amina Yusuf", "Leah Rosenfeld", "Tomasz Zielinski"
STAFF = [f"Nurse {chr(ord('A') + n)}" for n in range(20)]
CANARY = "canary-words-that-a-person-typed"
IN_TIME = 3.0
HANGS = 10


def page_1(what_happened: str = "The wrong syringe driver was set up.") -> dict[str, Any]:
    return {
        "danger": "no",
        "event-type": "near-miss",
        "what-happened": what_happened,
        "when": {"date": "2026-11-20", "time": "09:30"},
        "service": "Community Nursing",
        "place": None,
    }


async def to_the_check(stage: Stage, name: str, what_happened: str = "The wrong syringe driver was set up.") -> Card:
    card = await stage.says(name, "report")
    card = await stage.presses(name, card, "Next", page_1(what_happened))
    return await stage.presses(name, card, "Next", {"could-have-led": "yes", "my-manager": "Bronwen Hale"})


async def count(stage: Stage, table: Any) -> int:
    number: int = await stage.do(lambda work: work.session.exec(select(func.count()).select_from(table)).one())
    return number


class SlowCommits:
    """Every commit takes a second longer while this is in force."""

    def __init__(self, stage: Stage) -> None:
        self._engine = stage.store.engine

    def __enter__(self) -> None:
        event.listen(self._engine, "commit", self._sleep)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "commit", self._sleep)

    @staticmethod
    def _sleep(_: object) -> None:
        time.sleep(1)


async def all_press_at_once(stage: Stage, pressed: dict[str, Pressed]) -> dict[str, Reply]:
    """Everybody presses together while commits are slow; everybody is answered in time."""

    async def press(name: str) -> Reply:
        began = time.monotonic()
        reply = await stage.turn(name, pressed[name])
        assert time.monotonic() - began < IN_TIME
        return reply

    stage.desk.answer_within = desk_module.ANSWER_WITHIN
    with SlowCommits(stage):
        replies = await asyncio.gather(*(press(name) for name in pressed))
    assert all(r.card or r.notice == NOT_SAVED_YET for r in replies)
    return dict(zip(pressed, replies, strict=True))


async def pressed_until_done(stage: Stage, pressed: dict[str, Pressed]) -> dict[str, Card]:
    """All press at once, and those who were told to press again do so."""
    replies = await all_press_at_once(stage, pressed)
    return {name: reply.card or await again(stage, name, pressed[name]) for name, reply in replies.items()}


async def again(stage: Stage, name: str, press: Pressed) -> Card:
    reply = await stage.turn(name, press)
    assert not reply.notice.startswith("Not saved"), reply.notice
    return shown(reply)


@pytest.mark.long
async def test_twenty_send_at_once_while_every_commit_takes_a_second_longer(stage: Stage) -> None:
    checks = {name: await to_the_check(stage, name, f"Seen by {name} alone.") for name in STAFF}
    sends = {name: Pressed(action(card, "Send the report")) for name, card in checks.items()}
    shown = await pressed_until_done(stage, sends)
    reports = await stage.do(_reports_by_name)
    for name in STAFF:
        [(reference, what_happened)] = reports[name]
        assert f"aved as {reference}" in words(shown[name])
        assert what_happened == f"Seen by {name} alone."
    await stage.settled()
    assert sorted(c.title[:13] for c in stage.channel()) == sorted(ref for [(ref, _)] in reports.values())
    for name in STAFF:
        [(reference, _)] = reports[name]
        assert [reference in words(c) for c in stage.private(name)] == [True], "the receipt stays in the chat, once"


def _reports_by_name(work: Work) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    rows = select(Person.name, Case.reference, ReportVersion).where(
        Case.reporter_id == Person.id, ReportVersion.case_id == Case.id
    )
    for name, reference, version in work.session.exec(rows):
        found.setdefault(name, []).append((reference, version.answers["what-happened"]))
    return found


@pytest.mark.long
async def test_twenty_press_next_at_once_while_every_commit_takes_a_second_longer(stage: Stage) -> None:
    pages = {name: await stage.says(name, "report") for name in STAFF}
    nexts = {n: Pressed(action(card, "Next"), page_1(f"Seen by {n} alone.")) for n, card in pages.items()}
    shown = await pressed_until_done(stage, nexts)
    assert all("could-have-led" in [i.id for i in card.inputs()] for card in shown.values())
    dialogs = await stage.do(
        lambda work: dict(
            work.session.exec(select(Person.name, Dialog.answers).where(Dialog.person_id == Person.id)).all()
        )
    )
    assert {n: answers["what-happened"] for n, answers in dialogs.items()} == {n: f"Seen by {n} alone." for n in STAFF}


# Too slow for an answer


class Busy:
    """The store's writer is kept busy until it is let go."""

    def __init__(self, stage: Stage) -> None:
        self._begun, self._go_on = threading.Event(), threading.Event()
        self._stage = stage

    async def __aenter__(self) -> None:
        self.future = self._stage.store.submit(self._wait)
        assert await asyncio.to_thread(self._begun.wait, HANGS)

    async def __aexit__(self, *_: object) -> None:
        self._go_on.set()
        await asyncio.wrap_future(self.future)
        await self._stage.do(lambda work: None)

    def _wait(self, _: Session) -> None:
        self._begun.set()
        assert self._go_on.wait(HANGS)


class HeldCommit:
    """The next commit is held until it is let go."""

    def __init__(self, stage: Stage) -> None:
        self.go_on = threading.Event()
        event.listen(stage.store.engine, "commit", self._hold)

    def _hold(self, _: object) -> None:
        assert self.go_on.wait(HANGS)


async def answered_late(stage: Stage, name: str, what: Said | Pressed, *, inline: bool = True) -> Reply:
    """The answer of a desk whose time runs out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.desk, "answer_within", 0.2)
        return await stage.turn(name, what, inline=inline)


async def test_what_was_not_begun_in_time_is_not_done_behind_the_persons_back(stage: Stage) -> None:
    check = await to_the_check(stage, AMINA)
    send = Pressed(action(check, "Send the report"))
    async with Busy(stage):
        assert (await answered_late(stage, AMINA, send)).notice == NOT_SAVED_YET
        assert (await answered_late(stage, TOMASZ, Said("report"))).notice == NOT_SAVED_SAID
    assert await count(stage, Case) == 0
    assert "Saved as PSI-2026-0001" in words(await again(stage, AMINA, send))


async def test_words_that_were_begun_and_then_failed_leave_nobody_waiting_for_ever(stage: Stage) -> None:
    """There is no database to write an answer to; so they are told beforehand when to send them again."""
    held = HeldCommit(stage)
    event.listen(stage.store.engine, "commit", _disk_is_full)
    told = (await answered_late(stage, AMINA, Said("report"), inline=False)).notice
    held.go_on.set()
    await stage.store.read(lambda session: None)
    assert stage.private(AMINA) == []
    assert "after a minute, please send yours again" in told


def _disk_is_full(_: object) -> None:
    raise OSError


async def test_what_was_begun_is_carried_through_and_pressing_again_says_so(stage: Stage) -> None:
    check = await to_the_check(stage, AMINA)
    await stage.settled()
    send = Pressed(action(check, "Send the report"))
    held = HeldCommit(stage)
    assert (await answered_late(stage, AMINA, send)).notice == NOT_SAVED_YET
    held.go_on.set()
    await stage.do(lambda work: None)
    assert "already saved" in words(await again(stage, AMINA, send))
    assert await count(stage, Case) == 1
    await stage.settled()
    assert len(stage.channel()) == 1
    assert any("Saved as PSI-2026-0001" in words(c) for c in stage.private(AMINA)), "the receipt came after all"


# Bugs, and their words


def do(monkeypatch: pytest.MonkeyPatch, verb: str, what: Callable[[Work, Press], Reply]) -> None:
    monkeypatch.setitem(desk_module.VERBS, verb, what)


async def press_of(stage: Stage, verb: str, **args: Any) -> Pressed:
    return Pressed(await stage.do(lambda work: action_id(work, verb, **args)), {"typed": CANARY})


def write_something(work: Work) -> None:
    work.session.add(Counter(year=1999, last=0))
    work.record("somebody", "did something", content=CANARY)
    post.to_channel(work, "quality", said("Half done", "…"))
    work.session.flush()


def _value_error(work: Work, press: Press) -> Reply:
    raise ValueError(f"cannot read {press.given['typed']}")


def _chained(work: Work, press: Press) -> Reply:
    try:
        return _value_error(work, press)
    except ValueError as error:
        raise KeyError(CANARY) from error


def _not_unique(work: Work, press: Press) -> Reply:
    work.session.add_all([Inbox(key=CANARY, reply={"a": CANARY}, at=NOW) for _ in range(2)])
    work.session.flush()
    raise AssertionError("it was unique")


def _bad_sql(work: Work, press: Press) -> Reply:
    work.session.connection().execute(text("SELECT :words FROM nowhere"), {"words": CANARY})
    raise AssertionError("there is such a table")


def _only_when_it_is_flushed(work: Work, press: Press) -> Reply:
    work.session.add(Person(id=CANARY, name=None, roles=[]))  # type: ignore[arg-type]
    return Reply(card=said("Done", "…"))


def _not_to_be_shown(work: Work, press: Press) -> Reply:
    return Reply(card=Card.model_validate({"title": CANARY, "preview": 5, "body": [CANARY]}))


BUGS = [_value_error, _chained, _not_unique, _bad_sql, _only_when_it_is_flushed, _not_to_be_shown]


@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_is_owned_up_to_logged_by_reference_and_lets_no_words_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, bug: Callable[[Work, Press], Reply]
) -> None:
    def half_done(work: Work, press: Press) -> Reply:
        write_something(work)
        return bug(work, press)

    do(monkeypatch, "test.bug", half_done)
    press = await press_of(stage, "test.bug")
    before = await everything(stage)
    caplog.set_level(logging.DEBUG)
    reply = await stage.turn(AMINA, press, key="once")
    assert reply.card is None
    assert reply.notice.startswith(WENT_WRONG)
    [reference] = re.findall(r"Reference ([0-9A-F]{6})\.", reply.notice)
    assert reference in caplog.text
    assert " < _turn:" in caplog.text, "the log says where, in our own code"
    assert CANARY not in _all_that_was_logged(caplog)
    assert await everything(stage) == before
    do(monkeypatch, "test.bug", lambda work, press: Reply(card=said("Mended", "…")))
    assert (await again(stage, AMINA, press)).title == "Mended"


def _all_that_was_logged(caplog: pytest.LogCaptureFixture) -> str:
    records = [f"{r.getMessage()} {r.args} {r.exc_info} {r.exc_text} {r.stack_info}" for r in caplog.records]
    return "\n".join([caplog.text, *records])


async def everything(stage: Stage) -> dict[str, int]:
    await stage.settled()
    tables = (Counter, AuditEntry, Outbox, Inbox, Person, Identity, Case, Dialog)
    return {table.__name__: await count(stage, table) for table in tables}


@pytest.mark.parametrize("gives_up", [False, True], ids=["told that it is late", "hung up before the answer"])
async def test_a_bug_that_shows_too_late_lets_no_words_out_either(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, gives_up: bool
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def late(work: Work, press: Press) -> Reply:
        begun.set()
        assert go_on.wait(HANGS)
        raise ValueError(CANARY)

    do(monkeypatch, "test.late", late)
    press = await press_of(stage, "test.late")
    caplog.set_level(logging.DEBUG)
    turn = asyncio.ensure_future(answered_late(stage, AMINA, press))
    assert await asyncio.to_thread(begun.wait, HANGS)
    if gives_up:
        turn.cancel()
    answers = await asyncio.gather(turn, return_exceptions=True)
    go_on.set()
    await stage.do(lambda work: None)
    await asyncio.sleep(0)
    del turn, answers
    gc.collect()  # asyncio reports a failure that nobody looked at when it is thrown away
    await asyncio.sleep(0)
    assert "a late turn failed: builtins.ValueError" in caplog.text
    assert CANARY not in _all_that_was_logged(caplog)


async def test_a_whole_report_leaves_no_typed_word_in_the_log_or_the_audit(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    card = await stage.says(AMINA, "report")
    await stage.says(AMINA, f"{CANARY} is no answer")
    card = await stage.presses(AMINA, card, "Next", page_1(f"{CANARY} 943 476 5919"))
    card = await stage.presses(AMINA, card, "Next", {**page_1(CANARY), "place": CANARY})
    card = await stage.presses(AMINA, card, "Next", {"could-have-led": "yes", "colleagues": CANARY})
    card = await stage.presses(AMINA, card, "Next", {i.id: "quality" for i in card.inputs()})
    receipt = await stage.presses(AMINA, card, "Send the report")
    for button_, field in (("Add to this report", "addition"), ("Withdraw it", "why")):
        form = await stage.presses(AMINA, receipt, button_)
        await stage.turn(AMINA, Pressed(form.buttons[0].action, {field: f"{CANARY} {field}"}))
    case = await stage.says(LEAH, "case PSI-2026-0001")
    assert CANARY in words(case)
    await stage.says(LEAH, f"find {CANARY}")
    await stage.says(AMINA, CANARY)
    await stage.settled()
    assert CANARY not in _all_that_was_logged(caplog)
    entries = await stage.do(lambda work: [e.model_dump_json() for e in work.session.exec(select(AuditEntry)).all()])
    assert len(entries) >= 4
    assert CANARY not in "\n".join(entries)
    key = stage.setting.audit_key
    assert await stage.do(lambda work: list(audit.faults(work.session, {key.id: key}))) == []


async def test_a_store_that_cannot_commit_is_owned_up_to(stage: Stage) -> None:
    check = await to_the_check(stage, AMINA)
    await stage.settled()
    send = Pressed(action(check, "Send the report"))

    def fail(_: object) -> None:
        raise OSError("the disk has gone")

    event.listen(stage.store.engine, "commit", fail)
    reply = await stage.turn(AMINA, send)
    event.remove(stage.store.engine, "commit", fail)
    assert reply.notice.startswith(WENT_WRONG)
    assert await count(stage, Case) == 0
    assert "Saved as PSI-2026-0001" in words(await again(stage, AMINA, send))


async def test_whom_to_ring_is_said_though_nothing_can_be_saved(stage: Stage) -> None:
    """On a full disk, or while the database is away: somebody in danger gets no mere apology."""
    form = await stage.says(AMINA, "report")
    in_a_form = Pressed(action(form, "Next"), {"what-happened": "He is not breathing"})
    chosen = Chosen("she wants to kill herself, and I cannot cope")
    ring = numbers(stage.trust)
    event.listen(stage.store.engine, "commit", _disk_is_full)
    for what in (Said("somebody is dying"), in_a_form, chosen):
        notice = (await stage.turn(AMINA, what)).notice
        assert notice.startswith(f"{ring} {WENT_WRONG}")
    assert (await stage.turn(AMINA, Said("report"))).notice.startswith(WENT_WRONG)
    event.remove(stage.store.engine, "commit", _disk_is_full)
    async with Busy(stage):
        assert (await answered_late(stage, TOMASZ, Said("I want to die"))).notice == f"{ring} {NOT_SAVED_SAID}"


async def test_a_closed_store_is_owned_up_to(stage: Stage) -> None:
    await stage.courier.stop()
    stage.store.close()
    assert (await stage.turn(AMINA, Said("report"))).notice.startswith(WENT_WRONG)


# Refusals


async def test_a_refusal_takes_back_what_was_begun_and_is_remembered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuses(work: Work, press: Press) -> Reply:
        asked.append(press.verb)
        write_something(work)
        raise Refusal("Not today. Please ask again tomorrow.")

    do(monkeypatch, "test.refuses", refuses)
    press = await press_of(stage, "test.refuses")
    first = await stage.turn(AMINA, press, key="same")
    assert "Not today" in words(shown(first))
    assert await stage.turn(AMINA, press, key="same") == first
    assert asked == ["test.refuses"]
    assert await stage.do(lambda work: work.session.get(Counter, 1999)) is None
    whats = await stage.do(lambda work: work.session.exec(select(AuditEntry.what)).all())
    assert "did something" not in whats
    await stage.settled()
    assert stage.channel() == []


async def test_a_newcomer_who_is_refused_is_known_all_the_same(stage: Stage) -> None:
    await stage.says("Nurse New", "case PSI-2026-0001")
    await stage.says("Nurse New", "help")
    names = await stage.do(lambda work: work.session.exec(select(Person.name)).all())
    assert names.count("Nurse New") == 1


async def test_a_button_nobody_made_says_what_to_do(stage: Stage) -> None:
    for pressed in ("no-such-action", "", "x" * 5000, "'; DROP TABLE action; --", "\x00"):
        assert "older message" in words(await again(stage, AMINA, Pressed(pressed)))


async def test_a_button_whose_verb_is_gone_says_what_to_do(stage: Stage) -> None:
    press = await press_of(stage, "something.we.no.longer.do")
    assert "older message" in words(await again(stage, AMINA, press))


async def test_a_button_made_for_one_person_works_for_no_other(stage: Stage) -> None:
    amina = await stage.do(lambda work: work.session.exec(select(Person.id).where(Person.name == AMINA)).one())
    press = await press_of(stage, "words.report", person_id=amina)
    assert "for somebody else" in words(await again(stage, TOMASZ, press))
    assert await count(stage, Dialog) == 0
    assert "Is anyone in danger now?" in words(await again(stage, AMINA, press))


async def test_nobody_can_press_their_way_into_somebody_elses_form(stage: Stage) -> None:
    check = await to_the_check(stage, AMINA)
    for label in ("Send the report", "Change", "Cancel"):
        refused = await stage.presses(TOMASZ, check, label)
        assert "somebody else" in words(refused)
    dialog = await stage.do(lambda work: work.session.exec(select(Dialog.id)).one())
    for verb in ("dialog.next", "dialog.show", "dialog.confirm", "dialog.cancel", "dialog.restart", "dialog.back"):
        press = await press_of(stage, verb, dialog=dialog, asks="[]", key="danger", digest="x")
        assert "somebody else" in words(await again(stage, TOMASZ, press))
    assert await count(stage, Case) == 0
    assert "Saved as" in words(await stage.presses(AMINA, check, "Send the report"))


async def test_old_buttons_of_a_form_that_has_ended_lead_to_where_things_are(stage: Stage) -> None:
    page = await stage.says(AMINA, "report")
    check = await to_the_check(stage, AMINA)
    await stage.presses(AMINA, check, "Send the report")
    for card, label in ((page, "Next"), (page, "Cancel"), (check, "Change"), (check, "Send the report")):
        assert "saved as PSI-2026-0001" in words(await stage.presses(AMINA, card, label))
    assert await count(stage, Case) == 1


# The same thing more than once


async def test_a_newcomers_first_words_delivered_five_times_at_once_count_once(stage: Stage) -> None:
    replies = await asyncio.gather(*(stage.turn("Nurse New", Said("report"), key="same") for _ in range(5)))
    assert len({r.model_dump_json() for r in replies}) == 1
    names = await stage.do(lambda work: work.session.exec(select(Person.name)).all())
    assert names.count("Nurse New") == 1
    assert await count(stage, Dialog) == 1


async def test_the_same_press_five_times_at_once_under_different_keys_sends_one_report(stage: Stage) -> None:
    check = await to_the_check(stage, AMINA)
    send = Pressed(action(check, "Send the report"))
    replies = await asyncio.gather(*(stage.turn(AMINA, send) for _ in range(5)))
    shown = [words(r.card) for r in replies if r.card]
    assert sum("Saved as PSI-2026-0001" in w for w in shown) == 1
    assert sum("already saved" in w for w in shown) == 4
    await stage.settled()
    assert await count(stage, Case) == 1
    assert len(stage.channel()) == 1
    assert sum("Saved as" in words(c) for c in stage.private(AMINA)) == 1


async def test_two_of_the_team_press_read_at_once_and_one_has_read_it(stage: Stage) -> None:
    await stage.presses(AMINA, await to_the_check(stage, AMINA), "Send the report")
    await stage.settled()
    read = Pressed(action(stage.channel()[0], "I have read this"))
    replies = await asyncio.gather(*(stage.turn(n, read, channel="quality") for n in (LEAH, "Sandeep Bhullar")))
    shown = [words(r.card) for r in replies if r.card]
    assert sum("moved on" in w for w in shown) == 1
    await stage.settled()
    assert sum("has been read" in words(c) for c in stage.private(AMINA)) == 1


async def test_a_repeated_delivery_gets_the_form_back_with_what_was_typed(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    press = Pressed(action(card, "Next"), page_1("Patient 943 476 5919 fell"))
    first, second = [await stage.turn(AMINA, press, key="same") for _ in range(2)]
    assert first == second
    assert second.card
    assert "943 476 5919" in [getattr(i, "value", "") for i in second.card.inputs()][2]


async def test_the_same_button_twice_on_one_card_is_one_action(stage: Stage) -> None:
    def twice(work: Work) -> set[str]:
        return {button(work, label, "words.help", person_id="x").action for label in ("One", "Two")}

    assert len(await stage.do(twice)) == 1
    assert len(await stage.do(twice) | await stage.do(twice)) == 1
    other = await stage.do(lambda work: button(work, "One", "words.help", person_id="y").action)
    assert other not in await stage.do(twice)
    assert await count(stage, Action) >= 2


JUNK: list[object] = [
    *(5, -1.5, True, float("nan"), [], [1, None, {}], [["a"]], {}, {"x": {"y": "z"}}, b"bytes"),
    *({"date": 5, "time": []}, {"date": "2026-02-31", "time": "25:99"}),
    *("", " ", "x" * 20_000, "\x00", "\ud800", "\u202e", "𝔘𝔫𝔦", "<!channel> *bold* `code`"),
]


async def test_junk_in_any_field_gets_the_form_back_and_is_never_a_bug(stage: Stage) -> None:
    first = await stage.says(AMINA, "report")
    second = await stage.presses(AMINA, first, "Next", page_1())
    for junk in JUNK:
        for card in (first, second):
            reply = await stage.turn(AMINA, Pressed(action(card, "Next"), {i.id: junk for i in card.inputs()}))
            assert reply.card, (junk, reply.notice)


async def test_any_words_get_an_answer(stage: Stage) -> None:
    for junk in ("", " ", "\x00", "x" * 20_000, "report\nreport", "🙂", "\u202ereport", "%_"):
        assert await stage.says(AMINA, "cancel")
        assert await stage.says(AMINA, junk), junk
        assert await stage.says(AMINA, "report")
        assert await stage.says(AMINA, junk), junk
        assert await stage.says(LEAH, f"find {junk}"), junk
