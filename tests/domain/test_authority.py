"""Who may do what, compared with a table that a policy owner can read and that no rule was used to write."""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from psirf_bot.domain.authority import Act, DutyFacts, FairFacts, Member, may
from psirf_bot.domain.case import BEFORE_PANEL, ENDED, UNDER_WAY, CaseFacts, State
from psirf_bot.domain.people import Role

# Without a case: the roles that may, and nobody else. Everybody at the trust is staff.
WITHOUT_A_CASE = {
    "report": "staff",
    "set deputy": "staff",
    "set deputy for others": "admin",
    "set channel": "admin",
    "find": "quality chief_nurse medical_director executive non_executive service_lead",
    "open from datix": "quality",
    "see untriaged": "quality",
    "ask for support": "staff",
    "set hours": "staff",
    "see the board of what is late": (
        "quality chief_nurse medical_director executive non_executive service_lead chair candour_lead"
    ),
    "agree safety action": "quality response_lead",
    "see the gaps": "quality chief_nurse medical_director executive non_executive chair",
    "open the panel": "quality",
    "receive alert": "quality",
    "name the lead of an alert": "chief_nurse medical_director executive",
    "authorise an alert's actions": "chief_nurse medical_director executive",
}

# About a case: who may, by what they are to it.
#   Q the quality team   R its reporter   K somebody asked to check on staff
#   E chief nurse, medical director and executives   B the same and the non-executives, who only read
#   L the lead of the case's own service
#   C the candour lead   N chief nurse and medical director   P whoever leads the learning response
#   V has a vote in its panel   H its chair   (neither, once they were involved or have stood back)
# In which states: reported, read, in panel, decided, awaiting verification, responding, paused, closed, withdrawn
# and merged.   x yes   . no
ABOUT_A_CASE = """
act               who     rep read pan dec awa rsp pau  clo  wdr mrg
see case          QRBLCPVH x   x    x   x   x   x   x    x    x   x
see reporter      QRBLPVH x   x    x   x   x   x   x    x    x   x
see history       Q       x   x    x   x   x   x   x    x    x   x
add               QR      x   x    x   x   x   x   x    x    .   x
withdraw          R       x   x    .   .   .   .   .    .    .   .
enter datix       QR      x   x    x   x   x   x   x    x    .   .
mark read         Q       x   .    .   .   .   .   .    .    .   .
set owner         Q       x   x    x   x   x   x   x    .    .   .
amend             Q       x   x    x   x   x   x   x    .    .   .
merge             Q       x   x    .   .   .   .   .    .    .   .
restrict          Q       x   x    x   x   x   x   x    x    .   .
close             Q       .   x    .   x   .   x   x    .    .   .
reopen            Q       .   .    .   .   .   .   .    x    .   .
checked on staff  QK      x   x    x   x   x   x   x    x    x   x
see candour       QBLCNPVH x   x    x   x   x   x   x    x    x   x
confirm candour   CN      x   x    x   x   x   x   x    x    x   x
record candour    QLCNP   x   x    x   x   x   x   x    x    x   x
open the panel    Q       .   x    .   x   .   .   .    .    .   .
see the panel     QBNVH   x   x    x   x   x   x   x    x    x   x
prepare the panel QH      .   .    x   .   .   .   .    .    .   .
vote              V       .   .    x   .   .   .   .    .    .   .
close the voting  QH      .   .    x   .   .   .   .    .    .   .
decide response   H       .   .    x   .   .   .   .    .    .   .
answer a departure from the minimum N . . x . . . . . . .
file the minute   Q       x   x    x   x   x   x   x    x    .   .
choose the response lead QH . .    .   x   x   x   x    .    .   .
notify            Q       x   x    x   x   x   x   x    x    .   .
approve the draft of a report E . . . . . x x x . .
verify PSII       N       .   .    .   .   x   .   .    .    .   .
lead response     QP      .   .    .   x   .   x   .    .    .   .
pause             QP      .   .    .   .   .   x   .    .    .   .
resume            QP      .   .    .   .   .   .   x    .    .   .
agree safety action QP    x   x    x   x   x   x   x    x    .   .
"""
STATES = (
    "reported", "read", "in panel", "decided", "awaiting verification", "responding", "paused", "closed", "withdrawn",
    "merged",
)  # fmt: skip

