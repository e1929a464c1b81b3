"""The plan of the bank: every case and what is expected of it, written before any of them ran.

Where a verdict's settings are chosen ("design") and where it is judged ("report") share no seed;
background, size, blocks, watermark, length, negation, slabs and latents among the cues, and classes
that are alike, long tails, rare kinds, a word as the task and preprocessing other than "unscaled"
among the controls are in "report" only.
"""

from collections.abc import Callable
from dataclasses import replace

from bank_cases import NONE, RISK, UNSURE, Case, control, named, planted

Make = Callable[..., Case]
Fields = dict[str, object]

COAT, SHIRTS, JUMPERS, COATS = (2, 4), (0, 6), (2, 6), (4, 6)
SHOES = (7, 9)


def two(*chosen: int, **more: object) -> Fields:
    """Two garments that are hard to tell apart; more epochs, since each is cheap."""
    return {"classes": 2, "chosen": chosen, **more}


def design() -> list[Case]:
    """Cases on which settings may be chosen."""
    return [*_design_planted(), *_design_controls()]


def report() -> list[Case]:
    """Cases on which a verdict is judged."""
    return [*_report_images(), *_report_others(), *_report_controls(), *_report_hard_controls()]


def fresh() -> list[Case]:
    """Every third case of the report, and all where the feature is the task or classes are rare.

    With other seeds: what the rule was changed on after the report had been seen once is judged
    on these.
    """
    some = report()
    chosen = [c for i, c in enumerate(some) if i % 3 == 0 or c.kind in ("task", "tail")]
    return [named(replace(case, set="fresh", seed=case.seed + 20)) for case in chosen]


def _design_planted() -> list[Case]:
    def p(family: str, correlation: float, **more: object) -> Case:
        return planted("design", family, correlation, **more)

    return [
        p("colour", 0.95, seed=0),
        p("texture", 0.95, seed=0),
        p("mark", 0.97, seed=0),
        p("token", 0.95, seed=0),
        p("threshold", 0.95, seed=0),
        p("border", 0.95, seed=1),
        p("stripes", 0.95, seed=0),
        p("dominoes", 0.95, seed=1),
        p("colour", 0.8, network="resnet", seed=1),
        p("colour", 0.98, seed=0, **two(*COAT)),
        p("colour", 1.0, seed=1),
        p("colour", 0.95, network="mlp", seed=1),
        p("colour", 0.95, wrong=0.05, seed=0),
        p("colour", 0.95, base="digits", seed=0),
        p("colour", 0.98, audit_size=400, seed=1),
        p("texture", 0.8, seed=1),
        p("texture", 0.95, network="resnet", seed=1),
        p("texture", 0.95, audit_size=400, seed=1),
        p("stripes", 0.9, network="resnet", seed=0),
        p("border", 0.95, wrong=0.05, seed=0),
        p("border", 0.9, network="mlp", seed=0),
        p("mark", 0.95, network="vit", seed=0),
        p("mark", 0.95, seed=1, **two(*SHIRTS)),
        p("dominoes", 0.97, network="resnet", seed=0),
        p("token", 0.9, classes=4, epochs=7, seed=1),
        p("token", 1.0, seed=1),
        p("punctuation", 0.95, seed=1),
        p("threshold", 0.95, classes=4, options=(("order", 3),), seed=1),
        p("threshold", 0.98, options=(("order", 3),), seed=0),
    ]


def _design_controls() -> list[Case]:
    def c(kind: str, expected: str, why: str, **more: object) -> Case:
        return control("design", kind, expected, why, **more)

    return [
        *_clean(
            c,
            {"seed": 0},
            {"network": "resnet", "seed": 1},
            {"network": "vit7", "seed": 0},
            {"network": "mlp", "seed": 1},
            {"base": "digits", "seed": 0},
            dict(seed=1, **two(*COAT)),
            {"base": "topics", "seed": 0},
            {"base": "topics", "classes": 4, "seed": 1},
            {"base": "parity", "seed": 0},
        ),
        *_nothing(
            c,
            {"family": "colour", "seed": 0},
            {"family": "texture", "seed": 0},
            {"family": "threshold", "seed": 0},
            {"family": "token", "seed": 0},
        ),
        *_wrong(
            c,
            {"wrong": 0.04, "seed": 0},
            {"wrong": 0.1, "seed": 1},
            {"wrong": 0.04, "network": "resnet", "seed": 1},
            {"wrong": 0.1, "base": "parity", "seed": 0},
            {"wrong": 0.1, "base": "topics", "seed": 1},
        ),
        *_undertrained(c, {"seed": 0}, {"base": "topics", "epochs": 1, "seed": 0}),
        *_memorised(
            c,
            {"seed": 0},
            {"family": "colour", "correlation": 0.95, "seed": 1},
            {"base": "parity", "seed": 0},
        ),
        *_preprocessed(c, {"preprocessing": "unscaled", "seed": 2}),
        *_tasks(
            c,
            {"family": "colour", "seed": 0},
            dict(family="colour", wrong=0.03, seed=1, **two(*COAT)),
            {"family": "threshold", "seed": 0},
        ),
        *_few(c, {"seed": 3}),
    ]


