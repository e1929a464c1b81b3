"""The audit of a model that ran elsewhere: JAX, ONNX, embeddings in a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from earlysieve.auditing.examine import Settings, examine_kept
from earlysieve.auditing.judge import judged
from earlysieve.auditing.kept_arrays import as_tensor, collect_arrays, input_tensors, layer_tensors
from earlysieve.auditing.next_steps import without_model
from earlysieve.auditing.options import check_numbers, check_seen, config_of
from earlysieve.auditing.result import AuditResult
from earlysieve.auditing.rows_shown import rows_shown
from earlysieve.auditing.rows_told import told_data
from earlysieve.auditing.scores import check_threshold
from earlysieve.datasets.arrays import (
    check_every_output_is_named,
    is_frame,
    label_numbers,
    numbered_as,
    numbering_of,
    row_names,
)
from earlysieve.datasets.numbering import numbered_groups
from earlysieve.errors import InputError
from earlysieve.groups.group_report import group_report
from earlysieve.model.batch import Batch, check_rows, logits_of
from earlysieve.model.state import preserved_rng
from earlysieve.readouts.feature_store import DEFAULT_BUDGET, Budget
from earlysieve.readouts.heads import Head, head_named

NO_MODEL = (
    "Only activations were given: nothing was swapped, and there are no pictures but rows of a "
    "table. The verdict rests on readers alone. With swaps: es.audit of the model itself, which "
    "may be a scikit-learn estimator, or any function of rows (es.from_predictor)."
)
NO_INPUTS = (
    "No inputs were given: no property of them, such as colour or a column, was looked at. Pass "
    "inputs= to look at these, too."
)


def audit_arrays(
    features_by_layer: Mapping[str, Any],
    labels: Any,
    logits: Any,
    *,
    inputs: Any = None,
    ids: Sequence[str] | None = None,
    groups: Any = None,
    class_names: Sequence[str] = (),
    head: str | Head = "linear",
    folds: int = 5,
    flag_margin: float = 0.5,
    l2: float = 1.0,
    seed: int = 0,
    batch_size: int = 64,
    memory_budget: int = DEFAULT_BUDGET,
    seen_in_training: bool | None = None,
    pictures: int = 24,
    progress: bool | None = None,
    tell: Callable[[str], None] | None = None,
) -> AuditResult:
    """Audit a classifier by its activations and logits, whatever it runs in.

    The same as `audit` of a PyTorch model with these activations, but for what needs the model:
    nothing is swapped between examples, and there are no pictures but rows of a table. Arrays are
    read by NumPy, so that those of JAX will do; tensors as well.

    Args:
        features_by_layer: activations by layer, in the order of depth: (N, D), (N, T, D) for
            tokens, (N, C, H, W) or (N, C, D, H, W) for maps.
        labels: shape (N,): class numbers, or names, which are numbered in sorted order.
        logits: shape (N, C), one column per class; or (N,) or (N, 1), one logit of class 1 against
            class 0.
        inputs: what the model was given, for properties that are looked at by name: a table (N, D)
            or frame, images (N, C, H, W), or a mapping with input_ids and attention_mask (N, T).
        ids: a name of each example; by default that of its row in a frame of inputs, or its number.
        groups: shape (N,), numbers or names, -1 or blank where unknown; for verification only.
        class_names: one per class; by default those in `labels`.
        head, folds, flag_margin, l2, seed, batch_size, memory_budget, seen_in_training, pictures,
            progress, tell: see `audit`.

    Raises:
        InputError: arrays of other shapes or lengths, labels out of range, NaN, probabilities
            instead of logits, or an unusable argument.
        DataError: no example, one class only, or something that is no number or boolean.

    Example:
        >>> import numpy as np
        >>> import earlysieve as es
        >>> rng = np.random.default_rng(0)
        >>> labels = np.arange(120) % 2
        >>> hidden = rng.normal(size=(120, 6)) + labels[:, None]  # computed anywhere
        >>> logits = hidden[:, :2] * [-1, 1]
        >>> es.audit_arrays({"hidden": hidden}, labels, logits).layers["layer"].tolist()
        ['hidden']
    """
    recipe = head_named(head)
    check_threshold(flag_margin)
    check_numbers(folds, batch_size, l2, seed)
    check_seen(seen_in_training)
    numbers, names = label_numbers(numbered_as(labels, class_names))
    answers = logits_of(as_tensor(logits, "logits"))
    if not class_names:
        check_every_output_is_named(answers.shape[1], names)
    check_rows(answers, len(numbers))
    layers = layer_tensors(features_by_layer, len(numbers))
    columns = [str(name) for name in inputs.columns] if is_frame(inputs) else []
    given = input_tensors(inputs, len(numbers))
    in_groups, group_names = _groups(groups, len(numbers))
    if ids is None and columns and row_names(inputs):
        ids = row_names(inputs)
    whole = Batch(given, torch.from_numpy(numbers), torch.arange(len(numbers)), in_groups)
    settings = Settings(
        list(layers), recipe, folds, flag_margin, l2, seed, batch_size, 0, torch.device("cpu"),
        Budget(memory_budget), 0, (), progress, tell,
    )  # fmt: skip
    class_labels = tuple(class_names) or names
    with torch.inference_mode(False), preserved_rng(), torch.no_grad():
        collected = collect_arrays(
            layers, whole, answers, head=recipe, budget=settings.budget, batch_size=batch_size
        )
    with torch.inference_mode(False), preserved_rng():
        seen = examine_kept(collected, settings, _ids(ids, len(numbers)), columns)
    report = None
    if collected.groups is not None:
        correct = (collected.prediction == collected.labels).numpy()
        report = group_report(correct, collected.groups.numpy(), group_names)
    examples, summary = judged(
        seen,
        report,
        class_labels,
        seen_in_training=seen_in_training,
        out_of_fold=folds > 1,
        head=recipe,
    )
    shown = rows_shown(given, columns, seen, examples, leans_on=summary.leans_on, count=pictures)
    config = config_of(
        nn.Identity(), list(layers), recipe, folds, flag_margin, l2, seed, examples,
        batch_size=batch_size, seen_in_training=seen_in_training, **told_data(collected),
    )  # fmt: skip
    return AuditResult(
        layers=seen.layers,
        examples=examples,
        summary=replace(summary, next_steps=without_model(summary.next_steps)),
        groups=report,
        pictures=shown,
        config={**config, "model": "activations"},
        notes=[*numbering_of(names), NO_MODEL, *([NO_INPUTS] if inputs is None else [])],
        class_names=class_labels,
        group_names=group_names,
    )


def _ids(ids: Sequence[str] | None, examples: int) -> list[str]:
    names = [str(k) for k in range(examples)] if ids is None else [str(name) for name in ids]
    if len(names) != examples:
        raise InputError(
            f"Expected {examples} ids, one per label, but got {len(names)}; pass one each"
        )
    return names


def _groups(groups: Any, examples: int) -> tuple[torch.Tensor | None, tuple[str, ...]]:
    if groups is None:
        return None, ()
    numbers, names = numbered_groups(list(groups), "the groups")
    if len(numbers) != examples:
        raise InputError(
            f"Expected {examples} groups, one per label, but got {len(numbers)}; pass one each"
        )
    return torch.from_numpy(numbers), names
