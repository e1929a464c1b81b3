"""Weights and checkpoints that are damaged, odd, or cannot be written."""

import errno
import random
import subprocess
import sys
import zipfile

import pytest
import torch
from torch import nn

from earlysieve.errors import CheckpointError, OutputError
from earlysieve.training import TrainConfig, fit, load_checkpoint, load_weights, save_checkpoint
from earlysieve.training.archive import save_weights

from .helpers import Noisy, difference, erm, network

CONFIG = TrainConfig(lr=0.1)
LENGTH = {"epochs": 2, "batch_size": 4, "progress": False, "seed": 3}


def copied(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {1: s["0.weight"], **s}, "the names of parameters as text .*, but got 1"),
        (lambda s: {None: s["0.weight"], **s}, "the names of parameters as text .*, but got None"),
        (lambda s: {("a", 1): s["0.weight"]}, r".* as text .*, but got \('a', 1\)"),
        (
            lambda s: {**s, "0.weight": s["0.weight"].to(torch.int8)},
            "'0.weight' to be of type float32 in the weights, but '.*' has int8",
        ),
        (
            lambda s: {**s, "0.weight": s["0.weight"].to(torch.complex64)},
            "'0.weight' to be of type float32 in the weights, but '.*' has complex64",
        ),
        (
            lambda s: {**s, "0.weight": s["0.weight"] > 0},
            "'0.weight' to be of type float32 in the weights, but '.*' has bool",
        ),
        (
            lambda s: {**s, "0.weight": s["0.weight"].to_sparse()},
            "'0.weight' to be dense in the weights, but '.*' has a sparse tensor",
        ),
        (
            lambda s: {
                **s,
                "0.weight": torch.quantize_per_tensor(s["0.weight"], 0.1, 0, torch.qint8),
            },
            "'0.weight' to be of type float32 in the weights, but '.*' has qint8",
        ),
        (
            lambda s: {**s, "1.num_batches_tracked": torch.tensor(0.5)},
            "'1.num_batches_tracked' to be of type int64 in the weights, but '.*' has float32",
        ),
        (
            lambda s: {**s, "0.weight": 3},
            "'0.weight' to have shape .*, but '.*' has a value of type int",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor", "ignore:Sparse")
def test_weights_of_another_kind_are_refused(tmp_path, change, message):
    path = tmp_path / "w.pt"
    torch.save(change(dict(network(1).state_dict())), path)
    model = network(2)
    before = copied(model)
    with pytest.raises(CheckpointError, match=f"^Expected {message}"):
        load_weights(model, path)
    assert difference(before, copied(model)) is None


def test_weights_of_other_precision_are_taken(tmp_path):
    path = tmp_path / "w.pt"
    for kind in (torch.float64, torch.float16, torch.bfloat16):
        torch.save({k: v.to(kind) for k, v in network(1).state_dict().items()}, path)
        model = network(2)
        load_weights(model, path)
        assert torch.allclose(model[0].weight, network(1)[0].weight, atol=1e-2)


@pytest.mark.parametrize("error", [AssertionError, IndexError, TypeError, AttributeError])
def test_whatever_reading_raises_is_one_sentence(tmp_path, monkeypatch, error):
    path = tmp_path / "w.pt"
    torch.save(network(1).state_dict(), path)

    def load(*_args, **_options):
        raise error("deep inside")

    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(CheckpointError, match="it cannot be read as one; copy it again"):
        load_weights(network(), path)


def payload(path):
    """The positions of a file that hold what was saved, and not the archive around it."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        spans = []
        for item in archive.infolist():
            file.seek(item.header_offset + 26)
            sizes = file.read(4)
            start = (
                item.header_offset
                + 30
                + sum(int.from_bytes(sizes[i : i + 2], "little") for i in (0, 2))
            )
            spans.append((start, item.file_size))
    return [position for start, size in spans for position in range(start, start + size)]


@pytest.mark.parametrize("save", [torch.save, lambda state, path: save_weights(path, state)])
def test_a_flipped_bit_in_weights_is_noticed(tmp_path, save):
    path = tmp_path / "w.pt"
    save(network(1).state_dict(), path)
    whole, rng = path.read_bytes(), random.Random(0)
    for position in rng.sample(payload(path), 60):
        broken = bytearray(whole)
        broken[position] ^= 1 << rng.randrange(8)
        path.write_bytes(broken)
        with pytest.raises(CheckpointError, match=r"damaged|cannot be read as one"):
            load_weights(network(2), path)


def test_a_flipped_bit_anywhere_never_gives_other_weights(tmp_path):
    path = tmp_path / "w.pt"
    save_weights(path, network(1).state_dict())
    whole, rng = path.read_bytes(), random.Random(1)
    expected = copied(network(1))
    for _ in range(150):
        broken = bytearray(whole)
        broken[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(broken)
        model = network(2)
        try:
            load_weights(model, path)
        except CheckpointError:
            continue
        assert difference(expected, copied(model)) is None


def test_a_file_without_checksums_is_taken(tmp_path):
    path = tmp_path / "w.pt"
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(network(1).state_dict(), path)
    finally:
        torch.serialization.set_crc32_options(before)
    model = network(2)
    load_weights(model, path)
    assert difference(copied(network(1)), copied(model)) is None
    torch.save(network(1).state_dict(), path, _use_new_zipfile_serialization=False)
    load_weights(network(2), path)


def test_a_damaged_checkpoint_says_how_to_start_again(tmp_path):
    fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path, **LENGTH)
    path = tmp_path / "last.pt"
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"hello", flipped(path)):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"start again with resume=False \(--fresh\)$"):
            fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path, **LENGTH)
    fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path, resume=False, **LENGTH)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[payload(path)[-200]] ^= 1
    return bytes(content)


def mistyped(state):
    """Copies of a nested state in each of which one value has another type or is missing."""
    odd = ("x", None, -1, [], {}, 2.5, torch.ones(2))

    def places(value, path=()):
        if isinstance(value, dict):
            for key, item in value.items():
                yield (*path, key)
                yield from places(item, (*path, key))
        elif isinstance(value, list | tuple) and len(value) < 20:
            for number, item in enumerate(value):
                yield from places(item, (*path, number))

    def changed(value, path, new):
        if not path:
            return new
        if isinstance(value, dict):
            return {k: changed(v, path[1:], new) if k == path[0] else v for k, v in value.items()}
        return type(value)(
            changed(v, path[1:], new) if k == path[0] else v for k, v in enumerate(value)
        )

    for number, path in enumerate(places(state)):
        for extra in range(2):
            yield path, changed(state, path, odd[(number + 3 * extra) % len(odd)])


def test_mistyped_checkpoints_never_end_in_a_foreign_error(tmp_path):
    options = {**LENGTH, "validation": Noisy(), "restore_best": True}
    fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path, **options)
    state = load_checkpoint(tmp_path / "last.pt")
    refused = 0
    for path, broken in mistyped(state):
        torch.save(broken, tmp_path / "last.pt")
        algorithm = erm(CONFIG)
        before, said = copied(algorithm.model), None
        try:
            fit(algorithm, Noisy(), checkpoint_dir=tmp_path, **{**options, "epochs": 3})
        except CheckpointError as error:
            said = str(error)
        if said is not None:
            refused += 1
            assert difference(before, copied(algorithm.model)) is None, path
            assert said.startswith("Expected "), path
    assert refused > 100


def test_the_same_weights_are_the_same_file(tmp_path):
    for name in ("a.pt", "b.pt"):
        save_weights(tmp_path / name, network(1).state_dict())
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()
    assert difference(copied(network(1)), dict(torch.load(tmp_path / "a.pt"))) is None


def test_the_same_run_is_the_same_checkpoint(tmp_path):
    for name in ("a", "b"):
        fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path / name, **LENGTH)
    assert (tmp_path / "a" / "last.pt").read_bytes() == (tmp_path / "b" / "last.pt").read_bytes()


FULL = """
import resource, signal, sys
import torch
from earlysieve.errors import OutputError
from earlysieve.training.archive import save_weights
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
state = {"w": torch.zeros(100_000)}
save_weights(sys.argv[1], state)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    save_weights(sys.argv[1], {"w": torch.ones(100_000)})
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("limit", [100, 3_000, 200_000])
def test_a_disk_that_is_full_is_told_in_one_sentence(tmp_path, limit):
    path = tmp_path / "model.pt"
    words = [sys.executable, "-c", FULL, path, str(limit)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Expected to write '{path}', but got: ")
    assert done.stdout.count("Expected") == 1
    assert done.stdout.endswith("; free some space or choose another output folder\n")
    assert [file.name for file in tmp_path.iterdir()] == ["model.pt"]
    assert float(torch.load(path)["w"].sum()) == 0.0


def test_a_checkpoint_that_cannot_be_written_says_so_once(tmp_path, monkeypatch):
    def save(*_args, **_options):
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError(
                "[enforce fail at inline_container.cc:672] . unexpected pos"
            ) from None

    monkeypatch.setattr(torch, "save", save)
    with pytest.raises(OutputError) as error:
        save_checkpoint(tmp_path / "last.pt", {})
    assert str(error.value) == (
        f"Expected to write '{tmp_path / 'last.pt'}', but got: No space left on device; free some "
        "space or choose another output folder"
    )


def test_extra_states_that_do_not_fit_change_nothing(tmp_path):
    class Extra(nn.Linear):
        def get_extra_state(self):
            return {"a": 1}

        def set_extra_state(self, state):
            if state["a"] != 1:
                raise KeyError("a")

    state = Extra(2, 2).state_dict()
    torch.save({**state, "_extra_state": {"a": 2}}, tmp_path / "w.pt")
    model = Extra(2, 2)
    before = model.weight.detach().clone()
    with pytest.raises(CheckpointError, match="Expected weights that the model takes"):
        load_weights(model, tmp_path / "w.pt")
    assert torch.equal(model.weight, before)
