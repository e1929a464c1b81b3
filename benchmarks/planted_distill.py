"""A planted colour: students that distil, with and without debiasing, against plain training.

Fashion-MNIST, 10,000 images, a colour that goes with the class at 0.98; student and teacher are the
3-stage network; all students have the same optimiser, epochs and schedule. The teacher is trained
on the same images with colours drawn without regard to the class. `--tune` compares settings on the
validation split (validation images are planted without correlation and never trained on); without
it, the chosen settings are run over the seeds, and the test split is opened at the end of each run.
Results are kept after every run.

Run: python benchmarks/planted_distill.py --tune --seeds 2
     python benchmarks/planted_distill.py --first-seed 3
"""

import argparse
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve._files import write_with
from earlysieve.training import ERM
from earlysieve.training.algorithm import end_epoch
from kept import Figures, Kept
from planted import Course, Planted, accuracies, colours, epochs, mean_and_interval, network, row

SIZE, CORRELATION, FREE = 10_000, 0.98, 0.1
TEACHER_EPOCHS = 10
STATISTICS: dict[str, Any] = {"layer": "stage1", "readout": es.StatisticsHead()}
# A method, and its settings; alpha is 0.05.
Candidate = tuple[str, dict[str, Any]]
CANDIDATES: dict[str, Candidate] = {
    "plain": ("plain", {}),
    "KD": ("kd", {}),
    "DeDiER, beta 1": ("dedier", {"layer": "stage1", "beta": 1.0}),
    "DeDiER, beta 2": ("dedier", {"layer": "stage1", "beta": 2.0}),
    "DeDiER, beta 3": ("dedier", {"layer": "stage1", "beta": 3.0}),
    "DeDiER, beta 4": ("dedier", {"layer": "stage1", "beta": 4.0}),
    "DeDiER, statistics, beta 2": ("dedier", {**STATISTICS, "beta": 2.0}),
    "DeDiER, statistics, beta 3": ("dedier", {**STATISTICS, "beta": 3.0}),
    "DeDiER, statistics, beta 4": ("dedier", {**STATISTICS, "beta": 4.0}),
    "KD, temperature 6": ("kd", {"temperature": 6.0}),
    "DeDiER, beta 2, temperature 6": (
        "dedier",
        {"layer": "stage1", "beta": 2.0, "temperature": 6.0},
    ),
    "weights alone, beta 3": ("early", {"layer": "stage1", "beta": 3.0}),
    "weights alone, beta 4": ("early", {"layer": "stage1", "beta": 4.0}),
    "weights alone, statistics, beta 4": ("early", {**STATISTICS, "beta": 4.0}),
    "weights alone, statistics, beta 5": ("early", {**STATISTICS, "beta": 5.0}),
}
CHOSEN_STUDENT = "DeDiER, beta 2"
CHOSEN_ALONE = "weights alone, statistics, beta 4"


@cache
def data_of(seed: int) -> Planted:
    """The planted data of a seed."""
    return colours(CORRELATION, SIZE, seed)


@cache
def teacher_of(seed: int, folder: Path) -> nn.Module:
    """A network trained on uncorrelated colours, from a file if it is there."""
    file = folder / f"planted_teacher_{seed}.pt"
    torch.manual_seed(1000 + seed)
    model = network()
    if file.exists():
        model.load_state_dict(torch.load(file, weights_only=True))
        return model.eval()
    method = ERM(model, torch.optim.Adam(model.parameters(), lr=1e-3))
    free = colours(FREE, SIZE, seed).train
    for _, batch in epochs(free, TEACHER_EPOCHS):
        method.step(batch)
    es.refresh_statistics(model, TensorDataset(free.images, free.labels))
    write_with(file, lambda path: torch.save(model.state_dict(), path))
    return model.eval()


def refreshed(model: nn.Module, seed: int) -> nn.Module:
    """The model with BatchNorm statistics of its last weights."""
    train = data_of(seed).train
    es.refresh_statistics(model, TensorDataset(train.images, train.labels))
    return model


@torch.no_grad()
def logits_of(teacher: nn.Module, images: Tensor) -> Tensor:
    """The teacher's logits, once for all students of a seed."""
    return torch.cat([teacher(part) for part in images.split(500)])


def student_of(candidate: Candidate, seed: int, course: Course, folder: Path) -> nn.Module:
    """A network trained in one of the ways."""
    kind, options = candidate
    data = data_of(seed)
    logits = None
    if kind in ("kd", "dedier"):
        logits = logits_of(teacher_of(seed, folder), data.train.images)
    torch.manual_seed(seed)
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=course.lr)
    method: Any = ERM(model, optimizer)
    settings = {"num_classes": 10, "optimizer": optimizer, "num_examples": len(data.train)}
    if kind == "kd":
        method = es.KnowledgeDistillation(model, logits, optimizer=optimizer, **options)
    if kind == "dedier":
        method = es.DebiasedDistillation(model, logits, **settings, **options)
    if kind == "early":
        method = es.EarlyReweighting(model, **settings, **options)
    schedule = course.scheduler(optimizer, len(data.train))
    last = 0
    for epoch, batch in epochs(data.train, course.epochs, course.batch_size):
        if epoch != last:
            end_epoch(method)
            last = epoch
        method.step(batch)
        schedule.step()
    return refreshed(model, seed)


def main() -> None:
    """Run what is missing and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    Course.add_options(parser, Course(8, schedule="cosine"))
    parser.add_argument("--only", nargs="+", help="of the candidates to tune")
    parser.add_argument("--out", type=Path, default=Path("runs/planted_distill.json"))
    args = parser.parse_args()
    kept = Kept(args.out)
    where = "validation" if args.tune else "test"
    chosen = ["plain", "KD", CHOSEN_STUDENT, CHOSEN_ALONE]
    names = args.only or (list(CANDIDATES) if args.tune else chosen)
    course = Course.of(args)
    folder = args.out.parent
    folder.mkdir(parents=True, exist_ok=True)

    def figures(name: str, seed: int) -> Figures:
        teacher = name == "teacher"
        model = (
            teacher_of(seed, folder)
            if teacher
            else student_of(CANDIDATES[name], seed, course, folder)
        )
        data = data_of(seed)
        return accuracies(model, data.validation if args.tune else data.test)

    seeds = range(args.first_seed, args.first_seed + args.seeds)
    taught = any(CANDIDATES[name][0] in ("kd", "dedier") for name in names)
    for seed in seeds:
        if taught:
            kept.once(f"{where} | teacher | seed {seed}", partial(figures, "teacher", seed))
        for name in names:
            key = f"{where} | {name} | {course} | seed {seed}"
            kept.once(key, partial(figures, name, seed))
    prefixes = {"teacher": f"{where} | teacher"} if taught else {}
    prefixes |= {name: f"{where} | {name} | {course}" for name in names}
    for measure in ("fails", "holds", "all"):
        print(f"\n{where}: accuracy, {measure}, mean, 95% interval, each seed")
        for name, prefix in prefixes.items():
            print(row(name, kept.over_seeds(prefix, measure, seeds)))
    for better, worse in ((CHOSEN_STUDENT, "KD"), (CHOSEN_ALONE, "plain")):
        for measure in ("fails", "all") if {better, worse} <= set(names) else ():
            gains = kept.gains(prefixes[better], prefixes[worse], measure, seeds)
            mean, low, high = mean_and_interval(gains)
            print(f"{better} over {worse}, {measure}: {mean:+.3f} [{low:+.3f}, {high:+.3f}]")


if __name__ == "__main__":
    main()
