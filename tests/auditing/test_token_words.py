"""Swapped and changed texts as words."""

import pytest
import torch

from earlysieve.auditing.changed_pictures import changed_pictures
from earlysieve.auditing.survival.found import Changed, Survival
from earlysieve.auditing.swap_texts import swap_texts
from earlysieve.auditing.swaps.found import PartFound, Share, SwapPicture, Swaps
from earlysieve.auditing.token_words import (
    Piece,
    differences,
    phrase_of,
    pieces,
    word_shown,
    words_of,
)
from earlysieve.datasets.text_cues import WordTokenizer

TOKENIZER = WordTokenizer(["a", "good", "bad", "film", "so"])  # numbered from 2


def swap(before: list[int], given: list[int], after: list[int]) -> SwapPicture:
    texts = (torch.tensor(text) for text in (before, given, after))
    return SwapPicture(3, 5, 0, 1, 1, *texts)


def part(name: str, *pictures: SwapPicture) -> PartFound:
    share = Share(1, 2)
    return PartFound(name, "", share, share, share, share, share, pictures=pictures)


def test_what_was_taken_given_and_put_in_is_marked() -> None:
    token = part("token", swap([2, 4, 5], [6, 3], [2, 3, 5]))
    length = part("length", swap([2, 4, 5], [4], [2, 5]))
    image = part("colour", SwapPicture(0, 1, 0, 1, 1, *[torch.zeros(3, 4, 4)] * 3))
    row = part("column 0", SwapPicture(0, 1, 0, 1, 1, *[torch.zeros(4)] * 3))
    shown = swap_texts(Swaps((image, length, row, token)), TOKENIZER, "token")
    assert [one.part for one in shown] == ["token", "length"]
    assert (shown[0].receiver, shown[0].donor, shown[0].answer) == (3, 5, 1)
    assert shown[0].before == [Piece("a", False), Piece("bad", True), Piece("film", False)]
    assert shown[0].given == [Piece("so", False), Piece("good", True)]
    assert shown[0].after == [Piece("a", False), Piece("good", True), Piece("film", False)]
    assert shown[1].before == [Piece("a", False), Piece("bad", True), Piece("film", False)]
    assert shown[1].given == [Piece("bad", False)]
    assert shown[1].after == [Piece("a film", False)]


def test_no_more_than_four_swaps_of_a_part() -> None:
    some = [swap([2], [3], [3])] * 6
    assert len(swap_texts(Swaps((part("token", *some),)))) == 4


def test_differences_of_texts_of_two_lengths() -> None:
    assert differences([1, 2, 3], [1, 3]) == ([False, True, False], [False, False])
    assert differences([1, 3], [1, 1, 1, 3])[1].count(True) == 2
    assert differences([1, 2], [2, 1]) == ([True, True], [True, True])


def test_of_a_long_text_what_is_about_the_mark_is_shown() -> None:
    tokens = list(range(200))
    shown = pieces(tokens, [place == 150 for place in tokens], None)
    assert shown[0] == shown[-1] == Piece("…", False)
    assert shown[2] == Piece("#150", True)
    assert shown[1].text.split()[0] == "#110"
    assert shown[3].text.split()[-1] == "#189"
    short = pieces(tokens[:80], [False] * 80, None)
    assert [piece.text.count("#") for piece in short] == [80]


def test_where_no_tokenizer_can_tell_numbers_are_shown() -> None:
    class Odd:
        def decode(self, numbers: list[int]) -> str:
            return str(numbers)

    assert words_of([3, 4], TOKENIZER) == "good bad"
    assert words_of([3, 4], None) == words_of([3, 4], Odd()) == "#3 #4"


def test_a_changed_example_is_an_image_or_a_text() -> None:
    image, text = torch.zeros(3, 4, 4, dtype=torch.uint8), torch.tensor([2, 3] * 100)
    found = Survival(example=(Changed("in grey", 7, 0, 1, image), Changed("x", 7, 0, 1, text)))
    shown = changed_pictures(found, TOKENIZER)
    assert shown[0].image is not None
    assert (shown[0].text, shown[1].image) == (None, None)
    assert (shown[0].change, shown[0].index, shown[0].label, shown[0].answer) == (
        "in grey",
        7,
        0,
        1,
    )
    assert shown[1].text is not None
    assert shown[1].text.startswith("a good a good")
    assert shown[1].text.endswith(" …")
    assert len(shown[1].text) <= 402


