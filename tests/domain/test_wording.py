"""Words that name what a person did as the cause (A02)."""

import pytest

from psirf_bot.domain.wording import blamed


@pytest.mark.parametrize(
    "text",
    [
        "It was human error.",
        "HUMAN\nERRORS happen",
        "A nurse's error",
        "human-error",
        "They were careless",
        "carelessly done",
    ],
)
def test_a_person_is_not_named_as_the_cause(text: str) -> None:
    assert "Please say what in the work made it likely. (Policy 2.1.)" in (blamed(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A medication error",
        "The pump showed user error 12",
        "A claim of negligence is another process",
        "error in the chart",
    ],
)
def test_the_ordinary_words_of_a_report_are_taken_as_they_are(text: str) -> None:
    assert blamed(text) is None
