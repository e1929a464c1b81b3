"""Data of a function of the user's: the split that it is called with, and a share held out."""

import click
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from earlysieve.cli.data_options import data_options, given_data_options
from earlysieve.datasets import load_source
from earlysieve.datasets.opened_data import opened
from earlysieve.errors import InputError, UserCodeError
from earlysieve.report.command_words import joined
from earlysieve.runs.data_settings import option_words
from earlysieve.runs.open_data import open_data
from earlysieve.runs.preparation import prepared_config
from earlysieve.runs.seen_data import audited_part
from earlysieve.runs.train_data import open_parts
from earlysieve.training import TrainConfig

DATA = """
import numpy as np
import torch


class Named:
    class_names = ("ok", "dent")
    labels = [0] * 30 + [1] * 10

    def __len__(self):
        return 40

    def __getitem__(self, index):
        return torch.tensor([float(index)]), self.labels[index]


def divided(split="dev"):
    if split not in ("train", "test"):
        raise KeyError(split)
    return [(torch.zeros(1), 0)] * (3 if split == "train" else 2)


def only_dev(split):
    return {"dev": [(torch.zeros(1), 0)]}[split]


def folded(split="train", fold=0, root=None, seed=1):
    assert (root, seed) == ("here", 7)
    return [(torch.zeros(1), k) for k in fold["of"]]


def named():
    return Named()


def listed():
    return [(torch.tensor([float(k)]), k % 2) for k in range(40)]


def arrays():
    return np.arange(40.0)[:, None], np.array(Named.labels)
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "own_functions.py").write_text(DATA)
    return lambda name: f"{tmp_path / 'own_functions.py'}:{name}"


def test_a_function_with_a_split_is_called_as_help_says(source):
    assert audited_part(source("divided"), None).split == "test"
    assert audited_part(source("divided"), "dev").split == "dev"
    assert audited_part(source("named"), None).split is None
    assert audited_part(source("missing"), None).split is None
    assert len(load_source(source("divided"))) == 3
    options = {
        name: prepared_config(TrainConfig(data=source(name), **more), print).data_options
        for name, more in (("divided", {}), ("named", {}))
    }
    assert options == {"divided": {"split": "train"}, "named": {}}
    asked = TrainConfig(data=source("divided"), data_options={"split": "test"})
    assert prepared_config(asked, print) is asked


def test_arguments_of_its_own(source):
    given = {"fold": {"of": [0, 1, 2]}, "root": "here"}
    assert len(load_source(source("folded"), **given, seed=7)) == 3
    assert len(open_data(source("folded"), given, seed=7)) == 3
    parts = open_parts(TrainConfig(data=source("folded"), data_options=given, seed=7))
    assert len(parts.train) == 3
    for wrong in ({"fould": 1}, {"fould": None}, {"mean": [0.5]}):
        with pytest.raises(InputError, match=r"\(fold, root, seed, split\), but got "):
            open_data(source("folded"), wrong, seed=7)
    with pytest.raises(InputError, match="fold to be of texts, numbers, .* but got <object"):
        open_data(source("folded"), {"fold": object()}, seed=7)
    for taken in ("spec", "seed", "progress"):
        with pytest.raises(InputError, match=f"Expected options of the data, but got '{taken}'"):
            open_data(source("folded"), {taken: 1}, seed=7)
    with pytest.raises(InputError, match="did you mean 'split'"):
        open_data("digits", {"splt": "test"}, seed=7)
    with pytest.raises(InputError, match=r"the source 'digits' has .*, but got fold"):
        load_source("digits", fold=1)


def test_arguments_of_its_own_as_they_are_typed():
    typed = {"fold": {"of": [0]}, "name": "a b", "limit": 9, "group_column": ["x", "y"]}
    words = [pair for name, value in typed.items() for pair in option_words(name, value)]
    assert joined(words) == [
        *("--data-option", 'fold={"of": [0]}', "--data-option", "name=a b", "--limit", "9"),
        *("--group-column", "x", "--group-column", "y"),
    ]
    read = []

    @click.command()
    @data_options
    @click.pass_context
    def thing(context, **_given):
        read.append(given_data_options(context))

    CliRunner().invoke(thing, joined(words), catch_exceptions=False)
    assert read == [typed]


def test_an_error_says_which_split_was_asked_for(source):
    with pytest.raises(UserCodeError, match="to run with split='train', but your code .*'train'"):
        load_source(source("only_dev"))


@pytest.mark.parametrize("name", ["named", "listed", "arrays"])
@pytest.mark.parametrize("limit", [None, 20])
def test_a_share_of_them_can_be_held_out(source, name, limit):
    options = {} if limit is None else {"limit": limit}
    config = TrainConfig(data=source(name), validation="0.2", data_options=options)
    parts = open_parts(config)
    size = limit or 40
    assert len(parts.validation) == len(parts.held_rows) == size // 5
    both = np.concatenate([parts.train_rows, parts.held_rows])
    assert sorted(both) == list(range(size))
    whole = torch.cat([parts.whole[int(k)][0] for k in both])
    seen = torch.cat(
        [part[k][0] for part in (parts.train, parts.validation) for k in range(len(part))]
    )
    assert seen.tolist() == whole.tolist()
    assert len(set(seen.tolist())) == size
    if name != "listed":  # whose labels would have to be read
        assert opened(parts.validation).labels.tolist().count(1) == size // 20
    if name == "named":
        assert parts.validation.class_names == ("ok", "dent")