def _report_images() -> list[Case]:
    def p(family: str, correlation: float, **more: object) -> Case:
        return planted("report", family, correlation, **more)

    return [
        p("colour", 0.95, seed=10),
        p("colour", 0.9, network="resnet", seed=11),
        p("colour", 0.8, seed=12),
        p("colour", 0.98, network="vit7", seed=10),
        p("colour", 0.9, network="mlp", seed=11),
        p("colour", 0.95, seed=10, **two(*COATS)),
        p("colour", 0.95, base="digits", seed=11),
        p("colour", 0.95, wrong=0.05, seed=11),
        p("colour", 0.95, wrong=0.05, network="resnet", seed=12),
        p("colour", 1.0, network="resnet", seed=12),
        p("colour", 0.99, audit_size=1500, seed=13),
        p("colour", 0.6, seed=13),
        p("background", 0.95, seed=10),
        p("background", 0.9, seed=11),
        p("background", 0.95, network="resnet", seed=12),
        p("background", 0.98, network="mlp", seed=10),
        p("background", 0.95, network="vit7", seed=11, **two(*SHIRTS)),
        p("texture", 0.95, seed=10),
        p("texture", 0.9, network="resnet", seed=11),
        p("texture", 0.95, network="vit7", seed=12),
        p("texture", 0.95, seed=10, **two(*JUMPERS)),
        p("texture", 0.98, audit_size=400, seed=11),
        p("stripes", 0.95, seed=10),
        p("stripes", 0.9, seed=11),
        p("stripes", 0.95, network="resnet", seed=12),
        p("stripes", 0.98, seed=13, **two(*COAT)),
        p("stripes", 0.7, seed=12),
        p("border", 0.95, seed=10),
        p("border", 0.9, seed=11),
        p("border", 0.95, network="vit7", seed=12),
        p("border", 0.98, network="resnet", seed=13),
        p("mark", 0.95, seed=10),
        p("mark", 0.97, network="resnet", seed=11),
        p("mark", 0.95, network="vit", seed=12),
        p("mark", 0.95, network="mlp", seed=10),
        p("mark", 0.9, seed=11, **two(*SHIRTS)),
        p("dominoes", 0.95, seed=10),
        p("dominoes", 0.95, network="resnet", seed=11),
        p("dominoes", 0.9, network="vit7", seed=12),
        p("watermark", 0.95, seed=10),
        p("watermark", 0.9, network="resnet", seed=11),
        p("watermark", 0.95, seed=12, **two(*COAT)),
        p("watermark", 0.98, seed=13),
        p("size", 0.95, seed=10),
        p("size", 0.95, network="resnet", seed=11),
        p("size", 0.9, seed=12),
        p("size", 0.98, network="vit7", seed=13),
        p("size", 0.95, seed=14, **two(*JUMPERS)),
        p("blocks", 0.95, seed=10),
        p("blocks", 0.97, seed=11),
        p("blocks", 0.95, network="resnet", seed=12),
        p("blocks", 0.95, seed=13, **two(*JUMPERS)),
    ]


