"""A pretrained network for the classes of the data at hand."""

from dataclasses import replace
from typing import Any

from earlysieve.errors import EarlysieveError
from earlysieve.networks.built import BuiltModel
from earlysieve.networks.classifier import replace_classifier


def with_classifier(
    built: BuiltModel, data: Any, outputs: int | None, *, head: str | None, seed: int
) -> BuiltModel:
    """The network with as many outputs as wanted: where it has others, a new last layer.

    Args:
        built: a pretrained network, changed in place.
        data: of which two examples are run.
        outputs: wanted; None: the network is left as it is.
        head: name of the layer to replace; it is replaced in any case, unless it is new already.
        seed: of the new weights.

    Raises:
        InputError, LayerError: see `replace_classifier`.
    """
    from earlysieve.datasets.opened_data import opened
    from earlysieve.model.state import preserved_rng
    from earlysieve.training.randomness import seed_everything

    done = built.new is not None and (head is None or head in built.new.layers)
    if outputs is None or done:
        return built
    inputs = opened(data).few().inputs
    found = outputs if head is not None else _outputs_of(built, inputs)
    if found in (outputs, None) and head is None:
        return built
    with preserved_rng():
        seed_everything(seed)
        new = replace_classifier(built.model, inputs, outputs, head=head)
    return replace(built, new=new, resized=True)


def _outputs_of(built: BuiltModel, inputs: Any) -> int | None:
    """Logits per example; None where the network fails, which is told by the check that follows."""
    from earlysieve.model.batch import call_model, returned_logits
    from earlysieve.model.state import looking_at, preserved_rng

    with preserved_rng():
        try:
            output = looking_at(lambda: call_model(built.model, inputs), built.model)
            logits = returned_logits(output)
        except EarlysieveError:
            raise
        except Exception:  # noqa: BLE001 - `check_model_takes` says it better
            return None
    return 1 if logits.ndim == 1 else int(logits.shape[1])
