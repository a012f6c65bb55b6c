"""Lists: my reports, what waits for me, and finding a case."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlmodel import and_, col, func, or_, select

from psirf_bot.cards import cases as cards
from psirf_bot.cards.model import Button, Card, Part, Words
from psirf_bot.casework import board, cases, danger, support_lists
from psirf_bot.casework.actions import action_id, button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import short_text
from psirf_bot.domain.authority import READS_AS_BOARD, Act, Member
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Case, Outbox, Person

BESIDE_DUTIES = 4
"""Cases shown where duties are shown too, so that both fit on one card."""
NOTHING_WAITS = "Nothing waits for you. Thank you."
NOTHING_MORE = "There is nothing more in this list."
WAS_FOUND = "What was found"
SHOWN = 8
FOUND = 40
"""Cases that one search reaches, a page at a time."""


def my_reports(work: Work, by: Member, *, after: str = "") -> Card:
    """What this person reported, the newest first; those `after` this case, if it is given."""
    mine = select(Case).where(Case.reporter_id == by.id, *_older(work, after))
    found = work.session.exec(mine.order_by(*_NEWEST_FIRST)).all()
    nothing = NOTHING_MORE if after else "You have not reported anything yet."
    further = _Further("mine", len(found) - SHOWN, _last(found[:SHOWN]))
    return _list(work, by, "Your reports", nothing, found[:SHOWN], further)


def what_waits(work: Work, by: Member, *, most: int = SHOWN) -> Card:
    """What waits for this person: colleagues to check on, reports to be read, messages that could not be sent."""
    parts = [*danger.waiting(work, by), *support_lists.checks_to_make(work, by)]
    title = "What waits for you"
    if not allowed(work, by, Act.SEE_UNTRIAGED):
        return _list(work, by, title, NOTHING_WAITS, (), first=tuple(parts))
    parts += _for_the_quality_team(work, by)
    unread, further = _unread(work, most)
    return _list(work, by, title, NOTHING_WAITS, unread, further, first=tuple(parts))


def _more_to_read(work: Work, by: Member, after: str) -> Card:
    if not allowed(work, by, Act.SEE_UNTRIAGED):
        raise Refusal("Reports that are to be read are for the quality team. Type my reports to see your own.")
    unread, further = _unread(work, SHOWN, after)
    return _list(work, by, "Reports to be read", NOTHING_MORE, unread, further)


def _unread(work: Work, most: int, after: str = "") -> tuple[Sequence[Case], "_Further"]:
    """The reports that nobody has read, the oldest first, and how many more there are."""
    waiting = select(Case).where(Case.state == State.REPORTED, *_newer(work, after))
    unread = work.session.exec(waiting.order_by(col(Case.opened_at), col(Case.id)).limit(most)).all()
    return unread, _Further("unread", _count(work, _how_many(waiting)) - len(unread), _last(unread))


def overdue(work: Work, by: Member) -> Card:
    """What waits for this person, their own duties, and for leads what is late by owner and service."""
    waits, duties = what_waits(work, by, most=BESIDE_DUTIES), board.parts(work, by)
    if not duties:
        return waits
    nothing = waits.body == (Words(text=NOTHING_WAITS),)
    return waits.model_copy(update={"body": (*(() if nothing else waits.body), *duties)})


def _for_the_quality_team(work: Work, by: Member) -> list[Part]:
    parts = support_lists.for_the_quality_team(work, by)
    lost = _count(work, select(func.count()).select_from(Outbox).where(Outbox.state == "dead"))
    if lost:
        count, them = ("1 message", "it") if lost == 1 else (f"{lost} messages", "them")
        text = f"{count} could not be delivered. An administrator can see {them} with psirf-bot outbox."
        parts.append(Words(text=text, style="warning"))
    return parts


def _and_more(count: int) -> list[Part]:
    return [Words(text=f"And {count} more, once these are done.", style="subtle")] if count > 0 else []


def _count(work: Work, counting: Any) -> int:
    return int(work.session.exec(counting).one())


def find(work: Work, by: Member, words: str) -> Card:
    """Cases by reference, Datix number, service, state or owner, as far as this person may see them."""
    if not allowed(work, by, Act.FIND):
        raise Refusal("Finding cases is for the quality team and leads. Type my reports to see your own.")
    wanted = (words.strip(cases.AROUND) or words).replace("’", "'").lower()
    kept = cases.as_kept(words).lower() or wanted
    owners = select(Person.id).where(_has(Person.name, wanted))
    matches = [_has(column, wanted) for column in (Case.reference, Case.datix_number, Case.service, Case.state)]
    matches += [_has(column, kept) for column in (Case.reference, Case.datix_number)]
    states = [state for state, shown in cards.STATE_WORDS.items() if shown.lower().startswith(wanted)]
    shown_as = or_(*matches, col(Case.state).in_(states), col(Case.owner_id).in_(owners))
    found = select(Case).where(shown_as, *_visible_to(by))
    newest = work.session.exec(found.order_by(*_NEWEST_FIRST).limit(FOUND)).all()
    nothing = "Nothing was found. You can look for a reference, a Datix number, a service, a state or an owner."
    return _found(work, by, newest, _count(work, _how_many(found)) - len(newest), nothing)


def _found(work: Work, by: Member, found: Sequence[Case], beyond: int, nothing: str) -> Card:
    """The first of these that they may see. The button knows the others by their ids: no words are kept for it."""
    shown: list[Case] = []
    looked_at = 0
    while looked_at < len(found) and len(shown) < SHOWN:
        shown += [found[looked_at]] if allowed(work, by, Act.SEE_CASE, found[looked_at]) else []
        looked_at += 1
    others = " ".join(case.id for case in found[looked_at:])
    return _list(work, by, WAS_FOUND, nothing, shown, _Further("found", len(found) - looked_at, others, beyond))


def _more_found(work: Work, by: Member, ids: list[str], beyond: int) -> Card:
    if not allowed(work, by, Act.FIND):
        raise Refusal("Finding cases is for the quality team and leads. Type my reports to see your own.")
    there = {case.id: case for case in work.session.exec(select(Case).where(col(Case.id).in_(ids)))}
    return _found(work, by, [there[which] for which in ids if which in there], beyond, NOTHING_MORE)


def _find(work: Work, press: Press, answers: Answers) -> Card:
    return find(work, press.by, str(answers["words"]))


FIND = Form(
    Act.FIND,
    "Find a case",
    "Find",
    lambda work, press: (
        short_text("words", "What to look for", "A reference, a Datix number, a service, a state or an owner."),
    ),
    _find,
    keeps=False,
)


def _more(work: Work, press: Press) -> Reply:
    """The next ones of a list, beside those that are shown."""
    at, by = press.args["at"], press.by
    match press.args["list"]:
        case "mine":
            card = my_reports(work, by, after=at)
        case "unread":
            card = _more_to_read(work, by, at)
        case _:
            card = _more_found(work, by, at.split(), int(press.args["beyond"]))
    return Reply(card=card, replaces=False)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"case.find": FIND, "case.more": _more}


class _Further(NamedTuple):
    """What a list does not show: how many, and where it goes on; `beyond`: how many more, which have to be looked for
    anew."""

    kind: str
    left: int
    at: str
    beyond: int = 0


_NEWEST_FIRST = (col(Case.opened_at).desc(), col(Case.id).desc())


def _older(work: Work, than: str) -> list[Any]:
    """By what came before and not by number, so that none is passed over when one above it has left the list."""
    case = work.session.get(Case, than) if than else None
    at, id_ = col(Case.opened_at), col(Case.id)
    return [or_(at < case.opened_at, and_(at == case.opened_at, id_ < case.id))] if case else []


def _newer(work: Work, than: str) -> list[Any]:
    case = work.session.get(Case, than) if than else None
    at, id_ = col(Case.opened_at), col(Case.id)
    return [or_(at > case.opened_at, and_(at == case.opened_at, id_ > case.id))] if case else []


def _last(shown: Sequence[Case]) -> str:
    return shown[-1].id if shown else ""


def _how_many(found: Any) -> Any:
    return select(func.count()).select_from(found.subquery())


def _visible_to(by: Member) -> list[Any]:
    """What the database can leave out already; `may` has the last word on each case that is shown."""
    if by.is_quality:
        return []
    open_ = [col(Case.quality_only).is_(False), col(Case.restricted).is_(False), Case.state != State.WITHDRAWN]
    return open_ if READS_AS_BOARD & by.roles else [*open_, col(Case.service).in_(by.leads)]


def one_case(work: Work, by: Member, words: str) -> Case:
    """The case with this reference or Datix number; raises Refusal, in the same words whether or not it exists."""
    case = cases.by_reference(work, words)
    if case is None or not allowed(work, by, Act.SEE_CASE, case):
        raise Refusal("There is no case of that reference that you can open. A reference looks like PSI-2026-0001.")
    return case


def _list(
    work: Work,
    by: Member,
    title: str,
    nothing: str,
    found: Sequence[Case],
    further: _Further | None = None,
    *,
    first: tuple[Part, ...] = (),
) -> Card:
    rows = [(cases.line(work, case), _buttons(work, by, case)) for case in found]
    if further is None or further.left + further.beyond <= 0:
        return cards.list_card(title, nothing, rows, first=first)
    left = further.left + further.beyond
    if further.left <= 0:
        return cards.list_card(title, nothing, rows, first=first, left=left)
    where = {"at": further.at, "beyond": str(further.beyond)}
    action = action_id(work, "case.more", case=None, person_id=by.id, list=further.kind, **where)
    more = Button(label="Show more", action=action, spoken=f"Show more: {title}")
    return cards.list_card(title, nothing, rows, first=first, left=left, more=more)


def _buttons(work: Work, by: Member, case: Case) -> tuple[Button, ...]:
    open_it = button(work, "Open", "case.show", case=case, spoken=f"Open {case.reference}")
    if not allowed(work, by, Act.MARK_READ, case):
        return (open_it,)
    read = f"I have read this: {case.reference}"
    return (button(work, "I have read this", "case.read", case=case, style="primary", spoken=read), open_it)


def _has(column: Any, wanted: str) -> Any:
    """Whether these words, in small letters, stand in it; a telephone makes a curly apostrophe of a straight one."""
    return func.lower(func.replace(column, "’", "'")).like(f"%{_escaped(wanted)}%", escape="\\")


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
