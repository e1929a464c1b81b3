"""Audits of estimators and of functions of rows."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import earlysieve as es
from earlysieve.datasets.predicted import for_predictor
from earlysieve.errors import DataError, InputError
from earlysieve.model.predictor import as_network

COUNT = 1600


def patients(seed, *, tells=0.93):
    rng = np.random.default_rng(seed)
    ill = rng.integers(0, 2, COUNT)
    agrees = rng.random(COUNT) < tells
    return (
        pd.DataFrame(
            {
                "age": (rng.normal(50, 10, COUNT) + 12 * ill).round(1),
                "pressure": rng.normal(size=COUNT) + 1.2 * ill,
                "visits": rng.poisson(2, COUNT) + ill,
                "scanner": np.where(agrees, ill, 1 - ill) + rng.normal(0, 0.2, COUNT),
            }
        ),
        ill,
    )


TRAIN, ILL = patients(0)
HELD_OUT, TRUTH = patients(1)
TREES = HistGradientBoostingClassifier(max_iter=30).fit(TRAIN, ILL)


def audited(model=TREES, data=(HELD_OUT, TRUTH), **options):
    return es.audit(model, data, seen_in_training=False, **options)


@pytest.fixture(scope="module")
def result():
    return audited()


def test_a_shortcut_of_trees_is_found_by_swaps(result):
    assert result.summary.verdict == "shortcut"
    assert result.summary.leans_on == "column scanner"
    assert {one.part for one in result.summary.swaps} >= {"column scanner", "column age"}
    assert result.config["model"] == "HistGradientBoostingClassifier"
    assert "A readout of all inputs together" in result.summary.explanation
    np.testing.assert_array_equal(result.examples["prediction"], TREES.predict(HELD_OUT))
    assert result.pictures[0].text.startswith("age=")


def test_its_next_steps_can_be_done(result):
    steps = "\n".join(result.summary.next_steps)
    assert "es.fix" not in steps
    assert "layers=" not in steps
    code = next(one for one in result.summary.next_steps if "sample_weight" in one)
    groups = {"es": es, "model": clone(TREES), "mine": (HELD_OUT, TRUTH), "fitted": (TRAIN, ILL)}
    exec(bound(code.split("\n", 1)[1]), groups)
    tests, truth = patients(2, tells=0.5)
    assert groups["model"].score(tests, truth) > TREES.score(tests, truth) + 0.02
    left = next(one for one in result.summary.next_steps if 'leave out "scanner"' in one)
    given = {**groups, "model": clone(TREES)}
    exec(bound(left.split("\n", 1)[1]), given)
    assert given["result"].summary.leans_on != "column scanner"


def bound(code):
    """A step as it is pasted, with names of the user's own data where it says so."""
    own = code.replace("X, y = ...", "X, y = mine").replace("y_train = ...", "y_train = fitted")
    assert "..." not in own
    return own


def clone(model):
    return HistGradientBoostingClassifier(max_iter=model.max_iter).fit(TRAIN, ILL)


def test_steps_of_what_takes_no_weights_draw_examples():
    neighbours = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(TRAIN, ILL)
    wrapped = es.from_predictor(lambda rows: TREES.decision_function(rows))
    for model, fits in ((neighbours, True), (wrapped, False)):
        found = audited(model).summary
        assert found.verdict == "shortcut"
        steps = "\n".join(found.next_steps)
        assert "np.random.choice" in steps
        assert "sample_weight" not in steps
        assert ("model.fit(" in steps) is fits


def test_what_must_not_matter_and_what_is_the_task_can_be_said():
    assert audited(irrelevant=["scanner"]).summary.verdict == "shortcut"
    told = audited(relevant=["scanner"]).summary
    assert told.leans_on != "column scanner"


def test_many_rows_are_answered_at_once():
    sizes = []

    def count(rows):
        sizes.append(len(rows))
        return TREES.decision_function(rows)

    audited(es.from_predictor(count), pictures=0)
    assert max(sizes) == COUNT
    assert len(sizes) < 80
    assert sum(sizes) < 4 * COUNT


def test_frames_come_as_they_are_and_columns_in_the_order_of_the_fit():
    seen = []

    def look(rows):
        seen.append(rows)
        return TREES.decision_function(rows)

    audited(es.from_predictor(look), pictures=0)
    assert all(isinstance(one, pd.DataFrame) for one in seen)
    whole = max(seen, key=len)
    pd.testing.assert_frame_equal(whole, HELD_OUT)  # not what float32 makes of it
    turned = audited(data=(HELD_OUT[HELD_OUT.columns[::-1]], TRUTH))
    np.testing.assert_array_equal(turned.examples["prediction"], TREES.predict(HELD_OUT))