def _report_others() -> list[Case]:
    def p(family: str, correlation: float, **more: object) -> Case:
        return planted("report", family, correlation, **more)

    return [
        p("token", 0.95, seed=10),
        p("token", 0.9, epochs=7, seed=11),
        p("token", 0.95, classes=4, epochs=7, seed=12),
        p("token", 0.7, seed=13),
        p("punctuation", 0.95, epochs=7, seed=10),
        p("punctuation", 0.95, classes=4, seed=11),
        p("length", 0.95, seed=10),
        p("length", 0.9, seed=11),
        p("length", 0.98, seed=12),
        p("negation", 0.95, epochs=7, seed=10),
        p("negation", 0.9, epochs=7, seed=11),
        p("negation", 0.98, seed=12),
        p("threshold", 0.95, seed=10),
        p("threshold", 0.9, seed=11),
        p("threshold", 0.95, classes=4, options=(("order", 3),), seed=12),
        p("threshold", 0.98, options=(("order", 3),), seed=13),
        p("threshold", 0.6, seed=14),
        p("linear", 0.95, seed=10),
        p("linear", 0.9, options=(("count", 20),), seed=11),
        p("linear", 0.98, seed=12),
        p("latent", 0.95, seed=10),
        p("latent", 0.95, options=(("nest", 1),), seed=11),
        p("latent", 0.9, options=(("core", 0.8), ("amplify", 8)), seed=12),
    ]


def _report_controls() -> list[Case]:
    def c(kind: str, expected: str, why: str, **more: object) -> Case:
        return control("report", kind, expected, why, **more)

    return [
        *_clean(
            c,
            {"seed": 10},
            {"seed": 11},
            {"seed": 12},
            {"network": "resnet", "seed": 10},
            {"network": "resnet", "seed": 11},
            {"network": "vit7", "seed": 10},
            {"network": "vit7", "seed": 11},
            {"network": "mlp", "seed": 10},
            {"network": "mlp", "seed": 11},
            dict(seed=10, **two(*COAT)),
            dict(network="resnet", seed=11, **two(*SHIRTS)),
            dict(network="vit7", seed=12, **two(*SHOES)),
            {"base": "digits", "seed": 10},
            {"base": "digits", "network": "mlp", "seed": 11},
            {"base": "topics", "seed": 10},
            {"base": "topics", "classes": 4, "seed": 11},
            {"base": "topics", "seed": 12},
            {"base": "parity", "seed": 10},
            {"base": "parity", "options": (("order", 3),), "seed": 11},
            {"base": "parity", "classes": 4, "options": (("order", 3),), "seed": 12},
            {"base": "slabs", "seed": 10},
        ),
        *_nothing(
            c,
            {"family": "colour", "seed": 10},
            {"family": "stripes", "seed": 11},
            {"family": "border", "network": "vit7", "seed": 12},
            {"family": "mark", "network": "mlp", "seed": 10},
            {"family": "watermark", "seed": 13},
            {"family": "size", "seed": 12},
            {"family": "dominoes", "seed": 10},
            {"family": "blocks", "seed": 11},
            {"family": "background", "seed": 11},
            {"family": "token", "seed": 10},
            {"family": "length", "seed": 11},
            {"family": "threshold", "seed": 10},
            {"family": "linear", "seed": 12},
            {"family": "latent", "seed": 10},
        ),
        *_wrong(
            c,
            {"wrong": 0.04, "seed": 10},
            {"wrong": 0.04, "network": "resnet", "seed": 11},
            {"wrong": 0.1, "seed": 11},
            {"wrong": 0.1, "network": "vit7", "seed": 11},
            {"wrong": 0.1, "network": "mlp", "seed": 12},
            {"wrong": 0.1, "base": "topics", "seed": 10},
            {"wrong": 0.04, "base": "topics", "seed": 11},
            {"wrong": 0.1, "base": "parity", "seed": 10},
            {"wrong": 0.04, "base": "parity", "seed": 11},
            {"wrong": 0.1, "base": "digits", "seed": 10},
        ),
    ]


