"""A report that was sent, without walking through its conversation: that is tested where the conversation is."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import select

from psirf_bot import demo
from psirf_bot.casework import naming, people
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import Json, People, Question
from psirf_bot.store.tables import Person
from scenes import scene
from stage import Stage


@scene
async def send_report(stage: Stage, name: str, given: Mapping[str, Any]) -> None:
    """What they answered, as a card would give it; whoever it names is checked on by their line manager."""
    await stage.do(lambda work: _send(work, name, given))
    await stage.settled()


def _send(work: Work, name: str, given: Mapping[str, Any]) -> None:
    def answer(question: Question, key: str) -> Json:
        value = question.parse(given.get(key, "line-manager" if "/" in key else None), work.local)
        named = isinstance(question, People) and isinstance(value, list)
        return naming.resolve(work, value) if named and isinstance(value, list) else value

    by = work.session.exec(select(Person).where(Person.name == name)).one()
    demo.send_report(work, people.member(work, by), answer)
