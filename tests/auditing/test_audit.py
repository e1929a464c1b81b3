"""The whole audit, from data to result."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, Subset, SubsetRandomSampler, TensorDataset

import earlysieve as es
from earlysieve.auditing.collect import collect
from earlysieve.datasets.batches import iterate
from earlysieve.errors import DataError, InputError, LayerError
from earlysieve.model.layout import Layout
from earlysieve.readouts.fit import read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import LinearHead

from ..model.architectures import ARCHITECTURES, InPlace, TwoInputs, cnn, make, mlp
from .helpers import Net, Pictures, Planted


@pytest.fixture(scope="module")
def result():
    return es.audit(Net(), Planted(), pictures=0)


def test_a_planted_shortcut_is_found(result):
    data = Planted()
    assert result.summary.verdict == "shortcut"
    flagged = result.examples["flagged"].to_numpy()
    minority = data.minority.numpy()
    assert not flagged[~minority].any()
    assert flagged[minority].mean() > 0.85
    assert result.layers["auroc"].tolist() == [1.0] * len(result.layers)
    assert result.summary.accuracy_flagged == 0.0
    assert result.summary.accuracy_unflagged > 0.95
    assert result.summary.share_flagged == pytest.approx(flagged.mean())
    assert result.summary.worst_group == "group 1"
    assert result.summary.worst_group_accuracy == 0.0


def test_tables(result):
    assert result.layers.columns.tolist() == [
        "layer", "depth", "features", "accuracy", "loss", "errors", "flagged",
        "margin_on_errors", "margin_on_correct", "confidence_ratio", "auroc",
    ]  # fmt: skip
    assert result.layers["layer"].tolist() == ["first", "norm", "second"]
    assert result.layers["depth"].tolist() == [1, 2, 3]
    assert result.layers["features"].tolist() == [6, 6, 6]
    assert result.examples.columns.tolist() == [
        "index", "id", "label", "prediction", "confidence", "group", "readout_prediction",
        "margin", "shortcut_score", "flagged", "score of columns", "score of first mean",
        "score of norm mean", "score of second mean", "score of column 0", "score of column 2",
        "score of column 4", "score of other columns", "score of direction",
        "score of other directions", "pile", "label_doubt",
    ]  # fmt: skip
    assert result.examples["index"].tolist() == list(range(240))
    assert result.examples["id"].tolist() == [str(i) for i in range(240)]
    assert result.examples["label"].tolist() == Planted().labels.tolist()
    assert result.examples["group"].tolist() == Planted().minority.int().tolist()
    assert result.examples["confidence"].between(0.5, 1).all()


def test_the_layer_table_follows_from_the_examples(result):
    row = result.layers[result.layers["layer"] == result.summary.layer].iloc[0]
    examples = result.examples
    wrong = examples["readout_prediction"] != examples["label"]
    assert row["accuracy"] == pytest.approx(1 - wrong.mean())
    assert row["errors"] == wrong.sum()
    assert row["flagged"] == examples["flagged"].sum()
    assert row["margin_on_errors"] == pytest.approx(examples["margin"][wrong].mean())
    assert row["margin_on_correct"] == pytest.approx(examples["margin"][~wrong].mean())
    assert row["confidence_ratio"] == pytest.approx(
        row["margin_on_errors"] / row["margin_on_correct"]
    )
    assert np.array_equal(wrong & (examples["margin"] >= 0.5), examples["flagged"])


def test_the_score_is_a_weighted_mean_of_what_readers_say(result):
    readers = result.examples.filter(like="score of ").to_numpy()
    score = result.examples["shortcut_score"].to_numpy()
    assert ((readers.min(1) - 1e-6 <= score) & (score <= readers.max(1) + 1e-6)).all()
    assert (np.abs(readers) <= 1).all()
    wrong = (result.examples["prediction"] != result.examples["label"]).to_numpy()
    assert score[wrong].mean() > 0 > score[~wrong].mean()


def test_the_configuration_says_how_scores_were_made(result):
    assert result.config["scores"] == "out of fold"
    assert result.config["folds"] == 5
    assert result.config["layers"] == ["first", "norm", "second"]
    assert result.config["head"] == "LinearHead()"
    assert result.config["model"] == "Net"
    assert "group_shares" not in result.config
    assert result.config["pictures"] == 0
    for folds in (0, 1):
        inside = es.audit(Net(), Planted(60), folds=folds, pictures=0)
        assert inside.config["scores"] == "in-sample"


def test_predictions_are_those_of_the_model_in_evaluation_mode(result):
    model = Net().eval()
    with torch.no_grad():
        logits = model(Planted().x)
    assert result.examples["prediction"].tolist() == logits.argmax(1).tolist()
    assert np.allclose(result.examples["confidence"], logits.softmax(1).max(1).values)


@pytest.mark.parametrize("size", [1, 7, 239, 500])
def test_batch_size_changes_rounding_only(result, size):
    other = es.audit(Net(), Planted(), pictures=0, batch_size=size)
    assert np.allclose(other.examples["margin"], result.examples["margin"], atol=1e-4)
    assert other.examples["flagged"].equals(result.examples["flagged"])


def test_scores_of_an_example_do_not_depend_on_its_label_reaching_its_readout():
    data = Planted(60)
    before = es.audit(Net(), data, folds=3, pictures=0).examples
    data.labels = data.labels.clone()
    fold_of = assign_folds(data.labels, 3)
    a = 4
    b = next(i for i in range(60) if data.labels[i] != data.labels[a] and fold_of[i] == fold_of[a])
    data.labels[[a, b]] = data.labels[[b, a]]
    if torch.equal(assign_folds(data.labels, 3), fold_of):
        after = es.audit(Net(), data, folds=3, pictures=0).examples
        own = (fold_of == fold_of[a]).numpy()
        assert np.array_equal(before["margin"][own], after["margin"][own])


class TestForms:
    """The same examples in whatever form give the same table."""

    data = Planted(80)

    def table(self, data, **options):
        return es.audit(Net(), data, folds=2, pictures=0, **options).examples

    @pytest.mark.parametrize(
        "form",
        [
            lambda d: DataLoader(d, 16, shuffle=True),
            lambda d: DataLoader(d, 64, drop_last=True),
            lambda d: [d[i] for i in range(len(d))],
            lambda d: Subset(d, range(len(d))),
            lambda d: [es.Batch(d.x[:50], d.labels[:50], groups=d.minority[:50].long()),
                       es.Batch(d.x[50:], d.labels[50:], groups=d.minority[50:].long())],
            lambda d: [
                {"x": d.x[i], "label": int(d.labels[i]), "group": int(d.minority[i])}
                for i in range(len(d))
            ],
            lambda d: TensorDataset(d.x.double(), d.labels.to(torch.uint8), d.minority),
        ],
    )  # fmt: skip
    def test_forms(self, form):
        expected = self.table(self.data)
        found = self.table(form(self.data))
        assert np.allclose(found["margin"], expected["margin"], atol=1e-4)
        rest = ["index", "id", "label", "prediction", "group", "readout_prediction", "flagged"]
        pd.testing.assert_frame_equal(found[rest], expected[rest])

    def test_a_stream(self):
        data = self.data

        class Stream(IterableDataset):
            def __iter__(self):
                yield from (data[i] for i in range(len(data)))

        found = es.audit(Net(), Stream(), folds=2, pictures=4)
        assert found.examples["index"].tolist() == list(range(80))
        assert found.pictures == []
        assert found.notes == [
            "No pictures: the data has no random access, so examples cannot be shown."
        ]

    def test_indices_of_a_sampler_are_those_of_the_data_set(self):
        chosen = list(range(0, 80, 3))
        found = self.table(DataLoader(self.data, 8, sampler=SubsetRandomSampler(chosen)))
        assert found["index"].tolist() == chosen
        assert found["label"].tolist() == self.data.labels[chosen].tolist()


def test_some_groups_unknown():
    data = Planted(80)
    samples = [
        (x, y, g if i % 2 else None) for i, (x, y, g) in enumerate(data[j] for j in range(80))
    ]
    result = es.audit(Net(), samples, folds=2, pictures=0, group_names=["with", "without"])
    assert result.examples["group"].isna().tolist() == [i % 2 == 0 for i in range(80)]
    assert result.examples["group"].dtype == pd.Int64Dtype()
    assert result.groups.unknown == 40
    assert result.groups.table["n"].sum() == 40
    assert set(result.groups.table["name"]) == {"with", "without"}


@pytest.mark.parametrize(("group_of", "warned"), [(lambda y, g: 1 - y, True),
                                                  (lambda y, g: 2 * y + g, False),
                                                  (lambda y, g: g, False)])  # fmt: skip
def test_groups_that_are_the_classes_are_told_so(group_of, warned):
    data = [(x, y, group_of(int(y), int(g))) for x, y, g in (Planted(80)[i] for i in range(80))]
    found = es.audit(Net(), data, folds=2, pictures=0, swaps=0).summary.warnings
    assert any("Each group is one class" in one for one in found) == warned


@pytest.mark.parametrize("group", [None, -1])
def test_all_groups_unknown(group):
    data = [(x, y, group) for x, y, _ in (Planted(60)[i] for i in range(60))]
    result = es.audit(Net(), data, folds=2, pictures=0)
    assert result.groups is None
    assert result.examples["group"].isna().all()
    assert result.layers["auroc"].isna().all()
    assert result.summary.worst_group is None


def test_groups_are_never_used_for_scores_or_verdict():
    data = Planted()
    plain = es.audit(Net(), TensorDataset(data.x, data.labels), pictures=0)
    known = es.audit(Net(), data, pictures=0)
    assert plain.examples.drop(columns="group").equals(known.examples.drop(columns="group"))
    assert plain.summary.verdict == known.summary.verdict
    assert plain.summary.explanation == known.summary.explanation


def test_large_group_numbers():
    data = [(x, y, 10**12 * (1 + g)) for x, y, g in (Planted(60)[i] for i in range(60))]
    result = es.audit(Net(), data, folds=2, pictures=0)
    assert set(result.groups.table["group"]) == {10**12, 2 * 10**12}


def test_group_shares():
    result = es.audit(Net(), Planted(), pictures=0, group_shares={0: 0.9, 1: 0.1})
    assert result.config["group_shares"] == {"0": 0.9, "1": 0.1}
    assert result.groups.reweighted_to == "given shares"
    assert result.groups.reweighted_average == pytest.approx(0.9)
    assert result.groups.average == pytest.approx(float((~Planted().minority).float().mean()))


def test_names_and_ids_come_from_the_data_set():
    class Named(Planted):
        class_names = ("cat", "dog")
        group_names = ("usual", "rare")
        skipped = tuple(f"{i}.png" for i in range(7))

        def identify(self, i):
            return f"{i:03}.png" if i else "caf\udce9.png"  # a name that is no valid UTF-8

    result = es.audit(Net(), DataLoader(Named(60), 16), folds=2, pictures=0)
    assert result.class_names == ("cat", "dog")
    assert result.group_names == ("usual", "rare")
    assert result.examples["id"][7] == "007.png"
    assert result.examples["id"][0] == "caf\\udce9.png"
    assert result.summary.worst_group == "rare"
    assert result.notes == [
        "7 unreadable files were skipped: 0.png, 1.png, 2.png, 3.png, 4.png and 2 more."
    ]
    torchvision = Planted(60)
    torchvision.classes = ["cat", "dog"]
    assert es.audit(Net(), torchvision, folds=2, pictures=0).class_names == ("cat", "dog")
    torchvision.classes = 2
    assert es.audit(Net(), torchvision, folds=2, pictures=0).class_names == ()
    own = es.audit(Net(), Named(60), folds=2, pictures=0, class_names=["a", "b"])
    assert own.class_names == ("a", "b")


def test_layers_by_name_are_put_in_order_once_each():
    result = es.audit(Net(), Planted(60), layers=["second", "first", "second"], folds=2, pictures=0)
    assert result.layers["layer"].tolist() == ["first", "second"]
    unordered = es.audit(Net(), Planted(60), layers={"second", "norm"}, folds=2, pictures=0)
    assert unordered.layers["layer"].tolist() == ["norm", "second"]


@pytest.mark.parametrize(
    "name",
    ["timm transformer", "BERT", "GPT-2", "DistilBERT", "LSTM, sequence first", "plain CNN"],
)
def test_networks_of_every_kind(name):
    pytest.importorskip("timm")
    pytest.importorskip("transformers")
    model, inputs = make(name)
    assert name in ARCHITECTURES

    def sample(i):
        if isinstance(inputs, dict):
            return {key: value[i % 2] for key, value in inputs.items()} | {"label": i % 3}
        return inputs[i % 2], i % 3

    result = es.audit(model, [sample(i) for i in range(12)], folds=2, pictures=2)
    assert len(result.examples) == 12
    assert result.layers["accuracy"].between(0, 1).all()


def test_padding_does_not_reach_the_readouts():
    pytest.importorskip("transformers")
    model, _ = make("BERT")
    generator = torch.Generator().manual_seed(0)
    texts = [torch.randint(1, 40, (3 + i % 4,), generator=generator).tolist() for i in range(24)]
    data = [
        {"input_ids": t, "attention_mask": [1] * len(t), "label": i % 2}
        for i, t in enumerate(texts)
    ]
    layers = ["bert.encoder.layer.0", "bert.encoder.layer.2"]
    alone = es.audit(model, data, layers=layers, folds=2, batch_size=1, pictures=0)
    padded = es.audit(model, data, layers=layers, folds=2, batch_size=24, pictures=0)
    assert np.allclose(alone.examples["margin"], padded.examples["margin"], atol=1e-3)


def test_an_in_place_layer_does_not_change_what_is_read():
    """Features of `first` are those before the ReLU overwrites them."""
    model, x = InPlace().eval(), torch.randn(40, 6)
    labels = torch.arange(40) % 2
    with torch.no_grad():
        collected = collect(model, iterate(TensorDataset(x, labels)), ["first"])
        expected = nn.functional.linear(x, model.first.weight, model.first.bias)
    assert torch.equal(collected.layers["first"].store.all(), expected)


def test_readings_are_those_of_the_pieces():
    data, model = Planted(90), Net().eval()
    result = es.audit(model, data, layers=["first"], folds=3, seed=5, l2=2.0, pictures=0)
    with torch.no_grad():
        collected = collect(model, iterate(data), ["first"])
    reading = read_out(
        collected.layers["first"].store,
        data.labels,
        assign_folds(data.labels, 3, 5),
        LinearHead(),
        Layout.FLAT,
        l2=2.0,
    )
    assert result.examples["margin"].tolist() == reading.margin.tolist()
    assert result.layers["loss"][0] == pytest.approx(float(reading.loss.double().mean()))


def test_two_inputs_and_wrapped_models():
    data = [((torch.randn(4), torch.randn(2)), i % 2) for i in range(20)]
    result = es.audit(nn.DataParallel(TwoInputs()), data, folds=2, pictures=0)
    assert result.config["model"] == "TwoInputs"
    assert result.layers["layer"].tolist() == ["left", "right"]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_models_in_other_precisions(dtype):
    model = cnn().to(dtype)
    result = es.audit(model, Pictures(), folds=2, pictures=0)
    assert result.examples["confidence"].between(0, 1).all()
    assert result.layers["loss"].notna().all()


def test_frozen_model():
    model = Net().requires_grad_(False)
    assert es.audit(model, Planted(60), folds=2, head="mlp", pictures=0).summary.verdict


def test_a_model_of_a_thousand_classes():
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1000))
    result = es.audit(model, Planted(60), folds=2, pictures=0)
    assert result.layers["accuracy"].max() > 0.5


ONE_CLASS = (
    "Expected examples of at least two classes, but all 8 have label 1; a readout has nothing to "
    "tell apart: pass more classes"
)


def nan_at(i, where):
    x = torch.zeros(12, 6)
    x[i] = where
    return TensorDataset(x, torch.arange(12) % 2)


class Poisoned(Net):
    def __init__(self, layer):
        super().__init__()
        layer_of = getattr(self, layer)
        layer_of.register_forward_hook(
            lambda _m, _a, out: torch.where(out.amax(1, keepdim=True) > 50, torch.nan, out)
        )


class Fewer(Net):
    def forward(self, x):
        return super().forward(x)[:1]


@pytest.mark.parametrize(
    ("model", "data", "error", "told"),
    [
        (
            Net(),
            TensorDataset(torch.randn(12, 6), torch.arange(12) % 4),
            InputError,
            "Expected labels from 0 to 1, as the model returns 2 logits or a single one, but "
            "got 3; check the class numbering, or give the model one output per class",
        ),
        (
            Net(),
            TensorDataset(torch.randn(12, 6), torch.arange(12) % 2 - 1),
            InputError,
            "Expected labels from 0 to 1, as the model returns 2 logits or a single one, but "
            "got -1; check the class numbering, or give the model one output per class",
        ),
        (
            nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 1)),
            TensorDataset(torch.randn(12, 6), torch.arange(12) % 3),
            InputError,
            "Expected labels from 0 to 1, as the model returns 2 logits or a single one, but "
            "got 2; check the class numbering, or give the model one output per class",
        ),
        (
            Fewer(),
            TensorDataset(torch.randn(12, 6), torch.arange(12) % 2),
            InputError,
            "Expected one row of logits per example (5), but the model gave 1; it must keep the "
            "batch in the first dimension",
        ),
        (
            nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2), nn.Flatten(0)),
            TensorDataset(torch.randn(12, 6), torch.arange(12) % 2),
            InputError,
            "Expected one row of logits per example (5), but the model gave 10; it must keep the "
            "batch in the first dimension",
        ),
        (
            Net(),
            nan_at(7, torch.nan),
            InputError,
            "Expected finite inputs, but example 7 holds NaN or infinity; repair or leave out "
            "that example",
        ),
        (
            Net(),
            nan_at(11, torch.inf),
            InputError,
            "Expected finite inputs, but example 11 holds NaN or infinity; repair or leave out "
            "that example",
        ),
        (
            Poisoned("head"),
            nan_at(9, 1e4),
            InputError,
            "Expected finite logits, but the model gave NaN or infinity for example 9; check its "
            "weights and the scale of its inputs",
        ),
        (
            Net(),
            TensorDataset(torch.randn(8, 6), torch.ones(8, dtype=torch.int64)),
            DataError,
            ONE_CLASS,
        ),
        (
            Net(),
            [],
            DataError,
            "Expected at least one example, but the data is empty; check the path and the split",
        ),
        (
            Net(),
            iter([]),
            DataError,
            "Expected at least one example, but the data is empty; check the path and the split",
        ),
        (
            nn.Module.__new__(nn.Module),
            [],
            DataError,
            "Expected at least one example, but the data is empty; check the path and the split",
        ),
        (
            Net(),
            [(torch.zeros(6), 0), (torch.ones(6), 1)],
            InputError,
            "Expected folds to lie between 1 and the number of examples (2), but got 5; use fewer "
            "folds, or folds=0 to score in-sample",
        ),
    ],
)  # fmt: skip
def test_bad_input(model, data, error, told):
    if "_modules" not in vars(model):
        nn.Module.__init__(model)
    with pytest.raises(error) as caught:
        es.audit(model, data, batch_size=5, pictures=0)
    assert str(caught.value) == told


def test_nan_activations_behind_finite_logits():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(6, 3)
            self.head = nn.Linear(3, 2)

        def forward(self, x):
            return self.head(torch.nan_to_num(self.inner(x)))

    model = Hidden()
    with torch.no_grad():
        model.inner.bias[1] = torch.nan
    with pytest.raises(InputError) as caught:
        es.audit(model, Planted(20), pictures=0)
    assert str(caught.value) == (
        "Expected finite activations, but layer 'inner' gave NaN or infinity for example 0; "
        "check the model's weights, or run it in full precision"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"layers": "layer1"},
            "Expected layers to be \"auto\" or a list of names, but got 'layer1'",
        ),
        ({"layers": []}, 'Expected layers to be "auto" or a list of names, but got []'),
        ({"head": "tree"}, "Expected head to be one of linear, mlp, statistics, conv, token, or a"),
        ({"flag_margin": 0}, "Expected flag_margin to lie above 0 and up to 1, but got 0"),
        ({"flag_margin": 1.5}, "Expected flag_margin to lie above 0 and up to 1, but got 1.5"),
        ({"folds": -2}, "Expected folds to be 0 (in-sample) or at least 2, but got -2"),
        ({"head": "conv"}, "Expected a layer with positions for ConvHead, but its output is flat"),
        (
            {"group_shares": {0: 1.0}},
            "Expected a share of at least 0 for each of the groups [0, 1]",
        ),
        ({"batch_size": 0}, "Expected batch_size to be a positive whole number, but got 0"),
        ({"seed": -1}, "Expected seed to be at least 0, but got -1"),
        ({"device": "abacus"}, "Expected a device of this machine, but got 'abacus'; use cpu"),
        ({"device": "xpu:7"}, "Expected a device of this machine, but got 'xpu:7'; use cpu"),
        ({"device": "meta"}, "Expected a device that holds numbers, but got 'meta'; load the"),
        ({"l2": -1.0}, "Expected l2 to be at least 0 and finite, but got -1.0"),
    ],
)
def test_bad_options(options, told):
    with pytest.raises(InputError) as caught:
        es.audit(Net(), Planted(40), pictures=0, **options)
    assert str(caught.value).startswith(told)


def test_a_model_without_weights():
    with torch.device("meta"):
        model = Net()
    with pytest.raises(InputError, match="^Expected a device that holds numbers, but got 'meta'"):
        es.audit(model, Planted(40), pictures=0)


def test_what_is_no_model():
    with pytest.raises(InputError) as caught:
        es.audit("resnet18", Planted(40))
    assert str(caught.value) == (
        "Expected the model to be a torch.nn.Module, or a fitted classifier as those of "
        "scikit-learn, but got str; pass the network itself"
    )


def test_unknown_and_unusable_layers():
    with pytest.raises(LayerError) as caught:
        es.audit(Net(), Planted(20), layers=["frist"])
    assert str(caught.value) == (
        "Expected a layer of the model, but got 'frist', which it does not have; near names are: "
        "'first'"
    )

    class Folded(nn.Module):
        def __init__(self):
            super().__init__()
            self.fold = nn.Flatten(0)
            self.head = nn.Linear(6, 2)

        def forward(self, x):
            return self.head(self.fold(x).view(-1, 6))

    with pytest.raises(LayerError, match=r"^Expected a layer output of 2 to 5 dimensions whose"):
        es.audit(Folded(), Planted(20), layers=["fold"])


def test_no_usable_layer():
    class Sum(nn.Module):
        def forward(self, x):
            return x[:, :2]

    with pytest.raises(LayerError, match=r"^Expected at least one inner layer whose output"):
        es.audit(Sum(), Planted(20))


def test_a_final_batch_of_one():
    result = es.audit(mlp_with_norm(), Planted(33), batch_size=16, folds=2, pictures=0)
    assert len(result.examples) == 33


def mlp_with_norm():
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def test_scalar_inputs_per_example():
    class Priced(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Linear(6, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x, price):
            return self.head(self.body(x) * price[:, None])

    data = [{"x": torch.randn(6), "price": 0.5 + i, "label": i % 2} for i in range(20)]
    for i, sample in enumerate(data):
        data[i] = {**sample, "price": torch.tensor(sample["price"])}
    result = es.audit(Priced(), data, folds=2, pictures=0)
    assert len(result.examples) == 20
    data[3]["price"] = torch.tensor(torch.nan)
    with pytest.raises(InputError, match="example 3 holds NaN"):
        es.audit(Priced(), data, folds=2, pictures=0)


def test_a_tuned_out_cnn_on_images_with_every_head():
    for head in ("linear", "mlp", "statistics", "conv", "token"):
        result = es.audit(cnn(), Pictures(), head=head, folds=2, layers=["2", "4"], pictures=0)
        assert result.layers["accuracy"].between(0, 1).all()
        assert result.config["head"].startswith(head.capitalize()[:1])


def test_mlp_logits_are_not_audited():
    result = es.audit(
        mlp(), TensorDataset(torch.randn(20, 12), torch.arange(20) % 2), folds=2, pictures=0
    )
    assert result.layers["layer"].tolist() == ["1", "3"]
