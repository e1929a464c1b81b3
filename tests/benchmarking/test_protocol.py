from dataclasses import replace
from pathlib import Path

import pytest

from earlysieve.benchmarking.arms import INFERRED, arm_from, supervision_of
from earlysieve.benchmarking.cells import GroupsCell, RunCell, cells_of
from earlysieve.benchmarking.configs import config_of, plain_config
from earlysieve.benchmarking.grid import grid_of, read_grid
from earlysieve.benchmarking.kept import check_same, keep
from earlysieve.benchmarking.protocol import Budget, DataSplits, Protocol
from earlysieve.benchmarking.tuning import Tuning
from earlysieve.errors import EarlysieveError, InputError
from earlysieve.grouping.infer import SOURCES

ONE = Protocol({"a": DataSplits("digits")}, seeds=(0, 1), training={"model": "m:n", "lr": 0.1})

STRONG = {"method": "jtt", "name": "strong", "settings": {"upweight": 50}}

YAML = """
protocol:
  data:
    digits: {data: digits, options: {limit: 100}, training: {lr: 0.2}}
  seeds: 2
  budget: {epochs: 3, minutes: 5, trials: 4}
  select: worst_class_accuracy
  tuned: {strong: ["identification_epochs"]}
  training: {model: "earlysieve.networks:small_cnn", lr: 0.1}
methods:
  - erm
  - {method: jtt, name: strong, settings: {upweight: 50}}
  - group-dro@audit
"""


def test_the_digest_is_of_all_but_seeds_and_of_nothing_that_changes_no_figure():
    more = replace(ONE, seeds=(0, 1, 2), training={**ONE.training, "num_workers": 2})
    assert more.digest == ONE.digest
    for other in (
        replace(ONE, budget=Budget(epochs=3)),
        replace(ONE, select="loss"),
        replace(ONE, tuned={"jtt": ()}, budget=Budget(trials=2)),
        replace(ONE, training={**ONE.training, "lr": 0.2}),
        replace(ONE, data={"a": DataSplits("digits", test="split:val")}),
    ):
        assert other.digest != ONE.digest
    assert Protocol.from_dict(ONE.to_dict()) == ONE


def test_what_must_not_matter_is_part_of_the_protocol_where_it_is_given():
    said = replace(ONE, data={"a": DataSplits("digits", irrelevant=["colour"])})
    assert said.digest != ONE.digest
    assert "irrelevant" not in ONE.to_dict()["data"]["a"]
    assert said.to_dict()["data"]["a"]["irrelevant"] == ["colour"]
    assert Protocol.from_dict(said.to_dict()) == said
    with pytest.raises(InputError, match=r'write irrelevant=\["colour"\]'):
        Protocol.from_dict({"data": {"a": {"data": "digits", "irrelevant": "colour"}}})
    task = replace(ONE, data={"a": DataSplits("digits", relevant=["colour"])})
    assert len({task.digest, said.digest, ONE.digest}) == 3
    assert task.to_dict()["data"]["a"]["relevant"] == ["colour"]
    assert "relevant" not in said.to_dict()["data"]["a"]
    with pytest.raises(InputError, match="irrelevant or relevant, but got both of colour"):
        DataSplits("digits", irrelevant=["colour"], relevant=["colour"])


def test_a_protocol_makes_configurations_and_keeps_the_best_epoch():
    one = replace(ONE, data={"a": DataSplits("digits", "0.3", training={"lr": 0.5})})
    config = one.config("a", 4)
    assert (config.lr, config.seed, config.validation, config.restore_best) == (0.5, 4, "0.3", True)


@pytest.mark.parametrize(
    ("text", "select", "wanted"),
    [
        ("erm", "accuracy", "none"),
        ("group-dro@audit", "worst_pseudo_group_accuracy", "none"),
        ("erm", "worst_group_accuracy", "groups in validation"),
        ("dfr@xrm", "accuracy", "none"),
        ("dfr", "accuracy", "groups in validation"),
        ("dfr@true", "accuracy", "groups in validation"),
        ("group-dro", "accuracy", "groups in training"),
        ("group-dro@true", "worst_group_accuracy", "groups in training"),
        ("balanced@errors", "accuracy", "none"),
    ],
)
def test_supervision_follows_from_method_source_and_rule(text, select, wanted):
    assert supervision_of(arm_from(text), select) == wanted


def test_every_source_of_groups_can_be_named():
    assert ("audit", *SOURCES) == INFERRED


def test_a_file_of_groups_counts_as_true_groups(tmp_path):
    file = tmp_path / "my groups.csv"
    file.write_text("group\n0\n")
    arm = arm_from(f"group-dro@{file}")
    assert arm.name == "group-dro@my-groups.csv"
    assert supervision_of(arm, "accuracy") == "groups in training"


