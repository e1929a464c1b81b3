"""Which data the figures of a comparison are of."""

from collections.abc import Mapping
from typing import Any


def of_run(config: Mapping[str, Any]) -> str:
    """The data by which a run is judged: its validation data, by what its configuration says."""
    data, given = config.get("data"), config.get("validation")
    if not given:
        return "validation data"
    shares = str(given).replace(".", "", 1).isdigit() or str(given).startswith("split:")
    return (
        f"validation data ({given} of {data})" if shares and data else f"validation data ({given})"
    )


def of_audit(config: Mapping[str, Any]) -> str:
    """The data that were audited, by what the audit kept of them."""
    data, options = config.get("data"), config.get("data_options") or {}
    split = config.get("split") or options.get("split")
    named = [*([str(data)] if data else []), *([f"split {split}"] if split else [])]
    return f"audited data ({', '.join(named)})" if named else "audited data"
