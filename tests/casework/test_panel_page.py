"""The panel's card in its channel and its page: what each of them says to whom, before and after voting closes."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from responses import CALLUM, CARYS, MARGUERITE, NIAMH, SANDEEP, TOMASZ, WEI, case_in, fits, press, read_case
from sqlmodel import col, delete, select
from test_reporting import AMINA, BRONWEN, LEAH

from psirf_bot.cards import blockkit
from psirf_bot.cards.model import Buttons, Card, Details, Words
from psirf_bot.casework import panel_card, panel_page, panels
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.domain.panel import PanelSettings, Seat
from psirf_bot.store.tables import (
    AuditEntry,
    LearningResponse,
    Panel,
    PanelMember,
    Person,
    StandIn,
    SupportNeed,
    Vote,
)
from scenes import scene
from stage import NOW, Stage, words

PRIYA, FEMI, ROSALIND = "Priya Raman", "Femi Adeyemi", "Rosalind Achebe"
CLOSES = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
SEATS = {LEAH: Seat.QUALITY, SANDEEP: Seat.QUALITY, BRONWEN: Seat.SERVICE, PRIYA: Seat.EXPERT}
MIR = "Multi-Incident Review (national name: Multi-Disciplinary Team review)"
REFUSED = panel_page.CANNOT_SHOW


def id_of(work: Work, name: str) -> str:
    return work.session.exec(select(Person.id).where(Person.name == name)).one()


def the_panel(work: Work) -> Panel:
    return work.session.exec(select(Panel).where(Panel.id == "panel1")).one()


def seat_members(work: Work, seats: Mapping[str, Seat]) -> None:
    for number, (name, seat) in enumerate(seats.items()):
        member = PanelMember(id=f"m{number:02d}", panel_id="panel1", person_id=id_of(work, name), seat=seat)
        work.session.add(member)


@scene
async def opened(stage: Stage, seats: Mapping[str, Seat] | None = None, **panel: Any) -> None:
    """A case that was read, with a panel of these members that Sandeep Bhullar chairs."""

    def begin(work: Work) -> None:
        case = case_in(work)
        case.state = State.IN_PANEL
        facts: dict[str, Any] = {
            "route": "urgent",
            "chair_id": id_of(work, SANDEEP),
            "opened_by": id_of(work, LEAH),
            "opened_at": NOW,
            "closes_at": CLOSES,
            "documents": {},
        }
        work.session.add(Panel(id="panel1", case_id=case.id, **facts | panel))
        seat_members(work, SEATS if seats is None else seats)

    await read_case(stage)
    await stage.do(begin)


async def voted(stage: Stage, votes: Mapping[str, str], by: str = "", why: str = "Because of the {}.") -> None:
    """These members vote, once more if they have voted before; `by`: who stands in for them."""

    def vote(work: Work) -> None:
        for name, choice in votes.items():
            theirs = PanelMember.panel_id == "panel1", PanelMember.person_id == id_of(work, name)
            member = work.session.exec(select(PanelMember).where(*theirs)).one()
            number = len(work.session.exec(select(Vote).where(Vote.member_id == member.id)).all()) + 1
            work.session.add(
                Vote(
                    panel_id="panel1",
                    member_id=member.id,
                    number=number,
                    by_id=id_of(work, by or name),
                    choice=choice,
                    rationale=why.format(f"reason of {name.partition(' ')[0]}"),
                    at=work.now,
                )
            )

    await stage.do(vote)


async def set_(stage: Stage, **values: Any) -> None:
    def change(work: Work) -> None:
        panel = the_panel(work)
        for name, value in values.items():
            setattr(panel, name, value)
        work.session.add(panel)

    await stage.do(change)


async def set_case(stage: Stage, **values: Any) -> None:
    def change(work: Work) -> None:
        case = case_in(work)
        for name, value in values.items():
            setattr(case, name, value)
        work.session.add(case)

    await stage.do(change)


async def in_channel(stage: Stage) -> Card:
    card: Card = await stage.do(lambda work: panel_card.render(work, "panel1"))
    fits(card)
    return card


async def page(stage: Stage, name: str) -> Card:
    return await press(stage, name, "panel.show")


def labels(card: Card) -> list[str]:
    return [button.label for button in card.all_buttons()]


# The card in the channel


async def test_the_card_says_who_has_voted_and_who_has_not(stage: Stage) -> None:
    await opened(stage)
    await voted(stage, {LEAH: "psii", PRIYA: "mdt"})
    card = await in_channel(stage)
    text = words(card)
    assert card.title == "Panel on PSI-2026-0001: near miss, Community Nursing"
    assert "Voting closes: Friday 27 November 2026, 17:00\nChair: Sandeep Bhullar\nHow soon: Urgent" in text
    assert "2 of 4 have voted" in text
    assert "Quality team: Voted: Leah Rosenfeld. Not yet: Sandeep Bhullar" in text
    assert "Service representative: Not yet: Bronwen Hale" in text
    assert "Subject expert: Voted: Priya Raman" in text
    assert "The quorum still needs 1 vote from a service representative." in text
    assert panels.subject(await stage.do(the_panel)) == "panel:panel1"
    assert labels(card) == ["Vote", "Stand back", "Open the page"]
    assert all(button.opens for button in card.all_buttons())
    assert "remains disclosable" in text
    assert "No names of patients or staff" in text
    assert "PSI-2026-0001" in card.preview
    assert "near miss" not in card.preview


CHOICES = ["psii", "mdt", "swarm", "aar", "improvement", "other-process", "none"]
SECRET = "A reason of nobody else"


@pytest.mark.parametrize("seed", range(4))
async def test_no_vote_shows_in_the_channel_before_voting_closes(stage: Stage, seed: int) -> None:
    """Whoever votes for whatever, and changes it: the card is the same as if they had voted for something else."""
    chance = random.Random(seed)
    await opened(stage)
    names = list(panels.choices(await stage.do(lambda work: work)).values())
    for _ in range(10):
        voters = [name for name in SEATS if chance.random() < 0.7]
        cards = []
        for choices in ([chance.choice(CHOICES) for _ in voters], ["none"] * len(voters)):
            await stage.do(lambda work: work.session.execute(delete(Vote)))
            for votes in (dict.fromkeys(voters[:1], "aar"), dict(zip(voters, choices, strict=True))):
                await voted(stage, votes, why=SECRET)
            cards.append(await in_channel(stage))
        assert cards[0] == cards[1]
        assert not [told for told in (*names, SECRET) if told in words(cards[0])]


async def test_after_the_close_the_tally_shows_and_a_tie_stays_one(stage: Stage) -> None:
    await opened(stage)
    await voted(stage, {LEAH: "mdt", SANDEEP: "psii", BRONWEN: "mdt", PRIYA: "psii"}, why=SECRET)
    stage.later(days=8)
    card = await in_channel(stage)
    text = words(card)
    assert "Voting has closed: Friday 27 November 2026, 17:00" in text
    assert f"{MIR}: 2 votes" in text
    assert "It is a tie: Patient Safety Incident Investigation and Multi-Incident Review. The group decides" in text
    assert "The quorum is reached." in text
    assert "Next the chair writes down what the group decided." in text
    assert labels(card) == ["Open the page"]
    assert SECRET not in text


async def test_without_a_quorum_the_card_says_what_is_missing(stage: Stage) -> None:
    await opened(stage)
    await voted(stage, {BRONWEN: "mdt"})
    await set_(stage, closed_at=NOW)
    stage.later(hours=1)
    text = words(await in_channel(stage))
    assert "There is no quorum: 1 vote from the quality team and 1 from a subject expert were missing." in text
    assert "Did not vote: Priya Raman" in text
    assert "Voting has closed: Friday 20 November 2026, 14:00" in text


async def test_a_trust_may_show_the_tally_at_once(tmp_path: Any) -> None:
    async with Stage(tmp_path, panel=PanelSettings(shows_votes="at once")) as stage:
        await opened(stage)
        assert "Nobody has voted." in words(await in_channel(stage))
        await voted(stage, {LEAH: "swarm", BRONWEN: "swarm"}, why=SECRET)
        text = words(await in_channel(stage))
        assert "Votes so far" in text
        assert "Hot debrief (national name: Swarm huddle): 2 votes" in text
        assert SECRET not in text


async def test_what_the_rules_propose_waits_for_somebody_to_confirm_the_facts(stage: Stage) -> None:
    await opened(stage)
    assert "Nobody has confirmed the facts yet." in words(await in_channel(stage))
    await set_(stage, facts=[])
    assert "No fact that has a set response was confirmed." in words(await in_channel(stage))
    await set_(stage, facts=["never-event", "child-death"], facts_not_known=["screening"], learning="yes")
    text = words(await in_channel(stage))
    assert "A never event: A PSII as the least (national guide to responding proportionately)" in text
    assert "Death of a child: Refer to Child Death Overview Panel (CDOP) (national guide" in text
    assert "Not known yet: An incident in an NHS screening programme." in text
    assert "even outside the plan? Yes" in text


async def test_what_is_asked_stands_above_what_there_is_to_read(stage: Stage) -> None:
    await opened(stage, facts=["never-event"])
    card = await in_channel(stage)
    text = words(card)
    assert text.index("2026, 17:00") < text.index("0 of 4 have voted") < text.index("A never event")
    at = [type(part) for part in card.body].index(Buttons)
    assert not [part for part in card.body[:at] if isinstance(part, Words) and part.style == "heading"]
    assert labels(card)[0] == "Vote"


async def test_once_it_is_decided_that_comes_first_and_nothing_is_a_warning(stage: Stage) -> None:
    await opened(stage, closed_at=NOW)
    await voted(stage, {BRONWEN: "mdt", PRIYA: "psii"})
    assert [part.style for part in (await in_channel(stage)).body if isinstance(part, Words)].count("warning") == 2
    await set_(stage, state=panels.APPROVED, decision="mdt")
    for card in (await in_channel(stage), await page(stage, PRIYA)):
        text = words(card)
        assert text.index("Decided and approved by the chair: Multi-Inc") < text.index("What the rules propose")
        assert "Quorum: Not reached: 1 vote from the quality team was missing" in text
        assert "Tie between: Patient Safety Incident Investigation and Multi-Incident Review" in text
        assert not [part for part in card.body if isinstance(part, Words) and part.style == "warning"]
    card = await in_channel(stage)
    assert card.preview == "PSI-2026-0001 is decided."
    assert [part.title for part in card.body if isinstance(part, Details)] == ["Rules and papers", "Who voted"]


@pytest.mark.parametrize(
    ("papers", "said"),
    [
        ({"datix": "https://x", "chronology": "https://x"}, "First-hand accounts are not there yet."),
        ({"datix": "https://x", "accounts": "https://x"}, "The chronology is not there yet."),
        ({"chronology": "https://x"}, "The Datix report and first-hand accounts are not there yet."),
        ({}, "The Datix report, chronology and first-hand accounts are not there yet."),
        (dict.fromkeys(("datix", "chronology", "accounts"), "https://x"), "All the papers are linked."),
    ],
)
async def test_a_form_says_which_event_it_is_about_and_which_papers_are_missing(
    stage: Stage, papers: dict[str, str], said: str
) -> None:
    await opened(stage, documents=papers)
    assert f"PSI-2026-0001\n\nNear miss, Community Nursing. {said}" in words(await press(stage, PRIYA, "panel.vote"))
    await set_case(stage, restricted=True)
    form = words(await press(stage, PRIYA, "panel.vote"))
    assert f"PSI-2026-0001\n\n{said}" in form, "a case that is kept close shows its reference only"
    assert "Community Nursing" not in form


async def test_vote_opens_the_list_of_panels(stage: Stage) -> None:
    await opened(stage)
    card = await stage.says(PRIYA, "vote")
    assert card.title == "Panels under way"
    assert labels(card) == ["Open the page"]


async def test_the_channel_learns_which_papers_are_there_and_no_links(stage: Stage) -> None:
    papers = {"datix": "https://datix.example/record/77", "chronology": "The ward keeps it, Mr Smith has it."}
    await opened(stage, documents=papers, plan_says="An after action review.", improvement="Drivers are labelled.")
    text = words(await in_channel(stage))
    assert "Datix report: Linked\nChronology: Not there yet; the reason is on the page" in text
    assert "First-hand accounts: Not there yet; no reason is given" in text
    assert "What the plan says: An after action review." in text
    assert "https" not in text
    assert "Smith" not in text
    private = words(await page(stage, PRIYA))
    assert "Datix report: https://datix.example/record/77" in private
    assert "Chronology: Not there: The ward keeps it, Mr Smith has it." in private
    assert "Improvement work under way: Drivers are labelled." in private


async def test_a_datix_number_leads_to_the_report_too(stage: Stage) -> None:
    await opened(stage, documents={"datix": "Datix W90210"})
    await set_case(stage, datix_number="W90210")
    assert "Datix report: Linked" in words(await in_channel(stage))


@pytest.mark.parametrize("kept", ["restricted", "quality_only"])
async def test_a_case_that_is_kept_closer_shows_its_reference_only(stage: Stage, kept: str) -> None:
    known: dict[str, Any] = {
        "facts": ["never-event"],
        "plan_says": "SECRET plan",
        "learning": "yes",
        "documents": {"datix": "https://x"},
    }
    await opened(stage, **known)
    await voted(stage, dict.fromkeys(SEATS, "swarm"))
    await set_case(stage, **{kept: True})
    for later in (0, 8):
        stage.later(days=later)
        card = await in_channel(stage)
        text = words(card)
        assert card.title == "Panel on PSI-2026-0001"
        told = ("near miss", "Community Nursing", "never event", "SECRET", "Hot debrief", "even outside the plan")
        assert not [word for word in told if word in text]
        assert "4 of 4 have voted" in text
        assert "Datix report: Linked" in text
    await set_(stage, state=panels.APPROVED, decision="swarm")
    assert "Hot debrief" not in words(await in_channel(stage))
    assert "A never event" in words(await page(stage, PRIYA))


async def fifty(stage: Stage) -> list[str]:
    """Fifty members: ten of the quality team, fifteen of the service, twenty experts and five others."""
    names = [f"Member {number:02d}" for number in range(50)]
    seats = [Seat.QUALITY] * 10 + [Seat.SERVICE] * 15 + [Seat.EXPERT] * 20 + [Seat.MEMBER] * 5

    def join(work: Work) -> None:
        for name in names:
            work.session.add(Person(id=f"p-{name}", name=name, roles=["staff", "panel"], on_list=True))

    await stage.do(join)
    await opened(stage, dict(zip(names, seats, strict=True)))
    return names


async def test_fifty_members_are_counted_and_a_few_are_named(stage: Stage) -> None:
    names = await fifty(stage)
    await voted(stage, dict.fromkeys(names[:20], "psii"))
    text = words(await in_channel(stage))
    assert "20 of 50 have voted" in text
    assert (
        "Quality team: 10 of 10\nService representative: 10 of 15\nSubject expert: 0 of 20\nPanel member: 0 of 5"
        in text
    )
    assert text.count("Member ") == 15
    assert "Member 34 and 15 more" in text


@pytest.mark.parametrize("length", [20, 1000])
async def test_fifty_votes_are_read_to_their_last_word(stage: Stage, length: int) -> None:
    names = await fifty(stage)
    await voted(stage, dict.fromkeys(names, "psii"), why=f"{{}} {'x' * length} the end")
    stage.later(days=8)
    card = await page(stage, SANDEEP)
    first, read, ends = card, list[str](), 0
    while True:
        fits(card)
        read += [part.title.partition(" (")[0] for part in card.body if isinstance(part, Details)]
        ends += json.dumps(blockkit.message(card)).count("the end")
        if "More votes" not in labels(card):
            break
        assert f"And {50 - len(read)} more." in words(card)
        card = await stage.presses(SANDEEP, card, "More votes")
    assert read == names
    assert ends == 50
    assert "more." not in words(card)
    assert (await stage.presses(SANDEEP, card, "Back to the panel")).title == first.title


async def test_more_votes_are_for_those_who_read_them(stage: Stage) -> None:
    names = await fifty(stage)
    await voted(stage, dict.fromkeys(names, "psii"), why=SECRET)
    for name in (names[0], SANDEEP):
        assert SECRET not in words(await press(stage, name, "panel.show", start="8"))
    stage.later(days=8)
    assert REFUSED in words(await press(stage, MARGUERITE, "panel.show", start="8"))


async def test_whoever_stood_back_or_was_involved_is_not_there(stage: Stage) -> None:
    def keep_out(work: Work) -> None:
        member = work.session.exec(select(PanelMember).where(PanelMember.person_id == id_of(work, PRIYA))).one()
        member.recused_at = work.now
        work.session.add(member)
        case, bronwen = case_in(work), id_of(work, BRONWEN)
        work.session.add(SupportNeed(id="need1", case_id=case.id, person_id=bronwen, name="", wish="quality", at=NOW))

    await opened(stage)
    await voted(stage, {BRONWEN: "mdt", PRIYA: "mdt", LEAH: "mdt"})
    await stage.do(keep_out)
    stage.later(days=8)
    card = await in_channel(stage)
    for text in (words(card), words(await page(stage, LEAH))):
        assert not [name for name in (PRIYA, BRONWEN) if name in text]
        assert "1 of 2 has voted" in text
        assert f"{MIR}: 1 vote" in text
    for name in (PRIYA, BRONWEN):
        assert words(await page(stage, name)).startswith(f"I could not do that\n\n{REFUSED}")
        assert REFUSED in words(await stage.says(name, "panel PSI-2026-0001"))
        assert "near miss" not in words(await stage.says(name, "panel"))


async def test_a_chair_who_was_involved_after_all_is_not_named(stage: Stage) -> None:
    def involve(work: Work) -> None:
        sandeep = id_of(work, SANDEEP)
        need = SupportNeed(id="need1", case_id=case_in(work).id, person_id=sandeep, name="", wish="quality", at=NOW)
        work.session.add(need)

    await opened(stage)
    await stage.do(involve)
    assert SANDEEP not in words(await in_channel(stage))


DECISION: dict[str, Any] = {"decision": "mdt", "rationale": SECRET}


async def test_the_decision_shows_in_the_channel_once_it_is_approved(stage: Stage) -> None:
    await opened(stage)
    signed = await stage.do(lambda work: {"decided_by": id_of(work, SANDEEP), "decided_at": NOW})
    stage.later(days=8)
    for state in (panels.DECIDED, panels.DEPARTING):
        await set_(stage, state=state, **DECISION, **signed)
        text = words(await in_channel(stage))
        assert "The chair has written the decision. It is not approved yet." in text
        assert MIR not in text
    assert f"Decision, not approved yet: {MIR}" in words(await page(stage, PRIYA))
    approved = {"state": panels.APPROVED, "approved_by": signed["decided_by"], "approved_at": stage.now}
    await set_(stage, **approved, departure="agreed", departure_why="It is the same event as last week's.")
    text = words(await in_channel(stage))
    assert f"Decided and approved by the chair: {MIR}." in text
    assert "It departs from the minimum, which is a PSII." in text
    assert "last week" not in text
    assert SECRET not in text
    private = words(await page(stage, PRIYA))
    assert "Why it departs from the minimum: It is the same event as last week's." in private
    assert "Minute approved: By Sandeep Bhullar, 28 November 2026, 14:" in private
    assert SECRET in private


async def test_a_psii_waits_to_be_verified_and_then_says_by_whom(stage: Stage) -> None:
    await opened(stage)
    stage.later(days=8)
    await set_(stage, state=panels.APPROVED, decision="psii", rationale=SECRET)
    await set_case(stage, state=State.AWAITING_VERIFICATION)

    def decide(work: Work) -> None:
        case = case_in(work)
        work.session.add(LearningResponse(id="lr1", case_id=case.id, kind="psii", decided_by="x", decided_at=stage.now))

    await stage.do(decide)
    assert "It waits for the Chief Nurse or the Medical Director to verify it." in words(await in_channel(stage))
    assert "Open the learning response" in labels(await page(stage, LEAH))

    def verify(work: Work) -> None:
        response = work.session.get_one(LearningResponse, "lr1")
        response.verified_by, response.verified_at = id_of(work, MARGUERITE), stage.now
        work.session.add(response)

    await stage.do(verify)
    await set_case(stage, state=State.DECIDED)
    assert "It is verified." in words(await in_channel(stage))
    assert MARGUERITE not in words(await in_channel(stage))
    assert "PSII verified: By Marguerite Oduya, 28 November 2026" in words(await page(stage, LEAH))


async def test_what_was_not_verified_says_so(stage: Stage) -> None:
    await opened(stage, state=panels.APPROVED, decision="psii")

    def decide(work: Work) -> None:
        case = case_in(work)
        case.state = State.READ
        work.session.add(LearningResponse(id="lr1", case_id=case.id, kind="psii", decided_by="x", decided_at=NOW))

    await stage.do(decide)
    assert "It was not verified, so a panel looks at it again." in words(await in_channel(stage))
    assert "Open a new panel" in labels(await page(stage, LEAH))


async def test_a_panel_that_was_stopped_asks_for_nothing(stage: Stage) -> None:
    await opened(stage, state=panels.STOPPED)
    card = await in_channel(stage)
    assert "This panel was stopped" in words(card)
    assert labels(card) == []
    assert await stage.do(lambda work: panel_card.render(work, "no such panel")) is None


# The page


async def test_before_the_close_everybody_reads_their_own_vote_alone(stage: Stage) -> None:
    await opened(stage)
    await voted(stage, {LEAH: "psii", SANDEEP: "swarm", PRIYA: "mdt"})
    text = words(await page(stage, PRIYA))
    assert f"Your vote: {MIR}\nYour reasons: Because of the reason of Priya." in text
    for name in (LEAH, SANDEEP, PRIYA, BRONWEN):
        told = words(await page(stage, name))
        others = [other for other in ("Leah", "Sandeep", "Priya") if not name.startswith(other)]
        assert not [other for other in others if f"reason of {other}" in told]
        assert "How many voted for what" not in told
    assert "Your vote: Not given yet" in words(await page(stage, BRONWEN))


async def test_after_the_close_the_chair_and_quality_read_every_vote(stage: Stage) -> None:
    await opened(stage)
    await voted(stage, {LEAH: "psii", BRONWEN: "mdt"})
    await voted(stage, {BRONWEN: "swarm"})
    await voted(stage, {BRONWEN: "mdt"})
    stage.later(days=8)
    for name in (LEAH, SANDEEP):
        card = await page(stage, name)
        votes = {part.title: part for part in card.body if isinstance(part, Details)}
        assert list(votes) == [
            "Leah Rosenfeld (Quality team): Patient Safety Incident Investigation",
            f"Bronwen Hale (Service representative): {MIR}, changed twice",
        ]
        assert all(part.typed for part in votes.values())
        assert votes[f"Bronwen Hale (Service representative): {MIR}, changed twice"].text.endswith("of Bronwen.")
    for name in (PRIYA, MARGUERITE):
        text = words(await page(stage, name))
        assert "Every vote" not in text
        assert "reason of Leah" not in text
        assert f"{MIR}: 1 vote" in text


async def test_who_stands_in_reads_what_they_gave_and_not_what_the_member_did(stage: Stage) -> None:
    def stand_in(work: Work) -> None:
        day = work.local.date()
        work.session.add(
            StandIn(person_id=id_of(work, PRIYA), deputy_id=id_of(work, NIAMH), role="panel", starts=day, ends=day)
        )

    await opened(stage)
    await voted(stage, {PRIYA: "mdt"})
    assert REFUSED in words(await page(stage, NIAMH))
    await stage.do(stand_in)
    card = await page(stage, NIAMH)
    assert "Vote for the seat of Priya Raman: It has been given" in words(card)
    assert "reason of Priya" not in words(card)
    assert "Change my vote" in labels(card)
    await voted(stage, {PRIYA: "swarm"}, by=NIAMH)
    assert "Vote for the seat of Priya Raman: Hot debrief" in words(await page(stage, NIAMH))
    assert "(given by Niamh Gallagher, who stood in for you)" in words(await page(stage, PRIYA))
    assert "Subject expert: Voted: Priya Raman" in words(await in_channel(stage))
    stage.later(hours=1)
    await set_(stage, closed_at=stage.now)
    every = "Priya Raman (Subject expert): Hot debrief (national name: Swarm huddle), given by Niamh Gallagher, changed"
    assert every in words(await page(stage, SANDEEP))


async def test_the_facts_say_who_confirmed_them(stage: Stage) -> None:
    await opened(stage)
    by = await stage.do(lambda work: id_of(work, LEAH))
    await set_(stage, facts=["never-event"], facts_by=by, facts_at=NOW, learning="yes", learning_why="Four wards.")
    text = words(await page(stage, PRIYA))
    assert "Confirmed by Leah Rosenfeld, 20 November 2026, 14:00" in text
    assert "Why there is, or is not, an unexpected risk or much to learn: Four wards." in text


PREPARE = ["Look at the facts again", "Papers and members", "Close the voting now"]
BUTTONS: list[tuple[str, dict[str, Any], list[str]]] = [
    (PRIYA, {}, ["Vote", "Stand back"]),
    (LEAH, {"facts": []}, ["Vote", "Stand back", *PREPARE, "Take it off"]),
    (SANDEEP, {"facts": []}, ["Vote", "Stand back", *PREPARE, "Take it off"]),
    (MARGUERITE, {}, []),
    (PRIYA, {"closed_at": NOW - timedelta(hours=1)}, ["The minute"]),
    (LEAH, {"closed_at": NOW}, ["Confirm the facts", "Papers", "Take it off", "The minute"]),
    (SANDEEP, {"closed_at": NOW}, ["Confirm the facts", "Papers", "Write the decision", "Take it off", "The minute"]),
    (MARGUERITE, {"state": "departing", **DECISION}, ["Allow the departure", "It has to be a PSII", "The minute"]),
    (PRIYA, {"state": "approved", **DECISION}, ["The minute"]),
    (LEAH, {"state": "approved", **DECISION}, ["The minute", "It is filed"]),
    (LEAH, {"state": "approved", "filed_on": NOW.date(), **DECISION}, ["The minute"]),
]


@pytest.mark.parametrize(("name", "panel", "offered"), BUTTONS)
async def test_everybody_is_offered_what_they_may_do_now(
    stage: Stage, name: str, panel: dict[str, Any], offered: list[str]
) -> None:
    await opened(stage, **panel)
    assert labels(await page(stage, name)) == [*offered, "Back to the case"]


async def test_the_chair_approves_what_they_have_read(stage: Stage) -> None:
    await opened(stage, state="decided", closed_at=NOW, **DECISION)
    offered = labels(await page(stage, SANDEEP))
    assert offered == [
        "Confirm the facts",
        "Papers",
        "Approve the minute",
        "Change it",
        "The minute",
        "Back to the case",
    ]


async def test_whoever_decided_does_not_answer_the_departure(stage: Stage) -> None:
    await opened(stage, state="departing", closed_at=NOW, **DECISION)
    await set_(stage, decided_by=await stage.do(lambda work: id_of(work, MARGUERITE)))
    assert "Allow the departure" not in labels(await page(stage, MARGUERITE))


async def test_looking_is_written_in_the_audit(stage: Stage) -> None:
    await opened(stage)
    await page(stage, PRIYA)
    await stage.says(PRIYA, "panel PSI-2026-0001")
    await page(stage, CALLUM)
    entries = select(AuditEntry.actor_id).where(AuditEntry.what == "opened the panel's page")
    seen = await stage.do(lambda work: work.session.exec(entries).all())
    assert seen == [await stage.do(lambda work: id_of(work, PRIYA))] * 2


# The typed word


@pytest.mark.parametrize("name", [AMINA, TOMASZ, CALLUM, WEI, CARYS])
async def test_a_refusal_is_the_same_whether_there_is_a_panel_or_not(stage: Stage, name: str) -> None:
    nothing = await stage.says(name, "panel PSI-2026-0001")
    await opened(stage)
    assert words(await stage.says(name, "panel PSI-2026-0001")) == words(nothing)
    assert words(await stage.says(name, "panel PSI-2026-0777")) == words(nothing)
    assert REFUSED in words(nothing)


async def test_the_word_opens_the_form_where_there_is_no_panel_yet(stage: Stage) -> None:
    await read_case(stage)
    form = await stage.says(LEAH, "panel psi 2026 1")
    assert form.title == "Open the panel"
    assert "Open it" in labels(form)
    assert REFUSED in words(await stage.says(PRIYA, "panel PSI-2026-0001"))
    await set_case(stage, state=State.CLOSED)
    assert "PSI-2026-0001 has no panel." in words(await stage.says(LEAH, "panel PSI-2026-0001"))


async def test_without_a_reference_their_panels_are_listed(stage: Stage) -> None:
    await opened(stage, {PRIYA: Seat.EXPERT})
    for name in (PRIYA, SANDEEP, LEAH):
        card = await stage.says(name, "panel")
        assert "PSI-2026-0001: near miss, Community Nursing" in words(card)
        assert "Voting closes Friday 27 November 2026, 17:00." in words(card)
        assert (await stage.presses(name, card, "Open the page")).title.startswith("Panel on PSI-2026-0001")
    for name in (AMINA, FEMI, ROSALIND):
        assert "panel PSI-2026-0001" in words(await stage.says(name, "panel"))
        assert "near miss" not in words(await stage.says(name, "panel"))
    await set_(stage, state=panels.APPROVED)
    assert "near miss" not in words(await stage.says(PRIYA, "panel"))


async def test_quality_who_stood_back_are_not_listed_it(stage: Stage) -> None:
    def stand_back(work: Work) -> None:
        member = work.session.exec(select(PanelMember).where(PanelMember.person_id == id_of(work, LEAH))).one()
        member.recused_at = work.now
        work.session.add(member)

    await opened(stage)
    assert "near miss" in words(await stage.says(LEAH, "panel"))
    await stage.do(stand_back)
    assert "near miss" not in words(await stage.says(LEAH, "panel"))
    assert REFUSED in words(await stage.says(LEAH, "panel PSI-2026-0001"))


async def test_many_panels_fit_on_one_list(stage: Stage) -> None:
    await opened(stage)

    def more(work: Work) -> None:
        first = the_panel(work)
        for number in range(20):
            work.session.add(Panel(**first.model_dump() | {"id": f"other{number:02d}"}))

    await stage.do(more)
    card = await stage.says(LEAH, "panel")
    fits(card)
    assert "And 13 more." in words(card)
    listed = await stage.do(lambda work: len(work.session.exec(select(Panel).order_by(col(Panel.id))).all()))
    assert listed == 21
