"""The one seam through which precision, clipping, accumulation and schedules enter training."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from earlysieve.errors import CheckpointError, InputError, TrainingError
from earlysieve.training.algorithm import NonFiniteLossError
from earlysieve.training.mixed_precision import autocast_dtype, autocast_on
from earlysieve.training.saved_state import alike, is_count


class Stepper:
    """Back-propagate a loss and step one optimiser.

    With the defaults, `backward_and_step(loss)` is, bit for bit, `optimizer.zero_grad();
    loss.backward(); optimizer.step()`. An algorithm with several optimisers has one stepper for
    each; between the micro-batches of an accumulation, a stepper keeps its gradients to itself, so
    that steppers that share parameters do not disturb one another.

    Args:
        optimizer: any optimiser whose `step` needs no closure.
        clip_norm: the total gradient norm is scaled down to at most this, > 0; None: no clipping.
        accumulate: micro-batches per optimiser step, >= 1; their losses are averaged.
        scheduler: stepped once after each optimiser step.
        autocast: "bf16", "fp16" or the torch dtype of mixed precision; None: no mixed precision.
            With fp16 the loss is scaled by a `torch.amp.GradScaler`.

    Raises:
        InputError: a setting is out of its range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        clip_norm: float | None = None,
        accumulate: int = 1,
        scheduler: LRScheduler | None = None,
        autocast: torch.dtype | str | None = None,
    ) -> None:
        _check(clip_norm, accumulate, scheduler)
        self.optimizer = optimizer
        self.clip_norm = clip_norm
        self.accumulate = accumulate
        self.scheduler = scheduler
        self.autocast_dtype = autocast_dtype(autocast)
        self.scaler = self._make_scaler()
        self._pending = 0
        self._held: list[Tensor | None] = []
        self._handed: list[Tensor] | None = None
        self.settings: dict[str, Any] = {
            "optimizer": type(optimizer).__name__,
            "lr": [float(g.get("initial_lr", g["lr"])) for g in optimizer.param_groups],
            "clip_norm": clip_norm,
            "accumulate": accumulate,
            "scheduler": None if scheduler is None else type(scheduler).__name__,
            "autocast": None if self.autocast_dtype is None else str(self.autocast_dtype),
        }

    @property
    def parameters(self) -> list[Tensor]:
        """The parameters that the optimiser updates, in its order."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    @property
    def pending(self) -> int:
        """Micro-batches since the last optimiser step, in [0, accumulate)."""
        return self._pending

    def autocast(self) -> AbstractContextManager[Any]:
        """The context for the forward pass; does nothing without mixed precision."""
        return autocast_on(self._device_type(), self.autocast_dtype)

    @contextmanager
    def handing_over(self) -> Iterator[list[Tensor]]:
        """A block in which losses are collected, for others to descend, and nothing is stepped."""
        before, self._handed = self._handed, []
        try:
            yield self._handed
        finally:
            self._handed = before

    def backward_and_step(self, loss: Tensor, *, inputs: Sequence[Tensor] | None = None) -> bool:
        """Back-propagate a scalar loss and, when enough has accumulated, step.

        Args:
            loss: a scalar that depends on a parameter that requires a gradient.
            inputs: the only tensors that gradients are added to, as in `Tensor.backward`.

        Returns:
            Whether the optimiser stepped.

        Raises:
            NonFiniteLossError: the loss is NaN or infinite; nothing was changed.
            TrainingError: the loss depends on no parameter that can learn.
        """
        _check_loss(loss)
        if self._handed is not None:
            self._handed.append(loss)
            return False
        if self._pending == 0:
            self.optimizer.zero_grad()
        else:
            self._put_back()
        scaled = loss if self.accumulate == 1 else loss / self.accumulate
        scaled = scaled if self.scaler is None else self.scaler.scale(scaled)
        scaled.backward(inputs=None if inputs is None else list(inputs))  # type: ignore[no-untyped-call]
        self._pending += 1
        if self._pending < self.accumulate:
            self._take_away()
            return False
        return self._step()

    def flush(self) -> bool:
        """Step with the micro-batches that wait, averaged over their number; False if none does."""
        if self._pending == 0:
            return False
        self._put_back()
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(self.accumulate / self._pending)
        return self._step()

    def state_dict(self) -> dict[str, Any]:
        """Optimiser, scheduler, scaler and gradients that wait: tensors and plain values."""
        return {
            "optimizer_class": type(self.optimizer).__name__,
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
            "pending": self._pending,
            "gradients": list(self._held),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to another optimiser, or to another set of parameters.
        """
        self._check_state(state)
        try:
            self.optimizer.load_state_dict(dict(state["optimizer"]))
        except ValueError as error:
            raise CheckpointError(
                f"Expected the state of an optimiser over {len(self.parameters)} parameters, but "
                "got one over others; pass the same parameters in the same groups as before"
            ) from error
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        if self.scaler is not None:
            self.scaler.load_state_dict(state["scaler"])
        self._pending = int(state["pending"])
        pairs = zip(self.parameters, state["gradients"], strict=False)
        self._held = [None if g is None else g.to(p.device, copy=True) for p, g in pairs]

    def _step(self) -> bool:
        if self.clip_norm is not None:
            if self.scaler is not None:
                self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        stepped = self._step_optimizer()
        if stepped and self.scheduler is not None:
            self.scheduler.step()
        self._pending, self._held = 0, []
        return stepped

    def _step_optimizer(self) -> bool:
        if self.scaler is None:
            self.optimizer.step()
            return True
        scale = self.scaler.get_scale()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return self.scaler.get_scale() >= scale  # a smaller scale: the step was skipped

    def _take_away(self) -> None:
        self._held = [parameter.grad for parameter in self.parameters]
        for parameter in self.parameters:
            parameter.grad = None

    def _put_back(self) -> None:
        for parameter, gradient in zip(self.parameters, self._held, strict=True):
            parameter.grad = gradient

    def _device_type(self) -> str:
        return self.parameters[0].device.type

    def _make_scaler(self) -> torch.amp.GradScaler | None:
        if self.autocast_dtype is not torch.float16:
            return None
        return torch.amp.GradScaler(self._device_type())

    def _check_state(self, state: Mapping[str, Any]) -> None:
        found = state.get("optimizer_class")
        if found != type(self.optimizer).__name__:
            raise CheckpointError(
                f"Expected the state of the optimiser {type(self.optimizer).__name__}, but got "
                f"that of {found}; go on with the optimiser that the run was started with"
            )
        for name in ("scheduler", "scaler"):
            have, given = getattr(self, name) is not None, state.get(name) is not None
            if have != given:
                raise CheckpointError(
                    f"Expected a state {'with' if have else 'without'} a {name}, but got one "
                    f"{'with' if given else 'without'}; go on with the settings of the first run"
                )
        for name, is_right in self._forms(state).items():
            if not is_right:
                raise CheckpointError(
                    f"Expected the {name} of a stepper to be as it saves it, but it is not; load "
                    "the state that was saved"
                )

    def _forms(self, state: Mapping[str, Any]) -> dict[str, bool]:
        """Whether each part has its form: odd numbers would only be found in a later step."""
        sizes = [tuple(parameter.shape) for parameter in self.parameters]
        gradients, pending = state.get("gradients"), state.get("pending")
        return {
            "optimiser": _is_optimizer_state(self.optimizer, state.get("optimizer"), sizes),
            **{
                name: part is None or alike(part.state_dict(), state[name])
                for name, part in (("scheduler", self.scheduler), ("scaler", self.scaler))
            },
            "gradients": isinstance(gradients, list)
            and all(map(_is_moment, gradients, sizes))
            and is_count(pending)
            and (len(gradients) == len(sizes) if pending else not gradients),
        }


