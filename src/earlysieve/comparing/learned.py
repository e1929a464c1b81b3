"""Audits of examples that the model, or its last layer, has learned from, beside ones of others."""

from collections.abc import Sequence

from earlysieve.comparing.folded import Line
from earlysieve.comparing.labels import labels

_SEEN = "seen_in_training"


def learned_from(lines: Sequence[Line]) -> tuple[str, ...]:
    """That some accuracies are of examples that were learned from, where others are not.

    Args:
        lines: of one comparison.
    """
    seen = [any(one.audit and one.audit.config.get(_SEEN) for one in x.entries) for x in lines]
    if not any(seen) or all(seen):
        return ()
    names = ", ".join(f"'{name}'" for name, one in zip(labels(lines), seen, strict=True) if one)
    return (
        f"{names}: audited on examples that the model, or its last layer, was fitted to. It looks "
        "better there than it is, by how much is not known: compare audits of other examples.",
    )
