"""What a platform's adapter gave as addresses, for it to read again after a restart."""

from sqlmodel import Session, col, select

from psirf_bot.delivery.platform import Address
from psirf_bot.store.tables import Channel, Identity

MOST = 1000
"""People who are looked at, those seen last: some have only spoken where others read along, and have no address."""


def known_addresses(session: Session, platform: str) -> list[Address]:
    """Of the people who were seen there and of the channels that serve a purpose, the newest first."""
    seen = select(Identity.seen_at, Identity.address).where(
        Identity.platform == platform, col(Identity.seen_at).is_not(None)
    )
    people = session.exec(seen.order_by(col(Identity.seen_at).desc()).limit(MOST)).all()
    channels = session.exec(select(Channel.set_at, Channel.address).where(Channel.platform == platform)).all()
    found = [(at, address) for at, address in (*people, *channels) if at and address]
    return [address for _, address in sorted(found, key=lambda one: one[0], reverse=True)]
