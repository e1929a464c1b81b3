"""What the page needs to know, as plain attributes: any object that has them can be shown."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


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


class LeaningLike(Protocol):
    """A simple thing and the model's errors; shares in [0, 1], NaN where not known."""

    @property
    def name(self) -> str:
        """Of a property of the inputs, or the view of a layer."""

    @property
    def of_network(self) -> bool:
        """Whether it is a view of a layer."""

    @property
    def reads(self) -> float:
        """What a reader of it achieves, of what the model achieves above chance."""

    @property
    def misread(self) -> int:
        """Examples that the reader gets wrong."""

    @property
    def accuracy(self) -> float:
        """The model's on these."""

    @property
    def accuracy_else(self) -> float:
        """The model's on the others."""

    @property
    def explained(self) -> int:
        """Errors of the model that are the reader's answer."""

    @property
    def recovered(self) -> float:
        """Share of these on which another property speaks for the label."""

    @property
    def recovered_by(self) -> str:
        """Which one."""

    @property
    def followed(self) -> float:
        """How much more often than by chance answers follow it when it is swapped."""

    @property
    def mended(self) -> float:
        """How much more often than by chance errors are right then."""

    @property
    def irrelevant(self) -> bool:
        """Whether the user said that it must not matter."""

    @property
    def evidence(self) -> float:
        """What speaks for a shortcut, less what speaks against it."""


class WordLike(Protocol):
    """A word that tells a class, and what the model says where it contradicts the label."""

    @property
    def word(self) -> str:
        """It."""

    @property
    def speaks_for(self) -> str:
        """Name of the class."""

    @property
    def texts(self) -> int:
        """How many hold it."""

    @property
    def against(self) -> int:
        """How many of these are of other classes."""

    @property
    def followed(self) -> float:
        """Share of these that the model takes for the class; NaN where there are none."""


class PartLike(Protocol):
    """What swaps of one part showed; shares in [0, 1]."""

    @property
    def part(self) -> str:
        """Its name."""

    @property
    def detail(self) -> str:
        """What it is here."""

    @property
    def pairs(self) -> int:
        """Swaps between examples of different classes."""

    @property
    def followed(self) -> float:
        """Share of these that are answered with the other's class."""

    @property
    def control(self) -> float:
        """The same by chance."""

    @property
    def errors(self) -> int:
        """Errors that were given the part of the true class."""

    @property
    def mended(self) -> float:
        """Share of these that are right then."""

    @property
    def unmended(self) -> float:
        """The same by chance."""

    @property
    def irrelevant(self) -> bool:
        """Whether the user said that it must not matter."""


class SurvivedLike(Protocol):
    """How often the model is right on a sample of which something was taken away."""

    @property
    def change(self) -> str:
        """What was done."""

    @property
    def examples(self) -> int:
        """How many were drawn."""

    @property
    def accuracy(self) -> float:
        """The model's, in [0, 1]."""

    @property
    def low(self) -> float:
        """Lower end of its 95% interval."""

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


class GroupsLike(Protocol):
    """Accuracy per known group."""

    @property
    def table(self) -> "pd.DataFrame":
        """Columns group, name, n, accuracy, low, high."""

    @property
    def average(self) -> float:
        """Over examples."""

    @property
    def unknown(self) -> int:
        """How many examples have no known group and are left out."""

    @property
    def reweighted_average(self) -> float:
        """Over groups, weighted as in `reweighted_to`."""

    @property
    def reweighted_to(self) -> str:
        """What the weights stand for, in words."""

    @property
    def worst_group(self) -> int:
        """Number of the group with the lowest accuracy."""

    @property
    def worst_group_name(self) -> str:
        """Its name."""

    @property
    def worst_accuracy(self) -> float:
        """Its accuracy."""

    @property
    def gap(self) -> float:
        """Best minus worst."""


class PieceLike(Protocol):
    """Words that stand together."""

    @property
    def text(self) -> str:
        """The words."""

    @property
    def marked(self) -> bool:
        """Whether they are what is to be seen: swapped, or speaking for an answer."""


