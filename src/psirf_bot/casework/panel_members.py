"""Who gets a seat on a panel, who can chair it, and the vote that each member is asked for (policy §12.3, I11; C08).

Staff who were involved, their line managers and managers who were passed over get none. A refusal never says why.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sqlmodel import insert, select

from psirf_bot.casework import deadlines, panels, people, training
from psirf_bot.casework.case_facts import involved_in
from psirf_bot.casework.deadlines import Subject, happened, running
from psirf_bot.casework.forms import Answers, Unfit
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.events import Event
from psirf_bot.domain.panel import Seat, missing, seat_of
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Panel, PanelMember, Person

STANDING = (Role.QUALITY, Role.PANEL, Role.CHAIR)
"""Whoever acts in one of these today has a seat in every panel."""
A_HANDFUL = 5
MOST = 10
"""How many people one question names."""
NAMED = {"representatives": Seat.SERVICE, "experts": Seat.EXPERT}
"""The questions in which people are named for a seat, and the seat."""


# Seats


def kept_out(work: Work, case: Case) -> frozenset[str]:
    """Who was involved in a case, looked up once while its row is held: nothing that opens a panel changes it."""
    asked = ("kept out", case.id)
    if asked not in work.memo:
        work.memo[asked] = involved_in(work, case)
    out: frozenset[str] = work.memo[asked]
    return out


def standing(work: Work, case: Case) -> dict[str, Seat]:
    """The seats that people have by what they are today, themselves or for whom they stand in."""
    out = kept_out(work, case)
    found = {someone.id: someone for role in STANDING for someone in people.holders(work, role)}
    seats = {someone.id: _seat(work, case, someone) for someone in found.values() if someone.id not in out}
    return {who: seat for who, seat in seats.items() if seat}


def _seat(work: Work, case: Case, someone: Person) -> Seat | None:
    member = _as_today(work, someone)
    return seat_of(member.roles, serves=case.service in {*member.leads, someone.service})


def _as_today(work: Work, someone: Person) -> Member:
    """What somebody is today, looked up once for all the cases of an agenda."""
    asked = ("member", someone.id)
    if asked not in work.memo:
        work.memo[asked] = people.member(work, someone)
    member: Member = work.memo[asked]
    return member


def suggested(work: Work, case: Case) -> dict[str, list[str]]:
    """Whom the form names already: the leads of the case's service, and a handful of subject experts."""
    return _likely(work, case, standing(work, case))


def _likely(work: Work, case: Case, seats: Mapping[str, Seat]) -> dict[str, list[str]]:
    out = kept_out(work, case)
    leads = [p.id for p in people.holders(work, Role.SERVICE_LEAD) if case.service in _as_today(work, p).leads]
    experts = [p.id for p in people.holders(work, Role.EXPERT)]
    leads = [who for who in leads if who not in out]
    # Somebody who sits for the quality team or the service is wanted in that seat.
    free = [who for who in experts if who not in out and seats.get(who, Seat.EXPERT) is Seat.EXPERT]
    return {
        "representatives": leads[:A_HANDFUL],
        "experts": [who for who in free if who not in leads][:A_HANDFUL],
    }


def usual(work: Work, case: Case) -> dict[str, Seat]:
    """The seats of a panel for which nobody was named by hand."""
    seats = standing(work, case)
    likely = _likely(work, case, seats)
    return seats | {who: seat for question, seat in NAMED.items() for who in likely[question]}


def named(work: Work, case: Case, answers: Answers, stood_back: Collection[str] = ()) -> dict[str, Seat]:
    """The seats of those who were named by hand. Raises Unfit for somebody who cannot have one."""
    out = kept_out(work, case) | set(stood_back)
    seats: dict[str, Seat] = {}
    for question, seat in NAMED.items():
        given = answers.get(question)
        for who in given if isinstance(given, list) else []:
            someone = listed(work, who, question)
            if someone.id in out:
                raise Unfit({question: cannot_sit(someone)})
            if someone.id in seats:
                raise Unfit({question: f"{someone.name} is named twice. Please name each person once."})
            seats[someone.id] = seat
    return seats


def listed(work: Work, who: str, question: str) -> Person:
    """The person on the people list who is meant. Raises Unfit for anybody else."""
    found = people.person(work, who)
    if found is None or not (found.active and found.on_list):
        name = found.name if found else who
        raise Unfit({question: f"{name} is not on the people list. Please choose somebody who is."})
    return found


def cannot_sit(someone: Person) -> str:
    """The same words whatever the reason, so that they give none away."""
    return f"{someone.name} cannot sit on this one. Please choose somebody else."


def quorum_warning(work: Work, seats: Iterable[Seat]) -> str:
    """What these members could not reach of the quorum, in words; nothing where they could reach it."""
    lacking = missing(work.trust.panel.quorum, seats)
    if not lacking:
        return ""
    wanted = ", ".join(f"{seat.words.lower()} ({count} more)" for seat, count in lacking.items())
    text = f"The quorum cannot be reached with these members. Still wanted: {wanted}."
    return f"{text} To add members, press Papers and members."


# The chair


def likely_chair(work: Work, case: Case | None = None) -> list[str]:
    """Who is suggested as the chair: somebody whose training is complete, if there is one."""
    out = kept_out(work, case) if case else frozenset()
    able = [p for p in people.holders(work, Role.CHAIR) if p.id not in out]
    return [p.id for p in sorted(able, key=lambda p: bool(training.oversight_lacks(work, p.id)))][:1]


