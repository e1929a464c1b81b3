"""Train the network of a case, and measure how much it relies on the cue."""

import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bank_cases import Case
from bank_data import Part, part, stacked
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.model.batch import Inputs, first_tensor, take
from earlysieve.networks.small import SmallCNN
from earlysieve.networks.small_mlp import SmallMLP
from earlysieve.networks.small_resnet import SmallResNet
from earlysieve.networks.small_transformers import SmallTextTransformer, SmallViT
from earlysieve.reliance.figures import reliance

Bools = NDArray[np.bool_]


def network(case: Case, data: Part) -> nn.Module:
    """The untrained network of a case, for inputs as this part has them."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(case.seed)
        sample = data.data[0][0]
        if case.network == "text":
            words = len(data.data._tokenizer)  # type: ignore[attr-defined]
            length = int(first_tensor(sample).shape[0])
            return SmallTextTransformer(case.classes, vocabulary=words, max_length=length)
        shape = tuple(first_tensor(sample).shape)
        if case.network == "mlp":
            widths = (256, 128, 64) if len(shape) == 3 else (128, 128, 64)
            return SmallMLP(case.classes, input_shape=shape, widths=widths)
        if case.network in ("vit", "vit7"):
            size, patch = (int(shape[1]), int(shape[2])), 7 if case.network == "vit7" else 4
            return SmallViT(case.classes, channels=shape[0], image_size=size, patch=patch)
        kind = SmallCNN if case.network == "cnn" else SmallResNet
        return kind(case.classes, channels=shape[0])


def train(case: Case, data: Part) -> nn.Module:
    """Adam, falling to 0 by a cosine or constant; convolutions in bfloat16."""
    model = network(case, data)
    inputs, labels = channels_last(stacked(data.data)), torch.from_numpy(data.data.labels)
    order = torch.Generator().manual_seed(case.seed)
    convolves = case.network in ("cnn", "resnet")
    if convolves:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=case.lr)
    batches = -(-len(labels) // case.batch)
    steps, step = case.epochs * batches, 0
    model.train()
    for _ in range(case.epochs):
        for rows in torch.randperm(len(labels), generator=order).split(case.batch):
            if len(rows) < 2:
                continue
            factor = 1.0 if case.schedule == "constant" else _cosine(step / steps)
            for group in optimizer.param_groups:
                group["lr"] = case.lr * factor
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=convolves):
                logits = answer(model, take(inputs, rows))
            loss = nn.functional.cross_entropy(logits.float(), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    return model.eval().to(memory_format=torch.contiguous_format)


def _cosine(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2


def channels_last(inputs: Any) -> Any:
    """Images in the order that is fast on a CPU."""
    if isinstance(inputs, Tensor) and inputs.ndim == 4:
        return inputs.contiguous(memory_format=torch.channels_last)
    return inputs


def answer(model: nn.Module, inputs: Inputs) -> Tensor:
    """Logits."""
    logits: Tensor = model(**inputs) if isinstance(inputs, dict) else model(inputs)
    return logits


@torch.no_grad()
def predictions(model: nn.Module, data: Part) -> NDArray[np.int64]:
    """The class that the model says, for each example."""
    inputs = channels_last(stacked(data.data))
    rows = torch.arange(len(data)).split(500)
    return torch.cat([answer(model, take(inputs, r)).argmax(1) for r in rows]).numpy()


# --- the truth ------------------------------------------------------------------------------------


def weights(case: Case, cache: Path) -> nn.Module:
    """The trained network, from the cache or trained now."""
    folder = cache / "models" / case.training
    data = part(case, "train")
    if (folder / "weights.pt").exists():
        model = network(case, data)
        model.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
        return model.eval()
    start = time.process_time()
    model = train(case, data)
    seconds = time.process_time() - start
    folder.mkdir(parents=True, exist_ok=True)
    right = predictions(model, data) == data.data.labels
    known = {"case": asdict(case), "cpu_seconds": seconds, "train_accuracy": float(right.mean())}
    write_text(folder / "training.json", json.dumps(plain(known), indent=1))
    torch.save(model.state_dict(), folder / "weights.tmp")
    (folder / "weights.tmp").replace(folder / "weights.pt")
    return model


def truth(case: Case, cache: Path) -> dict[str, Any]:
    """What is known of a case: accuracies, reliance, counter-examples; trains what is missing."""
    model = weights(case, cache)
    known = json.loads((cache / "models" / case.training / "training.json").read_text())
    audit = part(case, "audit")
    said = predictions(model, audit)
    right = said == audit.data.labels
    found: dict[str, Any] = {
        "name": case.name,
        "train_accuracy": known["train_accuracy"],
        "cpu_seconds": known["cpu_seconds"],
        "audit_accuracy": float(right.mean()),
        "audit_size": len(audit),
        "counter_examples": int(audit.counter.sum()),
        "wrong_labels": int(audit.wrong.sum()),
        "rare": int(audit.rare.sum()),
        "errors": int((~right).sum()),
        "counter_example_errors": int((~right & audit.counter).sum()),
        "audit_accuracy_where_cue_fails": _mean(right[audit.counter]),
        "cue": audit.cue,
        "details": audit.details,
    }
    if case.family == "none":
        return found | {"reliance": 0.0}
    redrawn = part(case, "redrawn")
    agrees = redrawn.values == redrawn.true
    own = reliance(predictions(model, redrawn) == redrawn.true, agrees)
    found["redrawn"] = asdict(own)
    if case.kind != "planted":
        known_none = case.kind == "nothing"
        drop = 0.0 if known_none else own.difference
        return found | {"reliance": drop, "raw_reliance": own.difference}
    other = case.twin()
    twin = weights(other, cache)
    base = reliance(predictions(twin, redrawn) == redrawn.true, agrees)
    found["twin"] = asdict(base) | {"training": other.training}
    difference = own.difference - base.difference
    return found | {
        "raw_reliance": own.difference,
        "reliance": difference,
        "reliance_low": difference
        - math.hypot(own.difference - own.low, base.high - base.difference),
        "reliance_high": difference
        + math.hypot(own.high - own.difference, base.difference - base.low),
        "accuracy_where_cue_fails": own.fails,
        "accuracy_where_cue_fails_low": own.fails_low,
        "accuracy_where_cue_fails_high": own.fails_high,
    }


def _mean(values: Bools) -> float | None:
    return float(values.mean()) if len(values) else None
