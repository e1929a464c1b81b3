"""The public names: those of `earlysieve` itself, and those that its public packages export."""

import inspect
import pkgutil
from importlib import import_module

import earlysieve
from earlysieve import integrations

# Packages and modules whose own names are public beside those of `earlysieve` itself.
PLACES = (
    "attribution",
    "datasets",
    "distill",
    "errors",
    "grouping.agreement",
    "grouping.enough",
    "methods",
    "networks",
    "report",
    "runs.trust",
    "searching.search",
    "sieve",
    "tracking",
    "training",
    "weighting",
    *(
        f"integrations.{module.name}"
        for module in pkgutil.iter_modules(integrations.__path__)
        if not module.name.startswith("_")
    ),
)


def top_names(package: str) -> list[str]:
    """The names of `earlysieve` itself that live in a package of it."""
    homes = earlysieve._HOME
    return sorted(name for name in homes if homes[name].split(".")[0] == package)


def own_names(package: str) -> list[str]:
    """What a package exports that `earlysieve` itself does not."""
    module = import_module(f"earlysieve.{package}")
    names = getattr(module, "__all__", None) or defined(module)
    return sorted(name for name in names if name not in earlysieve.__all__)


def defined(module: object) -> list[str]:
    """Classes and functions of a module that has no `__all__`."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    ]


def public_names() -> list[str]:
    """All of them, with dots, as `earlysieve.audit`."""
    top = [f"earlysieve.{name}" for name in earlysieve.__all__ if name != "__version__"]
    return top + [f"earlysieve.{place}.{name}" for place in PLACES for name in own_names(place)]


def matching(asked: str) -> list[str]:
    """`integrations` stands for all modules of it."""
    return [place for place in PLACES if place == asked or place.startswith(f"{asked}.")]


def names_of(asked: str) -> list[tuple[str, str]]:
    """Where to import from, and what: first of `earlysieve` itself, then a package's own."""
    found = [("earlysieve", name) for name in top_names(asked)]
    for place in matching(asked):
        found += [(f"earlysieve.{place}", name) for name in own_names(place)]
    return found
