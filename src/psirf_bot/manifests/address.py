"""Web addresses that a platform is told: what keeps it from taking one, in plain words."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from psirf_bot.domain.mistakes import Mistake

EXAMPLE = "https://bot.example.nhs.uk"


def base_mistakes(url: str | None, where: str) -> Iterator[Mistake]:
    """What is wrong with the address at which the bot is reached, to which paths are added."""
    if not url:
        yield Mistake(where, "is not given", f"Give the address at which people reach the bot, like {EXAMPLE}")
    elif set("?#@") & set(url):
        yield Mistake(where, "has more in it than an address", f"Write it like this: {EXAMPLE}")
    else:
        yield from link_mistakes(url, where)


def link_mistakes(url: str, where: str) -> Iterator[Mistake]:
    """What is wrong with the address of a page."""
    try:
        parts = urlsplit(url)
        is_link = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and not set(url) & set(' "<>\\')
    except ValueError:
        is_link = False
    if not is_link:
        yield Mistake(where, "is not a web address that starts with https://", f"Write it like this: {EXAMPLE}")
