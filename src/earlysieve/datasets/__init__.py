"""Sources of labelled examples, with groups where they are known.

Reading order: `base` (what every source offers), `opened_data` (what can be asked of any data),
`source` and `registry` (sources by name), `images`, then one file per source. Names are imported on
first use: the registry serves help texts, which need no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earlysieve.datasets.bar_photos import bar
    from earlysieve.datasets.base import ExampleDataset, stratified_sample, stratified_split
    from earlysieve.datasets.class_folders import image_folder
    from earlysieve.datasets.csv_manifest import manifest
    from earlysieve.datasets.davidson_tweets import davidson
    from earlysieve.datasets.embedded_digits import digits
    from earlysieve.datasets.fashion_files import fashion_mnist
    from earlysieve.datasets.files import ImageFiles
    from earlysieve.datasets.from_spec import load_source
    from earlysieve.datasets.hub import hub_dataset
    from earlysieve.datasets.images import ArrayImages, ImageExamples
    from earlysieve.datasets.opened_data import OpenedData, opened
    from earlysieve.datasets.painters import plant_colour, plant_dominoes, plant_patch
    from earlysieve.datasets.planted import PlantedImages, draw_values
    from earlysieve.datasets.source import Source
    from earlysieve.datasets.text import Texts

_HOME = {
    "ArrayImages": "images",
    "ExampleDataset": "base",
    "ImageExamples": "images",
    "ImageFiles": "files",
    "OpenedData": "opened_data",
    "PlantedImages": "planted",
    "Source": "source",
    "Texts": "text",
    "bar": "bar_photos",
    "davidson": "davidson_tweets",
    "digits": "embedded_digits",
    "draw_values": "planted",
    "fashion_mnist": "fashion_files",
    "hub_dataset": "hub",
    "image_folder": "class_folders",
    "load_source": "from_spec",
    "manifest": "csv_manifest",
    "opened": "opened_data",
    "plant_colour": "painters",
    "plant_dominoes": "painters",
    "plant_patch": "painters",
    "stratified_sample": "base",
    "stratified_split": "base",
}

__all__ = [
    "ArrayImages",
    "ExampleDataset",
    "ImageExamples",
    "ImageFiles",
    "OpenedData",
    "PlantedImages",
    "Source",
    "Texts",
    "bar",
    "davidson",
    "digits",
    "draw_values",
    "fashion_mnist",
    "hub_dataset",
    "image_folder",
    "load_source",
    "manifest",
    "opened",
    "plant_colour",
    "plant_dominoes",
    "plant_patch",
    "stratified_sample",
    "stratified_split",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'earlysieve.datasets' has no attribute '{name}'")
    value = getattr(import_module(f"earlysieve.datasets.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
