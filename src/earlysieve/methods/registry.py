"""The training methods of `earlysieve train --method NAME`.

A further method is one more entry in `METHODS`; its own settings are the keys of `defaults`. They
are in the field `method_options` of a configuration; `method_settings` says what each may be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from earlysieve.cli.method_settings import check_settings
from earlysieve.errors import InputError
from earlysieve.methods import distilling as distill
from earlysieve.methods import plain as plain
from earlysieve.methods import weighting as weighting
from earlysieve.methods.job import Job
from earlysieve.methods.sieve import DEFAULTS as SIEVE_DEFAULTS
from earlysieve.methods.sieve import build_sieve

if TYPE_CHECKING:
    from earlysieve.training import Algorithm, BatchSampler


@dataclass(frozen=True)
class Method:
    """A way to train.

    Attributes:
        summary: what it is, in one line.
        build: makes the algorithm.
        defaults: its own settings; None where there is no default.
        sampler: makes the order of the examples; may return None for the usual one.
    """

    summary: str
    build: Callable[[Job], "Algorithm"]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    sampler: "Callable[[Job], BatchSampler | None]" = plain.usual_order


METHODS: dict[str, Method] = {
    "erm": Method("plain training: the mean loss over all examples", plain.build_erm),
    "sieve": Method(
        "feature sieve: forget what can be read off --layer", build_sieve, SIEVE_DEFAULTS
    ),
    "dedier": Method(
        "debiased distillation: what an early readout gets wrong weighs more",
        distill.build_dedier,
        distill.DEDIER,
    ),
    "early-reweighting": Method(
        "the weights of dedier without a teacher", weighting.build_early, weighting.EARLY
    ),
    "kd": Method("plain distillation of the teacher's logits", distill.build_kd, distill.KD),
    "simkd": Method(
        "learn the teacher's features, take over its classifier",
        distill.build_simkd,
        distill.SIMKD,
    ),
    "jtt": Method(
        "train briefly, weight up the errors, train again", weighting.build_jtt, weighting.JTT
    ),
    "dett": Method("simkd with the weights of jtt", distill.build_dett, distill.DETT),
    "group-dro": Method(
        "the loss of the worst group; needs groups",
        weighting.build_group_dro,
        weighting.GROUP_DRO,
        plain.balanced_order,
    ),
    "balanced": Method(
        "plain training on classes or groups drawn alike often",
        plain.build_erm,
        plain.BALANCED,
        plain.balanced_order,
    ),
}


def method_named(name: str) -> Method:
    """The method of this name.

    Raises:
        InputError: there is none.
    """
    if name not in METHODS:
        raise InputError(
            f"Expected method to be one of {', '.join(METHODS)}, but got '{name}'; choose one"
        )
    return METHODS[name]


def method_options(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A method's settings: its defaults and what was given.

    Raises:
        InputError: it has no such setting, or a value is of another type or out of its range.
    """
    defaults = method_named(name).defaults
    for key in given:
        if key not in defaults:
            known = f"its options are {', '.join(defaults)}" if defaults else "it has none"
            raise InputError(f"Expected an option of the method '{name}', but got '{key}'; {known}")
    check_settings(dict(given))
    return {**defaults, **given}
