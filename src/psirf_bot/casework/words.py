"""What people type or choose: the bot's words, answers under way, a message to report, words of distress, the rest."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from psirf_bot.cards.conversation import said
from psirf_bot.cards.files import files_alone, with_word_of_files
from psirf_bot.cards.menu import welcome as welcome_card
from psirf_bot.cards.model import Card
from psirf_bot.cards.people_to_ring import numbers, people_to_ring, with_people_to_ring
from psirf_bot.casework import (
    alert_page,
    alerts,
    begin_report,
    by_typing,
    candour,
    cases,
    fair_start,
    figures,
    from_datix,
    gaps,
    lists,
    offers,
    panel_asked,
    panel_opening,
    post,
    reporting,
    safety_actions,
    setting_up,
    support_page,
    training,
    working_hours,
)
from psirf_bot.casework.begin_report import CONVERSATIONS
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.forms import Form
from psirf_bot.casework.inbound import Chosen, Inbound, Place, Platform, Pressed, Reply, Said, What
from psirf_bot.casework.view import case_view
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.typed import trimmed
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.distress import sounds_like_distress, sounds_like_distress_or_danger

MOST = 12_000
"""Characters that are looked at: far more than any question takes."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Words, who said them, and where."""

    rest: str
    by: Member
    platform: Platform
    place: Place


def _cancel(work: Work, heard: Heard) -> Card:
    return CONVERSATIONS.cancel(work, heard.by) or said(
        "There is nothing to cancel", "You have no form open. Type help to see what you can do."
    )


def _case(work: Work, heard: Heard) -> Card:
    case = lists.one_case(work, heard.by, heard.rest)
    if case.reporter_id != heard.by.id:
        work.record(heard.by.id, "opened the case", case)
    return case_view(work, case, heard.by)


def _candour(work: Work, heard: Heard) -> Card:
    case = cases.by_reference(work, heard.rest)
    if not heard.rest:
        raise Refusal("Please type which case you mean, for example: candour PSI-2026-0001.")
    if case is None or not allowed(work, heard.by, Act.SEE_CANDOUR, case):
        raise Refusal("I cannot show you the duty of candour of a case with that reference. Please check it.")
    work.record(heard.by.id, "opened the duty of candour", case)
    return candour.show(work, case, heard.by)


def _find(work: Work, heard: Heard) -> Card:
    words = heard.rest.strip(cases.AROUND)
    return lists.find(work, heard.by, words) if words else _form(work, heard, "case.find", lists.FIND)


def _open_datix(work: Work, heard: Heard) -> Card:
    if not heard.rest:
        return _form(work, heard, "datix.which", from_datix.WHICH)
    return from_datix.asked_for(work, _as_pressed(heard, "datix.open"), heard.rest)


def _agenda(work: Work, heard: Heard) -> Card:
    shown = panel_opening.VERBS["panel.agenda"](work, _as_pressed(heard, "panel.agenda")).card
    assert shown is not None  # noqa: S101 - a form that was not sent is shown
    return shown


def _as_pressed(heard: Heard, verb: str) -> Press:
    return Press(verb, {}, None, {}, heard.by, heard.platform, heard.place)


def _form(work: Work, heard: Heard, verb: str, form: Form) -> Card:
    """Show a form as if its button had been pressed."""
    shown = form(work, _as_pressed(heard, verb)).card
    assert shown is not None  # noqa: S101 - a form that was not sent is shown
    return shown


# The longest beginning that fits wins, so that "my reports" is not "my" and "find" is not part of a longer word.
WORDS: dict[str, Callable[[Work, Heard], Card]] = {
    "report": lambda work, heard: begin_report.begin(work, heard.by),
    "my reports": lambda work, heard: lists.my_reports(work, heard.by),
    "find": _find,
    "case": _case,
    "overdue": lambda work, heard: lists.overdue(work, heard.by),
    "open datix": _open_datix,
    "use this channel for": lambda work, heard: setting_up.use_channel(
        work, heard.by, heard.platform, heard.place, heard.rest.casefold()
    ),
    "deputy": lambda work, heard: _form(work, heard, "deputy.set", setting_up.DEPUTY),
    "candour": _candour,
    "panel": lambda work, heard: panel_asked.asked_for(work, heard.by, heard.rest),
    "agenda": _agenda,
    "training": lambda work, heard: training.show(work, heard.by),
    "gaps": lambda work, heard: gaps.show(work, heard.by),
    "figures": lambda work, heard: figures.show(work, heard.by),
    "fair": lambda work, heard: fair_start.asked_for(work, heard.by, heard.rest),
    "support": lambda work, heard: support_page.page(work, heard.by, heard.rest),
    "hours": lambda work, heard: _form(work, heard, "hours.set", working_hours.HOURS),
    "action": lambda work, heard: _form(work, heard, "action.new", safety_actions.NEW),
    "actions": lambda work, heard: safety_actions.list_actions(work, heard.by),
    "alert": lambda work, heard: _form(work, heard, "alert.new", alerts.RECEIVE),
    "alerts": lambda work, heard: alert_page.list_alerts(work, heard.by),
    "help": lambda work, heard: offers.help_for(work, heard.by),
    "cancel": _cancel,
}
ALONE = frozenset({
    "report", "my reports", "overdue", "deputy", "hours", "action", "actions", "alert", "alerts", "agenda",
    "figures", "gaps", "training", "help", "cancel",
})  # fmt: skip
"""Words that take nothing after them; with more behind them they are a sentence, not a command."""
WITH_MORE = sorted(WORDS.keys() - ALONE, key=len, reverse=True)
"""The others, the longest first: one may begin with another."""
ALSO = {
    "hi": "help",
    "hello": "help",
    "start": "help",
    "thanks": "help",
    "thank you": "help",
    "?": "help",
    "": "help",
    "untriaged": "overdue",
    "waiting": "overdue",
    "what waits": "overdue",
    "what waits for me": "overdue",
    "my report": "my reports",
    "vote": "panel",
    "speak up": "support",
    "freedom to speak up": "support",
    "freedom to speak up guardian": "support",
    "stop": "cancel",
}
NAME_A_CASE = frozenset({"case", "open datix", "candour", "support", "panel", "fair"})
AT_THE_END = ".!?,;: "
REFERENCE = re.compile(r"PSI-\d{4}-\d{4,}")


