"""Functions of a user's that return odd data, or raise."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.fuzz.case import Case, audit, train

HEAD = """
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset
from fuzz_data import Points, points
"""
# What the function returns; whether it may be taken; whether the failure is the user's own.
RETURNS = {
    "nothing": ("None", False, False),
    "an empty list": ("[]", False, False),
    "an empty tuple": ("()", False, False),
    "a generator": ("(x for x in points())", True, False),
    "a generator of nothing": ("(x for x in ())", False, False),
    "a number": ("5", False, False),
    "text": ("'digits'", False, False),
    "empty text": ("''", False, False),
    "a mapping": ("{'a': 1}", False, False),
    "an empty mapping": ("{}", False, False),
    "a set": ("{1, 2}", False, False),
    "a class": ("Points", False, False),
    "a module": ("torch", False, False),
    "a tensor": ("torch.zeros(5, 4)", False, False),
    "an array": ("points().inputs.numpy()", False, False),
    "bytes": ("b'abc'", False, False),
    "a pair of tensors": ("(points().inputs, points().labels)", True, False),
    "a list of numbers": ("[1, 2, 3]", False, False),
    "a list of None": ("[None, None]", False, False),
    "samples without labels": ("[(torch.zeros(4),)] * 4", False, False),
    "samples of six": ("[(torch.zeros(4), 1, 2, 3, 4, 5)] * 4", False, False),
    "empty samples": ("[()] * 4", False, False),
    "empty mappings as samples": ("[{}] * 4", False, False),
    "labels of text": ("[(torch.zeros(4), 'cat')] * 4", False, False),
    "labels of None": ("[(torch.zeros(4), None)] * 4", False, False),
    "labels of fractions": ("[(torch.zeros(4), 0.5)] * 4", False, False),
    "labels of NaN": ("[(torch.zeros(4), float('nan'))] * 4", False, False),
    "negative labels": ("[(torch.zeros(4), -1)] * 4", False, False),
    "huge labels": ("[(torch.zeros(4), 10**12)] * 4", False, False),
    "labels beyond int64": ("[(torch.zeros(4), 10**30)] * 4", False, False),
    "labels above the classes": ("[(torch.zeros(4), 7)] * 4", False, False),
    "labels in vectors": ("[(torch.zeros(4), torch.ones(3))] * 4", False, False),
    "groups of text": ("[(torch.randn(4), i % 3, 'a') for i in range(12)]", True, False),
    "groups of fractions": ("[(torch.randn(4), i % 3, 0.5) for i in range(12)]", True, False),
    "one class": ("[(torch.randn(4), 1) for i in range(12)]", True, False),
    "one example": ("[(torch.randn(4), 1)]", True, False),
    "inputs of text": ("[('hello', i % 3) for i in range(12)]", False, False),
    "inputs of None": ("[(None, i % 3) for i in range(12)]", False, False),
    "inputs of objects": ("[(object(), i % 3) for i in range(12)]", False, False),
    "inputs of whole numbers": ("[(torch.arange(4), i % 3) for i in range(12)]", True, False),
    "inputs of NaN": ("[(torch.full((4,), float('nan')), i % 3) for i in range(12)]", False, False),
    "infinite inputs": ("[(torch.full((4,), float('inf')), i % 3) for i in range(12)]", False,
    False),
    "inputs of other sizes": ("[(torch.zeros(5), i % 3) for i in range(12)]", False, False),
    "inputs of many sizes": ("[(torch.zeros(4 + i), i % 3) for i in range(12)]", False, False),
    "inputs without size": ("[(torch.tensor(1.0), i % 3) for i in range(12)]", False, False),
    "a late odd input": ("[(torch.zeros(4 if i < 9 else 6), i % 3) for i in range(12)]", False,
    False),
    "a late label": ("[(torch.randn(4), i % 3 if i < 9 else 9) for i in range(12)]", False, False),
    "a late negative label": ("[(torch.randn(4), i % 3 if i < 9 else -4) for i in range(12)]",
    False, False),
    "NaN in one": ("[(torch.ones(4) * (1, 1e999 - 1e999)[i == 5], i % 3) for i in range(9)]", False,
    False),
    "a loader of nothing": ("DataLoader([], batch_size=4)", False, False),
    "a loader in a loader": ("DataLoader(DataLoader(points()))", False, True),
    "length of nothing": ("Length(0)", False, False),
    "a negative length": ("Length(-1)", False, True),
    "a fractional length": ("Length(2.5)", False, True),
    "a length of text": ("Length('x')", False, True),
    "a length too long": ("Length(10**30)", False, True),
    "more than there is": ("Length(99)", False, True),
    "no length": ("Lengthless()", False, False),
    "items that raise": ("Raising(0)", False, True),
    "late items that raise": ("Raising(7)", False, True),
    "items that leave": ("Leaving()", False, True),
    "a stream": ("Stream()", True, False),
    "a stream of nothing": ("Stream(0)", False, False),
    "a stream that raises": ("Stream(-1)", False, True),
}  # fmt: skip
CLASSES = """

