"""Images altered as those of one class are: whether answers go to that class."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.alterations.telling import Altered
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.model.batch import Inputs, take

# A share of a tenth is told from none, and from a fifth.
_PAIRS = 120


def alteration_part(
    altered: Altered, features: Floats, pool: Pool, asker: Asker, names: Sequence[str]
) -> Part:
    """Images of other classes that do not look altered get it from images of the class that do.

    Given that of an image that is not altered, as in the control, an image stays as it is.
    """
    looks = altered.seen_in(features)
    own = pool.labels == altered.kind
    known = altered.kind < len(names)
    name = f"'{names[altered.kind]}'" if known else f"class {altered.kind}"

    def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        given = looks[donors]
        rows = torch.as_tensor(receivers)
        images = pool.values[rows].float()
        changed = torch.from_numpy(given)
        if given.any():
            images[changed] = altered.alter(images[changed])
        inputs = pool.carrier.put(take(pool.inputs, rows), images)
        answers = torch.from_numpy(pool.predictions[receivers].copy())
        if given.any():
            some = take(inputs, torch.from_numpy(np.flatnonzero(given)))
            answers[changed] = asker.answers(some).to(answers.dtype)
        return answers, inputs

    return Part(
        altered.name,
        swap,
        ~looks & ~own,
        detail=f"what images of {name} have",
        donors=looks & own,
        coverage_of=1.0,
        at_once=_PAIRS,
    )
