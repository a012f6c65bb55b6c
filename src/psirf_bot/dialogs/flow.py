"""A conversation written down the way a policy is: ask, perhaps stop, ask, end.

A flow holds no state. All that is stored is the answers, keyed by question id. Where a person has got to is worked
out afresh, every turn, by walking the steps; so back, edit, resume, another platform and a redeploy are one operation.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from psirf_bot.dialogs.questions import Json, Question
from psirf_bot.dialogs.typed import Invalid

R = TypeVar("R", bound=BaseModel)
Answers = Mapping[str, Json]
Rule = Callable[[R], bool]


def always(_: object) -> bool:
    """The guard of a step that everybody meets."""
    return True


@dataclass(frozen=True, slots=True)
class Ask(Generic[R]):
    """One page: its questions are asked together. `only` guards single questions, by the record before the page."""

    title: str
    questions: tuple[Question, ...]
    when: Rule[R]
    only: Mapping[str, Rule[R]]

    def asked(self, record: R) -> tuple[Question, ...]:
        if not self.only:
            return self.questions
        return tuple([q for q in self.questions if self.only.get(q.id, always)(record)])


@dataclass(frozen=True, slots=True)
class Each(Generic[R]):
    """A small flow walked once for each item; answers are keyed `id/item/question`, so they stay with their item."""

    id: str
    items: Callable[[R], Sequence[str]]
    flow: "Flow[Any]"
    when: Rule[R]


@dataclass(frozen=True, slots=True)
class Stop(Generic[R]):
    """An end of the conversation: what was answered can be checked and confirmed."""

    outcome: str
    when: Rule[R]


Step = Ask[R] | Each[R] | Stop[R]


def ask(title: str, *questions: Question, when: Rule[R] = always, only: Mapping[str, Rule[R]] | None = None) -> Ask[R]:
    return Ask(title, questions, when, only or {})


def each(id: str, items: Callable[[R], Sequence[str]], flow: "Flow[Any]", when: Rule[R] = always) -> Each[R]:
    return Each(id, items, flow, when)


def stop(outcome: str, when: Rule[R] = always) -> Stop[R]:
    return Stop(outcome, when)


@dataclass(frozen=True)
class Flow(Generic[R]):
    """A table of steps in the order of the policy, and the record that its answers make.

    Raises ValueError at import for a table that could misfile an answer or never end.
    """

    id: str
    version: int
    record: type[R]
    steps: Sequence[Step[R]]

    def __post_init__(self) -> None:
        asks = [s for s in self.steps if isinstance(s, Ask)]
        eaches = [s for s in self.steps if isinstance(s, Each)]
        ids = [q.id for s in asks for q in s.questions] + [s.id for s in eaches]
        fields = [_field(i) for i in ids]
        if len(fields) != len(set(fields)) or set(fields) - set(self.record.model_fields):
            raise ValueError(f"{self.id}: each question needs its own field on {self.record.__name__}")
        if any("/" in i for i in ids):
            raise ValueError(f"{self.id}: an id has no slash in it")
        if any(set(s.only) - {q.id for q in s.questions} for s in asks):
            raise ValueError(f"{self.id}: `only` guards a question that its page does not ask")
        if any(isinstance(inner, Each) for s in eaches for inner in s.flow.steps):
            raise ValueError(f"{self.id}: a flow for each item has no `each` of its own")
        for rule in self._rules():
            name = getattr(rule, "__name__", repr(rule))
            if rule is not always and getattr(self.record, name, None) is not rule:
                raise ValueError(f"{self.id}: a guard is a method of {self.record.__name__}, not {name}")
        last = self.steps[-1] if self.steps else None
        if not isinstance(last, Stop) or last.when is not always:
            raise ValueError(f"{self.id}: the last step must be an unconditional stop")

    def questions(self) -> Mapping[str, Question]:
        return self._questions

    @cached_property
    def _questions(self) -> Mapping[str, Question]:
        return {q.id: q for s in self.steps if isinstance(s, Ask) for q in s.questions}

    def question(self, key: str) -> Question | None:
        """Return the question that a key such as `when` or `support/p12/who` answers, if the flow has it."""
        if "/" not in key:
            return self._questions.get(key)
        step_id, inner_id = key.split("/", 1)[0], key.rsplit("/", 1)[1]  # an item may itself hold a slash
        inner = next((s.flow for s in self.steps if isinstance(s, Each) and s.id == step_id), None)
        return inner.question(inner_id) if inner else None

    def reworded(self, wording: Mapping[str, str]) -> "Flow[R]":
        """Return the flow with a trust's own labels; ids and meanings stay."""

        def reword(step: Step[R]) -> Step[R]:
            if isinstance(step, Ask):
                return replace(step, questions=tuple(q.reworded(wording.get(q.id, q.label)) for q in step.questions))
            return replace(step, flow=step.flow.reworded(wording)) if isinstance(step, Each) else step

        return replace(self, steps=[reword(step) for step in self.steps])

    def _rules(self) -> Iterator[Callable[[R], object]]:
        for step in self.steps:
            yield step.when
            if isinstance(step, Ask):
                yield from step.only.values()
            if isinstance(step, Each):
                yield step.items


