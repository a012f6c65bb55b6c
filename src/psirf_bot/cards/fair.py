"""Being fair: what is said before anything else, and the message that gives nothing away (policy §14, voice)."""

from psirf_bot.cards.model import Button, Card, Words

PRIVATE_TASK = "You have a private task."
TITLE = "Being fair"
NOT_ROUTINE = (
    "The being fair tool is not for routine use. It is only for the rare case in which a patient safety "
    "learning response raises concerns about an individual's conduct or fitness to practise."
)
SYSTEMS_FIRST = (
    "Patient safety incidents are usually signs of underlying issues of the system, which need action on the "
    "system. Action that singles out an individual is rarely appropriate."
)
SUSPECTED_CRIME = (
    "Where criminal activity is suspected to have contributed to death or serious life-changing harm, refer it to the "
    "police, guided by the memorandum of understanding: press “Suspected crime”, at any time."
)
NOT_HERE = (
    "I cannot open this here. The being fair tool is used by one member of the patient safety team together "
    "with one of the workforce team, inside a case with a learning response. If that is you, please check the "
    "reference and who takes part."
)


def private_task(open_it: Button) -> Card:
    """Something waits for one of the two: not what, nor in which case."""
    return Card(
        title="A private task",
        preview=PRIVATE_TASK,
        body=(Words(text="Something waits for you. Please open it where nobody reads along."),),
        buttons=(open_it,),
    )


def not_shown() -> Card:
    """What is sent instead of an answer that could not go at once."""
    return Card(
        title="A private task",
        preview=PRIVATE_TASK,
        body=(Words(text="I could not show this to you at once, so I have not kept it. Please ask for it again."),),
    )


def nothing_waits() -> Card:
    """What a reminder becomes when there is nothing more to remind of."""
    return Card(
        title="A private task", preview=PRIVATE_TASK, body=(Words(text="Nothing waits here any more. Thank you."),)
    )
