"""Training beside a weak expert, an early readout, whose answers need not be learned again."""

from collections.abc import Mapping
from typing import Any, Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.model.capture import Transform
from earlysieve.model.first_look import check_classes, look_at
from earlysieve.model.state import device_of
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.training.batch_step import Kept
from earlysieve.weighting.early_reader import EarlyReader
from earlysieve.weighting.loss_and_weighting import ExampleLoss, Weighting
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings


class ProductOfExperts(PerExampleTraining):
    """Minimise 1/B sum_i CE(f(x_i) + strength log r(x_i), y_i), r an early readout's probabilities.

    Softmax of that sum is the normalised product p_k r_k^strength of two experts. Where the early
    readout is right with confidence, the product is right already and the network learns little;
    where it is wrong, the network has to outweigh it. Gradients do not pass through r: the readout
    learns by cross-entropy of its own, from the activations of the same pass, and speaks of each
    batch before it learns from it. Used afterwards is f alone. A readout that is uniform, or
    strength 0, is plain training, bit for bit.

    Source: Hinton, "Training Products of Experts by Minimizing Contrastive Divergence", Neural
    Computation 2002; against biases: Clark, Yatskar and Zettlemoyer, "Don't Take the Easy Way Out",
    EMNLP 2019, arXiv 1909.03683 (bias product), and Karimi Mahabadi, Belinkov and Henderson, ACL
    2020, arXiv 1909.06321. There the expert is a model of its own that sees known biased features;
    here it is what an early layer can read.

    Args:
        model: any classifier. It runs in the mode it is in: put it into training mode.
        layer: whose output the readout sees, a name from `trace_layers`.
        num_classes: C >= 2.
        optimizer: over the model's parameters.
        strength: exponent of the expert, >= 0.
        readout: `LinearHead()` by default, or another head, or a module (copied).
        readout_lr: learning rate of the readout's Adam, >= 0.
        readout_weight_decay: weight decay of the readout's Adam, >= 0.
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
        >>> method = es.ProductOfExperts(net, layer="0", num_classes=2, optimizer=optimizer)
        >>> es.fit(method, (x, y), epochs=1, progress=False).epochs
        1
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        layer: str,
        num_classes: int,
        optimizer: Optimizer,
        strength: float = 1.0,
        readout: Head | nn.Module | None = None,
        readout_lr: float = 1e-2,
        readout_weight_decay: float = 1e-4,
        seed: int = 0,
        **step: Unpack[StepSettings],
    ) -> None:
        if not 0 <= strength < float("inf"):
            raise InputError(
                f"Expected strength to be a number of at least 0, but got {strength}; 1 is the "
                "product as published, 0 plain training"
            )
        reader = EarlyReader(
            layer,
            LinearHead() if readout is None else readout,
            num_classes,
            lr=readout_lr,
            weight_decay=readout_weight_decay,
        )
        super().__init__(
            model, optimizer, ProductLoss(reader, strength), LearningExpert(reader, seed), **step
        )


class ProductLoss(ExampleLoss):
    """Cross-entropy of the product of the network and the expert.

    Args:
        expert: a readout that somebody trains and whose layer's features are kept.
        strength: exponent of the expert.
    """

    def __init__(self, expert: EarlyReader, strength: float) -> None:
        self.expert, self.strength = expert, strength

    @property
    def settings(self) -> dict[str, Any]:
        """The exponent."""
        return {"strength": self.strength}

    def __call__(self, logits: Tensor, kept: Kept, batch: Batch) -> Tensor:
        """In nats, shape (B,)."""
        said = self.expert.read(kept[self.expert.layer], batch.mask)
        return F.cross_entropy(product(logits, said, self.strength), batch.labels, reduction="none")


def product(logits: Tensor, expert: Tensor, strength: float) -> Tensor:
    """Logits of the product of two experts, shape (B, C).

    Those of the weak expert are moved so that its largest is 0, which softmax does not see: a
    uniform one then changes no bit.

    Args:
        logits: of the network, shape (B, C).
        expert: logits of the weak expert, shape (B, C).
        strength: its exponent.
    """
    return logits + strength * (expert - expert.amax(dim=1, keepdim=True))


class LearningExpert(Weighting):
    """Examples weigh alike; a readout learns from each batch after the network did.

    Args:
        reader: the readout.
        seed: of its initialisation.
    """

    def __init__(self, reader: EarlyReader, seed: int) -> None:
        self.reader, self._seed = reader, seed

    @property
    def settings(self) -> dict[str, Any]:
        """Layer and readout."""
        return self.reader.describe()

    def look(self, model: nn.Module, batch: Batch) -> None:
        """Look at the layer and build the readout."""
        plan, found = look_at(model, batch, self.reader.layer)
        classes = self.reader.num_classes
        check_classes(found, classes, who="model", source="as num_classes says")
        self.reader.prepare(plan, device_of(model), seed=self._seed)

    def keep(self, batch: Batch) -> dict[str, Transform]:
        """What the readout takes."""
        return {self.reader.layer: self.reader.features(batch.mask)}

    def after_step(self, kept: Kept, batch: Batch, epoch: int) -> dict[str, float]:
        """Let the readout learn; its loss and accuracy before that."""
        logits = self.reader.learn(kept[self.reader.layer], batch.mask, batch.labels)
        right = (logits.argmax(1) == batch.labels).double().mean()
        loss = F.cross_entropy(logits, batch.labels)
        return {"readout_loss": float(loss), "readout_accuracy": float(right)}

    def state_dict(self) -> dict[str, Any]:
        """The readout."""
        return {"readout": self.reader.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state_dict` returned."""
        self.reader.load_state_dict(state["readout"], device)
