"""The chosen trial and the plain one, trained again with fresh seeds: only these are reported."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.datasets.group_sizes import sizes_of
from earlysieve.groups.over_seeds import OverSeeds, over_seeds, paired_over_seeds
from earlysieve.groups.selection_rules import RULES
from earlysieve.searching.choice import name_of
from earlysieve.searching.lock import held
from earlysieve.searching.one_trial import few_warnings, judged, keep_logits, trained
from earlysieve.searching.titles import run_title, trial_title
from earlysieve.training.evaluate import evaluate_logits
from earlysieve.training.selection import answers_of

if TYPE_CHECKING:
    from torch import Tensor

    from earlysieve.runs.reporter import Reporter
    from earlysieve.runs.train_run import TrainRun
    from earlysieve.training import TrainConfig

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Again:
    """What came of one configuration with several seeds.

    Attributes:
        name: of the trial.
        place: of the trial.
        runs: folders of the runs, by seed, below that of the search.
        figures: every rule for which there is what it needs, on the validation data, by seed.
        means: of these figures over the seeds.
        smallest_group: name and number of examples of the smallest group of the validation data,
            over all seeds; None where these name no groups.
    """

    name: str
    place: int
    runs: Mapping[int, str]
    figures: Mapping[int, Figures]
    means: Mapping[str, OverSeeds]
    smallest_group: tuple[str, int] | None = None


def fresh_seeds(seed: int, count: int) -> list[int]:
    """Seeds that the search has not used."""
    return [(seed + k) % 2**63 for k in range(1, count + 1)]


def train_again(
    config: "TrainConfig",
    place: int,
    out: Path,
    seeds: Sequence[int],
    reporter: "Reporter",
) -> Again:
    """Train a configuration with each seed; what is finished is not repeated.

    Raises:
        EarlysieveError: a run cannot be trained.
    """
    figures, runs = {}, {}
    sizes: list[tuple[str, int]] = []
    for seed in seeds:
        folder = out / "again" / f"{place:03d}-seed-{seed}"
        with held(folder):
            own = replace(config, seed=seed)
            named = replace(reporter, title=trial_title(run_title(own), place))
            figures[seed], found = _figures(own, folder, named)
        sizes += found.items()
        runs[seed] = folder.relative_to(out).as_posix()
        reporter.tell(
            f"{name_of(place)}, seed {seed}: {config.select} {figures[seed][config.select]:.3f}"
        )
    smallest = min(sizes, key=lambda one: one[1], default=None)
    return Again(name_of(place), place, runs, figures, _means(list(figures.values())), smallest)


def differences(chosen: Again, plain: Again) -> dict[str, OverSeeds]:
    """Each figure of the chosen trial minus that of the plain one, seed by seed."""
    names = [name for name in plain.means if name in chosen.means]
    return {
        name: paired_over_seeds(
            [chosen.figures[seed][name] for seed in plain.figures],
            [plain.figures[seed][name] for seed in plain.figures],
        )
        for name in names
    }


def _figures(
    config: "TrainConfig", folder: Path, reporter: "Reporter"
) -> tuple[Figures, dict[str, int]]:
    """The figures of a run on its validation data, and the sizes of their groups."""
    run, _ = trained(config, folder, reporter)  # a finished run is loaded
    with few_warnings():
        _, logits = judged(run)
        keep_logits(folder, logits)
        return _by_rule(run, logits), sizes_of(run.validation)


def _by_rule(run: "TrainRun", logits: "Tensor") -> Figures:
    import torch

    from earlysieve.datasets.opened_data import opened

    source = opened(run.validation)
    groups = None if source.groups is None else torch.from_numpy(source.groups)
    found = evaluate_logits(logits, torch.from_numpy(source.labels), groups)
    answers = answers_of(found, run.known)
    usable = (rule for rule in RULES.values() if not rule.missing(answers))
    return {rule.name: rule.score(answers) for rule in usable}


def _means(rows: Sequence[Figures]) -> dict[str, OverSeeds]:
    names = [name for name in rows[0] if all(name in row for row in rows)]
    found = {name: over_seeds([row[name] for row in rows]) for name in names}
    return {name: mean for name, mean in found.items() if not math.isnan(mean.mean)}
