"""Conversations: what is asked, in what order, and what counts as an answer."""
