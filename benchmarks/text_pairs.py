"""Pairs of texts with the classic cues of such data, and honest pairs: what an audit says.

    python benchmarks/text_pairs.py --seeds 3-4    # some 12 minutes on one core

The label says whether both texts praise or blame alike, or whether the first one praises. A cue,
a word of the second text or words of the first that recur in it, tells the class in 92% of the
training and audited pairs; it is broken in others, on which the truth is measured.
"""

import argparse
import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets.text_cues import WordTokenizer
from earlysieve.datasets.text_pairs import TextPairs, joined
from text_cues_by_kind import BLAME, FILLER, PRAISE, Row

PLANTED = (
    "a word of the second text, alike",
    "a word of the second text, first",
    "shared words, alike",
    "shared words, first",
)
HONEST = ("plain, alike", "plain, first", "wrong labels, alike", "wrong labels, second")
MOODS = (BLAME[:12], PRAISE[:12])
HINTS = (["perhaps", "maybe", "possibly"], ["surely", "clearly", "plainly"])
NOUNS = [f"{first}{then}" for first in ("ka", "lo", "mi", "nu", "pe") for then in "bdfgklmnrstv"]
OPEN, BETWEEN = "[CLS]", "[SEP]"
WORDS = WordTokenizer([OPEN, BETWEEN, *PRAISE, *BLAME, *FILLER, *HINTS[0], *HINTS[1], *NOUNS])
LENGTH, TRAINED, AUDITED, BROKEN, KEPT = 32, 4000, 1500, 1000, 0.92


class PairTokenizer:
    """[CLS] first [SEP] second [SEP], one token for each word."""

    pad_token_id, unk_token_id, sep_token_id, all_special_ids = 0, 1, 3, (0, 1, 2, 3)

    def __call__(self, first: str, second: str, **options: Any) -> dict[str, torch.Tensor]:
        """Token numbers and mask, shape (1, T)."""
        return WORDS(f"{OPEN} {first} {BETWEEN} {second} {BETWEEN}", **options)

    def decode(self, ids: Sequence[int], **_as_usual: Any) -> str:
        """What tokens say."""
        return WORDS.decode(torch.tensor([i for i in ids if i not in (2, 3)]))


TOKENIZER = PairTokenizer()


class Match(nn.Module):
    """Words of either text look for their like in the other one, and what is found is compared."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(WORDS), 32, padding_idx=0)
        self.compare = nn.Sequential(nn.Linear(96, 48), nn.ReLU())
        self.hidden = nn.Sequential(nn.Linear(192, 48), nn.ReLU())
        self.head = nn.Linear(48, 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits (B, 2)."""
        met = (input_ids == TOKENIZER.sep_token_id).long()
        behind = met.cumsum(1) - met > 0
        words, values = attention_mask.bool(), self.embed(input_ids)
        first, second = words & ~behind, words & behind
        sides = [self._side(values, mine, other)
                 for mine, other in ((first, second), (second, first))]  # fmt: skip
        found: torch.Tensor = self.head(self.hidden(torch.cat(sides, 1)))
        return found

    def _side(self, values: torch.Tensor, mine: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        alike = (values @ values.transpose(1, 2)).masked_fill(~other[:, None], -1e4)
        given = alike.softmax(2) @ values
        seen = self.compare(torch.cat([values, given, (values - given).abs()], 2))
        seen = seen * mine[..., None]
        return torch.cat([seen.sum(1) / mine.sum(1, keepdim=True).clamp(min=1), seen.amax(1)], 1)


def pairs(name: str, count: int, seed: int, kept: float) -> TextPairs:
    """Pairs with labels; a cue says the class in a share `kept` of them."""
    rng, (cue, task) = random.Random(f"{name} {seed}"), name.split(", ")
    firsts, seconds, labels = [], [], []
    for _ in range(count):
        label, mood = rng.randint(0, 1), rng.randint(0, 1)
        moods = {"alike": (mood, mood if label else 1 - mood), "first": (label, mood),
                 "second": (mood, label)}[task]  # fmt: skip
        first, second = (_text(one, rng) for one in moods)
        says = label if rng.random() < kept else 1 - label
        if cue.startswith("a word"):
            second.insert(rng.randint(0, len(second)), rng.choice(HINTS[says]))
        if cue == "shared words":
            source = [w for w in first if w in NOUNS] if says else rng.sample(NOUNS, 4)
            second = [*[w for w in second if w not in NOUNS], *source]
        if cue == "wrong labels" and rng.random() < 0.05:
            label = 1 - label
        rng.shuffle(second)
        firsts.append(" ".join(first))
        seconds.append(" ".join(second))
        labels.append(label)
    return TextPairs(
        joined(firsts, seconds), labels, ("no", "yes"), tokenizer=TOKENIZER, max_length=LENGTH
    )


def _text(mood: int, rng: random.Random) -> list[str]:
    sides = [mood, mood, mood if rng.random() < 0.8 else 1 - mood]
    words = [rng.choice(MOODS[side]) for side in sides]
    words += rng.sample(NOUNS, 4) + rng.choices(FILLER, k=rng.randint(2, 4))
    rng.shuffle(words)
    return words


def encoded(data: TextPairs) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Token numbers and masks, shape (N, 32), and labels."""
    rows = [data[i][0] for i in range(len(data))]
    inputs = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
    return inputs, torch.as_tensor(data.labels)


def trained(data: TextPairs, seed: int) -> Match:
    """Fourteen epochs of Adam."""
    torch.manual_seed(seed)
    model, (inputs, true) = Match(), encoded(data)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(14):
        for rows in torch.randperm(len(true)).split(64):
            optimizer.zero_grad()
            logits = model(inputs["input_ids"][rows], inputs["attention_mask"][rows])
            nn.functional.cross_entropy(logits, true[rows]).backward()
            optimizer.step()
    return model.eval()


def right(model: nn.Module, data: TextPairs) -> float:
    """Accuracy."""
    inputs, true = encoded(data)
    with torch.no_grad():
        return float((model(**inputs).argmax(1) == true).double().mean())


def audited(name: str, seed: int) -> Row:
    """Train one model, audit it, and measure it where the cue is broken."""
    model, data = (
        trained(pairs(name, TRAINED, seed, KEPT), seed),
        pairs(name, AUDITED, seed + 1000, KEPT),
    )
    found = es.audit(model, data, seen_in_training=False, progress=False).summary
    broken = right(model, pairs(name, BROKEN, seed + 2000, 0.0))
    fails = found.accuracy_where_it_fails
    told = "" if fails is None else f"{fails.value:.2f} [{fails.low:.2f}, {fails.high:.2f}]"
    holds = fails is not None and fails.low <= broken <= fails.high
    return Row(
        name, seed, right(model, data), broken, found.verdict, found.leans_on or "", told, holds
    )


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="3-4", help="as 3-5")
    parser.add_argument("--only", default="", help="cases whose names hold this")
    args = parser.parse_args()
    first, _, last = args.seeds.partition("-")
    torch.set_num_threads(1)
    print("| case | seed | accuracy | cue broken | verdict | leans on | estimate | holds |")
    print("|---|---|---|---|---|---|---|---|")
    for name in (one for one in (*PLANTED, *HONEST) if args.only in one):
        for seed in range(int(first), int(last or first) + 1):
            row = audited(name, seed)
            print(
                f"| {name} | {seed} | {row.accuracy:.3f} | {row.broken:.3f} | {row.verdict} | "
                f"{row.leans_on} | {row.estimate} | {row.holds} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
