"""The audit: one inference pass, readouts of every layer, scores, verdict."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from earlysieve.auditing.changed_pictures import changed_pictures
from earlysieve.auditing.collect import Collected
from earlysieve.auditing.examine import Examined, Settings, examine, say
from earlysieve.auditing.judge import judged
from earlysieve.auditing.kept_answers import unfinished
from earlysieve.auditing.of_predictor import asked, explained, rows_at_once, steps_of
from earlysieve.auditing.options import (
    check_apart,
    check_named,
    check_numbers,
    check_seen,
    check_swaps,
    config_of,
    layer_names,
)
from earlysieve.auditing.pictures import take_pictures
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.reference import check_reference
from earlysieve.auditing.result import AuditResult, Picture
from earlysieve.auditing.rows_told import told_data
from earlysieve.auditing.scores import check_threshold
from earlysieve.auditing.speaking_columns import with_speaking_columns
from earlysieve.auditing.speaking_words import with_speaking_words
from earlysieve.auditing.summary import Summary
from earlysieve.auditing.swap_pictures import swap_pictures
from earlysieve.auditing.swap_texts import swap_texts
from earlysieve.auditing.swaps.follow import DEFAULT_BUDGET as DEFAULT_SWAPS
from earlysieve.auditing.swaps.table_parts import as_parts
from earlysieve.auditing.text_kinds import KINDS
from earlysieve.auditing.words_named import named_words, with_named_words
from earlysieve.auditing.words_of_kind import with_words_of_kind
from earlysieve.datasets.arrays import check_every_output_is_named, numbering_of, with_numbers
from earlysieve.datasets.batches import Data
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.groups.group_report import GroupReport, group_report
from earlysieve.model.placement import check_holds_numbers, on_device
from earlysieve.model.state import device_of, looking_at, preserved_rng, usable_device
from earlysieve.networks.output_names import check_order
from earlysieve.readouts.feature_store import DEFAULT_BUDGET, Budget
from earlysieve.readouts.heads import Head, head_named
from earlysieve.readouts.space import features_folder
from earlysieve.repairing.features_beside import FeaturesBeside

if TYPE_CHECKING:
    import pandas as pd


def audit(
    model: Any,
    data: Data | OpenedData,
    *,
    reference: Data | OpenedData | None = None,
    layers: str | Sequence[str] = "auto",
    head: str | Head = "linear",
    folds: int = 5,
    flag_margin: float = 0.5,
    l2: float = 1.0,
    seed: int = 0,
    batch_size: int = 64,
    num_workers: int = 0,
    device: torch.device | str | None = None,
    memory_budget: int = DEFAULT_BUDGET,
    features_dir: str | os.PathLike[str] | None = None,
    keep_features: str | os.PathLike[str] | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    class_names: Sequence[str] = (),
    group_names: Sequence[str] = (),
    group_shares: Mapping[int, float] | None = None,
    seen_in_training: bool | None = None,
    swaps: int = DEFAULT_SWAPS,
    irrelevant: Sequence[str] = (),
    relevant: Sequence[str] = (),
    pictures: int = 24,
    heatmaps: int = 8,
    progress: bool | None = None,
    tell: Callable[[str], None] | None = None,
) -> AuditResult:
    """Find out whether a trained classifier takes shortcuts, and on which examples.

    The model runs once over the data. On each layer's activations a small readout is fitted to
    the labels; examples that an early readout gets wrong with confidence are those on which a
    simple feature misleads (DeDiER, WACV 2024, section 3). Group labels are used for verification
    only. The model is left as it was, bit for bit: parameters, buffers, training mode,
    requires_grad, hooks, device and the global random states, also after an exception.

    Args:
        model: any classifier that returns logits (B, C), or one logit (B,) for two classes; an
            object with `.logits`, or a tuple that begins with them. Or a fitted classifier as those
            of scikit-learn, or any function of rows, see `from_predictor`: its inputs are its one
            layer, frames go to it as they are, and it answers 4096 rows at once.
        data: a data set or DataLoader of (x, y), (x, y, group), mappings or `Batch`; or arrays,
            tensors or a frame, (X, y) or (X, y, groups); see `earlysieve.datasets.batches.iterate`
            and `earlysieve.datasets.arrays.data_of`. Best is data the model was not trained on.
        reference: other examples of the same classes, prepared alike, best the training data: then
            readouts are fitted on these and score `data`, and their accuracy on both, by layer,
            tells what transfers (`summary.transfer`). Examples in both are left out.
        layers: names from `trace_layers`, or "auto" for about four to eight stage boundaries.
        head: "linear", "mlp", "statistics", "conv", "token", or a head object.
        folds: every example is scored by a readout fitted on the other folds; 0 scores in-sample.
        flag_margin: an example is flagged if the readout is wrong with at least this margin
            (difference of its two largest probabilities), in (0, 1].
        l2: penalty of linear readouts on standardised features (1/C of scikit-learn for three
            classes or more).
        seed: for folds and for heads trained by minibatches.
        batch_size, num_workers: used where `data` is not a DataLoader.
        device: where to run; the model's own by default.
        memory_budget: bytes of features held in memory; the rest goes to temporary files, of which
            nothing stays.
        features_dir: folder for these files; by default $TMPDIR, or what the system has for them.
        keep_features: folder for what the last layer reads of `data` in this pass, as
            `fix(features=)` and `repair(features=LastFeatures.load(...))` take it; how large that
            is is said first. The last layer has to be linear.
        resume_dir: folder, of this audit alone, in which what the model answers and what readouts
            say is kept every 30 seconds until the audit is complete, so that the same call goes on
            where it was stopped and ends bit for bit as if nobody had stopped it: what takes about
            as much space as the features. Data are read again and compared. What lies there of
            another model, other data or other settings is not used.
        class_names, group_names: for the tables; the data set's own where it has such attributes.
            Labels of arrays that are names are numbered as `class_names`, which are in the order of
            the model's outputs then.
        group_shares: share of each group in the training data. They weigh the reweighted average,
            and tell which groups are in the minority where `data` are balanced (AUROC).
        seen_in_training: whether the model was trained on `data`, where that is known. On such data
            the verdict is never "none found", since what was memorised hides a shortcut; where it
            is unknown, the model is taken to have seen what it gets nearly always right.
        swaps: example-forwards to spend on swapping parts between examples, and a fifth of them on
            what decisions survive (`summary.survives`); 0 turns both off. Of a table, up to 400
            rows are asked besides for either of two columns whose single values tell a class.
        irrelevant: parts of which you say that the answer must not depend on them, as "colour" or
            the name of a column; an answer that follows one of them is a shortcut, also
            where no example lacks it.
        relevant: parts of which you say that they belong to the task, by the same names, as the
            region of a house whose price is asked: they are measured and shown, but neither a
            verdict nor groups are about them, about values of such a column, or about a layer that
            explains the same errors. A pair with another column still counts.
        pictures: examples of the piles or flagged to keep for the report, and as many correctly
            read ones.
        heatmaps: how many of these get a Grad-CAM overlay.
        progress: draw a bar; by default where standard error is a terminal.
        tell: takes a line for people, as that features need files, and how large ones, or how long
            readouts will be trained where that is more than a minute; without it, such lines go to
            standard error where a bar is drawn.

    Returns:
        Tables by layer and example, a summary with the verdict, a group report, pictures.

    Raises:
        InputError: labels out of range, NaN in inputs or activations, an unusable argument, a head
            that does not suit a layer; a last layer that is not linear, where its features are to
            be kept; a reference of other classes, of inputs of another form, or
            that holds all of the data.
        LayerError: an unknown layer, or one that runs several times.
        DataError: no data, or one class only.
        OutputError: features need more space than there is.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> result = es.audit(net, (x, y), pictures=0)
        >>> result.summary.verdict in ("shortcut", "at risk", "none found", "inconclusive")
        True
        >>> len(result.examples)
        200
    """
    recipe = head_named(head)
    check_threshold(flag_margin)
    check_numbers(folds, batch_size, l2, seed)
    check_seen(seen_in_training)
    check_swaps(swaps, irrelevant)
    check_named("relevant", relevant, "region")
    given = data
    network, data, reference, class_names = asked(
        model, data, reference, class_names, keep_features
    )
    rows = rows_at_once(network, batch_size)
    place = usable_device(device_of(network) if device is None else device)
    names = layer_names(layers)
    folder = features_folder(features_dir)
    check_holds_numbers(network)
    source = opened(with_numbers(data, class_names))
    if not class_names:
        check_order(network, source.class_names)
    other = None if reference is None else opened(reference)
    if other is not None:
        check_reference(source, other)

    kept = unfinished(
        resume_dir,
        network,
        (
            keep_features is not None,
            names,
            recipe,
            folds,
            flag_margin,
            l2,
            seed,
            batch_size,
            str(place),
            swaps,
            irrelevant,
            *([relevant] if relevant else []),
        ),
        tell or (lambda _: None),
    )
    barred = as_parts(irrelevant, source.column_names, source.variables)
    matters = as_parts(relevant, source.column_names, source.variables)
    check_apart(barred, matters)
    settings = Settings(
        layers=names,
        head=recipe,
        folds=folds,
        flag_margin=flag_margin,
        l2=l2,
        seed=seed,
        batch_size=rows,
        num_workers=num_workers,
        device=place,
        budget=Budget(memory_budget, folder),
        swaps=swaps,
        irrelevant=barred,
        relevant=matters,
        progress=progress,
        tell=tell,
        group_shares=group_shares,
        kept=kept,
    )

    group_labels = tuple(group_names) or source.group_names
    class_labels = tuple(class_names) or source.class_names

    def look() -> _Looked:
        beside = None
        if keep_features is not None:
            beside = FeaturesBeside(
                network, source, keep_features, lambda line: say(line, settings)
            )
        chosen = settings if beside is None else replace(settings, listen=beside)
        seen = examine(network, source, chosen, other)
        if not class_names and set(numbering_of(source.class_names)) & set(source.notes):
            check_every_output_is_named(seen.collected.num_classes, source.class_names)
        if beside is not None:
            beside.save()
        groups = _groups(seen.collected, group_labels, group_shares)
        examples, summary = judged(
            seen,
            groups,
            class_labels,
            seen_in_training=seen_in_training,
            out_of_fold=folds > 1,
            head=recipe,
        )
        shown, notes = take_pictures(
            network,
            source,
            examples,
            count=pictures,
            heatmaps=heatmaps,
            device=place,
            failing=seen.again.by_reader.get(summary.leans_on or ""),
        )
        shown = with_speaking_words(
            network,
            source,
            shown,
            seen.collected,
            seen.layer,
            dict(zip(examples["index"], examples["readout_prediction"], strict=True)),
            head=recipe,
            l2=l2,
            device=place,
        )
        if summary.leans_on in KINDS:
            shown = with_words_of_kind(source, shown, summary.leans_on)
        named = named_words(summary.leans_on, seen.swaps)
        shown = with_named_words(source, shown, named, summary.leans_on)
        shown = with_speaking_columns(
            shown,
            [one.name for one in seen.variables] if source.column_names else [],
            examples,
            source=source.source,
            leans_on=summary.leans_on,
        )
        return _Looked(seen, groups, examples, summary, shown, notes)

    with torch.inference_mode(False), preserved_rng():
        looked = looking_at(lambda: on_device(network, place, look), network)
    seen, examples, summary = looked.seen, looked.examples, looked.summary
    kept.done()
    return AuditResult(
        layers=seen.layers,
        examples=examples,
        summary=replace(
            summary,
            explanation=explained(network, summary.explanation),
            next_steps=steps_of(network, summary.next_steps, given, summary.leans_on),
        ),
        groups=looked.groups,
        config=config_of(
            network,
            list(seen.collected.layers),
            recipe,
            folds,
            flag_margin,
            l2,
            seed,
            examples,
            batch_size=batch_size,
            pictures=pictures,
            heatmaps=heatmaps,
            seen_in_training=seen_in_training,
            swaps=swaps,
            irrelevant=list(irrelevant),
            relevant=list(relevant),
            **({} if source.root is None else {"root": str(source.root)}),
            **_written(group_shares),
            **_compared(seen),
            **told_data(seen.collected),
        ),
        notes=[
            *_skipped(source),
            *source.notes,
            *_left_out(seen),
            *_wordless(seen, source),
            *looked.notes,
        ],
        class_names=class_labels,
        group_names=group_labels,
        pictures=looked.pictures,
        **(_more_pictures(seen, summary, source) if pictures else {}),
    )


@dataclass(frozen=True)
class _Looked:
    """What is left of looking: the model has gone back to where it was."""

    seen: Examined
    groups: GroupReport | None
    examples: "pd.DataFrame"
    summary: Summary
    pictures: list[Picture]
    notes: list[str]


def _more_pictures(seen: Examined, summary: Summary, source: OpenedData) -> dict[str, Any]:
    """What swaps and changes look like."""
    first = _part_of(summary.leans_on)
    return {
        "swap_pictures": swap_pictures(seen.swaps, first),
        "swap_texts": swap_texts(seen.swaps, source.tokenizer, first),
        "changed_pictures": changed_pictures(seen.survival, source.tokenizer),
    }


def _part_of(leaning: str | None) -> str | None:
    """What a property is called among the parts that are swapped."""
    return None if leaning is None else part_of(leaning)


def _written(shares: Mapping[int, float] | None) -> dict[str, dict[str, float]]:
    if shares is None:
        return {}
    return {"group_shares": {str(group): float(share) for group, share in shares.items()}}


def _compared(seen: Examined) -> dict[str, Any]:
    if seen.compared is None:
        return {}
    return {
        "scores": "by readouts of the reference",
        "reference_examples": seen.compared.examples,
    }


def _wordless(seen: Examined, source: OpenedData) -> list[str]:
    """That tokens are numbers to people, where texts were audited."""
    texts = any(part.part == "token" for part in seen.swaps.parts)
    return [_WORDLESS] if texts and not hasattr(source.tokenizer, "decode") else []


_WORDLESS = (
    "Nothing tells what the tokens say, so that words are shown as numbers; give the data set its "
    "tokenizer, as data.tokenizer = tokenizer."
)


def _left_out(seen: Examined) -> list[str]:
    return [] if seen.compared is None else seen.compared.notes


def _groups(
    collected: Collected, names: Sequence[str], shares: Mapping[int, float] | None
) -> GroupReport | None:
    if collected.groups is None:
        return None
    correct = (collected.prediction == collected.labels).numpy()
    return group_report(correct, collected.groups.numpy(), names, shares)


def _skipped(source: OpenedData) -> list[str]:
    names = source.skipped
    if not names:
        return []
    more = "" if len(names) <= 5 else f" and {len(names) - 5} more"
    return [f"{len(names)} unreadable files were skipped: {', '.join(names[:5])}{more}."]
