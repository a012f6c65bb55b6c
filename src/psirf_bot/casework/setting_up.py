"""What people set in chat: which channel serves which purpose, and who stands in for whom."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import get_args

from sqlmodel import col, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import addresses, kept_out, people, post, response_board
from psirf_bot.casework.actions import button
from psirf_bot.casework.addresses import Purpose
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Place, Platform, Reply
from psirf_bot.casework.panels import APPROVED, STOPPED, subject
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, People, Question
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import UNDER_WAY
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Channel, LearningResponse, Panel, StandIn

PURPOSES: tuple[str, ...] = get_args(Purpose)


def use_channel(work: Work, by: Member, platform: Platform, place: Place, purpose: str) -> Card:
    """Make this channel the one of a purpose on this platform."""
    if not allowed(work, by, Act.SET_CHANNEL):
        raise Refusal("Only an administrator of the bot can choose its channels. Please ask one to type this here.")
    purpose = re.sub(r"^(the )|( team| channel)$", "", purpose.strip(" .,!?;:“”\"'"))
    if purpose not in PURPOSES:
        raise Refusal(f"I know the purposes {', '.join(PURPOSES)}. For example: use this channel for quality.")
    if not place.channel:
        raise Refusal(
            f"Please type this in the channel itself: “use this channel for {purpose}”. It has to be a channel of our "
            "own trust alone, not a group chat, and in Slack you have to invite me there first."
        )
    channel = work.session.get(Channel, (purpose, platform))
    channel = channel or Channel(purpose=purpose, platform=platform, address={}, set_by=by.id, set_at=work.now)
    if channel.address and channel.address != dict(place.channel):
        channel.before = channel.before or channel.address  # the last that is known to have served
    channel.address, channel.set_by, channel.set_at = dict(place.channel), by.id, work.now
    work.session.add(channel)
    work.record(by.id, "set a channel", purpose=purpose, platform=platform)
    text = (
        f"From now on, what is for the {purpose} channel is posted here. Please keep its members to those who need it."
    )
    post.to_address(work, platform, place.channel, said("This channel is set", text), about=_about(channel))
    made_sure = (
        "I am posting there now, to make sure that I can. If nothing appears, please invite me first and type it again."
    )
    return said("The channel is being set", made_sure)


def undelivered(work: Work, which: str) -> None:
    """The bot cannot post in a channel that was set."""
    if channel := _still_set(work, which):
        _give_up(work, channel)


def arrived(work: Work, which: str) -> None:
    """The bot can post in a channel that was set: the one before is done with."""
    if channel := _still_set(work, which):
        channel.before = None
        work.session.add(channel)
        _hang_what_is_open(work, channel.purpose)


def _hang_what_is_open(work: Work, purpose: str) -> None:
    """What was begun before there was such a channel hangs there now."""
    if purpose == "panel":
        panels_ = work.session.exec(select(Panel).where(col(Panel.state).not_in((APPROVED, STOPPED)))).all()
        agendas = dict.fromkeys(f"agenda:{panel.agenda_id}" for panel in panels_ if panel.agenda_id)
        for card in (*agendas, *(subject(panel) for panel in panels_)):
            post.living_once(work, "panel", card)
    if purpose == "leads":
        goes_on = select(Case).where(col(Case.state).in_(UNDER_WAY), col(Case.id).in_(select(LearningResponse.case_id)))
        for case in work.session.exec(goes_on).all():
            response_board.hang(work, case)


def _still_set(work: Work, which: str) -> Channel | None:
    """The channel of a purpose, unless another one has been set meanwhile."""
    purpose, platform, lane = which.split("/", 2)
    channel = work.session.get(Channel, (purpose, platform))
    return channel if channel and addresses.lane_of(platform, channel.address) == lane else None


def lost(work: Work, platform: str, address: Mapping[str, str], *, given_up: bool) -> None:
    """The bot has been shut out of a place: if it serves a purpose, it does so no more.

    `given_up`: the whole platform was taken out of the settings, so nobody is asked to let the bot in.
    """
    lane = addresses.lane_of(platform, address)
    for channel in work.session.exec(select(Channel).where(Channel.platform == platform)).all():
        if addresses.lane_of(platform, channel.address) == lane:
            _give_up(work, channel, platform_too=given_up)


def _about(channel: Channel) -> str:
    return f"channel:{channel.purpose}/{channel.platform}/{addresses.lane_of(channel.platform, channel.address)}"


def _give_up(work: Work, channel: Channel, *, platform_too: bool = False) -> None:
    """The channel before serves again, or none does; whoever set it is told, and the quality team.

    Where it has been set once more meanwhile, what becomes of that is waited for: the bot may have been invited since.
    """
    if post.is_still_to_go(work, _about(channel)):
        return
    platform, words = channel.platform.capitalize(), f"“use this channel for {channel.purpose}”"
    name = f"channel for {channel.purpose} in {platform}"
    how = (
        f"Please invite me there, see that I may post there, and then type there: {words}. One that is archived, or "
        "shared with another organisation, cannot serve."
    )
    if platform_too:
        how = f"{platform} is no longer in the bot's settings. Please type {words} in a channel of the other platform."
    lane = addresses.lane_of(channel.platform, channel.address)
    if channel.before:
        text = f"I cannot post in the new {name}, so the one before stays. {how}"
        channel.address, channel.before = channel.before, None
        work.session.add(channel)
        for subject in post.living_on_the_way(work, lane):
            post.living_at(work, channel.platform, channel.address, subject)
    else:
        text = f"I cannot post in the {name}. {how} What came in meanwhile is in the list of what waits."
        work.session.delete(channel)
    work.record("the bot", "gave up a channel", purpose=channel.purpose, platform=channel.platform)
    for someone in dict.fromkeys([channel.set_by, *(p.id for p in people.holders(work, Role.QUALITY))]):
        waits = button(work, "See what waits", "words.overdue", person_id=someone)
        post.to_person(work, someone, said("A channel cannot be used", text, waits))


def _questions(work: Work, press: Press) -> Sequence[Question]:
    whose = People("whose", "Who will be away?", "Leave it empty for yourself.", optional=True, most=1)
    return (
        *((whose,) if allowed(work, press.by, Act.SET_DEPUTY_FOR_OTHERS) else ()),
        People(
            "deputy",
            "Who stands in?",
            "A name or work e-mail address. Leave it empty for nobody.",
            optional=True,
            most=1,
        ),
        Day("from", "From which day?", "For example today, or 21 December 2026.", optional=True, coming=True),
        Day("until", "Until which day?", "The last day away.", optional=True, coming=True),
    )


def _set_deputy(work: Work, press: Press, answers: Answers) -> Card:
    """One deputy at a time: a new one takes the place of whoever was set for any of these days; other leave stays."""
    whose = _listed(work, answers, "whose") or press.by.id
    deputy = _listed(work, answers, "deputy")
    if deputy == whose:
        raise Unfit({"deputy": "Please name somebody else."})
    starts, ends = _days(answers) if deputy else (None, None)
    set_before = select(StandIn).where(StandIn.person_id == whose, StandIn.ends >= work.local.date())
    known = list(work.session.exec(set_before.order_by(col(StandIn.starts), col(StandIn.id))))
    stay = [s for s in known if starts and ends and (s.ends < starts or s.starts > ends)]
    old = [s for s in known if s not in stay]
    if [(s.deputy_id, s.starts, s.ends) for s in old] == ([(deputy, starts, ends)] if deputy else []):
        return said("Saved", "That is how it is already.")
    post.refresh_homes(work, (whose, deputy, *(stand_in.deputy_id for stand_in in old)))
    for stand_in in old:
        work.session.delete(stand_in)
        if stand_in.deputy_id != deputy:
            over = f"You no longer stand in for {people.name_of(work, whose)}."
            post.to_person(work, stand_in.deputy_id, said("You no longer stand in for a colleague", over))
    work.memo.clear()
    work.record(press.by.id, "set a deputy", whose=whose, deputy=deputy, starts=starts, ends=ends)
    if deputy is None or starts is None or ends is None:
        _tell_whose(work, whose, press.by, "nobody stands in for you any more")
        kept_out.look_again(work)
        return said("Saved", "Nobody stands in any more.")
    work.session.add(StandIn(person_id=whose, deputy_id=deputy, starts=starts, ends=ends))
    work.session.flush()
    work.memo.clear()
    days = f"{from_until(starts, ends)}, both included"
    theirs = "".join(f" It was {from_until(s.starts, s.ends)}." for s in old if s.deputy_id == deputy)
    told = f"You stand in for {people.name_of(work, whose)} {days}, with the same roles.{theirs}"
    card = said("You stand in for a colleague", f"{told} Type help to see what you can do.")
    post.to_person(work, deputy, card)
    _tell_whose(work, whose, press.by, f"{people.name_of(work, deputy)} stands in for you {days}, with the same roles")
    kept_out.look_again(work)  # something may have waited for somebody to stand in
    text = f"{people.name_of(work, deputy)} stands in {days}, and acts in the same roles."
    instead = (f"That is instead of {_who_and_when(work, stand_in)}." for stand_in in old)
    return said("Saved", " ".join([text, *instead, *(_stays(work, stand_in) for stand_in in stay)]))


def _tell_whose(work: Work, whose: str, by: Member, what: str) -> None:
    """Somebody else has set who stands in for them."""
    if whose != by.id:
        text = f"{by.name} has saved that {what}. If that is not right, type deputy."
        post.to_person(work, whose, said("Who stands in for you", text))


def _who_and_when(work: Work, stand_in: StandIn) -> str:
    return f"{people.name_of(work, stand_in.deputy_id)}, {from_until(stand_in.starts, stand_in.ends)}"


def _stays(work: Work, stand_in: StandIn) -> str:
    days = from_until(stand_in.starts, stand_in.ends)
    return f"{people.name_of(work, stand_in.deputy_id)} also stands in {days}."


def from_until(starts: date, ends: date) -> str:
    return f"from {starts.day} {starts:%B %Y} until {ends.day} {ends:%B %Y}"


def _days(answers: Answers) -> tuple[date, date]:
    """The first and the last day; both are needed once somebody stands in."""
    missing = {key: "Please give the day." for key in ("from", "until") if not answers[key]}
    if missing:
        raise Unfit(missing)
    starts, ends = date.fromisoformat(str(answers["from"])), date.fromisoformat(str(answers["until"]))
    if ends < starts:
        raise Unfit({"until": "That is before the first day. Please check the two dates."})
    return starts, ends


def _listed(work: Work, answers: Answers, key: str) -> str | None:
    named = answers.get(key)
    found = named[0] if isinstance(named, list) else None
    if found and people.person(work, found) is None:
        raise Unfit({key: "Nobody on the people list is called that. Please give a work e-mail address."})
    return found


DEPUTY = Form(Act.SET_DEPUTY, "Who stands in?", "Save", _questions, _set_deputy)

VERBS: dict[str, Callable[[Work, Press], Reply]] = {"deputy.set": DEPUTY}
