"""Groups from twins that were trained on halves of the data and mistake each other's examples.

Source: Pezeshki, Bouchacourt, Ibrahim, Ballas, Vincent and Lopez-Paz, "Discovering Environments
with XRM", ICML 2024, arXiv 2309.16748.
"""

import math
from collections.abc import Callable
from typing import Literal

from torch import nn

from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, data_identity, label_by_suspect
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.grouping.kept_examples import KeptExamples, keep_examples
from earlysieve.grouping.last_features import given_features, last_features
from earlysieve.grouping.small_network import linear, seen_from_afar, small_network
from earlysieve.grouping.twins import TwinSettings, train_twins
from earlysieve.networks.fit_check import pick_device
from earlysieve.training.sampling import batch_count, check_seed, derive_seed

Twins = Literal["small", "features"]
Build = Callable[[], nn.Module]
TWINS = ("small", "features")
# Few examples are passed until there were so many steps.
_STEPS = 500


def groups_from_xrm(
    data: "Data | OpenedData",
    *,
    model: nn.Module | None = None,
    twins: Twins = "small",
    build: Build | None = None,
    epochs: int | None = None,
    lr: float | None = None,
    batch_size: int | None = None,
    weight_decay: float = 0.0,
    draws: int = 1,
    seed: int = 0,
    device: str | None = None,
    progress: bool | None = None,
) -> Groups:
    """Groups label x suspect: either of two twins takes a suspect for another class.

    Each twin is given a random half of the examples. Both see every batch, and minimise

        sum_c mean_{i: y_i = c} CE(f_held-in(x_i), y_i).

    After each step y_i becomes the class of the twin that does not hold example i, where that is
    another one, with probability (p_max - 1/C) C / (C - 1), p_max being that twin's confidence.
    So twins drive each other towards what is easy and transfers between the halves, a shortcut if
    there is one, and away from its exceptions, which a single network would learn by heart. Errors
    are counted against the true labels. No group labels are used, and no held-out data.

    Labels that are wrong are suspects, too: nothing tells them from exceptions here.

    Source: Pezeshki et al., "Discovering Environments with XRM", ICML 2024, arXiv 2309.16748,
    section 4. The learning rate falls by a cosine, and images above 64 pixels are made smaller.

    Args:
        data: with random access, at best what a classifier is to be trained on.
        model: needed for "features" only.
        twins: "small": small networks that fit the inputs (`small_network`) learn from scratch;
            "features": linear ones on what the model's last layer takes, which is fast but knows
            only what the model kept. Without a model, inputs that are rows of numbers are features.
        build: returns a new network for the prepared inputs (or features), to be used instead.
        epochs: >= 1; None: 5, for features 10, and more where that is less than 500 steps.
        lr: of AdamW, > 0; None: 0.002, for D features 0.1 / sqrt(D).
        batch_size: >= 2; None: 64, for features 256.
        weight_decay: >= 0.
        draws: how often to train, each time with other halves and weights, >= 1; the draw with the
            largest share of flipped labels is taken, as the source chooses settings.
        seed: >= 0; global random states are neither used nor changed.
        device: where twins are trained; None: a GPU if there is one.
        progress: whether to draw a bar; None: where standard error is a terminal.

    Returns:
        Groups with `weights` 1 - p, p the smaller of the twins' probabilities of the true label;
        `config["flip_rates"]` has the share of flipped labels of each draw.

    Raises:
        InputError: a setting is out of its range, there is no network for such inputs, or
            "features" without a model or features.
        DataError: there are not two classes.
        LayerError: "features" of a model whose last layer is not linear.
    """
    if twins not in TWINS:
        raise InputError(f'Expected twins "small" or "features", but got {twins!r}; use one')
    if draws < 1:
        raise InputError(f"Expected at least one draw, but got draws={draws}; pass 1 or more")
    check_seed(seed)
    source, place = opened(data), pick_device(device)
    examples, make = _examples(source, model, twins, build)
    usual = _usual(twins, examples, batch_size)
    settings = TwinSettings(
        usual.epochs if epochs is None else epochs,
        usual.lr if lr is None else lr,
        usual.batch_size,
        weight_decay,
    )
    results = [
        train_twins(
            make,
            examples,
            settings,
            seed=derive_seed(seed, draw),
            device=place,
            progress=progress,
        )
        for draw in range(draws)
    ]
    best = max(results, key=lambda result: result.flip_rate)
    config = {
        "twins": twins,
        "build": None if build is None else getattr(build, "__name__", type(build).__name__),
        **vars(settings),
        "seed": seed,
        "flip_rate": best.flip_rate,
        "flip_rates": [result.flip_rate for result in results],
    }
    return label_by_suspect(
        examples.labels,
        best.wrong.any(0),
        source.class_names,
        source="xrm",
        identity=data_identity(source),
        weights=1 - best.told.amin(0).double(),
        config=config,
    )


def _usual(twins: Twins, examples: KeptExamples, batch_size: int | None) -> TwinSettings:
    """Settings for these examples.

    Labels flip at random while twins know little, so that they have to learn fast: a step of Adam
    moves the logits of standardised features by about lr * sqrt(D).
    """
    features = twins == "features"
    size = (256 if features else 64) if batch_size is None else batch_size
    lr = 0.1 / math.sqrt(examples.longest) if features else 2e-3
    steps = batch_count(len(examples), max(size, 1))
    return TwinSettings(max(10 if features else 5, -(-_STEPS // steps)), lr, size)


def _examples(
    data: OpenedData, model: nn.Module | None, twins: Twins, build: Build | None
) -> tuple[KeptExamples, Build]:
    if twins == "small":
        prepare = seen_from_afar if build is None else lambda inputs: inputs
        examples = keep_examples(data, prepare=prepare)
        return examples, build or small_network(examples)
    examples = given_features(data) if model is None else last_features(data, model)
    width, classes = examples.longest, examples.num_classes
    return examples, build or (lambda: linear(width, classes))
