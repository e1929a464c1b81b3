import pytest
import torch
from torch import nn
from torch.utils.data import Dataset, Subset

import earlysieve as es
from earlysieve.auditing.inputs_seen import InputsSeen, Scale, check_form, other_scale
from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import Batch
from tests.auditing.helpers import same, state_of


class Made(Dataset):
    """A cue that agrees with the label for a share, and what it takes two layers to see."""

    class_names = ("no", "yes")

    def __init__(self, agrees, count=600, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.labels = torch.arange(count) % 2
        sign = 2.0 * self.labels - 1
        cue = torch.where(torch.rand(count, generator=generator) < agrees, sign, -sign)
        u, v = torch.randn(2, count, generator=generator).abs() * sign.sign()
        flip = 2.0 * (torch.rand(count, generator=generator) < 0.5) - 1
        self.x = torch.stack([cue, u.abs() * flip, v.abs() * flip * sign], 1)
        self.x += 0.02 * torch.randn(self.x.shape, generator=generator)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.x[i], int(self.labels[i])


class Leaning(nn.Module):
    """Says the cue unless the product of the two others clearly contradicts it."""

    def __init__(self, cue=1.0):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 5)
        self.head = nn.Linear(5, 2)
        with torch.no_grad():
            for layer in (self.first, self.second, self.head):
                layer.weight.zero_()
                layer.bias.zero_()
            self.first.weight.copy_(torch.eye(3))
            pairs = [[0, 1, 1], [0, -1, -1], [0, 1, -1], [0, -1, 1], [1, 0, 0]]
            self.second.weight.copy_(torch.tensor(pairs))
            self.second.bias[4] = 5.0
            self.head.weight[1] = torch.tensor([0.8, 0.8, -0.8, -0.8, cue])
            self.head.bias[1] = -5.0 * cue

    def forward(self, x):
        return self.head(torch.relu(self.second(self.first(x))))


def audited(data, reference=None, model=None, **options):
    return es.audit(
        model or Leaning(),
        data,
        reference=reference,
        layers=["first", "second"],
        swaps=0,
        progress=False,
        **options,
    )


def test_what_is_simple_does_not_transfer():
    result = audited(Made(0.5, seed=1), Made(0.97))
    first, second, model = result.summary.transfer
    assert (first.layer, second.layer, model.layer) == ("first", "second", "model")
    assert [first.depth, second.depth, model.depth] == [1, 2, 3]
    assert first.reference_accuracy == pytest.approx(0.97, abs=0.02)
    assert first.data_accuracy == pytest.approx(0.5, abs=0.06)
    assert model.reference_accuracy > 0.97
    assert 0.6 < model.data_accuracy < 0.9
    assert all(row.data_low < row.data_accuracy < row.data_high for row in result.summary.transfer)
    assert result.config["scores"] == "by readouts of the reference"
    assert result.config["reference_examples"] == 600
    table = result.layers
    assert list(table["accuracy"]) == pytest.approx([first.data_accuracy, second.data_accuracy])
    readout = result.examples["readout_prediction"] == result.examples["label"]
    assert readout.mean() == pytest.approx(first.data_accuracy)
    assert result.summary.layer == "first"
    assert result.summary.verdict == "shortcut"
    assert "Fitted on the reference, the readout of layer 'first' is right on" in (
        result.summary.explanation
    )


def test_the_same_distribution_raises_no_alarm():
    data = Made(0.97, seed=1)
    alone, compared = audited(data), audited(data, Made(0.97))
    assert compared.summary.verdict == alone.summary.verdict
    first, _, model = compared.summary.transfer
    assert first.data_accuracy == pytest.approx(first.reference_accuracy, abs=0.03)
    assert model.data_accuracy == pytest.approx(model.reference_accuracy, abs=0.03)


def test_a_model_that_does_without_the_cue_raises_no_alarm():
    result = audited(Made(0.5, seed=1), Made(0.97), Leaning(cue=0.0))
    assert result.summary.verdict != "shortcut"
    assert result.summary.transfer[0].data_accuracy < 0.6


def test_it_is_saved_and_loaded(tmp_path):
    result = audited(Made(0.5, seed=1), Made(0.97))
    result.save(tmp_path / "out")
    assert es.AuditResult.load(tmp_path / "out").summary == result.summary


def test_the_model_is_left_as_it_was():
    model = Leaning()
    before = state_of(model)
    audited(Made(0.5, 60, seed=1), Made(0.97, 60), model)
    assert same(before, state_of(model))


@pytest.mark.parametrize("head", ["mlp"])
def test_other_heads(head):
    result = audited(Made(0.5, 80, seed=1), Made(0.97, 80), head=head)
    assert [row.layer for row in result.summary.transfer] == ["first", "second", "model"]


def test_in_sample_scores_of_the_data_leave_the_reference_out_of_fold():
    result = audited(Made(0.5, 80, seed=1), Made(0.97, 80), folds=0)
    assert result.config["scores"] == "by readouts of the reference"


def test_twins_are_left_out_and_told():
    whole = Made(0.9, 200)
    data, reference = Subset(whole, range(120)), Subset(whole, range(80, 200))
    result = audited(data, reference)
    assert result.config["reference_examples"] == 80
    assert (
        "40 of 120 examples of the data are in the reference, too. No readout was fitted on them, "
        "and they are left out of the comparison with it."
    ) in result.notes
    assert len(result.examples) == 120
    right = result.examples["prediction"] == result.examples["label"]
    assert result.summary.transfer[-1].data_accuracy == pytest.approx(right[:80].mean())


