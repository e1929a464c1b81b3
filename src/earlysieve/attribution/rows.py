"""Rows of pictures: the input, and where each of several networks looked."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor, nn

from earlysieve._files import replacing
from earlysieve._imports import need
from earlysieve.attribution.gradcam import gradcam
from earlysieve.attribution.overlay import overlay, thumbnail
from earlysieve.model.batch import Inputs

if TYPE_CHECKING:
    from PIL.Image import Image


def heat_rows(
    models: Sequence[nn.Module],
    inputs: Inputs,
    targets: Tensor,
    shown: Sequence["Image"],
) -> list[list[bytes]]:
    """For each example its picture, then one Grad-CAM overlay for each model.

    Args:
        models: networks that take `inputs`.
        inputs: as the models take them; images have shape (B, C, H, W).
        targets: class that each map explains, shape (B,).
        shown: B images as a person sees them.

    Returns:
        B rows of PNG or JPEG bytes, 1 + number of models each.

    Raises:
        InputError: a model has no map to explain.
    """
    maps = [gradcam(model, inputs, targets).cpu() for model in models]
    return [
        [thumbnail(image), *(overlay(image, heat[i]) for heat in maps)]
        for i, image in enumerate(shown)
    ]


def write_figure(
    rows: Sequence[Sequence[bytes]],
    columns: Sequence[str],
    names: Sequence[str],
    path: str | os.PathLike[str],
) -> Path:
    """The rows as one figure, PNG; columns are headed, rows are named.

    Raises:
        MissingDependencyError: the extra `report` is not installed.
        OutputError: the figure cannot be written.
    """
    figures = need("matplotlib.figure", extra="report")
    pil = need("PIL.Image", extra="report")
    figure = figures.Figure(
        figsize=(1.7 * len(columns), 1.75 * len(rows) + 0.3), layout="constrained"
    )
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for i, row in enumerate(rows):
        for j, content in enumerate(row):
            axis = axes[i][j]
            axis.imshow(pil.open(io.BytesIO(content)))
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            if i == 0:
                axis.set_title(columns[j], fontsize=10)
            if j == 0:
                axis.set_ylabel(names[i], fontsize=9)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150, format="png")
    return Path(path)
