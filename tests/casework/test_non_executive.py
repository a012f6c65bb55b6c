"""A non-executive reads what the board reads, and is asked to do nothing (B14)."""

from responses import LEAH, decided, press, read_case, state
from test_reporting import near_miss

from stage import Stage, words

DESMOND, ROSALIND, AMINA = "Desmond Arkwright", "Rosalind Achebe", "Amina Yusuf"


async def test_they_read_a_case_its_response_the_lists_and_the_figures(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    assert "Response decided" in words(await stage.says(DESMOND, "case PSI-2026-0001"))
    assert "Niamh Gallagher" in words(await press(stage, DESMOND, "response.show"))
    assert "PSI-2026-0001" in words(await stage.says(DESMOND, "find Community Nursing"))
    for word, says in (
        ("gaps", "needs a PSII"),
        ("figures", "Figures"),
        ("overdue", "waits for you"),
        ("actions", "action"),
    ):
        said = words(await stage.says(DESMOND, word))
        assert says in said
        assert "for those who" not in said
    offered = words(await stage.says(DESMOND, "help"))
    assert all(word in offered for word in ("find …", "gaps", "figures", "actions", "candour PSI-…"))


async def test_what_is_kept_close_is_kept_from_them(stage: Stage) -> None:
    await read_case(stage)
    await press(stage, LEAH, "case.restrict", on="yes")
    assert "There is no case of that reference" in words(await stage.says(DESMOND, "case PSI-2026-0001"))


async def test_they_are_asked_to_do_nothing(stage: Stage) -> None:
    """Neither to act on a danger, nor to verify a PSII, nor to name who leads on an alert, however late it is."""
    await stage.presses(AMINA, await near_miss(stage, first={"danger": "yes"}), "Send the report")
    await press(stage, LEAH, "case.read")
    await decided(stage, "psii")
    number = {"alert-number": "NatPSA/2026/009/NHSPS", "alert-title": "Pumps that stop", "alert-due": "2026-12-18"}
    await press(stage, LEAH, "alert.new", number)
    for _ in range(10):
        stage.later(days=4)
        await stage.tick()
    assert stage.private(ROSALIND), "who is an executive"
    assert stage.private(DESMOND) == []


async def test_what_they_press_all_the_same_is_refused(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage, "psii")
    refused = words(await press(stage, DESMOND, "response.verify"))
    assert "Chief Nurse" in refused
    assert await state(stage) == "awaiting verification"
