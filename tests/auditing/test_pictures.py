import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader

import earlysieve as es
from earlysieve.auditing.pictures import choose_examples
from earlysieve.auditing.swap_pictures import swap_pictures
from earlysieve.auditing.swaps.found import PartFound, Share, SwapPicture, Swaps

from ..model.architectures import cnn
from .helpers import Pictures

Image = pytest.importorskip("PIL.Image")


def frame(rows, piles=None):
    examples = pd.DataFrame(rows, columns=["label", "shortcut_score"])
    examples["flagged"] = examples["shortcut_score"] >= 0.5
    examples["index"] = examples.index + 100
    examples["pile"] = piles or ""
    examples["confidence"] = np.linspace(0.2, 0.9, len(examples))
    return examples


def chosen(examples, count, failing=None):
    return choose_examples(examples.assign(label_doubt=-examples.index), count, failing)


def test_the_highest_scores_and_typical_examples_of_their_classes():
    examples = frame(
        [(0, 0.6), (1, 0.9), (0, -0.2), (0, -0.8), (1, -0.5), (1, 0.7), (1, -0.9), (2, -1.0)]
    )
    assert chosen(examples, 2) == [
        (1, "flagged"), (5, "flagged"), (6, "correct"), (4, "correct"),
    ]  # fmt: skip
    assert chosen(examples, 9) == [
        (1, "flagged"), (5, "flagged"), (0, "flagged"),
        (6, "correct"), (4, "correct"), (3, "correct"),
    ]  # fmt: skip


def test_no_example_is_shown_as_flagged_and_as_typical():
    """One reader flags, all of them together score, and they need not agree."""
    examples = frame([(0, -0.9), (0, -0.1), (0, 0.2), (1, -0.5)])
    examples["flagged"] = [True, False, True, True]
    assert chosen(examples, 9) == [
        (2, "flagged"), (3, "flagged"), (0, "flagged"), (1, "correct"),
    ]  # fmt: skip


def test_typical_examples_where_none_is_flagged():
    assert chosen(frame([(0, -0.2), (1, -0.9), (0, 0.1)]), 2) == [
        (1, "correct"), (0, "correct"),
    ]  # fmt: skip


def test_where_none_is_chosen_the_classes_take_turns():
    rows = [(0, -0.9), (0, -0.8), (1, -0.7), (0, -0.6), (2, -0.5)]
    assert [row for row, _ in chosen(frame(rows), 4)] == [0, 2, 4, 1]


FAILS, DOUBTFUL, HARD = "shortcut fails", "label doubtful", "rare or hard"


def test_piles_come_first_each_by_its_own_measure():
    piles = [FAILS, FAILS, DOUBTFUL, DOUBTFUL, HARD, HARD, "", ""]
    examples = frame([(0, 0.9)] * 7 + [(0, -0.9)], piles)
    failing = np.array([0.4, 0.8, 0.9, 0, 0, 0, 0, 0])
    assert chosen(examples, 9, failing) == [
        (1, FAILS), (0, FAILS), (2, DOUBTFUL), (3, DOUBTFUL), (5, HARD), (4, HARD),
        (6, "flagged"), (7, "correct"),
    ]  # fmt: skip
    assert chosen(examples, 5, failing)[:5] == [
        (1, FAILS), (0, FAILS), (2, DOUBTFUL), (5, HARD), (6, "flagged"),
    ]  # fmt: skip
    assert [role for _, role in chosen(examples, 1, failing)] == [FAILS, "correct"]


def test_what_is_in_a_pile_is_not_typical():
    examples = frame([(0, -0.9), (0, -0.8), (0, 0.9)], [HARD, "", ""])
    assert chosen(examples, 3) == [(0, HARD), (2, "flagged"), (1, "correct")]


@given(st.lists(st.sampled_from([FAILS, DOUBTFUL, HARD, "", "-"]), min_size=1), st.integers(1, 30))
def test_as_many_as_asked_for_are_shown_where_there_are_so_many(kinds, count):
    piles = [kind.replace("-", "") for kind in kinds]
    examples = frame([(0, -0.9 if kind == "-" else 0.9) for kind in kinds], piles)
    found = chosen(examples, count)
    suspects = [row for row, role in found if role != "correct"]
    assert len(suspects) == min(count, len(kinds) - kinds.count("-"))
    assert len({row for row, _ in found}) == len(found)
    by_role = {row: role for row, role in found if role in piles}
    assert all(piles[row] == role for row, role in by_role.items())


