"""Every duty of the policy that has a time: what opens it, what closes it, when it is due, and whose it is.

Each rule reads like the policy. A length that the policy does not give is local, and says so (V8, E07); a trust puts
its own length, owner and ladder in trust.toml, with their source.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from psirf_bot.domain.events import Event
from psirf_bot.domain.mistakes import Mistake, suggest
from psirf_bot.domain.people import Role
from psirf_bot.domain.report import Report
from psirf_bot.domain.trust import DeadlineSetting, Due

NOW = None
"""A reminder as soon as the duty opens."""

Owner = Role | Literal["reporter", "case owner", "checker", "response lead", "chair", "whoever is named", "the two"]
"""Whose a duty is: a role's, or one person's whom the event names (the role behind it is `Rule.stands_behind`)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One duty with a clock. `due` None: a date is agreed each time. `nudges`: working days from the due day, or NOW.

    `drops`: it is no longer owed. `ladder`: who hears of it, rung by rung, when it is late. `alone`: its reminders are
    messages of their own; otherwise they go with the day's digest. `private`: on no board and in no channel. `when`:
    only for such reports. `comes_back`: done, it opens again, due so long after. Owned by "the two" who use the being
    fair tool, it is theirs alone, whatever anybody's role (§14).
    """

    id: str
    duty: str
    opens: Event | tuple[Event, ...]
    closes: tuple[Event, ...]
    due: Due | None
    owner: Owner
    source: str
    nudges: tuple[int | None, ...] = (-1, 0)
    ladder: tuple[Role, ...] = (Role.QUALITY,)
    drops: tuple[Event, ...] = ()
    when: Callable[[Report], bool] | None = None
    alone: bool = False
    private: bool = False
    comes_back: Due | None = None

    @property
    def role(self) -> Role:
        """The role that owns it, or that stands behind the person who does when there is none."""
        return self.owner if isinstance(self.owner, Role) else Role.QUALITY

    @property
    def held_tight(self) -> bool:
        """Whether nobody but the two whose it is may learn that it is there."""
        return self.owner == "the two"

    def opened_by(self, event: Event) -> bool:
        return event in self.opens if isinstance(self.opens, tuple) else event is self.opens


LATE_STEPS = (1, 3, 5)
"""Working days after the due day on which a late duty climbs a rung; after that, as each week begins."""
WEEKLY = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One reminder: `day` in working days from the due day, None for at once; `rung` of the ladder that hears of it."""

    day: int | None
    rung: int | None = None

    @property
    def why(self) -> str:
        """What its reader is told: it is soon due, due today, or late."""
        return "soon" if self.day is None or self.day < 0 else "due" if self.day == 0 else "late"


def step(rule: Rule, number: int) -> Step:
    """The reminder with this number, from 0; there is always another one until the duty is done."""
    before = [Step(day) for day in rule.nudges]
    if number < len(before):
        return before[number]
    late = number - len(before)
    if late < len(LATE_STEPS):
        return Step(LATE_STEPS[late], late)
    return Step(LATE_STEPS[-1] + WEEKLY * (late - len(LATE_STEPS) + 1), late)


def hours(n: int) -> Due:
    return Due(n, "hours")


def minutes(n: int) -> Due:
    return Due(n, "minutes")


def working_days(n: int) -> Due:
    return Due(n, "working days")


def months(n: int) -> Due:
    return Due(n, "months")


R, E = Role, Event
ENDED = (E.CASE_CLOSED, E.CASE_DROPPED)
LOCAL = "local: the policy gives no time"
SUPPORT = "policy App 2; our own time limit"
CONTRACT = "contract/local; the law says as soon as reasonably practicable (Regulation 20)"


def _fair(
    id: str,
    duty: str,
    opens: Event | tuple[Event, ...],
    closes: tuple[Event, ...],
    due: Due | None,
    source: str,
    *,
    nudges: tuple[int | None, ...] = (-1, 0),
    drops: tuple[Event, ...] = (),
) -> Rule:
    """A duty of the two who use the being fair tool."""
    return Rule(
        id, duty, opens, closes, due, "the two", source, nudges, ladder=(), drops=drops, alone=True, private=True
    )


def _follow_up(id: str, duty: str, due: Due, source: str) -> Rule:
    """What follows from an end of the being fair tool; to look at it again opens the question anew (L17)."""
    return _fair(id, duty, E.FAIR_FOLLOWED_UP, (E.FAIR_STEP_TAKEN,), due, source, drops=(E.FAIR_REVISITED,))


