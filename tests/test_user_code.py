"""Modules, files and functions of the user's: found without side effects, and blamed by name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from earlysieve import _user_code
from earlysieve._user_code import call_function, load_function
from earlysieve.datasets import load_source
from earlysieve.errors import DataError, InputError, UserCodeError
from earlysieve.networks.spec import build_model
from tests.cli.helpers import problem, run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(_user_code, "_folders", [])
    monkeypatch.setattr(_user_code, "_named", set())
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def load(module: str, name: str = "make") -> object:
    return load_function(module, name, forms="a thing")


@pytest.mark.parametrize("spec", ["pandas_of_a_test:make", "pandas_of_a_test.py:make"])
def test_the_current_folder_shadows_nothing_and_stays_importable(here: Path, spec: str) -> None:
    (here / "wave.py").write_text("raise RuntimeError('shadowed')\n")
    (here / "late_of_a_test.py").write_text("ANSWER = 7\n")
    (here / "pandas_of_a_test.py").write_text(
        "def make():\n    import wave, late_of_a_test\n    return [(0.0, late_of_a_test.ANSWER)]\n"
    )
    before = list(sys.path)
    assert load_source(spec) == [(0.0, 7)]
    assert sys.path == [*before, str(here)]


def test_data_and_model_are_found_alike(here: Path) -> None:
    (here / "both_of_a_test.py").write_text(
        "from torch import nn\n"
        "def net():\n    return nn.Linear(1, 2)\n"
        "def data():\n    import late_of_a_test\n    return [(0.0, 1)]\n"
    )
    (here / "late_of_a_test.py").write_text("")
    assert build_model("both_of_a_test:net").model.out_features == 2
    assert load_source("both_of_a_test:data") == [(0.0, 1)]


def test_the_newest_current_folder_comes_before_earlier_ones(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("old", "new"):
        (here / name).mkdir()
        (here / name / "twice_of_a_test.py").write_text(f"def make(): return '{name}'\n")
    for name in ("old", "new", "old"):
        monkeypatch.chdir(here / name)
        assert load("twice_of_a_test")() == name  # type: ignore[operator]


def test_a_file_here_is_meant_rather_than_an_installed_module(here: Path) -> None:
    import token

    (here / "token.py").write_text("def make(): return 'mine'\n")
    assert load("token")() == "mine"  # type: ignore[operator]
    assert sys.modules["token"] is token


def test_a_file_in_another_folder_finds_its_neighbours(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "sub").mkdir()
    (here / "code").mkdir()
    (here / "code" / "nets_of_a_test.py").write_text(
        "from torch import nn\nfrom near_of_a_test import SIZE\n"
        "def net(): return nn.Linear(SIZE, 2)\n"
    )
    (here / "code" / "near_of_a_test.py").write_text("SIZE = 5\n")
    monkeypatch.chdir(here / "sub")
    assert build_model("../code/nets_of_a_test.py:net").model.in_features == 5


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "../nets",
            "Expected a thing, but '../nets' is no module's name; write a name such as "
            "my_package.my_module, or the path of a file: ../nets.py:make",
        ),
        ("none.py", "Expected a Python file at 'none.py', but there is none; check the path"),
        (
            "none_of_a_test",
            "Expected a thing, but there is no module 'none_of_a_test' here or among the installed "
            "packages; check the name and the current directory",
        ),
        (
            "needs_of_a_test",
            "Expected the module 'needs_of_a_test' to be importable, but it needs 'not_at_all', "
            "which is not installed; install that first",
        ),
        (
            "empty_of_a_test",
            "Expected a function or class 'make' in the module 'empty_of_a_test', but there is "
            "none; near names are: maker",
        ),
    ],
)
def test_what_is_not_there(here: Path, module: str, message: str) -> None:
    (here / "needs_of_a_test.py").write_text("import not_at_all\n")
    (here / "empty_of_a_test.py").write_text("def maker(): ...\n")
    with pytest.raises(InputError) as caught:
        load(module)
    assert str(caught.value) == message


def test_a_name_that_is_too_long_for_a_file() -> None:
    with pytest.raises(InputError, match=f"^Expected a thing, but '{'a' * 200}' is no module's na"):
        load("a" * 5000)
    with pytest.raises(InputError, match="but there is none; check the path"):
        load("a" * 5000 + ".py")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def make(:\n", "SyntaxError: invalid syntax (broken_of_a_test.py, line 1)"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("from json import nothing_such\n", "ImportError: cannot import name 'nothing_such'"),
    ],
)
def test_a_module_that_fails_is_blamed(here: Path, text: str, said: str) -> None:
    (here / "broken_of_a_test.py").write_text(text)
    with pytest.raises(UserCodeError) as caught:
        load("broken_of_a_test")
    told = str(caught.value)
    assert told.startswith(
        "Expected the module 'broken_of_a_test' to be importable, but your code raised " + said
    )
    assert told.endswith(
        f"({here / 'broken_of_a_test.py'}, line 1); correct it, its traceback tells more"
    )
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "json:loads",
            "Expected 'json:loads' to need no arguments but split, image_size, seed, but it needs "
            "'s'; give that a default",
        ),
        (
            "builtins:range",
            "Expected 'builtins:range' to be a function written in Python, but got a builtin one; "
            "wrap it in a function of your own",
        ),
    ],
)
def test_functions_that_need_more_than_is_offered(spec: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_source(spec)
    assert str(caught.value) == message


def test_functions_get_what_they_take() -> None:
    def make(split: str, seed: int = 3, *, size: int = 4, **others: int) -> tuple[object, ...]:
        return split, seed, size, others

    offered = {"split": None, "seed": 5, "size": None, "more": 1}
    assert call_function(make, "x:make", offered) == (None, 5, 4, {})


RETURNED = """
def none(): pass
def empty(): return []
def stream(): yield 0.0, 1
def number(): return 3
def text(): return "photos"
class Sized(list):
    def __init__(self, size): self.size = size
    def __len__(self): return self.size
