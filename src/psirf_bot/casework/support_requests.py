"""Support that a member of staff asks for themselves.

It goes to the quality team in private. Their line manager never sees it, whatever else that manager may be.
"""

from collections.abc import Callable

from sqlmodel import col, select

from psirf_bot.cards import support as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card, Words
from psirf_bot.casework import people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DROPPED, RUNNING, Subject, hand_over, happened, running, settle
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.support_circle import REQUEST, kept_from_request
from psirf_bot.casework.support_needs import (
    STOPPED,
    due_words,
    has_a_newer,
)
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import one_of
from psirf_bot.domain.authority import Act, DutyFacts, Member, may
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Deadline, Nudge, Person, SupportRequest

WAITING, TAKEN, GIVEN = "waiting", "taken", "done"
_IS_OPEN = col(SupportRequest.state).in_((WAITING, TAKEN))
THEY_LEFT = "They are no longer on the people list, so there is nothing more you need to do here. Thank you."


def _ask(work: Work, press: Press, answers: Answers) -> Card:
    wish = str(answers["how"])
    same = select(SupportRequest).where(SupportRequest.person_id == press.by.id, SupportRequest.wish == wish, _IS_OPEN)
    me, known = work.session.get_one(Person, press.by.id), work.session.exec(same).first()
    request = known or SupportRequest(
        id=work.new_id(), person_id=me.id, wish=wish, passed_over_id=me.line_manager_id, at=work.now
    )
    if not any(_may_see(work, request, people.member(work, s)) for s in people.holders(work, Role.QUALITY)):
        return cards.nobody_to_ask(work.trust.support)  # also where those who could see it have left since
    if known is None:
        work.session.add(request)
        work.session.flush()
        work.record(press.by.id, "asked for support", request=request.id)
        happened(work, Event.SUPPORT_ASKED_FOR, Subject(REQUEST, request.id), press.by.id)
    text = (
        "The quality team will see that somebody gets in touch with you. Nobody reads this live: if you cannot wait, "
        "please ring one of the numbers. Your line manager is not told."
    )
    return Card(
        title="Thank you for asking",
        preview="You have a private message.",
        body=(Words(text=text), *cards.numbers_to_ring(work.trust.support)),
    )


def _may_see(work: Work, request: SupportRequest, by: Member) -> bool:
    """The quality team, but for whoever asked and their line manager; nor their own service, if they asked for that."""
    someone, reader = people.person(work, request.person_id), people.person(work, by.id)
    near = request.wish == "outside" and bool(
        reader and reader.service and someone and reader.service == someone.service
    )
    owners = frozenset({request.taken_by} if request.taken_by else ())
    duty = DutyFacts(owners, private=True, kept_from_ids=kept_from_request(work, request))
    return not near and may(by, Act.SETTLE_DUTY, duty)


def waiting(work: Work, by: Member) -> list[SupportRequest]:
    """The requests for support that this person may know of and that nobody has settled, the oldest first."""
    open_ = select(SupportRequest).where(_IS_OPEN).order_by(col(SupportRequest.at))
    return [request for request in work.session.exec(open_) if by.is_quality and _may_see(work, request, by)]


def render(work: Work, deadline: Deadline, nudge: Nudge, *, posted: bool) -> Card | None:
    """The reminder of a request, looked at again as it is sent or edited; None where there is nothing to say."""
    request = work.session.get(SupportRequest, deadline.subject_id)
    someone = people.person(work, nudge.person_id)
    if request is None or someone is None:
        return None
    if not someone.active or not _may_see(work, request, people.member(work, someone)):
        return cards.passed_on() if posted else None
    if posted and deadline.state in RUNNING and has_a_newer(work, deadline, nudge):
        return cards.there_is_a_newer()
    if request.state == STOPPED:
        return said("No longer needed", THEY_LEFT) if posted else None
    if deadline.state not in RUNNING:
        return said("Somebody has been helped", "There is nothing more you need to do. Thank you.") if posted else None
    return card_of(work, request, deadline)


def card_of(work: Work, request: SupportRequest, duty: Deadline) -> Card:
    return cards.asked_for_support(
        people.name_of(work, request.person_id),
        cards.WAYS[request.wish],
        f"{due_words(work, duty)} ({duty.source})",
        people.name_of(work, request.taken_by),
        buttons(work, request),
    )