def _owed_outside(id: str, duty: str, due: Due, source: str, nudges: tuple[int | None, ...] = (NOW, 0)) -> Rule:
    """The same, owed to somebody outside or by law: it does not end when the tool is used again."""
    return _fair(id, duty, E.FAIR_FOLLOWED_UP, (E.FAIR_STEP_TAKEN,), due, source, nudges=nudges)


RULES = (
    # Someone in danger now (S04)
    Rule("danger.acknowledged", "Say that you have seen the danger", E.DANGER_TOLD, (E.DANGER_ACKNOWLEDGED,),
         minutes(5), R.EXECUTIVE, "PSS annex: executives at no notice; our own time limit",
         nudges=(NOW,), alone=True, private=True),

    # Reporting (§12.1)
    Rule("report.read", "Read the report", (E.CASE_REPORTED, E.CASE_OPENED), (E.CASE_READ,), working_days(1),
         R.QUALITY, LOCAL, nudges=(0,), ladder=(R.QUALITY, R.CHIEF_NURSE), drops=ENDED),
    Rule("datix.entered", "Enter the Datix number", E.CASE_REPORTED, (E.DATIX_ENTERED,), working_days(2), "reporter",
         LOCAL, drops=(E.CASE_DROPPED,)),

    # Support for staff (App 2, O01 to O10, P06, R02)
    Rule("support.after-event", "Check how they are after the event", E.STAFF_NAMED, (E.CHECKED_AFTER_EVENT,),
         working_days(1), "checker", SUPPORT, nudges=(NOW, 0), drops=(E.CHECKS_STOPPED,), alone=True, private=True),
    Rule("support.review-starts", "Tell them that a review starts, and check how they are", E.REVIEW_STARTS,
         (E.CHECKED_AT_START,), working_days(2), "checker", SUPPORT, nudges=(NOW, 0), drops=(E.CHECKS_STOPPED,),
         alone=True, private=True),
    Rule("support.ongoing", "Check how they are while the review goes on", E.REVIEW_STARTS, (E.CHECKED_DURING,),
         months(1), "checker", SUPPORT, nudges=(0,), drops=(E.REVIEW_ENDED, E.CHECKS_STOPPED), private=True,
         alone=True, comes_back=months(1)),
    Rule("support.review-ended", "Tell them that the review has ended, and check how they are", E.REVIEW_ENDED,
         (E.CHECKED_AT_END,), working_days(2), "checker", SUPPORT, nudges=(NOW, 0), drops=(E.CHECKS_STOPPED,),
         alone=True, private=True),
    Rule("support.asked-for", "Find them the support they asked for", E.SUPPORT_ASKED_FOR, (E.SUPPORT_GIVEN,),
         working_days(1), R.QUALITY, SUPPORT, nudges=(NOW, 0), alone=True, private=True),

    # Duty of candour (§6, App 3 and 4, E01 to E07, V19). It is owed to the person: no withdrawal of a report drops it.
    Rule("candour.confirmed", "Confirm whether the duty of candour applies", (E.CASE_REPORTED, E.CANDOUR_ASKED),
         (E.CANDOUR_CONFIRMED, E.CANDOUR_DOES_NOT_APPLY), working_days(2), R.CANDOUR_LEAD, LOCAL,
         ladder=(R.SERVICE_LEAD, R.QUALITY), when=Report.candour_may_apply),
    Rule("candour.told", "Tell the person, in person, with an apology",
         (E.CASE_REPORTED, E.CANDOUR_CONFIRMED, E.CANDOUR_OWED), (E.TOLD_IN_PERSON,),
         working_days(10), R.CANDOUR_LEAD, CONTRACT, nudges=(-8, -5, -3, -1, 0), ladder=(R.SERVICE_LEAD, R.QUALITY),
         drops=(E.CANDOUR_DOES_NOT_APPLY, E.DECLINED), when=Report.candour_may_apply),
    Rule("candour.written", "Send the written follow-up", (E.CASE_REPORTED, E.CANDOUR_CONFIRMED, E.CANDOUR_OWED),
         (E.LETTER_SENT,), working_days(10), R.CANDOUR_LEAD, CONTRACT, nudges=(-3, -1, 0),
         ladder=(R.SERVICE_LEAD, R.QUALITY),
         drops=(E.CANDOUR_DOES_NOT_APPLY, E.DECLINED), when=Report.candour_may_apply),
    Rule("candour.attempts", "Record the next attempt to reach them", E.CANNOT_BE_REACHED, (E.ATTEMPT_RECORDED,),
         working_days(5), R.CANDOUR_LEAD, LOCAL, ladder=(R.SERVICE_LEAD, R.QUALITY),
         drops=(E.TOLD_IN_PERSON, E.DECLINED, E.CANDOUR_DOES_NOT_APPLY), comes_back=working_days(5)),

    # Decision and verification (§3.2, §12.3)
    Rule("panel.opened", "Open the panel",
         (E.CASE_READ, E.CASE_REOPENED, E.PSII_NOT_VERIFIED, E.PANEL_STOPPED), (E.PANEL_OPENED,),
         working_days(5), "case owner", LOCAL, ladder=(R.QUALITY, R.CHAIR), drops=ENDED),
    Rule("psii.verified", "Verify the PSII", E.PSII_DECIDED, (E.PSII_VERIFIED,), working_days(2), R.CHIEF_NURSE,
         "policy §3.2: before it starts; our own time limit", ladder=(R.MEDICAL_DIRECTOR, R.EXECUTIVE),
         drops=(E.PSII_NOT_VERIFIED, *ENDED)),
    Rule("panel.vote", "Vote on the response", E.VOTE_ASKED_FOR, (E.VOTED,), None, "whoever is named",
         "agreed when the panel was opened", nudges=(-1, 0), ladder=(), drops=(E.VOTE_NOT_NEEDED, *ENDED),
         private=True),
    Rule("panel.decided", "Decide on the response, and approve the minute", E.PANEL_OPENED, (E.MINUTE_APPROVED,), None,
         "chair", "local: two working days after voting closes", nudges=(-2, 0), ladder=(R.QUALITY, R.CHIEF_NURSE),
         drops=(E.PANEL_STOPPED, *ENDED)),
    Rule("panel.departure", "Answer whether the panel may depart from the minimum", E.DEPARTURE_ASKED_FOR,
         (E.DEPARTURE_ANSWERED,), working_days(2), R.CHIEF_NURSE, "policy §12.3; our own time limit",
         ladder=(R.MEDICAL_DIRECTOR, R.EXECUTIVE), drops=(E.PANEL_STOPPED, *ENDED)),
    Rule("case.closed", "Close the case, and tell the reporter what changed", E.NO_RESPONSE_DECIDED, (E.CASE_CLOSED,),
         working_days(5), "case owner", LOCAL, drops=(E.CASE_DROPPED, E.PANEL_OPENED)),
    Rule("minute.filed", "File the panel's minute and papers on the Datix record", E.MINUTE_APPROVED,
         (E.MINUTE_FILED,), working_days(2), R.QUALITY, "policy §12.3; our own time limit", drops=(E.CASE_DROPPED,)),
    Rule("notifications.made", "Notify everybody outside who has to know", E.NOTIFICATIONS_OWED,
         (E.NOTIFICATIONS_MADE,), working_days(2), R.QUALITY, "policy §12.4; our own time limit",
         ladder=(R.QUALITY, R.CHIEF_NURSE), drops=(E.PSII_NOT_VERIFIED, E.CASE_DROPPED)),
    Rule("psii.day-3", "Send the initial report", E.PSII_VERIFIED, (E.INITIAL_REPORT_SENT,), working_days(3), R.QUALITY,
         "policy §12.4: day 3, read here as working days from verification", ladder=(R.QUALITY, R.CHIEF_NURSE),
         drops=ENDED),

    # The learning response (§13, K01 to K08)
    Rule("response.lead", "Choose who leads the learning response", E.RESPONSE_DECIDED, (E.LEAD_CHOSEN,),
         working_days(2), R.QUALITY, "policy §4; our own time limit", ladder=(R.QUALITY, R.CHIEF_NURSE),
         drops=(E.PSII_NOT_VERIFIED, *ENDED)),
    Rule("response.started", "Start the learning response", E.RESPONSE_DUE_TO_START, (E.RESPONSE_STARTED,),
         working_days(5), "response lead", "policy §13: as soon as possible; our own time limit",
         ladder=(R.QUALITY, R.CHIEF_NURSE), drops=ENDED),
    Rule("response.first-contact", "Agree contact with everybody affected", E.RESPONSE_STARTED,
         (E.FIRST_CONTACT_AGREED,), working_days(5), "response lead", "policy App 3; our own time limit",
         drops=(E.RESPONSE_ENDED, *ENDED)),
    Rule("response.target", "Finish the learning response", E.RESPONSE_STARTED, (E.RESPONSE_ENDED,), months(2),
         "response lead", "policy §13: one to three months; two is local", nudges=(-10, -5, -1, 0),
         drops=(E.EXTENSION_AGREED, *ENDED)),
    Rule("response.three-months", "Finish within three months, or agree an extension", E.RESPONSE_STARTED,
         (E.RESPONSE_ENDED, E.EXTENSION_AGREED), months(3), "response lead", "policy §13: three months",
         nudges=(-15, -10, -5, -1, 0), ladder=(R.QUALITY, R.CHIEF_NURSE), drops=ENDED),
    Rule("response.extension", "Finish by the longer time", E.EXTENSION_AGREED, (E.RESPONSE_ENDED,), None,
         "response lead", "policy §13: the longer time on record", nudges=(-10, -5, -1, 0),
         ladder=(R.QUALITY, R.CHIEF_NURSE), drops=ENDED),
    Rule("response.six-months", "Finish within six months", E.RESPONSE_STARTED, (E.RESPONSE_ENDED,), months(6),
         "response lead", "policy §13: never more than six months", nudges=(-20, -10, -5, 0),
         ladder=(R.CHIEF_NURSE, R.EXECUTIVE), drops=ENDED),
    Rule("psii.final", "Send the final report", E.PSII_ENDED, (E.FINAL_REPORT_SENT,), working_days(10), R.QUALITY,
         "policy §12.4: on completion; our own time limit", ladder=(R.QUALITY, R.CHIEF_NURSE), drops=(E.CASE_DROPPED,)),
    Rule("contact.service-user", "Be in touch with the service user or family, as agreed", E.FAMILY_CONTACT_AGREED,
         (E.CONTACT_MADE,), None, "response lead", "agreed with them (policy App 4)", drops=(E.CONTACT_ENDED, *ENDED)),
    Rule("contact.staff", "Be in touch with the member of staff, as agreed", E.STAFF_CONTACT_AGREED,
         (E.CONTACT_MADE,), None, "response lead", "agreed with them (policy App 5)",
         drops=(E.CONTACT_ENDED, *ENDED), private=True),

    # Learning and planning (§10 to 12, §15, S08)
    Rule("themes.meeting", "Hold the monthly meeting on themes", E.MONTH_BEGAN, (E.MEETING_HELD,), None, R.QUALITY,
         "policy §12.2: monthly", nudges=(-5, -1, 0), ladder=(R.CHIEF_NURSE,)),
    Rule("action.done", "Carry out the safety action", E.ACTION_AGREED, (E.ACTION_DONE,), None, "whoever is named",
         "agreed with the action (policy §15)", nudges=(-10, -3, 0), ladder=(R.SERVICE_LEAD, R.QUALITY),
         drops=(E.ACTION_DROPPED,)),
    Rule("action.reviewed", "Review the safety action and its measure", E.ACTION_DONE, (E.ACTION_REVIEWED,), months(12),
         "whoever is named", "policy §15: typically each year", nudges=(-20, -5, 0), drops=(E.ACTION_DROPPED,),
         comes_back=months(12)),
    Rule("plan.reviewed", "Review the response plan", E.PLAN_PUBLISHED, (E.PLAN_REVIEWED,), months(18), R.QUALITY,
         "policy §11: 18 months", nudges=(-60, -20, -5, 0), ladder=(R.CHIEF_NURSE,)),
    Rule("plan.exercise", "Repeat the planning exercise", E.PLAN_PUBLISHED, (E.EXERCISE_DONE,), months(36), R.QUALITY,
         "policy §11: every three years", nudges=(-120, -60, -20, 0), ladder=(R.CHIEF_NURSE,), comes_back=months(36)),
    Rule("alert.lead", "Name a clinical lead for the Patient Safety Alert", E.ALERT_RECEIVED, (E.ALERT_LEAD_NAMED,),
         working_days(1), R.EXECUTIVE, "PSS annex; our own time limit", nudges=(0,), ladder=(R.QUALITY, R.CHIEF_NURSE),
         drops=(E.ALERT_AUTHORISED,)),
    Rule("alert.complete", "Complete the actions of the Patient Safety Alert", E.ALERT_RECEIVED,
         (E.ALERT_REPORTED, E.ALERT_AUTHORISED), None, "whoever is named", "the alert's own date",
         nudges=(-10, -5, -2, -1, 0), ladder=(R.EXECUTIVE, R.CHIEF_NURSE)),
    Rule("alert.authorised", "Authorise the alert's actions as complete", E.ALERT_REPORTED, (E.ALERT_AUTHORISED,),
         working_days(1), R.EXECUTIVE, "PSS annex; our own time limit", nudges=(0,), ladder=(R.CHIEF_NURSE,)),

    # Being fair (§14, L01 to L19): theirs alone who use the tool, in messages of their own that say nothing
    _fair("fair.join", "Answer an invitation", E.FAIR_INVITED, (E.FAIR_JOINED,), working_days(2), LOCAL,
          drops=(E.FAIR_ENDED,)),
    _fair("fair.finish", "Finish it, or pause it", (E.FAIR_JOINED, E.FAIR_RESUMED), (E.FAIR_ENDED,), working_days(10),
          LOCAL, nudges=(-5, -1, 0), drops=(E.FAIR_PAUSED,)),
    _fair("fair.review", "Look at it again", E.FAIR_PAUSED, (E.FAIR_RESUMED,), None, "agreed when it was paused",
          nudges=(0,), drops=(E.FAIR_ENDED,)),
    _fair("fair.discussed", "Discuss it with the supervisor or education lead", E.FAIR_TALK_OWED, (E.FAIR_TALKED,),
          working_days(5), "being fair tool, Q1; our own time limit", drops=(E.FAIR_ENDED,)),
    _follow_up("fair.told", "See that the person is told, in person, and has support", working_days(5),
               "being fair tool; our own time limit"),
    _follow_up("fair.guidance", "Follow the organisation's guidance", working_days(5),
               "being fair tool, Q3 and Q5; our own time limit"),
    _follow_up("fair.health", "Follow the guidance for health issues affecting work", working_days(5),
               "being fair tool, Q4; our own time limit"),
    _owed_outside("fair.regulator", "Contact the professional regulatory body", working_days(5),
               "being fair tool, Q3; our own time limit", nudges=(-1, 0)),
    _owed_outside("fair.police", "Refer to the police, guided by the memorandum of understanding", working_days(1),
               "being fair tool; our own time limit"),
    _owed_outside("fair.pipot", "Contact the PIPOT lead", working_days(1), "being fair tool, Q3; our own time limit"),
    _owed_outside("fair.lado", "Contact the LADO", working_days(1),
               "being fair tool, Q3; one working day from national guidance"),
    _owed_outside("fair.safeguarding", "Follow the safeguarding policies", working_days(1),
               "being fair tool; our own time limit"),
)  # fmt: skip


