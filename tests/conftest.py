"""Fixtures that every floor may use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as made:
        yield made
