"""Bad values for every option of every command, found from the commands themselves."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import click

from tests.fuzz.case import NET, OLD_AUDIT, Case, audit, fix, groups, layers, report, train
from tests.fuzz.values import BAD_FLOATS, BAD_INTS, HUGE, LONG, TEXTS, short

PER_OPTION = 3
COMMANDS = {
    "audit": audit,
    "train": train,
    "layers": layers,
    "report": report,
    "fix": fix,
    "groups": groups,
}
# A text may well be a fair name or hint here; others must find nothing under it.
FREE = {
    "--split",
    "--text-column",
    "--tokenizer",
    "--preset",
    "--classifier",
    "--teacher-classifier",
    "--features-dir",
    "--keep-features",
    "--log-file",
    "--root",
}


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Options out of range, of another type, empty, huge; then words that are no options."""
    base = draw.random()
    for name in COMMANDS:
        for option in _options(name):
            # Drawn anew for each: one option more changes the cases of no other.
            yield from _values(Random(f"{base} {name} {option.name}"), name, option)
    yield from _huge()
    yield from _looks()
    yield from _words()


def _options(name: str) -> list[click.Option]:
    from earlysieve.cli.main import main

    group = click.Context(main)
    command = main.get_command(group, name)
    assert command is not None
    parameters = command.get_params(click.Context(command, parent=group, info_name=name))
    return [p for p in parameters if isinstance(p, click.Option) and not p.is_flag]


def _values(draw: Random, name: str, option: click.Option) -> Iterator[Case]:
    flag = max(option.opts, key=len)
    kind: Any = option.type
    if isinstance(kind, click.types.IntParamType):
        part, values = "options: whole numbers", _below(kind, BAD_INTS)
    elif isinstance(kind, click.types.FloatParamType):
        part, values = "options: numbers", _beyond(kind, BAD_FLOATS)
    elif isinstance(kind, click.Choice):
        part, values = "options: choices", [*TEXTS, "LINEAR", "linear,mlp"]
    else:
        part, values = "options: texts", list(TEXTS)
    if flag == "--out":
        return  # see `outputs`
    for value in draw.sample(values, PER_OPTION):
        words = _command(name, flag, value)
        free = flag in FREE or (flag == "--data" and value in (" ", "-"))
        part_here = f"{part} of {flag}" if part == "options: texts" else part
        yield Case(part_here, f"{name} {flag} {short(value)}", words, may_pass=free)


def _command(name: str, flag: str, value: str) -> tuple[str, ...]:
    if name == "report":
        return report(OLD_AUDIT, flag, value)
    return COMMANDS[name](flag, value)


def _below(kind: Any, values: tuple[str, ...]) -> list[str]:
    lowest = getattr(kind, "min", None)
    return [*values, *([] if lowest is None else [str(lowest - 1)])]


def _beyond(kind: Any, values: tuple[str, ...]) -> list[str]:
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    found = list(values)
    found += [] if high is None else [str(high + 0.001), "inf", "1e400"]
    return found + ([str(low)] if low is not None and kind.min_open else [])


