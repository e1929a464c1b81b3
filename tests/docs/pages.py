"""The code of a page in its order: Python in fences, commands in indented blocks."""

import re
import shlex
from collections.abc import Iterator

BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$|(?P<commands>(?:^    [^\n]*\n)+)", re.M | re.S)
COMMAND = re.compile(r"^    earlysieve ([^\n]*)$", re.MULTILINE)
FILE = re.compile(r"# (\w+\.py)\n")


class Command(list[str]):
    """The words of a command behind `earlysieve`."""

    def __init__(self, line: str) -> None:
        super().__init__(shlex.split(line, comments=True))
        said = re.search(r"# exit code (\d+)$", line)
        self.exit_code = int(said[1]) if said else 0


def file_of(code: str) -> str | None:
    """The name of the file that a block of Python is, as its first line says."""
    found = FILE.match(code)
    return found[1] if found else None


def blocks(text: str) -> Iterator[str | Command]:
    """Python as text, and commands."""
    text = re.sub(r"^```(?!python$)\w+\n.*?^```$", "", text, flags=re.M | re.S)
    for found in BLOCK.finditer(text):
        if found["code"] is not None:
            yield found["code"]
            continue
        joined = re.sub(r"\\\n\s*", "", found["commands"])
        yield from (Command(line) for line in COMMAND.findall(joined))
