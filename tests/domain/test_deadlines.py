"""The rule table, as its reader would check it against the policy; and what a trust may set of it."""

import pytest

from psirf_bot.domain.deadlines import LATE_STEPS, NOW, RULES, STAYS_OWED, mistakes_in, rules_of, step
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.domain.trust import DeadlineSetting, Due

# The duty, how long there is for it, whose it is, and who hears of it when it is late: written out by hand.
POLICY = """
report.read             1 working day    quality          quality chief_nurse
datix.entered           2 working days   reporter         quality
support.after-event     1 working day    checker          quality
support.review-starts   2 working days   checker          quality
support.ongoing         1 month          checker          quality
support.review-ended    2 working days   checker          quality
support.asked-for       1 working day    quality          quality
candour.confirmed       2 working days   candour_lead     service_lead quality
candour.told            10 working days  candour_lead     service_lead quality
candour.written         10 working days  candour_lead     service_lead quality
candour.attempts        5 working days   candour_lead     service_lead quality
panel.opened            5 working days   case_owner       quality chair
panel.vote              agreed           whoever_is_named
panel.decided           agreed           chair            quality chief_nurse
panel.departure         2 working days   chief_nurse      medical_director executive
case.closed             5 working days   case_owner       quality
minute.filed            2 working days   quality          quality
notifications.made      2 working days   quality          quality chief_nurse
psii.final              10 working days  quality          quality chief_nurse
response.lead           2 working days   quality          quality chief_nurse
psii.verified           2 working days   chief_nurse      medical_director executive
psii.day-3              3 working days   quality          quality chief_nurse
response.started        5 working days   response_lead    quality chief_nurse
response.first-contact  5 working days   response_lead    quality
response.target         2 months         response_lead    quality
response.three-months   3 months         response_lead    quality chief_nurse
response.extension      agreed           response_lead    quality chief_nurse
response.six-months     6 months         response_lead    chief_nurse executive
contact.service-user    agreed           response_lead    quality
contact.staff           agreed           response_lead    quality
themes.meeting          agreed           quality          chief_nurse
action.done             agreed           whoever_is_named  service_lead quality
action.reviewed         12 months        whoever_is_named  quality
plan.reviewed           18 months        quality          chief_nurse
plan.exercise           36 months        quality          chief_nurse
alert.lead              1 working day    executive        quality chief_nurse
alert.complete          agreed           whoever_is_named  executive chief_nurse
alert.authorised        1 working day    executive        chief_nurse
danger.acknowledged     5 minutes        executive        quality
fair.join               2 working days   the_two
fair.finish             10 working days  the_two
fair.review             agreed           the_two
fair.discussed          5 working days   the_two
fair.told               5 working days   the_two
fair.guidance           5 working days   the_two
fair.health             5 working days   the_two
fair.regulator          5 working days   the_two
fair.police             1 working day    the_two
fair.pipot              1 working day    the_two
fair.lado               1 working day    the_two
fair.safeguarding       1 working day    the_two
"""


def rows() -> dict[str, tuple[str, str, list[str]]]:
    table = {}
    for line in POLICY.strip().splitlines():
        rule_id, due, owner, *ladder = [cell for cell in line.replace("  ", "\t").split("\t") if cell.strip()]
        table[rule_id] = (due.strip(), owner.strip().replace("_", " "), " ".join(ladder).split())
    return table


def test_every_duty_with_its_time_its_owner_and_its_ladder() -> None:
    found = {
        rule.id: (str(rule.due or "agreed"), str(rule.owner).replace("_", " "), [str(role) for role in rule.ladder])
        for rule in RULES
    }
    assert found == rows()


def test_what_closes_or_drops_a_duty_never_opens_it_too() -> None:
    for rule in RULES:
        opens = rule.opens if isinstance(rule.opens, tuple) else (rule.opens,)
        assert not set(opens) & {*rule.closes, *rule.drops}, rule.id
        assert not set(rule.closes) & set(rule.drops), rule.id


def test_every_event_does_something() -> None:
    used = {
        event
        for rule in RULES
        for event in (*(rule.opens if isinstance(rule.opens, tuple) else (rule.opens,)), *rule.closes, *rule.drops)
    }
    assert used == set(Event)


def test_support_checks_and_danger_are_messages_of_their_own_on_no_board() -> None:
    """O01 to O10: nobody but the contact and the quality team sees a check; S04: danger waits for no digest."""
    for rule in RULES:
        assert (rule.alone and rule.private) is rule.id.startswith(("support.", "danger.", "fair.")), rule.id
        if rule.id.startswith("support."):
            assert rule.ladder == (Role.QUALITY,), "no manager's manager, and no lead of their service"


