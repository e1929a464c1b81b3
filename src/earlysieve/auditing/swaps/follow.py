"""Swap parts between examples and count which of both the model follows."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.alterations.telling import Altered
from earlysieve.auditing.kept_answers import ANEW, Answers
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.carrier import carrier_of
from earlysieve.auditing.swaps.found import SPENT, PartFound, Share, SwapPicture, Swaps
from earlysieve.auditing.swaps.image_parts import image_parts
from earlysieve.auditing.swaps.names import Named, check_there, covers, named_parts, none_here
from earlysieve.auditing.swaps.pairs import Pairs, between_classes, for_errors
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool, read_pool
from earlysieve.auditing.swaps.show import pictures_of
from earlysieve.auditing.swaps.table_parts import table_parts
from earlysieve.auditing.swaps.text_parts import text_parts
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.auditing.telling_ranges import Telling
from earlysieve.auditing.telling_values import held_rightly
from earlysieve.datasets.batches import Data
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.datasets.variables import Variable, variables_of
from earlysieve.errors import InputError
from earlysieve.model.placement import on_device
from earlysieve.model.state import device_of, looking_at, preserved_rng, usable_device
from earlysieve.model.unwrap import unwrap

DEFAULT_BUDGET = 800
_PILOT, _PILOT_ERRORS = 14, 8
_STEP, _STEP_ERRORS = 14, 12
_MOST, _MOST_ERRORS = 60, 40
_PERMUTED = 60
_WITHOUT, _TOLD = 400, 0.45
_TOLD_LITTLE, _SURE, _OF_BUDGET = 0.3, 0.1, 100
# Values that few rows have move few answers, so that no round would go on with them.
_TIMES = 3


def swap_parts(
    model: nn.Module,
    data: Data | OpenedData,
    labels: Ints,
    predictions: Ints,
    *,
    index: Ints | None = None,
    budget: int = DEFAULT_BUDGET,
    seed: int = 0,
    irrelevant: Sequence[str] = (),
    relevant: Sequence[str] = (),
    device: torch.device | str | None = None,
    batch_size: int = 64,
    pictures: int = 4,
    variables: Sequence[Variable] | None = None,
    telling: Sequence[Telling] = (),
    kept: Answers = ANEW,
    altered: Sequence[Altered] = (),
) -> Swaps:
    """Which parts of an example the model's answer follows when they are swapped.

    A part of an example that is read correctly is replaced by that part of an example of another
    class; the answer may stay, follow the donor, or be neither. Each part is first tried on a few
    pairs; what is left of the budget goes to those that show most. The model is left as it was.

    Args:
        model: any classifier.
        data: with random access; positions as in `index`.
        labels, predictions: of each example, int64, (N,).
        index: position of each example in the data, (N,); 0 to N - 1 by default.
        budget: example-forwards, >= 0; 0 swaps nothing. Of a table, for each of `telling`, up to as
            many rows are asked beside it, at most 400.
        seed: of the examples that are drawn.
        irrelevant: names of parts of which the user says that the answer must not depend on them;
            they are always tried, and first.
        relevant: names of parts of which the user says that they belong to the task; they are
            always tried, too.
        device: where to run; the model's own by default.
        batch_size: examples per forward pass.
        pictures: how many swaps of each part to keep for looking at.
        variables: of a table, see `variables_of`; None: as the rows that are drawn tell.
        telling: values of its columns that are swapped by themselves.
        kept: answers of this very call that was stopped.
        altered: ways of altering images that tell a class.

    Raises:
        InputError: unusable arrays or budget, or a named part that these data lack.
    """
    _check(labels, predictions, index, budget)
    if not budget:
        return Swaps(skipped={"all": "swaps are turned off"})
    source = opened(data)
    if not source.has_random_access:
        return Swaps(skipped={"all": "the data have no random access"})
    network = unwrap(model)
    place = usable_device(device_of(network) if device is None else device)

    def look() -> Swaps:
        carrier, reason = carrier_of(source.few().inputs)
        if carrier is None:
            return Swaps(skipped={"all": reason})
        where = np.arange(len(labels)) if index is None else index
        pool = read_pool(source, carrier, where, labels, predictions, seed)
        asker = Asker(network, budget, device=place, batch_size=batch_size, kept=kept)
        named = named_parts(irrelevant, relevant, telling)
        parts, skipped, signs = _parts(pool, asker, source, named, variables, telling, altered)
        found = _run(parts, pool, asker, skipped, seed, named, pictures)
        return replace(found, signs=signs)

    with torch.inference_mode(False), preserved_rng():
        return looking_at(lambda: on_device(network, place, look), network)


def _check(labels: Ints, predictions: Ints, index: Ints | None, budget: int) -> None:
    shapes = {array.shape for array in (labels, predictions, index) if array is not None}
    if len(shapes) != 1 or labels.ndim != 1 or not len(labels):
        raise InputError(
            "Expected one label, prediction and index for each example, but got arrays of shapes "
            f"{sorted(shapes)}; pass three of one length"
        )
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 0:
        raise InputError(
            f"Expected a whole number of example-forwards for swaps, 0 or more, but got {budget!r};"
            " 0 turns swaps off"
        )


def _parts(
    pool: Pool,
    asker: Asker,
    source: OpenedData,
    named: Named,
    variables: Sequence[Variable] | None,
    telling: Sequence[Telling],
    altered: Sequence[Altered],
) -> tuple[list[Part], dict[str, str], tuple[WordFound, ...]]:
    known: Sequence[Variable] = ()
    signs: tuple[WordFound, ...] = ()
    if pool.carrier.kind == "image":
        parts, skipped = image_parts(pool, asker, altered, source.class_names)
    elif pool.carrier.kind == "text":
        parts, skipped, signs = text_parts(
            pool, asker, source.tokenizer, source.class_names, named.every
        )
    else:
        known = variables or variables_of(pool.values.float().numpy(), source.column_names)
        parts, skipped = table_parts(pool, asker, known, named.every, telling)
    there = [part.name for part in parts]
    skipped = {**none_here(named, there, pool.carrier.kind), **skipped}
    check_there(named, there, list(skipped), pool.carrier.kind, known)
    return sorted(parts, key=lambda part: part.name not in named.every), skipped, signs


@dataclass
class _Tally:
    """What was counted of one part so far."""

    part: Part
    pairs: Pairs
    errors: Pairs
    done: int = 0
    errors_done: int = 0
    followed: Share = field(default_factory=Share)
    control: Share = field(default_factory=Share)
    kept: Share = field(default_factory=Share)
    mended: Share = field(default_factory=Share)
    unmended: Share = field(default_factory=Share)
    by_class: dict[int, Share] = field(default_factory=lambda: defaultdict(Share))
    answers: list[int] = field(default_factory=list)
    pictures: list[SwapPicture] = field(default_factory=list)
    dropped: float = math.nan
    lost_without: float = math.nan

    def next_cost(self, pairs: int, errors: int) -> int:
        pairs = min(pairs, len(self.pairs) - self.done)
        errors = min(errors, len(self.errors) - self.errors_done)
        times = 1 if self.part.at_once else 2
        return times * self.part.cost * (pairs + errors)

    @property
    def promise(self) -> float:
        """How much it has shown; less for what is dear."""
        effect = self.followed.value - self.control.value if self.followed.count else 0.0
        mending = self.mended.value - self.unmended.value if self.mended.count else 0.0
        return self.part.coverage * (effect + 0.5 * mending) / math.sqrt(self.part.cost)


def _run(
    parts: Sequence[Part],
    pool: Pool,
    asker: Asker,
    skipped: dict[str, str],
    seed: int,
    named: Named,
    pictures: int,
) -> Swaps:
    tallies = []
    for part in parts:
        rng = np.random.default_rng((seed, len(part.name), *part.name.encode()))
        most = part.at_once or _MOST
        pairs = between_classes(pool, part.usable, most, rng, part.donors)
        if not len(pairs):
            skipped[part.name] = "too few examples that have it are read correctly"
            continue
        held = None if part.speaks is None else held_rightly(part.speaks, pool.labels)
        errors = for_errors(pool, part.usable, _MOST_ERRORS, rng, part.errors, held)
        tallies.append(_Tally(part, pairs, errors))
    asked = [tally for tally in tallies if tally.part.decides or named.bars(tally.part.name)]
    failed = _pilot(tallies, pool, asker, named, pictures)
    for tally in tallies:
        if tally.part.name not in failed:
            _without(tally, pool, asker, seed)
    failed |= _rounds([one for one in asked if one.part.name not in failed], pool, asker, pictures)
    skipped |= failed
    if pool.carrier.kind == "table":
        for tally in tallies:
            _permute(tally, pool, asker, seed)
    found = [_found(tally, pool, named) for tally in tallies if tally.done]
    for tally in tallies:
        if not tally.done and tally.part.name not in skipped:
            skipped[tally.part.name] = SPENT
    found.sort(key=lambda one: -one.effect)
    return Swaps(tuple(found), skipped, asker.spent, named.irrelevant)


def _pilot(
    tallies: list[_Tally], pool: Pool, asker: Asker, named: Named, pictures: int
) -> dict[str, str]:
    """A few pairs of every part, all of what was asked about; what went wrong, by part."""
    failed: dict[str, str] = {}
    for tally in tallies:
        much = tally.part.rests or tally.part.speaks is not None
        pairs = tally.part.at_once or (_TIMES * _PILOT if much else _PILOT)
        if named.bars(tally.part.name):
            pairs = tally.part.at_once or _MOST
        if tally.next_cost(pairs, _PILOT_ERRORS) > asker.left:
            pairs = _PILOT
        if tally.next_cost(pairs, _PILOT_ERRORS) <= asker.left:
            problem = _try(tally, pool, pairs, _PILOT_ERRORS, pictures)
            if problem:
                failed[tally.part.name] = problem
    return failed


def _rounds(tallies: list[_Tally], pool: Pool, asker: Asker, pictures: int) -> dict[str, str]:
    """More pairs of whichever part shows most; what went wrong, by part."""
    failed: dict[str, str] = {}
    while True:
        open_ = [
            tally
            for tally in tallies
            if tally.done
            and 0 < tally.next_cost(_STEP, _STEP_ERRORS) <= asker.left
            and tally.part.name not in failed
        ]
        if not open_:
            return failed
        best = max(open_, key=lambda tally: tally.promise)
        problem = _try(best, pool, _STEP, _STEP_ERRORS, pictures)
        if problem:
            failed[best.part.name] = problem


def _try(tally: _Tally, pool: Pool, pairs: int, errors: int, pictures: int) -> str:
    """Swap some more; the problem, where this network cannot take such inputs."""
    try:
        _swap_more(tally, pool, pairs, errors, pictures)
    except (RuntimeError, ValueError, TypeError, InputError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _swap_more(tally: _Tally, pool: Pool, pairs: int, errors: int, pictures: int) -> None:
    chosen = tally.pairs.slice(tally.done, tally.done + pairs)
    if len(chosen):
        answers, inputs = tally.part.swap(chosen.receivers, chosen.donors)
        control, _ = tally.part.swap(chosen.receivers, chosen.controls)
        own, donor = pool.labels[chosen.receivers], pool.labels[chosen.donors]
        said = answers.numpy()
        tally.answers += said.tolist()
        tally.followed += _share(said == donor)
        tally.kept += _share(said == own)
        tally.control += _share(control.numpy() == donor)
        for kind in np.unique(donor):
            tally.by_class[int(kind)] += _share((said == donor)[donor == kind])
        room = pictures - len(tally.pictures)
        tally.pictures += pictures_of(pool, chosen, said, inputs, room)
        tally.done += len(chosen)
    wrong = tally.errors.slice(tally.errors_done, tally.errors_done + errors)
    if len(wrong):
        true = pool.labels[wrong.receivers]
        tally.mended += _share(tally.part.swap(wrong.receivers, wrong.donors)[0].numpy() == true)
        again = tally.part.swap(wrong.receivers, wrong.controls)[0]
        tally.unmended += _share(again.numpy() == true)
        tally.errors_done += len(wrong)


def _permute(tally: _Tally, pool: Pool, asker: Asker, seed: int) -> None:
    """The accuracy that is lost when a part is permuted among examples."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(pool.labels))[:_PERMUTED]
    if tally.done and len(rows) * tally.part.cost <= asker.left:
        answers = tally.part.swap(rows, rng.permutation(rows))[0].numpy()
        labels = pool.labels[rows]
        before = float((pool.predictions[rows] == labels).mean())
        tally.dropped = before - float((answers == labels).mean())


