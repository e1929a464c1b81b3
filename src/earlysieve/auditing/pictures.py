"""What a person sees of the examples: thumbnails, texts, and where the model looked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from earlysieve.auditing.result import Picture
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import EarlysieveError, InputError, MissingDependencyError
from earlysieve.model.batch import inputs_to
from earlysieve.model.precision import match_precision

if TYPE_CHECKING:
    import pandas as pd

_TEXT_KEYS = ("text", "sentence", "tweet", "review")
_LONGEST_TEXT = 600


def choose_examples(examples: "pd.DataFrame", count: int) -> list[tuple[int, str]]:
    """Up to `count` flagged examples, highest score first, each with a typical one of its class.

    Returns:
        Pairs of row position and role, "flagged" or "correct".
    """
    ordered = examples.reset_index(drop=True).sort_values(
        ["shortcut_score", "index"], ascending=[False, True], kind="stable"
    )
    flagged = ordered[ordered["flagged"]].head(count)
    typical = ordered[::-1]
    chosen = [(int(row), "flagged") for row in flagged.index]
    for label, wanted in flagged["label"].value_counts(sort=False).items():
        same = typical[(typical["label"] == label) & (typical["shortcut_score"] < 0)]
        # One reader flags, all together score: what is flagged is not shown as typical, too.
        same = same[~same["flagged"]]
        chosen += [(int(row), "correct") for row in same.index[:wanted]]
    if not chosen:
        chosen = [(int(row), "correct") for row in typical.index[:count]]
    return chosen


def take_pictures(
    model: nn.Module,
    data: OpenedData,
    examples: "pd.DataFrame",
    *,
    count: int,
    heatmaps: int,
    device: torch.device | str,
) -> tuple[list[Picture], list[str]]:
    """Pictures of the most telling examples, and notes on what could not be shown.

    Args:
        model: in evaluation mode, on `device`.
        data: what was audited; it needs random access.
        examples: the example table.
        count: flagged examples to show, and as many correctly read ones.
        heatmaps: how many of these get a Grad-CAM overlay, half of each kind.
        device: where the model is.
    """
    if count < 1:
        return [], []
    if not data.has_random_access:
        return [], ["No pictures: the data has no random access, so examples cannot be shown."]
    chosen = choose_examples(examples, count)
    notes: list[str] = []
    try:
        shown = [_show(data, int(examples["index"].iloc[row]), role) for row, role in chosen]
        pictures = [picture for picture in shown if picture is not None]
    except MissingDependencyError as error:
        return [], [f"No pictures: {error}"]
    if len(pictures) < len(chosen):
        notes.append(
            "No pictures: the inputs are neither images nor texts that can be shown; give the "
            "data set a method display(index) that returns an image or a text."
        )
    if heatmaps and any(picture.kind == "image" for picture in pictures):
        pictures, problem = _with_heatmaps(model, data, pictures, examples, heatmaps, device)
        notes += problem
    return pictures, notes


def _show(data: OpenedData, index: int, role: Any) -> Picture | None:
    from earlysieve.attribution.overlay import thumbnail

    seen = data.display(index)
    if seen is None:
        return None
    if isinstance(seen, str):
        return Picture(index, "text", role, text=seen[:_LONGEST_TEXT])
    try:
        return Picture(index, "image", role, image=thumbnail(seen))
    except InputError:
        return None


def _with_heatmaps(
    model: nn.Module,
    data: OpenedData,
    pictures: list[Picture],
    examples: "pd.DataFrame",
    count: int,
    device: torch.device | str,
) -> tuple[list[Picture], list[str]]:
    wanted = _half_of_each(pictures, count)
    try:
        overlays = _overlays(model, data, wanted, examples, device)
    except (EarlysieveError, RuntimeError, TypeError, ValueError) as error:
        # Overlays are an extra: an unusual network must not cost the whole audit.
        return pictures, [f"No Grad-CAM overlays: {error}"]
    made = {picture.index: overlay for picture, overlay in zip(wanted, overlays, strict=True)}
    return [
        Picture(p.index, p.kind, p.role, p.image, p.text, made.get(p.index)) for p in pictures
    ], []


def _half_of_each(pictures: Sequence[Picture], count: int) -> list[Picture]:
    flagged = [p for p in pictures if p.role == "flagged"][: (count + 1) // 2]
    correct = [p for p in pictures if p.role == "correct"][: count - len(flagged)]
    return flagged + correct


def _overlays(
    model: nn.Module,
    data: OpenedData,
    pictures: list[Picture],
    examples: "pd.DataFrame",
    device: torch.device | str,
) -> list[bytes]:
    from earlysieve.attribution import gradcam, overlay

    batch = data.examples([picture.index for picture in pictures])
    inputs = inputs_to(match_precision(model, batch.inputs), device)
    predicted = examples.set_index("index")["prediction"]
    targets = torch.tensor([int(predicted[p.index]) for p in pictures], device=device)
    heat = gradcam(model, inputs, targets).cpu()
    seen = [data.display(picture.index) for picture in pictures]
    return [overlay(image, heat[i]) for i, image in enumerate(seen)]