def answer(work: Work, by: Member, inbound: Inbound, said_: Said) -> Reply:
    """Answer what was typed. Words of distress come first; anything not understood gets help, never silence."""
    text = trimmed(said_.text.replace("\0", "")[:MOST])  # a NUL, which no database keeps
    said_ = replace(said_, text=text)
    if said_.files and not text:
        return Reply(card=files_alone())
    word, rest = command(text)
    heard = Heard(rest, by, inbound.actor.platform, inbound.place)
    ring = sounds_like_distress_or_danger(text)
    if word and rest and (ring or (not said_.command and _is_an_answer(work, heard, word))):
        word = ""
    if word:
        card: Card | None = WORDS[word](work, heard)
    elif sounds_like_distress(text):
        card = None  # nobody's answer, and no help list either
    else:
        card = _typed(work, heard, said_)
    if card is None and not ring:
        card = offers.help_for(work, by, unknown=True, meant=_meant(text))
    if card and said_.files:
        card = with_word_of_files(card)
    if ring:
        shown = with_people_to_ring(work.trust, card) if card else people_to_ring(work.trust)
        return Reply(card=shown, notice="" if inbound.place.private else numbers(work.trust))
    return Reply(card=card, sealed=word == "fair")


def _meant(text: str) -> str:
    """The word of ours that somebody may have meant by a slip of the finger; "" when none is near."""
    ours = {word.replace(" ", ""): word for word in WORDS}
    near = get_close_matches(text.casefold().replace(" ", "").rstrip(AT_THE_END)[:30], ours, n=1, cutoff=0.75)
    return ours[near[0]] if near else ""


def _typed(work: Work, heard: Heard, said_: Said) -> Card | None:
    """An answer to the question under way, or a report in words of one's own; None when it is neither."""
    may_answer = heard.place.private and not said_.command
    card = CONVERSATIONS.typed(work, heard.by, heard.platform, said_) if may_answer else None
    if card is None and by_typing.wants_to_report(said_.text):
        happened = by_typing.reported_in(said_.text)
        if not happened:
            return begin_report.begin(work, heard.by)
        return begin_report.saying(work, heard.by, heard.platform, happened, in_chat=not said_.command)
    return card


def given_by(what: What) -> Mapping[str, object]:
    """The words that came in with a turn, under the questions that they answer."""
    match what:
        case Pressed(given=given):
            return given
        case Chosen(text):
            return {reporting.WHAT_HAPPENED: text}
    return {}


def welcome(work: Work, by: Member, inbound: Inbound) -> Reply:
    """Greet whoever the bot was added for: somebody in their private chat, or a whole channel."""
    if inbound.place.private:
        return Reply(card=offers.help_for(work, by))
    words = [("report", "I open a report with you, in private"), ("help", "I send you what I can do for you")]
    words.append(("use this channel for …", "An administrator sets what is posted here: quality, panel or leads"))
    post.to_address(work, inbound.actor.platform, inbound.place.channel, welcome_card(words))
    return Reply()


def _is_an_answer(work: Work, heard: Heard, word: str) -> bool:
    """Whether words that begin like a command answer the question under way: “Case notes were missing”."""
    if not heard.place.private or not CONVERSATIONS.is_under_way(work, heard.by):
        return False
    return word == "find" or (word in NAME_A_CASE and not re.fullmatch(r"\S*\d\S*", heard.rest))


def command(text: str) -> tuple[str, str]:
    """The word this begins with and what follows it; ("", …) when it is not one of ours."""
    plain = re.sub(r"^(?:please\b|[\s,;:.])+", "", re.sub(r"\s+", " ", text), flags=re.IGNORECASE).strip()
    plain = re.sub(r"[\s,]+please[.!?]*$", "", plain, flags=re.IGNORECASE)
    lower = plain.casefold().rstrip(AT_THE_END)
    if lower in ALSO:
        return ALSO[lower], ""
    if REFERENCE.fullmatch(reference := cases.as_kept(plain)):
        return "case", reference
    if lower in WORDS:
        return lower, ""
    for word in WITH_MORE:
        if lower.startswith((f"{word} ", f"{word}: ")):
            return word, plain[len(word) + 1 :].strip()
    return "", plain


def _pressed(word: str) -> Callable[[Work, Press], Reply]:
    def press_of(work: Work, press: Press) -> Reply:
        card = WORDS[word](work, Heard("", press.by, press.platform, press.place))
        return Reply(card=card, replaces=press.place.private)

    return press_of


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    f"words.{word}": _pressed(word) for word in ALONE | {"find", "open datix", "panel"}
}
