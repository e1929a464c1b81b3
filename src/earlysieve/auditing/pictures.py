"""What a person sees of the examples: thumbnails, texts, and where the model looked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from earlysieve._arrays import Floats
from earlysieve.auditing.saved_pictures import Picture, Role
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import EarlysieveError, InputError, MissingDependencyError, one_line
from earlysieve.model.batch import inputs_to
from earlysieve.model.precision import match_precision

if TYPE_CHECKING:
    import pandas as pd

_TEXT_KEYS = ("text", "sentence", "tweet", "review")
_LONGEST_TEXT = 600


# How many pictures of each kind for each of the others.
_SHARES: dict[Role, int] = {
    "shortcut fails": 2,
    "misled": 2,
    "label doubtful": 1,
    "rare or hard": 1,
    "flagged": 1,
}


def choose_examples(
    examples: "pd.DataFrame", count: int, failing: Floats | None = None
) -> list[tuple[int, Role]]:
    """Up to `count` examples of the piles or flagged, each with a typical one of its class.

    Of the piles "shortcut fails" and "misled" those that fail most, of "label doubtful" the most
    doubted, of "rare or hard" those of whose wrong answer the model is most sure, and of the rest
    the flagged ones with the highest scores. Where there is none, typical examples of all classes
    in turn.

    Args:
        examples: the table, with piles.
        count: how many.
        failing: how much what the model leans on contradicts the label, shape (N,).

    Returns:
        Pairs of row position and role: the pile, "flagged" or "correct".
    """
    table = examples.reset_index(drop=True)
    strongest: dict[Role, Any] = {
        "shortcut fails": table["shortcut_score"] if failing is None else failing,
        "misled": table["shortcut_score"] if failing is None else failing,
        "label doubtful": table["label_doubt"],
        "rare or hard": table["confidence"],
        "flagged": table["shortcut_score"],
    }
    ordered = {role: _ordered(table, role, by) for role, by in strongest.items()}
    chosen = [
        (int(row), role)
        for role, wanted in _shared({r: len(rows) for r, rows in ordered.items()}, count).items()
        for row in ordered[role][:wanted]
    ]
    # One reader flags, all together score: what is flagged is not shown as typical, too.
    usual = (table["shortcut_score"] < 0) & (table["pile"] == "") & ~table["flagged"]
    typical = table[usual].sort_values(
        ["shortcut_score", "index"], ascending=[True, False], kind="stable"
    )
    if not chosen:
        turns = typical.groupby("label").cumcount().sort_values(kind="stable")
        return [(int(row), "correct") for row in turns.index[:count]]
    rows = [row for row, _ in chosen]
    like: list[tuple[int, Role]] = []
    for label, wanted in table["label"].loc[rows].value_counts(sort=False).items():
        same = typical.index[typical["label"] == label][:wanted]
        like += [(int(row), "correct") for row in same]
    return [*chosen, *like]


def _ordered(table: "pd.DataFrame", role: Role, by: Any) -> list[int]:
    mine = (table["pile"] == "") & table["flagged"] if role == "flagged" else table["pile"] == role
    found = table.assign(by=by)[mine].sort_values(
        ["by", "index"], ascending=[False, True], kind="stable"
    )
    return [int(row) for row in found.index]


def _shared(sizes: Mapping[Role, int], count: int) -> dict[Role, int]:
    """How many of each kind: by shares, and what one kind lacks goes to the first that has more."""
    total = sum(_SHARES[role] for role, size in sizes.items() if size) or 1
    given = {
        role: min(size, count * _SHARES[role] // total) for role, size in sizes.items() if size
    }
    for role in given:
        given[role] += min(sizes[role] - given[role], count - sum(given.values()))
    return given


def take_pictures(
    model: nn.Module,
    data: OpenedData,
    examples: "pd.DataFrame",
    *,
    count: int,
    heatmaps: int,
    device: torch.device | str,
    failing: Floats | None,
) -> tuple[list[Picture], list[str]]:
    """Pictures of the most telling examples, and notes on what could not be shown.

    Args:
        model: in evaluation mode, on `device`.
        data: what was audited; it needs random access.
        examples: the example table.
        count: examples of the piles or flagged to show, and as many correctly read ones.
        heatmaps: how many of these get a Grad-CAM overlay, half of each kind.
        device: where the model is.
        failing: see `choose_examples`.
    """
    if count < 1:
        return [], []
    if not data.has_random_access:
        return [], ["No pictures: the data has no random access, so examples cannot be shown."]
    chosen = choose_examples(examples, count, failing)
    notes: list[str] = []
    try:
        shown = [_show(data, int(examples["index"].iloc[row]), role) for row, role in chosen]
        pictures = [picture for picture in shown if picture is not None]
    except MissingDependencyError as error:
        return [], [f"No pictures: {error}"]
    except Exception as error:  # noqa: BLE001 - a data set of the user may raise anything
        # Pictures are an extra: one that fails must not cost the whole audit.
        said = f"{type(error).__name__}: {one_line(error)}"
        return [], [f"No pictures: showing an example raised {said}."]
    if len(pictures) < len(chosen):
        notes.append(
            "No pictures: the inputs are neither images nor texts that can be shown; give the "
            "data set a method display(index) that returns an image (of PIL, or an array of "
            "integers in [0, 255] or floats in [0, 1]) or a text."
        )
    if heatmaps and any(picture.kind == "image" for picture in pictures):
        pictures, problem = _with_heatmaps(model, data, pictures, examples, heatmaps, device)
        notes += problem
    return pictures, notes


def _show(data: OpenedData, index: int, role: Role) -> Picture | None:
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
    return [replace(p, heatmap=made.get(p.index)) for p in pictures], []


def _half_of_each(pictures: Sequence[Picture], count: int) -> list[Picture]:
    suspects = [p for p in pictures if p.role != "correct"][: (count + 1) // 2]
    correct = [p for p in pictures if p.role == "correct"][: count - len(suspects)]
    return suspects + correct


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
