"""Repair needs data that the model has not seen: on others, all groups look solved."""

from torch import Tensor

from earlysieve.errors import InputError

_RIGHT = 0.999
_ENOUGH = 200


def check_unseen(
    logits: Tensor, labels: Tensor, seen_in_training: bool | None, *, say: str = ""
) -> None:
    """Check that a model was not trained on data, as far as is known.

    Args:
        logits: of the model, shape (N, C).
        labels: shape (N,).
        seen_in_training: whether it was; None: it is taken to have been where it is right on at
            least 99.9% of 200 examples or more.
        say: how a caller says that they are unseen; by default as `repair` takes it.

    Raises:
        InputError: it was.
    """
    if seen_in_training is False:
        return
    say = say or "pass seen_in_training=False"
    if seen_in_training:
        raise InputError(
            "Expected data that the model has not seen, but it was trained on these: what it has "
            "memorised shows no shortcut; repair with held-out data"
        )
    right = float((logits.argmax(1) == labels).double().mean())
    if len(labels) >= _ENOUGH and right >= _RIGHT:
        raise InputError(
            f"Expected data that the model has not seen, but it is right on {right:.1%} of these, "
            f"as on data that it has memorised; repair with held-out data, or {say} if these are"
        )
