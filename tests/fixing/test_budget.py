import math

import pytest

from earlysieve.errors import InputError
from earlysieve.fixing.budget import Budget, BudgetSpentError, parse_budget


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("0.5m", 30), (" 10 M ", 600)]
)
def test_times(text, seconds):
    found = parse_budget(text)
    assert (found.seconds, found.trials) == (seconds, None)


@pytest.mark.parametrize(("text", "trials"), [("20trials", 20), ("1trial", 1)])
def test_trials(text, trials):
    found = parse_budget(text)
    assert (found.seconds, found.trials) == (math.inf, trials)


def test_none_is_no_limit():
    assert parse_budget(None).allows(1e9)


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "0m", "0trials", "1.5trials", "ten"])
def test_other_forms_are_refused(text):
    with pytest.raises(InputError, match="Expected a budget such as 10m, 90s, 2h or 20trials"):
        parse_budget(text)


def test_trials_are_counted():
    budget = Budget(trials=2)
    for _ in range(2):
        assert budget.allows()
        budget.use()
    assert not budget.allows()


def test_a_trial_that_takes_too_long_does_not_fit():
    budget = Budget(seconds=100)
    assert budget.allows(50)
    assert not budget.allows(101)


def test_check_raises_when_the_time_is_over():
    Budget(seconds=100).check()
    Budget(trials=1).check()
    with pytest.raises(BudgetSpentError):
        Budget(seconds=0).check()