def test_a_duty_is_reminded_of_until_it_is_done() -> None:
    for rule in RULES:
        days = [step(rule, number).day for number in range(len(rule.nudges) + 10)]
        assert days[: len(rule.nudges)] == list(rule.nudges)
        late = [day for day in days[len(rule.nudges) :] if day is not None]
        assert late[:5] == [*LATE_STEPS, 10, 15], "and then once a week"
        assert [step(rule, len(rule.nudges) + n).rung for n in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(("day", "why"), [(NOW, "soon"), (-3, "soon"), (0, "due"), (1, "late")])
def test_what_a_reminder_says(day: int | None, why: str) -> None:
    numbers = [(rule, number) for rule in RULES for number in range(12)]
    found = {step(rule, number).why for rule, number in numbers if step(rule, number).day == day}
    assert found == {why}


def test_no_length_that_the_policy_does_not_give_is_taken_for_law() -> None:
    """E07, V8: the source says whether it is the policy's, local, or agreed."""
    known = ("policy", "local", "contract/local", "agreed", "PSS annex", "the alert's own", "being fair tool")
    for rule in RULES:
        assert rule.source.startswith(known), rule.id
        if rule.id.startswith("candour"):
            assert "local" in rule.source, rule.id
        if rule.source.startswith("being fair tool"):
            assert rule.source.endswith(("our own time limit", "one working day from national guidance")), rule.id


def test_the_duties_of_being_fair_are_the_two_peoples_alone() -> None:
    """L19: nobody hears of them when they are late, and their reminders are messages of their own."""
    for rule in RULES:
        assert rule.held_tight is rule.id.startswith("fair."), rule.id
        if rule.held_tight:
            assert (rule.owner, rule.ladder, rule.alone, rule.private) == ("the two", (), True, True), rule.id
    urgent = {rule.id for rule in RULES if rule.held_tight and NOW in rule.nudges}
    assert urgent == {"fair.police", "fair.pipot", "fair.lado", "fair.safeguarding"}


def test_what_follows_an_end_is_opened_by_it_and_dropped_when_the_tool_is_looked_at_again() -> None:
    follow_ups = [rule for rule in RULES if rule.opens is Event.FAIR_FOLLOWED_UP]
    assert len(follow_ups) == 8
    assert all(rule.closes == (Event.FAIR_STEP_TAKEN,) for rule in follow_ups)
    stays = {"fair.regulator", "fair.police", "fair.pipot", "fair.lado", "fair.safeguarding"}
    assert all(rule.drops == (() if rule.id in stays else (Event.FAIR_REVISITED,)) for rule in follow_ups)
    assert stays == STAYS_OWED


@pytest.mark.parametrize("own", [{"owner": Role.QUALITY}, {"ladder": (Role.QUALITY,)}])
def test_no_trust_lets_others_into_the_duties_of_being_fair(own: dict[str, Role]) -> None:
    for rule in RULES:
        if rule.held_tight:
            (found,) = mistakes_in({rule.id: DeadlineSetting(source="ours", **own)})
            assert "for nobody else" in found.what, rule.id
    longer = DeadlineSetting(due=Due(3, "working days"), source="ours")
    assert mistakes_in({"fair.join": longer}) == []
    assert str(rules_of({"fair.join": longer})["fair.join"].due) == "3 working days"


def test_a_trust_sets_its_own_length_owner_and_ladder() -> None:
    own = DeadlineSetting(
        due=Due(5, "days"), owner=Role.QUALITY, ladder=(Role.EXECUTIVE,), source="our own candour policy"
    )
    rules = rules_of({"candour.written": own})
    assert str(rules["candour.written"].due) == "5 days"
    assert rules["candour.written"].owner is Role.QUALITY
    assert rules["candour.written"].ladder == (Role.EXECUTIVE,)
    assert rules["candour.written"].source == "our own candour policy"
    assert rules["candour.told"] == next(rule for rule in RULES if rule.id == "candour.told")
    only_owner = rules_of({"candour.written": DeadlineSetting(owner=Role.QUALITY, source="ours")})
    assert str(only_owner["candour.written"].due) == "10 working days"


def test_a_setting_for_a_duty_that_is_not_there_is_a_mistake() -> None:
    found = mistakes_in(
        {
            "candour.writen": DeadlineSetting(due=Due(5, "days"), source="ours"),
            "action.done": DeadlineSetting(due=Due(5, "days"), source="ours"),
            "report.read": DeadlineSetting(due=Due(5, "days"), source="ours"),
        }
    )
    assert [m.where for m in found] == ['[deadlines."candour.writen"]', '[deadlines."action.done"]']
    assert "candour.written" in found[0].remedy
