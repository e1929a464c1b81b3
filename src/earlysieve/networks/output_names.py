"""What a network says that its outputs are called, as those of transformers do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve.errors import DataError

if TYPE_CHECKING:
    from torch import nn

_SHOWN = 10


def label_names(config: Any) -> tuple[str, ...]:
    """The names in `id2label`, in the order of outputs; none where these are numbers (LABEL_0).

    Args:
        config: of a model of transformers; anything else has no names.
    """
    known = getattr(config, "id2label", None)
    if not isinstance(known, Mapping) or not known:
        return ()
    names = [str(known[k]) for k in sorted(known)]
    return () if all(name.startswith("LABEL_") for name in names) else tuple(names)


def check_order(model: "nn.Module", names: Sequence[str]) -> None:
    """Check that the classes of data stand in the order of a network's outputs.

    Args:
        model: any network; one that does not name its outputs is taken at its word.
        names: of class 0, 1, ... of the data.

    Raises:
        DataError: both have the same names in another order.
    """
    outputs = label_names(getattr(model, "config", None))
    ours, theirs = ([name.casefold() for name in some] for some in (names, outputs))
    if not theirs or ours == theirs[: len(ours)] or not set(ours) <= set(theirs):
        return
    raise DataError(
        "Expected the classes in the order of the model's outputs (config.id2label), "
        f"{', '.join(outputs[:_SHOWN])}, but the data have {', '.join(names[:_SHOWN])}; number "
        "them as the model does, or say what they are called (class_names=)"
    )