def test_cells_come_after_what_they_need_and_are_shared():
    grid = grid_of(ONE, ["dfr@audit", "group-dro@audit", "kd", "jtt"])
    cells = cells_of(grid)
    assert grid.arms[0].name == "erm"
    assert len(cells) == len(set(cells)) == 2 * (5 + 2)
    for place, cell in enumerate(cells):
        assert set(cell.after) <= set(cells[:place])
    groups = [cell for cell in cells if isinstance(cell, GroupsCell) and cell.seed == 0]
    assert {cell.part for cell in groups} == {"train", "validation"}
    of_kd = RunCell("a", arm_from("kd"), 1)
    assert [one.place for one in of_kd.needs] == ["runs/a/erm/seed-1"]
    own = arm_from("kd", {"teacher": "torchvision:resnet18"})
    assert RunCell("a", own, 1).needs == ()


def test_a_rule_of_inferred_groups_takes_them_from_one_reference_run_for_all_methods():
    grid = grid_of(replace(ONE, select="pseudo_group_accuracy"), ["dfr@audit", "jtt", "kd"])
    of_seed = [cell.place for cell in cells_of(grid) if cell.seed == 0]
    assert of_seed == [
        "runs/a/reference/seed-0",
        "groups/a/reference-validation/seed-0",
        "runs/a/erm/seed-0",
        "groups/a/audit-validation/seed-0",
        "runs/a/dfr@audit/seed-0",
        "runs/a/jtt/seed-0",
        "runs/a/kd/seed-0",
    ]
    assert plain_config(grid.protocol, "a", 0).select == "accuracy"
    erm = config_of(RunCell("a", grid.arms[0], 0), grid.protocol, Path("out"))
    assert erm.select == "pseudo_group_accuracy"
    assert erm.validation_groups_from == "out/groups/a/reference-validation/seed-0/audit"
    given = {**ONE.training, "validation_groups_from": "groups.csv"}
    named = grid_of(replace(ONE, select="pseudo_group_accuracy", training=given), ["jtt"])
    assert len(cells_of(named)) == 4
    with pytest.raises(InputError, match="another name than 'reference'"):
        arm_from("jtt", name="reference")


def test_a_student_may_learn_from_the_run_of_any_method_and_knows_what_that_knew():
    one = {"method": "kd", "teacher": "group-dro"}
    grid = grid_of(ONE, [one, {"method": "dedier", "teacher": "strong"}, STRONG])
    by_name = {arm.name: arm for arm in grid.arms}
    assert list(by_name) == ["erm", "kd", "dedier", "strong", "group-dro@true"]
    (needed,) = RunCell("a", by_name["kd"], 1).needs
    assert needed == RunCell("a", by_name["group-dro@true"], 1)
    assert by_name["dedier"].teacher == by_name["strong"]
    assert supervision_of(by_name["kd"], "accuracy") == "groups in training"
    assert supervision_of(by_name["dedier"], "accuracy") == "none"
    assert by_name["kd"].to_dict()["teacher"] == "group-dro@true"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        ({"method": "kd", "teacher": "dedier"}, "that has none itself"),
        ({"method": "jtt", "teacher": "erm"}, "a method that learns from a teacher"),
        ({"method": "kd", "teacher": 3}, "METHOD or METHOD@SOURCE"),
        ({"method": "kd", "teacher": "group-dr"}, "group-dro"),
    ],
)
def test_a_teacher_that_cannot_be_is_refused(one, why):
    with pytest.raises(InputError, match=why):
        grid_of(ONE, [one])


