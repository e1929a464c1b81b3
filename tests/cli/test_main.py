import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from earlysieve import __version__
from earlysieve._files import check_output, file_hash
from earlysieve._json import plain
from earlysieve.auditing.where_it_fails import Estimate
from earlysieve.cli.command_line import command_line
from earlysieve.cli.console import Console, share
from earlysieve.cli.data_options import data_options
from earlysieve.cli.main import COMMANDS, _warnings_in_one_line, main
from earlysieve.errors import OutputError
from earlysieve.runs.data_settings import OPTION_KINDS
from earlysieve.training import SingleClassWarning
from tests.cli.helpers import ok, run

# They print one text and nothing beside it.
ONE_TEXT = ("schema", "completion")


def test_help_lists_every_command_with_its_line():
    text = " ".join(ok("--help").stdout.split())
    for name, line in COMMANDS.items():
        assert f"{name} {line}" in text


def test_help_and_listing_import_nothing_heavy():
    code = (
        "import sys\n"
        "from earlysieve.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'numpy', 'pandas', 'rich', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_and_both_ways_to_be_silent(name):
    text = ok(name, "--help").stdout
    assert "Example" in text
    assert f"earlysieve {name} " in text
    if name not in ONE_TEXT:
        assert "--quiet" in text
        assert "--json" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_each_line_of_help_is_a_sentence(name):
    context = click.Context(main, info_name="earlysieve")
    made = main.get_command(context, name)
    options = [p for p in made.get_params(click.Context(made, context)) if p.name != "help"]
    texts = [option.help for option in options if isinstance(option, click.Option)]
    for text in texts:
        sentence = re.sub(r" \[[^\]]*\]$", "", text)
        assert re.match(r"[A-Z][a-z]+,? .* .*\.$", sentence, re.DOTALL), text


def test_command_help_imports_no_torch():
    code = (
        "import sys\n"
        "from earlysieve.cli.main import main\n"
        "for name in ('audit', 'report', 'groups', 'layers', 'train', 'search',\n"
        "             'compare', 'datasets', 'demo'):\n"
        "    try: main([name, '--help'])\n"
        "    except SystemExit as end: assert end.code == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_version():
    assert ok("--version").stdout.strip() == f"earlysieve, version {__version__}"


@pytest.mark.parametrize(
    "words",
    [
        ("sudit",),
        ("audit",),
        ("audit", "--folds", "-1"),
        ("layers", "--model", "m", "--nonsense"),
        ("demo", "--epochs", "none"),
        ("audit", "--mean", "a,b"),
    ],
)
def test_wrong_usage_has_exit_code_2(words):
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: " in result.stderr


def test_repeat_gives_the_words_quoted_and_without_what_decides_nothing():
    @click.command("thing")
    @click.argument("folder")
    @click.option("--name", "-n")
    @click.option("--many", multiple=True)
    @click.option("--yes/--no", default=True)
    @click.option("--number", default=3)
    @click.option("--quiet", is_flag=True)
    @click.pass_context
    def thing(context: click.Context, **_given: object) -> None:
        click.echo(command_line(context))

    words = ["a b", "-n", "x'y", "--many", "1", "--many", "2", "--no", "--quiet"]
    printed = CliRunner().invoke(thing, words).stdout.strip()
    assert printed == "earlysieve thing 'a b' --name 'x'\"'\"'y' --many 1 --many 2 --no"


def test_what_repeat_gives_is_read_as_the_same_options():
    read = []

    @click.command("thing")
    @data_options
    @click.pass_context
    def thing(context: click.Context, **given: object) -> None:
        read.append(given)
        click.echo(command_line(context))

    words = ["--mean", "0.5,0.4", "--strict", "--group-column", "a", "--group-column", "b c",
             "--drop-column", "d", "--columns", 'x,"A, b",c', "--categories", 'c=Bern,"A, b"',
             "--categories", "x=1"]  # fmt: skip
    printed = CliRunner().invoke(thing, words).stdout
    again = CliRunner().invoke(thing, shlex.split(printed)[2:])
    assert again.stdout == printed
    assert read[0] == read[1]
    assert read[1]["columns"] == ["x", "A, b", "c"]
    assert read[1]["categories"] == {"c": ["Bern", "A, b"], "x": ["1"]}


def test_no_command_has_an_option_that_is_taken_for_one_of_the_data():
    """What a command keeps under the name of an option of the data would be handed to the data."""
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        for option in command.params:
            if option.name in OPTION_KINDS and isinstance(option, click.Option):
                assert option.opts == [f"--{option.name.replace('_', '-')}"], name


def test_file_hash(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert file_hash(tmp_path / "f") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert file_hash(None) is None


def test_output_is_checked_without_being_made(tmp_path):
    target = tmp_path / "a" / "b"
    assert check_output(target) == target
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("kept")
    for below in ("file", "file/a", "file/a/b"):
        with pytest.raises(OutputError) as caught:
            check_output(tmp_path / below)
        assert str(caught.value) == (
            f"Expected an output folder, but '{tmp_path / 'file'}' is a file; "
            "choose another output folder"
        )


def test_plain_values():
    import numpy as np
    import torch

    assert plain(
        {"a": float("nan"), 1: np.int64(3), "t": torch.tensor([1.5, float("inf")]), "p": Path("x")}
    ) == {"a": None, "1": 3, "t": [1.5, None], "p": "x"}
    assert plain([True, None, (1, "s")]) == [True, None, [1, "s"]]
    estimate = Estimate(0.5, float("nan"), 1.0)
    assert plain({"e": [estimate]}) == {"e": [{"value": 0.5, "low": None, "high": 1.0}]}


def test_shares():
    assert [share(v) for v in (0.1234, 1.0, None, float("nan"))] == ["12.3%", "100.0%", "-", "-"]


def test_console_speaks_in_one_way_only(capsys):
    Console(quiet=True).say("x")
    Console(quiet=True).table(["a"], [[1]])
    Console(quiet=True).result({"a": 1})
    assert capsys.readouterr().out == ""
    Console(as_json=True).say("x")
    Console(as_json=True).table(["a"], [[1]])
    Console(as_json=True).result({"a": float("nan")})
    assert capsys.readouterr().out == '{\n  "a": null\n}\n'
    Console().table(["name", "n"], [["[red]x[/red]", 1234], [None, 0.5]])
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "1,234" in out
    assert "0.500" in out


def test_our_warnings_take_one_line_and_others_are_left_alone(capsys):
    usual = warnings.showwarning
    others = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_rest, **_named: others.append(str(message))
        with _warnings_in_one_line():
            for _ in range(2):
                warnings.warn("one class", SingleClassWarning, stacklevel=1)
            warnings.warn("other", UserWarning, stacklevel=1)
    assert warnings.showwarning is usual
    assert capsys.readouterr().err == "Warning: one class\n"
    assert others == ["other"]


def test_a_sentence_stays_on_one_line_whatever_it_names(tmp_path):
    result = run("report", f"{tmp_path}/a\nb\x1b[31m\udcff")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"{tmp_path}/a\\nb\\x1b[31m\\udcff" in result.stderr
