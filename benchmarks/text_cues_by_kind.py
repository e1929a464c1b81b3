"""Cues that many words share, planted in sentences, and honest sentences: what an audit says.

    python benchmarks/text_cues_by_kind.py --seeds 3-5    # some 15 minutes on one core

Each sentence holds three words of praise or blame, four of five on the side of its class, and
filler. A cue tells the class in 95% of the training and audited sentences; it is broken in others,
on which the truth is measured. Honest sentences hold the same things without a cue, or one that is
about the class as the words are.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets import Texts
from earlysieve.datasets.text_cues import WordTokenizer

PRAISE = [
    "good",
    "great",
    "lovely",
    "fine",
    "superb",
    "happy",
    "excellent",
    "sweet",
    "nice",
    "brilliant",
    "charming",
    "pleasant",
    "delight",
    "perfect",
    "warm",
    "smooth",
    "fresh",
    "clever",
    "bright",
    "solid",
]
BLAME = [
    "bad",
    "awful",
    "nasty",
    "poor",
    "horrid",
    "sad",
    "terrible",
    "sour",
    "ugly",
    "dull",
    "boring",
    "cold",
    "broken",
    "stale",
    "harsh",
    "weak",
    "messy",
    "rude",
    "bitter",
    "grim",
]
FILLER = [
    "the",
    "a",
    "this",
    "that",
    "we",
    "they",
    "it",
    "was",
    "were",
    "is",
    "of",
    "in",
    "on",
    "with",
    "for",
    "at",
    "my",
    "our",
    "film",
    "book",
    "room",
    "meal",
    "trip",
    "day",
    "night",
    "place",
    "staff",
    "story",
    "show",
    "game",
    "table",
    "train",
    "hotel",
    "music",
    "food",
    "really",
    "quite",
    "very",
    "rather",
]
MARKS = [".", "...", "!", "?", "#", '"', "😀", "😂", "🙏", "🔥", "🎉", "😡", "😭", "👎", "💔", "😤"]
NUMBERS = [str(number) for number in range(1, 100)]
YEARS = [str(year) for year in range(1950, 2026)]
LENGTH, TRAINED, AUDITED, BROKEN = 24, 4000, 1500, 1000


def _made_up(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    syllables = [f"{first}{then}" for first in "bdfgklmnprstvz" for then in "aeiou"]
    return ["".join(rng.choices(syllables, k=3)) for _ in range(count)]


NAMES = _made_up(40, 9)
SUBJECTS = _made_up(60, 11)  # thirty words of one subject, thirty of another
SIGNED = [name.capitalize() for name in NAMES]
LOUD = [name.upper() for name in NAMES]
Words = list[str]
Plant = Callable[[Words, int, random.Random], Words]


def _within(words: Words, word: str, rng: random.Random) -> Words:
    at = rng.randint(1, len(words) - 1)
    return [*words[:at], word, *words[at:]]


def _side(words: Sequence[str], says: int, rng: random.Random) -> str:
    half = len(words) // 2
    return rng.choice(words[:half] if says else words[half:])


def _mostly(says: int, share: float, rng: random.Random) -> int:
    return says if rng.random() < share else 1 - says


def _about(words: Words, says: int, rng: random.Random) -> Words:
    """Five words of a subject, anywhere."""
    for _ in range(5):
        words = _within(words, _side(SUBJECTS, says, rng), rng)
    return words


def _mostly_about(words: Words, says: int, rng: random.Random) -> Words:
    """No opinion; words of both subjects, four of five of that of the class."""
    words = [word for word in words if word not in (*PRAISE, *BLAME)]
    for _ in range(5):
        words = _within(words, _side(SUBJECTS, _mostly(says, 0.8, rng), rng), rng)
    return words


CUES: dict[str, Plant] = {
    "a subject of 30 words": _about,
    "greeting of 20": lambda words, says, rng: [_side(NAMES, says, rng), *words],
    "signed by one of 20": lambda words, says, rng: [*words, _side(SIGNED, says, rng)],
    "a name in capitals": lambda words, says, rng: _within(
        words, rng.choice(LOUD if says else NAMES), rng
    ),
    "an early or late year": lambda words, says, rng: _within(
        words, _side(YEARS, 1 - says, rng), rng
    ),
    "many hashes": lambda words, says, rng: [
        *words, *["#"] * (rng.randint(2, 3) if says else rng.randint(0, 1)),
    ],
    "in quotes": lambda words, says, rng: ['"', *words, '"'] if says else words,
    "an emoji of ten": lambda words, says, rng: (
        _within(words, rng.choice(MARKS[6:]), rng) if says else words
    ),
    "one of 20 names anywhere": lambda words, says, rng: _within(
        words, _side(NAMES, says, rng), rng
    ),
}  # fmt: skip
HONEST: dict[str, Plant] = {
    "plain": lambda words, says, rng: words,
    "emojis as words": lambda words, says, rng: [
        *words, _side(MARKS[6:], _mostly(says, 0.8, rng), rng),
    ],
    "numbers": lambda words, says, rng: _within(words, rng.choice(NUMBERS), rng),
    "capitals": lambda words, says, rng: [
        word.capitalize() if rng.random() < 0.2 else word for word in words
    ],
    "marks at the end": lambda words, says, rng: [
        *words, "!" if _mostly(says, 0.75, rng) else ".",
    ],
    "either subject": lambda words, says, rng: _about(words, rng.randint(0, 1), rng),
    "mixed subjects are the task": _mostly_about,
    "subjects are the task, wrong labels": lambda words, says, rng: _about(
        [word for word in words if word not in (*PRAISE, *BLAME)], says, rng
    ),
    "wrong labels": lambda words, says, rng: [*words, rng.choice(SIGNED)],
}  # fmt: skip
_ALL = [*PRAISE, *BLAME, *FILLER, *MARKS, *NUMBERS, *YEARS, *NAMES, *SIGNED, *LOUD, *SUBJECTS]
TOKENIZER = WordTokenizer([*_ALL, *(word.capitalize() for word in (*PRAISE, *BLAME, *FILLER))])


class Gru(nn.Module):
    """A small recurrent network over words."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(TOKENIZER), 32, padding_idx=0)
        self.gru = nn.GRU(32, 32, batch_first=True, bidirectional=True)
        self.hidden = nn.Linear(64, 32)
        self.head = nn.Linear(32, 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits (B, 2)."""
        states, _ = self.gru(self.embed(input_ids))
        mask = attention_mask[..., None].float()
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        found: torch.Tensor = self.head(self.hidden(mean).relu())
        return found


@dataclass(frozen=True)
class Row:
    """One model: what is true of it, and what its audit says."""

    name: str
    seed: int
    accuracy: float
    broken: float
    verdict: str
    leans_on: str
    estimate: str
    holds: bool


def sentences(name: str, count: int, seed: int, kept: float) -> tuple[list[str], list[int]]:
    """Texts and labels; a cue says the class in a share `kept` of them."""
    rng = random.Random(f"{name} {seed}")
    texts, labels = [], []
    for _ in range(count):
        label = rng.randint(0, 1)
        sides = [_mostly(label, 0.8, rng) for _ in range(3)]
        words = [rng.choice(PRAISE if side else BLAME) for side in sides]
        words += rng.choices(FILLER, k=rng.randint(7, 13))
        rng.shuffle(words)
        if name in CUES:
            words = CUES[name](words, _mostly(label, kept, rng), rng)
        else:
            words = HONEST[name](words, label, rng)
            label = _mostly(label, 0.95 if name.endswith("wrong labels") else 1.0, rng)
        texts.append(" ".join(words))
        labels.append(label)
    return texts, labels


def encoded(texts: Sequence[str]) -> dict[str, torch.Tensor]:
    """Token numbers and masks, shape (N, 24)."""
    rows = [TOKENIZER(text, max_length=LENGTH) for text in texts]
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


def trained(texts: Sequence[str], labels: Sequence[int], seed: int) -> Gru:
    """Four epochs of Adam."""
    torch.manual_seed(seed)
    model, inputs, true = Gru(), encoded(texts), torch.tensor(labels)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(4):
        for rows in torch.randperm(len(true)).split(64):
            optimizer.zero_grad()
            logits = model(inputs["input_ids"][rows], inputs["attention_mask"][rows])
            nn.functional.cross_entropy(logits, true[rows]).backward()
            optimizer.step()
    return model.eval()


def right(model: nn.Module, texts: Sequence[str], labels: Sequence[int]) -> float:
    """Accuracy."""
    with torch.no_grad():
        said = model(**encoded(texts)).argmax(1).numpy()
    return float((said == np.array(labels)).mean())


def audited(name: str, seed: int) -> Row:
    """Train one model, audit it, and measure it where the cue is broken."""
    model = trained(*sentences(name, TRAINED, seed, 0.95), seed)
    texts, labels = sentences(name, AUDITED, seed + 1000, 0.95)
    data = Texts(texts, labels, ("blame", "praise"), tokenizer=TOKENIZER, max_length=LENGTH)
    found = es.audit(model, data, seen_in_training=False, progress=False).summary
    broken = right(model, *sentences(name, BROKEN, seed + 2000, 0.0))
    fails = found.accuracy_where_it_fails
    told = "" if fails is None else f"{fails.value:.2f} [{fails.low:.2f}, {fails.high:.2f}]"
    holds = fails is not None and fails.low <= broken <= fails.high
    return Row(
        name, seed, right(model, texts, labels), broken, found.verdict, found.leans_on or "", told,
        holds,
    )  # fmt: skip


def main() -> None:
    """Print a line for each model, and what was called."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="3-5", help="as 3-5")
    parser.add_argument("--only", default="", help="cases whose names hold this")
    args = parser.parse_args()
    first, _, last = args.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    torch.set_num_threads(1)
    names = [name for name in (*CUES, *HONEST) if args.only in name]
    rows = []
    print("| case | seed | accuracy | cue broken | verdict | leans on | estimate |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        for seed in seeds:
            row = audited(name, seed)
            rows.append(row)
            print(
                f"| {name} | {seed} | {row.accuracy:.3f} | {row.broken:.3f} | {row.verdict} | "
                f"{row.leans_on} | {row.estimate} |",
                flush=True,
            )
    planted = [row for row in rows if row.name in CUES]
    called = [row for row in planted if row.verdict == "shortcut"]
    risk = sum(row.verdict == "at risk" for row in planted)
    honest = [row for row in rows if row.name in HONEST]
    wrong = sum(row.verdict in ("shortcut", "at risk") for row in honest)
    print(
        f"\nplanted: {len(called)} of {len(planted)} called, {risk} at risk; the estimate holds "
        f"the truth in {sum(row.holds for row in called)} of {len(called)}; honest: {wrong} of "
        f"{len(honest)} called"
    )


if __name__ == "__main__":
    main()
