"""Whether there are enough suspects in each class to learn something from."""

from collections.abc import Sequence

import torch
from torch import Tensor

from earlysieve.datasets.example_groups import Groups
from earlysieve.errors import InputError

_LISTED = 8


def suspects_by_class(groups: Groups, labels: Tensor, num_classes: int | None = None) -> list[int]:
    """Suspects of class 0, 1, ... among the examples of known group.

    Where groups say nothing of suspects, those are counted that are outside the largest group of
    their class.

    Args:
        groups: of N examples.
        labels: int64, shape (N,).
        num_classes: C; None: from the labels.
    """
    if len(labels) != len(groups):
        raise InputError(
            f"Expected labels of {len(groups)} examples, as the groups are, but got {len(labels)}; "
            "pass one per example"
        )
    known = groups.numbers >= 0
    count = num_classes or int(labels.max()) + 1
    if groups.suspects is not None:
        return torch.bincount(labels[known & groups.suspects], minlength=count).tolist()
    from earlysieve.grouping.agreement import outside_largest

    outside = outside_largest(groups.numbers[known].numpy(), labels[known].numpy())
    return torch.bincount(labels[known][torch.from_numpy(outside)], minlength=count).tolist()


def check_enough(
    groups: Groups,
    labels: Tensor,
    at_least: int = 5,
    *,
    class_names: Sequence[str] = (),
) -> list[int]:
    """Refuse groups with too few suspects in a class, which balancing would only repeat.

    Args:
        groups: of N examples.
        labels: int64, shape (N,).
        at_least: suspects in each class that occurs, >= 1.
        class_names: for messages.

    Returns:
        Suspects of class 0, 1, ...

    Raises:
        InputError: a class has fewer; the message counts them by class.
    """
    if at_least < 1:
        raise InputError(f"Expected at_least to be 1 or more, but got {at_least}; pass 1 or more")
    found = suspects_by_class(groups, labels)
    occurring = torch.bincount(labels, minlength=len(found)).tolist()
    few = [k for k, many in enumerate(occurring) if many and found[k] < at_least]
    if few:
        named = ", ".join(
            f"{found[k]} of {class_names[k] if k < len(class_names) else f'class {k}'}"
            for k in few[:_LISTED]
        )
        more = f" and {len(few) - _LISTED} classes more" if len(few) > _LISTED else ""
        raise InputError(
            f"Expected at least {at_least} suspects in each class, but '{groups.source}' gives "
            f"{named}{more}; take more examples, another source of groups such as 'xrm', or lower "
            "min_suspects"
        )
    return found
