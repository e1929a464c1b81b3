"""What is searched; a folder belongs to one plan, and another one is refused."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.errors import InputError, one_line
from earlysieve.runs.data_fingerprint import changed_parts
from earlysieve.searching.space import Dimension
from earlysieve.training import TrainConfig

PLAN_NAME, DATA_NAME = "plan.json", "data.json"


@dataclass(frozen=True)
class Plan:
    """What is searched.

    Attributes:
        config: all that is not searched, and where the search begins.
        space: the dimensions.
        pruning: whether trials that lag behind are stopped.
    """

    config: TrainConfig
    space: tuple[Dimension, ...]
    pruning: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As plain values; what does not change a result is left out."""
        space = {item.name: asdict(item) for item in self.space}
        found = {"config": self.config.decisive(), "space": space, "pruning": self.pruning}
        values: dict[str, Any] = json.loads(json.dumps(plain(found)))
        return values


def keep(plan: Plan, folder: Path) -> None:
    """Write the plan into a folder that has none.

    Raises:
        InputError: the folder belongs to another plan; the message says where they differ.
        OutputError: it cannot be written.
    """
    path = folder / PLAN_NAME
    if not path.exists():
        write_text(path, json.dumps(plan.to_dict(), indent=2) + "\n")
        return
    found = _read(path, "the plan of a search")
    check_same(found, plan, f"'{folder}'")


def _read(path: Path, what: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"Expected {what} in '{path}', but got: {one_line(error)}; choose another folder"
        ) from error


def keep_data(data: Mapping[str, str | None], folder: Path) -> None:
    """Write the fingerprints of a search's data into a folder that has none.

    Args:
        data: fingerprints by part, see `runs.data_fingerprint`.
        folder: of the search.

    Raises:
        InputError: the trials that the folder holds were made with other data.
        OutputError: it cannot be written.
    """
    path = folder / DATA_NAME
    if not path.exists():
        write_text(path, json.dumps(dict(data), indent=2) + "\n")
        return
    found = _read(path, "the fingerprints of data")
    changed = changed_parts(found, data)
    if changed:
        raise InputError(
            f"Expected the data that the trials in '{folder}' were made with, but the "
            f"{' and '.join(changed)} data are others now: names, labels, groups or contents have "
            "changed, or how they are read; trials of both cannot be compared: give another --out, "
            "or remove that folder"
        )


def check_same(found: Any, plan: Plan, where: str) -> None:
    """Check that what was found is this plan.

    Raises:
        InputError: it is another.
    """
    old, new = _flat(found), _flat(plan.to_dict())
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    if names:
        told = "; ".join(
            f"{n}: {old.get(n, 'none')} there, {new.get(n, 'none')} here" for n in names[:5]
        )
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise InputError(
            f"Expected the search that {where} holds, but got another ({told}{more}); give "
            "the same options, or another --out"
        )


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        return {name: value}
    return {
        key: item
        for inner, one in value.items()
        for key, item in _flat(one, f"{name}.{inner}".lstrip(".")).items()
    }
