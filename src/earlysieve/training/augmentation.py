"""Pictures that differ from epoch to epoch; draws depend on seed, epoch and example alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Subset

from earlysieve._arrays import Ints
from earlysieve._imports import need
from earlysieve.datasets.images import ImageExamples, Pixels
from earlysieve.errors import InputError
from earlysieve.training.config import AUGMENTS
from earlysieve.training.randomness import seeded

Augment = str | Callable[[Tensor], Tensor]
# Crops keep this share of a picture's area at least, with sides in a ratio between these.
SMALLEST_CROP = 0.5
RATIOS = (3 / 4, 4 / 3)
_ADVICE = "augment within your data set, or leave out augment"


@dataclass(frozen=True)
class Augmentation:
    """Makes another picture of an example in every epoch.

    Attributes:
        how: "flip", "flip-crop", "randaugment", or a function of a picture (C, H, W) that gives
            another one of its size and draws from torch, NumPy or Python.
    """

    how: Augment

    @property
    def name(self) -> str:
        """The preset's name, or the function's."""
        return self.how if isinstance(self.how, str) else getattr(self.how, "__qualname__", "own")

    @cached_property
    def _transform(self) -> Callable[[Tensor], Tensor]:
        return self.how if callable(self.how) else _preset(self.how)

    def __getstate__(self) -> dict[str, Any]:
        """Without the transform, which each process makes for itself."""
        return {"how": self.how}

    def sample(self, dataset: Any, index: int, *keys: int) -> Any:
        """Sample `index` of a data set, its picture augmented.

        Args:
            dataset: whose samples are a picture, a tuple that begins with one, or a mapping with
                one under "pixel_values". Of our image data sets the picture before normalisation
                is augmented.
            index: of the example.
            keys: what the draws depend on.

        Raises:
            InputError: the sample holds no picture that this can augment.
        """
        whole, row = _within(dataset, index)
        with seeded(*keys):
            if isinstance(whole, ImageExamples):
                return whole.changed(row, self._of_pixels)
            return self._of_sample(dataset[index])

    def check(self, dataset: Any) -> None:
        """Augment the first example, to find out now what training would.

        Raises:
            InputError: see `sample`.
        """
        self.sample(dataset, 0, 0)

    def _of_pixels(self, pixels: Pixels) -> Pixels:
        """Another picture of the same size: uint8, (H, W) or (H, W, 3)."""
        picture = torch.from_numpy(np.array(pixels if pixels.ndim == 3 else pixels[..., None]))
        changed = self._changed(picture.permute(2, 0, 1).contiguous())
        again: Pixels = changed.permute(1, 2, 0).numpy()
        return again if pixels.ndim == 3 else again[..., 0]

    def _of_sample(self, sample: Any) -> Any:
        if isinstance(sample, Mapping) and isinstance(sample.get("pixel_values"), Tensor):
            return {**sample, "pixel_values": self._of_tensor(sample["pixel_values"])}
        if isinstance(sample, tuple | list) and sample and isinstance(sample[0], Tensor):
            return (self._of_tensor(sample[0]), *sample[1:])
        raise InputError(
            f"Expected examples that are pictures for augment='{self.name}', but got "
            f"{type(sample).__name__}; {_ADVICE}"
        )

    def _of_tensor(self, picture: Tensor) -> Tensor:
        if picture.ndim != 3 or picture.shape[0] not in (1, 3):
            raise InputError(
                "Expected pictures of shape (channels, height, width) with one or three channels "
                f"for augment='{self.name}', but got shape {tuple(picture.shape)}; {_ADVICE}"
            )
        if self.how == "randaugment" and picture.dtype != torch.uint8:
            raise InputError(
                "Expected pictures before normalisation for augment='randaugment', as the data "
                f"sets of earlysieve.datasets keep them, but got numbers of type {picture.dtype}; "
                "use 'flip' or 'flip-crop', or augment within your data set"
            )
        return self._changed(picture)

    def _changed(self, picture: Tensor) -> Tensor:
        changed = self._transform(picture)
        if not isinstance(changed, Tensor) or changed.shape != picture.shape:
            found = getattr(changed, "shape", type(changed).__name__)
            raise InputError(
                f"Expected augment='{self.name}' to keep the shape {tuple(picture.shape)} of a "
                f"picture, but got {found}; let the function return a picture of the same size"
            )
        return changed


def as_augmentation(augment: "Augment | None") -> Augmentation | None:
    """The augmentation that `fit(augment=)` names; None for "none" and None.

    Raises:
        InputError: there is no such preset.
    """
    if augment is None or augment == "none":
        return None
    if not callable(augment) and augment not in AUGMENTS:
        raise InputError(
            f"Expected augment to be one of {', '.join(AUGMENTS)} or a function, but got "
            f"{augment!r}; choose one"
        )
    return Augmentation(augment)


def check_teacher_sees(algorithm: Any, augmentation: Augmentation) -> None:
    """Check that a teacher, where there is one, is run on what its student sees.

    Raises:
        InputError: its logits were kept, of pictures that are not augmented.
    """
    if getattr(getattr(algorithm, "teacher", None), "kept", None) is not None:
        raise InputError(
            f"Expected a teacher that is run on every batch with augment='{augmentation.name}', "
            "but its logits were kept, of pictures as they are; pass the teacher's model without "
            "logits, or leave out augment"
        )


def occurrences(batches: Sequence[Sequence[int]]) -> Callable[[int], Ints]:
    """How often each example of a batch came before in the plan of an epoch, by batch number.

    Samplers that draw with replacement give an example twice, which then differs.
    """
    sizes = [len(batch) for batch in batches]
    order = np.fromiter((i for batch in batches for i in batch), np.int64, sum(sizes))
    by_index = np.argsort(order, kind="stable")
    ordered = order[by_index]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    runs = np.diff(np.r_[starts, len(ordered)])
    counts = np.empty(len(order), np.int64)
    counts[by_index] = np.arange(len(order)) - np.repeat(starts, runs)
    ends = np.cumsum([0, *sizes])
    return lambda number: counts[ends[number] : ends[number + 1]]


def _preset(name: str) -> Callable[[Tensor], Tensor]:
    """A preset of torchvision's transforms, which draw from torch alone."""
    v2 = need("torchvision.transforms.v2", extra="vision")
    steps: list[Any] = [v2.RandomHorizontalFlip()]
    if name != "flip":
        steps.append(_Crop())
    if name == "randaugment":
        steps.append(v2.RandAugment(num_ops=2, magnitude=9))
    found: Callable[[Tensor], Tensor] = v2.Compose(steps)
    return found


class _Crop:
    """A random part of a picture, in the picture's own size."""

    def __call__(self, picture: Tensor) -> Tensor:
        v2 = need("torchvision.transforms.v2", extra="vision")
        size = tuple(picture.shape[-2:])
        crop = v2.RandomResizedCrop(size, scale=(SMALLEST_CROP, 1.0), ratio=RATIOS, antialias=True)
        cut: Tensor = crop(picture)
        return cut


def _within(dataset: Any, index: int) -> tuple[Any, int]:
    """The data set that a plain subset is of, and the example's place there."""
    while type(dataset) is Subset:
        dataset, index = dataset.dataset, int(dataset.indices[index])
    return dataset, index
