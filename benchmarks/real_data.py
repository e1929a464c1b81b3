"""Real data and networks of the grid real.yaml, as functions that a grid names.

Tweets are thinned as in `tweets_fix.py` (the same for all seeds), photographs are BAR with a fifth
of the training split held out. Where the data lie: EARLYSIEVE_DATA, see `bar_common.py`.
"""

from functools import cache
from typing import Any

import torch
from torch import nn

from bar_common import DATA, SIZE, pretrained, splits
from earlysieve.datasets import bar
from tweets import classifier
from tweets_fix import LAYERS, Parts, thinned


@cache
def _parts() -> Parts:
    return thinned(0)


def tweets(split: str) -> Any:
    """Tweets: 95% agree in "train" and "validation"; in "test" all groups are of one size."""
    parts = _parts()
    return {"train": parts.train, "validation": parts.held_out, "test": parts.test}[split]


def photographs(split: str) -> Any:
    """BAR: "train" without a fifth, "validation" that fifth, and "test", in other places."""
    if split == "test":
        return bar(DATA, split="test", image_size=SIZE)
    train, held = splits()
    return train if split == "train" else held


def tweet_net(num_classes: int = 2) -> nn.Module:
    """Two layers of MiniLM; the fresh last layer comes from the global random state."""
    assert num_classes == 2  # noqa: S101 - tweets know two
    return classifier(LAYERS, int(torch.randint(1 << 30, ())))


def photo_net(num_classes: int = 6) -> nn.Module:
    """EfficientNet-Lite0 from its ImageNet weights."""
    assert num_classes == 6  # noqa: S101 - BAR knows six
    return pretrained(int(torch.randint(1 << 30, ())))
