"""The published way to weights: a fresh readout, one epoch on frozen features, one scoring pass.

Source: DeDiER (WACV 2024, arXiv 2310.18590), section 3. It is kept as the oracle for the online
way, which needs no pass of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earlysieve.distill.look import check_classes, look_at
from earlysieve.distill.reader import EarlyReader, judge
from earlysieve.model.batch import Batch
from earlysieve.model.capture import capture
from earlysieve.model.state import device_of, evaluating, preserved_rng
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.training.loading import Data, Source, load_batches, open_source
from earlysieve.training.sampling import EpochSampler, split_batches


@dataclass(frozen=True)
class Judgement:
    """What a readout says of every example, in the order of the data.

    Attributes:
        wrong: bool, shape (N,).
        margin: float32, shape (N,), in [0, 1].
        groups: int64, shape (N,), -1 where unknown.
    """

    wrong: Tensor
    margin: Tensor
    groups: Tensor


def published_reweight(
    model: nn.Module,
    data: Data,
    *,
    layer: str,
    num_classes: int,
    readout: Head | nn.Module | None = None,
    readout_lr: float = 1e-2,
    readout_weight_decay: float = 1e-4,
    batch_size: int = 64,
    num_workers: int = 0,
    seed: int = 0,
    stop: bool = True,
) -> Judgement:
    """Train a fresh readout for one epoch on the frozen model, then judge every example.

    The model is in evaluation mode and without gradients throughout: no parameter, buffer, mode or
    random state changes.

    Args:
        model: any classifier.
        data: the training data, as `fit` takes them.
        layer, num_classes, readout, readout_lr, readout_weight_decay: see `DebiasedDistillation`.
        batch_size, num_workers: of both passes.
        seed: of the readout's initialisation and the order.
        stop: break passes off at the layer; False runs the whole network, as the authors do.

    Raises:
        InputError, DataError, LayerError: data, layer or number of classes do not fit.
    """
    recipe = LinearHead() if readout is None else readout
    reader = EarlyReader(
        layer, recipe, num_classes, lr=readout_lr, weight_decay=readout_weight_decay
    )
    source = open_source(data, num_workers=num_workers, ordered=False)
    shuffled = EpochSampler(len(source), batch_size, seed=seed).batches(0)
    in_order = split_batches(list(range(len(source))), 2 * batch_size)
    with preserved_rng(), evaluating(model), torch.no_grad():
        _start(reader, model, source, seed)
        for batch, features in _passes(model, reader, source, shuffled, (seed, 0), stop):
            reader.learn(features, batch.mask, batch.labels, together=False)
        return _judge_all(reader, _passes(model, reader, source, in_order, (seed, 1), stop))


def _start(reader: EarlyReader, model: nn.Module, source: Source, seed: int) -> None:
    batch = next(load_batches(Source(source.dataset, source.collate, 0), [[0]], key=(seed,)))
    plan, found = look_at(model, batch.to(device_of(model)), reader.layer)
    check_classes(found, reader.num_classes, who="model", source="as num_classes says")
    reader.restart(plan, device_of(model), seed=seed)


def _passes(
    model: nn.Module,
    reader: EarlyReader,
    source: Source,
    plan: Sequence[Sequence[int]],
    key: tuple[int, int],
    stop: bool,
) -> Iterator[tuple[Batch, Tensor]]:
    for batch in load_batches(source, plan, key=key):
        batch = batch.to(device_of(model))
        keep = reader.features(batch.mask)
        found = capture(model, batch.inputs, [reader.layer], stop=stop, transform=keep)
        yield batch, found.outputs[reader.layer]


def _judge_all(reader: EarlyReader, passes: Iterator[tuple[Batch, Tensor]]) -> Judgement:
    wrong, margin, groups = [], [], []
    for batch, features in passes:
        errs, sure = judge(reader.read(features, batch.mask), batch.labels)
        unknown = torch.full_like(batch.labels, -1)
        wrong.append(errs.cpu())
        margin.append(sure.cpu())
        groups.append((unknown if batch.groups is None else batch.groups).cpu())
    return Judgement(torch.cat(wrong), torch.cat(margin), torch.cat(groups))
