"""Bad settings of every training method, written as its options and as --method-option."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.fuzz.case import Case, train
from tests.fuzz.values import LONG, short

TEACHER = ("--teacher", "fuzz_nets:net", "--teacher-checkpoint", "good.pt")
EARLY = {
    "layer": ("nope", "stage1.9", "", "stage1,nope", "🙂", "head.weight", LONG),
    "stage": ("0", "-1", "99", "x", "1.5", "true"),
    "readout": ("nope", "", "LINEAR", "5", "[]"),
    "readout_depth": ("0", "-1", "x", "1e3", "null0"),
    "readout_width": ("0", "-1", "x", "[4]"),
    "readout_block": ("nope", "", "7"),
    "readout_lr": ("-1", "nan", "x", "true", "[1]"),
}
WEIGHTS = {
    "alpha": ("-1", "nan", "x", "true", "[]"),
    "beta": ("-1", "nan", "x", "inf", "1e4"),
    "reweight_every": ("0", "-1", "1.5", "x"),
    "mode": ("nope", "", "1"),
    "preset": ("nope", "", "3"),
}
SOFT = {
    "temperature": ("0", "-1", "nan", "x", "inf"),
    "kd_weight": ("-0.1", "1.1", "nan", "x"),
    "keep_logits": ("maybe", "3", "[]"),
}
TEACHERS = {
    "teacher": ("nope", "", "fuzz_nets:nope", "torchvision:nope", "5", "{}"),
    "teacher_checkpoint": ("nope", "", "photos", "fuzz_nets.py", "5"),
    "teacher_options": ("nope", "5", "[]", '{"nope": 1}', '{"width": -1}', '{"width": "x"}'),
}
LAST = {
    "classifier": ("nope", "", "stage1", "head.weight", "5"),
    "teacher_classifier": ("nope", "stage1", "🙂"),
}
JTT = {
    "identification_epochs": ("0", "-1", "2", "99", "1.5", "x"),
    "upweight": ("0", "0.9", "-1", "nan", "x"),
}
SIEVE = {
    "forget_every": ("-1", "x", "1.5", "true"),
    "forget_lr": ("-1", "nan", "x"),
    "forget_warmup": ("-1", "x"),
    "forget_steps": ("0", "-1", "x"),
    "forget_with_lr": ("maybe", "2"),
    "readout_steps": ("0", "-1", "x"),
    "order": ("nope", ""),
}
DRO = {"step_size": ("-1", "nan", "x"), "adjustment": ("-1", "nan", "x", "[]")}
BALANCE = {"balance": ("nope", "", "3")}
ERASE = {
    "strength": ("0", "-1", "nan", "x", "[]"),
    "refit": ("maybe", "2"),
    "min_group": ("0", "-1", "x", "1.5"),
    "unseen": ("maybe", "3"),
}
REPAIR = {"strength": ("0", "-1", "nan", "x", "[]"), "unseen": ("maybe", "3")}
METHODS = {
    "erm": {},
    "sieve": {**EARLY, **SIEVE},
    "dedier": {**EARLY, **WEIGHTS, **SOFT, **TEACHERS},
    "early-reweighting": {**EARLY, **WEIGHTS},
    "poe": {**EARLY, "strength": ("-1", "nan", "x", "inf")},
    "lff": {"q": ("-0.1", "1.1", "nan", "x")},
    "kd": {**SOFT, **TEACHERS},
    "simkd": {**TEACHERS, **LAST},
    "jtt": JTT,
    "dett": {**TEACHERS, **LAST, **JTT},
    "group-dro": {**DRO, **BALANCE},
    "balanced": BALANCE,
    "mixture": {**BALANCE, "ratio": ("0.5", "-1", "nan", "x")},
    "pde": {
        "warmup_epochs": ("-1", "x", "1.5"),
        "expand_every": ("0", "-1", "x"),
        "expand_by": ("0", "-1", "x"),
        "per_group": ("0", "-1", "x"),
    },
    "large-dropout": {"rate": ("-0.1", "1", "nan", "x")},
    "dfr": {
        **REPAIR,
        "penalty": ("nope", "", "L1", "3"),
        "subsets": ("-1", "x", "1.5", "9999"),
        "min_group": ("0", "-1", "x", "1.5"),
    },
    "afr": {
        "gamma": ("-1", "nan", "x", "[]"),
        "pull": ("0", "-1", "nan", "x"),
        "class_balanced": ("maybe", "2"),
    },
    "neurontune": {**REPAIR, "threshold": ("-1", "nan", "x"), "biased_in": ("nope", "", "1")},
    "crt": REPAIR,
    "leace": ERASE,
    "inlp": {**ERASE, "rounds": ("0", "-1", "x", "1.5"), "margin": ("-1", "2", "nan", "x")},
}
# What may be taken: a function may bring trained weights, and a vector is one token.
FAIR = (
    "restore the best of none",
    "half on a CPU",
    "validation of nothing",
    "a teacher without weights",
    "tokens of points",
)
PER_METHOD = 14


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Settings that are wrong, that the method does not have, or that exclude each other."""
    for method, having in METHODS.items():
        known = {k: v for k, v in having.items() if (k, method) != ("stage", "sieve")}
        pairs = [(key, value) for key, values in known.items() for value in values]
        for key, value in draw.sample(pairs, min(PER_METHOD, len(pairs))):
            words = _run(method, "--method-option", f"{key}={value}", given=key)
            yield Case(
                f"settings: {key}",
                f"{method} {key}={short(value)}",
                words,
                may_pass=value == "",
                user_code=key == "teacher_options",
                late=True,
            )
        for key in ("nope", "", "layers", "__class__", "a\0b"):
            words = _run(method, "--method-option", f"{key}=1")
            yield Case("settings: unknown", f"{method} {short(key)}", words)
    yield from _together()


