"""How much faster photographs come from a cache than from their files.

Run: python benchmarks/image_cache.py BAR_FOLDER [--image-size 128]
"""

import argparse
import tempfile
import time

from earlysieve.datasets import load_source
from timing import paired


def main() -> None:
    """Print medians for all test photographs of BAR, as tensors, and the time to make the cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--image-size", type=int, default=128)
    given = parser.parse_args()
    options = {"split": "test", "image_size": given.image_size}
    with tempfile.TemporaryDirectory() as cache:
        plain = load_source(f"bar:{given.folder}", **options)
        start = time.perf_counter()
        kept = load_source(f"bar:{given.folder}", **options, cache=cache)
        made = time.perf_counter() - start
        medians = paired(
            {
                "from files": lambda: [plain[i] for i in range(len(plain))],
                "from the cache": lambda: [kept[i] for i in range(len(kept))],
            },
            repeats=5,
        )
    for name, seconds in medians.items():
        print(f"{name:<16} {1000 * seconds / len(plain):.2f} ms per photograph")
    print(f"{'made in':<16} {made:.1f} s")
    print(f"{'ratio':<16} {medians['from files'] / medians['from the cache']:.1f}")


if __name__ == "__main__":
    main()
