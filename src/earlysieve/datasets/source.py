"""What an entry of the registry says of a data source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

IMAGE_OPTIONS = ("image_size", "mean", "std")
# Those of images that lie in files, which can be kept decoded.
FILE_OPTIONS = (*IMAGE_OPTIONS, "resize", "interpolation", "cache")
COLUMN_OPTIONS = ("label_column", "path_column", "group_column")
TEXT_OPTIONS = ("text_column", "tokenizer", "max_length")


@dataclass(frozen=True)
class Source:
    """A kind of data that a specification can name.

    Attributes:
        name: what stands before the colon, or alone.
        summary: what it is, in one line.
        open: called with what stands after the colon (None where nothing does) and with those of
            `options` that were given, by name; returns the data.
        options: names of options of `load_source` that `open` takes: split, variant, strict, root,
            seed, progress, drop_column, categories, columns, and those of `COLUMN_OPTIONS`,
            `FILE_OPTIONS` and `TEXT_OPTIONS`.
        path: whether something has to stand after the colon.
        splits: called with what stands after the colon (or None); names of the parts that these
            data are divided into, none where they are not divided. None: the parts are unknown.
        learned: called with what stands after the colon and the options that were given; options
            that other data have to be opened with for the same model, as the columns of a table.
        columns: called with what stands after the colon; names of the columns of a table.
        variants: versions of the data that the option `variant` names, the usual one first.
        groups: what the groups are, in words.
        metric: the figure that is officially reported.
        licence: what the owners allow, in a few words.
        homepage: where the data are officially found.
        citation: authors, title and place of the paper.
        layout: files and folders that are expected after the colon.
        sizes: official number of examples of each split, of the usual variant.
        group_sizes: official number of examples of each group, in their order, of splits for which
            it is known.
    """

    name: str
    summary: str
    open: Callable[..., Any]
    options: tuple[str, ...] = ()
    path: Literal["none", "optional", "required"] = "required"
    splits: Callable[[str | None], Sequence[str]] | None = None
    learned: Callable[[str | None, Mapping[str, Any]], Mapping[str, Any]] | None = None
    columns: Callable[[str], Sequence[str]] | None = None
    variants: tuple[str, ...] = ()
    groups: str = ""
    metric: str = ""
    licence: str = ""
    homepage: str = ""
    citation: str = ""
    layout: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    group_sizes: Mapping[str, Sequence[int]] = field(default_factory=dict)
