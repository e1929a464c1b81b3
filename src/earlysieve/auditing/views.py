"""What readers look at: views of each layer, and the model's own answer, kept during the pass."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._readable import COLUMNS
from earlysieve.auditing.maps import CHANNELS, position_map, principal_channels
from earlysieve.auditing.pair_texts import Between, between_in
from earlysieve.auditing.properties import properties_of
from earlysieve.auditing.swaps.carrier import Carrier, carrier_of
from earlysieve.auditing.text_kinds import TokenKinds, kinds_for
from earlysieve.model.batch import Batch, Inputs, attention_mask, few, first_tensor
from earlysieve.model.capture import capture
from earlysieve.model.layout import Layout, as_map
from earlysieve.readouts.feature_store import Budget, FeatureStore
from earlysieve.readouts.features import kept_features

WIDEST = 512
_MOST_MAPS = 3
_VARIES = "small images of several sizes do not give the same numbers of it"


@dataclass
class LayerViews:
    """What is kept of one layer besides what the audit's readout reads.

    Attributes:
        layout: of the layer's output.
        mean: rows pooled over positions; the readout's own store where that holds the same.
        keeps_mean: whether `mean` is filled here.
        maps: what is where, small; None where positions are not kept.
    """

    layout: Layout
    mean: FeatureStore
    keeps_mean: bool
    maps: FeatureStore | None = None
    _directions: Tensor | None = field(default=None, repr=False)

    def of(self, activation: Tensor, mask: Tensor | None) -> dict[str, Tensor]:
        """The rows to keep of one batch, by view."""
        found = {}
        if self.keeps_mean:
            found["mean"] = kept_features(activation, self.layout, mask, keep="mean")[0].float()
        if self.maps is not None:
            if self._directions is None:
                self._directions = principal_channels(activation, self.layout)
            found["map"] = position_map(activation, self.layout, self._directions)
        return found

    def like(self, activation: Tensor) -> "LayerViews":
        """Views of the same sizes, whose maps show any channels: to find these takes a while."""
        channels = as_map(activation, self.layout).shape[1]
        return replace(self, _directions=torch.eye(channels, min(channels, CHANNELS)))

    def append(self, rows: Mapping[str, Tensor]) -> bool:
        """Keep what `of` gave; False where maps are given up, being of another size than before."""
        if "mean" in rows:
            self.mean.append(rows["mean"])
        if self.maps is None:
            return True
        if _suits(self.maps, rows["map"]):
            self.maps.append(rows["map"])
            return True
        self.maps = None
        return False


@dataclass
class Views:
    """Everything readers look at.

    Attributes:
        layers: by layer, in execution order.
        columns: of a table; None for other data.
        properties: of the inputs, by name, see `earlysieve.auditing.properties`.
        logits: of the model.
        left_out: views that not all examples have alike, and why.
        carrier: where images or texts are among the inputs.
        kinds: of the tokens of texts, where these can be written.
        between: what parts the two texts of pairs; None for other data.
    """

    layers: dict[str, LayerViews]
    columns: FeatureStore | None
    properties: dict[str, FeatureStore]
    logits: FeatureStore
    left_out: dict[str, str] = field(default_factory=dict)
    carrier: Carrier | None = None
    kinds: TokenKinds | None = None
    between: Between | None = None

    def stores(self) -> dict[str, FeatureStore]:
        """Every view by name, the simplest first."""
        found = {} if self.columns is None else {COLUMNS: self.columns}
        for name, layer in self.layers.items():
            found[f"{name} mean"] = layer.mean
            if layer.maps is not None:
                found[f"{name} map"] = layer.maps
        return found

    def append(self, batch: Batch, logits: Tensor) -> None:
        """Keep what is not a layer's: a table's columns, and the model's answer."""
        if self.columns is not None:
            columns = columns_of(batch, self.carrier)
            if columns is not None:
                self.columns.append(columns)
        self._append_properties(self._properties(batch.inputs))
        self.logits.append(logits)

    def append_layer(self, name: str, rows: Mapping[str, Tensor]) -> None:
        """Keep what a layer's views gave."""
        if not self.layers[name].append(rows):
            self.left_out[f"{name} map"] = _VARIES

    def _properties(self, inputs: Inputs) -> dict[str, Tensor]:
        return properties_of(inputs, self.carrier, self.kinds, self.between)

    def _append_properties(self, found: Mapping[str, Tensor]) -> None:
        for name in [*self.properties, *(found.keys() - self.properties.keys())]:
            store, values = self.properties.get(name), found.get(name)
            if store is not None and values is not None and _suits(store, values):
                store.append(values)
            else:
                self.properties.pop(name, None)
                self.left_out[name] = _VARIES

    def try_on(self, model: nn.Module, some: Inputs) -> int:
        """Look at a few examples and keep nothing; the bytes of one example in all views."""
        mask = attention_mask(some)
        sizes: list[int] = []

        def look(name: str, activation: Tensor) -> Tensor:
            views = self.layers[name].like(activation).of(activation, mask)
            sizes.extend(rows[0].numel() for rows in views.values())
            return activation[:0]

        captured = capture(model, some, list(self.layers), transform=look)
        sizes.append(captured.logits.shape[1])
        if self.columns is not None:
            sizes.append(first_tensor(some).shape[1])
        found = self._properties(some)
        sizes.extend(values.shape[1] for values in found.values())
        return 4 * sum(sizes)


