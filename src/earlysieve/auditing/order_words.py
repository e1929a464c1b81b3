"""What is said where a model's outputs most likely stand for the classes in another order."""

from earlysieve.groups.output_order import OutputOrder

_LISTED = 5


def likely_order(accuracy: float, found: OutputOrder) -> str:
    """That it does, in figures.

    Args:
        accuracy: of the model as it is, in [0, 1].
        found: the other order.
    """
    return (
        f"The model is right on {accuracy:.0%} of these examples, and would be on "
        f"{found.accuracy:.0%} if its outputs stood for the classes in another order "
        f"({_moved(found)}): most likely they do. Otherwise what it goes by says the opposite in "
        "these data of what it said in training."
    )


def order_step(found: OutputOrder) -> str:
    """What to do about it."""
    return (
        f"Give the classes the numbers of the model's outputs, {_moved(found)} (where labels are "
        "names: class_names=[...], in the order of the outputs), and audit again."
    )


def _moved(found: OutputOrder) -> str:
    pairs = zip(found.outputs, found.classes, strict=True)
    told = [f"output {number} for '{name}'" for number, name in pairs]
    more = len(told) - _LISTED
    return ", ".join(told[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")
