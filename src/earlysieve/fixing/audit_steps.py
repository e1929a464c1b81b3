"""What to do after the audits of a fix that was run by a command, as commands."""

from dataclasses import replace
from pathlib import Path

from earlysieve.auditing.pseudo_groups import told_by
from earlysieve.auditing.result import AuditResult
from earlysieve.auditing.step_options import on_command_line
from earlysieve.fixing.fix_data import FixData
from earlysieve.fixing.outcome import in_options
from earlysieve.fixing.result import FixResult
from earlysieve.fixing.saving import AFTER, BEFORE, WEIGHTS
from earlysieve.runs.training_steps import steps_of_fix, steps_of_run


def with_commands(
    result: FixResult, command: str, data: FixData, checkpoint: Path | None, out: Path
) -> FixResult:
    """The result, with steps of its audits that name this model, these data and their folder.

    Its explanation names options, its configuration the split that was held out and all others.

    Args:
        result: what came of it. An audit that was given has its own commands already.
        command: `earlysieve fix ...` as it was run.
        data: what was opened.
        checkpoint: of the given model.
        out: folder of the fix.
    """

    def steps(audit: AuditResult, when: str) -> list[str]:
        changed, kept, reader = when == AFTER, audit.summary.next_steps, told_by(audit)
        if data.options is not None:
            weights = out / WEIGHTS if changed else None
            split = data.options.get("split")
            return steps_of_fix(kept, command, split, weights, out / when, reader)
        if data.config is None or changed:
            # No option names a share that a run has held out, but beside its own weights.
            return on_command_line(kept, lambda _: "")
        return steps_of_run(kept, data.config, checkpoint, out / when, reader)

    split = None if data.options is None else data.options.get("split")
    found = {} if split is None else {"split": split}
    if data.splits is not None:
        found["splits"] = list(data.splits)
    words = in_options(result.explanation)
    result = replace(result, explanation=words, config={**result.config, **found})
    before = _with(result.before, steps(result.before, BEFORE))
    if not result.changed:
        return replace(result, before=before, after=before)
    after = _with(result.after, steps(result.after, AFTER))
    return replace(result, before=before, after=after)


def _with(audit: AuditResult, steps: list[str]) -> AuditResult:
    if audit.config.get("command"):
        return audit
    return replace(audit, summary=replace(audit.summary, next_steps=steps))
