"""Parts that must not matter are named as pages name them, and pages, help and messages agree."""

from dataclasses import replace
from pathlib import Path

import pytest

from earlysieve._readable import PARTS, as_kept, as_part, readable
from earlysieve.auditing.marks import ONE_WORD, PHRASE
from earlysieve.auditing.of_the_task import _is_named
from earlysieve.auditing.pair_texts import OF_PAIRS
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.swaps.follow import swap_parts
from earlysieve.auditing.swaps.image_parts import NAMES as OF_IMAGES
from earlysieve.auditing.swaps.kind_parts import DETAILS as OF_KINDS
from earlysieve.auditing.swaps.names import refusal as refused
from earlysieve.auditing.swaps.table_parts import DIRECTION
from earlysieve.auditing.swaps.text_parts import NAMES as OF_TEXTS
from earlysieve.auditing.topics import TOPIC
from earlysieve.auditing.words import _NAMES as IN_SENTENCES
from earlysieve.cli.audit_command import command
from earlysieve.errors import InputError
from tests.auditing.made_up import COLOUR
from tests.auditing.swaps.test_follow import Reads, by_frame, pictures

QUICKSTART = Path(__file__).parents[2] / "docs" / "quickstart.md"
# A reader sees how sharp an image is, and nothing is swapped for it.
READ_ALONE = {"sharpness", DIRECTION}


def test_the_names_are_those_of_all_parts_that_can_be_swapped():
    assert {as_kept(name) for name in PARTS["image"]} == set(OF_IMAGES)
    assert {as_kept(name) for name in PARTS["text"]} == {
        *OF_TEXTS,
        ONE_WORD,
        PHRASE,
        TOPIC,
        *OF_KINDS,
        *OF_PAIRS,
    }


def test_what_pages_and_sentences_say_is_taken():
    for kept, said in IN_SENTENCES.items():
        if kept not in READ_ALONE:
            part = part_of(kept)
            assert [as_kept(one) for one in (kept, said, readable(kept))] == [part] * 3
    assert as_kept("telling window") == "window"
    assert as_kept("marks") == "mark"
    assert as_kept("smell") == "smell"
    for kept in ("values of income: 0", "values of a: b: 3 or 7"):
        assert as_kept(readable(kept)) == kept
        assert as_kept(readable(kept).replace("'", "")) == kept


@pytest.mark.parametrize(
    "name", ["texture", "spectrum", "place", "where something stands out", "sharpness"]
)
def test_a_swap_is_told_not_to_matter_by_either_name(name):
    data, labels = pictures()
    found = swap_parts(Reads(by_frame), data, labels, labels, irrelevant=[name], budget=50)
    barred = [part.part for part in found.parts if part.irrelevant]
    assert barred == [as_part(name)] or as_part(name) in found.skipped


def test_sharpness_goes_with_the_texture_that_is_swapped_for_it():
    assert as_part("sharpness") == as_part("texture") == "spectrum"
    assert as_kept("sharpness") == "sharpness"  # groups are made of what its own reader says
    assert as_part("smell") == "smell"
    for name in ("sharpness", "sharpness of one class"):
        assert _is_named(replace(COLOUR, name=name), ["spectrum"])
        assert not _is_named(replace(COLOUR, name=name), ["colour"])


def refusal(*names):
    data, labels = pictures()
    with pytest.raises(InputError) as caught:
        swap_parts(Reads(by_frame), data, labels, labels, irrelevant=names)
    return str(caught.value)


def test_a_refusal_says_the_names_of_the_page():
    listed = f"Expected irrelevant parts among {', '.join(PARTS['image'])}, but got "
    assert refusal("marker") == f"{listed}marker; near names are mark, border"
    assert refusal("colour", "smell") == f"{listed}smell; name parts that these data have"
    assert refusal("telling words").startswith(f"{listed}telling words; ")


def test_what_these_data_have_none_of_is_told_and_the_rest_is_asked():
    data, labels = pictures()
    found = swap_parts(Reads(by_frame), data, labels, labels, irrelevant=("spot", "border"))
    assert found.skipped["spot"] == "nothing of that kind tells a class in these data"
    assert [one.part for one in found.parts if one.irrelevant] == ["frame"]


def test_texts_have_names_of_their_own():
    said = refused("irrelevant", ["place"], PARTS["text"])
    assert said.startswith(f"Expected irrelevant parts among {', '.join(PARTS['text'])}, but got ")


def test_help_and_page_list_them():
    option = next(one for one in command.params if one.name == "irrelevant")
    text = " ".join(QUICKSTART.read_text("utf-8").split()) if QUICKSTART.exists() else None
    for names in PARTS.values():
        assert ", ".join(names) in option.help
        assert text is None or f": {', '.join(names)};" in text
