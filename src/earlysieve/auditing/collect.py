"""One inference pass over the data: the model's answers and every layer's features."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from earlysieve.auditing.inputs_told import first_told
from earlysieve.auditing.kept_answers import ANEW, Answer, Answers, digest_of
from earlysieve.auditing.prepare import LayerFeatures, Prepared, prepare
from earlysieve.auditing.views import Views
from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import Batch, check_labels, check_rows, tensors_of
from earlysieve.model.capture import Captured, capture
from earlysieve.model.one_logit import look_like_probabilities
from earlysieve.model.precision import match_precision
from earlysieve.model.single_example import check_single_example
from earlysieve.readouts.feature_store import Budget
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.readouts.space import Space, features_folder

# So many answers in [0, 1] are no chance: they are probabilities, which are no logits.
_TOO_MANY = 20


class Listen(Protocol):
    """Stands beside a pass."""

    def __call__(self, batch: Batch, run: Callable[[], Captured]) -> Captured:
        """Return `run()`, which runs the model on a batch."""

    def latest(self) -> list[Tensor]:
        """What was kept of the last batch."""

    def take_over(self, rows: list[Tensor]) -> None:
        """Keep what was kept of a batch before, for which the model is not run again."""


class Nobody:
    """Keeps nothing."""

    def __call__(self, batch: Batch, run: Callable[[], Captured]) -> Captured:
        """See `Listen`."""
        del batch
        return run()

    def latest(self) -> list[Tensor]:
        """See `Listen`."""
        return []

    def take_over(self, rows: list[Tensor]) -> None:
        """See `Listen`."""


@dataclass
class Collected:
    """What one pass gave, by example in the order of the data.

    Attributes:
        index, labels, groups, prediction: int64, shape (N,); groups None where none was given.
        confidence: float32, shape (N,): the model's largest probability.
        num_classes: columns of the logits.
        layers: features by layer, in execution order.
        views: what else readers look at.
        told: forms and short names of the first inputs, by their number.
    """

    index: Tensor
    labels: Tensor
    groups: Tensor | None
    prediction: Tensor
    confidence: Tensor
    num_classes: int
    layers: dict[str, LayerFeatures]
    views: Views
    told: dict[int, tuple[str, str]] = field(default_factory=dict)


@dataclass
class Rows:
    """What is known of each example, gathered batch by batch."""

    index: list[Tensor] = field(default_factory=list)
    labels: list[Tensor] = field(default_factory=list)
    groups: list[Tensor | None] = field(default_factory=list)
    prediction: list[Tensor] = field(default_factory=list)
    confidence: list[Tensor] = field(default_factory=list)
    told: dict[int, tuple[str, str]] = field(default_factory=dict)
    probabilities: bool = True

    def add(self, batch: Batch, logits: Tensor) -> None:
        """Keep what the model says of a batch; `logits` of shape (B, C)."""
        self.probabilities = self.probabilities and look_like_probabilities(logits)
        probability, prediction = logits.softmax(-1).max(-1)
        self.index.append(_index_of(batch).cpu())
        self.told |= first_told(batch)
        self.labels.append(batch.labels.cpu())
        self.groups.append(None if batch.groups is None else batch.groups.cpu())
        self.prediction.append(prediction.cpu())
        self.confidence.append(probability.cpu())


def collect(
    model: nn.Module,
    batches: Iterable[Batch],
    layers: Sequence[str] | None,
    *,
    head: Head | None = None,
    budget: Budget | None = None,
    device: torch.device | str = "cpu",
    examples: int | None = None,
    with_views: bool = True,
    tell: Callable[[Space], None] | None = None,
    follow: Callable[[Iterator[Batch]], Iterable[Batch]] = iter,
    listen: Listen | None = None,
    answers: Answers = ANEW,
    tokenizer: Any = None,
) -> Collected:
    """Run the model once over `batches` and keep each layer's features.

    The model has to be in evaluation mode; `audit` sees to that.

    Args:
        model: on `device` already.
        batches: with indices.
        layers: names, or None to choose stage boundaries from the first batch.
        head: what will read the features, `LinearHead()` by default; it decides what is kept.
        budget: bytes of features held in memory, and where the rest goes.
        device: where the model runs.
        examples: how many there are, where that is known: then too little space is an error here.
        with_views: whether to keep what readers look at besides.
        tell: told how much space features take, where not all of it is memory.
        follow: the batches are drawn through it once the first one has been tried.
        listen: takes each batch and what runs the model on it, runs that, and returns what it gave;
            None: nobody.
        answers: of this very pass that was stopped.
        tokenizer: of texts, where there is one: tells marks, numbers and capital letters.

    Raises:
        InputError: labels out of range, NaN or infinite inputs or activations, probabilities
            instead of logits, a head that does not suit a layer, a batch of one example that the
            model cannot take.
        LayerError: an unknown or unusable layer.
        DataError: no example, or fewer than two classes among the labels.
        OutputError: there is too little space for the features.
    """
    head, budget = head or LinearHead(), budget or Budget()
    stream = iter(batches)
    first = next(stream, None)
    if first is None:
        raise DataError(
            "Expected at least one example, but the data is empty; check the path and the split"
        )
    start = _on(device, model, first)
    single = _Singles(model)
    single.check(start, last=None if examples is None else examples % len(first))
    prepared = prepare(
        model, start, layers, head, budget, with_views=with_views, tokenizer=tokenizer
    )
    if examples is not None:
        space = Space(examples, prepared.bytes_each, budget.left, features_folder(budget.folder))
        space.check()
        if space.on_disk and tell is not None:
            tell(space)
    rows, classes, beside = Rows(), 0, listen or Nobody()
    for batch in follow(chain([first], stream)):
        placed = _on(device, model, batch)
        single.check(placed)
        classes = _one_batch(model, placed, prepared, rows, head, beside, answers)
    answers.close()
    return finish(rows, prepared, classes)


def _on(device: torch.device | str, model: nn.Module, batch: Batch) -> Batch:
    """A batch for the model: finite, in its precision, on the device (which may lack float64)."""
    check_finite_inputs(batch)
    inputs = match_precision(model, batch.inputs)
    return Batch(inputs, batch.labels, batch.index, batch.groups).to(device)


class _Singles:
    """Finds out once whether the model can take a batch of one example."""

    def __init__(self, model: nn.Module) -> None:
        self._model, self._known = model, False

    def check(self, batch: Batch, *, last: int | None = None) -> None:
        """Check it if this batch is such a one, or the last one will be."""
        if not self._known and 1 in (len(batch), last):
            check_single_example(self._model, batch.inputs)
            self._known = True


def check_finite_inputs(batch: Batch) -> None:
    """Raise InputError if any floating-point input is NaN or infinite, naming the example."""
    for value in tensors_of(batch.inputs):
        batched = value.ndim > 0 and len(value) == len(batch)
        # A sum is finite only where all of its terms are, and by far the quickest to find.
        if value.is_floating_point() and batched and not torch.isfinite(value.sum()):
            bad = ~torch.isfinite(value.reshape(len(value), -1)).all(1)
            if bad.any():
                raise InputError(
                    "Expected finite inputs, but example "
                    f"{_first(batch, bad)} holds NaN or infinity; repair or leave out that example"
                )


def _one_batch(
    model: nn.Module,
    batch: Batch,
    prepared: Prepared,
    rows: Rows,
    head: Head,
    listen: Listen,
    answers: Answers,
) -> int:
    kept, views = prepared.layers, prepared.views
    looked: dict[str, dict[str, Tensor]] = {}

    def keep(name: str, activation: Tensor) -> Tensor:
        if name in views.layers:
            looked[name] = views.layers[name].of(activation, batch.mask)
        return kept[name].of(activation, batch.mask, head)

    ran: list[bool] = []

    def run() -> Answer:
        captured = listen(batch, lambda: capture(model, batch.inputs, list(kept), transform=keep))
        ran.append(True)
        found = {"logits": captured.logits, "outputs": captured.outputs, "looked": looked}
        return {**found, "beside": {str(i): one for i, one in enumerate(listen.latest())}}

    answer = answers.get(lambda: digest_of(batch.inputs), run)
    if not ran:
        listen.take_over(list(answer["beside"].values()))
    logits: Tensor = answer["logits"].to(batch.labels.device).float()
    check_output(batch, logits)
    for name, features in answer["outputs"].items():
        check_features(name, features, batch)
        kept[name].store.append(features)
        if name in answer["looked"]:
            views.append_layer(name, answer["looked"][name])
    if views.layers:
        views.append(batch, logits)
    rows.add(batch, logits)
    return logits.shape[1]


def check_output(batch: Batch, logits: Tensor) -> None:
    """Raise InputError unless every label is a column of the logits and these are finite."""
    check_rows(logits, len(batch))
    check_labels(batch.labels, logits.shape[1])
    bad = ~torch.isfinite(logits).all(1)
    if bad.any():
        raise InputError(
            f"Expected finite logits, but the model gave NaN or infinity for example "
            f"{_first(batch, bad)}; check its weights and the scale of its inputs"
        )


def check_features(name: str, features: Tensor, batch: Batch) -> None:
    """Raise InputError if what was kept of a layer is NaN or infinite, naming the example."""
    bad = ~torch.isfinite(features.flatten(1)).all(1)
    if bad.any():
        raise InputError(
            f"Expected finite activations, but layer '{name}' gave NaN or infinity for example "
            f"{_first(batch, bad)}; check the model's weights, or run it in full precision"
        )


def _first(batch: Batch, bad: Tensor) -> int:
    return int(_index_of(batch).to(bad.device)[bad][0])


def _index_of(batch: Batch) -> Tensor:
    return torch.arange(len(batch)) if batch.index is None else batch.index


def finish(rows: Rows, prepared: Prepared, classes: int) -> Collected:
    """All rows together, checked.

    Raises:
        DataError: fewer than two classes among the labels.
        InputError: probabilities instead of logits.
    """
    labels = torch.cat(rows.labels)
    if len(torch.unique(labels)) < 2:
        raise DataError(
            f"Expected examples of at least two classes, but all {len(labels)} have label "
            f"{int(labels[0])}; a readout has nothing to tell apart: pass more classes"
        )
    if rows.probabilities and len(labels) >= _TOO_MANY:
        raise InputError(
            f"Expected logits, but the model gave probabilities for all {len(labels)} examples, as "
            "a sigmoid or a softmax does; return what goes into it, or the logarithm"
        )
    groups = None
    if any(g is not None for g in rows.groups):
        groups = torch.cat(
            [
                torch.full_like(y, -1) if g is None else g
                for g, y in zip(rows.groups, rows.labels, strict=True)
            ]
        )
        groups = groups if (groups >= 0).any() else None
    return Collected(
        torch.cat(rows.index),
        labels,
        groups,
        torch.cat(rows.prediction),
        torch.cat(rows.confidence),
        classes,
        prepared.layers,
        prepared.views,
        rows.told,
    )
