"""What swaps found: shares with intervals, by part. Any of them may be missing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from earlysieve.auditing.swaps.words import WordFound
from earlysieve.groups.accuracy import wilson_interval

# Why a part was not swapped.
SPENT = "the budget is spent"


@dataclass(frozen=True)
class Share:
    """`hits` of `count`."""

    hits: int = 0
    count: int = 0

    @property
    def value(self) -> float:
        """In [0, 1]; NaN where nothing was counted."""
        return self.hits / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% Wilson interval; (0, 1) where nothing was counted."""
        return wilson_interval(self.hits, self.count) if self.count else (0.0, 1.0)

    def __add__(self, other: "Share") -> "Share":
        return Share(self.hits + other.hits, self.count + other.count)


@dataclass(frozen=True)
class SwapPicture:
    """One swap, to be looked at.

    Attributes:
        receiver, donor: positions in the data.
        receiver_label, donor_label: their classes.
        answer: the model's class for what was swapped.
        before, given, after: receiver, donor, and the receiver with the donor's part. Images are
            uint8 (C, H, W); texts are token numbers (T,) without padding; tables are rows (D,).
            `after` is None where the part was swapped inside the network.
    """

    receiver: int
    donor: int
    receiver_label: int
    donor_label: int
    answer: int
    before: Tensor
    given: Tensor
    after: Tensor | None


@dataclass(frozen=True)
class PartFound:
    """What swaps of one part showed.

    Attributes:
        part: its name, as "colour", "spectrum" or "column x3".
        detail: what it is here, in words: the layer, the tokens.
        followed: of receivers and donors of different classes, both read correctly, how many are
            answered with the donor's class after the swap.
        control: the same receivers with that part of another example of their own class: how many
            are answered with the class that the donor has in `followed`. What this share is above
            zero is damage, not reliance.
        kept: of the receivers in `followed`, how many are still answered with their own class.
        mended: of the model's errors, how many are right once they have the part of a random
            example of the true class.
        unmended: the same errors with that part of another example of the predicted class: how
            many are right then; what borderline errors do after any change.
        coverage: share of examples that have the part at all.
        by_class: `followed` by the donor's class.
        dropped: accuracy lost when the part is permuted among examples (tables); NaN elsewhere.
        receivers, donors, errors: positions in the data of the examples that were used.
        answers: the model's class for each receiver with its donor's part.
        pictures: some of the swaps.
        irrelevant: the user said that the answer must not depend on it.
        relevant: the user said that it belongs to the task.
        words: of texts, see `WordFound`.
        telling: of texts, the words that are swapped, as the tokenizer writes them.
        lost_without: of values of a column, see `Leaning.lost_without`; NaN elsewhere.
        in_part: it was changed by what is usual for a class, so that some of it is left behind.
    """

    part: str
    detail: str
    followed: Share
    control: Share
    kept: Share
    mended: Share
    unmended: Share
    coverage: float = 1.0
    by_class: Mapping[int, Share] = field(default_factory=dict)
    dropped: float = math.nan
    receivers: tuple[int, ...] = ()
    donors: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()
    pictures: tuple[SwapPicture, ...] = ()
    irrelevant: bool = False
    words: tuple[WordFound, ...] = ()
    telling: tuple[str, ...] = ()
    lost_without: float = math.nan
    relevant: bool = False
    in_part: bool = False

    @property
    def effect(self) -> float:
        """How much more often the donor is followed than in the control, times the coverage."""
        return self.coverage * (self.followed.value - self.control.value)

    @property
    def mending(self) -> float:
        """How much more often errors are mended than in the control, times the coverage."""
        return self.coverage * (self.mended.value - self.unmended.value)


@dataclass(frozen=True)
class Swaps:
    """All that swaps found.

    Attributes:
        parts: by part, in the order of `effect`, largest first.
        skipped: parts that were not swapped, and why.
        spent: example-forwards of the budget; an example's gradient counts as three. Most rows
            that are asked for `lost_without` are none of it.
        named: parts of which the user said that they must not matter.
        signs: words that single classes have, where these are too many to be swapped as one part.
    """

    parts: tuple[PartFound, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    spent: int = 0
    named: tuple[str, ...] = ()
    signs: tuple[WordFound, ...] = ()

    def of(self, part: str) -> PartFound | None:
        """What was found of a part; None where it was not swapped."""
        return next((found for found in self.parts if found.part == part), None)
