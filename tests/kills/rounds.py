"""Rounds: kill a command a few times, start it again each time, and compare what it ends with."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.kills import checks
from tests.kills.commands import Command
from tests.kills.forks import End, run

MOST_KILLS = 3  # in a round
OUT = Path("out")


@dataclass
class Tally:
    """What came of the kills of one command.

    Attributes:
        kills, rounds: how many.
        equal: rounds that ended with every file as without a kill.
        mixed, half, lost, left, refused: what went wrong, each as a sentence.
    """

    name: str
    kills: int = 0
    rounds: int = 0
    equal: int = 0
    mixed: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Rounds:
    """Rounds of one command.

    Args:
        command: what is killed.
        folder: where its undisturbed results are kept.
    """

    def __init__(self, command: Command, folder: Path) -> None:
        self.command, self.tally = command, Tally(command.name)
        self.older, self.newer = folder / "older", folder / "newer"
        folder.mkdir()
        self.older.mkdir()
        if command.older:
            shutil.rmtree(OUT, ignore_errors=True)
            _must(run(command.older, OUT))
            self._keep_older()
        self._start()
        whole = _must(run(self._first(), OUT))
        self.seconds, self.changes = whole.seconds, whole.changes
        shutil.copytree(OUT, self.newer)

    def play(self, draw: Random, most: int) -> None:
        """Kill it up to `most` times, let it end, and compare."""
        self._start()
        words, step = self._first(), -1
        for _ in range(min(most, draw.randint(1, MOST_KILLS))):
            end = self._kill(words, draw)
            if end.code != -9:
                break
            self.tally.kills += 1
            words, step = self._look(step)
        end = run(words, OUT)
        if end.code == 1 and "--fresh" not in words and self._is_older("last.pt"):
            end = run(self._first(), OUT)
        self._compare(end)

    def _kill(self, words: tuple[str, ...], draw: Random) -> End:
        if draw.random() < 0.65:
            return run(words, OUT, kill_at_change=draw.randint(1, max(1, self.changes)))
        return run(words, OUT, kill_after=self.seconds * draw.random())

    def _look(self, step: int) -> tuple[tuple[str, ...], int]:
        """Check the folder of a killed command; how to start it again, and how far it was."""
        tally = self.tally
        tally.half += [f"kill {tally.kills}: {name}" for name in checks.half_written(OUT)]
        for place in self.command.audits:
            whose = checks.whose_audit(OUT / place, self.older / place, self.newer / place)
            if whose == "mixed":
                tally.mixed.append(f"kill {tally.kills}: audit '{place}'")
            elif whose == "refused":
                tally.refused.append(f"kill {tally.kills}: audit '{place}'")
        if not self.command.trains or self._is_older("last.pt"):
            return self._first(), -1
        now = checks.steps_in(OUT)
        if now < step:
            tally.lost.append(f"kill {tally.kills}: step {now} after {step}")
        return self.command.words, now

    def _compare(self, end: End) -> None:
        tally = self.tally
        tally.rounds += 1
        found = checks.differences(OUT, self.newer)
        if end.code != 0:
            found.append(f"exit code {end.code}: {end.said[-300:]}")
        tally.unlike += [f"round {tally.rounds}: {name}" for name in found]
        tally.equal += not found
        tally.left += [
            f"round {tally.rounds}: {name}" for name in checks.leftovers(OUT, self.newer)
        ]

    def _first(self) -> tuple[str, ...]:
        again = self.command.trains and (self.older / "last.pt").exists()
        return (*self.command.words, "--fresh") if again else self.command.words

    def _is_older(self, name: str) -> bool:
        older, now = self.older / name, OUT / name
        return older.exists() and now.exists() and older.read_bytes() == now.read_bytes()

    def _keep_older(self) -> None:
        for path in OUT.iterdir():
            if not self.command.kept or path.name in self.command.kept:
                path.rename(self.older / path.name)

    def _start(self) -> None:
        shutil.rmtree(OUT, ignore_errors=True)
        shutil.copytree(self.older, OUT)


def _must(end: End) -> End:
    if end.code != 0:
        raise AssertionError(f"a command that nobody killed ended with {end.code}: {end.said}")
    return end