def chair_of(work: Work, answers: Answers, *cases: Case, stood_back: Collection[str] = ()) -> tuple[Person, str | None]:
    """Who chairs the panels of these cases, and why in spite of their training, if so. Raises Unfit."""
    given = answers["chair"]
    chair = listed(work, given[0] if isinstance(given, list) else "", "chair")
    for case in cases:
        if chair.id in stood_back or chair.id in kept_out(work, case):
            text = f" Please leave {case.reference} out here and open it by itself." if len(cases) > 1 else ""
            raise Unfit({"chair": cannot_sit(chair) + text})
    if Role.CHAIR not in people.member(work, chair).roles:
        raise Unfit({"chair": f"{chair.name} does not chair panels. Please choose somebody with the role of chair."})
    lacking, why = training.oversight_lacks(work, chair.id), answers.get("chair-override")
    if lacking and not why:
        text = f"Not on the training register for {chair.name}: {'; '.join(lacking)}. (Policy 4.3.)"
        raise Unfit({"chair-override": f"{text} Please choose another chair, or say here why they chair it."})
    return chair, str(why) if lacking else None


# The votes that are asked for


def vote(case: Case, member: PanelMember) -> Subject:
    """The subject of a member's duty to vote."""
    return _vote(case, member.id, member.person_id)


def _vote(case: Case, seat_id: str, who: str) -> Subject:
    return Subject("vote", seat_id, case, case.service, {"whoever is named": who})


def seat(work: Work, case: Case, panel: Panel, seats: Mapping[str, Seat], closes_on: date) -> None:
    """Give these people a seat, and ask each of them for a vote by the day on which voting closes."""
    if not seats:
        return
    ids = {who: work.new_id() for who in seats}
    rows = [{"id": ids[who], "panel_id": panel.id, "person_id": who, "seat": seat} for who, seat in seats.items()]
    work.session.execute(insert(PanelMember), rows)
    asked = [_vote(case, ids[who], who) for who in seats]
    deadlines.began(work, Event.VOTE_ASKED_FOR, asked, {"panel.vote": closes_on})


def all_of(work: Work, panel: Panel) -> list[PanelMember]:
    """Every member, with those who have stood back."""
    return list(work.session.exec(select(PanelMember).where(PanelMember.panel_id == panel.id).order_by(PanelMember.id)))


def shown(work: Work, case: Case, panel: Panel) -> dict[str, list[str]]:
    """Whom the form names in each of these seats: first those who have it only because they were named."""
    by_right = standing(work, case)
    sitting = sorted(all_of(work, panel), key=lambda m: by_right.get(m.person_id) == m.seat)
    return {
        question: [m.person_id for m in sitting if m.seat == seat and m.recused_at is None][:MOST]
        for question, seat in NAMED.items()
    }


def change(work: Work, case: Case, panel: Panel, wanted: Mapping[str, Seat], closes_on: date, by: str) -> None:
    """Seat those who are named now, and let those go who no longer are. Raises Unfit for one who has voted.

    Whoever has a seat by what they are keeps one; whoever has stood back stays so.
    """
    members, by_right = all_of(work, panel), standing(work, case)
    were_named = {who for named_so_far in shown(work, case, panel).values() for who in named_so_far}
    dropped = [m for m in members if m.person_id in were_named - wanted.keys()]
    gone = [m for m in dropped if m.person_id not in by_right]
    _none_has_voted(work, panel, gone)
    for member in gone:
        happened(work, Event.VOTE_NOT_NEEDED, vote(case, member), by, note="No longer a member")
        work.session.delete(member)
    seats = {m.person_id: by_right[m.person_id] for m in dropped if m not in gone} | dict(wanted)
    for member in members:
        if member not in gone and member.person_id in seats:
            member.seat = seats[member.person_id]
            work.session.add(member)
    work.session.flush()
    known = {member.person_id for member in members}
    seat(work, case, panel, {who: wanted[who] for who in wanted if who not in known}, closes_on)


def _none_has_voted(work: Work, panel: Panel, members: Iterable[PanelMember]) -> None:
    """A vote that was given is not lost by naming somebody else. Raises Unfit."""
    voted = panels.votes(work, panel)
    for member in members:
        if member.id in voted:
            question = next(question for question, seat in NAMED.items() if seat == member.seat)
            text = f"{people.name_of(work, member.person_id)} has voted, so they stay on this panel."
            raise Unfit({question: text})


def ask_those_back(work: Work, case: Case, panel: Panel, out: Collection[str], by: str) -> bool:
    """Whoever had left or was kept out, and no longer is, is asked for their vote again. Whether anybody is."""
    if not panels.voting_is_open(work, panel):
        return False
    agreed = {"panel.vote": panel.closes_at.astimezone(work.trust.timezone).date()}
    voted, asked = panels.votes(work, panel), False
    for member in all_of(work, panel):
        someone, subject = people.person(work, member.person_id), vote(case, member)
        may_vote = someone and someone.active and someone.id not in out and member.id not in voted
        if may_vote and not running(work, subject, "panel.vote"):
            happened(work, Event.VOTE_ASKED_FOR, subject, by, agreed=agreed)
            asked = True
    return asked


def move_votes(work: Work, case: Case, panel: Panel, closes_on: date) -> None:
    """Voting closes on another day: those who have still to vote have until then."""
    for member in all_of(work, panel):
        for clock in running(work, vote(case, member), "panel.vote"):
            deadlines.move(work, clock, closes_on)
