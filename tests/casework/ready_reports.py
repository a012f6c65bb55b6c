"""A report that was sent, without walking through its conversation: that is tested where the conversation is."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import select

from psirf_bot.casework import people, reporting
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.flow import Page, walk
from psirf_bot.dialogs.questions import Json, People
from psirf_bot.store.tables import Dialog, Person
from stage import Stage


async def send_report(stage: Stage, name: str, given: Mapping[str, Any]) -> None:
    """What they answered, as a card would give it; whoever it names is checked on by their line manager."""
    await stage.do(lambda work: _send(work, name, given))
    await stage.settled()


def _send(work: Work, name: str, given: Mapping[str, Any]) -> None:
    by = people.member(work, work.session.exec(select(Person).where(Person.name == name)).one())
    flow, facts = work.setting.report_flow, reporting.SCRIPT.facts(work, by)
    answers: dict[str, Json] = {}
    while isinstance(page := (turn := walk(flow, answers, work.local, facts)).at, Page):
        for question, key in zip(page.questions, page.asks(), strict=True):
            value = question.parse(given.get(key, "line-manager" if "/" in key else None), work.local)
            named = isinstance(question, People) and isinstance(value, list)
            answers[key] = people.resolve(work, value) if named and isinstance(value, list) else value
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
