"""The options that describe the data, shared by the commands."""

import csv
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from earlysieve.cli.kinds import Count
from earlysieve.cli.with_options import with_options
from earlysieve.datasets.registry import source_forms

F = TypeVar("F", bound=Callable[..., Any])

SOURCE_HELP = (
    "a folder with one subfolder per class, a CSV file with the columns path and label, or "
    f"{', '.join(source_forms())}; `earlysieve datasets` says what they are."
)


def _numbers(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:
    """The numbers of "0.485,0.456,0.406" as a list."""
    try:
        return None if text is None else [float(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a list of numbers such as 0.5 or 0.485,0.456,0.406."
        ) from None


def _resize(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:
    """A number of pixels, or "squash"."""
    if text is None or text == "squash":
        return text
    if not text.isdecimal() or int(text[:9]) < 1 or len(text) > 9:
        raise click.BadParameter(f"{text!r} is neither a number of pixels nor squash.")
    return int(text)


def _one_or_several(_context: click.Context, _option: click.Parameter, given: Any) -> Any:
    """None, a name, or a list of several names."""
    return list(given) if len(given) > 1 else next(iter(given), None)


def _columns(_context: click.Context, _option: click.Parameter, given: Any) -> Any:
    """None, or a list of names."""
    try:
        listed = [name for text in given for name in next(csv.reader([text]), []) or [""]]
    except csv.Error:  # a line break
        listed = [""]
    found = [name.strip() for name in listed]
    if not all(found):
        raise click.BadParameter(
            f"Expected names of columns, as age,weight, but got '{','.join(given)}'; part them by "
            "commas"
        )
    return found or None


def _categories(_context: click.Context, _option: click.Parameter, given: Any) -> Any:
    """None, or lists of categories by column."""
    found = {}
    for text in given:
        column, _, rest = text.partition("=")
        names = [name.strip() for name in next(csv.reader([rest]), [])]
        if not column or not names or not all(names):
            raise click.BadParameter(
                f"Expected a column and its categories, as city=Bern,Ulm, but got '{text}'; part "
                "them by commas"
            )
        found[column] = names
    return found or None


_MEAN = (
    "Subtract this mean from pixels in [0, 1], as in the model's training; by default that of "
    "ImageNet for files, 0.5 for embedded images."
)
_STD = (
    "Divide pixels by this deviation, as in the model's training; by default that of "
    "ImageNet for files, 0.5 for embedded images."
)

# Named as load_source takes them; what is not given is left to the source.
_OPTIONS = {
    "split": click.option(
        "--split",
        metavar="NAME",
        help="Take this part of the source: train, test, ... By default an audit takes test data, "
        "else validation data; training takes train. A function of your own that takes a split "
        "gets test for an audit, else train.",
    ),
    "variant": click.option(
        "--variant",
        metavar="NAME",
        help="Take this version of published data; `earlysieve datasets NAME` lists them.",
    ),
    "image_size": click.option(
        "--image-size",
        type=Count(min=1),
        metavar="PIXELS",
        help="Resize the shorter side of images to this; the centre square is cut out. By default "
        "that of the model or of its run, where they name one.",
    ),
    "mean": click.option("--mean", callback=_numbers, metavar="M[,M,M]", help=_MEAN),
    "std": click.option("--std", callback=_numbers, metavar="S[,S,S]", help=_STD),
    "resize": click.option(
        "--resize",
        callback=_resize,
        metavar="PIXELS",
        help="Resize the shorter side of images to this before the centre square of --image-size "
        "is cut out, or squash to press whole images into the square; by default that of "
        "--image-size, or as the model or its run does where the size is its own, too.",
    ),
    "interpolation": click.option(
        "--interpolation",
        type=click.Choice(["bilinear", "bicubic", "lanczos", "nearest", "box", "hamming"]),
        help="Resize images in files in this way; by default bilinear.",
    ),
    "shortcut": click.option(
        "--shortcut",
        type=click.Choice(["colour", "patch", "dominoes"]),
        help="Plant a shortcut on the images; their groups are then known.",
    ),
    "correlation": click.option(
        "--correlation",
        type=click.FloatRange(0, 1),
        metavar="P",
        help="Let the planted shortcut tell the class this often; by default 0.95.",
    ),
    "limit": click.option(
        "--limit",
        type=Count(min=2),
        metavar="N",
        help="Use at most N examples, drawn so that classes keep their shares; of your own "
        "data without labels or targets, all are equally likely.",
    ),
    "strict": click.option(
        "--strict",
        is_flag=True,
        help="Stop at a file that cannot be read instead of leaving it out.",
    ),
    "root": click.option(
        "--root",
        metavar="DIR",
        help="Look for the images of a CSV file in this folder; by default in that of the file. "
        "Paths "
        "may not leave it.",
    ),
    "text_column": click.option(
        "--text-column",
        metavar="NAME",
        multiple=True,
        callback=_one_or_several,
        help="Read texts from this column of a CSV file or data set. Twice for pairs, as premise "
        "and hypothesis: the tokenizer gets both texts, in this order.",
    ),
    "label_column": click.option(
        "--label-column",
        metavar="NAME",
        help="Read labels from this column of a CSV file, table or data set; by default 'label'.",
    ),
    "path_column": click.option(
        "--path-column",
        metavar="NAME",
        help="Read the paths of images from this column of a CSV file; by default 'path'.",
    ),
    "group_column": click.option(
        "--group-column",
        metavar="NAME",
        multiple=True,
        callback=_one_or_several,
        help="Read groups from this column of a CSV file, table or data set; by default 'group', "
        "if there is one. May be repeated: groups are then the combinations.",
    ),
    "drop_column": click.option(
        "--drop-column",
        metavar="NAME",
        multiple=True,
        callback=_one_or_several,
        help="Do not give the model this column of a table, such as a name or a place. May be "
        "repeated.",
    ),
    "columns": click.option(
        "--columns",
        metavar="NAME,...",
        multiple=True,
        callback=_columns,
        help="The columns of a table that the model takes, in the order of its inputs; by default "
        "those of the run beside the checkpoint, else all in the file. May be repeated.",
    ),
    "categories": click.option(
        "--categories",
        metavar="COLUMN=NAME,...",
        multiple=True,
        callback=_categories,
        help="The categories of a column of a table, in the order of the model's inputs; by "
        "default those of the run beside the checkpoint, else all in the file, sorted. May be "
        "repeated.",
    ),
    "tokenizer": click.option(
        "--tokenizer",
        metavar="FOLDER",
        help="Cut texts into tokens by the tokenizer of this folder; by default by that of an hf: "
        "model.",
    ),
    "max_length": click.option(
        "--max-length",
        type=Count(min=1),
        metavar="TOKENS",
        help="Cut a text after this many tokens, by default 128.",
    ),
    "cache": click.option(
        "--cache",
        metavar="DIR",
        help="Keep images of files here, decoded and resized, so that later epochs and runs need "
        "not decode them.",
    ),
}


_OF_FUNCTION = click.option(
    "--data-option",
    metavar="KEY=VALUE",
    multiple=True,
    help="Call the function of your own that --data names with this argument, too. May be "
    "repeated.",
)


def data_options(command: F) -> F:
    """Add the options that describe data to a command."""
    return with_options(command, [*_OPTIONS.values(), _OF_FUNCTION])


def given_data_options(context: click.Context) -> dict[str, Any]:
    """Those options that were given, by name, as plain values."""
    from earlysieve.networks.spec import parse_options

    named = {
        name: context.params[name]
        for name in _OPTIONS
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return {**parse_options(context.params["data_option"]), **named}
