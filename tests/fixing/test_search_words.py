"""Lines that tell people how a search goes."""

from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.search_words import told
from earlysieve.fixing.trials import Trial


def failed(name: str, why: str) -> Trial:
    return Trial(Candidate(name, "repair"), None, 0.1, why)


def test_a_reason_is_said_once() -> None:
    trials = [failed("a", "Too few."), failed("b", "Too few."), failed("c", "Another.")]
    candidates = [one.candidate for one in trials]
    lines = [told(trials[:count], candidates, kept=False) for count in (1, 2, 3)]
    assert lines == [
        "1 of 3: a, cannot be used here. Too few.",
        "2 of 3: b, cannot be used here, as before.",
        "3 of 3: c, cannot be used here. Another.",
    ]