def test_swaps_are_kept_as_images_of_one_scale():
    part = PartFound(
        "brightness", "", *[Share()] * 5,
        pictures=tuple(
            SwapPicture(3, 4, 0, 1, 1, dim, dim + 100, after)
            for dim, after in [(torch.full((1, 4, 4), 50, dtype=torch.uint8), None)] * 9
        ),
    )  # fmt: skip
    stage, colour = replace(part, part="stage"), replace(part, part="colour")
    window = replace(part, part="window", pictures=(replace(part.pictures[0], after=torch.zeros(
        3, 4, 4, dtype=torch.uint8)),))  # fmt: skip
    text = replace(part, part="token", pictures=(
        replace(part.pictures[0], before=torch.arange(3), given=torch.arange(3)),))  # fmt: skip
    shown = swap_pictures(Swaps((text, stage, part, colour, window)), "colour")
    assert [swap.part for swap in shown] == ["colour"] * 4 + ["window"] + ["stage"] * 4
    assert shown[0].after is None
    for image, value in ((shown[0].before, 50), (shown[0].given, 150)):
        assert Image.open(io.BytesIO(image)).getpixel((0, 0)) == (value,) * 3
    assert Image.open(io.BytesIO(shown[4].after)).mode == "RGB"
    assert swap_pictures(Swaps((text,))) == []


def sizes(pictures):
    return [max(Image.open(io.BytesIO(p.image)).size) for p in pictures]


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: DataLoader(d, 8, shuffle=True)])
def test_images_with_heatmaps(wrap):
    pytest.importorskip("captum")
    result = es.audit(cnn(), wrap(Pictures()), layers=["2"], folds=2, pictures=2, heatmaps=3)
    roles = [p.role for p in result.pictures]
    assert [role == "correct" for role in roles] == [False] * 2 + [True] * (len(roles) - 2)
    by_index = result.examples.set_index("index")
    for p in result.pictures:
        pile = by_index["pile"][p.index]
        assert p.role == pile or (pile == "" and by_index["flagged"][p.index] == (
            p.role == "flagged"))  # fmt: skip
    assert max(sizes(result.pictures)) <= 160
    assert sum(p.heatmap is not None for p in result.pictures) == min(3, len(roles))
    assert {p.kind for p in result.pictures} == {"image"}


def test_no_pictures_where_none_are_wanted():
    result = es.audit(cnn(), Pictures(), layers=["2"], folds=2, pictures=0)
    assert (result.pictures, result.swap_pictures, result.notes) == ([], [], [])


def test_a_data_set_that_shows_itself():
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


def test_arrays_are_shown_and_get_heatmaps():
    pytest.importorskip("captum")

    class Arrays(Pictures):
        def display(self, index):
            return np.full((9, 8, 3), (200, 100, index), np.uint8)

    result = es.audit(cnn(), Arrays(), layers=["2"], folds=2, pictures=2, heatmaps=1)
    assert (result.notes, [p.kind for p in result.pictures][:2]) == ([], ["image"] * 2)
    seen = Image.open(io.BytesIO(result.pictures[0].image))
    assert (seen.size, seen.getpixel((0, 0))) == ((8, 9), (200, 100, result.pictures[0].index))
    assert result.pictures[0].heatmap


def test_a_picture_that_fails_costs_a_note_only():
    class Broken(Pictures):
        def display(self, index):
            raise KeyError("no such file")

    result = es.audit(cnn(), Broken(), layers=["2"], folds=2, pictures=2)
    assert result.pictures == []
    assert result.notes == ["No pictures: showing an example raised KeyError: 'no such file'."]
    assert len(result.examples) == len(Broken())


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
        "set a method display(index) that returns an image (of PIL, or an array of integers in "
        "[0, 255] or floats in [0, 1]) or a text."
    ]


def test_an_overlay_that_fails_costs_a_note_only(monkeypatch):
    def fail(*_args, **_options):
        raise RuntimeError("no gradient")

    monkeypatch.setattr("earlysieve.attribution.gradcam", fail)
    result = es.audit(cnn(), Pictures(), layers=["2"], folds=2, pictures=2)
    assert result.notes == ["No Grad-CAM overlays: no gradient"]
    assert result.pictures
    assert all(p.heatmap is None for p in result.pictures)
