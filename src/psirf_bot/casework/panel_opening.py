"""A panel is opened for a case, with its chair, members, papers and closing day, and these are changed (policy §12.3).

The weekly agenda opens up to ten at once: casework/panel_agenda.py.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Card
from psirf_bot.casework import (
    deadlines,
    panel_agenda,
    panel_card,
    panel_changes,
    panel_facts_anew,
    panel_members,
    panel_page,
    panel_papers,
    panel_stopping,
    panels,
    post,
)
from psirf_bot.casework.case_facts import allowed, involved_in, panel_of
from psirf_bot.casework.deadlines import of_case, running
from psirf_bot.casework.forms import Answers, Form, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.panel_papers import Opening, closing_of, usual_day
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, one_of
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.panel import DOCUMENTS, Seat
from psirf_bot.store.tables import Panel

ROUTES = {"ordinary": "Ordinary: five working days to vote", "urgent": "Urgent: one working day to vote"}
WORKING_DAYS = {"ordinary": 5, "urgent": 1}

agenda = panel_agenda.render


def missing_papers(panel: Panel) -> list[str]:
    """Which of the three documents have neither a link nor a reason yet (I12)."""
    return [label for each, label in DOCUMENTS.items() if not panel.documents.get(each)]


# Opening


def _open(work: Work, press: Press) -> Reply:
    """The form that opens it or, where that has been done, its page."""
    case = case_of(work, press)
    if panels.under_way(work, case) and allowed(work, press.by, Act.SEE_PANEL, case):
        return Reply(card=panel_page.page_after(work, press), replaces=press.place.private)
    if press.by.is_quality and press.by.id in involved_in(work, case):
        raise Refusal("Somebody else has to open this one. Please ask a colleague in the quality team.")
    if press.by.is_quality and case.state == State.REPORTED:
        raise Refusal(f"Nobody has read {case.reference} yet. Type case {case.reference}, and say that you have.")
    panel = panel_of(work, case)
    again = panel_facts_anew.words(work, panel) if panel and press.by.is_quality else ""
    if again and not allowed(work, press.by, Act.OPEN_PANEL, case):
        raise Refusal(again)
    return OPEN(work, press)


def _questions(work: Work, press: Press) -> Sequence[Question]:
    days = {route: moment(usual_day(work, count).isoformat()) for route, count in WORKING_DAYS.items()}
    hint = f"Leave it empty for {days['ordinary']}, or {days['urgent']} if it is urgent."
    return (
        one_of("route", "How soon?", ROUTES),
        panel_papers.of_closing("On which day does voting close?", hint, optional=True),
        *panel_papers.of_chair(),
        *panel_papers.of_members(),
        *panel_papers.of_papers(),
    )


def _so_far(work: Work, press: Press) -> Answers:
    case = case_of(work, press)
    filled: Answers = {
        "route": "ordinary",
        "chair": panel_members.likely_chair(work, case) or None,
        **panel_members.suggested(work, case),
        **panel_papers.likely_papers(work, case),
    }
    return filled


def _opened(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    route = str(answers["route"])
    given = answers.get("closes")
    closes_on = date.fromisoformat(str(given)) if given else usual_day(work, WORKING_DAYS[route])
    closing_of(work, closes_on)
    chair, override = panel_members.chair_of(work, answers, case)
    seats = panel_members.standing(work, case) | panel_members.named(work, case, answers)
    papers = panel_papers.papers_in(answers)
    panel = panel_papers.start(work, case, Opening(route, chair.id, override, seats, closes_on, papers), press.by)
    post.living_once(work, "panel", panels.subject(panel))
    panel_papers.tell_chair(work, case, panel, press.by)
    quorum = panel_members.quorum_warning(work, seats.values())
    return panel_page.page_after(work, press, quorum, "" if panel_papers.has_channel(work) else panel_papers.NO_CHANNEL)


# Changing it while voting is open, and the papers until the minute is approved


def prepared(work: Work, press: Press) -> Panel:
    """The panel that is being prepared. Raises Refusal where there is none any more."""
    case = case_of(work, press)
    panel = panels.under_way(work, case)
    if panel is None:
        raise Refusal(f"{case.reference} has no panel under way. Type case {case.reference} to see where it is.")
    return panel


def _paper_questions(work: Work, press: Press) -> Sequence[Question]:
    """The papers and the chair until the minute is approved; members and closing day while voting is open."""
    panel = prepared(work, press)
    voting = panels.voting_is_open(work, panel)
    return (
        *panel_papers.of_papers(),
        *((panel_papers.of_closing("On which day does voting close?"),) if voting else ()),
        *panel_papers.of_chair(),
        *(panel_papers.of_members() if voting else ()),
        *((panel_changes.TAKES_PART_AGAIN,) if voting and panel_changes.may_come_back(work, panel, press.by) else ()),
    )


def _papers_so_far(work: Work, press: Press) -> Answers:
    panel, case = prepared(work, press), case_of(work, press)
    filled: Answers = {
        **panel_papers.papers_of(panel),
        "closes": _closes_on(work, panel).isoformat(),
        "chair": [panel.chair_id],
        "chair-override": panel.chair_override,
        **panel_members.shown(work, case, panel),
    }
    return filled


def _closes_on(work: Work, panel: Panel) -> date:
    return panel.closes_at.astimezone(work.trust.timezone).date()


def _papers_changed(work: Work, press: Press, answers: Answers) -> Card:
    panel, case = prepared(work, press), case_of(work, press)
    stood_back = [m.person_id for m in panel_members.all_of(work, panel) if m.recused_at]
    chair = panel_members.chair_of(work, answers, case, stood_back=stood_back) if "chair" in answers else None
    back = panel_changes.those_back(work, panel, answers)
    if "closes" in answers:
        _change_voting(work, press, panel, answers, panel_members.named(work, case, answers, stood_back))
    panel_changes.take_part_again(work, case, panel, back, press.by)
    if chair:
        panel_changes.another_chair(work, case, panel, *chair, press.by)
    papers = panel_papers.papers_in(answers)
    for name, value in papers.items():
        setattr(panel, name, value)
    panels.refresh(work, panel)
    members = {m.person_id: m.seat for m in panels.members(work, panel)}
    content = {"panel": panel.id, "chair": panel.chair_id, "override": panel.chair_override, "members": members}
    closes = panel.closes_at.isoformat()
    changed(work, case, press.by.id, "panel changed", *members, **content, closes=closes, papers=papers)
    warning = panel_members.quorum_warning(work, map(Seat, members.values())) if "closes" in answers else ""
    return panel_page.page_after(work, press, warning)


def _change_voting(work: Work, press: Press, panel: Panel, answers: Answers, wanted: Mapping[str, Seat]) -> None:
    """Change who votes and until when. Raises Unfit before anything is changed."""
    case, closes_on = case_of(work, press), date.fromisoformat(str(answers["closes"]))
    moved = closes_on != _closes_on(work, panel)
    closes_at = closing_of(work, closes_on) if moved else panel.closes_at
    panel_members.change(work, case, panel, wanted, closes_on, press.by.id)
    panel.closes_at = closes_at
    if moved:
        panel_members.move_votes(work, case, panel, closes_on)
        for clock in running(work, of_case(case), "panel.decided"):
            deadlines.move(work, clock, panel_papers.decided_by(work, closes_on))


OPEN = Form(
    Act.OPEN_PANEL,
    "Open the panel",
    "Open it",
    _questions,
    _opened,
    explain="What is known is filled in. You can open it as it is, and add the papers later.",
    about=panel_card.about,
    so_far=_so_far,
)
PAPERS = Form(
    Act.PREPARE_PANEL,
    "Papers and members",
    "Save",
    _paper_questions,
    _papers_changed,
    about=panel_card.about,
    so_far=_papers_so_far,
)

VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "panel.open": _open,
    "panel.papers": PAPERS,
    "panel.agenda": panel_agenda.agenda_form,
    "panel.stop": panel_stopping.stop,
}
