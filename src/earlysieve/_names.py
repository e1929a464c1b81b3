"""Errors about layer names, with the names that were probably meant."""

import difflib
from collections.abc import Iterable

from earlysieve.errors import LayerError


def near_names(name: str, known: Iterable[str], limit: int = 5) -> list[str]:
    """Up to `limit` known names that resemble `name`, best first."""
    candidates = list(known)
    close = difflib.get_close_matches(name, candidates, n=limit, cutoff=0.5)
    inside = [c for c in candidates if name and (name in c or c in name) and c not in close]
    return (close + inside)[:limit]


def no_such_layer(name: str, known: Iterable[str]) -> LayerError:
    """The error for a layer that the model does not have."""
    candidates = [candidate for candidate in known if candidate]
    near = near_names(name, candidates) or candidates[:5]
    shown = ", ".join(f"'{candidate}'" for candidate in near) or "none"
    return LayerError(
        f"Expected a layer of the model, but got '{name}', which it does not have; "
        f"near names are: {shown}"
    )
