"""What people do beyond the form: words as they type them, messages they choose, their own page, and channels."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from psirf_bot.cards.model import PeopleInput
from psirf_bot.casework import addresses, answering, onlookers, post, setting_up
from psirf_bot.casework.inbound import Actor, Chosen, Inbound, Opened, Place, Pressed, Said
from psirf_bot.casework.people import member
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Work
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.domain.people import read_people
from psirf_bot.store.tables import Case, Channel, Dialog, Identity, Inbox, Outbox, Person, StandIn, SupportNeed
from psirf_bot.trust_file import sample_people_text
from stage import Stage, action, address_of, shown, words

AMINA, TOMASZ, BRONWEN = "Amina Yusuf", "Tomasz Zielinski", "Bronwen Hale"
LEAH, WEI = "Leah Rosenfeld", "Wei Chen"
PAGE_1 = {
    "danger": "no",
    "event-type": "near-miss",
    "what-happened": "The wrong syringe driver was set up and noticed before use.",
    "when": {"date": "2026-11-20", "time": "09:30"},
    "service": "Community Nursing",
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as stage:
        yield stage


async def reported(stage: Stage, name: str = AMINA, **page_2: Any) -> None:
    card = await stage.says(name, "report")
    card = await stage.presses(name, card, "Next", PAGE_1)
    card = await stage.presses(name, card, "Next", {"could-have-led": "yes", **page_2})
    while "Send the report" not in [b.label for b in card.all_buttons()]:
        card = await stage.presses(name, card, "Next", {i.id: "line-manager" for i in card.inputs()})
    await stage.presses(name, card, "Send the report")
    await stage.settled()


async def page_of(stage: Stage, name: str) -> str:
    """What stands on somebody's own page, which they have just opened."""
    await stage.turn(name, Opened({"home": f"page {name}", "channel": f"page {name}"}))
    await stage.settled()
    return page_now(stage, name)


def page_now(stage: Stage, name: str) -> str:
    return words(stage.channel(f"page {name}")[-1])


async def rows(stage: Stage, table: Any) -> list[Any]:
    return await stage.store.read(lambda session: list(session.exec(select(table)).all()))


# Words as people type them


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("help?", "What I can help with"),
        ("OVERDUE?", "What waits for you"),
        ("what waits for me", "What waits for you"),
        ("Speak up", "Support for you"),
        ("freedom to speak up", "Support for you"),
        ("My reports?", "Your reports"),
        ("my report", "Your reports"),
        (", my reports please", "Your reports"),
        ("please help", "What I can help with"),
        ("case PSI-2026-0001.", "PSI-2026-0001: near miss, Community Nursing"),
        ("case psi-2026-0001?", "PSI-2026-0001: near miss, Community Nursing"),
        ("case: PSI-2026-0001", "PSI-2026-0001: near miss, Community Nursing"),
        ("PSI-2026-0001", "PSI-2026-0001: near miss, Community Nursing"),
        ("find PSI-2026-0001.", "What was found"),
        ("find", "Find a case"),
        ("open datix", "Open a case from Datix"),
        ("open datix W12345?", "Open a case from Datix"),
        ("stop", "There is nothing to cancel"),
    ],
)
async def test_words_are_understood_as_people_type_them(stage: Stage, typed: str, title: str) -> None:
    await reported(stage)
    card = await stage.says(LEAH, typed)
    assert card.title == title
    if typed.startswith("find "):
        assert "PSI-2026-0001" in words(card)


async def test_help_offers_what_this_person_can_do_as_buttons(stage: Stage) -> None:
    staff = [b.label for b in (await stage.says(AMINA, "help")).all_buttons()]
    quality = await stage.says(LEAH, "help")
    assert staff == ["Report", "My reports", "What waits for me", "Support for me", "My deputy", "My hours"]
    assert [b.label for b in quality.all_buttons()] == [*staff, "Find a case", "Panels", "Open from Datix"]
    await reported(stage)
    form = await stage.presses(LEAH, quality, "Find a case")
    found = await stage.presses(LEAH, form, "Find", {"words": "syringe or psi-2026-0001"})
    assert "Nothing was found" in words(found)
    assert "PSI-2026-0001" in words(await stage.presses(LEAH, form, "Find", {"words": "community"}))
    await stage.says(AMINA, "report")
    await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", PAGE_1)
    assert "Cancel my form" in [b.label for b in (await stage.says(AMINA, "help")).all_buttons()]


