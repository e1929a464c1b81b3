"""Training and validation data of a run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve.datasets.registry import source_named
from earlysieve.errors import DataError, InputError
from earlysieve.networks.hf_folder import tokenizer_of
from earlysieve.runs.data_settings import full_spec
from earlysieve.runs.open_data import open_data

if TYPE_CHECKING:
    from earlysieve._arrays import Ints
    from earlysieve.training import TrainConfig

SPLIT = "split:"


@dataclass(frozen=True, eq=False)
class Parts:
    """The data of a run.

    Attributes:
        train: training data.
        validation: validation data or None.
        whole: of which both are parts; None where none was held out.
        train_rows, held_rows: their positions in `whole`, int64, sorted; None likewise.
    """

    train: Any
    validation: Any
    whole: Any = None
    train_rows: "Ints | None" = None
    held_rows: "Ints | None" = None


def open_train_data(config: "TrainConfig", *, progress: bool | None = None) -> tuple[Any, Any]:
    """Training data, and validation data or None; see `open_parts`."""
    parts = open_parts(config, progress=progress)
    return parts.train, parts.validation


def open_parts(config: "TrainConfig", *, progress: bool | None = None) -> Parts:
    """Training and validation data.

    `config.validation` is a share of the training data to hold out (0.1), another split of the
    same source (split:test), or a source of its own; the options of the data hold for it, too, as
    far as it has them.

    Args:
        config: of the run.
        progress: whether to draw a bar while files are checked; None: where standard error is a
            terminal.

    Raises:
        EarlysieveError: a source cannot be opened, their classes differ, the training data have no
            length and indices, or this machine cannot bear so many workers.
    """
    from earlysieve.datasets.checks import check_workers

    check_workers(config.num_workers)
    train = open_with(config, config.data, config.data_options, progress)
    _check_indexed(train)
    if config.validation is None:
        return Parts(train, None)
    share = share_of(config.validation)
    if share is not None:
        return _held_out(train, share, config.seed)
    validation = open_beside(config, config.validation, progress=progress)
    check_same_classes(train, validation)
    return Parts(train, validation)


def open_beside(config: "TrainConfig", spec: str, *, progress: bool | None = None) -> Any:
    """Other data than those of training, opened as these are, as far as they have the options.

    Args:
        config: of the run.
        spec: another split of the same source (split:test), or a source of its own.
        progress: see `open_parts`.

    Raises:
        EarlysieveError: they cannot be opened.
    """
    return open_with(config, *source_beside(config, spec), progress)


def source_beside(config: "TrainConfig", spec: str) -> tuple[str, dict[str, Any]]:
    """The source and the options with which `open_beside` opens other data."""
    options = {k: v for k, v in config.data_options.items() if k not in ("limit", "split")}
    if spec.startswith(SPLIT):
        return config.data, {**options, "split": spec.removeprefix(SPLIT)}
    return spec, {k: v for k, v in options.items() if _has(spec, k)}


def open_with(
    config: "TrainConfig", spec: str, options: dict[str, Any], progress: bool | None
) -> Any:
    """A source with these options, and what else the configuration of a run says of data.

    Raises:
        EarlysieveError: it cannot be opened.
    """
    return open_data(
        spec,
        options,
        seed=config.seed,
        tokenizer=tokenizer_of(config.model),
        trust_remote_code=config.model_options.get("trust_remote_code") is True,
        progress=progress,
        model=config.model,
    )


def _has(spec: str, option: str) -> bool:
    """Whether a source has an option; shortcuts can be planted on every source."""
    source = source_named(full_spec(spec).partition(":")[0])
    return source is None or option in (*source.options, "shortcut", "correlation")


def _check_indexed(data: Any) -> None:
    """Check that training can draw examples in an order of its own, which it can resume."""
    from torch.utils.data import DataLoader, IterableDataset

    streams = isinstance(data, DataLoader | IterableDataset)
    if streams or not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        raise InputError(
            f"Expected training data with a length and indices, but got {type(data).__name__}; "
            "return a map-style data set, such as a list of examples"
        )


def share_of(text: str) -> float | None:
    """The share that `config.validation` holds out; None where it names other data."""
    try:
        return float(text)
    except ValueError:
        return None


def _held_out(data: Any, share: float, seed: int) -> Parts:
    from earlysieve.datasets.limited import held_out_rows
    from earlysieve.datasets.views import examples_at

    rest, held_out = held_out_rows(data, share, seed)
    return Parts(examples_at(data, rest), examples_at(data, held_out), data, rest, held_out)


def check_same_classes(train: Any, other: Any, *, what: str = "validation data") -> None:
    """Check that other data have the classes of the training data, where both name theirs.

    Raises:
        DataError: they have others.
    """
    from earlysieve.datasets.opened_data import opened

    ours, theirs = (opened(data).class_names for data in (train, other))
    if ours and theirs and ours != theirs:
        raise DataError(
            f"Expected {what} with the classes of the training data, {', '.join(ours)}, "
            f"but got {', '.join(theirs)}; use data with the same classes"
        )
