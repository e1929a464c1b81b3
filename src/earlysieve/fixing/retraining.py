"""Train the whole network anew on groups that were inferred."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.with_groups import with_groups
from earlysieve.errors import InputError
from earlysieve.fixing.candidates import Candidate
from earlysieve.model.state import device_of
from earlysieve.networks.attention import attention_width
from earlysieve.runs.build import build_learner
from earlysieve.runs.train_start import run_settings
from earlysieve.training import TrainConfig, fit
from earlysieve.training.events import Event
from earlysieve.training.freezing import frozen
from earlysieve.training.going_on import further


@dataclass(frozen=True)
class Recipe:
    """How the network is trained again.

    Attributes:
        config: optimiser, schedule, epochs, batch size and so on; its method and data are not used.
        fresh: makes the network from which training starts, on any device; None: training goes on
            from the weights of the given model.
        left_out: names of settings of the configuration that choose an epoch by validation data,
            which a retraining has not.
    """

    config: TrainConfig = field(default_factory=further)
    fresh: Callable[[], nn.Module] | None = None
    left_out: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What of the configuration is not used, and what comes of it; empty where all is."""
        if not self.left_out:
            return ""
        names = " and ".join(self.left_out)
        many = self.config.epochs > 1
        epochs = f"all {self.config.epochs} epochs" if many else "one epoch"
        return (
            f"Retraining leaves out {names}: an epoch that was chosen on the held-out examples "
            "could not be compared on them, and accuracy would choose the shortcut. Each training "
            f"runs for {epochs} and keeps the last"
            + ("; name fewer if these are too many." if many else ".")
        )


_BY_VALIDATION = ("patience", "restore_best")


def _without_choice(recipe: Recipe) -> Recipe:
    """The recipe without what needs validation data: held-out examples are to compare on."""
    names = tuple(name for name in _BY_VALIDATION if getattr(recipe.config, name))
    if not names:
        return recipe
    config = replace(recipe.config, patience=None, restore_best=None)
    return replace(recipe, config=config, left_out=names)


def usual_recipe(model: nn.Module) -> Recipe:
    """A few epochs from the weights of a network, at a rate that fits its kind."""
    return Recipe(further(attention_width(model)))


def as_recipe(given: "Recipe | TrainConfig | bool | None", model: nn.Module) -> Recipe | None:
    """A recipe from what `fix(retrain=)` takes; None where nothing is to be retrained.

    What chooses an epoch by validation data is left out.

    Args:
        given: a recipe, its configuration, or whether to retrain.
        model: that is to be retrained.

    Raises:
        InputError: it is none of these.
    """
    if given is None or given is False:
        return None
    if given is True:
        return usual_recipe(model)
    if isinstance(given, TrainConfig):
        return _without_choice(Recipe(given))
    if isinstance(given, Recipe):
        return _without_choice(given)
    raise InputError(
        "Expected retrain to be True, a TrainConfig or a Recipe, but got "
        f"{type(given).__name__}; pass True for a few epochs from the given weights"
    )


def retrained(
    model: nn.Module,
    candidate: Candidate,
    train: Any,
    groups: Groups | None,
    recipe: Recipe,
    *,
    seed: int,
    folder: Path | None,
    progress: bool,
    check: Callable[[float], None] | None = None,
) -> nn.Module:
    """A network that was trained as a candidate says; the given one is not changed.

    Args:
        model: whose weights training starts from, unless the recipe makes a fresh one.
        candidate: its method and settings.
        train: training data with a length and indices.
        groups: of these, where the method needs some.
        recipe: how to train.
        seed: of the order.
        folder: for checkpoints, from which an interrupted training goes on; None: nowhere.
        progress: draw a bar.
        check: called after every step with the share of all steps that are done; what it raises
            ends the training, with a checkpoint in `folder`.

    Raises:
        EarlysieveError: data, groups, method or recipe do not fit.
    """
    config = replace(
        recipe.config,
        method=candidate.method,
        method_options=dict(candidate.settings),
        seed=seed,
        select="accuracy",
    )
    data = train if groups is None else with_groups(train, groups)
    device = device_of(model)
    start = _start(model, recipe).to(device)
    out = folder or Path()
    learner = build_learner(config, start, data, device=device, out=out)
    with frozen(start, learner.frozen):
        fit(
            learner.algorithm,
            data,
            **run_settings(config),
            checkpoint_dir=folder,
            on_event=_told(check, config, data, learner.sampler),
            progress=progress,
            sampler=learner.sampler,
            num_workers=config.num_workers,
            config=config if folder is not None else None,
            augment=config.augment,
        )
    return learner.algorithm.model.train(model.training)


def _told(
    check: Callable[[float], None] | None, config: TrainConfig, data: Any, sampler: Any
) -> Callable[[Event], None] | None:
    if check is None:
        return None
    steps = math.ceil(len(data) / config.batch_size) if sampler is None else len(sampler)
    total = max(1, config.epochs * steps)
    return lambda event: check(min(1.0, event.step / total))


def _start(model: nn.Module, recipe: Recipe) -> nn.Module:
    if recipe.fresh is not None:
        return recipe.fresh()
    with torch.no_grad():
        return copy.deepcopy(model)


def reset(model: nn.Module, seed: int) -> nn.Module:
    """A copy of a network with all weights drawn anew, by the `reset_parameters` of its layers.

    Raises:
        InputError: some parameters belong to layers that have no such method.
    """
    from earlysieve.training.randomness import seeded

    fresh = copy.deepcopy(model)
    left = {name for name, _ in fresh.named_parameters()}
    with seeded(seed):
        for name, module in fresh.named_modules():
            draw = getattr(module, "reset_parameters", None)
            if callable(draw):
                draw()
                inner = f"{name}." if name else ""
                left -= {one for one in left if one.startswith(inner)}
    if left:
        raise InputError(
            f"Expected layers that can draw their weights anew, but '{min(left)}' belongs to one "
            "that cannot; pass Recipe(fresh=...) with a function that builds the network"
        )
    return fresh
