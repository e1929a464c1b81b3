"""What can be found wrong in what is tuned, before data are opened."""

from earlysieve._names import near_names
from earlysieve.benchmarking.arms import PLAIN, Arm
from earlysieve.errors import InputError
from earlysieve.methods.registry import method_named
from earlysieve.methods.settings import settings_in
from earlysieve.searching.space import TRAINING


def check_tuning(arm: Arm) -> None:
    """Check that an arm can be tuned as it says.

    Raises:
        InputError: plain training or a repair is to be tuned, or a setting is unknown, given as
            well, without a range, or the protocol's.
    """
    if arm.tuned is None:
        return
    if arm.name == PLAIN:
        raise InputError(
            "Expected other methods than erm to be tuned, as all are compared with it; for a tuned "
            "one beside it write {method: erm, name: erm-tuned} in a --grid"
        )
    if arm.is_repair:
        raise InputError(
            f"Expected methods that train to be tuned, but '{arm.name}' is fitted to the "
            "validation data, which leaves none to choose by; give it its settings"
        )
    infos = settings_in(method_named(arm.method).settings)
    for name in arm.tuned.names:
        if name not in infos and name not in TRAINING:
            near = near_names(name, [*infos, *TRAINING], 2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(infos)}"
            raise InputError(f"Expected settings of '{arm.name}' to tune, but got '{name}'; {hint}")
        if name == "epochs":
            raise InputError(
                f"Expected settings to tune but epochs, which the budget says for all, for "
                f"'{arm.name}'; leave it out"
            )
        if name in arm.settings:
            raise InputError(
                f"Expected settings of '{arm.name}' either given or tuned, but '{name}' is both; "
                "leave out one of them"
            )
        known = infos[name].allowed.search if name in infos else None
        if known is None and name not in arm.tuned.space:
            raise InputError(
                f"Expected a range for '{name}' of '{arm.name}', which has none of its own; write "
                f"{name}=LOW:HIGH"
            )
