"""How confident a readout is where it is wrong, and where it is right.

Source: DeDiER (WACV 2024), section 3: where a shortcut is, an early readout is nearly as confident
on its errors as elsewhere.
"""

from dataclasses import dataclass

from earlysieve._arrays import Bools, Floats


@dataclass(frozen=True)
class Confidence:
    """Mean margins, in [0, 1]; NaN where there is no such example.

    Attributes:
        on_errors: over the examples that the readout gets wrong.
        on_correct: over those that it gets right.
    """

    on_errors: float
    on_correct: float

    @property
    def ratio(self) -> float:
        """The first over the second; NaN where the second is 0."""
        return self.on_errors / self.on_correct if self.on_correct else float("nan")


def confidence_on_errors(margin: Floats, wrong: Bools) -> Confidence:
    """The mean margin of a readout on its errors and on what it gets right.

    Args:
        margin: difference of the two largest probabilities, shape (N,), in [0, 1].
        wrong: whether the readout is wrong, shape (N,).
    """
    return Confidence(_mean(margin[wrong]), _mean(margin[~wrong]))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
