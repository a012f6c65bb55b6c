"""`psirf-bot outbox`: what is stuck is seen without its words, put back, or let go; and who did it is on record."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlmodel import Session, col, select

from psirf_bot.cards.conversation import said
from psirf_bot.cli import bot
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import AuditEntry, Outbox

CANARY = "the-canary-words-of-a-person"
Run = Callable[..., Result]


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/bot.db"
    engine = open_engine(url)
    migrate(engine)
    now = datetime.now(UTC)
    long_ago = now - timedelta(hours=1)
    card = said(CANARY, CANARY).model_dump(mode="json")
    kinds = (
        ("dead", {"error": "is_archived", "attempts": 3}),
        ("dead", {"about": "support:secret-id", "error": "user_disabled"}),
        ("uncertain", {"subject": "case:secret-id", "first_tried_at": long_ago}),
        ("due", {"due_at": long_ago}),
        ("due", {"due_at": now}),
        ("sent", {"due_at": long_ago}),
    )
    with Session(engine) as session:
        for number, (state, facts) in enumerate(kinds, 1):
            facts = {"due_at": now, "created_at": long_ago, **facts}
            row = Outbox(id=number, key=f"k{number}", lane="slack:C1", platform="slack", address={}, card=card, **facts)
            row.state = state
            session.add(row)
        session.commit()
    engine.dispose()
    return url


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSIRF_DATABASE_URL", url)
    return lambda *words: CliRunner().invoke(bot, ["outbox", *words])


def states(url: str) -> dict[int, str]:
    engine = open_engine(url)
    with Session(engine) as session:
        found = {row.id or 0: row.state for row in session.exec(select(Outbox))}
    engine.dispose()
    return found


def record(url: str) -> list[tuple[str, str]]:
    engine = open_engine(url)
    with Session(engine) as session:
        found = [(e.actor_id, e.what) for e in session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]
    engine.dispose()
    return found


def test_it_lists_what_is_stuck_and_never_what_it_says(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    lines = [line.split()[:4] for line in result.output.splitlines()]
    assert lines == [
        ["1", "dead", "slack", "message"],
        ["2", "dead", "slack", "support"],
        ["3", "uncertain", "slack", "case"],
        ["4", "due", "slack", "message"],
    ]
    assert "tries 3  is_archived" in result.output
    assert CANARY not in result.output
    assert "secret-id" not in result.output


def test_what_nobody_else_has_taken_up_is_put_back(run: Run, url: str) -> None:
    assert "Put back to be sent: 1." in run("--retry").output
    assert (states(url)[1], states(url)[2]) == ("due", "dead")
    assert record(url) == [("command line", "message put back to be sent")]


def test_named_it_is_put_back_in_any_case(run: Run, url: str) -> None:
    assert "Put back to be sent: 2." in run("--retry", "2").output
    assert (states(url)[1], states(url)[2]) == ("dead", "due")


def test_what_is_not_dead_is_not_put_back(run: Run, url: str) -> None:
    before = states(url)
    result = run("--retry", "3", "99")
    assert result.exit_code == 1
    assert "Not among the undelivered messages: 3, 99" in result.output
    assert states(url) == before
    assert record(url) == []


def test_a_number_that_no_message_can_have_is_refused_in_words(run: Run) -> None:
    refused = run("--retry", "9" * 30)
    assert refused.exit_code == 2
    assert "is not in the range" in refused.output


def test_what_will_never_arrive_is_let_go_with_its_words(run: Run, url: str) -> None:
    assert "Let go: 1." in run("--let-go", "1").output
    assert states(url)[1] == "let go"
    engine = open_engine(url)
    with Session(engine) as session:
        assert session.get_one(Outbox, 1).card is None
    engine.dispose()
    assert record(url) == [("command line", "undelivered message let go")]


@pytest.mark.parametrize("words", [("--let-go",), ("--retry", "--let-go", "1"), ("1",)])
def test_what_cannot_be_meant_is_refused(run: Run, url: str, words: tuple[str, ...]) -> None:
    before = states(url)
    assert run(*words).exit_code == 2
    assert states(url) == before
