"""Kill commands at drawn moments and print what came of it: python -m tests.kills --kills 100."""

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from random import Random

from tests.kills import commands, forks
from tests.kills.rounds import Rounds, Tally

COLUMNS = ("kills", "rounds", "equal", "mixed", "half", "lost", "left", "refused")


def main() -> None:
    """Exit code 1 if anything was mixed, half written, lost, left behind or unlike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="commands whose name holds this")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    start = time.perf_counter()
    forks.import_everything()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        tallies = play(chosen.kills, chosen.seed, chosen.only)
        os.chdir("/")
    if chosen.json:
        print(json.dumps([asdict(tally) for tally in tallies], indent=2))
    else:
        show(tallies)
        print(f"seed {chosen.seed}, {time.perf_counter() - start:.0f} s")
    sys.exit(any(t.equal < t.rounds or t.mixed or t.half or t.lost or t.left for t in tallies))


def play(kills: int, seed: int, only: str) -> list[Tally]:
    """Rounds over all commands in turn, until so many kills are done."""
    commands.write_files(Path())
    forks.run(commands.train("--seed", "1"), Path("teacher"))
    Path("teacher/model.pt").rename("teacher.pt")
    wanted = [command for command in commands.COMMANDS if only in command.name]
    games = [Rounds(wanted[i], Path(f"kept-{i}")) for i in range(min(len(wanted), kills))]
    for number in itertools.count():
        for game in games:
            missing = kills - sum(game.tally.kills for game in games)
            if missing <= 0:
                return [game.tally for game in games]
            draw = Random(f"{seed} {number} {game.command.name}")
            waiting = sum(other.tally.rounds == 0 for other in games if other is not game)
            game.play(draw, max(1, missing - waiting))
    raise AssertionError


def show(tallies: list[Tally]) -> None:
    """Print the table, and below it what went wrong."""
    print(f"{'command':<32}" + "".join(f"{name:>9}" for name in COLUMNS))
    for tally in tallies:
        print(f"{tally.name:<32}" + "".join(f"{_count(tally, name):>9}" for name in COLUMNS))
    total = {name: sum(_count(tally, name) for tally in tallies) for name in COLUMNS}
    print(f"{'all':<32}" + "".join(f"{total[name]:>9}" for name in COLUMNS))
    for tally in tallies:
        for name in ("mixed", "half", "lost", "left", "unlike", "refused"):
            for line in getattr(tally, name):
                print(f"{tally.name}, {name}, {line}")


def _count(tally: Tally, name: str) -> int:
    value = getattr(tally, name)
    return value if isinstance(value, int) else len(value)


if __name__ == "__main__":
    main()
