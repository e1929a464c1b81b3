"""Readouts that take long are announced before they are trained."""

import pytest
import torch

import earlysieve as es
from earlysieve.auditing import cost_of_readouts
from earlysieve.auditing.cost_of_readouts import _span
from earlysieve.model.layout import Layout
from earlysieve.readouts import expected_time
from earlysieve.readouts.expected_time import seconds_expected
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.heads import ConvHead, MLPHead
from earlysieve.readouts.minibatch import usual_schedule

from .helpers import Net, Planted


def said_by(monkeypatch, seconds, **options):
    monkeypatch.setattr(cost_of_readouts, "seconds_expected", lambda *a, **k: seconds)
    said = []
    es.audit(Net(), Planted(60), pictures=0, tell=said.append, **options)
    return said


def test_long_training_is_told_with_its_estimate(monkeypatch):
    said = said_by(monkeypatch, 100.0, head="mlp", layers=["first", "second"], folds=2)
    assert said == [
        "Training readouts (MLPHead) of 2 layers in 2 folds will take about 3 minutes; "
        "fewer layers or head='linear' take less."
    ]


@pytest.mark.parametrize(("head", "seconds"), [("mlp", 20.0), ("linear", 1e6)])
def test_nothing_is_told_of_what_is_quick(monkeypatch, head, seconds):
    assert said_by(monkeypatch, seconds, head=head, layers=["first", "second"], folds=2) == []


def test_spans_in_words():
    spans = [_span(seconds) for seconds in (61, 150, 89 * 60, 2.5 * 3600)]
    assert spans == ["a minute", "2 minutes", "89 minutes", "2.5 hours"]


@pytest.mark.parametrize("folds", [1, 5])
def test_the_estimate_is_the_time_of_a_step_times_the_steps(monkeypatch, folds):
    clock = iter(float(i) for i in range(100))
    monkeypatch.setattr(expected_time, "perf_counter", lambda: next(clock))
    store = FeatureStore()
    store.append(torch.randn(5000, 4))
    before = torch.get_rng_state()
    seconds = seconds_expected(store, MLPHead(8), Layout.FLAT, 3, folds)
    assert torch.equal(torch.get_rng_state(), before)
    assert seconds == folds * usual_schedule(MLPHead(8)).steps(5000 if folds == 1 else 4000)


def test_steps_are_those_of_the_schedule():
    plan = usual_schedule(ConvHead())
    assert plan.steps(3200) == 1000
    assert plan.steps(32) == 200
    assert plan.steps(1_000_000) == 4000