class Cut:
    """A tokenizer that names its tokens as WordPiece or BPE do."""

    def __init__(self, names: list[str], begins: str) -> None:
        self.names, self.begins = names, begins

    def convert_ids_to_tokens(self, numbers: list[int]) -> list[str]:
        return [self.names[number] for number in numbers]

    def decode(self, numbers: list[int], skip_special_tokens: bool = False) -> str:
        names = self.convert_ids_to_tokens(numbers)
        if self.begins == "##":
            return " ".join(names).replace(" ##", "")
        return "".join(names).replace(self.begins, " ")


@pytest.mark.parametrize(
    ("names", "begins"),
    [
        (["red", "##neck", "##s", "are", "birds"], "##"),
        (["red", "neck", "s", "\u0120are", "\u0120birds"], "\u0120"),
        (["\u2581red", "neck", "s", "\u2581are", "\u2581birds"], "\u2581"),
    ],
)
def test_a_word_of_several_tokens_is_shown_and_marked_whole(names: list[str], begins: str) -> None:
    tokenizer = Cut(names, begins)
    marked = [False, True, False, False, True]
    assert pieces(range(5), marked, tokenizer) == [
        Piece("rednecks", True),
        Piece("are", False),
        Piece("birds", True),
    ]
    assert pieces(range(5), [False] * 5, tokenizer) == [Piece("rednecks are birds", False)]


def test_punctuation_stays_apart_from_the_word_before() -> None:
    tokenizer = Cut(["\u0120so", "!", "\u0120there"], "\u0120")
    assert pieces(range(3), [True, False, False], tokenizer) == [
        Piece("so", True),
        Piece("! there", False),
    ]


def test_a_mark_follows_its_word_without_a_blank():
    class Words:
        def decode(self, numbers, **_):
            return " ".join(["note", ":", "as", "a", "member", ",", "ok"][n] for n in numbers)

    assert phrase_of([0, 1], Words()) == "note:"
    assert phrase_of([2, 3, 4, 5, 6], Words()) == "as a member, ok"
    assert phrase_of([1], Words()) == ":"


class Known:
    """A tokenizer that leaves its special tokens out, that of unknown words among them."""

    unk_token_id, unk_token = 9, "[UNK]"
    names = ("a", "good", "film")

    def decode(self, tokens: list[int], skip_special_tokens: bool = False) -> str:
        known = [token for token in tokens if token < len(self.names) or not skip_special_tokens]
        return " ".join(self.names[token] for token in known)


def test_words_that_the_tokenizer_does_not_know_leave_their_mark() -> None:
    tokenizer = Known()
    assert pieces([8, 0, 9, 9, 1, 2, 9], [False] * 7, tokenizer) == [
        Piece("a [UNK] [UNK] good film [UNK]", marked=False)
    ]
    assert words_of([0, 9, 2], tokenizer) == "a film"


def test_a_piece_that_goes_on_with_a_word_is_shown_as_such() -> None:
    tokenizer = Cut(["4", "##7", "##s"], "##")
    assert word_shown([1], tokenizer) == "\N{HORIZONTAL ELLIPSIS}7"
    assert word_shown([0, 1, 2], tokenizer) == "47s"
    assert phrase_of([1], tokenizer) == "##7"  # as it is looked up
    assert word_shown([0], Cut(["\u01204"], "\u0120")) == "4"


def test_pieces_are_joined_where_a_tokenizer_leaves_them_apart() -> None:
    class Apart(Cut):
        def decode(self, numbers: list[int], **_: object) -> str:
            return " ".join(self.convert_ids_to_tokens(numbers))

    tokenizer = Apart(["7", "##9", "##6", "grams", "a", "##b"], "##")
    shown = pieces([0, 1, 2, 3], [False, True, False, False], tokenizer)
    assert [one.text for one in shown] == ["796", "grams"]
    assert words_of([0, 1, 2, 3, 4, 5], tokenizer) == "796 grams ab"
    assert words_of([1], tokenizer) == "##9"
