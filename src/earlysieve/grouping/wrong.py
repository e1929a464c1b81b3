"""Groups of what a model itself gets wrong, the simplest source."""

from torch import nn

from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, data_identity, label_by_suspect
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.grouping.answers import answers_of, needed


def groups_from_errors(
    data: "Data | OpenedData", *, model: nn.Module | None = None, batch_size: int = 128
) -> Groups:
    """Groups label x suspect: the model takes a suspect for another class.

    Suspects are {i: argmax_c f_c(x_i) != y_i}, the error set of JTT. On data that the model was
    trained on for long few are left; on other data, hard examples are suspects, too. So it is what
    other sources should be compared with.

    Source: Liu et al., "Just Train Twice: Improving Group Robustness without Training Group
    Information", ICML 2021, arXiv 2107.09044, section 4.1.

    Args:
        data: N examples.
        model: any classifier; it is left as it was.
        batch_size: >= 1.

    Returns:
        Groups with `weights` 1 - p, p the model's probability of the label.

    Raises:
        InputError: no model, or the labels are not among its classes.
    """
    source = opened(data)
    found = answers_of(needed(model, "errors"), source, batch_size=batch_size)
    told = found.logits.double().softmax(1).gather(1, found.labels[:, None]).squeeze(1)
    return label_by_suspect(
        found.labels,
        found.logits.argmax(1) != found.labels,
        source.class_names,
        source="errors",
        identity=data_identity(source),
        weights=1 - told,
    )
