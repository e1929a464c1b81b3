"""Teachers: a model that never changes, or the logits that it gave."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from earlysieve._arrays import Floats, Ints
from earlysieve._files import is_file
from earlysieve.datasets.batches import Data, iterate, source_of
from earlysieve.distill.fingerprint import data_fingerprint
from earlysieve.distill.kept_logits import (
    KeptLogits,
    from_values,
    open_logits,
)
from earlysieve.distill.logits_file import LogitsWriter
from earlysieve.errors import InputError
from earlysieve.model.batch import (
    Batch,
    Inputs,
    call_model,
    few,
    first_tensor,
    inputs_to,
    logits_of,
)
from earlysieve.model.fingerprint import weights_fingerprint
from earlysieve.model.first_look import check_classes
from earlysieve.model.precision import match_precision
from earlysieve.model.state import device_of, evaluating

Logits = KeptLogits | Tensor | str | os.PathLike[str]


class Teacher:
    """A model whose logits a student learns from, or logits that were kept.

    The model runs in evaluation mode, without a graph and in its own precision, whatever the
    student's mixed precision: logits that were kept and logits of a batch are the same. Not one bit
    of it changes, and its own mode is restored after each use. It may be on another device than the
    student.

    Args:
        model: any classifier; None where logits are given.
        logits: kept ones (see `keep_logits`), a tensor (N, C), or a file; they are used instead of
            running the model. Only for inputs that are the same in every epoch.
        data: the training data; kept logits are checked to belong to them.

    Raises:
        InputError: neither a model nor logits are given.
        DataError: the logits belong to another teacher, or to other data.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> student = torch.nn.Linear(4, 2)
        >>> optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
        >>> teacher = es.Teacher(logits=es.keep_logits(net, (x, y)))  # runs once
        >>> method = es.KnowledgeDistillation(student, teacher, optimizer=optimizer)
    """

    def __init__(
        self,
        model: nn.Module | None = None,
        *,
        logits: Logits | None = None,
        data: Data | None = None,
    ) -> None:
        if model is None and logits is None:
            raise InputError(
                "Expected a teacher model or its logits, but got neither; pass one of them"
            )
        self.model = model
        self.kept = None if logits is None else as_kept(logits)
        self._checked = False
        if self.kept is not None:
            weights = weights_fingerprint(model) if model is not None and self.kept.teacher else ""
            self.kept.check(teacher=weights, data=_fingerprint(self.kept, data))

    @cached_property
    def fingerprint(self) -> str:
        """Of the weights, as a resumed run checks them; "" for logits of an unknown teacher."""
        if self.model is not None:
            return weights_fingerprint(self.model)
        return "" if self.kept is None else self.kept.teacher

    @torch.no_grad()
    def logits(self, batch: Batch) -> Tensor:
        """Logits of a batch, shape (B, C), without a graph, on the device of its labels.

        Raises:
            InputError: the model gives NaN or infinity, or kept logits do not fit the batch.
            DataError: kept logits belong to other data, or are missing; see `KeptLogits.of`.
        """
        if self.kept is not None:
            return self.kept.of(batch)
        logits = logits_of(self._run(batch.inputs)).to(batch.labels.device)
        _check_finite(logits, batch)
        return logits

    @contextmanager
    def at_work(self, inputs: Inputs) -> Iterator[Inputs]:
        """Run the model within this: in evaluation mode, in its own precision, without a graph.

        Yields:
            The inputs, on the model's device and in its precision.

        Raises:
            InputError: there is no model.
        """
        model = self._needed()
        device = device_of(model)
        moved = inputs if first_tensor(inputs).device == device else inputs_to(inputs, device)
        with torch.no_grad(), evaluating(model), _without_autocast(device.type):
            yield match_precision(model, moved)

    @torch.no_grad()
    def check_classes(self, batch: Batch, expected: int) -> None:
        """Check once, on two examples, that the teacher knows as many classes as the student.

        Raises:
            InputError: it does not, or it gives NaN or infinity.
        """
        if self._checked:
            return
        if self.kept is not None:
            found = self.kept.num_classes
        else:
            logits = logits_of(self._run(few(batch.inputs)[0]))
            _check_finite(logits, batch)
            found = logits.shape[1]
        check_classes(found, expected, who="teacher", source="as the student does")
        self._checked = True

    def _run(self, inputs: Inputs) -> object:
        with self.at_work(inputs) as taken:
            return call_model(self._needed(), taken)

    def _needed(self) -> nn.Module:
        if self.model is None:
            raise InputError(
                "Expected a teacher model, but got logits only; pass the model for this method"
            )
        return self.model


TeacherLike = Teacher | nn.Module | Logits


def as_teacher(value: TeacherLike) -> Teacher:
    """A `Teacher` from a model, from logits, or as it is."""
    if isinstance(value, Teacher):
        return value
    return Teacher(value) if isinstance(value, nn.Module) else Teacher(logits=value)


def as_kept(value: Logits) -> KeptLogits:
    """Kept logits from a tensor, from a file, or as they are."""
    if isinstance(value, KeptLogits):
        return value
    return open_logits(value) if isinstance(value, str | os.PathLike) else from_values(value)


def keep_logits(
    teacher: Teacher | nn.Module,
    data: Data,
    path: str | os.PathLike[str] | None = None,
    *,
    batch_size: int = 128,
    num_workers: int = 0,
) -> KeptLogits:
    """Run the teacher once over the data and keep its logits by example index.

    Args:
        teacher: a model, or a `Teacher` that has one.
        data: a map-style data set with fixed inputs, or a DataLoader over one.
        path: a file, filled and read through a memory map, so that no more than a batch of logits
            is ever in memory. If it exists and belongs to this teacher and these data, nothing is
            computed. None: memory.
        batch_size: examples per pass, >= 1.
        num_workers: processes that load the data, >= 0.

    Raises:
        InputError: inputs differ from one reading to the next (random augmentation), or the teacher
            gives NaN or infinity; nothing is written.
        DataError: the file belongs to another teacher or to other data.
        OutputError: the file cannot be written.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> kept = es.keep_logits(net, (x, y))
        >>> len(kept), kept.num_classes
        (200, 2)
    """
    teacher = as_teacher(teacher)
    if teacher.model is None:
        raise InputError(
            "Expected a teacher model to compute logits with, but got logits only; pass the model"
        )
    weights, examples = weights_fingerprint(teacher.model), data_fingerprint(data)
    if path is not None and is_file(path):
        kept = open_logits(path)
        kept.check(teacher=weights, data=examples)
        return kept
    size = len(source_of(data))
    batches = iterate(data, batch_size=batch_size, num_workers=num_workers)
    rows = _rows(Teacher(teacher.model), batches)
    if path is None:
        return _in_memory(size, rows, weights, examples)
    with LogitsWriter.to(path, size, teacher=weights, data=examples) as file:
        for index, logits, labels in rows:
            file.put(index, logits, labels)
    return open_logits(path)


def _without_autocast(device: str) -> AbstractContextManager[object]:
    known = torch.amp.is_autocast_available(device)
    return torch.autocast(device, enabled=False) if known else nullcontext()


def _check_finite(logits: Tensor, batch: Batch) -> None:
    finite = logits.isfinite().all(1)
    if bool(finite.all()):
        return
    row = int((~finite).nonzero()[0])
    where = "an example" if batch.index is None else f"example {int(batch.index[row])}"
    raise InputError(
        f"Expected a teacher that gives finite logits, but it gives NaN or infinity for {where}; "
        "check the teacher's weights, and the example"
    )


def check_distillation(
    student: nn.Module, teacher: Teacher, temperature: float, kd_weight: float
) -> None:
    """Check the settings of distillation.

    Raises:
        InputError: one is out of its range, or student and teacher share parameters.
    """
    if not 0 < temperature < float("inf"):
        raise InputError(
            f"Expected temperature to be a number above 0, but got {temperature}; 3 is usual"
        )
    if not 0 <= kd_weight <= 1:
        raise InputError(
            f"Expected kd_weight to lie in [0, 1], but got {kd_weight}; 1 learns from the teacher "
            "alone, 0 from the labels alone"
        )
    own = {id(p) for p in student.parameters()}
    if teacher.model is not None and any(id(p) in own for p in teacher.model.parameters()):
        raise InputError(
            "Expected a teacher that stays as it is, but it shares parameters with the student; "
            "pass copy.deepcopy of one of them"
        )


Rows = tuple[Ints, Floats, Ints]


def _rows(teacher: Teacher, batches: Iterable[Batch]) -> Iterator[Rows]:
    """Indices (B,), logits (B, C) and labels (B,) of each batch."""
    for batch in batches:
        logits = teacher.logits(batch).float().cpu().numpy()
        index = batch.index.numpy() if batch.index is not None else np.arange(len(batch))
        yield index, logits, batch.labels.numpy()


def _in_memory(size: int, rows: Iterable[Rows], weights: str, examples: str) -> KeptLogits:
    values = np.zeros((0, 0), dtype=np.float32)
    labels = np.full(size, -1, dtype=np.int64)
    for index, logits, known in rows:
        if not values.size:
            values = np.full((size, logits.shape[1]), np.nan, dtype=np.float32)
        values[index], labels[index] = logits, known
    return KeptLogits(values, labels, weights, examples)


def _fingerprint(kept: KeptLogits, data: Data | None) -> str:
    if data is None:
        return ""
    size = len(source_of(data))
    if size != len(kept):
        raise InputError(
            f"Expected logits of {size} examples, as the data have, but got {len(kept)}; "
            "keep them for this data set"
        )
    return data_fingerprint(data) if kept.data else ""
