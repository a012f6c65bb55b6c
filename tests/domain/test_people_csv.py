"""people.csv: who can be read, and every mistake named with its line and its remedy."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psirf_bot.domain.people import COLUMNS, PersonRow, Role, read_people
from psirf_bot.trust_file import load_trust

HEADER = ",".join(COLUMNS)
GUID = "00000000-0000-4000-8000-00000000000a"
SERVICES = ("Community Nursing", "Children's Therapy")


def person(name: str = "Amina Yusuf", **cell: str) -> str:
    """One line of people.csv."""
    email = name.lower().replace(" ", ".") + "@fenmarsh.example"
    return ",".join({**dict.fromkeys(COLUMNS, ""), "name": name, "email": email, **cell}.values())


def sheet(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines])


AMINA = person()
BRONWEN = person("Bronwen Hale")


def managed(name: str, by: str) -> str:
    return person(name, line_manager=f"{by.lower()}@fenmarsh.example")


def test_a_person_is_read() -> None:
    line = person(
        email="Amina.Yusuf@Fenmarsh.Example",
        roles="panel; Chair ;",
        service="Community Nursing",
        line_manager="BRONWEN.HALE@fenmarsh.example",
        teams_id=GUID.upper(),
        slack_id="U024BE7LH",
    )
    rows, mistakes = read_people(sheet(line, BRONWEN))
    assert not mistakes
    assert rows[0] == PersonRow(
        name="Amina Yusuf",
        email="amina.yusuf@fenmarsh.example",
        roles=frozenset({Role.STAFF, Role.PANEL, Role.CHAIR}),
        service="Community Nursing",
        line_manager="bronwen.hale@fenmarsh.example",
        teams_id=GUID,
        slack_id="U024BE7LH",
    )


def test_everybody_is_staff() -> None:
    (row,), _ = read_people(sheet(AMINA))
    assert row.roles == {Role.STAFF}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + sheet(AMINA),
        sheet(AMINA).replace("\n", "\r\n") + "\r\n",
        sheet(AMINA).replace("\n", "\r"),
        sheet("", AMINA, "", ",,,,,,", "  "),
        "\n\n" + sheet(AMINA),
        sheet("  Amina   Yusuf , amina.yusuf@fenmarsh.example ,  , , , , "),
        sheet('"Amina Yusuf","amina.yusuf@fenmarsh.example",,,,,'),
        sheet(AMINA + ",,", ",,,,,,,,", header=HEADER + ",,"),
        sheet(
            "amina.yusuf@fenmarsh.example,,,,,,Amina Yusuf",
            header="Email,roles,service,line_manager,teams_id,SLACK_ID,Name",
        ),
    ],
    ids=["bom", "crlf", "cr", "blank lines", "blank lines first", "spaces", "quoted", "empty columns", "header order"],
)
def test_what_spreadsheets_do_is_tolerated(text: str) -> None:
    rows, mistakes = read_people(text)
    assert not mistakes
    assert [(row.name, row.email) for row in rows] == [("Amina Yusuf", "amina.yusuf@fenmarsh.example")]


def test_a_cell_may_hold_a_comma_or_a_line_break_and_lines_still_count() -> None:
    rows, mistakes = read_people(sheet('"Yusuf,\nAmina",amina@fenmarsh.example,,,,,', person("Bo", roles="nurse")))
    assert [row.name for row in rows] == ["Yusuf, Amina", "Bo"]
    assert [mistake.where for mistake in mistakes] == ["people.csv:4"]


def test_what_nobody_can_see_is_not_part_of_a_name() -> None:
    (row,), mistakes = read_people(sheet(AMINA.replace("Amina Yusuf", "Amina\x00 \u202eYusuf\u2069")))
    assert (row.name, mistakes) == ("Amina Yusuf", [])


def test_a_service_takes_the_spelling_of_the_trust() -> None:
    (row,), mistakes = read_people(sheet(person(service="children’s  THERAPY")), SERVICES)
    assert not mistakes
    assert row.service == "Children's Therapy"


def test_without_a_list_of_services_any_service_will_do() -> None:
    (row,), mistakes = read_people(sheet(person(service="Podiatry")))
    assert (row.service, mistakes) == ("Podiatry", [])


MISTAKES = {
    "empty file": ("", 1, "is empty", "name,email,roles"),
    "unknown column": (sheet(header=HEADER + ",phone"), 1, 'unknown column "phone"', "Use one of: name, email"),
    "misspelt column": (sheet(header=HEADER.replace("slack_id", "slackid")), 1, '"slackid"', '"slack_id"'),
    "missing column": (sheet(header="name,email"), 1, 'column "line_manager" is missing', "but for name and email"),
    "column twice": (sheet(header=HEADER + ",name"), 1, 'column "name" is there twice', "Keep one"),
    "semicolons": (sheet(AMINA).replace(",", ";"), 1, "semicolons between its columns", "with commas"),
    "tabs": (sheet(AMINA).replace(",", "\t"), 1, "tabs between its columns", "with commas"),
    "unknown role": (sheet(person(roles="panel;char")), 2, 'unknown role "char"', 'Did you mean "chair"?'),
    "part of a role": (sheet(person(roles="nurse")), 2, 'unknown role "nurse"', "Use one of: staff, quality"),
    "role like no other": (sheet(person(roles="xyzzy")), 2, 'unknown role "xyzzy"', "Use one of: staff, quality"),
    "roles with a comma": (sheet(person(roles='"quality, admin"')), 2, '"quality, admin"', "Put ; between"),
    "roles with a space": (sheet(person(roles="quality chief_nurse")), 2, "quality chief_nurse", "Put ; between"),
    "too many cells under empty headings": (sheet(AMINA + ",x", header=HEADER + ","), 2, "too many cells: 8", "comma"),
    "e-mail twice": (sheet(AMINA, AMINA.upper()), 3, "is already on line 2", "one line for each person"),
    "teams_id twice": (
        sheet(person(teams_id=GUID), person("Bo", teams_id=GUID.upper())),
        3,
        f'teams_id "{GUID}" is already on line 2',
        "their own",
    ),
    "slack_id twice": (
        sheet(person(slack_id="U024BE7LH"), person("Bo", slack_id="U024BE7LH")),
        3,
        'slack_id "U024BE7LH" is already on line 2',
        "their own",
    ),
    "manager not there": (
        sheet(managed("Amina", "gone")),
        2,
        '"gone@fenmarsh.example" is not in this file',
        "Add a line",
    ),
    "own manager": (sheet(managed("Amina", "amina")), 2, "Amina is their own line manager", "someone else"),
    "managers in a circle": (
        sheet(managed("Zed", "Bo"), managed("Bo", "Cy"), managed("Cy", "Bo")),
        3,
        "bo@fenmarsh.example → cy@fenmarsh.example → bo@fenmarsh.example",
        "Correct one of them",
    ),
    "no name": (sheet(person("", email="a@b.example")), 2, "name is missing", "Give the name"),
    "no e-mail": (sheet(person(email="")), 2, "email is missing", "Give one like"),
    "bad e-mail": (
        sheet(person(email="amina at fenmarsh")),
        2,
        '"amina at fenmarsh" is not an e-mail',
        "Give one like",
    ),
    "unknown service": (sheet(person(service="Comunity Nursing")), 2, '"Comunity Nursing"', '"Community Nursing"'),
    "bad slack_id": (sheet(person(slack_id="@amina")), 2, 'slack_id "@amina"', "starts with U or W"),
    "bad teams_id": (
        sheet(person(teams_id="29:1abc")),
        2,
        'teams_id "29:1abc" is not an Entra object id',
        "Give one like",
    ),
    "too many cells": (sheet(AMINA + ",x"), 2, "too many cells: 8 where the first line has 7", "comma"),
    "too few cells": (sheet("Amina,a@b.example"), 2, "too few cells: 2 where the first line has 7", "comma"),
    "quotation mark left open": (
        sheet(AMINA, '"Bo,b@c.example,,,,,'),
        3,
        "a quotation mark has no partner",
        "in pairs",
    ),
}


@pytest.mark.parametrize(("text", "line", "what", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_line_and_remedy(text: str, line: int, what: str, remedy: str) -> None:
    _, mistakes = read_people(text, SERVICES)
    assert any(
        mistake.where == f"people.csv:{line}" and what in mistake.what and remedy in mistake.remedy
        for mistake in mistakes
    ), mistakes


ONE_ALONE = sorted(set(MISTAKES) - {"missing column"})


@pytest.mark.parametrize("case", ONE_ALONE)
def test_one_mistake_is_told_once(case: str) -> None:
    _, mistakes = read_people(MISTAKES[case][0], SERVICES)
    assert len(mistakes) == (2 if case == "misspelt column" else 1)


def test_mistakes_come_in_the_order_of_the_file() -> None:
    lines = [int(m.where.split(":")[1]) for m in read_people(sheet(managed("A", "x"), person(slack_id="?"), "a,b"))[1]]
    assert lines == [2, 3, 4]


def test_somebody_may_have_no_line_manager() -> None:
    (row,), mistakes = read_people(sheet(AMINA))
    assert (row.line_manager, mistakes) == (None, [])


@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read_people(text, SERVICES)


CELLS = st.sampled_from(
    ["", "a@b.example", "c@d.example", "chair;x", "U024BE7LH", GUID, '"', "Podiatry", "\n", "’", "\x00", "\u2028"]
)


@given(st.lists(st.lists(CELLS, max_size=8).map(",".join)))
def test_any_rows_are_read_without_an_exception(lines: list[str]) -> None:
    rows, mistakes = read_people(sheet(*lines), SERVICES)
    assert all(mistake.what and mistake.remedy for mistake in mistakes)
    assert mistakes or len({row.email for row in rows}) == len(rows)


def test_the_sample_people_have_every_role_and_no_mistake() -> None:
    trust, _ = load_trust(None)
    assert trust
    rows, mistakes = read_people((files("psirf_bot.sample") / "people.csv").read_text("utf-8"), trust.services)
    assert mistakes == []
    assert set().union(*(row.roles for row in rows)) == set(Role)
    assert {row.service for row in rows} == {*trust.services, None}
    assert any(row.line_manager is None for row in rows)
    assert all(row.email.endswith("@fenmarsh.example") for row in rows)
    assert set(trust.urgent.executives) <= {row.email for row in rows if Role.EXECUTIVE in row.roles}


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u00ad", "\u2060", "\u200e"])
def test_what_nobody_sees_in_an_address_makes_it_no_other_one(unseen: str) -> None:
    line = person("Amina Yusuf", email=f"amina.yusuf{unseen}@fenmarsh.example{unseen}")
    rows, mistakes = read_people(sheet(line, managed("Bronwen Hale", f"amina.yusuf{unseen}")))
    assert not mistakes
    assert rows[0].email == rows[1].line_manager == "amina.yusuf@fenmarsh.example"


def test_a_link_that_was_copied_for_an_address_is_a_mistake() -> None:
    _, mistakes = read_people(sheet(person(email="mailto:amina.yusuf@fenmarsh.example")))
    assert [m.what for m in mistakes] == ['"mailto:amina.yusuf@fenmarsh.example" is not an e-mail address']
