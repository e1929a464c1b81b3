"""Images with more or fewer channels than a network takes, or with these in another place."""

import re
from typing import Any

from torch import Tensor, nn

from earlysieve.errors import InputError

_OF_CHANNELS = re.compile(r"to have (\d+) channels, but got (\d+) channels")


class ChannelsError(InputError):
    """Images have another number of channels than a network takes."""


def check_channels(model: Any, inputs: Any, error: RuntimeError) -> None:
    """Say that the number of channels is wrong, where that explains why a network failed.

    Args:
        model: that failed.
        inputs: that it got.
        error: that it raised.

    Raises:
        ChannelsError: `inputs` are images, shape (B, C, H, W), and the first convolution takes
            other than C channels.
    """
    found = _OF_CHANNELS.search(str(error))
    images = isinstance(inputs, Tensor) and inputs.ndim == 4
    if found is None or not images or not isinstance(model, nn.Module):
        return
    wanted, got = map(int, found.groups())
    named = ((name, one) for name, one in model.named_modules() if isinstance(one, nn.Conv2d))
    name, first = next(named, ("", None))
    if first is None or first.in_channels != wanted or inputs.shape[1] != got:
        return
    channels = "1 channel" if wanted == 1 else f"{wanted} channels"
    raise ChannelsError(
        f"Expected images of {channels}, (C, H, W), as the layer '{name}' of the model takes, but "
        f"got {got}, {tuple(inputs.shape[1:])}; {_advice(inputs, wanted)}"
    ) from error


def _advice(images: Tensor, wanted: int) -> str:
    if images.shape[3] == wanted:
        return "move the channels to the front, as by image.permute(2, 0, 1)"
    if wanted == 1:
        return "make them grey as in training, as by image.mean(0, keepdim=True)"
    if images.shape[1] == 1:
        return f"repeat the channel, as by image.expand({wanted}, -1, -1)"
    return "pass the channels that it was trained on, in their order"
