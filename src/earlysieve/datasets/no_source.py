"""The error for a specification that names no data, with what was probably meant."""

import os
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from earlysieve._files import is_file, is_folder
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.registry import source_forms, source_named, source_names
from earlysieve.errors import InputError

_MOST_ENTRIES = 2_000
_ALIKE = 0.6
_LISTED = "`earlysieve datasets` lists the sources"


def no_such_source(spec: str) -> InputError:
    """What is wrong with a specification that no source and no function answers to."""
    kind, separator, rest = spec.partition(":")
    if source_named(kind) is not None:
        form = _forms()[kind]
        return InputError(f"Expected {form}, but got '{spec}'; say after the colon what to read")
    if separator and rest:
        return InputError(
            f"Expected a source of data or a function of yours, but got '{spec}', and '{kind}' is "
            f"neither a source nor a module or file of Python{_near(kind)}; {_LISTED}, and "
            "FILE.py:FUNCTION names a function"
        )
    if is_folder(spec):
        return InputError(f"Expected a source of data, but got a folder; write 'folder:{spec}'")
    if is_file(spec):
        return InputError(
            f"Expected a file that ends in .csv or .parquet, but got '{spec}'; write "
            f"'csv:{spec}' for a list of examples, 'table:{spec}' for rows of features"
        )
    return InputError(
        f"Expected a source of data, a folder or a file, but '{spec}' is neither a source nor "
        f"there as a file or folder{_near(kind)}; pass the path of a folder with one of images for "
        "each class, or of a CSV file (table:FILE where its columns are features), or a source: "
        f"{_LISTED}"
    )


def _forms() -> dict[str, str]:
    return dict(zip(source_names(), source_forms(), strict=False))


def _near(name: str) -> str:
    forms = _forms()
    # Of whatever may lie here only what is much alike.
    sources = [forms[one] for one in get_close_matches(name, forms, 3, _ALIKE)]
    near = dict.fromkeys([*get_close_matches(name, _entries(), 3, _ALIKE), *sources])
    return f" (near are {name_some(list(near), limit=6)})" if near else ""


def _entries() -> list[str]:
    """The first names in the current folder, but hidden ones."""
    try:
        with os.scandir(Path()) as found:
            names = sorted(entry.name for entry in islice(found, _MOST_ENTRIES))
    except OSError:
        return []
    return [name for name in names if not name.startswith((".", "__"))]
