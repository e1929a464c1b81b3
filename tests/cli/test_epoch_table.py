"""The table of epochs breaks no word, and leaves out what there is no room for."""

import pytest

from earlysieve.cli.console import Console
from earlysieve.cli.epoch_table import epoch_table

NAMES = [
    "epoch", "train_loss", "train_accuracy", "train_readout_loss", "validation_accuracy",
    "validation_loss", "validation_worst_group_accuracy", "validation_brier",
]  # fmt: skip
ROW = dict.fromkeys(NAMES, 0.5) | {"epoch": 1.0}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_word_is_broken(width):
    heads, rows = epoch_table([ROW], NAMES, width)
    assert 1 + sum(3 + max(map(len, (*head.split(), "0.500"))) for head in heads) <= width
    assert rows == [[1, *[0.5] * (len(heads) - 1)]]


@pytest.mark.parametrize("width", [80, 120])
def test_as_printed_every_word_of_a_head_is_whole(width, monkeypatch, capsys):
    monkeypatch.setattr(Console, "width", width)
    heads, rows = epoch_table([ROW], NAMES, width)
    Console().table(heads, rows)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    printed = " ".join(lines).replace("┃", " ").split()
    assert {word for head in heads for word in head.split()} <= set(printed)


def test_what_matters_is_kept_and_columns_stay_in_order():
    wide, _ = epoch_table([ROW], NAMES, 200)
    assert wide == [name.replace("_", " ") for name in NAMES]
    narrow, _ = epoch_table([ROW], NAMES, 50)
    assert narrow == ["epoch", "train loss", "train accuracy", "validation accuracy"]
    by, _ = epoch_table([ROW], NAMES, 40, "validation_brier")
    assert by == ["epoch", "train loss", "validation brier"]
