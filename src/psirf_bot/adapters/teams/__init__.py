"""Microsoft Teams: turns of the Bot Framework in, Adaptive Cards out. Nothing outside imports its SDK."""

from psirf_bot.adapters.teams.adapter import TeamsAdapter

__all__ = ["TeamsAdapter"]
