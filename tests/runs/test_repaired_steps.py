"""What an audit of repaired weights says to do, where readers outdo the model."""

from earlysieve.auditing.next_steps import FIX, HOLDS_HERE, HOLDS_MORE, REPAIRED, parts
from earlysieve.auditing.outdone import OUTDONE_HERE
from earlysieve.report.command_words import options_of
from earlysieve.runs.repaired_steps import explained, of_repaired

RAN = "earlysieve fix --model nets:small --checkpoint run/model.pt --data d --out run/fix"
AUDIT = (
    "earlysieve audit --model nets:small --checkpoint run/fix/model.pt --data d --split test "
    "--fail-on shortcut --out after"
)
STEPS = [f"Check the model. {REPAIRED}", HOLDS_HERE, HOLDS_MORE]


def of(fix):
    return of_repaired(STEPS, fix, options_of(AUDIT, "audit"), "after")


def test_the_former_model_is_audited_on_the_same_examples_and_compared():
    first, here = of({"changed": True, "config": {"command": RAN}})
    assert first.startswith("This model was repaired.")
    assert parts(first)[1].splitlines() == [
        "earlysieve audit --checkpoint run/model.pt --model nets:small --data d --split test "
        "--out after/before-repair",
        "earlysieve compare after/before-repair after",
    ]
    assert here.startswith("Or compare with the training data")


def test_the_explanation_says_that_it_was_repaired():
    text = f"{OUTDONE_HERE} And more."
    said = explained(text, {"changed": True, "chosen": "dfr@audit, strength 1"})
    assert said.startswith("This is the model that a fix made: 'dfr@audit, strength 1'. ")
    assert said.endswith("the model before does. And more.")
    assert explained(text, {}) == explained(text, {"changed": False}) == text


def test_other_weights_keep_their_steps():
    assert of({}) == STEPS
    assert of({"changed": False, "config": {"command": RAN}}) == STEPS
    assert of_repaired([FIX], {"changed": True}, [], "after") == [FIX]