class Length(Points):
    def __init__(self, length):
        super().__init__()
        self.length = length
    def __len__(self):
        return self.length


class Lengthless:
    def __getitem__(self, i):
        return points()[i]


class Raising(Points):
    def __init__(self, after):
        super().__init__()
        self.after = after
    def __getitem__(self, i):
        if i >= self.after:
            raise {error}
        return super().__getitem__(i)


class Leaving(Points):
    def __getitem__(self, i):
        raise SystemExit(0)


class Stream(IterableDataset):
    def __init__(self, count=12):
        self.count = count
    def __iter__(self):
        if self.count < 0:
            raise ValueError('no\\nway')
        return iter([points()[i] for i in range(self.count)])

"""
ERRORS = ("KeyError('x')", "ValueError('no\\nway')", "OSError(2, 'x')", "ZeroDivisionError",
"RuntimeError('x')")  # fmt: skip
# Bodies and modules, whether the failure is the user's own.
BODIES = {
    "wants arguments": ("def odd(path, more):\n    return points()", False),
    "is no function": ("odd = 5", False),
    "is None": ("odd = None", False),
    "is text": ("odd = 'points'", False),
    "is data": ("odd = points()", False),
    "is a module": ("odd = torch", False),
    "raises": ("def odd():\n    raise ValueError('no\\nway')", True),
    "divides by zero": ("def odd():\n    1 / 0", True),
    "finds no key": ("def odd():\n    {}['x']", True),
    "leaves": ("def odd():\n    raise SystemExit(0)", True),
    "calls itself": ("def odd():\n    return odd()", True),
    "asserts": ("def odd():\n    assert False", True),
    "does not parse": ("def odd(:", True),
    "imports what is missing": ("import nope_nope\ndef odd(): pass", True),
    "raises at once": ("raise RuntimeError('no\\nway')", True),
    "leaves at once": ("raise SystemExit", True),
    "has a zero": ("x = '\0'", True),
    "is empty": ("pass", False),
}


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Data, then functions and modules."""
    classes = CLASSES.replace("{error}", draw.choice(ERRORS))
    for number, (name, (value, fair, own)) in enumerate(RETURNS.items()):
        own = own or name.startswith("inputs")  # which the user's network does not take
        text = f"{HEAD}{classes}\ndef odd():\n    return {value}\n"
        yield from _uses(
            "data functions: returns", f"returns {name}", text, f"fuzz_r{number}", fair, own
        )
    for number, (name, (body, own)) in enumerate(BODIES.items()):
        text = f"{HEAD}\n{body}\n"
        yield from _uses("data functions: bodies", f"{name}", text, f"fuzz_d{number}", False, own)
    for spec in ("json:loads", "builtins:range", "builtins:print", "subprocess:getoutput",
    "os:nope", "nope.nope:x", "fuzz_data:nope", "fuzz_data:", "..x:y", "fuzz_data:Points.nope",
    "a b:c", "🙂:x"):  # fmt: skip
        for command in (audit, train):
            words = command("--data", spec)
            own = spec.partition(":")[0] in ("builtins", "json", "subprocess", "os")
            part = f"data functions: {'libraries' if own else 'names'}"
            yield Case(part, f"{words[0]} {spec}", words, user_code=own)


def _uses(part: str, name: str, text: str, module: str, fair: bool, own: bool) -> Iterator[Case]:
    for command in (audit, train):
        words = command("--data", f"scratch.{module}:odd")
        files = {f"{module}.py": text.encode()}
        yield Case(
            part, f"{words[0]}: {name}", words, files, may_pass=fair, user_code=own, late=True
        )
