"""Fixtures that every floor may use."""

import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

import postgresql as postgresql_server
from stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql_server.Server]:
    """A PostgreSQL server for this worker of the run. Where it cannot be started the tests that need it fail."""
    if postgresql_server.ELSEWHERE == "none":
        pytest.skip("PSIRF_TEST_POSTGRESQL_URL is none")
    made = postgresql_server.Server(postgresql_server.ELSEWHERE)
    yield made
    made.remove()


@pytest.fixture
def postgresql(server: postgresql_server.Server) -> Iterator[str]:
    """The URL of a PostgreSQL database with all tables, and the sample people in them."""
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database's URL: the test runs once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    url: str = request.getfixturevalue("postgresql")
    return url


WAIT_MOST = ("test_faults_short", "test_process", "delivery/test_replicas", "casework/test_desk_under_faults")
"""The tests that mostly wait for something. Begun first, they wait beside the others and not at the end."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded now stays: to look through all of it for garbage again and again takes as long as to load it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(name in item.nodeid for name in WAIT_MOST))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, as somebody always waits."""
    return (os.cpu_count() or 1) + 1