# What keeping a case closer takes away from whom. A confidential reporter is visible to the quality team only; what a
# patient's relative reported, and what the quality team restricted, is seen by nobody on the board or in the service.
CLOSE = {"see case": "BLCVH", "see candour": "BLVH", "record candour": "L", "see the panel": "B"}
KEPT_FROM = {
    "confidential": {"see reporter": "BLPVH"},
    "quality only": {"see reporter": "BLPVH", **CLOSE},
    "restricted": {"see reporter": "BLVH", **CLOSE},
}
KEPT_FROM_WHEN_WITHDRAWN = {"see reporter": "BLVH", **CLOSE}
NOT_OF_THEIR_OWN = {"see candour": "BL", "record candour": "L"}
"""What those on the board and in the service do not do about something that they reported themselves."""

EXECUTIVES = {"chief_nurse", "medical_director", "executive"}
SERVICE = "Podiatry"
ROLES = [role.value for role in Role]
RELATIONS = (
    "reporter", "owner", "checker", "stranger", "reporter and checker", "response lead", "on the panel", "chair",
    "on the panel and chair, but kept out",
)  # fmt: skip
OF_THE_PANEL = {"see the panel", "prepare the panel", "vote", "close the voting", "decide response"}
"""What nobody takes part in who was involved or has stood back, whatever their role."""
KEPT = [set(), *({kind} for kind in KEPT_FROM), {"confidential", "restricted"}, set(KEPT_FROM)]


def rows(text: str = ABOUT_A_CASE, states: tuple[str, ...] = STATES) -> dict[str, tuple[str, dict[str, bool]]]:
    table: dict[str, tuple[str, dict[str, bool]]] = {}
    for line in text.strip().splitlines()[1:]:
        *act, who = line.split()[: -len(states)]
        marks = line.split()[-len(states) :]
        table[" ".join(act)] = (who, {state: mark == "x" for state, mark in zip(states, marks, strict=True)})
    return table


TABLE = rows()


# About a duty with a clock: whoever owes it and the quality team; those who were reminded of it may see it. Nobody who
# is kept from it, whatever their role.
ABOUT_A_DUTY = {"see duty": "owner told quality", "settle duty": "owner quality", "pause duty": "owner quality"}


@pytest.mark.parametrize("act", Act)
def test_about_a_duty(act: Act) -> None:
    for role, relation, private in product(ROLES, ("owner", "told", "stranger"), (True, False)):
        duty = {
            "owner_ids": frozenset({"p1"} if relation == "owner" else {"p9"}),
            "told_ids": frozenset({"p1"} if relation == "told" else ()),
            "private": private,
        }
        allowed = {relation, role} & set(ABOUT_A_DUTY.get(act.value, "").split())
        expected = bool(allowed) and not (act is Act.PAUSE_DUTY and private)
        assert may(someone(role), act, DutyFacts(**duty)) is expected, (role, relation, private)
        assert not may(someone(role), act, DutyFacts(**duty, kept_from_ids=frozenset({"p1"})))


def test_whoever_stands_in_for_a_lead_a_chair_or_a_member_acts_as_they_would() -> None:
    """In that role, or in all; and not where they were involved themselves."""
    case = CaseFacts(State.IN_PANEL, SERVICE, lead_id="p6", chair_id="p4", panel_ids=frozenset({"p5"}))
    running = CaseFacts(State.RESPONDING, SERVICE, lead_id="p6", chair_id="p4", panel_ids=frozenset({"p5"}))
    for whom, role, act, about in (
        ("p6", Role.RESPONSE_LEAD, Act.LEAD_RESPONSE, running),
        ("p4", Role.CHAIR, Act.DECIDE_RESPONSE, case),
        ("p5", Role.PANEL, Act.VOTE, case),
    ):
        for acts_for, may_act in (((whom, role), True), ((whom, None), True), ((whom, Role.ADMIN), False)):
            deputy = Member("p1", "Sam Reed", frozenset({Role.STAFF}), acts_for=frozenset({acts_for}))
            assert may(deputy, act, about) is may_act, (act, acts_for)
            involved = replace(about, kept_out_ids=frozenset({"p1"}), passed_over_ids=frozenset({"p1"}))
            assert not may(deputy, act, involved)
            stood_for = replace(about, kept_out_ids=frozenset({whom}))
            assert may(deputy, act, stood_for) is (may_act and role is Role.RESPONSE_LEAD)


