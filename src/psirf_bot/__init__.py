"""psirf-bot: reporting, prompting and deciding under PSIRF, in the chat that staff already use."""
