"""What a benchmark says of groups that no audit calls, and of methods that hardly acted."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from earlysieve.benchmarking.record import Record, keep_record
from earlysieve.benchmarking.remarks import remarks
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.group_sizes import sizes_of


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
    said = "On a 1 of 1 audits called a shortcut: colour."
    assert said in remarks(result(tmp_path, line("dfr@audit", "audit")))
    audited(tmp_path, 1, "inconclusive", "stage2 mean")
    audited(tmp_path, 10, "inconclusive", "stage2 mean")
    audited(tmp_path, 2, "at risk", "column x")
    assert remarks(result(tmp_path, line("dfr@xrm", "xrm"))) == ()
    sizes, *told = remarks(result(tmp_path, line("dfr@audit", "audit")))
    assert sizes == (
        "On a the smallest group told by audit has 2 validation examples ('x', seed 0)."
    )
    assert tuple(told) == (
        "On a 1 of 4 audits called a shortcut, colour ('inconclusive' with seeds 1, 10, 'at risk' "
        "with seed 2): groups "
        "of the others are told by layer 'stage2', column 'x', which may be the task.",
    )


def test_what_audits_called_is_said_with_what_models_lose_where_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from earlysieve.benchmarking import remarks as module

    lost = {"seed-0": 0.804, "seed-1": 0.93, "seed-2": None}

    def load(folder: Path) -> Any:
        value = lost[folder.parent.name]
        reliance = None if value is None else SimpleNamespace(value=value)
        return SimpleNamespace(summary=SimpleNamespace(reliance=reliance))

    monkeypatch.setattr(module, "_audit_in", load)
    monkeypatch.setattr(module, "leans_of", lambda _: "a mark in one place of the image")
    for seed in range(3):
        audited(tmp_path, seed, "shortcut", "mark")
    assert (
        "On a 3 of 3 audits called a shortcut: a mark in one place of the image, losing 80% to 93% "
        "of accuracy where that fails." in remarks(result(tmp_path, line("dfr@audit", "audit")))
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


def test_the_smallest_group_of_validation_data_is_told_that_repairs_are_fitted_to(
    tmp_path: Path,
) -> None:
    for seed, least in ((0, 7), (1, 5)):
        groups = [{"name": "cue fails", "n": 11, "accuracy": 0.5}]
        keep_record(
            tmp_path / f"runs/a/erm/seed-{seed}",
            Record("complete", 1.0, groups=groups, validation_groups={"x": 30, "y": least}),
        )
    assert remarks(result(tmp_path, line("erm"))) == (
        "On a the smallest of 1 group of test examples, 'cue fails', has 11, that of validation "
        "examples, 'y', 5.",
    )


def test_sizes_of_groups_are_counted_by_name_without_unknown_ones() -> None:
    class Data(torch.utils.data.Dataset):  # type: ignore[type-arg]
        group_names = ("here", "there")
        groups = torch.tensor([1, 1, 2, -1, 1])

        def __len__(self) -> int:
            return 5

        def __getitem__(self, i: int) -> tuple[torch.Tensor, int, int]:
            return torch.zeros(2), i % 2, int(self.groups[i])

    assert sizes_of(Data()) == {"there": 3, "2": 1}
    plain = torch.utils.data.TensorDataset(torch.zeros(4, 2), torch.arange(4) % 2)
    assert sizes_of(plain) == {}


def test_the_smallest_groups_that_were_inferred_are_told_with_their_seed(tmp_path: Path) -> None:
    def inferred(place: str, seed: int, *counts: int) -> None:
        numbers = torch.cat([torch.full((n,), k) for k, n in enumerate(counts)])
        folder = tmp_path / "groups/a" / place / f"seed-{seed}"
        folder.mkdir(parents=True)
        Groups(numbers, ("x", "y"), "xrm", "1").save(folder / "groups.csv")

    inferred("xrm-validation", 0, 9, 4)
    inferred("xrm-validation", 1, 8)
    inferred("xrm-train", 0, 50, 40)
    inferred("reference-validation", 1, 8, 6)
    assert remarks(result(tmp_path, line("dfr@xrm", "xrm"))) == (
        "On a the smallest group told by xrm has 0 validation examples ('y', seed 1) and 40 "
        "training examples ('y', seed 0).",
        "On a the smallest group told by the audit that chooses epochs has 6 validation examples "
        "('y', seed 1).",
    )
