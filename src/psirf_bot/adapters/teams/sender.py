"""What the courier sends to Teams: a card as a new message, or in place of one."""

from psirf_bot.adapters.teams import answers
from psirf_bot.adapters.teams.connector import Connector
from psirf_bot.adapters.teams.in_place import InPlace
from psirf_bot.adapters.teams.services import Services
from psirf_bot.cards.model import Card
from psirf_bot.delivery.platform import Address, Refused, Uncertain


class TeamsSender:
    """Posts and replaces messages; every call is at most one message.

    An address names a `conversation`, or only the `user` (object id) and `tenant` whose personal chat is to be opened.
    Somebody who has not written to the bot yet is reached through the service that serves the others.
    """

    def __init__(self, connector: Connector, app_id: str, services: Services, in_place: InPlace) -> None:
        self._connector, self._bot, self._services = connector, f"28:{app_id}", services
        self._in_place = in_place
        self._chats: dict[tuple[str, str, str], str] = {}

    async def send(self, to: Address, card: Card, _key: str) -> str:
        """Post the card and return the message's id. Teams keeps no key of ours."""
        service_url, conversation = await self._where(to)
        return await self._connector.post(service_url, conversation, answers.message(card, answers.rendered(card)))

    async def update(self, to: Address, message: str, card: Card) -> None:
        """Replace a message of ours."""
        service_url, conversation = await self._where(to)
        shown = self._in_place.again((conversation, message), card)
        await self._connector.put(service_url, conversation, message, answers.message(card, shown))

    async def _where(self, to: Address) -> tuple[str, str]:
        """The service URL and the conversation that an address stands for."""
        conversation = to.get("conversation")
        if not conversation and not (to.get("user") and to.get("tenant")):
            raise Refused("NoAddress", final=True)
        service_url = to.get("service_url") or await self._services.for_a_first_message()
        return service_url, conversation or await self._personal_chat(service_url, to["tenant"], to["user"])

    async def _personal_chat(self, service_url: str, tenant: str, user: str) -> str:
        who = service_url, tenant, user
        if who not in self._chats:
            try:
                self._chats[who] = await self._connector.open_chat(service_url, tenant, user, self._bot)
            except Uncertain as why:
                raise Refused(str(why)) from why  # nothing has been posted yet
        return self._chats[who]