def test_nothing_is_left():
    whole = Made(0.9, 200)
    with pytest.raises(InputError, match="all of its 200 examples are among the data"):
        audited(whole, whole)
    with pytest.raises(InputError, match="all 50 examples of the data are in the reference, too"):
        audited(Subset(whole, range(50)), whole)


def test_other_classes_are_refused():
    data, reference = Made(0.9, 60), Made(0.9, 60, seed=1)
    reference.class_names = ("yes", "no")
    with pytest.raises(InputError, match="in the same order, 'no', 'yes', but got 'yes', 'no'"):
        audited(data, reference)
    reference.class_names = ("0", "1")
    audited(data, reference)
    reference.labels = reference.labels + 1
    with pytest.raises(InputError, match="from 0 to 1, .* but got 2.* is about the reference"):
        audited(data, reference)
    reference.labels = torch.zeros(60, dtype=torch.int64)
    with pytest.raises(DataError, match="at least two classes.*about the reference"):
        audited(data, reference)
    three = [(x, y % 3) for (x, _), y in zip(data, range(60), strict=True)]
    with pytest.raises(InputError, match="every class of the data, but it lacks '2'"):
        es.audit(
            nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), three, reference=reference_of(data)
        )


def reference_of(data):
    return [(data.x[i] + 0.1, int(data.labels[i])) for i in range(len(data))]


def test_inputs_of_another_form_are_refused():
    data = Made(0.9, 60)
    wide = [(torch.zeros(5) + i, i % 2) for i in range(20)]
    with pytest.raises(InputError, match=r"of the data, \(3\) numbers with .*got \(5\) numbers"):
        audited(data, wide)
    loader = iter([Batch(torch.zeros(4, 5), torch.arange(4) % 2)])
    with pytest.raises(InputError, match=r"\(3\) numbers .* got \(5\) numbers"):
        audited(data, loader)


@pytest.mark.parametrize(
    ("ours", "theirs", "part"),
    [
        (torch.zeros(2, 3, 8, 8), torch.zeros(2, 1, 8, 8), r"\(3, 8, 8\) .* got \(1, 8, 8\)"),
        (torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 9, 9), r"\(3, 8, 8\) .* got \(3, 9, 9\)"),
        (
            torch.zeros(2, 3, 8, 8),
            torch.zeros(2, 3, 8, 8, dtype=torch.uint8),
            "fractions, but got .* whole numbers",
        ),
        (
            (torch.zeros(2, 3), torch.zeros(2, 4)),
            torch.zeros(2, 3),
            r"2 fields: \(3\) numbers with fractions; \(4\) .* got \(3\)",
        ),
        (
            {"input_ids": torch.zeros(2, 3).long()},
            {"tokens": torch.zeros(2, 3).long()},
            r"input_ids \(any\) whole numbers, but got tokens \(any\)",
        ),
    ],
)
def test_forms(ours, theirs, part):
    with pytest.raises(InputError, match=part):
        check_form(ours, theirs)
    check_form(ours, ours)


def test_texts_may_have_other_lengths():
    check_form({"input_ids": torch.zeros(2, 3).long()}, {"input_ids": torch.zeros(4, 9).long()})


def test_padding_does_not_tell_twins_apart():
    def texts(width):
        tokens = torch.zeros(2, width, dtype=torch.int64)
        tokens[0, :2], tokens[1, :3] = torch.tensor([5, 6]), torch.tensor([5, 6, 7])
        return Batch({"input_ids": tokens, "attention_mask": (tokens > 0).long()}, torch.arange(2))

    short, long = InputsSeen(), InputsSeen()
    list(short.watch([texts(3)]))
    list(long.watch([texts(8)]))
    assert short.prints == long.prints
    assert len(set(short.prints)) == 2


def test_every_field_counts():
    seen, x = InputsSeen(), torch.zeros(3, 2)
    list(seen.watch([Batch((x, torch.tensor([[1.0], [1.0], [2.0]])), torch.arange(3))]))
    assert seen.prints[0] == seen.prints[1] != seen.prints[2]


def scale(values):
    found = Scale()
    found.add(values)
    return found


def test_another_scale_is_told():
    pixels = torch.linspace(0, 1, 1001)
    assert other_scale(scale(pixels), scale(0.6 * pixels)) == ""
    assert other_scale(scale(pixels), scale(pixels + 0.2)) == ""
    assert "another scale" in other_scale(scale(255 * pixels), scale(pixels))
    told = other_scale(scale((pixels - 0.4) / 0.29), scale(pixels))
    assert "mean 0.345 and deviation 0.996, those of the reference 0.5 and 0.289" in told
    assert other_scale(scale(torch.ones(5)), scale(pixels)) == ""


def test_another_scale_allows_no_conclusion():
    data = Made(0.5, seed=1)
    data.x = data.x * 10
    result = audited(data, Made(0.97))
    assert any("another scale" in warning for warning in result.summary.warnings)
    assert result.summary.headline.find("early layers tell of the reference") == -1
