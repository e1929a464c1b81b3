"""Find out in a moment whether model, data and device belong together."""

from typing import TYPE_CHECKING, Any

from earlysieve._user_code import refusal
from earlysieve.errors import EarlysieveError, InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from earlysieve.datasets.opened_data import OpenedData

_TOLD = 20
_LOOKED_AT = 200


def check_model_takes(
    model: "nn.Module",
    data: Any,
    device: "torch.device",
    *,
    who: str = "model",
    what: str = "data",
) -> int:
    """Run the model on the first two examples; how many classes it tells apart.

    Raises:
        InputError: it fails on them, returns no logits, or fewer than the data has classes; or
            texts were cut by the tokenizer of another model.
        UserCodeError: it fails in the user's own code.
    """
    import torch

    from earlysieve.datasets.opened_data import opened
    from earlysieve.model.batch import call_model, check_rows, inputs_to, logits_of
    from earlysieve.model.channels import ChannelsError
    from earlysieve.model.placement import check_holds_numbers
    from earlysieve.model.row_width import WidthError
    from earlysieve.model.state import evaluating, preserved_rng

    batch = opened(data).few()
    check_holds_numbers(model)
    _check_tokens(model, opened(data))
    model.to(device)
    with preserved_rng(), evaluating(model), torch.no_grad():
        try:
            output = call_model(model, inputs_to(batch.inputs, device))
        except WidthError as error:
            found, _, _ = str(error).partition(";")
            other = _other_inputs(model, opened(data).source)
            raise WidthError(f"{found}; choose another {who}, or {other}") from error
        except Exception as error:
            # Whose data do not fit is said here, for commands.
            cause = error.__cause__ if isinstance(error, ChannelsError) else error
            if not isinstance(cause, Exception) or isinstance(cause, EarlysieveError):
                raise
            expected = f"Expected the {who} to take inputs of the {what}, {describe(batch.inputs)}"
            advice = f"choose another {who}, or {_other_inputs(model, opened(data).source)}"
            raise refusal(cause, expected, advice) from cause
    logits = logits_of(output)
    check_rows(logits, len(batch))
    classes = int(logits.shape[1])
    _check_classes(data, classes, who)
    return classes


def _check_tokens(model: "nn.Module", data: "OpenedData") -> None:
    """Where a tokenizer knows more tokens than the model, look whether texts have such.

    On a GPU the model would not fail by a sentence.
    """
    from earlysieve.model.token_range import check_tokens, known_tokens

    rows = known_tokens(model) if data.tokenizer is not None else None
    try:
        more = rows is not None and len(data.tokenizer) > rows
    except TypeError:  # a plain function does not say how many it knows
        return
    if more and data.size and data.has_random_access:
        step = -(-data.size // _LOOKED_AT)
        check_tokens(model, data.examples(range(0, data.size, step)).inputs)


def _other_inputs(model: "nn.Module", source: Any) -> str:
    """How the inputs can be made others, by what the data are."""
    from earlysieve.datasets.table import Table
    from earlysieve.datasets.text import Texts

    if isinstance(source, Texts):
        return "give it its own --tokenizer, or set --max-length or --model-option"

    if isinstance(source, Table):
        few = ", ".join(source.columns[:_TOLD]) + ", ..." * (len(source.columns) > _TOLD)
        return (
            f"give it the columns that it was trained on: these are {len(source.columns)} ({few}); "
            "--drop-column leaves one out, --categories makes those of texts, and --model-option "
            "may change how many a model takes"
        )
    return f"set {_size_option(model)} or --model-option"


def _size_option(model: "nn.Module") -> str:
    """The option for the size of images, with the size that timm or transformers made it for."""
    size = getattr(getattr(model, "config", None), "image_size", None)
    if size is None and isinstance(getattr(model, "pretrained_cfg", None), dict):
        size = (model.pretrained_cfg.get("input_size") or (None,))[-1]  # type: ignore[operator,union-attr]
    return f"--image-size {size}" if isinstance(size, int) else "--image-size"


def _check_classes(data: Any, classes: int, who: str) -> None:
    labels = getattr(data, "labels", None)
    highest = -1 if labels is None else int(max(labels))
    if highest >= classes:
        raise InputError(
            f"Expected a {who} with at least {highest + 1} outputs, one for each class of the "
            f"data, but it has {classes}; choose another {who} or --num-classes {highest + 1}"
        )


def describe(inputs: Any) -> str:
    """The shapes of one example, such as "(3, 28, 28)" or "input_ids (64,)"."""
    from collections.abc import Mapping

    if isinstance(inputs, Mapping):
        return ", ".join(f"{key} {_one(value)}" for key, value in inputs.items())
    return ", ".join(_one(value) for value in (inputs if isinstance(inputs, tuple) else (inputs,)))


def _one(value: Any) -> str:
    return str(tuple(getattr(value, "shape", (0,)))[1:])


def pick_device(name: str | None) -> "torch.device":
    """The device by name; None: the GPU where there is one, else the CPU.

    Raises:
        InputError: this machine does not have it.
    """
    import torch

    from earlysieve.model.state import usable_device

    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return usable_device(name)
