"""Last-layer repair as a training method: one epoch of reading, then one fit."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earlysieve.datasets.example_groups import Groups, as_groups
from earlysieve.datasets.forms import as_batch
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.model.state import looking_at
from earlysieve.repairing.features import LastFeatures, read_batch
from earlysieve.repairing.fitting import AnyGroups, fit_last_layer
from earlysieve.repairing.last_layer import LastLayer, last_layer
from earlysieve.repairing.registry import repair_method
from earlysieve.repairing.unseen import check_unseen


class LastLayerRepair:
    """Fit the last layer of `model` anew, as `repair` does, within a training loop.

    Steps of the first epoch read what goes into the last layer, in evaluation mode, and change
    nothing; at its end the layer is fitted and written into the model. Later epochs change nothing.

    Args:
        model: any classifier whose logits come from an nn.Linear.
        method: of `registry.REPAIR_METHODS`.
        settings: of the method, by name or as its dataclass.
        groups: of all examples of the data, shape (N,), -1 where unknown; None: those of batches.
        seen_in_training: see `repair`.
        seed: for what the method draws.

    Raises:
        InputError: a setting is wrong.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        method: str = "dfr",
        settings: Any = None,
        groups: AnyGroups | None = None,
        seen_in_training: bool | None = None,
        seed: int = 0,
    ) -> None:
        self.model = model
        self._method = method
        self._settings = repair_method(method).settings_from(settings)
        given = None if groups is None else as_groups(groups)
        self._groups = None if given is None else given.numbers
        self._group_names = () if given is None else given.names
        self._seen, self._seed = seen_in_training, seed
        self._place: LastLayer | None = None
        self._rows: list[tuple[Tensor, ...]] = []
        self._fitted = False

    @property
    def settings(self) -> dict[str, Any]:
        """The method and its settings, as plain values."""
        return {"repair": self._method, **vars(self._settings), "repair_seed": self._seed}

    @property
    def ready_to_evaluate(self) -> bool:
        """Whether the last layer has been fitted."""
        return self._fitted

    def prepare(self, batch: Any) -> LastLayer:
        """Find the last layer with a batch; where it is.

        Raises:
            InputError: there is no linear one.
        """
        if self._place is None:
            self._place = last_layer(self.model, as_batch(batch).inputs)
        return self._place

    def step(self, batch: Any) -> dict[str, float]:
        """Read a batch; its loss and accuracy are those of the model as it is.

        Raises:
            InputError: the batch does not know its indices though groups were given by them, or its
                labels or features cannot be used.
        """
        batch = as_batch(batch)
        place = self.prepare(batch)
        features, logits = looking_at(lambda: read_batch(self.model, place, batch), self.model)
        labels = batch.labels.cpu()
        if not self._fitted:
            self._rows.append((features, logits, labels, *self._known(batch)))
        return {
            "loss": float(F.cross_entropy(logits, labels)),
            "accuracy": float((logits.argmax(1) == labels).double().mean()),
        }

    def end_epoch(self) -> dict[str, float]:
        """Fit the last layer, after the first epoch.

        Raises:
            InputError: as for `repair`.
        """
        if self._fitted or not self._rows or self._place is None:
            return {}
        features = self._features(self._place)
        check_unseen(features.logits, features.labels, self._seen, say="set --unseen")
        old = self._place.map_of(self.model)
        groups = features.groups
        named = None if groups is None else Groups(groups, self._group_names)
        new = fit_last_layer(features, old, self._method, self._settings, named, seed=self._seed)
        self._place.put(self.model, new)
        self._rows, self._fitted = [], True
        right = new_logits(new.weight, new.bias, features.features).argmax(1) == features.labels
        return {"refitted_accuracy": float(right.double().mean())}

    def state_dict(self) -> dict[str, Any]:
        """What was read, and whether the layer was fitted."""
        return {"fitted": self._fitted, "rows": [list(row) for row in self._rows]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self._fitted = bool(state["fitted"])
        self._rows = [tuple(value.cpu() for value in row) for row in state["rows"]]

    def _known(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Index and group of each example, -1 where unknown."""
        unknown = torch.full((len(batch),), -1, dtype=torch.int64)
        index = unknown if batch.index is None else batch.index.cpu()
        if self._groups is None:
            return index, unknown if batch.groups is None else batch.groups.cpu()
        if batch.index is None:
            raise InputError(
                "Expected batches that know the index of each example, since groups are given by "
                "it, but got none; wrap the data with earlysieve.with_index"
            )
        return index, self._groups[index].long()

    def _features(self, place: LastLayer) -> LastFeatures:
        features, logits, labels, index, groups = (
            torch.cat(column) for column in zip(*self._rows, strict=True)
        )
        # In the order of the data, so that the fit does not depend on that of the epoch.
        order = torch.argsort(index, stable=True)
        known = groups[order] if bool((groups >= 0).any()) else None
        return LastFeatures(
            features[order], logits[order], labels[order], index[order], known, None,
            place.name, place.linear, place.has_bias,
        )  # fmt: skip


def new_logits(weight: Tensor, bias: Tensor | None, features: Tensor) -> Tensor:
    """The logits of a layer in whatever precision, float32."""
    return F.linear(features, weight.float(), None if bias is None else bias.float())
