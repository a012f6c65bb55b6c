"""What stands ready in the demo: three channels, who has been trained, a case whose panel waits for its votes, and one
whose learning response is under way, so that being fair can be begun.

Everything is done as people would do it, through the same buttons; people and event are made up.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlmodel import col, select

from psirf_bot.casework import people, reporting, training
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.verbs import VERBS
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.flow import Page, walk
from psirf_bot.dialogs.questions import Json, Question
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import Case, Channel, Dialog, Person
from psirf_bot.trust_file import sample_training_text

AMINA, TOMASZ, CARYS, NIAMH = (
    f"{name}@fenmarsh.example" for name in ("amina.yusuf", "tomasz.zielinski", "carys.penhallow", "niamh.gallagher")
)
LEAH, SANDEEP, BRONWEN, FEMI, PRIYA = (
    f"{name}@fenmarsh.example"
    for name in ("leah.rosenfeld", "sandeep.bhullar", "bronwen.hale", "femi.adeyemi", "priya.raman")
)

REPORT: Mapping[str, Json] = {
    "danger": "no",
    "event-type": "incident",
    "what-happened": "The evening insulin was given by two of us. The chart in the house and the one on the tablet did "
    "not agree. An ambulance was called, and it was a long night for everybody.",
    "service": "Community Nursing",
    "affected": ["patient"],
    "affected-described": "An older adult having care at home",
    "physical-harm": "severe",
    "psychological-harm": "low",
    "candour": "yes",
    "made-harder": "Two charts, and a handover by phone.",
    "done-straight-away": "We rang 999 and stayed.",
    "colleagues": None,
    "involved": "no",
}
PANEL: Mapping[str, Json] = {
    "route": "ordinary",
    "datix": "https://datix.example/incidents/W10001",
    "chronology": "https://fenmarsh.example/safety/chronology",
    "accounts": "Two first-hand accounts are being written; expected this week.",
    "plan-says": "Medicines given twice at home: a learning response where there was harm.",
    "improvement": "One chart for insulin at home, being tried out in two teams.",
}
FACTS: Mapping[str, Json] = {
    "facts-so": ["death-or-severe-harm"],
    "facts-not-known": None,
    "always-consider": "yes",
    "always-consider-why": "Every team that gives insulin at home works with two charts.",
}

NIGHT_REPORT: Mapping[str, Json] = {
    "danger": "no",
    "event-type": "incident",
    "what-happened": "A visit in the night was not made. On the tablet it stood as made. The visits had been shared "
    "out by phone, because the list would not load. The person waited until the morning for their pain relief, and is "
    "comfortable again.",
    "service": "District Nursing Nights",
    "affected": ["patient"],
    "affected-described": "An adult having care at home",
    "physical-harm": "low",
    "psychological-harm": "low",
    "candour": "no",
    "made-harder": "The list would not load, and two people did the work of three.",
    "done-straight-away": "The morning team went at once, listened and said sorry.",
    "clinical-record": "yes",
    "involved": "no",
    "by": "line-manager",
}
NIGHT_PANEL: Mapping[str, Json] = {
    "route": "urgent",
    "representatives": "Bronwen Hale",
    "datix": "https://datix.example/incidents/W10002",
    "chronology": "https://fenmarsh.example/safety/chronology-nights",
    "accounts": "https://fenmarsh.example/safety/accounts-nights",
    "plan-says": "Missed visits: a learning response where somebody waited in pain.",
    "improvement": None,
}
NIGHT_FACTS: Mapping[str, Json] = {
    "facts-so": None,
    "facts-not-known": None,
    "always-consider": "yes",
    "always-consider-why": "Every night team shares out its visits from the same list.",
}
NIGHT_VOTES: Mapping[str, str] = {
    LEAH: "The list has failed before, and we have not looked at it together yet.",
    BRONWEN: "The day teams use the same list.",
    FEMI: "Soon, while those who were there remember the night.",
    PRIYA: "It shows how a visit comes to stand as made.",
    SANDEEP: "Soon, and with the night team in the room.",
}
NIGHT_RESPONSE = "aar"
NIGHT_DECISION: Mapping[str, Json] = {
    "decision": NIGHT_RESPONSE,
    "rationale": "What made the night hard can happen to any team that shares its visits from this list.",
}
NIGHT_LEAD: Mapping[str, Json] = {"lead": "Niamh Gallagher", "hours": "4", "time-agreed": ["yes"]}


def furnish(work: Work) -> None:
    """Give the demo its channels and, the first time, its cases."""
    for purpose in ("quality", "panel", "leads"):
        if work.session.get(Channel, (purpose, "web")) is None:
            address = {"channel": purpose}
            work.session.add(Channel(purpose=purpose, platform="web", address=address, set_by="demo", set_at=work.now))
    work.session.flush()
    if work.session.exec(select(col(Case.id)).limit(1)).first() is None:
        put_before_a_panel(work)
        put_under_way(work)


def put_before_a_panel(work: Work) -> None:
    """Who has been trained, and the case with its panel open, its papers and its facts."""
    amina, leah = (_member(work, email) for email in (AMINA, LEAH))
    if amina and leah:
        training.bring_in(work, sample_training_text())
        case = _reported(work, amina, REPORT, "20:10")
        _press(work, leah, case, "case.read")
        _press(work, leah, case, "case.datix", {"datix-number": "W10001"})
        _press(work, leah, case, "panel.open", PANEL)
        _press(work, leah, case, "panel.facts", FACTS)


def put_under_way(work: Work) -> None:
    """A case of another service, from its report to the start of its learning response."""
    who = {email: _member(work, email) for email in (CARYS, TOMASZ, NIAMH, *NIGHT_VOTES)}
    named = {email: someone for email, someone in who.items() if someone}
    if named.keys() == who.keys():
        leah, sandeep = named[LEAH], named[SANDEEP]
        case = _reported(work, named[CARYS], {**NIGHT_REPORT, "colleagues": [named[TOMASZ].id]}, "02:00")
        _press(work, leah, case, "case.read")
        _press(work, leah, case, "case.datix", {"datix-number": "W10002"})
        _press(work, leah, case, "panel.open", NIGHT_PANEL)
        _press(work, leah, case, "panel.facts", NIGHT_FACTS)
        for email, why in NIGHT_VOTES.items():
            _press(work, named[email], case, "panel.vote", {"choice": NIGHT_RESPONSE, "rationale": why})
        _press(work, sandeep, case, "panel.close")
        _press(work, sandeep, case, "panel.decide", NIGHT_DECISION)
        _press(work, sandeep, case, "panel.approve")
        _press(work, leah, case, "contacts-named.set", {"contact": "Grace Mbeki-Ward", "why-not": None})
        _press(work, leah, case, "response.lead", NIGHT_LEAD)
        in_six_weeks = (work.local + timedelta(weeks=6)).date().isoformat()
        _press(work, named[NIAMH], case, "response.start", {"agreed": "agreed", "target": in_six_weeks})


def _member(work: Work, email: str) -> Member | None:
    someone = work.session.exec(select(Person).where(Person.email == email)).first()
    return people.member(work, someone) if someone else None


def _reported(work: Work, by: Member, answers: Mapping[str, Json], at: str) -> Case:
    """A report of something that happened yesterday, at this time of day."""
    given = {**answers, "when": f"{(work.local - timedelta(days=1)).date().isoformat()}T{at}"}
    return send_report(work, by, lambda question, key: given.get(key.rpartition("/")[2]))


def send_report(work: Work, by: Member, answer: Callable[[Question, str], Json]) -> Case:
    """Send a report as its reporter would, with an answer to each question under its key."""
    flow, facts = work.setting.report_flow, reporting.SCRIPT.facts(work, by)
    answers: dict[str, Json] = {}
    while isinstance(page := (turn := walk(flow, answers, work.local, facts)).at, Page):
        answers |= {key: answer(question, key) for question, key in zip(page.questions, page.asks(), strict=True)}
    dialog = Dialog(
        id=work.new_id(),
        person_id=by.id,
        flow=reporting.FLOW,
        answers=answers,
        state="done",
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(dialog)
    reporting.SCRIPT.on_confirm(work, dialog, turn, by, flow)
    return work.session.get_one(Case, dialog.case_id)


def _press(work: Work, by: Member, case: Case, verb: str, given: Mapping[str, Json] | None = None) -> None:
    """Do what a button does; a form that is not complete is opened first, for what is filled in already."""
    place = Place("demo", True)
    opened = VERBS[verb](work, Press(verb, {}, case.id, {}, by, "web", place)) if given else None
    filled = {i.id: getattr(i, "value", None) for i in opened.card.inputs()} if opened and opened.card else {}
    reply = VERBS[verb](work, Press(verb, {}, case.id, {**filled, **(given or {})}, by, "web", place))
    wrong = [f"{i.label} {i.error}" for i in reply.card.inputs() if i.error] if reply.card else []
    if wrong:
        raise RuntimeError(f"the demo's case: {verb}: {wrong}")
