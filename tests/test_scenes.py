"""A scene is set up again only where nothing else has happened."""

from pathlib import Path

import pytest
from sqlmodel import Session

from psirf_bot.store.tables import Person
from scenes import Left, scene
from stage import Stage

AMINA = "Amina Yusuf"
plays = 0


@scene
async def help_is_asked_for(stage: Stage) -> None:
    global plays
    plays += 1
    await stage.says(AMINA, "help")


def write(session: Session) -> None:
    session.add(Person(id="somebody", name="Somebody", roles=["staff"]))


@pytest.mark.parametrize(("past_the_stage", "played"), [(False, 1), (True, 2)])
async def test_what_was_written_before_a_scene_is_there_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, past_the_stage: bool, played: int
) -> None:
    monkeypatch.setitem(globals(), "plays", 0)
    kept: dict[tuple[str, ...], Left] = {}
    monkeypatch.setattr("scenes._left", kept)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        async with Stage(tmp_path / folder) as stage:
            if past_the_stage:
                await stage.store.run(write)
            await help_is_asked_for(stage)
            assert (await stage.do(lambda work: work.session.get(Person, "somebody")) is not None) is past_the_stage
    for left in kept.values():
        left.database.close()
    assert plays == played