# By themselves alone: in a role of their own, never while they stand in for somebody who has it (L07, L19).
BY_THEMSELVES = {"start being fair": "quality workforce", "oversee being fair": "overseer"}

# About a run of the being fair tool: who may, by what they are to it.
#   J one of the two, once both have joined   F the first one, who waits for the other   I who has not joined
#   O an overseer
# In which states: invited, open, paused, ended, withdrawn.   x yes   . no
# Nobody else, whatever their roles; and nobody at all who is kept out of it: the person concerned, their line manager,
# and whoever stands in for that one.
ABOUT_A_RUN = """
act                       who   inv opn pau end wdr
see being fair            JF    x   x   x   x   .
see being fair            I     x   .   .   .   .
see being fair            O     x   x   x   x   x
join being fair           I     x   .   .   .   .
answer in being fair      J     .   x   .   .   .
pause being fair          JF    .   x   .   .   .
go on with being fair     JF    .   .   x   .   .
leave being fair for the police or safeguarding JF x x x x .
follow up being fair      JF    .   .   .   x   .
ask another colleague into being fair JF x x x . .
oversee being fair        O     x   x   x   x   x
"""
OF_A_RUN = ("invited", "open", "paused", "ended", "withdrawn")
FAIR_ROWS = [
    (act, *row) for line in ABOUT_A_RUN.strip().splitlines()[1:] for act, row in rows(f"act\n{line}", OF_A_RUN).items()
]

# What somebody is to the run: the roles of their own, and the letter of the table.
TEAMS = {"quality": Role.QUALITY, "workforce": Role.WORKFORCE}
STRANGERS = [role for role in ROLES if role != "overseer"]


def member(*own: str, stands_in: str | None = None, acts_for: str = "") -> Member:
    """Somebody with these roles of their own, and perhaps one that they hold today for another."""
    mine = frozenset({Role.STAFF, *map(Role, own)})
    held = mine | ({Role(stands_in)} if stands_in else set())
    return Member("p1", "Sam Reed", held, acts_for=frozenset({(acts_for, None)} if acts_for else ()), own=mine)


def run(state: str, team: str | None, *joined: str, kept_out: frozenset[str] = frozenset()) -> FairFacts:
    """A run with p1 there for this team, or for none, and somebody else for the others."""
    pair = {role: "p1" if name == team else f"p-{name}" for name, role in TEAMS.items()}
    return FairFacts(pair, frozenset(joined), state, kept_out)


def fair_letters(team: str, joined: tuple[str, ...]) -> set[str]:
    """What one of the two is to the run, in the letters of the table."""
    other = next(f"p-{name}" for name in TEAMS if name != team)
    if "p1" not in joined:
        return {"I"}
    return {"J" if other in joined else "F"}


@pytest.mark.parametrize("act", Act)
def test_about_a_run_of_being_fair_for_one_of_the_two(act: Act) -> None:
    """Each team's one, joined or not, in every state; whatever other roles they have."""
    for team, state, role in product(TEAMS, OF_A_RUN, (None, *ROLES)):
        other = next(f"p-{name}" for name in TEAMS if name != team)
        actor = member(team, *([role] if role else []))
        for joined in ((), ("p1",), (other,), ("p1", other)):
            mine = fair_letters(team, joined) | ({"O"} if role == "overseer" else set())
            expected = any(act.value == name and mine & set(who) and states[state] for name, who, states in FAIR_ROWS)
            assert may(actor, act, run(state, team, *joined)) is expected, (team, state, role, joined)
            assert not may(actor, act, run(state, team, *joined, kept_out=frozenset({"p1"})))


@pytest.mark.parametrize("act", Act)
def test_about_a_run_of_being_fair_for_everybody_else(act: Act) -> None:
    """No role opens it but the overseer's own: neither the quality or workforce team's, nor an admin's."""
    pair = tuple(f"p-{name}" for name in TEAMS)
    for state, joined, role in product(OF_A_RUN, ((), pair[:1], pair), ROLES):
        expected = role == "overseer" and any(
            act.value == name and "O" in who and states[state] for name, who, states in FAIR_ROWS
        )
        assert may(member(role), act, run(state, None, *joined)) is expected, (state, joined, role)
        assert not may(member(role), act, run(state, None, *joined, kept_out=frozenset({"p1"})))
    everything = member(*STRANGERS)
    assert not any(may(everything, act, run(state, None, *pair)) for state in OF_A_RUN)


