import numpy as np
import pytest

from earlysieve.datasets import Texts, digits
from earlysieve.datasets.text_cues import word_tokenizer
from earlysieve.errors import InputError
from earlysieve.reliance.redraw import IMAGE_CUES, TEXT_CUES, redraw

SOME = digits("test", channels=3).subset(np.arange(100))


@pytest.mark.parametrize("name", IMAGE_CUES)
def test_every_cue_of_images_is_painted_and_says_the_label_half_of_the_time(name):
    data, values = redraw(SOME, [name], seed=3)
    assert len(data) == 100
    assert (data.labels == SOME.labels).all()
    assert (data.groups == -1).all()
    assert 0.4 <= (values[name] == data.labels).mean() <= 0.6
    assert data[0][0].shape[0] == 3
    again, same = redraw(SOME, [name], seed=3)
    assert (same[name] == values[name]).all()
    assert (again[5][0] == data[5][0]).all()


def test_several_cues_are_independent_of_label_and_of_each_other():
    big = digits("train", channels=3)
    data, values = redraw(big, ["dominoes", "colour", "mark"])
    assert list(values) == ["dominoes", "colour", "mark"]
    assert data[0][0].shape == (3, 56, 28)
    for name, own in values.items():
        assert (own == big.labels).mean() == pytest.approx(0.1, abs=0.01)
        for other in values:
            if other != name:
                assert (own == values[other]).mean() == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("name", TEXT_CUES)
def test_every_cue_of_texts(name):
    texts = ["one two three", "four five six"] * 10
    labels = np.arange(20) % 2
    base = Texts(texts, labels, ["a", "b"], tokenizer=word_tokenizer(2, 60), max_length=16)
    data, values = redraw(base.subset(np.arange(2, 20)), [name])
    assert len(data) == len(values[name]) == 18
    assert all(set(new.split()) > {"two"} or set(new.split()) > {"five"} for new in data.texts)
    assert base.texts == texts


@pytest.mark.parametrize("names", [["smell"], [], ["colour", "colour"], ["token"]])
def test_bad_names(names):
    with pytest.raises(InputError, match="Expected cues among colour, patch, dominoes"):
        redraw(SOME, names)


def test_other_data_are_refused():
    with pytest.raises(InputError, match="Expected images or texts of a built-in source"):
        redraw([(0, 0)], ["colour"])
