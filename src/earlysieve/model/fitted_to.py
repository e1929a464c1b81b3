"""Which data a network was fitted to by a repair, as long as the network lives."""

from weakref import WeakKeyDictionary

from torch import nn

# Nothing is written on the network itself, which is saved and copied as any other of its class.
_KNOWN: WeakKeyDictionary[nn.Module, str] = WeakKeyDictionary()


def remember(network: nn.Module, identity: str) -> None:
    """Note the data that a network was fitted to, by `data_identity`."""
    _KNOWN[network] = identity


def fitted_to(network: object) -> str | None:
    """The data that a network was fitted to by a repair; None: not known."""
    return _KNOWN.get(network) if isinstance(network, nn.Module) else None