async def test_thanks_are_not_met_with_i_did_not_understand(stage: Stage) -> None:
    for thanks in ("thanks", "Thank you!"):
        card = await stage.says(AMINA, thanks)
        assert card.title == "What I can help with"
        assert "did not understand" not in words(card)


async def test_a_case_from_datix_is_opened_by_the_button(stage: Stage) -> None:
    form = await stage.presses(LEAH, await stage.says(LEAH, "help"), "Open from Datix")
    form = await stage.presses(LEAH, form, "Go on", {"number": "w 12345"})
    facts = {"event-type": "incident", "when": {"date": "2026-11-20", "time": ""}, "service": "Podiatry"}
    assert "It stands for W12345" in words(await stage.presses(LEAH, form, "Open the case", facts))


async def test_reading_twice_shows_the_case_and_tells_the_reporter_once(stage: Stage) -> None:
    await reported(stage)
    waits = await stage.says(LEAH, "overdue")
    for _ in range(2):
        assert (await stage.presses(LEAH, waits, "I have read this")).title.startswith("PSI-2026-0001")
    await stage.settled()
    assert [card.title for card in stage.private(AMINA)].count("Your report has been read") == 1


async def test_a_reporter_who_presses_the_quality_teams_button_is_told_whose_it_is(stage: Stage) -> None:
    await reported(stage)
    refused = await stage.presses(AMINA, stage.channel()[0], "I have read this", channel="quality")
    assert "This is for the quality team to do" in words(refused)


async def test_whom_to_ring_is_said_where_the_words_were_typed(stage: Stage) -> None:
    reply = await stage.turn(AMINA, Said("I want to kill myself"), channel="ward", inline=False)
    assert "999" in reply.notice
    assert "Samaritans" in reply.notice
    assert "private message" in reply.notice


