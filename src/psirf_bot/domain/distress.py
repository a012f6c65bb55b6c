"""Words that sound like distress or danger. Reviewed and fixed; when in doubt it is better to show the numbers."""

import re
import unicodedata

_ABOUT_ONESELF = [
    r"\b(kill|killing|hurt|hurting|harm|harming|hang|hanging|cut|cutting) my ?self\b|\bself[- ]?harm(ed|ing|s)?\b",
    r"\b(want|wanted|wanting|wish|going|ready|rather) to die\b|\bwanna die\b|\bwish i (was|were) dead\b",
    r"\bbetter off (dead|without me)\b|\bnever been born\b|\bhate my life\b",
    r"\bend (it all|my life)\b|\bwant to end it\b|\btake my (own )?life\b|\bsuicidal\b|\bsuicide\b",
    r"\b(can'?t|cannot|can not) (cope|go on|carry on)\b|\bi (can'?t|cannot|can not) (take|do) (it|this)\b",
    r"\b(can'?t|cannot|can not) (take|do) (it|this) any ?more\b|\b(can'?t|cannot|can not) breathe\b",
    r"\b(don'?t|do not) want to (be here|be alive|live|go on|wake up)\b|\b(don'?t|do not) feel safe\b",
    r"\b(i'?m|i am|feel|feeling) (so |really |very |just |completely )?"
    r"(hopeless|desperate|in crisis|not safe|unsafe|scared for my life|like giving up)\b",
    r"\bno (reason|point) (to|in) (live|life|living|going on)\b|\bno point any ?more\b",
    r"\bat breaking point\b|\bhaving a (mental |nervous )?breakdown\b|\bpanic attack\b",
    r"\b(i'?m|i am|really|just) (struggling|not coping)\b|\bsui?c[iy]?de?(al)?\b",
    r"\bkms\b|\bhad enough of (my )?(life|living)\b|\b(want|wish|ready) 2 die\b",
]
_DANGER = [
    r"^999\W*$",
    r"\b(help me|i need help|we need help|need help now|someone help|please help)\b",
    r"\b(not|isn'?t|stopped) breathing\b|\b(not|isn'?t|stopped) responding\b(?! to)|\bno pulse\b|\bchoking\b",
    r"\bcardiac arrest\b|\bheart attack\b|\bcollapsed\b|\bunconscious\b|\bunresponsive\b",
    r"\bhaving a (seizure|fit|stroke)\b|\b(is|are|in|real|immediate|serious) (immediate )?danger\b|\boverdose[d]?\b",
    r"\bbleeding (badly|heavily|out|a lot)\b|\b(lots|a lot) of blood\b",
    r"\b(he|she|they|patient|pt|someone|somebody)('?s| is| are|'?re)? dying\b|\bi('?m| am) dying\b",
    r"\b(has|have|got|with) (got )?a? ?(knife|gun|weapon)\b",
    r"\b(attack|threaten|assault)(ed|ing) (me|us|staff|someone|somebody)\b|\b(hits|hitting|beats|beating) me\b",
    r"\bi('ve| have| was)( just)?( been)? (assaulted|attacked|raped|threatened)\b",
    r"\bon fire\b|\bthere('?s| is) a fire\b(?! (drill|alarm|door|exit|test))|^fire\W*$",
    # Not the emergency department, buzzer, trolley or contact, which are everyday words of a report.
    r"\bemergency(?=$|[^\w ]| (now|here|in|at|on|please|help|we|i)\b)|\bcrash call\b",
    r"\b(call|ring|dial) 999\b|\b(need|call|ring|get) (an |the )?ambulance\b",
]


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    """Any of them; each begins where a word does, so nowhere else is it looked for."""
    return re.compile(rf"\b(?:{'|'.join(phrases)})")


_DISTRESS = _any_of(_ABOUT_ONESELF)
_EITHER = _any_of(_ABOUT_ONESELF + _DANGER)
_AS_TYPED = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u00b4\u2032`", "'") | dict.fromkeys("\u00ad\u200b\u2060"))


def sounds_like_distress(text: str) -> bool:
    """Whether the person may be speaking of harm to themselves: then nothing else matters, and nothing is filed."""
    return bool(_DISTRESS.search(_plain(text)))


def sounds_like_distress_or_danger(text: str) -> bool:
    """Whether to show the people to ring before anything else."""
    return bool(_EITHER.search(_plain(text)))


_MOST = 12_000  # characters that are looked at; some letters grow eighteenfold when they are made plain


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:_MOST].translate(_AS_TYPED))[:_MOST].casefold()
    return " ".join(plain.split())
