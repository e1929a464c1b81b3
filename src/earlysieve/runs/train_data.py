"""Training and validation data of a run."""

from typing import TYPE_CHECKING, Any

from earlysieve.errors import DataError, InputError
from earlysieve.networks.hf_folder import tokenizer_of
from earlysieve.runs.open_data import open_data

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig

_SPLIT = "split:"


def open_train_data(config: "TrainConfig") -> tuple[Any, Any]:
    """Training data, and validation data or None.

    `config.validation` is a share of the training data to hold out (0.1), another split of the
    same source (split:test), or a source of its own; the options of the data hold for it, too.

    Raises:
        EarlysieveError: a source cannot be opened, or their classes differ.
    """
    train = _open(config, config.data, config.data_options)
    if config.validation is None:
        return train, None
    share = _share(config.validation)
    if share is not None:
        return _held_out(train, share, config.seed)
    options = {k: v for k, v in config.data_options.items() if k not in ("limit", "split")}
    if config.validation.startswith(_SPLIT):
        split = config.validation.removeprefix(_SPLIT)
        validation = _open(config, config.data, {**options, "split": split})
    else:
        validation = _open(config, config.validation, options)
    _check_same_classes(train, validation)
    return train, validation


def _open(config: "TrainConfig", spec: str, options: dict[str, Any]) -> Any:
    return open_data(
        spec,
        options,
        seed=config.seed,
        tokenizer=tokenizer_of(config.model),
        trust_remote_code=config.model_options.get("trust_remote_code") is True,
    )


def _share(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _held_out(data: Any, share: float, seed: int) -> tuple[Any, Any]:
    from earlysieve.datasets import ExampleDataset, stratified_split

    if not isinstance(data, ExampleDataset):
        raise InputError(
            "Expected a built-in source to hold a share of it out for validation, but got "
            f"{type(data).__name__}; name another source with --validation"
        )
    return stratified_split(data, share, seed)


def _check_same_classes(train: Any, validation: Any) -> None:
    ours, theirs = (tuple(getattr(d, "class_names", ())) for d in (train, validation))
    if ours and theirs and ours != theirs:
        raise DataError(
            f"Expected validation data with the classes of the training data, {', '.join(ours)}, "
            f"but got {', '.join(theirs)}; use data with the same classes"
        )