def views_for(
    layers: Mapping[str, tuple[Layout, FeatureStore, bool]],
    batch: Batch,
    budget: Budget,
    tokenizer: Any = None,
) -> Views:
    """The views that suit these layers and data.

    Args:
        layers: by name, in execution order: layout, the readout's store, and whether that store
            holds means over positions.
        batch: any.
        budget: of the stores.
        tokenizer: of texts, where there is one.
    """
    positioned = [name for name, (layout, _, _) in layers.items() if layout is not Layout.FLAT]
    mapped = set() if batch.mask is not None else set(_evenly(positioned, _MOST_MAPS))
    found = {
        name: LayerViews(
            layout,
            store if is_mean else FeatureStore(budget),
            not is_mean,
            FeatureStore(budget) if name in mapped else None,
        )
        for name, (layout, store, is_mean) in layers.items()
    }
    carrier, _ = carrier_of(batch.inputs)
    columns = FeatureStore(budget) if columns_of(batch, carrier) is not None else None
    kinds, between = kinds_for(tokenizer), between_in(batch.inputs, carrier, tokenizer)
    seen = properties_of(few(batch.inputs)[0], carrier, kinds, between)
    return Views(
        found,
        columns,
        {name: FeatureStore(budget) for name in seen},
        FeatureStore(budget),
        carrier=carrier,
        kinds=kinds,
        between=between,
    )


def no_views(budget: Budget) -> Views:
    """Where nothing will be looked at but what the audit's readouts read."""
    return Views({}, None, {}, FeatureStore(budget))


def columns_of(batch: Batch, carrier: Carrier | None) -> Tensor | None:
    """A table's columns, shape (B, D); None where the inputs are no table, or too wide a one."""
    inputs = batch.inputs
    if not isinstance(inputs, Tensor) or carrier is None or carrier.kind != "table":
        return None
    return inputs.float() if inputs.shape[1] <= WIDEST else None


def rows_of(store: FeatureStore, rows: Tensor | slice, *, whole: bool = False) -> Tensor:
    """Some rows of a view, float32, narrowed to at most `WIDEST` numbers unless asked for whole.

    Wider rows are multiplied by a fixed random matrix, which keeps distances nearly as they are
    (Johnson and Lindenstrauss, 1984).
    """
    return _read(store, rows, lambda some: some.flatten(1) if whole else _narrow(some.flatten(1)))


def logits_of(store: FeatureStore, rows: Tensor | slice) -> Tensor:
    """Some rows of the logits, float32, of all classes."""
    return _read(store, rows, lambda some: some)


def _suits(store: FeatureStore, rows: Tensor | None) -> bool:
    return rows is not None and (len(store) == 0 or tuple(rows.shape[1:]) == store.shape)


def _read(store: FeatureStore, rows: Tensor | slice, made: Callable[[Tensor], Tensor]) -> Tensor:
    """What is made of some rows, of which never more than a chunk is read at once."""
    if isinstance(rows, slice):
        return made(store.read(rows))
    parts = [
        made(chunk[rows[(rows >= place.start) & (rows < place.stop)] - place.start])
        for place, chunk in store.chunks(_chunk(store))
    ]
    return torch.cat(parts)


def places(store: FeatureStore, count: int) -> Iterator[slice]:
    """Slices that cover `count` rows and are small enough to be held at once."""
    step = _chunk(store)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def _chunk(store: FeatureStore) -> int:
    return max(256, (1 << 22) // max(1, int(torch.tensor(store.shape).prod())))


def _narrow(rows: Tensor) -> Tensor:
    width = rows.shape[1]
    if width <= WIDEST:
        return rows
    generator = torch.Generator().manual_seed(width)
    projected: Tensor = rows @ (torch.randn(width, WIDEST, generator=generator) / WIDEST**0.5)
    return projected


def _evenly(names: Sequence[str], count: int) -> list[str]:
    if len(names) <= count:
        return list(names)
    return [names[round(i * (len(names) - 1) / (count - 1))] for i in range(count)]
