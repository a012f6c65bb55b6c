"""Words that name what a person did as the cause, where the policy looks at the system (policy §2.1, A02)."""

import re

BLAMES = re.compile(
    r"\b(?:(?:human|operator|staff|nurs(?:e|ing)|clinician|individual)(?:'s|’s)?[ -]errors?|careless(?:ly|ness)?)\b",
    re.IGNORECASE,
)
"""Few, and never meant otherwise: a medication error is a kind of event, and negligence another process."""


def blamed(text: str) -> str | None:
    """What to write instead, for whoever wrote such words; None where there are none."""
    if found := BLAMES.search(" ".join(text.split())):
        return f"“{found[0]}” names a person as the cause. Please say what in the work made it likely. (Policy 2.1.)"
    return None