RULE_IDS = {rule.id: rule for rule in RULES}
FOLLOWS_UP = frozenset(rule.id for rule in RULES if rule.opened_by(E.FAIR_FOLLOWED_UP))
"""What follows from an end of the being fair tool, whoever sees to it."""
STAYS_OWED = frozenset(rule for rule in FOLLOWS_UP if not RULE_IDS[rule].drops)
"""What follows from the being fair tool and is owed to somebody outside: it ends with neither the run nor the two."""


def rules_of(settings: Mapping[str, DeadlineSetting]) -> dict[str, Rule]:
    """The rules by id, with the lengths, owners and ladders that a trust has set for itself."""
    return {rule.id: _as_set(rule, settings.get(rule.id)) for rule in RULES}


def _as_set(rule: Rule, own: DeadlineSetting | None) -> Rule:
    if own is None:
        return rule
    return replace(
        rule,
        due=own.due or rule.due,
        comes_back=own.due if own.due and rule.comes_back else rule.comes_back,
        owner=own.owner or rule.owner,
        ladder=rule.ladder if own.ladder is None else own.ladder,
        source=own.source,
    )


def mistakes_in(settings: Mapping[str, DeadlineSetting]) -> list[Mistake]:
    """What a trust has set for duties that are not there, or for those whose date is agreed each time."""
    found = []
    for rule_id, own in settings.items():
        where = f'[deadlines."{rule_id}"]'
        if rule_id not in RULE_IDS:
            found.append(
                Mistake(
                    where,
                    "is not a duty with a clock",
                    suggest(rule_id, RULE_IDS),
                )
            )
        elif RULE_IDS[rule_id].held_tight and (own.owner or own.ladder):
            what = "is for the two who use the being fair tool, and for nobody else"
            found.append(Mistake(where, what, "Take out owner and ladder."))
        elif own.due and RULE_IDS[rule_id].due is None:
            found.append(
                Mistake(where, "has a length, but its date is agreed each time", "Take out the line with due.")
            )
    return found
