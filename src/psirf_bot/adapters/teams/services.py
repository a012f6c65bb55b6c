"""Where somebody is written to who has not written to the bot yet: which service of Microsoft's serves this tenant."""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

from psirf_bot.adapters.teams.connector import may_answer
from psirf_bot.delivery.platform import Address, Refused
from psirf_bot.store.database import without_words

log = logging.getLogger(__name__)

FIRST = (
    "https://smba.trafficmanager.net/teams/",
    "https://smba.infra.gcc.teams.microsoft.com/teams",
    "https://smba.infra.gov.teams.microsoft.us/teams",
    "https://smba.infra.dod.teams.microsoft.us/teams",
)
"""Microsoft's services for a first message, of commercial tenants and of the US government's, until one is heard from:
https://learn.microsoft.com/en-us/dotnet/api/microsoft.agents.extensions.msteams.teamsproactiveserviceendpoints"""

Remembered = Callable[[], Awaitable[Sequence[Address]]]
"""The addresses that are kept from what was heard, the newest first."""


class Services:
    """Knows the service that was last heard from; after a restart the newest that is kept, else Microsoft's first."""

    def __init__(self, hosts: Collection[str], remembered: Remembered) -> None:
        self._hosts, self._remembered = hosts, remembered
        self._heard = ""

    def heard_from(self, service_url: str) -> None:
        """A turn came from there, and its token has been checked against it."""
        self._heard = service_url

    async def for_a_first_message(self) -> str:
        """The service URL. Raises Refused while none is known: what is to be sent waits for one."""
        if not self._heard:
            kept = self._allowed(address.get("service_url", "") for address in await self._kept())
            self._heard = self._heard or kept  # a turn may have come in meanwhile
        service_url = self._heard or self._allowed(FIRST)
        if not service_url:
            raise Refused("NoServiceUrlYet", ours=True)
        return service_url

    async def _kept(self) -> Sequence[Address]:
        try:
            return await self._remembered()
        except Exception as error:  # noqa: BLE001 - a database that is away for a moment: it is asked again next time
            log.error("what is kept of Teams cannot be read: %s", without_words(error))  # noqa: TRY400
            return ()

    def _allowed(self, urls: Iterable[str]) -> str:
        return next((url for url in urls if may_answer(url, self._hosts)), "")
