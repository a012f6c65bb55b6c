"""What the policy says: frozen records and pure rules, with no clock, no I/O and no platform."""