@dataclass(frozen=True, slots=True)
class Page:
    """A step as one person meets it: the questions, and the prefix of their keys when it is about one item."""

    title: str
    questions: tuple[Question, ...]
    prefix: str = ""
    item: str | None = None

    def asks(self) -> tuple[str, ...]:
        return tuple([self.prefix + q.id for q in self.questions])


@dataclass(frozen=True, slots=True)
class Turn(Generic[R]):
    """Where the answers lead: the next page or the stop, the record of the answers on the path, and the way there."""

    answers: Answers
    at: Page | Stop[R]
    record: R
    passed: tuple[Page, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)

    def on_path(self) -> dict[str, Json]:
        """The answers that count: those of the pages passed."""
        return {key: self.answers[key] for page in self.passed for key in page.asks()}


def walk(
    flow: Flow[R],
    answers: Answers,
    now: datetime,
    facts: Mapping[str, object] | None = None,
    just_parsed: Collection[str] = (),
) -> Turn[R]:
    """Return the first page still to be done. `facts` are what is known from outside, put in the record first.

    `just_parsed` are the keys of answers parsed at this very moment, which need not be parsed once more.
    """
    known: dict[str, object] = dict(facts or {})
    record = flow.record.model_validate(known)
    passed: tuple[Page, ...] = ()
    for step in flow.steps:
        if not step.when(record):
            continue
        if isinstance(step, Stop):
            return Turn(answers, step, record, passed)
        if isinstance(step, Each):
            items: dict[str, object] = {}
            for item in step.items(record):
                inner = _walk_item(step, item, answers, now)
                passed += inner.passed
                if isinstance(inner.at, Page):
                    return Turn(answers, inner.at, record, passed)
                items[item] = inner.record
            known[_field(step.id)] = items
        else:
            page = Page(step.title, step.asked(record))
            parsed = _parse(page, answers, now, just_parsed)
            if parsed is None:
                return Turn(answers, page, record, passed)
            known |= parsed
            passed += (page,) if page.questions else ()
        record = flow.record.model_validate(known)
    raise AssertionError("Flow guarantees an unconditional stop at the end")


def submit(
    flow: Flow[R],
    answers: Answers,
    given: Mapping[str, object],
    now: datetime,
    facts: Mapping[str, object] | None = None,
    refused: Mapping[str, str] | None = None,
) -> Turn[R]:
    """Take what a person sent, for any questions, and say where that leaves them.

    Good answers are kept even when another one beside them is not usable; then the page with the problem stays.
    `refused` are answers already found unusable for a reason from outside, with the words for the person.
    """
    parsed: dict[str, Json] = {}
    problems: dict[str, str] = dict(refused or {})
    for key, raw in given.items():
        question = flow.question(key)
        if question is None or key in problems:
            continue
        try:
            parsed[key] = question.parse(raw, now)
        except Invalid as why:
            problems[key] = str(why)
    turn = walk(flow, {**answers, **parsed}, now, facts, parsed.keys())
    if not problems:
        return turn
    pages = (*turn.passed, *((turn.at,) if isinstance(turn.at, Page) else ()))
    page = next((p for p in pages if problems.keys() & set(p.asks())), None)
    # A problem with a question that is not asked (any more) is nobody's to mend.
    return replace(turn, at=page, problems=problems) if page else turn


def record_of(flow: Flow[R], answers: Answers, facts: Mapping[str, object] | None = None) -> R:
    """The record that confirmed answers make, whatever the flow asks today; what it no longer knows is left out."""
    known: dict[str, object] = dict(facts or {})
    items: dict[str, dict[str, dict[str, Json]]] = {}
    for key, value in answers.items():
        if "/" not in key:
            known[_field(key)] = value
            continue
        step_id, inner = key.split("/", 1)
        item, _, question_id = inner.rpartition("/")
        items.setdefault(_field(step_id), {}).setdefault(item, {})[_field(question_id)] = value
    fields = flow.record.model_fields
    return flow.record.model_validate({name: value for name, value in {**known, **items}.items() if name in fields})


