"""What was finished is not repeated, and nothing is taken over from other inputs."""

import pytest
import torch

import earlysieve as es
from earlysieve.errors import OutputError
from earlysieve.fixing import search
from earlysieve.fixing.budget import BudgetSpentError, Pace
from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.kept import Kept
from earlysieve.fixing.retraining import Recipe
from earlysieve.fixing.trials import Trial
from earlysieve.training import TrainConfig

from .helpers import Leaning, Net

QUICK = Recipe(TrainConfig(optimizer="adamw", lr=0.05, epochs=2, scheduler="cosine"))


class Counted:
    """Counts what is tried, and breaks off before a trial, as Ctrl-C would."""

    def __init__(self, monkeypatch, stop_at=None):
        self.names, self.stop_at, self._real = [], stop_at, search.attempt
        monkeypatch.setattr(search, "attempt", self)

    def __call__(self, candidate, *args, **named):
        if len(self.names) == self.stop_at:
            raise KeyboardInterrupt
        self.names.append(candidate.name)
        return self._real(candidate, *args, **named)


def fix(folder, model=None, held=None, **more):
    return es.fix(model or Net(), held_out=held or Leaning(), folder=folder, progress=False, **more)


def same(one, other):
    state, theirs = one.model.state_dict(), other.model.state_dict()
    assert one.chosen == other.chosen
    assert all(torch.equal(state[key], theirs[key]) for key in state)
    assert (one.before.identity, one.after.identity) == (
        other.before.identity,
        other.after.identity,
    )
    columns = [c for c in one.candidates.columns if c != "seconds"]
    assert one.candidates[columns].equals(other.candidates[columns])
    assert one.figures.equals(other.figures)


@pytest.mark.parametrize("stop_at", [0, 2, 9])
def test_an_interrupted_search_goes_on_and_ends_as_if_nobody_had_stopped_it(
    tmp_path, monkeypatch, stop_at
):
    whole = fix(None, budget="10trials")
    with monkeypatch.context() as patch:
        first = Counted(patch, stop_at)
        with pytest.raises(KeyboardInterrupt):
            fix(tmp_path, budget="10trials")
    audits = []
    with monkeypatch.context() as patch:
        second = Counted(patch)
        patch.setattr("earlysieve.fixing.asked.audit", counted_audit(audits))
        again = fix(tmp_path, budget="10trials")
    assert not set(first.names) & set(second.names)
    assert len(first.names) + len(second.names) == len(whole.candidates) - 1
    assert [one["seen_in_training"] for one in audits] == [True]
    same(whole, again)


def counted_audit(audits):
    def run(*args, **named):
        audits.append(named)
        return es.audit(*args, **named)

    return run


def test_a_larger_budget_goes_on(tmp_path, monkeypatch):
    fix(tmp_path, budget="2trials")
    counted, said = Counted(monkeypatch), []
    found = fix(tmp_path, budget="3trials", tell=said.append)
    assert sum("kept from an earlier call." in line for line in said) == 2
    assert not any("not used" in line for line in said)
    assert len(counted.names) == 1
    assert len(found.candidates) == 4


@pytest.mark.parametrize("other", ["model", "data", "seed", "groups"])
def test_nothing_is_taken_over_from_other_inputs(tmp_path, monkeypatch, other):
    fix(tmp_path, budget="2trials")
    model, held, more = Net(), Leaning(), {}
    if other == "model":
        with torch.no_grad():
            model.head.bias[0] += 0.125
    elif other == "data":
        held = Leaning(seed=5)  # the same labels in the same order
    elif other == "seed":
        more = {"seed": 1}
    else:
        more = {"groups": 2 * held.labels + held.minority.long()}
    counted, said = Counted(monkeypatch), []
    found = fix(tmp_path, model, held, budget="2trials", tell=said.append, **more)
    assert len(counted.names) == 2
    told = any("with another model, other data or other settings: it is not" in s for s in said)
    assert told == (other != "groups")  # candidates with given groups have names of their own
    same(found, fix(None, model, held, budget="2trials", **more))


def test_trainings_are_not_repeated_and_leave_no_checkpoints(tmp_path, monkeypatch):
    held, train = Leaning(), Leaning(seed=3)
    more = {"train": train, "retrain": QUICK}
    once = fix(tmp_path, held=held, **more)
    names = sorted(path.name for path in (tmp_path / "candidates").iterdir() if path.is_dir())
    assert [name.rpartition("-")[0] for name in names] == [
        "audit-after",
        "audit-before",
        "audit-training",
    ]
    counted = Counted(monkeypatch)
    again = fix(tmp_path, held=held, **more)
    assert counted.names == []
    same(once, again)
    slower = Recipe(TrainConfig(optimizer="adamw", lr=0.01, epochs=2, scheduler="cosine"))
    fix(tmp_path, held=held, train=train, retrain=slower)
    assert counted.names == ["balanced@audit", "group-dro@audit"]


