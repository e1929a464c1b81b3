"""The published way to weights: a fresh readout, one epoch on frozen features, one scoring pass.

Source: DeDiER (WACV 2024, arXiv 2310.18590), section 3. It is kept as the oracle for the online
way, which needs no pass of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earlysieve.model.batch import Batch
from earlysieve.model.capture import capture
from earlysieve.model.first_look import check_classes, look_at
from earlysieve.model.state import device_of, evaluating, preserved_rng
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.training.loading import Data, Source, load_batches, open_source
from earlysieve.training.sampling import EpochSampler, split_batches
from earlysieve.weighting.early_reader import EarlyReader, mistakes
from earlysieve.weighting.indexing import checked_index
from earlysieve.weighting.shared_work import SharedWork


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
    together: bool = False,
) -> Judgement:
    """Train a fresh readout for one epoch on the frozen model, then judge every example.

    The model is in evaluation mode and without gradients throughout: no parameter, buffer, mode or
    random state changes.

    Args:
        model: any classifier.
        data: the training data, as `fit` takes them.
        layer: name of the layer whose output the readout sees.
        num_classes: C >= 2.
        readout: a head, or a module (copied); None: `LinearHead()`.
        readout_lr: learning rate of the readout's Adam, >= 0.
        readout_weight_decay: weight decay of the readout's Adam, >= 0.
        batch_size: examples per update, >= 1; judging takes twice as many.
        num_workers: processes that load the data, >= 0.
        seed: seed of the readout's initialisation and of the order.
        stop: break passes off at the layer; False runs the whole network, as the authors do.
        together: share both passes among the processes that train together, all of which call this
            at the same time with the same data; each gets the whole judgement, that of the first
            process's BatchNorm statistics.

    Raises:
        InputError, DataError, LayerError: data, layer or number of classes do not fit.
    """
    recipe = LinearHead() if readout is None else readout
    reader = EarlyReader(
        layer, recipe, num_classes, lr=readout_lr, weight_decay=readout_weight_decay
    )
    source = open_source(data, num_workers=num_workers, ordered=False)
    shuffled = EpochSampler(len(source), batch_size, seed=seed).batches(0)
    work = SharedWork() if together else SharedWork(0, 1)
    in_order = split_batches(list(range(work.rank, len(source), work.among)), 2 * batch_size)
    with preserved_rng(), evaluating(model), work.same_buffers(model), torch.no_grad():
        _start(reader, model, source, seed)
        parts = [work.part_of(batch) for batch in shuffled]
        learning = _passes(model, reader, source, parts, work.key(seed, 0), stop)
        for (batch, features), whole in zip(learning, shuffled, strict=True):
            scale = work.scale(len(batch), len(whole))
            reader.learn(features, batch.mask, batch.labels, together=together, scale=scale)
        judging = _passes(model, reader, source, in_order, work.key(seed, 1), stop)
        return _gathered(work, _judge_all(reader, judging, len(source)))


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
    key: tuple[int, ...],
    stop: bool,
) -> Iterator[tuple[Batch, Tensor]]:
    for batch in load_batches(source, plan, key=key):
        batch = batch.to(device_of(model))
        keep = reader.features(batch.mask)
        found = capture(model, batch.inputs, [reader.layer], stop=stop, transform=keep)
        yield batch, found.outputs[reader.layer]


def _judge_all(reader: EarlyReader, passes: Iterator[tuple[Batch, Tensor]], size: int) -> Judgement:
    """What the readout says of the examples passed; of the others: right, margin 0, group -1."""
    said = Judgement(
        torch.zeros(size, dtype=torch.bool),
        torch.zeros(size, dtype=torch.float32),
        torch.full((size,), -1, dtype=torch.int64),
    )
    for batch, features in passes:
        wrong, margin = mistakes(reader.read(features, batch.mask), batch.labels)
        index = checked_index(batch, size)
        said.wrong[index], said.margin[index] = wrong.cpu(), margin.float().cpu()
        if batch.groups is not None:
            said.groups[index] = batch.groups.cpu()
    return said


def _gathered(work: SharedWork, part: Judgement) -> Judgement:
    """The judgements of all processes, each of which judged other examples."""
    wrong, margin = work.total(torch.stack([part.wrong.float(), part.margin]))
    return Judgement(wrong > 0, margin, work.highest(part.groups))