def test_arrays_and_frames_do_for_either_fit():
    of_array = HistGradientBoostingClassifier(max_iter=30).fit(TRAIN.to_numpy(), ILL)
    for model, rows in ((of_array, HELD_OUT), (TREES, HELD_OUT.to_numpy(np.float32))):
        found = audited(model, (rows, TRUTH), pictures=0, swaps=100)
        assert (found.examples["prediction"] == TREES.predict(HELD_OUT)).mean() > 0.99


@pytest.mark.parametrize("kind", ["object", "category"])
def test_columns_of_texts_go_to_the_model_as_texts(kind):
    train, held_out = (
        frame.assign(
            clinic=np.where(frame["scanner"] > 0.5, "North", "South"), scanner=frame["scanner"] * 0
        ).astype({"clinic": kind})
        for frame in (TRAIN, HELD_OUT)
    )
    if kind == "category":
        model = HistGradientBoostingClassifier(categorical_features="from_dtype")
    else:
        coded = make_column_transformer((OneHotEncoder(), ["clinic"]), remainder="passthrough")
        model = make_pipeline(coded, StandardScaler(), LogisticRegression())
    model.fit(train, ILL)
    found = audited(model, (held_out, TRUTH))
    np.testing.assert_array_equal(found.examples["prediction"], model.predict(held_out))
    assert found.summary.leans_on == "column clinic"
    steps = "\n".join(found.summary.next_steps)
    assert 'one.drop(columns=["clinic"])' in steps


def test_categories_that_are_numbers_keep_them():
    frame = HELD_OUT.assign(ward=pd.Categorical(np.arange(COUNT) % 3))
    seen = []
    model = es.from_predictor(lambda rows: (seen.append(rows), rows["age"].to_numpy() - 56)[1])
    audited(model, (frame, TRUTH), pictures=0, swaps=0)
    pd.testing.assert_frame_equal(max(seen, key=len), frame)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda y: y + 1, ("1", "2")),
        (lambda y: pd.Series(2 * y - 1), ("-1", "1")),
        (lambda y: y == 1, ("False", "True")),
        (lambda y: np.array(["b", "a"])[y], ("a", "b")),
        (lambda y: np.array(["b", "a"], object)[y].tolist(), ("a", "b")),
    ],
    ids=["1, 2", "-1, 1", "booleans", "names", "a list"],
)
def test_labels_are_those_of_the_classes(change, names):
    model = LogisticRegression(max_iter=500).fit(TRAIN, change(ILL))
    found = audited(model, (HELD_OUT, change(TRUTH)), pictures=0, swaps=0)
    assert found.class_names == names
    right = found.examples["prediction"] == found.examples["label"]
    assert right.mean() == pytest.approx(model.score(HELD_OUT, change(TRUTH)))


def test_classes_may_be_named_and_absent():
    three = HistGradientBoostingClassifier(max_iter=5).fit(
        TRAIN, np.where(TRAIN["age"] > 70, "c", np.array(["a", "b"])[ILL])
    )
    few = HELD_OUT["age"] <= 70
    found = audited(three, (HELD_OUT[few], np.array(["a", "b"])[TRUTH[few]]), pictures=0, swaps=0)
    assert found.class_names == ("a", "b", "c")
    numbers = audited(three, (HELD_OUT, TRUTH), class_names=["x", "y", "z"], pictures=0, swaps=0)
    assert numbers.class_names == ("x", "y", "z")


def test_other_labels_are_refused():
    model = LogisticRegression(max_iter=500).fit(TRAIN, ILL + 1)
    with pytest.raises(DataError, match=r"classes of the model \(1, 2\), but got 0"):
        audited(model)


def test_a_data_set_with_its_classes_in_another_order_is_refused():
    model = as_network(LogisticRegression(max_iter=500).fit(TRAIN, np.array(["b", "a"])[ILL]))
    with pytest.raises(DataError, match="a, b, but the data have b, a"):
        for_predictor(model, SimpleNamespace(class_names=("b", "a")))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((HELD_OUT.drop(columns="age"), TRUTH), "lacks 'age'"),
        ((HELD_OUT.assign(more=1.0), TRUTH), "has 'more' besides"),
        ((HELD_OUT.to_numpy()[:, :3], TRUTH), "rows of 4 columns"),
    ],
)
def test_other_columns_are_refused(data, message):
    with pytest.raises(InputError, match=message):
        audited(data=data)


