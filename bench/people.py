"""The simulated staff. Each really does it all once on the strict fakes; their requests are then sent again and again.

Every request has an id of its own and new words in it, so that each is a turn that the bot must store.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from bench.load import Answer, Traffic, post
from fakes.slack import FakeSlack
from fakes.slack.delivery import as_form
from fakes.teams import FakeTeams

Json = dict[str, Any]

COLUMNS = "name,email,roles,service,line_manager,teams_id,slack_id"
WORDS, ID = "BENCHMARKWORDS", "BENCHMARKID"  # stand in a recorded request where each one sent has its own
PAGE = {
    "Is anyone in danger now?": "No",
    "What are you reporting?": "Near miss",
    "What happened?": f"The pump was set up wrongly: {WORDS}.",
    "Which service was it in?": "Community Nursing",
    "when.date": (date.today() - timedelta(days=1)).isoformat(),  # noqa: DTZ011 (a person means their own day)
    "when.time": "09:30",
}


class Unexpected(Exception):
    """The bot did not answer as it must before anything can be measured."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One person's request, with marks in it, and what the bot answered; None where it only acknowledged."""

    request: bytes
    answer: Any


class Staff:
    """So many people on each platform. Nobody waits for anybody else: each has a report of their own."""

    def __init__(self, slack: FakeSlack, teams: FakeTeams, number: int) -> None:
        self._slack, self._teams = slack, teams
        self._on_slack = [slack.add_user(f"U0BENCH{n:03d}", f"Robin Slack{n}") for n in range(number)]
        self._on_teams = [teams.person(f"Robin Teams{n}", installed=True) for n in range(number)]
        self._numbers = itertools.count(1)

    @property
    def people_csv(self) -> str:
        lines = [_line(p.user.real_name, slack=p.user.id) for p in self._on_slack]
        lines += [_line(p.user.name, teams=p.user.aad_object_id or "") for p in self._on_teams]
        return "\n".join([COLUMNS, *lines])

    async def slack_commands(self, bot_port: int) -> list[Recorded]:
        """Each person's `/psirf help`, which the acknowledgement answers."""
        self._slack.bot_url = f"http://127.0.0.1:{bot_port}/slack/events"
        recorded = []
        for person in self._on_slack:
            await person.slash("/psirf", "help")
            form = dict(parse_qsl(self._slack.sent[-1].body.decode(), keep_blank_values=True))
            recorded.append(Recorded(urlencode({**form, "trigger_id": ID}).encode(), self._slack_answer("a command")))
        return recorded

    async def slack_buttons(self, bot_port: int) -> list[Recorded]:
        """Each person's press of a button in a message, which an edit of that message answers."""
        self._slack.bot_url = f"http://127.0.0.1:{bot_port}/slack/events"
        recorded = []
        for person in self._on_slack:
            await person.dm("help")
            said = await self._slack.until(partial(self._slack.messages, person.user.id), within=10)
            await person.press("My reports", message=said[-1])
            recorded.append(self._slack_interaction("a button"))
            await self._slack.until(lambda: self._slack.server.attempts["chat.update"] == len(recorded), within=10)
        return recorded

    async def slack_pages(self, bot_port: int) -> list[Recorded]:
        """Each person's first page as Slack submitted it, with marks in it, and what the bot answered."""
        self._slack.bot_url = f"http://127.0.0.1:{bot_port}/slack/events"
        pages = []
        for person in self._on_slack:
            await person.slash("/psirf", "report")
            await self._slack.until(partial(self._slack.open_view, person.user.id), within=10)
            await person.submit_view(PAGE)
            page = self._slack_interaction("a page")
            if person.saw_error or page.answer.get("response_action") != "update":
                raise Unexpected(f"Slack page: {person.reason or person.view_errors or page.answer}")
            pages.append(page)
        return pages

    def _slack_interaction(self, what: str) -> Recorded:
        payload = json.loads(parse_qs(self._slack.sent[-1].body.decode())["payload"][0])
        return Recorded(as_form({**payload, "trigger_id": ID}), self._slack_answer(what))

    def _slack_answer(self, what: str) -> Any:
        answer = self._slack.sent[-1].answer
        if not answer.ok:
            raise Unexpected(f"Slack, {what}: {answer.trouble}")
        return answer.json

    async def teams_pages(self, bot_port: int) -> list[Recorded]:
        """Each person's first page as Teams sent it when they pressed Next, with marks in it, and the bot's answer."""
        self._teams.bot_url = f"http://127.0.0.1:{bot_port}/api/messages"
        pages = []
        for person in self._on_teams:
            await person.say("report")
            await person.hears("Is anyone in danger now?", within=10)
            await person.press("Next", inputs=PAGE)
            activity, delivery = self._teams.deliveries[-1]
            if person.last_toast or not isinstance(activity, dict):
                raise Unexpected(f"Teams page: {person.last_toast}")
            pages.append(Recorded(json.dumps({**activity, "id": ID}).encode(), delivery.body))
        return pages

    async def teams_words(self, bot_port: int) -> list[bytes]:
        """Something each person said on Teams, with marks in it."""
        self._teams.bot_url = f"http://127.0.0.1:{bot_port}/api/messages"
        said = []
        for person in self._on_teams:
            await person.say(f"Hello {WORDS}")
            activity, delivery = self._teams.deliveries[-1]
            if delivery.status not in (200, 201) or not isinstance(activity, dict):
                raise Unexpected(f"Teams words: {delivery}")
            said.append(json.dumps({**activity, "id": ID}).encode())
        return said

    def slack_traffic(self, ports: Sequence[int], recorded: Sequence[Recorded], answers: Sequence[Any]) -> Traffic:
        """What was recorded, with an id and a signature of its own each time; `answers` for each person, or nothing."""

        def request(person: int) -> bytes:
            body, _ = self._fresh(recorded[person].request)
            return post("/slack/events", self._slack.post.headers(body), body)

        return Traffic(ports, request, partial(_fault, answers))

    def teams_traffic(self, ports: Sequence[int], recorded: Sequence[Recorded], answers: Sequence[Any]) -> Traffic:
        """What was recorded as invokes, each with a person's own signed token."""
        headers = [self._bearer() for _ in recorded]

        def request(person: int) -> bytes:
            body, _ = self._fresh(recorded[person].request)
            return post("/api/messages", headers[person], body)

        return Traffic(ports, request, partial(_fault, answers))

    def teams_talk(self, ports: Sequence[int], said: list[bytes]) -> Traffic:
        """The words as messages, each with a person's own signed token; the fake counts the replies."""
        headers = [self._bearer() for _ in said]

        def request(person: int) -> bytes:
            body, own = self._fresh(said[person])
            self._on_teams[person].chat.activity_ids.add(own)  # what the fake takes a reply to
            return post("/api/messages", headers[person], body)

        def fault(_person: int, answer: Answer) -> str:
            return "" if answer.status in (200, 201) else f"HTTP {answer.status}"

        return Traffic(ports, request, fault)

    def _bearer(self) -> dict[str, str]:
        return {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {self._teams.token()}"}

    def _fresh(self, recorded: bytes) -> tuple[bytes, str]:
        """The request with an id and words that were never sent before."""
        own = f"{next(self._numbers):016d}"
        return recorded.replace(ID.encode(), own.encode()).replace(WORDS.encode(), b"take " + own.encode()), own


def _fault(answers: Sequence[Any], person: int, answer: Answer) -> str:
    """What is wrong with an answer that should say what was recorded; an empty one is right where nothing was."""
    said = json.loads(answer.body) if answer.body else None
    return "" if answer.status == 200 and said == answers[person] else f"HTTP {answer.status} {answer.body[:80]!r}"


def _line(name: str, teams: str = "", slack: str = "") -> str:
    email = f"{name.casefold().replace(' ', '.')}@fenmarsh.example"
    return f"{name},{email},staff,Community Nursing,,{teams},{slack}"
