"""Hundreds of bad inputs in this one process: none ends in a traceback of ours or harms a file."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.fuzz import world
from tests.fuzz.catalogue import all_cases
from tests.fuzz.judge import Judge
from tests.fuzz.pending import PENDING
from tests.fuzz.session import limits, seed


def test_bad_input_ends_in_one_sentence_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    judge = Judge(world.build(tmp_path))
    cases = all_cases(seed(), tmp_path)
    assert len([case for case in cases if not case.may_pass]) >= 600
    assert set(PENDING) <= {case.part for case in cases}
    found = defaultdict(list)
    with limits():
        for case in cases:
            if case.part not in PENDING:
                for fault in judge.faults(case):
                    found[str(fault)].append(str(case))
    report = "\n".join(f"{fault}\n    {'; '.join(names[:5])}" for fault, names in found.items())
    assert not found, f"seed {seed()}, {len(found)} faults\n{report}"


def test_the_judge_sees_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judge = Judge(world.build(tmp_path))
    good = next(c for c in all_cases(0, tmp_path) if c.words[:2] == ("report", "nope"))
    assert judge.faults(good) == []
    from earlysieve.auditing.result import AuditResult

    def raises(_: Path) -> AuditResult:
        raise KeyError("groups")

    def writes(_: Path) -> AuditResult:
        Path("proof").write_text("")
        raise SystemExit(1)

    for load, kind in ((raises, "traceback"), (writes, "code of a file was run")):
        monkeypatch.setattr(AuditResult, "load", load)
        assert any(fault.kind.startswith(kind) for fault in judge.faults(good))
        assert not Path("proof").exists()
