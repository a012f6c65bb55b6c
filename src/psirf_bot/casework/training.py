"""The register of training: who may lead a learning response, and who may oversee one (policy §4, C01 to C08)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import col, func, or_, select

from psirf_bot.cards.model import Card, Fact, Facts, Part, Words
from psirf_bot.casework import people
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.domain.authority import BOARD, Act, Member
from psirf_bot.domain.mistakes import Mistake
from psirf_bot.domain.people import Role
from psirf_bot.domain.training import Learned, TrainingRow, lacking_to_lead, lacking_to_oversee, read_training
from psirf_bot.store.tables import LearningResponse, Person, Training

YEAR = timedelta(days=365)
"""The year in which responses are counted is the one up to today (V3)."""
MOST = 40
"""People who are shown on one card."""


# The file


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows of training.csv were new, corrected, taken back, or known already."""

    added: int
    changed: int
    taken_back: int
    unchanged: int

    @property
    def is_news(self) -> bool:
        return bool(self.added or self.changed or self.taken_back)


def bring_in(work: Work, text: str, name: str = "training.csv") -> tuple[Imported, list[Mistake]]:
    """Add and correct what training.csv says; rows that are not in it stay. Nothing changes while it has a mistake.

    A course of somebody's is known by its day. A row with the amount 0 takes back what was imported by mistake.
    `name`: what the file is called, as the mistakes give it.
    """
    ids = {email: someone for someone, email in work.session.exec(select(Person.id, Person.email)) if email}
    rows, mistakes = read_training(text, work.local.date(), ids, name)
    if mistakes:
        return Imported(0, 0, 0, 0), mistakes
    counts = dict.fromkeys(("added", "changed", "taken_back", "unchanged"), 0)
    for row in rows:
        counts[_take(work, ids[row.email], row)] += 1
    return Imported(**counts), []


def _take(work: Work, person_id: str, row: TrainingRow) -> str:
    """Make the register say what this row says; what became of it."""
    theirs = select(Training).where(Training.person_id == person_id, Training.course == row.course)
    found = work.session.exec(theirs.where(Training.on == row.on)).first()
    if row.amount is None:
        if found is None:
            return "unchanged"
        work.session.delete(found)
        return "taken_back"
    if found and found.amount == row.amount:
        return "unchanged"
    done = found or Training(person_id=person_id, course=row.course, on=row.on)
    done.amount = row.amount
    work.session.add(done)
    work.session.flush()
    return "changed" if found else "added"


# What somebody lacks


def learned(work: Work, person_id: str) -> list[Learned]:
    """What somebody has learned, as the register has it."""
    theirs = select(Training).where(Training.person_id == person_id).order_by(col(Training.on))
    return [Learned(row.course, row.on, row.amount) for row in work.session.exec(theirs)]  # type: ignore[arg-type]


def lead_lacks(work: Work, person_id: str) -> tuple[str, ...]:
    """What keeps somebody from leading a learning response, in words; nothing when they may."""
    someone = people.person(work, person_id)
    listed = someone is not None and Role.RESPONSE_LEAD in people.member(work, someone).roles
    standard = work.trust.training.on(work.local.date())
    not_listed = () if listed else ("a place on the list of response leads",)
    return (*not_listed, *lacking_to_lead(learned(work, person_id), standard))


def oversight_lacks(work: Work, person_id: str) -> tuple[str, ...]:
    """What somebody still lacks to oversee learning responses, in words; nothing when they may (C08)."""
    return lacking_to_oversee(learned(work, person_id), work.trust.training.on(work.local.date()))


def responses_led(work: Work, person_id: str) -> int:
    """How many learning responses they have led that began or ended in the last year (C04)."""
    theirs = select(func.count()).where(LearningResponse.lead_id == person_id, *_in_the_year(work))
    return work.session.exec(theirs).one()


def led_by_everybody(work: Work) -> dict[str | None, int]:
    """The same of all who have led any, counted at once."""
    counting = select(LearningResponse.lead_id, func.count()).where(*_in_the_year(work))
    return dict(work.session.exec(counting.group_by(col(LearningResponse.lead_id))).all())


def _in_the_year(work: Work) -> tuple[Any, Any]:
    since, begun = work.now - YEAR, col(LearningResponse.started_at)
    return begun.is_not(None), or_(begun >= since, col(LearningResponse.ended_at) >= since)


def lead_words(work: Work, person_id: str) -> str:
    """How far the training of a response lead has got, and how much they have led, on one line."""
    done, wanted = responses_led(work, person_id), work.trust.training.on(work.local.date()).responses_a_year
    expected = f" ({wanted} {'is' if wanted == 1 else 'are'} expected)" if done < wanted else ""
    return f"{_needs_words(lead_lacks(work, person_id))} Led {done} in the last 12 months{expected}."


def _needs_words(lacks: Iterable[str]) -> str:
    found = "; ".join(lacks)
    return f"Still needs: {found}." if found else "Training complete."


def leads(work: Work) -> list[Person]:
    """Those on the list of response leads, by name."""
    return _listed(work, Role.RESPONSE_LEAD)


def _listed(work: Work, *roles: Role) -> list[Person]:
    everybody = select(Person).where(col(Person.active), col(Person.on_list)).order_by(Person.name)
    return [someone for someone in work.session.exec(everybody) if set(roles) & set(someone.roles)]


def about_lead(work: Work, response: LearningResponse, by: Member, *, chooses: bool) -> tuple[str, ...]:
    """The protected time of a response's lead and, for those who choose the lead, why training was passed over."""
    hours = response.hours_a_week
    found = []
    if hours:
        found.append(f"Protected time: {hours} {'hour' if hours == 1 else 'hours'} a week.")
    if response.lead_id and response.lead_override and (chooses or by.id == response.lead_id):
        lacks = _needs_words(lead_lacks(work, response.lead_id))
        found.append(f"Chosen before their training was complete: {response.lead_override} By now: {lacks}")
    return tuple(found)


# The card


def show(work: Work, by: Member) -> Card:
    """Each response lead, chair and overseer with what they still need, for the quality team; the incomplete first."""
    if not allowed(work, by, Act.SEE_UNTRIAGED):
        raise Refusal("The training register is for the quality team. For your own training, please ask them.")
    work.record(by.id, "opened the training register")
    to_lead = [(bool(lead_lacks(work, p.id)), p.name, lead_words(work, p.id)) for p in leads(work)]
    overseeing = _listed(work, Role.CHAIR, Role.OVERSEER, *BOARD)
    to_oversee = [(bool(lacks := oversight_lacks(work, p.id)), p.name, _needs_words(lacks)) for p in overseeing]
    standard = work.trust.training.on(work.local.date())
    body: list[Part] = [
        *_group("Who can lead a learning response", to_lead),
        *_group("Who chairs or oversees", to_oversee),
        Words(text=f"What is asked today: {standard.source}.", style="subtle"),
        Words(text="The register is brought up to date with psirf-bot training import.", style="subtle"),
    ]
    return Card(title="Training register", preview="Your page is ready.", body=tuple(body))


def _group(heading: str, found: list[tuple[bool, str, str]]) -> Iterable[Part]:
    yield Words(text=heading, style="heading")
    shown = sorted(found, key=lambda one: not one[0])[: MOST // 2]
    if shown:
        yield Facts(facts=tuple(Fact(label=name, value=words) for _, name, words in shown))
    else:
        yield Words(text="Nobody yet.")
    if more := len(found) - len(shown):
        yield Words(text=f"And {more} more.", style="subtle")