@pytest.mark.parametrize("act", Act)
def test_nobody_stands_in_for_one_of_the_two_or_for_an_overseer(act: Act) -> None:
    """Neither in their role nor in their name: for one who is away, another colleague is asked into the run."""
    pair = tuple(f"p-{name}" for name in TEAMS)
    for state, role in product(OF_A_RUN, (*TEAMS, "overseer")):
        for whom in (*pair, "p-overseer"):
            deputy = member(stands_in=role, acts_for=whom)
            assert not may(deputy, act, run(state, None, *pair)), (state, role, whom)
            assert not may(deputy, act, run(state, None)), (state, role, whom)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("team", TEAMS)
def test_who_has_left_their_team_is_no_longer_one_of_the_two(act: Act, team: str) -> None:
    """Nor does somebody count for the other team, even if they are in both."""
    other = next(name for name in TEAMS if name != team)
    for state, own in product(OF_A_RUN, ([], [other], ["admin"])):
        for joined in ((), ("p1", f"p-{other}")):
            assert not may(member(*own), act, run(state, team, *joined)), (state, own)
            assert not may(member(*own, stands_in=team), act, run(state, team, *joined)), (state, own)


@pytest.mark.parametrize("act", Act)
def test_what_is_done_by_themselves_alone(act: Act) -> None:
    listed = BY_THEMSELVES.get(act.value, "").split()
    if listed:
        assert {role for role in ROLES if may(member(role), act)} == set(listed)
        assert not any(may(member(stands_in=role), act) for role in ROLES)


def test_the_table_of_runs_names_every_act_of_being_fair() -> None:
    assert {act.value for act in Act if "being fair" in act.value} == {row[0] for row in FAIR_ROWS} | set(BY_THEMSELVES)


@cache
def someone(role: str | None, *, id: str = "p1", service: str | None = SERVICE) -> Member:
    """A member of staff, with one role more if one is given."""
    roles = {Role.STAFF} | ({Role(role)} if role else set())
    return Member(id, "Sam Reed", frozenset(roles), frozenset({service} if role == "service_lead" and service else ()))


def facts(state: str, relation: str, kept: set[str]) -> CaseFacts:
    return CaseFacts(
        state=State(state),
        service=SERVICE,
        reporter_id="p1" if "reporter" in relation else "p9",
        owner_id="p1" if relation == "owner" else "p8",
        lead_id="p1" if relation == "response lead" else "p6",
        panel_ids=frozenset({"p1", "p5"} if "on the panel" in relation else {"p5"}),
        chair_id="p1" if "chair" in relation else None,
        kept_out_ids=frozenset({"p1", "p3"} if "kept out" in relation else {"p3"}),
        checker_ids=frozenset({"p1", "p7"} if "checker" in relation else {"p7"}),
        confidential="confidential" in kept,
        quality_only="quality only" in kept,
        restricted="restricted" in kept,
    )


@cache
def letters(role: str, relation: str, in_service: bool) -> set[str]:
    """What this person is to the case, in the letters of the table."""
    return {
        letter
        for letter, is_so in {
            "Q": role == "quality",
            "R": "reporter" in relation,
            "K": "checker" in relation,
            "E": role in EXECUTIVES,
            "B": role in EXECUTIVES | {"non_executive"},
            "L": role == "service_lead" and in_service,
            "C": role == "candour_lead",
            "N": role in {"chief_nurse", "medical_director"},
            "P": relation == "response lead",
            "V": relation == "on the panel",
            "H": relation == "chair",
        }.items()
        if is_so
    }


def test_the_tables_name_every_act_and_every_state() -> None:
    of_a_run = {row[0] for row in FAIR_ROWS}
    named = WITHOUT_A_CASE.keys() | TABLE.keys() | ABOUT_A_DUTY.keys() | BY_THEMSELVES.keys() | of_a_run
    assert named == {act.value for act in Act}
    assert set(STATES) == {state.value for state in State}
    assert {role for roles in WITHOUT_A_CASE.values() for role in roles.split()} <= {role.value for role in Role}


