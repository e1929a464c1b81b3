"""What a training run is made of, as options: data, network, method, configuration."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from earlysieve.cli.completing import among, or_file, source_starts, trackers
from earlysieve.cli.data_options import SOURCE_HELP, data_options
from earlysieve.cli.kinds import Place
from earlysieve.cli.model_options import model_options
from earlysieve.cli.train_options import config_options
from earlysieve.cli.with_options import with_options

F = TypeVar("F", bound=Callable[..., Any])

_FINE_TUNING: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--head",
        metavar="LAYER",
        help="Call this the last layer, which --pretrained makes anew; needed where it is not "
        "found by itself or shall be new in any case. `earlysieve layers` lists the names.",
    ),
    click.option(
        "--freeze",
        is_flag=False,
        flag_value="backbone",
        metavar="[LAYER]",
        help="Keep a part of the network as it is: without a value all but the last layer, with "
        "the name of a layer all that its output depends on. BatchNorm in it keeps its statistics.",
    ),
)


def fine_tuning_options(command: F) -> F:
    """Add --head and --freeze to a command."""
    return with_options(command, _FINE_TUNING)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--data",
        metavar="SOURCE",
        shell_complete=or_file(source_starts),
        help=f"Train on these data: {SOURCE_HELP}",
    ),
    click.option(
        "--validation",
        metavar="SOURCE",
        help="Evaluate on these data: a share of the training data (0.1), another split of it "
        "(split:test), or another source.",
    ),
    click.option(
        "--groups-from",
        type=Place(),
        metavar="PLACE",
        help="Take groups of the training data, for group methods, from this: the folder of an "
        "audit of them, a "
        ".npy file of whole numbers, or a CSV file with the columns group (-1 or blank where "
        "unknown) and, if it leaves examples out, index. Where a share is held out, they may be of "
        "all data.",
    ),
    click.option(
        "--validation-groups-from",
        type=Place(),
        metavar="PLACE",
        help="Take groups of the validation data, for a --select that needs some, from a folder "
        "or file as "
        "for --groups-from.",
    ),
    click.option(
        "--groups-reader",
        metavar="NAME",
        help="Tell groups of an audit by this reader, as pages name it ('colour', 'phrase', "
        "\"column 'x'\"); by default by the one that the audit's verdict is about. Of training "
        "data it is seldom about any: name what an audit of held-out data found.",
    ),
    data_options,
    model_options(required=False),
    fine_tuning_options,
    click.option(
        "--config",
        type=Place(),
        metavar="FILE",
        help="Read the configuration from this JSON, such as the config.json of another run; "
        "options win over it. "
        "It runs no code: a module:function in it is refused unless an option names the same.",
    ),
    click.option(
        "--trust-config",
        is_flag=True,
        help="Run the code that --config names, and that of the folders it names "
        "(trust_remote_code).",
    ),
    config_options,
    click.option(
        "--log-to",
        multiple=True,
        metavar="TRACKER",
        shell_complete=among(trackers),
        help="Send the figures of each epoch to tensorboard, mlflow or wandb, or to a folder or "
        "address: tensorboard:DIR, mlflow:URI. May be repeated.",
    ),
    click.option(
        "--method-option",
        multiple=True,
        metavar="KEY=VALUE",
        help="Give the method this setting, written by its key; may be repeated.",
    ),
)


def run_options(command: F) -> F:
    """Add every option that `cli.train_config.resolve` reads."""
    return with_options(command, _OPTIONS)
