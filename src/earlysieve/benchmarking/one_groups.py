"""Groups of one part of the data, inferred once for all arms that need them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.auditing.pseudo_groups import SCORE
from earlysieve.benchmarking.cells import GroupsCell, folder_of
from earlysieve.benchmarking.configs import AUDIT_NAME, GROUPS_NAME, plain_config
from earlysieve.benchmarking.log import Clock, Log
from earlysieve.benchmarking.made_with import note_data, write_made_with
from earlysieve.benchmarking.protocol import NAMED
from earlysieve.benchmarking.record import Record
from earlysieve.datasets.opened_data import opened
from earlysieve.grouping.files import read_groups
from earlysieve.grouping.infer import infer_groups
from earlysieve.networks.fit_check import pick_device
from earlysieve.networks.spec import build_model, load_checkpoint
from earlysieve.runs.audit_run import save
from earlysieve.runs.data_fingerprint import fingerprints_of
from earlysieve.runs.run_beside import as_in_run
from earlysieve.runs.train_data import Parts, open_parts
from earlysieve.runs.train_run import WEIGHTS_NAME
from earlysieve.searching.one_trial import few_warnings

if TYPE_CHECKING:
    from torch import nn

    from earlysieve.benchmarking.grid import Grid
    from earlysieve.datasets.example_groups import Groups
    from earlysieve.training import TrainConfig


def make_groups(cell: GroupsCell, grid: "Grid", out: Path, progress: bool | None = False) -> Record:
    """Infer groups and write them as a file that `--groups-from` takes; `progress` draws bars.

    Those of an audit come, as in `fix`, from an audit of the held-out data, which says which reader
    misleads; training data are told apart by that reader, in an audit of their own.

    Raises:
        EarlysieveError: nothing tells groups apart, or the network cannot be looked at.
    """
    folder = folder_of(out, cell)
    config = plain_config(grid.protocol, cell.data, cell.seed)
    log = Log(folder)
    log(f"{cell.title}: begun")
    write_made_with(folder)
    parts = open_parts(config, progress=False)
    note_data(cell, out, fingerprints_of(parts))
    weights = None if cell.base is None else folder_of(out, cell.base) / WEIGHTS_NAME
    model = None if weights is None else trained_model(weights, config, parts)
    splits = grid.protocol.data[cell.data]
    named = {name: getattr(splits, name) for name in NAMED}
    clock = Clock(folder, config.device)
    data = parts.train if cell.part == "train" else parts.validation
    with few_warnings():
        groups = _Around(cell, config, data, model, out, log, progress, named).groups()
    groups.save(folder / GROUPS_NAME)
    counts = ", ".join(f"{n} of '{groups.name(k)}'" for k, n in enumerate(groups.counts))
    log(f"{cell.title}: over after {clock.seconds:.1f} s; {counts}")
    return Record("complete", clock.seconds, notes=list(groups.notes), processor=clock.processor)


def trained_model(weights: Path, config: "TrainConfig", parts: Parts) -> "nn.Module":
    """A network with the weights of a run.

    Raises:
        EarlysieveError: they cannot be loaded.
    """
    outputs = config.num_classes or opened(parts.train).num_classes
    built = build_model(
        config.model,
        num_classes=outputs,
        options=config.model_options,
        seed=config.seed,
        like=parts.train,
    )
    as_in_run(built, weights, outputs)
    load_checkpoint(built, weights, spec=config.model)
    return built.model.to(pick_device(config.device)).eval()


@dataclass(frozen=True)
class _Around:
    """What one inference of groups stands in: its cell, its run, and what is said of parts."""

    cell: GroupsCell
    config: "TrainConfig"
    data: Any
    model: Any
    out: Path
    log: Log
    progress: bool | None
    named: Mapping[str, Sequence[str]]

    def groups(self) -> "Groups":
        """Groups of the cell's source."""
        if self.cell.source == "audit":
            return self._of_audit()
        settings: dict[str, Any] = {}
        if self.cell.source != "errors":
            settings["seed"] = self.cell.seed
        if self.cell.source == "xrm":
            settings |= {"progress": self.progress, "device": self.config.device}
        return infer_groups(self.cell.source, data=self.data, model=self.model, **settings)

    def _of_audit(self) -> "Groups":
        from earlysieve.auditing.audit import audit

        found = audit(
            self.model,
            self.data,
            seed=self.cell.seed,
            batch_size=self.config.batch_size,
            num_workers=self.config.num_workers,
            progress=self.progress,
            irrelevant=self.named["irrelevant"],
            relevant=self.named["relevant"],
            seen_in_training=self.cell.part == "train",
        )
        save(found, folder_of(self.out, self.cell) / AUDIT_NAME, self.log)
        reader = None
        if self.cell.held_out is not None:
            reader = _reader(folder_of(self.out, self.cell.held_out) / GROUPS_NAME)
            if reader is not None and SCORE.format(reader) not in found.examples.columns:
                reader = None
        return infer_groups(found, data=self.data, reader=reader)


def _reader(path: Path) -> str | None:
    """The reader that the held-out audit says misleads; None where it could not tell."""
    if not path.exists():
        return None
    name = read_groups(path).config.get("reader")
    return None if name is None else str(name)
