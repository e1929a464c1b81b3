"""DeDiER: distillation in which a student's early mistakes weigh more.

Source: Tiwari, Sivasubramanian, Mekala, Ramakrishnan and Shenoy, "Using Early Readouts to Mediate
Featural Bias in Distillation", WACV 2024, arXiv 2310.18590.
"""

from typing import Unpack

from torch import nn
from torch.optim import Optimizer

from earlysieve.distill.kd import TeacherLoss
from earlysieve.distill.teacher import TeacherLike
from earlysieve.weighting.early_reweighting import EarlyReweighting, EarlySettings


class DebiasedDistillation(EarlyReweighting):
    """Minimise 1/B sum_i w_i [(1 - l) CE(f_S(x_i), y_i) + l T^2 KL(p_T(x_i) || p_S(x_i))].

    w_i comes from a readout of an early layer of the student, see `EarlyReweighting`; with all w_i
    equal to 1 (the first epoch, or beta 0) this is plain distillation to the last bit.

    Args:
        student: any classifier. It runs in the mode it is in: put it into training mode.
        teacher: a model, a `Teacher`, kept logits (see `keep_logits`), a tensor (N, C) of logits,
            or a file of one of these. A model always runs in evaluation mode, without a graph.
        layer: of the student, whose output the readout sees.
        num_classes: C.
        optimizer: over the student's parameters.
        temperature: T > 0.
        kd_weight: l in [0, 1].
        settings: those of `EarlyReweighting`: num_examples (or data), alpha (0.05), beta (4.0),
            weight_function, reweight_every (1), mode ("online"), data, batch_size, num_workers,
            readout, readout_lr, readout_weight_decay, feature_budget, seed, clip_norm, accumulate,
            scheduler, autocast.

    Raises:
        InputError: a setting is out of its range, or student and teacher share parameters.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> teacher = torch.nn.Linear(4, 2)
        >>> method = es.DebiasedDistillation(
        ...     net,
        ...     teacher,
        ...     layer="0",
        ...     num_classes=2,
        ...     optimizer=optimizer,
        ...     data=(x, y),
        ...     readout_lr=0.5,
        ... )
        >>> es.fit(method, (x, y), epochs=2, progress=False).epochs
        2
    """

    def __init__(
        self,
        student: nn.Module,
        teacher: TeacherLike,
        *,
        layer: str,
        num_classes: int,
        optimizer: Optimizer,
        temperature: float = 3.0,
        kd_weight: float = 1.0,
        **settings: Unpack[EarlySettings],
    ) -> None:
        loss = TeacherLoss(
            student,
            teacher,
            temperature=temperature,
            kd_weight=kd_weight,
            num_classes=num_classes,
        )
        super().__init__(
            student,
            layer=layer,
            num_classes=num_classes,
            optimizer=optimizer,
            loss=loss,
            **settings,
        )
        self.teacher = loss.teacher
