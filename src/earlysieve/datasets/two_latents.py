"""Two latent features that tell the label, one more reliably, one more visibly.

The generator of Hermann et al., "On the Foundations of Shortcut Learning", ICLR 2024: the
*predictivity* of a latent is the probability that its sign is the label's; its *availability* grows
with the amplification and falls with the number of random layers in which it is nested.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve.datasets.checks import class_ids
from earlysieve.datasets.slabs import random_rotation
from earlysieve.errors import InputError

Floats = NDArray[np.float64]


def latent(labels: ArrayLike, predictivity: float, *, seed: int = 0) -> Floats:
    """Normal values of variance 1 whose sign is the label's with probability `predictivity`.

    z ~ N((2y - 1) mu, 1) with mu the normal quantile of the predictivity.

    Args:
        labels: shape (N,), 0 or 1.
        predictivity: in [0.5, 1).
        seed: of a generator of its own.

    Returns:
        Shape (N,).

    Raises:
        InputError: `predictivity` is out of range.
    """
    from scipy.stats import norm

    if not 0.5 <= predictivity < 1:
        raise InputError(
            f"Expected predictivity to be in [0.5, 1), but got {predictivity}; 0.5 tells nothing"
        )
    array = class_ids(labels, 2)
    noise = np.random.default_rng(seed).standard_normal(len(array))
    return (2 * array - 1) * float(norm.ppf(predictivity)) + noise


def embed(
    latents: ArrayLike,
    *,
    amplify: ArrayLike,
    nest: ArrayLike = 0,
    dimensions: int = 50,
    noise: float = 0.0,
    seed: int = 0,
    noise_seed: int = 0,
) -> Floats:
    """Put latents into a space of many dimensions, each along a direction of its own.

    x = sum_i a_i w_i f_i(z_i) + noise, with random orthogonal directions w_i and f_i a stack of
    n_i random layers with tanh (the identity where n_i = 0).

    Args:
        latents: shape (N, K).
        amplify: a_i, one value or K.
        nest: n_i, one value or K.
        dimensions: of the space, >= K.
        noise: standard deviation of normal noise on every coordinate.
        seed: of directions and layers: the same for training and test.
        noise_seed: of the noise.

    Returns:
        Shape (N, dimensions).

    Raises:
        InputError: there are fewer dimensions than latents.
    """
    table = np.asarray(latents, np.float64)
    count = table.shape[1]
    if dimensions < count:
        raise InputError(
            f"Expected at least as many dimensions as latents ({count}), but got {dimensions}; "
            "use more dimensions"
        )
    sizes = np.broadcast_to(np.asarray(amplify, np.float64), (count,))
    depths = np.broadcast_to(np.asarray(nest, np.int64), (count,))
    directions = random_rotation(dimensions, seed=seed)[:, :count]
    nested = [_nested(table[:, i], int(depths[i]), seed=seed + 1 + i) for i in range(count)]
    features = np.stack(nested, 1) * sizes
    extra = np.random.default_rng(noise_seed).standard_normal((len(table), dimensions))
    return np.asarray(features @ directions.T + noise * extra)


def _nested(values: Floats, depth: int, *, seed: int, width: int = 32) -> Floats:
    """The values after `depth` random layers with tanh, with mean 0 and deviation 1."""
    if not depth:
        return values
    rng = np.random.default_rng(seed)
    hidden = values[:, None]
    for _ in range(depth):
        weight = rng.standard_normal((hidden.shape[1], width)) * np.sqrt(2 / hidden.shape[1])
        hidden = np.tanh(hidden @ weight + 0.5 * rng.standard_normal(width))
    out = hidden @ rng.standard_normal(width)
    return np.asarray((out - out.mean()) / max(float(out.std()), 1e-9))
