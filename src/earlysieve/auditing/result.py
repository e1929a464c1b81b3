"""What an audit returns: tables, a summary, pictures; saved, loaded and shown."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from earlysieve._files import output_folder, replacing, write_text
from earlysieve.auditing import scores
from earlysieve.auditing.verdict import Summary
from earlysieve.errors import DataError
from earlysieve.groups.report import GroupReport

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 1
_COLUMN_TYPES: Any = {
    "id": str,
    "group": "Int64",
    "confidence": np.float32,
    "margin": np.float32,
    "shortcut_score": np.float32,
}


@dataclass(frozen=True)
class Picture:
    """What a person sees of one example: a small image or a text, and where the model looked."""

    index: int
    kind: Literal["image", "text"]
    role: Literal["flagged", "correct"]
    image: bytes | None = None
    text: str | None = None
    heatmap: bytes | None = None


@dataclass(frozen=True, eq=False)
class AuditResult:
    """Tables, summary and pictures of one audit.

    Attributes:
        layers: one row per layer, see `earlysieve.auditing.tables.layer_row`.
        examples: one row per example, see `earlysieve.auditing.tables.example_table`.
        summary: the verdict and what to do next.
        groups: accuracy by group, where groups are known, else None.
        config: everything that is needed to repeat the audit; `scores` says "out of fold" or
            "in-sample".
        notes: what was skipped or could not be done.
        class_names, group_names: empty where unknown.
        pictures: of some flagged and some correctly read examples.
    """

    layers: "pd.DataFrame"
    examples: "pd.DataFrame"
    summary: Summary
    groups: GroupReport | None
    config: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    class_names: tuple[str, ...] = ()
    group_names: tuple[str, ...] = ()
    pictures: list[Picture] = field(default_factory=list)

    def pseudo_groups(self) -> torch.Tensor:
        """Groups to stand in for missing labels: int64, shape (N,), 2 * label + flagged.

        In the order of `examples`, as group methods (group DRO, group-balanced sampling, last-layer
        retraining) take them.
        """
        labels = self.examples["label"].to_numpy()
        return torch.from_numpy(scores.pseudo_groups(labels, self.examples["flagged"].to_numpy()))

    def pseudo_group_names(self) -> tuple[str, ...]:
        """Names of the groups that `pseudo_groups` returns."""
        count = int(self.examples["label"].max()) + 1
        names = [self.class_names[i] if i < len(self.class_names) else str(i) for i in range(count)]
        return tuple(f"{n}, {kind}" for n in names for kind in ("not flagged", "flagged"))

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write audit.json, scores.csv and pictures/ to a folder, each file atomically.

        Raises:
            OutputError: the folder cannot be written.
        """
        target = output_folder(folder)
        files = _picture_files(self.pictures)
        for name, content in files.items():
            with replacing(target / name) as temporary:
                temporary.write_bytes(content)
        with replacing(target / "scores.csv") as temporary:
            self.examples.to_csv(temporary, index=False, lineterminator="\n")
        write_text(target / "audit.json", json.dumps(self._document(), indent=2, allow_nan=False))
        _remove_others(target, files)
        return target

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "AuditResult":
        """Read what `save` wrote.

        Raises:
            DataError: no audit there, one of another format version, or a file of it is missing.
        """
        import pandas as pd

        source = Path(folder)
        document = _read(source / "audit.json")
        groups = document["groups"]
        if groups is not None:
            groups = GroupReport(**{**groups, "table": pd.DataFrame(groups["table"])})
        return cls(
            layers=_load_layers(document["layers"]),
            examples=_load_examples(source / "scores.csv"),
            summary=_load_summary(document["summary"]),
            groups=groups,
            config=document["config"],
            notes=document["notes"],
            class_names=tuple(document["class_names"]),
            group_names=tuple(document["group_names"]),
            pictures=[_load_picture(source, entry) for entry in document["pictures"]],
        )

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page that opens from disk without a network.

        Raises:
            MissingDependencyError: the extra `report` is not installed.
            OutputError: the page cannot be written.
        """
        from earlysieve.report import write_html

        write_html(self, path)
        return Path(path)

    def _document(self) -> dict[str, Any]:
        groups = None
        if self.groups is not None:
            groups = {**vars(self.groups), "table": self.groups.table.to_dict("list")}
        document = {
            "format_version": FORMAT_VERSION,
            "summary": asdict(self.summary),
            "layers": self.layers.to_dict("list"),
            "groups": groups,
            "config": self.config,
            "notes": self.notes,
            "class_names": list(self.class_names),
            "group_names": list(self.group_names),
            "pictures": [_picture_entry(picture) for picture in self.pictures],
        }
        encoded: dict[str, Any] = _encode(document)
        return encoded


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if version != FORMAT_VERSION:
        raise DataError(
            f"Expected an audit of format version {FORMAT_VERSION} in '{path}', but got "
            f"{version}; run the audit again with this version of earlysieve"
        )
    return document


def _encode(value: Any) -> Any:
    """NaN has no place in JSON; it becomes null."""
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, np.generic):
        return _encode(value.item())
    return None if isinstance(value, float) and math.isnan(value) else value


def _load_examples(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(
            path,
            dtype=_COLUMN_TYPES,
            keep_default_na=False,
            na_values={"group": [""]},
            lineterminator="\n",
        )
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"Expected a saved audit at '{path}', but it cannot be read ({error}); "
        "pass the folder that AuditResult.save or 'earlysieve audit' wrote"
    )


def _load_layers(columns: dict[str, list[Any]]) -> "pd.DataFrame":
    import pandas as pd

    frame = pd.DataFrame(columns)
    numbers = [name for name in frame.columns if name != "layer"]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


def _load_summary(entries: dict[str, Any]) -> Summary:
    optional = {"worst_group", "worst_group_accuracy"}
    filled: dict[str, Any] = {
        name: math.nan if value is None and name not in optional else value
        for name, value in entries.items()
    }
    return Summary(**filled)


def _picture_files(pictures: Sequence[Picture]) -> dict[str, bytes]:
    """Content by file name, below the folder of the audit."""
    return {
        _picture_file(picture.index, kind): content
        for picture in pictures
        for kind, content in (("image", picture.image), ("heatmap", picture.heatmap))
        if content is not None
    }


def _remove_others(folder: Path, files: Mapping[str, bytes]) -> None:
    """Remove pictures that an earlier audit left in the same folder."""
    for kind in ("image", "heatmap"):
        for path in (folder / "pictures").glob(f"[0-9]*-{kind}.png"):
            if f"pictures/{path.name}" not in files:
                path.unlink()


def _picture_file(index: int, kind: str) -> str:
    return f"pictures/{index}-{kind}.png"


def _picture_entry(picture: Picture) -> dict[str, Any]:
    return {
        "index": picture.index,
        "kind": picture.kind,
        "role": picture.role,
        "text": picture.text,
        "image": picture.image is not None,
        "heatmap": picture.heatmap is not None,
    }


def _read_picture(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _load_picture(folder: Path, entry: dict[str, Any]) -> Picture:
    files = {
        kind: _read_picture(folder / _picture_file(entry["index"], kind)) if entry[kind] else None
        for kind in ("image", "heatmap")
    }
    return Picture(entry["index"], entry["kind"], entry["role"], text=entry["text"], **files)
