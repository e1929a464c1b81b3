"""An audit of activations is that of the model that gave them, but for swaps and pictures."""

import numpy as np
import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.audit_arrays import NO_INPUTS, NO_MODEL
from earlysieve.auditing.step_options import in_options
from earlysieve.errors import DataError, InputError

from ..model.one_logit import Binary
from .helpers import Net, Pictures, Planted

DATA = Planted()
LAYERS = ["first", "norm", "second"]


def activations(model, x, layers):
    model.eval()
    with torch.no_grad():
        found = es.capture(model, x, layers)
    return {k: v.numpy() for k, v in found.outputs.items()}, found.logits.numpy()


@pytest.fixture(scope="module")
def arrays():
    return activations(Net(), DATA.x, LAYERS)


def test_booleans_are_numbers():
    """In a frame or array of activations, and among inputs."""
    rng = np.random.default_rng(0)
    labels, hidden = np.arange(60) % 2, rng.normal(size=(60, 3)) > 0
    frame = pd.DataFrame({"a": hidden[:, 0], "b": hidden[:, 1], "c": hidden[:, 2] * 1.0})
    logits = labels * 2.0 - rng.normal(size=60)
    wanted = es.audit_arrays(
        {"h": hidden.astype(float)}, labels, logits, inputs=frame.astype(float)
    )
    for layer in (hidden, frame, frame.to_numpy(object)):
        found = es.audit_arrays({"h": layer}, labels, logits, inputs=frame)
        pd.testing.assert_frame_equal(found.examples, wanted.examples)


def test_the_same_as_the_audit_of_the_model(arrays):
    ours = es.audit_arrays(
        *(arrays[0], DATA.labels, arrays[1]), inputs=DATA.x, groups=DATA.minority.int().tolist()
    )
    theirs = es.audit(Net(), DATA, pictures=0, swaps=0)
    pd.testing.assert_frame_equal(ours.layers, theirs.layers, atol=1e-4)
    pd.testing.assert_frame_equal(ours.examples, theirs.examples, atol=1e-4)
    for name in ("verdict", "leans_on", "layer", "accuracy", "worst_group_accuracy"):
        assert getattr(ours.summary, name) == getattr(theirs.summary, name), name
    assert ours.summary.verdict == "shortcut"
    assert ours.notes == [NO_MODEL]
    assert not [step for step in ours.summary.next_steps if "es.fix" in step]
    assert [step for step in theirs.summary.next_steps if "es.fix" in step]


def test_without_inputs_no_property_is_looked_at(arrays):
    result = es.audit_arrays(arrays[0], np.array(["cat", "dog"])[DATA.labels], arrays[1])
    assert result.notes[0].endswith("0 = cat, 1 = dog.")
    assert result.notes[1:] == [NO_MODEL, NO_INPUTS]
    assert not [name for name in result.examples if "column" in name]
    assert result.class_names == ("cat", "dog")
    assert result.groups is None


def test_where_only_a_layer_misleads_it_does_not_say_that_nothing_was_found(arrays):
    hidden, logits = arrays
    alone = es.audit_arrays(hidden, DATA.labels, logits, seen_in_training=False).summary
    assert (alone.verdict, alone.examples_needed) == ("inconclusive", None)
    assert "Nothing but layers was looked at" in alone.explanation
    assert "pass inputs= to audit_arrays" in " ".join(alone.next_steps)


def test_classes_in_another_order_than_the_outputs_are_said_first(arrays):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    said = np.where(rng.random(400) < 0.92, 1 - labels, labels)
    logits = np.stack([1 - said, said], 1) * 3.0 + rng.normal(0, 0.1, (400, 2))
    hidden = (2.0 * labels - 1)[:, None] + rng.normal(0, 1, (400, 3))
    found = es.audit_arrays({"h": hidden}, np.array(["bad", "good"])[labels], logits).summary
    wrong = round(100 * float((said == labels).mean()))
    assert found.verdict == "inconclusive"
    assert found.explanation.startswith(
        f"The model is right on {wrong}% of these examples, and would be on {100 - wrong}% if its "
        "outputs stood for the classes in another order (output 0 for 'good', output 1 for 'bad')"
    )
    assert "check that it fits this data" not in found.explanation
    assert len(found.next_steps) == 1
    assert "class_names=[...], in the order of the outputs" in found.next_steps[0]
    there = in_options(found.next_steps[0])
    assert "(by whole numbers as labels; folders by names that sort so, in the order" in there


