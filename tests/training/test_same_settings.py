"""Whether a run goes on with the settings that it was started with."""

import pytest

from earlysieve.errors import CheckpointError
from earlysieve.training.checkpoint import check_configuration

HERE = "runs/colour/seed-0/groups.csv"


@pytest.fixture
def moved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "moved" / HERE
    there.parent.mkdir(parents=True)
    there.write_text("groups")
    return str(there)


def test_groups_are_told_by_what_they_are_where_both_say_it(moved):
    saved = {"groups_from": f"results/{HERE}", "groups": "12ab"}
    check_configuration(saved, {"groups_from": moved, "groups": "12ab"})
    with pytest.raises(CheckpointError, match="Expected groups_from='results/"):
        check_configuration(saved, {"groups_from": moved, "groups": "34cd"})


@pytest.mark.parametrize("field", ["groups_from", "validation_groups_from", "checkpoint"])
def test_a_folder_may_be_named_from_elsewhere_and_be_moved_as_a_whole(field, moved):
    check_configuration({field: f"moved/{HERE}"}, {field: moved})
    check_configuration({field: f"results/{HERE}"}, {field: moved})
    with pytest.raises(CheckpointError, match=f"Expected {field}="):
        check_configuration({field: "results/runs/mark/seed-0/groups.csv"}, {field: moved})


def test_another_file_that_exists_is_another(moved, tmp_path):
    other = tmp_path / "other" / HERE
    other.parent.mkdir(parents=True)
    other.write_text("groups")
    with pytest.raises(CheckpointError, match="Expected checkpoint="):
        check_configuration({"checkpoint": str(other)}, {"checkpoint": moved})


def test_a_teacher_may_have_moved_but_nothing_else_may_differ(moved):
    saved = {"method_options": {"teacher_checkpoint": f"results/{HERE}", "alpha": 1.0}}
    now = {"teacher_checkpoint": moved, "alpha": 1.0}
    check_configuration(saved, {"method_options": now})
    with pytest.raises(CheckpointError, match="Expected method_options="):
        check_configuration(saved, {"method_options": {**now, "alpha": 2.0}})
    with pytest.raises(CheckpointError, match="Expected method_options="):
        check_configuration(saved, {"method_options": {**now, "teacher_checkpoint": None}})
