"""Prepare data as the network expects it, or as its training run did; what is given wins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from earlysieve.datasets.from_spec import takes_split
from earlysieve.datasets.registry import source_named
from earlysieve.errors import InputError
from earlysieve.networks.hf_folder import check_is_there
from earlysieve.networks.preprocessing import PROCESSOR, preprocessing_of, says_nothing_of_images
from earlysieve.networks.spec import parse_options
from earlysieve.runs.data_settings import columns_of, full_spec
from earlysieve.runs.run_beside import known_beside

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig

_KEYS = ("image_size", "resize", "interpolation", "mean", "std", "max_length")
_OF_RUN = (*_KEYS, "tokenizer", "columns", "categories", "drop_column")
Tell = Callable[[str], None]


def check_one_place(given: Mapping[str, Any]) -> None:
    """Check that weights are named once.

    Args:
        given: pretrained and checkpoint, as options.

    Raises:
        InputError: both are given.
    """
    if given["pretrained"] is not None and given["checkpoint"] is not None:
        raise InputError(
            "Expected the weights of a checkpoint or the pretrained ones, but got both; leave out "
            "--pretrained, whose place the checkpoint takes"
        )


def _check_reads_weights(given: Mapping[str, Any]) -> None:
    """Check that a folder or model of the hub is not taken for its structure alone.

    Raises:
        InputError: it is, so that the weights would be random.
    """
    model = str(given["model"])
    if _holds_weights(model) and given["pretrained"] is None and given["checkpoint"] is None:
        raise InputError(
            f"Expected weights for '{model}', but got none: timm reads those that lie there only "
            "with --pretrained; give that, or --checkpoint FILE"
        )


def prepared_options(
    given: Mapping[str, Any], options: Mapping[str, Any], tell: Tell, *, trains: bool = False
) -> dict[str, Any]:
    """The options of the data, with what the network's preprocessing adds.

    Beside a checkpoint it is that of its run; else that of pretrained weights, or of a network of
    timm or transformers for images in files.

    Args:
        given: data, model, pretrained, checkpoint and model_option, as options.
        options: of the data that were given; they win.
        tell: takes what was chosen, and where what was given differs from it.
        trains: whether the network is trained, which may start from random weights.

    Raises:
        EarlysieveError: weights are named twice, or not at all of a folder of timm; or a model of
            transformers is not found.
    """
    if not trains:
        _check_reads_weights(given)
    return _with_learned(given["data"], _prepared(given, options, tell), but=("columns",))


def _prepared(given: Mapping[str, Any], options: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    check_one_place(given)
    model_options = parse_options(given["model_option"])
    check_is_there(given["model"], model_options)
    run = known_beside(given["checkpoint"])
    if run is not None:
        wanted = {key: run.data_options[key] for key in _OF_RUN if key in run.data_options}
        where = f"in the run of '{given['checkpoint']}'"
        return _filled(given["data"], options, wanted, where, tell)
    own = given["pretrained"] is not None or given["model"].startswith("hf:")
    guessed = not own and given["checkpoint"] is not None
    if not own and not (guessed and _of_timm(given["model"]) and _are_files(given["data"])):
        return dict(options)
    return _as_expected(
        given["model"], model_options, given["pretrained"], given["data"], options, tell
    )


def prepared_config(config: "TrainConfig", tell: Tell) -> "TrainConfig":
    """The configuration with options of the data as the network's preprocessing says.

    Of a function of the user's that takes a split it names that of training.

    Args:
        config: of a training run.
        tell: see `prepared_options`.
    """
    check_is_there(config.model, config.model_options)
    if _holds_weights(config.model) and config.pretrained is None and config.checkpoint is None:
        tell(f"The weights of '{config.model}' are left out: training starts from random ones "
             "without --pretrained.")  # fmt: skip
    run = known_beside(config.checkpoint)
    if run is not None:
        wanted = {key: run.data_options[key] for key in _OF_RUN if key in run.data_options}
        where = f"in the run of '{config.checkpoint}'"
        options = _filled(config.data, config.data_options, wanted, where, tell)
    elif (
        config.pretrained is not None
        or config.model.startswith("hf:")
        or (_of_timm(config.model) and _are_files(config.data))
    ):
        options = _as_expected(
            config.model,
            config.model_options,
            config.pretrained,
            config.data,
            config.data_options,
            tell,
        )
    else:
        options = config.data_options
    if "split" not in options and takes_split(full_spec(config.data)):
        options = {"split": "train", **options}
    learned = _with_learned(config.data, options)
    return config if learned == config.data_options else replace(config, data_options=learned)


def _with_learned(data: str, options: Mapping[str, Any], but: Sequence[str] = ()) -> dict[str, Any]:
    """The options with what these data tell of how others have to be opened for the same model."""
    kind, _, rest = full_spec(data).partition(":")
    source = source_named(kind)
    if source is None or source.learned is None or not rest:
        return dict(options)
    learned = source.learned(rest, options).items()
    more = {k: _besides(options.get(k), one) for k, one in learned if k not in but}
    return {**options, **more}


def _besides(given: Any, learned: Any) -> Any:
    """What was learned where nothing is given; of single columns that are given, the others."""
    if isinstance(given, Mapping) and isinstance(learned, Mapping):
        return {**learned, **given}
    return learned if given is None else given


def _as_expected(
    model: str,
    model_options: Mapping[str, Any],
    pretrained: str | None,
    data: str,
    options: Mapping[str, Any],
    tell: Tell,
) -> dict[str, Any]:
    found = preprocessing_of(model, model_options, pretrained)
    wanted = {} if found is None else found.options()
    source = source_named(full_spec(data).partition(":")[0])
    images = source is not None and "image_size" in source.options
    if images and says_nothing_of_images(model) and not {"mean", "image_size"} <= _named(options):
        tell(
            f"'{model}' does not say how images are prepared (it has no {PROCESSOR}): they come "
            "in the size and range of the data, unless --image-size, --resize, --mean and --std "
            "name those of its training."
        )
    return _filled(data, options, wanted, f"as '{model}' expects it", tell)


def _named(options: Mapping[str, Any]) -> set[str]:
    return {name for name, value in options.items() if value is not None}


def _filled(
    data: str, options: Mapping[str, Any], wanted: Mapping[str, Any], where: str, tell: Tell
) -> dict[str, Any]:
    """The options with those that are wanted and that the source has."""
    source = source_named(full_spec(data).partition(":")[0])
    taken = {} if source is None else {k: v for k, v in wanted.items() if k in source.options}
    taken = _with_columns_there(data, taken)
    given = {key: value for key, value in options.items() if value is not None}
    added_to = _with_dropped(given, taken, where, tell)
    for key, value in taken.items():
        if key in given and added_to[key] is given[key] and not _same(given[key], value):
            tell(
                f"--{key.replace('_', '-')} {_shown(given[key])} was given and is used, though it "
                f"is {_shown(value)} {where}."
            )
    added = {key: value for key, value in taken.items() if key not in given}
    straight = _go_straight(added, taken, given)
    told = {key: value for key, value in added.items() if key != _COLUMNS}
    if told:
        tell(
            f"Data are prepared {where}{straight}: {_listed(told)}{_cut(added, given)}; the "
            "options of these names change it."
        )
    if _COLUMNS in added:
        _tell_order(data, added[_COLUMNS], where, tell)
    return {**added, **options, **{key: one for key, one in added_to.items() if key == _DROP}}


_DROP, _COLUMNS = "drop_column", "columns"


def _tell_order(data: str, columns: Sequence[str], where: str, tell: Tell) -> None:
    """Say that columns stand in another order here than the network takes them in."""
    here = [name for name in columns_of(data) if name in columns]
    if here != list(columns) and len(here) == len(columns):
        tell(
            f"Columns are taken in the order that they had {where}; here they stand in another. "
            "--columns changes it."
        )


def _with_dropped(
    given: dict[str, Any], taken: Mapping[str, Any], where: str, tell: Tell
) -> dict[str, Any]:
    """What is given, with the columns that the run left out: its network cannot take them."""
    own = _as_list(given.get(_DROP) or [])
    more = [name for name in _as_list(taken.get(_DROP) or []) if name not in own]
    if not own or not more:
        return given
    tell(f"Left out besides --{_DROP.replace('_', '-')} {_shown(own)}: {_shown(more)}, as {where}.")
    return {**given, _DROP: [*more, *own]}


def _with_columns_there(data: str, taken: dict[str, Any]) -> dict[str, Any]:
    """The options without columns to drop that these data lack in the first place."""
    names = taken.pop("drop_column", None)
    if not names:
        return taken
    there = columns_of(data)
    kept = [name for name in ([names] if isinstance(names, str) else names) if name in there]
    return {**taken, "drop_column": kept} if kept else taken


def _go_straight(added: dict[str, Any], taken: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Resize to a size that was given, where it is another one, with no rim to be cut off.

    The rim is of the size that the network was trained with: of smaller images it is a loss.

    Returns:
        What is to be said of it; empty where nothing is changed.
    """
    resize, size = added.get("resize"), given.get("image_size")
    if not isinstance(resize, int) or size is None or size in (resize, taken.get("image_size")):
        return ""
    added["resize"] = size
    return f", but resized straight to --image-size {size}"