def _run(method: str, *words: str, given: str = "") -> tuple[str, ...]:
    having = METHODS[method]
    usual: list[str] = ["--method", method]
    if "layer" in having and given not in ("layer", "stage"):
        usual += ["--layer", "stage1"]
    if "teacher" in having:
        for flag, value in zip(TEACHER[::2], TEACHER[1::2], strict=True):
            usual += [] if flag[2:].replace("-", "_") == given else [flag, value]
    if "identification_epochs" in having:
        usual += ["--epochs", "2"]
    return train(*usual, *words)


def _together() -> Iterator[Case]:
    part = "settings: together"
    for name, words in {
        "patience without validation": ("--patience", "2"),
        "restore the best of none": ("--restore-best",),
        "two places": ("--method", "early-reweighting", "--layer", "stage1", "--stage", "1"),
        "no layer": ("--method", "sieve"),
        "neither layer nor stage": ("--method", "early-reweighting"),
        "no teacher": ("--method", "kd"),
        "a teacher without weights": ("--method", "kd", "--teacher", "fuzz_nets:net"),
        "weights of no teacher": ("--method", "kd", "--teacher-checkpoint", "good.pt"),
        "a preset for plain training": ("--method", "erm", "--preset", "celeba"),
        "layer of plain training": ("--layer", "stage1"),
        "one epoch for two models": ("--method", "jtt", "--epochs", "1"),
        "validation beyond": ("--validation", "1.5"),
        "no validation": ("--validation", "0"),
        "not a number of validation": ("--validation", "nan"),
        "validation of nothing": ("--validation", ""),
        "validation of a split": ("--validation", "split:nope"),
        "validation of classes": ("--validation", "photos"),
        "validation that is negative": ("--validation", "-0.5"),
        "validation elsewhere": ("--validation", "nope:nope"),
        "half on a CPU": ("--autocast", "fp16"),
        "device of no kind": ("--device", "nope"),
        "device that is not here": ("--device", "cuda:99"),
        "device of no number": ("--device", "cpu:x"),
        "device of another kind": ("--device", "meta"),
        "depth of a linear readout": ("--method", "sieve", "--layer", "stage1", "--readout",
        "linear", "--readout-depth", "3"),
        "convolutions on points": ("--method", "sieve", "--layer", "stage1", "--readout", "conv"),
        "tokens of points": ("--method", "sieve", "--layer", "stage1", "--readout", "token"),
        "worst group without validation": ("--select", "worst_group_accuracy", "--patience", "1"),
        "groups of plain training": ("--groups-from", "old-audit"),
        "groups that are nowhere": ("--method", "group-dro", "--groups-from", "nope"),
        "groups from a network": ("--method", "group-dro", "--groups-from", "good.pt"),
        "groups from photos": ("--method", "group-dro", "--groups-from", "photos"),
        "groups to no end": ("--validation-groups-from", "old-audit", "--validation", "0.2"),
        "groups of no validation": ("--validation-groups-from", "old-audit", "--select",
        "worst_pseudo_group_accuracy"),
        "pseudo-groups that are not there": ("--validation", "fuzz_data:points", "--select",
        "worst_pseudo_group_accuracy"),
        "readings that are not there": ("--validation", "fuzz_data:points", "--select",
        "unsupervised_balanced_accuracy"),
        "no such method": ("--method", "nope"),
        "method of no name": ("--method", ""),
        "method with a zero": ("--method", "a\0b"),
        "method of two names": ("--method", "erm,sieve"),
        "teacher with options alone": ("--method", "kd", "--teacher-option", "width=3"),
        "option without a value": ("--method", "kd", *TEACHER, "--teacher-option", "width"),
        "both ways of a teacher": ("--method", "kd", *TEACHER, "--teacher-on-the-fly",
        "--teacher-logits", "nope.logits"),
    }.items():  # fmt: skip
        free = name in FAIR
        own = name == "validation of classes"
        yield Case(part, name, train(*words), may_pass=free, user_code=own, late=True)
