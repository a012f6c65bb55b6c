"""The being fair tool as rules: what the answers of the two who use it lead to, and what a trust may set of it.

The tool (NHS England, 2025) is a table of questions with ways on and ways out. Here each way is a method whose name
says when it is taken; the questions stand in dialogs/being_fair.py. Nothing here judges a person: an end is the next
step that the tool names, for people to take (policy §14, L01 to L19).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from psirf_bot.domain.being_fair_settings import Reading

YesNo = Literal["yes", "no"]
YesNoUnsure = Literal["yes", "no", "unsure"]
YesNoNotKnown = Literal["yes", "no", "not-known"]
YesNoNotYet = Literal["yes", "no", "not-yet"]
"""From question 2 on the tool knows only yes and no: what is not known yet waits, and is never taken for no (V15)."""


class FairnessReview(BaseModel):
    """The answers that both have agreed on, on the path through the tool; the fields are the questions by their ids.

    What each way on or out says of itself is when it is taken, in the tool's terms: the tool's owner reads it.
    """

    model_config = ConfigDict(frozen=True)

    reading: Reading = "next test"
    fair_who_is_hurt: str | None = None
    fair_what_they_need: str | None = None
    fair_whose_task: str | None = None
    fair_safety_incident: YesNo | None = None
    fair_other_process: Literal["safeguarding", "police", "another"] | None = None
    fair_systems_response: YesNo | None = None
    fair_jointly: YesNo | None = None
    fair_1a: YesNoUnsure | None = None
    fair_1a_source: str | None = None
    fair_1a_ongoing: YesNo | None = None
    fair_1a_kinds: list[str] | None = None
    fair_1a_ground: str | None = None
    fair_1b: YesNoNotKnown | None = None
    fair_1c: YesNoNotKnown | None = None
    fair_1d: YesNoNotKnown | None = None
    fair_discussed: Literal["supervisor", "education-lead", "both", "not-yet"] | None = None
    fair_discussed_on: str | None = None
    fair_1_ongoing: YesNo | None = None
    fair_1_kinds: list[str] | None = None
    fair_1_ground: str | None = None
    fair_2a: YesNoNotYet | None = None
    fair_2b: YesNoNotYet | None = None
    fair_2_ongoing: YesNo | None = None
    fair_2_kinds: list[str] | None = None
    fair_2_ground: str | None = None
    fair_3: YesNoNotYet | None = None
    fair_3_which: list[str] | None = None
    fair_3_source: str | None = None
    fair_3_bodies: list[str] | None = None
    fair_4a: YesNoNotYet | None = None
    fair_4b: YesNoNotYet | None = None
    fair_5: YesNoNotYet | None = None

    # The preconditions (L05 to L07)

    def does_not_concern_a_safety_incident(self) -> bool:
        """Precondition 1 is no."""
        return self.fair_safety_incident == "no"

    def is_for_safeguarding(self) -> bool:
        """Precondition 1 is no, and the process to follow is for safeguarding concerns."""
        return self.does_not_concern_a_safety_incident() and self.fair_other_process == "safeguarding"

    def is_for_the_police(self) -> bool:
        """Precondition 1 is no, and the process to follow is for a suspected crime."""
        return self.does_not_concern_a_safety_incident() and self.fair_other_process == "police"

    def has_no_systems_based_response(self) -> bool:
        """Precondition 2 is no."""
        return self.fair_systems_response == "no"

    def is_not_used_jointly(self) -> bool:
        """Precondition 3 is no."""
        return self.fair_jointly == "no"

    # Question 1, substitution (L08 to L12)

    def peers_would_have_acted_the_same_way(self) -> bool:
        """1a is yes."""
        return self.fair_1a == "yes"

    def has_no_ongoing_concern_after_1a(self) -> bool:
        """1a is yes, and they do not both state an ongoing concern."""
        return self.peers_would_have_acted_the_same_way() and self.fair_1a_ongoing == "no"

    def peers_would_not_or_nobody_is_sure(self) -> bool:
        """1a is no or unsure."""
        return self.fair_1a in {"no", "unsure"}

    def answered_no_or_not_known_to_any_of_1b_to_1d(self) -> bool:
        """Any of 1b, 1c and 1d is no or not known."""
        return self.peers_would_not_or_nobody_is_sure() and not self._yes_to_1b_to_1d()

    def has_not_been_discussed_yet(self) -> bool:
        """Any of 1b, 1c and 1d is no or not known, and it has not been discussed yet."""
        return self.answered_no_or_not_known_to_any_of_1b_to_1d() and self.fair_discussed == "not-yet"

    def was_discussed(self) -> bool:
        """Any of 1b, 1c and 1d is no or not known, and it has been discussed."""
        return self.answered_no_or_not_known_to_any_of_1b_to_1d() and self.fair_discussed not in {None, "not-yet"}

    def has_no_ongoing_concern_after_1b_to_1d(self) -> bool:
        """It has been discussed, and they do not both state an ongoing concern."""
        return self.was_discussed() and self.fair_1_ongoing == "no"

    # Question 2, foresight (L13). After an ongoing concern it depends on the reading whether it is asked (V14).

    def comes_to_the_foresight_test(self) -> bool:
        """1b, 1c and 1d are all yes; or both state an ongoing concern after question 1, and the reading (V14) is
        “next test”; with the reading “deliberate harm”, question 3 comes next instead."""
        if self.peers_would_not_or_nobody_is_sure() and self._yes_to_1b_to_1d():
            return True
        ongoing = "yes" in {self.fair_1a_ongoing, self.fair_1_ongoing}
        return ongoing and self.reading == "next test"

    def does_not_know_2a_yet(self) -> bool:
        """2a is not known yet."""
        return self.comes_to_the_foresight_test() and self.fair_2a == "not-yet"

    def has_agreed_protocols(self) -> bool:
        """2a is yes."""
        return self.comes_to_the_foresight_test() and self.fair_2a == "yes"

    def does_not_know_2b_yet(self) -> bool:
        """2b is not known yet."""
        return self.has_agreed_protocols() and self.fair_2b == "not-yet"

    def answered_no_to_2a_or_2b(self) -> bool:
        """2a is no (2b is then not asked), or 2b is no."""
        return self.comes_to_the_foresight_test() and "no" in {self.fair_2a, self.fair_2b}

    def has_no_ongoing_concern_after_2(self) -> bool:
        """2a or 2b is no, and they do not both state an ongoing concern."""
        return self.answered_no_to_2a_or_2b() and self.fair_2_ongoing == "no"

    # Questions 3 to 5 (L14 to L16)

    def does_not_know_3_yet(self) -> bool:
        """3 is not known yet."""
        return self.fair_3 == "not-yet"

    def answered_yes_to_3(self) -> bool:
        """3 is yes."""
        return self.fair_3 == "yes"

    def answered_yes_to_4a_or_4b(self) -> bool:
        """4a or 4b is yes, whatever the other one is."""
        return "yes" in {self.fair_4a, self.fair_4b}

    def does_not_know_4_yet(self) -> bool:
        """4a or 4b is not known yet, and neither is yes."""
        return not self.answered_yes_to_4a_or_4b() and "not-yet" in {self.fair_4a, self.fair_4b}

    def does_not_know_5_yet(self) -> bool:
        """5 is not known yet."""
        return self.fair_5 == "not-yet"

    def answered_yes_to_5(self) -> bool:
        """5 is yes."""
        return self.fair_5 == "yes"

    def _yes_to_1b_to_1d(self) -> bool:
        return self.fair_1b == self.fair_1c == self.fair_1d == "yes"


@dataclass(frozen=True, slots=True)
class End:
    """Where the tool comes to an end, or waits: its next step in its own terms, and what has to be followed up.

    `follow_ups`: ids of rules (domain/deadlines.py). `waits`: no end, but a pause until something is known or done.
    `told`: whether the person is told of it by somebody, in person, without asking anybody else first.
    """

    title: str
    step: str
    follow_ups: tuple[str, ...] = ()
    waits: bool = False
    told: bool = True


_CONTINUE = (
    "Continue with the systems-based learning response. You do not both state an ongoing concern, so the tool ends "
    "here."
)
_DO_NOT_USE = "Do not use this tool."
_POLICE = (
    "Refer the healthcare incident to the police, because criminal activity is suspected of having contributed to "
    "death or serious life-changing harm. Be guided by the memorandum of understanding that healthcare organisations "
    "have with regulatory, investigatory and prosecutorial bodies."
)
_SAFEGUARDING = "For safeguarding concerns, follow your organisation's safeguarding policies."

SAFEGUARDING, POLICE = "safeguarding", "police"
"""The two ways out that either of the two may take alone, at any time (L03, L05)."""

ENDS: Mapping[str, End] = {
    SAFEGUARDING: End("Safeguarding", f"{_DO_NOT_USE} {_SAFEGUARDING}", ("fair.safeguarding",), told=False),
    POLICE: End("Police", f"{_DO_NOT_USE} {_POLICE}", ("fair.police",), told=False),
    "another-process": End(
        "Another process",
        f"{_DO_NOT_USE} It helps to decide next steps after a patient safety incident; for anything else, follow the "
        "process that is meant for it.",
    ),
    "no-systems-response": End(
        "No systems-based learning response",
        f"{_DO_NOT_USE} A learning response that takes a systems-based approach comes first: it looks at how "
        "people and technology work together, not at the actions of individuals. Use the tool only if such a "
        "response begins to raise concerns about an individual's actions.",
    ),
    "not-jointly": End(
        "Not used jointly",
        f"{_DO_NOT_USE} It needs the systems thinking and safety science of the patient safety team as well as the "
        "workforce team's expertise in supporting staff.",
    ),
    "continue-after-1a": End("Continue with the learning response", _CONTINUE),
    "continue-after-1": End("Continue with the learning response", _CONTINUE),
    "continue-after-2": End("Continue with the learning response", _CONTINUE),
    "appropriate-action": End(
        "Organisational guidance, and outside bodies where relevant",
        "Follow your organisation's guidance for appropriate action, including contact with any relevant external "
        "organisations: for example professional regulatory bodies, the police or, where statutory safeguarding "
        "processes need to be followed, the relevant lead: the person in position of trust (PIPOT) lead for adult "
        "abuse, the local authority designated officer (LADO) for child abuse.",
        ("fair.guidance",),
    ),
    "health": End(
        "Health issues affecting work",
        "Follow your organisation's guidance for health issues affecting work.",
        ("fair.health",),
    ),
    "mitigation": End(
        "Significant mitigating circumstances",
        "Action directed at the individual may not be appropriate. Follow your organisation's guidance for appropriate "
        "action.",
        ("fair.guidance",),
    ),
    "management": End(
        "Appropriate management",
        "Follow your organisation's guidance for appropriate management. This could include remediation, supervision, "
        "additional training or disciplinary action.",
        ("fair.guidance",),
    ),
    "not-known-yet": End("Not known yet", "The tool waits until more is known. Nothing counts as no.", waits=True),
    "not-discussed-yet": End(
        "To be discussed first",
        "Discuss it with the individual's supervisor or education lead, and continue with the systems-based learning "
        "response meanwhile. The tool waits until then.",
        waits=True,
    ),
}
"""Every end of the tool, by id. The words keep each clause of the tool's own; they are ours (facts §4)."""

