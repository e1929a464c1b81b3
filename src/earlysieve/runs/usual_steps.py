"""How large the steps of a training are where nobody says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earlysieve.networks.attention import usual_width
from earlysieve.networks.hf_folder import place_of
from earlysieve.training.going_on import further

HF = "hf"
_SAID = frozenset({"optimizer", "lr", "freeze"})
# What configurations of transformers call their width.
_WIDTHS = ("hidden_size", "d_model", "dim", "n_embd")


def usual_steps(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Optimiser and rate for a network of transformers; nothing where they are said, or of others.

    Its weights are trained, and the steps that suit a network with random ones undo what they know.
    A last layer that is trained alone bears large steps.

    Args:
        fields: of a configuration, as far as they were given.
    """
    family, _, name = str(fields.get("model", "")).partition(":")
    if family != HF or any(fields.get(one) is not None for one in _SAID):
        return {}
    gently = further(_width(name) or usual_width(fields["model"]))
    return {"optimizer": gently.optimizer, "lr": gently.lr}


def _width(name: str) -> int | None:
    """That a folder's config.json tells; None where it tells none."""
    place = place_of(name)
    if not isinstance(place, Path):
        return None
    try:
        found = json.loads((place / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    values = [found.get(one) for one in _WIDTHS] if isinstance(found, dict) else []
    return next((one for one in values if isinstance(one, int) and one > 0), None)
