"""What to do after an audit of weights that a fix has repaired, whose readers outdo the model."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from earlysieve.auditing.next_steps import HOLDS_HERE, HOLDS_MORE, REPAIRED, parts, step
from earlysieve.auditing.outdone import OUTDONE_HERE
from earlysieve.report.command_words import Options, command_with, describing, options_of

_OF_MODEL = ("--checkpoint", "--checkpoint-key", "--checkpoint-prefix", "--pretrained")
_IS_REPAIRED = (
    "This is the model that a fix made: '{}'. It does worse than a simple readout of its own "
    "layers, as such a model does: they still tell what it no longer follows. Of its other "
    "mistakes these data tell nothing; how it does where the shortcut fails, a comparison with the "
    "model before does."
)
_COMPARE = (
    "This model was repaired. That costs accuracy where the shortcut holds, while early layers "
    "still tell as much as before, so that its audit alone cannot tell more. Audit the model as it "
    "was on the same examples, and compare what is gained where the shortcut fails:"
)


def of_repaired(
    steps: Sequence[str], fix: Mapping[str, Any], options: Options, out: str
) -> list[str]:
    """The steps, with the audit of the former model and a comparison in place of a mere hint.

    Args:
        steps: with commands.
        fix: what fix.json beside the audited weights says; empty where there is none.
        options: of the audit's command.
        out: its folder.
    """
    asked = any(parts(one)[0].endswith(REPAIRED) for one in steps)
    if not fix.get("changed") or not asked:
        return list(steps)
    more, here = parts(HOLDS_MORE)[0][:40], parts(HOLDS_HERE)[0][:40]
    kept = [one for one in steps if not one.startswith(more)]
    return [_told(one, fix, options, out, here) for one in kept]


def explained(text: str, fix: Mapping[str, Any]) -> str:
    """The explanation of an audit of weights that a fix has repaired: that is why readouts do more.

    Args:
        text: the explanation.
        fix: what fix.json beside the audited weights says; empty where there is none.
    """
    if not fix.get("changed"):
        return text
    return text.replace(OUTDONE_HERE, _IS_REPAIRED.format(fix.get("chosen", "")), 1)


def _told(one: str, fix: Mapping[str, Any], options: Options, out: str, here: str) -> str:
    text, code = parts(one)
    if text.endswith(REPAIRED):
        return step(_COMPARE, _commands(fix, options, out))
    if one.startswith(here):
        return step(text.replace("If all that is so, compare", "Or compare", 1), code)
    return one


def _commands(fix: Mapping[str, Any], options: Options, out: str) -> str:
    config = fix.get("config")
    ran = options_of(str(config.get("command")) if isinstance(config, Mapping) else "", "fix")
    model = [(name, values) for name, values in ran if name in _OF_MODEL]
    same = describing(options, but=_OF_MODEL)
    before = f"{out}/before-repair"
    audit = command_with("audit", [*model, *same], {"--out": before})
    return f"{audit}\n{shlex.join(['earlysieve', 'compare', before, out])}"
