"""Groups within classes, and weights with which they count equally."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.errors import InputError

_LISTED = 5
NO_COUNTER_EXAMPLES = (
    "Where hardly an example goes against a shortcut, no groups of these data mend it, whatever "
    "infers them: that takes other data in which more do"
)


class SmallGroupError(InputError):
    """A group within a class has fewer examples than `min_group` asks for.

    Attributes:
        found: what was expected and what came, for those who can follow other advice.
        smallest: the size of the smallest.
    """

    def __init__(self, found: str, smallest: int) -> None:
        super().__init__(
            f"{found}; add held-out examples, take groups from another source, or set "
            f"min_group={smallest} to use groups as small as these. {NO_COUNTER_EXAMPLES}"
        )
        self.found, self.smallest = found, smallest


@dataclass(frozen=True)
class Cells:
    """The pairs (label, group) that occur among examples of known group.

    Attributes:
        of: int64, shape (N,), the cell of each example; -1 where the group is unknown.
        label: int64, shape (K,), of each cell.
        group: int64, shape (K,), of each cell.
        size: int64, shape (K,).
    """

    of: Tensor
    label: Tensor
    group: Tensor
    size: Tensor

    @classmethod
    def found(cls, labels: Tensor, groups: Tensor) -> "Cells":
        """The cells of labels and groups, int64, shape (N,), groups -1 where unknown."""
        known = groups >= 0
        pairs = torch.stack([labels[known], groups[known]], 1)
        kinds, numbers, size = torch.unique(pairs, dim=0, return_inverse=True, return_counts=True)
        of = torch.full_like(labels, -1)
        of[known] = numbers
        return cls(of, kinds[:, 0], kinds[:, 1], size)

    def check(self, min_group: int, names: Sequence[str] = ()) -> None:
        """Check that there is something to balance, and enough of it.

        Args:
            min_group: the fewest examples of a group within a class.
            names: of group 0, 1, ..., for the message.

        Raises:
            InputError: no class has two groups.
            SmallGroupError: a group within a class is smaller than `min_group`.
        """
        if len(self.label) == len(torch.unique(self.label)):
            raise InputError(
                "Expected a class with two groups at least, since balancing groups would change "
                f"nothing otherwise, but got one in each of {len(self.label)} classes"
                f"{self._missing(names)}; take groups from another source, or use a method "
                f"without groups: 'afr'. {NO_COUNTER_EXAMPLES}"
            )
        small = (self.size < min_group).nonzero().squeeze(1).tolist()
        if small:
            named = ", ".join(
                f"{int(self.size[k])} of class {int(self.label[k])} in group "
                f"{_name(int(self.group[k]), names)}"
                for k in small[:_LISTED]
            )
            others = len(small) - _LISTED
            more = (
                "" if others <= 0 else f" and {others} small group{'s' if others > 1 else ''} more"
            )
            raise SmallGroupError(
                f"Expected at least {min_group} examples of each group within its class, but got "
                f"{named}{more}{self._missing(names)}",
                int(self.size.min()),
            )

    def _missing(self, names: Sequence[str]) -> str:
        """Which groups have no example, and how many examples are in no group."""
        single = [k for k in sorted(set(self.label.tolist())) if int((self.label == k).sum()) == 1]
        empty = sorted(set(range(len(names))) - set(self.group.tolist()))
        listed = ", ".join(_name(k, names) for k in empty[:_LISTED])
        unknown = int((self.of < 0).sum())
        told = [f"no example in {listed}"] if empty else []
        if single and not empty:
            told.append(f"only one group in class {', '.join(map(str, single[:_LISTED]))}")
        if unknown:
            told.append(
                f"{unknown} in no group, as an audit leaves out those whose labels look wrong, "
                "which exceptions to an almost total shortcut do"
            )
        return f" ({'; '.join(told)})" if told else ""

    def weights(self) -> Tensor:
        """Weights, float64, shape (N,), with sum 1; 0 where the group is unknown.

        Classes count equally, and within each class its groups: 1 / (C K_c n_k) for an example of
        cell k in class c. Where all classes have as many groups, all groups count equally.
        """
        classes, position, cells = torch.unique(self.label, return_inverse=True, return_counts=True)
        each = 1.0 / (len(classes) * cells[position].double() * self.size.double())
        return torch.where(self.of >= 0, each[self.of.clamp(min=0)], 0.0)

    def subset(self, generator: torch.Generator) -> Tensor:
        """Rows of a random subset with as many examples of each cell as the smallest has."""
        count = int(self.size.min())
        order = torch.randperm(len(self.of), generator=generator)
        rows = [order[self.of[order] == cell][:count] for cell in range(len(self.size))]
        return torch.cat(rows).sort().values


def _name(group: int, names: Sequence[str]) -> str:
    return f"'{names[group]}'" if group < len(names) else str(group)


def class_weights(labels: Tensor) -> Tensor:
    """Weights, float64, shape (N,), with sum 1, with which the classes that occur count equally."""
    counts = labels.bincount().double()
    return 1.0 / (counts[labels] * int((counts > 0).sum()))
