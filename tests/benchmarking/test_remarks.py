"""What a benchmark says of groups that no audit calls, and of methods that hardly acted."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from earlysieve.benchmarking.record import Record, keep_record
from earlysieve.benchmarking.remarks import remarks
from earlysieve.datasets.example_groups import Groups


def line(name: str, source: str | None = None, seeds: int = 2) -> Any:
    places = {seed: f"runs/a/{name}/seed-{seed}" for seed in range(seeds)}
    return SimpleNamespace(data="a", name=name, source=source, by_seed=places, runs=places)


def result(out: Path, *lines: Any, epochs: int = 4) -> Any:
    return SimpleNamespace(lines=lines, folder=out, protocol={"budget": {"epochs": epochs}})


def audited(out: Path, seed: int, verdict: str, reader: str) -> None:
    groups = Groups(torch.arange(4) % 2, ("x", "y"), "audit", "1",
                    config={"verdict": verdict, "reader": reader})  # fmt: skip
    folder = out / "groups" / "a" / "audit-validation" / f"seed-{seed}"
    folder.mkdir(parents=True)
    groups.save(folder / "groups.csv")


def test_audits_that_called_nothing_are_told(tmp_path: Path) -> None:
    audited(tmp_path, 0, "shortcut", "colour")
    assert remarks(result(tmp_path, line("dfr@audit", "audit"))) == ()
    audited(tmp_path, 1, "inconclusive", "stage2 mean")
    audited(tmp_path, 2, "at risk", "column x")
    assert remarks(result(tmp_path, line("dfr@xrm", "xrm"))) == ()
    assert remarks(result(tmp_path, line("dfr@audit", "audit"))) == (
        "On a 1 of 3 audits called a shortcut (1 'inconclusive', 1 'at risk'): groups "
        "of the others are told by layer 'stage2', column 'x', which may be the task.",
    )


@pytest.mark.parametrize(("epochs", "told"), [((1, 1), True), ((1, 2), False), ((1, None), False)])
def test_a_method_whose_first_epoch_was_kept_is_told(
    tmp_path: Path, epochs: tuple[int | None, ...], told: bool
) -> None:
    for name in ("erm", "jtt"):
        for seed, epoch in enumerate(epochs):
            keep_record(tmp_path / f"runs/a/{name}/seed-{seed}",
                        Record("complete", 1.0, best_epoch=epoch))  # fmt: skip
    found = remarks(result(tmp_path, line("erm"), line("jtt")))
    assert len(found) == told
    assert all(one.startswith("jtt on a: its first epoch was kept") for one in found)
    assert remarks(result(tmp_path, line("jtt"), epochs=1)) == ()


def test_the_smallest_group_of_the_test_data_is_told(tmp_path: Path) -> None:
    sizes = {0: (30, 12), 1: (31, 11)}
    for seed, numbers in sizes.items():
        groups = [
            {"name": name, "n": n, "accuracy": 0.5}
            for name, n in zip(("rest", "cue fails"), numbers, strict=True)
        ]
        keep_record(tmp_path / f"runs/a/erm/seed-{seed}", Record("complete", 1.0, groups=groups))
    assert remarks(result(tmp_path, line("erm"), line("jtt"))) == (
        "On a the smallest of 2 groups of test examples, 'cue fails', has 11.",
    )
