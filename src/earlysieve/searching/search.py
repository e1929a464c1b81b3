"""A search in a folder: trials, choice, and both the choice and plain training again."""

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.errors import MissingDependencyError
from earlysieve.runs.reporter import Reporter
from earlysieve.searching.again import differences, fresh_seeds, train_again
from earlysieve.searching.find import Found, OnTrial, SearchOptions, find
from earlysieve.searching.result import RESULT_NAME, SearchResult
from earlysieve.searching.space import configured, plain_config

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig

__all__ = ["SearchOptions", "search"]


def search(
    config: "TrainConfig",
    out: str | os.PathLike[str],
    *,
    fixed: Collection[str] = (),
    space: Mapping[str, str] | None = None,
    pruning: bool = True,
    options: SearchOptions | None = None,
    reporter: Reporter | None = None,
    on_trial: OnTrial | None = None,
) -> SearchResult:
    """Search for the settings of a method, choose, and train the choice again with fresh seeds.

    The same call goes on where it was stopped, however that was.

    Args:
        config: what is not searched; its validation data and `select` decide.
        out: folder of the search.
        fixed: settings of the method that are not searched.
        space: further or other dimensions, see `space_of`.
        pruning: stop trials that lag behind the median.
        options: how much, and where it is kept.
        reporter: hears what is done.
        on_trial: called with each trial that is finished, and the best so far.

    Raises:
        EarlysieveError: there are no validation data, `out` belongs to another search, the storage
            cannot be reached, or trial 0 cannot be trained.

    Example:
        >>> import tempfile
        >>> import earlysieve as es
        >>> from earlysieve.training import TrainConfig
        >>> config = TrainConfig(
        ...     model="earlysieve.networks:SmallMLP",
        ...     model_options={"input_shape": [50], "widths": [4]},
        ...     data="latents",
        ...     data_options={"limit": 200},
        ...     validation="0.3",
        ...     method="jtt",
        ...     epochs=1,
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = es.search(config, folder, options=es.SearchOptions(trials=2, seeds=1))
        >>> [trial.place for trial in found.trials]
        [0, 1]
    """
    out = Path(out)
    options, reporter = options or SearchOptions(), reporter or Reporter()
    found = find(
        config,
        out,
        fixed=fixed,
        space=space or {},
        pruning=pruning,
        options=options,
        reporter=reporter,
        on_trial=on_trial,
    )
    result = _conclude(found, options.seeds, reporter)
    write_text(out / RESULT_NAME, json.dumps(plain(result), indent=2) + "\n")
    _write_page(result, found, reporter)
    return result


def _write_page(result: SearchResult, found: Found, reporter: Reporter) -> None:
    from earlysieve.searching.page import PAGE_NAME, render_search
    from earlysieve.searching.plots import plots_of

    try:
        plots = plots_of(result.trials, found.study, result.select)
        page = render_search(result, plots, found.work.plan.config)
    except MissingDependencyError as error:
        reporter.tell(f"No page: {error}")
        return
    write_text(found.work.out / PAGE_NAME, page)


def _conclude(found: Found, seeds: int, reporter: Reporter) -> SearchResult:
    plan, out, choice = found.work.plan, found.work.out, found.choice
    reporter.tell(choice.explanation)
    fresh = fresh_seeds(plan.config.seed, seeds)
    base = train_again(plain_config(plan.config, plan.space), 0, out, fresh, reporter)
    best = None
    if found.place:
        chosen = configured(plan.config, plan.space, found.values)
        best = train_again(chosen, found.place, out, fresh, reporter)
    return SearchResult(
        found.place,
        found.values,
        choice.explanation,
        choice.select,
        choice.supervision,
        found.trials,
        base,
        best,
        {} if best is None else differences(best, base),
    )
