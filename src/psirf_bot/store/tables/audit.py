"""The audit chain (store/audit.py)."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class AuditEntry(SQLModel, table=True):
    """One thing somebody did. No free text; chained per case and sealed into one global head."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str | None = Field(default=None, index=True)
    at: datetime
    actor_id: str
    what: str
    digest: str
    key_id: str
    case_seal: str
    seal: str
