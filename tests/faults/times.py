"""How long things take in the harness: production's times made short, in the same order of size."""

GIVES_UP = 1.0
"""Seconds until the bot gives up waiting for a platform's answer."""

LATEST = 1.8
"""Seconds until a call at the latest takes effect, whoever still waits for it."""

SEND_WITHIN = 3.0
"""Seconds from taking a message until its platform has answered."""

SETTLE = SEND_WITHIN + LATEST + 0.7
"""Seconds until an uncertain message is looked for."""

LEASE = 7.0
"""Seconds for which a message belongs to whoever took it."""

RETRY = 1.0
"""Seconds to wait when a platform asks for a pause without saying how long."""
