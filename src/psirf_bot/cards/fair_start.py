"""Starting a run of the being fair tool: the way in, the invitation, and what comes of it (policy §14, L01, L07)."""

from collections.abc import Iterable, Mapping, Sequence

from psirf_bot.cards.fair import NOT_ROUTINE, PRIVATE_TASK, SYSTEMS_FIRST, TITLE
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words

TOGETHER = (
    "Two people use it together: one of the patient safety team and one of the workforce team. No question is asked "
    "until both have joined."
)
HOW_TO_START = "To start, type fair and the reference of a case with a learning response"
OVERSIGHT = "You are named to oversee the use of the tool."
CONCERN = "What concern about an individual's conduct or fitness to practise did the learning response raise?"
NO_NAMES = "No names, please: write “the member of staff”."
WHOM = "Whom do the concerns relate to?"
KEPT_HIDDEN = (
    "It is asked so that people who must not take part can be refused. It is never shown: a reference stands for the "
    "person everywhere."
)
COLLEAGUE = "Which colleague of the other team will use it with you?"
ONE_OF_EACH = "One of you has to be of the patient safety team and the other of the workforce team."
BEFORE_STARTING = f"{NOT_ROUTINE}\n\n{SYSTEMS_FIRST}\n\n{TOGETHER}"
REPLACED_BEFORE = "A colleague who took part before you has been replaced."
NAME_FOUND = "Their name is in these words. Please write “the member of staff” instead."
NOT_YOURSELF = "Two people use it together, so please choose a colleague."
WHY_REPLACED = "Why do you ask somebody else?"
STAYS = f"It stays in the record, which the overseers can read. {NO_NAMES}"
IN_THEIR_PLACE = (
    "They are asked in place of your colleague, who can then no longer see it. Only what the two of you agree on "
    "counts: what you agreed with somebody else is asked again."
)
ALONE = "Your colleague can no longer take part. Once you have joined, open it to ask another colleague."
NOT_YET = "They have not answered yet."
CANNOT = "They cannot take part any more. Nothing goes on without a colleague: please press “Ask another colleague”."
SAID_NO = "They have said that they cannot take part. Please choose somebody else."
STATES = {"invited": "Under way", "open": "Under way", "paused": "Paused", "ended": "Ended", "withdrawn": "Taken back"}
STILL_OWED = "Ended, with something still to be done"
IN_A_ROW = 5
MEANT = 3
"""So many names are offered for a part of one."""


def way_in(runs: Mapping[str, Sequence[Button]], parts: Iterable[Part] = (), *buttons: Button) -> Card:
    """What somebody gets who types `fair`. `runs`: a button for each that they may open, by how it stands."""
    body: list[Part] = []
    for state, theirs in runs.items():
        body.append(Words(text=state, style="heading"))
        body += [Buttons(buttons=tuple(theirs[i : i + IN_A_ROW])) for i in range(0, len(theirs), IN_A_ROW)]
    return _message(*body, *parts, buttons=buttons)


def how_to_start(reference: str) -> Words:
    """`reference`: a case in which they could, if there is one."""
    return Words(text=f"{HOW_TO_START}, for example: fair {reference}." if reference else f"{HOW_TO_START}.")


def may_start(reference: str) -> tuple[Part, ...]:
    """What stands above the button that starts a run in this case."""
    about = Words(text=reference, style="subtle")
    return (about, *(Words(text=text) for text in (NOT_ROUTINE, SYSTEMS_FIRST, TOGETHER)))


def wrong_team(teams: Iterable[str]) -> str:
    """Why a colleague cannot be asked; `teams`: those that the colleague could be of."""
    return f"Please choose somebody who is listed as one of the {' or the '.join(teams)}."


def cannot_start(overseers: Sequence[str]) -> str:
    """The one refusal of a start or of a colleague: it does not say which of the people, or why."""
    more = f" {' or '.join(overseers)} can tell you more." if overseers else ""
    return f"It cannot be started with these people in this case.{more}"


def begun(reference: str, colleague: str, open_it: Button, *, reached: bool) -> Card:
    """It waits for the colleague. `reached`: whether they have been sent a message."""
    return _page(
        reference,
        Words(text=f"Thank you. It waits for {colleague} to join. Until then no question is asked."),
        _when_they_hear(colleague, reached=reached),
        Words(
            text=f"Please tell {colleague} in person whom it concerns: the name is shown nowhere. Here the person is "
            f"“the member of staff”, and this run of the tool is {reference}. Nobody else has been told."
        ),
        buttons=(open_it,),
    )


def begun_already(reference: str, open_it: Button, *, ended: bool) -> Card:
    """They have started the same before; where it has ended, it is looked at again instead."""
    text = "This has been started, and you take part in it."
    if ended:
        text = "You have used the tool for this before. To use it again, open it and press “Look at it again”."
    return _page(reference, Words(text=text), buttons=(open_it,))


def did_you_mean(names: Sequence[str]) -> str:
    """A name was given that is part of one or more on the people list."""
    found = " or ".join(names[:MEANT]) if len(names) <= MEANT else "one of several people on the list"
    return (
        f"Did you mean {found}? Please give the full name or the work e-mail address. For somebody who is not on the "
        "list, add where they work, for example (agency)."
    )


