"""What the page needs to know of examples that it shows, as plain attributes."""

from collections.abc import Sequence
from typing import Protocol


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
