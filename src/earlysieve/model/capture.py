"""Read what layers give out during one forward pass. The only file that puts hooks on a network."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor, nn

from earlysieve._names import no_such_layer
from earlysieve.errors import InputError, LayerError
from earlysieve.model.batch import Inputs, call_model, first_tensor, logits_of
from earlysieve.model.undoing import undone
from earlysieve.model.unwrap import eager, named_layers, needs_full_pass, unwrap

Transform = Callable[[str, Tensor], Tensor]
CallHook = Callable[[str, nn.Module, Any], Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Captured:
    """What one forward pass gave.

    Attributes:
        outputs: the output of each layer asked for, in the order asked; a copy that keeps the
            autograd graph, so that a later in-place layer cannot change it.
        model_output: what the model returned, or None where the pass was stopped.
    """

    outputs: dict[str, Tensor]
    model_output: Any

    @property
    def logits(self) -> Tensor:
        """The model's logits, shape (B, C).

        Raises:
            InputError: the pass was stopped before the end, or the output holds no logits.
        """
        if self.model_output is None:
            raise InputError(
                "Expected a full pass, but this one was stopped before the model's output; "
                "call capture(..., stop=False) to get logits"
            )
        return logits_of(self.model_output)


class _Stopped(BaseException):
    """Breaks off a forward pass.

    Not an `Exception`, so that no `except Exception` inside a network swallows it; the token tells
    nested captures apart.
    """

    def __init__(self, token: object) -> None:
        super().__init__()
        self.token = token


def capture(
    model: nn.Module,
    inputs: Inputs,
    layers: Iterable[str],
    *,
    stop: bool = False,
    transform: Transform | None = None,
    wrapped: bool = False,
) -> Captured:
    """Run `model` once and return the outputs of `layers`.

    The model runs in the training mode and the gradient mode that the caller has set. Wrappers
    (DataParallel, DistributedDataParallel, torch.compile) are looked through: the plain network
    runs, on one device and uncompiled. Gradient synchronisation of DistributedDataParallel does
    not take part; put a loss on the wrapper's own output where it must.

    Args:
        model: any module.
        inputs: a tensor, a tuple of positional or a mapping of keyword arguments.
        layers: names as `trace_layers` lists them.
        stop: break the pass off when the last of `layers` has run. The outputs are the same bits
            as those of a full pass in evaluation mode. What runs later is then unseen, also a
            second call of one of the layers. Where breaking off would harm (FSDP, offloading,
            gradient checkpointing in training mode) the pass is completed nevertheless.
        transform: applied to each output inside the pass, with the layer's name; what it returns
            is kept instead of a copy of the output, so that large outputs can be pooled at once.
        wrapped: run the model as given, with its outermost wrapper, so that
            DistributedDataParallel synchronises gradients of the model's output.

    Returns:
        The outputs by layer, and the model's output (None after a stop).

    Raises:
        LayerError: a layer does not exist, did not run, ran several times, or gave no tensor.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> found = es.capture(net, torch.zeros(3, 4), ["0"])
        >>> found.outputs["0"].shape, found.model_output.shape
        (torch.Size([3, 8]), torch.Size([3, 2]))
    """
    wanted = _distinct(layers)
    recorder = _Recorder(wanted, transform, token=object() if stop else None)

    def forward(network: nn.Module) -> Any:
        recorder.may_stop = stop and not needs_full_pass(network)
        try:
            return call_model(model if wrapped else network, inputs)
        except _Stopped as stopped:
            if stopped.token is not recorder.token:
                raise
        except Exception:
            # A bare `except` in the network may have caught the stop and raised something else.
            if not recorder.stopped:
                raise
        return None

    output = run_hooked(model, wanted, recorder.record, forward)
    recorder.check_calls()
    # It may also have swallowed the stop; then there is an output, but of a pass that went wrong
    # half-way.
    return Captured(recorder.in_order(), None if recorder.stopped else output)


def run_hooked(
    model: nn.Module,
    layers: Iterable[str],
    call: CallHook,
    run: Callable[[nn.Module], T],
    *,
    before: CallHook | None = None,
) -> T:
    """Return `run(network)`, where `call(name, module, output)` follows each layer's forward.

    No hook is left afterwards, whatever happens, Ctrl-C in any place included.

    Args:
        model: any module; `network` is what its wrappers hold.
        layers: names of layers to hook.
        call: its result takes the place of the layer's output, unless it is None.
        run: runs the network, uncompiled.
        before: where given, `before(name, module, args)` goes ahead of each forward; its result
            takes the place of the arguments, unless it is None.

    Raises:
        LayerError: a layer does not exist.
    """
    modules = named_layers(model)
    hooks = _Hooks()

    def hooked() -> T:
        for name in layers:
            if name not in modules:
                raise no_such_layer(name, modules)
            hooks.add(modules[name], name, call, before)
        with eager(model):
            return run(unwrap(model))

    return undone(hooked, hooks.remove)


class _Hooks:
    """Hooks that are found again by their owner: an interrupt may cost a handle, never a hook."""

    def __init__(self) -> None:
        self._modules: list[nn.Module] = []

    def add(self, module: nn.Module, name: str, call: CallHook, before: CallHook | None) -> None:
        self._modules.append(module)  # first, so that no hook is on a module that is not listed
        module.register_forward_hook(_Hook(self, name, call))
        if before is not None:
            module.register_forward_pre_hook(_Hook(self, name, before))

    def remove(self) -> None:
        for module in self._modules:
            for hooks in (module._forward_hooks, module._forward_pre_hooks):
                for key, hook in list(hooks.items()):
                    if isinstance(hook, _Hook) and hook.owner is self:
                        hooks.pop(key, None)


class _Hook:
    """A forward hook, or a hook ahead of it: both are called with the module and one more thing."""

    def __init__(self, owner: _Hooks, name: str, call: CallHook) -> None:
        self.owner, self.name, self.call = owner, name, call

    def __call__(self, module: nn.Module, *args: Any) -> Any:
        return self.call(self.name, module, args[-1])


class _Recorder:
    def __init__(
        self, wanted: list[str], transform: Transform | None, token: object | None
    ) -> None:
        self.wanted = wanted
        self.transform = transform
        self.token = token
        self.may_stop = False
        self.stopped = False
        self.outputs: dict[str, Tensor] = {}
        self.calls = dict.fromkeys(wanted, 0)

    def record(self, name: str, module: nn.Module, output: Any) -> None:
        self.calls[name] += 1
        if name in self.outputs:
            return
        self.outputs[name] = self._kept(name, module, output)
        if self.may_stop and len(self.outputs) == len(self.wanted):
            self.stopped = True
            raise _Stopped(self.token)

    def _kept(self, name: str, module: nn.Module, output: Any) -> Tensor:
        try:
            tensor = first_tensor(output)
        except InputError as error:
            raise LayerError(
                f"Expected layer '{name}' ({type(module).__name__}) to give a tensor, but it gave "
                f"{type(output).__name__}; choose another layer from trace_layers"
            ) from error
        kept = tensor if self.transform is None else self.transform(name, tensor)
        # Never the layer's own memory: what runs next may work in place.
        return kept.clone() if _share_memory(kept, tensor) else kept

    def check_calls(self) -> None:
        for name, calls in self.calls.items():
            if calls == 0:
                raise LayerError(
                    f"Expected layer '{name}' to run once in a forward pass, but it did not run; "
                    "it may be a container whose parts are called one by one, or a branch not "
                    "taken: choose a layer that trace_layers lists"
                )
            if calls > 1:
                raise LayerError(
                    f"Expected layer '{name}' to run exactly once in a forward pass, but it ran "
                    f"{calls} times; it is shared or repeated: choose a layer that trace_layers "
                    "lists with 1 call, such as the block around it"
                )

    def in_order(self) -> dict[str, Tensor]:
        return {name: self.outputs[name] for name in self.wanted}


def _share_memory(a: Tensor, b: Tensor) -> bool:
    return a is b or a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _distinct(layers: Iterable[str]) -> list[str]:
    if isinstance(layers, str | Mapping):
        raise InputError(
            f"Expected layers to be a list of names, but got {type(layers).__name__}; "
            'write layers=["layer1"]'
        )
    names = list(dict.fromkeys(layers))
    if not names:
        raise InputError(
            "Expected at least one layer name, but got none; trace_layers lists the layers"
        )
    return names
