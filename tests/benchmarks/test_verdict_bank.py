"""The bank's plan is sound, its data are as it says, and a small case runs from end to end."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(FOLDER))

bank_cases = pytest.importorskip("bank_cases")
import bank_data  # noqa: E402
import bank_judge  # noqa: E402
import bank_plan  # noqa: E402
import bank_train  # noqa: E402
import verdict_bank  # noqa: E402
from bank_cases import NONE, RISK, SHORTCUT, UNSURE, Case, final_expectation  # noqa: E402

CASES = verdict_bank.all_cases()
# Data sets of images are not everywhere; digits come with a package.
COLOUR = replace(
    CASES["colour-digits-10c-0.95-cnn-s0"], train_size=400, audit_size=200, correlation=0.9
)
TOKEN = replace(CASES["token-topics-2c-0.95-text-s0"], train_size=300, audit_size=200)
TABLE = replace(CASES["threshold-parity-2c-0.95-mlp-s0"], train_size=400, audit_size=200)


def test_sets_share_no_seed_and_no_model():
    seeds = [{case.seed for case in made} for made in (bank_plan.design(), bank_plan.report())]
    assert not seeds[0] & seeds[1]
    models = [{case.training for case in made} for made in (bank_plan.design(), bank_plan.report())]
    assert not models[0] & models[1]


def test_there_are_enough_cases_and_every_expectation_is_a_verdict():
    report = bank_plan.report()
    assert sum(case.kind == "planted" for case in report) >= 60
    assert sum(case.kind != "planted" for case in report) >= 60
    known = {NONE, SHORTCUT, RISK, UNSURE}
    assert all(set(case.expected.split("|")) <= known for case in CASES.values())
    assert all(case.expected != SHORTCUT for case in CASES.values() if case.kind == "task")


def test_some_families_are_in_the_report_only():
    families = [{case.family for case in made} for made in (bank_plan.design(), bank_plan.report())]
    only = families[1] - families[0]
    assert {"background", "size", "blocks", "watermark", "length", "negation", "linear"} <= only


@pytest.mark.parametrize(
    ("reliance", "counter", "expected"),
    [(0.3, 100, SHORTCUT), (0.3, 19, RISK), (0.1, 100, "listed"), (0.01, 100, NONE)],
)
def test_what_is_expected_follows_the_reliance(reliance, counter, expected):
    case = CASES["colour-10c-0.95-cnn-s10"]
    assert final_expectation(case, reliance, counter) == expected
    control = CASES["clean-garments-10c-cnn-s10"]
    assert final_expectation(control, reliance, counter) == NONE


@pytest.mark.parametrize("case", [COLOUR, TOKEN, TABLE], ids=lambda case: case.family)
def test_parts_have_the_correlation_and_hide_the_groups(case: Case):
    for which in ("train", "audit"):
        part = bank_data.part(case, which)
        holds = part.values == part.true
        for label in range(case.classes):
            inside = part.true == label
            assert holds[inside].sum() == round(case.correlation * inside.sum())
        assert np.array_equal(part.counter, ~holds)
        assert (part.data.groups == -1).all()
        assert part.data[0][1:] == (int(part.true[0]), -1)
    redrawn = bank_data.part(case, "redrawn")
    assert abs((redrawn.values == redrawn.true).mean() - 0.5) < 0.01


def test_training_and_held_out_images_are_apart():
    for case in (COLOUR, replace(COLOUR, tail=0.7)):
        train, held = bank_data.chosen_rows(case, "train"), bank_data.chosen_rows(case, "redrawn")
        assert not set(train) & set(held)
        assert set(bank_data.chosen_rows(case, "audit")) <= set(held)


def test_parts_follow_from_the_case():
    first, again = (bank_data.part(COLOUR, "audit") for _ in range(2))
    assert np.array_equal(first.values, again.values)
    assert (first.data[5][0] == again.data[5][0]).all()


def test_wrong_labels_are_where_the_cue_is_right():
    part = bank_data.part(replace(COLOUR, wrong=0.05), "audit")
    assert part.wrong.sum() == 10
    assert not (part.wrong & part.counter).any()
    assert np.array_equal(part.data.labels != part.true, part.wrong)


def test_where_the_cue_is_the_task_the_rest_says_nothing():
    case = replace(COLOUR, core="chance", correlation=1.0)
    part = bank_data.part(case, "audit")
    assert (part.values == part.true).all()
    content = bank_data.pool("digits")[1][bank_data.chosen_rows(case, "audit")]
    assert (content == part.true).mean() < 0.2


def test_other_preprocessing_is_that_of_the_audit_alone():
    case = replace(COLOUR, preprocessing="unscaled")
    assert bank_data.part(case, "train").data[0][0].abs().max() <= 1
    assert bank_data.part(case, "audit").data[0][0].max() > 100


def test_the_mask_of_a_cue():
    part = bank_data.part(replace(COLOUR, family="border", channels=1), "audit")
    mask = part.mask(3)
    assert mask is not None
    assert mask[:2].mean() > 0.9
    assert not mask[2:-2, 2:-2].any()
    assert bank_data.part(TABLE, "audit").mask(0) is None


def test_a_small_case_from_end_to_end(tmp_path, monkeypatch):
    case = replace(TABLE, name="small", options=(("order", 2),), epochs=5)
    monkeypatch.setattr(verdict_bank, "all_cases", lambda: {"small": case})
    verdict_bank.train_all([case], tmp_path)
    loaded = verdict_bank.load_case("small", tmp_path)
    assert loaded.truth["counter_examples"] == verdict_bank.judge("small").counter.sum() == 10
    assert 0 <= loaded.truth["audit_accuracy"] <= 1
    assert len(loaded.audit) == 200
    assert len(loaded.reference) == 400
    before = (tmp_path / "cases/small/truth.json").stat().st_mtime_ns
    verdict_bank.train_all([case], tmp_path)
    assert (tmp_path / "cases/small/truth.json").stat().st_mtime_ns == before
    again = bank_train.train(case, bank_data.part(case, "train")).state_dict()
    assert all((again[key] == value).all() for key, value in loaded.model.state_dict().items())


def row(name: str, expected: str, verdict: str, auroc: float | None = None) -> bank_judge.Row:
    known = {"expected": expected, "reliance": 0.3}
    return CASES[name], known, {"verdict": verdict, "auroc_counter": auroc}


def test_rates_by_hand():
    rows = [
        row("colour-10c-0.95-cnn-s10", SHORTCUT, SHORTCUT, 0.9),
        row("size-10c-0.95-cnn-s10", SHORTCUT, NONE, 0.7),
        row("size-10c-0.9-cnn-s12", "listed", UNSURE, 0.1),
        row("clean-garments-10c-cnn-s10", NONE, UNSURE),
        row("clean-garments-10c-cnn-s11", NONE, SHORTCUT),
        row("few-garments-10c-n400-cnn-s16", f"{NONE}|{UNSURE}", UNSURE),
        row("task-colour-10c-1-cnn-s10", RISK, SHORTCUT),
    ]
    found = {name: (good, count) for name, good, count in bank_judge.rates(rows)}
    assert found["planted, right"] == (1, 2)
    assert found['"shortcut" on controls that expect "none found"'] == (1, 2)
    assert found['"at risk" on controls that expect "none found"'] == (0, 2)
    assert found['"inconclusive" where not expected'] == (1, 5)
    assert found['"shortcut" where the simple feature is the task'] == (1, 1)
    assert found["few, right"] == (1, 1)
    assert "median over families 0.800, lowest 0.700 (size)" in bank_judge.aurocs(rows)[0]
