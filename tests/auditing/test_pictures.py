import io

import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

import earlysieve as es
from earlysieve.auditing.pictures import choose_examples

from ..model.architectures import cnn
from .helpers import Pictures

pytest.importorskip("PIL")


def frame(rows):
    examples = pd.DataFrame(rows, columns=["label", "shortcut_score"])
    examples["flagged"] = examples["shortcut_score"] >= 0.5
    examples["index"] = examples.index + 100
    return examples


def test_the_highest_scores_and_typical_examples_of_their_classes():
    examples = frame(
        [(0, 0.6), (1, 0.9), (0, -0.2), (0, -0.8), (1, -0.5), (1, 0.7), (1, -0.9), (2, -1.0)]
    )
    assert choose_examples(examples, 2) == [
        (1, "flagged"), (5, "flagged"), (6, "correct"), (4, "correct"),
    ]  # fmt: skip
    assert choose_examples(examples, 9) == [
        (1, "flagged"), (5, "flagged"), (0, "flagged"),
        (6, "correct"), (4, "correct"), (3, "correct"),
    ]  # fmt: skip


def test_no_example_is_shown_as_flagged_and_as_typical():
    """One reader flags, all of them together score, and they need not agree."""
    examples = frame([(0, -0.9), (0, -0.1), (0, 0.2), (1, -0.5)])
    examples["flagged"] = [True, False, True, True]
    assert choose_examples(examples, 9) == [
        (2, "flagged"), (3, "flagged"), (0, "flagged"), (1, "correct"),
    ]  # fmt: skip


def test_typical_examples_where_none_is_flagged():
    assert choose_examples(frame([(0, -0.2), (1, -0.9), (0, 0.1)]), 2) == [
        (1, "correct"), (0, "correct"),
    ]  # fmt: skip


def sizes(pictures):
    from PIL import Image

    return [max(Image.open(io.BytesIO(p.image)).size) for p in pictures]


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: DataLoader(d, 8, shuffle=True)])
def test_images_with_heatmaps(wrap):
    pytest.importorskip("captum")
    result = es.audit(cnn(), wrap(Pictures()), layers=["2"], folds=2, pictures=2, heatmaps=3)
    roles = [p.role for p in result.pictures]
    assert roles == ["flagged"] * roles.count("flagged") + ["correct"] * roles.count("correct")
    assert roles.count("flagged") == 2
    by_index = result.examples.set_index("index")
    assert all(by_index["flagged"][p.index] == (p.role == "flagged") for p in result.pictures)
    assert max(sizes(result.pictures)) <= 160
    assert sum(p.heatmap is not None for p in result.pictures) == 3
    assert {p.kind for p in result.pictures} == {"image"}


def test_no_pictures_where_none_are_wanted():
    result = es.audit(cnn(), Pictures(), layers=["2"], folds=2, pictures=0)
    assert (result.pictures, result.notes) == ([], [])


def test_a_data_set_that_shows_itself():
    from PIL import Image

    class Shown(Pictures):
        def display(self, index):
            return f"text {index}" * 200 if index % 2 else Image.new("RGB", (500, 10))

    result = es.audit(cnn(), Shown(), layers=["2"], folds=2, pictures=3, heatmaps=0)
    texts = [p for p in result.pictures if p.kind == "text"]
    assert texts
    for picture in texts:
        assert picture.text.startswith(f"text {picture.index}")
        assert len(picture.text) == 600
    assert all(p.image for p in result.pictures if p.kind == "image")


def test_texts_of_mappings():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(10, 4)
            self.mix = nn.Linear(4, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, input_ids):
            return self.head(self.mix(self.embed(input_ids)).mean(1))

    data = [{"input_ids": [1 + i % 2, 3], "label": i % 2, "text": f"<i>{i}"} for i in range(20)]
    result = es.audit(Words(), data, folds=2, pictures=2)
    assert {p.kind for p in result.pictures} == {"text"}
    assert all(p.text == f"<i>{p.index}" for p in result.pictures)


def test_inputs_that_are_neither_images_nor_texts():
    data = [(torch.randn(6), i % 2) for i in range(20)]
    model = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
    result = es.audit(model, data, folds=2, pictures=2)
    assert result.pictures == []
    assert result.notes == [
        "No pictures: the inputs are neither images nor texts that can be shown; give the data "
        "set a method display(index) that returns an image or a text."
    ]


def test_an_overlay_that_fails_costs_a_note_only(monkeypatch):
    def fail(*_args, **_options):
        raise RuntimeError("no gradient")

    monkeypatch.setattr("earlysieve.attribution.gradcam", fail)
    result = es.audit(cnn(), Pictures(), layers=["2"], folds=2, pictures=2)
    assert result.notes == ["No Grad-CAM overlays: no gradient"]
    assert result.pictures
    assert all(p.heatmap is None for p in result.pictures)