NO_ONGOING_CONCERN = frozenset({"continue-after-1a", "continue-after-1", "continue-after-2"})
"""The ends that come when not both state the ground for an ongoing concern."""

OUTSIDE_BODIES = {
    "regulator": ("A professional regulatory body", "fair.regulator"),
    "police": ("The police", "fair.police"),
    "pipot": ("The PIPOT lead: person in position of trust, for adult abuse", "fair.pipot"),
    "lado": ("The LADO: local authority designated officer, for child abuse", "fair.lado"),
}
"""Whom a yes to question 3 may have to reach, in the tool's order, with the duty it opens."""

ASKED_FIRST = frozenset({"fair.police", "fair.pipot", "fair.lado", "fair.safeguarding"})
"""Whom to ask before anything is said to the person, lest it harm an inquiry or somebody at risk: these duties."""

KINDS_OF_CONCERN = {
    "reckless": "Reckless",
    "wilfully-neglectful": "Wilfully neglectful",
    "malicious": "Malicious",
}
LIMBS = {
    "recklessness": "Recklessness",
    "wilful-neglect": "Wilful neglect",
    "intent": "An intention to cause harm",
}


def follow_ups(end: str, record: FairnessReview) -> tuple[str, ...]:
    """The rules of everything that has to be followed up after this end.

    The person's being told is among them, unless somebody else has to be asked first: then it comes after that.
    """
    chosen = record.fair_3_bodies or [] if record.answered_yes_to_3() else []
    bodies = tuple(duty for body, (_, duty) in OUTSIDE_BODIES.items() if body in chosen)
    told = ("fair.told",) if ENDS[end].told and not ASKED_FIRST.intersection(bodies) else ()
    return tuple(dict.fromkeys((*ENDS[end].follow_ups, *bodies, *told)))


def missing_ground(ongoing: object, kinds: object, ground: object) -> bool:
    """Whether somebody says that there are ongoing concerns without the ground: which of the three, and why."""
    return ongoing == "yes" and not (kinds and ground)
