"""Public names have examples, their own or that of another one, which run as they stand."""

import doctest
import inspect
import re

import pytest
import torch

import earlysieve as es

# What another call returns is shown where it is returned: nobody makes one.
RETURNED = {
    "AuditResult",
    "BenchmarkResult",
    "Captured",
    "Choice",
    "CueReliance",
    "FixResult",
    "LayerInfo",
    "LoadedWeights",
    "Measures",
    "PairedDifference",
    "Picture",
    "RandomisedDrop",
    "Reliance",
    "RelianceResult",
    "RepairedClassifier",
    "SavedRun",
    "SearchResult",
    "Summary",
}
NAMES = sorted(set(es.__all__) - RETURNED - {"__version__"})


def example_of(name):
    text = inspect.getdoc(getattr(es, name)) or ""
    return doctest.DocTestParser().get_doctest(text, {}, name, None, None)


WITH_EXAMPLES = [name for name in NAMES if example_of(name).examples]


def test_every_public_name_is_in_an_example():
    shown = "".join(step.source for name in WITH_EXAMPLES for step in example_of(name).examples)
    words = set(re.findall(r"es\.(\w+)", shown))
    missing = [name for name in NAMES if name not in words]
    assert not missing, "add an example to these docstrings, or list what is only returned"


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_example_of_a_public_name_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    told = []
    doctest.DocTestRunner(verbose=False).run(example_of(name), out=told.append)
    assert told == []