def test_features_of_a_last_layer_are_not_to_be_had(tmp_path):
    with pytest.raises(InputError, match="keep_features"):
        audited(keep_features=tmp_path)


@pytest.mark.parametrize("model", [TREES, es.from_predictor(TREES)])
def test_nothing_that_changes_weights_takes_it(model):
    data = (HELD_OUT, TRUTH)
    with pytest.raises(InputError, match="train it again yourself"):
        es.fix(model, held_out=data)
    with pytest.raises(InputError, match="train it again yourself"):
        es.repair(model, data)
    with pytest.raises(InputError, match="train it again yourself"):
        es.fit(SimpleNamespace(model=model), data, epochs=1)


def test_a_reference_is_read_alike():
    found = audited(reference=(TRAIN, ILL), pictures=0, swaps=0)
    assert found.summary.transfer is not None


def test_reliance_on_a_known_cue_and_on_columns_is_measured():
    data = patients(2, tells=0.5)
    says = (data[0]["scanner"] > 0.5).astype(int)
    measured = es.measure_reliance(TREES, data, {"scanner": says}).cues[0].reliance
    right = TREES.predict(data[0]) == data[1]
    agrees = says.to_numpy() == data[1]
    assert measured.difference == pytest.approx(
        right[agrees].mean() - right[~agrees].mean(), abs=0.03
    )
    assert es.drop_when_randomised(TREES, (HELD_OUT, TRUTH), ["scanner"]).drop > 0.1


def with_gaps(seed, *, tells=0.93):
    """Patients whose laboratory value is missing where they are ill, mostly; some lack a city."""
    rng = np.random.default_rng(seed)
    frame, ill = patients(seed, tells=0.5)
    frame["lab"] = rng.normal(100, 5, COUNT)
    frame.loc[np.where(rng.random(COUNT) < tells, ill, 1 - ill) == 1, "lab"] = np.nan
    frame.loc[rng.random(COUNT) < 0.1, "age"] = np.nan
    city = rng.choice(["Ulm", "Bern", None], COUNT)
    return frame.assign(city=pd.Categorical(city)), ill


def test_gaps_stay_gaps_for_the_model_and_may_be_the_shortcut():
    frame, ill = with_gaps(0)
    trees = HistGradientBoostingClassifier(max_iter=30, categorical_features=["city"])
    trees.fit(frame, ill)
    unseen, truth = with_gaps(1)
    result = audited(trees, (unseen, truth))
    np.testing.assert_array_equal(result.examples["prediction"], trees.predict(unseen))
    assert result.summary.verdict == "shortcut"
    assert result.summary.leans_on == "column lab missing"
    steps = "\n".join(result.summary.next_steps)
    assert "It says where column 'lab' has no value" in steps
    assert 'one.drop(columns=["lab"])' in steps
    assert "as if gaps were filled in" not in steps


def test_gaps_of_arrays_are_taken_too():
    frame, ill = with_gaps(0)
    rows = frame.drop(columns="city").to_numpy()
    trees = HistGradientBoostingClassifier(max_iter=30).fit(rows, ill)
    seen = []

    def look(given):
        seen.append(given)
        return trees.decision_function(given)

    for model in (trees, es.from_predictor(look)):
        result = audited(model, (rows, ill), pictures=0)
        np.testing.assert_array_equal(result.examples["prediction"], trees.predict(rows))
        assert result.summary.leans_on == "column 4 missing"
        assert "np.delete(one, [4], axis=1)" in "\n".join(result.summary.next_steps)
    assert all(isinstance(one, np.ndarray) for one in seen)
    np.testing.assert_allclose(max(seen, key=len), rows, rtol=1e-7)


def test_trees_that_a_sum_outdoes_are_told_so_without_words_of_layers():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 2000)
    frame = pd.DataFrame(rng.normal(size=(2000, 12)) + 0.45 * labels[:, None]).add_prefix("x")
    trees = HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=4)
    trees.fit(frame[:500], labels[:500])
    found = audited(trees, (frame[500:], labels[500:]), pictures=0).summary
    assert found.verdict == "inconclusive"
    assert found.explanation.startswith("The model does worse than a linear readout of all that it")
    steps = "\n".join(found.next_steps)
    assert found.next_steps[0].startswith("Fit a linear model to the same columns")
    assert "irrelevant=[COLUMN]" in steps
    assert "layer" not in found.explanation + steps
    assert "reference=" not in steps
