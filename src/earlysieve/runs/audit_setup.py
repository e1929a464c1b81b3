"""Open a network and its data, each of which needs to know something of the other."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from earlysieve.datasets.opened_data import opened
from earlysieve.errors import CheckpointError
from earlysieve.networks.hf_folder import name_outputs, tokenizer_of
from earlysieve.networks.spec import build_model, load_checkpoint, parse_options
from earlysieve.runs.class_names import (
    called_as_by_model,
    check_class_names,
    other_number,
    read_class_names,
)
from earlysieve.runs.open_data import open_data
from earlysieve.runs.preparation import check_one_place
from earlysieve.runs.run_beside import as_in_run, shape_in_run
from earlysieve.runs.seen_data import part_of, split_record
from earlysieve.training.check_weights import ShapeError

if TYPE_CHECKING:
    from earlysieve.networks.built import BuiltModel

# Groups of a reference are not looked at.
_OF_DATA_ALONE = ("split", "group_column")


def open_both(
    given: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    need_weights: bool,
    progress: bool | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple["BuiltModel", Any]:
    """The data first, whose classes decide the outputs of the network, then the network.

    Args:
        given: data, model, pretrained, checkpoint, checkpoint_key, checkpoint_prefix, num_classes,
            model_option (KEY=VALUE) and seed.
        options: of the data.
        need_weights: whether random weights are an error.
        progress: whether to draw a bar while files are checked; None: where standard error is a
            terminal.
        tell: takes lines for people, on what was chosen in the file of weights.

    Raises:
        EarlysieveError: either cannot be opened, the checkpoint does not fit, or it was trained
            with the classes in another order.
    """
    check_one_place(given)
    tokenizer = tokenizer_of(given["model"])
    model_options = parse_options(given["model_option"])
    data = open_data(
        given["data"],
        options,
        seed=given["seed"],
        tokenizer=tokenizer,
        trust_remote_code=model_options.get("trust_remote_code") is True,
        progress=progress,
        model=given["model"],
    )
    trained = read_class_names(given["checkpoint"])
    if trained:
        check_class_names(trained, data, given["checkpoint"])
    # Trained weights know their own number of classes; the data may hold fewer.
    own = need_weights and given["checkpoint"] is None and _brings_weights(given)
    classes = len(trained) or opened(data).num_classes
    wanted = given["num_classes"] or (None if own else classes)
    built = build_model(
        given["model"],
        num_classes=wanted,
        options={**shape_in_run(given["model"], given["checkpoint"]), **model_options},
        seed=given["seed"],
        pretrained=given["pretrained"],
        like=data,
    )
    as_in_run(built, given["checkpoint"], wanted)
    if need_weights or given["checkpoint"] is not None:
        for note in _loaded(given, built, data):
            tell(note)
    if not built.class_names:
        # A repaired model of transformers calls its outputs so in the folder that it is written to.
        name_outputs(built, trained or opened(data).class_names)
    if given["checkpoint"] is None:
        data = called_as_by_model(data, built.class_names, given["model"], tell)
    return built, data


def _loaded(given: Mapping[str, Any], built: "BuiltModel", data: Any) -> tuple[str, ...]:
    """Load the weights; where they are of another number of classes than the data, say so."""
    try:
        return load_checkpoint(
            built,
            given["checkpoint"],
            spec=given["model"],
            key=given.get("checkpoint_key"),
            prefix=given.get("checkpoint_prefix"),
        )
    except ShapeError as error:
        said = other_number(error, data, given["data"], given["checkpoint"])
        if not said or given["num_classes"]:
            raise
        rows, ours = error.given[0], error.own[0]
        advice = (
            f"leave out rows of classes that it does not know, or choose weights for {ours}"
            if rows < ours
            else f"where the data lack some of its classes give --num-classes {rows}, with whole "
            "numbers as labels, in the order of its outputs"
        )
        raise CheckpointError(f"{said}; {advice}") from error


def _brings_weights(given: Mapping[str, Any]) -> bool:
    return given["pretrained"] is not None or given["model"].startswith("hf:")


def reference_options(spec: str, split: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a reference: those of the data, and its own split.

    Args:
        spec: of the reference.
        split: as asked for; None: train, where there are parts.
        options: of the data.

    Raises:
        EarlysieveError: there can be no such source.
    """
    part = part_of(spec, split)
    own = {key: value for key, value in options.items() if key not in _OF_DATA_ALONE}
    return split_record(part, {**own, **({} if split is None else {"split": split})})


def open_reference(
    given: Mapping[str, Any], options: Mapping[str, Any], *, progress: bool | None = None
) -> Any:
    """The data that an audit's readouts are fitted on.

    Args:
        given: reference, model, checkpoint, model_option and seed.
        options: from `reference_options`.
        progress: see `open_both`.

    Raises:
        EarlysieveError: it cannot be opened, or has the classes in another order.
    """
    data = open_data(
        given["reference"],
        options,
        seed=given["seed"],
        tokenizer=tokenizer_of(given["model"]),
        trust_remote_code=parse_options(given["model_option"]).get("trust_remote_code") is True,
        progress=progress,
        model=given["model"],
    )
    trained = read_class_names(given["checkpoint"])
    if trained:
        check_class_names(trained, data, given["checkpoint"])
    return data
