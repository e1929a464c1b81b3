"""Audit BAR with a network fine-tuned from ImageNet weights, without and with a reference.

EfficientNet-Lite0 is fine-tuned on four fifths of the training split. Audited are the whole
training split, the held-out fifth and the test split by themselves, and the latter two with the
four fifths as reference. Prints verdicts, what each layer tells of both, leanings and swaps; writes
all audits with their pages.
Run: python benchmarks/bar_audit.py --out runs/bar-audit (15 minutes on one core)
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
    """Fine-tune, audit, print."""
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
    test = bar(DATA, split="test", image_size=SIZE)
    audits = {
        "train": (whole, None),
        "held-out": (held_out, None),
        "test": (test, None),
        "held-out with reference": (held_out, rest),
        "test with reference": (test, rest),
    }
    verdicts = {}
    for name, (audited, reference) in audits.items():
        # Four fifths of the whole training split have been trained on.
        seen = True if name == "train" else None
        result = es.audit(
            model, audited, reference=reference, seen_in_training=seen, progress=False
        )
        result.save(args.out / name.replace(" ", "-"), page=True)
        verdicts[name] = result.summary.verdict
        print(f"\n{name}: {result.summary.headline}\n{result.summary.explanation}")
        print(result.layers.round(3).to_string(index=False))
        show_transfer(result)
        show_signs(result)
        print(
            result.examples.nlargest(12, "shortcut_score")[
                ["id", "label", "prediction", "readout_prediction", "margin"]
            ].to_string(index=False),
            flush=True,
        )
    for name, verdict in verdicts.items():
        print(f"{name:24s} {verdict}")


def show_transfer(result: es.AuditResult) -> None:
    """Accuracy of each layer's readout and of the model, on reference and data."""
    for row in result.summary.transfer:
        print(
            f"{row.layer:12s} reference {row.reference_accuracy:.3f} "
            f"[{row.reference_low:.3f}, {row.reference_high:.3f}]  data {row.data_accuracy:.3f} "
            f"[{row.data_low:.3f}, {row.data_high:.3f}]"
        )


def show_signs(result: es.AuditResult) -> None:
    """The strongest leanings, and every swapped part."""
    for leaning in result.summary.leanings[:5]:
        print(leaning)
    for part in result.summary.swaps:
        print(part)


if __name__ == "__main__":
    main()
