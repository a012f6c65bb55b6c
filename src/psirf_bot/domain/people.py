"""Who works at the trust: the roles the policy gives them, and the file that lists them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from psirf_bot.domain.mistakes import Mistake, quoted, suggest
from psirf_bot.domain.sheet import Sheet


class Role(StrEnum):
    """What a person may be asked to do (policy §3). Everybody is staff."""

    STAFF = "staff"
    QUALITY = "quality"
    WORKFORCE = "workforce"
    PANEL = "panel"
    CHAIR = "chair"
    EXPERT = "expert"
    CHIEF_NURSE = "chief_nurse"
    MEDICAL_DIRECTOR = "medical_director"
    EXECUTIVE = "executive"
    NON_EXECUTIVE = "non_executive"
    RESPONSE_LEAD = "response_lead"
    SERVICE_LEAD = "service_lead"
    CANDOUR_LEAD = "candour_lead"
    OVERSEER = "overseer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of people.csv. E-mail addresses and object ids are in lower case."""

    name: str
    email: str
    roles: frozenset[Role]
    service: str | None
    line_manager: str | None
    teams_id: str | None
    slack_id: str | None


COLUMNS = ("name", "email", "roles", "service", "line_manager", "teams_id", "slack_id")
EMAIL = re.compile(r"[^@\s,;:<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
ENTRA_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SLACK_USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}")


def read_people(
    text: str, services: Collection[str] | None = None, name: str = "people.csv"
) -> tuple[list[PersonRow], list[Mistake]]:
    """Read people.csv. While there is a mistake, use none of the rows: each is read only as far as it could be.

    `name`: what the file is called, as the mistakes give it.
    Services are checked when they are given, and then spelt as they are there.
    """
    sheet = Sheet(name, COLUMNS, "Add it; its cells may be blank, but for name and email.")
    listed = _PeopleList(sheet, services)
    for cell in sheet.rows(text):
        listed.take(cell)
    listed.compare_people()
    return [row for _, row in listed.people], sorted(sheet.mistakes, key=lambda m: int(m.where.rsplit(":", 1)[1]))


@dataclass(slots=True)
class _PeopleList:
    """A people.csv being read: the people so far, each with their line."""

    sheet: Sheet
    services: Collection[str] | None
    people: list[tuple[int, PersonRow]] = field(default_factory=list)

    def mistake(self, line: int, what: str, remedy: str) -> None:
        self.sheet.mistake(what, remedy, line=line)

    def take(self, cell: dict[str, str]) -> None:
        email = cell["email"].lower()
        if not cell["name"]:
            self.mistake(self.sheet.line, "name is missing", "Give the name that colleagues know.")
        if not EMAIL.fullmatch(email):
            found = f"{quoted(email)} is not an e-mail address" if email else "email is missing"
            self.mistake(self.sheet.line, found, "Give one like amina.khan@fenmarsh.example.")
        person = PersonRow(
            name=cell["name"],
            email=email,
            roles=self._roles(cell["roles"]),
            service=self._service(cell["service"]),
            line_manager=cell["line_manager"].lower() or None,
            teams_id=self._teams_id(cell["teams_id"].lower()),
            slack_id=self._slack_id(cell["slack_id"]),
        )
        if EMAIL.fullmatch(email):
            self.people.append((self.sheet.line, person))

    def _roles(self, cell: str) -> frozenset[Role]:
        names = {name.strip().lower() for name in cell.split(";")} - {""}
        for name in sorted(names - set(Role)):
            several = set(re.split(r"\W+", name)) <= set(Role)
            remedy = "Put ; between the roles." if several else suggest(name, Role)
            self.mistake(self.sheet.line, f"unknown role {quoted(name)}", remedy)
        return frozenset({Role.STAFF} | {Role(name) for name in names & set(Role)})

    def _service(self, cell: str) -> str | None:
        if not cell or self.services is None:
            return cell or None
        known = {_spelling(service): service for service in self.services}
        if _spelling(cell) not in known:
            self.mistake(self.sheet.line, f"unknown service {quoted(cell)}", suggest(cell, self.services))
        return known.get(_spelling(cell))

    def _teams_id(self, cell: str) -> str | None:
        if cell and not ENTRA_OBJECT_ID.fullmatch(cell):
            self.mistake(
                self.sheet.line,
                f"teams_id {quoted(cell)} is not an Entra object id",
                "Give one like 00000000-0000-4000-8000-000000000001, or leave it blank.",
            )
            return None
        return cell or None

    def _slack_id(self, cell: str) -> str | None:
        if cell and not SLACK_USER_ID.fullmatch(cell):
            self.mistake(
                self.sheet.line,
                f"slack_id {quoted(cell)} is not a Slack member id",
                "Give one like U024BE7LH (it starts with U or W), or leave it blank.",
            )
            return None
        return cell or None

    def compare_people(self) -> None:
        """What only the whole file can show: the same person or id twice, and managers who do not fit."""
        self._refuse_repeats("e-mail address", "email", "Keep one line for each person.")
        for column in ("teams_id", "slack_id"):
            self._refuse_repeats(column, column, "Give each person their own, or leave it blank.")
        manager_of = {row.email: row.line_manager for _, row in self.people}
        for line, row in self.people:
            if row.line_manager == row.email:
                self.mistake(line, f"{row.name} is their own line manager", "Name someone else, or leave it blank.")
            elif row.line_manager and row.line_manager not in manager_of:
                self.mistake(
                    line,
                    f"line manager {quoted(row.line_manager)} is not in this file",
                    "Add a line for them, correct the address, or leave it blank.",
                )
        for circle in _circles(manager_of):
            line = next(line for line, row in self.people if row.email == circle[0])
            self.mistake(
                line,
                f"line managers go round in a circle: {' → '.join([*circle, circle[0]])}",
                "Correct one of them, or leave the most senior one blank.",
            )

    def _refuse_repeats(self, name: str, column: str, remedy: str) -> None:
        first: dict[str, int] = {}
        for line, row in self.people:
            value = getattr(row, column)
            if value in first:
                self.mistake(line, f"{name} {quoted(value)} is already on line {first[value]}", remedy)
            elif value:
                first[value] = line


def _spelling(service: str) -> str:
    """A service's name for comparing: spreadsheets turn apostrophes and people change capitals."""
    return " ".join(service.replace("’", "'").casefold().split())


def _circles(manager_of: dict[str, str | None]) -> list[list[str]]:
    """Each circle of two or more people who manage one another, from the one who stands first in the file."""
    circles = []
    seen: set[str] = set()
    for start in manager_of:
        chain: dict[str, None] = {}
        email: str | None = start
        while email is not None and email not in seen:
            seen.add(email)
            chain[email] = None
            email = manager_of.get(email)
        if email in chain:
            circle = list(chain)[list(chain).index(email) :]
            if len(circle) > 1:
                first = min(circle, key=list(manager_of).index)
                at = circle.index(first)
                circles.append(circle[at:] + circle[:at])
    return circles