def test_an_interrupted_training_goes_on(tmp_path, monkeypatch):
    held, train = Leaning(), Leaning(seed=3)
    more = {"train": train, "retrain": QUICK}
    once = fix(None, held=held, **more)
    real = search.attempt

    def stopped(candidate, *args, **named):
        found = real(candidate, *args, **named)
        if candidate.kind == "retrain":
            raise KeyboardInterrupt
        return found

    with monkeypatch.context() as patch:
        patch.setattr(search, "attempt", stopped)
        with pytest.raises(KeyboardInterrupt):
            fix(tmp_path, held=held, **more)
    [folder] = (tmp_path / "candidates").glob("balanced-audit-*")
    assert (folder / "last.pt").exists()
    same(once, fix(tmp_path, held=held, **more))
    assert not folder.exists()


def test_a_plain_network_is_trained_once(tmp_path):
    train = Leaning(1500, noise=1.5)
    more = {"train": train, "retrain": QUICK, "folder": tmp_path, "progress": False}
    once = es.fix(Net(), budget="1trial", **more)
    [folder] = (tmp_path / "candidates").glob("plain-*")
    assert (folder / "last.pt").exists()
    same(once, es.fix(Net(), budget="1trial", **more))


def test_damaged_files_are_made_again(tmp_path, monkeypatch):
    whole = fix(tmp_path, budget="2trials")
    for path in (tmp_path / "candidates").glob("dfr*.pt"):
        path.write_bytes(path.read_bytes()[:100])
    [audit] = (tmp_path / "candidates").glob("audit-before-*")
    (audit / "scores.csv").write_text("nothing")
    counted = Counted(monkeypatch)
    same(whole, fix(tmp_path, budget="2trials"))
    assert len(counted.names) == 2


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, monkeypatch):
    place = tmp_path / "file"
    place.write_text("")
    said = []
    with pytest.raises(OutputError, match="Expected an output folder"):
        fix(place, tell=said.append)
    assert said == []


def test_names_that_begin_alike_are_kept_apart(tmp_path):
    kept = Kept(tmp_path)
    one, two = Candidate("balanced", "repair"), Candidate("balanced@audit", "repair")
    for candidate in (one, two):
        kept.keep(Trial(candidate, torch.zeros(2, 2), 1.0), "a" * 64)
    kept.keep(Trial(one, torch.ones(2, 2), 1.0), "b" * 64)
    assert kept.trial(one, "a" * 64, Net) is None
    assert kept.trial(one, "b" * 64, Net).logits.sum() == 4
    assert kept.trial(two, "a" * 64, Net).logits.sum() == 0
    assert kept.trial(two, "a" * 12 + "b" * 52, Net) is None


def test_it_says_how_much_there_is_and_how_long_it_will_take(tmp_path):
    said = []
    more = {"train": Leaning(seed=3), "retrain": QUICK, "tell": said.append}
    found = fix(tmp_path, **more)
    total = len(found.candidates) - 1
    assert f"Candidates: {total - 2} repairs of the last layer and 2 trainings of the" in (
        "\n".join(said)
    )
    lines = [line for line in said if f" of {total}: " in line]
    assert [line.split(" ")[0] for line in lines] == [str(n + 1) for n in range(total)]
    assert sum(line.endswith(" more.") for line in lines) == 2
    assert f"s for {total - 3} repairs of the last layer more." in lines[0]


def test_what_the_budget_left_untried_is_said_and_noted(tmp_path):
    said = []
    found = fix(tmp_path, budget="2trials", tell=said.append)
    [note] = [
        note for note in found.notes if note.startswith("The budget of 2trials ended after 2")
    ]
    assert "best so far" in note
    assert "Not tried: 'dfr@audit, strength 0.001'" in note
    assert note in said


def test_a_training_in_which_the_time_ends_is_untried_and_goes_on_later(tmp_path, monkeypatch):
    held, train = Leaning(), Leaning(seed=3)
    more = {"train": train, "retrain": QUICK}
    once = fix(None, held=held, **more)
    steps = []

    def over(self, done):
        steps.append(done)
        if len(steps) == 20:  # three repairs of five folds, then steps of a training
            raise BudgetSpentError

    with monkeypatch.context() as patch:
        patch.setattr(Pace, "__call__", over)
        found = fix(tmp_path, held=held, budget="1h", **more)
    assert steps[15:20] == [(step + 1) / (2 * 13) for step in range(5)]
    assert list(found.candidates["candidate"]) == [
        name for name in once.candidates["candidate"] if name != "balanced@audit"
    ]
    assert found.notes[-1].endswith("Not tried: 'balanced@audit'.")
    same(once, fix(tmp_path, held=held, **more))
