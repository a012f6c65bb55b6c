"""Two people answer together, in whatever order they do it: only what both said counts, and no end is reached else.

The test keeps its own account of what each of the two has said, page by page, and reads the tool a second time
(being_fair_tool.py); neither has a line in common with the code.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from being_fair_tool import next_step
from psirf_bot.dialogs.being_fair import EACH_FOR_THEMSELVES, FLOW, ORDER
from psirf_bot.dialogs.flow import Ask, Page, walk
from psirf_bot.dialogs.questions import Choice
from psirf_bot.domain.being_fair import ENDS
from psirf_bot.domain.joint import Entry, Kind, Standing, standing, together

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
LEAH, OWEN = "p1", "p2"
PAIR = (LEAH, OWEN)
OUTSIDERS = ("p3", "p4")
READINGS = ("next test", "deliberate harm")
PAGES = {step.questions[0].id: step.questions for step in FLOW.steps if isinstance(step, Ask)}
OWN = "fair-1a-ongoing"

# --- One thing after the other ---------------------------------------------------------------------------------------

YES, NO = {"q": "yes"}, {"q": "no"}


def entries(script: str) -> list[Entry]:
    """A script such as "L proposes yes; O agrees 1", with the numbers of the entries as they come."""
    said: list[Entry] = []
    who = {"L": LEAH, "O": OWEN, "X": OUTSIDERS[0]}
    for number, line in enumerate(filter(None, map(str.strip, script.split(";"))), start=1):
        by, verb, *rest = line.split()
        match verb:
            case "proposes":
                said.append(Entry(number, who[by], Kind.PROPOSED, "q", {"q": rest[0]}))
            case "agrees":
                said.append(Entry(number, who[by], Kind.AGREED, "q", about=int(rest[0])))
            case "states":
                own = {OWN: rest[0], "fair-1a-kinds": ["reckless"] if rest[0] == "yes" else None, "fair-1a-ground": by}
                said.append(Entry(number, who[by], Kind.STATED, OWN, own))
            case "reopens":
                said.append(Entry(number, who[by], Kind.REOPENED, rest[0] if rest else "q"))
            case "confirms":
                said.append(Entry(number, who[by], Kind.CONFIRMED))
    return said


# What they do, what counts of the question then (- nothing), and who has confirmed.
STORIES = """
L proposes yes                                                    | -   |
L proposes yes; O agrees 1                                        | yes |
L proposes yes; L agrees 1                                        | -   |
L proposes yes; X agrees 1                                        | -   |
X proposes yes; O agrees 1                                        | -   |
L proposes yes; O agrees 7                                        | -   |
L proposes yes; O proposes no                                     | -   |
L proposes yes; O proposes no; O agrees 1                         | -   |
L proposes yes; O proposes no; L agrees 2                         | no  |
L proposes yes; O proposes yes                                    | -   |
L proposes yes; L proposes no; O agrees 1                         | -   |
L proposes yes; L proposes no; O agrees 2                         | no  |
L proposes yes; O agrees 1; L proposes no                         | -   |
L proposes yes; O agrees 1; X proposes no                         | yes |
L proposes yes; O agrees 1; O reopens                             | -   |
L proposes yes; O agrees 1; X reopens                             | yes |
L proposes yes; O reopens; O agrees 1                             | -   |
L proposes yes; O agrees 1; L reopens; O agrees 1                 | -   |
L proposes yes; O agrees 1; L confirms                            | yes | L
L proposes yes; O agrees 1; L confirms; O confirms                | yes | L O
L proposes yes; O agrees 1; L confirms; X confirms                | yes | L
L proposes yes; O agrees 1; L confirms; X proposes no; O confirms | yes | L O
L proposes yes; O agrees 1; L confirms; O agrees 1; O confirms    | yes | L O
L proposes yes; O agrees 1; L confirms; O reopens; O confirms     | -   | O
L proposes yes; O agrees 1; L confirms; O proposes no             | -   |
L proposes yes; O agrees 1; L confirms; O confirms; L states no   | yes |
"""


@pytest.mark.parametrize("story", STORIES.strip().splitlines())
def test_what_counts_after_each_story(story: str) -> None:
    script, counts, confirmed = (cell.strip() for cell in story.split("|"))
    now = standing(entries(script), PAIR)
    assert now.answers().get("q", "-") == counts
    assert now.confirmed == {{"L": LEAH, "O": OWEN}[who] for who in confirmed.split()}


STATEMENTS = """
L states yes                                        | -
L states yes; L states yes                          | -
L states yes; O states yes                          | yes
O states yes; L states yes                          | yes
L states yes; O states no                           | no
L states no; O states no                            | no
L states yes; X states yes                          | -
L states yes; O states yes; L states no             | no
L states no; O states yes; L states yes             | yes
L states yes; O states yes; O reopens fair-1a-ongoing              | -
L states yes; O states yes; O reopens fair-1a-ongoing; O states no | -
"""


@pytest.mark.parametrize("story", STATEMENTS.strip().splitlines())
def test_yes_on_a_page_of_their_own_takes_both(story: str) -> None:
    script, counts = (cell.strip() for cell in story.split("|"))
    assert standing(entries(script), PAIR).answers().get(OWN, "-") == counts


def test_nobody_proposes_for_both_what_each_answers_for_themselves() -> None:
    proposed = Entry(1, LEAH, Kind.PROPOSED, OWN, {OWN: "yes"})
    agreed = Entry(2, OWEN, Kind.AGREED, OWN, about=1)
    assert standing([proposed, agreed], PAIR) == Standing()


def test_nobody_states_for_themselves_what_both_answer_together() -> None:
    stated = [Entry(number, who, Kind.STATED, "fair-3", {"fair-3": "yes"}) for number, who in enumerate(PAIR)]
    assert standing(stated, PAIR) == Standing()


def test_what_they_answer_for_themselves_is_put_together() -> None:
    leah = {OWN: "yes", "fair-1a-kinds": ["reckless", "malicious"], "fair-1a-ground": "Section 4."}
    owen = {OWN: "yes", "fair-1a-kinds": ["malicious"], "fair-1a-ground": "What was said."}
    nothing = {OWN: "no", "fair-1a-kinds": None, "fair-1a-ground": None}
    assert together([leah, owen]) == {
        OWN: "yes", "fair-1a-kinds": ["reckless", "malicious"], "fair-1a-ground": "Section 4.\n\nWhat was said.",
    }  # fmt: skip
    assert together([leah, nothing]) == {**leah, OWN: "no"}
    assert together([nothing, nothing]) == nothing


def test_the_grounds_of_both_are_taken_however_long_they_are() -> None:
    """Each may fill the box; what stands together must not come back as a page that nobody can answer."""
    ground = next(q for q in PAGES[OWN] if q.id == "fair-1a-ground")
    longest = ground.parse("Section 4. " + "w" * 989, NOW)
    both = together([{OWN: "yes", "fair-1a-kinds": ["reckless"], "fair-1a-ground": longest}] * 2)
    assert ground.parse(both["fair-1a-ground"], NOW) == both["fair-1a-ground"]
    with pytest.raises(ValueError, match="too long"):
        ground.parse(f"{longest}w", NOW)


def test_a_newcomer_takes_over_nothing_that_somebody_else_agreed_to() -> None:
    said = entries("L proposes yes; O agrees 1; L confirms; O confirms")
    for pair in ((LEAH, "p3"), ("p3", OWEN)):
        now = standing(said, pair)
        assert now.agreed == {}
        assert len(now.confirmed) < 2


# --- Any order -------------------------------------------------------------------------------------------------------


NOT_CHOSEN: dict[str, tuple[Any, ...]] = {
    "fair-who-is-hurt": ("A patient.", "A patient, and staff."), "fair-what-they-need": ("Support.",),
    "fair-whose-task": ("The ward's.",), "fair-1a-source": ("Section 4.", "Section 5."), "fair-discussed-on": (None,),
    "fair-3-which": (["recklessness"], ["intent"]), "fair-3-source": ("Section 5.",), "fair-3-bodies": (["none"],),
    **{f"fair-{place}-kinds": (["reckless"], ["malicious"]) for place in ("1a", "1", "2")},
    **{f"fair-{place}-ground": ("Section 4.", "Section 5.") for place in ("1a", "1", "2")},
}  # fmt: skip
"""What may be said where nothing on the way depends on it."""
ANSWERS = {
    page: [
        dict(zip((q.id for q in questions), given, strict=True))
        for given in product(*(tuple(q.options) if type(q) is Choice else NOT_CHOSEN[q.id] for q in questions))
    ]
    for page, questions in PAGES.items()
}
"""All that can be said to each page."""
NO_LEADS_ON = {"fair-3", "fair-4a", "fair-4b", "fair-5"}
LEADS_ON = {
    page: {
        q.id: ("no" if q.id in NO_LEADS_ON else next(iter(q.options))) if type(q) is Choice else NOT_CHOSEN[q.id][0]
        for q in questions
    }
    for page, questions in PAGES.items()
}
"""What leads furthest: the first answer to each question, which is yes nearly everywhere."""


def history(seed: int) -> list[Entry]:
    """What may happen in a run: now and then anything, otherwise what somebody would do where the run has got to."""
    chance = random.Random(seed)
    reading, said = chance.choice(READINGS), list[Entry]()
    for number in range(1, chance.randint(5, 60)):
        each = _anything(chance, number) if chance.random() < 0.15 else _next(chance, said, reading)
        said.append(replace(each, number=number))
    return said


def _anything(chance: random.Random, number: int) -> Entry:
    """By anybody, to any page: also to one that is not asked, and to a proposal that is long gone."""
    kinds = [kind for kind in Kind if kind is not Kind.REPLACED or chance.random() < 0.05]
    kind, page, by = chance.choice(kinds), chance.choice(list(PAGES)), chance.choice((*PAIR, *OUTSIDERS))
    about = chance.randint(0, number) if kind is Kind.AGREED else None
    answers = chance.choice(ANSWERS[page]) if kind in {Kind.PROPOSED, Kind.STATED} else {}
    return Entry(number, by, kind, page, answers, about)


def _next(chance: random.Random, said: Sequence[Entry], reading: str) -> Entry:
    """A sensible thing to do: propose or state on the page that is open, agree to what is there, confirm at an end."""
    now, by = standing(said, PAIR), chance.choice(PAIR)
    at = walk(FLOW, now.answers(), NOW, {"reading": reading}).at
    if not isinstance(at, Page):
        return Entry(0, by, Kind.CONFIRMED)
    page = at.asks()[0]
    there = now.proposed.get(page)
    if there is not None and chance.random() < 0.7:
        return Entry(0, by, Kind.AGREED, page, about=there.number)
    answers = LEADS_ON[page] if chance.random() < 0.6 else chance.choice(ANSWERS[page])
    return Entry(0, by, Kind.STATED if page in EACH_FOR_THEMSELVES else Kind.PROPOSED, page, answers)


HISTORIES = st.integers(0, 2**32).map(history)


class Account:
    """What each of the two has said, kept by the test: by page, the answers that each of them stands by now.

    `done_with`: who has confirmed since anything last changed.
    """

    def __init__(self, pair: Sequence[str]) -> None:
        self.pair = pair
        self.stands_by: dict[str, dict[str, dict[str, Any]]] = {page: {} for page in PAGES}
        self.offered: dict[str, Entry | None] = dict.fromkeys(PAGES)
        self.done_with: set[str] = set()

    def take(self, said: Entry) -> None:
        if said.kind is Kind.REPLACED:  # whatever was said before, was said to somebody else
            self.__init__(self.pair)  # type: ignore[misc]
        if said.by not in self.pair or said.kind is Kind.REPLACED:
            return
        if said.kind is Kind.CONFIRMED:
            self.done_with.add(said.by)
            return
        before = (dict(self.stands_by[said.page]), self.offered[said.page])
        self._page(said)
        if before != (self.stands_by[said.page], self.offered[said.page]):
            self.done_with.clear()

    def _page(self, said: Entry) -> None:
        page, by = said.page, said.by
        if said.kind is Kind.REOPENED:
            self.stands_by[page], self.offered[page] = {}, None
        elif page in EACH_FOR_THEMSELVES:
            if said.kind is Kind.STATED:
                self.stands_by[page][by] = dict(said.answers)
        elif said.kind is Kind.PROPOSED:
            self.stands_by[page], self.offered[page] = {by: dict(said.answers)}, said
        elif said.kind is Kind.AGREED:
            offer = self.offered[page]
            if offer is not None and offer.number == said.about and offer.by != by:
                self.stands_by[page][by], self.offered[page] = dict(offer.answers), None

    def both_gave(self, page: str) -> list[dict[str, Any]]:
        """What the two have said of a page, once both have."""
        said = self.stands_by[page]
        return [said[who] for who in self.pair] if set(said) == set(self.pair) else []


@settings(max_examples=150, deadline=None)
@given(said=HISTORIES, reading=st.sampled_from(READINGS))
def test_whatever_happens_only_what_both_gave_counts(said: list[Entry], reading: str) -> None:
    account = Account(PAIR)
    for number, each in enumerate(said, start=1):
        account.take(each)
        now = standing(said[:number], PAIR)
        for page in PAGES:
            both = account.both_gave(page)
            assert (page in now.agreed) is bool(both), page
            if both and page in EACH_FOR_THEMSELVES:
                assert (now.agreed[page][page] == "yes") is all(own[page] == "yes" for own in both)
            elif both:
                assert now.agreed[page] == both[0] == both[1]
        assert now.confirmed <= account.done_with
    _at_its_end(standing(said, PAIR), account, reading)


def _at_its_end(now: Standing, account: Account, reading: str) -> None:
    """Where the flow and the second reading of the tool come to, each from its own account of what both gave."""
    gave: dict[str, Any] = {}
    for page in PAGES:
        both = account.both_gave(page)
        gave |= both[0] if both else {}
        if both and page in EACH_FOR_THEMSELVES:
            gave[page] = "yes" if all(own[page] == "yes" for own in both) else "no"
    at = walk(FLOW, now.answers(), NOW, {"reading": reading}).at
    found = f"ask {at.asks()[0]}" if isinstance(at, Page) else at.outcome
    assert found == next_step(gave, reading)


@settings(max_examples=100, deadline=None)
@given(said=HISTORIES, seed=st.integers(0, 1000))
def test_who_is_not_one_of_the_two_changes_nothing(said: list[Entry], seed: int) -> None:
    """Also in what order the two are named, and how often it is worked out, makes no difference."""
    said = [each for each in said if each.kind is not Kind.REPLACED]
    found = standing(said, PAIR)
    assert found == standing([each for each in said if each.by in PAIR], PAIR)
    assert found == standing(list(said), (OWEN, LEAH)) == standing(said, frozenset(PAIR))
    intruding = list(said)
    chance = random.Random(seed)
    for each in said:
        copy = replace(each, by=chance.choice(OUTSIDERS))
        intruding.insert(chance.randint(0, len(intruding)), copy)
    assert standing(intruding, PAIR) == found


def _through(*said: tuple[str, Kind, str, dict[str, Any]]) -> list[Entry]:
    """Entries in order; an agreement is to the newest proposal of its page."""
    made: list[Entry] = []
    for number, (by, kind, page, answers) in enumerate(said, start=1):
        offers = [each.number for each in made if each.page == page and each.kind is Kind.PROPOSED]
        made.append(Entry(number, by, kind, page, answers, offers[-1] if kind is Kind.AGREED else None))
    return made


NO, YES = {"fair-2a": "no"}, {"fair-2a": "yes"}
CONCERN = {"fair-2-ongoing": "yes", "fair-2-kinds": ["reckless"], "fair-2-ground": "Section 4."}
STATED = [
    (LEAH, Kind.PROPOSED, "fair-2a", NO),
    (OWEN, Kind.AGREED, "fair-2a", {}),
    (LEAH, Kind.STATED, "fair-2-ongoing", CONCERN),
    (OWEN, Kind.STATED, "fair-2-ongoing", CONCERN),
]
AGAIN = (LEAH, Kind.REOPENED, "fair-2a", {})


def test_a_concern_that_was_stated_about_another_answer_is_asked_anew() -> None:
    changed = [*STATED, AGAIN, (LEAH, Kind.PROPOSED, "fair-2a", YES), (OWEN, Kind.AGREED, "fair-2a", {})]
    assert "fair-2-ongoing" in standing(_through(*STATED), PAIR, ORDER).agreed
    assert "fair-2-ongoing" not in standing(_through(*changed), PAIR, ORDER).agreed
    back = [*changed, AGAIN, (OWEN, Kind.PROPOSED, "fair-2a", NO), (LEAH, Kind.AGREED, "fair-2a", {})]
    assert standing(_through(*back), PAIR, ORDER).agreed == {"fair-2a": NO}
    same = [*STATED, AGAIN, (LEAH, Kind.PROPOSED, "fair-2a", NO), (OWEN, Kind.AGREED, "fair-2a", {})]
    assert "fair-2-ongoing" in standing(_through(*same), PAIR, ORDER).agreed


def test_what_was_stated_before_the_change_stays() -> None:
    early = {key.replace("-2-", "-1a-"): value for key, value in CONCERN.items()}
    said = [
        (LEAH, Kind.STATED, "fair-1a-ongoing", early),
        (OWEN, Kind.STATED, "fair-1a-ongoing", early),
        *STATED,
        AGAIN,
        (LEAH, Kind.PROPOSED, "fair-2a", YES),
        (OWEN, Kind.AGREED, "fair-2a", {}),
    ]
    assert set(standing(_through(*said), PAIR, ORDER).agreed) == {"fair-1a-ongoing", "fair-2a"}


def test_nothing_agreed_with_somebody_who_was_replaced_counts_even_when_they_come_back() -> None:
    said = [
        *STATED,
        (LEAH, Kind.CONFIRMED, "", {}),
        (LEAH, Kind.REPLACED, "", {}),
        (LEAH, Kind.REPLACED, "", {}),
        (OWEN, Kind.CONFIRMED, "", {}),
    ]
    found = standing(_through(*said), PAIR, ORDER)
    assert (found.agreed, found.stated, found.confirmed) == ({}, {}, {OWEN})
    assert found.last["fair-2a"] == NO


@settings(max_examples=60, deadline=None)
@given(said=HISTORIES)
def test_the_two_can_be_anybody(said: list[Entry]) -> None:
    """Whose name comes first in the alphabet changes nothing but the order in which their own words stand."""
    swapped = {LEAH: OWEN, OWEN: LEAH}
    mirrored = [
        Entry(each.number, swapped.get(each.by, each.by), each.kind, each.page, each.answers, each.about)
        for each in said
    ]
    one, other = standing(said, PAIR), standing(mirrored, PAIR)
    assert {swapped[who] for who in one.confirmed} == other.confirmed
    assert one.agreed.keys() == other.agreed.keys()
    for page in one.agreed.keys() - EACH_FOR_THEMSELVES:
        assert one.agreed[page] == other.agreed[page]
    for page in one.agreed.keys() & EACH_FOR_THEMSELVES:
        assert one.agreed[page][page] == other.agreed[page][page]


def test_the_histories_come_to_ends_of_every_kind() -> None:
    """A property that is only ever tried on unfinished runs would show nothing."""
    reached: set[str] = set()
    confirmed = 0
    for seed in range(400):
        now = standing(history(seed), PAIR)
        at = walk(FLOW, now.answers(), NOW, {"reading": READINGS[seed % 2]}).at
        if not isinstance(at, Page):
            reached.add(at.outcome)
            confirmed += len(now.confirmed) == len(PAIR)
    assert reached == set(ENDS)
    assert confirmed > 20
