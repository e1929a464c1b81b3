"""What to do next, as pages show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Something to do, and a command or code for it; empty where there is none."""

    text: str
    command: str = ""
