"""The general export, for the quality team or a regulator: a folder of CSV files, and a manifest that says what it is.

What stands in it, and what does not, is in export_tables.py.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from psirf_bot.casework import cases
from psirf_bot.casework.export_tables import TABLES, Cell, Chosen, Row, start_of
from psirf_bot.casework.work import Work
from psirf_bot.store import audit
from psirf_bot.store.tables import Case

BY = "an administrator on the server"
BEGINS_A_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")
"""What a spreadsheet may take for the beginning of a formula, in its wide forms too."""
LEFT_OUT = (
    "Not in this export: everything about being fair; who was checked on and by whom; requests for support; private "
    "duties; how each member of a panel voted; the names of reporters who asked to be kept to the quality team; the "
    "words of cases that are restricted, withdrawn or from a relative; messages, drafts and votes of panels that are "
    "under way; in the audit, support for staff and standing back. Patient identifiers that the bot knows by their "
    "form are masked. Names that people typed are not."
)


class NoSuchCase(Exception):
    """No case has this reference."""


@dataclass(frozen=True, slots=True)
class Export:
    """The tables as files, by name, and the manifest."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]


def gather(work: Work, reference: str | None = None, since: date | None = None) -> Export:
    """Everything that is exported of one case, with the reports that were joined with it, or of all cases since a day.

    Raises NoSuchCase. It is audited.
    """
    chosen = _chosen(work, reference, since)
    work.record(BY, "exported", chosen.cases[0] if reference else None, since=str(since or ""), count=len(chosen.cases))
    tables = {name: (header, list(rows(work, chosen))) for name, (header, rows) in TABLES.items()}
    about = {"case": reference and chosen.cases[0].reference, "since": since and since.isoformat()}
    return made_of(work, tables, about, LEFT_OUT)


def made_of(
    work: Work, tables: Mapping[str, tuple[tuple[str, ...], list[Row]]], about: Mapping[str, Any], left_out: str
) -> Export:
    """The tables, each with its header, as files with their manifest. `about`: what was asked for."""
    zone = work.trust.timezone
    files = {f"{name}.csv": _csv(header, rows, zone) for name, (header, rows) in tables.items()}
    manifest = {
        "trust": work.trust.name,
        "made": work.now.astimezone(zone).isoformat(timespec="seconds"),
        "times": f"local, {zone.key}",
        "version": version("psirf-bot"),
        **about,
        "rows": {name: len(rows) for name, (_, rows) in tables.items()},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "audit_head": audit.head(work.session),
        "left_out": left_out,
    }
    return Export(files, manifest)


def write(export: Export, folder: Path) -> None:
    """Put the export into a new folder that only its owner can read. Raises OSError, also when it is there already."""
    folder.mkdir(mode=0o700, parents=True)
    manifest = json.dumps(export.manifest, indent=2, ensure_ascii=False) + "\n"
    for name, content in {**export.files, "manifest.json": manifest.encode()}.items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(content)


def _chosen(work: Work, reference: str | None, since: date | None) -> Chosen:
    if reference:
        case = cases.by_reference(work, reference)
        if case is None:
            raise NoSuchCase(reference)
        return Chosen(tuple(cases.with_joined(work, case)), None)
    begin = start_of(work, since or date(2000, 1, 1))
    found = select(Case).where(col(Case.opened_at) >= begin).order_by(col(Case.opened_at), Case.reference)
    return Chosen(tuple(work.session.exec(found)), begin)


def _csv(header: tuple[str, ...], rows: Iterable[Row], zone: ZoneInfo) -> bytes:
    """A table for spreadsheets: UTF-8 with the mark that they look for, everything quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows([_cell(value, zone) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Cell, zone: ZoneInfo) -> str:
    """A value as text that no spreadsheet carries out: what looks like a formula gets an apostrophe before it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case _:
            text = str(value).replace("\x00", "")
            begins = (text[:1], text.lstrip()[:1])  # some programs skip the blanks before it
            return f"'{text}" if BEGINS_A_FORMULA.intersection(begins) else text
