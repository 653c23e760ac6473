"""A few of each type with every run of the tests; ``tox -e honesty`` tries many."""

import pytest

from tests.honesty.__main__ import trials
from tests.honesty.judge import verdict
from tests.honesty.problems import TYPES

FEW = 2  # of a type: enough to see a type fall


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", TYPES, ids=lambda make: make.__name__)
def test_a_branch_is_right_or_says_that_it_ended(make):
    said = [(i, *verdict(trial)) for i, trial in trials(make, FEW, seed=2)]
    assert [one for one in said if one[1] == "wrong"] == []
