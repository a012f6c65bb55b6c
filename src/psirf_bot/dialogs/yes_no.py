"""Yes and no as people type them: “yes, he has collapsed”, “no, all fine”. What is not clear is asked again."""

import re
from dataclasses import dataclass

_MOST = 500
"""Characters that are looked at; whoever writes more has said more than no."""
_BY_NOW = r"(?:now|right now|any ?more|any longer|longer|at the moment|at present|currently|today)"
_THANKS = r"please|thanks|thank you|indeed"
_SO_IT_IS = r"there (?:is|was|are)|it (?:is|was|could|might)|i (?:am|was)|(?:he|she|they) (?:is|are|was|were)"
_WHO = r"(?:we|he|she|they|it|i|all|everyone|everybody|everything|the patient)(?:'s|'re|'m| is| are| am| was)?"
_WELL = r"(?:fine|ok|okay|safe|well|good|over|under control|dealt with|resolved)"
_CALM = re.compile(
    rf"{_THANKS}|no|nope|(?:not )?{_BY_NOW}"
    rf"|(?:{_WHO}|all) (?:all )?{_WELL}(?: {_BY_NOW})?|the danger (?:is over|has passed)"
    rf"|(?:nobody|no[ -]?one)(?: is| was)?(?: (?:hurt|harmed|injured|at risk))?(?: {_BY_NOW})?"
    rf"|(?:no|(?:nobody|no[ -]?one)(?: is)? in|not in) (?:any |immediate )?danger(?: {_BY_NOW})?"
)
"""Words beside a no that leave it a clear no."""
_BETWEEN = re.compile(r"[\s,.;:!&–—-]*(?:[,.;:!&–—]|\s-\s|\sand\s)[\s,.;:!&–—-]*")

_YES = re.compile(r"(?:yes|yeah|yep|yup|yea|aye)(?![\w'])(?:\W+yes(?![\w']))*\W*(?P<more>.*)")
_NO = re.compile(r"(?:no|nope|nah)(?![\w'-])\W*(?P<more>.*)")
_NOBODY = re.compile(r"(?:nobody|no[ -]?one)(?![\w'])\W*(?P<more>.*)")
_NOT_KNOWN = re.compile(
    r"(?:(?:i )?(?:do not|don't|dont) know|(?:i'm |i am )?(?:not sure|unsure|not certain)|unknown|not known"
    r"|no idea|no clue)"
    r"(?![\w'])\W*(?P<more>.*)"
)
_AND_NO = re.compile(r"(?:(?:and|or|but) )?(?:no|nope|not)(?: really| sure| any longer| any ?more| longer| now| yet)?")
"""After a yes, words that take it back; not “no pulse”."""
_NO_NO = re.compile(
    r"(?:doubt|idea|clue|one|wonder|matter)\b.*|.*\b(?:yes|yeah|yep|but|maybe|perhaps|possibly|except|however|although|though"
    r"|unless|might|wait|unsure|not sure|sorry)\b.*"
)
"""After a no, words that make something else of it."""
_TAKEN_BACK = re.compile(r".*\b(?:yes|no|probably|perhaps|maybe|think)\b.*")


@dataclass(frozen=True, slots=True)
class Said:
    """The value of the option that was meant, and whether more was said than that."""

    value: str
    more: bool


def read(typed: str, *, better_twice: bool = False) -> Said | None:
    """What a leading yes, no or “not sure” means, or None where the rest makes it unclear.

    `better_twice`: no is a no only where nothing else can be meant.
    """
    words = " ".join(typed[:_MOST].casefold().replace("\u2019", "'").split()).strip(" .!,")
    if found := _NOT_KNOWN.fullmatch(words):
        return None if _TAKEN_BACK.fullmatch(found["more"]) else Said("not-known", _says_more(found["more"]))
    if found := _YES.fullmatch(words):
        return None if _AND_NO.fullmatch(found["more"]) else Said("yes", _says_more(found["more"]))
    if len(typed) > _MOST:
        return None
    if all(_CALM.fullmatch(part) for part in _BETWEEN.split(words)) and words.startswith("no"):
        return Said("no", more=False)
    found = _NOBODY.fullmatch(words) or _NO.fullmatch(words)
    if found is None:
        return None
    more = found["more"]
    if not more or all(_CALM.fullmatch(part) for part in _BETWEEN.split(more)):
        return Said("no", _says_more(more))
    return None if better_twice or found.re is _NOBODY or _NO_NO.fullmatch(more) else Said("no", more=True)


def _says_more(more: str) -> bool:
    return bool(more) and not re.fullmatch(f"{_THANKS}|{_SO_IT_IS}", more)
