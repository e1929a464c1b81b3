"""The folder in which cases run: tiny networks and data of a user's, and complete older results."""

import sys
from pathlib import Path

import numpy as np

from tests.fuzz import case
from tests.fuzz.judge import run_here

NETS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes=3, width=6):
        super().__init__()
        self.stage1 = nn.Sequential(nn.Linear(4, width), nn.ReLU())
        self.stage2 = nn.Sequential(nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.head(self.stage2(self.stage1(x)))


class Images(nn.Module):
    def __init__(self, num_classes=2):
        super().__init__()
        self.stage1 = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.stage2 = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(4, num_classes)

    def forward(self, x):
        return self.head(self.stage2(self.stage1(x)).mean((2, 3)))


def net(num_classes=3, width=6):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Net(num_classes, width)


def images(num_classes=2):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Images(num_classes)
"""

DATA = '''
import torch
from torch.utils.data import Dataset


class Points(Dataset):
    """Three classes of four numbers, with groups."""

    def __init__(self, count=30):
        random = torch.Generator().manual_seed(0)
        self.labels = torch.arange(count) % 3
        self.groups = torch.arange(count) // 3 % 2
        self.inputs = torch.randn(count, 4, generator=random)
        self.inputs[:, 0] += self.labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.inputs[i], int(self.labels[i]), int(self.groups[i])


def points():
    return Points()
'''


def build(root: Path) -> Path:
    """Make the world in an empty folder, which has to be the current one while cases run."""
    forget_modules()
    (root / "fuzz_nets.py").write_text(NETS)
    (root / "fuzz_data.py").write_text(DATA)
    _images(root / "photos")
    _results(root)
    return root


def forget_modules() -> None:
    """Let modules of a user's be imported anew: each world has its own."""
    for name in [name for name in sys.modules if name.startswith(("fuzz_", "scratch"))]:
        del sys.modules[name]


def _images(folder: Path) -> None:
    from PIL import Image

    random = np.random.default_rng(0)
    for shade, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            pixels = random.integers(90 * shade, 90 * shade + 120, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def _results(root: Path) -> None:
    """Good weights, two audits, two runs, a fix and groups, made by the commands themselves."""
    ok(*case.train("--keep-last", over=case.OLD_RUN))
    (root / "good.pt").write_bytes((root / case.OLD_RUN / "model.pt").read_bytes())
    ok(*case.audit("--checkpoint", "good.pt", over=case.OLD_AUDIT))
    photos = ("--data", "photos", "--image-size", "8", "--model", "fuzz_nets:images")
    ok(*case.audit(*photos, over=case.OLD_PICTURES))
    ok(*case.distill("kd", "--out", case.OLD_KD))
    ok(*case.fix())
    ok(*case.groups())


def ok(*words: str) -> None:
    """Run a command that has to succeed."""
    result = run_here(words)
    if result.exit_code != 0:
        raise AssertionError(f"{words} failed: {result.output}") from result.exception
