"""The word that misleads a model."""

from collections.abc import Sequence

from earlysieve.report.view_of_evidence import WordLike

_LEAST, _FOLLOWS = 5, 0.5


def misleading_word(words: Sequence[WordLike]) -> WordLike | None:
    """The first by which the model goes on half or more of at least 5 texts of other classes.

    Args:
        words: those that most surely mislead first.
    """
    return next((one for one in words if one.against >= _LEAST and one.followed >= _FOLLOWS), None)
