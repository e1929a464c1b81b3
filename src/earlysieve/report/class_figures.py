"""How the model does on each class, as the page shows it."""

from dataclasses import dataclass

from earlysieve.groups.classes import ClassAccuracy, ConfusedPair, class_accuracies, confused_pairs
from earlysieve.report.audit_view import ReportData
from earlysieve.report.words import name_of

MOST_CLASSES, MOST_PAIRS = 20, 5


@dataclass(frozen=True)
class ClassFigures:
    """Accuracy by class and confused pairs.

    Attributes:
        rows: the weakest classes first.
        left_out: how many stronger classes are not shown.
        pairs: the classes that are taken for another most often.
    """

    rows: list[ClassAccuracy]
    left_out: int
    pairs: list[ConfusedPair]


def class_figures(data: ReportData) -> ClassFigures:
    """What the example table says of each class, whatever the summary holds."""
    labels, said = (data.examples[name].to_numpy() for name in ("label", "prediction"))
    highest = int(max(labels.max(), said.max()))
    names = [name_of(data.class_names, number, "class") for number in range(highest + 1)]
    found = sorted(class_accuracies(labels, said, names), key=lambda row: row.accuracy)
    return ClassFigures(
        rows=found[:MOST_CLASSES],
        left_out=max(0, len(found) - MOST_CLASSES),
        pairs=confused_pairs(labels, said, names, most=MOST_PAIRS),
    )
