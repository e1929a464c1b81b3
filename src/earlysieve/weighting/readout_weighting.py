"""Weights of examples from the mistakes of an early readout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earlysieve.model.batch import Batch
from earlysieve.model.capture import Transform
from earlysieve.model.first_look import check_classes, look_at
from earlysieve.model.state import device_of
from earlysieve.training.batch_step import Kept
from earlysieve.training.distributed import is_first
from earlysieve.training.loading import Data
from earlysieve.training.sampling import derive_seed
from earlysieve.weighting.early_reader import EarlyReader, mistakes
from earlysieve.weighting.epoch_features import EpochFeatures
from earlysieve.weighting.example_weights import ExampleWeights
from earlysieve.weighting.indexing import checked_index
from earlysieve.weighting.loss_and_weighting import Weighting
from earlysieve.weighting.reweight_pass import published_reweight
from earlysieve.weighting.weight_function import Exponential


@dataclass(frozen=True)
class ReweightPass:
    """How the published way passes over the data; see `published_reweight`."""

    data: Data
    batch_size: int
    num_workers: int


class ReadoutWeighting(Weighting):
    """Let an early readout judge all examples, and give them weights every few epochs.

    Args:
        reader: the readout.
        examples: the weights, all 1 at first.
        features: what the readout is given in an epoch.
        every: epochs between new weights, >= 1.
        reweight_pass: judge in a pass of its own (mode "published"); None: at the visits of
            training (mode "online").
        seed: seed of the readout's initialisation.
    """

    def __init__(
        self,
        reader: EarlyReader,
        examples: ExampleWeights,
        features: EpochFeatures,
        *,
        every: int,
        reweight_pass: ReweightPass | None,
        seed: int,
    ) -> None:
        self.reader, self.examples = reader, examples
        self._features = features
        self._every, self._pass, self._seed = every, reweight_pass, seed

    @property
    def settings(self) -> dict[str, Any]:
        """Layer, readout, and how weights follow from it."""
        function = self.examples.function
        known = function if isinstance(function, Exponential) else None
        return {
            **self.reader.describe(),
            "alpha": None if known is None else known.alpha,
            "beta": None if known is None else known.beta,
            "weight_function": "own" if known is None else "exponential",
            "reweight_every": self._every,
            "mode": "online" if self._pass is None else "published",
            "num_examples": len(self.examples),
        }

    def check(self, batch: Batch) -> None:
        """Raise InputError if indices are missing or out of range."""
        checked_index(batch, len(self.examples))

    def look(self, model: nn.Module, batch: Batch) -> None:
        """Look at the layer and build the readout."""
        plan, found = look_at(model, batch, self.reader.layer)
        classes = self.reader.num_classes
        check_classes(found, classes, who="model", source="as num_classes says")
        self.reader.prepare(plan, device_of(model), seed=self._seed)

    def keep(self, batch: Batch) -> dict[str, Transform]:
        """What the readout takes."""
        return {} if self._pass else {self.reader.layer: self.reader.features(batch.mask)}

    def weights_of(self, batch: Batch) -> Tensor:
        """The present weights, shape (B,)."""
        index = checked_index(batch, len(self.examples))
        return self.examples.of(index).to(batch.labels.device)

    def after_step(self, kept: Kept, batch: Batch, epoch: int) -> dict[str, float]:
        """Judge the examples at their visit, and let the readout learn from them."""
        if self._pass is not None:
            return {}
        seen = kept[self.reader.layer]
        logits = self.reader.learn(seen, batch.mask, batch.labels)
        wrong, margin = mistakes(logits, batch.labels)
        index = checked_index(batch, len(self.examples))
        self.examples.note(index, wrong, margin, batch.groups)
        if self._due(epoch):
            self._features.keep(seen, batch.mask, batch.labels, index)
        loss = F.cross_entropy(logits, batch.labels)
        return {
            "readout_loss": float(loss),
            "readout_accuracy": 1 - float(wrong.double().mean()),
        }

    def close_epoch(self, model: nn.Module, epoch: int) -> dict[str, float]:
        """New weights, if it is time; see `ExampleWeights.commit` for the figures."""
        if not self._due(epoch):
            return {}
        seed = derive_seed(self._seed, epoch)
        if self._pass is not None:
            self._judge_in_a_pass(model, self._pass, seed)
        else:
            self._features.read_again(self.reader, self.examples, seed=seed)
            self._features.clear()
        return self.examples.commit()

    def state_dict(self) -> dict[str, Any]:
        """Weights, readout, and what the readout was given in this epoch."""
        return {
            "weights": self.examples.state_dict(),
            "readout": self.reader.state_dict(),
            "features": self._features.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state_dict` returned."""
        self.examples.load_state_dict(state["weights"])
        self.reader.load_state_dict(state["readout"], device)
        self._features.load_state_dict(state["features"], device)

    def _due(self, epoch: int) -> bool:
        """Whether there are new weights at the end of this epoch."""
        return (epoch + 1) % self._every == 0

    def _judge_in_a_pass(self, model: nn.Module, over: ReweightPass, seed: int) -> None:
        said = published_reweight(
            model,
            over.data,
            layer=self.reader.layer,
            num_classes=self.reader.num_classes,
            readout=self.reader.recipe,
            readout_lr=self.reader.lr,
            readout_weight_decay=self.reader.weight_decay,
            batch_size=over.batch_size,
            num_workers=over.num_workers,
            seed=seed,
            together=True,
        )
        if is_first():  # all processes know the same; `commit` hands these notes on
            self.examples.note(torch.arange(len(said.wrong)), said.wrong, said.margin, said.groups)
