from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.errors import DataError, InputError

from .helpers import Net, Planted


@pytest.fixture(scope="module")
def audited():
    data = Planted(400)
    # The rest of an example speaks for its label: else those that are misled may be wrong labels.
    data.x[:, 3] += 0.5 * (2 * data.labels - 1)
    return data, es.audit(Net(), data, layers=["first"], pictures=0, swaps=0, progress=False)


def altered(result, **columns):
    return replace(result, examples=result.examples.assign(**columns))


def test_the_misled_are_those_of_the_reader_that_the_verdict_is_about(audited):
    data, result = audited
    assert result.summary.leans_on == "column 0"
    found = groups_from_audit(result)
    assert found.config["reader"] == "column 0"
    misled = (result.examples["score of column 0"] > 0).to_numpy()
    assert found.numbers.tolist() == (2 * data.labels.numpy() + misled).tolist()
    assert (found.suspects == data.minority).double().mean() > 0.99
    assert torch.equal(result.pseudo_groups(), found.numbers)


def test_another_reader_may_be_asked(audited):
    _, result = audited
    found = groups_from_audit(result, reader="column 3")
    misled = (result.examples["score of column 3"] > 0).to_numpy()
    assert np.array_equal(found.suspects.numpy(), misled)
    as_on_the_page = groups_from_audit(result, reader="column '3'")
    assert torch.equal(as_on_the_page.numbers, found.numbers)
    with pytest.raises(InputError, match="Expected a reader of this audit, .*'colour'"):
        groups_from_audit(result, reader="colour")


def test_where_no_reader_is_of_one_class_that_of_all_classes_serves(audited):
    _, result = audited
    result = altered(result, **{"score of colour": result.examples["score of column 3"]})
    found = groups_from_audit(result, reader="colour of one class")
    expected = groups_from_audit(result, reader="colour")
    assert torch.equal(found.numbers, expected.numbers)
    assert found.config["reader"] == "colour"
    told = "This audit has no reader of colour of one class: groups are told by that of colour."
    assert found.notes == (*expected.notes, told)
    own = altered(result, **{"score of colour of one class": result.examples["score of column 0"]})
    assert told not in groups_from_audit(own, reader="colour of one class").notes


def test_the_column_of_a_reader_goes_before_the_part_that_is_called_so_as_well(audited):
    _, result = audited
    misled = np.arange(400) % 7 == 0
    places = altered(result, **{"score of place": np.where(misled, 1.0, -1.0)})
    found = groups_from_audit(places, reader="place")
    assert np.array_equal(found.suspects.numpy(), misled)


def test_examples_with_a_doubtful_label_are_in_no_group(audited):
    _, result = audited
    pile = pd.Series([""] * 400)
    pile[[3, 7]] = "label doubtful"
    found = groups_from_audit(altered(result, pile=pile))
    assert found.numbers[[3, 7]].tolist() == [-1, -1]
    assert (found.numbers == -1).sum() == 2
    assert found.notes == ("2 examples whose label is doubtful are in no group.",)


def test_doubtful_labels_of_an_inconclusive_audit_are_not_left_out(audited):
    _, result = audited
    pile = pd.Series([""] * 400)
    pile[[3, 7]] = "label doubtful"
    memorised = replace(
        altered(result, pile=pile), summary=replace(result.summary, verdict="inconclusive")
    )
    assert (groups_from_audit(memorised).numbers >= 0).all()


def test_fewer_are_surely_misled(audited):
    _, result = audited
    score = result.examples["score of column 0"].to_numpy()
    found = groups_from_audit(result, sure=0.5)
    assert np.array_equal(found.suspects.numpy(), score > 0.5)
    with pytest.raises(InputError, match="Expected sure to be at least 0 and below 1"):
        groups_from_audit(result, sure=1.0)


def test_the_pile_serves_where_no_reader_has_a_column(audited):
    _, result = audited
    pile = pd.Series([""] * 400)
    pile[[1, 2]] = "shortcut fails"
    scores = [name for name in result.examples if name.startswith("score of ")]
    bare = altered(result, pile=pile)
    object.__setattr__(bare, "examples", bare.examples.drop(columns=scores))
    assert groups_from_audit(bare).suspects.nonzero().squeeze(1).tolist() == [1, 2]


def test_groups_follow_the_data_and_not_the_loader(audited):
    _, result = audited
    order = np.random.default_rng(0).permutation(400)
    shuffled = altered(result)
    object.__setattr__(shuffled, "examples", result.examples.iloc[order].reset_index(drop=True))
    assert torch.equal(groups_from_audit(shuffled).numbers, groups_from_audit(result).numbers)


def test_they_know_their_data(audited):
    data, result = audited
    found = es.infer_groups(result, data=data)
    found.check(data)
    with pytest.raises(DataError, match="Expected groups of 240 examples, but got those of 400"):
        found.check(Planted(240))
    other = [(x, 1 - y) for x, y, _ in (data[i] for i in range(400))]
    with pytest.raises(DataError, match="they are of others"):
        es.infer_groups(result, data=other)


def test_groups_of_a_verdict_that_names_nothing_say_so(audited):
    _, result = audited
    silent = replace(result, summary=replace(result.summary, leans_on=None))
    (note,) = es.infer_groups(silent).notes
    assert "names nothing that the model relies on: groups are told by 'column" in note
    assert es.infer_groups(result).notes == ()
    assert es.infer_groups(silent, reader="column 3").notes == ()


@pytest.mark.parametrize(
    ("known", "taken"),
    [
        ("values of site: B, C, D or one of 3 more", "values of site: B, C, D or one of 3 more"),
        ("values of sites: B", "column site"),
        ("column site", "column site"),
    ],
)
def test_values_that_other_examples_tell_stand_for_those_that_were_asked(audited, known, taken):
    _, result = audited
    score = result.examples["score of column 0"]
    other = altered(result, **{f"score of {known}": score, "score of column site": -score})
    found = groups_from_audit(other, reader="values of site: B, C, D or one of 4 more")
    assert found.config["reader"] == taken
    assert f"groups are told by that of {taken}." in found.notes[-1]


def test_values_of_a_column_without_a_reader_are_refused(audited):
    with pytest.raises(InputError, match="but got 'values of site: B'"):
        groups_from_audit(audited[1], reader="values of site: B")
