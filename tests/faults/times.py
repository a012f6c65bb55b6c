"""How long things take in the harness: production's times made short, in the same order of size."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """All in seconds; `pace` 1 is for a full run, less is for a hurry."""

    pace: float = 1.0

    @property
    def gives_up(self) -> float:
        """Until the bot gives up waiting for a platform's answer."""
        return 1.0 * self.pace

    @property
    def latest(self) -> float:
        """Until a call at the latest takes effect, whoever still waits for it."""
        return 1.8 * self.pace

    @property
    def send_within(self) -> float:
        """From taking a message until its platform has answered."""
        return 3.0 * self.pace

    @property
    def settle(self) -> float:
        """Until an uncertain message is looked for: by then whatever was sent has taken effect."""
        return self.send_within + self.latest + 0.7

    @property
    def lease(self) -> float:
        """For how long a message belongs to whoever took it."""
        return self.settle + 1.5

    @property
    def retry(self) -> float:
        """How long to wait when a platform asks for a pause without saying how long."""
        return 1.0 * self.pace
