"""Run the whole demonstration and write what it gives."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from earlysieve._files import output_folder
from earlysieve.attribution.rows import write_figure
from earlysieve.demo.arms import ARMS, Arm
from earlysieve.demo.data import CORRELATION, Settings, make_data
from earlysieve.demo.page_sections import PAGE, look_where, sections
from earlysieve.demo.repaired import Loop, repaired
from earlysieve.demo.results import ArmResult, record, run_arm
from earlysieve.fixing.saving import save_fix
from earlysieve.training.archive import save_weights


def run_demo(
    out: Path,
    settings: Settings,
    *,
    arms: Sequence[Arm] = ARMS,
    tell: Callable[[str], None] = lambda _: None,
) -> list[ArmResult]:
    """Train and audit every arm, repair the first; its audit and page are written to `out`.

    Args:
        out: folder for audit.json, scores.csv, report.html, pictures/, the weights and fix/.
        settings: see `Settings`.
        arms: ways to train.
        tell: takes a line on what happens next.

    Returns:
        One result for each arm, then that of the repaired network.

    Raises:
        OutputError: the folder cannot be written.
        MissingDependencyError: a package of the extra `demo` is not installed.
    """
    data = make_data(settings)
    tell(
        f"Coloured {len(data.train):,} handwritten digits for training: for {CORRELATION:.0%} of "
        "them the colour tells the digit, a shortcut."
    )
    trained = [run_arm(arm, data, settings, tell) for arm in arms]
    loop = repaired(trained[0], data, settings, tell)
    results = [*trained, loop.result]
    output_folder(out)
    for result in trained:
        save_weights(out / f"{result.arm.name}.pt", result.model.state_dict())
    rows = look_where(results, data)
    columns = ["input", *(result.arm.name for result in results)]
    write_figure(rows.pictures, columns, rows.names, out / "gradcam.png")
    _save_loop(loop, out, record(trained[0].arm, data, settings))
    made = sections(results, data, rows, loop.outcome)
    trained[0].audit.save(out, page=True, sections=made)
    return results


def _save_loop(loop: Loop, out: Path, about: Mapping[str, Any]) -> None:
    """The folder of the fix; its page leads back to that of the demonstration, and to and fro."""
    save_fix(loop.outcome, out / Path(PAGE).parent, record=about, before="../report.html")
