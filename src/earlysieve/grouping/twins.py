"""Twin networks on random halves that talk each other into what is easiest to learn.

Source: Pezeshki, Bouchacourt, Ibrahim, Ballas, Vincent and Lopez-Paz, "Discovering Environments
with XRM", ICML 2024, arXiv 2309.16748, section 4. Written from the paper's formulas.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR

from earlysieve._progress import track
from earlysieve.errors import InputError
from earlysieve.grouping.kept_examples import KeptExamples
from earlysieve.model.batch import Inputs, call_model, check_rows, inputs_to, logits_of
from earlysieve.model.precision import computes_in_bfloat16
from earlysieve.training.randomness import seeded
from earlysieve.training.sampling import EpochSampler, derive_seed

_READ = 512


@dataclass(frozen=True)
class TwinSettings:
    """How twins are trained.

    Attributes:
        epochs: passes over the data, >= 1.
        lr: of Adam, > 0; it falls to 0 by a cosine.
        batch_size: >= 2.
        weight_decay: of AdamW, >= 0.
    """

    epochs: int
    lr: float
    batch_size: int = 64
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        good = self.epochs >= 1 and self.batch_size >= 2 and math.isfinite(self.lr) and self.lr > 0
        if not good or not 0 <= self.weight_decay < math.inf:
            raise InputError(
                "Expected epochs >= 1, lr > 0, batch_size >= 2 and weight_decay >= 0, but got "
                f"epochs={self.epochs}, lr={self.lr}, batch_size={self.batch_size}, "
                f"weight_decay={self.weight_decay}; correct the setting"
            )


@dataclass(frozen=True)
class TwinResult:
    """What two trained twins say.

    Attributes:
        holder: int64, shape (N,): which twin, 0 or 1, an example was given to.
        told: float32, shape (2, N): the probability that each twin gives to the true label.
        wrong: bool, shape (2, N): whether each twin takes the example for another class.
        flip_rate: share of labels that are not the true ones at the end, in [0, 1].
    """

    holder: Tensor
    told: Tensor
    wrong: Tensor
    flip_rate: float


def flip_probability(logits: Tensor) -> Tensor:
    """(p_max - 1/C) C / (C - 1), with p the softmax: 0 for a guess, 1 where it is sure.

    Args:
        logits: shape (B, C), C >= 2.

    Returns:
        Shape (B,), in [0, 1].
    """
    classes = logits.shape[1]
    surest = torch.softmax(logits.float(), 1).amax(1)
    return ((surest - 1 / classes) * classes / (classes - 1)).clamp(0, 1)


def balanced_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over the classes among `labels` of the mean cross-entropy of their examples.

    Args:
        logits: shape (B, C), each of the twin that holds the example.
        labels: int64, shape (B,), as they are by now.
    """
    each = functional.cross_entropy(logits.float(), labels, reduction="none")
    counts = torch.bincount(labels, minlength=logits.shape[1])
    return (each / counts[labels]).sum()


def flipped(labels: Tensor, held_out: Tensor, draws: Tensor) -> Tensor:
    """Labels after a step: those of the twin that does not hold the example, where it is sure.

    A label flips where that twin's class differs from it and a draw is below `flip_probability`.

    Args:
        labels: int64, shape (B,).
        held_out: logits of the twin that does not hold the example, shape (B, C).
        draws: uniform in [0, 1), shape (B,).
    """
    said = held_out.argmax(1)
    flips = (said != labels) & (draws < flip_probability(held_out))
    return torch.where(flips, said, labels)


def halves(count: int, generator: torch.Generator) -> Tensor:
    """Which twin holds each example: a random half of them each, int64, shape (count,)."""
    holder = torch.empty(count, dtype=torch.int64)
    holder[torch.randperm(count, generator=generator)] = torch.arange(count) % 2
    return holder


def train_twins(
    build: Callable[[], nn.Module],
    examples: KeptExamples,
    settings: TwinSettings,
    *,
    seed: int,
    device: torch.device | str = "cpu",
    progress: bool | None = False,
) -> TwinResult:
    """Train twins on random halves whose labels flip, and ask both about all examples.

    All that is random follows from the seed; global random states stay as they were.

    Args:
        build: returns a new network.
        examples: with their true labels.
        settings: of the training.
        seed: >= 0.
        device: where the twins are.
        progress: whether to draw a bar; None: where standard error is a terminal.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, 1))
    holder = halves(len(examples), generator)
    labels = examples.labels.clone()
    with seeded(seed, 2):
        pair = [build().to(device).train() for _ in range(2)]
        optimizer = torch.optim.AdamW(
            [p for twin in pair for p in twin.parameters()],
            lr=settings.lr,
            weight_decay=settings.weight_decay,
        )
        order = EpochSampler(len(examples), settings.batch_size, seed=derive_seed(seed, 3))
        schedule = _cosine(optimizer, settings.epochs * len(order))
        for epoch in track(range(settings.epochs), "Twins", progress=progress):
            for rows, inputs in examples.batches(order.batches(epoch), key=(seed, 4, epoch)):
                own, other = _by_holder(_answers(pair, inputs, device), holder[rows].to(device))
                loss = balanced_loss(own, labels[rows].to(device))
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                draws = torch.rand(len(rows), generator=generator)
                labels[rows] = flipped(labels[rows], other.detach().cpu(), draws)
        told, wrong = _verdicts(pair, examples, device, seed)
    rate = float((labels != examples.labels).double().mean())
    return TwinResult(holder, told, wrong, rate)


def _cosine(optimizer: torch.optim.Optimizer, steps: int) -> LambdaLR:
    return LambdaLR(optimizer, lambda step: (1 + math.cos(math.pi * min(step / steps, 1))) / 2)


def _answers(pair: Sequence[nn.Module], inputs: Inputs, device: torch.device | str) -> Tensor:
    """Logits of both twins, shape (2, B, C)."""
    placed = inputs_to(_fast(inputs), device)
    images = isinstance(placed, Tensor) and placed.ndim == 4
    low = images and computes_in_bfloat16(torch.device(device))
    with torch.autocast("cpu", dtype=torch.bfloat16) if low else nullcontext():
        return torch.stack([logits_of(call_model(twin, placed)) for twin in pair]).float()


def _fast(inputs: Inputs) -> Inputs:
    """Images in the memory order in which convolutions are fast."""
    images = isinstance(inputs, Tensor) and inputs.ndim == 4
    return inputs.contiguous(memory_format=torch.channels_last) if images else inputs  # type: ignore[union-attr]


def _by_holder(said: Tensor, holder: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of the twin that holds each example, and of the other one, (B, C) each."""
    first = (holder == 0)[:, None]
    return torch.where(first, said[0], said[1]), torch.where(first, said[1], said[0])


@torch.no_grad()
def _verdicts(
    pair: Sequence[nn.Module], examples: KeptExamples, device: torch.device | str, seed: int
) -> tuple[Tensor, Tensor]:
    """Probability of the true label, and whether it is not the twin's class, (2, N) each."""
    count = len(examples)
    told, wrong = torch.empty(2, count), torch.empty(2, count, dtype=torch.bool)
    for twin in pair:
        twin.eval()
    plan = [range(k, min(k + _READ, count)) for k in range(0, count, _READ)]
    for rows, inputs in examples.batches(plan, key=(seed, 5)):
        said = _answers(pair, inputs, device).cpu()
        check_rows(said[0], len(rows))
        labels = examples.labels[rows].expand(2, -1)
        told[:, rows] = torch.softmax(said, 2).gather(2, labels[..., None]).squeeze(2)
        wrong[:, rows] = said.argmax(2) != labels
    return told, wrong
