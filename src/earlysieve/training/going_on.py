"""How a trained network is trained further where nobody knows how it was trained."""

from earlysieve.training.config import TrainConfig

_EPOCHS = 4
_RATE = 1e-3
_PER_WIDTH = 0.05  # 6.5e-5 for the base size of BERT, 1.3e-4 for MiniLM


def further(width: int | None = None) -> TrainConfig:
    """A few epochs of AdamW that leave what the network knows in place.

    The rate of a transformer falls with its width, as that of Adam has to (Yang et al., "Tensor
    Programs V", NeurIPS 2021).

    Args:
        width: of the attention of a transformer; None: the network is none.
    """
    rate = _RATE if width is None else min(_RATE, float(f"{_PER_WIDTH / width:.1g}"))
    return TrainConfig(
        optimizer="adamw",
        lr=rate,
        scheduler="cosine",
        epochs=_EPOCHS,
        weight_decay=1e-4,
        clip_norm=None if width is None else 1.0,
    )
