"""Training writes the names of the classes, and an audit of other data minds them."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from earlysieve.datasets.arrays import TensorExamples
from earlysieve.errors import CheckpointError, DataError
from earlysieve.runs.class_names import (
    called_as_by_model,
    check_class_names,
    read_class_names,
    write_class_names,
)
from tests.cli.helpers import SMALL, ok, problem


@pytest.mark.parametrize(
    ("ours", "theirs", "called", "says"),
    [
        (
            ("0", "1"),
            ("cat", "dog", "owl"),
            ("cat", "dog"),
            "called as 'hf:x' calls them: cat, dog",
        ),
        (("cat", "dog"), ("CAT", "DOG", "OWL"), ("cat", "dog"), None),
        (("neg", "pos"), ("NEGATIVE", "POSITIVE"), ("neg", "pos"), "output k of 'hf:x'"),
        (("cat", "dog"), (), ("cat", "dog"), None),
    ],
)
def test_names_of_the_model_s_own(ours, theirs, called, says):
    data, told = TensorExamples(torch.zeros(2, 3), [0, 1], ours), []
    found = called_as_by_model(data, theirs, "hf:x", told.append)
    assert (found.class_names, data.class_names) == (called, ours)
    assert (says in told[0]) if says else not told


def test_names_of_the_model_s_own_in_another_order_are_refused():
    data = TensorExamples(torch.zeros(2, 3), [0, 1], ("cat", "dog"))
    with pytest.raises(DataError, match="order of the outputs of 'hf:x', DOG, CAT"):
        called_as_by_model(data, ("DOG", "CAT"), "hf:x", print)


class Named:
    """Data of which only the names matter."""

    def __init__(self, *names: str) -> None:
        self.class_names = names


def photos(folder: Path, **shades: int) -> Path:
    for name, shade in shades.items():
        (folder / name).mkdir(parents=True)
        for i in range(6):
            Image.new("RGB", (12, 12), (shade + i, 40, 9 * i)).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a run on cats, dogs and owls."""
    folder = tmp_path_factory.mktemp("run")
    data = photos(folder / "data", cat=40, dog=90, owl=180)
    words = ("--model", SMALL, "--data", data, "--image-size", 12, "--epochs", 1)
    ok("train", *words, "--out", folder / "run", "--quiet")
    return folder / "run" / "model.pt"


def words(trained: Path, data: Path, out: Path) -> tuple[object, ...]:
    named = ("--model", SMALL, "--checkpoint", trained, "--data", data, "--image-size", 12)
    return ("audit", *named, "--out", out, "-q")


def test_training_writes_them_beside_the_weights(trained: Path) -> None:
    content = json.loads((trained.parent / "classes.json").read_text(encoding="utf-8"))
    assert content == {"format": 1, "class_names": ["cat", "dog", "owl"]}


def test_the_same_classes_and_lacking_last_ones_are_audited(trained: Path, tmp_path: Path) -> None:
    same = photos(tmp_path / "same", cat=40, dog=90, owl=180)
    ok(*words(trained, same, tmp_path / "a"))
    ok(*words(trained, photos(tmp_path / "fewer", cat=40, dog=90), tmp_path / "b"))


def test_another_order_is_refused_with_both(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "own_order_of_a_test.py").write_text(
        "from earlysieve.datasets import image_folder\n"
        "import torch\n"
        "class Data:\n"
        "    class_names = ('dog', 'cat', 'owl')\n"
        "    def __len__(self): return 6\n"
        "    def __getitem__(self, i): return torch.zeros(3, 12, 12), i % 3\n"
        "def make(): return Data()\n"
    )
    spec = f"{tmp_path / 'net' / 'own_order_of_a_test.py'}:make"
    model = ("--model", SMALL, "--checkpoint", trained)
    assert problem("audit", *model, "--data", spec, "--out", tmp_path / "o") == (
        f"Expected the classes in the order in which '{trained}' was trained, cat, dog, owl, but "
        "the data has dog, cat, owl, where class 0 is 'dog' and not 'cat'; number the classes of "
        f"the data as in training (the order is that of '{trained.with_name('classes.json')}')"
    )
    assert not (tmp_path / "o").exists()


def test_what_differs_is_named(trained: Path, tmp_path: Path) -> None:
    data = photos(tmp_path / "data", cat=40, owl=180)
    told = problem(*words(trained, data, tmp_path / "o"))
    assert "but the data has cat, owl, where 'dog' is missing and moves those after it; " in told
    new = photos(tmp_path / "new", cat=40, yak=180)
    told = problem(*words(trained, new, tmp_path / "o"))
    assert "but the data has cat, yak, where 'yak' is new; leave out what the network" in told


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("cat", "dog"), ("0", "1")),
        (("0", "1", "2"), ("cat", "dog")),
        ((), ("cat", "dog")),
        (("cat",), ("cat", "dog")),
    ],
)
def test_numbers_and_no_names_tell_nothing(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    check_class_names(theirs, Named(*ours), Path("model.pt"))


def test_many_names_are_cut() -> None:
    names = [f"n{i:04d}" for i in range(1000)]
    with pytest.raises(DataError) as caught:
        check_class_names(names, Named(*names[:500], "x", *names[501:]), Path("model.pt"))
    assert "n0000, n0001, n0002, n0003, n0004, n0005, n0006, n0007, n0008, n0009 and 990 more" in (
        str(caught.value)
    )
    assert "where 'x' is new" in str(caught.value)


def test_without_a_file_all_is_as_before(tmp_path: Path) -> None:
    assert read_class_names(tmp_path / "model.pt") == ()
    assert read_class_names(None) == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"class_names": "ab"}', '{"class_names": [1]}'])
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "classes.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"classes\.json', as training writes them, but it"):
        read_class_names(tmp_path / "model.pt")


def test_data_without_names_leave_no_names_of_an_older_run(tmp_path: Path) -> None:
    weights = tmp_path / "model.pt"
    assert write_class_names(weights, Named("a", "b")) == tmp_path / "classes.json"
    subset = torch.utils.data.Subset(Named("a", "b"), [0])  # type: ignore[arg-type]
    assert write_class_names(weights, subset) == tmp_path / "classes.json"
    assert read_class_names(weights) == ("a", "b")
    assert write_class_names(weights, [(0.0, 1)]) is None
    assert read_class_names(weights) == ()
