"""The cards of the checks on members of staff: what to do, words to use, numbers to ring, then what it is about.

Whoever checks learns the service, the time, the kind of event and the wish, never the words of the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from psirf_bot.cards.answers import moment
from psirf_bot.cards.cases import CaseLine
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.domain.trust import SupportContact

PRIVATE_TASK = "You have a private task."

WISHES = {
    "line-manager": "The reporter asked that their line manager checks on them.",
    "someone-else": "You, and not their line manager, are asked. Please do not raise it with their line manager.",
    "quality": "You were asked to check on them.",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the four times at which somebody is checked on (policy Appendix 2): what to do, and words for it.

    `title` and `words` hold {name}, the name of the person to be checked on, whole or first.
    """

    label: str
    title: str
    words: str
    to_do: str


STAGES = {
    "support.after-event": Stage(
        "Straight after the event",
        "Please check how {name} is",
        "“Hello {name}. I heard you may have had a hard time at work. How are you? You do not have to tell me what "
        "happened. What would help: a break, company, somebody to talk to?”",
        "See how they are, and offer support. Think about whether HR should be asked for more.",
    ),
    "support.review-starts": Stage(
        "A review starts",
        "Please tell {name} that a review starts",
        "“Hello {name}. A review of what happened is about to start. It is there to learn, not to blame anybody. "
        "Somebody will be in touch with you about it. How do you feel about that? What support would help now, "
        "perhaps a talk with a colleague from peer support?”",
        "Tell them before whoever leads the review makes contact: they wait until you say that you have. Offer "
        "support again, peer support too. It is about learning and not blame.",
    ),
    "support.ongoing": Stage(
        "While the review goes on",
        "Please check how {name} is while the review goes on",
        "“Hello {name}. The review is still going on, and I wanted to see how you are. Is there anything that would "
        "make it easier? The support from before is still there for you.”",
        "See how they are, and whether they need something else by now. Speak to whoever leads the review if it helps.",
    ),
    "support.review-ended": Stage(
        "The review has ended",
        "Please speak to {name} now that the review has ended",
        "“Hello {name}. The review has ended. Thank you for your part in it. How are you now? Is there anything that "
        "you still need, or that you would like to know?”",
        "Tell them where things stand, and look for support that they need now. It does not have to end here.",
    ),
}

OFFERS = {
    "peer-support": "Peer support",
    "occupational-health": "Occupational health",
    "hr": "Help from HR",
    "time-away": "Time away from the work",
    "speak-up": "Freedom to Speak Up",
    "something-else": "Something else",
}
NOTHING = "nothing-needed"

REASONS = {
    "away": "I am away",
    "not-theirs": "I do not manage them",
    "involved": "I was involved myself",
    "do-not-get-on": "We do not get on",
    "another": "Another reason",
}


def please_check(
    stage: Stage,
    name: str,
    line: CaseLine,
    wish: str,
    due: str,
    contacts: Sequence[SupportContact],
    led_by: str,
    buttons: tuple[Button, ...],
) -> Card:
    """The private message to whoever is to check. `due` says by when. `led_by`: who leads the review, if any."""
    about = (
        *_facts(line),
        Fact(label="When to check", value=stage.label),
        *((Fact(label="Who leads the review", value=led_by),) if led_by else ()),
        Fact(label="Wish", value=WISHES.get(wish, WISHES["quality"])),
    )
    return Card(
        title=stage.title.format(name=name),
        preview=PRIVATE_TASK,
        body=(
            Words(text=f"{name} was involved in something that was reported. It is about support, not blame."),
            Facts(facts=(Fact(label="By", value=due), Fact(label="What to do", value=stage.to_do))),
            Words(text="Words you could use", style="heading"),
            Words(text=stage.words.format(name=name.split()[0])),
            *_numbers_in_short(contacts),
            Words(text="What it is about", style="heading"),
            Facts(facts=about),
            Words(text="Please speak to them, not in chat, and note only that you did.", style="subtle"),
        ),
        buttons=buttons,
    )


def for_the_quality_team(
    stage: Stage, name: str, line: CaseLine, asked: str, words: Sequence[str], due: str, buttons: tuple[Button, ...]
) -> Card:
    """Somebody has to be found to check, or has not said yet that they did. `asked`: who is to, if anybody."""
    if asked:
        title, text = f"No check on {name} is noted yet", f"{asked} is asked to check on them."
    else:
        title, text = f"Somebody is needed to check on {name}", "Nobody is to check on them yet."
    about = (Fact(label="When to check", value=stage.label), Fact(label="By", value=due), *_facts(line))
    return Card(
        title=title,
        preview=PRIVATE_TASK,
        body=(
            Words(text=" ".join((text, *words))),
            Facts(facts=(Fact(label="Case", value=line.reference), *about)),
            Words(text="Please keep it to yourselves. What was said to them is never noted.", style="subtle"),
        ),
        buttons=buttons,
    )


def numbers_to_ring(contacts: Sequence[SupportContact]) -> tuple[Part, ...]:
    """Where there is support: peer support, occupational health, HR, out of hours, as the trust has set them."""
    if not contacts:
        return ()
    return (Words(text="Numbers to ring", style="heading"), support_numbers(contacts))


def _numbers_in_short(contacts: Sequence[SupportContact]) -> tuple[Part, ...]:
    """One line for each, so that they do not fill the screen of a phone."""
    if not contacts:
        return ()
    facts = tuple(Fact(label=contact.label, value=contact.phone or contact.email or "") for contact in contacts)
    more = Words(text="Type support to see when they answer.", style="subtle")
    return (Words(text="Numbers to ring", style="heading"), Facts(facts=facts), more)


