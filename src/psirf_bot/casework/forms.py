"""A button that needs a few answers first: pressed, it shows them; sent, it checks them and does what it is for.

The one action id serves for both, so a form needs nothing stored until it is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from psirf_bot.cards.cases import STATE_WORDS
from psirf_bot.cards.forms import as_input
from psirf_bot.cards.model import Button, Card, Part, Words
from psirf_bot.casework import naming
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.case_facts import allowed, case_facts
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.screening import Screened, screen
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Json, People, Question
from psirf_bot.dialogs.typed import Invalid
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.domain.wording import blamed
from psirf_bot.store.tables import Case

Answers = Mapping[str, Json]

OF_THE_REPORTER = frozenset({"case.show", "case.add", "case.withdraw", "case.datix"})
"""What the reporter may do too, as long as the case has not moved on."""


class Unfit(Exception):
    """Answers that are each in order but cannot be used: the words for the person, by question id."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__()
        self.problems = problems


def about_systems(answers: Answers, *words: str) -> None:
    """Raises Unfit where one of these answers names what a person did as the cause (A02)."""
    if problems := {key: why for key in words if (why := blamed(str(answers[key] or "")))}:
        raise Unfit(problems)


@dataclass(frozen=True, slots=True)
class Form:
    """A few questions, perhaps about one case, and what their answers do. `do` may raise Refusal and Unfit."""

    act: Act
    title: str
    send: str
    questions: Callable[[Work, Press], Sequence[Question]]
    do: Callable[[Work, Press, Answers], Card]
    explain: str = ""
    about: Callable[[Work, Press], str] = lambda work, press: ""
    """What the form is about, in a few words, where it is not a case."""
    so_far: Callable[[Work, Press], Answers] = lambda work, press: {}
    """What is filled in when the form is opened."""
    keeps: bool = True
    """Whether what it answers must also be there later."""

    def __call__(self, work: Work, press: Press) -> Reply:
        case = case_of(work, press) if press.case_id else None
        if not allowed(work, press.by, self.act, case):
            raise Refusal(not_now(work, press, case))
        questions = self.questions(work, press)
        if not press.given:
            card = self._card(work, press, case, questions, self.so_far(work, press), {})
            return Reply(card=card, replaces=press.place.private)
        answers, problems, screened = self._read(work, press, questions)
        if not problems:
            try:
                done = self.do(work, press, answers)
                return Reply(card=done, keep=self.keeps and not any(done.inputs()))
            except Unfit as unfit:
                problems = dict(unfit.problems)
        # Names stay as they were given: those found so far would be looked for once more. Not so what is held back.
        answers |= {q.id: _names(screened.given.get(q.id)) for q in questions if isinstance(q, People)}
        card = self._card(work, press, case, questions, answers, problems, offer_mask=bool(screened.held_back))
        return Reply(card=card)

    def _read(
        self, work: Work, press: Press, questions: Sequence[Question]
    ) -> tuple[dict[str, Json], dict[str, str], Screened]:
        by_id = {q.id: q for q in questions}
        given = {key: press.given.get(key) for key in by_id}
        screened = screen(given, by_id.get, masked=press.args.get("masked") == "yes", kept=False)
        answers: dict[str, Json] = {}
        problems = dict(screened.held_back)
        filled_in = self.so_far(work, press) if any(isinstance(q, People) for q in questions) else {}
        for key, raw in screened.given.items():
            question = by_id[key]
            try:
                value = question.parse(raw, work.local)
                if isinstance(question, People) and isinstance(value, list):
                    names = naming.with_myself(map(str, value), press.by.id)
                    value = list(naming.resolve(work, names, _as_shown(work, filled_in.get(key))))
                answers[key] = value
            except Invalid as why:
                problems[key] = str(why)
        return answers, problems, screened

    def _card(
        self,
        work: Work,
        press: Press,
        case: Case | None,
        questions: Sequence[Question],
        answers: Answers,
        problems: Mapping[str, str],
        *,
        offer_mask: bool = False,
    ) -> Card:
        args = {k: v for k, v in press.args.items() if k != "masked"}
        here = action_id(work, press.verb, case=case, **args)
        buttons = [Button(label=self.send, action=here, style="primary", submits=True, validates=True)]
        if offer_mask:
            masking = action_id(work, press.verb, case=case, **args, masked="yes")
            buttons.append(Button(label="Take it out for me and go on", action=masking, submits=True))
        body: list[Part] = []
        if case:
            if allowed(work, press.by, Act.SEE_CASE, case):
                buttons.append(Button(label="Back to the case", action=action_id(work, "case.show", case=case)))
            body.append(Words(text=case.reference, style="subtle"))
        about = self.about(work, press)
        body += [Words(text=about, style="subtle")] if about else []
        body += [Words(text=self.explain)] if self.explain else []
        for q in questions:
            value = answers.get(q.id)
            error = problems.get(q.id, "")
            if isinstance(q, People) and isinstance(value, list):
                body.append(naming.filled_in(work, as_input(q, q.id, error=error, now=work.local), value))
            else:
                body.append(as_input(q, q.id, value, error, now=work.local))
        return Card(
            title=self.title, preview="Your form is ready.", body=tuple(body), buttons=tuple(buttons), reopen=here
        )


def _as_shown(work: Work, filled_in: Json) -> Mapping[str, str]:
    """Who is meant by the names that the form was opened with: they are not guessed at again."""
    return naming.as_shown(work, map(str, filled_in)) if isinstance(filled_in, list) else {}


def _names(given: object) -> Json:
    if isinstance(given, list):
        return [name for name in given if isinstance(name, str)]
    return given if isinstance(given, str) else None


def case_of(work: Work, press: Press) -> Case:
    """The case that the pressed button is about, held for this turn: two people may press at once."""
    case = work.session.get_one(Case, press.case_id, with_for_update=True)
    work.memo.clear()  # whoever held it before may have changed anything
    return case


def not_now(work: Work, press: Press, case: Case | None) -> str:
    """Why this cannot be done: it is not theirs to do, or the case has moved on."""
    if case is None:
        return "That is for other people here to do. Type help to see what you can do, or ask the quality team."
    if not allowed(work, press.by, Act.SEE_CASE, case):
        return "This is for the quality team or the reporter. If you need to see it, please ask the quality team."
    theirs = case.state == State.PAUSED and press.by.acts_as(case_facts(work, case).lead_id, Role.RESPONSE_LEAD)
    if not press.by.is_quality and press.verb not in OF_THE_REPORTER and not theirs:
        return f"This is for the quality team to do. Type case {case.reference} to see what you can do."
    if press.by.id in case_facts(work, case).kept_out_ids:
        return "Somebody else has to do this one. Please ask a colleague in the quality team."
    now = STATE_WORDS[State(case.state)].lower()
    return f"{case.reference} has moved on ({now}). Type case {case.reference} to see what can be done."
