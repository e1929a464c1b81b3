"""What to do after a fix that changed nothing, where the verdict was "at risk"."""

from collections.abc import Sequence

from earlysieve.report.command_words import command_with, options_of
from earlysieve.report.fix_view import FixData
from earlysieve.report.misleading import misleading_word
from earlysieve.report.readable import short_name
from earlysieve.report.step import Step
from earlysieve.report.words import count

COLLECT = Step(
    "Collect or make training examples in which the shortcut fails: no choice among models adds "
    "what the data do not show."
)
# As many an audit asks for, to say how a model does on them.
_FEW = 20
# How the step of an audit begins that says so.
_MUST_NOT = "Or say that it must not matter"
_FIX = "outcome = es.fix(model, held_out=data, audit=result, train=train_data, retrain=True)"
_AGAIN = (
    "Train again with these, the groups drawn equally often{}: a column that says which text, "
    "picture or row has it is {}, since it misleads beside one class only. Then audit the new "
    "model, and this one, on such data."
)
_OPTIONS = " (--method balanced)", "named by --group-column beside that of the class (both options)"
_PYTHON = "", "crossed with the class and passed as train_groups= to es.fix(retrain=True)"
_NOT_AGAIN = ("--audit", "--features", "--retrain", "--repair-only")


def at_risk(data: FixData, command: str) -> list[Step]:
    """Decide, say so, or bring data that tell: no choice among models can.

    Args:
        data: what came of the fix.
        command: that was run; empty where there was none.
    """
    about = short_name(data.before.summary) or "what the label goes with"
    return [
        *_decide(data, command, about),
        _make_apart(data, about),
        Step(_AGAIN.format(*(_OPTIONS if command else _PYTHON))),
    ]


def _decide(data: FixData, command: str, about: str) -> list[Step]:
    """Whether it is the task; where nobody has said so yet, how to say that it is not."""
    misled = data.figures[data.figures["part"] == "misled"]
    few = int(misled["n"].iloc[0]) if len(misled) else 0
    them = f"{count(few)} of {count(len(data.before.examples))} held-out examples contradict it"
    why = (
        f"Only {them}, too few to choose among models by"
        if few < _FEW
        else f"{them}, and nothing in these tells whether they mislead the model or are labelled "
        "wrongly"
    )
    told = f"Decide whether the task is about {about}. {why}; if it is the task, nothing is wrong."
    code = _must_not_matter(data.before.summary.next_steps)
    if not code:
        return [Step(told)]
    then = _fix_again(command, code) if command else f"{code}\n{_FIX}"
    return [
        Step(
            f"{told} If it must not matter, say so: candidates may then cost accuracy where it "
            "holds, and the whole network is trained again, too:",
            then,
        )
    ]


def _must_not_matter(steps: Sequence[str]) -> str:
    """The code by which the audit says so; empty where it has none."""
    found = (kept.partition("\n")[2] for kept in steps if kept.startswith(_MUST_NOT))
    return next(found, "")


def _fix_again(command: str, audit: str) -> str:
    """Both commands; empty where the audit is no command."""
    out = dict(options_of(audit, "audit")).get("--out")
    options = options_of(command, "fix")
    given = dict(options).get("--out")
    if not out or not given:
        return ""
    kept = [one for one in options if one[0] not in _NOT_AGAIN]
    more = {"--audit": out[0], "--out": f"{given[0].rstrip('/')}/must-not-matter"}
    return "\n".join((audit, command_with("fix", kept, more) + " --retrain"))


def _make_apart(data: FixData, about: str) -> Step:
    """Data in which class and shortcut are apart; of texts by taking words out and putting them in.

    What is said of a word holds for the phrase that it belongs to.
    """
    of_words = data.before.summary.leans_on in ("token", "one word", "phrase")
    words = data.before.summary.words if of_words else ()
    one = misleading_word(words) or next(iter(words), None)
    if one is None:
        return COLLECT
    return Step(
        f"Make texts in which {about} and class are apart: take '{one.word}' (with the phrase that "
        f"it belongs to) out of texts of class '{one.speaks_for}', and put it into texts of the "
        "other classes, wherever the label stays true; 100 of each for the held-out data, and some "
        "for training. The documentation of this command has lines of Python that do so (At risk)."
    )
