"""Where a process that is the command `earlysieve` begins and ends."""

import signal
import sys

from earlysieve.cli.closed_pipe import outlast_readers


def start() -> None:
    """Run the command line of this process, and end the process.

    Ctrl-C ends in a sentence while the command line is still being imported, too, and is not
    listened to any more once a command is done: nothing is left that it could stop.
    """
    try:
        outlast_readers()
        from earlysieve.cli.main import main

        main(prog_name="earlysieve")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped before anything began.\n")
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
