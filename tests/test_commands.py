"""What every command that looks into the database has in common."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from psirf_bot.bootstrap import Application
from psirf_bot.cli import bot, main
from psirf_bot.trust_file import sample_people_text, sample_trust_text


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


@pytest.mark.parametrize("command", ["migrate", "restored"])
def test_a_database_of_a_newer_version_is_refused_in_words(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "psirf.db"
    monkeypatch.setenv("PSIRF_DATABASE_URL", f"sqlite:///{file}")
    assert CliRunner().invoke(bot, ["migrate"]).exit_code == 0
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    monkeypatch.setattr("sys.argv", ["psirf-bot", *command.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "This database has the tables of a newer version (9999" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "file"), [("people", "people.csv"), ("training", "training.csv"), ("migrate", "")])
def test_a_command_in_the_wrong_folder_says_that_it_goes_by_the_sample(command: str, file: str) -> None:
    """It would bring another database up to date, and whoever has left would stay on the list of the bot."""
    for name, text in (("people.csv", sample_people_text()), ("training.csv", "email,course,date,amount\n")):
        Path(name).write_text(text, "utf-8")
    said = CliRunner().invoke(bot, [command, "import", file] if file else [command])
    assert said.exit_code == 0
    assert "Please note: PSIRF_TRUST: is not set" in said.output
    assert "Is .env in this folder?" in said.output


@pytest.mark.parametrize("command", ["people import people.csv", "training import training.csv", "outbox --retry"])
def test_without_the_key_nothing_is_written_beside_entries_that_have_one(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One entry with the key for trying things out, and the trust's own counts as replaced for good."""
    Path("people.csv").write_text(sample_people_text(), "utf-8")
    Path("training.csv").write_text("email,course,date,amount\n", "utf-8")
    assert CliRunner().invoke(bot, ["people", "import", "people.csv"]).exit_code == 0
    monkeypatch.delenv("PSIRF_SECRET_KEY")
    said = CliRunner().invoke(bot, command.split())
    assert said.exit_code == 1
    assert "PSIRF_SECRET_KEY: is not set, and the audit of this database is sealed with one" in said.output


def test_with_a_key_that_serve_would_refuse_nothing_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("people.csv").write_text(sample_people_text(), "utf-8")
    monkeypatch.setenv("PSIRF_SECRET_KEY", "short")
    said = CliRunner().invoke(bot, ["people", "import", "people.csv"])
    assert said.exit_code == 1
    assert "PSIRF_SECRET_KEY: is shorter than 16 characters" in said.output


def test_for_trying_things_out_no_command_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PSIRF_SECRET_KEY")
    Path("people.csv").write_text(sample_people_text(), "utf-8")
    for _ in range(2):
        assert CliRunner().invoke(bot, ["people", "import", "people.csv"]).exit_code == 0


def test_one_person_is_no_people() -> None:
    header, first, *_ = sample_people_text().splitlines()
    fields = [*first.split(",")[:3], *[""] * (header.count(",") - 2)]
    Path("people.csv").write_text(f"{header}\n{','.join(fields)}\n", "utf-8")
    assert CliRunner().invoke(bot, ["people", "import", "people.csv"]).stdout.startswith("1 person: 1 added")


def test_a_list_that_leaves_nobody_in_the_quality_team_says_so() -> None:
    whole = sample_people_text()
    for text, says_so in ((whole, False), (whole.replace("quality;", ""), True)):
        Path("people.csv").write_text(text, "utf-8")
        said = CliRunner().invoke(bot, ["people", "import", "people.csv"])
        assert said.exit_code == 0
        assert ("people.csv: gives nobody the role quality, so nobody is asked to" in said.output) == says_so


def test_an_executive_on_call_who_is_not_on_the_list_is_named() -> None:
    whole = sample_people_text()
    missing = "[urgent] executives: rosalind.achebe@fenmarsh.example is not on the people list"
    for text, says_so in ((whole, False), (whole.replace("rosalind.achebe@", "r.achebe@"), True)):
        Path("people.csv").write_text(text, "utf-8")
        said = CliRunner().invoke(bot, ["people", "import", "people.csv"])
        assert said.exit_code == 0
        assert (missing in said.output) == says_so


def test_a_misspelt_setting_is_named_beside_what_is_missing_for_it() -> None:
    Path(".env").write_text("PSIRF_SLACK_BOT_TOKN=xoxb-canary\n", "utf-8")
    said = CliRunner().invoke(bot, ["serve"])
    assert said.exit_code == 1
    assert 'Did you mean "PSIRF_SLACK_BOT_TOKEN"?' in said.output
    assert "canary" not in said.output


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Application]:
    """What `demo` and `serve` would have run."""
    made: list[Application] = []

    def run(app: Application, *_: object) -> None:
        app.store.close()
        made.append(app)

    monkeypatch.setattr("psirf_bot.cli.run", run)
    return made


def test_the_demonstration_is_the_made_up_trust_on_its_page_alone(
    shown: list[Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a .env of the trust's own it would take in what staff really send."""
    Path("trust.toml").write_text(sample_trust_text().replace("Fenmarsh", "Saltmarsh"), "utf-8")
    Path(".env").write_text(
        "PSIRF_TRUST=trust.toml\n"
        "PSIRF_SLACK_BOT_TOKEN=xoxb-1\nPSIRF_SLACK_APP_TOKEN=xapp-1\nPSIRF_SLACK_TEAM_ID=T1\n"
        "PSIRF_TEAMS_APP_ID=1\nPSIRF_TEAMS_APP_SECRET=1\nPSIRF_TEAMS_TENANT_ID=1\n",
        "utf-8",
    )
    monkeypatch.setenv("PSIRF_DATABASE_URL", "sqlite:///demo.db")
    said = CliRunner().invoke(bot, ["demo"])
    assert said.exit_code == 0, said.output
    assert [(list(app.adapters), app.setting.trust.name) for app in shown] == [
        (["web"], "Fenmarsh Community NHS Trust")
    ]


def test_the_demonstration_takes_nobody_off_a_list(shown: list[Application], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("people.csv").write_text(sample_people_text().replace("fenmarsh.example", "saltmarsh.example"), "utf-8")
    monkeypatch.setenv("PSIRF_DATABASE_URL", "sqlite:///psirf.db")
    imported = CliRunner().invoke(bot, ["people", "import", "people.csv"])
    assert imported.exit_code == 0, imported.output
    said = CliRunner().invoke(bot, ["demo"])
    assert said.exit_code == 1
    assert "has people in it who are not of the sample trust" in said.output
    assert shown == []
    with closing(sqlite3.connect("psirf.db")) as database:
        assert database.execute("SELECT DISTINCT active, count(*) FROM person").fetchall() == [(1, 18)]
