"""Adapters translate between a platform and the desk: what came in becomes an Inbound, a card becomes a message."""
