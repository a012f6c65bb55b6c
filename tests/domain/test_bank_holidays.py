"""England's bank holidays, against a library that knows those of every country."""

import pytest
from holidays import country_holidays

from psirf_bot.domain.bank_holidays import of_year
from psirf_bot.domain.working_time import KNOWN_FROM


@pytest.mark.parametrize("year", range(KNOWN_FROM, 2101))
def test_they_are_those_that_the_library_has(year: int) -> None:
    assert of_year(year) == set(country_holidays("GB", subdiv="ENG", years=year))


def test_they_go_on_when_the_library_ends() -> None:
    assert len(of_year(2101)) == 10  # New Year's Day and Christmas Day on a Saturday and a Sunday, and who stands in
