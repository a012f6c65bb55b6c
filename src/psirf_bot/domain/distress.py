"""Words that sound like distress or danger. Reviewed and fixed; when in doubt it is better to show the numbers."""

import re
import unicodedata

_PATTERNS = [
    r"\b(kill|hurt|harm|hang|cut) myself\b",
    r"\b(want|wish|going|ready|rather) to die\b|\bwish i (was|were) dead\b|\bbetter off dead\b",
    r"\bend (it all|my life)\b|\btake my (own )?life\b|\bsuicidal\b|\bsuicide\b",
    r"\b(i )?(can'?t|cannot|can not) (cope|go on|carry on|take (it|this)|do this)( any ?more)?\b",
    r"\bdon'?t want to (be here|live|go on|wake up)\b",
    r"\b(i'?m|i am|im|feel(ing)?) (so )?(hopeless|desperate|in crisis|not safe|unsafe|scared for my life)\b",
    r"\bno (reason|point) (to|in) (live|living|going on)\b|\bno point any ?more\b",
    r"\b(help me|need help now|someone help|please help)\b",
    r"\b(not|isn'?t|stopped) breathing\b|\bcardiac arrest\b|\bcollapsed\b|\bunconscious\b|\bunresponsive\b",
    r"\b(is|are|in|real|immediate|serious) (immediate )?danger\b|\bbleeding (badly|heavily|out)\b|\boverdose[d]?\b",
    r"\b(he|she|they|patient)('s| is| are|'re)? dying\b|\bi'?m dying\b",
    r"\b(has|have) (a )?(knife|gun|weapon)\b|\b(attacking|threatening) (me|us|staff|someone)\b",
    r"\bemergency\b|\bcrash call\b|\bcall 999\b",
]
_DISTRESS = re.compile("|".join(_PATTERNS))


def sounds_like_distress_or_danger(text: str) -> bool:
    """Whether to show the people to ring before anything else."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    return bool(_DISTRESS.search(re.sub(r"\s+", " ", plain)))
