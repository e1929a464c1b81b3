"""What the loaders of published data sets share: find files, read columns, choose a split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from earlysieve._arrays import Ints
from earlysieve._files import is_file, is_folder
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.csv_manifest import path_below
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.picture_check import readable
from earlysieve.errors import DataError, InputError, one_line

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Published:
    """A data set as it was published, for messages.

    Attributes:
        name: what it is called.
        homepage: where it is officially found.
        archive: what to get from there, and which folder to pass.
    """

    name: str
    homepage: str
    archive: str

    def missing(self, folder: Path, what: str) -> DataError:
        """The error for something that is not there."""
        return DataError(
            f"Expected {self.name} in '{folder}', but {what}; get {self.archive} ({self.homepage})"
        )

    def folder(self, path: Any) -> Path:
        """The folder that a user passed.

        Raises:
            DataError: there is none.
        """
        folder = Path(path)
        if not is_folder(folder):
            raise self.missing(folder, "there is no such folder")
        return folder

    def find(self, folder: Path, names: Sequence[str], kind: str = "file") -> Path:
        """The first of several places that exists.

        Args:
            folder: in which to look.
            names: places below it.
            kind: "file" or "dir".

        Raises:
            DataError: none of them does.
        """
        for name in names:
            if (is_file if kind == "file" else is_folder)(folder / name):
                return folder / name
        what = "file" if kind == "file" else "folder"
        raise self.missing(folder, f"the {what} '{names[0]}' is missing")

    def table(self, file: Path, columns: Sequence[str] | None, **options: Any) -> pd.DataFrame:
        """The text of some columns of a CSV file, all of it as strings.

        Args:
            file: the file.
            columns: which have to be there, and are read; None: all.
            options: of `pandas.read_csv`.

        Raises:
            DataError: it cannot be read, lacks a column (it is named) or has no rows.
        """
        import pandas as pd

        common = {"dtype": str, "keep_default_na": False, **options}
        try:
            header = list(pd.read_csv(file, nrows=0, **common).columns)
            self.check_columns(file, header, columns or ())
            wanted = None if columns is None else list(columns)
            table: pd.DataFrame = pd.read_csv(file, usecols=wanted, **common)
        except DataError:
            raise  # a column is named
        except (OSError, ValueError) as error:
            raise self.damaged(file, one_line(error)) from error
        if not len(table):
            raise self.damaged(file, "it has no rows")
        return table

    def damaged(self, file: Path, what: str) -> DataError:
        """The error for a file that is there and not as it was published."""
        return DataError(
            f"Expected '{file}' as {self.name} has it, but {what}; get {self.archive} again "
            f"({self.homepage})"
        )

    def check_columns(self, file: Path, header: Sequence[str], wanted: Sequence[str]) -> None:
        """Check that columns are there.

        Raises:
            DataError: one is not; it is named.
        """
        absent = [name for name in wanted if name not in header]
        if absent:
            got = ", ".join(str(name) or "''" for name in header[:12])
            raise DataError(
                f"Expected the columns {', '.join(wanted)} in '{file}', but got {got} and not "
                f"{name_some(absent)}; get {self.archive} ({self.homepage})"
            )

    def codes(
        self, file: Path, column: str, values: Iterable[str], known: Mapping[str, int]
    ) -> Ints:
        """Numbers for the values of a column.

        Args:
            file, column: for messages.
            values: as they stand in the file.
            known: the number of each value that may occur.

        Raises:
            DataError: another value occurs.
        """
        found = [known.get(value.strip(), -1) for value in values]
        if -1 in found:
            bad = list(values)[found.index(-1)]
            raise self.damaged(
                file,
                f"its column '{column}' has '{bad}' in row {found.index(-1) + 1} where "
                f"{', '.join(known)} can be",
            )
        return np.array(found, np.int64)

    def images(
        self,
        root: Path,
        names: Sequence[str],
        labels: ArrayLike,
        classes: Sequence[str],
        *,
        listed_in: Path,
        strict: bool = False,
        progress: bool | None = None,
        groups: ArrayLike | None = None,
        group_names: Sequence[str] = (),
        **options: Any,
    ) -> ImageFiles:
        """Images that a file lists, all of which have to be there.

        Args:
            root: folder that the names are relative to.
            names: shape (N,), paths that stay in `root`.
            labels: shape (N,).
            classes: one name per class.
            listed_in: the file, for messages.
            strict: make an unreadable file an error instead of skipping it.
            progress: see `image_folder`.
            groups, group_names: as for `ExampleDataset`.
            options: as for `ImageFiles`.

        Raises:
            DataError: some are missing (the first are named), or lead out of `root`.
        """
        inside = [path_below(root, name) for name in names]
        paths = [path for path in inside if path is not None]
        outside = [name for name, path in zip(names, inside, strict=True) if path is None]
        if outside:
            raise self.damaged(listed_in, f"it lists {name_some(outside)} outside of '{root}'")
        self._check_there(root, paths, listed_in)
        good, bad = readable(root, paths, strict=strict, progress=progress)
        every = np.asarray(labels)
        known = None if groups is None else np.asarray(groups)[good]
        return ImageFiles(
            [paths[i] for i in good],
            every[good],
            classes,
            root=root,
            skipped=bad,
            groups=known,
            group_names=group_names,
            progress=progress,
            **options,
        )

    def _check_there(self, root: Path, paths: Sequence[str], listed_in: Path) -> None:
        absent = [path for path in paths if not is_file(root / path)]
        if absent:
            raise DataError(
                f"Expected all {len(paths)} images of the split that '{listed_in.name}' lists in "
                f"'{root}', but {len(absent)} are missing: {name_some(absent)}; unpack "
                f"{self.archive} again ({self.homepage})"
            )


def chosen(value: str | None, known: Sequence[str], what: str) -> str:
    """One of several names, the first by default.

    Raises:
        InputError: `value` is something else.
    """
    if value is None:
        return known[0]
    if value not in known:
        raise InputError(
            f"Expected {what} to be one of {', '.join(known)}, but got '{value}'; choose one"
        )
    return value


def rows_of(split: str, splits: Sequence[str], numbers: Ints, file: Path) -> Ints:
    """Rows of a split, where the split of each row is the number of its name.

    Raises:
        DataError: there is no such row.
    """
    rows = np.flatnonzero(numbers == splits.index(split)).astype(np.int64)
    if not len(rows):
        raise DataError(
            f"Expected rows of the split '{split}' in '{file}', but got none; check the file"
        )
    return rows


def crossed(first: Sequence[str], second: Sequence[str], joint: str = ", ") -> tuple[str, ...]:
    """Names of the groups that two attributes make, the second changing fastest."""
    return tuple(f"{a}{joint}{b}" for a in first for b in second)


def subfolders(folder: Path) -> list[str]:
    """Sorted names of the folders in a folder, without hidden ones."""
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
