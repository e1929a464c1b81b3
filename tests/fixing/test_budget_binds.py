"""A budget of time holds for everything that a fix does; a clock that tests move tells it."""

import re

import pytest

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.fixing import asked, beginning, trials
from earlysieve.fixing.budget import Budget, BudgetSpentError, Pace
from earlysieve.fixing.retraining import Recipe
from earlysieve.repairing import fitting
from earlysieve.training import TrainConfig

from .helpers import Leaning, Net


class Clock:
    """Seconds that pass only where `cost` says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def cost(self, patch, module, name, seconds):
        real = getattr(module, name)

        def slow(*args, **named):
            self.now += seconds
            return real(*args, **named)

        patch.setattr(module, name, slow)


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    found.cost(monkeypatch, asked, "audit", 40)
    return found


def fix(clock, seconds, **more):
    budget = Budget(seconds, text=f"{seconds}s", clock=clock)
    return es.fix(Net(), held_out=Leaning(), budget=budget, progress=False, **more)


def tried(result):
    return list(result.candidates["candidate"])[1:]


def test_a_candidate_is_begun_only_if_it_the_second_audit_and_the_page_fit(clock, monkeypatch):
    clock.cost(monkeypatch, trials, "_tries", 10)
    found = fix(clock, 130)
    # 40 for the first audit and 45 kept free leave 45: time for four that take 10 each.
    assert len(tried(found)) == 4
    assert found.changed
    assert clock.now == 120
    assert any(note.startswith("The budget of 130s ended after 4 of") for note in found.notes)


def test_a_first_candidate_is_given_up_after_a_fold_that_is_too_slow(clock, monkeypatch):
    clock.cost(monkeypatch, fitting, "fit_last_layer", 30)
    with pytest.raises(InputError, match="Expected a budget for one candidate at least") as error:
        fix(clock, 160)
    assert clock.now < 160
    [enough] = re.findall(r"allow (\d+)s or more", str(error.value))
    assert int(enough) > 40 + 30 + 45


def test_an_audit_that_cannot_end_in_time_is_not_begun(clock, monkeypatch):
    clock.cost(monkeypatch, beginning, "read_held_out", 20)  # 25 ms an example: 44 s for an audit
    with pytest.raises(InputError, match="time to audit the held-out examples, which takes 44 s"):
        fix(clock, 60)
    assert clock.now == 20


def test_trainings_that_no_time_is_left_for_do_not_keep_repairs_from_being_tried(
    clock, monkeypatch
):
    clock.cost(monkeypatch, trials, "_tries", 1)
    train = Leaning(seed=3)
    found = fix(clock, 200, train=train, retrain=True)
    assert "balanced@audit" in tried(found)
    clock.now = 0.0
    found = fix(clock, 125, train=train, retrain=True)  # a third audit would end the time
    assert clock.now <= 125
    assert set(found.candidates["kind"][1:]) == {"repair"}
    assert "trainings of the whole network" in found.notes[-1]


def test_a_training_ends_as_soon_as_its_steps_tell_that_it_will_not_be_done(clock, monkeypatch):
    import earlysieve.training.run as run

    clock.cost(monkeypatch, run.Run, "learn", 2)
    recipe = Recipe(TrainConfig(epochs=4, batch_size=64, lr=0.01))  # 52 steps, 104 s
    found = fix(clock, 200, train=Leaning(seed=3), retrain=recipe)
    assert "balanced@audit" not in tried(found)
    assert "crt" in tried(found)
    assert clock.now < 200


def test_what_an_earlier_call_spent_on_its_audit_is_counted(clock, tmp_path, monkeypatch):
    clock.cost(monkeypatch, trials, "_tries", 10)
    first = fix(clock, 130, folder=tmp_path)
    clock.now = 0.0
    again = fix(clock, 130, folder=tmp_path)
    assert tried(again) == tried(first)
    assert clock.now == 0


def test_pace_believes_a_speed_after_a_few_calls():
    clock = Clock()
    pace = Pace(Budget(100, clock=clock), fewest=2)
    for done in (0.5, 0.51):  # 40 s for a hundredth, which may be chance
        pace(done)
        clock.now += 40
    clock.now = 41
    pace(0.75)  # 41 s for a quarter: 41 more, in all 82
    clock.now = 60
    with pytest.raises(BudgetSpentError):
        pace(0.76)  # 60 s for 0.26: 55 more
