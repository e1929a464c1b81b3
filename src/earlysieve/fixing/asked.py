"""What `fix` was asked for, as its parts need it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import nn

from earlysieve.auditing.audit import audit
from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.fixing.budget import Budget
from earlysieve.fixing.kept import Kept, KeptAudit
from earlysieve.fixing.retraining import Recipe


@dataclass(frozen=True)
class Asked:
    """Settings of a fix; see `fix` for what each of them is.

    Attributes:
        kept: where what is finished is kept.
    """

    recipe: Recipe | None
    select: str
    budget: Budget
    seed: int
    batch_size: int
    num_workers: int
    progress: bool | None
    tell: Callable[[str], None]
    kept: Kept

    def kept_audit(self, name: str, key: str, make: Callable[[], AuditResult]) -> KeptAudit:
        """An audit that is kept, see `Kept.audit`; seconds of an earlier call are spent, too."""
        found = self.kept.audit(name, key, make, self.budget.clock)
        if found.again:
            self.budget.count(found.seconds)
        return found

    def audit(
        self, model: nn.Module, data: OpenedData, *, seen: bool, relevant: Sequence[str] = ()
    ) -> AuditResult:
        """An audit of examples that the model, or its last layer, has learned from or not."""
        return audit(
            model,
            data,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            seed=self.seed,
            seen_in_training=seen,
            relevant=relevant,
            resume_dir=self.kept.unfinished,
            progress=self.progress,
            tell=self.tell,
        )

    def training_audit(
        self, model: nn.Module, data: OpenedData, relevant: Sequence[str] = ()
    ) -> AuditResult:
        """An audit of training data, for groups: no swaps, no pictures."""
        return audit(
            model,
            data,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            seed=self.seed,
            seen_in_training=True,
            relevant=relevant,
            swaps=0,
            pictures=0,
            resume_dir=self.kept.unfinished,
            progress=self.progress,
        )
