"""Groups of a run's data from an audit or a file."""

from dataclasses import replace

import numpy as np
import pytest

import earlysieve as es
from earlysieve.datasets import digits, plant_colour
from earlysieve.errors import DataError, InputError
from earlysieve.measures.by_cell import shares_of
from earlysieve.networks.small import small_cnn
from earlysieve.runs.given_groups import (
    beside_validation,
    groups_for_training,
    how_told,
    read_groups,
)
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_data import Parts, open_parts
from earlysieve.runs.train_run import TrainRun
from earlysieve.training import TrainConfig, evaluate
from earlysieve.training.selection import NOTHING

COLOURED = {"shortcut": "colour", "limit": 150}


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_file(tmp_path):
    path = written(tmp_path / "g.csv", "group\nb\n\na\nb\n")
    # pandas leaves blank lines out
    assert read_groups(path).numbers.tolist() == [1, 0, 1]
    path = written(tmp_path / "g.csv", "id,group\n0,b\n1,\n2,a\n3,-1\n")
    found = read_groups(path)
    assert found.numbers.tolist() == [1, -1, 0, -1]
    assert (found.names, found.source) == (("a", "b"), "file")
    path = written(tmp_path / "g.csv", "index,group\n3,1\n0,0\n")
    assert read_groups(path, 5).numbers.tolist() == [0, -1, -1, 1, -1]


def test_a_numpy_file(tmp_path):
    np.save(tmp_path / "g.npy", np.array([2, -1, 0], np.int32))
    assert read_groups(tmp_path / "g.npy").numbers.tolist() == [2, -1, 0]


def test_a_file_of_groups_as_they_are_saved_says_whose_they_are(tmp_path):
    config = TrainConfig(data="digits", data_options={"limit": 60}, validation="0.5")
    parts = open_parts(config)
    groups = es.infer_groups([0, 1] * 15).save(tmp_path / "plain.csv")
    assert read_groups(groups).numbers.tolist() == [0, 1] * 15
    model = small_cnn(10, seed=0)
    own = es.infer_groups("errors", data=parts.train, model=model)
    own.save(tmp_path / "own.csv")
    found = groups_for_training(replace(config, groups_from=str(tmp_path / "own.csv")), parts)
    assert found is not None
    assert len(found) == 30
    swapped = Parts(parts.validation, parts.train)
    with pytest.raises(DataError, match="they are of others"):
        groups_for_training(replace(config, groups_from=str(tmp_path / "own.csv")), swapped)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("group\n", "Expected rows in"),
        ("groups\n1\n", "Expected a column 'group' in .*, but got groups; add or rename it"),
        ("group\n-2\n", "from 0 to"),
        ("group\n1.5\n", "Expected names or whole numbers"),
        ("group\n-1\n", "Expected some examples of known group"),
        ("index,group\n0,1\n0,1\n", "Expected each example once"),
        ("index,group\n5,1\n", "Expected positions from 0 to 4 .* but got '5'"),
        ("index,group\n-1,1\n", "but got '-1'"),
        ("index,group\nx,1\n", "but got 'x'"),
        ("index,group\n" + "9" * 5000 + ",1\n", "but got '99999999999999999999'"),
    ],
)
def test_bad_tables(text, message, tmp_path):
    with pytest.raises((DataError, InputError), match=message):
        read_groups(written(tmp_path / "g.csv", text), 5)


@pytest.mark.parametrize("content", [np.zeros((2, 2), int), np.array([0.5]), np.array(["a"])])
def test_bad_arrays(content, tmp_path):
    np.save(tmp_path / "g.npy", content)
    with pytest.raises(DataError, match=r"Expected whole numbers of shape \(N,\)"):
        read_groups(tmp_path / "g.npy")


