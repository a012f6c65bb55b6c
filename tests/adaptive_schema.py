"""Microsoft's published schema of Adaptive Cards 1.5, which lies beside the repository and is not part of it.

In CI it must be there. On a machine that has only the repository the checks against it are left out, and said to be.
"""

import os
from pathlib import Path

BESIDE = Path(__file__).parents[2] / "shared/schemas/adaptive-card-1.5.json"
PATH = BESIDE if BESIDE.exists() or os.environ.get("CI") else None