def kind(): return Sized
def fraction(): return Sized(1.5)
def negative(): return Sized(-1)
def endless(): return Sized(2**70)
def broken():
    raise ValueError("no such year")
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "to return a data set, but got None; return a list of samples, a "),
        ("empty", "to return at least one example, but the data is empty; check what it reads"),
        ("stream", "to return data that can be read again, but got a generator, which is empty "),
        ("number", "to return a data set, but got int; return a list of samples, a "),
        ("text", "to return a data set, but got str; return a list of samples, a "),
        ("kind", "to return a data set, but got the class Sized; return a list of samples, a "),
    ],
)
def test_what_a_data_function_returned(here: Path, name: str, message: str) -> None:
    (here / "returned_of_a_test.py").write_text(RETURNED)
    with pytest.raises(DataError) as caught:
        load_source(f"returned_of_a_test:{name}")
    assert str(caught.value).startswith(f"Expected 'returned_of_a_test:{name}' {message}")


@pytest.mark.parametrize("name", ["fraction", "negative", "endless"])
def test_a_length_that_is_none(here: Path, name: str) -> None:
    (here / "returned_of_a_test.py").write_text(RETURNED)
    with pytest.raises(DataError) as caught:
        load_source(f"returned_of_a_test:{name}")
    told = str(caught.value)
    assert told.startswith(f"Expected the data of 'returned_of_a_test:{name}' to have a length, ")
    assert told.endswith("; let __len__ return how many examples there are")


CODE = """
import torch
from torch import nn
from torch.utils.data import Dataset

class Photos(Dataset):
    def __len__(self):
        return 40
    def __getitem__(self, i):
        if i == 30:
            raise ValueError("photo 30 has no label")
        return torch.full((3, 8, 8), float(i)), i % 2

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)
        self.calls = 0
    def forward(self, x):
        if len(x) > 2:
            raise ArithmeticError("no more")
        return self.b(self.a(x).relu().mean((2, 3)))

def good(): return [(torch.randn(3, 8, 8), i % 2) for i in range(40)]
def photos(): return Photos()
def broken(): raise ValueError("no such year")
def leave(): raise SystemExit(0)
def net(): return Net()
def bare():
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(nn.Conv2d(3, 4, 3), pool, nn.Flatten(), nn.Linear(4, 2))
"""


def audit(here: Path, model: str, data: str, *more: object) -> tuple[str, str]:
    """The first line on standard error, and what follows."""
    (here / "code_of_a_test.py").write_text(CODE)
    named = ("--model", f"code_of_a_test:{model}", "--data", f"code_of_a_test:{data}")
    result = run("audit", *named, "--out", here / "out", *more)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    first, _, rest = result.stderr.partition("\n")
    return first, rest


@pytest.mark.parametrize(
    ("model", "data", "more", "first", "line"),
    [
        ("bare", "photos", (), "ValueError: photo 30 has no label", "in __getitem__"),
        (
            *("bare", "photos", ("--num-workers", 1)),
            *("ValueError: photo 30 has no label", "in __getitem__"),
        ),
        ("bare", "broken", (), "ValueError: no such year", "in broken"),
        ("net", "good", (), "ArithmeticError: no more", "in forward"),
    ],
)
def test_the_command_line_says_whose_code_it_was_above_the_traceback(
    here: Path, model: str, data: str, more: tuple[object, ...], first: str, line: str
) -> None:
    told, traceback = audit(here, model, data, *more)
    file = here / "code_of_a_test.py"
    assert told.startswith("Error: Expected ")
    assert f"but your code raised {first} ({file}, line " in told
    assert line in traceback
    assert traceback.strip().splitlines()[-1] == first
    assert "cli/main.py" not in traceback
    assert not (here / "out").exists()


def test_code_that_ends_the_program(here: Path) -> None:
    told, rest = audit(here, "bare", "leave")
    assert told == (
        "Error: Expected the model and the data to return, but their code ended the program with "
        "sys.exit(0); raise an exception instead"
    )
    assert rest == ""


def test_an_exception_without_a_line_of_the_users_is_nobodys() -> None:
    assert _user_code.blame(ZeroDivisionError("no frame at all")) is None


def test_a_compiled_library_is_nobodys() -> None:
    import pandas as pd

    with pytest.raises(ValueError, match="Unable to parse") as caught:
        pd.to_numeric(["x"])
    below_this_test = caught.value.with_traceback(caught.tb.tb_next)
    assert _user_code.blame(below_this_test) is None


def test_too_little_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from earlysieve.runs import audit_setup

    def fail(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 28 GiB")

    monkeypatch.setattr(audit_setup, "open_both", fail)
    told = problem("audit", "--model", "torchvision:resnet18", "--data", "digits", "--out", "out")
    assert told == (
        "Expected this to fit into memory, but there is not enough of it (Unable to allocate 28 "
        "GiB); lower --batch-size or --image-size"
    )
