"""Where both models looked in some misled examples."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from earlysieve._arrays import Ints
from earlysieve.attribution.rows import heat_rows
from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.model.batch import Inputs, call_model, inputs_to, logits_of
from earlysieve.model.precision import match_precision
from earlysieve.model.state import device_of, looking_at, preserved_rng
from earlysieve.report.fix_view import ExampleRow
from earlysieve.report.words import name_of

MOST = 6
_PILE = "shortcut fails"


def fix_rows(
    before_model: nn.Module, after_model: nn.Module, data: OpenedData, audit: AuditResult
) -> tuple[ExampleRow, ...]:
    """The input of some misled examples, and Grad-CAM of both models for the true class.

    Args:
        before_model, after_model: of the same classes; they are left as they were.
        data: what was audited.
        audit: of the first model.

    Returns:
        Up to six rows, of all classes in turn; none for texts and tables, or where Grad-CAM cannot
        be made. They are an extra, and never cost a result.
    """
    try:
        with preserved_rng():
            return _rows((before_model, after_model), data, audit)
    except Exception:  # noqa: BLE001 - networks, data sets and pictures of users may raise anything
        return ()


def _rows(
    models: tuple[nn.Module, nn.Module], data: OpenedData, audit: AuditResult
) -> tuple[ExampleRow, ...]:
    chosen = chosen_examples(audit)
    if not data.has_random_access or not len(chosen):
        return ()
    shown = [data.display(int(index)) for index in chosen]
    if any(picture is None or isinstance(picture, str) for picture in shown):
        return ()
    batch = data.examples(chosen.tolist())
    device = device_of(models[0])
    inputs = inputs_to(match_precision(models[0], batch.inputs), device)
    pictures = heat_rows(models, inputs, batch.labels.to(device), shown)
    answers = [_answers(model, inputs) for model in models]
    said = [_named(numbers, audit.class_names) for numbers in (batch.labels.tolist(), *answers)]
    rows = zip(data.ids(chosen), *said, pictures, strict=True)
    return tuple(ExampleRow(*row) for row in rows)


def _named(numbers: list[int], names: Sequence[str]) -> list[str]:
    return [name_of(names, number, "class") for number in numbers]


def chosen_examples(audit: AuditResult) -> Ints:
    """Rows of the data set: of the pile "shortcut fails", else misled; all classes in turn.

    The first of each class in the order of the data: neither how strong the shortcut is nor what
    the models make of them plays a part.
    """
    table = audit.examples
    failing = table["index"].isin(_of_the_pile(audit))
    if not failing.any():
        misled = np.flatnonzero(audit.pseudo_groups().numpy() % 2 == 1)
        failing = table["index"].isin(np.sort(table["index"].to_numpy())[misled])
    found = table[failing].sort_values("index", kind="stable")
    turns = found.groupby("label").cumcount().sort_values(kind="stable")
    return np.asarray(found["index"].loc[turns.index[:MOST]].to_numpy(), np.int64)


def _of_the_pile(audit: AuditResult) -> list[int]:
    table = audit.examples
    if "pile" not in table.columns:
        return []
    return [int(index) for index in table["index"][table["pile"] == _PILE]]


def _answers(model: nn.Module, inputs: Inputs) -> list[int]:
    with torch.no_grad():
        logits = looking_at(lambda: logits_of(call_model(model, inputs)), model)
    numbers: list[int] = logits.argmax(1).tolist()
    return numbers
