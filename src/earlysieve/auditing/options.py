"""The settings of an audit: checked at the start, written down at the end."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from earlysieve._readable import as_part, readable
from earlysieve._version import __version__
from earlysieve.errors import InputError
from earlysieve.model.predictor import Predictor
from earlysieve.readouts.heads import Head

if TYPE_CHECKING:
    import pandas as pd


def layer_names(layers: str | Sequence[str]) -> list[str] | None:
    """The names asked for, or None for "auto"."""
    if layers == "auto":
        return None
    if isinstance(layers, str) or not layers:
        raise InputError(
            f'Expected layers to be "auto" or a list of names, but got {layers!r}; '
            'write layers=["layer1"]'
        )
    return list(layers)


def check_numbers(folds: int, batch_size: int, l2: float, seed: int) -> None:
    """Raise InputError for a number out of its range."""
    if folds < 0:
        raise InputError(
            f"Expected folds to be 0 (in-sample) or at least 2, but got {folds}; 5 is usual"
        )
    if batch_size < 1:
        raise InputError(
            f"Expected batch_size to be a positive whole number, but got {batch_size}; 64 is usual"
        )
    if seed < 0:
        raise InputError(f"Expected seed to be at least 0, but got {seed}; 0 is usual")
    if not 0 <= l2 < math.inf:
        raise InputError(f"Expected l2 to be at least 0 and finite, but got {l2}; 1 is usual")


def check_seen(seen: object) -> None:
    """Raise InputError unless it is True, False or None."""
    if seen is not None and not isinstance(seen, bool):
        raise InputError(
            f"Expected seen_in_training to be True, False or None, but got {seen!r}; leave it out "
            "if you do not know"
        )


def check_swaps(swaps: object, irrelevant: object) -> None:
    """Raise InputError unless these are a number of forwards and names of parts."""
    if isinstance(swaps, bool) or not isinstance(swaps, int) or swaps < 0:
        raise InputError(
            f"Expected swaps to be a whole number of example-forwards, 0 or more, but got "
            f"{swaps!r}; 800 is usual, 0 turns them off"
        )
    named = check_named("irrelevant", irrelevant, "colour")
    if named and not swaps:
        raise InputError(
            f"Expected swaps to be above 0 where irrelevant names parts ({', '.join(named)}), but "
            "got 0; leave out one of both"
        )


def check_named(option: str, names: object, example: str) -> Sequence[str]:
    """Names of parts as they are; raises InputError unless they are a list of texts.

    Args:
        option: whose they are.
        names: given.
        example: a name that may be in such a list.
    """
    if isinstance(names, Sequence) and not isinstance(names, str):
        named = [name for name in names if isinstance(name, str)]
        if len(named) == len(names):
            return named
    typed = names if isinstance(names, str) else example
    raise InputError(
        f"Expected {option} to be a list of names of parts, but got {names!r}; "
        f'write {option}=["{typed}"]'
    )


def check_apart(irrelevant: Sequence[str], relevant: Sequence[str]) -> None:
    """Raise InputError where a part must not matter and belongs to the task.

    Args:
        irrelevant, relevant: names of parts.
    """
    both = [name for name in relevant if as_part(name) in map(as_part, irrelevant)]
    if both:
        raise InputError(
            "Expected each part to be irrelevant or relevant, but got both of "
            f"{', '.join(map(readable, map(as_part, both)))}; leave out one of both"
        )


def config_of(
    model: nn.Module,
    layers: list[str],
    head: Head,
    folds: int,
    flag_margin: float,
    l2: float,
    seed: int,
    examples: "pd.DataFrame",
    **others: Any,
) -> dict[str, Any]:
    """What is needed to repeat an audit; `others` are plain values, written down as they are."""
    return {
        "earlysieve": __version__,
        "torch": torch.__version__,
        "model": model.called if isinstance(model, Predictor) else type(model).__name__,
        "layers": layers,
        "head": repr(head),
        "folds": folds,
        "scores": "out of fold" if folds > 1 else "in-sample",
        "flag_margin": flag_margin,
        "l2": l2,
        "seed": seed,
        "examples": len(examples),
        **others,
    }
