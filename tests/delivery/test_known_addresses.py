"""The addresses that an adapter reads again after a restart."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from psirf_bot.delivery.known_addresses import known_addresses
from psirf_bot.store.tables import Channel, Identity
from stage import Stage

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


async def test_the_newest_come_first_of_people_and_of_channels(stage: Stage) -> None:
    def known(session: Session) -> list[str]:
        for user, platform, hours in (("old", "teams", 9), ("new", "teams", 1), ("other", "slack", 0)):
            seen = NOW - timedelta(hours=hours)
            address = {"conversation": user}
            session.add(Identity(platform=platform, team="T", user=user, person_id=user, address=address, seen_at=seen))
        session.add(Identity(platform="teams", team="T", user="never", person_id="never", address={"user": "never"}))
        session.add(Identity(platform="teams", team="T", user="nowhere", person_id="nowhere", address={}, seen_at=NOW))
        set_at = NOW - timedelta(hours=5)
        for platform in ("teams", "slack"):
            address = {"conversation": f"channel in {platform}"}
            session.add(Channel(purpose="panel", platform=platform, address=address, set_by="new", set_at=set_at))
        session.flush()
        return [address["conversation"] for address in known_addresses(session, "teams")]

    assert await stage.store.run(known) == ["new", "channel in teams", "old"]