def _cut(added: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """That a rim is cut off, in which a shortcut may lie; empty where none is or it was asked for.

    Args:
        added, given: options of the data.
    """
    resize, size = added.get("resize"), {**added, **given}.get("image_size")
    if not isinstance(resize, int) or not isinstance(size, int) or resize <= size:
        return ""
    return f" (the middle {size} of {resize} pixels are kept; --resize {size} cuts off no rim)"


def _same(one: Any, two: Any) -> bool:
    texts = any(isinstance(item, str) for side in (one, two) for item in _as_list(side))
    if texts:
        return set(_as_list(one)) == set(_as_list(two))
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        wide = max(len(one), len(two))
        ours, theirs = (list(x) * (wide // len(x)) for x in (one, two))
        return all(abs(a - b) < 1e-3 for a, b in zip(ours, theirs, strict=True))
    return bool(one == two)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={','.join(kept)}" for name, kept in value.items())
    if isinstance(value, list | tuple):
        return ",".join(item if isinstance(item, str) else f"{item:g}" for item in value)
    return str(value)


def _listed(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', '-')} {_shown(value)}" for name, value in options.items())


def _of_timm(model: str) -> bool:
    return model.startswith(("timm:", "hf-hub:"))


def _holds_weights(model: str) -> bool:
    """Whether it names a place of timm with weights, which are read only on demand."""
    return model.startswith(("timm:local-dir:", "timm:hf-hub:", "hf-hub:"))


def _are_files(data: str) -> bool:
    source = source_named(full_spec(data).partition(":")[0])
    return source is not None and "cache" in source.options
