"""The names of the classes beside a file of weights, so that other data are not misread."""

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from earlysieve._files import write_text
from earlysieve.errors import CheckpointError, DataError
from earlysieve.training.check_weights import ShapeError

CLASSES_NAME = "classes.json"
_MOST_SHOWN = 10


def write_class_names(weights: Path, data: Any) -> Path | None:
    """Write the names of the classes of `data` beside `weights`; None if the data name none.

    Args:
        weights: a file of weights that was just written.
        data: what they were trained on; class k is its k-th name.

    Returns:
        The path of the names.

    Raises:
        OutputError: the file cannot be written.
    """
    from earlysieve.datasets.opened_data import opened

    path, names = weights.with_name(CLASSES_NAME), opened(data).class_names
    if not names:
        path.unlink(missing_ok=True)
        return None
    content = {"format": 1, "class_names": names}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path


def read_class_names(weights: Path | None) -> tuple[str, ...]:
    """The names beside a file of weights, in order; none where there is no such file.

    Raises:
        CheckpointError: the file of names is damaged.
    """
    path = None if weights is None else weights.with_name(CLASSES_NAME)
    if path is None or not path.is_file():
        return ()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names = content["class_names"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise TypeError("no list of names")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(
            f"Expected the names of the classes in '{path}', as training writes them, but it "
            "cannot be read; restore the file, or remove it to go without"
        ) from error
    return tuple(names)


def check_class_names(trained: Sequence[str], data: Any, weights: Path) -> None:
    """Check that class k of the data is class k of the network.

    Data may lack the last classes. Numbers instead of names, on either side, tell nothing.

    Args:
        trained: names in the order of the network's outputs, or none.
        data: what it is to classify.
        weights: its file, for the message.

    Raises:
        DataError: a class has another number, or a name that the network does not know.
    """
    from earlysieve.datasets.opened_data import opened

    ours, theirs = opened(data).class_names, tuple(trained)
    unnamed = any(names == tuple(map(str, range(len(names)))) for names in (ours, theirs))
    if unnamed or ours == theirs[: len(ours)]:
        return
    raise DataError(
        f"Expected the classes in the order in which '{weights}' was trained, {_shown(theirs)}, "
        f"but the data has {_shown(ours)}{_difference(ours, theirs)}; {_advice(ours, theirs)} (the "
        f"order is that of '{weights.with_name(CLASSES_NAME)}')"
    )


def other_number(error: ShapeError, data: Any, spec: str, checkpoint: Any) -> str:
    """That data have another number of classes than weights; empty where these differ otherwise.

    Args:
        error: of the weights, for a network that has an output for each class of the data.
        data: that told the number of classes.
        spec: of the data.
        checkpoint: the weights.

    Returns:
        The beginning of a message, where the first weights that differ have a row for each class.
    """
    from earlysieve.datasets.opened_data import opened

    ours, names = opened(data).num_classes, opened(data).class_names
    rows = error.given[0] if error.given else 0
    if error.own[:1] != (ours,) or error.own[1:] != error.given[1:] or rows < 2:
        return ""
    shown = f" ({_shown(names)})" if names else ""
    return (
        f"Expected data with the {rows} classes that '{checkpoint}' tells apart, but '{spec}' "
        f"holds {ours}{shown}"
    )


def called_as_by_model(
    data: Any, names: Sequence[str], model: str, tell: Callable[[str], None]
) -> Any:
    """Data whose classes are numbers, with the names that the model has for its outputs.

    Args:
        data: what is to be classified.
        names: of the outputs, in order; none where the model does not say them.
        model: its specification, for messages.
        tell: takes a line where data and model call their classes differently.

    Returns:
        The data; a view of them where they took over names.

    Raises:
        DataError: both have the same names in another order.
    """
    from earlysieve.datasets.base import ExampleDataset
    from earlysieve.datasets.opened_data import opened

    ours, theirs = opened(data).class_names, tuple(names)[: len(opened(data).class_names)]
    if not ours or not theirs or ours == theirs:
        return data
    if ours == tuple(map(str, range(len(theirs)))) and isinstance(data, ExampleDataset):
        view = copy.copy(data)
        view.class_names = theirs
        tell(f"Classes are called as '{model}' calls them: {_shown(theirs)}.")
        return view
    plain = [[name.casefold() for name in some] for some in (ours, names)]
    if plain[0] == plain[1][: len(ours)]:
        return data
    if set(plain[0]) <= set(plain[1]):
        raise DataError(
            f"Expected the classes in the order of the outputs of '{model}', {_shown(names)}, but "
            f"the data has {_shown(ours)}; number them as the model does, for instance with whole "
            "numbers as labels"
        )
    tell(
        f"Class k of the data is taken for output k of '{model}', though they are called "
        f"{_shown(ours)} and {_shown(theirs)}."
    )
    return data


def _difference(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    unknown = [name for name in ours if name not in theirs]
    missing = [name for name in theirs if name not in ours]
    if unknown:
        return f", where '{unknown[0]}' is new"
    if missing:
        return f", where '{missing[0]}' is missing and moves those after it"
    first = next(k for k, name in enumerate(ours) if name != theirs[k])
    return f", where class {first} is '{ours[first]}' and not '{theirs[first]}'"


def _advice(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    if set(ours) - set(theirs):
        return "leave out what the network does not know, or name the classes as in training"
    if set(theirs) - set(ours):
        return "open the data with the whole list of classes, for instance as a split of one source"
    return "number the classes of the data as in training"


def _shown(names: Sequence[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