def _huge() -> Iterator[Case]:
    part = "options: huge numbers"
    for number in HUGE:
        for flag in ("--seed", "--batch-size", "--limit", "--max-length"):
            yield Case(part, f"audit {flag} {number}", audit(flag, number), may_pass=True)
        for flag in ("--seed", "--batch-size", "--accumulate", "--evaluate-every", "--patience"):
            words = train(flag, number)
            yield Case(part, f"train {flag} {number}", words, may_pass=True, late=True)
        yield Case(part, f"audit --folds {number}", audit("--folds", number), may_pass=True)
        yield Case(part, f"classes {number}", layers("--num-classes", number), may_pass=True)
    for size in ("100000", "2147483648", "99999999999999999999999"):
        words = audit("--data", "photos", "--model", "fuzz_nets:images", "--image-size", size)
        yield Case("options: huge images", size, words)
    for workers in ("99999999999999999999999",):
        yield Case("options: huge workers", workers, audit("--num-workers", workers))
    for lr in ("1e38", "1e300", "inf"):
        words = train("--lr", lr, "--batch-size", "4", "--epochs", "3")
        yield Case("options: huge learning rates", lr, words, may_pass=True, late=True)
    photos = ("--data", "photos", "--image-size", "8", "--model", "fuzz_nets:images")
    for flag, value in [
        ("--std", "0"), ("--std", "nan"), ("--std", "inf"), ("--std", "-1"), ("--std", "1e-45"),
        ("--std", "1,2"),
        ("--std", "1e-300"), ("--mean", "nan"), ("--mean", "inf"), ("--mean", "1,2,3,4"), ("--mean",
        "1e300"),
        ("--mean", "0,,0"), ("--std", ""), ("--mean", LONG),
    ]:  # fmt: skip
        case = f"{flag} {short(value)}"
        yield Case("options: pixels", case, audit(*photos, flag, value), may_pass=value[0:1] == "-")
        yield Case("options: pixels", f"train {case}", train(*photos, flag, value), late=True)


def _looks() -> Iterator[Case]:
    part = "options: what an audit looks at"
    for words in [
        ("--reference", "nope"), ("--reference", ""), ("--reference", "photos"),
        ("--reference", "scratch"), ("--reference", LONG), ("--reference-split", "train"),
        ("--irrelevant", "nope"), ("--irrelevant", ""), ("--irrelevant", "🙂"),
        ("--relevant", "nope"), ("--relevant", ""), ("--relevant", "🙂"),
        ("--relevant", "column 0", "--irrelevant", "column 0"),
        ("--irrelevant", "column 0", "--swaps", "0"), ("--swaps", "1.5"), ("--swaps", "nan"),
    ]:  # fmt: skip
        yield Case(part, short(" ".join(words)), audit(*words))


def _words() -> Iterator[Case]:
    part = "options: words"
    for words in [
        (), ("nope",), ("",), ("-",), ("audit",), ("train",), ("layers",), ("report",), ("audit",
        "--nope"),
        ("train", "--method"), ("report", "a", "b"), ("layers", "--model"), ("AUDIT",), ("audit\0",
        ), ("🙂",),
        ("--nope",), ("-x", "audit"), ("report", ""), ("report", "nope"), ("report", "a\0b"),
        ("report", LONG),
        ("report", "good.pt"), ("report", "photos"), ("report", "~nope"), ("report", "/dev/null"),
        ("demo", "--epochs", "0"), ("demo", "--limit", "3"), ("demo", "--limit", "9999"), ("demo",
        "--seed", "x"),
        ("demo", "nope"),
    ]:  # fmt: skip
        yield Case(part, " ".join(short(word) for word in words) or "none", words)
    for shape in ("", "x", "0", "-1", "4,", "4,x", "1e3", "nan", "3,-2,2", "9" * 5000, "4\0", "5",
    "4,4,4", "2147483648,2147483648"):  # fmt: skip
        yield Case(
            "options: shapes",
            short(shape),
            layers("--input-shape", shape),
            may_pass=shape in ("4,", "4,4,4"),
            user_code=True,
        )
    for pair in ("", "=", "=3", "width", "width=", "width=-1", "width=x", "width=1e9", "width=null",
    "width=[]", "nope=1",
                 "width=0x3", "a\0=1", "width=" + "9" * 5000, "width=" + "[" * 5000, "width={}",
                 "num_classes=-3"):  # fmt: skip
        name = short(pair)
        yield Case("options: builder", name, layers("--model-option", pair), user_code=True)
        words = audit("--model", NET, "--model-option", pair)
        yield Case("options: builder", f"audit {name}", words, user_code=True)
    for names in ("", ",", "nope", "stage1,nope", "stage1,stage1", ".", "stage1.", "head,", "🙂",
    LONG, "a\0b", "auto,auto", "stage1.9"):  # fmt: skip
        yield Case(
            "options: layers",
            short(names),
            audit("--layers", names),
            may_pass=names in ("head,", "stage1,stage1"),
        )
