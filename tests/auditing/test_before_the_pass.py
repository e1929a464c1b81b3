"""What can fail before the pass over the data fails before it."""

import errno
import shutil
import tempfile
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

import earlysieve as es
from earlysieve.errors import InputError, OutputError
from earlysieve.readouts import space as space_module
from earlysieve.readouts.feature_store import Budget, FeatureStore
from earlysieve.readouts.space import Space, is_memory, size

from .helpers import Net, Pictures, Planted, same, state_of


class Counting(Dataset):
    """Counts the examples that are read."""

    def __init__(self, inner):
        self.inner, self.read = inner, 0

    def __len__(self):
        return len(self.inner)

    def __getitem__(self, i):
        self.read += 1
        return self.inner[i]


def mixed():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 5),
        nn.Linear(5, 2),
    )


def test_a_head_that_does_not_suit_a_layer():
    model, data = mixed().train(), Counting(Pictures(40))
    before = state_of(model)
    with pytest.raises(InputError) as caught:
        es.audit(model, data, layers=["0", "1", "4"], head="conv", batch_size=4)
    assert str(caught.value) == (
        "Expected a layer with positions for ConvHead, but its output is flat, (1, 5); use "
        "LinearHead or MLPHead there (layer '4'; layers that suit it: '0', '1')"
    )
    assert data.read == 4
    assert same(state_of(model), before)


def test_a_head_that_gives_other_logits():
    class Odd:
        def build(self, shape, num_classes, *, layout, seed=0):
            return es.LinearHead().build(shape, num_classes + 1, layout=layout, seed=seed)

    data = Counting(Planted(40))
    with pytest.raises(InputError) as caught:
        es.audit(Net(), data, layers=["first"], head=Odd(), batch_size=4)
    assert str(caught.value) == (
        "Expected a readout that gives 2 logits, one per class, but it gives shape (2, 3); build "
        "the readout for as many classes as it is asked for (layer 'first'; layers that suit it: "
        "none)"
    )
    assert data.read == 4


def free(monkeypatch, count, *, memory=False):
    usage = type("Usage", (), {"free": count})
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    monkeypatch.setattr(space_module, "is_memory", lambda _folder: memory)


def test_too_little_space_for_the_features(monkeypatch, tmp_path):
    free(monkeypatch, 5000)
    data = Counting(Planted(240))  # 6 + 6 numbers of two layers, 6 columns, 2 logits
    with pytest.raises(OutputError) as caught:
        es.audit(Net(), data, layers=["first", "second"], memory_budget=1000, features_dir=tmp_path)
    assert str(caught.value) == (
        f"Expected 18 KB of free space in '{tmp_path}' for the features of 240 examples, 80 bytes "
        "each, but got 5 KB; choose another folder (features_dir, --features-dir), fewer layers, "
        "or a readout that pools, such as the linear one"
    )
    assert data.read == 64


def test_space_that_is_enough_is_said_where_files_are_needed(monkeypatch, tmp_path, capfd):
    free(monkeypatch, 1 << 30)
    options = {"layers": ["first", "second"], "folds": 2, "pictures": 0, "features_dir": tmp_path}
    said = []
    es.audit(Net(), Planted(240), memory_budget=1000, tell=said.append, **options)
    told = (
        "Features of 240 examples take about 19 KB, 18 KB of it in temporary files in "
        f"'{tmp_path}'."
    )
    assert said == [told]
    assert list(tmp_path.iterdir()) == []
    es.audit(Net(), Planted(240), tell=said.append, **options)
    assert said == [told]
    capfd.readouterr()
    es.audit(Net(), Planted(240), memory_budget=1000, progress=True, **options)
    assert capfd.readouterr().err.startswith(told)


def test_maps_are_counted_as_they_are_kept(monkeypatch, tmp_path):
    free(monkeypatch, 1 << 30)
    said = []
    es.audit(
        mixed(), Pictures(40), layers=["0"], head="conv", folds=0, pictures=0, memory_budget=0,
        features_dir=tmp_path, tell=said.append,
    )  # fmt: skip
    # Brightness, colour, spectrum, frame, size, place, sharpness, marks, small parts, halves,
    # background, vignette, traces.
    properties = 12 + 4 * 3 + 14 * 8 + 7 * 3 + 12 + 2 * 36 + 2 + 10 * 64 + 22 * 22 + 4 * (4 * 8)
    properties += 72 + 3 + 12
    # The readout's map, its mean, a small map, properties, logits.
    numbers = 4 * 64 + 4 + 4 * 16 + properties + 2
    assert said[0].startswith(f"Features of 40 examples take about {size(40 * numbers * 4)}, ")


