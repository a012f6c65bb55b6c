"""What the tests of the Teams adapter share: cards, and a desk that writes down what it gets."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fakes.teams import FakeTeams, Person
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.cards.model import Button, Card, ChoiceInput, Option, TextInput, Words
from psirf_bot.casework.inbound import Inbound, Pressed, Reply

Served = Callable[..., AbstractAsyncContextManager[TeamsAdapter]]

FORM = Card(
    title="What happened?",
    preview="Your form is ready.",
    body=(TextInput(id="what", label="What happened?"),),
    buttons=(Button(label="Send", action="a-send", submits=True, validates=True),),
)
SAVED = Card(title="Saved", preview="Your report is saved.", body=(Words(text="Saved as PSI-2026-0001."),))

_OPTIONS = tuple(Option(value=str(n), label=f"Case {n}: {'words ' * 20}") for n in range(400))
TOO_LARGE = Card(
    title="Which one?", preview="A list is ready.", body=(ChoiceInput(id="which", label="Case", options=_OPTIONS),)
)


class RecordingDesk:
    """Answers each new key once, as the real desk does, and gives a repeated one the answer of the first."""

    def __init__(self) -> None:
        self.deliveries: list[Inbound] = []
        self.answer: Callable[[Inbound], Awaitable[Reply]] | Reply = Reply()
        self._answers: dict[str, asyncio.Future[Reply]] = {}

    @property
    def turns(self) -> list[Inbound]:
        """What had an effect."""
        return list({inbound.key: inbound for inbound in self.deliveries}.values())

    @property
    def pressed(self) -> Pressed:
        """The last thing done was a press."""
        assert isinstance(self.deliveries[-1].what, Pressed)
        return self.deliveries[-1].what

    async def handle(self, inbound: Inbound) -> Reply:
        self.deliveries.append(inbound)
        if inbound.key in self._answers:
            return await self._answers[inbound.key]
        future = self._answers[inbound.key] = asyncio.get_running_loop().create_future()
        reply = self.answer if isinstance(self.answer, Reply) else await self.answer(inbound)
        future.set_result(reply)
        return reply


def address_of(fake: FakeTeams, person: Person) -> dict[str, str]:
    """Their personal chat, as the adapter gives it to the desk."""
    return {
        "service_url": fake.service_url,
        "conversation": person.chat.id,
        "tenant": fake.tenant_id,
        "bot": fake.world.bot_id,
    }