def _without(tally: _Tally, pool: Pool, asker: Asker, seed: int) -> None:
    """What of right answers is lost in rows that hold a telling value, when they get another.

    A hundred rows tell this too roughly for a class that is read half right. Rows of tables cost
    little: all but a hundred are asked beside the budget, and these, too, where less is left.
    """
    speaks = tally.part.speaks
    if speaks is None or not tally.done:
        return
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(held_rightly(speaks, pool.labels)))
    rows = rows[: min(_WITHOUT, asker.budget // tally.part.cost)]
    others = np.flatnonzero(speaks < 0)
    if len(rows) and len(others):
        charged = min(len(rows), _OF_BUDGET) * tally.part.cost
        spent = asker.spent + (charged if charged <= asker.left else 0)
        answers = tally.part.swap(rows, rng.choice(others, len(rows)))[0].numpy()
        asker.spent = spent
        tally.lost_without = lost_without(
            answers, pool.labels[rows], pool.predictions[others], pool.labels[others],
            pool.weights[rows], pool.weights[others],
        )  # fmt: skip


def lost_without(
    answers: Ints, labels: Ints, said: Ints, truth: Ints, weights: Floats, of_others: Floats
) -> float:
    """The share of right answers that is lost without a value, beyond what its class gets anyway.

    Of class c it is (there - kept) / (there - by chance): how often the model is right on rows of c
    that do not hold the value, on those that held it, and how often it says c of other classes.

    Args:
        answers, labels: of rows that held a value for their class, with another one, shape (n,).
        said, truth: the model's class and the label of rows that hold none, shape (m,).
        weights, of_others: how many rows each stands for, shape (n,) and (m,).

    Returns:
        The mean over classes, by their rows; NaN where elsewhere the model tells a class by less
        than 0.45 more often than it says it of others; from 0.3 on where the standard error of the
        share is at most 0.1.
    """
    total, count = 0.0, 0.0
    for kind in np.unique(labels):
        mine, theirs = labels == kind, truth == kind
        if not theirs.any() or theirs.all():
            return math.nan
        there = float(np.average(said[theirs] == kind, weights=of_others[theirs]))
        by_chance = float(np.average(said[~theirs] == kind, weights=of_others[~theirs]))
        kept = float(np.average(answers[mine] == kind, weights=weights[mine]))
        told = there - by_chance
        error = _error(kept, mine, there, theirs)
        if told < _TOLD_LITTLE or (told < _TOLD and error > _SURE * told):
            return math.nan
        total += float(weights[mine].sum()) * (there - kept) / told
        count += float(weights[mine].sum())
    return total / count if count else math.nan


def _error(kept: float, mine: Bools, there: float, theirs: Bools) -> float:
    """The standard error of the difference of two shares, one error more assumed of either."""
    total = 0.0
    for share, count in ((kept, mine.sum()), (there, theirs.sum())):
        shrunk = (share * count + 1) / (count + 2)
        total += shrunk * (1 - shrunk) / count
    return math.sqrt(total)


def _share(hits: Bools) -> Share:
    return Share(int(hits.sum()), len(hits))


def _found(tally: _Tally, pool: Pool, named: Named) -> PartFound:
    pairs, errors = tally.pairs.slice(0, tally.done), tally.errors.slice(0, tally.errors_done)
    barred = named.bars(tally.part.name)

    def places(rows: Ints) -> tuple[int, ...]:
        return tuple(pool.positions[rows].tolist())

    return PartFound(
        part=tally.part.name,
        detail=tally.part.detail,
        words=tally.part.words,
        telling=tally.part.telling,
        lost_without=tally.lost_without,
        in_part=tally.part.in_part,
        followed=tally.followed,
        control=tally.control,
        kept=tally.kept,
        mended=tally.mended,
        unmended=tally.unmended,
        coverage=tally.part.coverage,
        by_class=dict(sorted(tally.by_class.items())),
        receivers=places(pairs.receivers),
        donors=places(pairs.donors),
        errors=places(errors.receivers),
        answers=tuple(tally.answers),
        pictures=tuple(tally.pictures),
        dropped=tally.dropped,
        irrelevant=barred,
        relevant=covers(named.relevant, tally.part.name, barred=barred),
    )
