"""What people set in chat: which channel serves which purpose, and who stands in for whom."""

from collections.abc import Callable
from datetime import date
from typing import get_args

from psirf_bot.cards.conversation import said
from psirf_bot.cards.forms import as_input
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Place, Platform, Reply
from psirf_bot.casework.post import Purpose
from psirf_bot.casework.work import Press, Refusal, Work, allowed
from psirf_bot.dialogs import moments
from psirf_bot.dialogs.questions import Invalid, Json, People, Question, short_text
from psirf_bot.domain.authority import Act, Member
from psirf_bot.store.tables import Channel, StandIn

PURPOSES: tuple[str, ...] = get_args(Purpose)


def use_channel(work: Work, by: Member, platform: Platform, place: Place, purpose: str) -> Card:
    """Make this channel the one of a purpose on this platform."""
    if not allowed(work, by, Act.SET_CHANNEL):
        raise Refusal("Only an administrator of the bot can choose its channels. Please ask one to type this here.")
    if purpose not in PURPOSES:
        raise Refusal(f"I know the purposes {', '.join(PURPOSES)}. For example: use this channel for quality.")
    if not place.channel:
        raise Refusal(f"Please type this in the channel itself: use this channel for {purpose}.")
    channel = work.session.get(Channel, (purpose, platform))
    channel = channel or Channel(purpose=purpose, platform=platform, address={}, set_by=by.id, set_at=work.now)
    channel.address, channel.set_by, channel.set_at = dict(place.channel), by.id, work.now
    work.session.add(channel)
    work.record(by.id, "set a channel", purpose=purpose, platform=platform)
    text = (
        f"From now on, what is for the {purpose} channel is posted here. Please keep its members to those who need it."
    )
    return said("This channel is set", text)


QUESTIONS: tuple[Question, ...] = (
    People("whose", "Who will be away?", "Leave empty for yourself.", optional=True, most=1),
    People("deputy", "Who stands in?", "A name or work e-mail address.", most=1),
    short_text("from", "From which day?", "For example today, or 21 December 2026.", max_length=40),
    short_text("until", "Until which day?", "The last day away, for example 3 January 2027.", max_length=40),
)


def deputy_form(work: Work, by: Member, problems: dict[str, str] | None = None) -> Card:
    here = action_id(work, "deputy.set", person_id=by.id)
    asked = [q for q in QUESTIONS if q.id != "whose" or allowed(work, by, Act.SET_DEPUTY_FOR_OTHERS)]
    body = tuple(as_input(q, q.id, None, (problems or {}).get(q.id, ""), now=work.local) for q in asked)
    save = Button(label="Save", action=here, style="primary", submits=True, validates=True)
    return Card(title="Who stands in for you?", preview="Your form is ready.", body=body, buttons=(save,), reopen=here)


def _set_deputy(work: Work, press: Press) -> Reply:
    if not press.given:
        return Reply(card=deputy_form(work, press.by))
    problems: dict[str, str] = {}
    whose = _person(work, press, "whose", problems) or press.by.id
    deputy = _person(work, press, "deputy", problems)
    starts, ends = _day(work, press, "from", problems), _day(work, press, "until", problems)
    if starts and ends and ends < starts:
        problems["until"] = "That is before the first day. Please check the two dates."
    if deputy and deputy == whose:
        problems["deputy"] = "Please name somebody else."
    if problems or not (deputy and starts and ends):
        return Reply(card=deputy_form(work, press.by, problems))
    if whose != press.by.id and not allowed(work, press.by, Act.SET_DEPUTY_FOR_OTHERS):
        raise Refusal("Only an administrator can set who stands in for somebody else.")
    work.session.add(StandIn(person_id=whose, deputy_id=deputy, starts=starts, ends=ends))
    work.record(press.by.id, "set a deputy", whose=whose, deputy=deputy, starts=starts, ends=ends)
    name = people.name_of(work, deputy)
    text = f"{name} stands in from {starts:%d %B %Y} until {ends:%d %B %Y}, both included, and acts in the same roles."
    return Reply(card=said("Saved", text), keep=True)


def _person(work: Work, press: Press, key: str, problems: dict[str, str]) -> str | None:
    question = next(q for q in QUESTIONS if q.id == key)
    try:
        named: Json = question.parse(press.given.get(key), work.local)
        found = people.resolve(work, named)[0] if isinstance(named, list) else None
    except Invalid as why:
        problems[key] = str(why)
        return None
    if found and people.person(work, found) is None:
        problems[key] = "Nobody on the people list is called that. Please give a work e-mail address."
        return None
    return found


def _day(work: Work, press: Press, key: str, problems: dict[str, str]) -> date | None:
    """A day from today on."""
    typed = str(press.given.get(key) or "").strip()
    found = moments.read_day(typed, work.local)
    if found is None or found < work.local.date():
        problems[key] = "Please enter a day from today on, for example 21 December 2026."
        return None
    return found


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"deputy.set": _set_deputy}
