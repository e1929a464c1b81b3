"""Short names of the first images, signals or texts of an audit: are those of another the same?

Rows have no names but their numbers, and other data may have the same labels. What tables hold is
told by their columns, see `earlysieve.auditing.rows_told`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve.model.batch import Batch, tensors_of

KEY = "first_inputs"
TOKENS = "tokens"
_FIRST = 64
# Ties of continuous values may fall otherwise where the scale is another.
_SAME = 0.9


def first_told(batch: Batch) -> dict[int, tuple[str, str]]:
    """The form and a short name of those inputs of a batch that are among the first of the data.

    The name is SHA-256, cut to 8 digits, of the ranks of the values of each channel, which no
    change of its scale alters; of token numbers it is of these, without padding. What has one
    number for each column has none.

    Args:
        batch: with indices.
    """
    if batch.index is None:
        return {}
    index = batch.index.detach().cpu().tolist()
    rows = [row for row, number in enumerate(index) if number < _FIRST]
    told = {index[row]: _told(batch, row) for row in rows}
    return {number: one for number, one in told.items() if one is not None}


def kept_of(told: Mapping[int, tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """What the configuration of an audit keeps; nothing of tables or of inputs of several forms."""
    forms = sorted({form for form, _ in told.values()})
    if len(forms) != 1:
        return {}
    return {KEY: {"form": forms[0], "names": [told[number][1] for number in sorted(told)]}}


def form_of(kept: Mapping[str, Any] | None) -> str:
    """The form of the inputs that an audit kept; empty where it kept none."""
    return str((kept or {}).get("form", ""))


def are_other_inputs(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether the first inputs of one form are others, by their names.

    Args:
        ours, theirs: as `kept_of` tells them.
    """
    pairs = list(zip(ours, theirs, strict=False))
    same = sum(one == other for one, other in pairs)
    return len(ours) != len(theirs) or same < _SAME * len(pairs)


def _told(batch: Batch, row: int) -> tuple[str, str] | None:
    forms, digest = [], hashlib.sha256()
    for value in tensors_of(batch.inputs):
        if value.ndim < 2 or len(value) != len(batch):
            continue
        one = value[row].detach().cpu()
        if one.ndim > 1:
            forms.append("x".join(map(str, one.shape)))
            digest.update(_ranks(one))
        elif not one.is_floating_point():
            forms.append(TOKENS)
            digest.update(_unpadded(one))
    return (", ".join(forms), digest.hexdigest()[:8]) if forms else None


def _ranks(one: Tensor) -> bytes:
    channels = one.float().flatten(1).numpy()
    found = [np.unique(values, return_inverse=True)[1] for values in channels]
    return np.stack(found).astype(np.int64).tobytes()


def _unpadded(one: Tensor) -> bytes:
    tokens = one.to(torch.int64).numpy()
    used = np.flatnonzero(tokens)
    return tokens[: used[-1] + 1].tobytes() if len(used) else b""
