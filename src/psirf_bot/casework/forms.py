"""A button that needs a few answers first: pressed, it shows them; sent, it checks them and does what it is for.

The one action id serves for both, so a form needs nothing stored until it is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from psirf_bot.cards.forms import as_input
from psirf_bot.cards.model import Button, Card, Part, Words
from psirf_bot.casework import people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.screening import screen
from psirf_bot.casework.work import Press, Refusal, Work, allowed
from psirf_bot.dialogs.questions import Invalid, Json, People, Question
from psirf_bot.domain.authority import Act
from psirf_bot.store.tables import Case

Answers = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class CaseForm:
    """A few questions about one case, and what their answers do. `why_not` says when it cannot be done any more."""

    act: Act
    title: str
    send: str
    questions: Callable[[Work, Press, Case], Sequence[Question]]
    do: Callable[[Work, Press, Case, Answers], Card]
    explain: str = ""

    def __call__(self, work: Work, press: Press) -> Reply:
        case = case_of(work, press)
        if not allowed(work, press.by, self.act, case):
            raise Refusal(not_now(work, press, case, self.act))
        questions = self.questions(work, press, case)
        if not press.given:
            return Reply(card=self._card(work, press, case, questions, {}), replaces=press.place.private)
        answers, problems, identifiers_found = self._read(work, press, questions)
        if problems:
            return Reply(card=self._card(work, press, case, questions, problems, offer_mask=identifiers_found))
        return Reply(card=self.do(work, press, case, answers), keep=True)

    def _read(
        self, work: Work, press: Press, questions: Sequence[Question]
    ) -> tuple[dict[str, Json], dict[str, str], bool]:
        by_id = {q.id: q for q in questions}
        given = {key: press.given.get(key) for key in by_id}
        screened = screen(given, by_id.get, masked=press.args.get("masked") == "yes", kept=False)
        answers: dict[str, Json] = {}
        problems = dict(screened.held_back)
        for key, raw in screened.given.items():
            question = by_id[key]
            try:
                value = question.parse(raw, work.local)
                answers[key] = (
                    people.resolve(work, value) if isinstance(question, People) and isinstance(value, list) else value
                )
            except Invalid as why:
                problems[key] = str(why)
        return answers, problems, bool(screened.held_back)

    def _card(
        self,
        work: Work,
        press: Press,
        case: Case,
        questions: Sequence[Question],
        problems: Mapping[str, str],
        *,
        offer_mask: bool = False,
    ) -> Card:
        verb = press.verb
        args = {k: v for k, v in press.args.items() if k != "masked"}
        here = action_id(work, verb, case=case, **args)
        buttons = [Button(label=self.send, action=here, style="primary", submits=True, validates=True)]
        if offer_mask:
            masking = action_id(work, verb, case=case, **args, masked="yes")
            buttons.append(Button(label="Take it out for me and go on", action=masking, submits=True))
        buttons.append(Button(label="Back to the case", action=action_id(work, "case.show", case=case)))
        body: list[Part] = [Words(text=case.reference, style="subtle")]
        body += [Words(text=self.explain)] if self.explain else []
        body += [as_input(q, q.id, None, problems.get(q.id, ""), now=work.local) for q in questions]
        return Card(
            title=self.title, preview="Your form is ready.", body=tuple(body), buttons=tuple(buttons), reopen=here
        )


def case_of(work: Work, press: Press) -> Case:
    """The case that the pressed button is about; one that was joined with another leads to that other."""
    return work.session.get_one(Case, press.case_id)


def not_now(work: Work, press: Press, case: Case, act: Act) -> str:
    """Why this cannot be done: it is not theirs to do, or the case has moved on."""
    if not allowed(work, press.by, Act.SEE_CASE, case):
        return "This is for the quality team or the reporter. If you need to see it, please ask the quality team."
    return (
        f"{case.reference} has moved on: it is now “{case.state}”. Type case {case.reference} to see what can be done."
    )
