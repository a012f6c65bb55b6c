"""A button that is shown is there; one that was found before is not looked for again, unless nothing was committed."""

import threading
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, event
from sqlmodel import Session, select

from psirf_bot.casework.actions import MOST_KNOWN, action_id, written_together
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.store.database import Store, taken_back_on
from psirf_bot.store.tables import Action
from ready_made import opened
from stage import Stage


def this_one(work: Work) -> str:
    return action_id(work, "words.help", which="this one")


async def test_a_button_of_a_turn_that_was_refused_is_written_with_the_next(stage: Stage) -> None:
    def refused(work: Work) -> str:
        with suppress(Refusal), taken_back_on(Refusal, work.session):
            found = this_one(work)
            assert this_one(work) == found
            raise Refusal
        return found

    found = await stage.do(refused)
    assert found not in stage.setting.known_actions
    assert await stage.do(this_one) == found
    assert await stage.do(lambda work: work.session.get(Action, found) is not None)


async def test_buttons_that_are_written_together_are_all_there_at_the_end(stage: Stage) -> None:
    def together(work: Work) -> list[str]:
        before = action_id(work, "words.help", which="one")
        with written_together(work.session):
            return [before, *(action_id(work, "words.help", which=which) for which in ("one", "other"))]

    one, again, other = await stage.do(together)
    assert one == again
    assert await stage.do(lambda work: {action.id for action in work.session.exec(select(Action))}) == {one, other}
    assert stage.setting.known_actions == set()
    assert await stage.do(together) == [one, one, other]
    assert stage.setting.known_actions == {one}


async def test_buttons_that_were_to_be_written_together_are_not_believed_when_that_failed(stage: Stage) -> None:
    def refused(work: Work) -> str:
        with suppress(Refusal), taken_back_on(Refusal, work.session), written_together(work.session):
            this_one(work)
            raise Refusal
        return this_one(work)

    found = await stage.do(refused)
    assert await stage.do(lambda work: work.session.get(Action, found) is not None)


async def test_what_was_written_together_is_not_believed_when_it_is_taken_back_later(stage: Stage) -> None:
    def refused(work: Work) -> None:
        with suppress(Refusal), taken_back_on(Refusal, work.session):
            with written_together(work.session):
                this_one(work)
            this_one(work)
            raise Refusal

    await stage.do(refused)
    found = await stage.do(this_one)
    assert await stage.do(lambda work: work.session.get(Action, found) is not None)


async def test_only_so_many_buttons_are_known(stage: Stage) -> None:
    known = stage.setting.known_actions
    found = await stage.do(this_one)
    known |= {str(n) for n in range(MOST_KNOWN)}
    assert await stage.do(this_one) == found
    assert known == {found}


def test_what_one_turn_wrote_the_next_one_of_the_same_commit_does_not_believe(stage: Stage, tmp_path: Path) -> None:
    """When the commit fails both are gone."""
    store = Store(opened(f"sqlite:///{tmp_path}/other.db"))
    go_on = threading.Event()

    def finds(session: Session) -> str:
        return this_one(Work(session, stage.now, stage.setting))

    def breaks(_: Connection) -> None:
        raise OSError("the disk has gone")

    try:
        works = [lambda _: go_on.wait(), finds, finds]  # the first holds the writer until all are there
        event.listen(store.engine, "commit", breaks)
        futures = [store.submit(work) for work in works]
        go_on.set()
        assert all(future.exception() for future in futures)
        event.remove(store.engine, "commit", breaks)
        assert stage.setting.known_actions == set()
        found = store.submit(finds).result()
        assert store.submit(lambda session: session.get(Action, found) is not None).result()
    finally:
        store.close()


def test_what_was_found_beside_a_turn_that_failed_is_forgotten_too(stage: Stage, tmp_path: Path) -> None:
    """It was written by a turn that fails when it is done again by itself."""
    store = Store(opened(f"sqlite:///{tmp_path}/other.db"))
    go_on, tries = threading.Event(), iter([False, True])

    def finds(session: Session) -> str:
        return this_one(Work(session, stage.now, stage.setting))

    def finds_once(session: Session) -> str:
        if next(tries):
            raise ValueError("not the second time")
        return finds(session)

    def fails(_: Session) -> None:
        raise ValueError("no")

    try:
        works = [lambda _: go_on.wait(), finds_once, finds, fails]
        futures = [store.submit(work) for work in works]
        go_on.set()
        assert [type(future.exception()) for future in futures] == [type(None), ValueError, type(None), ValueError]
        found = str(futures[2].result())
        assert store.submit(lambda session: session.get(Action, found) is not None).result()
    finally:
        store.close()
