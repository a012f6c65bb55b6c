"""One of the two at one page of a run: what they are asked, what stands there already, and what an answer lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psirf_bot.cards import fair_page as cards
from psirf_bot.casework import fair_runs, people
from psirf_bot.casework.fair_page import NOT_YET
from psirf_bot.casework.fair_runs import Where
from psirf_bot.casework.forms import Answers, Unfit
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.being_fair import EACH_FOR_THEMSELVES, NO_NAMES
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import Question, Text
from psirf_bot.dialogs.typed import NOBODY
from psirf_bot.domain.authority import Member
from psirf_bot.domain.being_fair import missing_ground
from psirf_bot.domain.joint import Entry
from psirf_bot.store.tables import FairRun

FIRST_QUESTIONS = frozenset({"fair-who-is-hurt", "fair-what-they-need", "fair-whose-task"})
REASON, DISCUSSED, DAY = "reason", "fair-discussed", "fair-discussed-on"


@dataclass(frozen=True, slots=True)
class Answering:
    """One of the two at one page of a run."""

    run: FairRun
    by: Member
    now: Where
    page: Page
    read: str = ""
    """The number of the other's proposal that they had before them when they filled it in."""

    @property
    def key(self) -> str:
        return self.page.asks()[0]

    @property
    def for_themselves(self) -> bool:
        return self.key in EACH_FOR_THEMSELVES

    @property
    def mine(self) -> Answers | None:
        """What they have answered for themselves."""
        return self.now.standing.stated.get(self.key, {}).get(self.by.id)

    @property
    def proposal(self) -> Entry | None:
        """What is proposed for the page and not agreed yet."""
        return self.now.standing.proposed.get(self.key)

    @property
    def theirs(self) -> Entry | None:
        """The same, if it is the other's."""
        return self.proposal if self.proposal and self.proposal.by != self.by.id else None

    @property
    def agreed(self) -> bool:
        return self.key in self.now.standing.agreed

    @property
    def overtaken(self) -> bool:
        """Whether the other has proposed something that they have not read yet."""
        return self.theirs is not None and str(self.theirs.number) != self.read

    @property
    def standing(self) -> Answers | None:
        """Their own answers to the page as they stand: to send the same ones again changes nothing."""
        if self.for_themselves:
            return self.mine
        return self.proposal.answers if self.proposal else self.now.standing.agreed.get(self.key)

    @property
    def waits_already(self) -> bool:
        """Whether something of theirs waits here for the other, who has been told so."""
        own_proposal = self.proposal is not None and self.theirs is None
        return own_proposal or (self.mine is not None and not self.agreed)


@dataclass(frozen=True, slots=True)
class _Reason(Text):
    """Why they see it differently. It is needed; what is said where it is missing depends on what they answer."""

    def parse(self, raw: object, now: datetime) -> str | None:
        return Text.parse(replace(self, optional=True), raw, now)


def questions(at: Answering, given: Mapping[str, object]) -> Sequence[Question]:
    """Those of the page. A reason is asked for where there is something to differ from, or was until just now."""
    if not (at.theirs or at.agreed or given.get(REASON)):
        return at.page.questions
    instead = cards.OR_AGREE if at.theirs else ""
    hint = f"Your colleague reads it. {instead}{NO_NAMES}"
    return (*at.page.questions, _Reason(REASON, cards.DIFFERENTLY, hint, max_length=1000))


def check(answers: Answers) -> None:
    """Raise Unfit for answers that are each in order but lack what goes with them."""
    first = FIRST_QUESTIONS & answers.keys()
    said_nothing = {key for key in first if str(answers[key]).casefold().strip(" .") in NOBODY}
    if said_nothing:
        words = "Please answer this in a few words: it is asked so that nobody is forgotten."
        raise Unfit(dict.fromkeys(said_nothing, words))
    if answers.get(DISCUSSED, NOT_YET) != NOT_YET and not answers.get(DAY):
        raise Unfit({DAY: "Please say on which day it was discussed."})
    for key in EACH_FOR_THEMSELVES & answers.keys():
        with_it = [key.replace("-ongoing", end) for end in ("-kinds", "-ground")]
        if missing_ground(answers[key], *(answers.get(part) for part in with_it)):
            words = "Please add this, or answer no: the tool goes on only with a ground for the concern."
            raise Unfit({part: words for part in with_it if not answers.get(part)})


def check_what_stands(work: Work, at: Answering, answers: Answers, reason: str | None) -> None:
    """Raise Unfit where the other proposes the same, or something that they differ from without a reason or without
    having read it; and where a reason would be lost because nothing has been changed."""
    other = people.name_of(work, fair_runs.other(at.run, at.by.id))
    kept = {REASON: cards.REASON_KEPT} if reason and not _has_given(work, at, reason) else {}
    if at.theirs and at.theirs.answers == answers:
        raise Unfit({at.key: cards.the_same(other), **kept})
    if answers == at.standing:
        if kept:
            raise Unfit(kept)
    elif at.overtaken and reason:
        raise Unfit({REASON: cards.proposed_meanwhile(other)})
    elif (at.theirs or at.agreed) and not reason:
        said = f"{other} proposes something else" if at.theirs else "This differs from what you have agreed on"
        words = f"{said}. Please say why you see it differently. The rest of your words are kept."
        raise Unfit({REASON: words})


def _has_given(work: Work, at: Answering, reason: str) -> bool:
    """Whether they have sent this reason before: pressed twice."""
    theirs = (e for e in fair_runs.entries(work, at.run) if e.by_id == at.by.id and e.page == at.key)
    return any(entry.reason == reason for entry in theirs)
