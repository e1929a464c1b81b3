"""What happens between the epochs of a run, and how its audits are called."""

from collections.abc import Callable

from earlysieve.training import Algorithm, Event
from earlysieve.training.algorithm import is_ready_to_evaluate


def when_in_words(when: str) -> str:
    """ "before" and "after" are so of training; "epoch-3" is after epoch 3."""
    name, _, epoch = when.partition("-")
    return f"after {name} {epoch}" if epoch else f"{when} training"


def told(
    hear: Callable[[Event], None],
    algorithm: Algorithm,
    after_epoch: Callable[[int], None] | None,
) -> Callable[[Event], None]:
    """What hears of events, and then of epochs in which the network learned."""

    def listen(event: Event) -> None:
        hear(event)
        if after_epoch is not None and event.kind == "epoch" and is_ready_to_evaluate(algorithm):
            after_epoch(event.epoch)

    return listen
