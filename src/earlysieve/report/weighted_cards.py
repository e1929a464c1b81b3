"""The training examples with the largest weights, ready for the template."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.report.cards import excerpt
from earlysieve.report.words import data_uri, name_of

Show = Callable[[int], bytes | str | None]


@dataclass(frozen=True)
class WeightedCard:
    """One example: its picture or text, its label and its mean weight."""

    index: int
    image: str | None
    text: str | None
    label: str
    label_number: int
    weight: float
    group: str | None

    @property
    def excerpt(self) -> str:
        """The beginning of a long text, cut between words."""
        return excerpt(self.text or "")


@dataclass(frozen=True)
class Examples:
    """What is known of the training examples, by index."""

    labels: Ints
    groups: Ints
    class_names: Sequence[str]
    group_names: Sequence[str]


def heaviest_cards(weights: Floats, known: Examples, show: Show, count: int) -> list[WeightedCard]:
    """Up to `count` examples with a mean weight above 1, the heaviest first.

    Raises:
        InputError: `show` gives bytes that are neither PNG nor JPEG.
    """
    order = np.argsort(-weights, kind="stable")[:count]
    return [_card(int(i), float(weights[i]), known, show) for i in order if weights[i] > 1]


def class_counts(cards: Sequence[WeightedCard]) -> list[tuple[int, str, int]]:
    """Number, name and count of each class among the cards."""
    names = {card.label_number: card.label for card in cards}
    numbers = [card.label_number for card in cards]
    return [(number, names[number], numbers.count(number)) for number in sorted(names)]


def _card(index: int, weight: float, known: Examples, show: Show) -> WeightedCard:
    seen, label, group = show(index), int(known.labels[index]), int(known.groups[index])
    return WeightedCard(
        index=index,
        image=data_uri(seen) if isinstance(seen, bytes) else None,
        text=seen if isinstance(seen, str) else None,
        label=name_of(known.class_names, label, "class"),
        label_number=label,
        weight=weight,
        group=name_of(known.group_names, group, "group") if group >= 0 else None,
    )
