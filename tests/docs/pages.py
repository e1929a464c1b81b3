"""The code of a page in its order: Python in fences, commands in indented blocks."""

import re
import shlex
from collections.abc import Iterator

BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$|(?P<commands>(?:^    [^\n]*\n)+)", re.M | re.S)
COMMAND = re.compile(r"^    earlysieve ([^\n]*)$", re.MULTILINE)


def blocks(text: str) -> Iterator[str | list[str]]:
    """Python as text, and the words of each command behind `earlysieve`."""
    text = re.sub(r"^```(?!python$)\w+\n.*?^```$", "", text, flags=re.M | re.S)
    for found in BLOCK.finditer(text):
        if found["code"] is not None:
            yield found["code"]
            continue
        joined = re.sub(r"\\\n\s*", "", found["commands"])
        yield from (shlex.split(line, comments=True) for line in COMMAND.findall(joined))
