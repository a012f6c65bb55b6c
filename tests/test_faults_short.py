"""The fault harness with a short seed: everything goes wrong once, and people are told everything once."""

from pathlib import Path

import pytest

from faults.__main__ import SHORT
from faults.engines import Sqlite
from faults.storm import Storm

SEED = 7


@pytest.mark.long
async def test_a_morning_on_which_everything_goes_wrong(tmp_path: Path) -> None:
    outcome = await Storm(Sqlite(tmp_path), tmp_path, SEED, SHORT).run()
    assert outcome.holds, "\n".join([f"seed {SEED}", outcome.line(), *outcome.problems()])
    assert outcome.faults.total()
    assert outcome.blows.keys() == {"kill -9", "SIGSTOP", "database", "clock"}
