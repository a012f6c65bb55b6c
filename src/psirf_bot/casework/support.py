"""Support for the staff named in a report: what opens the checks on them, moves them and ends them (App 2, O01; V16).

Each check is a duty with a clock (domain/deadlines.py); the clock's tick sends its reminders, which are rendered here.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlmodel import col, or_, select

from psirf_bot.cards import support as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import (
    people,
    post,
    support_choice,
    support_offers,
    support_requests,
    support_stages,
    support_wish,
)
from psirf_bot.casework.deadlines import DROPPED, RUNNING, happened, running
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import owners, pattern_of
from psirf_bot.casework.support_circle import CHECK, REQUEST, SOMEONE_ELSE, kept_from_check
from psirf_bot.casework.support_lists import on_the_quality_list as on_the_quality_list
from psirf_bot.casework.support_needs import (
    AFTER_EVENT,
    BOT,
    acting_checker,
    begin,
    can_check,
    case_of_need,
    has_left,
    move,
    point_to_the_newer,
    roughly,
    somebody_can_choose,
    subject,
)
from psirf_bot.casework.support_needs import ASKED as ASKED
from psirf_bot.casework.support_needs import CHECKED as CHECKED
from psirf_bot.casework.support_needs import ON_LIST as ON_LIST
from psirf_bot.casework.support_needs import STOPPED as STOPPED
from psirf_bot.casework.support_needs import is_kept_from as is_kept_from
from psirf_bot.casework.support_needs import of_case as of_case
from psirf_bot.casework.support_needs import wish_words as wish_words
from psirf_bot.casework.support_review import goes_on
from psirf_bot.casework.support_review import in_review as in_review
from psirf_bot.casework.support_review import review_ended as review_ended
from psirf_bot.casework.support_review import review_starts as review_starts
from psirf_bot.casework.support_review import staff_contact_gate as staff_contact_gate
from psirf_bot.casework.support_review import told_that_review_starts as told_that_review_starts
from psirf_bot.casework.support_review import who_it_is as who_it_is
from psirf_bot.casework.work import Press, Work
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.domain.report import MYSELF, CheckWish, Report
from psirf_bot.store.tables import Case, Deadline, Nudge, Person, SupportNeed

BY_MISTAKE = timedelta(days=30)
"""Whoever is back on the people list so soon was left out by mistake, or was away for a little while."""


# After a report


def ask_for_checks(work: Work, case: Case, report: Report) -> list[SupportNeed]:
    """Have each member of staff named checked on; where nobody can be asked, the quality team finds somebody."""
    # A reporter who also named themselves is one person.
    people_meant = {case.reporter_id if who == MYSELF else who: who for who in reversed(report.staff_to_support())}
    needs = [_need(work, case, report, who) for who in reversed(people_meant.values())]
    here = [need for need in needs if not has_left(work, need)]
    begin(work, here, Event.STAFF_NAMED, case.reporter_id or BOT)
    for need in needs:
        if need not in here:  # they have left while the report was written
            _stop(work, need, BOT)
            _tell_that_they_left(work, need)
    return here


def told_about_support(work: Work, needs: Sequence[SupportNeed]) -> str:
    """What the reporter is told, truthfully: when those who are to check will be asked, in general terms."""
    asked = [need for need in needs if need.checker_id]
    duties = [duty for need in asked for duty in running(work, subject(work, need), AFTER_EVENT)]
    # The clock may look at a duty before whoever is asked is at work.
    working_moment = work.setting.calendar_beyond.working_moment
    moments = sorted(
        working_moment(duty.next_at, pattern_of(work, someone.id))
        for duty in duties
        for someone in owners(work, duty)
        if duty.next_at
    )
    if without := [need for need in needs if not need.checker_id and not somebody_can_choose(work, need)]:
        rest = [need for need in needs if need not in without]
        nobody = cards.nobody_can_be_asked(_on_whom(work, without))
        return f"{told_about_support(work, rest)} {nobody}" if rest else nobody
    if not moments:
        return "The quality team will find somebody to check on the staff involved."
    first, last = roughly(work, moments[0]), roughly(work, moments[-1])
    when = first if first == last else f"when each is at work, the first {first} and the last {last}"
    others = " The quality team will find somebody for the others." if len(asked) < len(needs) else ""
    return f"I will ask somebody to check on {_on_whom(work, asked)}, in private, {when}.{others}"


def _on_whom(work: Work, needs: Sequence[SupportNeed]) -> str:
    """Those to be checked on, as the reporter is spoken to."""
    colleagues = [need for need in needs if need.person_id != case_of_need(work, need).reporter_id]
    named = ["you"] if len(colleagues) < len(needs) else []
    if colleagues:
        named.append("your colleague" if len(colleagues) == 1 else "your colleagues")
    return " and ".join(named)


def _need(work: Work, case: Case, report: Report, who: str) -> SupportNeed:
    someone = people.person(work, case.reporter_id if who == MYSELF else who)
    wish = report.support.get(who, CheckWish())
    # Whoever names the line manager as somebody else has named the line manager.
    manager = someone.line_manager_id if someone else None
    own_manager = bool(wish.who and manager == wish.who[0])
    never = manager is not None and someone is not None and someone.passes_over_id is not None
    meant = SOMEONE_ELSE if never else "line-manager" if own_manager else wish.by or "quality"
    need = SupportNeed(
        id=work.new_id(),
        case_id=case.id,
        person_id=someone.id if someone else None,
        name=someone.name if someone else who,
        wish=meant,
        passed_over_id=manager if meant == SOMEONE_ELSE else None,
        wished=people.name_of(work, wish.who[0]) if wish.who else None,
        at=work.now,
    )
    chosen = None if report.is_from_a_relative() else _chosen(work, report, someone, wish)
    need.checker_id = chosen.id if chosen and can_check(work, need, chosen) else None
    need.state = ASKED if need.checker_id else ON_LIST
    work.session.add(need)
    work.session.flush()
    return need


def _chosen(work: Work, report: Report, someone: Person | None, wish: CheckWish) -> Person | None:
    if wish.by == SOMEONE_ELSE:
        return people.person(work, wish.who[0] if wish.who else None)
    if wish.by == "line-manager" and someone:
        return people.person(work, someone.line_manager_id or _named_manager(report, someone))
    return None


def _named_manager(report: Report, someone: Person) -> str | None:
    """The manager whom a reporter who is not on the list named, for themselves only."""
    return report.my_manager[0] if report.my_manager and not someone.on_list else None


# When things change


def stop_asking(work: Work, case: Case) -> None:
    """The report was withdrawn: those who were asked are told; whether to look in all the same is theirs to judge."""
    for need in of_case(work, case):
        for person_id in _who_were_asked(work, need):
            text = f"The report behind your check on {need.name} was withdrawn. Looking in on them may still be kind."
            at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, person_id))
            card = said("A report was withdrawn", text, preview="You have a private task.")
            post.to_person(work, person_id, card, at=at)
        _stop(work, need, case.reporter_id or BOT)


def _stop(work: Work, need: SupportNeed, by: str) -> None:
    if need.state != CHECKED:
        need.state = STOPPED
        work.session.add(need)
        work.session.flush()
    happened(work, Event.CHECKS_STOPPED, subject(work, need), by)


def _who_were_asked(work: Work, need: SupportNeed) -> list[str]:
    """Those who are to check and have had a reminder of it already."""
    duties = [duty.id for duty in running(work, subject(work, need))]
    reminded = select(Nudge.person_id).where(col(Nudge.deadline_id).in_(duties)).distinct()
    acting = acting_checker(work, need)
    contacts = {need.checker_id, acting.id if acting else None} - kept_from_check(work, need)
    return [person_id for person_id in work.session.exec(reminded) if person_id in contacts]


def leave_to_the_quality_team(work: Work, case: Case) -> None:
    """It has turned out that a relative reported it: checks that are still owed are for the quality team to see to."""
    for need in of_case(work, case):
        if need.checker_id and running(work, subject(work, need)):
            move(work, need, None, why="The reporter is a relative of the patient.")


def pass_on_those_of_leavers(work: Work) -> None:
    """Checks that somebody who has left was to make are the quality team's; those on somebody who has left end."""
    checks = select(Deadline.subject_id).where(Deadline.subject_kind == CHECK, col(Deadline.state).in_(RUNNING))
    open_ = select(SupportNeed).where(or_(col(SupportNeed.id).in_(checks), SupportNeed.state == ASKED))
    for need in work.session.exec(open_.order_by(SupportNeed.id)).all():
        checker = people.person(work, need.checker_id)
        if has_left(work, need):
            _stop(work, need, BOT)
            _tell_that_they_left(work, need)
        elif need.checker_id and (checker is None or not checker.active):
            move(work, need, None)
    _ask_again_about_those_back(work)
    support_requests.pass_on_those_of_leavers(work)


