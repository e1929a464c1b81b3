"""What is the same for all methods of a benchmark, as one object with a digest."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from earlysieve._json import plain
from earlysieve._names import near_names
from earlysieve.auditing.options import check_apart, check_named
from earlysieve.benchmarking.tuning import check_trials, tuned_of
from earlysieve.errors import InputError, TrainingError
from earlysieve.groups.selection_rules import rule_named
from earlysieve.training.config import PRACTICAL, TrainConfig

NAMED = ("irrelevant", "relevant")  # lists of parts of a data set, which audits are told
USUAL_SEEDS = 5
# What the protocol itself, or a method, decides of a training configuration.
_DECIDED = (
    *("data", "validation", "data_options", "method", "method_options", "groups_from"),
    *("groups_reader",),
    *("epochs", "seed", "select"),
)
TRAINING = tuple(item.name for item in fields(TrainConfig) if item.name not in _DECIDED)


@dataclass(frozen=True)
class DataSplits:
    """One data set and its parts.

    Attributes:
        data: the source of the training data.
        validation: a share of these, another split (split:val), or a source; epochs are chosen on
            it, and last layers fitted to it.
        test: another split, or a source; nothing is chosen on it.
        options: of the source.
        training: fields of `TrainConfig` that differ for these data, such as `model`.
        irrelevant: parts of which you say that the answer must not depend on them, for the audits
            that groups come from; see `audit`.
        relevant: parts of which you say that they belong to the task, for the same audits.

    Raises:
        InputError: `irrelevant` or `relevant` is no list of names, or both name a part.
    """

    data: str
    validation: str = "0.2"
    test: str = "split:test"
    options: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    irrelevant: Sequence[str] = ()
    relevant: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in NAMED:
            named = check_named(name, getattr(self, name), "colour")
            object.__setattr__(self, name, tuple(named))
        check_apart(self.irrelevant, self.relevant)


@dataclass(frozen=True)
class Budget:
    """What each method may spend.

    Attributes:
        trials: of the search for what is tuned, the plain method included, >= 2; 1: no search.
        epochs: of each training, >= 1.
        minutes: of each training, above 0; one that takes longer has failed. None: no limit.

    Raises:
        InputError: one is out of its range.
    """

    trials: int = 1
    epochs: int = 10
    minutes: float | None = None

    def __post_init__(self) -> None:
        for name in ("trials", "epochs"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InputError(
                    f"Expected {name} of the budget as a whole number from 1, but got {value!r}; "
                    "correct it"
                )
        value = self.minutes
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and 0 < value < math.inf):
            raise InputError(
                f"Expected minutes of the budget above 0, but got {value!r}; give more time"
            )

    def check_time(self, seconds: float, epoch: int) -> None:
        """Check that a training has time left.

        Args:
            seconds: since it began.
            epoch: the present one, for the message.

        Raises:
            TrainingError: it has not.
        """
        if self.minutes is not None and seconds > 60 * self.minutes:
            raise TrainingError(
                f"Expected a training within {self.minutes:g} minutes (epoch {epoch} of "
                f"{self.epochs}), but it takes longer; raise the budget, or train for fewer epochs"
            )


@dataclass(frozen=True)
class Protocol:
    """What is the same for all methods of a benchmark.

    Attributes:
        data: the data sets, by name.
        seeds: of weights, order and planted shortcuts; every method is trained with each.
        budget: what each method may spend.
        select: the rule that chooses epochs on the validation data, see `groups.rule_names`.
        tuned: what is tuned of a method, by its name: settings, each KEY or KEY=RANGE as
            `earlysieve search --space` takes it; none: all that it can search. The search sees
            training and validation data of the first seed only. Others have their defaults.
        training: fields of `TrainConfig` for all data sets, `model` among them.

    Raises:
        InputError: something is missing, unknown or out of its range.
    """

    data: Mapping[str, DataSplits]
    seeds: tuple[int, ...] = tuple(range(USUAL_SEEDS))
    budget: Budget = Budget()
    select: str = "accuracy"
    tuned: Mapping[str, Sequence[str]] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("Expected data to compare methods on, but got none; give --data")
        _check_seeds(self.seeds)
        rule_named(self.select)
        object.__setattr__(self, "tuned", tuned_of(self.tuned))
        check_trials(self.tuned, self.budget.trials)
        for where in (self.training, *(one.training for one in self.data.values())):
            check_keys(where, TRAINING, "fields of the training of a benchmark")
        for name, one in self.data.items():
            if not {**self.training, **one.training}.get("model"):
                raise InputError(
                    f"Expected a model for the data '{name}', but got none; give --model, or "
                    "'model' under 'training' of the protocol"
                )
            self.config(name, self.seeds[0])

    def config(self, name: str, seed: int, **more: Any) -> TrainConfig:
        """The configuration of plain training, but for `more`.

        Args:
            name: of the data.
            seed: of the run.
            more: further fields, which win.

        Raises:
            InputError: a field is of another type or range.
        """
        one = self.data[name]
        usual = {"restore_best": True, **self.training, **one.training}
        own = {
            "data": one.data,
            "validation": one.validation,
            "data_options": dict(one.options),
            "epochs": self.budget.epochs,
            "select": self.select,
            "seed": seed,
        }
        return TrainConfig.from_dict({**usual, **own, **more})

    def to_dict(self) -> dict[str, Any]:
        """As plain values; what changes no figure is left out."""
        found = plain(asdict(self))
        for where in (found["training"], *(one["training"] for one in found["data"].values())):
            for name in PRACTICAL:
                where.pop(name, None)
        for one in found["data"].values():
            for name in NAMED:
                if not one[name]:
                    del one[name]
        values: dict[str, Any] = json.loads(json.dumps(found))
        return values

    @property
    def infers_groups(self) -> bool:
        """Whether the rule needs groups of the validation data, and none are given."""
        return infers_groups(self.select, self.training)

    @property
    def digest(self) -> str:
        """SHA-256, cut to 16 digits, of all but the seeds, which a benchmark may add to."""
        return digest_of(self.to_dict())

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Protocol":
        """A protocol from plain values, such as those of a file.

        Raises:
            InputError: a key is unknown (near names are listed), or a value is of another kind.
        """
        _check_mapping(values, "protocol")
        check_keys(values, [item.name for item in fields(cls)], "parts of the protocol")
        found = dict(values)
        _check_mapping(found.get("data"), "data of the protocol")
        found["data"] = {
            str(k): _part(DataSplits, v, f"data '{k}'") for k, v in found["data"].items()
        }
        if "budget" in found:
            found["budget"] = _part(Budget, found["budget"], "budget")
        if "seeds" in found:
            found["seeds"] = seeds_of(found["seeds"])
        _check_mapping(found.get("training", {}), "'training' of the protocol")
        return cls(**found)


def infers_groups(select: str, training: Mapping[str, Any]) -> bool:
    """See `Protocol.infers_groups`."""
    needs = {"pseudo_groups", "reader_predictions"} & set(rule_named(select).needs)
    return bool(needs) and not training.get("validation_groups_from")


def digest_of(values: Mapping[str, Any]) -> str:
    """The digest of a protocol as plain values."""
    decisive = {key: value for key, value in values.items() if key != "seeds"}
    text = json.dumps(decisive, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def seeds_of(given: Any) -> tuple[int, ...]:
    """Seeds from a list, or 0, 1, ... from how many.

    Raises:
        InputError: there is none, one comes twice, or it is no seed.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        given = range(given)
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise InputError(
            f"Expected seeds as a number or a list of numbers, but got {given!r}; correct it"
        )
    seeds = tuple(given)
    _check_seeds(seeds)
    return seeds


