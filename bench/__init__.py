"""Benchmarks: `python -m bench` prints one table; `--short` is a quick try. It needs the repository, and no network."""

import sys
from pathlib import Path

HOUSE = Path(__file__).parents[1]
sys.path.insert(0, str(HOUSE / "tests"))  # the strict fakes of both platforms live there
