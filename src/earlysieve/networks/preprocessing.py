"""How a network wants its inputs prepared, as its family says it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earlysieve._files import is_there
from earlysieve._imports import need
from earlysieve.networks.pretrained import DEFAULT, names_file, timm_name

_PIL_NAMES = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}
PROCESSOR = "preprocessor_config.json"
_LARGE = 384  # pixels
_TOKENS = 128  # to which texts are cut where nothing is said


@dataclass(frozen=True)
class Preprocessing:
    """What the inputs of a network go through; None: nothing is said of it.

    Attributes:
        image_size: side of the square that is cut out, in pixels.
        resize: shorter side before that, or "squash" for whole images in a square.
        interpolation: of resizing.
        mean, std: by which pixels in [0, 1] are normalised.
        max_length: tokens after which a text is cut, where it is less than usual.
    """

    image_size: int | None = None
    resize: int | str | None = None
    interpolation: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    max_length: int | None = None

    def options(self) -> dict[str, Any]:
        """As options of the data, those that say something."""
        found = {name: value for name, value in vars(self).items() if value is not None}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


def preprocessing_of(
    spec: str, options: Mapping[str, Any], pretrained: str | None = None
) -> Preprocessing | None:
    """What the family of a network says of its inputs; None: nothing.

    For torchvision it is `weights.transforms()`, for timm the data configuration, for transformers
    the image processor and the longest text.

    Args:
        spec: of the network, as for `build_model`.
        options: of its builder.
        pretrained: as for `build_model`.
    """
    family, _, name = spec.partition(":")
    if family == "torchvision":
        return _of_torchvision(name, pretrained)
    if family in ("timm", "hf-hub"):
        full = name if family == "timm" else f"hf-hub:{name}"
        return _of_timm(full, options, pretrained)
    return _of_transformers(name, options) if family == "hf" else None


def says_nothing_of_images(spec: str) -> bool:
    """Whether a model of transformers, from a folder, has neither image processor nor tokenizer."""
    from earlysieve.networks.hf_folder import place_of, tokenizer_of

    if not spec.startswith("hf:"):
        return False
    place = place_of(spec.removeprefix("hf:"))
    known = not isinstance(place, Path) or is_there(place / PROCESSOR)
    return not known and tokenizer_of(spec) is None


def _of_torchvision(name: str, pretrained: str | None) -> Preprocessing | None:
    from earlysieve.networks.pretrained import torchvision_weights

    models = need("torchvision.models", extra="vision")
    if name not in models.list_models(module=models):
        return None  # a video network, or a name that building refuses
    chosen = DEFAULT if pretrained is None or names_file(pretrained) else pretrained
    transforms = torchvision_weights(models, name, chosen).transforms()
    if not hasattr(transforms, "crop_size"):
        return None
    return Preprocessing(
        transforms.crop_size[0],
        transforms.resize_size[0],
        transforms.interpolation.value,
        tuple(transforms.mean),
        tuple(transforms.std),
    )


def _of_timm(name: str, options: Mapping[str, Any], pretrained: str | None) -> Preprocessing | None:
    """Of a size that was asked for, and is not the published one, no rim is cut off."""
    timm = need("timm", extra="vision")
    if ":" in name:
        from earlysieve.networks.pretrained import fetched

        advice = "name a folder as timm:local-dir:FOLDER"
        with fetched(f"'{name}' of timm", advice):
            config = timm.create_model(name, pretrained=False).pretrained_cfg
    else:
        full = timm_name(timm, name, pretrained)
        if not timm.is_model(full):
            return None  # building it says what is wrong
        found = timm.get_pretrained_cfg(full)
        config = None if found is None else found.to_dict()
    if not config:
        return None
    given = {key: options[key] for key in ("img_size",) if isinstance(options.get(key), int)}
    data = timm.data.resolve_data_config(given, pretrained_cfg=config)
    size = int(data["input_size"][-1])
    whole = bool(given) and size != int(config["input_size"][-1])
    resize: int | str = size if whole else math.floor(size / data["crop_pct"])
    resize = "squash" if data["crop_mode"] == "squash" else resize
    one = len(data["mean"]) not in (1, 3)
    return Preprocessing(
        size,
        resize,
        data["interpolation"] if data["interpolation"] != "random" else None,
        None if one else tuple(data["mean"]),
        None if one else tuple(data["std"]),
    )


def _of_transformers(name: str, options: Mapping[str, Any]) -> Preprocessing | None:
    from earlysieve.networks.hf_folder import place_of

    place = place_of(name)
    if isinstance(place, Path) and not is_there(place / PROCESSOR):
        return _of_text(place, options)
    processor = _processor(place, options)
    if processor is None:
        return _of_text(place, options)
    size, resize = _sides(processor)
    normalises = getattr(processor, "do_normalize", True)
    mean = tuple(getattr(processor, "image_mean", None) or ()) if normalises else (0.0,)
    std = tuple(getattr(processor, "image_std", None) or ()) if normalises else (1.0,)
    method = getattr(processor, "resample", None)
    filtering = None if method is None else _PIL_NAMES.get(int(method))
    return Preprocessing(size, resize, filtering, mean or None, std or None)


def _processor(place: Path | str, options: Mapping[str, Any]) -> Any:
    """The image processor; None where there is none that can be loaded."""
    transformers = need("transformers", extra="text")
    try:
        return transformers.AutoImageProcessor.from_pretrained(
            place,
            local_files_only=isinstance(place, Path),
            trust_remote_code=options.get("trust_remote_code") is True,
        )
    except Exception:  # noqa: BLE001 - whatever damaged or foreign folders make its readers raise
        return None


def _sides(processor: Any) -> tuple[int | None, int | str | None]:
    """Side of the square that the network gets, and what images are resized to before."""
    size, crop = getattr(processor, "size", None), getattr(processor, "crop_size", None)
    shorter, height = _side(size, "shortest_edge"), _side(size, "height")
    cut = _side(crop, "height") if getattr(processor, "do_center_crop", False) else None
    if cut is not None:
        return cut, shorter or height
    if height is not None:
        return height, "squash"
    share = getattr(processor, "crop_pct", None)
    if shorter is not None and share:  # of ConvNeXt, which presses large images
        return shorter, "squash" if shorter >= _LARGE else int(shorter / share)
    return shorter, None


def _side(size: Any, name: str) -> int | None:
    value = size.get(name) if isinstance(size, Mapping) else getattr(size, name, None)
    return value if isinstance(value, int) else None


def _of_text(place: Path | str, options: Mapping[str, Any]) -> Preprocessing | None:
    """The longest text, where it is shorter than what texts are cut to by default."""
    transformers = need("transformers", extra="text")
    try:
        config = transformers.AutoConfig.from_pretrained(
            place,
            local_files_only=isinstance(place, Path),
            trust_remote_code=options.get("trust_remote_code") is True,
        )
    except Exception:  # noqa: BLE001 - building the network says what is wrong
        return None
    told = (getattr(config, "max_position_embeddings", None), _of_tokenizer(place))
    longest = min((one for one in told if isinstance(one, int) and one > 0), default=_TOKENS)
    return Preprocessing(max_length=longest) if longest < _TOKENS else None


def _of_tokenizer(place: Path | str) -> Any:
    """The longest text that the tokenizer in a folder says; None where none does."""
    if not isinstance(place, Path):
        return None
    try:
        found = json.loads((place / "tokenizer_config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found.get("model_max_length") if isinstance(found, dict) else None
