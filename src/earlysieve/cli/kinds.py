"""What options may be, beyond click's own types."""

import math
from pathlib import Path
from typing import Any

import click

from earlysieve.errors import InputError

_MOST = 2**31 - 1
_LARGEST_SEED = 2**63 - 1


class Count(click.IntRange):
    """A whole number that fits in 32 bits, which is so much that help need not say it."""

    most = _MOST

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; usage is wrong if it is too large."""
        number: int = super().convert(value, param, ctx)
        if number > self.most:
            self.fail(f"{number} is larger than {self.most}.", param, ctx)
        return number


class Seed(Count):
    """A seed that torch takes."""

    most = _LARGEST_SEED

    def __init__(self) -> None:
        super().__init__(min=0)


class Share(click.FloatRange):
    """A number from 0 to 1; nan, which is neither above nor below, is none."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; usage is wrong if it is not one."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not in the range 0<=x<=1.", param, ctx)
        return number


class Place(click.Path):
    """The path of a file or folder; an empty one would be the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            InputError: it is empty.
        """
        if value == "":
            name = "this" if param is None else param.opts[0]
            raise InputError(
                f"Expected a path for {name}, but got an empty text; write . for the current "
                "folder, or leave the option out"
            )
        return super().convert(value, param, ctx)
