"""Many names in little memory."""

import os
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import overload

import numpy as np


class Names(Sequence[str]):
    """File names in one piece of memory: about their own length and eight bytes each.

    A list of a million paths takes hundreds of megabytes, and each worker that counts references
    to them copies it all.
    """

    def __init__(self, names: Iterable[str | PurePath]) -> None:
        """Keep names, those of paths with forward slashes."""
        encoded = [os.fsencode(n if isinstance(n, str) else n.as_posix()) for n in names]
        self._text = b"".join(encoded)
        self._ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"Expected an index below {len(self)}, but got {index}")
        return os.fsdecode(self._text[self._ends[place] : self._ends[place + 1]])
