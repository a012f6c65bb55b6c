"""Contact agreed with the service user, their family or staff: its days, what waits before the first, and its clock."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from responses import (
    AMINA,
    CALLUM,
    CARYS,
    LEAH,
    NIAMH,
    START,
    TOMASZ,
    WEI,
    case_in,
    clocks,
    decided,
    lead_by,
    press,
    read_case,
)
from sqlmodel import col, select

from duty_stage import digest_of
from psirf_bot.cards.model import Card
from psirf_bot.casework import candour, contacts, days_to_avoid
from psirf_bot.casework.not_yet_noted import TELL_THEM
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.typed import Invalid
from psirf_bot.store.tables import AuditEntry, Contact, Deadline, SupportNeed
from scenes import scene
from stage import Stage, words

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
AGREED: dict[str, Any] = {"whom": "service-user", "next": "2026-11-27", "every": "week", "avoid": None}


@scene
async def led(stage: Stage) -> None:
    """A case with a named member of staff, and a response that Niamh leads and has started."""
    await read_case(stage, colleagues=TOMASZ)
    await decided(stage)
    await press(stage, NIAMH, "response.start", START)


async def need_id(stage: Stage) -> str:
    found: str = await stage.do(lambda work: work.session.exec(select(SupportNeed.id)).one())
    return found


async def contact(stage: Stage) -> Contact:
    found: Contact = await stage.do(lambda work: work.session.exec(select(Contact)).one())
    return found


def it_is_about_leah(work: Work) -> None:
    need = work.session.exec(select(SupportNeed)).one()
    need.person_id = case_in(work).owner_id
    work.session.add(need)


def of_the_family(work: Work) -> str:
    return work.session.exec(select(Contact.id).where(col(Contact.need_id).is_(None))).one()


async def agree(stage: Stage, name: str = NIAMH, **change: Any) -> Card:
    return await press(stage, name, "contact.agree", AGREED | change)


async def made(stage: Stage, day: str, following: str | None = None, name: str = NIAMH) -> Card:
    answers = {"day": day, "next": following}
    return await press(stage, name, "contact.made", answers, contact=(await contact(stage)).id)


async def told_of_the_review(stage: Stage) -> None:
    """Whoever supports Tomasz has told him that a review starts."""

    def done(work: Work) -> None:
        told = work.session.exec(select(Deadline).where(Deadline.rule == "support.review-starts")).one()
        told.state = "done"
        work.session.add(told)

    await stage.do(done)


# Days to avoid


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("", []),
        ("24 December 2026, 31 December 2026", ["2026-12-24", "2026-12-31"]),
        ("24 December and 31 December", ["2026-12-24", "2026-12-31"]),
        ("31/12/2026; 24/12/2026", ["2026-12-24", "2026-12-31"]),
        ("2026-12-24", ["2026-12-24"]),
        ("30 December to 2 January", ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]),
        ("30 December 2026 – 1 January 2027", ["2026-12-30", "2026-12-31", "2027-01-01"]),
        ("21 to 23 December", ["2026-12-21", "2026-12-22", "2026-12-23"]),
        ("2026-12-24 until 2026-12-25", ["2026-12-24", "2026-12-25"]),
        ("1 May", ["2027-05-01"]),
    ],
)
def test_days_to_avoid_as_people_type_them(typed: str, days: list[str]) -> None:
    assert [str(day) for day in days_to_avoid.read(typed, NOW)] == days


@pytest.mark.parametrize(
    "typed",
    ["their birthday", "Christmas", "24 December 2026 to 20 December 2026", "1 December to 30 October", "32 May"],
)
def test_what_cannot_be_read_is_asked_for_again(typed: str) -> None:
    with pytest.raises(Invalid):
        days_to_avoid.read(typed, NOW)


@given(st.sets(st.dates(date(2026, 11, 21), date(2027, 10, 31)), max_size=12))
def test_days_are_read_back_as_they_are_shown(days: set[date]) -> None:
    assert days_to_avoid.read(days_to_avoid.in_words(sorted(days)), NOW) == sorted(days)


# Agreed


async def test_contact_is_agreed_with_a_clock_of_its_own(stage: Stage) -> None:
    await led(stage)
    for _ in range(2):
        card = await agree(stage, avoid="24 December 2026, 31 December 2026")
        assert "Next on Friday 27 November 2026. Every week. Not on 24 December 2026, 31 December 2026." in words(card)
    assert await clocks(stage, "contact.") == {"contact.service-user": ("2026-11-27", "open")}
    assert "The service user or family" in words(await press(stage, NIAMH, "response.show"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"next": "2026-11-19"}, "Please enter a day from today on"),
        ({"avoid": "27 November 2026"}, "That is one of the days to avoid"),
        ({"avoid": "when it suits"}, "I could not read “when it suits”"),
        ({"avoid": "not on 12 March 1952, when he was born"}, "date of birth"),
    ],
)
async def test_what_cannot_be_agreed(stage: Stage, change: dict[str, Any], says: str) -> None:
    await led(stage)
    assert says in words(await agree(stage, **change))
    assert await clocks(stage, "contact.") == {}


async def test_the_same_person_is_agreed_with_once(stage: Stage) -> None:
    await led(stage)
    await agree(stage)
    assert "Contact is agreed already" in words(await agree(stage, next="2026-12-04"))
    assert (await contact(stage)).next_on == date(2026, 11, 27)


@pytest.mark.parametrize("name", [AMINA, WEI, CALLUM, CARYS])
async def test_contact_is_for_the_lead_and_the_quality_team(stage: Stage, name: str) -> None:
    await led(stage)
    assert "quality team" in words(await agree(stage, name))
    await agree(stage, LEAH)
    assert "quality team" in words(await made(stage, "2026-11-20", name=name))
    ended = await press(stage, name, "contact.end", contact=(await contact(stage)).id)
    assert "quality team" in words(ended)
    assert (await contact(stage)).last_on is None
    assert (await contact(stage)).ended_at is None


async def test_the_clock_is_the_leads(stage: Stage) -> None:
    await led(stage)
    await agree(stage, LEAH)

    def owner(work: Work) -> tuple[str | None, str]:
        clock = work.session.exec(select(Deadline).where(Deadline.rule == "contact.service-user")).one()
        return clock.owner_id, work.session.exec(select(Contact)).one().lead_id

    owed_by, lead = await stage.do(owner)
    assert owed_by == lead


# What waits before the first


async def test_the_first_contact_with_the_service_user_waits_for_the_apology(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await led(stage)
    monkeypatch.setattr(candour, "contact_gate", lambda work, case: "Nobody has said sorry yet. Ask the candour lead.")
    assert "Nobody has said sorry yet" in words(await agree(stage)), "shown already when it is agreed"
    assert "Nobody has said sorry yet" in words(await press(stage, NIAMH, "response.show"))
    for given_ in ({}, {"day": "2026-11-20", "next": None}):
        refused = await press(stage, NIAMH, "contact.made", given_, contact=(await contact(stage)).id)
        assert "Ask the candour lead" in words(refused)
    assert (await contact(stage)).first_on is None
    monkeypatch.setattr(candour, "contact_gate", lambda work, case: None)
    assert "Last on Friday 20 November 2026" in words(await made(stage, "2026-11-20"))
    monkeypatch.setattr(candour, "contact_gate", lambda work, case: "Nobody has said sorry yet.")
    assert "Last on Wednesday 25 November 2026" in words(await later_made(stage)), "only the first waits"


async def later_made(stage: Stage) -> Card:
    stage.later(days=5)
    return await made(stage, "2026-11-25")


async def test_the_list_of_whoever_waits_as_they_were_asked_to_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await led(stage)
    await agree(stage)
    monkeypatch.setattr(candour, "contact_gate", lambda work, case: "Nobody has said sorry yet.")
    for later, agreed in ((7, "is today"), (3, "was Friday")):
        stage.later(days=later)
        said = f"Nobody has said sorry yet. The day agreed {agreed}."
        assert said in words(await stage.do(lambda work: digest_of(work, NIAMH, work.local.date())))
        assert said in words(await stage.says(NIAMH, "overdue"))
    monkeypatch.setattr(candour, "contact_gate", lambda work, case: None)
    assert "it is 1 working day late" in words(await stage.says(NIAMH, "overdue"))


async def test_the_first_contact_with_staff_waits_until_they_were_told(stage: Stage) -> None:
    await led(stage)
    waits = await agree(stage, whom=await need_id(stage))
    assert f"Please wait before you contact {TOMASZ}" in words(waits)
    assert f"Please wait before you contact {TOMASZ}" in words(await made(stage, "2026-11-20"))
    assert await clocks(stage, "contact.") == {"contact.staff": ("2026-11-27", "open")}
    await told_of_the_review(stage)
    assert "Last on Friday 20 November 2026" in words(await made(stage, "2026-11-20"))


async def test_in_the_audit_contact_with_staff_is_told_from_that_with_the_family(stage: Stage) -> None:
    await led(stage)
    for whom in (await need_id(stage), "service-user"):
        await agree(stage, whom=whom)
    kept = select(AuditEntry.what).where(col(AuditEntry.what).startswith("contact"))
    assert await stage.do(lambda work: work.session.exec(kept.order_by(col(AuditEntry.id))).all()) == [
        "contact with staff agreed",
        "contact agreed",
    ]


async def test_who_is_kept_from_somebodys_support_learns_nothing_of_contact_with_them(stage: Stage) -> None:
    await led(stage)
    await agree(stage, whom=await need_id(stage))

    await stage.do(it_is_about_leah)
    assert TOMASZ not in words(await press(stage, LEAH, "response.show"))
    assert TOMASZ not in str((await press(stage, LEAH, "contact.agree")).model_dump())
    assert "whoever leads" in words(await made(stage, "2026-11-20", name=LEAH))


# Made, moved, ended


@pytest.mark.parametrize(
    ("every", "avoid", "day", "following", "expected"),
    [
        ("week", None, "2026-11-20", None, ("2026-11-27", "open")),
        ("two-weeks", None, "2026-11-20", None, ("2026-12-04", "open")),
        ("four-weeks", "18 December 2026", "2026-11-20", None, ("2026-12-21", "open")),
        ("four-weeks", "18 December to 24 December", "2026-11-20", None, ("2026-12-29", "open")),
        ("once", None, "2026-11-20", None, ("2026-11-27", "done")),
        ("once", None, "2026-11-20", "2026-12-03", ("2026-12-03", "open")),
        ("week", None, "2026-11-20", "2026-12-03", ("2026-12-03", "open")),
    ],
)
async def test_the_next_contact_falls_due(
    stage: Stage, every: str, avoid: str | None, day: str, following: str | None, expected: tuple[str, str]
) -> None:
    await led(stage)
    await agree(stage, every=every, avoid=avoid)
    for _ in range(2):
        await made(stage, day, following)
    assert await clocks(stage, "contact.") == {"contact.service-user": expected}
    found = await contact(stage)
    assert (found.first_on, found.last_on) == (date.fromisoformat(day), date.fromisoformat(day))


async def test_a_day_to_avoid_is_not_agreed_for_the_next_time(stage: Stage) -> None:
    await led(stage)
    await agree(stage, avoid="24 December 2026")
    assert "none of those to avoid" in words(await made(stage, "2026-11-20", "2026-12-24"))
    assert (await contact(stage)).last_on is None


async def test_on_a_day_to_avoid_nobody_is_told_that_contact_is_late(stage: Stage) -> None:
    """Q28: it was not made on its day, and what follows are days on which the family would rather be left in peace."""
    await led(stage)
    await agree(stage, next="2026-12-22", avoid="23 December to 1 January 2027")
    await agree(stage, whom=await need_id(stage), next=None, every="none")
    wait = "Please wait until Monday 4 January 2027: today is one of the days to avoid. The day agreed was"
    for day in ("2026-12-23", "2026-12-29", "2026-12-31"):
        stage.now = datetime.fromisoformat(f"{day}T09:30Z")
        await stage.tick()
        for said in (words(stage.private(NIAMH)[-1]), words(await stage.says(NIAMH, "overdue"))):
            assert wait in said
            assert "late" not in said
        assert not [card for card in stage.private(LEAH) if "Be in touch" in words(card)], "nor anybody further up"
    stage.now = datetime(2027, 1, 4, 9, 30, tzinfo=UTC)
    assert "working days late" in words(await stage.says(NIAMH, "overdue"))


async def test_after_a_single_contact_another_can_be_agreed(stage: Stage) -> None:
    await led(stage)
    await agree(stage, every="once")
    await made(stage, "2026-11-20")
    await agree(stage, next="2026-12-10")
    assert (await clocks(stage, "contact."))["contact.service-user"] == ("2026-12-10", "open")
    assert (await contact(stage)).first_on == date(2026, 11, 20), "it is the same contact, so nothing waits again"


async def test_a_day_that_is_moved(stage: Stage) -> None:
    await led(stage)
    await agree(stage, avoid="24 December to 26 December")
    one = (await contact(stage)).id
    form = await press(stage, NIAMH, "contact.move", contact=one)
    assert {i.id: getattr(i, "value", None) for i in form.inputs()} == {
        "next": "2026-11-27",
        "every": ("week",),
        "avoid": "24 December 2026 to 26 December 2026",
        "access": (),
    }
    moved = {"next": "2026-12-01", "every": "two-weeks", "avoid": "24 December 2026"}
    for _ in range(2):
        card = await press(stage, NIAMH, "contact.move", moved, contact=one)
    assert "Next on Tuesday 1 December 2026. Every two weeks. Not on 24 December 2026." in words(card)
    assert await clocks(stage, "contact.") == {"contact.service-user": ("2026-12-01", "open")}


async def test_what_would_make_it_easier_for_them_stands_wherever_contact_is_prepared(stage: Stage) -> None:
    await led(stage)
    easier = "Easier for them: An interpreter for their language; By telephone or video."
    for _ in range(2):
        assert easier in words(await agree(stage, access=["remote", "language"]))
    one = (await contact(stage)).id
    assert easier in words(await press(stage, NIAMH, "response.show"))
    assert easier in words(await press(stage, NIAMH, "contact.talk", contact=one))
    await made(stage, "2026-11-20")
    assert easier in words(await press(stage, NIAMH, "response.show")), "it need not be asked for each time"
    moved = {"next": "2026-12-01", "every": "week", "avoid": None, "access": ["signed"]}
    for _ in range(2):
        assert "Easier for them: British Sign Language." in words(
            await press(stage, NIAMH, "contact.move", moved, contact=one)
        )
    assert "Easier" not in words(await press(stage, NIAMH, "contact.move", moved | {"access": None}, contact=one))


async def test_contact_ends_and_can_be_agreed_anew(stage: Stage) -> None:
    await led(stage)
    await agree(stage)
    one = (await contact(stage)).id
    for _ in range(2):
        assert (await press(stage, NIAMH, "contact.end", contact=one)).title == "Contact has ended"
    assert await clocks(stage, "contact.") == {"contact.service-user": ("2026-11-27", "dropped")}
    moved = {"next": "2026-12-01", "every": "week", "avoid": None}
    assert "has ended" in words(await press(stage, NIAMH, "contact.move", moved, contact=one))
    await agree(stage, next="2026-12-10")
    assert [c.next_on for c in await stage.do(lambda work: contacts.of_case(work, case_in(work)))] == [
        date(2026, 12, 10)
    ]

    def due(work: Work) -> list[str]:
        running = select(Deadline).where(Deadline.rule == "contact.service-user", Deadline.state == "open")
        return [d.due_local[:10] for d in work.session.exec(running)]

    assert await stage.do(due) == ["2026-12-10"]


async def test_contact_goes_on_while_the_response_is_paused(stage: Stage) -> None:
    await led(stage)
    await agree(stage)
    await press(stage, NIAMH, "case.pause", {"reason": "police", "review": "2026-12-11"})
    assert await clocks(stage, "contact.") == {"contact.service-user": ("2026-11-27", "open")}
    assert "Last on Friday 20 November 2026" in words(await made(stage, "2026-11-20"))
    assert "We were in touch" in [b.label for b in (await press(stage, NIAMH, "response.show")).all_buttons()]


async def test_the_contact_of_a_case_ends_with_it(stage: Stage) -> None:
    await led(stage)
    await agree(stage)
    await agree(stage, whom=await need_id(stage))
    await stage.do(lambda work: contacts.end_all(work, case_in(work), "somebody"))
    assert {how for _, how in (await clocks(stage, "contact.")).values()} == {"dropped"}


async def test_a_new_lead_takes_over_the_contact(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    await agree(stage)
    await lead_by(stage, CALLUM)

    def whose(work: Work) -> tuple[str | None, str]:
        clock = work.session.exec(select(Deadline).where(Deadline.rule == "contact.service-user")).one()
        return clock.owner_id, work.session.exec(select(Contact)).one().lead_id

    owed_by, lead = await stage.do(whose)
    assert owed_by == lead
    assert "Not contacted yet" in words(await press(stage, CALLUM, "response.show"))


async def test_names_are_said_to_a_screen_reader(stage: Stage) -> None:
    await led(stage)
    await agree(stage)
    await agree(stage, whom=await need_id(stage))
    card = await press(stage, NIAMH, "response.show")
    spoken = [b.spoken for b in card.all_buttons() if b.label == "We were in touch"]
    assert spoken == [f"We were in touch: {TOMASZ}", "We were in touch: The service user or family"]


async def test_what_is_not_noted_is_not_said_to_be(stage: Stage) -> None:
    await led(stage)
    await agree(stage)
    stage.later(days=7)
    await made(stage, "2026-11-26")
    earlier = await made(stage, "2026-11-24")
    assert earlier.title == "A later day is noted already"
    assert (await made(stage, "2026-11-26")).title == "It is noted", "pressed twice"
    one = await contact(stage)
    await press(stage, NIAMH, "contact.end", contact=one.id)
    late = await press(stage, NIAMH, "contact.made", {"day": "2026-11-27", "next": "2026-12-10"}, contact=one.id)
    assert "This contact has ended." in words(late)


# What to talk about


@pytest.mark.parametrize(
    ("whom", "says", "not_said"),
    [
        (
            "service-user",
            ("who speaks for the patient", "sorry once more", "Healthwatch", "is told, too"),
            "chronology",
        ),
        ("staff", ("in person, and never in a chat", "just and learning culture", "chronology"), "Healthwatch"),
    ],
)
async def test_whoever_keeps_contact_reads_what_to_talk_about(
    stage: Stage, whom: str, says: tuple[str, ...], not_said: str
) -> None:
    """Appendices 4 and 5, the one for patients and families, the other for staff (Q01 to Q37, R01 to R32)."""
    await led(stage)
    agreed = await agree(stage, whom=await need_id(stage) if whom == "staff" else whom)
    page = await press(stage, NIAMH, "response.show")
    for card in (agreed, page):
        shown = words(await stage.presses(NIAMH, card, "What to talk about"))
        assert [one for one in says if one not in shown] == []
        assert not_said not in shown
        assert "nothing of what was said" in shown
    assert (TOMASZ in shown) is (whom == "staff")


async def test_what_to_talk_about_with_somebody_is_for_those_who_keep_the_contact(stage: Stage) -> None:
    await led(stage)
    await agree(stage, whom=await need_id(stage))
    for name in (AMINA, WEI, CARYS):
        refused = words(await press(stage, name, "contact.talk", contact=(await contact(stage)).id))
        assert TOMASZ not in refused
        assert "quality team" in refused


# What is not agreed yet


async def test_the_page_says_with_whom_no_contact_is_agreed_yet_and_that_there_are_no_terms(stage: Stage) -> None:
    """P07 to P09: nobody is left out because nobody thought of them."""

    async def says(name: str = NIAMH) -> list[str]:
        page = words(await press(stage, name, "response.show"))
        return [line for line in page.splitlines() if line.startswith(("No contact is agreed", "The terms of ref"))]

    await led(stage)
    no_terms = "The terms of reference are not set yet."
    assert await says() == [f"No contact is agreed yet with: {TOMASZ}.", no_terms], "nobody else was affected"
    await press(stage, LEAH, "contacts-named.set", {"contact": [CALLUM], "why-not": None})
    everybody = f"No contact is agreed yet with: The service user or family, {TOMASZ}."
    assert await says() == [everybody, no_terms]
    assert TOMASZ not in str(await says("Marguerite Oduya")), "that is for those who keep the contact"
    await agree(stage)
    assert (await says())[0] == (await says(LEAH))[0] == f"No contact is agreed yet with: {TOMASZ}."
    await agree(stage, whom=await need_id(stage))
    terms = {"terms": "How drivers are stored.", "asked-for": None, "agreed": "not-reached", "target": None}
    asked = {"system": ["tasks", "tools"], "inequality": "Nothing found, because everybody has the same driver."}
    await press(stage, NIAMH, "terms.set", terms | asked)
    assert await says() == []
    await press(stage, NIAMH, "contact.end", contact=(await stage.do(of_the_family)))
    assert await says() == [], "there was contact, and it has ended"


async def test_whoever_is_kept_from_somebodys_support_does_not_read_that_no_contact_is_agreed_with_them(
    stage: Stage,
) -> None:
    await led(stage)
    await stage.do(it_is_about_leah)
    assert "No contact is agreed yet" not in words(await press(stage, LEAH, "response.show"))
    assert "No contact is agreed yet" in words(await press(stage, NIAMH, "response.show"))


async def test_after_the_end_the_page_says_what_is_still_to_be_thought_of(stage: Stage) -> None:
    """Q35: also whoever took no part is told. M01: what was learned becomes safety actions."""

    async def says(name: str = NIAMH) -> list[bool]:
        page = words(await press(stage, name, "response.show"))
        return [TELL_THEM in page, "No safety action is agreed from it yet." in page]

    await led(stage)
    await press(stage, LEAH, "contacts-named.set", {"contact": None, "why-not": "not-wanted"})
    assert await says() == [False, False]
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": None})
    assert await says() == [True, True]
    assert await says("Marguerite Oduya") == [False, False]
    action = {
        "what-is-done": "Drivers are stored apart.",
        "measure": "How often one is mistaken, each month.",
        "action-owner": CALLUM,
        "service": "Community Nursing",
        "action-due": "2026-12-21",
        "inequality": "Nothing found, because all have the same drivers.",
    }
    await press(stage, NIAMH, "action.new", action)
    assert await says() == [True, False]
    await press(stage, LEAH, "contacts-named.set", {"contact": None, "why-not": "nobody-affected"})
    assert await says() == [False, False], "nobody but staff was affected"
