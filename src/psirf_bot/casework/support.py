"""Somebody is asked to check on each member of staff named in a report (App 2, O01; V16).

The person asked learns the service, the time, the kind of event and the reporter's wish, never the words of the report.
"""

from collections.abc import Callable

from sqlmodel import col, select

from psirf_bot.cards import support as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, news, onlookers, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work, allowed
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.people import Role
from psirf_bot.domain.report import MYSELF, CheckWish, Report
from psirf_bot.store.tables import Case, Person, SupportNeed

ASKED, ON_LIST, CHECKED, STOPPED = "asked", "on the quality list", "checked", "stopped"


def ask_for_checks(work: Work, case: Case, report: Report) -> list[SupportNeed]:
    """Ask whoever is to check on each member of staff; where nobody can be asked, it is for the quality team."""
    # A reporter who also named themselves is one person.
    people_meant = {case.reporter_id if who == MYSELF else who: who for who in reversed(report.staff_to_support())}
    needs = [_need(work, case, report, who) for who in reversed(people_meant.values())]
    for need in needs:
        _ask(work, case, need)
    return needs


def waiting_for(work: Work, checker_id: str) -> list[SupportNeed]:
    """The checks that this person has been asked for and has not said are done."""
    mine = select(SupportNeed).where(SupportNeed.checker_id == checker_id, SupportNeed.state == ASKED)
    return list(work.session.exec(mine.order_by(SupportNeed.id)))


def on_the_quality_list(work: Work, by: Member) -> list[SupportNeed]:
    """What waits for somebody to be found, as far as this member of the quality team may know of it."""
    waiting = work.session.exec(select(SupportNeed).where(SupportNeed.state == ON_LIST).order_by(col(SupportNeed.at)))
    return [need for need in waiting if not is_kept_from(work, need, by)]


def is_kept_from(work: Work, need: SupportNeed, by: Member) -> bool:
    """A check on oneself, or on somebody who asked that it is not their line manager, is for others to see to."""
    someone = people.person(work, need.person_id)
    manager = someone is not None and someone.line_manager_id == by.id
    return need.person_id == by.id or (need.wish == "someone-else" and manager and need.checker_id != by.id)


def wish_words(need: SupportNeed) -> str:
    """The reporter's wish, for the quality team."""
    if need.wish == "someone-else":
        named = f" They named {need.wished}." if need.wished else ""
        return (
            f"The reporter asked for somebody other than the line manager; please tell the line manager nothing.{named}"
        )
    return (
        "The reporter asked for the line manager." if need.wish == "line-manager" else "You are to choose who checks."
    )


def stop_asking(work: Work, case: Case) -> None:
    """The report was withdrawn: those who were asked are told; whether to look in all the same is theirs to judge."""
    for need in of_case(work, case):
        if need.state == ASKED and need.checker_id:
            text = f"The report behind your check on {need.name} was withdrawn. Looking in on them may still be kind."
            post.to_person(work, need.checker_id, said("A report was withdrawn", text))
        if need.state != CHECKED:
            need.state = STOPPED
            work.session.add(need)


def pass_on_those_of_leavers(work: Work) -> None:
    """Checks that somebody who has left was asked for wait on the quality team's list."""
    for need in work.session.exec(select(SupportNeed).where(SupportNeed.state == ASKED)).all():
        checker = people.person(work, need.checker_id)
        if checker is None or not checker.active:
            _to_quality_list(work, need)


def of_case(work: Work, case: Case) -> list[SupportNeed]:
    return list(work.session.exec(select(SupportNeed).where(SupportNeed.case_id == case.id).order_by(SupportNeed.id)))


def _need(work: Work, case: Case, report: Report, who: str) -> SupportNeed:
    someone = people.person(work, case.reporter_id if who == MYSELF else who)
    wish = report.support.get(who, CheckWish())
    checker = None if report.is_from_a_relative() else _checker(work, report, someone, wish)
    # Whoever names the line manager as somebody else has named the line manager.
    own_manager = bool(wish.who and someone and someone.line_manager_id == wish.who[0])
    need = SupportNeed(
        id=work.new_id(),
        case_id=case.id,
        person_id=someone.id if someone else None,
        name=someone.name if someone else who,
        wish="line-manager" if own_manager else wish.by or "quality",
        wished=people.name_of(work, wish.who[0]) if wish.who else None,
        checker_id=checker.id if checker else None,
        at=work.now,
    )
    work.session.add(need)
    work.session.flush()
    return need


