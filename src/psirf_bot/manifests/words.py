"""What both platforms show about the app."""

NAME = "psirf"
"""People write @psirf in a channel."""

SHORT = "Report what happened and look after the people involved."
REPORT = "Report what happened"
FORM = "Opens a form for an incident, a near miss, a concern or good care"


def about(trust: str | None) -> str:
    """What the app is for, and what it is not for. `trust`: its name, where it has said so."""
    whose = f"The patient safety bot of {trust}." if trust else "The patient safety bot of your trust."
    return (
        f"{whose} It helps staff say what happened or nearly happened, reminds managers to check on colleagues, and "
        "helps the patient safety team respond. Nobody reads it live: if anyone is in danger now, ring 999 or whoever "
        "is on call. Please never type anything that identifies a patient."
    )
