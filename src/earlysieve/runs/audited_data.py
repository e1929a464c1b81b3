"""Data of a saved audit, opened again as it opened them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earlysieve._files import is_file
from earlysieve.networks.hf_folder import tokenizer_of
from earlysieve.report.command_words import joined
from earlysieve.runs.data_settings import full_spec, option_words

_AUDIT = "audit.json"


@dataclass(frozen=True)
class AsAudited:
    """How an audit opened its data.

    Attributes:
        options: of the data; those that are given now win.
        seed: of planting and sampling; None: not known.
        tokenizer: of the audited model, for texts where no option names one.
        added: the options that were not given, as the words of a command.
    """

    options: Mapping[str, Any]
    seed: int | None = None
    tokenizer: Path | str | None = None
    added: str = ""


def as_audited(place: str, spec: str, given: Mapping[str, Any]) -> AsAudited:
    """The options with those of the audit in a folder, where that audited the same source.

    Args:
        place: of the audit; where there is none, or it is of other data, the options stay.
        spec: of the data, as `--data` names them.
        given: options of the data.

    Raises:
        DataError: the audit cannot be read.
    """
    from earlysieve.auditing.result import AuditResult

    folder = Path(place).parent if Path(place).name == _AUDIT else Path(place)
    if not is_file(folder / _AUDIT):
        return AsAudited(given)
    config = AuditResult.load(folder).config
    model, data, kept = (config.get(name) for name in ("model", "data", "data_options"))
    tokenizer = tokenizer_of(model) if isinstance(model, str) else None
    if not isinstance(data, str) or not isinstance(kept, Mapping):
        return AsAudited(given, tokenizer=tokenizer)
    if full_spec(data) != full_spec(spec):
        return AsAudited(given, tokenizer=tokenizer)
    added = {k: v for k, v in kept.items() if k not in given}
    words = [pair for name, value in added.items() for pair in option_words(name, value)]
    seed = config.get("seed")
    return AsAudited(
        {**added, **given},
        seed if isinstance(seed, int) else None,
        tokenizer,
        " ".join(joined(words)),
    )