def buttons(work: Work, request: SupportRequest) -> tuple[Button, ...]:
    """What the quality team does with a request, told apart for those who hear the buttons read out."""
    name, take, given = people.name_of(work, request.person_id), "I will see to it", "Somebody has been in touch"
    seen_to = button(work, given, "support.given", spoken=f"{given}: {name}", request=request.id)
    if _is_taken(work, request):
        return (seen_to,)
    spoken = f"{take}: {name}"
    return (button(work, take, "support.take", style="primary", spoken=spoken, request=request.id), seen_to)


def _is_taken(work: Work, request: SupportRequest) -> bool:
    """Whether somebody sees to it who is here today, and has not become their line manager since."""
    taker = people.person(work, request.taken_by)
    here = taker is not None and taker.active and people.acting_for(work, taker).id == taker.id
    return here and request.taken_by not in kept_from_request(work, request)


def _take(work: Work, press: Press) -> Reply:
    request, duties = _found(work, press)
    if request.taken_by != press.by.id and _is_taken(work, request):
        raise Refusal(f"{people.name_of(work, request.taken_by)} sees to it already. Thank you.")
    if request.taken_by != press.by.id:
        request.state, request.taken_by = TAKEN, press.by.id
        work.session.add(request)
        work.session.flush()
        for duty in duties:
            hand_over(work, duty, press.by.id)
        work.record(press.by.id, "sees to a request for support", request=request.id)
        text = f"{press.by.name} of the quality team has seen that you asked for support, and will see that it comes."
        post.to_person(
            work, request.person_id, said("You asked for support", text, preview="You have a private message.")
        )
    return Reply(card=card_of(work, request, duties[0]))


def pass_on_those_of_leavers(work: Work) -> None:
    """Requests that somebody took who has left wait for the quality team again; those of somebody who has left end."""
    asked = select(SupportRequest).join(Person, col(SupportRequest.person_id) == Person.id)
    for request in work.session.exec(asked.where(_IS_OPEN, col(Person.active).is_(False))).all():
        _end_for_leaver(work, request)
    taken = select(SupportRequest).join(Person, col(SupportRequest.taken_by) == Person.id)
    for request in work.session.exec(taken.where(SupportRequest.state == TAKEN, col(Person.active).is_(False))).all():
        request.state, request.taken_by = WAITING, None
        work.session.add(request)
        work.session.flush()
        for duty in running(work, Subject(REQUEST, request.id)):
            hand_over(work, duty, None)


def _end_for_leaver(work: Work, request: SupportRequest) -> None:
    name = people.name_of(work, request.person_id)
    text = f"{name} asked for support and is no longer on the people list. Please see if more is owed."
    card = said("A request for support has stopped", text, preview="You have a private task.")
    for someone in people.holders(work, Role.QUALITY):
        if _may_see(work, request, people.member(work, someone)):
            at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, someone.id))
            post.to_person(work, someone.id, card, at=at)
    request.state, request.done_at = STOPPED, work.now
    work.session.add(request)
    work.session.flush()
    for duty in running(work, Subject(REQUEST, request.id)):
        settle(work, duty, DROPPED, "the bot")


def _given(work: Work, press: Press) -> Reply:
    request, _ = _found(work, press)
    request.state, request.taken_by, request.done_at = GIVEN, request.taken_by or press.by.id, work.now
    work.session.add(request)
    work.session.flush()
    happened(work, Event.SUPPORT_GIVEN, Subject(REQUEST, request.id), press.by.id)
    work.record(press.by.id, "support was given", request=request.id)
    return Reply(card=said("Thank you", "It is noted that somebody has been in touch with them."))


def _found(work: Work, press: Press) -> tuple[SupportRequest, list[Deadline]]:
    request = work.session.get_one(SupportRequest, press.args["request"], with_for_update=True)
    if not _may_see(work, request, press.by):
        raise Refusal(cards.PASSED_ON)
    duties = running(work, Subject(REQUEST, request.id))
    if request.state == STOPPED:
        raise Refusal(THEY_LEFT)
    if request.state == GIVEN or not duties:
        raise Refusal("It is noted already that somebody has been in touch with them. Thank you.")
    return request, duties


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "support.ask": Form(
        Act.ASK_FOR_SUPPORT,
        "Ask for support",
        "Ask for it",
        lambda work, press: (one_of("how", "Who would you like to hear from?", cards.WAYS),),
        _ask,
        explain=cards.NOT_TOLD,
    ),
    "support.take": _take,
    "support.given": _given,
}
