"""Plain training, with examples weighted by the mistakes of an early readout."""

from typing import Any, Literal, Unpack

from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.datasets.arrays import data_of
from earlysieve.errors import InputError
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.training.loading import Data
from earlysieve.weighting.early_reader import EarlyReader
from earlysieve.weighting.epoch_features import BUDGET, EpochFeatures
from earlysieve.weighting.example_weights import ExampleWeights
from earlysieve.weighting.loss_and_weighting import CrossEntropy, ExampleLoss
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings
from earlysieve.weighting.readout_weighting import ReadoutWeighting, ReweightPass
from earlysieve.weighting.weight_function import Exponential, WeightFunction

USUAL: dict[str, Any] = {"alpha": 0.05, "beta": 4.0, "feature_budget": BUDGET}
IDLE = {"weight_function": "a weight_function of your own", "mode": "mode='published'"}


class EarlySettings(StepSettings, total=False):
    """The optional settings of `EarlyReweighting`."""

    alpha: float
    beta: float
    weight_function: WeightFunction | None
    reweight_every: int
    mode: Literal["online", "published"]
    num_examples: int | None
    data: Data | None
    batch_size: int
    num_workers: int
    readout: Head | nn.Module | None
    readout_lr: float
    readout_weight_decay: float
    feature_budget: int
    seed: int


class EarlyReweighting(PerExampleTraining):
    """Minimise 1/B sum_i w_i CE(f(x_i), y_i), with w_i from a readout of an early layer.

    w_i = exp(beta m_i^alpha) where the readout is wrong with margin m_i, and 1 where it is right:
    the weights of DeDiER (WACV 2024, arXiv 2310.18590), section 3, without a teacher. All are 1 in
    the first epoch.

    Mode "online": the readout learns from the activations of the model's own training pass and
    judges each example at its visit, before it learns from it. What it was given in an epoch is
    kept up to `feature_budget`: at the end of the epoch, a fresh readout learns once from that and
    judges it again. Beyond the budget the readout is kept over epochs, learns once more from what
    was kept, and the judgements at the visits stand for the rest. Mode "published": see
    `published_reweight`; it needs `data`.

    Args:
        model: any classifier. It runs in the mode it is in: put it into training mode.
        layer: whose output the readout sees, a name from `trace_layers`.
        num_classes: C >= 2.
        optimizer: over the model's parameters.
        loss: another loss per example in place of CE.
        num_examples: N; indices of batches lie in [0, N). None: the length of `data`.
        alpha: exponent of the margin, >= 0; small values make every error count nearly the same.
        beta: log of the largest weight, >= 0; 0 is plain training.
        weight_function: another weight of an error, of margins (n,) in [0, 1]; instead of alpha
            and beta.
        reweight_every: epochs between new weights, >= 1.
        mode: "online" or "published".
        data: the training data; needed for mode "published".
        batch_size: examples per readout update in mode "published", >= 1.
        num_workers: processes that load the data in mode "published", >= 0.
        readout: `LinearHead()` by default, or another head, or a module (copied).
        readout_lr: learning rate of the readout's Adam, >= 0.
        readout_weight_decay: weight decay of the readout's Adam, >= 0.
        feature_budget: bytes of readout inputs that are kept within an epoch (64 MiB: a million
            examples of 16 numbers); they are part of checkpoints within epochs.
        seed: seed of the readout's initialisation; the global random state is not used.
        step: clip_norm, accumulate, scheduler, autocast, see `Stepper`.

    Raises:
        InputError: a setting is out of its range.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> method = es.EarlyReweighting(
        ...     net, layer="0", num_classes=2, optimizer=optimizer, num_examples=200, readout_lr=0.5
        ... )
        >>> es.fit(method, (x, y), epochs=2, progress=False).epochs
        2
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        layer: str,
        num_classes: int,
        optimizer: Optimizer,
        loss: ExampleLoss | None = None,
        num_examples: int | None = None,
        alpha: float = 0.05,
        beta: float = 4.0,
        weight_function: WeightFunction | None = None,
        reweight_every: int = 1,
        mode: Literal["online", "published"] = "online",
        data: Data | None = None,
        batch_size: int = 64,
        num_workers: int = 0,
        readout: Head | nn.Module | None = None,
        readout_lr: float = 1e-2,
        readout_weight_decay: float = 1e-4,
        feature_budget: int = BUDGET,
        seed: int = 0,
        **step: Unpack[StepSettings],
    ) -> None:
        data = data_of(data)
        _check(mode, reweight_every, data)
        _check_idle(
            weight_function=(weight_function is not None, {"alpha": alpha, "beta": beta}),
            mode=(mode == "published", {"feature_budget": feature_budget}),
        )
        function = weight_function or Exponential(alpha, beta)
        self._examples = ExampleWeights(_count(num_examples, data), function)
        recipe = LinearHead() if readout is None else readout
        by_pass = None
        if mode == "published" and data is not None:
            by_pass = ReweightPass(data, batch_size, num_workers)
        weighting = ReadoutWeighting(
            EarlyReader(
                layer, recipe, num_classes, lr=readout_lr, weight_decay=readout_weight_decay
            ),
            self._examples,
            EpochFeatures(feature_budget),
            every=reweight_every,
            reweight_pass=by_pass,
            seed=seed,
        )
        super().__init__(model, optimizer, loss or CrossEntropy(), weighting, **step)

    @property
    def weights(self) -> Tensor:
        """The present weights, float32, shape (N,); a copy."""
        return self._examples.values.clone()


def _check(mode: str, reweight_every: int, data: Data | None) -> None:
    if mode not in ("online", "published"):
        raise InputError(
            f"Expected mode to be 'online' or 'published', but got {mode!r}; choose one of them"
        )
    if reweight_every < 1:
        raise InputError(
            f"Expected reweight_every to be at least 1, but got {reweight_every}; "
            "pass the number of epochs between new weights"
        )
    if mode == "published" and data is None:
        raise InputError(
            "Expected the training data for mode='published', which passes over them, but got "
            "none; pass data=, or use mode='online', which needs no pass of its own"
        )


def _check_idle(**reasons: tuple[bool, dict[str, float]]) -> None:
    """Raise InputError for settings that another one leaves without effect."""
    for reason, (holds, settings) in reasons.items():
        given = [name for name, value in settings.items() if value != USUAL[name]]
        if holds and given:
            raise InputError(
                f"Expected {given[0]} or {IDLE[reason]}, but got both; leave one out, since "
                f"{given[0]} would do nothing"
            )


def _count(num_examples: int | None, data: Data | None) -> int:
    source = getattr(data, "dataset", data)
    known = len(source) if source is not None and hasattr(source, "__len__") else None
    count = known if num_examples is None else num_examples
    if count is None:
        raise InputError(
            "Expected num_examples, since there is one weight per example, but got none; "
            "pass num_examples=len(dataset)"
        )
    if known is not None and count != known:
        raise InputError(
            f"Expected num_examples to be {known}, the length of data, but got {count}; "
            "leave it out"
        )
    return count
