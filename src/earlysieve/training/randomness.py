"""Random states of a run, kept apart from those of the program around it."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from earlysieve.model.generators import (
    accelerator_states,
    seed_accelerators,
    set_accelerator_states,
)
from earlysieve.model.state import preserved_rng
from earlysieve.training.sampling import derive_seed


class RandomStream:
    """The random states of torch (all devices), NumPy and Python that belong to one run.

    They are the global ones only inside `active()`; so the program around a run neither disturbs it
    (evaluation, progress, the user's own code) nor is disturbed by it.

    Args:
        seed: >= 0; the stream starts as after `torch.manual_seed(seed)`.
    """

    def __init__(self, seed: int) -> None:
        with preserved_rng():
            seed_everything(seed)
            self._state = read_states()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make this stream the global one; afterwards the caller's states are back."""
        outer = read_states()
        write_states(self._state)
        try:
            yield
        finally:
            self._state = read_states()
            write_states(outer)

    def snapshot(self) -> dict[str, Any]:
        """The states as they are kept, for `restore`; cheaper than `state_dict`."""
        return self._state

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go back to a snapshot."""
        self._state = snapshot

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain values, for a checkpoint."""
        name, keys, *rest = self._state["numpy"]
        return {**self._state, "numpy": (name, torch.from_numpy(keys.astype(np.int64)), *rest)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        name, keys, *rest = state["numpy"]
        loaded = {**state, "numpy": (name, keys.numpy().astype(np.uint32), *rest)}
        with preserved_rng():
            write_states(loaded)  # odd states are found here and not in the middle of a step
        self._state = loaded


def read_states() -> dict[str, Any]:
    """The global random states; accelerators that are not in use are left out but for CUDA."""
    return {
        "torch": torch.get_rng_state(),
        "cuda": [],
        **accelerator_states(),
        "numpy": np.random.get_state(),
        "python": random.getstate(),
    }


def write_states(state: Mapping[str, Any]) -> None:
    """Set the global random states to what `read_states` returned."""
    torch.set_rng_state(state["torch"])
    set_accelerator_states({kind: state.get(kind, []) for kind in ("cuda", "xpu", "mps")})
    np.random.set_state(state["numpy"])
    random.setstate(state["python"])


@contextmanager
def seeded(*keys: int) -> Iterator[None]:
    """Random states that depend on the keys alone; the caller's are back afterwards."""
    with preserved_rng():
        seed_everything(derive_seed(*keys))
        yield


def seed_everything(seed: int) -> None:
    """Seed torch, NumPy and Python globally; only ever called where the states are restored."""
    torch.default_generator.manual_seed(seed)
    seed_accelerators(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
