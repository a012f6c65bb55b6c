"""What is said of pictures and files: they are not kept, and nobody should believe that they are."""

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card, Words

NOT_KEPT = "Pictures and files are not kept here: they may identify a patient. Only your words are."


def with_word_of_files(card: Card) -> Card:
    """The answer to words that came with a picture or a file."""
    return card.model_copy(update={"body": (*card.body, Words(text=NOT_KEPT))})


def files_alone() -> Card:
    """The answer to a picture or a file without words."""
    what = "What does it show? Please leave out anything that identifies a patient. Type help to see what I can do."
    return with_word_of_files(said("Please tell me in words", what))
