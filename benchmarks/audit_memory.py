"""Memory and time of an audit of many images beside a plain pass, and of another commit's.

ResNet-18 at 96 px, 10,000 images. Run: python benchmarks/audit_memory.py --against FOLDER, where
FOLDER is a working tree of that commit. Each row is of a process of its own: the most memory that
it held, images included, and the processor's time on one thread.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch.utils.data import TensorDataset
from torchvision.models import resnet18

LAYERS = ["relu", "layer1", "layer2", "layer3", "layer4"]
HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Print peaks and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--against", type=Path, help="a working tree of another commit")
    parser.add_argument("--one", choices=("evaluation", "audit"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        look(args.one, args.examples)
        return
    found = {name: measured(name, HERE, args.examples) for name in ("evaluation", "audit")}
    if args.against is not None:
        found["audit of the other commit"] = measured("audit", args.against, args.examples)
    memory, seconds = found["audit"]
    for name, (peak, spent) in found.items():
        print(
            f"{name:<26} {peak / 1e9:6.2f} GB {spent:7.1f} s; of it the audit takes "
            f"{memory / peak:.2f} and {seconds / spent:.2f}"
        )


def measured(name: str, tree: Path, examples: int) -> tuple[int, float]:
    """Bytes at the peak of one process that does one of the two, and seconds that it took."""
    command = [sys.executable, __file__, "--one", name, "--examples", str(examples)]
    source = os.environ | {"PYTHONPATH": str(tree / "src"), "OMP_NUM_THREADS": "1"}
    peak, spent = subprocess.check_output(command, env=source, stderr=subprocess.DEVNULL).split()
    return int(peak), float(spent)


@torch.no_grad()
def look(name: str, examples: int) -> None:
    """Do one of the two, and print the most bytes that were held, and seconds."""
    import earlysieve as es
    from earlysieve.training import evaluate

    torch.manual_seed(0)
    model = resnet18(num_classes=10).eval()
    labels = torch.arange(examples) % 10
    data = TensorDataset(torch.randn(examples, 3, 96, 96), labels)
    # A network that says one class only would have no parts swapped.
    model.fc.bias -= model(data.tensors[0][:256]).mean(0)
    start = time.process_time()
    if name == "audit":
        es.audit(model, data, layers=LAYERS, pictures=0, progress=False)
    else:
        evaluate(model, data, batch_size=64)
    spent = time.process_time() - start
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, spent)


if __name__ == "__main__":
    main()
