"""Take something from a sample of the examples and count how often the model is right then."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from earlysieve._arrays import Ints
from earlysieve.auditing.kept_answers import ANEW, Answers
from earlysieve.auditing.survival.change import Change
from earlysieve.auditing.survival.found import UNCHANGED, Changed, Survival, Survived
from earlysieve.auditing.survival.images import image_changes
from earlysieve.auditing.survival.tables import table_changes
from earlysieve.auditing.survival.texts import text_changes
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.carrier import carrier_of
from earlysieve.auditing.swaps.columns import variable_strength
from earlysieve.auditing.swaps.pool import Pool, affordable, read_rows
from earlysieve.auditing.swaps.show import shown
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.datasets.variables import Variable, variables_of
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import wilson_interval
from earlysieve.model.batch import Inputs, take

MOST_EXAMPLES = 200
_FEWEST_EXAMPLES = 10
_FEWEST_CHANGES = 3
_OF_A_BUDGET, _MOST_KEPT = 0.2, 200
_ROWS_RANKED = 500
_PROBLEMS = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, InputError)


def kept_for_survival(budget: int) -> int:
    """The example-forwards of a budget that swaps leave for this: a fifth, at most 200."""
    return min(_MOST_KEPT, int(_OF_A_BUDGET * budget))


def survive(
    model: nn.Module,
    data: OpenedData,
    labels: Ints,
    predictions: Ints,
    *,
    index: Ints,
    budget: int,
    seed: int = 0,
    device: torch.device | str = "cpu",
    batch_size: int = 64,
    variables: Sequence[Variable] | None = None,
    kept: Answers = ANEW,
) -> Survival:
    """The model's accuracy on a random sample, as it is and with something taken away.

    Of images their central quarter, all else, the order of 16 tiles, their colour; of texts the
    order of words, each half, punctuation; of tables a column's place among the rows, for those
    three that tell the class most by themselves. Every change is made on the same examples, at
    most 200 of them; a model that needs what was taken is right less often. What this shows is no
    part of a verdict, since a cue that one should use may be lost as well as one that one should
    not.

    Args:
        model: in evaluation mode, on `device`.
        data: with random access; positions as in `index`.
        labels, predictions: of each example, int64, (N,).
        index: position of each example in the data, (N,).
        budget: example-forwards in all; the sample is as large as that allows, and at least 10.
        seed: of what is drawn.
        device: where the model is.
        batch_size: examples per forward pass.
        variables: of a table, see `variables_of`; None: as the rows that are drawn tell.
        kept: answers of this very call that was stopped.
    """
    if not budget:
        return Survival(skipped={"all": "swaps are turned off"})
    if not data.has_random_access:
        return Survival(skipped={"all": "the data have no random access"})
    carrier, reason = carrier_of(data.few().inputs)
    if carrier is None:
        return Survival(skipped={"all": reason})
    rng = np.random.default_rng((seed, len("survive"), *b"survive"))
    drawn = rng.permutation(len(labels))
    most = affordable(data, min(MOST_EXAMPLES, budget // _FEWEST_CHANGES))
    if budget < _FEWEST_CHANGES * min(_FEWEST_EXAMPLES, len(labels)):
        return Survival(skipped={"all": "the budget is spent"})
    sample = read_rows(data, carrier, index, labels, predictions, drawn[:most])
    changes, skipped = _changes(sample, data, drawn, index, labels, rng, variables)
    size = min(len(sample.labels), budget // max(1, len(changes)))
    if not changes or size < min(_FEWEST_EXAMPLES, len(labels)):
        spent = {"all": "the budget is spent"} if changes else {}
        return Survival(skipped={**skipped, **spent})
    asker = Asker(model, budget, device=device, batch_size=batch_size, kept=kept)
    return _asked(sample, changes, skipped, asker, size)


def _changes(
    sample: Pool,
    data: OpenedData,
    drawn: Ints,
    index: Ints,
    labels: Ints,
    rng: np.random.Generator,
    variables: Sequence[Variable] | None,
) -> tuple[list[Change], dict[str, str]]:
    try:
        if sample.carrier.kind == "image":
            return image_changes(sample, rng)
        if sample.carrier.kind == "text":
            return text_changes(sample, data.tokenizer, rng)
        rows = drawn[:_ROWS_RANKED]
        ranked = sample.carrier.get(data.examples(index[rows].tolist()).inputs).numpy()
        known = variables or variables_of(ranked, data.column_names)
        strength = variable_strength(ranked, labels[rows], sample.num_classes, known)
        return table_changes(sample, known, np.argsort(-strength, kind="stable"), rng)
    except _PROBLEMS as error:
        return [], {"all": f"{type(error).__name__}: {error}"}


def _asked(
    sample: Pool, changes: Sequence[Change], skipped: dict[str, str], asker: Asker, size: int
) -> Survival:
    """Ask about the first `size` examples, each change in turn."""
    labels, known = sample.labels[:size], sample.predictions[:size]
    right = np.flatnonzero(known == labels)
    one = int(right[0]) if len(right) else 0
    rows = [_survived(UNCHANGED, labels, known)]
    example = _pictured(UNCHANGED, sample, sample.inputs, one, int(known[one]))
    failed: dict[str, str] = {}
    for change in changes:
        try:
            inputs = change.made()
            answers = asker.answers(take(inputs, slice(0, size))).numpy()
        except _PROBLEMS as error:
            # This network takes no such inputs, as one that wants a certain number of tokens.
            failed[change.name] = f"{type(error).__name__}: {error}"
            continue
        rows.append(_survived(change.name, labels, answers))
        example += _pictured(change.name, sample, inputs, one, int(answers[one]))
    done = len(rows) > 1
    return Survival(
        tuple(rows) if done else (),
        {**skipped, **failed},
        tuple(example) if done else (),
        asker.spent,
    )


def _survived(name: str, labels: Ints, answers: Ints) -> Survived:
    hits = int((answers == labels).sum())
    low, high = wilson_interval(hits, len(labels))
    return Survived(name, len(labels), hits / len(labels), low, high)


def _pictured(name: str, sample: Pool, inputs: Inputs, row: int, answer: int) -> list[Changed]:
    if sample.carrier.kind == "table":
        return []
    values: Tensor = shown(sample, take(inputs, slice(row, row + 1)))[0]
    return [Changed(name, int(sample.positions[row]), int(sample.labels[row]), answer, values)]
