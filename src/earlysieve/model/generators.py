"""Random generators of the accelerators that this process uses; looking at them wakes none.

A generator of CUDA in a forked worker of a DataLoader must not even be asked for: CUDA refuses to
start there. So only devices that this very process has started count.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

States = dict[str, list[Tensor]]


def accelerator_states() -> States:
    """The state of each generator, by kind of device; kinds that are not in use are left out."""
    found: States = {}
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        found["cuda"] = list(torch.cuda.get_rng_state_all())
    if torch.xpu.is_initialized():  # type: ignore[no-untyped-call]
        found["xpu"] = list(torch.xpu.get_rng_state_all())
    if _mps_in_use():
        found["mps"] = [torch.mps.get_rng_state()]
    return found


def set_accelerator_states(states: Mapping[str, Sequence[Tensor]]) -> None:
    """Set generators to `states`, as far as this process uses such devices.

    A device that was started since, so that `states` does not have it, begins its numbers anew.
    """
    for kind, current in accelerator_states().items():
        wanted = list(states.get(kind, ()))
        for number in range(len(current)):
            if number < len(wanted):
                _SETTERS[kind](wanted[number], number)
            elif kind == "cuda":
                generator: torch.Generator = torch.cuda.default_generators[number]
                generator.manual_seed(generator.initial_seed())


def seed_accelerators(seed: int) -> None:
    """Seed the generators of all devices that this process uses."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)
    if torch.xpu.is_initialized():  # type: ignore[no-untyped-call]
        torch.xpu.manual_seed_all(seed)
    if _mps_in_use():
        torch.mps.manual_seed(seed)


_SETTERS: dict[str, Callable[[Tensor, int], None]] = {
    "cuda": lambda state, number: torch.cuda.set_rng_state(state, number),
    "xpu": lambda state, number: torch.xpu.set_rng_state(state, number),
    "mps": lambda state, _number: torch.mps.set_rng_state(state),
}


def _mps_in_use() -> bool:
    """MPS has one device and no start of its own; it is as good as in use where there is one."""
    return bool(torch.backends.mps.is_available()) and not torch.mps._is_in_bad_fork()
