"""What every command that looks into the database has in common."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from psirf_bot.cli import bot


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSIRF_SECRET_KEY", "k" * 40)


@pytest.mark.parametrize("command", ["migrate", "audit verify", "audit head", "outbox", "review", "restored"])
def test_a_database_that_is_none_of_ours_is_refused_in_words(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSIRF_DATABASE_URL", "mysql://db.example/psirf")
    result = CliRunner().invoke(bot, command.split())
    assert result.exit_code == 1
    assert "PSIRF_DATABASE_URL: is not a database that this version can use" in result.output


def test_the_database_is_for_its_own_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSIRF_DATABASE_URL", f"sqlite:///{tmp_path}/new/psirf.db")
    assert CliRunner().invoke(bot, ["migrate"]).exit_code == 0
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new").iterdir()} == {0o600}
