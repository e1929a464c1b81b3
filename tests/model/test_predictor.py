"""Estimators and functions of rows as networks of one layer."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.model.predictor import LEAST, Predictor, as_network, check_has_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)).astype(np.float32)
TWO = (X[:, 0] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
ROWS = torch.from_numpy(X)


def test_a_binary_decision_is_one_logit():
    model = LogisticRegression().fit(X, TWO)
    logits = as_network(model)(ROWS)
    assert logits.shape == (120,)
    np.testing.assert_allclose(logits.numpy(), model.decision_function(X), rtol=1e-5, atol=1e-6)


def test_decisions_of_more_classes_are_their_logits():
    model = LogisticRegression().fit(X, THREE)
    network = as_network(model)
    assert network.classes == [0, 1, 2]
    np.testing.assert_array_equal(network(ROWS).argmax(1).numpy(), model.predict(X))


def test_probabilities_become_logarithms_and_none_is_infinite():
    model = RandomForestClassifier(5, random_state=0).fit(X, TWO)
    chances, logits = model.predict_proba(X), as_network(model)(ROWS)
    assert (chances == 0).any()
    np.testing.assert_allclose(logits.numpy(), np.log(np.maximum(chances, LEAST)), atol=1e-5)


def test_logarithms_alone_do_and_none_is_infinite():
    class Logarithms:
        classes_ = np.array([0, 1])

        def predict_log_proba(self, rows):
            return np.stack([np.zeros(len(rows)), np.full(len(rows), -np.inf)], 1)

    np.testing.assert_allclose(as_network(Logarithms())(ROWS)[0].numpy(), [0, np.log(LEAST)])


@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: make_pipeline(StandardScaler(), one)]
)
def test_classes_that_are_compared_two_by_two_are_refused(wrap):
    pairs = wrap(SVC(decision_function_shape="ovo")).fit(X, THREE)
    with pytest.raises(InputError, match="decision_function_shape to 'ovr'"):
        as_network(pairs)
    single = SVC(decision_function_shape="ovr").fit(X, THREE)
    np.testing.assert_array_equal(as_network(single)(ROWS).argmax(1).numpy(), single.predict(X))
    two = wrap(SVC(decision_function_shape="ovo")).fit(X, TWO)
    np.testing.assert_array_equal((as_network(two)(ROWS) > 0).numpy(), two.predict(X))


def test_probability_of_one_class_is_its_log_odds():
    model = es.from_predictor(lambda rows: 1 / (1 + np.exp(-rows[:, 0])), gives="probabilities")
    np.testing.assert_allclose(model(ROWS).numpy(), X[:, 0], rtol=1e-4, atol=1e-5)
    sure = es.from_predictor(lambda rows: np.ones((len(rows), 1)), gives="probabilities")
    assert sure(ROWS).max() == pytest.approx(-np.log(LEAST), rel=1e-3)


def test_a_function_may_return_tensors():
    model = es.from_predictor(lambda rows: torch.from_numpy(rows[:, :2]))
    assert torch.equal(model(ROWS), ROWS[:, :2])


def test_its_one_layer_is_what_it_is_given():
    model = es.from_predictor(lambda rows: rows[:, 0])
    assert es.choose_layers(model, ROWS) == ["inputs"]
    assert torch.equal(es.capture(model, ROWS, ["inputs"]).outputs["inputs"], ROWS)


@pytest.mark.parametrize(
    ("function", "gives", "message"),
    [
        (lambda rows: np.zeros((3, 2)), "logits", r"shape \(3, 2\)"),
        (lambda rows: np.zeros((len(rows), 2, 2)), "logits", "one row of logits"),
        (lambda rows: 0.5, "logits", r"shape \(\)"),
        (lambda rows: (rows[:, 0] > 0).astype(int), "logits", "classes rather"),
        (lambda rows: np.array(["a"] * len(rows)), "logits", "classes rather"),
        (lambda rows: np.full(len(rows), np.nan), "logits", "finite answers"),
        (lambda rows: np.full(len(rows), -np.inf), "logits", "finite answers"),
        (lambda rows: np.full(len(rows), np.nan), "probabilities", "finite answers"),
        (lambda rows: rows[:, :2], "probabilities", "1 in sum"),
        (lambda rows: np.full((len(rows), 2), 0.9), "probabilities", "1 in sum"),
        (lambda rows: rows["age"], "logits", "it raised IndexError"),
    ],
)
def test_answers_that_are_no_logits_are_refused(function, gives, message):
    with pytest.raises(InputError, match=message):
        es.from_predictor(function, gives=gives)(ROWS)


def test_columns_are_one_for_each_class():
    with pytest.raises(InputError, match="3 classes of the function, but got 2 columns"):
        es.from_predictor(lambda rows: rows[:, :2], classes=["a", "b", "c"])(ROWS)


def test_what_is_no_row_is_refused():
    with pytest.raises(InputError, match="rows of a table"):
        es.from_predictor(lambda rows: rows[:, 0])(torch.zeros(2, 3, 4, 4))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LinearRegression().fit(X, TWO), "as a regressor or a booster"),
        (LogisticRegression(), "no classes_: fit it"),
        (IsolationForest(n_estimators=5).fit(X), "outliers"),
        (KNeighborsClassifier().fit(X, np.stack([TWO, TWO], 1)), "several"),
        (LogisticRegression, "make one, and fit it"),
        (lambda rows: rows, "es.from_predictor"),
        ("model.pt", "pass the network itself"),
    ],
    ids=["regressor", "unfitted", "outliers", "several", "class", "function", "text"],
)
def test_what_is_no_classifier_is_refused_with_what_to_do(model, message):
    with pytest.raises(InputError, match=message):
        as_network(model)


@pytest.mark.parametrize("predict", [3, torch.nn.Linear(2, 2), LogisticRegression])
def test_only_functions_and_classifiers_are_wrapped(predict):
    with pytest.raises(InputError, match="a function of rows"):
        es.from_predictor(predict)


def test_what_it_gives_is_logits_or_probabilities():
    with pytest.raises(InputError, match="'logits' or 'probabilities'"):
        es.from_predictor(lambda rows: rows, gives="classes")


def test_an_estimator_or_a_wrapped_one_is_wrapped_once():
    model = es.from_predictor(LogisticRegression().fit(X, TWO))
    assert isinstance(model, Predictor)
    assert es.from_predictor(model) is model
    assert as_network(model) is model


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (LogisticRegression(), "sample_weight"),
        (make_pipeline(StandardScaler(), GaussianNB()), "gaussiannb__sample_weight"),
        (KNeighborsClassifier(), ""),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), ""),
    ],
)
def test_what_fit_calls_weights_is_known(model, named):
    assert as_network(model.fit(X, TWO)).weighs_by == named


@pytest.mark.parametrize("model", [LogisticRegression().fit(X, TWO), es.from_predictor(len)])
def test_what_has_no_weights_is_told_from_networks(model):
    with pytest.raises(InputError, match="sample_weight"):
        check_has_weights(model)
    check_has_weights(torch.nn.Linear(3, 2))
