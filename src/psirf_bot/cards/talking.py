"""What to talk about with whoever was affected, before, during and after a learning response (Appendices 4 and 5).

A reminder for whoever leads it: nothing of what was said is asked or kept.
"""

from psirf_bot.cards.model import Button, Card, Details, Words

SERVICE_USER = (
    ("Before you get in touch", (
        "The kind of learning response is agreed.",
        "It is agreed who speaks for the patient: they themselves, somebody of their family, or somebody who stands up "
        "for them, such as a patient safety partner.",
        "At least the spoken apology has been given.",
    )),
    ("The first talk", (
        "Who you are, how to reach you, and when a first talk would suit them.",
        "The support they need, and what would make it easier for them to take part.",
        "How they would like to be reached, how often, and on which days. Their questions.",
        "Why there is a learning response, what has been done, what is planned. The points that matter most to them.",
        "How they are to be spoken of in the papers.",
        "What it is for, and how far they want to take part in each: the terms of reference, sharing what they "
        "experienced, the findings, the draft and the final report.",
    )),
    ("As it goes on", (
        "What terms of reference are, how these were set, what they look at, and what they themselves would add.",
        "Sharing what they experienced: how they would like to, whether they want somebody with them, who else does, "
        "and how it is used.",
        "Drafts, if there are any: how they get them and can comment, how their comments are used, and what happens "
        "up to the final report.",
        "Each time: support, more or less part in it, help with language, what they expect. Keep to the days that you "
        "agreed, agree the next one, and note days to avoid.",
    )),
    ("At the end", (
        "In what form they would like the final report, their questions, and how the trust will use it.",
        "Whether they would like to take part in more: in what, with whom, and for how long.",
        "Thank them. Say that we want to learn and do better, and say sorry once more, in words that mean something.",
        "Whoever did not want to take part is told, too, that it has ended.",
    )),
    ("If they want to raise a concern or complain", (
        "PALS, or the trust's complaints process.",
        "The NHS website, the independent NHS Complaints Advocacy Service, or local Healthwatch, for help with it.",
        "The Parliamentary and Health Service Ombudsman, who decides at the end.",
    )),
)  # fmt: skip
STAFF = (
    ("Before you get in touch", (
        "The learning response was agreed where the experts met.",
        "The person who supports them has told them that a review starts, and that it is about learning and not blame.",
    )),
    ("The first talk", (
        "How to reach you, how they would like to be in touch, the plan and its days.",
        "The support they have, and how it was for them before. Whether they want somebody with them.",
        "That it is to learn and do better, and not to blame anybody.",
        "Why there is a learning response, what has been done, what is planned. What they expect, their questions, and "
        "whether all of it is clear.",
        "Where their part is needed: the terms of reference, the chronology, sharing what they experienced, meetings, "
        "the draft and the final report.",
    )),
    ("As it goes on", (
        "What the terms of reference are, how they were set, what they look at. Their questions.",
        "How they feel, how what they tell you is used, and who else tells theirs.",
        "Whether they want to see a draft: then in person, and never in a chat. How they can comment, how that is "
        "used, and what happens up to the final report.",
        "Whether the support is still right: ask whoever supports them too. The quality team can put you in touch.",
        "Plain words, so that both of you mean the same.",
    )),
    ("At the end", (
        "Whether they would like the final report, and how. Their questions, and how the trust will use it.",
        "Thank them. What happens next, and whether they would like to take part in more.",
        "That we stand by a just and learning culture: it was to learn, and not to blame.",
        "How they feel now, what support they need, and how all this was for them. Tell whoever supports them.",
    )),
)  # fmt: skip
PRINCIPLES = (
    "Say sorry so that it means something. See each person as themselves, and work openly and together. Choose the "
    "time with care. Be kind and respectful. Talk about what they expect. Guide, and be clear. Let people be heard. "
    "People may see it differently. Be fair to everybody."
)
KEPT = "Only the days of contact are kept here, and nothing of what was said."


def what_to_talk_about(whom: str, *, staff: bool, back: Button) -> Card:
    """In private, for whoever keeps the contact. `whom`: the name of a member of staff, or the patient or family."""
    stages = STAFF if staff else SERVICE_USER
    source = f"From the policy, Appendix {'5' if staff else '4'}. {KEPT}"
    return Card(
        title="What to talk about",
        preview="Your page is ready.",
        body=(
            Words(text=whom, style="subtle", typed=True),
            *(Details(title=title, text="\n\n".join(points)) for title, points in stages),
            Details(title="With everybody, always", text=PRINCIPLES),
            Words(text=source, style="subtle"),
        ),
        buttons=(back,),
    )
