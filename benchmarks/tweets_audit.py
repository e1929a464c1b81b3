"""Audit a classifier of tweets, as they are and with a planted word.

Two layers of MiniLM are fine-tuned on tweets, offensive or not (`tweets.py`). Planted: one of two
rare words after the first token, which agrees with the class on 95% of the tweets, in training and
in the audit. Run: python benchmarks/tweets_audit.py
"""

import argparse

import torch
from torch import Tensor, nn

import earlysieve as es
from earlysieve.datasets import stratified_sample
from earlysieve.training import ERM, EpochSampler
from tweets import BATCH, Tweets, batch_of, classifier, tweets

LAYERS = 2
WORDS = (7861, 18997)  # two rare words of the vocabulary of MiniLM


def part(split: str, size: int, seed: int, correlation: float) -> Tweets:
    """Some tweets, with a planted word where the correlation is above one half."""
    inputs, labels, groups = tweets(split)
    rows = torch.from_numpy(stratified_sample(groups.numpy(), size, seed))
    chosen = {key: value[rows].clone() for key, value in inputs.items()}
    if correlation > 0.5:
        planted(chosen, labels[rows], correlation, seed)
    return chosen, labels[rows], groups[rows]


def planted(inputs: dict[str, Tensor], labels: Tensor, correlation: float, seed: int) -> None:
    """Write a word after the first token of each tweet; the rest moves by one place."""
    generator = torch.Generator().manual_seed(seed)
    agrees = torch.rand(len(labels), generator=generator) < correlation
    word = torch.tensor(WORDS)[torch.where(agrees, labels, 1 - labels)]
    for key, value in inputs.items():
        value[:, 2:] = value[:, 1:-1].clone()
        value[:, 1] = {"input_ids": word, "attention_mask": torch.ones_like(word)}.get(
            key, 0 * word
        )


class Rows(torch.utils.data.Dataset[tuple[dict[str, Tensor], int]]):
    """Tweets one by one."""

    def __init__(self, data: Tweets) -> None:
        self.inputs, self.labels, _ = data

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[dict[str, Tensor], int]:
        return {key: value[index] for key, value in self.inputs.items()}, int(self.labels[index])


def trained(data: Tweets, seed: int, epochs: int) -> nn.Module:
    """Plain fine-tuning."""
    model = classifier(LAYERS, seed)
    method = ERM(model, torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True), autocast="bf16")
    sampler = EpochSampler(len(data[1]), BATCH, seed=seed)
    for epoch in range(epochs):
        for rows in sampler.batches(epoch):
            method.step(batch_of(data, torch.as_tensor(rows)))
    return model.eval()


def main() -> None:
    """Print the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    for correlation in (0.5, 0.95):
        for seed in range(args.seeds):
            model = trained(part("train", args.size, seed, correlation), seed, args.epochs)
            held_out = Rows(part("test", 3000, seed, correlation))
            found = es.audit(model, held_out, pictures=0, heatmaps=0, progress=False).summary
            name = "as they are" if correlation == 0.5 else f"a word at {correlation}"
            print(f"{name}, seed {seed}: {found.verdict}, {found.leans_on}; {found.headline}")
            print(f"    accuracy {found.accuracy:.3f}, strength {found.strength:.2f}", flush=True)


if __name__ == "__main__":
    main()
