"""Danger that was told, and what becomes of it when the reporter says something else, or nobody can be reached."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from responses import press
from sqlmodel import col, select
from test_reporting import AMINA, LEAH, PAGE_1, near_miss

from psirf_bot.cards.model import Card
from psirf_bot.casework import people, tick
from psirf_bot.casework.inbound import Opened
from psirf_bot.casework.work import Work
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.store.tables import Identity, Outbox
from stage import Stage, address_of, words

ROSALIND, SANDEEP, MARGUERITE = "Rosalind Achebe", "Sandeep Bhullar", "Marguerite Oduya"
DANGER: dict[str, Any] = {**PAGE_1, "danger": "yes"}
PUT_RIGHT = "The reporter has changed what was told before."


async def in_danger(stage: Stage, name: str = AMINA) -> Card:
    form: Card = await stage.presses(name, await stage.says(name, "report"), "Next", DANGER)
    await stage.settled()
    return form


def pages(stage: Stage, name: str) -> list[str]:
    return [words(card) for card in stage.private(name) if "danger" in card.title]


async def test_a_place_that_was_told_wrongly_is_put_right_for_everybody_who_was_told(stage: Stage) -> None:
    form = await in_danger(stage)
    form = await stage.presses(AMINA, form, "Back")
    form = await stage.presses(AMINA, form, "Next", {**DANGER, "service": "Podiatry", "place": "Clinic room 2"})
    await stage.settled()
    for told in (words(stage.channel()[-1]), pages(stage, ROSALIND)[-1]):
        assert "Podiatry" in told
        assert "Clinic room 2" in told
        assert PUT_RIGHT in told
    assert "Podiatry" in words(stage.channel()[0]), "the alarm itself says no longer where it is not"
    assert "Podiatry" in pages(stage, ROSALIND)[0]
    await stage.presses(AMINA, await stage.presses(AMINA, form, "Back"), "Next", {**DANGER, "service": "Podiatry"})
    await stage.settled()
    heard = len(stage.channel())
    await stage.presses(AMINA, await stage.says(AMINA, "report"), "Go on with it")
    await stage.settled()
    assert len(stage.channel()) == heard, "what is as it was is told once"


async def test_a_place_that_is_typed_after_the_service_is_told_too(stage: Stage) -> None:
    for typed in ("report", "yes", "incident", "Someone has a knife", "today", "community nursing", "Clinic room 2"):
        await stage.says(AMINA, typed)
    await stage.settled()
    assert "Place: Clinic room 2" in words(stage.channel()[-1])
    assert "Place: Clinic room 2" in pages(stage, ROSALIND)[-1]
    assert PUT_RIGHT not in words(stage.channel()[-1]), "nothing that was told before was wrong"


async def test_what_is_known_later_asks_nobody_to_ring_once_somebody_will_act(stage: Stage) -> None:
    form = await in_danger(stage)
    await stage.presses(ROSALIND, stage.private(ROSALIND)[0], "I have seen this and will act")
    form = await stage.presses(AMINA, form, "Back")
    await stage.presses(AMINA, form, "Next", {**DANGER, "place": "Clinic room 2"})
    await stage.settled()
    for told in (words(stage.channel()[-1]), pages(stage, ROSALIND)[-1]):
        assert "Clinic room 2" in told
        assert "Somebody has seen this danger and will act. This is for whoever does." in told
        assert "Ring them now" not in told


async def test_a_report_that_is_withdrawn_while_nobody_has_seen_the_danger(stage: Stage) -> None:
    await stage.presses(AMINA, await near_miss(stage, first={"danger": "yes"}), "Send the report")
    await stage.settled()
    await press(stage, AMINA, "case.withdraw", {"why": None})
    assert any("was withdrawn. Please ring the reporter" in text for text in pages(stage, ROSALIND))
    assert any("was withdrawn. Please ring the reporter" in words(card) for card in stage.channel())
    stage.later(minutes=6)
    await stage.tick()
    for text in [*pages(stage, ROSALIND), *pages(stage, MARGUERITE), words(stage.channel()[0])]:
        assert PAGE_1["what-happened"] not in text


async def test_withdrawn_after_somebody_has_seen_it_rings_nobody_but_shows_no_words(stage: Stage) -> None:
    await stage.presses(AMINA, await near_miss(stage, first={"danger": "yes"}), "Send the report")
    await stage.settled()
    await stage.presses(ROSALIND, stage.private(ROSALIND)[0], "I have seen this and will act")
    await stage.settled()
    heard = len(pages(stage, ROSALIND))
    await press(stage, AMINA, "case.withdraw", {"why": None})
    assert len(pages(stage, ROSALIND)) == heard
    assert PAGE_1["what-happened"] not in pages(stage, ROSALIND)[0]


async def test_an_executive_who_reports_danger_is_not_paged_in_place_of_somebody_else(stage: Stage) -> None:
    form = await in_danger(stage, ROSALIND)
    assert pages(stage, ROSALIND) == []
    assert len(pages(stage, MARGUERITE)) == 1
    assert "I am telling the quality team that somebody may be in danger" in words(form)


async def test_where_nothing_arrives_the_reporter_is_told_to_ring(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    form = await stage.says(AMINA, "report")
    stage.out.failures += [Refused("gone", final=True) for _ in range(4)]  # the channel, the executive, and the team
    await stage.presses(AMINA, form, "Next", {"danger": "yes"})
    await stage.settled()
    assert stage.out.failures == []
    assert [card.title for card in stage.private(AMINA)] == ["Please ring now"]
    form = await stage.presses(AMINA, await stage.says(AMINA, "report"), "Go on with it")
    assert "I could not reach anybody about the danger. Please ring 01632 960001 now." in words(form)
    stage.later(minutes=6)
    await stage.tick()
    assert len(pages(stage, LEAH)) == len(pages(stage, SANDEEP)) == 1, "the next round leaves nobody out"


async def test_where_something_arrives_the_reporter_is_not_told_to_ring(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    form = await stage.says(AMINA, "report")
    stage.out.failures += [Refused("gone", final=True)]
    await stage.presses(AMINA, form, "Next", {"danger": "yes"})
    await stage.settled()
    assert stage.private(AMINA) == []


@pytest.mark.parametrize(
    "why", [Refused("token_revoked", retry_after=300, ours=True), Refused("missing_scope", ours=True), Uncertain("503")]
)
async def test_where_nothing_has_arrived_by_the_second_page_the_reporter_is_told_to_ring_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, why: Exception
) -> None:
    """What waits for an administrator, or for a platform that is down, may wait for hours."""
    reaches = stage.out.send

    async def reaches_amina_alone(to: Mapping[str, str], card: Card, key: str) -> str:
        if to.get("user") != address_of(AMINA):
            raise why
        return await reaches(to, card, key)

    monkeypatch.setattr(stage.out, "send", reaches_amina_alone)
    assert "I am telling" in words(await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", DANGER))
    arrived = select(Outbox.id).where(
        col(Outbox.subject).is_(None), Outbox.state == "sent", col(Outbox.about).is_(None)
    )
    for _ in range(4):
        stage.later(minutes=6)
        await stage.do(tick.run)
        async with asyncio.timeout(5):
            while not await stage.do(lambda work: work.session.exec(arrived).all()):
                stage.courier.kick()
                await asyncio.sleep(0.005)
    assert [card.title for card in stage.private(AMINA)] == ["Please ring now"]
    pages_ = select(Outbox.person_id).where(col(Outbox.subject).startswith("page:"))
    paged = await stage.do(lambda work: work.session.exec(pages_).all())
    assert len(paged) == len(set(paged)) > 2, "nobody is paged once more where the page before has not gone"
    form = await stage.presses(AMINA, await stage.says(AMINA, "report"), "Go on with it")
    assert "I could not reach anybody about the danger. Please ring 01632 960001 now." in words(form)


async def test_whoever_cannot_be_paged_where_they_were_last_seen_is_paged_on_their_other_platform(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Down(type(stage.out)):  # type: ignore[misc]
        async def send(self, to: Mapping[str, str], card: Card, key: str) -> str:
            raise Refused("token_revoked", retry_after=300, ours=True)

    def also_on_teams(work: Work) -> None:
        leah = people.with_emails(work, [address_of(LEAH)])[0]
        there = {"user": "leah", "tenant": "t"}
        work.session.add(Identity(platform="teams", team="t", user="leah", person_id=leah.id, address=there))

    await stage.do(also_on_teams)
    monkeypatch.setattr(stage.courier, "_senders", {"web": Down(), "teams": stage.out})
    await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", DANGER)
    for _ in range(4):
        stage.later(minutes=6)
        await stage.do(tick.run)
        stage.courier.kick()
    async with asyncio.timeout(5):
        while "leah" not in stage.out.posts:
            stage.courier.kick()
            await asyncio.sleep(0.005)
    assert stage.out.posts["leah"][0].title == "Someone may be in danger now"


async def test_whether_there_is_danger_is_not_amended_under_a_hint_that_somebody_is_told(stage: Stage) -> None:
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    form = await press(stage, LEAH, "case.amend")
    [which] = form.inputs()
    assert "danger" not in [option.value for option in which.options]  # type: ignore[union-attr]


async def test_a_draft_deleted_long_after_somebody_saw_the_danger_wakes_nobody(stage: Stage) -> None:
    await in_danger(stage)
    await stage.presses(ROSALIND, stage.private(ROSALIND)[0], "I have seen this and will act")
    stage.later(days=2, hours=13)  # three o'clock on Monday morning
    await stage.says(AMINA, "cancel")
    await stage.settled()
    [page] = pages(stage, ROSALIND)
    assert "was stopped before it was sent" in page
    assert PAGE_1["what-happened"] not in page
    assert len(stage.channel()) == 1


async def test_danger_that_nobody_has_seen_stands_first_on_the_lists_of_those_who_are_asked(stage: Stage) -> None:
    await stage.turn(ROSALIND, Opened({"home": "page", "channel": "page"}))
    await in_danger(stage)
    stage.later(minutes=11)
    await stage.tick()
    assert "Someone may be in danger now" in words(stage.channel("page")[-1])
    for name in (ROSALIND, LEAH):
        listed = words(await stage.says(name, "overdue"))
        assert listed.index("Someone may be in danger now") < listed.index("I have seen this and will act")
        assert "Nothing waits for you" not in listed
        assert "contact with staff" not in listed, "it is neither of support nor of contact with staff"
    assert "danger" not in words(await stage.says(AMINA, "overdue")), "nor is whoever said it asked to act on it"
    await stage.presses(LEAH, await stage.says(LEAH, "overdue"), "I have seen this and will act")
    await stage.settled()
    for name in (ROSALIND, LEAH):
        assert "danger" not in words(await stage.says(name, "overdue"))
    assert "I have seen this" not in words(stage.channel("page")[-1])
