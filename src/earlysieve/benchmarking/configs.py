"""A cell as the configuration of an ordinary run."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.benchmarking.arms import PLAIN, TRUE
from earlysieve.benchmarking.cells import RunCell, folder_of
from earlysieve.benchmarking.protocol import Protocol
from earlysieve.methods.registry import method_settings
from earlysieve.runs.preparation import prepared_config
from earlysieve.runs.train_data import Parts, share_of, source_beside
from earlysieve.runs.train_run import WEIGHTS_NAME, TrainRun

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig

GROUPS_NAME = "groups.csv"
AUDIT_NAME = "audit"


def plain_config(protocol: Protocol, data: str, seed: int) -> "TrainConfig":
    """Plain training on a data set, with its data prepared as the network expects them.

    Where the rule that chooses epochs needs groups, these are not yet inferred: accuracy does.
    """
    more = {"select": "accuracy"} if protocol.infers_groups else {}
    return prepared_config(protocol.config(data, seed, **more), _say_nothing)


def config_of(cell: RunCell, protocol: Protocol, out: Path) -> "TrainConfig":
    """The configuration of a cell; layers that are not named are not yet found.

    Repairs start from the plain run of the same seed and are fitted to the validation data, in one
    pass; students learn from that run, unless they name a teacher.
    """
    more: dict[str, Any] = {"method": cell.arm.method, "method_options": cell.arm.all_settings()}
    base = None if cell.base is None else str(folder_of(out, cell.base) / WEIGHTS_NAME)
    plain = plain_config(protocol, cell.data, cell.seed)
    if cell.reference is not None:
        audited = folder_of(out, cell.reference) / AUDIT_NAME
        more |= {"select": protocol.select, "validation_groups_from": str(audited)}
    if cell.groups is not None:
        more["groups_from"] = str(folder_of(out, cell.groups) / GROUPS_NAME)
    elif cell.arm.source not in (None, TRUE):
        more["groups_from"] = cell.arm.source
    if cell.arm.is_repair:
        more["method_options"]["unseen"] = True
        more |= _once(plain, base)
    elif cell.arm.needs_teacher:
        more["method_options"] |= {
            "teacher": plain.model,
            "teacher_options": dict(plain.model_options),
            "teacher_checkpoint": base,
        }
    return replace(plain, **more)


def parts_for(cell: RunCell, parts: Parts) -> Parts:
    """What a cell learns from, and what chooses its epoch.

    Args:
        cell: what is trained.
        parts: of the plain run.
    """
    if cell.arm.part == "train":
        return parts
    return Parts(parts.validation, None, parts.whole, parts.held_rows, None)


def with_layer(config: "TrainConfig", run: TrainRun) -> "TrainConfig":
    """The configuration with the layer that ends the network's first stage, where none is named.

    Args:
        config: of a method that may need one.
        run: a plain run of the same network and data.
    """
    options = config.method_options
    if "layer" not in options or options["layer"] or options.get("stage"):
        return config
    from earlysieve.methods.stage_layer import stage_layers

    return replace(config, method_options={**options, "layer": stage_layers(run.job)[0]})


def plain_settings(config: "TrainConfig") -> "TrainConfig":
    """The same network and data for plain training."""
    options = asdict(method_settings(PLAIN, {}))
    config = replace(config, groups_from=None, groups_reader=None)
    return replace(config, method=PLAIN, method_options=options)


def _once(plain: "TrainConfig", base: str | None) -> dict[str, Any]:
    """One pass over the validation data, of which the configuration names the source if it can."""
    fields: dict[str, Any] = {
        "checkpoint": base,
        "pretrained": None,
        "augment": None,
        "freeze": None,
        "backbone_lr_scale": None,
        "checkpoint_key": None,
        "checkpoint_prefix": None,
        "epochs": 1,
        "restore_best": None,
        "patience": None,
        "refresh_batches": 0,
        "select": "accuracy",
        "validation_groups_from": None,
    }
    validation = plain.validation or ""
    if share_of(validation) is not None:
        return fields  # which no configuration can name: `parts_for` hands it over
    data, options = source_beside(plain, validation)
    return {**fields, "data": data, "data_options": options, "validation": None}


def _say_nothing(_: str) -> None:
    """Say nothing."""
