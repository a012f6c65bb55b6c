"""The life of a case: its states, and what the rules about who may do what need to know of it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a case has got to."""

    REPORTED = "reported"
    READ = "read"
    IN_PANEL = "in panel"
    DECIDED = "decided"
    AWAITING_VERIFICATION = "awaiting verification"
    RESPONDING = "responding"
    PAUSED = "paused"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"

    @property
    def has_ended(self) -> bool:
        return self in ENDED


ENDED = frozenset({State.CLOSED, State.WITHDRAWN, State.MERGED})
UNDER_WAY = frozenset(State) - ENDED
BEFORE_PANEL = frozenset({State.REPORTED, State.READ})


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What authority depends on. `quality_only`: a patient's relative reported it; `restricted`: quality chose so."""

    state: State
    service: str = ""
    reporter_id: str | None = None
    owner_id: str | None = None
    confidential: bool = False
    quality_only: bool = False
    restricted: bool = False
    checker_ids: frozenset[str] = frozenset()
    panel_ids: frozenset[str] = frozenset()
    """Those who have a vote in its panel, or act for somebody who has."""
    chair_id: str | None = None
    """Who chairs its panel today."""
    kept_out_ids: frozenset[str] = frozenset()
    """Staff who were involved, their line managers, and who has stood back: they take no part in its panel."""
    involved_ids: frozenset[str] = frozenset()
    """Staff who are named in its reports."""
    lead_id: str | None = None
    """Who leads the learning response."""
    has_response: bool = False
    """Whether a learning response is under way, or is to start."""
    passed_over_ids: frozenset[str] = frozenset()
    """Line managers who are to learn nothing, because the reporter asked that somebody else checks on their staff."""
