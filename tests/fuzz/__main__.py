"""Try cases and list what goes wrong, by cause: python -m tests.fuzz [--seed N] [--part TEXT]."""

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.fuzz import world
from tests.fuzz.catalogue import all_cases
from tests.fuzz.judge import Judge
from tests.fuzz.session import limits


def main() -> None:
    """Print the failures of the chosen cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", default="", help="parts whose name holds this")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        judge = Judge(world.build(Path(folder)))
        cases = [c for c in all_cases(chosen.seed, judge.world) if chosen.part in c.part]
        with limits():
            _print(judge, cases)


def _print(judge: Judge, cases: list) -> None:
    import time

    causes, failed = defaultdict(list), set()
    slow = []
    for number, case in enumerate(cases):
        if number % 50 == 0:
            print(number, case, file=sys.stderr)
        start = time.perf_counter()
        for fault in judge.faults(case):
            causes[f"{fault.kind}: {fault.cause}"].append(f"{case} | {fault.detail}")
            failed.add(str(case))
        slow.append((time.perf_counter() - start, str(case)))
    for cause, names in sorted(causes.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(names)} x {cause}")
        for name in names:
            print(f"    {name}")
    print(f"\n{len(cases)} cases, {len(failed)} with faults, {judge.passed} accepted")
    parts = sorted({case.part for case in cases if str(case) in failed})
    print("parts with faults:", parts)
    print("slowest:", [f"{s:.1f} {n}" for s, n in sorted(slow, reverse=True)[:12]])
    print(f"seconds: {sum(s for s, _ in slow):.0f}")


if __name__ == "__main__":
    main()
