"""Options of the command line in place of the arguments of Python that next steps name."""

import re
from collections.abc import Callable, Sequence

from earlysieve.auditing.next_steps import parts, step, with_code

# What a sentence says in Python, and on the command line.
_SAID = (
    (r"head='(\w+)'", r"--head \1"),
    (r"folds=(\d+)", r"--folds \1"),
    (r"layers=\[\.\.\.\]", "--layers"),
    (r"\b(ir)?relevant=\[\.\.\.\]", r"--\1relevant NAME"),
    (r"where labels are names: class_names=\[\.\.\.\]",
     "by whole numbers as labels; folders by names that sort so"),
    (r"say which class it speaks for in each example \(values\)",
     "write a CSV file with a column of it beside path (or text) and label, say for which class "
     "its values speak"),
    (r"augment='([\w-]+)'", r"--augment \1"),
    (r" \(es\.infer_groups\(.*\) gives these to other methods\)", ""),
    (r"es\.compare", "earlysieve compare BEFORE AFTER"),
    (r"es\.measure_reliance", "earlysieve reliance --cue-column COLUMN"),
    (r"(resized and normalised as in training)(?! \()",
     r"\1 (--image-size, --resize, --mean and --std)"),
    (r"(cut into tokens as in training)(?! \()", r"\1 (--tokenizer and --max-length)"),
    (r"(inputs are prepared as in training)(?! \()", r"\1 (images: --mean and --std)"),
    (r"(to one short length)(?! \()", r"\1 (--max-length)"),
    (r"(leave (?:it|both|one of \S.*?) out)(?! \()(?=,| and)", r"\1 (--drop-column)"),
    (r"(holds here, too)(?=[:.]$)", r"\1 (--reference)"),
)  # fmt: skip


def in_options(sentence: str) -> str:
    """A step's sentence, as the command line says it; said so already, it stays."""
    for python, options in _SAID:
        sentence = re.sub(python, options, sentence)
    return sentence


def on_command_line(steps: Sequence[str], instead: Callable[[str], str]) -> list[str]:
    """Steps with options and commands in place of Python.

    Args:
        steps: as `next_steps` makes them.
        instead: see `with_code`.
    """
    found = map(parts, with_code(steps, instead))
    return [step(in_options(text), code) for text, code in found]
