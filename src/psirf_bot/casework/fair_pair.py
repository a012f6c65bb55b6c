"""Which two may use the being fair tool together, about whom and in which case (policy §14, L07, L19).

Nobody who must not take part is told which of the reasons it is.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import col, func, select

from psirf_bot.cards import fair_start as cards
from psirf_bot.casework import fair_circle, fair_runs, learning_responses, naming, people
from psirf_bot.casework.case_facts import family, staff_named
from psirf_bot.casework.forms import Answers, Unfit
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.people import Role
from psirf_bot.store import audit
from psirf_bot.store.tables import AuditEntry, Case, FairRun, Person

REFUSED = "was refused a private task"
"""What the audit says of a try to begin with people who must not take part, or to ask one of them."""
TEAMS = ((Role.QUALITY, Role.WORKFORCE), (Role.WORKFORCE, Role.QUALITY))
"""The team of the one who starts, and that of the colleague."""


def may_start(work: Work, by: Member, case: Case) -> bool:
    """By a role of their own, in a case with a learning response, and not if they are named in its reports."""
    has_response = learning_responses.current(work, case) is not None
    return may(by, Act.START_FAIR) and has_response and by.id not in staff_named(work, case.id)


def own_roles(work: Work, person_id: str) -> list[str]:
    """The roles that somebody has by themselves, while they are on the people list."""
    someone = people.person(work, person_id)
    return someone.roles if someone and someone.active and someone.on_list else []


def teams(work: Work, by: Member, colleague: str) -> dict[Role, str]:
    """The two by the team that each is there for. Raises Unfit."""
    if colleague == by.id:
        raise Unfit({"colleague": cards.NOT_YOURSELF})
    mine, theirs = own_roles(work, by.id), own_roles(work, colleague)
    fitting = [(here, there) for here, there in TEAMS if here in mine]
    for here, there in fitting:
        if there in theirs:
            return {here: by.id, there: colleague}
    raise Unfit({"colleague": cards.wrong_team(fair_runs.TEAM_WORDS[there] for _, there in fitting)})


def check_nobody_is_kept_out(
    work: Work, by: Member, case: Case, subject_id: str | None, subject_name: str | None, pair: Sequence[str]
) -> None:
    """Raises Unfit, in the same words whichever of the two it is, and why."""
    out = fair_circle.kept_out(work, case.id, subject_id, subject_name)
    if not (out | staff_named(work, case.id)).isdisjoint(pair):
        raise unfit(work, by, out)


def unfit(work: Work, by: Member, out: Collection[str]) -> Unfit:
    """The one answer to a try that cannot be. That there was one is kept: again and again, it would be a search.

    `out`: from whom a run about this person is kept. An overseer who is one of them is not named, and counts no try.
    """
    work.record(by.id, REFUSED)
    overseers = people.own_holders(work, Role.OVERSEER)
    for someone in overseers:
        if someone.id in out:
            work.record(by.id, REFUSED, kept_from=someone.id)
    return Unfit({"colleague": cards.cannot_start([someone.name for someone in overseers if someone.id not in out])})


def tries(work: Work, overseer: str, since: datetime) -> int:
    """How often somebody tried, but for what is kept from this overseer: they learn nothing of it."""
    kept = select(func.count()).where(AuditEntry.what == REFUSED, col(AuditEntry.at) >= since)
    every, from_them = (
        work.session.exec(kept.where(AuditEntry.digest == audit.digest_of(content))).one()
        for content in ({}, {"kept_from": overseer})
    )
    return every - from_them


def under_way_for(work: Work, case: Case, subject: str) -> FairRun | None:
    """The run under way for this person in this case or in one joined with it: there is never more than one (L19)."""
    ids = family(work, case.id)
    under_way = select(FairRun).where(col(FairRun.case_id).in_(ids), col(FairRun.state).in_(fair_runs.UNDER_WAY))
    return next((run for run in work.session.exec(under_way) if is_about(work, run, subject)), None)


def ended_for(work: Work, case: Case, subject: str) -> FairRun | None:
    """The newest run for this person in this case that has ended, and that one of its two can still take up again."""
    ids = family(work, case.id)
    ended = select(FairRun).where(col(FairRun.case_id).in_(ids), FairRun.state == fair_runs.ENDED)
    theirs = work.session.exec(ended.order_by(col(FairRun.ended_at).desc(), col(FairRun.version).desc()))
    for run in (each for each in theirs if is_about(work, each, subject)):
        if any(fair_runs.can_take_part(work, run, who) for who in fair_runs.pair(run)):
            return run
    return None


# Names


def is_about(work: Work, run: FairRun, subject: str) -> bool:
    """Whether a run is about this person; where one of the two was only typed, whether one name is part of the
    other."""
    theirs, other = people.person(work, run.subject_id), people.person(work, subject)
    if theirs and other and (theirs.id == other.id or (theirs.on_list and other.on_list)):
        return theirs.id == other.id
    return _alike(_name_in(work, run), people.name_of(work, subject))


def check_in_full(work: Work, subject: str) -> None:
    """Raises Unfit for a typed name that is part of a listed one: who must not take part is known by the list."""
    if "(" in subject:  # where they work, who are not on the list
        return
    listed = work.session.exec(select(Person.name).where(col(Person.active)).order_by(Person.name))
    meant = list(dict.fromkeys(name for name in listed if _alike(name, subject)))
    if meant:
        raise Unfit({"subject": cards.did_you_mean(meant)})


def names_them(work: Work, run: FairRun, words: str) -> bool:
    """Whether the name of the person concerned, or a part of it, stands in these words."""
    return is_named(_name_in(work, run), words)


def without_their_name(work: Work, run: FairRun, answers: Answers, question: str) -> str:
    """What was answered. Raises Unfit where the person concerned is named in it."""
    words = str(answers[question])
    if names_them(work, run, words):
        raise Unfit({question: cards.NAME_FOUND})
    return words


def is_named(name: str, words: str) -> bool:
    """Whether a part of this name stands in these words with a capital letter, or all of it in any letters."""
    called = _words(name.partition("(")[0])
    parts = [part for part in called if len(part) > 2]
    capitals = {plain for word in re.findall(r"[^\W\d_]+", words) if word[0].isupper() for plain in _words(word)}
    return not capitals.isdisjoint(parts) or f" {' '.join(called)} " in f" {' '.join(_words(words))} "


def _name_in(work: Work, run: FairRun) -> str:
    return run.subject_name or people.name_of(work, run.subject_id)


def _alike(one: str, other: str) -> bool:
    """Whether all the words of one of two names begin words of the other: a first name, initials, or all of it."""
    these, those = _words(one), _words(other)
    return bool(these and those) and (_all_begin(these, those) or _all_begin(those, these))


def _all_begin(these: Sequence[str], those: Sequence[str]) -> bool:
    return all(any(word.startswith(beginning) for word in those) for beginning in these)


def _words(name: str) -> list[str]:
    """The words of a name as they are compared: without accents, capitals, and what stands between them."""
    apart = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L"))
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", plain.casefold())


def who_left(work: Work, name: str) -> Person | None:
    """Whoever had this name and is on the people list no more, if there is only one."""
    gone = work.session.exec(select(Person).where(col(Person.on_list), ~col(Person.active)))
    found = [someone for someone in gone if naming.plain(someone.name) == naming.plain(name)]
    return found[0] if len(found) == 1 else None


def one_named(answer: object) -> str:
    """The one person in an answer: an id, or a name as typed."""
    return str(answer[0]) if isinstance(answer, list) else str(answer)
