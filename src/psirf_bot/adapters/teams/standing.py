"""How we stand with Microsoft: whether Entra gives us a token, the connector takes it, and what comes in is of now."""

import asyncio
import logging

from psirf_bot.adapters.teams.connector import SILENT, TURNED_AWAY, Connector
from psirf_bot.adapters.teams.tokens import AppToken, SigningKeys, TokenCheck, Unavailable
from psirf_bot.delivery.clock_check import OUT_OF_TIME, ClockCheck

log = logging.getLogger(__name__)

LOOKS_EVERY = 60.0  # seconds

SECRET_ENDED, SECRET_WRONG = "7000222", "7000215"
_RESTART = "then start the bot again"
_WHY = {
    SECRET_ENDED: f"the client secret has ended. Make a new one, put its value into PSIRF_TEAMS_APP_SECRET, {_RESTART}",
    SECRET_WRONG: f"the client secret is wrong. Put its value, not its id, into PSIRF_TEAMS_APP_SECRET, {_RESTART}",
}
_ANY_OTHER = f"look at PSIRF_TEAMS_APP_ID, PSIRF_TEAMS_APP_SECRET and PSIRF_TEAMS_TENANT_ID, {_RESTART}"
NOT_TAKEN = (
    "the Bot Connector does not take the bot's token, so nothing can be sent. Is there an Azure Bot with the id of "
    "PSIRF_TEAMS_APP_ID, with the channel Microsoft Teams? Messages wait meanwhile; once there is, they go out by "
    "themselves, within some minutes"
)
_LOOK_AT = "Look at the firewall, the name service and Microsoft's own status page"
NO_ANSWER = f"Entra ID does not answer as it should, so the bot has no new token. {_LOOK_AT}"
SILENT_CONNECTOR = f"the Bot Connector does not answer as it should, so messages may not get there. {_LOOK_AT}"
NO_KEYS = f"Microsoft's signing keys cannot be fetched, so what people send may not be taken. {_LOOK_AT}"
_FAILING = {TURNED_AWAY: NOT_TAKEN, SILENT: SILENT_CONNECTOR}


class Standing:
    """Looks from time to time, and calls Microsoft only when a token or keys are missing, or the time is in doubt."""

    def __init__(
        self, token: AppToken, connector: Connector, keys: SigningKeys, check: TokenCheck, clock: ClockCheck
    ) -> None:
        self._token, self._connector, self._keys, self._check, self._clock = token, connector, keys, check, clock
        self._looking: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """What is wrong and what to do about it; nothing while all is well."""
        if self._is_out_of_time:
            return OUT_OF_TIME
        return self.cannot_send or (NO_KEYS if self._keys.misses > 1 else "")

    @property
    def cannot_send(self) -> str:
        """The same, of what goes out alone. A miss of the token or the keys may be a moment's: it takes two."""
        if refused := self._token.refused:
            why = _WHY.get(refused.rpartition(" ")[2], _ANY_OTHER)
            return f"Entra ID gives the bot no token ({refused}), so nothing can be sent: {why}"
        return NO_ANSWER if self._token.misses > 1 else _FAILING.get(self._connector.failing, "")

    def start(self) -> None:
        """Look now, and go on looking."""
        self._looking = asyncio.create_task(self._go_on_looking())

    async def stop(self) -> None:
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def look(self) -> None:
        """See that there is a token, and keys that could not be had; whatever comes of it, nothing is raised.

        Where the time is in doubt, Entra is made to answer: that says what time it is.
        """
        in_doubt = self._is_out_of_time or self._clock.is_in_doubt
        for part in (self._token.renew if in_doubt else self._token.get, self._missing_keys):
            try:
                await part()
            except Unavailable:
                continue  # it has been counted
            except Exception as error:  # noqa: BLE001 - it is looked at again
                log.error("looking at how we stand with Microsoft: %s", type(error).__name__)  # noqa: TRY400

    async def _missing_keys(self) -> None:
        if self._keys.misses:
            await self._keys.refresh()

    @property
    def _is_out_of_time(self) -> bool:
        return self._clock.is_open(self._check.out_of_time_at)

    async def _go_on_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY)