def test_what_is_not_there_or_runs_code_is_refused(tmp_path):
    np.save(tmp_path / "g.npy", np.array([print], object), allow_pickle=True)
    written(tmp_path / "torn.npy", "\x93NUMPY")
    (tmp_path / "empty").mkdir()
    for name in ("g.npy", "torn.npy", "nope.csv", "nope.npy"):
        with pytest.raises(DataError, match="Expected the folder of an audit, a .npy file"):
            read_groups(tmp_path / name)
    with pytest.raises(DataError, match="audit"):
        read_groups(tmp_path / "empty")


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A folder with the audit of what a configuration opens as training data."""
    data = open_parts(TrainConfig(data="digits", data_options=COLOURED)).train
    result = es.audit(small_cnn(10), data, folds=2)
    return result.save(tmp_path_factory.mktemp("audit")), result, data


def test_an_audit_tells_groups_of_its_data(audited):
    folder, result, data = audited
    config = TrainConfig(data="digits", data_options=COLOURED, groups_from=str(folder))
    found = groups_for_training(config, Parts(data, None))
    numbers, names = result.pseudo_groups(), result.pseudo_group_names()
    present = numbers[numbers >= 0].unique()
    assert found.names == tuple(names[k] for k in present)
    told = [found.name(int(k)) for k in found.numbers if k >= 0]
    assert told == [names[int(k)] for k in numbers if k >= 0]
    assert (found.numbers < 0).tolist() == (numbers < 0).tolist()
    assert groups_for_training(TrainConfig(), Parts(data, None)) is None


def test_an_audit_of_all_data_serves_both_parts(audited):
    folder, result, data = audited
    config = TrainConfig(
        data="digits",
        data_options=COLOURED,
        validation="0.2",
        groups_from=str(folder),
        validation_groups_from=str(folder),
        select="worst_pseudo_group_accuracy",
    )
    parts = open_parts(config)
    groups = result.pseudo_groups().numpy()
    found = groups_for_training(config, parts).numbers.numpy()
    _, expected = np.unique(groups[parts.train_rows], return_inverse=True)
    assert np.array_equal(found, expected)
    known = beside_validation(config, parts)
    assert np.array_equal(known.pseudo_groups, groups[parts.held_rows])
    assert parts.train.identify(3) == data.identify(int(parts.train_rows[3]))
    assert parts.validation.identify(3) == data.identify(int(parts.held_rows[3]))
    read = TrainConfig(**{**config.to_dict(), "select": "unsupervised_balanced_accuracy"})
    said = result.examples["readout_prediction"].to_numpy()[parts.held_rows]
    assert np.array_equal(beside_validation(read, parts).reader_predictions, said)
    plain = TrainConfig(**{**config.to_dict(), "select": "accuracy"})
    assert beside_validation(plain, parts) is NOTHING


def test_numbers_without_examples_are_left_out(tmp_path):
    path = written(tmp_path / "g.csv", "group\n4\n-1\n2\n4\n2\n")
    data = digits("test").subset(range(5))
    found = groups_for_training(TrainConfig(groups_from=str(path)), Parts(data, None))
    assert found.numbers.tolist() == [1, -1, 0, 1, 0]
    assert found.names == ("2", "4")


def test_groups_of_other_data_are_refused(audited):
    folder, _, data = audited
    config = TrainConfig(groups_from=str(folder))
    others = digits("test").subset(range(len(data)))
    for wrong in (others, plant_colour(digits("test"), 0.9)):
        with pytest.raises(DataError, match="^Expected groups of .*groups from '"):
            groups_for_training(config, Parts(wrong, None))
    read = TrainConfig(validation_groups_from=str(folder), select="unsupervised_balanced_accuracy")
    with pytest.raises(DataError, match="^Expected groups of .*groups from '"):
        beside_validation(read, Parts(data, others))
    with pytest.raises(InputError, match="Expected validation data for --validation-groups-from"):
        beside_validation(read, Parts(data, None))


def test_a_file_does_not_say_what_a_reader_says(tmp_path):
    np.save(tmp_path / "g.npy", np.zeros(5, int))
    config = TrainConfig(
        validation_groups_from=str(tmp_path / "g.npy"), select="unsupervised_balanced_accuracy"
    )
    with pytest.raises(InputError, match="Expected the folder of an audit, which holds what"):
        beside_validation(config, Parts(None, digits("test")))


def test_a_reader_of_the_audit_tells_groups_where_it_is_named(audited):
    """The strongest sign on data that a model has memorised may be any."""
    folder, result, data = audited
    plain = TrainConfig(data="digits", data_options=COLOURED, groups_from=str(folder))
    other = replace(plain, groups_reader="color")  # as people write it
    named, unnamed = (groups_for_training(c, Parts(data, None)) for c in (other, plain))
    wanted = es.infer_groups(result, reader="colour")
    assert named.config["reader"] == "colour"
    assert named.suspects.tolist() == wanted.suspects.tolist()
    assert unnamed.config["reader"] != "colour"
    first, *_ = how_told(other, named)
    count = int(wanted.suspects.sum())
    assert first.endswith(f"'{folder}': whom a reader of 'colour' misleads ({count} examples).")
    with pytest.raises(InputError, match=r"Expected a reader of this audit, .*, but got 'taste'"):
        groups_for_training(replace(plain, groups_reader="taste"), Parts(data, None))
    beside = replace(other, groups_from=None, validation_groups_from=str(folder))
    beside = replace(beside, select="worst_pseudo_group_accuracy")
    told = beside_validation(beside, Parts(data, data)).pseudo_groups
    assert told.tolist() == wanted.numbers.tolist()


def test_a_reader_needs_an_audit(tmp_path):
    np.save(tmp_path / "g.npy", np.arange(60) % 2)
    for place in (None, str(tmp_path / "g.npy")):
        config = TrainConfig(groups_from=place, groups_reader="colour")
        with pytest.raises(InputError, match="Expected the folder of an audit with --groups-rea"):
            groups_for_training(config, Parts(None, None))


@pytest.mark.parametrize(
    ("verdict", "leans_on", "reader", "said"),
    [
        ("inconclusive", None, None, ["'inconclusive' and names nothing", "--groups-reader NAME"]),
        ("inconclusive", None, "colour", []),
        ("shortcut", "colour", None, []),
        ("shortcut", "colour", "colour", []),
        ("shortcut", "colour", "spectrum", ["is about 'colour', but groups are told by 'texture'"]),
    ],
)
def test_what_speaks_against_groups_is_said(audited, verdict, leans_on, reader, said):
    _, result, _ = audited
    told = replace(result, summary=replace(result.summary, verdict=verdict, leans_on=leans_on))
    groups = es.infer_groups(told, reader=reader)
    groups = replace(groups, notes=tuple(n for n in groups.notes if "doubtful" not in n))
    first, *rest = how_told(TrainConfig(groups_from="a", groups_reader=reader), groups)
    assert first.startswith("Groups of the training data, by the audit 'a': whom a reader of '")
    assert len(rest) == len(said)
    assert all(part in one for part, one in zip(said, rest, strict=True))
    assert how_told(TrainConfig(), None) == how_told(TrainConfig(), es.infer_groups([0, 1])) == []


@pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")
def test_accuracy_is_reweighted_to_the_groups_of_the_data_and_not_to_inferred_ones(tmp_path):
    others = written(tmp_path / "g.csv", "group\n" + "a\n" * 20 + "b\n" * 100)
    config = TrainConfig(
        data="digits", data_options=COLOURED, validation="0.2", method="group-dro", epochs=4,
        groups_from=str(others), model="earlysieve.networks:small_cnn", optimizer="adamw", lr=0.005,
    )  # fmt: skip
    run = TrainRun.prepare(config, tmp_path / "run", Reporter(progress=False))
    row = run.train(resume=False).history[-1]
    parts = open_parts(config)
    found = evaluate(run.algorithm.model, parts.validation)
    expected = found.reweighted_accuracy(shares_of(parts.train.groups))
    assert row["validation_reweighted_accuracy"] == pytest.approx(expected)