def check_keys(given: Mapping[str, Any], known: Any, what: str) -> None:
    """Check that all keys are known.

    Raises:
        InputError: one is not; near names are listed.
    """
    names = list(known)
    for key in given:
        if key not in names:
            near = near_names(str(key), names, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
            raise InputError(f"Expected {what}, but got '{key}'; {hint}")


def _check_seeds(seeds: tuple[Any, ...]) -> None:
    if not seeds:
        raise InputError("Expected at least one seed, but got none; give --seeds 1 or more")
    wrong = [s for s in seeds if not isinstance(s, int) or isinstance(s, bool) or s < 0]
    if wrong or len(set(seeds)) < len(seeds):
        said = f"{wrong[0]!r}" if wrong else "one of them twice"
        raise InputError(
            f"Expected different whole numbers from 0 as seeds, but got {said}; correct them"
        )


def _part(kind: Any, values: Any, what: str) -> Any:
    _check_mapping(values, what)
    check_keys(values, [item.name for item in fields(kind)], f"parts of the {what}")
    if kind is DataSplits and not isinstance(values.get("data"), str):
        raise InputError(f"Expected 'data: SOURCE' for the {what}, but got none; name its source")
    for item in fields(kind):
        value = values.get(item.name)
        if item.name in values and item.type is str and not isinstance(value, str):
            raise InputError(
                f"Expected {item.name} of the {what} as text, but got {value!r}; quote it"
            )
        if item.name in ("options", "training") and item.name in values:
            _check_mapping(value, f"'{item.name}' of the {what}")
    return kind(**values)


def _check_mapping(value: Any, what: str) -> None:
    if not isinstance(value, Mapping):
        raise InputError(
            f"Expected the {what.removeprefix('the ')} as keys with values, but got {value!r}; "
            "write KEY: VALUE"
        )
