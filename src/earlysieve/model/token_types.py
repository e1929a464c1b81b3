"""Which text of a pair each token is of, for networks that take that."""

import inspect
from collections.abc import Mapping
from typing import Any

from torch import nn

from earlysieve.model.unwrap import unwrap

TYPES = "token_type_ids"


def without_types(model: nn.Module, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keyword inputs as the network takes them: without token types where it takes none.

    Tokenizers give them whatever the network; the separator between the texts of a pair stays.
    """
    if TYPES not in inputs or not isinstance(model, nn.Module):
        return inputs
    network = unwrap(model)
    try:
        arguments = inspect.signature(network.forward).parameters
    except (TypeError, ValueError):  # a compiled program does not say
        return inputs
    any_name = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in arguments.values())
    config = getattr(network, "config", None)
    single = getattr(config, "type_vocab_size", None) == 1  # as RoBERTa, which knows type 0 alone
    if (TYPES in arguments or any_name) and not single:
        return inputs
    return {name: value for name, value in inputs.items() if name != TYPES}
