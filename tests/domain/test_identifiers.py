import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identifier_cases import CASES, INNOCENT, SEED, table

from psirf_bot.domain.identifiers import _RULES, Kind, _plain, _view, find, mask, words

DOCS = Path(__file__).parents[2] / "docs" / "identifiers.md"

NHS, BIRTH, POST, PHONE, MAIL, HOSPITAL = Kind

FOUND = [
    ("943 476 5919", NHS, "943 476 5919"),
    ("Pt 943-476-5919 fell", NHS, "943-476-5919"),
    ("943.476.5919", NHS, "943.476.5919"),
    ("943\u00a0476\u20095919", NHS, "943\u00a0476\u20095919"),
    ("943\u200b476\u00ad5919", NHS, "943\u200b476\u00ad5919"),
    ("9\u20604\u200d34765919.", NHS, "9\u20604\u200d34765919"),
    ("９４３４７６５９１９", NHS, "９４３４７６５９１９"),
    ("٩٤٣٤٧٦٥٩١٩", NHS, "٩٤٣٤٧٦٥٩١٩"),
    ("94347\n65919", NHS, "94347\n65919"),
    ("943 47-\r\n6 5919", NHS, "943 47-\r\n6 5919"),
    ("9 4 3 4 7 6 5 9 1 9", NHS, "9 4 3 4 7 6 5 9 1 9"),
    ("at 14 9434765919 2 nurses", NHS, "9434765919"),
    ("→9434765919←", NHS, "9434765919"),
    ("9\ufe0f4347\u030165919", NHS, "9\ufe0f4347\u030165919"),
    ("NHS9434765919", NHS, "9434765919"),
    ("0000000000", NHS, "0000000000"),
    ("1111111111", NHS, "1111111111"),
    ("9999999999", NHS, "9999999999"),
    ("NHS no 943 476 5918", NHS, "943 476 5918"),
    ("nhs number: 943476591", NHS, "943476591"),
    ("N.H.S. No. is 943,476,5918 today", NHS, "943,476,5918"),
    ("NHS no 943 476 5919 1 week ago", NHS, "943 476 5919"),
    ("CHI number 0101901234", NHS, "0101901234"),
    ("DOB 3/4/50", BIRTH, "3/4/50"),
    ("D.O.B.: 03-04-2021", BIRTH, "03-04-2021"),
    ("Date of birth (dd/mm/yyyy): 03 04 2021", BIRTH, "03 04 2021"),
    ("d o b is the 3rd of April '21", BIRTH, "3rd of April '21"),
    ("born at 14:30 on 3/11/2026", BIRTH, "3/11/2026"),
    ("her birthday is 3 April", BIRTH, "3 April"),
    ("dob 03042021", BIRTH, "03042021"),
    ("DOB:\u00a00\u200b3/04/2021", BIRTH, "0\u200b3/04/2021"),
    ("12/3/2022 (DOB)", BIRTH, "12/3/2022"),
    ("Fell on 3/11/2026 DOB 4/5/50", BIRTH, "4/5/50"),
    ("aged 76 (03/04/1950)", BIRTH, "03/04/1950"),
    ("1950-04-03", BIRTH, "1950-04-03"),
    ("3rd April, 1950", BIRTH, "3rd April, 1950"),
    ("April 3, 1950", BIRTH, "April 3, 1950"),
    ("3 Febuary 2019", BIRTH, "3 Febuary 2019"),
    ("lives at M13 9PL now", POST, "M13 9PL"),
    ("m139pl", POST, "m139pl"),
    ("Ｍ１３ ９ＰＬ", POST, "Ｍ１３ ９ＰＬ"),
    ("M13\u200b9PL", POST, "M13\u200b9PL"),
    ("sw1a 1aa", POST, "sw1a 1aa"),
    ("EC1A 1BB.", POST, "EC1A 1BB"),
    ("B12 5TH", POST, "B12 5TH"),
    ("b125th", POST, "b125th"),
    ("07700 900123", PHONE, "07700 900123"),
    ("07700-900-123", PHONE, "07700-900-123"),
    ("+44 7700 900123", PHONE, "+44 7700 900123"),
    ("+44 (0)7700 900 123", PHONE, "+44 (0)7700 900 123"),
    ("0044 7700 900123", PHONE, "0044 7700 900123"),
    ("(0113) 496 0123", PHONE, "(0113) 496 0123"),
    ("020 7946 0000", PHONE, "020 7946 0000"),
    ("01539 56789", PHONE, "01539 56789"),
    ("Tel: 496012", PHONE, "496012"),
    ("+353 1 496 0123", PHONE, "+353 1 496 0123"),
    ("write to jo.o'neil+pals@example.nhs.uk.", MAIL, "jo.o'neil+pals@example.nhs.uk"),
    ("JO＠EXAMPLE．ORG", MAIL, "JO＠EXAMPLE．ORG"),
    ("jo (at) example.org", MAIL, "jo (at) example.org"),
    ("MRN: A123456", HOSPITAL, "A123456"),
    ("hospital no. 12/34567", HOSPITAL, "12/34567"),
    ("Patient ID 1234567", HOSPITAL, "1234567"),
    ("RiO 1234567", HOSPITAL, "1234567"),
    ("her SystmOne number is 12345678", HOSPITAL, "12345678"),
    ("K number K1234567", HOSPITAL, "K1234567"),
]

