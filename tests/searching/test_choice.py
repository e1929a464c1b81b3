from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from earlysieve.errors import InputError
from earlysieve.searching import find as module
from earlysieve.searching.choice import choose, name_of
from earlysieve.searching.one_trial import keep_logits
from earlysieve.searching.places import folder_of
from earlysieve.searching.search import SearchOptions, search
from tests.searching.nets import others
from tests.searching.test_search import CONFIG


def done(*states: str) -> dict[int, SimpleNamespace]:
    return {k: SimpleNamespace(state=SimpleNamespace(name=state)) for k, state in enumerate(states)}


def right_on(out: Path, place: int, share: float) -> None:
    """Logits of a trial that is right on the first share of the examples."""
    data = others()
    right = torch.arange(len(data)) < share * len(data)
    answers = torch.where(right, data.labels, 1 - data.labels)
    keep_logits(folder_of(out, place), torch.nn.functional.one_hot(answers, 2).float())


@pytest.mark.parametrize(("better", "chosen"), [(0.55, 0), (0.9, 1)])
def test_only_a_gain_beyond_chance_replaces_the_plain_method(tmp_path, better, chosen):
    for place, share in enumerate((0.5, better, 0.52)):
        folder_of(tmp_path, place).mkdir(parents=True)
        right_on(tmp_path, place, share)
    config = SimpleNamespace(**{**CONFIG.to_dict(), "select": "accuracy"})
    place, choice = choose(config, tmp_path, done("COMPLETE", "COMPLETE", "COMPLETE", "PRUNED"))
    assert place == chosen
    assert choice.name == name_of(chosen)
    with pytest.raises(InputError, match="trial 0"):
        choose(config, tmp_path, done("PRUNED", "COMPLETE"))


def test_what_is_chosen_is_trained_again_beside_the_plain_method(tmp_path, monkeypatch):
    def second(config, out, found):
        _, choice = choose(config, out, found)
        return 1, choice

    monkeypatch.setattr(module, "choose", second)
    result = search(CONFIG, tmp_path, options=SearchOptions(trials=2, seeds=2))
    assert result.best is not None
    assert (result.best.place, set(result.best.figures)) == (1, {5, 6})
    names = {path.name for path in (tmp_path / "again").iterdir()}
    assert names == {"000-seed-5", "000-seed-6", "001-seed-5", "001-seed-6"}
    ours, theirs = result.best.figures, result.plain.figures
    mean = sum(ours[s]["accuracy"] - theirs[s]["accuracy"] for s in (5, 6)) / 2
    assert result.difference["accuracy"].mean == pytest.approx(mean)
    assert "is chosen over the plain method" in (tmp_path / "page.html").read_text()
