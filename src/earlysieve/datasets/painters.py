"""Shortcuts as pictures: a colour, a patch in a corner, a simple image above a complex one."""

import colorsys
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from earlysieve._arrays import Ints
from earlysieve.datasets.images import ImageExamples, Pixels, resize
from earlysieve.datasets.planted import PlantedImages, draw_values
from earlysieve.errors import InputError

# Ten hues that people and networks tell apart; evenly spaced hues would give three greens.
TEN_COLOURS: tuple[tuple[int, int, int], ...] = (
    (230, 25, 25),  # red
    (255, 140, 0),  # orange
    (255, 240, 40),  # yellow
    (140, 230, 20),  # lime
    (0, 140, 60),  # green
    (40, 240, 220),  # turquoise
    (40, 130, 255),  # azure
    (70, 40, 220),  # blue
    (190, 60, 255),  # violet
    (255, 110, 190),  # pink
)


def palette(size: int) -> NDArray[np.uint8]:
    """`size` distinguishable colours, uint8, shape (size, 3).

    Up to ten come from a fixed list; more are spread over the hues in two brightnesses, and grow
    alike as they grow many.
    """
    if size <= len(TEN_COLOURS):
        return np.array(TEN_COLOURS[:size], np.uint8)
    hues = [colorsys.hsv_to_rgb(k / size, 1.0, 1.0 if k % 2 else 0.6) for k in range(size)]
    return np.round(255 * np.array(hues)).astype(np.uint8)


def luminance(image: Pixels) -> NDArray[np.float32]:
    """Brightness in [0, 255], shape (H, W), by the weights of ITU-R BT.601."""
    if image.ndim == 2:
        return image.astype(np.float32)
    return image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def as_colour(image: Pixels) -> Pixels:
    """A copy of the image with three channels, shape (H, W, 3)."""
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image.copy()


def tint(image: Pixels, colour: NDArray[np.uint8], strength: float = 1.0) -> Pixels:
    """Blend an image with its brightness in one colour: (1 - s) image + s brightness * colour.

    A bright object on black takes the colour and the background stays black.

    Args:
        image: uint8, shape (H, W) or (H, W, 3).
        colour: uint8, shape (3,).
        strength: s in [0, 1].
    """
    coloured = luminance(image)[..., None] * (colour / np.float32(255))
    mixed = (1 - strength) * as_colour(image) + strength * coloured
    return np.round(mixed).astype(np.uint8)


def corner_patch(image: Pixels, colour: NDArray[np.uint8], corner: int, size: int) -> Pixels:
    """Paint a square of `size` pixels in a corner: 0 top left, 1 top right, 2 and 3 below."""
    painted = as_colour(image)
    height, width = painted.shape[:2]
    top = height - size if corner >= 2 else 0
    left = width - size if corner % 2 else 0
    painted[top : top + size, left : left + size] = colour
    return painted


def stack(simple: Pixels, complex_: Pixels) -> Pixels:
    """The simple image above the complex one, resized to the same width; (2H, W) or (2H, W, 3)."""
    if simple.shape[:2] != complex_.shape[:2]:
        simple = resize(simple, complex_.shape[1])
    if simple.ndim != complex_.ndim:
        simple, complex_ = as_colour(simple), as_colour(complex_)
    return np.concatenate([simple, complex_], axis=0)


@dataclass(frozen=True)
class Colour:
    """Tint the image with the colour of the shortcut's value (see `tint`)."""

    colours: NDArray[np.uint8]
    strength: float = 1.0

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The tinted image."""
        return tint(image, self.colours[value], self.strength)


@dataclass(frozen=True)
class Patch:
    """A patch whose colour and corner (value modulo 4) tell the shortcut's value."""

    colours: NDArray[np.uint8]
    share: float = 0.18

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image with the patch; its side is `share` of the image's shorter side."""
        size = max(2, round(self.share * min(image.shape[:2])))
        return corner_patch(image, self.colours[value], value % 4, size)


@dataclass(frozen=True)
class Domino:
    """A simple image of the class `value` above the complex image."""

    simple: ImageExamples = field(repr=False)
    chosen: Ints = field(repr=False)

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The stacked image."""
        return stack(self.simple.image(int(self.chosen[row])), image)


def choose_simple(labels: Ints, values: Ints, *, seed: int) -> Ints:
    """For each value, the position of a random example of that class among `labels`.

    Raises:
        InputError: a value has no example.
    """
    rng = np.random.default_rng(seed)
    chosen = np.empty(len(values), np.int64)
    for value in np.unique(values):
        pool, wanted = np.flatnonzero(labels == value), np.flatnonzero(values == value)
        if not len(pool):
            raise InputError(
                f"Expected a simple image for every class, but there is none for class {value}; "
                "use simple images with at least as many classes as the complex ones"
            )
        chosen[wanted] = rng.choice(pool, len(wanted))
    return chosen


def plant_colour(
    base: ImageExamples,
    correlation: float,
    *,
    seed: int = 0,
    exact: bool = True,
    strength: float = 1.0,
) -> PlantedImages:
    """Tint every image with a colour that tells its class with probability `correlation`.

    Args:
        base: grey or colour images.
        correlation: in [0, 1]; 1 / C makes colour and class independent.
        seed: decides every colour, whatever the order of access.
        exact: exact share per class (see `draw_values`).
        strength: in [0, 1], see `tint`.

    Raises:
        InputError: `correlation` or `strength` is out of range.
    """
    if not 0 <= strength <= 1:
        raise InputError(f"Expected strength to be from 0 to 1, but got {strength}; use 1 to tint")
    values = draw_values(base.labels, base.num_classes, correlation, seed=seed, exact=exact)
    return PlantedImages(base, values, Colour(palette(base.num_classes), strength))


def plant_patch(
    base: ImageExamples, correlation: float, *, seed: int = 0, exact: bool = True
) -> PlantedImages:
    """Paint a patch in a corner that tells the class with probability `correlation`.

    Arguments and errors are those of `plant_colour`.
    """
    values = draw_values(base.labels, base.num_classes, correlation, seed=seed, exact=exact)
    return PlantedImages(base, values, Patch(palette(base.num_classes)))


def plant_dominoes(
    base: ImageExamples,
    simple: ImageExamples,
    correlation: float,
    *,
    seed: int = 0,
    exact: bool = True,
) -> PlantedImages:
    """Put above every image a simple one of the same class number with probability `correlation`.

    The label stays that of `base`, the complex image below. Use simple images of the same split,
    so that no test image is seen in training.

    Args:
        base: complex images, such as garments.
        simple: simple images, such as digits, of at least as many classes.
        correlation: in [0, 1], see `draw_values`.
        seed: decides every pair, whatever the order of access.
        exact: exact share per class.

    Raises:
        InputError: `correlation` is out of range, or a class has no simple image.
    """
    values = draw_values(base.labels, base.num_classes, correlation, seed=seed, exact=exact)
    return PlantedImages(
        base, values, Domino(simple, choose_simple(simple.labels, values, seed=seed))
    )
