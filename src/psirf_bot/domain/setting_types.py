"""What the settings of trust.toml are made of: words, numbers and addresses that explain what is wrong with them."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from psirf_bot.domain.people import EMAIL


class Frozen(BaseModel):
    """A part of trust.toml: it cannot change while the bot runs, and takes no setting it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def wrong(what: str, remedy: str) -> PydanticCustomError:
    """A setting that cannot be used: what is wrong with it, and what to write instead."""
    return PydanticCustomError("setting", "{what}", {"what": what, "remedy": remedy})


def _phone(number: str) -> str:
    if sum(character.isdigit() for character in number) < 3:
        raise wrong("has no phone number in it", 'Write one like "01632 960001".')
    return number


def _email(address: str) -> str:
    if not EMAIL.fullmatch(address):
        raise wrong("is not an e-mail address", 'Write one like "guardian@fenmarsh.example".')
    return address.lower()


def _https(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname:
        raise wrong("is not a secure web address", "Copy the whole address; it starts with https://")
    return url


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Phone = Annotated[Words, AfterValidator(_phone)]
Email = Annotated[Words, AfterValidator(_email)]
HttpsUrl = Annotated[Words, AfterValidator(_https)]
