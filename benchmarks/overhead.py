"""What search, benchmark and the plain loop add to the runs and steps themselves.

Run: OMP_NUM_THREADS=1 python benchmarks/overhead.py

Seconds are of the processor, so that other work beside counts little.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

import earlysieve as es
from earlysieve.benchmarking import benchmark, one_run
from earlysieve.networks import small_cnn
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_run import TrainRun
from earlysieve.searching.search import SearchOptions, search
from earlysieve.training import ERM, TrainConfig
from timing import paired, show

MODEL = "earlysieve.networks:small_cnn"
# Of a benchmark: measuring on test data, which opens them, and the page with its pictures.
PARTS = ((benchmark, "check_grid"), (one_run, "figures_on_test"), (benchmark, "write_page"))
OPTIONS = {"shortcut": "colour", "image_size": 14}


def seconds(work: Callable[[], object]) -> float:
    """Of the processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bare(configs: Iterable[Path], out: Path) -> None:
    """The runs of these configurations, one after the other, each trained and saved."""
    for number, path in enumerate(configs):
        values = json.loads(path.read_text(encoding="utf-8"))
        values.pop("versions", None)
        run = TrainRun.prepare(TrainConfig.from_dict(values), out / str(number), Reporter())
        run.save(run.train(resume=False))


@contextmanager
def timed(*parts: tuple[ModuleType, str]) -> Iterator[dict[str, float]]:
    """Seconds spent in functions, by name, while this lasts."""
    spent = {name: 0.0 for _, name in parts}

    def listened(name: str, usual: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **given: Any) -> Any:
            start = time.process_time()
            try:
                return usual(*args, **given)
            finally:
                spent[name] += time.process_time() - start

        return call

    with ExitStack() as stack:
        for module, name in parts:
            usual = getattr(module, name)
            stack.enter_context(patch.object(module, name, listened(name, usual)))
        yield spent


def compare(name: str, whole: Callable[[Path], object], out: Path) -> None:
    """Print what `whole` takes beside the runs that it made, and where a benchmark spends it."""
    folder = out / name
    with timed(*PARTS) as spent:
        took = seconds(lambda: whole(folder))
    configs = sorted(folder.rglob("config.json"))
    alone = seconds(lambda: bare(configs, out / f"{name}-bare"))
    print(
        f"{name}: {len(configs)} runs {alone:.1f} s alone, {took:.1f} s with all: "
        f"{took / alone:.3f} x, {took - alone:+.1f} s",
        *(f"{part} {of:.2f} s" for part, of in spent.items() if of),
        sep="; ",
        flush=True,
    )


def searched(epochs: int, trials: int, limit: int) -> Callable[[Path], object]:
    """A search of early weights."""
    config = TrainConfig(
        data="digits",
        validation="0.2",
        data_options={**OPTIONS, "limit": limit},
        model=MODEL,
        method="early-reweighting",
        method_options={"layer": "stage1"},
        epochs=epochs,
    )
    options = SearchOptions(trials=trials, seeds=1)
    return lambda out: search(config, out, fixed={"layer"}, pruning=False, options=options)


def benchmarked(epochs: int, seeds: int, limit: int) -> Callable[[Path], object]:
    """A benchmark of early weights."""
    protocol = es.Protocol(
        data={"digits": es.DataSplits("digits", options={**OPTIONS, "limit": limit})},
        seeds=tuple(range(seeds)),
        budget=es.Budget(epochs=epochs),
        training={"model": MODEL},
    )
    return lambda out: es.benchmark(protocol, ["erm", "early-reweighting"], out)


def loops(repeats: int) -> None:
    """Print an epoch of the plain loop beside one written by hand, in turns."""
    data = TensorDataset(torch.randn(1280, 3, 28, 28), torch.arange(1280) % 10)

    def by_hand() -> None:
        model = small_cnn(10, seed=0).train()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        for images, labels in DataLoader(data, batch_size=64, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()

    def plain() -> None:
        model = small_cnn(10, seed=0)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        es.fit(ERM(model, optimizer), data, epochs=1, progress=False)

    found = paired({"by hand": by_hand, "fit": plain}, repeats, clock=time.process_time)
    show(found, "by hand")
    print(f"throughput of fit: {found['by hand'] / found['fit']:.3f} x by hand", flush=True)


def main() -> None:
    """Print all three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--limit", type=int, default=2000, help="examples of a run")
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", choices=("loop", "search", "benchmark"))
    args = parser.parse_args()
    wanted = (args.only,) if args.only else ("loop", "search", "benchmark")
    if "loop" in wanted:
        loops(args.repeats)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        # Imports and the reading of data count for neither.
        if "search" in wanted:
            searched(1, 1, args.limit)(out / "first")
            compare("search", searched(args.epochs, args.trials, args.limit), out)
        if "benchmark" in wanted:
            benchmarked(1, 1, args.limit)(out / "second")
            compare("benchmark", benchmarked(args.epochs, args.seeds, args.limit), out)


if __name__ == "__main__":
    main()
