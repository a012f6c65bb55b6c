"""How we stand with Microsoft: whether Entra gives us a token, the connector takes it, and what comes in is of now."""

import asyncio
from contextlib import suppress

from psirf_bot.adapters.teams.connector import Connector
from psirf_bot.adapters.teams.tokens import AppToken, TokenCheck, Unavailable
from psirf_bot.delivery.clock_check import ClockCheck

LOOKS_EVERY = 60.0  # seconds

SECRET_ENDED, SECRET_WRONG = "7000222", "7000215"
_RESTART = "then start the bot again"
_WHY = {
    SECRET_ENDED: f"the client secret has ended. Make a new one, put its value into PSIRF_TEAMS_APP_SECRET, {_RESTART}",
    SECRET_WRONG: f"the client secret is wrong. Put its value, not its id, into PSIRF_TEAMS_APP_SECRET, {_RESTART}",
}
_ANY_OTHER = f"look at PSIRF_TEAMS_APP_ID, PSIRF_TEAMS_APP_SECRET and PSIRF_TEAMS_TENANT_ID, {_RESTART}"
NOT_TAKEN = (
    "the Bot Connector does not take the bot's token, so nothing can be sent. "
    f"Is there an Azure Bot with the id of PSIRF_TEAMS_APP_ID, with the channel Microsoft Teams? Mend it, {_RESTART}"
)
NO_ANSWER = (
    "Entra ID does not answer as it should, so the bot has no new token. "
    "Look at the firewall, the name service and Microsoft's own status page"
)
OUT_OF_TIME = (
    "what Microsoft signed last is not of now, and was refused: it was played again, or this machine's clock is wrong. "
    "See that NTP keeps the clock (timedatectl)"
)


class Standing:
    """Looks from time to time. There is a call only when the token needs one, or the time is in doubt."""

    def __init__(self, token: AppToken, connector: Connector, check: TokenCheck, clock: ClockCheck) -> None:
        self._token, self._connector, self._check, self._clock = token, connector, check, clock
        self._looking = asyncio.create_task(self._go_on_looking())

    @property
    def trouble(self) -> str:
        """What is wrong and what to do about it; nothing while all is well."""
        if self._is_out_of_time:
            return OUT_OF_TIME
        if refused := self._token.refused:
            why = _WHY.get(refused.rpartition(" ")[2], _ANY_OTHER)
            return f"Entra ID gives the bot no token ({refused}), so nothing can be sent: {why}"
        if self._token.misses > 1:  # once may be a moment's
            return NO_ANSWER
        return NOT_TAKEN if self._connector.refuses_us else ""

    async def stop(self) -> None:
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)

    async def look(self) -> None:
        """See that there is a token; where the time is in doubt, have Entra answer, which says what time it is."""
        with suppress(Unavailable):
            if self._is_out_of_time or self._clock.is_in_doubt:
                await self._token.renew()
            else:
                await self._token.get()

    @property
    def _is_out_of_time(self) -> bool:
        """With a wrong clock nothing is admitted. It is forgiven once answers say that our clock is right."""
        refused_at = self._check.out_of_time_at
        return refused_at is not None and not self._clock.was_right_since(refused_at)

    async def _go_on_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY)
