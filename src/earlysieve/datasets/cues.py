"""Simple cues as pictures: where a mark lies, a texture, stripes, a border, a size, a watermark.

Each is a painter for `PlantedImages`: it puts the cue of one value on one image, and what else is
random about it (a shift, a phase) depends on the seed and the row alone, never on the value. So the
same images can be painted anew with values drawn independently of the label, which tells how much
a model relies on the cue. All keep the image's size and channels, except `Companion` and
`Background`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from earlysieve._arrays import Ints
from earlysieve._imports import need
from earlysieve.datasets.images import ImageExamples, Pixels, resize
from earlysieve.datasets.painters import as_colour, luminance
from earlysieve.datasets.planted import Painter, PlantedImages, draw_values
from earlysieve.errors import InputError

Plane = NDArray[np.float32]
LETTERS = ("OX", "HW", "TE", "ZA", "PK", "UI", "MC", "BY", "VL", "QS")


def plant(
    base: ImageExamples, painter: Painter, correlation: float, *, seed: int = 0, exact: bool = True
) -> PlantedImages:
    """Put a cue on every image that tells its class with probability `correlation`.

    Args:
        base: images of C classes.
        painter: knows at least C values.
        correlation: in [0, 1]; 1 / C makes cue and class independent.
        seed: decides every value, whatever the order of access.
        exact: exact share per class (see `draw_values`).

    Raises:
        InputError: `correlation` is out of range.
    """
    values = draw_values(base.labels, base.num_classes, correlation, seed=seed, exact=exact)
    return PlantedImages(base, values, painter)


def random_of_row(seed: int, row: int) -> np.random.Generator:
    """A generator that depends on the seed and the row only."""
    return np.random.default_rng((seed, row))


def blend(image: Pixels, plane: Plane, target: float | NDArray[np.float32] = 255.0) -> Pixels:
    """(1 - plane) image + plane * target, for a plane (H, W) with values in [0, 1]."""
    share = plane if image.ndim == 2 else plane[..., None]
    return np.round((1 - share) * image + share * target).astype(np.uint8)


def add(image: Pixels, plane: Plane) -> Pixels:
    """The image plus a plane (H, W) of brightness, clipped to [0, 255]."""
    extra = plane if image.ndim == 2 else plane[..., None]
    return np.clip(np.round(image + extra), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Background:
    """What is dark takes the colour of the value; bright things keep theirs.

    Attributes:
        colours: uint8, shape (values, 3).
        strength: in [0, 1], brightness of the colour.
    """

    colours: NDArray[np.uint8]
    strength: float = 0.5

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image with three channels."""
        dark = 1 - luminance(image)[..., None] / np.float32(255)
        painted = as_colour(image) + self.strength * dark * self.colours[value]
        found: Pixels = np.clip(np.round(painted), 0, 255).astype(np.uint8)
        return found


@dataclass(frozen=True)
class Mark:
    """A bright square whose place alone tells the value: places lie evenly on a ring.

    Attributes:
        values: how many places there are.
        size: side of the square in pixels.
        radius: of the ring, as a share of half the shorter side.
        brightness: of the square, in [0, 255].
        shift: it moves by up to so many pixels in each direction, at random.
        seed: of these shifts.
    """

    values: int
    size: int = 3
    radius: float = 0.8
    brightness: int = 255
    shift: int = 1
    seed: int = 0

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image with the mark."""
        top, left = self.place(image.shape[0], image.shape[1], value, row)
        painted = image.copy()
        painted[top : top + self.size, left : left + self.size] = self.brightness
        return painted

    def place(self, height: int, width: int, value: int, row: int) -> tuple[int, int]:
        """Upper left corner of the mark: (top, left)."""
        angle = 2 * math.pi * (value + 0.5) / self.values
        reach = self.radius * min(height, width) / 2
        shift = random_of_row(self.seed, row).integers(-self.shift, self.shift + 1, 2)
        centre = (height / 2 - reach * math.cos(angle), width / 2 + reach * math.sin(angle))
        corner = [round(c - self.size / 2) + int(s) for c, s in zip(centre, shift, strict=True)]
        return (
            min(max(corner[0], 0), height - self.size),
            min(max(corner[1], 0), width - self.size),
        )


@dataclass(frozen=True)
class Stripes:
    """Faint stripes over the whole image; their direction tells the value, their phase is random.

    Attributes:
        values: how many directions there are, spread evenly over half a turn.
        amplitude: of the brightness, in [0, 255].
        period: of the stripes, in pixels.
        seed: of the phases.
    """

    values: int
    amplitude: float = 12.0
    period: float = 4.0
    seed: int = 0

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image with stripes."""
        phase = random_of_row(self.seed, row).uniform(0, 2 * math.pi)
        angle = math.pi * value / self.values
        across = _across(image.shape[0], image.shape[1], angle)
        wave = np.sin(2 * math.pi * across / self.period + phase)
        # The image makes room for what would be clipped.
        room = np.clip(image, self.amplitude, 255 - self.amplitude).astype(np.uint8)
        return add(room, (self.amplitude * wave).astype(np.float32))


