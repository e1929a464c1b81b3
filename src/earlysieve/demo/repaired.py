"""The loop: from the audit of plain training to a network that leans less on the colour."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from earlysieve.demo.arms import CONFIG, Arm
from earlysieve.demo.data import DemoData, Settings
from earlysieve.demo.results import ArmResult, looked_at
from earlysieve.fixing.fix import fix
from earlysieve.fixing.result import FixResult
from earlysieve.fixing.retraining import Recipe

REPAIRED = Arm("repaired", "repaired", "fix", knows="more labels")


@dataclass(frozen=True)
class Loop:
    """What came of the loop.

    Attributes:
        result: of the chosen network, as of any arm.
        outcome: what was tried, and both audits.
    """

    result: ArmResult
    outcome: FixResult


def repaired(
    plain: ArmResult, data: DemoData, settings: Settings, tell: Callable[[str], None]
) -> Loop:
    """Repair and retrain what plain training gave, choose without group labels, audit again.

    Args:
        plain: with its audit of the held-out digits.
        data, settings: of the demonstration.
        tell: takes a line on what happens next.
    """
    tell("Going on from the audit of plain training: repairs, retraining, a choice among them.")
    outcome = fix(
        plain.model,
        held_out=data.held_out,
        train=data.train,
        audit=plain.audit,
        retrain=Recipe(replace(CONFIG, epochs=settings.epochs)),
        seed=settings.seed,
        progress=settings.progress,
        tell=tell,
    )
    found = looked_at(REPAIRED, outcome.model, outcome.after, data, settings)
    return Loop(found, replace(outcome, after=found.audit))
