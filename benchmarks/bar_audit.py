"""Audit BAR's training split with a network fine-tuned from ImageNet weights.

EfficientNet-Lite0 is fine-tuned on four fifths of the training split; the whole training split is
audited, and the held-out fifth by itself. Writes both audits with their pages.
Run: python benchmarks/bar_audit.py --out runs/bar-audit
"""

import argparse
from pathlib import Path

import torch

import earlysieve as es
from bar_common import DATA, SIZE, augmented, decoded, predict, pretrained, splits
from earlysieve.datasets import bar
from earlysieve.training import ERM

BATCH = 32


def main() -> None:
    """Fine-tune, audit twice, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/bar-audit"))
    args = parser.parse_args()
    rest, held_out = splits()
    data = decoded(rest)
    model = pretrained(args.seed).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=5e-3, momentum=0.9, weight_decay=1e-4)
    method = ERM(model, optimizer)
    for epoch in range(args.epochs):
        for rows in torch.randperm(len(data)).split(BATCH):
            if len(rows) > 1:
                logs = method.step(es.Batch(augmented(data.images[rows]), data.labels[rows]))
        print(f"epoch {epoch + 1}: loss {logs['loss']:.3f}", flush=True)
    photographs = decoded(held_out)
    right = predict(model, photographs.images).argmax(1) == photographs.labels
    print(f"accuracy on held-out training photographs {float(right.double().mean()):.3f}")
    model.eval()
    whole = bar(DATA, split="train", image_size=SIZE)
    for name, audited in (("train", whole), ("held-out", held_out)):
        result = es.audit(model, audited, progress=False)
        result.save(args.out / name, page=True)
        print(f"\n{name}: {result.summary.headline}\n{result.summary.explanation}")
        print(result.layers.round(3).to_string(index=False))
        print(
            result.examples.nlargest(12, "shortcut_score")[
                ["id", "label", "prediction", "readout_prediction", "margin"]
            ].to_string(index=False),
            flush=True,
        )


if __name__ == "__main__":
    main()
