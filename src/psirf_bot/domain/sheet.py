"""A CSV file as a spreadsheet saves it: its rows by column, or what is wrong with it, line by line."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from psirf_bot.domain.mistakes import Mistake, quoted, suggest

UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that control: PostgreSQL keeps no NUL, and those that turn the reading direction disguise a name."""

NO_WIDTH = re.compile(r"[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
"""What is copied along from a mail or a web page: with one of them an address looks the same, and is another."""

OTHER_MARKS = {";": "semicolons", "\t": "tabs"}
"""What a spreadsheet may put between the columns in place of commas."""


@dataclass(slots=True)
class Sheet:
    """A file being read: the line that is being looked at, and the mistakes so far. `name` is what they call it."""

    name: str
    columns: Sequence[str]
    if_missing: str
    """What to do about a column that is not there."""
    line: int = 1
    mistakes: list[Mistake] = field(default_factory=list)

    def mistake(self, what: str, remedy: str, *, line: int | None = None) -> None:
        self.mistakes.append(Mistake(f"{self.name}:{line or self.line}", what, remedy))

    def rows(self, text: str) -> Iterator[dict[str, str]]:
        """The rows that are not blank, by column, with spaces tidied; `line` is where each begins."""
        try:
            yield from self._rows(text)
        except csv.Error:
            self.mistake(
                "cannot be read from here on: a quotation mark has no partner",
                "Put quotation marks round a whole cell, in pairs, or take them out.",
            )

    def _rows(self, text: str) -> Iterator[dict[str, str]]:
        rows = self._cells(text)
        header = next(rows, None)
        if header is None:
            self.mistake("is empty", f"Start with the line {','.join(self.columns)}", line=1)
            return
        columns = [cell.lower() for cell in header]
        while not columns[-1]:  # a spreadsheet saves each column that ever had something in it
            columns.pop()
        other = next((name for mark, name in OTHER_MARKS.items() if mark in text.partition("\n")[0]), None)
        if len(columns) == 1 < len(self.columns) and other:
            self.mistake(f"has {other} between its columns", "Save it as CSV with commas between them.", line=1)
            return
        if not self._header_is_right(columns):
            return
        for cells in rows:
            if len(cells) >= len(columns) and not any(cells[len(columns) :]):
                yield dict(zip(columns, cells, strict=False))
            else:
                self._wrong_length(len(cells), len(columns))

    def _cells(self, text: str) -> Iterator[list[str]]:
        """A quoted cell may span lines."""
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        reader = csv.reader((f"{line}\n" for line in lines), strict=True, skipinitialspace=True)
        for row in reader:
            cells = [" ".join(UNSEEN.sub(" ", NO_WIDTH.sub("", cell)).split()) for cell in row]
            if any(cells):
                yield cells
            self.line = reader.line_num + 1

    def _header_is_right(self, columns: list[str]) -> bool:
        for column in dict.fromkeys(columns):
            if column not in self.columns:
                self.mistake(f"unknown column {quoted(column)}", suggest(column, self.columns))
            elif columns.count(column) > 1:
                self.mistake(f'column "{column}" is there twice', "Keep one of them.")
        for column in self.columns:
            if column not in columns:
                self.mistake(f'column "{column}" is missing', self.if_missing)
        return not self.mistakes

    def _wrong_length(self, found: int, wanted: int) -> None:
        few_or_many = "too few" if found < wanted else "too many"
        self.mistake(
            f"{few_or_many} cells: {found} where the first line has {wanted}",
            "Use one comma between cells, and quotation marks round a cell that has a comma in it.",
        )
