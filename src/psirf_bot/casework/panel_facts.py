"""What the rules propose for a case, and who confirmed the facts (I04, I09, I10; B11; the national guide).

What a report suggests is chosen already and is only a suggestion: the facts are so once somebody has saved them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from psirf_bot.cards.model import Card, Details
from psirf_bot.cards.panel import source_words
from psirf_bot.casework import cases, panel_card, panel_facts_anew, panel_page, panel_taken_back, panels, post
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.panel_opening import prepared
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import Question, long_text, several_of, short_text, yes_no, yes_no_not_known
from psirf_bot.domain.authority import Act
from psirf_bot.domain.report import EventType
from psirf_bot.store.tables import Case, Panel

SUGGESTED = "What is chosen already is only a suggestion from the report."
CONFIRMED = "What is chosen already was confirmed before."
CONFIRMED_AND_SUGGESTED = "What is chosen already was confirmed before, or is suggested by what is reported now."
MEANWHILE = (
    "What is reported has changed since you opened this form, and nothing is confirmed yet. What it suggests now is "
    "chosen below. Please look once more, and send it again."
)
TAKEN_BACK = short_text(
    "taken-back",
    "If something that was confirmed is not so: why?",
    "Only if it asks for a PSII. It counts until the Chief Nurse or the Medical Director has answered.",
    optional=True,
    conditional=True,
    max_length=200,
)


def lines(work: Work, panel: Panel) -> list[tuple[str, str, str | None]]:
    """Each fact that was confirmed to be so, with its source and whom it is referred to."""
    confirmed = panel.facts or ()
    return [(each.fact, source_words(each), each.refer_to) for each in work.trust.requirements if each.id in confirmed]


def answered(panel: Panel) -> bool:
    """Whether somebody has confirmed the facts and answered what always has to be considered (I04)."""
    return panel.facts is not None and panel.learning is not None


# The form


def _questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    panel = prepared(work, press)
    options = {requirement.id: requirement.fact for requirement in work.trust.requirements}
    asked: list[Question] = [
        several_of(
            "facts-so",
            "Which of these are so?",
            options,
            f"Leave it empty if none is. {_chosen_already(work, panel)}",
            optional=True,
        ),
        several_of(
            "facts-not-known", "Which are not known yet?", options, "Leave it empty if all are known.", optional=True
        ),
        *((TAKEN_BACK,) if panel_taken_back.counting(work, panel) else ()),
        yes_no(
            "always-consider",
            "Is the risk unexpected, or is there much to learn?",
            "Always considered, even where the plan says nothing. (Policy 12.2.)",
        ),
        long_text("always-consider-why", "Why?", max_length=1000),
    ]
    if asks_what_it_could_have_done(work, case):
        asked.append(
            yes_no_not_known(
                "could-have",
                "Could it have led to serious injury, major permanent harm or unexpected death?",
                "A near miss or an event without harm may need a response too. (Policy 12.3.)",
            )
        )
    return asked


def asks_what_it_could_have_done(work: Work, case: Case) -> bool:
    """Whether it was a near miss, or did no harm (I10)."""
    found = cases.report_of(work, case)
    return found[0].was_a_near_miss_or_did_no_harm() if found else case.event_type == EventType.NEAR_MISS


def _with_sources(work: Work, press: Press) -> Reply:
    """The form, and folded away below it where each requirement comes from; or what it brings."""
    shown = press if press.given else _showing(work, press)
    reply = _form(work, shown)(work, shown)
    if reply.card is None or not any(reply.card.inputs()):
        return reply
    sources = Details(title="Where each of these comes from", text=_sources(work))
    card = reply.card.model_copy(update={"body": (*reply.card.body, sources)})
    return reply.model_copy(update={"card": card})


def _sources(work: Work) -> str:
    """A line for each source, with what it asks for."""
    by_source: dict[str, list[str]] = {}
    for each in work.trust.requirements:
        by_source.setdefault(source_words(each), []).append(each.fact)
    return "\n".join(f"{source[:1].upper()}{source[1:]}: {'; '.join(facts)}." for source, facts in by_source.items())


def _showing(work: Work, press: Press) -> Press:
    """The form as it is opened now: it knows what was reported then."""
    return replace(press, given={}, args={**press.args, "of": _reported(work, case_of(work, press))})


def _reported(work: Work, case: Case) -> str:
    return post.key_of(work, case.id, sorted(panel_facts_anew.grounds_of(work, case)))


def _form(work: Work, press: Press) -> Form:
    """With what has to be looked at again, and why."""
    panel = panels.under_way(work, case_of(work, press))
    again = panel_facts_anew.words(work, panel) if panel else ""
    return replace(FORM, explain="\n\n".join(filter(None, (again, FORM.explain))))


def _chosen_already(work: Work, panel: Panel) -> str:
    last = panel_taken_back.confirmed_before(work, panel)
    if last is None:
        return SUGGESTED
    return CONFIRMED_AND_SUGGESTED if panel_facts_anew.since(work, last) else CONFIRMED


def _so_far(work: Work, press: Press) -> Answers:
    """What was confirmed last, here or by the panel before; what the reports suggest where nothing was."""
    panel, case = prepared(work, press), case_of(work, press)
    found, last = cases.report_of(work, case), panel_taken_back.confirmed_before(work, panel)
    could_have = found[0].could_have_led if found else None
    if last is None or last.facts is None:
        return {"facts-so": _suggested(work, case), "could-have": could_have}
    anew = [each.id for each in panel_facts_anew.since(work, last)]
    return {
        "facts-so": sorted({*last.facts} - panel_taken_back.ids(last) | {*anew}),
        "facts-not-known": [fact for fact in last.facts_not_known or () if fact not in anew],
        "always-consider": last.learning,
        "always-consider-why": last.learning_why,
        "could-have": last.could_have or could_have,
    }


def _suggested(work: Work, case: Case) -> list[str]:
    """What the report of a case and those that were joined with it suggest."""
    return sorted({fact for fact, _ in panel_facts_anew.grounds_of(work, case)})


def _confirm(work: Work, press: Press, answers: Answers) -> Card:
    panel, case = prepared(work, press), case_of(work, press)
    so, not_known = (_several(answers, key) for key in ("facts-so", "facts-not-known"))
    if press.args.get("of", reported := _reported(work, case)) != reported:
        return _changed_meanwhile(work, press, answers)
    if both := set(so) & set(not_known):
        named = "; ".join(each.fact for each in work.trust.requirements if each.id in both)
        raise Unfit(
            {"facts-not-known": f"Chosen twice: {named}. Please say either that it is so or that it is not known."}
        )
    taken_back, lines = _taken_back(work, press, panel, so, answers)
    order = [each.id for each in work.trust.requirements]
    panel.facts = [fact for fact in order if fact in {*so, *taken_back}]
    panel.facts_not_known = [fact for fact in order if fact in {*not_known, *taken_back}]
    panel.departure_why = panel_taken_back.together(lines, panel_taken_back.besides(panel))
    panel.facts_by, panel.facts_at = press.by.id, panel_facts_anew.moment(work, case)
    panel.learning, panel.learning_why = str(answers["always-consider"]), str(answers["always-consider-why"])
    could_have = answers.get("could-have")
    panel.could_have = str(could_have) if could_have else None
    panels.refresh(work, panel)
    content = {"so": so, "not_known": not_known, "could_have": panel.could_have, "taken_back": lines}
    content |= {"learning": panel.learning, "why": panel.learning_why}
    changed(work, case, press.by.id, "panel facts confirmed", panel.chair_id, panel=panel.id, **content)
    return panel_page.page_after(work, press)


def _changed_meanwhile(work: Work, press: Press, answers: Answers) -> Card:
    """The form once more, as it was filled in, with what is suggested by now."""
    suggested = _suggested(work, case_of(work, press))
    filled: Answers = {
        **answers,
        "facts-so": sorted({*_several(answers, "facts-so"), *suggested}),
        "facts-not-known": [each for each in _several(answers, "facts-not-known") if each not in suggested],
    }
    form = replace(FORM, explain=f"{MEANWHILE}\n\n{FORM.explain}", so_far=lambda work, press: filled)
    card = form(work, _showing(work, press)).card
    assert card is not None  # noqa: S101 - a form that was not sent is shown
    return card


def _taken_back(
    work: Work, press: Press, panel: Panel, so: list[str], answers: Answers
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The confirmed facts that ask for a PSII and are no longer chosen, each with its line. Raises Unfit."""
    gone = panel_taken_back.counting(work, panel) - set(so)
    before, why = panel_taken_back.confirmed_before(work, panel), " ".join(str(answers.get("taken-back") or "").split())
    if gone - (panel_taken_back.ids(before) if before else frozenset()) and not why:
        named = "; ".join(each.fact for each in work.trust.requirements if each.id in gone)
        raise Unfit({"taken-back": f"This was confirmed, and asks for a PSII: {named}. Please say why it is not so."})
    return gone, panel_taken_back.lines_with(work, panel, gone, why, press.by.id)


def _several(answers: Answers, key: str) -> list[str]:
    given = answers.get(key)
    return given if isinstance(given, list) else []


FORM = Form(
    Act.PREPARE_PANEL,
    "Confirm the facts",
    "Confirm them",
    _questions,
    _confirm,
    explain="Once you have confirmed them, the least that these facts ask for cannot be voted away. (Policy 12.3.)",
    about=panel_card.about,
    so_far=_so_far,
)

VERBS: dict[str, Callable[[Work, Press], Reply]] = {"panel.facts": _with_sources}
