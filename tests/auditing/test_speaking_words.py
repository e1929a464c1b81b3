"""Words that speak for the readout's answer are marked, exactly and nowhere else."""

from dataclasses import replace

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.auditing.token_words import Piece
from earlysieve.datasets.text_cues import WordTokenizer
from earlysieve.report import render

pytest.importorskip("PIL")

WORDS = ["rain", "sun", *(f"w{i}" for i in range(12))]
TOKENIZER = WordTokenizer(WORDS)


class Texts(torch.utils.data.Dataset):
    """'rain' tells class 0 and 'sun' class 1, but not in every eighth text; a third has neither."""

    tokenizer = TOKENIZER

    def __init__(self, count=240):
        generator = torch.Generator().manual_seed(0)
        self.labels = [i % 2 for i in range(count)]
        self.texts = []
        for i, label in enumerate(self.labels):
            told = label if i % 8 else 1 - label
            length = 5 + i % 4
            words = [
                WORDS[2 + int(j)] for j in torch.randint(0, 12, (length,), generator=generator)
            ]
            cue = [WORDS[told]] if i % 3 else []
            self.texts.append(" ".join([*words[:2], *cue, *words[2:]]))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        found = TOKENIZER(self.texts[i], max_length=10)
        return {**{name: value[0] for name, value in found.items()}, "label": self.labels[i]}

    def display(self, i):
        return self.texts[i]


class Wordless(Texts):
    tokenizer = None


class Reader(nn.Module):
    """Embeds words, mixes them linearly, and reads their mean."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.embed = nn.Embedding(len(TOKENIZER), 16)
            self.mix = nn.Linear(16, 16)
            self.head = nn.Linear(16, 2)

    def forward(self, input_ids, attention_mask):
        mask = attention_mask[..., None].float()
        hidden = self.mix(self.embed(input_ids))
        return self.head((hidden * mask).sum(1) / mask.sum(1))


@pytest.fixture(scope="module")
def audited():
    return es.audit(Reader(), Texts(), layers=["mix"], pictures=8, swaps=0)


def test_the_word_that_tells_the_readout_is_marked(audited):
    said = dict(zip(audited.examples["index"], audited.examples["readout_prediction"], strict=True))
    texts = [one for one in audited.pictures if one.kind == "text"]
    assert len(texts) >= 8
    for one in texts:
        marked = [piece.text for piece in one.pieces if piece.marked]
        # Of five to nine words one is marked, if any; the padding is none of them.
        assert len(marked) <= 1
        assert " ".join(piece.text for piece in one.pieces) == one.text
        if WORDS[said[one.index]] in one.text:
            assert marked == [WORDS[said[one.index]]]
    assert any(WORDS[said[one.index]] in one.text for one in texts)


def test_pieces_are_saved_and_shown(audited, tmp_path):
    audited.save(tmp_path)
    loaded = es.AuditResult.load(tmp_path)
    assert loaded.pictures == audited.pictures
    page = render(loaded)
    assert "<mark>" in page
    assert "Marked words speak most for what the early readout says" in page


def test_marks_are_escaped(audited):
    first = replace(audited.pictures[0], pieces=[Piece("<b>evil</b>", marked=True)])
    page = render(replace(audited, pictures=[first]))
    assert "<b>evil" not in page
    assert "<mark>&lt;b&gt;evil" in page


@pytest.mark.parametrize("change", [{"head": "mlp"}, {"layers": ["head"]}])
def test_where_no_token_can_be_weighed_nothing_is_marked(change):
    result = es.audit(
        Reader(), Texts(60), **({"layers": ["mix"], "pictures": 2, "swaps": 0, "folds": 2} | change)
    )
    assert result.pictures
    assert all(one.pieces == [] for one in result.pictures)
    assert "Marked words" not in render(result)


def test_without_a_tokenizer_texts_stay_texts_and_a_note_says_how_to_name_words():
    told = es.audit(Reader(), Texts(), pictures=4, swaps=400)
    numbers = es.audit(Reader(), Wordless(), pictures=4, swaps=400)
    assert all(one.text for one in numbers.pictures)
    assert not any(one.pieces for one in numbers.pictures)
    assert [note for note in numbers.notes if "data.tokenizer = tokenizer" in note]
    assert not [note for note in told.notes if "tokenizer" in note]
    (part,) = [one for one in told.summary.swaps if one.part == "token"]
    assert part.detail.startswith("words that tell each class best: rain, ")
    assert " (class 0); sun, " in part.detail
    assert {one.speaks_for for one in told.summary.words} == {"class 0", "class 1"}
    assert numbers.summary.words == ()
    (part,) = [one for one in numbers.summary.swaps if one.part == "token"]
    assert part.detail.startswith("tokens that tell each class best: #")
