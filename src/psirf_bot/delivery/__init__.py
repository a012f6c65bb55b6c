"""Getting messages out: the courier of the outbox, living cards, and the clock's tick."""