def for_an_overseer(gone: str) -> str:
    """What it means to ask somebody in place of one who cannot take part."""
    return (
        f"{gone} can no longer take part. Whoever you ask takes their place, and what was agreed before is asked "
        "again. You do not take part yourself. The name of the member of staff is shown nowhere: please see that the "
        "colleague hears in person whom it concerns, for example from one of those who began it."
    )


def invited(
    reference: str,
    case: str,
    colleague: str,
    team: str,
    *,
    overseer: str,
    replaced: bool,
    declined: bool,
    alone: bool = False,
    buttons: tuple[Button, ...],
) -> Card:
    """For the one who is invited: nothing of the concern, and no question yet. `overseer`: who asks, if not the
    colleague. `alone`: the colleague can take part no longer."""
    said = "You have said that you cannot take part. If you can after all, you can still join." if declined else ""
    asks = f"{colleague}, of the {team}, asks you to use the being fair tool together in {case}."
    if overseer:
        asks = (
            f"{overseer}, who oversees the use of the being fair tool, asks you to use it in {case}, together with "
            f"{colleague}, of the {team}."
        )
    words = [said, asks, ALONE if alone else "", REPLACED_BEFORE if replaced else ""]
    return _page(
        reference,
        *(Words(text=text) for text in words if text),
        Words(text=NOT_ROUTINE),
        Words(text=SYSTEMS_FIRST),
        Words(
            text=f"{'You are told' if overseer else f'{colleague} tells you'} in person whom it concerns; the name is "
            "shown nowhere. Please do not join if that is you, somebody whose line manager you are, or somebody whose "
            "line manager you stand in for. The concern and the questions are shown once you have joined. You need "
            "give no reason if you cannot take part."
        ),
        buttons=buttons,
    )


def waiting(
    reference: str, case: str, colleague: str, team: str, *, answers: bool, back: bool, buttons: tuple[Button, ...]
) -> Card:
    """For the one who has joined: whom they wait for. Not `answers`: whether they have said no, have left or must not
    take part is not told. `back`: it can be taken back."""
    said = f"{NOT_YET} You can ask another colleague instead{', or take it back' if back else ''}."
    said = said if answers else CANNOT
    facts = (Fact(label="Case", value=case), Fact(label="Asked", value=f"{colleague} ({team})"))
    return _page(reference, Facts(facts=facts), Words(text=said), Words(text=TOGETHER), buttons=buttons)


def joined(reference: str, begin: Button, *, anew: bool) -> Card:
    """Both have joined. `anew`: one of them has taken the place of somebody else."""
    begins = (
        "Only what the two of you agree on counts, so the questions are asked again. What your colleague has said "
        "before waits for you there."
        if anew
        else "It begins with three questions before the tool is used: who is hurt, what they need, and whose task "
        "it is to meet that need."
    )
    how = "One of you proposes an answer, and the other agrees or differs. You can both pause, or go back, at any time."
    return _page(
        reference,
        Words(text="Thank you. You have both joined, and your colleague has been told that something waits."),
        Words(text=begins),
        Words(text=how),
        buttons=(begin,),
    )


def joined_alone(reference: str, open_it: Button) -> Card:
    """They have joined; the colleague who had asked them can take part no longer."""
    text = "Thank you, you have joined. Your colleague can no longer take part: please open it and ask another."
    return _page(reference, Words(text=text), buttons=(open_it,))


def asked_another(reference: str, colleague: str, open_it: Button, *, reached: bool) -> Card:
    """Somebody else has been asked to take a colleague's place."""
    return _page(
        reference,
        Words(text=f"Thank you. It waits for {colleague} to join."),
        _when_they_hear(colleague, reached=reached),
        Words(text=f"Please tell {colleague} in person whom it concerns: the name is shown nowhere."),
        buttons=(open_it,),
    )


def declined(reference: str) -> Card:
    """Somebody cannot take part, and need not say why."""
    return _page(
        reference, Words(text="Thank you for saying so. Your colleague asks somebody else. You need do no more.")
    )


def taken_back(reference: str, stands: int, buttons: tuple[Button, ...]) -> Card:
    """It goes no further. `stands`: the version before, if there is one, which stands again as it did."""
    text = "It has been taken back, and nothing was asked. Only those who oversee the use of the tool can still see it."
    more = f"Version {stands} stands as before, with what follows from it." if stands else ""
    return _page(reference, *(Words(text=each) for each in (text, more) if each), buttons=buttons)


def moved_on(reference: str, open_it: Button) -> Card:
    """What they pressed has been done, or is done no more."""
    return _page(reference, Words(text="This has moved on. Please open it to see where it is."), buttons=(open_it,))


def _when_they_hear(colleague: str, *, reached: bool) -> Words:
    if reached:
        return Words(
            text=f"{colleague} is told that something waits: at once if they are here, otherwise in working hours. "
            "They can also type fair."
        )
    text = f"I cannot write to {colleague} yet. Please ask them to open a private chat with me, and to type fair there."
    return Words(text=text, style="warning")


def _message(*body: Part, buttons: tuple[Button, ...] = ()) -> Card:
    """A message in somebody's chat: its title gives nothing away."""
    return Card(title="A private task", preview=PRIVATE_TASK, body=body, buttons=buttons)


def _page(reference: str, *body: Part, buttons: tuple[Button, ...] = ()) -> Card:
    """What is shown once somebody has opened it."""
    return Card(title=f"{TITLE} · {reference}", preview=PRIVATE_TASK, body=body, buttons=buttons)
