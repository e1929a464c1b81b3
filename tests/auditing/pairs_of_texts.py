"""Pairs of made-up words, and models that are known to go by one text, by both, or by overlap."""

import numpy as np
import torch
from torch import nn

from earlysieve.datasets.text_cues import WordTokenizer
from earlysieve.datasets.text_pairs import TextPairs, joined

ENDS = [first + then for first in "bdfgk" for then in "aeio"]
MOODS = [[mood + end for end in ENDS] for mood in ("bad", "good")]
CUES = [["never", "hardly", "nowhere"], ["surely", "often", "always"]]
PLAIN = ["plain" + first + end for first in "mnprst" for end in ENDS]
OPEN, BETWEEN = "[CLS]", "[SEP]"
_KNOWN = WordTokenizer([OPEN, BETWEEN, *MOODS[0], *MOODS[1], *CUES[0], *CUES[1], *PLAIN])
TYPES = 28


class PairTokenizer:
    """Joins two texts as BERT's does, without types: [CLS] first [SEP] second [SEP]."""

    pad_token_id, unk_token_id, cls_token_id, sep_token_id = 0, 1, 2, 3
    unk_token = "[UNK]"
    all_special_ids = (0, 1, 2, 3)

    def __len__(self):
        return len(_KNOWN)

    def __call__(self, first, second=None, *, max_length=TYPES, **_as_usual):
        words = [OPEN, *first.split(), BETWEEN]
        words += [] if second is None else [*second.split(), BETWEEN]
        return _KNOWN(" ".join(words), max_length=max_length)

    def decode(self, ids, **_as_usual):
        return _KNOWN.decode([i for i in ids if i not in (2, 3)])


TOKENIZER = PairTokenizer()


def number(word):
    return int(_KNOWN(word)["input_ids"][0, 0])


def _weights(words):
    """-1 for the words of class 0, 1 for those of class 1, else 0, (V,)."""
    found = torch.zeros(len(_KNOWN))
    for kind, some in enumerate(words):
        for word in some:
            found[number(word)] = 2 * kind - 1
    return found


class Judge(nn.Module):
    """Weighs the mood of the first text, the cue in the second, what both say, and overlap."""

    def __init__(self, *, mood=0.0, cue=0.0, both=0.0, overlap=0.0):
        super().__init__()
        self.by = (mood, cue, both, overlap)
        self.values = nn.Embedding.from_pretrained(
            torch.stack([_weights(MOODS), _weights(CUES)], 1), freeze=True
        )
        self.mixed = nn.Linear(4, 4)
        self.out = nn.Linear(4, 2)
        with torch.no_grad():
            self.mixed.weight.copy_(torch.eye(4))
            self.mixed.bias.zero_()
            self.out.weight.copy_(torch.tensor([[-1.0] * 4, [1.0] * 4]))
            self.out.bias.zero_()

    def forward(self, input_ids, attention_mask):
        met = (input_ids == TOKENIZER.sep_token_id).long()
        behind = (met.cumsum(1) - met > 0) & attention_mask.bool()
        words = attention_mask.bool() & (input_ids > TOKENIZER.sep_token_id)
        first, second = words & ~behind, words & behind
        value = self.values(input_ids)
        moods = [(value[..., 0] * one).sum(1).sign() for one in (first, second)]
        alike = (input_ids[:, :, None] == input_ids[:, None, :]) & first[:, None, :]
        share = (alike.any(2) & second).sum(1) / second.sum(1).clamp_min(1)
        parts = (
            moods[0],
            (value[..., 1] * second).sum(1).sign(),
            moods[0] * moods[1],
            ((share - 0.3) * 10).clamp(-1, 1),
        )
        weighed = torch.stack([by * one for by, one in zip(self.by, parts, strict=True)], 1)
        return self.out(self.mixed(weighed))


def pairs(kind, told=0.92, count=1200, seed=0, same_first=False):
    """Pairs with labels, and where the sign holds.

    Args:
        kind: "cue", a word in the second text; "overlap", words of the first in it; "both ...",
            whether moods of both agree is the label, else the mood of the first.
        told: share of pairs in which the sign goes with the label.
        count: of pairs.
        seed: of all.
        same_first: whether all have one first text.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    holds = rng.random(count) < told
    signs = np.where(holds, labels, 1 - labels)
    firsts, seconds = [], []
    for label, sign in zip(labels, signs, strict=True):
        mood = rng.integers(0, 2) if kind.startswith("both") else label
        first = [*rng.choice(MOODS[mood], 3), *rng.choice(PLAIN[:60], 6, replace=False)]
        second = list(rng.choice(PLAIN[60:], 6, replace=False))
        if kind.startswith("both"):
            second[:3] = rng.choice(MOODS[mood if label else 1 - mood], 3)
        if kind.endswith("cue"):
            second[5] = rng.choice(CUES[sign])
        if kind == "overlap" and sign:
            second[:4] = first[3:7]
        firsts.append(" ".join(rng.permutation(first)) if not same_first else "plainma plainna")
        seconds.append(" ".join(rng.permutation(second)))
    data = TextPairs(
        joined(firsts, seconds), labels, ("bad", "good"), tokenizer=TOKENIZER, max_length=TYPES
    )
    return data, holds
