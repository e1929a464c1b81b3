"""What happens between the epochs of a run, and how its audits are called."""

from collections.abc import Callable, Mapping

from earlysieve.training import Algorithm, Event
from earlysieve.training.algorithm import is_ready_to_evaluate


def when_in_words(when: str) -> str:
    """ "before" and "after" are so of training; "epoch-3" is after epoch 3."""
    name, _, epoch = when.partition("-")
    return f"after {name} {epoch}" if epoch else f"{when} training"


AfterEpoch = Callable[[int], Mapping[str, float] | None]


def told(
    hear: Callable[[Event], None], algorithm: Algorithm, after_epoch: AfterEpoch | None
) -> Callable[[Event], None]:
    """What hears of events, after epochs in which the network learned of figures of an audit, too.

    Args:
        hear: takes each event.
        algorithm: that learns.
        after_epoch: called with the number of such an epoch; its figures become an event.
    """

    def listen(event: Event) -> None:
        hear(event)
        if after_epoch is not None and event.kind == "epoch" and is_ready_to_evaluate(algorithm):
            figures = after_epoch(event.epoch)
            if figures:
                hear(Event("audit", event.epoch, event.step, figures))

    return listen