def _check(clip_norm: float | None, accumulate: int, scheduler: Any) -> None:
    if clip_norm is not None and not (clip_norm > 0 and math.isfinite(clip_norm)):
        raise InputError(
            f"Expected clip_norm to be a number above 0, or None, but got {clip_norm}; "
            "pass None to leave gradients as they are"
        )
    if accumulate < 1:
        raise InputError(
            f"Expected accumulate to be at least 1, but got {accumulate}; "
            "pass the number of batches per optimiser step"
        )
    if isinstance(scheduler, ReduceLROnPlateau):
        raise InputError(
            "Expected a scheduler that is stepped after each optimiser step, but got "
            "ReduceLROnPlateau; pass one that needs no metric, such as CosineAnnealingLR"
        )


def _check_loss(loss: Tensor) -> None:
    value = float(loss.detach())
    if not math.isfinite(value):
        raise NonFiniteLossError(
            f"Expected a finite loss, but got {value}; lower the learning rate or set clip_norm"
        )
    if not loss.requires_grad:
        raise TrainingError(
            "Expected a loss that depends on a parameter that can learn, but none of them requires "
            "a gradient; unfreeze at least one layer"
        )


def _is_optimizer_state(optimizer: Optimizer, state: Any, sizes: list[tuple[int, ...]]) -> bool:
    """Whether groups have the optimiser's own settings, and its moments are of parameters' shapes.

    Groups of another number or size are left to the optimiser, which tells them better.
    """
    if not isinstance(state, Mapping) or set(state) != {"state", "param_groups"}:
        return False
    moments, groups = state["state"], state["param_groups"]
    if not isinstance(moments, Mapping) or not isinstance(groups, list):
        return False
    own = optimizer.state_dict()["param_groups"]
    if [_size(group) for group in groups] != [_size(group) for group in own]:
        return all(_size(group) is not None for group in groups)
    known = isinstance(optimizer, torch.optim.SGD | torch.optim.Adam)  # AdamW is an Adam
    return all(map(alike, own, groups)) and all(
        isinstance(number, int)
        and 0 <= number < len(sizes)
        and isinstance(values, Mapping)
        and all(not known or _is_moment(value, sizes[number]) for value in values.values())
        for number, values in moments.items()
    )


def _size(group: Any) -> int | None:
    found = group.get("params") if isinstance(group, Mapping) else None
    return len(found) if isinstance(found, list) else None


def _is_moment(value: Any, size: tuple[int, ...]) -> bool:
    """None, a tensor of the parameter's shape, or a counter."""
    return value is None or (isinstance(value, Tensor) and tuple(value.shape) in (size, ()))
