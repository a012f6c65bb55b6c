"""The being fair tool as a conversation: its questions in its order, each with its place and why it is asked.

Every clause of the tool keeps its meaning; the words are ours, and a trust may put the tool's own in their place. The
ways on and out are rules of the record (domain/being_fair.py). Answers are walked only when both who use the tool
agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psirf_bot.dialogs.flow import Ask, Flow, ask, stop
from psirf_bot.dialogs.questions import (
    Choice,
    Day,
    Question,
    Text,
    long_text,
    one_of,
    several_of,
    short_text,
    yes_no,
    yes_no_not_known,
)
from psirf_bot.dialogs.typed import plain
from psirf_bot.domain.being_fair import ENDS, KINDS_OF_CONCERN, LIMBS, OUTSIDE_BODIES, FairnessReview
from psirf_bot.domain.joint import APART, ONGOING

R = FairnessReview

NO_NAMES = "Write “the member of staff”. No names, and nothing that identifies a patient."
NEEDED = "Needed if you answer yes."
NOT_YET = {"yes": "Yes", "no": "No", "not-yet": "Not known yet"}
UNSURE = {"yes": "Yes", "no": "No", "unsure": "Unsure"}


@dataclass(frozen=True, slots=True)
class OwnWords(Text):
    """Words that each of the two gives for themselves. What both said stands together, each within `max_length`."""

    def parse(self, raw: object, now: datetime) -> str | None:
        typed = plain(raw)
        for words in typed.split(APART):
            Text.parse(self, words, now)
        return typed or None


def yes_no_not_yet(id: str, label: str, hint: str) -> Choice:
    """From question 2 on the tool has no answer for what is not known: it waits, and nothing counts as no (V15)."""
    return one_of(id, label, NOT_YET, f"{hint} If it is not known yet, the run pauses: that never counts as no.")


def ongoing(prefix: str, title: str, when: str) -> Ask[FairnessReview]:
    """Whether to go on after a way out. Each answers for themselves; both need a ground, or the tool ends (V14)."""
    label = (
        "Are there ongoing concerns that an individual's action may have been reckless, wilfully neglectful or "
        "malicious?"
    )
    why = (
        "The systems-based learning response continues either way. The tool goes on only if there are such concerns: "
        "each of you answers for yourself, and both have to state one, with its ground."
    )
    return ask(
        title,
        yes_no(f"{prefix}{ONGOING}", label, why),
        several_of(
            f"{prefix}-kinds",
            "If yes: which of the three may it have been?",
            KINDS_OF_CONCERN,
            NEEDED,
            optional=True,
            conditional=True,
        ),
        OwnWords(
            f"{prefix}-ground",
            "If yes: what is the ground for your concern?",
            f"{NEEDED} What in the learning response, or known otherwise, raises it. {NO_NAMES}",
            optional=True,
            conditional=True,
            max_length=1000,
        ),
        when=getattr(R, when),
    )


BEFORE = "Before using the tool"
FLOW = Flow(
    id="being-fair",
    version=1,
    record=FairnessReview,
    steps=[
        ask(
            f"{BEFORE}: three questions to consider (Sidney Dekker, 2022)",
            long_text(
                "fair-who-is-hurt",
                "Who is hurt?",
                "Staff, patients, family or the public, for example. These questions come first so that people "
                f"come first. {NO_NAMES}",
                max_length=1000,
            ),
            long_text(
                "fair-what-they-need",
                "What do they need?",
                "Support for their wellbeing or information on what happened, for example. What they need does "
                "not wait for this tool.",
                max_length=1000,
            ),
            long_text(
                "fair-whose-task",
                "Whose responsibility is it to meet that need?",
                "Occupational health or the patient safety team, for example. A need that is nobody's task is not met.",
                max_length=1000,
            ),
        ),
        ask(
            "Precondition 1 of 3",
            yes_no(
                "fair-safety-incident",
                "Do the concerns raised relate to a patient safety incident?",
                "The tool is designed to help decide next steps after patient safety incidents. If no, do not "
                "use it: other processes should be followed.",
            ),
        ),
        ask(
            "Precondition 1: which other process",
            one_of(
                "fair-other-process",
                "Which other process should be followed?",
                {
                    "safeguarding": "Safeguarding concerns: our safeguarding policies",
                    "police": "Suspected crime: the police and the memorandum of understanding",
                    "another": "Another process",
                },
                "A suspected crime here means a healthcare incident in which criminal activity is suspected to "
                "have contributed to death or serious life-changing harm. Each of you can also take these two "
                "ways out alone, at any time.",
            ),
            when=R.does_not_concern_a_safety_incident,
        ),
        stop("safeguarding", when=R.is_for_safeguarding),
        stop("police", when=R.is_for_the_police),
        stop("another-process", when=R.does_not_concern_a_safety_incident),
        ask(
            "Precondition 2 of 3",
            yes_no(
                "fair-systems-response",
                "Has a patient safety learning response that takes a systems-based approach been started or completed?",
                "Healthcare is complex: a systems-based approach looks at how people and technology interplay, "
                "to understand the wider issues of the system, not the actions of individuals. If no, do not "
                "use the tool.",
            ),
        ),
        stop("no-systems-response", when=R.has_no_systems_based_response),
        ask(
            "Precondition 3 of 3",
            yes_no(
                "fair-jointly",
                "Will the tool be used jointly by a member of the patient safety team and a member of the "
                "workforce team?",
                "It combines systems thinking and safety science with expertise in supporting staff. If no, do "
                "not use the tool.",
            ),
        ),
        stop("not-jointly", when=R.is_not_used_jointly),
        ask(
            "Question 1a: substitution test",
            one_of(
                "fair-1a",
                "Does the learning response indicate that staff in the same peer group as the individual "
                "involved, with comparable experience and qualifications, would have acted in the same way in "
                "similar circumstances?",
                UNSURE,
                "This test ensures that wider system issues have been fully considered. If others would have "
                "done the same, it is the system that needs looking at.",
            ),
            short_text(
                "fair-1a-source",
                "Where does the learning response show this, or what does it leave open?",
                f"The section or page is enough. {NO_NAMES}",
                max_length=300,
            ),
        ),
        ongoing("fair-1a", "After question 1a: yes", "peers_would_have_acted_the_same_way"),
        stop("continue-after-1a", when=R.has_no_ongoing_concern_after_1a),
        ask(
            "Questions 1b to 1d: substitution test",
            yes_no_not_known(
                "fair-1b",
                "1b. Was the individual included when their peer group received relevant training?",
                "Somebody may have missed training that the others had.",
            ),
            yes_no_not_known(
                "fair-1c",
                "1c. Have you considered the experience and background of the individual (including differences "
                "in training practices between organisations or internationally, and cultural differences)?",
                "This asks about the two of you, not about the individual. What looks unusual here may have "
                "been taught elsewhere.",
            ),
            yes_no_not_known(
                "fair-1d",
                "1d. Was supervision in line with expected practice?",
                "Supervision is part of the system that people work in.",
            ),
            when=R.peers_would_not_or_nobody_is_sure,
        ),
        ask(
            "After questions 1b to 1d: no to any, or not known",
            one_of(
                "fair-discussed",
                "Have you discussed it with the individual's supervisor or education lead?",
                {
                    "supervisor": "Yes, with their supervisor",
                    "education-lead": "Yes, with their education lead",
                    "both": "Yes, with both",
                    "not-yet": "Not yet",
                },
                "The tool asks for this discussion before it goes on. If it has not been held yet, the run "
                "pauses, and the systems-based learning response continues.",
            ),
            Day(
                "fair-discussed-on",
                "If yes: on which day?",
                f"{NEEDED} That it took place is kept, not what was said.",
                optional=True,
                conditional=True,
            ),
            when=R.answered_no_or_not_known_to_any_of_1b_to_1d,
        ),
        stop("not-discussed-yet", when=R.has_not_been_discussed_yet),
        ongoing("fair-1", "After questions 1b to 1d and the discussion", "was_discussed"),
        stop("continue-after-1", when=R.has_no_ongoing_concern_after_1b_to_1d),
        ask(
            "Question 2a: foresight test",
            yes_no_not_yet(
                "fair-2a",
                "Does the learning response identify any agreed protocols or accepted practices that apply to "
                "the individual's action or omission in question?",
                "This test, too, ensures that wider system issues have been fully considered.",
            ),
            when=R.comes_to_the_foresight_test,
        ),
        stop("not-known-yet", when=R.does_not_know_2a_yet),
        ask(
            "Question 2b: foresight test",
            yes_no_not_yet(
                "fair-2b",
                "Does the learning response find these protocols to be workable and reflective of accepted practice?",
                "A protocol that cannot be followed in real work, or that nobody follows, says something about "
                "the protocol.",
            ),
            when=R.has_agreed_protocols,
        ),
        stop("not-known-yet", when=R.does_not_know_2b_yet),
        ongoing("fair-2", "After question 2: no to any", "answered_no_to_2a_or_2b"),
        stop("continue-after-2", when=R.has_no_ongoing_concern_after_2),
        ask(
            "Question 3: deliberate harm test",
            yes_no_not_yet(
                "fair-3",
                "Based on what is known, is there any suggestion of recklessness, wilful neglect or an "
                "intention to cause harm?",
                "It asks about a suggestion, based on what is known: it finds nothing proven.",
            ),
        ),
        stop("not-known-yet", when=R.does_not_know_3_yet),
        ask(
            "After question 3: yes",
            several_of("fair-3-which", "Which of the three is suggested?", LIMBS),
            short_text(
                "fair-3-source",
                "Based on what?",
                f"Where it stands: the document and section. {NO_NAMES}",
                max_length=300,
            ),
            several_of(
                "fair-3-bodies",
                "Which external organisations are relevant?",
                {body: words for body, (words, _) in OUTSIDE_BODIES.items()} | {"none": "None of these so far"},
                "Follow your organisation's guidance. Each one that you choose becomes a private reminder of you two.",
                alone=("none",),
            ),
            when=R.answered_yes_to_3,
        ),
        stop("appropriate-action", when=R.answered_yes_to_3),
        ask(
            "Question 4: health test",
            yes_no_not_yet(
                "fair-4a",
                "4a. Based on what is known, is there any indication of substance use by the individual (for "
                "example, drugs or alcohol)?",
                "Health needs support first. Answer yes or no only: no detail is asked for or kept.",
            ),
            yes_no_not_yet(
                "fair-4b",
                "4b. Based on what is known, is there any indication of physical or mental ill health that may "
                "have affected the individual's actions?",
                "Here, too, yes or no only.",
            ),
        ),
        stop("not-known-yet", when=R.does_not_know_4_yet),
        stop("health", when=R.answered_yes_to_4a_or_4b),
        ask(
            "Question 5: mitigating circumstances",
            yes_no_not_yet(
                "fair-5",
                "Does the learning response or other information identify any significant mitigating "
                "circumstances for the individual's actions?",
                "What was going on around them may explain what they did.",
            ),
        ),
        stop("not-known-yet", when=R.does_not_know_5_yet),
        stop("mitigation", when=R.answered_yes_to_5),
        stop("management"),
    ],
)

EACH_FOR_THEMSELVES = frozenset(key for key in FLOW.questions() if key.endswith(ONGOING))
"""The first questions of the pages on which each of the two answers for themselves."""


ORDER = tuple(step.questions[0].id for step in FLOW.steps if isinstance(step, Ask))
"""The pages in the tool's order, by their first questions."""


def steps_of_ends() -> Mapping[str, str]:
    """The tool's next step at each end, for the sheet that the tool's owner signs off."""
    return {end: ("A pause, not an end. " if found.waits else "") + found.step for end, found in ENDS.items()}


def words_of(flow: Flow[FairnessReview]) -> Mapping[str, str]:
    """The words of every question, by its id: a run keeps those that it began with."""
    return {key: question.label for key, question in flow.questions().items()}


def place_of(question: Question) -> str:
    """Where a question stands in the tool."""
    return next(
        step.title for step in FLOW.steps if isinstance(step, Ask) and question.id in {q.id for q in step.questions}
    )
