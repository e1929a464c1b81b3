"""A CSV file that lists examples: path or text, label, optionally group and split."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earlysieve._files import is_file
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.csv_rows import (
    check_columns,
    check_names,
    group_columns,
    groups_in,
    listed_splits,
    read_rows,
    rows_of_split,
)
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.numbering import numbered
from earlysieve.datasets.picture_check import readable
from earlysieve.datasets.repeated import note_repeated
from earlysieve.datasets.source import COLUMN_OPTIONS, FILE_OPTIONS, TEXT_OPTIONS, Source
from earlysieve.datasets.text import Tokenizer, need_tokenizer
from earlysieve.datasets.text_check import note_texts
from earlysieve.datasets.text_pairs import columns_of, joined, texts_of
from earlysieve.errors import DataError


def manifest(
    path: str | os.PathLike[str],
    *,
    split: str | None = None,
    root: str | os.PathLike[str] | None = None,
    text_column: str | Sequence[str] | None = None,
    label_column: str = "label",
    path_column: str = "path",
    group_column: str | Sequence[str] = "group",
    tokenizer: Tokenizer | None = None,
    max_length: int = 128,
    strict: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> ExampleDataset:
    """Examples listed in a CSV file, whose columns commas, semicolons or tabs part.

    Columns: `path` of an image or a text column, `label`, optionally `group` (blank or -1 where
    unknown) and `split`. Labels and groups are names, numbered in sorted order over the whole file,
    so that splits agree; or whole numbers, which keep their value. A blank or "nan" is no label.

    A path is relative to `root` and may be absolute, but has to stay in `root`: a file that came
    from elsewhere cannot put other pictures of this machine into a report.

    Args:
        path: the CSV file.
        split: rows of this split only; "all" takes every row. By default "train" where the file
            has rows of that split; a file without a split column is all training data.
        root: folder that holds the images; by default that of the CSV file.
        text_column: the column that holds the text, for text data; by default "text" where there
            is no column "path". Two columns hold pairs, as premise and hypothesis: the tokenizer
            gets both, in this order.
        label_column: the column that holds the label.
        path_column: the column that holds the path of an image.
        group_column: the column that holds the group, or several, which are crossed ("a x b"); any
            but "group" has to be there.
        tokenizer: needed for texts.
        max_length: for texts, in tokens.
        strict: make an unreadable image an error instead of skipping it.
        progress: see `image_folder`.
        options: for images, as for `ImageFiles`.

    Raises:
        DataError: no such file, missing columns, or two of one name; missing images (the first are
            named), an image outside of `root` or with two labels; no rows.
        InputError: texts without a tokenizer, or more than two columns of texts.

    Warns:
        DataWarning: rows repeat an image or a text; texts are empty, or many are cut.
    """
    source, of_text = Path(path), columns_of(text_column)
    table = read_rows(source)
    if not of_text and path_column not in table and "text" in table:
        of_text = ["text"]
    told = of_text or [path_column]
    columns = group_columns(group_column, table.columns)
    more = "--label-column, --path-column or, for texts, --text-column"
    if not set(told) & set(table):
        more += f" (rows of numbers are --data table:{source})"
    check_columns(table, source, [*told, label_column, *columns], more)
    check_names(source, [*told, label_column, *columns, "split"])
    labels, names = numbered(list(table[label_column]), f"column '{label_column}' of '{source}'")
    groups, group_names = groups_in(table, source, columns)
    rows = rows_of_split(table, source, split)
    common = {"groups": groups[rows], "group_names": group_names}
    read = [[str(value) for value in table[name].iloc[rows]] for name in told]
    subjects = joined(*read) if len(read) > 1 else read[0]
    if of_text:
        note_repeated(source, subjects, labels[rows], "text")
        tokenize = need_tokenizer(tokenizer)
        note_texts(str(source), subjects, tokenize, max_length, pairs=len(read) > 1)
        ids = list(table["id"]) if "id" in table else range(len(table))
        return texts_of(of_text)(
            subjects,
            labels[rows],
            names,
            tokenizer=tokenize,
            max_length=max_length,
            ids=[str(ids[row]) for row in rows],
            **common,
        )
    folder = source.parent if root is None else Path(os.path.expanduser(root))  # noqa: PTH111 (which raises)
    paths = _paths(source, folder, subjects)
    note_repeated(source, paths, labels[rows], "image")
    good, bad = readable(folder, paths, strict=strict, progress=progress)
    return ImageFiles(
        [paths[i] for i in good],
        labels[rows][good],
        names,
        root=folder,
        skipped=bad,
        progress=progress,
        groups=groups[rows][good],
        group_names=group_names,
        **options,
    )


def _paths(source: Path, root: Path, names: Sequence[str]) -> list[str]:
    """The listed files as paths from `root`, checked to be there."""
    paths = [path_below(root, name) for name in names]
    outside = [name for name, path in zip(names, paths, strict=True) if path is None]
    if outside:
        raise DataError(
            f"Expected every path in '{source}' to stay in '{root}', but {len(outside)} do not: "
            f"{name_some(outside)}; name the folder that holds them all with root= (on the command "
            "line --root)"
        )
    inside = [path for path in paths if path is not None]
    missing = [n for n, path in zip(names, inside, strict=True) if not is_file(root / path)]
    if missing:
        raise DataError(
            f"Expected every file that '{source}' lists to exist, but {len(missing)} do not: "
            f"{name_some(missing)}; paths are relative to "
            + ("the CSV file" if root == source.parent else f"'{root}'")
        )
    return inside


def path_below(root: Path, name: str) -> str | None:
    """A path as seen from `root`, with forward slashes; None if it leaves `root`.

    Links are not followed: what lies in the folder, as a link or not, was put there by its owner.
    """
    for base in (os.path.abspath(root), os.path.realpath(root)):  # noqa: PTH100
        path = Path(os.path.normpath(os.path.join(base, name)))  # noqa: PTH118
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return None


def splits_in(path: str | os.PathLike[str]) -> list[str]:
    """The splits of the rows of a CSV file; none where it has no such column.

    Raises:
        DataError: the file cannot be read.
    """
    return listed_splits(read_rows(Path(path)))


SOURCE = Source(
    "csv",
    "a CSV file with a label and the path of a picture, or a text, in each row",
    manifest,
    ("split", "root", "strict", "progress", *COLUMN_OPTIONS, *FILE_OPTIONS, *TEXT_OPTIONS),
    splits=lambda path: splits_in(str(path)),
)