async def test_words_of_distress_in_a_form_bring_people_to_ring(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    card = await stage.presses(AMINA, card, "Next", PAGE_1 | {"what-happened": "I can't go on like this any more"})
    assert "Samaritans" in words(card)
    assert card.buttons, "the form goes on below the numbers"


# A message that becomes a report


async def test_a_long_message_is_cut_and_says_so(stage: Stage) -> None:
    card = shown(await stage.turn(AMINA, Chosen("word " * 1000)))
    assert "Only its first 3,000 characters fit" in words(card)
    [dialog] = await rows(stage, Dialog)
    assert len(dialog.answers["what-happened"]) <= 3000


async def test_a_message_of_distress_brings_people_to_ring(stage: Stage) -> None:
    card = shown(await stage.turn(AMINA, Chosen("I can't cope any more and I want to die")))
    assert "Samaritans" in words(card)
    assert list(card.inputs()), "the form is there as well"


async def test_a_message_without_words_says_so(stage: Stage) -> None:
    assert "There were no words in that message" in words(shown(await stage.turn(AMINA, Chosen(" \n"))))


@pytest.mark.parametrize("shaped", ["<@nhs:no:9434765919>", "<@slack:T0FENMARSH:9434765919>", "<@U9434765919>"])
async def test_words_shaped_like_a_mention_are_screened_like_any_others(stage: Stage, shaped: str) -> None:
    card = await stage.says(AMINA, "report")
    card = await stage.presses(AMINA, card, "Next", PAGE_1 | {"what-happened": f"Given to {shaped} 943 476 5919"})
    assert "looks like an NHS number" in words(card)
    [dialog] = await rows(stage, Dialog)
    assert "what-happened" not in dialog.answers
    assert "5919" not in "".join(str(row.reply) for row in await rows(stage, Inbox))


# Colleagues who were picked


def namesake(user: str, name: str = LEAH) -> Actor:
    return Actor("slack", "T0FENMARSH", user, name)


async def to_the_colleagues(stage: Stage) -> Any:
    card = await stage.says(AMINA, "report")
    return await stage.presses(AMINA, card, "Next", PAGE_1)


async def test_whoever_was_picked_stays_who_they_are(stage: Stage) -> None:
    """Two namesakes of somebody on the list; the page is sent again untouched, and one of them is taken out."""
    card = await to_the_colleagues(stage)
    both = (namesake("U0ONE0001"), namesake("U0TWO0001"))
    given = {"could-have-led": "yes"}
    await stage.turn(AMINA, Pressed(action(card, "Next"), given, {"colleagues": both}))
    [dialog] = await rows(stage, Dialog)
    picked = dialog.answers["colleagues"]
    people = {identity.user: identity.person_id for identity in await rows(stage, Identity)}
    assert picked == [people["U0ONE0001"], people["U0TWO0001"]]
    page = shown(await stage.turn(AMINA, Pressed(action(await check(stage, "A little more"), "Change"), {})))
    [asked] = [i for i in page.inputs() if isinstance(i, PeopleInput)]
    assert asked.value == (LEAH, f"{LEAH} (2)")
    assert asked.on_slack == {LEAH: "U0ONE0001", f"{LEAH} (2)": "U0TWO0001"}
    await stage.presses(AMINA, page, "Next", {**given, "colleagues": f"{LEAH} (2)"})
    [dialog] = await rows(stage, Dialog)
    assert dialog.answers["colleagues"] == [people["U0TWO0001"]]


async def check(stage: Stage, title: str) -> Any:
    """Check your answers, with only the button that changes this page."""
    card = await stage.says(AMINA, "report")
    card = await stage.presses(AMINA, card, "Go on with it")
    for _ in range(9):
        if "Send the report" in [b.label for b in card.all_buttons()]:
            break
        card = await stage.presses(AMINA, card, "Next", {i.id: "quality" for i in card.inputs()})
    [button] = [b for b in card.all_buttons() if b.spoken.startswith(f"Change: {title}")]
    return card.model_copy(update={"body": (), "buttons": (button,)})


async def test_a_colleague_mentioned_in_a_typed_answer_is_who_was_meant(stage: Stage) -> None:
    await to_the_colleagues(stage)
    card = await stage.says(AMINA, "yes")
    while next(card.inputs()).id != "colleagues":
        card = await stage.says(AMINA, "skip")
    meant = namesake("U0ONE0001")
    await stage.turn(AMINA, Said("a colleague, Jo from the agency", (meant,)))
    [dialog] = await rows(stage, Dialog)
    who = {identity.user: identity.person_id for identity in await rows(stage, Identity)}
    assert dialog.answers["colleagues"] == [who["U0ONE0001"], "Jo from the agency"]


async def test_a_picked_newcomer_did_not_join_by_themselves(stage: Stage) -> None:
    card = await to_the_colleagues(stage)
    who = {"colleagues": (namesake("U0NEW0001", "Perdita\0 Newcomer"),)}
    await stage.turn(AMINA, Pressed(action(card, "Next"), {"could-have-led": "yes"}, who))
    [newcomer] = [p for p in await rows(stage, Person) if not p.on_list]
    assert newcomer.name == "A member of staff", "what no database keeps is in no name"
    needs = [n for n in await rows(stage, SupportNeed) if n.person_id == newcomer.id]
    assert needs == []


async def test_odd_characters_beside_a_pick_are_said_in_words(stage: Stage) -> None:
    card = await to_the_colleagues(stage)
    who = {"colleagues": (namesake("U0ONE0001"),)}
    answer = await stage.turn(
        AMINA, Pressed(action(card, "Next"), {"could-have-led": "yes", "colleagues": "\u202dJo"}, who)
    )
    assert answer.notice == ""
    assert "characters here cannot be kept" in words(shown(answer))


async def test_a_mention_that_names_nobody_is_asked_about(stage: Stage) -> None:
    await to_the_colleagues(stage)
    card = await stage.says(AMINA, "yes")
    while next(card.inputs()).id != "colleagues":
        card = await stage.says(AMINA, "skip")
    assert "I could not tell whom you mean" in words(await stage.says(AMINA, "it was a colleague"))
    [dialog] = await rows(stage, Dialog)
    assert "colleagues" not in dialog.answers


# Words while a report is under way


async def test_only_words_that_mean_it_send_the_report(stage: Stage) -> None:
    """A page that is looked at again asks a question, but words typed then would not answer it."""
    await stage.presses(AMINA, await to_the_colleagues(stage), "Next", {"could-have-led": "yes"})
    await stage.turn(AMINA, Pressed(action(await check(stage, "What happened"), "Change"), {}))
    card = await stage.says(AMINA, "yes")
    assert "Check your answers" in words(card)
    assert await rows(stage, Case) == []
    await stage.says(AMINA, "send")
    assert len(await rows(stage, Case)) == 1


async def test_a_page_says_which_question_typed_words_answer(stage: Stage) -> None:
    first = await stage.says(AMINA, "report")
    assert first.asks_now == "danger"
    later = await stage.presses(AMINA, first, "Next", PAGE_1)
    assert later.asks_now == "could-have-led"
    again = await stage.presses(AMINA, later, "Back", {})
    assert again.asks_now == "", "its answers are there already"


@pytest.mark.parametrize("typed", ["Stop the pump was all I could do", "Open Datix was down"])
async def test_an_answer_may_begin_like_a_command(stage: Stage, typed: str) -> None:
    card = await stage.says(AMINA, "report")
    await stage.says(AMINA, "no")
    await stage.says(AMINA, "near miss")
    await stage.says(AMINA, typed)
    [dialog] = await rows(stage, Dialog)
    assert dialog.answers.get("what-happened") == typed
    assert card


async def test_please_is_no_part_of_a_number(stage: Stage) -> None:
    form = await stage.says(LEAH, "open datix W123 please")
    facts = {"event-type": "incident", "when": {"date": "2026-11-20", "time": ""}, "service": "Podiatry"}
    assert "It stands for W123 on Datix" in words(await stage.presses(LEAH, form, "Open the case", facts))


async def test_help_that_is_cried_for_brings_people_to_ring(stage: Stage) -> None:
    assert "Samaritans" in words(await stage.says(AMINA, "please help"))
    assert "Samaritans" not in words(await stage.says(AMINA, "help"))


# A person's own page


async def test_the_quality_teams_pages_keep_up_with_what_others_do(stage: Stage) -> None:
    assert "Nothing waits for you" in await page_of(stage, LEAH)
    await reported(stage)
    assert "PSI-2026-0001" in page_now(stage, LEAH)
    await stage.presses(AMINA, await withdraw_form(stage), "Withdraw it", {"why": None})
    await stage.settled()
    assert "PSI-2026-0001" not in page_now(stage, LEAH)


async def withdraw_form(stage: Stage) -> Any:
    return await stage.presses(AMINA, await stage.says(AMINA, "case PSI-2026-0001"), "Withdraw it")


async def test_whoever_is_to_check_sees_it_come_and_go(stage: Stage) -> None:
    await page_of(stage, BRONWEN)
    await reported(stage, involved="yes")
    assert f"Please check how {AMINA} is" in page_now(stage, BRONWEN)
    await stage.presses(AMINA, await withdraw_form(stage), "Withdraw it", {"why": None})
    await stage.settled()
    assert "Please check" not in page_now(stage, BRONWEN)


async def test_a_leavers_page_loses_what_is_no_longer_theirs(stage: Stage) -> None:
    await reported(stage)
    assert "PSI-2026-0001" in await page_of(stage, LEAH)
    without = "\n".join(line for line in sample_people_text().splitlines() if not line.startswith(LEAH))
    rows_, mistakes = read_people(without, stage.trust.services)
    assert not mistakes
    await stage.do(lambda work: take_on(work, rows_, {"web": "demo"}))
    stage.courier.kick()
    await stage.settled()
    assert "PSI-2026-0001" not in page_now(stage, LEAH)
    assert "Report what happened" in page_now(stage, LEAH)


async def test_a_page_that_is_just_on_its_way_is_brought_up_to_date_behind_it(stage: Stage) -> None:
    def changed_while_on_its_way(work: Work) -> list[str]:
        leah = work.session.exec(
            select(Identity).join(Person, Identity.person_id == Person.id).where(Person.name == LEAH)
        ).one()
        subject = addresses.home_of(leah.platform, leah.team, leah.user)
        post.living_at(work, leah.platform, {"home": leah.user}, subject)
        work.outgoing[0].state = "sending"
        post.refresh_homes(work, [leah.person_id])
        work.session.flush()
        found = work.session.exec(select(Outbox).where(Outbox.subject == subject).order_by(Outbox.id)).all()
        states = [row.state for row in found]
        for row in found:
            work.session.delete(row)
        return states

    assert await stage.do(changed_while_on_its_way) == ["sending", "due"]
    assert "dead" not in [row.state for row in await rows(stage, Outbox)]


async def test_a_page_belongs_to_the_identity_that_opened_it(stage: Stage) -> None:
    """An id that stood in the wrong row of the people list is corrected: the page shows its new owner's things."""
    await page_of(stage, WEI)

    def correct(work: Any) -> None:
        identity = work.session.get(Identity, ("web", "demo", address_of(WEI)))
        identity.person_id = work.session.exec(select(Person.id).where(Person.name == TOMASZ)).one()
        work.session.add(identity)

    await reported(stage, TOMASZ)
    await stage.do(correct)
    await page_of(stage, WEI)
    assert "PSI-2026-0001" in page_now(stage, WEI)


async def test_a_deputys_page_changes_on_the_day(stage: Stage) -> None:
    await reported(stage)
    assert "PSI-2026-0001" not in await page_of(stage, WEI)

    def stand_in(work: Any) -> None:
        ids = {p.name: p.id for p in work.session.exec(select(Person))}
        today = work.local.date()
        work.session.add(StandIn(person_id=ids[LEAH], deputy_id=ids[WEI], starts=today, ends=today))
        work.session.flush()
        onlookers.refresh_deputies(work)

    await stage.do(stand_in)
    stage.courier.kick()
    await stage.settled()
    assert "PSI-2026-0001" in page_now(stage, WEI)
    stage.later(days=1)
    await stage.do(onlookers.refresh_deputies)
    stage.courier.kick()
    await stage.settled()
    assert "PSI-2026-0001" not in page_now(stage, WEI)


async def test_a_page_whose_publishing_was_cut_short_is_simply_published_again(stage: Stage) -> None:
    stage.out.failures.append(Uncertain("HTTP 500"))
    await stage.turn(AMINA, Opened({"home": "h", "channel": "h"}))
    for _ in range(1000):
        if [(row.state, row.attempts) for row in await rows(stage, Outbox)] == [("due", 1)]:
            break
        await asyncio.sleep(0.002)
    stage.later(seconds=5)  # long before anything that may have arrived is looked for
    stage.courier.kick()
    await stage.settled()
    assert "Report what happened" in words(stage.channel("h")[-1])


# Channels


async def test_a_channel_that_cannot_be_used_gives_way_to_the_one_before(stage: Stage) -> None:
    stage.out.failures.append(Refused("not_in_channel", final=True, shut_out=True))
    await stage.says(WEI, "use this channel for the quality team", channel="elsewhere", inline=False)
    await stage.settled()
    [channel] = await rows(stage, Channel)
    assert channel.address == {"channel": "quality"}
    assert any("the one before stays" in words(card) for card in stage.private(WEI))
    await reported(stage)
    assert "PSI-2026-0001" in words(stage.channel("quality")[-1])


async def test_a_channel_that_has_served_does_not_come_back(stage: Stage) -> None:
    await stage.says(WEI, "use this channel for quality", channel="elsewhere", inline=False)
    await stage.settled()
    stage.later(days=300)
    stage.out.failures.append(Refused("is_archived", final=True, shut_out=True))
    await reported(stage)
    assert await rows(stage, Channel) == []
    assert not any("PSI" in words(card) for card in stage.channel("quality"))
    assert any("list of what waits" in words(card) for card in stage.private(LEAH))


async def test_of_two_channels_set_one_after_the_other_that_cannot_be_used_the_one_that_served_stays(
    stage: Stage,
) -> None:
    stage.out.closed |= {"elsewhere", "another"}

    def both(work: Work) -> None:
        """Before either is tried."""
        by = member(work, work.session.exec(select(Person).where(Person.name == WEI)).one())
        for room in ("elsewhere", "another"):
            place = Place(room, False, True, None, {"channel": room}, {"channel": room})
            setting_up.use_channel(work, by, "web", place, "quality")

    await stage.do(both)
    stage.courier.kick()
    await stage.settled()
    [channel] = await rows(stage, Channel)
    assert channel.address == {"channel": "quality"}


@pytest.mark.parametrize("purpose", ["quality", "panel"])
async def test_a_channel_that_is_set_once_more_after_inviting_the_bot_is_set(stage: Stage, purpose: str) -> None:
    stage.out.failures.append(Refused("not_in_channel", final=True, shut_out=True))

    def twice(work: Work) -> None:
        """The second time before the first has been answered."""
        by = member(work, work.session.exec(select(Person).where(Person.name == WEI)).one())
        place = Place("new", False, True, None, {"channel": "new"}, {"channel": "new"})
        for _ in range(2):
            setting_up.use_channel(work, by, "web", place, purpose)

    await stage.do(twice)
    stage.courier.kick()
    await stage.settled()
    assert [card.title for card in stage.channel("new")] == ["This channel is set"]
    channel = await stage.do(lambda work: work.session.get(Channel, (purpose, "web")))
    assert channel.address == {"channel": "new"}
    assert stage.private(WEI) == [], "nobody hears that it cannot be used"


async def test_a_confirmation_that_comes_late_settles_only_its_own_channel(stage: Stage) -> None:
    """Two channels chosen one after the other; the first can be posted in, the second cannot."""

    def chosen(work: Any) -> None:
        channel = work.session.get(Channel, ("quality", "web"))
        channel.before, channel.address = {"channel": "first"}, {"channel": "second"}
        work.session.add(channel)

    await stage.do(chosen)
    await stage.do(lambda work: setting_up.arrived(work, "quality/web/web:first"))
    await stage.do(lambda work: setting_up.undelivered(work, "quality/web/web:second"))
    [channel] = await rows(stage, Channel)
    assert channel.address == {"channel": "first"}


async def test_an_edit_that_only_repeats_what_was_shown_does_not_outlive_a_restart(stage: Stage) -> None:
    await stage.says(AMINA, "help", inline=False)
    await stage.settled()

    def cut_short(work: Any) -> None:
        row = work.session.exec(select(Outbox)).one()
        row.state, row.about, row.message = "sending", answering.PASSING, "m/0"
        row.card = {"title": "t", "preview": "p"}
        work.session.add(row)

    await stage.do(cut_short)
    recover = stage.queue.recover
    await stage.store.run(lambda session: recover(session, lambda _: timedelta(), all_of_them=True))
    stage.courier.kick()
    await stage.settled()
    assert stage.out.edits == []
    assert [row.state for row in await rows(stage, Outbox)] == ["sent"]


async def test_what_cannot_be_said_in_one_place_is_said_in_another(stage: Stage) -> None:
    """Somebody who has blocked the bot on one platform is reached on the other."""
    await stage.says(AMINA, "help")

    def on_slack_too(work: Any) -> None:
        me = work.session.exec(select(Person.id).where(Person.name == AMINA)).one()
        other = Identity(platform="slack", team="T", user="U0AMINA01", person_id=me, address={"user": "U0AMINA01"})
        work.session.add(other)

    await stage.do(on_slack_too)
    stage.out.failures.append(Refused("MessageWritesBlocked", final=True, shut_out=True))
    await stage.says(AMINA, "help", channel="ward", inline=False)
    await stage.settled()
    assert [card.title for card in stage.out.posts["U0AMINA01"]] == ["What I can help with"]


async def test_a_channel_that_the_bot_is_shut_out_of_later_is_given_up_and_said(stage: Stage) -> None:
    stage.out.failures.append(Refused("is_archived", final=True, shut_out=True))
    await reported(stage)
    assert await rows(stage, Channel) == []
    assert any("I cannot post in the channel for quality" in words(card) for card in stage.private(LEAH))


async def test_an_address_that_leads_nowhere_is_forgotten(stage: Stage) -> None:
    await stage.says(AMINA, "help")
    stage.out.failures.append(Refused("MessageWritesBlocked", final=True, shut_out=True))
    await stage.says(AMINA, "help", channel="ward", inline=False)
    await stage.settled()
    reply = await stage.turn(AMINA, Said("help"), channel="ward", inline=False)
    assert "open a private chat with me" in reply.notice
    await stage.says(AMINA, "help")
    reply = await stage.turn(AMINA, Said("help"), channel="ward", inline=False)
    assert reply.notice == "I have sent you a private message."


async def test_a_receipt_that_cannot_be_sent_later_says_so_now(stage: Stage) -> None:
    """In a window there is no chat to write to; somebody the bot has never met there cannot be reached."""
    actor = Actor("teams", "tenant", "new-object-id", "Nadia Newcomer")
    window = Place("19:ward", private=True)
    await stage.turn(AMINA, Said("help"))
    key = iter(range(100))

    async def press(what: Any) -> Any:
        return shown(await stage.desk.handle(Inbound(actor, window, f"w{next(key)}", what)))

    card = await press(Said("report"))
    card = await press(Pressed(action(card, "Next"), PAGE_1))
    while "Send the report" not in [b.label for b in card.all_buttons()]:
        card = await press(Pressed(action(card, "Next"), {i.id: "yes" for i in card.inputs() if i.required}))
    receipt = await press(Pressed(action(card, "Send the report"), {}))
    assert "Saved as PSI-2026-0001" in words(receipt)
    assert "I cannot write to you in a private chat yet" in words(receipt)
    assert len(await rows(stage, Case)) == 1
