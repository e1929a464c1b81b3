"""The commands that are killed, and the tiny networks and data that they take."""

from dataclasses import dataclass
from pathlib import Path

from tests.cli.helpers import last_wins

FILE = '''
import torch
from torch import nn
from torch.utils.data import Dataset


class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        first = nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1)
        self.stage1 = nn.Sequential(*first)
        self.stage2 = nn.Sequential(nn.Linear(16, 16), nn.ReLU())
        self.head = nn.Linear(16, num_classes)

    def forward(self, x):
        return self.head(self.stage2(self.stage1(x)))


def net(num_classes=3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return Net(num_classes)


class Points(Dataset):
    """Three classes, and groups that a coordinate gives away."""

    def __init__(self, count, seed):
        random = torch.Generator().manual_seed(seed)
        self.labels = torch.arange(count) % 3
        self.groups = (torch.rand(count, generator=random) < 0.3).long()
        self.inputs = torch.randn(count, 6, generator=random)
        self.inputs[:, 0] += 2 * self.labels
        self.inputs[:, 1] += 4 * ((self.labels + self.groups) % 3)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.inputs[i], int(self.labels[i]), int(self.groups[i])


def points():
    return Points(72, 0)


def others():
    return Points(48, 1)
'''

TEACHER = ("--teacher", "kill_nets:net", "--teacher-checkpoint", "teacher.pt")
LAYER = ("--layer", "stage1")


@dataclass(frozen=True)
class Command:
    """A command that is killed and started again until it ends.

    Attributes:
        name: for people.
        words: without --out.
        older: the command, without --out, whose result lies in the folder before; or none.
        kept: what stays of that result; empty: all of it.
    """

    name: str
    words: tuple[str, ...]
    older: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def audits(self) -> tuple[str, ...]:
        """Folders of audits in its output."""
        if self.words[0] == "audit":
            return ("",)
        both = self.words[0] == "fix" or "--audit" in self.words
        return ("audit-before", "audit-after") if both else ()

    @property
    def trains(self) -> bool:
        """Whether it goes on where it stopped."""
        return self.words[0] == "train"


def train(*words: str) -> tuple[str, ...]:
    """A short run that is saved often."""
    usual = ("--epochs", "3", "--batch-size", "12", "--checkpoint-every-steps", "2", "--seed", "3")
    return tuple(
        last_wins(
            ["train", "--model", "kill_nets:net", "--data", "kill_nets:points", *usual, *words]
        )
    )


def audit(*words: str) -> tuple[str, ...]:
    """A short audit of trained weights."""
    usual = ("--checkpoint", "teacher.pt", "--folds", "3")
    return tuple(
        last_wins(
            ["audit", "--model", "kill_nets:net", "--data", "kill_nets:points", *usual, *words]
        )
    )


def fix(*words: str) -> tuple[str, ...]:
    """A short fix of trained weights, with one training among the candidates."""
    usual = (
        "--checkpoint", "teacher.pt", "--groups-from", "others.csv", "--retrain", "--epochs", "2",
        "--train-data", "kill_nets:points", "--budget", "5trials", "--batch-size", "12",
    )  # fmt: skip
    return tuple(
        last_wins(["fix", "--model", "kill_nets:net", "--data", "kill_nets:others", *usual, *words])
    )


def groups(*words: str) -> tuple[str, ...]:
    """Groups in a file."""
    usual = ("--model", "kill_nets:net", "--checkpoint", "teacher.pt", "--from", "errors")
    return tuple(last_wins(["groups", "--data", "kill_nets:points", *usual, *words]))


MANY = (
    "--optimizer", "adamw", "--scheduler", "cosine", "--accumulate", "2", "--clip-norm", "1",
    "--validation", "kill_nets:others", "--patience", "3", "--refresh-batches", "2",
)  # fmt: skip
TUNED = (
    "--model", "earlysieve.networks:small_cnn", "--data", "digits", "--limit", "72",
    "--freeze", "stage1", "--backbone-lr-scale", "0.1", "--augment", "randaugment",
    "--num-workers", "1",
)  # fmt: skip
DEDIER = ("--method", "dedier", *LAYER, *TEACHER)
AUDIT_ALONE = ("audit-before",)
OTHER = train("--seed", "8", "--lr", "0.5")
COMMANDS = (
    Command("audit over an audit", audit(), audit("--data", "kill_nets:others", "--seed", "5")),
    Command("erm over a run", train(), OTHER),
    Command("fix over a fix", fix(), fix("--seed", "5", "--budget", "2trials")),
    Command("groups over groups", groups(), groups("--data", "kill_nets:others")),
    Command("sieve", train("--method", "sieve", *LAYER, "--forget-every", "2")),
    Command("dedier", train(*DEDIER)),
    Command("early-reweighting", train("--method", "early-reweighting", *LAYER)),
    Command("kd", train("--method", "kd", *TEACHER)),
    Command("simkd", train("--method", "simkd", *TEACHER)),
    Command("jtt", train("--method", "jtt")),
    Command("dett", train("--method", "dett", *TEACHER)),
    Command("group-dro", train("--method", "group-dro")),
    Command("balanced", train("--method", "balanced")),
    Command("dfr", train("--method", "dfr", "--min-group", "1", "--unseen")),
    Command("afr", train("--method", "afr", "--unseen")),
    Command("erm, all settings", train(*MANY)),
    Command("erm, frozen and augmented", train(*TUNED)),
    Command("erm with audits", train("--audit"), train("--audit", "--seed", "8"), AUDIT_ALONE),
    Command(
        "dedier over dedier", train(*DEDIER, "--mode", "published"), train(*DEDIER, "--lr", "1")
    ),
)


def write_files(folder: Path) -> None:
    """Put the user's code into the folder in which commands run."""
    (folder / "kill_nets.py").write_text(FILE)
    rows = "".join(f"{i},{i % 4}\n" for i in range(48))
    (folder / "others.csv").write_text(f"index,group\n{rows}")