NOT_FOUND = [
    "",
    "The fall was on 3/11/2026 at 14:30.",
    "It happened last Tuesday 14:30, and again on 4 November 2026.",
    "On 03-11-2026 14.30 hrs, on 03 11 2026 at 1430, on 2026-11-03 14:30",
    "Ring 999, 111, 101 or 2222. Bleep 4821, ext 48213.",
    "Call NHS 111. NHS 111 on 03-11-2026 14:30.",
    "The helpline is 0300 123 4567, or 0800 123 4567. Tel 0300 123 4567.",
    "Datix 123456, INC-12345, W123456, Datix ref 1234567",
    "On 01-11-2026 143 beds were full.",
    "PSI-2026-0001 and PSI-2026-0002",
    "Ward B12, bed 14. Ward B12 5th bed. Room E1.",
    "Vitamin B12 5mg, B12 1 mg, morphine 10mg/5ml, B12 4hr",
    "BP 120/80, pulse 72, sats 98 97 96 95 94 %",
    "120 80 118 76 122 81 119 79",
    "born at 37/40, born 3/7 ago, stillborn on 3/11/2026",
    "Mr Dobson 3/4/26",
    "@jo.smith please see room A4",
    "the hospital no longer 10000 beds",
    "patient number 4 of 12",
    "943 476 5918",
]


@pytest.mark.parametrize(("text", "kind", "value"), FOUND, ids=[text for text, _, _ in FOUND])
def test_an_identifier_is_found_where_it_stands(text: str, kind: Kind, value: str) -> None:
    assert [(f.kind, text[f.start : f.end]) for f in find(text)] == [(kind, value)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_an_identifier_is_left_alone(text: str) -> None:
    assert find(text) == []
    assert mask(text) == text


def test_each_of_several_identifiers_is_named_where_it_stood() -> None:
    typed = "Ann, DOB 3/4/50, NHS no 943 476 5919, M13 9PL, 07700 900123, a@example.org, MRN 123456, fell 3/11/2026."
    assert mask(typed) == (
        "Ann, DOB [date of birth removed], NHS no [NHS number removed], [postcode removed], "
        "[phone number removed], [e-mail address removed], MRN [hospital number removed], fell 3/11/2026."
    )


def test_identifiers_run_together_are_all_removed() -> None:
    assert mask("M13 9PL9434765919") == "[postcode removed][NHS number removed]"
    assert mask("3/4/1950-07700 900123") == "[date of birth removed]-[phone number removed]"


def test_a_label_that_has_its_own_date_does_not_claim_the_one_before_it() -> None:
    assert mask("Fell on 3/11/2026 DOB 4/5/50") == "Fell on 3/11/2026 DOB [date of birth removed]"


def test_one_character_that_stands_for_several_is_in_one_finding_only() -> None:
    assert [f.kind for f in find("0770090012½403663158")] == [PHONE]
    assert [f.kind for f in find("M13 9P℀d@example.org")] == [MAIL]


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        ([], ""),
        ([NHS], "That looks like an NHS number."),
        ([BIRTH, NHS], "That looks like an NHS number and a date of birth."),
        ([MAIL, MAIL], "That looks like an e-mail address."),
        (Kind, "That looks like an NHS number, a date of birth, a postcode, a phone number, an e-mail address and a hospital number."),  # noqa: E501
    ],
)  # fmt: skip
def test_the_person_is_told_what_was_seen(kinds: list[Kind], sentence: str) -> None:
    assert words(kinds) == sentence