def test_a_grid_is_read_from_yaml(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(YAML)
    grid = read_grid(path)
    assert [arm.name for arm in grid.arms] == ["erm", "strong", "group-dro@audit"]
    assert grid.arms[1].all_settings()["upweight"] == 50
    assert grid.protocol.seeds == (0, 1)
    assert grid.protocol.budget == Budget(4, epochs=3, minutes=5)
    assert grid.arms[1].tuned == Tuning(("identification_epochs",), 4, 0)
    assert grid.arms[2].tuned is None
    assert grid.protocol.config("digits", 0).lr == 0.2
    assert read_grid(path, seeds=(7,)).protocol.seeds == (7,)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("protocol:", "protocoll:", "did you mean protocol"),
        ("methods:", "method:", "did you mean methods"),
        ("  budget:", "  budgt:", "did you mean budget"),
        ("epochs: 3", "epoch: 3", "did you mean epochs"),
        ("epochs: 3", "epochs: none", "epochs of the budget as a whole number"),
        ("minutes: 5", "minutes: 0", "minutes of the budget above 0"),
        ("seeds: 2", "seeds: 0", "at least one seed"),
        ("seeds: 2", "seeds: [1, 1]", "different whole numbers"),
        ("seeds: 2", "seeds: many", "seeds as a number"),
        ("data: digits,", "daat: digits,", "did you mean data"),
        ("options: {limit: 100}", "options: 3", "'options' of the data 'digits'"),
        (", lr: 0.1}", ", lrr: 0.1}", "did you mean lr"),
        (", lr: 0.1}", ", epochs: 3}", "fields of the training"),
        ("model: ", "num_classes: 2, model_: ", "did you mean model"),
        ("select: worst_class_accuracy", "select: worst_clas_accuracy", "worst_class_accuracy"),
        ("tuned: {strong:", "tuned: {stong:", "did you mean strong"),
        ('["identification_epochs"]', "some", "as a list, but got 'some'"),
        ("identification_epochs", "identification_epoch", "did you mean identification_epochs"),
        ("identification_epochs", "upweight", "'upweight' is both"),
        ("identification_epochs", "warmup", "a range for 'warmup' of 'strong'"),
        ("identification_epochs", "epochs=1:3", "which the budget says for all"),
        ("tuned: {strong:", "tuned: {erm:", "other methods than erm"),
        ("trials: 4", "trials: 1", "at least 2 trials to tune strong"),
        ("  tuned:", "  #", "methods to tune with 4 trials"),
        (
            "method: jtt, name: strong, settings: {upweight: 50}",
            "method: crt, name: strong",
            "leaves none to choose by",
        ),
        ("upweight: 50", "upwieght: 50", "did you mean upweight"),
        ("upweight: 50", "upweight: 0", "at least 1"),
        ("method: jtt", "method: jttt", "did you mean jtt"),
        ("name: strong", "naem: strong", "did you mean name"),
        ("name: strong", "name: erm", "'erm' twice|plain training"),
        ("group-dro@audit", "group-dro@audits", "did you mean audit"),
        ("group-dro@audit", "jtt@audit", "needs none; write 'jtt' alone"),
        ("  - erm", "  - [erm]", "a method by name"),
        ("methods:", "methods: {}\nx:", "keys of the grid"),
        ("protocol:", "protocol: [\nx:", "a grid in YAML"),
    ],
)
def test_what_is_wrong_in_a_grid_is_said(tmp_path, old, new, part):
    assert old in YAML
    path = tmp_path / "grid.yaml"
    path.write_text(YAML.replace(old, new, 1))
    with pytest.raises(EarlysieveError, match=part):
        read_grid(path)


def test_a_method_that_comes_twice_is_refused():
    with pytest.raises(InputError, match="'jtt' twice"):
        grid_of(ONE, ["jtt", {"method": "jtt", "settings": {"upweight": 3}}])


def test_presets_are_not_mixed_into_a_protocol():
    with pytest.raises(InputError, match="write out what it sets"):
        arm_from("dedier", {"preset": "celeba"})


def test_a_folder_belongs_to_one_protocol_but_may_grow(tmp_path):
    keep(tmp_path, grid_of(ONE, ["jtt"]))
    more = replace(ONE, seeds=(5,), data={"b": DataSplits("digits", "0.4")})
    kept = keep(tmp_path, grid_of(more, ["kd"]))
    assert set(kept["methods"]) == {"erm", "jtt", "kd"}
    assert set(kept["protocol"]["data"]) == {"a", "b"}
    assert kept["protocol"]["seeds"] == [0, 1, 5]
    check_same(tmp_path, grid_of(ONE, ["jtt"]))


@pytest.mark.parametrize(
    ("other", "methods", "part"),
    [
        (replace(ONE, budget=Budget(epochs=4)), ["jtt"], "budget.epochs: 10 there, 4 here"),
        (replace(ONE, select="loss"), ["jtt"], "select: accuracy there, loss here"),
        (
            replace(ONE, training={**ONE.training, "lr": 0.2}),
            ["jtt"],
            "training.lr: 0.1 there, 0.2 here",
        ),
        (
            replace(ONE, data={"a": DataSplits("digits", test="split:train")}),
            ["jtt"],
            "data.a.test: split:test there, split:train here",
        ),
        (
            ONE,
            [{"method": "jtt", "settings": {"upweight": 2}}],
            "methods.jtt.settings.upweight: 20.0 there, 2 here",
        ),
    ],
)
def test_another_protocol_is_refused_with_the_difference(tmp_path, other, methods, part):
    keep(tmp_path, grid_of(ONE, ["jtt"]))
    before = (tmp_path / "protocol.json").read_bytes()
    with pytest.raises(InputError, match=part):
        keep(tmp_path, grid_of(other, methods))
    assert (tmp_path / "protocol.json").read_bytes() == before