@dataclass(frozen=True)
class Texture:
    """A random texture where the image is dark; its direction and grain tell the value.

    It is noise of which a band of frequencies is left; no two images have the same.

    Attributes:
        values: how many textures there are.
        amplitude: mean brightness of the texture, in [0, 255].
        seed: of the noise.
    """

    values: int
    amplitude: float = 50.0
    seed: int = 0

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image with the texture as its background."""
        height, width = image.shape[:2]
        noise = random_of_row(self.seed, row).standard_normal((height, width))
        band = np.fft.irfft2(
            np.fft.rfft2(noise) * self._band(height, width, value), (height, width)
        )
        wave = band / max(float(band.std()), 1e-9)
        dark = 1 - luminance(image) / np.float32(255)
        plane = self.amplitude * np.clip(1 + wave, 0, 3)
        return add(image, (dark * plane).astype(np.float32))

    def _band(self, height: int, width: int, value: int) -> NDArray[np.float64]:
        angle = math.pi * value / self.values
        cycles = 0.15 if value % 2 else 0.3
        up = np.fft.fftfreq(height)[:, None] - cycles * math.sin(angle)
        right = np.fft.rfftfreq(width)[None] - cycles * math.cos(angle)
        mirrored = np.fft.fftfreq(height)[:, None] + cycles * math.sin(angle)
        other = np.fft.rfftfreq(width)[None] + cycles * math.cos(angle)
        near = np.minimum(up**2 + right**2, mirrored**2 + other**2)
        found: NDArray[np.float64] = np.exp(-near / (2 * 0.04**2))
        return found


@dataclass(frozen=True)
class Border:
    """A frame around the image whose brightness tells the value, evenly from dark to bright.

    Attributes:
        values: how many levels there are.
        width: of the frame, in pixels.
        brightest: brightness of the last level, in [0, 255].
        spread: the brightness varies by up to so much, at random.
        seed: of this variation.
    """

    values: int
    width: int = 2
    brightest: int = 240
    spread: int = 6
    seed: int = 0

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image with its frame."""
        level = self.brightest * value / max(self.values - 1, 1)
        level += random_of_row(self.seed, row).uniform(-self.spread, self.spread)
        frame = np.ones(image.shape[:2], bool)
        frame[self.width : -self.width, self.width : -self.width] = False
        painted = image.copy()
        painted[frame] = round(min(max(level, 0), 255))
        return painted


