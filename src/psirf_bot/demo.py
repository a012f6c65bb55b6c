"""What stands ready in the demo: three channels, who has been trained, and a case whose panel waits for its votes.

Everything is done as people would do it, through the same buttons; people and event are made up.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlmodel import col, select

from psirf_bot.casework import desk, people, reporting, training
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.flow import Page, walk
from psirf_bot.dialogs.questions import Json, Question
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import Case, Channel, Dialog, Person
from psirf_bot.trust_file import sample_training_text

AMINA, LEAH = "amina.yusuf@fenmarsh.example", "leah.rosenfeld@fenmarsh.example"

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


def furnish(work: Work) -> None:
    """Give the demo its channels and, the first time, its case."""
    for purpose in ("quality", "panel", "leads"):
        if work.session.get(Channel, (purpose, "web")) is None:
            address = {"channel": purpose}
            work.session.add(Channel(purpose=purpose, platform="web", address=address, set_by="demo", set_at=work.now))
    work.session.flush()
    put_before_a_panel(work)


def put_before_a_panel(work: Work) -> None:
    """The first time: who has been trained, and the case with its panel open, its papers and its facts."""
    amina, leah = (_member(work, email) for email in (AMINA, LEAH))
    if amina and leah and work.session.exec(select(col(Case.id)).limit(1)).first() is None:
        training.bring_in(work, sample_training_text())
        case = _reported(work, amina)
        _press(work, leah, case, "case.read")
        _press(work, leah, case, "case.datix", {"datix-number": "W10001"})
        _press(work, leah, case, "panel.open", PANEL)
        _press(work, leah, case, "panel.facts", FACTS)


def _member(work: Work, email: str) -> Member | None:
    someone = work.session.exec(select(Person).where(Person.email == email)).first()
    return people.member(work, someone) if someone else None


def _reported(work: Work, by: Member) -> Case:
    """A report that was written yesterday evening."""
    given = {**REPORT, "when": (work.local - timedelta(days=1)).date().isoformat() + "T20:10"}
    return send_report(work, by, lambda question, key: given.get(key))


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
    opened = desk.VERBS[verb](work, Press(verb, {}, case.id, {}, by, "web", place)) if given else None
    filled = {i.id: getattr(i, "value", None) for i in opened.card.inputs()} if opened and opened.card else {}
    reply = desk.VERBS[verb](work, Press(verb, {}, case.id, {**filled, **(given or {})}, by, "web", place))
    wrong = [f"{i.label} {i.error}" for i in reply.card.inputs() if i.error] if reply.card else []
    if wrong:
        raise RuntimeError(f"the demo's case: {verb}: {wrong}")
