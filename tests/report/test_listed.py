from dataclasses import replace

import numpy as np
import pytest

import earlysieve as es
from earlysieve.report import render
from earlysieve.report.listed import suspects, wrong_and_sure
from tests.auditing.test_result import made

from .audits import HOSTILE, example_table, hostile_audit, image_audit, piled_audit

pytest.importorskip("jinja2")


def audit_of(predictions, confidence, **columns):
    """Examples of class 0."""
    count = len(predictions)
    examples = example_table(count, flagged=0).assign(
        label=0, prediction=predictions, confidence=confidence, id=[f"e{i}" for i in range(count)],
        **columns,
    )  # fmt: skip
    return image_audit(examples=examples, pictures=())


def test_errors_of_which_the_model_is_surest_come_first():
    found = wrong_and_sure(audit_of([1, 0, 2, 1, 1], [0.95, 0.99, 0.97, 0.89, 0.95]))
    assert [row.id for row in found.rows] == ["e2", "e0", "e4"]
    assert found.total == 3
    assert found.rows[0].prediction == "shirt"
    assert not found.rows[0].correct


def test_some_of_many_are_shown_and_counted():
    audit = audit_of([1] * 30, np.linspace(0.9, 1, 30))
    found = wrong_and_sure(audit)
    assert (len(found.rows), found.total) == (12, 30)
    page = render(audit)
    assert "The model is wrong on 30 examples and at least 90% sure" in page
    assert "Errors of which the model is surest, 12 of 30" in page


def test_nothing_to_show_is_said():
    page = render(audit_of([0, 0], [0.9, 0.95]))
    assert "Nowhere is the model wrong and at least 90% sure" in page
    assert "that are in a pile, flagged or answered wrong" not in page


def test_all_that_is_odd_is_listed_pile_by_pile():
    audit = piled_audit()
    found = suspects(audit)
    table = audit.examples
    odd = (table["pile"] != "") | table["flagged"] | (table["label"] != table["prediction"])
    assert found.total == int(odd.sum())
    kinds = [row.kind.role for row in found.rows if row.kind]
    assert kinds == [*["shortcut fails"] * 3, *["label doubtful"] * 2, "rare or hard"]
    first = [row.score for row in found.rows[:3]]
    assert first == sorted(first, reverse=True)


def test_a_long_list_is_cut():
    found = suspects(audit_of([1] * 600, [0.2] * 600))
    assert (len(found.rows), found.total) == (500, 600)


def test_names_are_escaped():
    assert HOSTILE not in render(hostile_audit())


def test_the_table_of_all_examples_is_linked_where_it_lies_beside_the_page(tmp_path):
    link = '<a href="scores.csv">'
    result = made()
    result.save(tmp_path, page=True)
    assert link in (tmp_path / "report.html").read_text()
    assert link in result.to_html(tmp_path / "again.html").read_text()
    other = replace(made(), examples=made().examples.head(4))
    assert link not in other.to_html(tmp_path / "other.html").read_text()
    assert link not in es.AuditResult.load(tmp_path).to_html(tmp_path / "x/y.html").read_text()
