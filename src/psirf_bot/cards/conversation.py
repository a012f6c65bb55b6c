"""The cards of a conversation: a page of questions, check your answers, an unfinished one, and how it ended."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from psirf_bot.cards.answers import Names, page_parts
from psirf_bot.cards.forms import as_input
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Input, Part, Progress, Words
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import Json, People

PRIVATE_FORM = "Your form is ready."


def page_card(
    title: str,
    page: Page,
    number: int,
    answers: Mapping[str, Json],
    problems: Mapping[str, str],
    *,
    opening: Iterable[Part],
    about: str,
    people: Callable[[Input, list[str]], Input],
    now: datetime,
    buttons: tuple[Button, ...],
    reopen: str,
    asks_now: str,
    one_at_a_time: bool = False,
) -> Card:
    """One page of questions. `about`: the person that a repeated page is about; `people` fills in those answered."""
    body: list[Part] = [Progress(text=f"Page {number}"), *opening]
    if problems:
        kept = "Your other answers are kept." if one_at_a_time else "The rest of your words are kept."
        text = f"Please check what is marked below. {kept}"
        body.append(Words(text=text, style="error"))
    heading = f"{page.title} {about}".strip()
    if heading.casefold() != page.questions[0].label.rstrip("?").casefold():
        body.append(Words(text=heading, style="heading"))
    if page.questions and all(q.optional for q in page.questions) and not one_at_a_time:
        body.append(Words(text="You can leave out anything here.", style="subtle"))
    if one_at_a_time and page.questions[0].optional:
        body.append(Words(text="Type skip to leave this out, or back to go back.", style="subtle"))
    for question in page.questions:
        key = page.prefix + question.id
        value, error = answers.get(key), problems.get(key, "")
        if isinstance(question, People) and isinstance(value, list):
            body.append(people(as_input(question, key, error=error, now=now), value))
        else:
            body.append(as_input(question, key, value, error, now=now))
    wrong = [question.label for question in page.questions if page.prefix + question.id in problems]
    if wrong and len(page.questions) > 1:  # whoever pressed the button below may not see what is marked further up
        body.append(Words(text=f"Please look again at: {'; '.join(wrong)}", style="error"))
    return Card(title=title, preview=PRIVATE_FORM, body=tuple(body), buttons=buttons, reopen=reopen, asks_now=asks_now)


def check_card(
    title: str,
    pages: Iterable[tuple[Page, str, Button]],
    answers: Mapping[str, Json],
    *,
    opening: Iterable[Part],
    names: Names,
    buttons: tuple[Button, ...],
    reopen: str,
    by_typing: bool = False,
) -> Card:
    """Check your answers: everything that will be written, each page with a button to change it."""
    body: list[Part] = [Words(text="Check your answers", style="heading"), *opening]
    for page, about, change in pages:
        body.append(Words(text=f"{page.title} {about}".strip(), style="heading"))
        body += page_parts(page, answers, names) or (Words(text="Nothing added here.", style="subtle"),)
        body.append(Buttons(buttons=(change,)))
    or_type = " or type send" if by_typing else ""
    body.append(Words(text=f"Nothing is sent until you press “{buttons[0].label}”{or_type}.", style="subtle"))
    return Card(title=title, preview="Please check your answers.", body=tuple(body), buttons=buttons, reopen=reopen)


def unfinished_card(title: str, since: Fact, buttons: tuple[Button, ...], reopen: str, extra: str = "") -> Card:
    """`since`: when they last added to it. `extra`: what became of what they wanted to begin."""
    asked = Words(text=f"Nothing of it has been sent yet. {extra} What would you like to do?".replace("  ", " "))
    return Card(
        title=f"You have an unfinished {title.lower()}",
        preview="You have something unfinished.",
        body=(Facts(facts=(since,)), asked),
        buttons=buttons,
        reopen=reopen,
    )


def said(title: str, text: str, *buttons: Button, preview: str = "There is a message for you.") -> Card:
    """A short answer in words, perhaps with what to do next."""
    return Card(title=title, preview=preview, body=(Words(text=text),), buttons=buttons)
