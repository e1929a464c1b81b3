"""The word that misleads a model."""

from collections.abc import Sequence

from earlysieve.report.view_of_evidence import WordLike

_LEAST, _FOLLOWS, _RATHER = 5, 0.4, 0.5
_PARTLY, _FAR = 0.25, 3
_PIECE = "##"  # of a word, as WordPiece writes it: nobody would know it


def misleading_word(words: Sequence[WordLike]) -> WordLike | None:
    """That by which the model goes on most texts of other classes, of those that it often follows.

    A word that is followed in half of at least 5 texts comes first, unless another one that is
    followed in 0.4 misleads on twice as many, or one in 0.25 on three times as many.

    Args:
        words: those that most surely mislead first.
    """
    able = [
        one
        for one in words
        if one.against >= _LEAST and one.followed >= _FOLLOWS and not one.word.startswith(_PIECE)
    ]
    most = max(map(_misled, able), default=0.0)
    often = [one for one in able if one.followed >= _RATHER and 2 * _misled(one) >= most]
    found = next(iter([*often, *(one for one in able if _misled(one) == most)]), None)
    # A word of the topic that a few texts hold, beside one that misleads far more of them.
    far = [one for one in words if one.followed >= _PARTLY and not one.word.startswith(_PIECE)]
    if found is not None and far and _misled(max(far, key=_misled)) >= _FAR * _misled(found):
        found = max(far, key=_misled)
    if found is None or any(map(str.isalnum, found.word)):
        return found
    # A mark that comes with a word, as a colon behind it: the word says more.
    alike = (one for one in often if _misled(one) >= _misled(found))
    return next((one for one in alike if any(map(str.isalnum, one.word))), found)


def _misled(one: WordLike) -> float:
    return one.against * one.followed