FRAGMENTS = [text for text, _, _ in FOUND] + NOT_FOUND + [
    "DOB", "born", "NHS no", "MRN", "tel", "[NHS number removed]", "[postcode removed", "[", "]", "½", "№", "\0", "\n",
    "\u200b", " ", "+", "(", "@", ".org", "/", "9434765919", "M13 9PL", "14", "3/4/", "2019", "April",
]  # fmt: skip
TYPED = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=8).map("".join)


@given(TYPED)
@settings(deadline=None, max_examples=300)
def test_findings_lie_in_the_text_in_order_and_apart(text: str) -> None:
    edges = [edge for finding in find(text) for edge in (finding.start, finding.end)]
    assert edges == sorted(edges)
    assert all(finding.start < finding.end <= len(text) for finding in find(text))


@pytest.mark.long
@given(TYPED)
@settings(deadline=None, max_examples=300)
def test_nothing_is_left_to_find_after_masking(text: str) -> None:
    masked = mask(text)
    assert find(masked) == []
    assert mask(masked) == masked
    assert (masked == text) == (find(text) == [])


@given(TYPED, st.sampled_from("\u200b\u00ad\u2060\ufeff\u200e"), st.integers(min_value=1, max_value=9))
@settings(deadline=None, max_examples=200)
def test_invisible_characters_hide_nothing(text: str, invisible: str, every: int) -> None:
    stuffed = "".join(c + invisible if n % every == 0 else c for n, c in enumerate(text))
    assert [f.kind for f in find(stuffed)] == [f.kind for f in find(text)]


def test_no_rule_can_be_made_slow() -> None:
    """Each repeat is bounded, or possessive and so never tried again: the work per character has a ceiling."""
    for rule in _RULES:
        bare = re.sub(rb"\\.|\[(?:\\.|[^\]\\])*\]", b"x", rule.pattern.pattern)
        assert not re.search(rb"\*|\{\d+,\}|(?<![+?*}])\+(?!\+)", bare), rule.kind


@pytest.mark.long
def test_the_documented_figures_are_those_measured() -> None:
    documented = DOCS.read_text(encoding="utf-8")
    assert table() in documented
    assert f"seed {SEED}, {CASES} sentences of each kind in usual forms, {CASES} in awkward forms" in documented
    assert f"{INNOCENT:,} sentences without any" in documented


@settings(max_examples=150)
@given(st.text(st.characters(max_codepoint=0x7F)) | st.text())
def test_text_looked_at_as_a_whole_reads_as_it_does_character_by_character(text: str) -> None:
    view, index = _view(text)
    one_by_one = [_plain(character) for character in text]
    assert view == b"".join(one_by_one)
    assert list(index) == [offset for offset, seen in enumerate(one_by_one) for _ in seen]


_NO_DIGITS = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="0123456789")
_PARTS = st.sampled_from(["NHS no ", "DOB ", "born April ", "MRN: ", "Tel: +", "GIR ", " (at) ", "@", "example.org"])


@settings(max_examples=150)
@given(st.lists(_PARTS | st.text(_NO_DIGITS, max_size=8), max_size=8).map("".join))
def test_what_is_passed_over_at_a_glance_no_rule_would_have_found(text: str) -> None:
    view, _ = _view(text)
    assert {f.kind for f in find(text)} == {r.kind for r in _RULES if r.kind and r.pattern.search(view)}
