"""What a part is to the runner: a name, who has it, and how to swap it."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from earlysieve._arrays import Bools, Ints
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.model.batch import Inputs

Swap = Callable[[Ints, Ints], tuple[Tensor, Inputs | None]]


@dataclass(frozen=True)
class Part:
    """A part that can be swapped.

    Attributes:
        name: as "colour", "column x3".
        swap: `swap(receivers, donors)`, rows of the pool, gives the model's classes for receivers
            with the donors' part, int64, and the inputs it was asked with; None where the swap
            happened inside the network.
        usable: which rows of the pool have the part, (P,).
        cost: example-forwards per swap, at most.
        detail: what it is here, in words.
        words: the words that it is made of, in texts.
        telling: all of them as the tokenizer writes them, where `words` are the most misleading.
        decides: whether a verdict may rest on it; else it is tried on a few pairs only, unless the
            user named it.
        donors: which rows give it to others, (P,); None: all that have it.
        errors: which errors are given that of another, (P,); None: all that have it.
        speaks: the class of which it speaks in each row of the pool or -1 (P,), where it is values
            of a column that only some rows have; None: it is nothing of the kind.
        coverage_of: share of examples that have it where `usable` does not tell that.
        at_once: pairs that are tried at once, the control of which is known without asking; 0: as
            many as of other parts.
        in_part: whether a swap changes it by what is usual, so that some of it is left behind.
        rests: whether a verdict rests on its swaps alone, so that more of them are tried at once.
    """

    name: str
    swap: Swap
    usable: Bools
    cost: int = 1
    detail: str = ""
    words: tuple[WordFound, ...] = ()
    telling: tuple[str, ...] = ()
    decides: bool = True
    donors: Bools | None = None
    errors: Bools | None = None
    speaks: Ints | None = None
    coverage_of: float | None = None
    rests: bool = False
    in_part: bool = False
    at_once: int = 0

    @property
    def coverage(self) -> float:
        """Share of examples that have it."""
        return float(self.usable.mean()) if self.coverage_of is None else self.coverage_of
