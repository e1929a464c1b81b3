"""Data by specification, as `--data` and its options name them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earlysieve.datasets.text import NoTokenizerError
from earlysieve.errors import InputError
from earlysieve.runs.data_settings import check_data_options, full_spec


def open_data(
    spec: str,
    options: Mapping[str, Any],
    *,
    seed: int,
    tokenizer: Path | str | None = None,
    trust_remote_code: bool = False,
    progress: bool | None = None,
    model: str = "",
) -> Any:
    """The data that `--data` and its options name.

    Args:
        spec: the source; the path of a folder or of a CSV file may stand alone. The name of a
            source wins over a folder of that name, which is then written ./NAME.
        options: those of `OPTION_KINDS`, and arguments of a function of the user's, by name; None
            is left out.
        seed: of planting and sampling.
        tokenizer: folder, or model of the hub, to use for texts where the options name none.
        trust_remote_code: whether code in the tokenizer's folder may run.
        progress: see `load_source`.
        model: specification of the network that is to take the data, for messages.

    Raises:
        DataError, InputError: as `earlysieve.datasets.load_source`; or an option is unknown or of
            another type, or `spec` is empty or no path that can be.

    Warns:
        DataWarning: the source has the name of a folder here.
    """
    from earlysieve.datasets import load_source
    from earlysieve.datasets.registry import source_named

    spec = full_spec(spec)
    given = check_data_options(options, spec)
    source = source_named(spec.partition(":")[0])
    takes_texts = source is not None and "tokenizer" in source.options
    chosen = {"tokenizer": tokenizer if takes_texts else None, **given}
    if chosen["tokenizer"] is not None:
        chosen["tokenizer"] = _tokenizer(chosen["tokenizer"], given, trust_remote_code)
    try:
        return load_source(spec, seed=seed, progress=progress, **chosen)
    except NoTokenizerError as error:
        if model.partition(":")[0] not in _FAMILIES:
            raise
        raise InputError(
            f"Expected images for '{model}', which has no tokenizer, but '{spec}' holds texts; "
            "name data of images, a model for texts such as hf:FOLDER with a tokenizer, or "
            "--tokenizer"
        ) from error


_FAMILIES = ("hf", "timm", "torchvision", "hf-hub")


def _tokenizer(place: Path | str, given: Mapping[str, Any], trust_remote_code: bool) -> Any:
    """The tokenizer; None where the model of the hub has none, and none was asked for."""
    from earlysieve.networks.hf_folder import load_tokenizer, place_of

    if "tokenizer" in given:
        place = place_of(str(place))
    try:
        return load_tokenizer(place, trust_remote_code=trust_remote_code)
    except InputError:
        if "tokenizer" in given or isinstance(place, Path):
            raise
        return None