def _checker(work: Work, report: Report, someone: Person | None, wish: CheckWish) -> Person | None:
    """The person to ask, or whoever acts for them; never the person who is to be checked on."""
    if wish.by == "someone-else":
        chosen = people.person(work, wish.who[0] if wish.who else None)
    elif wish.by == "line-manager" and someone:
        chosen = people.person(work, someone.line_manager_id or _named_manager(report, someone))
    else:
        chosen = None
    acting = people.acting_for(work, chosen) if chosen and chosen.active else None
    if acting is None or someone is None:
        return acting
    round_the_manager = wish.by == "someone-else" and acting is not chosen and acting.id == someone.line_manager_id
    return None if acting.id == someone.id or round_the_manager else acting


def _named_manager(report: Report, someone: Person) -> str | None:
    """The manager whom a reporter who is not on the list named, for themselves only."""
    return report.my_manager[0] if report.my_manager and not someone.on_list else None


def _ask(work: Work, case: Case, need: SupportNeed) -> None:
    card = check_card(work, case, need) if need.checker_id else None
    if (
        card is None
        or need.checker_id is None
        or not post.to_person(work, need.checker_id, card, about=f"support:{need.id}")
    ):
        _to_quality_list(work, need)
    work.session.add(need)


def _to_quality_list(work: Work, need: SupportNeed) -> None:
    """Nobody else can be asked: it waits on the quality team's list, and they are told that something does."""
    before, need.state, need.checker_id = need.checker_id, ON_LIST, None
    work.session.add(need)
    onlookers.refresh(work, work.session.get_one(Case, need.case_id), before)
    card = said(
        "Someone needs a person to check on them",
        "A member of staff named in a report has nobody to check on them yet.",
        button(work, "See what waits", "words.overdue", opens=True),
    )
    if not post.to_channel(work, "quality", card):
        for someone in people.holders(work, Role.QUALITY):
            post.to_person(work, someone.id, card)


def undelivered(work: Work, need_id: str) -> None:
    """Whoever was to check could not be reached after all: somebody else has to be found."""
    need = work.session.get(SupportNeed, need_id)
    if need is not None and need.state == ASKED:
        _to_quality_list(work, need)


def check_card(work: Work, case: Case, need: SupportNeed) -> Card:
    """The private message to whoever is asked to check."""
    someone = people.person(work, need.person_id)
    is_manager = someone is not None and someone.line_manager_id == need.checker_id
    return cards.please_check(
        need.name,
        cases.line(work, case),
        "line-manager" if is_manager else need.wish,
        work.trust.support,
        (
            button(work, "I have spoken to them", "support.done", case=case, style="primary", need=need.id),
            button(work, "Someone else should do this", "support.pass", case=case, need=need.id),
        ),
    )


def _done(work: Work, press: Press) -> Reply:
    case, need = _found(work, press)
    if need.state != CHECKED:
        need.state, need.checked_at = CHECKED, work.now
        need.checker_id = need.checker_id or press.by.id
        work.session.add(need)
        work.session.flush()
        work.record(press.by.id, "checked on a member of staff", case, need=need.id)
        news.spoken_to(work, case, need.person_id)
        onlookers.refresh(work, case, press.by.id)
    return Reply(card=cards.thank_you(need.name), keep=True)


def _pass(work: Work, press: Press) -> Reply:
    case, need = _found(work, press)
    if need.state == CHECKED:
        raise Refusal(f"It is noted that {need.name} has been checked on, so nobody else is asked.")
    if need.state == ASKED:
        work.record(press.by.id, "passed on a support check", case, need=need.id)
        _to_quality_list(work, need)
    return Reply(card=said("Thank you for saying so", "The quality team will find somebody else."), keep=True)


def _found(work: Work, press: Press) -> tuple[Case, SupportNeed]:
    need = work.session.get_one(SupportNeed, press.args["need"], with_for_update=True)
    case = work.session.get_one(Case, need.case_id)
    if need.state == STOPPED:
        raise Refusal("The report was withdrawn, so there is nothing more you need to do. Thank you.")
    theirs = need.checker_id == press.by.id or press.by.is_quality
    if not theirs or is_kept_from(work, need, press.by) or not allowed(work, press.by, Act.CHECKED_ON_STAFF, case):
        raise Refusal("This has been passed to somebody else. There is nothing you need to do.")
    return case, need


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"support.done": _done, "support.pass": _pass}
