"""What texts are about: which words come together in them, whatever they say of the label.

Latent semantic analysis (Deerwester et al., JASIS 1990): the leading right singular vectors of
which words stand in which texts. A topic of many words, as hotels and flights, is told by them; an
opinion, whose words come one by one, is not, but by what they leave out.
"""

import numpy as np

from earlysieve._arrays import Floats

TOPIC, BEYOND_TOPIC = "topic", "words beyond topics"
_DIRECTIONS, _FEWEST, _EVERYWHERE = 16, 3, 0.98


def directions(held: Floats) -> Floats:
    """The leading right singular vectors of which texts hold which words, (D, 16) or fewer.

    Words in fewer than three texts, or in nearly all of them, are left out.

    Args:
        held: above 0 where a text holds a word, shape (N, D).
    """
    holds = (held > 0).astype(np.float64)
    count = holds.sum(0)
    used = (count >= _FEWEST) & (count < _EVERYWHERE * len(held))
    found = np.zeros((held.shape[1], min(_DIRECTIONS, int(used.sum()))))
    if used.any():
        some = holds[:, used]
        found[used] = np.linalg.eigh(some.T @ some)[1][:, ::-1][:, : found.shape[1]]
    return found


def about(held: Floats, along: Floats) -> Floats:
    """Where texts lie along the directions (D, K), each of length 1 or 0, (N, K)."""
    found = (held > 0) @ along
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(length > 0, length, 1))


def beyond(held: Floats, along: Floats) -> Floats:
    """Which words texts hold (N, D), less what the directions (D, K) tell of that."""
    holds = (held > 0).astype(np.float64)
    return np.asarray(holds - holds @ along @ along.T)
