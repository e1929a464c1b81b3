"""What the page needs to know of the answer: verdict, evidence, figures, as plain attributes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from earlysieve.report.view_of_evidence import LeaningLike, PartLike, SurvivedLike, WordLike


class EstimateLike(Protocol):
    """A share with its 95% interval."""

    @property
    def value(self) -> float:
        """The share."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""


class SummaryLike(Protocol):
    """The answer in words and key figures; accuracies in [0, 1], NaN where nothing was counted."""

    @property
    def verdict(self) -> str:
        """One of "shortcut", "at risk", "none found", "inconclusive"."""

    @property
    def headline(self) -> str:
        """One sentence."""

    @property
    def explanation(self) -> str:
        """Plain words; blank lines separate paragraphs."""

    @property
    def layer(self) -> str | None:
        """The layer whose readout was used."""

    @property
    def share_flagged(self) -> float:
        """Share of all examples."""

    @property
    def accuracy(self) -> float:
        """The model's, over all examples."""

    @property
    def accuracy_flagged(self) -> float:
        """The model's, over flagged examples."""

    @property
    def accuracy_unflagged(self) -> float:
        """The model's, over the others."""

    @property
    def worst_group(self) -> str | None:
        """Name of the group with the lowest accuracy, where groups are known."""

    @property
    def worst_group_accuracy(self) -> float | None:
        """Its accuracy."""

    @property
    def next_steps(self) -> Sequence[str]:
        """What to do now, one sentence or two each."""

    @property
    def warnings(self) -> Sequence[str]:
        """What makes the answer weaker than it looks."""

    @property
    def leans_on(self) -> str | None:
        """What the verdict is about: the name of one of the leanings."""

    @property
    def reliance(self) -> EstimateLike | None:
        """Accuracy lost where that fails."""

    @property
    def accuracy_where_it_fails(self) -> EstimateLike | None:
        """The model's."""

    @property
    def strength(self) -> float:
        """Sum of the signs; NaN where there are none."""

    @property
    def enough(self) -> float:
        """The strength that is called a shortcut."""

    @property
    def signs(self) -> Mapping[str, float]:
        """What speaks for a shortcut (above 0) or against it, by name."""

    @property
    def signs_in_words(self) -> Mapping[str, str]:
        """A sentence on each of them."""

    @property
    def leanings(self) -> Sequence[LeaningLike]:
        """Of every property and early layer, the strongest first."""

    @property
    def swaps(self) -> Sequence[PartLike]:
        """Of parts, those that answers follow most first."""

    @property
    def words(self) -> Sequence[WordLike]:
        """Of texts, those that most surely mislead first."""

    @property
    def not_swapped(self) -> Mapping[str, str]:
        """Parts that were not swapped, and why."""

    @property
    def not_looked_at(self) -> Mapping[str, str]:
        """Signs that are missing, and why."""

    @property
    def survives(self) -> Sequence[SurvivedLike]:
        """By what was taken away, the sample as it is first; empty where nothing was."""

    @property
    def not_taken(self) -> Mapping[str, str]:
        """What was not taken away, and why."""

    @property
    def piles(self) -> Mapping[str, int]:
        """How many examples are in each pile; empty where there are no piles."""

    @property
    def power(self) -> float:
        """Probability that a shortcut would have been found; NaN where not known."""

    @property
    def examples_needed(self) -> int | None:
        """With how many examples it would be found, where these are too few."""
