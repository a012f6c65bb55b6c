"""Microsoft Teams: turns of the Bot Framework in, Adaptive Cards out. Nothing outside imports its SDK."""
