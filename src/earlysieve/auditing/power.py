"""How likely a reliance would have been called, given so many examples."""

_SHARE_FAILING = 0.05
_RELIANCE = 0.2
_FEWEST_ERRORS = 8
LIKELY = 0.5
_SURELY = 0.8


def power(examples: int, share: float = _SHARE_FAILING, reliance: float = _RELIANCE) -> float:
    """The probability that a reliance would have been called, given so many examples.

    A feature that fails on a share of the examples adds errors there, whose number is binomial;
    eight are taken to be enough.

    Args:
        examples: N.
        share: of examples on which the feature fails, in (0, 1).
        reliance: accuracy lost where it fails, in (0, 1].
    """
    from scipy.special import bdtrc

    failing = round(examples * share)
    return float(bdtrc(_FEWEST_ERRORS - 1, failing, reliance)) if failing >= _FEWEST_ERRORS else 0.0


def examples_needed(share: float = _SHARE_FAILING, reliance: float = _RELIANCE) -> int:
    """With how many examples a reliance would be called with a probability of 0.8."""
    count = 100
    while power(count, share, reliance) < _SURELY:
        count += 100
    return count
