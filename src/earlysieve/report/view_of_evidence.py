"""What the page needs to know of what speaks for or against a shortcut, as plain attributes."""

from typing import Protocol


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
    def relevant(self) -> bool:
        """Whether the user said that it belongs to the task."""

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

    @property
    def relevant(self) -> bool:
        """Whether the user said that it belongs to the task."""


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
