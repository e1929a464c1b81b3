"""Which part of a source an audit takes, and whether the model was trained on it."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earlysieve._files import expanded
from earlysieve.datasets.registry import OWN
from earlysieve.errors import DataError, EarlysieveError, InputError
from earlysieve.runs.data_settings import full_spec

# What to audit where nothing was asked for, best first; the last was most likely trained on.
FOR_VALIDATION = ("validation", "val", "valid", "dev")
PREFERRED = ("test", *FOR_VALIDATION, "train")
EVERY = "all"
_CONFIG = "config.json"


@dataclass(frozen=True)
class Part:
    """A part of a data source.

    Attributes:
        kind: what stands before the colon.
        rest: what stands after it; paths in full.
        split: of the part; None where the source is not divided, or its parts are unknown.
        splits: all parts; none where it is not divided, None where they are unknown.
    """

    kind: str
    rest: str
    split: str | None
    splits: tuple[str, ...] | None

    @property
    def folder(self) -> Path | None:
        """The folder of the part, where the source is one.

        A split that was asked for may have any name: it is one where the source is divided.
        """
        if self.kind != "folder":
            return None
        return Path(self.rest, self.split) if self.split and self.splits else Path(self.rest)


def part_of(spec: str, split: str | None, *, default: str = "train") -> Part:
    """The part of a source that is opened for a split.

    Args:
        spec: of the source, as for `open_data`.
        split: as asked for.
        default: what is opened where nothing was asked for.
    """
    from earlysieve.datasets.from_spec import splits_of

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # opening the data warns of what there is to warn of
        full = full_spec(spec)
        kind, _, rest = full.partition(":")
        try:
            splits = splits_of(full)
        except (DataError, OSError):
            splits = None  # opening it will say why
    if kind in OWN and rest:
        rest = str(expanded(rest).resolve())
    divided = splits is None or bool(splits)
    return Part(kind, rest, (split or (default if splits else None)) if divided else None, splits)


def audited_part(spec: str, split: str | None) -> Part:
    """The part that an audit takes: the split asked for, else test, validation or training data.

    Of a function of the user's that takes a split, whose names nobody knows, it is test.

    Args:
        spec: of the source, as the user names it: a function's module is imported.
        split: as asked for, or None.
    """
    from earlysieve.datasets.from_spec import takes_split

    found = part_of(spec, split)
    if split is not None:
        return found
    try:
        if found.splits is None and takes_split(full_spec(spec)):
            return replace(found, split="test")
    except EarlysieveError:
        return found  # opening it will say why
    best = next((name for name in PREFERRED if name in (found.splits or ())), None)
    return found if best is None else Part(found.kind, found.rest, best, found.splits)


def seen_in_training(checkpoint: str | Path | None, part: Part) -> bool | None:
    """Whether a model was trained on a part of a source.

    It is looked up in the configuration of the run beside the checkpoint. Without one, training
    splits count as seen, and of all others it is unknown.

    Args:
        checkpoint: file of weights.
        part: what is audited.

    Returns:
        True also where only some of the examples were trained on; None where it is unknown.
    """
    trained = _trained_on(checkpoint)
    if trained is not None:
        return overlap(trained, part)
    folder = part.folder
    name = part.split if folder is None else folder.name
    return True if name == "train" else None


def check_not_trained_on(checkpoint: str | Path | None, part: Part) -> None:
    """Check that the run beside a checkpoint does not belie that a model has not seen a part.

    Raises:
        InputError: it was trained on it.
    """
    trained = _trained_on(checkpoint)
    if trained is not None and overlap(trained, part):
        raise InputError(
            "Expected data that the model was not trained on for --unseen, but the run beside "
            f"'{checkpoint}' was trained on them; leave out --unseen, or audit others"
        )


def training_data(
    checkpoint: str | Path | None, spec: str, audited: Part
) -> tuple[str, str | None] | None:
    """What a model was trained on, or can be: a source and its split; None: not known.

    Args:
        checkpoint: file of weights, beside which the configuration of its run may lie. What that
            names counts only if it runs no code.
        spec: of the audited source, which may have a training split.
        audited: the part of it.
    """
    named = _named_in_run(checkpoint)
    trained = None if named is None else part_of(*named)
    if trained is not None and (trained.kind, trained.rest) == (audited.kind, audited.rest):
        return spec, trained.split
    if "train" in (audited.splits or ()):
        return spec, "train"
    if audited.splits is None and audited.split is not None:
        return spec, "train"  # a function that takes a split; it is called so to train
    if named is not None and trained is not None and trained.kind in OWN:
        return named
    return None


def _trained_on(checkpoint: str | Path | None) -> Part | None:
    named = _named_in_run(checkpoint)
    return None if named is None else part_of(*named)


def _named_in_run(checkpoint: str | Path | None) -> tuple[str, str | None] | None:
    """Source and split that the run beside a checkpoint names."""
    if checkpoint is None:
        return None
    try:
        config = json.loads(Path(checkpoint).with_name(_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    data = config.get("data") if isinstance(config, dict) else None
    options = config.get("data_options", {}) if isinstance(config, dict) else None
    split = options.get("split") if isinstance(options, Mapping) else None
    if not isinstance(data, str) or not data or not isinstance(split, str | None):
        return None
    return data, split


def overlap(trained: Part, audited: Part) -> bool | None:
    """Whether two parts of sources share examples; None where it is unknown."""
    ours, theirs = trained.folder, audited.folder
    if ours is not None and theirs is not None:
        return ours.is_relative_to(theirs) or theirs.is_relative_to(ours)
    if (trained.kind, trained.rest) != (audited.kind, audited.rest):
        return None
    splits = (trained.split, audited.split)
    if trained.split == audited.split or EVERY in splits:
        return True
    return None if trained.splits is None else False


def split_record(part: Part, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the data with the split that was taken, where one can be asked for."""
    known = part.splits is None or part.split in part.splits
    asked = part.split is not None and known
    return {**({"split": part.split} if asked else {}), **options}
