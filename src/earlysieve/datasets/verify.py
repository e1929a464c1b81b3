"""Whether a folder holds the data of a source, and how many of each split and group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earlysieve._files import is_folder
from earlysieve._names import near_names
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.from_spec import load_source, splits_of
from earlysieve.datasets.registry import source_named, source_names
from earlysieve.datasets.source import Source
from earlysieve.errors import DataError, InputError


@dataclass(frozen=True)
class Count:
    """Examples of a split, or of one group of it.

    Attributes:
        split, group: their names; None: all groups.
        size: how many there are.
        official: how many there should be; None where that is unknown.
    """

    split: str
    group: str | None
    size: int
    official: int | None = None

    @property
    def differs(self) -> bool:
        """Whether there are more or fewer than there should be."""
        return self.official is not None and self.official != self.size


@dataclass(frozen=True)
class Verified:
    """What a folder holds.

    Attributes:
        name: of the source.
        rows: counts of splits and groups.
        notes: what is not as it was published.
    """

    name: str
    rows: tuple[Count, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "name": self.name,
            "as_published": not self.notes,
            "counts": [dict(vars(row)) for row in self.rows],
            "notes": list(self.notes),
        }


def known_source(name: str) -> Source:
    """The source of this name.

    Raises:
        InputError: there is none; near names are listed.
    """
    source = source_named(name)
    if source is None:
        near = near_names(name, source_names(), 3)
        hint = f"near names are: {', '.join(near)}" if near else "`earlysieve datasets` lists them"
        if is_folder(name):
            hint = f"a folder follows the name of its source, such as: folder {name}"
        raise InputError(f"Expected the name of a data source, but got '{name}'; {hint}")
    return source


def verified(
    name: str, path: str | None, *, variant: str | None = None, progress: bool | None = None
) -> Verified:
    """Open every split of a source, and compare its numbers with the official ones.

    Args:
        name: of the source.
        path: what stands after the colon of a specification; None: nothing.
        variant: as for `load_source`; official numbers are known of the usual one.
        progress: see `load_source`.

    Raises:
        DataError: something is missing, or not as it was published; of each split it is said.
        InputError: there is no such source, or it needs a folder, or takes none.
    """
    source = known_source(name)
    _check_path(source, path)
    spec = name if path is None else f"{name}:{path}"
    usual = variant is None or variant in source.variants[:1]
    rows: list[Count] = []
    notes: list[str] = []
    wrong: dict[str, list[str]] = {}
    for split in splits_of(spec) or (None,):
        try:
            data = load_source(spec, **_options(source, split, variant), progress=progress)
        except DataError as error:
            wrong.setdefault(str(error), []).append(split or "all")
            continue
        found = _counted(source if usual else None, split or "all", data)
        rows += found
        notes += [_note(row) for row in found if row.differs]
        notes += _skipped(split or "all", data)
    _check_all(wrong)
    return Verified(name, tuple(rows), tuple(notes))


def _check_all(wrong: Mapping[str, Sequence[str]]) -> None:
    """Raise one error for all splits that cannot be opened; what is wrong with several once."""
    if len(wrong) == 1:
        raise DataError(*wrong)
    if wrong:
        told = (f"{_quoted(splits)}: {why}" for why, splits in wrong.items())
        raise DataError(
            f"Expected all splits, but {len(wrong)} things are wrong. {'. '.join(told)}"
        )


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _check_path(source: Source, path: str | None) -> None:
    if source.path == "required" and path is None:
        raise InputError(
            f"Expected the folder of '{source.name}' after its name, but got none; its layout is "
            f"{source.layout or 'told by its documentation'}"
        )
    if source.path == "none" and path is not None:
        raise InputError(
            f"Expected nothing after '{source.name}', which comes with a package, but got "
            f"'{path}'; leave it out"
        )


def _options(source: Source, split: str | None, variant: str | None) -> dict[str, Any]:
    given = {"split": split, "variant": variant}
    if "tokenizer" in source.options:
        given["tokenizer"] = _no_tokenizer  # type: ignore[assignment]
    return {name: value for name, value in given.items() if value is not None}


def _no_tokenizer(*_texts: str, **_options: Any) -> dict[str, Any]:
    """Stands in for a tokenizer where texts are counted and never read."""
    return {}


def _counted(source: Source | None, split: str, data: Any) -> list[Count]:
    sizes = {} if source is None else source.sizes
    rows = [Count(split, None, len(data), sizes.get(split))]
    if not isinstance(data, ExampleDataset):
        return rows
    official = () if source is None else source.group_sizes.get(split, ())
    if data.group_names:
        groups = data.groups
        found = np.bincount(groups[groups >= 0], minlength=len(data.group_names)).tolist()
        rows += _of_groups(split, data.group_names, found, official)
    overlapping = getattr(data, "overlapping_group_names", ())
    if overlapping and not data.group_names:
        rows += _of_groups(split, overlapping, data.overlapping_groups.sum(0).tolist(), ())  # type: ignore[attr-defined]
    return rows


def _of_groups(
    split: str, names: Sequence[str], sizes: Sequence[int], official: Sequence[int]
) -> list[Count]:
    known: Sequence[int | None] = official or [None] * len(names)
    return [Count(split, *row) for row in zip(names, sizes, known, strict=True)]


def _note(row: Count) -> str:
    of_group = "" if row.group is None else f", group '{row.group}',"
    return f"the split '{row.split}'{of_group} has {row.size} examples, officially {row.official}"


def _skipped(split: str, data: Any) -> list[str]:
    skipped = getattr(data, "skipped", ())
    if not skipped:
        return []
    images = "1 image" if len(skipped) == 1 else f"{len(skipped)} images"
    return [f"{images} of the split '{split}' cannot be read: {name_some(skipped)}"]