@pytest.mark.parametrize("act", Act)
def test_without_a_case(act: Act) -> None:
    listed = WITHOUT_A_CASE.get(act.value, "").split()
    assert {role for role in ROLES if may(someone(role), act)} == set(ROLES if "staff" in listed else listed)


@pytest.mark.parametrize("role", ROLES)
def test_a_manager_who_was_passed_over_learns_nothing_unless_they_are_in_the_quality_team(role: str) -> None:
    case = CaseFacts(State.READ, SERVICE, reporter_id="p9", passed_over_ids=frozenset({"p1"}))
    assert may(someone(role), Act.SEE_CASE, case) is (role == "quality")
    assert may(someone(role), Act.SEE_REPORTER, case) is (role == "quality")


@pytest.mark.parametrize("act", Act)
def test_about_a_case(act: Act) -> None:
    """Every role, act, state, relation and way of keeping a case close."""
    who, in_state = TABLE.get(act.value, ("", dict.fromkeys(STATES, False)))
    wrong = []
    for state, relation, kept in product(STATES, RELATIONS, KEPT):
        case = facts(state, relation, kept)
        closer = [KEPT_FROM[kind] for kind in kept] + ([KEPT_FROM_WHEN_WITHDRAWN] if state == "withdrawn" else [])
        closer += [NOT_OF_THEIR_OWN] if "reporter" in relation else []
        left = set(who) - {letter for takes in closer for letter in takes.get(act.value, "")}
        possible = in_state[state] and not ("chair" in relation and act.value in {"withdraw", "merge"})
        possible = possible and not ("kept out" in relation and act.value in OF_THE_PANEL)
        for role, in_service in product(ROLES, (True, False)):
            actor = someone(role, service=SERVICE if in_service else "District Nursing Nights")
            expected = possible and bool(letters(role, relation, in_service) & left)
            if may(actor, act, case) is not expected:
                service = "own service" if in_service else "another service"
                wrong.append((role, state, relation, sorted(kept), service))
    assert wrong == []


def test_what_was_decided_is_not_decided_anew_while_a_learning_response_is_under_way() -> None:
    for has_response in (True, False):
        case = CaseFacts(State.DECIDED, SERVICE, has_response=has_response)
        assert may(someone("quality"), Act.OPEN_PANEL, case) is not has_response


def test_owning_a_case_gives_nothing_that_the_quality_team_has_not() -> None:
    for act, state in product(Act, State):
        case = CaseFacts(state=state, service=SERVICE, owner_id="p1", reporter_id="p9")
        assert not may(someone(None), act, case)


def test_a_case_without_a_reporter_or_a_service_is_nobodys() -> None:
    """Opened from Datix: nobody is its reporter, not even somebody whose id is missing."""
    for act, state, kind in product(Act, State, (None, "service_lead")):
        case = CaseFacts(state=state, service="", reporter_id=None, owner_id=None)
        for actor in (someone(kind, id="", service=None), someone(kind, service=""), someone(kind)):
            assert not may(actor, act, case), (act, state, actor)


def test_what_is_not_listed_is_refused() -> None:
    everything = Member("p1", "Sam Reed", frozenset(Role), frozenset({SERVICE}))
    case = CaseFacts(state=State.REPORTED, service=SERVICE, reporter_id="p1", checker_ids=frozenset({"p1"}))
    for unknown in ("", "delete", "SEE CASE", "see", None):
        assert not may(everything, unknown, case)  # type: ignore[arg-type]
        assert not may(everything, unknown)  # type: ignore[arg-type]
    for act in Act:
        assert may(everything, act) is (act.value in WITHOUT_A_CASE)


def test_somebody_with_no_role_may_do_nothing() -> None:
    """Roles come from outside; without even `staff` nobody is taken for a member of the trust."""
    nobody = Member("p5", "Nobody", frozenset())
    for act, state in product(Act, State):
        assert not may(nobody, act)
        assert not may(nobody, act, CaseFacts(state=state, service=SERVICE, reporter_id="p9"))


def test_the_life_of_a_case_is_before_the_panel_under_way_or_ended() -> None:
    assert {s.value for s in ENDED} == {"closed", "withdrawn", "merged"}
    assert {s.value for s in BEFORE_PANEL} == {"reported", "read"}
    assert set(State) == UNDER_WAY | ENDED
    assert not UNDER_WAY & ENDED
    assert {s for s in State if s.has_ended} == ENDED
