"""`psirf-bot training import`: what it says, what it does to the register, and what it does not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlmodel import Session, select

from psirf_bot import bootstrap, cli
from psirf_bot.config import Settings
from psirf_bot.store.tables import AuditEntry, Training
from psirf_bot.trust_file import sample_people_text, sample_training_text

Run = Callable[..., Result]
ROWS = sample_training_text().count("\n") - 1


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on a database of its own, with the sample people in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSIRF_DATABASE_URL", f"sqlite:///{tmp_path}/psirf.db")
    monkeypatch.setenv("PSIRF_SECRET_KEY", "a key for the tests alone, long enough")
    (tmp_path / "people.csv").write_text(sample_people_text())
    (tmp_path / "training.csv").write_text(sample_training_text())

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(cli.bot, arguments)

    assert command("people", "import", "people.csv").exit_code == 0
    return command


def stored() -> tuple[list[tuple[str, str, float]], list[str]]:
    """The register, and what the audit chain says of it."""
    engine = bootstrap.engine_for(Settings())
    with Session(engine) as session:
        rows = [(t.course, t.on.isoformat(), t.amount) for t in session.exec(select(Training).order_by(Training.id))]  # type: ignore[arg-type]
        told = [e.what for e in session.exec(select(AuditEntry)) if "training" in e.what]
    engine.dispose()
    return rows, told


def test_it_says_how_many_were_new_and_a_second_time_that_nothing_is(run: Run) -> None:
    first, again = run("training", "import", "training.csv"), run("training", "import", "training.csv")
    assert (
        first.stdout == f"{ROWS} added, 0 changed, 0 taken back, 0 unchanged. Whatever else is in the register stays.\n"
    )
    assert f"0 added, 0 changed, 0 taken back, {ROWS} unchanged" in again.output
    assert (first.exit_code, again.exit_code) == (0, 0)
    rows, told = stored()
    assert len(rows) == ROWS
    assert told == ["training register imported"], "what changed nothing is not recorded"
    assert "The audit chain holds" in run("audit", "verify").output


def test_a_file_adds_and_corrects_and_removes_nothing(run: Run, tmp_path: Path) -> None:
    run("training", "import", "training.csv")
    more = "email,course,date,amount\ncallum.strachan@fenmarsh.example,learning,23/09/2025,2\n"
    (tmp_path / "more.csv").write_bytes(more.replace("\n", "\r\n").encode("utf-8-sig"))
    assert "0 added, 1 changed" in run("training", "import", "more.csv").output
    rows, told = stored()
    assert ("learning", "2025-09-23", 2.0) in rows
    assert len(rows) == ROWS
    assert len(told) == 2


def test_every_mistake_is_said_and_nothing_changes(run: Run, tmp_path: Path) -> None:
    text = sample_training_text() + "nobody@fenmarsh.example,lerning,2024-05-14,2\n"
    (tmp_path / "training.csv").write_text(text)
    result = run("training", "import", "training.csv")
    assert result.exit_code == 1
    assert f'training.csv:{ROWS + 2}: "nobody@fenmarsh.example" is not on the people list →' in result.output
    assert f'training.csv:{ROWS + 2}: unknown course "lerning" → Did you mean "learning"?' in result.output
    assert stored() == ([], [])


@pytest.mark.parametrize("which", ["people", "training"])
def test_a_mistake_is_named_with_the_name_that_its_file_has(run: Run, tmp_path: Path, which: str) -> None:
    (tmp_path / "autumn:2.csv").write_text("nonsense\n")
    assert 'autumn:2.csv:1: unknown column "nonsense" →' in run(which, "import", "autumn:2.csv").output


def test_a_file_in_another_encoding_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "training.csv").write_bytes("email,course,date,amount\n…".encode("utf-16"))
    result = run("training", "import", "training.csv")
    assert (result.exit_code, "Save it again as “CSV UTF-8”" in result.output) == (1, True)
    assert stored() == ([], [])


def test_it_works_beside_a_running_bot(run: Run) -> None:
    with bootstrap.hold_alone(Settings()):
        assert f"{ROWS} added" in run("training", "import", "training.csv").output


def test_the_help_says_what_becomes_of_other_rows(run: Run) -> None:
    said = " ".join(run("training", "import", "--help").output.split())
    assert "Rows that are not in the file stay in the register." in said
