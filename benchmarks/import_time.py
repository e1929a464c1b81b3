"""What `import earlysieve` adds to `import torch`, and how fast `earlysieve --help` answers.

Run: python benchmarks/import_time.py
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from timing import paired

COMMAND = str(Path(sys.executable).with_name("earlysieve"))


def runs(*command: str) -> Callable[[], object]:
    """A call that runs a command silently."""
    return lambda: subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    """Print medians."""
    medians = paired(
        {
            "import torch": runs(sys.executable, "-c", "import torch"),
            "import torch, earlysieve": runs(sys.executable, "-c", "import torch, earlysieve"),
            "earlysieve --help": runs(COMMAND, "--help"),
        }
    )
    for name, seconds in medians.items():
        print(f"{name:<26} {seconds:.3f} s")
    added = medians["import torch, earlysieve"] - medians["import torch"]
    print(f"{'earlysieve adds':<26} {added:.3f} s")


if __name__ == "__main__":
    main()
