"""The test data, opened once for each run when its epoch is chosen; a log says when."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.benchmarking.log import Log
from earlysieve.datasets.opened_data import opened
from earlysieve.groups.group_report import group_report
from earlysieve.measures.bias_amplification import attribute_in
from earlysieve.measures.figures import Known, values_of
from earlysieve.runs.data_fingerprint import run_fingerprint
from earlysieve.runs.train_data import open_beside
from earlysieve.training import SingleClassWarning, evaluate
from earlysieve.training.selection import answers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from earlysieve.groups.group_report import GroupReport
    from earlysieve.training import Evaluation, TrainConfig

TEST_LOG = "test.log"
# What tables call a figure, where that is another name than that of `measures.figures`.
NAMES = {
    "accuracy": "average",
    "reweighted_accuracy": "reweighted_average",
    "worst_group_accuracy": "worst_group",
    "worst_class_accuracy": "worst_class",
    "group_gap": "gap",
}


@dataclass(frozen=True)
class OnTest:
    """What came of a model on the test data.

    Attributes:
        figures: by name, as fractions.
        groups: name, n and accuracy of each.
        classes: how many the model tells apart.
        data: their fingerprint, see `runs.data_fingerprint`.
    """

    figures: "Mapping[str, float]"
    groups: "Sequence[Mapping[str, Any]]"
    classes: int
    data: str | None


def open_test(plain: "TrainConfig", spec: str) -> Any:
    """The test data, beside the training data of a plain configuration.

    Raises:
        EarlysieveError: they cannot be opened.
    """
    return open_beside(plain, spec, progress=False)


def figures_on_test(
    model: Any,
    plain: "TrainConfig",
    spec: str,
    folder: Path,
    *,
    chosen: str,
    shares: "Mapping[int, float] | None" = None,
) -> OnTest:
    """The figures of a model on the test data, and those of each group; the opening is logged.

    Args:
        model: as it was chosen.
        plain: configuration of the plain run of the same data and seed.
        spec: of the test data.
        folder: of the run.
        chosen: how the model was chosen, in words.
        shares: of the groups of the training data; None: they name none.

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
    names = opened(data).group_names
    weighed = any((shares or {}).get(group) for group in found.group_accuracy)
    figures, groups = figures_of(found, names, shares=shares if weighed else None)
    return OnTest(figures, groups, answers_of(found).logits.shape[1], run_fingerprint(data))


def figures_of(
    found: "Evaluation",
    group_names: "Sequence[str]" = (),
    *,
    shares: "Mapping[int, float] | None" = None,
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Figures of an evaluation with logits, and those of each group; see `OnTest`.

    Args:
        found: with logits.
        group_names: of group 0, 1, ...
        shares: of the training groups.
    """
    answers = answers_of(found)
    correct = answers.logits.argmax(axis=1) == answers.labels
    groups, attribute = None, None
    if answers.groups is not None:
        groups = group_report(correct, answers.groups, group_names)
        attribute = attribute_in(answers.groups, answers.labels, answers.logits.shape[1])
    values = values_of(answers, Known(attribute, shares))
    figures = {NAMES.get(name, name): value for name, value in values.items()}
    if groups is None:
        return figures, []
    return {**figures, "group_mean": groups.reweighted_average}, _rows(groups)


def _rows(groups: "GroupReport") -> list[dict[str, Any]]:
    rows = groups.table[["name", "n", "accuracy"]].to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]