def test_files_lie_in_the_folder_that_was_chosen(monkeypatch, tmp_path):
    folders, make = [], tempfile.TemporaryFile

    def recorded(**options):
        folders.append(Path(options["dir"]))
        return make(**options)

    monkeypatch.setattr(tempfile, "TemporaryFile", recorded)
    chosen = tmp_path / "new"
    es.audit(Net(), Planted(60), folds=2, pictures=0, memory_budget=0, features_dir=chosen)
    assert set(folders) == {chosen}
    folders.clear()
    es.audit(Net(), Planted(60), folds=2, pictures=0, memory_budget=0)
    assert set(folders) == {Path(tempfile.gettempdir())}


def test_a_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").touch()
    data = Counting(Planted(40))
    with pytest.raises(OutputError, match="Expected a folder that can be written at"):
        es.audit(Net(), data, features_dir=tmp_path / "file")
    assert data.read == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_is_full_all_the_same(monkeypatch, tmp_path):
    full = lambda **_options: Path("/dev/full").open("wb", buffering=0)  # noqa: E731, SIM115
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    store = FeatureStore(Budget(0, tmp_path))
    with pytest.raises(OutputError) as caught:
        store.append(torch.zeros(2, 3))
    assert str(caught.value) == (
        f"Expected to write features of a layer to a file in '{tmp_path}', but got: No space left "
        "on device; free some space, or choose another folder (features_dir, --features-dir)"
    )


def test_a_disk_that_takes_a_part_of_what_is_written(monkeypatch, tmp_path):
    class Slow:
        def __init__(self, **_options):
            self.written, self.left = b"", 50

        def write(self, data):
            taken = bytes(data[: min(7, self.left)])
            if not taken:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.written, self.left = self.written + taken, self.left - len(taken)
            return len(taken)

        def close(self):
            pass

    monkeypatch.setattr(tempfile, "TemporaryFile", Slow)
    store = FeatureStore(Budget(0, tmp_path))
    rows = torch.randn(2, 5)
    store.append(rows)
    assert store._file.written == rows.numpy().tobytes()
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        store.append(rows)


def test_folders_in_memory(monkeypatch, tmp_path):
    table = (
        f"disk / ext4 rw 0 0\ntmp {tmp_path} tmpfs rw 0 0\ndisk {tmp_path}/a\\040b ext4 rw 0 0\n"
    )
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: table)
    inside, back = tmp_path / "x", tmp_path / "a b"
    inside.mkdir()
    back.mkdir()
    assert is_memory(tmp_path)
    assert is_memory(inside)
    assert not is_memory(back)
    assert not is_memory(tmp_path.parent)
    told = str(Space(10, 4, 0, inside))
    assert told.endswith(f"40 bytes of it in temporary files in '{inside}', which is memory.")
    missing = lambda *_, **__: (_ for _ in ()).throw(FileNotFoundError())  # noqa: E731
    monkeypatch.setattr(Path, "read_text", missing)
    assert not is_memory(inside)


def test_free_memory_bounds_a_folder_in_memory(monkeypatch, tmp_path):
    free(monkeypatch, 10**9, memory=True)
    monkeypatch.setattr(space_module, "_available_memory", lambda: 10**6)
    assert space_module.free_bytes(tmp_path) == 10**6
    with pytest.raises(OutputError, match=f"in '{tmp_path}', which is memory, for the features"):
        Space(10**6, 4, 0, tmp_path).check()


def test_sizes_for_people():
    assert [size(n) for n in (0, 999, 1000, 859_600, 43 * 10**9)] == [
        "0 bytes",
        "999 bytes",
        "1 KB",
        "860 KB",
        "43.0 GB",
    ]


class Batchwise(Net):
    """Normalises by the statistics of the batch, always."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6, track_running_stats=False)


SINGLE = (
    "Expected batches of two examples or more, since layer 'norm' (BatchNorm1d) normalises by the "
    "statistics of the batch and gets one value per channel from each, but got a batch of one; "
    "choose another batch size, or leave one example out"
)


@pytest.mark.parametrize(("count", "batch_size", "read"), [(40, 1, 1), (41, 8, 8), (41, 40, 40)])
@pytest.mark.parametrize("loader", [False, True])
def test_single_examples_where_batchnorm_needs_several(count, batch_size, read, loader):
    data = Counting(Planted(count))
    given = DataLoader(data, batch_size) if loader else data
    with pytest.raises(InputError) as caught:
        es.audit(Batchwise(), given, batch_size=batch_size)
    assert str(caught.value) == SINGLE
    assert data.read == read


def test_a_single_example_in_a_stream_of_unknown_length():
    x = torch.randn(9, 6)
    batches = [(x[:8], torch.arange(8) % 2), (x[8:], torch.tensor([0]))]
    with pytest.raises(InputError) as caught:
        es.audit(Batchwise(), iter(batches))
    assert str(caught.value) == SINGLE


def test_single_examples_where_they_do_no_harm():
    assert es.audit(Batchwise(), Planted(40), batch_size=8, folds=2, pictures=0).summary.verdict
    assert es.audit(Net(), Planted(41), batch_size=8, folds=2, pictures=0).summary.verdict
