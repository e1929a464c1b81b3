"""Where both models looked, and what is saved beside the page."""

import numpy as np
import pytest
import torch
from torch import nn

from earlysieve.auditing.audit import audit
from earlysieve.datasets.opened_data import opened
from earlysieve.fixing.pictures import MOST, chosen_examples, fix_rows
from earlysieve.fixing.result import FixResult
from earlysieve.networks import small_cnn
from tests.report.fixes import candidate_table, example_rows, figure_table

COUNT, SIDE = 90, 8


class Photos(torch.utils.data.Dataset):
    """Pictures of three classes, told by colour, which misleads on one in five."""

    class_names = ("red", "green", "blue")

    def __init__(self, kind="image"):
        rng = np.random.default_rng(0)
        self.labels = np.arange(COUNT) % 3
        colour = np.where(rng.random(COUNT) < 0.2, (self.labels + 1) % 3, self.labels)
        self.x = torch.rand(COUNT, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 0.2
        self.x[np.arange(COUNT), colour] += 0.8
        self.kind = kind

    def __len__(self):
        return COUNT

    def __getitem__(self, index):
        return self.x[index], int(self.labels[index])

    def display(self, index):
        if self.kind == "broken":
            raise KeyError(index)
        return "a text" if self.kind == "text" else self.x[index]


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    return small_cnn(num_classes=3).eval(), small_cnn(num_classes=3).eval()


@pytest.fixture(scope="module")
def found(models):
    return audit(models[0], Photos(), swaps=0, pictures=0, progress=False, seen_in_training=False)


def test_rows_are_of_misled_examples_of_all_classes(models, found):
    rows = fix_rows(*models, opened(Photos()), found)
    assert 0 < len(rows) <= MOST
    assert {row.label for row in rows} == set(Photos.class_names)
    assert [len(row.images) for row in rows] == [3] * len(rows)
    data, chosen = Photos(), chosen_examples(found).tolist()
    with torch.no_grad():
        said = [model(data.x[chosen]).argmax(1).tolist() for model in models]
    names = Photos.class_names
    assert [row.before for row in rows] == [names[one] for one in said[0]]
    assert [row.after for row in rows] == [names[one] for one in said[1]]
    assert [row.id for row in rows] == [str(one) for one in chosen]


def test_the_pile_comes_before_those_who_are_misled(found):
    table = found.examples.assign(pile="")
    table.loc[table["index"].isin([7, 8, 30]), "pile"] = "shortcut fails"
    assert chosen_examples(FoundLike(table)).tolist() == [7, 8, 30]


class FoundLike:
    """An audit with another table."""

    def __init__(self, examples):
        self.examples = examples


@pytest.mark.parametrize("kind", ["text", "broken"])
def test_what_cannot_be_shown_costs_nothing(models, found, kind):
    assert fix_rows(*models, opened(Photos(kind)), found) == ()


def test_a_network_without_a_map_has_no_rows(found):
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 3))
    assert fix_rows(flat, flat, opened(Photos()), found) == ()


def test_models_and_random_states_are_left_as_they_were(models, found):
    before = [{name: value.clone() for name, value in m.state_dict().items()} for m in models]
    models[0].train()
    torch.manual_seed(3)
    state = torch.get_rng_state()
    assert fix_rows(*models, opened(Photos()), found)
    assert torch.equal(torch.get_rng_state(), state)
    assert models[0].training
    models[0].eval()
    for model, kept in zip(models, before, strict=True):
        assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())


def test_rows_and_record_reach_the_saved_page(models, found, tmp_path):
    pytest.importorskip("jinja2")
    result = FixResult(
        model=models[1],
        chosen="balanced@audit",
        candidates=candidate_table(),
        figures=figure_table(),
        before=found,
        after=found,
        groups=None,
        select="accuracy",
        headline="Better.",
        explanation="Why.",
        rows=example_rows("a photo"),
    )
    page = result.save(tmp_path)
    text = page.read_text()
    assert "Example a photo, labelled Coat" in text
    assert 'href="audit-before/report.html"' in text
    assert (tmp_path / "audit-before" / "report.html").exists()
    assert (tmp_path / "audit-after" / "report.html").exists()
    assert (tmp_path / "fix.json").exists()