def pages_for(flow: Flow[R], record: R) -> list[Page]:
    """The pages that a record calls for, answered or not; those about single items are left out."""
    return [Page(s.title, s.asked(record)) for s in flow.steps if isinstance(s, Ask) and s.when(record)]


def unanswered(page: Page, answers: Answers, now: datetime) -> str:
    """The key of the page's first question without a usable answer; of its first question when there is none."""
    for key, question in zip(page.asks(), page.questions, strict=True):
        try:
            question.parse(answers[key], now)
        except (KeyError, Invalid):
            return key
    return page.asks()[0]


def page_before(turn: Turn[R], key: str) -> Page | None:
    """Return the page before the one that asks `key`, on the path that these answers take."""
    pages = (*turn.passed, *((turn.at,) if isinstance(turn.at, Page) else ()))
    at = next((n for n, page in enumerate(pages) if key in page.asks()), len(pages))
    return pages[at - 1] if at else None


def asked_before(turn: Turn[R], key: str | None) -> list[str]:
    """The keys of the questions before `key` on the path that these answers take; without it, of all."""
    pages = (*turn.passed, *((turn.at,) if isinstance(turn.at, Page) else ()))
    asked = [k for page in pages for k in page.asks()]
    return asked[: asked.index(key)] if key in asked else asked


def describe(flow: Flow[Any], indent: str = "", ends: Mapping[str, str] | None = None) -> str:
    """Write the flow out in English, for the policy's owner to check.

    `ends`: the words of each outcome; with them the sheet is written in full, the reason for each question included,
    and each condition is what the guard says of itself.
    """
    words = _condition if ends else _words
    lines = [f"{indent}{flow.id}, version {flow.version}"]
    for number, step in enumerate(flow.steps, start=1):
        when = "" if step.when is always else f" — only if {words(step.when)}"
        if isinstance(step, Stop):
            lines.append(f"{indent}{number}. {'Stop' if ends else 'Check and confirm'}: {step.outcome}{when}")
            lines += [f"{indent}   Next step: {ends[step.outcome]}"] if ends else []
        elif isinstance(step, Each):
            lines.append(f"{indent}{number}. For each of {_words(step.items)}{when}:")
            lines.append(describe(step.flow, indent + "   "))
        else:
            lines.append(f"{indent}{number}. {step.title}{when}")
            for question in step.questions:
                lines.append(f"{indent}   - {_asks(question, step, '; ' if ends else ', ')}")
                lines += [f"{indent}     Why: {question.hint}"] if ends and question.hint else []
    return "\n".join(lines)


def _asks(question: Question, step: Ask[Any], between: str) -> str:
    only = step.only.get(question.id)
    notes = ["optional"] if question.optional and not question.conditional else []
    notes += [f"only if {_words(only)}"] if only else []
    options = getattr(question, "options", None)
    return (
        f"[{question.id}] {question.label}"
        + (f" ({'; '.join(notes)})" if notes else "")
        + (f" Answers: {between.join(options.values())}." if options else "")
    )


def _words(rule: Callable[..., object]) -> str:
    return rule.__name__.replace("_", " ")


def _condition(rule: Callable[..., object]) -> str:
    """The first paragraph of what a guard says of itself, to go on after "only if"; its name where it says nothing."""
    said = " ".join((rule.__doc__ or "").split("\n\n")[0].split()).removesuffix(".")
    return f"{said[0].lower()}{said[1:]}" if said else _words(rule)


def _field(id: str) -> str:
    return id.replace("-", "_")


def _parse(page: Page, answers: Answers, now: datetime, just_parsed: Collection[str]) -> dict[str, Json] | None:
    """The page's answers by their fields, as they stand; None when one is missing or no longer usable."""
    try:
        return {
            _field(q.id): answers[q.id] if q.id in just_parsed else q.parse(answers[q.id], now) for q in page.questions
        }
    except (KeyError, Invalid):
        return None


def _walk_item(step: Each[Any], item: str, answers: Answers, now: datetime) -> Turn[Any]:
    prefix = f"{step.id}/{item}/"
    own = {key.removeprefix(prefix): value for key, value in answers.items() if key.startswith(prefix)}
    turn = walk(step.flow, own, now)

    def about(page: Page) -> Page:
        return replace(page, prefix=prefix, item=item)

    at = about(turn.at) if isinstance(turn.at, Page) else turn.at
    return replace(turn, at=at, passed=tuple(about(page) for page in turn.passed))