def _ask_again_about_those_back(work: Work) -> None:
    """A list may have left somebody out by mistake: once they are on it again, nobody has checked on them yet."""
    ended = select(Deadline.subject_id).where(
        Deadline.subject_kind == CHECK,
        Deadline.state == DROPPED,
        Deadline.closed_by == BOT,
        Deadline.note == str(Event.CHECKS_STOPPED),
        col(Deadline.closed_at) >= work.now - BY_MISTAKE,
    )
    back = select(SupportNeed).join(Person, col(SupportNeed.person_id) == col(Person.id))
    back = back.where(col(Person.active), col(SupportNeed.id).in_(ended))
    for need in work.session.exec(back.order_by(SupportNeed.id)).all():
        if case_of_need(work, need).state == State.WITHDRAWN:
            continue
        stopped = need.state == STOPPED
        if stopped:
            need.checker_id = need.checker_id if can_check(work, need, people.person(work, need.checker_id)) else None
            need.state = ASKED if need.checker_id else ON_LIST
            work.session.add(need)
            work.session.flush()
            begin(work, [need], Event.STAFF_NAMED, BOT)
        if not goes_on(work, need) and not stopped:
            continue
        text = f"{need.name} is on the people list again, so somebody is asked to check on them."
        _tell_the_team(work, need, "Checks on a member of staff go on", text)


