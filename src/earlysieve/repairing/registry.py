"""The repair methods by name. A method is a file with its fit, its settings, and an entry here."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from earlysieve._settings import make_settings
from earlysieve.errors import InputError
from earlysieve.repairing.settings import (
    AFRSettings,
    CRTSettings,
    DFRSettings,
    INLPSettings,
    LEACESettings,
    NeuronTuneSettings,
)

if TYPE_CHECKING:
    from earlysieve.repairing.linear_map import LinearMap, Problem


@dataclass(frozen=True)
class RepairMethod:
    """A way to fit another last layer.

    Attributes:
        name: as `repair(method=)` and `--method` take it.
        summary: what it is, in one line.
        settings: a frozen dataclass of `setting` fields.
        function: its fit, as "file:function" of this package; imported when it is used.
        needs_groups: whether it cannot do without groups.
    """

    name: str
    summary: str
    settings: type[Any]
    function: str
    needs_groups: bool = False

    def fit(self, problem: "Problem", settings: Any) -> "LinearMap":
        """The new layer, float64.

        Raises:
            InputError: the method cannot do anything with these data.
        """
        file, name = self.function.split(":")
        found = getattr(import_module(f"earlysieve.repairing.{file}"), name)
        return cast("Callable[[Problem, Any], LinearMap]", found)(problem, settings)

    def settings_from(self, given: Any) -> Any:
        """Settings from None (the defaults), values by name, or an instance of the dataclass.

        Raises:
            InputError: it is of another kind, or a value is not allowed.
        """
        if isinstance(given, self.settings):
            return make_settings(self.settings, vars(given), method=self.name)
        if given is not None and not isinstance(given, Mapping):
            raise InputError(
                f"Expected settings of the method '{self.name}' as a mapping or as "
                f"{self.settings.__name__}, but got {type(given).__name__}; pass for instance "
                "settings={'strength': 0.1}"
            )
        return make_settings(self.settings, dict(given or {}), method=self.name)


REPAIR_METHODS = {
    method.name: method
    for method in (
        RepairMethod(
            "dfr",
            "a new last layer for which all groups count equally; needs groups",
            DFRSettings,
            "dfr:fit_dfr",
            needs_groups=True,
        ),
        RepairMethod(
            "afr",
            "the last layer moved to what the model gets wrong",
            AFRSettings,
            "afr:fit_afr",
        ),
        RepairMethod(
            "neurontune",
            "a new last layer without the features that go with errors",
            NeuronTuneSettings,
            "neurontune:fit_neurontune",
        ),
        RepairMethod(
            "crt",
            "a new last layer for which all classes count equally",
            CRTSettings,
            "crt:fit_crt",
        ),
        RepairMethod(
            "leace",
            "a last layer that cannot tell groups by their means; needs groups",
            LEACESettings,
            "leace:fit_leace",
            needs_groups=True,
        ),
        RepairMethod(
            "inlp",
            "a last layer without the directions that tell groups apart; needs groups",
            INLPSettings,
            "inlp:fit_inlp",
            needs_groups=True,
        ),
    )
}


def repair_method(name: str) -> RepairMethod:
    """The repair method of this name.

    Raises:
        InputError: there is none; near names are listed.
    """
    if name in REPAIR_METHODS:
        return REPAIR_METHODS[name]
    near = difflib.get_close_matches(str(name), REPAIR_METHODS, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else "choose one"
    raise InputError(
        f"Expected a repair method, one of {', '.join(REPAIR_METHODS)}, but got '{name}'; {hint}"
    )
