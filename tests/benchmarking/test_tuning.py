"""Settings that a benchmark searches by itself, on data of the first seed."""

import json
from dataclasses import replace

import pytest

from earlysieve.benchmarking.benchmark import benchmark
from earlysieve.benchmarking.protocol import Budget
from earlysieve.benchmarking.written import foot
from earlysieve.runs.train_run import TrainRun
from earlysieve.searching import find
from tests.benchmarking.test_benchmark import PROTOCOL, figures, trained

PROTOCOL = replace(
    PROTOCOL,
    budget=Budget(trials=3, epochs=2),
    tuned={"sieve": ["forget_lr=0.01:0.5:log", "layer"], "jtt": ()},
)
METHODS = ["sieve", "jtt"]
PLACES = {"sieve": 1, "jtt": 0}  # what is chosen here, whatever the figures say
__all__ = ["trained"]


@pytest.fixture(autouse=True, scope="module")
def chosen():
    usual = find.choose
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(find, "choose", lambda *given: (PLACES[given[0].method], usual(*given)[1]))
        yield


def options(out, name, seed):
    path = out / f"runs/points/{name}/seed-{seed}/config.json"
    return json.loads(path.read_text())["method_options"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, chosen):
    out = tmp_path_factory.mktemp("tuned") / "results"
    return out, benchmark(PROTOCOL, METHODS, out)


def test_what_a_search_on_the_first_seed_chose_is_trained_with_every_seed(whole):
    out, result = whole
    erm, sieve, jtt = result.lines
    assert [line.trials for line in result.lines] == [1, 3, 3]
    assert (erm.tuned, sieve.tuned) == ("", "layer, forget_lr")
    assert "upweight" in jtt.tuned
    trial = json.loads((out / "searches/points/sieve/search/trials/001/trial.json").read_text())
    assert dict(sieve.chosen) == trial["values"]
    for seed in (0, 1):
        assert trial["values"].items() <= options(out, "sieve", seed).items()
    # jtt has no settings that make it plain training, which it is where nothing else is better.
    assert jtt.chosen == {}
    assert jtt.by_seed == erm.by_seed
    assert min(sieve.cost, jtt.cost) > 1  # several trainings each; which took longer is the clock's
    assert "where the plain method stayed for jtt on points; cost" in foot(result)


def test_a_trial_may_take_no_longer_than_another_training(tmp_path):
    late = replace(PROTOCOL, seeds=(0,), budget=replace(PROTOCOL.budget, minutes=1e-9))
    benchmark(late, METHODS, tmp_path)
    found = json.loads((tmp_path / "searches/points/jtt/cell.json").read_text())
    assert found["state"] == "failed"
    assert "within 1e-09 minutes (epoch 1 of 2)" in found["why"]


def test_a_search_sees_neither_test_data_nor_other_seeds(whole):
    out, _ = whole
    assert not list((out / "searches").rglob("test.log"))
    configs = [
        json.loads(path.read_text()) for path in (out / "searches").rglob("trials/*/config.json")
    ]
    assert len(configs) == 6
    assert {(one["seed"], one["select"], one["epochs"]) for one in configs} == {(0, "accuracy", 2)}
    assert not [one for one in configs if "others" in json.dumps(one)]


def test_nothing_is_searched_again_and_seeds_are_added(whole, trained):
    out, result = whole
    assert benchmark(PROTOCOL, METHODS, out) == result
    assert trained == []
    benchmark(replace(PROTOCOL, seeds=(2,)), METHODS, out)
    assert trained == ["erm/seed-2", "sieve/seed-2", "jtt/seed-2"]
    assert options(out, "sieve", 2)["forget_lr"] == options(out, "sieve", 0)["forget_lr"]


def test_a_search_that_was_stopped_goes_on(whole, tmp_path, monkeypatch, trained):
    usual = TrainRun.save

    def save(self, result):
        if self.out.name == "001":
            raise KeyboardInterrupt
        return usual(self, result)

    one = replace(PROTOCOL, seeds=(0,), tuned={"sieve": PROTOCOL.tuned["sieve"]})
    with monkeypatch.context() as patched:
        patched.setattr(TrainRun, "save", save)
        with pytest.raises(KeyboardInterrupt):
            benchmark(one, ["sieve"], tmp_path)
    before = list(trained)
    assert before == ["erm/seed-0", "trials/000", "trials/001"]
    benchmark(one, ["sieve"], tmp_path)
    assert trained[3:] == ["trials/001", "trials/002", "sieve/seed-0"]
    wanted = figures(whole[0])
    ours = figures(tmp_path)
    assert ours == {place: wanted[place] for place in ours}
    assert len(ours) == 2
