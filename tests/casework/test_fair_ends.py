"""How a run of the being fair tool ends: its frozen record, what follows, the ways out taken alone, a new version."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from responses import fits
from sqlmodel import col, select

from duty_stage import a_case, who
from psirf_bot.cards.fair_start import NAME_FOUND, STILL_OWED
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_follow_ups, fair_record, fair_runs, people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed, Reply
from psirf_bot.casework.work import Work
from psirf_bot.domain.being_fair import ENDS, FairnessReview, follow_ups
from psirf_bot.domain.joint import Kind
from psirf_bot.store.tables import AuditEntry, Case, Deadline, FairEntry, FairRun, Inbox, Outbox
from stage import Stage, shown, words

LEAH, OWEN, JUDITH, TOMASZ, CARYS = (
    "Leah Rosenfeld",
    "Owen Tregarth",
    "Judith Cornwell",
    "Tomasz Zielinski",
    "Carys Penhallow",
)
BRONWEN, SANDEEP, AMINA = "Bronwen Hale", "Sandeep Bhullar", "Amina Yusuf"
REFERENCE = "BF-2B3C4"
GROUND = "Section 4 describes two warnings."
Given = Mapping[str, Any]

START = {
    "fair-who-is-hurt": "A patient, and the team.",
    "fair-what-they-need": "Information on what happened.",
    "fair-whose-task": "The patient safety team.",
}
USED = {"fair-safety-incident": "yes", "fair-systems-response": "yes", "fair-jointly": "yes"}
PEERS_NOT = {"fair-1a": "no", "fair-1a-source": "Section 3"}
TRAINED = {"fair-1b": "yes", "fair-1c": "yes", "fair-1d": "yes"}
WORKABLE = {"fair-2a": "yes", "fair-2b": "yes"}
TO_3 = START | USED | PEERS_NOT | TRAINED | WORKABLE
NO_HARM = {"fair-3": "no"}
HARM = {"fair-3": "yes", "fair-3-which": ["recklessness"], "fair-3-source": "Section 5"}
HEALTHY = {"fair-4a": "no", "fair-4b": "no"}


def no_concern(prefix: str) -> dict[str, Any]:
    return {f"{prefix}-ongoing": "no", f"{prefix}-kinds": None, f"{prefix}-ground": None}


def concern(prefix: str) -> dict[str, Any]:
    return {f"{prefix}-ongoing": "yes", f"{prefix}-kinds": ["reckless"], f"{prefix}-ground": GROUND}


PEERS_TOO = START | USED | {"fair-1a": "yes", "fair-1a-source": "Section 3"}
TALKED = {"fair-1b": "no", "fair-1c": "yes", "fair-1d": "yes", "fair-discussed": "supervisor"}
TALKED |= {"fair-discussed-on": "2026-11-18"}
PATHS: dict[str, Given] = {
    "safeguarding": START | {"fair-safety-incident": "no", "fair-other-process": "safeguarding"},
    "police": START | {"fair-safety-incident": "no", "fair-other-process": "police"},
    "another-process": START | {"fair-safety-incident": "no", "fair-other-process": "another"},
    "no-systems-response": START | USED | {"fair-systems-response": "no"},
    "not-jointly": START | USED | {"fair-jointly": "no"},
    "continue-after-1a": PEERS_TOO | no_concern("fair-1a"),
    "continue-after-1": START | USED | PEERS_NOT | TALKED | no_concern("fair-1"),
    "continue-after-2": START | USED | PEERS_NOT | TRAINED | {"fair-2a": "no"} | no_concern("fair-2"),
    "appropriate-action": TO_3 | HARM | {"fair-3-bodies": ["regulator", "police", "pipot", "lado"]},
    "health": TO_3 | NO_HARM | {"fair-4a": "no", "fair-4b": "yes"},
    "mitigation": TO_3 | NO_HARM | HEALTHY | {"fair-5": "yes"},
    "management": TO_3 | NO_HARM | HEALTHY | {"fair-5": "no"},
}


# Stage directions


def a_run(work: Work, state: str = fair_runs.OPEN, **facts: Any) -> FairRun:
    """A run of Leah's and Owen's, about Tomasz, in the first case."""
    case = work.session.exec(select(Case)).first() or a_case(work)
    leah, owen = who(work, LEAH).id, who(work, OWEN).id
    given: dict[str, Any] = {
        "id": "run1",
        "reference": REFERENCE,
        "case_id": case.id,
        "subject_id": who(work, TOMASZ).id,
        "concern": "The learning response raises a concern about two warnings.",
        "begun_by": leah,
        "joined": [leah] if state == fair_runs.INVITED else [leah, owen],
        "reading": work.trust.being_fair.after_ongoing_concern,
        "tool": work.trust.being_fair.tool,
    }
    pair = {"patient_safety_id": leah, "workforce_id": owen}
    run = FairRun(state=state, at=work.now, **pair, **given | facts)
    work.session.add(run)
    work.session.flush()
    return run


def answer(work: Work, run: FairRun, answers: Given) -> None:
    """Leah proposes and Owen agrees, page by page, as far as the answers go; each states their own where asked to."""
    leah, owen = fair_runs.pair(run)
    while (now := fair_runs.where(work, run)).page and now.page.asks()[0] in answers:
        given = {key: answers[key] for key in now.page.asks()}
        if now.each_for_themselves:
            for person in (leah, owen):
                fair_runs.log(work, run, person, Kind.STATED, page=now.key, answers=given)
        else:
            proposal = fair_runs.log(work, run, leah, Kind.PROPOSED, page=now.key, answers=given)
            fair_runs.log(work, run, owen, Kind.AGREED, page=now.key, about=proposal.number)


def the_run(work: Work, version: int = 1) -> FairRun:
    return work.session.exec(select(FairRun).where(FairRun.version == version)).one()


def confirm_and_end(work: Work, end: str) -> None:
    """Both confirm, and with the second the run ends."""
    run = the_run(work)
    for person in fair_runs.pair(run):
        fair_runs.log(work, run, person, Kind.CONFIRMED)
    fair_follow_ups.end_run(work, run, end, run.workforce_id)


async def ended(stage: Stage, end: str, **facts: Any) -> None:
    def to_the_end(work: Work) -> None:
        answer(work, a_run(work, **facts), PATHS[end])
        assert fair_runs.where(work, the_run(work)).end == end
        confirm_and_end(work, end)

    await stage.do(to_the_end)
    await stage.settled()


async def turn(stage: Stage, name: str, verb: str, given: Given | None = None, **args: str) -> Reply:
    """Press what this verb stands for, on the first version unless the arguments say another."""
    action = await stage.do(lambda work: action_id(work, verb, **{"run": "run1"} | args))
    reply = await stage.turn(name, Pressed(action, dict(given or {})))
    if reply.card:
        fits(reply.card)
    await stage.settled()
    return reply


async def press(stage: Stage, name: str, verb: str, given: Given | None = None, **args: str) -> Card:
    return shown(await turn(stage, name, verb, given, **args))


async def outcome(stage: Stage, name: str = LEAH, version: int = 1) -> Card:
    def made(work: Work) -> Card:
        return fair_follow_ups.outcome(work, the_run(work, version), people.member(work, who(work, name)))

    card: Card = await stage.do(made)
    fits(card)
    return card


async def duties(stage: Stage, state: str = "open", run: str = "run1") -> dict[str, str]:
    """The duties of a run, by rule, with the day each is due."""

    def found(work: Work) -> dict[str, str]:
        theirs = select(Deadline).where(Deadline.subject_kind == "fair", Deadline.subject_id == run)
        return {d.rule: d.due_local[:10] for d in work.session.exec(theirs.where(Deadline.state == state))}

    result: dict[str, str] = await stage.do(found)
    return result


async def duty(stage: Stage, rule: str) -> str:
    def found(work: Work) -> str:
        return work.session.exec(select(Deadline.id).where(Deadline.rule == rule, Deadline.subject_id == "run1")).one()

    result: str = await stage.do(found)
    return result


async def kinds(stage: Stage, version: int = 1) -> list[str]:
    result: list[str] = await stage.do(lambda work: [e.kind for e in fair_runs.entries(work, the_run(work, version))])
    return result


async def record(stage: Stage) -> dict[str, Any]:
    result: dict[str, Any] = await stage.do(lambda work: dict(the_run(work).record or {}))
    return result


def printed(kept: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    return dict(fair_record.sections(kept))


# The ends


def test_every_end_of_the_tool_has_a_path() -> None:
    assert set(PATHS) == {end for end, found in ENDS.items() if not found.waits}


@pytest.mark.parametrize("end", PATHS)
async def test_each_end_is_kept_and_opens_what_follows_from_it(stage: Stage, end: str) -> None:
    await ended(stage, end)
    owed = follow_ups(end, FairnessReview.model_validate({k.replace("-", "_"): v for k, v in PATHS[end].items()}))
    assert set(await duties(stage)) == set(owed)
    kept = await record(stage)
    assert (kept["end"], kept["step"]) == (end, ENDS[end].step)
    card = words(await outcome(stage))
    assert ENDS[end].step in card
    assert "not a verdict" in card
    assert "Leah Rosenfeld (patient safety team) and Owen Tregarth (workforce team)" in card
    assert TOMASZ not in card
    assert TOMASZ not in json.dumps(kept)


@pytest.mark.parametrize("end", PATHS)
async def test_the_person_is_told_by_somebody_unless_others_have_to_be_asked_first(stage: Stage, end: str) -> None:
    await ended(stage, end)
    card = await outcome(stage)
    labels = [button.label for button in card.all_buttons()]
    asked_first = end in {"police", "safeguarding", "appropriate-action"}
    assert ("Name who tells them" in labels) == (not asked_first)
    assert ("before anything is said" in words(card).lower() or "ask them before" in words(card)) == (asked_first)
    assert "Occupational health" in words(card)


async def test_the_other_hears_that_there_is_a_private_task_and_no_more(stage: Stage) -> None:
    await ended(stage, "management")
    (card,) = stage.private(LEAH)
    assert (card.title, card.preview) == ("A private task", "You have a private task.")
    assert stage.private(OWEN) == []
    assert stage.channel() == []


async def buttons(stage: Stage, name: str) -> list[str]:
    """What `fair` alone offers somebody."""
    return [button.label for button in (await stage.says(name, "fair")).all_buttons()]


async def test_fair_alone_shows_a_run_that_has_ended_as_long_as_they_owe_something(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    for name in (LEAH, OWEN):
        card = words(await stage.says(name, "fair"))
        assert STILL_OWED in card
        assert not any(said in card for said in ("LADO", "police,", "told", "PSI-2026-0001")), "not what it is"
        assert await buttons(stage, name) == [f"Open {REFERENCE}"]
    opened = await stage.presses(OWEN, await stage.says(OWEN, "fair"), f"Open {REFERENCE}")
    assert "Contact the LADO" in words(opened)
    assert await buttons(stage, SANDEEP) == []
    assert await buttons(stage, JUDITH) == ["Oversight"]
    while owed := list(await duties(stage)):  # the last of them is that the person is told
        given = TOLD if owed == ["fair.told"] else {"day": "2026-11-20"}
        rule = next(rule for rule in owed if rule != "fair.told" or len(owed) == 1)
        assert await buttons(stage, LEAH) == [f"Open {REFERENCE}"]
        await press(stage, LEAH, "fair.step-taken", given, deadline=await duty(stage, rule))
    assert await buttons(stage, LEAH) == await buttons(stage, OWEN) == []


async def test_fair_alone_says_which_version_it_is_that_something_is_owed_of(stage: Stage) -> None:
    await ended(stage, "management")
    await press(stage, OWEN, "fair.revisit", NEW)
    assert await buttons(stage, LEAH) == [f"Open {REFERENCE}", f"Open {REFERENCE}, version 1"]


async def test_fair_alone_shows_nothing_of_it_to_whoever_is_kept_out_by_now(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    await stage.do(lambda work: setattr(who(work, TOMASZ), "line_manager_id", who(work, OWEN).id))
    assert await buttons(stage, OWEN) == []
    assert await buttons(stage, LEAH) == [f"Open {REFERENCE}"]


async def test_fair_alone_shows_an_overseer_what_is_owed_once_the_two_have_gone(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    await stage.do(lambda work: [setattr(who(work, name), "active", False) for name in (LEAH, OWEN)])
    assert await buttons(stage, JUDITH) == [f"Open {REFERENCE}", "Oversight"]
    opened = await stage.presses(JUDITH, await stage.says(JUDITH, "fair"), f"Open {REFERENCE}")
    assert "Done: Contact the LADO" in [button.label for button in opened.all_buttons()]


async def test_to_end_it_twice_changes_nothing(stage: Stage) -> None:
    await ended(stage, "health")
    before = await record(stage)
    stage.later(days=1)
    await stage.do(lambda work: fair_follow_ups.end_run(work, the_run(work), "management", who(work, LEAH).id))
    assert await record(stage) == before
    assert (await kinds(stage)).count("ended") == 1
    assert set(await duties(stage)) == {"fair.health", "fair.told"}


# The record


async def test_the_record_says_who_proposed_who_agreed_and_when(stage: Stage) -> None:
    await ended(stage, "mitigation")
    kept = printed(await record(stage))
    assert ("1b. Was the individual included when their peer group received relevant training?", "Yes") in kept[
        "Questions 1b to 1d: substitution test"
    ]
    lines = dict(kept["Question 5: mitigating circumstances"])
    assert lines["Leah Rosenfeld proposed"] == "Friday 20 November 2026, 14:00"
    assert lines["Owen Tregarth agreed"] == "Friday 20 November 2026, 14:00"
    used = dict(kept["What was used"])
    assert used["Case"] == "PSI-2026-0001"
    assert used["Questions"] == "being-fair, version 1"
    assert "NHS England, 2025" in used["Tool"]
    assert "next test" in used["If there are ongoing concerns"]
    end = dict(kept["The tool's next step"])
    assert end["Leah Rosenfeld confirmed"] == end["Owen Tregarth confirmed"] == "Friday 20 November 2026, 14:00"


async def test_the_record_is_dated_in_local_time(stage: Stage) -> None:
    stage.now = stage.now.replace(month=7, day=1)
    await ended(stage, "management")
    assert ("Ended", "Wednesday 1 July 2026, 15:00") in printed(await record(stage))["The tool's next step"]


async def test_each_ones_own_statement_stands_with_their_name(stage: Stage) -> None:
    def differing(work: Work) -> None:
        run = a_run(work)
        answer(work, run, PEERS_TOO)
        leah, owen = fair_runs.pair(run)
        key = fair_runs.where(work, run).key
        fair_runs.log(work, run, leah, Kind.STATED, page=key, answers=concern("fair-1a"))
        fair_runs.log(work, run, owen, Kind.STATED, page=key, answers=no_concern("fair-1a"))
        confirm_and_end(work, "continue-after-1a")

    await stage.do(differing)
    lines = printed(await record(stage))["After question 1a: yes"]
    asked = (
        "Are there ongoing concerns that an individual's action may have been reckless, wilfully neglectful or "
        "malicious?"
    )
    assert (f"{asked} (Leah Rosenfeld)", "Yes") in lines
    assert (f"{asked} (Owen Tregarth)", "No") in lines
    assert ("If yes: what is the ground for your concern? (Leah Rosenfeld)", GROUND) in lines


async def test_differences_and_changes_stay_with_their_reasons(stage: Stage) -> None:
    def differing(work: Work) -> None:
        run = a_run(work)
        leah, owen = fair_runs.pair(run)
        fair_runs.log(work, run, leah, "paused", reason="We wait for the interviews.")
        answer(work, run, START | USED | PEERS_NOT | TRAINED | WORKABLE | NO_HARM | HEALTHY)
        key = fair_runs.where(work, run).key
        first = fair_runs.log(work, run, leah, Kind.PROPOSED, page=key, answers={"fair-5": "no"})
        fair_runs.log(
            work,
            run,
            owen,
            Kind.PROPOSED,
            page=key,
            answers={"fair-5": "yes"},
            about=first.number,
            reason="Short shifts.",
        )
        second = fair_runs.entries(work, run)[-1]
        fair_runs.log(work, run, leah, Kind.AGREED, page=key, about=second.number)
        fair_runs.log(work, run, leah, Kind.REOPENED, page="fair-3", reason="Section 5 is new.")
        answer(work, run, NO_HARM)
        confirm_and_end(work, "mitigation")

    await stage.do(differing)
    kept = await record(stage)
    assert dict(printed(kept)["Question 5: mitigating circumstances"])["Reason"] == "Short shifts."
    changed = [(page["title"], [answer["shown"] for answer in page["answers"]]) for page in kept["changes"]]
    assert changed == [
        ("Question 3: deliberate harm test", ["No"]),
        ("Question 3: deliberate harm test", []),
        ("Question 5: mitigating circumstances", ["No"]),
        ("Question 3: deliberate harm test", []),
    ]
    assert "Section 5 is new." in json.dumps(kept["changes"])
    assert "We wait for the interviews." in json.dumps(kept["going"])


async def test_later_names_and_words_do_not_alter_the_record(stage: Stage, tmp_path: Path) -> None:
    await ended(stage, "management")
    before = await record(stage)
    shown_before = words(await press(stage, LEAH, "fair.kept"))

    def renamed(work: Work) -> None:
        someone = who(work, OWEN)
        someone.name = "Owen Tregarth-Lisle"
        work.session.add(someone)

    await stage.do(renamed)
    trust = stage.trust.model_copy(
        update={
            "wording": {"fair-5": "Other words for question five?"},
            "being_fair": stage.trust.being_fair.model_copy(
                update={"tool": "Another edition", "after_ongoing_concern": "deliberate harm"}
            ),
        }
    )
    object.__setattr__(stage.setting, "trust", trust)
    vars(stage.setting).pop("rules", None)
    assert (await stage.do(fair_runs.wording_today))["fair-5"] == "Other words for question five?"
    assert await record(stage) == before
    assert words(await press(stage, LEAH, "fair.kept")) == shown_before
    assert "Another edition" not in words(await outcome(stage))


async def test_a_long_record_is_shown_part_by_part_and_whole(stage: Stage) -> None:
    long = "Words that go on. " * 55
    path = {key: (long if key in START else value) for key, value in PATHS["appropriate-action"].items()}

    def to_the_end(work: Work) -> None:
        answer(work, a_run(work), path)
        confirm_and_end(work, "appropriate-action")

    await stage.do(to_the_end)
    card, seen = await press(stage, LEAH, "fair.kept"), ""
    while True:
        seen += words(card)
        if "Next" not in [button.label for button in card.all_buttons()]:
            break
        card = shown(await stage.turn(LEAH, Pressed(next(b.action for b in card.all_buttons() if b.label == "Next"))))
        fits(card)
    for title, lines in fair_record.sections(await record(stage)):
        assert title in seen
        assert all(" ".join(value.split()) in " ".join(seen.split()) for _, value in lines)
    assert (await kinds(stage)).count("viewed") == seen.count("The whole record, part")


# Who sees it


REFUSED = [TOMASZ, CARYS, SANDEEP, AMINA]
EVERY_VERB: dict[str, dict[str, str]] = {
    "fair.teller": {},
    "fair.step-taken": {"deadline": "any"},
    "fair.kept": {},
    "fair.revisit": {},
    "fair.leave": {"way": "police"},
}


@pytest.mark.parametrize("verb", EVERY_VERB)
async def test_everybody_else_is_refused_alike_whether_there_is_a_run_or_not(stage: Stage, verb: str) -> None:
    args = EVERY_VERB[verb]
    nothing = [words(await press(stage, name, verb, **args)) for name in REFUSED]
    await ended(stage, "management")
    something = [words(await press(stage, name, verb, **args)) for name in REFUSED]
    assert set(nothing) == set(something)
    assert len(set(something)) == 1
    assert "Judith Cornwell can help" in something[0]


async def test_an_overseer_reads_the_record_and_changes_nothing(stage: Stage) -> None:
    await ended(stage, "management")
    assert "What was used" in words(await press(stage, JUDITH, "fair.kept"))
    labels = [button.label for button in (await outcome(stage, JUDITH)).all_buttons()]
    assert labels == ["Our organisation's guidance", "The whole record"]
    for verb in ("fair.teller", "fair.revisit", "fair.leave"):
        assert "I cannot open this here." in words(await press(stage, JUDITH, verb, way="police"))


async def test_nothing_of_a_run_is_kept_for_a_repeated_delivery(stage: Stage) -> None:
    await ended(stage, "management")
    for verb in ("fair.teller", "fair.kept", "fair.revisit"):
        reply = await turn(stage, LEAH, verb)
        assert reply.sealed
        assert reply.card is not None
        assert reply.card.preview == "You have a private task."
    kept = await stage.do(lambda work: json.dumps([row.reply for row in work.session.exec(select(Inbox))]))
    assert REFERENCE not in kept


async def test_monitoring_is_for_the_one_of_the_workforce_team(stage: Stage) -> None:
    await ended(stage, "management")
    offered = {
        name: "For fairness monitoring" in [b.label for b in (await outcome(stage, name)).all_buttons()]
        for name in (LEAH, OWEN)
    }
    assert offered == {LEAH: False, OWEN: True}


# What is followed up


TOLD = {"teller": BRONWEN, "day": "2026-11-20", "support": ["peer-support", "occupational-health"]}


async def test_who_tells_them_is_named_and_shown_by_name(stage: Stage) -> None:
    await ended(stage, "management")
    card = await press(stage, OWEN, "fair.teller", {"teller": BRONWEN})
    assert "Bronwen Hale is to tell them." in words(card)
    await press(stage, OWEN, "fair.teller", {"teller": BRONWEN})
    assert (await kinds(stage)).count("teller named") == 1
    assert stage.private(BRONWEN) == []


@pytest.mark.parametrize("facts", [{}, {"subject_id": None, "subject_name": "tomasz  zielinski"}])
async def test_the_person_concerned_does_not_tell_themselves(stage: Stage, facts: dict[str, Any]) -> None:
    await ended(stage, "management", **facts)
    for verb, given, args in (
        ("fair.teller", {"teller": TOMASZ}, {}),
        ("fair.step-taken", TOLD | {"teller": TOMASZ}, {"deadline": await duty(stage, "fair.told")}),
    ):
        assert "Please name somebody else here." in words(await press(stage, LEAH, verb, given, **args))
    assert await stage.do(lambda work: the_run(work).teller) is None
    assert "fair.told" in await duties(stage)


async def test_that_they_were_told_is_noted_with_the_day_and_the_support(stage: Stage) -> None:
    await ended(stage, "management")
    told = {"deadline": await duty(stage, "fair.told")}
    form = await press(stage, LEAH, "fair.step-taken", **told)
    assert {i.id for i in form.inputs()} == {"teller", "day", "support"}
    assert "before" not in words(form)
    early = await press(stage, LEAH, "fair.step-taken", TOLD | {"day": "2026-11-19"}, **told)
    assert "came to its end on Friday 20 November 2026" in words(early)
    card = words(await press(stage, LEAH, "fair.step-taken", TOLD, **told))
    assert "They have been told." in card
    assert "told by Bronwen Hale; support offered: Peer support, Occupational health" in card
    assert "Friday 20 November 2026" in card
    assert set(await duties(stage)) == {"fair.guidance"}


async def test_a_step_is_done_by_either_once_with_its_number(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    lado = {"deadline": await duty(stage, "fair.lado")}
    given = {"day": "2026-11-20", "number": "LA-20"}
    assert "reference LA-20" in words(await press(stage, OWEN, "fair.step-taken", given, **lado))
    again = await press(stage, LEAH, "fair.step-taken", given | {"number": "LA-21"}, **lado)
    assert "LA-21" not in words(again)
    assert (await kinds(stage)).count("step taken") == 1
    assert "fair.lado" not in await duties(stage)
    assert "fair.police" in await duties(stage)


async def test_a_patients_number_is_held_back(stage: Stage) -> None:
    await ended(stage, "health")
    health = {"deadline": await duty(stage, "fair.health")}
    card = await press(stage, LEAH, "fair.step-taken", {"day": "2026-11-20", "number": "943 476 5919"}, **health)
    assert "NHS number" in words(card)
    assert "fair.health" in await duties(stage)


async def test_a_duty_of_another_run_is_not_for_this_one(stage: Stage) -> None:
    await ended(stage, "health")
    other = await stage.do(lambda work: work.session.exec(select(Deadline.id)).first())

    def elsewhere(work: Work) -> None:
        deadline = work.session.get_one(Deadline, other)
        deadline.subject_id = "run2"
        work.session.add(deadline)

    await stage.do(elsewhere)
    card = await press(stage, LEAH, "fair.step-taken", {"day": "2026-11-20"}, deadline=other)
    assert "I cannot open this here." in words(card)


# The ways out that either may take alone


LEFT = {"reason": "A crime is suspected that contributed to a death.", "referrer": SANDEEP}


@pytest.mark.parametrize("state", fair_runs.UNDER_WAY)
@pytest.mark.parametrize("way", ["police", "safeguarding"])
async def test_one_of_the_two_takes_a_way_out_alone(stage: Stage, state: str, way: str) -> None:
    def under_way(work: Work) -> None:
        run = a_run(work, state)
        if state != fair_runs.INVITED:
            answer(work, run, START | USED)

    await stage.do(under_way)
    form = words(await press(stage, LEAH, "fair.leave", way=way))
    assert form.index("999") < form.index("This way out is for")
    assert ("contributed to death or serious life-changing harm" in form) == (way == "police")
    card = words(await press(stage, LEAH, "fair.leave", LEFT, way=way))
    assert ENDS[way].step in card
    assert set(await duties(stage)) == {f"fair.{way}"}
    assert (await duties(stage))[f"fair.{way}"] == "2026-11-23"
    joined = state != fair_runs.INVITED
    assert [told.title for told in stage.private(OWEN)] == ["A private task"] * joined
    assert ("I cannot open this here." in words(await press(stage, OWEN, "fair.show"))) is not joined
    theirs = words(await outcome(stage, OWEN if joined else LEAH))
    for said in ("Leah Rosenfeld", LEFT["reason"], "Friday 20 November 2026, 14:00", SANDEEP):
        assert said in theirs
    assert ("Answered by" in theirs) == (state != fair_runs.INVITED)
    kept = printed(await record(stage))
    assert ("Precondition 2 of 3" in kept) == (state != fair_runs.INVITED)
    assert "Leah Rosenfeld took this way out alone" in dict(kept["The tool's next step"])
    assert (await kinds(stage)).count("left") == 1


async def test_whoever_had_not_joined_sees_to_nothing_that_follows(stage: Stage) -> None:
    await stage.do(lambda work: a_run(work, fair_runs.INVITED))
    assert "I cannot open this here." in words(await press(stage, OWEN, "fair.leave", LEFT, way="police"))
    await press(stage, LEAH, "fair.leave", LEFT, way="police")
    police = {"deadline": await duty(stage, "fair.police")}
    told = {"day": "2026-11-20"}
    assert "I cannot open this here." in words(await press(stage, OWEN, "fair.step-taken", told, **police))
    assert "Done" in words(await press(stage, LEAH, "fair.step-taken", told, **police))


async def test_both_take_a_way_out_at_the_same_moment_and_neither_is_lost(tmp_path: Path, database: str) -> None:
    async with Stage(tmp_path, database=database) as stage:
        await stage.do(a_run)
        ways = (
            turn(stage, LEAH, "fair.leave", LEFT, way="police"),
            turn(stage, OWEN, "fair.leave", LEFT, way="safeguarding"),
        )
        shown_to = [shown(reply).title for reply in await asyncio.gather(*ways)]
        assert shown_to == [f"Being fair · {REFERENCE}"] * 2
        assert ((await kinds(stage)).count("ended"), (await kinds(stage)).count("left")) == (1, 2)
        assert set(await duties(stage)) == {"fair.police", "fair.safeguarding"}


@pytest.mark.parametrize("end", ["management", "police"])
async def test_a_way_out_is_taken_after_the_end_too(stage: Stage, end: str) -> None:
    """The form was open while the run ended."""
    await ended(stage, end)
    before = await record(stage)
    form = words(await press(stage, LEAH, "fair.leave", way="safeguarding"))
    assert "The run has ended, and its end stays as it is." in form
    assert "The run ends here" not in form
    stage.later(hours=1)
    heard = len(stage.private(OWEN))
    for _ in range(2):
        card = words(await press(stage, LEAH, "fair.leave", LEFT, way="safeguarding"))
    assert (await kinds(stage)).count("left") == 1
    assert await record(stage) == before
    assert {"fair.safeguarding"} <= set(await duties(stage))
    assert len(stage.private(OWEN)) == heard + 1
    for text in (card, words(await outcome(stage, OWEN))):
        for said in (ENDS[end].step, ENDS["safeguarding"].step, LEFT["reason"], "20 November 2026, 15:00", SANDEEP):
            assert said in text
        assert "ask the safeguarding lead what may be said" in text
        assert ("ask the police what may be said" in text) == (end == "police")
    read = words(await press(stage, JUDITH, "fair.record"))
    assert f"{LEAH} took this way out alone" in read
    assert LEFT["reason"] in read


async def test_the_same_way_out_is_there_for_the_other(stage: Stage) -> None:
    await ended(stage, "management")
    await press(stage, LEAH, "fair.leave", LEFT, way="police")
    ways, offered = {"Suspected crime", "Safeguarding"}, {}
    for name in (LEAH, OWEN, JUDITH):
        offered[name] = [b.label for b in (await outcome(stage, name)).all_buttons() if b.label in ways]
    assert offered == {LEAH: ["Safeguarding"], OWEN: ["Suspected crime", "Safeguarding"], JUDITH: []}
    await press(stage, OWEN, "fair.leave", LEFT, way="police")
    assert (await kinds(stage)).count("left") == 2
    assert list(await duties(stage)).count("fair.police") == 1


async def test_after_a_way_out_the_person_is_told_only_once_those_asked_first_have_been(stage: Stage) -> None:
    await ended(stage, "management")
    await press(stage, LEAH, "fair.leave", LEFT, way="police")
    assert "fair.told" not in await duties(stage)
    assert "Name who tells them" not in [button.label for button in (await outcome(stage)).all_buttons()]
    assert "newer version" not in words(await outcome(stage))
    police = {"deadline": await duty(stage, "fair.police")}
    await press(stage, LEAH, "fair.step-taken", {"day": "2026-11-20", "number": ""}, **police)
    assert "fair.told" in await duties(stage)
    assert "Name who tells them" in [button.label for button in (await outcome(stage)).all_buttons()]


async def test_whom_it_concerns_is_not_named_in_a_reason(stage: Stage) -> None:
    await stage.do(a_run)
    reason = {"reason": "We think that TOMASZ took it."}
    card = await press(stage, LEAH, "fair.leave", LEFT | reason, way="police")
    assert NAME_FOUND in [i.error for i in card.inputs()]
    assert "left" not in await kinds(stage)


async def test_the_person_concerned_makes_no_referral(stage: Stage) -> None:
    await stage.do(a_run)
    card = await press(stage, LEAH, "fair.leave", LEFT | {"referrer": TOMASZ}, way="police")
    assert "Please name somebody else here." in words(card)
    assert await stage.do(lambda work: the_run(work).state) == fair_runs.OPEN


async def test_there_is_no_third_way_out(stage: Stage) -> None:
    await stage.do(a_run)
    assert "I cannot open this here." in words(await press(stage, LEAH, "fair.leave", LEFT, way="management"))


async def test_the_memorandum_is_linked_and_the_policies_where_they_are_set(stage: Stage) -> None:
    await stage.do(a_run)
    links = {
        way: [b.label for b in (await press(stage, LEAH, "fair.leave", way=way)).all_buttons() if b.url]
        for way in ("police", "safeguarding")
    }
    assert links == {"police": ["Memorandum of understanding"], "safeguarding": ["Safeguarding policies"]}


# Looking at it again


NEW = {"new": "The interviews are finished."}


async def test_a_new_version_is_made_and_the_earlier_one_stays(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    before = await record(stage)
    stage.later(hours=1)
    card = await press(stage, OWEN, "fair.revisit", NEW)
    assert "Version 2 is open." in words(card)

    def versions(work: Work) -> tuple[Any, ...]:
        old, new = the_run(work), the_run(work, 2)
        same = ("reference", "case_id", "subject_id", "patient_safety_id", "workforce_id")
        assert all(getattr(old, name) == getattr(new, name) for name in same)
        return old.state, new.state, new.joined == [who(work, OWEN).id], new.concern, fair_runs.where(work, new).key

    first = "fair-who-is-hurt"
    assert await stage.do(versions) == ("ended", "invited", True, NEW["new"], first)
    assert await record(stage) == before
    assert "follows from the newer version" in words(await outcome(stage))
    assert len(stage.private(LEAH)) == 2
    stays = {"fair.regulator", "fair.police", "fair.pipot", "fair.lado"}
    assert set(await duties(stage)) == {*stays, "fair.guidance"}, "until both have joined"
    new = await stage.do(lambda work: the_run(work, 2).id)
    assert set(await duties(stage, run=new)) == {"fair.join"}
    assert await kinds(stage, 2) == ["invited"]
    await press(stage, LEAH, "fair.join", run=new)
    assert set(await duties(stage)) == stays
    assert set(await duties(stage, "dropped")) == {"fair.guidance"}


async def test_a_version_that_is_taken_back_leaves_the_one_before_as_it_was(stage: Stage) -> None:
    await ended(stage, "management")
    owed, before = await duties(stage), words(await outcome(stage))
    await press(stage, OWEN, "fair.revisit", NEW)
    second = await stage.do(lambda work: the_run(work, 2).id)
    card = await press(stage, OWEN, "fair.withdraw", run=second)
    assert "Version 1 stands as before" in words(card)
    assert [button.label for button in card.all_buttons()] == ["Open version 1"]
    assert await duties(stage) == owed == {"fair.guidance": "2026-11-27", "fair.told": "2026-11-27"}
    assert words(await outcome(stage)) == before
    assert "Look at it again" in [button.label for button in (await outcome(stage)).all_buttons()]
    listed = [line for line in words(await press(stage, JUDITH, "fair.oversee")).splitlines() if REFERENCE in line]
    assert listed == [f"{REFERENCE} · PSI-2026-0001 · Ended"]
    assert "Version 3 is open." in words(await press(stage, LEAH, "fair.revisit", NEW))
    third = await stage.do(lambda work: the_run(work, 3).id)
    labels = [button.label for button in (await outcome(stage)).all_buttons()]
    assert "Version 3" in labels
    assert "Version 2" not in labels
    await press(stage, OWEN, "fair.join", run=third)
    assert await duties(stage) == {}


async def test_a_way_out_ends_a_version_that_only_one_had_joined_and_takes_over(stage: Stage) -> None:
    """Nobody is told of the earlier end before the police have been asked."""
    await ended(stage, "management")
    await press(stage, OWEN, "fair.revisit", NEW)
    second = await stage.do(lambda work: the_run(work, 2).id)
    await press(stage, OWEN, "fair.leave", LEFT, way="police", run=second)
    assert await duties(stage) == {}
    assert set(await duties(stage, run=second)) == {"fair.police"}


async def test_of_an_older_version_nobody_is_told_anything_more(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    await press(stage, OWEN, "fair.revisit", NEW)
    given = {"day": stage.now.date().isoformat(), "number": ""}
    for rule in ("fair.police", "fair.pipot", "fair.lado"):
        form = words(await press(stage, OWEN, "fair.step-taken", deadline=await duty(stage, rule)))
        assert "please ask" in form
        assert "are reminded" not in form
        await press(stage, OWEN, "fair.step-taken", given, deadline=await duty(stage, rule))
    assert "fair.told" not in await duties(stage)
    second = await stage.do(lambda work: the_run(work, 2).id)
    await press(stage, OWEN, "fair.withdraw", run=second)
    assert "fair.told" in await duties(stage), "it is the newest again"


@pytest.mark.parametrize(
    ("rule", "who_says"),
    [("fair.police", "the police"), ("fair.pipot", "the PIPOT lead"), ("fair.lado", "the LADO")],
)
async def test_the_form_asks_what_may_be_said(stage: Stage, rule: str, who_says: str) -> None:
    await ended(stage, "appropriate-action")
    form = words(await press(stage, LEAH, "fair.step-taken", deadline=await duty(stage, rule)))
    assert f"is for {who_says} to say: please ask. Once everybody who has to be asked" in form
    other = words(await press(stage, LEAH, "fair.step-taken", deadline=await duty(stage, "fair.regulator")))
    assert "may be said" not in other


async def test_what_is_new_does_not_name_them(stage: Stage) -> None:
    await ended(stage, "management")
    card = await press(stage, LEAH, "fair.revisit", {"new": "Zielinski's interview is finished."})
    assert [i.error for i in card.inputs()] == [NAME_FOUND]
    assert await stage.do(lambda work: len(fair_runs.versions(work, the_run(work)))) == 1


async def test_the_person_is_told_once_those_asked_first_have_been(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    for rule in ("fair.police", "fair.pipot", "fair.lado"):
        assert "fair.told" not in await duties(stage)
        given = {"day": stage.now.date().isoformat(), "number": ""}
        await press(stage, OWEN, "fair.step-taken", given, deadline=await duty(stage, rule))
    assert "fair.told" in await duties(stage)
    labels = [button.label for button in (await outcome(stage)).all_buttons()]
    assert "Name who tells them" in labels


async def test_the_form_says_what_becomes_of_what_is_still_owed(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    form = words(await press(stage, LEAH, "fair.revisit"))
    gone, stays = form.split("Still owed")
    assert "contact the LADO" in stays
    assert "follow the organisation's guidance" in gone.split("No longer owed")[1]


async def test_the_tool_is_taken_as_it_is_set_today(stage: Stage) -> None:
    await ended(stage, "management", tool="An older edition", reading="deliberate harm")
    await press(stage, LEAH, "fair.revisit", NEW)
    tools = await stage.do(lambda work: [(the_run(work, n).tool, the_run(work, n).reading) for n in (1, 2)])
    assert tools == [
        ("An older edition", "deliberate harm"),
        (stage.trust.being_fair.tool, stage.trust.being_fair.after_ongoing_concern),
    ]


async def test_two_who_look_at_it_again_at_once_make_one_version(tmp_path: Path, database: str) -> None:
    async with Stage(tmp_path, database=database) as stage:
        await ended(stage, "management")
        both = (turn(stage, name, "fair.revisit", NEW) for name in (LEAH, OWEN))
        assert ["Version 2 is open." in words(shown(reply)) for reply in await asyncio.gather(*both)] == [True, True]
        versions = await stage.do(lambda work: [run.version for run in fair_runs.versions(work, the_run(work))])
        assert versions == [1, 2]


async def test_while_another_run_about_them_goes_on_there_is_no_new_version(stage: Stage) -> None:
    await ended(stage, "management")

    def another(work: Work) -> None:
        old = the_run(work)
        new = FairRun.model_validate(
            old.model_dump() | {"id": "run9", "reference": "BF-9", "state": "open", "version": 7}
        )
        work.session.add(new)

    await stage.do(another)
    assert "I cannot open this here." in words(await press(stage, LEAH, "fair.revisit", NEW))


async def test_an_open_run_is_not_looked_at_again_nor_followed_up(stage: Stage) -> None:
    await stage.do(a_run)
    for verb in ("fair.revisit", "fair.teller", "fair.kept", "fair.step-taken"):
        assert "I cannot open this here." in words(await press(stage, LEAH, verb, deadline="x"))


async def test_the_audit_holds_no_words_of_a_run(stage: Stage) -> None:
    await stage.do(a_run)
    await press(stage, LEAH, "fair.leave", LEFT, way="police")
    await press(stage, LEAH, "fair.revisit", NEW)

    def kept(work: Work) -> str:
        chain = [f"{e.what} {e.case_id}" for e in work.session.exec(select(AuditEntry))]
        sent = [json.dumps(m.card) for m in work.session.exec(select(Outbox).where(col(Outbox.card).is_not(None)))]
        return " ".join((*chain, *sent))

    text = await stage.do(kept)
    for secret in (REFERENCE, LEFT["reason"], NEW["new"], "police", "PSI-2026-0001"):
        assert secret not in text


async def test_every_entry_is_one_of_the_two_or_an_overseer(stage: Stage) -> None:
    await ended(stage, "management")
    by = await stage.do(lambda work: {people.name_of(work, e.by_id) for e in work.session.exec(select(FairEntry))})
    assert by == {LEAH, OWEN}
