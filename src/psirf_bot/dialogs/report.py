"""Reporting an event: danger first, then what happened, who was affected, who needs support (H02–H07).

A near miss takes six answers on two pages; everything else on those pages may be left out.
"""

from collections.abc import Mapping, Sequence

from psirf_bot.dialogs.flow import Flow, ask, each, stop
from psirf_bot.dialogs.questions import (
    Moment,
    People,
    long_text,
    one_of,
    several_of,
    short_text,
    yes_no,
    yes_no_not_known,
)
from psirf_bot.domain.report import EVENT_TYPES, CheckWish, Report

CHECK_ON = Flow(
    id="check-on",
    version=1,
    record=CheckWish,
    steps=[
        ask(
            "Support for",
            one_of(
                "by",
                "Who should check that all is well?",
                {
                    "line-manager": "The line manager",
                    "someone-else": "Someone else",
                    "quality": "Let the quality team choose",
                },
                "They are told the name, not what you wrote. If it is someone else, the line manager is told nothing.",
            ),
        ),
        ask(
            "Support for",
            People(
                "who",
                "Who should it be?",
                "A name or work e-mail address. Leave it empty and the quality team will choose.",
                optional=True,
                most=1,
            ),
            when=CheckWish.someone_else_should,
        ),
        stop("someone-will-check"),
    ],
)


def report_flow(services: Sequence[str], bodies: Mapping[str, str]) -> Flow[Report]:
    """The report, for a trust's services and the outside bodies it may have to tell (H07)."""
    return Flow(
        id="report",
        version=1,
        record=Report,
        steps=[
            ask(
                "What happened",
                yes_no(
                    "danger",
                    "Is anyone in danger now?",
                    "If yes, the quality team and the executive on call are told at once, with your name.",
                    better_twice=True,
                ),
                one_of(
                    "event-type",
                    "What are you reporting?",
                    {kind.value: label for kind, label in EVENT_TYPES.items()},
                    "A near miss is something that could have caused harm and did not.",
                ),
                long_text(
                    "what-happened",
                    "What happened?",
                    "Facts, in your own words. No names and nothing that identifies a patient.",
                ),
                Moment("when", "When was it?", "The day is enough if you are not sure of the time."),
                one_of("service", "Which service was it in?", {name: name for name in services}),
                short_text(
                    "place",
                    "Where exactly?",
                    "For example the clinic room, or at a patient's home. No addresses.",
                    optional=True,
                ),
            ),
            ask(
                "Who was affected",
                several_of(
                    "affected",
                    "Who was affected?",
                    {
                        "patient": "A patient or service user",
                        "staff": "A member of staff",
                        "visitor": "A visitor, carer or relative",
                        "nobody": "Nobody",
                        "not-known": "Not known yet",
                    },
                    alone=("nobody", "not-known"),
                ),
                short_text(
                    "affected-described",
                    "Can you describe them in a way that identifies nobody?",
                    "For example: an older adult having care at home.",
                    optional=True,
                ),
                when=Report.is_an_incident,
            ),
            ask(
                "Harm to the patient",
                one_of(
                    "physical-harm",
                    "How much physical harm was there, as far as you know now?",
                    {
                        "none": "No physical harm",
                        "low": "Low physical harm",
                        "moderate": "Moderate physical harm",
                        "severe": "Severe physical harm",
                        "fatal": "Fatal",
                    },
                    "Your best understanding today. It can be changed later.",
                ),
                one_of(
                    "psychological-harm",
                    "How much psychological harm was there, as far as you know now?",
                    {
                        "none": "No psychological harm",
                        "low": "Low psychological harm",
                        "moderate": "Moderate psychological harm",
                        "severe": "Severe psychological harm",
                    },
                    "If the patient has died, this can be left out.",
                    optional=True,
                ),
                when=Report.a_patient_was_affected,
            ),
            ask(
                "A little more",
                yes_no_not_known(
                    "could-have-led",
                    "Could it have led to serious injury, major permanent harm or unexpected death?",
                ),
                long_text(
                    "made-harder",
                    "What made this harder than usual?",
                    "For example equipment, staffing, the place, or how the work is set up.",
                    optional=True,
                    max_length=2000,
                ),
                long_text(
                    "went-well",
                    "What helped it go so well?",
                    "So that others can learn from it.",
                    optional=True,
                    max_length=2000,
                ),
                long_text("done-straight-away", "What was done straight away?", optional=True, max_length=2000),
                yes_no(
                    "involved",
                    "Were you involved yourself?",
                    "If so, someone can check that you are all right.",
                    optional=True,
                ),
                People(
                    "colleagues",
                    "Which other staff were involved?",
                    "So that they can be supported. Names or work e-mail addresses, separated by commas.",
                    optional=True,
                ),
                yes_no(
                    "relative",
                    "Are you a relative of the patient?",
                    "If so, only the quality team sees this report, and they find support for the staff.",
                    optional=True,
                ),
                one_of(
                    "clinical-record",
                    "Is it written in the clinical record?",
                    {"yes": "Yes", "not-yet": "Not yet", "does-not-apply": "Does not apply"},
                    "The chat does not replace the record.",
                    optional=True,
                ),
                several_of("other-bodies", "Does anyone outside need to be told?", bodies, optional=True),
                yes_no(
                    "confidential",
                    "Keep your name to the quality team?",
                    "The quality team can see your name. Colleagues may guess who reported.",
                    optional=True,
                ),
                People(
                    "my-manager",
                    "Who is your line manager?",
                    "You are not on our people list yet. A name or work e-mail address.",
                    optional=True,
                    most=1,
                ),
                only={
                    "could-have-led": Report.was_a_near_miss_or_did_no_harm,
                    "made-harder": Report.is_not_good_care,
                    "went-well": Report.is_good_care,
                    "relative": Report.is_an_incident_or_near_miss,
                    "clinical-record": Report.is_an_incident_or_near_miss,
                    "other-bodies": Report.is_not_good_care,
                    "my-manager": Report.manager_is_not_known,
                },
            ),
            ask(
                "Being open with the patient",
                yes_no_not_known(
                    "candour",
                    "Could this have led, or still lead, to moderate or worse harm, lasting distress or death?",
                    "If so, duty of candour may apply. A clinician decides, not this form.",
                ),
                when=Report.a_patient_may_have_been_affected,
            ),
            each("support", Report.staff_to_support, CHECK_ON, when=Report.is_not_from_a_relative),
            stop("report-is-ready"),
        ],
    )
