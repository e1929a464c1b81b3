"""The test data, opened once for each run when its epoch is chosen; a log says when."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.benchmarking.log import Log
from earlysieve.datasets.opened_data import opened
from earlysieve.groups.classes import class_name
from earlysieve.groups.group_report import group_report
from earlysieve.runs.train_data import open_beside
from earlysieve.training import SingleClassWarning, evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlysieve.groups.group_report import GroupReport
    from earlysieve.training import TrainConfig

TEST_LOG = "test.log"


def open_test(plain: "TrainConfig", spec: str) -> Any:
    """The test data, beside the training data of a plain configuration.

    Raises:
        EarlysieveError: they cannot be opened.
    """
    return open_beside(plain, spec, progress=False)


def figures_on_test(
    model: Any, plain: "TrainConfig", spec: str, folder: Path, chosen: str
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """The figures of a model on the test data, and those of each group; the opening is logged.

    Args:
        model: as it was chosen.
        plain: configuration of the plain run of the same data and seed.
        spec: of the test data.
        folder: of the run.
        chosen: how the model was chosen, in words.

    Returns:
        Figures by name, as fractions, and name, n and accuracy of each group.

    Raises:
        EarlysieveError: the data cannot be opened, or the model does not take them.
    """
    again = (folder / TEST_LOG).exists()
    before = "; opened before, but what came of it was not kept" if again else ""
    Log(folder, TEST_LOG)(f"test data '{spec}' of '{plain.data}' opened: {chosen}{before}")
    data = open_test(plain, spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingleClassWarning)
        found = evaluate(
            model,
            data,
            batch_size=2 * plain.batch_size,
            num_workers=plain.num_workers,
            keep_logits=True,
        )
    return figures_of(found, opened(data).class_names, opened(data).group_names)


def figures_of(
    found: Any, class_names: "Sequence[str]", group_names: "Sequence[str]"
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Figures of an evaluation with logits, and those of each group; see `figures_on_test`."""
    labels = found.labels.numpy()
    correct = found.logits.argmax(1).numpy() == labels
    names = [class_name(k, class_names) for k in range(int(labels.max()) + 1)]
    classes = group_report(correct, labels, names)
    groups = (
        None if found.groups is None else group_report(correct, found.groups.numpy(), group_names)
    )
    figures = {"average": found.accuracy}
    if classes is not None:
        figures["worst_class"] = classes.worst_accuracy
    if groups is not None:
        figures |= {"worst_group": groups.worst_accuracy, "gap": groups.gap}
    return figures, [] if groups is None else _rows(groups)


def _rows(groups: "GroupReport") -> list[dict[str, Any]]:
    rows = groups.table[["name", "n", "accuracy"]].to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]