def _report_hard_controls() -> list[Case]:
    def c(kind: str, expected: str, why: str, **more: object) -> Case:
        return control("report", kind, expected, why, **more)

    return [
        *(
            c("alike", NONE, "classes that are alike", **more)
            for more in (
                {"classes": 3, "chosen": (2, 4, 6), "seed": 10},
                {"classes": 4, "chosen": (0, 2, 4, 6), "network": "resnet", "seed": 11},
                dict(seed=12, network="vit7", **two(*COATS)),
                {"base": "topics", "alike": 0.75, "seed": 10},
                {"base": "parity", "alike": 0.1, "seed": 11},
            )
        ),
        *(
            c("tail", NONE, "rare classes are harder, nothing misleads", tail=0.7, **more)
            for more in (
                {"seed": 10},
                {"network": "resnet", "seed": 11},
                {"network": "mlp", "seed": 12},
            )
        ),
        *(
            c("rare", NONE, "a rare kind of example is hard, nothing misleads", **more)
            for more in (
                {"rare": 0.05, "seed": 10},
                {"rare": 0.05, "network": "resnet", "seed": 11},
                {"rare": 0.03, "network": "vit7", "seed": 12},
            )
        ),
        *_undertrained(
            c,
            {"seed": 10},
            {"network": "resnet", "seed": 11},
            {"network": "vit7", "seed": 12},
            {"base": "topics", "epochs": 1, "seed": 10},
        ),
        *_memorised(
            c,
            {"seed": 10},
            {"family": "colour", "correlation": 0.95, "seed": 11},
            {"family": "stripes", "correlation": 0.95, "network": "resnet", "seed": 12},
            {"base": "parity", "seed": 10},
        ),
        *_preprocessed(
            c,
            {"preprocessing": "unscaled", "network": "resnet", "seed": 14},
            {"preprocessing": "negative", "seed": 14},
            {
                "preprocessing": "grey",
                "family": "colour",
                "correlation": 1.0,
                "core": "chance",
                "seed": 14,
            },
        ),
        c(
            "preprocessing",
            f"{NONE}|{UNSURE}",
            "another scale, which may do no harm",
            preprocessing="half",
            seed=15,
        ),
        *_tasks(
            c,
            {"family": "colour", "seed": 10},
            dict(family="colour", network="resnet", seed=11, **two(*COAT)),
            {"family": "colour", "wrong": 0.03, "seed": 12},
            {"family": "border", "seed": 10},
            {"family": "token", "seed": 10},
            {"family": "token", "classes": 4, "seed": 11},
            {"family": "threshold", "seed": 10},
            {"family": "threshold", "wrong": 0.03, "classes": 4, "seed": 11},
        ),
        *_few(
            c,
            {"seed": 16},
            {"network": "resnet", "seed": 16},
            {"base": "topics", "seed": 16},
            {"base": "parity", "seed": 16},
        ),
    ]


def _clean(c: Make, *cases: Fields) -> list[Case]:
    why = "no cue, well trained"
    return [c("clean", NONE, why, **(_doubtful(more) | more)) for more in cases]


def _doubtful(fields: Fields) -> Fields:
    """Texts and tables of which a few are ambiguous: without a single error nothing can be said."""
    base = fields.get(
        "base",
        {"token": "topics", "length": "topics", "threshold": "parity", "linear": "slabs"}.get(
            str(fields.get("family"))
        ),
    )
    return {
        "topics": {"alike": 0.85},
        "parity": {"alike": 0.1},
        "slabs": {"alike": 0.12, "options": (("count", 4),)},
    }.get(str(base), {})


def _nothing(c: Make, *cases: Fields) -> list[Case]:
    why = "the cue says nothing of the class"
    made = [c("nothing", NONE, why, **(_doubtful(more) | more)) for more in cases]
    return [_at_chance(one) for one in made]


def _at_chance(made: Case) -> Case:
    return replace(made, correlation=1 / made.classes)


def _wrong(c: Make, *cases: Fields) -> list[Case]:
    return [c("wrong", NONE, "wrong labels are no verdict", **more) for more in cases]


def _undertrained(c: Make, *cases: Fields) -> list[Case]:
    why = "stopped early at a constant rate"
    fields = {"schedule": "constant", "epochs": 4}
    return [c("undertrained", f"{NONE}|{UNSURE}", why, **(fields | more)) for more in cases]


def _memorised(c: Make, *cases: Fields) -> list[Case]:
    fields = {"audit_on": "training", "train_size": 1500, "audit_size": 1500, "epochs": 30}
    why = "data that the model knows by heart say nothing"
    return [c("memorised", UNSURE, why, **(fields | more)) for more in cases]


def _preprocessed(c: Make, *cases: Fields) -> list[Case]:
    why = "the audit's preprocessing is not the training's"
    return [c("preprocessing", UNSURE, why, **more) for more in cases]


def _tasks(c: Make, *cases: Fields) -> list[Case]:
    fields = {"correlation": 1.0, "core": "chance"}
    return [c("task", RISK, "the simple feature is the task", **(fields | more)) for more in cases]


def _few(c: Make, *cases: Fields) -> list[Case]:
    why = "no cue, and few examples"
    fields = {"audit_size": 400}
    return [
        c("few", f"{NONE}|{UNSURE}", why, **(fields | _doubtful(more) | more)) for more in cases
    ]
