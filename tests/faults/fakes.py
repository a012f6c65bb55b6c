"""A strict fake platform in a process of its own: `python -m faults.fakes slack` or `teams`.

The first line on stdin is the order as JSON: seed, people (id and name) and how often a call goes wrong. The first line
on stdout says where it is. After that each line on stdin is a question, answered by a line of JSON; at the end of stdin
the process ends.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from fakes.slack import FakeSlack
from fakes.slack import Fault as SlackFault
from fakes.teams import FakeTeams
from fakes.teams import Fault as TeamsFault
from faults.times import Times

Json = dict[str, Any]
Question = Callable[[Json], Awaitable[Any]]

SLACK_CALLS = frozenset(
    {"chat.postMessage", "chat.update", "conversations.open", "conversations.history", "views.publish"}
)
TEAMS_CALLS = frozenset({"send", "reply", "update", "create"})


class Weather:
    """What goes wrong next, by the seed; `counts` says how often each thing has."""

    def __init__(self, order: Json, platform: str, calls: frozenset[str]) -> None:
        self._random, self.rate, self._calls = random.Random(f"{order['seed']} {platform}"), order["rate"], calls
        self._times = Times(order["pace"])
        self.counts: Counter[str] = Counter()

    def choose(self, call: str, faults: dict[str, Callable[[], Any]]) -> Any:
        if call not in self._calls or self._random.random() >= self.rate:
            return None
        name = self._random.choice(sorted(faults))
        self.counts[name] += 1
        return faults[name]()

    def late(self) -> float:
        """Seconds until a call takes effect whose caller gave up before."""
        return self._random.uniform(self._times.gives_up + 0.1, self._times.latest)


async def slack(order: Json) -> tuple[FakeSlack, Json, dict[str, Question]]:
    """One workspace, in which all these people are."""
    fake = await FakeSlack().__aenter__()
    weather = Weather(order, "slack", SLACK_CALLS)
    faults: dict[str, Callable[[], SlackFault]] = {
        "429": SlackFault.throttled,
        "ratelimited in a 200": SlackFault.refused,
        "500 before": SlackFault.failing,
        "500 after": lambda: SlackFault.failing(accepted=True),
        "drop before": SlackFault.drop,
        "drop after": lambda: SlackFault.drop(accepted=True),
        "truncated": SlackFault.truncated,
        "late": lambda: SlackFault.slow(weather.late()),
        "hang": SlackFault.hang,
    }
    fake.server.faults.chooser = lambda call: weather.choose(call, faults)
    for person in order["people"]:
        fake.add_user(person["id"], person["name"])
    for channel in order["channels"]:
        fake.add_channel(channel, channel.lower(), {fake.bot_user_id})

    async def told(_: Json) -> list[Json]:
        return [
            {"place": c.im_user or c.id, "words": m.words, "at": float(m.ts), "key": _key(m.metadata)}
            for c in fake.world.channels.values()
            for m in c.messages
            if m.bot is not None and not m.deleted
        ]

    async def says(question: Json) -> Json:
        """Somebody writes to the bot; whether that was acknowledged in the end."""
        fake.bot_url = question["bot"]
        answer = await fake.person(question["who"]).dm(question["words"])
        return {"acknowledged": bool(answer and answer.ok)}

    async def wrong(_: Json) -> Json:
        return {"faults": weather.counts, "refusals": Counter(f"{c.method}: {c.error}" for c in fake.refusals)}

    env = {
        "PSIRF_SLACK_BOT_TOKEN": fake.bot_token,
        "PSIRF_SLACK_SIGNING_SECRET": fake.signing_secret,
        "PSIRF_SLACK_TEAM_ID": fake.team_id,
        "PSIRF_SLACK_API_URL": fake.api_url,
    }
    return fake, {"env": env}, {"told": told, "says": says, "wrong": wrong, "rate": _rate(weather)}


async def teams(order: Json) -> tuple[FakeTeams, Json, dict[str, Question]]:
    """One tenant; the app is installed for all these people."""
    fake = await FakeTeams(card_schema=None).__aenter__()
    fake.throttle.on = False
    weather = Weather(order, "teams", TEAMS_CALLS)
    faults: dict[str, Callable[[], TeamsFault]] = {
        "429": TeamsFault.throttled,
        "412 before": lambda: TeamsFault.failing(412),
        "500 before": lambda: TeamsFault.failing(500),
        "500 after": lambda: TeamsFault.failing(500, accepted=True),
        "502 after": lambda: TeamsFault.failing(502, accepted=True),
        "drop before": TeamsFault.drop,
        "drop after": lambda: TeamsFault.drop(accepted=True),
        "truncated": TeamsFault.truncated,
        "late": lambda: TeamsFault.slow(weather.late()),
        "hang": TeamsFault.hang,
    }
    fake.faults.chooser = lambda kind: weather.choose(kind, faults)
    everybody = {
        p["id"]: fake.person(p["name"], aad_object_id=p["id"], installed=True).chat.id for p in order["people"]
    }
    places = {chat: person for person, chat in everybody.items()}
    first_words: dict[str, str] = {}
    add = fake.world.add_message

    def noted(place: Any, author: str, activity: Json, *more: Any) -> Any:
        """Keep the words as they were posted: whether a repeat said so is gone with the first edit."""
        message = add(place, author, activity, *more)
        first_words[message.id] = _words(activity)
        return message

    fake.world.add_message = noted  # type: ignore[assignment, method-assign]

    async def told(_: Json) -> list[Json]:
        return [
            {"place": places.get(chat.id, chat.id), "words": first_words[m.id], "at": int(m.id) / 1000, "key": None}
            for chat in fake.world.conversations.values()
            for m in chat.messages
            if not m.deleted
        ]

    async def wrong(_: Json) -> Json:
        refused = Counter(f"{c.kind}: {c.status}" for c in fake.history if not c.fault and (c.status or 500) >= 400)
        return {"faults": weather.counts, "refusals": refused}

    where = {"env": fake.settings, "service_url": fake.service_url, "chats": everybody}
    return fake, where, {"told": told, "wrong": wrong, "rate": _rate(weather)}


def _rate(weather: Weather) -> Question:
    async def rate(question: Json) -> None:
        weather.rate = question["rate"]

    return rate


def _key(metadata: Json | None) -> str | None:
    found: str | None = (metadata or {}).get("event_payload", {}).get("key")
    return found


def _words(activity: Json) -> str:
    contents = [a["content"] for a in activity.get("attachments") or []]
    return "\n".join([str(activity.get("text") or ""), *(_texts(contents))])


def _texts(node: Any) -> list[str]:
    """Every text on an adaptive card."""
    if isinstance(node, list):
        return [text for item in node for text in _texts(item)]
    if not isinstance(node, dict):
        return []
    own = [str(node[name]) for name in ("text", "title", "value") if isinstance(node.get(name), str)]
    return own + [text for value in node.values() if isinstance(value, list | dict) for text in _texts(value)]


async def main() -> None:
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    order = json.loads(await lines.readline())
    platform: Any = {"slack": slack, "teams": teams}[sys.argv[1]]
    fake, where, questions = await platform(order)
    _say(where)
    under_way: set[asyncio.Task[None]] = set()

    async def answer(question: Json) -> None:
        _say({"id": question["id"], "answer": await questions[question["ask"]](question)})

    async for line in lines:
        task = asyncio.create_task(answer(json.loads(line)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await fake.__aexit__(None, None, None)


def _say(what: Json) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
