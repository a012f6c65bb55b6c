"""The ways out to the police and to safeguarding, which either of the two may take alone (L03, L05)."""

from collections.abc import Callable

from psirf_bot.cards import fair_outcome as cards
from psirf_bot.cards.model import Button, Card
from psirf_bot.cards.people_to_ring import danger_words
from psirf_bot.casework import fair_circle, fair_pair, fair_runs
from psirf_bot.casework.fair_follow_ups import colleague_named, end_run, outcome, take_way_out
from psirf_bot.casework.fair_outcome import has_taken
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.being_fair import NO_NAMES
from psirf_bot.dialogs.questions import People, long_text
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.being_fair import POLICE, SAFEGUARDING
from psirf_bot.store.tables import FairRun

TITLES = {POLICE: "Refer it to the police", SAFEGUARDING: "Safeguarding"}


def _leave(work: Work, press: Press) -> Reply:
    """The way out with its condition in full; sent, the run ends there, whatever the other has said so far.

    If it has ended before, it is taken as well: what somebody knows of a crime or a danger is never lost.
    """
    run, way = fair_runs.held(work, press), press.args.get("way", "")
    if way not in TITLES or not may(press.by, Act.LEAVE_FAIR, fair_circle.facts(work, run)):
        raise fair_runs.refused(work)
    if has_taken(work, run, press.by.id, way):  # pressed twice
        return fair_runs.privately(work, press, run, Reply(card=outcome(work, run, press.by)))
    ended = run.state == fair_runs.ENDED
    alone = cards.ALONE_AFTER_THE_END if ended else cards.ALONE
    form = Form(
        Act.REPORT,
        TITLES[way],
        "Take this way out" if ended else "End it here",
        lambda work, press: (
            long_text("reason", "Why do you take this way out?", NO_NAMES, max_length=1000),
            People("referrer", "Who makes the referral?", "You, or a colleague you have asked.", most=1),
        ),
        lambda work, press, answers: _left(work, press.by, run, way, answers),
        explain="\n\n".join((danger_words(work.trust).text, cards.CONDITIONS[way], alone)),
        about=lambda work, press: run.reference,
        keeps=False,
    )
    return _with_link(work, way, fair_runs.privately(work, press, run, form(work, press)))


def _left(work: Work, by: Member, run: FairRun, way: str, answers: Answers) -> Card:
    referrer = colleague_named(work, run, answers, "referrer")
    reason = fair_pair.without_their_name(work, run, answers, "reason")
    fair_runs.log(work, run, by.id, "left", answers={"way": way, "referrer": referrer}, reason=reason)
    if run.state == fair_runs.ENDED:
        take_way_out(work, run, way, by.id)
    else:
        end_run(work, run, way, by.id)
    return outcome(work, run, by)


def _with_link(work: Work, way: str, reply: Reply) -> Reply:
    """The form with the way to what it says to follow, where the trust has set it."""
    guidance = work.trust.being_fair.guidance
    label, url = {
        POLICE: ("Memorandum of understanding", guidance.memorandum),
        SAFEGUARDING: ("Safeguarding policies", guidance.safeguarding),
    }[way]
    if not url or reply.card is None or not any(reply.card.inputs()):
        return reply
    buttons = (*reply.card.buttons, Button(label=label, url=str(url)))
    return reply.model_copy(update={"card": reply.card.model_copy(update={"buttons": buttons})})


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"fair.leave": _leave}
