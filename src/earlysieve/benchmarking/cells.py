"""The cells of a benchmark, the groups that some need, and in which order they can be made."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from earlysieve.benchmarking.arms import INFERRED, OF_A_MODEL, PLAIN_ARM, REFERENCE_ARM, Arm
from earlysieve.benchmarking.grid import Grid

RUNS, GROUPS, SEARCHES = "runs", "groups", "searches"


@dataclass(frozen=True)
class RunCell:
    """A training: one arm on one data set with one seed.

    Attributes:
        data: name of the data set.
        arm: what is trained.
        seed: of the run.
    """

    data: str
    arm: Arm
    seed: int

    @property
    def place(self) -> str:
        """Its folder below that of the results."""
        return f"{RUNS}/{self.data}/{self.arm.name}/seed-{self.seed}"

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"{self.arm.name} on {self.data}, seed {self.seed}"

    @property
    def base(self) -> "RunCell | None":
        """The run that it starts from or learns from."""
        if not (self.arm.is_repair or self.arm.needs_teacher):
            return None
        return RunCell(self.data, self.arm.teacher or _plain(self.arm.by_groups), self.seed)

    @property
    def groups(self) -> "GroupsCell | None":
        """The groups that are inferred for it."""
        source = self.arm.source
        if source not in INFERRED or source is None:
            return None
        plain = _plain(self.arm.by_groups)
        return GroupsCell(self.data, source, self.arm.part, self.seed, plain)

    @property
    def reference(self) -> "GroupsCell | None":
        """The groups of validation data by which its epoch is chosen; repairs have none to choose.

        They are those of one run for all methods, so that the figures of methods can be compared.
        """
        if not self.arm.by_groups or self.arm.is_repair:
            return None
        return GroupsCell(self.data, "audit", "validation", self.seed, REFERENCE_ARM)

    @property
    def search(self) -> "SearchCell | None":
        """The search for its settings."""
        return None if self.arm.tuned is None else SearchCell(self.data, self.arm)

    @property
    def needs(self) -> "tuple[Cell, ...]":
        """What has to be complete before it begins."""
        found = (self.base, self.groups, self.reference, self.search)
        return tuple(one for one in found if one is not None)

    @property
    def after(self) -> "tuple[Cell, ...]":
        """What has to be over before it begins, whatever came of it."""
        return self.needs


@dataclass(frozen=True)
class GroupsCell:
    """Groups of one part of a data set, inferred once for all arms that need them.

    Attributes:
        data: name of the data set.
        source: one of `INFERRED`.
        part: "train" or "validation".
        seed: of the plain run, and of what is drawn.
        plain: what that run is an arm of.
    """

    data: str
    source: str
    part: str
    seed: int
    plain: Arm = PLAIN_ARM

    @property
    def place(self) -> str:
        """Its folder below that of the results."""
        source = REFERENCE_ARM.name if self.plain == REFERENCE_ARM else self.source
        return f"{GROUPS}/{self.data}/{source}-{self.part}/seed-{self.seed}"

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"groups of {self.source} on {self.data} ({self.part}), seed {self.seed}"

    @property
    def base(self) -> RunCell | None:
        """The plain run whose network is looked at."""
        if self.source in OF_A_MODEL:
            return RunCell(self.data, self.plain, self.seed)
        return None

    @property
    def held_out(self) -> "GroupsCell | None":
        """The audit of held-out data, which names the reader that misleads."""
        if self.source == "audit" and self.part == "train":
            return replace(self, part="validation")
        return None

    @property
    def needs(self) -> "tuple[Cell, ...]":
        """What has to be complete before it begins."""
        return () if self.base is None else (self.base,)

    @property
    def after(self) -> "tuple[Cell, ...]":
        """What has to be over before it begins, whatever came of it."""
        return self.needs if self.held_out is None else (*self.needs, self.held_out)


@dataclass(frozen=True)
class SearchCell:
    """The search for the settings of an arm on one data set, once for all seeds.

    Attributes:
        data: name of the data set.
        arm: what is tuned.
    """

    data: str
    arm: Arm

    @property
    def place(self) -> str:
        """Its folder below that of the results."""
        return f"{SEARCHES}/{self.data}/{self.arm.name}"

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"search for {self.arm.name} on {self.data}"

    @property
    def run(self) -> RunCell:
        """The run whose settings are searched, with their defaults."""
        seed = 0 if self.arm.tuned is None else self.arm.tuned.seed
        return RunCell(self.data, replace(self.arm, tuned=None), seed)

    @property
    def needs(self) -> "tuple[Cell, ...]":
        """What has to be complete before it begins."""
        return self.run.needs

    @property
    def after(self) -> "tuple[Cell, ...]":
        """What has to be over before it begins, whatever came of it."""
        return self.needs


Cell = RunCell | GroupsCell | SearchCell


def cells_of(grid: Grid) -> list[Cell]:
    """All cells, each after what it needs; seed by seed, so that an early stop has whole seeds."""
    found: dict[Cell, None] = {}
    for seed in grid.protocol.seeds:
        for name in grid.protocol.data:
            for arm in grid.arms:
                for cell in _with_needs(RunCell(name, arm, seed)):
                    found.setdefault(cell)
    return list(found)


def folder_of(out: Path, cell: Cell) -> Path:
    """The folder of a cell."""
    return out / cell.place


def all_needs(cell: Cell) -> "set[Cell]":
    """Everything that was spent before a cell could begin."""
    return set(_with_needs(cell)) - {cell}


def _plain(by_groups: bool) -> Arm:
    return replace(PLAIN_ARM, by_groups=by_groups)


def _with_needs(cell: Cell) -> Iterator[Cell]:
    for one in cell.after:
        yield from _with_needs(one)
    yield cell
