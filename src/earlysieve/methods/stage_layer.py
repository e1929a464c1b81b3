"""From the number of a stage to the name of a layer."""

from collections import Counter
from typing import TYPE_CHECKING

from earlysieve.errors import InputError
from earlysieve.methods.job import Job

if TYPE_CHECKING:
    from torch import nn


def layer_of(job: Job) -> str:
    """The layer that the settings `layer` or `stage` name.

    Raises:
        InputError: neither or both are given, there are several, or there is no such stage.
    """
    layer, stage = job.settings.layer, job.settings.stage
    if layer is not None and stage is not None:
        raise InputError(
            f"Expected one place to read out, but got both the layer '{layer}' and the stage "
            f"{stage}; leave out --layer or --stage"
        )
    if layer is not None:
        if "," in layer or not layer.strip():
            raise InputError(
                f"Expected one layer for the method '{job.config.method}', but got '{layer}'; "
                "name a single one"
            )
        return str(layer).strip()
    if stage is None:
        raise InputError(
            "Expected a layer for this method, but got none; give --layer, such as "
            "--layer layer1 ('earlysieve layers' lists the names), or --stage 1"
        )
    return _stage(job, stage)


def stage_layers(job: Job) -> list[str]:
    """The layers after which the network's stages end, stage 1 first.

    These are the stage boundaries that an audit takes, but all blocks of a transformer, and
    without the layer ahead of the first stage of a residual network.
    """
    from earlysieve.model.layers import trace_layers
    from earlysieve.model.stages import stages_of
    from earlysieve.model.unwrap import named_layers

    trace = trace_layers(job.model, job.few.inputs)
    names = stages_of(job.model, trace, len(job.few), len(trace) + 1)
    modules = named_layers(job.model)
    ran = [layer.name for layer in trace]
    sequences = {layer.name for layer in trace if len(layer.shape or ()) == 3}
    blocks = _blocks(ran, modules, names) or _blocks(
        ran, modules, _repeated(names, modules, sequences)
    )
    if blocks:
        return blocks
    composed = [name for name in names if _has_parts(modules[name])]
    return names[names.index(composed[0]) :] if composed else names


def _kind(name: str, modules: "dict[str, nn.Module]") -> tuple[str, type]:
    return name.rpartition(".")[0], type(modules.get(name))


def _repeated(names: list[str], modules: "dict[str, nn.Module]", sequences: set[str]) -> list[str]:
    """Of layers that give sequences the most frequent kind; a short transformer has others too."""
    kinds = Counter(_kind(name, modules) for name in names if name in sequences)
    kind, count = next(iter(kinds.most_common(1)), (None, 0))
    return [name for name in names if _kind(name, modules) == kind] if count > 1 else []


def _blocks(ran: list[str], modules: "dict[str, nn.Module]", chosen: list[str]) -> list[str]:
    """All repeated blocks, where the chosen layers are some of them; else none."""
    kinds = {_kind(name, modules) for name in chosen}
    one = len(kinds) == 1 and _has_parts(modules[chosen[0]])
    if not one or type(modules[chosen[0]]).__module__ == "torch.nn.modules.container":
        return []
    return [name for name in ran if _kind(name, modules) in kinds]


def _has_parts(module: "nn.Module") -> bool:
    return any(True for _ in module.children())


def _stage(job: Job, number: int) -> str:
    found = stage_layers(job)
    if number > len(found):
        raise InputError(
            f"Expected a stage from 1 to {len(found)}, as the model has {', '.join(found)}, but "
            f"got {number}; give another --stage, or --layer"
        )
    job.notes.append(f"Stage {number} of the network ends with the layer '{found[number - 1]}'.")
    return found[number - 1]