def test_columns_of_a_frame_ids_and_saving(arrays, tmp_path):
    frame = pd.DataFrame(DATA.x.numpy(), columns=["marker", *"abcde"])
    ids = [f"p{k}" for k in range(240)]
    result = es.audit_arrays(arrays[0], DATA.labels, arrays[1], inputs=frame, ids=ids)
    assert result.summary.leans_on == "column marker"
    assert result.examples["id"].tolist() == ids
    result.save(tmp_path / "out")
    assert es.AuditResult.load(tmp_path / "out").summary.verdict == result.summary.verdict


def test_rows_of_a_table_are_shown_as_an_audit_of_the_model_shows_them(arrays):
    names = [f"row {k}" for k in range(240)]
    frame = pd.DataFrame(DATA.x.numpy(), columns=["marker", *"abcde"], index=names)
    ours = es.audit_arrays(arrays[0], DATA.labels, arrays[1], inputs=frame)
    theirs = es.audit(Net(), (frame, DATA.labels), layers=list(arrays[0]), swaps=0)
    assert ours.summary.leans_on == theirs.summary.leans_on == "column marker"
    assert ours.pictures
    assert ours.pictures == theirs.pictures
    assert any(piece.marked for piece in ours.pictures[0].pieces)
    assert ours.pictures[0].text.startswith("marker=")
    assert ours.examples["id"].tolist() == names
    assert not es.audit_arrays(arrays[0], DATA.labels, arrays[1], inputs=frame, pictures=0).pictures
    assert not es.audit_arrays(arrays[0], DATA.labels, arrays[1]).pictures


def test_one_logit():
    model = Binary()
    features, _ = activations(model, DATA.x, ["first", "second"])
    with torch.no_grad():
        z = model(DATA.x)[:, 0]
    ours = es.audit_arrays(features, DATA.labels, z, inputs=DATA.x)
    theirs = es.audit(model, DATA, layers=["first", "second"], pictures=0, swaps=0)
    pd.testing.assert_frame_equal(ours.layers.drop(columns="auroc"),
                                  theirs.layers.drop(columns="auroc"), atol=1e-4)  # fmt: skip


def test_maps_of_images():
    data = Pictures(60)
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 4, 3), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 2),
    )  # fmt: skip
    features, logits = activations(model, data.x, ["0", "2"])
    ours = es.audit_arrays(features, data.labels, logits, inputs=data.x)
    theirs = es.audit(model, data, layers=["0", "2"], pictures=0, swaps=0)
    pd.testing.assert_frame_equal(ours.layers, theirs.layers, atol=1e-3)
    assert list(ours.examples) == list(theirs.examples)


GOOD = {"a": np.random.default_rng(0).normal(size=(20, 3))}
Y = np.arange(20) % 2
Z = np.random.default_rng(1).normal(size=(20, 2))


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        (({}, Y, Z), InputError, "mapping from layer names.*got dict without any"),
        ((GOOD["a"], Y, Z), InputError, "mapping from layer names.*got ndarray; pass"),
        (([1], Y, Z), InputError, "mapping from layer names.*got list"),
        (({"a": GOOD["a"][:5]}, Y, Z), InputError, "layer 'a' of shape .20, D.*got .5, 3"),
        (({"a": GOOD["a"][:, 0]}, Y, Z), InputError, "layer 'a' of shape .20, D.*got .20,"),
        (({"a": GOOD["a"] * np.nan}, Y, Z), InputError, "layer 'a' gave NaN"),
        ((GOOD, Y[:5], Z), InputError, "one row of logits per example .5., but the model gave 20"),
        ((GOOD, Y * 3, Z), InputError, "Expected labels from 0 to 1"),
        ((GOOD, Y * 0, Z), DataError, "at least two classes"),
        ((GOOD, Y, Y * 0.5), InputError, "as a sigmoid or a softmax does"),
        ((GOOD, Y, np.array(["x"] * 20)), DataError, "Expected numbers as logits, but got 'x'"),
        (({"a": np.array([["x", 1]] * 20, object)}, Y, Y * 2.0), DataError, "layer 'a'.*column 0"),
    ],
)
def test_bad_arrays(arguments, error, told):
    with pytest.raises(error, match=told):
        es.audit_arrays(*arguments)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ids": ["a"]}, "Expected 20 ids, one per label, but got 1"),
        ({"groups": [0]}, "Expected 20 groups, one per label, but got 1"),
        ({"inputs": np.zeros((3, 2))}, "Expected inputs of 20 examples"),
    ],
)
def test_bad_options(options, told):
    with pytest.raises(InputError, match=told):
        es.audit_arrays(GOOD, Y, Z, **options)
