"""Run the whole demonstration and write what it gives."""

from collections.abc import Callable, Sequence
from pathlib import Path

from earlysieve._files import output_folder
from earlysieve.attribution.rows import write_figure
from earlysieve.demo.arms import ARMS, Arm
from earlysieve.demo.data import CORRELATION, Settings, make_data
from earlysieve.demo.page_sections import look_where, sections
from earlysieve.demo.results import ArmResult, run_arm
from earlysieve.training.archive import save_weights


def run_demo(
    out: Path,
    settings: Settings,
    *,
    arms: Sequence[Arm] = ARMS,
    tell: Callable[[str], None] = lambda _: None,
) -> list[ArmResult]:
    """Train and audit every arm; the first one's audit and page are written to `out`.

    Args:
        out: folder for audit.json, scores.csv, report.html, pictures/ and the weights.
        settings: see `Settings`.
        arms: ways to train.
        tell: takes a line on what happens next.

    Raises:
        OutputError: the folder cannot be written.
        MissingDependencyError: a package of the extra `demo` is not installed.
    """
    data = make_data(settings)
    tell(
        f"Coloured {len(data.train):,} handwritten digits for training: for {CORRELATION:.0%} of "
        "them the colour tells the digit, a shortcut."
    )
    results = [run_arm(arm, data, settings, tell) for arm in arms]
    output_folder(out)
    for result in results:
        save_weights(out / f"{result.arm.name}.pt", result.model.state_dict())
    rows = look_where(results, data)
    columns = ["input", *(result.arm.name for result in results)]
    write_figure(rows.pictures, columns, rows.names, out / "gradcam.png")
    results[0].audit.save(out, page=True, sections=sections(results, data, rows))
    return results
