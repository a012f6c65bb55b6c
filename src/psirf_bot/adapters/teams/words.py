"""Every sentence that the Teams adapter itself says to people."""

DONE = "Done."

NOT_SAVED_PRESSED = "This may not be saved yet. What you typed is still here: please press again in a moment."
NOT_OPENED = "I could not open that just now. Please try again in a moment."
TRY_AGAIN = "Try again"
PLEASE_READ = "Please read this"
NOT_LOST = "Nothing in this window is lost: “Try again” sends it once more."
ADD_ME = (
    "I need to see that you are staff of this trust, and I cannot see who is in this conversation. Please open Apps, "
    "find me and add me for yourself, and then try again. Nothing was saved. If anyone is in danger now, ring 999."
)
NOT_SAVED_SAID = (
    "I could not take that in just now. Please send your message again in a moment. "
    "If anyone is in danger now, ring 999."
)

STAFF_ONLY = (
    "Sorry, I can only work with staff of this trust who are signed in with their trust account. Nothing was saved. "
    "Please tell the person in charge. If anyone is in danger now, ring 999."
)

UNKNOWN_BUTTON = "Sorry, I do not know that button. Type help to see what I can do."


def failed(reference: str) -> str:
    return (
        "Sorry, something went wrong on our side and this may not be saved. Please try again; if it happens again, "
        f"tell the quality team. Reference {reference}."
    )
