"""A minute as a Word document; the same facts at the same moment give the same bytes."""

import re
from datetime import UTC
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Opened
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph

from psirf_bot.casework.minute_text import DRAFT, NO_PATIENT, Line, Minute, Section, Table

FONT, SIZE = "Arial", Pt(12)
LANGUAGE = "en-GB"
UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
"""Characters that a document cannot hold, and those that turn the direction of all that follows."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of every file in the document: the earliest that a zip can say."""


def docx(minute: Minute) -> bytes:
    """The minute as a file for Word: A4, with real headings, and tables whose header rows repeat."""
    document = Document()
    _look(document)
    _properties(document, minute)
    _frame(document, minute)
    _say(document.add_paragraph(style="Title"), minute.title)
    _say(document.add_paragraph(style="Subtitle"), minute.trust)
    if not minute.approved:
        _say(document.add_paragraph(), f"{DRAFT}.", bold=True)
    for section in minute.sections:
        _section(document, section)
    _say(document.add_paragraph(), f"{NO_PATIENT} {minute.made}")
    if minute.after:
        _section(document, minute.after)
    return _packed(document)


def _section(document: Opened, section: Section) -> None:
    _say(document.add_paragraph(style="Heading 1"), section.heading)
    for part in section.parts:
        match part:
            case Table():
                _table(document, part)
            case Line():
                paragraph = document.add_paragraph()
                _say(paragraph, f"{part.opening} ", bold=True)
                _say(paragraph, part.words)
            case _:
                _say(document.add_paragraph(), part)


def _table(document: Opened, table: Table) -> None:
    _say(document.add_paragraph(style="Heading 2"), table.name)
    shown = document.add_table(rows=0, cols=len(table.header), style="Table Grid")
    for number, row in enumerate((table.header, *table.rows)):
        for cell, words in zip(shown.add_row().cells, row, strict=True):
            _say(cell.paragraphs[0], words, bold=number == 0)
    _for_screen_readers(shown, table.name)


def _for_screen_readers(shown: WordTable, name: str) -> None:
    """The first row is said to be the header, and the table has a name."""
    shown.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    title = OxmlElement("w:tblCaption")
    title.set(qn("w:val"), _fit(name))
    shown._tbl.tblPr.append(title)


def _say(paragraph: Paragraph, words: str, *, bold: bool = False) -> None:
    """Every word of the document comes this way."""
    paragraph.add_run(_fit(words)).bold = bold or None


def _fit(words: str) -> str:
    """What cannot stand in a document shows as a replacement character: nothing goes unseen."""
    return UNFIT.sub("\ufffd", words)


# How it looks, and what it says about itself


def _look(document: Opened) -> None:
    """One plain font, dark on white, British English. The template's own names its fonts by theme, which would win."""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(20)
    styles = document.styles.element
    for fonts in styles.iter(qn("w:rFonts")):
        fonts.attrib.clear()
        for script in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{script}"), FONT)
    for language in styles.iter(qn("w:lang")):
        language.set(qn("w:val"), LANGUAGE)
    document.settings.element.find(qn("w:themeFontLang")).set(qn("w:val"), LANGUAGE)
    document.styles["Normal"].font.size = SIZE
    spacing = document.styles["Normal"].paragraph_format
    spacing.space_before = spacing.space_after = Pt(4)
    for name, size in (("Title", 20), ("Subtitle", 14), ("Heading 1", 16), ("Heading 2", 12), ("Footer", 10)):
        font = document.styles[name].font
        font.size, font.color.rgb, font.italic = Pt(size), RGBColor(0, 0, 0), False


def _properties(document: Opened, minute: Minute) -> None:
    """Neither a machine nor a user is named; the template's own words and picture are taken out."""
    about = document.core_properties
    about.title, about.author, about.language = minute.title, minute.trust, LANGUAGE
    about.last_modified_by, about.comments = minute.trust, "" if minute.approved else DRAFT
    about.created = about.modified = minute.made_at.astimezone(UTC).replace(tzinfo=None)
    relations = document.part.package.rels
    for key in [key for key, relation in relations.items() if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[key]


def _frame(document: Opened, minute: Minute) -> None:
    """What stands on every page."""
    page = document.sections[0]
    draft = "" if minute.approved else f" – {DRAFT}"
    _say(page.header.paragraphs[0], f"{minute.reference}{draft}", bold=not minute.approved)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _say(footer, f"{NO_PATIENT} {minute.made} Page ")
    _field(footer, "PAGE")
    _say(footer, " of ")
    _field(footer, "NUMPAGES")


def _field(paragraph: Paragraph, name: str) -> None:
    """A number that Word works out."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    field.append(paragraph.add_run("1")._r)
    paragraph._p.append(field)


def _packed(document: Opened) -> bytes:
    """The file, without the time of day at which it was packed."""
    packed, plain = BytesIO(), BytesIO()
    document.save(packed)
    with ZipFile(packed) as made, ZipFile(plain, "w", ZIP_DEFLATED) as kept:
        for name in made.namelist():
            kept.writestr(ZipInfo(name, LONG_AGO), made.read(name), ZIP_DEFLATED)
    return plain.getvalue()
