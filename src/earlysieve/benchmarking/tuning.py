"""What is tuned of a method: all that it can search, or some settings, perhaps in another range."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earlysieve.errors import InputError

ALL = "all"
_FORM = f"write '{ALL}', or a list of settings, each KEY or KEY=LOW:HIGH, KEY=A,B,C"


@dataclass(frozen=True)
class Tuning:
    """How the settings of a method are searched.

    Attributes:
        settings: each KEY or KEY=RANGE, as `earlysieve search --space` takes it; empty: all that
            are not given and have a range.
        trials: of the search, >= 2.
        seed: whose training and validation data it sees.
    """

    settings: tuple[str, ...]
    trials: int
    seed: int

    @property
    def names(self) -> list[str]:
        """The settings by name."""
        return [one.partition("=")[0] for one in self.settings]

    @property
    def space(self) -> dict[str, str]:
        """The ranges that are given."""
        return dict(one.split("=", 1) for one in self.settings if "=" in one)


def tuned_of(given: Any) -> dict[str, tuple[str, ...]]:
    """What is tuned, by method, from the values of a file or of `Protocol`.

    Raises:
        InputError: it has another form.
    """
    if not isinstance(given, Mapping):
        raise InputError(f"Expected 'tuned' by method, but got {given!r}; write METHOD: {ALL}")
    return {str(name): _settings_of(str(name), value) for name, value in given.items()}


def check_trials(tuned: Mapping[str, Any], trials: int) -> None:
    """Check that there are trials where something is tuned, and only there.

    Raises:
        InputError: there are not.
    """
    if tuned and trials < 2:
        raise InputError(
            f"Expected at least 2 trials to tune {', '.join(tuned)}, of which the first is the "
            f"plain method, but got {trials}; raise trials (--trials)"
        )
    if not tuned and trials > 1:
        raise InputError(
            f"Expected methods to tune with {trials} trials, but none is named; name them "
            f"under 'tuned' (--tuned METHOD), or leave out trials"
        )


def _settings_of(name: str, value: Any) -> tuple[str, ...]:
    if value == ALL:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise InputError(
            f"Expected what is tuned of '{name}' as a list, but got {value!r}; {_FORM}"
        )
    return tuple(value)
