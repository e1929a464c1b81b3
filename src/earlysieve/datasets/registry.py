"""The data sources by name: our own, and those that installed packages bring.

A source of ours is a file of this package that ends in `SOURCE`, and one line here. Another package
names its own in the entry-point group `earlysieve.datasets`:

    [project.entry-points."earlysieve.datasets"]
    my-data = "my_package.my_data:SOURCE"
"""

from collections.abc import Mapping
from importlib import import_module

from earlysieve._plugins import load_plugin, plugins
from earlysieve.datasets.source import Source

GROUP = "earlysieve.datasets"

# Name -> file of this package, and how a specification goes on. Help needs no more, and so
# imports none of the files.
OWN: Mapping[str, tuple[str, str]] = {
    "digits": ("embedded_digits", ""),
    "fashion-mnist": ("fashion_files", "[:FOLDER]"),
    "folder": ("class_folders", ":PATH"),
    "csv": ("csv_manifest", ":FILE"),
    "table": ("table_file", ":FILE"),
    "bar": ("bar_photos", ":PATH"),
    "davidson": ("davidson_tweets", ":PATH"),
    "hf": ("hub", ":PATH"),
    "slabs": ("slab_source", "[:CORRELATION]"),
    "latents": ("latent_source", "[:CORRELATION]"),
    "cues": ("cue_source", ":CUE"),
    "dominoes": ("domino_source", "[:CORRELATION]"),
    "waterbirds": ("waterbirds", ":PATH"),
    "celeba-blond": ("celeba_blond", ":PATH"),
    "celeba-hair": ("celeba_hair", ":PATH"),
    "civilcomments": ("civilcomments", ":PATH"),
    "multinli": ("multinli", ":PATH"),
    "nico": ("nico", ":PATH"),
    "nicopp": ("nicopp", ":PATH"),
    "imagenet-a": ("imagenet_a", ":PATH"),
    "imagenet-9": ("imagenet_9", ":PATH"),
}
FUNCTION = "module:function"


def source_names() -> list[str]:
    """The names of all sources, our own first."""
    return [*OWN, *sorted(set(plugins(GROUP)) - set(OWN))]


def source_forms() -> tuple[str, ...]:
    """How specifications of data look, one form per source, a function of the user's last."""
    own = [name + rest for name, (_, rest) in OWN.items()]
    others = [name for name in source_names() if name not in OWN]
    return (*own, *others, FUNCTION)


def source_named(name: str) -> Source | None:
    """The source of this name; None: there is none.

    Raises:
        InputError: an installed package names it, but it cannot be imported.
    """
    if name in OWN:
        found: Source = import_module(f"earlysieve.datasets.{OWN[name][0]}").SOURCE
        return found
    entry = plugins(GROUP).get(name)
    return None if entry is None else load_plugin(entry, Source, "data source")
