"""Try one candidate after the other, as long as the budget allows, and repeat none."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from earlysieve.errors import InputError
from earlysieve.fixing.basis import Basis
from earlysieve.fixing.budget import Budget, BudgetSpentError
from earlysieve.fixing.candidates import Candidate, repair_candidates, retrain_candidates
from earlysieve.fixing.kept import Kept
from earlysieve.fixing.keys import repair_key, training_key
from earlysieve.fixing.search_words import announced, others_kept, told, too_small, what_is_left
from earlysieve.fixing.trials import Training, Trial, attempt, groups_of
from earlysieve.model.state import device_of


@dataclass(frozen=True)
class Searched:
    """What was tried.

    Attributes:
        trials: in their order.
        untried: names of the candidates for which the budget had nothing left.
    """

    trials: tuple[Trial, ...] = ()
    untried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Search:
    """What a search needs.

    Attributes:
        basis: what candidates share.
        training: what retraining needs; None: repairs alone.
        seed: of folds and orders.
        budget: of time or trials.
        kept: where what is finished is kept.
        start: digest of model, data and seed; empty where nothing is kept.
        tell: takes lines for people.
        left_out: what the budget had no time for already, in words.
    """

    basis: Basis
    training: Training | None
    seed: int
    budget: Budget
    kept: Kept
    start: str
    tell: Callable[[str], None]
    left_out: tuple[str, ...] = ()

    def run(self) -> Searched:
        """Try all candidates, or those that the budget allows.

        Raises:
            InputError: it allows none.
            OutputError: what was finished cannot be kept.
        """
        candidates = self._candidates()
        self.tell(announced(candidates, self.budget))
        if any(self.kept.has_others(one, self._key(one)) for one in candidates):
            self.tell(others_kept(self.kept.folder))
        trials: list[Trial] = []
        untried: list[Candidate] = []
        for candidate in candidates:
            found = self._within_budget(candidate, trials)
            if found is None:
                untried.append(candidate)
                continue
            trials.append(found[0])
            self.tell(told(trials, candidates, kept=found[1], place=len(trials) + len(untried)))
        left = (*(one.name for one in untried), *self.left_out)
        if left and not trials:
            raise InputError(too_small(self.budget))
        if left:
            self.tell(what_is_left(self.budget, len(trials), left))
        return Searched(tuple(trials), left)

    def _within_budget(
        self, candidate: Candidate, trials: Sequence[Trial]
    ) -> tuple[Trial, bool] | None:
        """What came of a candidate, and whether an earlier call had done it; None: no time."""
        if not self.budget.allows(_estimate(candidate, trials)):
            return None
        try:
            return self._tried(candidate)
        except BudgetSpentError:
            return None

    def _candidates(self) -> list[Candidate]:
        """The first repairs, which take seconds, then the first training, then the rest."""
        repairs: list[Candidate] = []
        if not self.basis.no_repair:
            repairs = list(repair_candidates(tuple(self.basis.sources)))
        trainings: list[Candidate] = []
        if self.training is not None:
            trainings = list(retrain_candidates(tuple(self.training.sources)))
        return [*repairs[:3], *trainings[:1], *repairs[3:], *trainings[1:]]

    def _tried(self, candidate: Candidate) -> tuple[Trial, bool]:
        """What came of a candidate, and whether an earlier call had done it."""
        key = self._key(candidate)
        found = self.kept.trial(candidate, key, self._blank)
        if found is not None:
            self.budget.use(found.seconds)
            self.kept.tidy(candidate, key)
            return found, True
        self.budget.use()
        folder = self.kept.checkpoints(candidate, key) if candidate.kind == "retrain" else None
        made = attempt(
            candidate,
            self.basis,
            self.training,
            seed=self.seed,
            folder=folder,
            budget=self.budget,
        )
        self.kept.keep(made, key)
        return made, False

    def _key(self, candidate: Candidate) -> str:
        if candidate.kind == "repair" or self.training is None:
            return repair_key(self.start, candidate, groups_of(candidate, self.basis.sources))
        training = self.training
        groups = groups_of(candidate, training.sources)
        return training_key(self.start, candidate, groups, training.key, training.recipe)

    def _blank(self) -> nn.Module:
        """A network that takes the weights of a training."""
        recipe = None if self.training is None else self.training.recipe
        if recipe is not None and recipe.fresh is not None:
            return recipe.fresh().to(device_of(self.basis.model))
        with torch.no_grad():
            return copy.deepcopy(self.basis.model)


def _estimate(candidate: Candidate, trials: Sequence[Trial]) -> float:
    """Seconds that it will take: the longest of its kind so far."""
    return max((t.seconds for t in trials if t.candidate.kind == candidate.kind), default=0.0)
