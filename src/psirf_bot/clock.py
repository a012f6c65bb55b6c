"""The time that the work goes by; it can be moved in the demo and with `--dev`. Signatures and leases never use it."""

from datetime import UTC, datetime, timedelta


def real_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


class Clock:
    """The real time, plus however far it has been moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return real_now() + self.ahead

    def advance(self, by: timedelta) -> datetime:
        self.ahead += by
        return self.now()

    def set(self, to: datetime) -> datetime:
        """Move to an aware time."""
        self.ahead = to - real_now()
        return self.now()
