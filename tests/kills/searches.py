"""Kill searches at drawn moments: python -m tests.kills.searches --kills 200.

A search is killed a few times and started again until it ends. Then every trial has to be there
once, with the values and the score of a search that nobody disturbed.
"""

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from tests.kills import commands, forks

OUT = Path("out")
TRIALS = 4
MOST_KILLS = 4  # in a round
# fmt: off
WORDS = (
    "search", "--method", "jtt", "--model", "kill_nets:net", "--data", "kill_nets:points",
    "--validation", "kill_nets:others", "--epochs", "3", "--batch-size", "24",
    "--checkpoint-every-steps", "1", "--seed", "3", "--seeds", "1", "--trials", str(TRIALS),
)
# fmt: on
DONE = ("COMPLETE", "PRUNED")


@dataclass
class Tally:
    """What came of the kills: how many, in how many searches, and what went wrong."""

    kills: int = 0
    rounds: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong."""
        return self.rounds > 0 and not (self.lost or self.twice or self.unlike or self.refused)


def play(kills: int, seed: int) -> Tally:
    """Rounds in the current folder until so many kills are done."""
    forks.import_everything()
    __import__("optuna.storages._rdb.storage")
    commands.write_files(Path())
    whole = forks.run(WORDS, OUT)
    if whole.code != 0:
        raise RuntimeError(whole.said)
    wanted, tally = _records(), Tally()
    while tally.kills < kills:
        shutil.rmtree(OUT)
        _round(Random(f"{seed} {tally.rounds}"), whole.seconds, kills, tally)
        where = f"round {tally.rounds}"
        finished = _finished()
        if sorted(finished.values()) != list(range(TRIALS)):
            tally.twice.append(f"{where}: {finished}")
        if _records() != wanted:
            tally.unlike.append(f"{where}: {_records()}, but wanted {wanted}")
        tally.rounds += 1
    return tally


def _round(draw: Random, seconds: float, kills: int, tally: Tally) -> None:
    """Kill one search up to `MOST_KILLS` times, then let it end."""
    seen: dict[int, int] = {}
    for _ in range(min(kills - tally.kills, draw.randint(1, MOST_KILLS))):
        end = forks.run(WORDS, OUT, kill_after=seconds * draw.random())
        if end.code != -9:
            if end.code != 0:
                tally.refused.append(end.said)
            break
        tally.kills += 1
        now = _finished()
        tally.lost += [f"round {tally.rounds}: {n}" for n in seen if now.get(n) != seen[n]]
        seen = now
    end = forks.run(WORDS, OUT)
    if end.code != 0:
        tally.refused.append(end.said)


def _records() -> dict[str, str]:
    """What came of each trial, by its folder."""
    paths = sorted(OUT.glob("trials/*/trial.json"))
    return {path.parent.name: path.read_text() for path in paths}


def _finished() -> dict[int, int]:
    """The place of each finished attempt, by its number, as the database says."""
    path = OUT / "search.db"
    if not path.exists():
        return {}
    with sqlite3.connect(path) as base:
        try:
            rows = base.execute("select trial_id, number, state from trials").fetchall()
            first = dict(
                base.execute(
                    "select trial_id, value_json from trial_system_attributes "
                    "where key = 'failed_trial'"
                ).fetchall()
            )
        except sqlite3.OperationalError:  # killed before there were tables
            return {}
    base.close()
    places: dict[int, int] = {}
    for trial, number, _ in sorted(rows, key=lambda row: row[1]):
        place = len(set(places.values())) if trial not in first else None
        places[number] = places[json.loads(first[trial])] if place is None else place
    return {number: places[number] for _, number, state in rows if state in DONE}


def main() -> None:
    """Exit code 1 if a trial was lost, counted twice, or unlike one that nobody disturbed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        tally = play(chosen.kills, chosen.seed)
        os.chdir("/")
    print(json.dumps(asdict(tally), indent=2))
    sys.exit(not tally.is_good)


if __name__ == "__main__":
    main()
