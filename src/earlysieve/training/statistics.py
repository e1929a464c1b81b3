"""BatchNorm statistics that belong to the weights as they are."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import Batch, call_model
from earlysieve.model.state import device_of, evaluating
from earlysieve.training.loading import Data, load_batches, open_source
from earlysieve.training.sampling import EpochSampler


def refresh_statistics(
    model: nn.Module,
    data: Data,
    *,
    batch_size: int = 64,
    most_batches: int | None = None,
    seed: int = 0,
    num_workers: int = 0,
) -> int:
    """Compute the running statistics of all BatchNorm layers anew, for the weights as they are.

    During training they are moving averages over earlier weights. Forgetting changes the
    activations of an early part behind each step that counted them, so that after a sieve they can
    lag far behind; then accuracy in evaluation mode is lower than the network's own. Here each
    becomes the mean of batch statistics over one pass, weighted by the sizes of batches ("precise
    BN", Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, arXiv 2105.07576, section 3).
    Nothing else of the model changes; layers other than BatchNorm run in evaluation mode. A last
    batch of one example is left out.

    Args:
        model: on any device; BatchNorm layers without running statistics are left alone.
        data: training data, in random order.
        batch_size: examples per batch, as in training, >= 2.
        most_batches: stop after so many; None: one whole pass.
        seed: of the order and of augmentations; global random states stay.
        num_workers: processes that load data.

    Returns:
        How many layers were refreshed; without any, data are not read.

    Raises:
        InputError: the batch size is below 2, or `most_batches` below 1.
        DataError: there are no two examples.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> norm = torch.nn.BatchNorm1d(8)
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), norm, torch.nn.Linear(8, 2))
        >>> es.refresh_statistics(net, (torch.randn(100, 4), torch.arange(100) % 2))
        1
    """
    if batch_size < 2 or (most_batches is not None and most_batches < 1):
        raise InputError(
            "Expected batch_size to be at least 2 and most_batches at least 1, but got "
            f"{batch_size} and {most_batches}; statistics need batches of several examples"
        )
    layers = batch_norms(model)
    if not layers:
        return 0
    source = open_source(data, num_workers=num_workers, ordered=False)
    order = several(EpochSampler(len(source), batch_size, seed=seed).batches(0), most_batches)
    if not order:
        raise DataError(
            f"Expected at least two examples to compute statistics from, but got {len(source)}; "
            "pass the training data"
        )
    average_over(model, layers, load_batches(source, order, key=(seed,)))
    return len(layers)


def several(plan: Sequence[Sequence[int]], most: int | None = None) -> Sequence[Sequence[int]]:
    """The first batches of a plan that hold several examples: one alone has no statistics."""
    if most is None and len(plan) == sum(1 for rows in plan if len(rows) > 1):
        return plan
    return list(islice((rows for rows in plan if len(rows) > 1), most))


def average_over(model: nn.Module, layers: list[_BatchNorm], batches: Iterable[Batch]) -> None:
    """Make the layers' running statistics the means over these batches, of which there is one.

    See `refresh_statistics`.
    """
    device, seen = device_of(model), 0
    with evaluating(model), _averaging(layers), torch.no_grad():
        for batch in batches:
            seen += len(batch)
            for layer in layers:
                layer.momentum = len(batch) / seen
            call_model(model, batch.to(device).inputs)


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """The layers that keep running statistics."""
    return [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]


@contextmanager
def _averaging(layers: list[_BatchNorm]) -> Iterator[None]:
    """Let layers count batches of the block; their old statistics come back if it fails."""
    before = [(layer, layer.momentum, _copies(layer)) for layer in layers]
    try:
        for layer in layers:
            layer.reset_running_stats()
            layer.training = True
        yield
    except BaseException:
        for layer, _, statistics in before:
            for name, value in statistics.items():
                getattr(layer, name).copy_(value)
        raise
    finally:
        for layer, momentum, _ in before:
            layer.momentum = momentum


def _copies(layer: _BatchNorm) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in layer.named_buffers(recurse=False)}
