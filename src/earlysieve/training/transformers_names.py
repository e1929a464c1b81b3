"""Weights of transformers' models under the names that files have, which are not those of models.

transformers writes and reads names of its first versions; its models may have others since.
"""

import copy
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from torch import nn

from earlysieve._transformers import quiet_transformers
from earlysieve.model.state import preserved_rng
from earlysieve.model.unwrap import unwrap


def by_own_names(model: nn.Module, state: Mapping[str, Any]) -> dict[str, Any] | None:
    """A file's weights by the names that a model of transformers has today.

    Args:
        model: any; it is not changed.
        state: that of a file, without a prefix.

    Returns:
        The state_dict; None where the model is none of transformers, or these are not all of its
        weights and nothing else.
    """
    transformers = sys.modules.get("transformers")
    network = unwrap(model)
    kind: Any = type(network)
    if transformers is None or not isinstance(network, transformers.PreTrainedModel):
        return None
    with suppress(Exception), quiet_transformers(transformers), preserved_rng():
        made, info = kind.from_pretrained(
            None,
            config=copy.deepcopy(network.config),
            state_dict=dict(state),
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
        wrong = [*info["missing_keys"], *info["mismatched_keys"], *info["unexpected_keys"]]
        return None if wrong else dict(made.state_dict())
    return None