def _tell_that_they_left(work: Work, need: SupportNeed) -> None:
    text = "is no longer on the people list, so nobody is asked to check on them. Please see if more is owed."
    _tell_the_team(work, need, "Checks on a member of staff have stopped", f"{need.name} {text}")


def _tell_the_team(work: Work, need: SupportNeed, title: str, text: str) -> None:
    for someone in people.holders(work, Role.QUALITY):
        if not is_kept_from(work, need, people.member(work, someone)):
            at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, someone.id))
            post.to_person(work, someone.id, said(title, text), at=at)


def undelivered(work: Work, which: str) -> None:
    """Whoever was to check could not be reached after all: somebody else has to be found.

    `which`: the need, and after a colon whom the message was for, if it is known.
    """
    need_id, _, person_id = which.partition(":")
    need = work.session.get(SupportNeed, need_id)
    if need is None or need.checker_id is None or need.state == STOPPED:
        return
    acting = acting_checker(work, need)
    if not person_id or person_id in {need.checker_id, acting.id if acting else None}:
        move(work, need, None)


def render_nudge(work: Work, deadline: Deadline, nudge: Nudge, *, posted: bool) -> Card | None:
    """The reminder of a duty of support as it is to be shown now, None for nothing. `posted`: it hangs already."""
    renderers = {CHECK: support_stages.render, REQUEST: support_requests.render}
    card = renderers[deadline.subject_kind](work, deadline, nudge, posted=posted)
    if card and not posted:
        point_to_the_newer(work, deadline, nudge)
    return card


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    **support_stages.VERBS,
    **support_choice.VERBS,
    **support_offers.VERBS,
    **support_requests.VERBS,
    **support_wish.VERBS,
}