@dataclass(frozen=True)
class Size:
    """The whole picture, smaller by a factor that tells the value, in the middle of black.

    Attributes:
        values: how many sizes there are, evenly spread.
        smallest: share of the side that is left at value 0, in (0, 1]; the last value keeps all.
        spread: the side varies by up to so many pixels, at random.
        seed: of this variation.
    """

    values: int
    smallest: float = 0.5
    spread: float = 0.5
    seed: int = 0

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The smaller image, padded to the size it had."""
        height, width = image.shape[:2]
        share = self.smallest + (1 - self.smallest) * value / max(self.values - 1, 1)
        vary = random_of_row(self.seed, row).uniform(-self.spread, self.spread)
        factor = min(max(share + vary / height, 1 / height), 1.0)
        pil = need("PIL.Image", extra="vision")
        sides = (max(1, round(factor * width)), max(1, round(factor * height)))
        small = np.asarray(pil.fromarray(image).resize(sides, pil.Resampling.BILINEAR))
        padded = np.zeros_like(image)
        top, left = (height - sides[1]) // 2, (width - sides[0]) // 2
        padded[top : top + sides[1], left : left + sides[0]] = small
        return padded


@dataclass(frozen=True)
class Watermark:
    """Two letters near the lower right corner; which letters they are tells the value.

    Attributes:
        words: one per value.
        strength: how far the letters are blended towards white, in [0, 1].
        height: of the letters in pixels, about.
        spread: share of the free room over which their place varies at random, in [0, 1].
        seed: of the place.
    """

    words: Sequence[str] = LETTERS
    strength: float = 0.8
    height: int = 12
    spread: float = 0.1
    seed: int = 0
    _planes: dict[str, Plane] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image with the letters."""
        word = self.words[value]
        if word not in self._planes:
            self._planes[word] = letters(word, self.height)
        glyphs = self._planes[word]
        height, width = image.shape[:2]
        down, right = 1 - self.spread * random_of_row(self.seed, row).random(2)
        room = (height - glyphs.shape[0], width - glyphs.shape[1])
        if min(room) < 0:
            raise InputError(
                f"Expected images of at least {glyphs.shape[0]} x {glyphs.shape[1]} pixels for "
                f"this watermark, but got {height} x {width}; pass a smaller height of letters"
            )
        top, left = round(down * room[0]), round(right * room[1])
        plane = np.zeros((height, width), np.float32)
        plane[top : top + glyphs.shape[0], left : left + glyphs.shape[1]] = glyphs
        return blend(image, self.strength * plane)


@dataclass(frozen=True)
class Companion:
    """A simple image of the class `value` beside the image: above it, or left or right of it.

    Attributes:
        simple: images with at least as many classes as there are values.
        layout: "above" for (2H, W), "beside" for (H, 2W) with the side drawn at random.
        seed: of the choice among the simple images of a class, and of the side.
    """

    simple: ImageExamples = field(repr=False)
    layout: str = "above"
    seed: int = 0
    _pools: dict[int, Ints] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """Both images as one."""
        if value not in self._pools:
            self._pools[value] = np.flatnonzero(self.simple.labels == value)
        pool = self._pools[value]
        if not len(pool):
            raise InputError(
                f"Expected a simple image for every class, but there is none for class {value}; "
                "use simple images with at least as many classes as the complex ones"
            )
        which, swapped = random_of_row(self.seed, row).random(2)
        other = self.simple.image(int(pool[int(which * len(pool))]))
        if other.shape[:2] != image.shape[:2]:
            other = resize(other, image.shape[1])
        if other.ndim != image.ndim:
            other, image = as_colour(other), as_colour(image)
        if self.layout == "above":
            return np.concatenate([other, image], axis=0)
        return np.concatenate([image, other] if swapped < 0.5 else [other, image], axis=1)


def letters(word: str, height: int) -> Plane:
    """A word as a plane with values in [0, 1], cut to its letters."""
    pil, draw, font = (
        need(f"PIL.{part}", extra="vision") for part in ("Image", "ImageDraw", "ImageFont")
    )
    canvas = pil.new("L", (4 * height * max(len(word), 1), 4 * height))
    draw.Draw(canvas).text((height, height), word, fill=255, font=font.load_default(height))
    drawn = np.asarray(canvas.crop(canvas.getbbox()), np.float32)
    return drawn / np.float32(255)


def touched(painter: Painter, image: Pixels, values: int, row: int) -> NDArray[np.bool_]:
    """Which pixels depend on the value of the cue: bool, the height and width that is painted."""
    painted = np.stack([as_colour(painter(image, value, row)) for value in range(values)])
    found: NDArray[np.bool_] = (painted != painted[:1]).any((0, 3))
    return found


def _across(height: int, width: int, angle: float) -> NDArray[np.float64]:
    down, right = np.mgrid[:height, :width]
    found: NDArray[np.float64] = right * math.cos(angle) + down * math.sin(angle)
    return found
