"""Made-up clinical sentences with and without patient identifiers, to measure the screen by.

The *usual* forms are those the rules were written for. The *awkward* ones are other ways of writing the same thing,
listed before the screen was first run on them; a form that the rules were later made to find moved to the usual ones.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from nhs_number.validate import calculate_checksum, is_valid

from psirf_bot.domain.identifiers import Finding, Kind, find

SEED = 2026
CASES = 300  # of each kind, usual and awkward alike
INNOCENT = 3000

# A form returns the words before the value, the value, and the words after it.
Form = Callable[[Random], tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, and the identifier planted in it if there is one."""

    text: str
    planted: Finding | None


def digits(rng: Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def letters(rng: Random, count: int, among: str = "ABDEFGHJLNPQRSTUWXYZ") -> str:
    return "".join(rng.choice(among) for _ in range(count))


# --- What is planted ------------------------------------------------------------------------------------------


def nhs_number(rng: Random) -> str:
    while True:
        first_nine = rng.choice("4679") + digits(rng, 8)
        check = calculate_checksum(first_nine)
        if check is not None and check < 10:
            return f"{first_nine}{check}"


def mistyped(rng: Random) -> str:
    number = nhs_number(rng)
    place = rng.randrange(10)
    wrong = number[:place] + str((int(number[place]) + rng.randrange(1, 10)) % 10) + number[place + 1 :]
    return wrong if not is_valid(wrong) else mistyped(rng)


def split(number: str, sizes: Sequence[int], by: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return by.join(parts)


def nhs(rng: Random, by: str, sizes: Sequence[int] = (3, 3, 4)) -> str:
    return split(nhs_number(rng), sizes, by)


NHS_LABELS = ("NHS no ", "NHS No. ", "NHS number: ", "nhs number is ", "NHS#", "NHS ", "Nhs num ")

MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]


def born(rng: Random, first: int, last: int) -> tuple[int, int, int]:
    return rng.randint(1, 28), rng.randint(1, 12), rng.randint(first, last)


def young(rng: Random) -> tuple[int, int, int]:
    return born(rng, 2020, 2026)


def numeric(day: int, month: int, year: int, by: str = "/") -> str:
    return f"{day:02}{by}{month:02}{by}{year}"


def short(day: int, month: int, year: int, by: str = "/") -> str:
    return f"{day}{by}{month}{by}{year % 100:02}"


def textual(day: int, month: int, year: int) -> str:
    return f"{day} {MONTHS[month - 1]} {year}"


AREAS = [
    "AB", "AL", "B", "BA", "BD", "BS", "CB", "CF", "CT", "CV", "DE", "DL", "E", "EX", "GL", "GU", "HU", "IP",
    "L", "LE", "LS", "M", "ME", "N", "NE", "NG", "OX", "PL", "PO", "S", "SE", "SW", "TA", "W", "WA", "YO",
]  # fmt: skip


def postcode(rng: Random, by: str = " ") -> str:
    inward = rng.choice("0123456789") + letters(rng, 2)
    return f"{rng.choice(AREAS)}{rng.randint(1, 25)}{by}{inward}"


def mobile(rng: Random) -> str:
    return "07" + rng.choice("4578") + digits(rng, 8)


def landline(rng: Random) -> tuple[str, str]:
    code = rng.choice(["0113", "0114", "0121", "0161", "0191", "01632", "01539", "01904", "020", "029"])
    return code, rng.choice("2345678") + digits(rng, 10 - len(code))


def person(rng: Random) -> str:
    return rng.choice(["jo", "amina", "k.osei", "pat-lee", "t.o'dowd", "m_ali", "sam.reed"]) + rng.choice(
        ["", "2", "77"]
    )


def host(rng: Random) -> str:
    return rng.choice(["example.org", "example.com", "mail.example.net", "example.co.uk", "fenmarsh.example"])


def hospital(rng: Random) -> str:
    return rng.choice(["", "", "A", "K", "RX", "FEN"]) + digits(rng, rng.randint(6, 8))


USUAL: dict[Kind, tuple[Form, ...]] = {
    Kind.NHS_NUMBER: (
        lambda r: (r.choice(NHS_LABELS), nhs(r, ""), ""),
        lambda r: ("", nhs(r, " "), ""),
        lambda r: ("", nhs(r, "-"), ""),
        lambda r: ("(", nhs(r, r.choice([".", "\u00a0", "\u2009"])), ")"),
        lambda r: ("", nhs(r, "\u200b"), ""),
        lambda r: ("", nhs(r, "\n", (5, 5)), ""),
        lambda r: ("", nhs(r, "").translate({48 + n: 0xFF10 + n for n in range(10)}), ""),
        lambda r: ("", nhs(r, "").translate({48 + n: 0x0660 + n for n in range(10)}), ""),
        lambda r: (r.choice(NHS_LABELS), split(mistyped(r), (3, 3, 4), " "), ""),
        lambda r: ("", nhs(r, "/"), ""),
        lambda r: ("", nhs(r, "_"), ""),
    ),
    Kind.DATE_OF_BIRTH: (
        lambda r: (r.choice(["DOB ", "D.O.B. ", "dob: ", "d.o.b "]), short(*born(r, 1925, 2026)), ""),
        lambda r: (r.choice(["born ", "born on ", "Date of birth: "]), numeric(*young(r)), ""),
        lambda r: (r.choice(["DOB ", "date of birth ", "birthday is "]), textual(*young(r)), ""),
        lambda r: ("", numeric(*young(r)), r.choice([" (DOB)", " is her date of birth"])),
        lambda r: ("", numeric(*born(r, 1925, 2019), r.choice("/.-")), ""),
        lambda r: ("", textual(*born(r, 1925, 2019)), ""),
        lambda r: ("", " ".join(reversed(textual(*born(r, 1925, 2019)).split())), ""),
        lambda r: ("bday ", numeric(*young(r)), ""),
        lambda r: ("date of brith ", numeric(*young(r)), ""),
    ),
    Kind.POSTCODE: (
        lambda r: ("", postcode(r), ""),
        lambda r: ("", postcode(r, ""), ""),
        lambda r: ("", postcode(r).lower(), ""),
        lambda r: ("", postcode(r, "\u00a0"), ""),
        lambda r: ("", postcode(r, ", "), ""),
        lambda r: ("postcode ", r.choice(["EC1A 1BB", "SW1A 2AA", "W1A 0AX", "N1C 4AG"]), ""),
    ),
    Kind.PHONE: (
        lambda r: ("", mobile(r), ""),
        lambda r: ("", split(mobile(r), (5, 6), " "), ""),
        lambda r: ("", split(mobile(r), (5, 3, 3), r.choice(" -")), ""),
        lambda r: ("", "+44" + r.choice(["", " ", " (0)"]) + split(mobile(r)[1:], (4, 6), " "), ""),
        lambda r: ("", " ".join(landline(r)), ""),
        lambda r: ("", "({}) {}".format(*landline(r)), ""),
        lambda r: ("", "".join(landline(r)), ""),
        lambda r: ("", "44" + mobile(r)[1:], ""),
        lambda r: ("", "+353 1 " + split("4" + digits(r, 6), (3, 4), " "), ""),
        lambda r: ("tel ", digits(r, 6), ""),
    ),
    Kind.EMAIL: (
        lambda r: ("", f"{person(r)}@{host(r)}", ""),
        lambda r: ("<", f"{person(r).upper()}@{host(r)}", ">"),
        lambda r: ("e-mail:", f"{person(r)}@{host(r)}", "."),
        lambda r: ("", f"{person(r)} @ {host(r)}", ""),
        lambda r: ("", f"{person(r)}(at){host(r)}", ""),
    ),
    Kind.HOSPITAL_NUMBER: (
        lambda r: (r.choice(["MRN ", "MRN: ", "mrn ", "RiO ", "RiO no "]), hospital(r), ""),
        lambda r: (r.choice(["hospital no ", "Hosp no. ", "hospital number is "]), hospital(r), ""),
        lambda r: (r.choice(["patient ID ", "patient no ", "pt no "]), hospital(r), ""),
        lambda r: (r.choice(["SystmOne ID ", "S1 number ", "K number "]), hospital(r), ""),
        lambda r: ("patient identification number ", hospital(r), ""),
        lambda r: ("hospital i.d. ", hospital(r), ""),
    ),
}

AWKWARD: dict[Kind, tuple[Form, ...]] = {
    Kind.NHS_NUMBER: (
        lambda r: ("", nhs(r, " ", (2, 2, 2, 2, 2)), ""),
        lambda r: ("", nhs(r, " - "), ""),
        lambda r: ("", nhs(r, ", "), ""),
        lambda r: ("", nhs(r, " ", (1,) * 10), ""),
        lambda r: ("NHS number ", nhs(r, "").replace("0", "O"), ""),
        lambda r: ("", split(mistyped(r), (3, 3, 4), " "), ""),
        lambda r: ("record https://notes.example/p/", nhs(r, ""), "/summary"),
        lambda r: ("her NHS number, she says, is ", split(mistyped(r), (3, 3, 4), " "), ""),
        lambda r: ("the N H S no ", nhs(r, ""), ""),
        lambda r: ("", nhs(r, " ", (4, 3, 3)), ""),
    ),
    Kind.DATE_OF_BIRTH: (
        lambda r: ("", short(*born(r, 1925, 2019)), ""),
        lambda r: ("", "{2}{1:02}{0:02}".format(*born(r, 1925, 2019)), ""),
        lambda r: ("DOB: ", "{2}{1:02}{0:02}".format(*young(r)), ""),
        lambda r: ("turned five on ", textual(*young(r)), ""),
        lambda r: ("birthdate=", "{2}-{1:02}-{0:02}".format(*young(r)), ""),
        lambda r: ("DOB the ", "{}th of the {}th {}".format(*young(r)), ""),
        lambda r: ("date-of-birth (from the band) ", numeric(*young(r)), ""),
        lambda r: ("DOB ", numeric(*young(r), by=r.choice(["\u2044", "|", " "])), ""),
        lambda r: ("", "{}th day of {}, {}".format(*textual(*born(r, 1925, 2019)).split()), ""),
    ),
    Kind.POSTCODE: (
        lambda r: ("", postcode(r, "-"), ""),
        lambda r: ("", postcode(r, "   "), ""),
        lambda r: ("", postcode(r, "\n"), ""),
        lambda r: ("", f"{area(r)} {r.randint(1, 25)} {r.choice('123456789')}{letters(r, 2)}", ""),
        lambda r: ("", f"{area(r)}{r.randint(1, 25)} O{letters(r, 2)}", ""),
        lambda r: ("", f"{area(r)}{r.randint(1, 25)} {digits(r, 1)}", ""),
        lambda r: ("", " ".join(postcode(r, "")), ""),
    ),
    Kind.PHONE: (
        lambda r: ("", split(mobile(r)[1:], (4, 6), " "), ""),
        lambda r: ("", split(mobile(r), (3, 2, 2, 2, 2), " "), ""),
        lambda r: ("", "0044 " + mobile(r)[1:], ""),
        lambda r: ("", split(mobile(r), (5, 6), "/"), ""),
        lambda r: ("", "O" + mobile(r)[1:], ""),
        lambda r: ("", "+44." + split(mobile(r)[1:], (4, 6), "."), ""),
        lambda r: ("", split(mobile(r), (5, 3, 3), ", "), ""),
    ),
    Kind.EMAIL: (
        lambda r: ("", f"{person(r)} at {host(r)}", ""),
        lambda r: ("", f"{person(r)}@{host(r).replace('.', ',')}", ""),
        lambda r: ("", f"{person(r)}+clinic@{host(r)}", ""),
        lambda r: ("mailto:", f"{person(r)}@{host(r)}", "?subject=fall"),
        lambda r: ("", f"{person(r)}\uff20{host(r)}", ""),
    ),
    Kind.HOSPITAL_NUMBER: (
        lambda r: ("", "A" + digits(r, 7), ""),
        lambda r: ("her number is ", hospital(r), ""),
        lambda r: ("HN ", hospital(r), ""),
        lambda r: ("unit no ", hospital(r), ""),
        lambda r: ("", hospital(r), " (RiO)"),
        lambda r: ("hosp. num. ", "RXQ/" + digits(r, 6), ""),
        lambda r: ("patient's hospital no was ", hospital(r), ""),
        lambda r: ("Rio no. ", f"{digits(r, 3)} {digits(r, 4)}", ""),
        lambda r: ("case note number ", f"{digits(r, 2)}/{digits(r, 5)}", ""),
    ),
}


def area(rng: Random) -> str:
    return rng.choice(AREAS)


# --- What is not an identifier but looks like one --------------------------------------------------------------

NEAR_MISSES: tuple[Callable[[Random], str], ...] = (
    lambda r: f"morphine {r.randint(1, 20)}mg given at {r.randint(0, 23):02}:{r.randint(0, 59):02}",
    lambda r: f"insulin {r.randint(2, 40)} units at {r.randint(0, 23):02}{r.randint(0, 59):02} hrs",
    lambda r: f"BP {r.randint(80, 190)}/{r.randint(40, 110)}, pulse {r.randint(40, 150)}, sats {r.randint(80, 100)}%",
    lambda r: "readings " + " ".join(str(r.randint(60, 150)) for _ in range(r.randint(4, 12))),
    lambda r: f"NEWS2 went {r.randint(0, 4)}, {r.randint(3, 7)}, {r.randint(5, 12)}",
    lambda r: f"ward {r.choice('ABCDE')}{r.randint(1, 30)} bed {r.randint(1, 32)}",
    lambda r: f"bay {area(r)}{r.randint(1, 9)} {r.choice(['1st', '2nd', '3rd', '4th'])} bed",
    lambda r: f"vitamin B12 {r.choice(['1mg', '1 mg', '1000 micrograms', '1mg 12 weekly'])}",
    lambda r: f"oxygen {r.randint(1, 15)}L via mask, {r.randint(24, 60)}%",
    lambda r: f"bleep {digits(r, 4)}, then ext {digits(r, 5)}",
    lambda r: f"rang {r.choice(['2222', '999', '111', '101'])} at {r.randint(0, 23):02}.{r.randint(0, 59):02}",
    lambda r: f"Datix {r.choice(['', 'no ', 'ref ', 'W', 'INC-'])}{r.randint(1000, 999999)}",
    lambda r: f"see PSI-2026-{r.randint(1, 9999):04} and StEIS 2026/{r.randint(1000, 30000)}",
    lambda r: f"on {numeric(*born(r, 2021, 2026))} at {r.randint(0, 23):02}:{r.randint(0, 59):02}",
    lambda r: f"on {textual(*born(r, 2021, 2026))}",
    lambda r: f"on {short(*born(r, 2021, 2026))} and again last Tuesday 14:30",
    lambda r: (
        f"reviewed {'{2}-{1:02}-{0:02}'.format(*born(r, 2021, 2026))} {r.randint(0, 23):02}:{r.randint(0, 59):02}"
    ),
    lambda r: f"under the policy of {textual(*born(r, 2014, 2026))}",
    lambda r: f"born at {r.randint(24, 41)}+{r.randint(0, 6)}, {r.randint(24, 41)}/40",
    lambda r: f"for {r.randint(1, 6)}/7, then {r.randint(1, 6)}/52",
    lambda r: f"pump serial {digits(r, r.choice([7, 8, 10, 10, 12]))}",
    lambda r: f"batch {letters(r, 2)}{digits(r, 4)}{letters(r, 1)}, exp {r.randint(1, 12):02}/27",
    lambda r: f"blood unit G{digits(r, 3)} {digits(r, 3)} {digits(r, 3)} {digits(r, 3)}",
    lambda r: f"wound {r.randint(1, 9)} x {r.randint(1, 9)} x {r.randint(1, 3)} cm at L{r.randint(1, 5)}",
    lambda r: f"NMC PIN {digits(r, 2)}{letters(r, 1)}{digits(r, 4)}E",
    lambda r: f"helpline 0300 {digits(r, 3)} {digits(r, 4)}",
    lambda r: f"alert NatPSA/2026/{digits(r, 3)}/MHRA, page v{r.randint(1, 9)}.{r.randint(0, 20)}.{r.randint(0, 9)}",
    lambda r: f"@{person(r)} on the team page, room {area(r)}{r.randint(1, 20)}",
    lambda r: f"the {r.randint(2, 90)} year old on the late list, {r.randint(1, 9)} of {r.randint(9, 20)}",
    lambda r: f"hospital no longer had {r.randint(1000, 20000)} in stock",
)
OPENINGS = ("Found on the floor by the bed", "The syringe driver alarmed", "Seen at home", "Wrong label on the form",
            "Left clinic before being seen", "Visit missed", "Transferred without notes", "Given twice")  # fmt: skip
ENDINGS = ("No harm was seen.", "The family were told.", "The doctor came.", "We changed the dressing.", "")


def innocent(rng: Random) -> Case:
    near = "; ".join(rng.choice(NEAR_MISSES)(rng) for _ in range(rng.randint(1, 4)))
    return Case(f"{rng.choice(OPENINGS)}; {near}. {rng.choice(ENDINGS)}", None)


def with_identifier(rng: Random, kind: Kind, forms: Sequence[Form]) -> Case:
    label, value, after = rng.choice(forms)(rng)
    lead = f"{rng.choice(OPENINGS)}; {rng.choice(NEAR_MISSES)(rng)}; {label}"
    text = f"{lead}{value}{after}; {rng.choice(NEAR_MISSES)(rng)}. {rng.choice(ENDINGS)}"
    return Case(text, Finding(kind, len(lead), len(lead) + len(value)))


# --- How well the screen does ----------------------------------------------------------------------------------


def covers(found: Finding, planted: Finding) -> bool:
    """Whether the whole value was found, as what it is."""
    return found.kind == planted.kind and found.start <= planted.start and planted.end <= found.end


def is_false_alarm(found: Finding, planted: Finding | None) -> bool:
    """Whether a finding has nothing to do with the identifier planted, or calls it something else."""
    return planted is None or found.kind != planted.kind or found.end <= planted.start or planted.end <= found.start


def table() -> str:
    """The measured figures, as they stand in docs/identifiers.md."""
    rng = Random(SEED)
    usual = {kind: [with_identifier(rng, kind, USUAL[kind]) for _ in range(CASES)] for kind in Kind}
    awkward = {kind: [with_identifier(rng, kind, AWKWARD[kind]) for _ in range(CASES)] for kind in Kind}
    innocents = [innocent(rng) for _ in range(INNOCENT)]

    def caught(cases: list[Case]) -> int:
        return sum(any(covers(f, case.planted) for f in find(case.text)) for case in cases if case.planted)

    everything = [case for cases in (*usual.values(), *awkward.values(), innocents) for case in cases]
    alarms = Counter(f.kind for case in everything for f in find(case.text) if is_false_alarm(f, case.planted))
    lines = [
        "| kind | recall, usual forms | recall, awkward forms | false alarms | precision |",
        "|---|---|---|---|---|",
    ]
    for kind in Kind:
        hits = caught(usual[kind]), caught(awkward[kind])
        precision = sum(hits) / (sum(hits) + alarms[kind])
        lines.append(f"| {kind} | {hits[0] / CASES:.3f} | {hits[1] / CASES:.3f} | {alarms[kind]} | {precision:.3f} |")
    return "\n".join(lines)
