"""The order in which a method sees the examples, and the groups it may need."""

from typing import TYPE_CHECKING

from earlysieve.errors import InputError

if TYPE_CHECKING:
    from earlysieve._arrays import Ints
    from earlysieve.methods.job import Job
    from earlysieve.training import BatchSampler


def balanced_order(job: "Job") -> "BatchSampler | None":
    """Classes or groups drawn equally often, as the setting `balance` says.

    Raises:
        InputError: no group is known.
    """
    from earlysieve.training import EpochSampler
    from earlysieve.weighting.balanced_sampling import balanced_weights

    kind = job.settings.balance
    if kind is None:
        return None
    kinds = job.labels if kind == "class" else weighed_groups(job)
    c = job.config
    return EpochSampler(len(job.data), c.batch_size, seed=c.seed, weights=balanced_weights(kinds))


def weighed_groups(job: "Job") -> "Ints":
    """As `known_groups`, for methods that weigh or draw groups as they are.

    A note says so where these are not crossed with the class. Repairs of the last layer cross them.

    Raises:
        InputError: none is known.
    """
    from earlysieve.groups.crossing import not_crossed

    groups, column = known_groups(job), job.config.data_options.get("label_column")
    note = not_crossed(groups, job.labels, job.opened.group_names, label_column=column)
    if note and note not in job.notes:
        job.notes.append(note)
    return groups


def known_groups(job: "Job") -> "Ints":
    """The group of each example, int64, shape (N,), -1 where unknown.

    Raises:
        InputError: none is known.
    """
    if job.groups is None:
        raise InputError(
            f"Expected data with groups for the method '{job.config.method}', but '"
            f"{job.config.data}' names none; infer them from an audit of these data with "
            "--groups-from AUDIT_FOLDER, add a column 'group' to a CSV file, yield "
            "(x, y, group), or choose a method that needs no groups"
        )
    return job.groups