def support_numbers(contacts: Sequence[SupportContact]) -> Facts:
    return Facts(
        facts=tuple(Fact(label=c.label, value=", ".join(filter(None, (c.phone, c.email, c.hours)))) for c in contacts)
    )


def thank_you(name: str, *buttons: Button) -> Card:
    text = f"It is noted that you have spoken to {name}; nothing of what was said is kept."
    text += " Looking in again in a few days helps."
    return said("Thank you for checking", text, *buttons, preview="Thank you. It is noted.")


def was_checked(name: str, *buttons: Button) -> Card:
    """For somebody who was reminded of a check that another person has made since."""
    text = f"It is noted that somebody has spoken to {name}. There is nothing you need to do."
    return said("Somebody has checked on them", text, *buttons, preview=PRIVATE_TASK)


def nobody_can_be_asked(whom: str) -> str:
    """For a reporter, where everybody who could find somebody is kept from it."""
    return (
        f"I have nobody to ask who could check on {whom}: everybody in the quality team was involved, or is to be left "
        "out of it. Please ask somebody whom you trust, or ring one of the numbers below."
    )


PASSED_ON = "This has been passed to somebody else. There is nothing you need to do."


def passed_on() -> Card:
    """In place of a check that is no longer this person's: the same words for whatever reason."""
    return said("Passed to somebody else", PASSED_ON, preview="There is nothing you need to do.")


def there_is_a_newer() -> Card:
    """In place of a reminder after which another one came."""
    text = "There is a newer message about this below."
    return said("A newer message is below", text, preview=text)


def passed_on_words(name: str, reason: str) -> str:
    """For the quality team alone: who could not make a check, and why."""
    return f"{name} could not do it, and said: “{REASONS[reason]}”."


def no_longer_needed(why: str) -> Card:
    return said("This check is no longer needed", why, preview="There is nothing you need to do.")


def _facts(line: CaseLine) -> tuple[Fact, ...]:
    return (
        Fact(label="Kind of event", value=line.event_type.label),
        Fact(label="Service", value=line.service),
        Fact(label="When it happened", value=moment(line.occurred)),
    )


def check_words(stage: str, who: str, day: date) -> str:
    return f"{STAGES[stage].label}: {who} spoke to them on {day.day} {day:%B}."


def offered_words(offered: Sequence[str], accepted: Sequence[str], hr: str | None) -> str:
    """What was offered, and what of it was taken up: the rest was declined."""
    if not offered:
        return ""
    taken = [
        OFFERS[offer] + (" (taken up)" if offer in accepted else " (declined)") for offer in offered if offer in OFFERS
    ]
    words = f"Offered: {', '.join(taken)}." if taken else "Nothing was needed."
    return words + (" HR is to be asked for more support." if hr == "yes" else "")


# What a member of staff asks for themselves

WAYS = {
    "peer-support": "Peer support",
    "occupational-health": "Occupational health",
    "quality": "Somebody from the quality team",
    "outside": "Somebody who is not from my own service",
}

NOT_TOLD = (
    "What you ask for here goes to the quality team, in private. Your line manager does not see it and is not told."
)


def for_yourself(
    contacts: Sequence[SupportContact],
    known: Sequence[tuple[CaseLine, tuple[Button, ...]]],
    checks: Sequence[Part],
    buttons: tuple[Button, ...],
    note: str = "",
) -> Card:
    """Support for whoever opens it: numbers first, then what can be asked for; before that the `checks` they see to."""
    body: list[Part] = [*numbers_to_ring(contacts), Words(text=NOT_TOLD)]
    body += [Words(text=note, style="subtle")] if note else []
    for line, row in known:
        noted = "" if row else " It is noted that somebody other than your line manager is to check on you."
        text = f"{line.reference}: {line.event_type.label.lower()} in {line.service}, {moment(line.occurred)}.{noted}"
        body += [Words(text=text), *((Buttons(buttons=row),) if row else ())]
    if checks:
        body = [*checks, Words(text="Support for you", style="heading"), *body]
    title = "Checks on staff" if checks else "Support for you"
    return Card(title=title, preview="You have a private message.", body=tuple(body), buttons=buttons)


def asked_for_support(name: str, way: str, due: str, seen_to_by: str, buttons: tuple[Button, ...]) -> Card:
    """To the quality team, in private: somebody asks for support, and how they would like it."""
    seen_to = (Fact(label="Who sees to it", value=seen_to_by),) if seen_to_by else ()
    facts = (Fact(label="Who asks", value=name), Fact(label="What they would like", value=way), *seen_to)
    return Card(
        title=f"{name} asks for support",
        preview=PRIVATE_TASK,
        body=(
            Words(text="Please see that somebody gets in touch with them, kindly and soon."),
            Facts(facts=(*facts, Fact(label="By", value=due))),
            Words(text="Please tell their line manager nothing of it. You do not need to know why.", style="subtle"),
        ),
        buttons=buttons,
    )


def nobody_to_ask(contacts: Sequence[SupportContact]) -> Card:
    """Where everybody in the quality team is the person who asks, or their line manager."""
    text = "I can pass this to nobody but your line manager, so I have not. Please ring one of these instead."
    return Card(
        title="Please ring one of these",
        preview="You have a private message.",
        body=(Words(text=text), *numbers_to_ring(contacts)),
    )
