"""Look at a model and its data: the pass, readouts, the second look, swaps."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from earlysieve._progress import track, wanted
from earlysieve._readable import as_kept
from earlysieve.auditing.answered import Answered, answered
from earlysieve.auditing.collect import Collected, Listen, collect
from earlysieve.auditing.cost_of_readouts import cost_of_readouts
from earlysieve.auditing.evidence import chance, choose_layer
from earlysieve.auditing.inputs_seen import InputsSeen
from earlysieve.auditing.kept_answers import UnfinishedAudit
from earlysieve.auditing.kept_readings import kept_readings
from earlysieve.auditing.looks_altered import look_for_alterations
from earlysieve.auditing.prepare import LayerFeatures
from earlysieve.auditing.reference import Compared, compare, without_twins
from earlysieve.auditing.scores import minority
from earlysieve.auditing.second_look import SecondLook, look_again
from earlysieve.auditing.survival.found import Survival
from earlysieve.auditing.survival.survive import kept_for_survival, survive
from earlysieve.auditing.swaps.follow import swap_parts
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.names import named_parts
from earlysieve.auditing.tables import example_table, layer_row
from earlysieve.auditing.telling_ranges import Telling, all_telling
from earlysieve.auditing.views import rows_of
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.datasets.variables import Variable, variables_of
from earlysieve.errors import DataError, InputError
from earlysieve.readouts.feature_store import Budget
from earlysieve.readouts.fit import Reading, read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import Head

if TYPE_CHECKING:
    import pandas as pd

# Enough to tell which columns belong together, and held in memory at once.
_MOST_ROWS = 20_000


@dataclass(frozen=True)
class Settings:
    """How to look; see `audit` for what each of them is."""

    layers: list[str] | None
    head: Head
    folds: int
    flag_margin: float
    l2: float
    seed: int
    batch_size: int
    num_workers: int
    device: torch.device
    budget: Budget
    swaps: int
    irrelevant: tuple[str, ...]
    progress: bool | None
    tell: Callable[[str], None] | None
    group_shares: Mapping[int, float] | None = None
    listen: Listen | None = None
    kept: UnfinishedAudit = field(default_factory=lambda: UnfinishedAudit(None, "", print))
    relevant: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examined:
    """What was found while the model was at hand.

    Attributes:
        collected: of the pass.
        layers: table, see `earlysieve.auditing.tables.layer_row`.
        layer: the one whose readout misreads, for the verdict's evidence.
        examples: table, see `earlysieve.auditing.tables.example_table`.
        again: what all readers say.
        swaps: which parts the answer follows.
        survival: how often the model is right where something is taken from the examples.
        variables: of a table; empty for other data.
        compared: what a reference says; None without one.
        answered: a property that answers follow though it tells nothing of the label; or None.
        column_names: of a table, where its columns have names.
        telling: values of its columns that tell the class of their rows.
        relevant: names of parts of which the user says that they belong to the task, as kept.
    """

    collected: Collected
    layers: "pd.DataFrame"
    layer: str
    examples: "pd.DataFrame"
    again: SecondLook
    swaps: Swaps
    survival: Survival
    variables: Sequence[Variable]
    compared: Compared | None = None
    answered: Answered | None = None
    column_names: Sequence[str] = ()
    telling: Sequence[Telling] = ()
    relevant: Sequence[str] = ()


@dataclass(frozen=True)
class Asked:
    """What the model was asked besides the pass: parts swapped, and parts taken away."""

    swaps: Swaps
    survival: Survival


def examine(
    network: nn.Module,
    source: OpenedData,
    settings: Settings,
    reference: OpenedData | None = None,
) -> Examined:
    """Run the model over the data, fit what reads it, and swap parts.

    Args:
        network: in evaluation mode on `settings.device`, without wrappers.
        source: the data.
        settings: how.
        reference: what readouts are fitted on; None: the data, out of fold.
    """
    passed = None if reference is None else InputsSeen()
    collected = _collected(network, source, settings, passed)
    labels, said = collected.labels.numpy(), collected.prediction.numpy()
    fold_of = assign_folds(collected.labels, max(1, settings.folds), settings.seed)
    if reference is None or passed is None:
        compared, readings = None, _read_layers(collected, fold_of, settings)
    else:
        compared = _compared(network, reference, collected, passed, settings, source.class_names)
        readings = compared.readings
    index = collected.index.numpy()
    variables = source.variables or _variables(collected, source.column_names)
    telling = _telling(collected, variables)
    altered = (
        look_for_alterations(collected.views, source, index, labels, settings.seed)
        if settings.swaps
        else ()
    )
    swaps = swap_parts(
        network,
        source,
        labels,
        said,
        index=index,
        budget=settings.swaps - kept_for_survival(settings.swaps),
        seed=settings.seed,
        irrelevant=settings.irrelevant,
        relevant=settings.relevant,
        device=settings.device,
        batch_size=settings.batch_size,
        variables=variables,
        telling=telling,
        kept=settings.kept.part("swaps"),
        altered=altered,
    )
    survival = survive(
        network,
        source,
        labels,
        said,
        index=index,
        budget=settings.swaps - swaps.spent,
        seed=settings.seed,
        device=settings.device,
        batch_size=settings.batch_size,
        variables=variables,
        kept=settings.kept.part("survival"),
    )
    asked = Asked(swaps, survival)
    ids = source.ids(collected.index)
    found = _examined(
        collected, settings, fold_of, readings, asked, ids, variables, compared, telling
    )
    return replace(found, column_names=source.column_names)


def _variables(collected: Collected, names: Sequence[str]) -> Sequence[Variable]:
    """What the columns of a table stand for; nothing for other data, or of very wide tables."""
    columns = collected.views.columns
    return (
        ()
        if columns is None
        else variables_of(rows_of(columns, slice(0, min(_MOST_ROWS, len(columns)))).numpy(), names)
    )


def _telling(collected: Collected, variables: Sequence[Variable]) -> tuple[Telling, ...]:
    """Values of the columns of a table that tell the class; none for other data."""
    columns = collected.views.columns
    if columns is None:
        return ()
    some = slice(0, min(_MOST_ROWS, len(columns)))
    labels = collected.labels.numpy()[some]
    classes = collected.views.logits.shape[0]
    return all_telling(rows_of(columns, some).numpy(), labels, classes, variables)


def examine_kept(
    collected: Collected, settings: Settings, ids: Sequence[str], column_names: Sequence[str] = ()
) -> Examined:
    """Fit what reads activations that were kept elsewhere; without a model nothing is swapped.

    Args:
        collected: activations and answers.
        settings: how.
        ids: a name of each example, shape (N,).
        column_names: of a table.
    """
    fold_of = assign_folds(collected.labels, max(1, settings.folds), settings.seed)
    readings = _read_layers(collected, fold_of, settings)
    nobody = {"all": "there is no model to ask, only its activations"}
    asked = Asked(Swaps(skipped=nobody), Survival(skipped=nobody))
    variables = _variables(collected, column_names)
    telling = _telling(collected, variables)
    return _examined(collected, settings, fold_of, readings, asked, ids, variables, telling=telling)


def _examined(
    collected: Collected,
    settings: Settings,
    fold_of: torch.Tensor,
    readings: dict[str, Reading],
    asked: Asked,
    ids: Sequence[str],
    variables: Sequence[Variable],
    compared: Compared | None = None,
    telling: Sequence[Telling] = (),
) -> Examined:
    table = _layer_table(collected, readings, settings)
    layer = str(table["layer"][_chosen(table, collected, compared)])
    again = look_again(
        collected.views,
        collected.labels.numpy(),
        fold_of.numpy(),
        seed=settings.seed,
        variables=variables,
        telling=telling,
        named=named_parts(settings.irrelevant, settings.relevant, telling).every,
    )
    followed = answered(
        collected.views,
        again,
        asked.swaps,
        collected.labels.numpy(),
        collected.prediction.numpy(),
        fold_of.numpy(),
        seed=settings.seed,
        variables=variables,
    )
    examples = example_table(collected, readings[layer], again, list(ids), settings.flag_margin)
    return Examined(
        collected,
        table,
        layer,
        examples,
        again,
        asked.swaps,
        asked.survival,
        variables,
        compared,
        followed,
        telling=telling,
        relevant=tuple(map(as_kept, settings.relevant)),
    )


def _collected(
    network: nn.Module, source: OpenedData, settings: Settings, passed: InputsSeen | None
) -> Collected:
    total = source.count_batches(settings.batch_size)
    batches = source.batches(batch_size=settings.batch_size, num_workers=settings.num_workers)
    return collect(
        network,
        batches if passed is None else passed.watch(batches),
        settings.layers,
        head=settings.head,
        budget=settings.budget,
        device=settings.device,
        examples=source.size,
        tell=lambda space: say(str(space), settings),
        follow=lambda drawn: track(
            drawn, "Reading the layers", total=total, progress=settings.progress
        ),
        listen=settings.listen,
        answers=settings.kept.part("pass"),
        tokenizer=source.tokenizer,
    )


def _compared(
    network: nn.Module,
    reference: OpenedData,
    data: Collected,
    passed: InputsSeen,
    settings: Settings,
    class_names: Sequence[str],
) -> Compared:
    """Run the model over the reference, too, and let its readouts judge the data."""
    own, total = InputsSeen(), reference.count_batches(settings.batch_size)
    batches = reference.batches(batch_size=settings.batch_size, num_workers=settings.num_workers)
    try:
        collected = collect(
            network,
            without_twins(batches, passed, own),
            list(data.layers),
            head=settings.head,
            budget=settings.budget,
            device=settings.device,
            examples=reference.size,
            with_views=False,
            answers=settings.kept.part("reference"),
            tell=lambda space: say(str(space), settings),
            follow=lambda drawn: track(
                drawn, "Reading the reference", total=total, progress=settings.progress
            ),
        )
    except (InputError, DataError) as error:
        raise type(error)(_of_reference(str(error))) from error
    folds = max(2, settings.folds) + 1
    for line in cost_of_readouts(collected, settings.head, folds, settings.device):
        say(line, settings)
    return compare(
        data,
        collected,
        passed,
        own,
        head=settings.head,
        folds=settings.folds,
        seed=settings.seed,
        l2=settings.l2,
        device=settings.device,
        class_names=class_names,
        kept=settings.kept.part("readouts", check=False),
        follow=lambda names: track(
            names, "Fitting readouts", total=len(data.layers), progress=settings.progress
        ),
    )


def _of_reference(text: str) -> str:
    return text if "reference" in text else f"{text} (this is about the reference)"


def _read_layers(
    collected: Collected, fold_of: torch.Tensor, settings: Settings
) -> dict[str, Reading]:
    folds = max(1, settings.folds)
    for line in cost_of_readouts(collected, settings.head, folds, settings.device):
        say(line, settings)
    layers = track(
        collected.layers.items(),
        "Fitting readouts",
        total=len(collected.layers),
        progress=settings.progress,
    )
    kept, found = settings.kept.part("readouts", check=False), {}
    for name, layer in layers:

        def fit(layer: LayerFeatures = layer) -> list[Reading]:
            made = read_out(
                layer.store,
                collected.labels,
                fold_of,
                settings.head,
                layer.kept_layout,
                seed=settings.seed,
                l2=settings.l2,
                device=settings.device,
            )
            return [made]

        numbers = (collected.labels, fold_of)
        (found[name],) = kept_readings(kept, name, [layer.store], numbers, fit)
    kept.close()
    return found


def _layer_table(
    collected: Collected, readings: Mapping[str, Reading], settings: Settings
) -> "pd.DataFrame":
    import pandas as pd

    labels = collected.labels.numpy()
    groups = None if collected.groups is None else collected.groups.numpy()
    minor = None if groups is None else minority(labels, groups, settings.group_shares)
    rows = [
        layer_row(depth, name, collected, reading, minor, settings.flag_margin)
        for depth, (name, reading) in enumerate(readings.items(), 1)
    ]
    return pd.DataFrame(rows)


def _chosen(table: "pd.DataFrame", collected: Collected, compared: Compared | None) -> int:
    """The row of the layer to score with: by what it tells of the reference, where there is one."""
    if compared is not None and compared.transfer.simple is not None:
        return compared.transfer.simple.depth - 1
    model = float((collected.prediction == collected.labels).double().mean())
    return choose_layer(table["accuracy"], model, chance(collected.labels.numpy()))


def say(line: str, settings: Settings) -> None:
    """Tell people a line: through `settings.tell`, or where a bar is drawn."""
    if settings.tell is not None:
        settings.tell(line)
    elif wanted(settings.progress):
        sys.stderr.write(f"{line}\n")
