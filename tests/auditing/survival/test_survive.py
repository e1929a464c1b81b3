"""Models of which one knows what they need."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import earlysieve as es
from earlysieve.auditing.survival.survive import Survival, kept_for_survival, survive
from earlysieve.datasets.opened_data import opened
from earlysieve.datasets.text import Texts
from earlysieve.datasets.text_cues import WordTokenizer
from earlysieve.groups.accuracy import wilson_interval


class Reads(nn.Module):
    """Logits of two classes from one number per example."""

    def __init__(self, number: Callable[..., Tensor]) -> None:
        super().__init__()
        self.number, self.scale = number, nn.Parameter(torch.ones(1))
        self.seen = 0

    def forward(self, *inputs: Tensor, **named: Tensor) -> Tensor:
        number = self.scale * self.number(*inputs, **named).float()
        self.seen += len(number)
        return torch.stack([-number, number], 1)


def asked(model: nn.Module, data: Any, labels: np.ndarray, **options: Any) -> Survival:
    index = np.arange(len(labels))
    options = {"budget": 800, **options}
    with torch.no_grad():
        return survive(model.eval(), opened(data), labels, labels, index=index, **options)


def accuracies(found: Survival) -> dict[str, float]:
    return {row.change: row.accuracy for row in found.rows}


def pictures(place: tuple[int, int], channels: int = 3) -> tuple[list[tuple[Tensor, int]], Any]:
    """Images whose class is told by one pixel of the first channel; 4 in 5 are of class 0."""
    rng = torch.Generator().manual_seed(0)
    labels = (np.arange(200) % 5 == 4).astype(np.int64)
    made = []
    for label in labels.tolist():
        image = (torch.rand(channels, 16, 16, generator=rng) - 0.5) * 0.1
        image[0, place[0], place[1]] = 10.0 if label else -10.0
        made.append((image, label))
    return made, labels


def test_a_model_of_a_pixel_outside_the_centre() -> None:
    data, labels = pictures((1, 2))
    found = asked(Reads(lambda x: x[:, 0, 1, 2]), data, labels)
    told = accuracies(found)
    assert list(told) == [
        "unchanged", "without the central quarter", "only the central quarter", "16 tiles shuffled",
        "in grey",
    ]  # fmt: skip
    assert told["unchanged"] == told["without the central quarter"] == told["in grey"] == 1
    # Without its pixel the model says what the mean of all pixels says, which is below zero here.
    assert told["only the central quarter"] == 0.8
    assert [row.examples for row in found.rows] == [200] * 5
    row = found.rows[2]
    assert (row.low, row.high) == wilson_interval(160, 200)
    assert found.spent == 800


def test_a_model_of_a_pixel_in_the_centre_and_one_of_colour() -> None:
    data, labels = pictures((7, 7))
    told = accuracies(asked(Reads(lambda x: x[:, 0, 7, 7]), data, labels))
    assert told["without the central quarter"] == 0.8
    assert told["only the central quarter"] == 1
    red = [(image * 0 + torch.tensor([1.0, 0, 0] if y else [0, 1.0, 0])[:, None, None], y)
           for image, y in data]  # fmt: skip
    model = Reads(lambda x: x[:, 0].mean((1, 2)) - x[:, 1].mean((1, 2)))
    told = accuracies(asked(model, red, labels))
    assert told["16 tiles shuffled"] == told["without the central quarter"] == 1
    assert told["in grey"] < 1


def test_what_does_not_apply_is_said() -> None:
    data, labels = pictures((7, 7), channels=1)
    found = asked(Reads(lambda x: x[:, 0, 7, 7]), data, labels)
    assert "one channel" in found.skipped["in grey"]
    assert len(found.rows) == 4
    small = [(image[:, 5:11, 5:11], label) for image, label in data]
    found = asked(Reads(lambda x: x[:, 0, 2, 2]), small, labels)
    assert found.rows == ()
    assert "6 x 6" in found.skipped["16 tiles shuffled"]
    two = [({"a": image, "b": image}, label) for image, label in data]
    assert "2 images" in asked(Reads(lambda a, b: a[:, 0, 7, 7]), two, labels).skipped["all"]
    assert "random access" in asked(Reads(lambda x: x), iter(()), labels).skipped["all"]


def test_images_of_whole_numbers_stay_so() -> None:
    data, labels = pictures((7, 7))
    whole = [((image * 10 + 100).round().to(torch.uint8), label) for image, label in data]
    kinds = set()

    def number(images: Tensor) -> Tensor:
        kinds.add(images.dtype)
        return images[:, 0, 7, 7].float() - 100

    told = accuracies(asked(Reads(number), whole, labels))
    assert kinds == {torch.uint8}
    assert told["only the central quarter"] == 1


@pytest.mark.parametrize(("budget", "examples"), [(0, 0), (29, 0), (39, 0), (40, 10), (170, 42)])
def test_the_sample_is_as_large_as_the_budget_allows(budget: int, examples: int) -> None:
    data, labels = pictures((7, 7))
    model = Reads(lambda x: x[:, 0, 7, 7])
    found = asked(model, data, labels, budget=budget)
    assert {row.examples for row in found.rows} == ({examples} if examples else set())
    assert model.seen == found.spent == 4 * examples
    assert bool(found.rows) != ("all" in found.skipped)


def test_the_seed_decides() -> None:
    data, labels = pictures((1, 2))
    model = Reads(lambda x: x[:, 0].mean((1, 2)))
    runs = [asked(model, data, labels, budget=160, seed=seed) for seed in (3, 3, 4)]
    shown = [torch.stack([one.values for one in run.example]) for run in runs]
    assert runs[0].rows == runs[1].rows
    assert shown[0].equal(shown[1])
    assert runs[0].example[0].index != runs[2].example[0].index


def test_the_example_is_shown_in_one_scale_with_what_the_model_says() -> None:
    data, labels = pictures((1, 2))
    found = asked(Reads(lambda x: x[:, 0, 1, 2]), data, labels)
    first, *others = found.example
    assert [one.change for one in found.example] == [row.change for row in found.rows]
    assert first.values.dtype == torch.uint8
    assert {one.index for one in found.example} == {first.index}
    assert (first.label, first.answer) == (labels[first.index], labels[first.index])
    assert others[0].values[:, 1, 2].equal(first.values[:, 1, 2])
    assert not others[1].values[:, 1, 2].equal(first.values[:, 1, 2])


def table() -> tuple[list[tuple[Tensor, int]], np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 2
    values = torch.tensor(rng.normal(size=(300, 5)), dtype=torch.float32)
    values[:, 3] = torch.as_tensor(labels) * 2.0 - 1
    return list(zip(values, labels.tolist(), strict=True)), labels


def test_a_table_whose_column_is_shuffled() -> None:
    data, labels = table()
    found = asked(Reads(lambda x: x[:, 3]), data, labels, budget=600)
    told = accuracies(found)
    assert list(told)[:2] == ["unchanged", "column '3' shuffled"]
    assert len(told) == 4
    assert set(told.values()) == {1.0, told["column '3' shuffled"]}
    assert 0.35 < told["column '3' shuffled"] < 0.65
    assert found.skipped == {"other columns": "2 columns tell less by themselves"}
    assert found.example == ()


WORDS = ["first", "last", ".", "!", "a", "b", "c", "d"]


def sentences(cut: Callable[[int], str], texts: int = 120) -> tuple[Texts, np.ndarray]:
    labels = np.arange(texts) % 2
    tokenizer = WordTokenizer(WORDS)
    made = [cut(int(label)) for label in labels]
    return Texts(made, labels, ("no", "yes"), tokenizer=tokenizer, max_length=12), labels


def holds(word: str) -> Callable[..., Tensor]:
    number = WordTokenizer(WORDS)(word)["input_ids"][0, 0]

    def count(input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return ((input_ids == number) & attention_mask.bool()).any(1).float() - 0.5

    return count


def test_texts_by_halves_and_punctuation() -> None:
    data, labels = sentences(lambda y: f"{'first' if y else 'a'} b , c d {'!' if y else '.'}")
    told = accuracies(asked(Reads(holds("first")), data, labels))
    assert told == {
        "unchanged": 1, "word order shuffled": 1, "first half only": 1, "last half only": 0.5,
        "without punctuation": 1,
    }  # fmt: skip
    told = accuracies(asked(Reads(holds("!")), data, labels))
    assert (told["without punctuation"], told["last half only"]) == (0.5, 1)


def test_texts_by_order() -> None:
    def first(input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return (input_ids[:, 0] == WordTokenizer(WORDS)("first")["input_ids"][0, 0]).float() - 0.5

    data, labels = sentences(lambda y: "first last a b c d" if y else "last first d c b a")
    found = asked(Reads(first), data, labels)
    told = accuracies(found)
    assert told["first half only"] == 1
    assert told["word order shuffled"] < 0.75
    assert found.skipped == {"without punctuation": "no text of the sample has any"}


def numbers(extra: Sequence[str] = ()) -> tuple[list[tuple[dict[str, Tensor], int]], np.ndarray]:
    """Texts as bare numbers, 7 in every one of them, without a tokenizer."""
    labels = np.arange(60) % 2
    made = []
    for row, label in enumerate(labels.tolist()):
        ids = torch.tensor([7, 10 + label, 20 + row % 5, 0])
        fields = {"input_ids": ids, "attention_mask": (ids > 0).long()}
        made.append((fields | {name: torch.zeros(4) for name in extra}, label))
    return made, labels


def test_without_a_tokenizer_what_is_everywhere_stays() -> None:
    places = set()

    def watched(input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        places.update((input_ids == 7).nonzero()[:, 1].tolist())
        return ((input_ids == 11) & attention_mask.bool()).any(1).float() - 0.5

    data, labels = numbers()
    found = asked(Reads(watched), data, labels)
    assert places == {0}
    assert accuracies(found)["first half only"] == 1
    assert accuracies(found)["last half only"] == 0.5
    assert "no tokenizer" in found.skipped["without punctuation"]


def test_fields_that_belong_to_places_of_tokens() -> None:
    data, labels = numbers(["token_type_ids"])
    found = asked(Reads(lambda **_: torch.ones(1)), data, labels)
    assert found.rows == ()
    assert "token_type_ids" in found.skipped["word order shuffled"]


def test_an_audit_keeps_the_promised_budget_and_leaves_the_verdict_alone() -> None:
    data, _ = pictures((7, 7))
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(784, 2))
    seen = [0]
    model.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    totals = {}
    for swaps in (0, 300):
        seen.clear()
        result = es.audit(model, data, folds=2, pictures=1, heatmaps=0, swaps=swaps)
        totals[swaps] = sum(seen)
        survives, not_taken = result.summary.survives, result.summary.not_taken
        assert bool(survives) == bool(result.changed_pictures) == bool(swaps)
        assert ("all" in not_taken) != bool(swaps)
    # Swaps leave a fifth of the budget, 60, for four changes.
    assert survives[0].examples >= 15
    assert totals[300] - totals[0] <= 300


def test_what_is_kept_of_a_budget() -> None:
    assert [kept_for_survival(budget) for budget in (0, 4, 60, 1000, 10**6)] == [0, 0, 12, 200, 200]
