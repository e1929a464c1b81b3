"""`--method sieve`: the feature sieve from plain settings."""

from typing import TYPE_CHECKING, Any

from earlysieve.errors import InputError
from earlysieve.methods.readout_choice import READOUT, head_of

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm

# Settings of the method; None has to be given.
DEFAULTS: dict[str, Any] = {
    "layer": None,
    "forget_every": 5,
    "forget_lr": 1e-2,
    "forget_with_lr": False,
    "forget_warmup": 0,
    "forget_steps": 1,
    **READOUT,
    "readout_steps": 1,
    "order": "shared",
}


def build_sieve(job: "Job") -> "Algorithm":
    """The sieve over the configured optimiser.

    Raises:
        InputError: no layer is given, or a setting is out of its range.
    """
    from earlysieve.sieve import FeatureSieve

    options = job.options
    optimizer, around = job.update(job.model.parameters())
    forgetting = (
        "forget_every",
        "forget_lr",
        "forget_with_lr",
        "forget_warmup",
        "forget_steps",
    )
    plain = (*forgetting, "readout_lr", "readout_steps", "order")
    return FeatureSieve(
        job.model,
        layer_names(options["layer"]),
        job.num_classes,
        optimizer=optimizer,
        readout=head_of(options),
        seed=job.config.seed,
        **{name: options[name] for name in plain},
        **around,
    )


def layer_names(given: Any) -> list[str]:
    """Names of one or several layers, separated by commas.

    Raises:
        InputError: there is none.
    """
    names = [part.strip() for part in str(given or "").split(",") if part.strip()]
    if not names:
        raise InputError(
            "Expected a layer for this method, but got none; give --layer, such as "
            "--layer layer1 ('earlysieve layers' lists the names)"
        )
    return names
