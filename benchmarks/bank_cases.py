"""What a case of the bank is, and which verdict is expected of it.

A case is frozen and belongs to one of two sets: "design" (on which settings of a verdict may be
chosen) or "report" (other seeds, and families that are not in design at all).
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

Options = tuple[tuple[str, float | int | str], ...]

NONE, SHORTCUT, RISK, UNSURE = "none found", "shortcut", "at risk", "inconclusive"
# Fields that do not change what is trained.
_NOT_TRAINED = ("name", "set", "kind", "expected", "why", "audit_size", "audit_on", "preprocessing")


@dataclass(frozen=True)
class Case:
    """One trained model and the data of its audit.

    Attributes:
        name: unique.
        set: "design", "report" or "fresh".
        kind: "planted", or the kind of control.
        family: the cue that is in the data; "none" for no cue.
        options: of the cue, as pairs.
        base: "garments", "digits", "topics" (text) or "parity", "slabs", "latents" (tables).
        classes: C.
        chosen: which garments, empty for the first C.
        correlation: of cue and class, in training and audit; 1 / C says nothing.
        network: "cnn", "resnet", "vit", "vit7" (patches of 4 and 7 pixels), "mlp" or "text".
        seed: of data, cue, weights and order.
        train_size, audit_size: examples.
        epochs, lr, batch: of Adam.
        schedule: "cosine" (falling to 0) or "constant".
        channels: of images.
        wrong: share of wrong labels, in training and audit.
        tail: each class has so many times the examples of the one before (1: balanced).
        rare: share of examples that are hard in a way of their own.
        alike: how alike the classes are: of texts the purity, of tables the blur (0: not at all).
        core: "label", or "chance" where the cue is the task and all else says nothing.
        audit_on: "held-out", or "training" for data that the model has seen.
        preprocessing: of the audit where it differs: "unscaled", "half", "negative", "grey", "bgr".
        expected: the verdict, or several joined by "|"; for planted cases where reliance >= 0.2.
        why: reason for it.
    """

    name: str
    set: str
    kind: str
    expected: str
    why: str
    family: str = "none"
    options: Options = ()
    base: str = "garments"
    classes: int = 10
    chosen: tuple[int, ...] = ()
    correlation: float = 0.0
    network: str = "cnn"
    seed: int = 0
    train_size: int = 5000
    audit_size: int = 3000
    epochs: int = 6
    lr: float = 2e-3
    batch: int = 64
    schedule: str = "cosine"
    channels: int = 1
    wrong: float = 0.0
    tail: float = 1.0
    rare: float = 0.0
    alike: float = 0.0
    core: str = "label"
    audit_on: str = "held-out"
    preprocessing: str = ""

    @property
    def training(self) -> str:
        """A short digest of all that decides the trained weights."""
        fields = {k: v for k, v in asdict(self).items() if k not in _NOT_TRAINED}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def planted(self) -> bool:
        """Whether there is a cue that tells the class better than chance."""
        return self.family != "none" and self.correlation > 1 / self.classes + 1e-9

    def twin(self) -> "Case":
        """The same network without what the cue says: drawn independently of the class.

        One twin serves all seeds, correlations and shares of wrong labels of a set; what it shows
        is how the classes and the cue go together by nature, which is next to nothing. Where the
        seed draws the very columns of the data, as for two latents, each has its own.
        """
        return replace(
            self,
            name=f"{self.name}-twin",
            kind="twin",
            expected=NONE,
            why="the cue says nothing",
            correlation=1 / self.classes,
            wrong=0.0,
            seed=self.seed if self.family == "latent" else 0 if self.set == "design" else 10,
        )


def final_expectation(case: Case, reliance: float | None, counter_examples: int | None) -> str:
    """What is expected once the truth is known: a verdict, several joined by "|", or "listed".

    A planted cue on which the model hardly relies is none; between 0.05 and 0.2 it is not counted;
    with fewer than 20 examples where it fails, "at risk" is right.
    """
    if case.kind != "planted" or reliance is None:
        return case.expected
    if reliance < 0.05:
        return NONE
    if reliance < 0.2:
        return "listed"
    few = counter_examples is not None and counter_examples < 20
    return RISK if few else case.expected


# --- how each base and network is trained, so that it is trained well -----------------------------

NETWORKS: dict[str, dict[str, object]] = {
    "cnn": {},
    "resnet": {},
    "vit": {"epochs": 10, "lr": 1.5e-3},
    "vit7": {"epochs": 9, "lr": 1.5e-3},
    "mlp": {"epochs": 12, "lr": 1e-3},
    "text": {"epochs": 4, "train_size": 6000, "lr": 1.5e-3, "base": "topics", "classes": 2},
}
TABLE = {"network": "mlp", "epochs": 20, "train_size": 6000, "lr": 3e-3, "classes": 2}
COLOURFUL = ("colour", "background")
TEXTS = ("token", "punctuation", "length", "negation")
TABLES = {"threshold": "parity", "linear": "slabs", "latent": "latents"}


def case(name: str, kind: str, expected: str, why: str, *, set: str, **changes: object) -> Case:
    """A case with the settings of its network and family, unless `changes` say otherwise."""
    family = str(changes.get("family", "none"))
    fields: dict[str, object] = {}
    if family in TABLES:
        fields |= {**TABLE, "base": TABLES[family]}
    elif changes.get("base") in TABLES.values():
        fields |= TABLE
    elif family in TEXTS or changes.get("base") == "topics":
        fields |= {"network": "text", **NETWORKS["text"]}
    else:
        fields |= NETWORKS[str(changes.get("network", "cnn"))]
    if family in COLOURFUL:
        fields["channels"] = 3
    if changes.get("base") == "digits":
        fields |= {"train_size": 3000, "audit_size": 2000, "epochs": 10}
    return Case(name=name, set=set, kind=kind, expected=expected, why=why, **(fields | changes))


def planted(set: str, family: str, correlation: float, **changes: object) -> Case:
    """A planted cue."""
    why = "a cue on which the model leans, and enough examples where it fails"
    made = case(
        "", "planted", SHORTCUT, why, set=set, family=family, correlation=correlation, **changes
    )
    if correlation >= 0.999:
        made = replace(made, expected=RISK, why="no example in which the cue fails")
    return named(made)


def control(set: str, kind: str, expected: str, why: str, **changes: object) -> Case:
    """A control."""
    return named(case("", kind, expected, why, set=set, **changes))


def named(made: Case) -> Case:
    """With a name made of what it is."""
    parts = [made.kind if made.kind != "planted" else "", made.family, made.base]
    parts = [part for part in parts if part not in ("", "none", "garments")]
    if made.base == "garments" and made.family == "none":
        parts.append("garments")
    parts += [f"{made.classes}c"]
    if made.planted:
        parts.append(f"{made.correlation:g}")
    for label, value, usual in (
        ("w", made.wrong, 0.0), ("a", made.audit_size, None), ("k", made.alike, 0.0),
    ):  # fmt: skip
        if usual is not None and value != usual:
            parts.append(f"{label}{value:g}")
    if made.audit_size < 1000:
        parts.append(f"n{made.audit_size}")
    parts += [made.preprocessing] if made.preprocessing else []
    parts += [f"{key}{value}" for key, value in made.options]
    parts += ["".join(map(str, made.chosen))] if made.chosen else []
    parts += [made.network, f"s{made.seed}"]
    return replace(made, name="-".join(parts).replace(" ", "-"))
