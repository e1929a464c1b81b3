"""The training methods by name: our own, and those that installed packages bring.

A method of ours is a file of this package that ends in `METHOD`, and one line here. Another package
names its own in the entry-point group `earlysieve.methods`:

    [project.entry-points."earlysieve.methods"]
    my-method = "my_package.my_method:METHOD"

A method of one project needs no package: `module:METHOD` or `file.py:METHOD` names it.
"""

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from earlysieve._plugins import load_plugin, plugins
from earlysieve._user_code import load_object
from earlysieve.errors import InputError
from earlysieve.methods.method import Method
from earlysieve.methods.settings import make_settings

GROUP = "earlysieve.methods"

# Name -> file of this package. The files import torch inside functions, so that help is quick.
OWN = {
    "erm": "erm",
    "sieve": "sieve",
    "dedier": "dedier",
    "early-reweighting": "early_reweighting",
    "poe": "poe",
    "lff": "lff",
    "kd": "kd",
    "simkd": "simkd",
    "jtt": "jtt",
    "dett": "dett",
    "group-dro": "group_dro",
    "balanced": "balanced",
    "mixture": "mixture",
    "pde": "pde",
    "large-dropout": "large_dropout",
    "dfr": "dfr",
    "afr": "afr",
    "neurontune": "neurontune",
    "crt": "crt",
    "leace": "leace",
    "inlp": "inlp",
}


def is_code(name: str) -> bool:
    """Whether a method is named by module:NAME or file.py:NAME, rather than registered."""
    module, colon, own = name.rpartition(":")
    return bool(module and colon and own)


def method_names() -> list[str]:
    """The names of all methods, our own first."""
    return [*OWN, *sorted(set(plugins(GROUP)) - set(OWN))]


def method_named(name: str) -> Method:
    """The method of this name, or the one that module:NAME or file.py:NAME names.

    Code is imported: a name out of a file needs `runs.trust.check_trusted` first.

    Raises:
        InputError: there is none (near names are listed), or its package cannot be imported.
        UserCodeError: the code raises an exception while it is imported.
    """
    if is_code(name):
        module, _, own = name.rpartition(":")
        return load_object(module, own, Method, forms="a method by its name, or as module:METHOD")
    if name in OWN:
        found: Method = import_module(f"earlysieve.methods.{OWN[name]}").METHOD
        return found
    others = plugins(GROUP)
    if name not in others:
        names = method_names()
        near = difflib.get_close_matches(name, names, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else "choose one"
        if name.endswith(".py"):
            hint = f"name the method in the file too, such as {name}:METHOD"
        raise InputError(
            f"Expected method to be one of {', '.join(names)}, or module:METHOD or file.py:METHOD, "
            f"but got '{name}'; {hint}"
        )
    return load_plugin(others[name], Method, "method")


def own_methods() -> list[Method]:
    """The methods that come with this package."""
    return [method_named(name) for name in OWN]


def method_settings(name: str, given: Mapping[str, Any]) -> Any:
    """A method's settings: an instance of its dataclass, with its defaults and what was given.

    Raises:
        InputError: it has no such setting, or a value is of another type or out of its range.
    """
    return make_settings(method_named(name).settings, given, method=name)