class PictureLike(Protocol):
    """One example as a person should see it; its figures are looked up in `examples`."""

    @property
    def index(self) -> int:
        """Row of the data set."""

    @property
    def kind(self) -> str:
        """One of "image", "text"."""

    @property
    def role(self) -> str:
        """One of "flagged", "correct", or the name of a pile."""

    @property
    def image(self) -> bytes | None:
        """PNG or JPEG."""

    @property
    def text(self) -> str | None:
        """The example itself, where it is a text."""

    @property
    def pieces(self) -> Sequence[PieceLike]:
        """The text with words marked that speak for the readout's answer; empty if unknown."""

    @property
    def heatmap(self) -> bytes | None:
        """The image with a Grad-CAM map over it, PNG or JPEG."""


class SwapPictureLike(Protocol):
    """One swap between two examples, as small images in PNG or JPEG."""

    @property
    def part(self) -> str:
        """What was swapped."""

    @property
    def receiver(self) -> int:
        """Row of the data set."""

    @property
    def donor(self) -> int:
        """Row of the data set."""

    @property
    def receiver_label(self) -> int:
        """Class number."""

    @property
    def donor_label(self) -> int:
        """Class number."""

    @property
    def answer(self) -> int:
        """The model's class for what was swapped."""

    @property
    def before(self) -> bytes:
        """The receiver."""

    @property
    def given(self) -> bytes:
        """The donor."""

    @property
    def after(self) -> bytes | None:
        """The receiver with the donor's part."""


class SwapTextLike(Protocol):
    """One swap between two texts."""

    @property
    def part(self) -> str:
        """What was swapped."""

    @property
    def receiver_label(self) -> int:
        """Class number."""

    @property
    def donor_label(self) -> int:
        """Class number."""

    @property
    def answer(self) -> int:
        """The model's class for what was swapped."""

    @property
    def before(self) -> Sequence[PieceLike]:
        """The receiver."""

    @property
    def given(self) -> Sequence[PieceLike]:
        """The donor."""

    @property
    def after(self) -> Sequence[PieceLike]:
        """The receiver with the donor's part."""


class ChangedLike(Protocol):
    """One example with something taken away."""

    @property
    def change(self) -> str:
        """What was done."""

    @property
    def label(self) -> int:
        """Class number."""

    @property
    def answer(self) -> int:
        """The model's class for it."""

    @property
    def image(self) -> bytes | None:
        """PNG or JPEG, where it is an image."""

    @property
    def text(self) -> str | None:
        """What is left, where it is a text."""


class ReportData(Protocol):
    """A finished audit.

    `layers` has the columns layer, depth, features, accuracy, loss, margin_on_errors,
    margin_on_correct, errors, flagged, confidence_ratio, auroc; `examples` the columns index, id,
    label, prediction, confidence, group, readout_prediction, margin, shortcut_score, flagged; in
    audits with piles also pile, and for each reader "score of NAME".
    An attribute `identity`, hexadecimal digits, is put into the page where there is one.
    """

    @property
    def layers(self) -> "pd.DataFrame":
        """One row per readout."""

    @property
    def examples(self) -> "pd.DataFrame":
        """One row per example."""

    @property
    def summary(self) -> SummaryLike:
        """The answer."""

    @property
    def groups(self) -> GroupsLike | None:
        """Per group, where known."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Settings; "command", "model" and "data" are shown by name where present."""

    @property
    def notes(self) -> Sequence[str]:
        """Remarks on how the audit ran."""

    @property
    def class_names(self) -> Sequence[str]:
        """By class number; may be empty."""

    @property
    def group_names(self) -> Sequence[str]:
        """By group number; may be empty."""

    @property
    def pictures(self) -> Sequence[PictureLike]:
        """Examples to show."""

    @property
    def swap_pictures(self) -> Sequence[SwapPictureLike]:
        """Swaps to show."""

    @property
    def swap_texts(self) -> Sequence[SwapTextLike]:
        """Swaps of texts to show."""

    @property
    def changed_pictures(self) -> Sequence[ChangedLike]:
        """One example with something taken away, as it is first."""
