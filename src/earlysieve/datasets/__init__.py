"""Sources of labelled examples, with groups where they are known.

Reading order: `base` (what every source offers), `images`, then one file per family.
"""

from earlysieve.datasets.bar import bar
from earlysieve.datasets.base import ExampleDataset, stratified_sample, stratified_split
from earlysieve.datasets.davidson import davidson
from earlysieve.datasets.digits import digits
from earlysieve.datasets.fashion_mnist import fashion_mnist
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.folder import image_folder
from earlysieve.datasets.hub import hub_dataset
from earlysieve.datasets.images import ArrayImages, ImageExamples
from earlysieve.datasets.manifest import manifest
from earlysieve.datasets.painters import plant_colour, plant_dominoes, plant_patch
from earlysieve.datasets.planted import PlantedImages, draw_values
from earlysieve.datasets.sources import load_source
from earlysieve.datasets.text import Texts

__all__ = [
    "ArrayImages",
    "ExampleDataset",
    "ImageExamples",
    "ImageFiles",
    "PlantedImages",
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
    "plant_colour",
    "plant_dominoes",
    "plant_patch",
    "stratified_sample",
    "stratified_split",
]
