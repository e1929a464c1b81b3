"""The options that name a network, shared by the commands."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from earlysieve.cli.completing import model_starts, or_file
from earlysieve.cli.kinds import Count, Place
from earlysieve.cli.with_options import with_options

F = TypeVar("F", bound=Callable[..., Any])

SPEC_HELP = (
    "torchvision:NAME, timm:NAME, hf:FOLDER, hf:ORGANISATION/NAME or hf-hub:ORGANISATION/NAME (of "
    "transformers or timm on the HuggingFace hub), timm:local-dir:FOLDER, or module:function "
    "(called with num_classes if it takes that; the current directory is importable)."
)


def model_options(*, required: bool) -> Callable[[F], F]:
    """Add --model, its weights (--checkpoint, --pretrained), --num-classes and --model-option."""
    options = (
        click.option(
            "--model",
            metavar="SPEC",
            required=required,
            shell_complete=or_file(model_starts),
            help=f"Use this network: {SPEC_HELP}",
        ),
        click.option(
            "--checkpoint",
            type=Place(),
            metavar="FILE",
            help="Load the network's weights from this: a file of torch.save or safetensors "
            "(Lightning, timm, "
            "...), an index of several, or a folder of save_pretrained.",
        ),
        click.option(
            "--checkpoint-key",
            metavar="KEY",
            help="Read the weights of --checkpoint from this place in its file, where the weights "
            "lie, such as state_dict_ema for "
            "averaged ones; by default they are looked for.",
        ),
        click.option(
            "--checkpoint-prefix",
            metavar="PREFIX",
            help="Take away this prefix of the names in the file of --checkpoint, such as "
            "model. or student.; by default it is looked for.",
        ),
        click.option(
            "--pretrained",
            is_flag=False,
            flag_value="DEFAULT",
            metavar="[WEIGHTS]",
            help="Start from published weights instead of random ones. Without a value they are "
            "those that the network's family prefers; a value is their name, such as IMAGENET1K_V2 "
            "(torchvision) or a1_in1k (timm), or a file of weights. Training makes a new last "
            "layer where the data has another number of classes.",
        ),
        click.option(
            "--num-classes",
            type=Count(min=1),
            metavar="C",
            help="Give the network this many outputs; by default as many as the data has classes. "
            "1 builds a "
            "head with one logit, which tells class 1 from class 0.",
        ),
        click.option(
            "--model-option",
            "model_option",
            multiple=True,
            metavar="KEY=VALUE",
            help="Give the network's builder this further argument; may be repeated.",
        ),
    )

    def add(command: F) -> F:
        return with_options(command, options)

    return add
