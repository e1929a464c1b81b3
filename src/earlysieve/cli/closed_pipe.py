"""A reader that stops reading, as `| head -2` does, stops no work: the rest goes nowhere."""

import io
import os
import sys
from typing import Any, BinaryIO, TextIO, cast


class _Outlasting(io.FileIO):
    """A file descriptor whose output goes nowhere once nobody reads it."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())  # for whatever else writes to it
            os.close(nowhere)
            return super().write(data)


def outlast_readers() -> None:
    """Let a command of this process end as it would, when nobody reads its output any more.

    Rich would end the process (`Console.on_broken_pipe`), in the middle of the work, and so would
    click.
    """
    sys.stdout, sys.stderr = _outlasting(sys.stdout), _outlasting(sys.stderr)


def _outlasting(stream: TextIO) -> TextIO:
    """The same stream, which outlasts its reader; what is no file of its own stays as it is."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream  # also None: the process has none
    unbuffered = isinstance(stream.buffer, io.FileIO)
    if not unbuffered and not isinstance(stream.buffer, io.BufferedWriter):
        return stream
    stream.flush()
    file = _Outlasting(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        cast(BinaryIO, file) if unbuffered else io.BufferedWriter(file),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
