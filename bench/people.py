"""The simulated staff. Each really begins a report on the strict fakes; their page is then sent again and again.

Every request has an id of its own and new words in it, so that each is a turn that the bot must store.
"""

import itertools
import json
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs

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

    async def slack_pages(self, bot_port: int) -> list[tuple[bytes, Json]]:
        """Each person's first page as Slack submitted it, with marks in it, and what the bot answered."""
        self._slack.bot_url = f"http://127.0.0.1:{bot_port}/slack/events"
        pages = []
        for person in self._on_slack:
            await person.slash("/psirf", "report")
            await self._slack.until(partial(self._slack.open_view, person.user.id), within=10)
            await person.submit_view(PAGE)
            answer = self._slack.sent[-1]
            if person.saw_error or answer.answer.json.get("response_action") != "update":
                raise Unexpected(f"Slack page: {person.reason or person.view_errors or answer.answer.body}")
            payload = json.loads(parse_qs(answer.body.decode())["payload"][0])
            pages.append((as_form({**payload, "trigger_id": ID}), answer.answer.json))
        return pages

    async def teams_pages(self, bot_port: int) -> list[tuple[bytes, Json]]:
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
            pages.append((json.dumps({**activity, "id": ID}).encode(), delivery.body))
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

    def slack_traffic(self, port: int, pages: list[tuple[bytes, Json]], *, answered: bool) -> Traffic:
        """The pages as signed submissions; `answered` when the next page must come back, and else nothing."""

        def request(person: int) -> bytes:
            body, _ = self._fresh(pages[person][0])
            return post("/slack/events", self._slack.post.headers(body), body)

        def fault(person: int, answer: Answer) -> str:
            if answer.status == 200 and (json.loads(answer.body) == pages[person][1] if answered else not answer.body):
                return ""
            return f"HTTP {answer.status} {answer.body[:80]!r}"

        return Traffic(port, request, fault)

    def teams_traffic(self, port: int, pages: list[tuple[bytes, Json]]) -> Traffic:
        """The pages as invokes, each with a person's own signed token; the next page must come back."""
        headers = [self._bearer() for _ in pages]

        def request(person: int) -> bytes:
            body, _ = self._fresh(pages[person][0])
            return post("/api/messages", headers[person], body)

        def fault(person: int, answer: Answer) -> str:
            right = answer.status == 200 and json.loads(answer.body) == pages[person][1]
            return "" if right else f"HTTP {answer.status} {answer.body[:80]!r}"

        return Traffic(port, request, fault)

    def teams_talk(self, port: int, said: list[bytes]) -> Traffic:
        """The words as messages, each with a person's own signed token; the fake counts the replies."""
        headers = [self._bearer() for _ in said]

        def request(person: int) -> bytes:
            body, own = self._fresh(said[person])
            self._on_teams[person].chat.activity_ids.add(own)  # what the fake takes a reply to
            return post("/api/messages", headers[person], body)

        def fault(_person: int, answer: Answer) -> str:
            return "" if answer.status in (200, 201) else f"HTTP {answer.status}"

        return Traffic(port, request, fault)

    def _bearer(self) -> dict[str, str]:
        return {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {self._teams.token()}"}

    def _fresh(self, recorded: bytes) -> tuple[bytes, str]:
        """The request with an id and words that were never sent before."""
        own = f"{next(self._numbers):016d}"
        return recorded.replace(ID.encode(), own.encode()).replace(WORDS.encode(), b"take " + own.encode()), own


def _line(name: str, teams: str = "", slack: str = "") -> str:
    email = f"{name.casefold().replace(' ', '.')}@fenmarsh.example"
    return f"{name},{email},staff,Community Nursing,,{teams},{slack}"
