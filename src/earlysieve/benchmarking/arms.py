"""What is compared: a method, its settings, and where the groups come from that it needs."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from earlysieve._files import is_there
from earlysieve._names import near_names
from earlysieve.benchmarking.tuning import Tuning
from earlysieve.errors import InputError
from earlysieve.groups.selection_rules import rule_named
from earlysieve.methods.registry import is_code, method_named, method_settings
from earlysieve.methods.teacher_settings import TeacherSettings

# Of which of them each example is told apart, and what they look at besides the data.
INFERRED = ("audit", "xrm", "disagreement", "errors", "eiil", "spare")
TRUE = "true"
OF_A_MODEL = ("audit", "disagreement", "errors", "eiil", "spare")
PLAIN = "erm"
REFERENCE = "reference"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]*")

Supervision = Literal["none", "groups in validation", "groups in training"]


@dataclass(frozen=True)
class Kind:
    """What a benchmark has to know of a method.

    Attributes:
        starts_trained: whether it changes a trained network.
        has_teacher: whether it learns from a teacher.
    """

    starts_trained: bool
    has_teacher: bool


@dataclass(frozen=True)
class Arm:
    """A line of the table.

    Attributes:
        name: unique; the method, with @ and the source of its groups where it needs some.
        method: of the registry.
        source: of groups: one of `INFERRED`, "true" (those that the data name), or a file; None:
            it needs none.
        settings: of the method, those that differ from its defaults.
        tuned: how its other settings are searched; None: they have their defaults.
        kind: of a method that its code names, what it is, so that results are read without it.
        teacher: whose run of the same seed it learns from, where it has a teacher; None: plain
            training.
        by_groups: whether epochs are chosen by groups that are inferred from a reference run.
    """

    name: str
    method: str
    source: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    tuned: Tuning | None = None
    kind: Kind | None = None
    teacher: "Arm | None" = None
    by_groups: bool = False

    @property
    def is_repair(self) -> bool:
        """Whether it starts from the plain run of the same seed, and is fitted to validation."""
        return _kind_of(self.method, self.kind).starts_trained

    @property
    def has_teacher(self) -> bool:
        """Whether it learns from a teacher, by default a run of the same seed."""
        return _kind_of(self.method, self.kind).has_teacher

    @property
    def needs_teacher(self) -> bool:
        """Whether a run of the same seed is its teacher."""
        given = self.settings
        return self.has_teacher and not (given.get("teacher") or given.get("teacher_logits"))

    @property
    def part(self) -> Literal["train", "validation"]:
        """The part of the data that it learns from."""
        return "validation" if self.is_repair else "train"

    def all_settings(self) -> dict[str, Any]:
        """The settings with their defaults, as plain values."""
        return asdict(method_settings(self.method, self.settings))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, all settings written out."""
        found = {"method": self.method, "source": self.source, "settings": self.all_settings()}
        if self.kind is not None:
            found["kind"] = asdict(self.kind)
        if self.teacher is not None:
            found["teacher"] = self.teacher.name
        return found if self.tuned is None else {**found, "tuned": list(self.tuned.settings)}


PLAIN_ARM = Arm(PLAIN, PLAIN)
# Plain training, whose audit says by which groups epochs are chosen.
REFERENCE_ARM = Arm(REFERENCE, PLAIN)


def arm_from(
    text: str, settings: Mapping[str, Any] | None = None, *, name: str | None = None
) -> Arm:
    """An arm from METHOD or METHOD@SOURCE.

    Args:
        text: such as "group-dro@audit"; the method may be module:METHOD or file.py:METHOD.
        settings: of the method.
        name: how it is called; None: as `text`.

    Raises:
        InputError: the method, the source or a setting is unknown, or the method needs no groups.
    """
    method, at, source = text.strip().partition("@")
    found = method_named(method)
    made = method_settings(method, settings or {})
    if getattr(made, "preset", None):
        raise InputError(
            f"Expected settings of '{method}' one by one, but got the preset '{made.preset}'; "
            "write out what it sets"
        )
    needed = found.needs_groups(made)
    if at and not needed:
        raise InputError(
            f"Expected a method that needs groups before @, but '{method}' as it is set needs "
            f"none; write '{method}' alone"
        )
    if at:
        _check_source(source, text)
    chosen = (source if at else TRUE) if needed else None
    own = found.name if is_code(method) else method
    label = name or (own if chosen is None else f"{own}@{_short(chosen)}")
    if not _NAME.fullmatch(label):
        raise InputError(
            f"Expected a name of letters, digits, @ . _ and -, but got '{label}'; give the method "
            "another name"
        )
    kind = _kind_of(method, None) if is_code(method) else None
    arm = Arm(label, method, chosen, dict(settings or {}), kind=kind)
    if label == REFERENCE:
        raise InputError(
            f"Expected another name than '{REFERENCE}', which is that of the runs whose audits say "
            "by which groups epochs are chosen; give the method another name"
        )
    if label == PLAIN and arm != PLAIN_ARM:
        raise InputError(
            f"Expected the name '{PLAIN}' for plain training, but got it for {method} with other "
            "settings; give it another name"
        )
    return arm


def supervision_of(arm: Arm, select: str) -> Supervision:
    """What a method under a rule of choice knows of the true groups, the most of it.

    A file of groups counts as true ones, since nothing says how it was made. Training data with
    groups tell more than validation data with groups. A student knows what its teacher knows.

    Args:
        arm: method and source.
        select: the rule that chooses its epoch; repairs have none to choose.
    """
    known = [_own_supervision(one, select) for one in (arm, arm.teacher) if one is not None]
    return max(known, key=get_args(Supervision).index)


def _own_supervision(arm: Arm, select: str) -> Supervision:
    given = arm.source is not None and arm.source not in INFERRED
    if given and arm.part == "train":
        return "groups in training"
    if given or rule_named(select).supervision == "groups":
        return "groups in validation"
    return "none"


def check_different(arms: tuple[Arm, ...]) -> None:
    """Check that no name comes twice.

    Raises:
        InputError: one does.
    """
    names = [arm.name for arm in arms]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"Expected each method once, but got '{twice}' twice; leave one out, or give it "
            "another 'name' in the grid"
        )


def _kind_of(method: str, known: Kind | None) -> Kind:
    if known is not None:
        return known
    found = method_named(method)
    return Kind(found.starts_trained, issubclass(found.settings, TeacherSettings))


def _check_source(source: str, text: str) -> None:
    if source in (*INFERRED, TRUE) or (source and is_there(source)):
        return
    known = [*INFERRED, TRUE]
    near = near_names(source, known, 2)
    hint = f"did you mean {' or '.join(near)}?" if near else "choose one"
    raise InputError(
        f"Expected {', '.join(known)} or a file of groups that is there after @, but got "
        f"'{source}' in '{text.strip()}'; {hint}"
    )


def _short(source: str) -> str:
    return source if source in (*INFERRED, TRUE) else re.sub(r"[^\w.-]+", "-", Path(source).name)
