"""What an audit does otherwise of a model that is no network, and what it advises then."""

import json
import os
from collections.abc import Sequence
from typing import Any

from torch import nn

from earlysieve.auditing.columns_left_out import (
    BOUND_TRAINING,
    code_without,
    columns_left_out,
    drop_of_both,
    names_to_drop,
)
from earlysieve.auditing.filled_beside import Beside, left_out_too
from earlysieve.auditing.next_steps import (
    CHECKS,
    FIX,
    FIX_OR_RETRAIN,
    RETRAIN,
    of_one_layer,
    parts,
    step,
)
from earlysieve.auditing.outdone import OUTDONE_HERE, OUTDONE_INPUTS
from earlysieve.datasets.arrays import is_frame
from earlysieve.datasets.predicted import for_predictor
from earlysieve.errors import InputError
from earlysieve.model.predictor import ROWS_AT_ONCE, Predictor, as_network
from earlysieve.model.unwrap import unwrap

_AGAIN = (
    "Or train it again, with weights by which the groups of training examples that an audit of "
    "these tells apart count equally (whatever the verdict on these is)"
)
_COMPARED = (
    "Fit a linear model to the same columns: where that does better, this one has not learned all "
    "that they tell; check its settings, and that these data are prepared as those of its fit."
)
_ASK = "If you suspect a column, say that it must not matter; swaps ask whether answers follow it:"
_ASKED = "result = es.audit(model, data, irrelevant=[COLUMN])"
_ANEW = "# train it again on (X_train, y_train), then"


def asked(
    model: Any,
    data: Any,
    reference: Any,
    class_names: Sequence[str],
    keep_features: str | os.PathLike[str] | None,
) -> tuple[nn.Module, Any, Any, Sequence[str]]:
    """A network, with data, reference and names of the classes as it takes them.

    Args:
        model: a network, an estimator or a `Predictor`.
        data, reference, class_names, keep_features: see `audit`.

    Raises:
        InputError: it is no model, or features of a last layer are asked of what has none.
        DataError: the data are not those of an estimator.
    """
    network = unwrap(as_network(model))
    if not isinstance(network, Predictor):
        return network, data, reference, class_names
    if keep_features is not None:
        raise InputError(
            f"Expected a network whose last layer can be fitted anew to keep_features, but got "
            f"{network.called}; leave keep_features out"
        )
    return for_predictor(network, data, class_names, reference)


def rows_at_once(network: nn.Module, batch_size: int) -> int:
    """How many rows a model answers together: an ensemble takes as long for one as for hundreds."""
    return max(batch_size, ROWS_AT_ONCE) if isinstance(network, Predictor) else batch_size


def steps_of(network: nn.Module, steps: Sequence[str], data: Any, on: str | None) -> list[str]:
    """Next steps that can be done; those of a network as they are.

    Args:
        network: that was audited.
        steps: as `next_steps` makes them.
        data: as the user gave them.
        on: name of what the verdict is about; None: nothing.
    """
    if not isinstance(network, Predictor):
        return list(steps)
    frame = data[0] if isinstance(data, tuple) and data and is_frame(data[0]) else None
    columns = [] if frame is None else [str(name) for name in frame.columns]
    kept = [one for one in of_one_layer(steps) if parts(one)[1] != FIX]
    found = [_step(*parts(one), network, columns, on) for one in kept]
    if any(one.startswith(CHECKS) for one in steps):
        found = [_COMPARED, step(_ASK, _ASKED), *(x for x in found if not _is_of_layers(x))]
    return list(dict.fromkeys(found))


_OF_GAPS = (
    " It says where column '{}' has no value: leave that out, or fill its gaps in a way that the "
    "rest of a row does not tell."
)
_OF_DATE = (
    " It is the weekday of column '{}': leave that out, or give the model what does not tell the "
    "weekday, as the month."
)


def _is_of_layers(one: str) -> bool:
    return one.startswith(CHECKS) or "reference=" in parts(one)[1]


def explained(network: nn.Module, text: str) -> str:
    """The explanation of an audit; of what is no network without words of layers that it has not.

    Args:
        network: that was audited.
        text: the explanation, as of a network.
    """
    return text.replace(OUTDONE_HERE, OUTDONE_INPUTS) if isinstance(network, Predictor) else text


def _step(text: str, code: str, model: Predictor, columns: Sequence[str], on: str | None) -> str:
    if code in (FIX_OR_RETRAIN, RETRAIN):
        return _weighted(model, on)
    text = text.replace("a network that", "a model that")
    if not columns_left_out(code):
        return step(text, code)
    text, code = _of_gaps(text, code, model, columns)
    *bound, drops, _, last = code.split("\n")
    names = names_to_drop(code, columns)
    if names:  # categories of a column of texts are not columns of the frame
        drops = drop_of_both(names)
    again = "model.fit(X_train, y_train)" if model.is_estimator else _ANEW
    return step(text, "\n".join((*bound, drops, again, last)))


def _of_gaps(text: str, code: str, model: Predictor, columns: Sequence[str]) -> tuple[str, str]:
    """The step with the column that has gaps, or dates, in place of the one beside it."""
    named = columns_left_out(code)
    flags = {**model.gaps, **model.dates}
    of = {_bare(flag): _bare(name) for flag, name in flags.items()}
    weekdays = {_bare(flag) for flag in model.dates}
    told = [of[one] for one in named if one in of]
    if not told:
        return text, code
    for one in told:
        text = text.replace(left_out_too(Beside((one,))), "")
        text += _OF_DATE.format(one) if weekdays & set(named) else _OF_GAPS.format(one)
    kept = list(dict.fromkeys(of.get(one, one) for one in named))
    order = [_bare(name) for name in model.feature_names]
    in_array = [order.index(one) if order else int(one) for one in kept if not columns]
    return text, code_without(kept, in_array or kept) or code


def _bare(column: str) -> str:
    """The name of a column without the word that verdicts put before it."""
    return column.removeprefix("column ")


def _weighted(model: Predictor, on: str | None) -> str:
    reader = "" if on is None else f", reader={json.dumps(on, ensure_ascii=False)}"
    lines = [
        BOUND_TRAINING,
        f"groups = es.infer_groups(es.audit(model, (X_train, y_train)){reader})",
        "weights = es.balanced_weights(groups.numbers).numpy()",
    ]
    if model.weighs_by:
        fit = f"model.fit(X_train, y_train, {model.weighs_by}=weights)"
        return step(f"{_AGAIN}:", "\n".join((*lines, fit)))
    drawn = "drawn = np.random.choice(len(weights), len(weights), p=weights / weights.sum())"
    return step(f"{_AGAIN}, or on examples that are drawn by these:", "\n".join((*lines, drawn)))
