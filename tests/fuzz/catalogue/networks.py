"""Specifications of networks that name nothing, or functions of a user's that do odd things."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.fuzz.case import Case, audit, distill, layers, train
from tests.fuzz.values import LONG, short

SPECS = (
    "", " ", ":", "a:", ":b", "nope", "torchvision:", "torchvision:nope", "torchvision:resnet99",
    "timm:nope",
    "timm:", "hf:", "hf:nope", "hf:photos", "nope:nope", "../nets:net", "./fuzz_nets:net",
    ".nets:net", "..:net",
    "fuzz_nets:", "fuzz_nets:nope", "fuzz_nets:Net.nope", "fuzz_nets:__doc__", "fuzz_nets.nope:net",
    "fuzz_nets:net:net",
    "a\0b:c", "fuzz_nets:a\0b", "a b:c", "🙂:🙂", f"{LONG}:x", f"fuzz_nets:{LONG}", "os:path",
    "os:getcwd", "json:loads",
    "builtins:print", "builtins:range", "math:pi", "subprocess:getoutput", "torch:zeros",
    "torch.nn:Linear",
    "torch.nn:Module", "torch.nn:Identity", "http://x/y:z", "C:\\nets:net", "1:2", "a..b:c",
)  # fmt: skip

# Functions that a module of the user's holds, and whether their failure is the user's own.
HEAD = """
import torch
from torch import nn
from fuzz_nets import Net, net
"""
ODD = {
    "returns None": ("return None", False),
    "returns a class": ("return Net", False),
    "returns text": ("return 'net'", False),
    "returns weights": ("return net(num_classes).state_dict()", False),
    "returns a list": ("return [net(num_classes)]", False),
    "has no parameters": ("return nn.Identity()", False),
    "is on no device": ("return net(num_classes).to('meta')", False),
    "is half": ("return net(num_classes).half()", False),
    "is an empty sequence": ("return nn.Sequential()", False),
    "raises ValueError": ("raise ValueError('no\\nway')", True),
    "raises KeyError": ("raise KeyError('x')", True),
    "raises ZeroDivisionError": ("1 / 0", True),
    "raises AssertionError": ("assert False", True),
    "raises RecursionError": ("return odd(num_classes)", True),
    "raises MemoryError": ("raise MemoryError", True),
    "raises StopIteration": ("raise StopIteration", True),
    "raises nothing much": ("raise Exception", True),
    "leaves": ("raise SystemExit", True),
    "leaves well": ("import sys; sys.exit(0)", True),
    "wants more": ("return nn.Linear(**{'nope': 1})", True),
}
SECOND = """self.n = getattr(self, 'n', 0) + 1
        if self.n > 1: raise OSError('x')
        return self.head(self.stage2(self.stage1(x)))"""
FORWARD = {
    "returns None": ("return None", False),
    "returns text": ("return 'x'", False),
    "returns a number": ("return 3", False),
    "returns features": ("return self.stage1(x)[:, None]", False),
    "returns one number each": ("return x.sum(1)", False),
    "returns one class": ("return x[:, :1]", False),
    "drops the batch": ("return self.head(self.stage2(self.stage1(x))).mean(0, keepdim=True)",
    False),
    "returns NaN": ("return self.head(self.stage2(self.stage1(x))) * float('nan')", False),
    "returns whole numbers": ("return self.head(self.stage2(self.stage1(x))).long()", False),
    "returns complex numbers": ("return self.head(self.stage2(self.stage1(x))).to(torch.complex64)",
    False),
    "wants other shapes": ("return self.head(x)", True),
    "raises RuntimeError": ("raise RuntimeError('no\\nway')", True),
    "raises KeyError": ("raise KeyError('x')", True),
    "raises ZeroDivisionError": ("1 / 0", True),
    "raises NotImplementedError": ("raise NotImplementedError", True),
    "raises AssertionError": ("assert False, 'x' * 5000", True),
    "raises an error without text": ("raise Exception", True),
    "raises on the second batch": (SECOND, True),
    "leaves": ("raise SystemExit(3)", True),
    "leaves well": ("import sys; sys.exit(0)", True),
    "wants two inputs": ("return x[1]['a']", True),
}  # fmt: skip
MODULES = {
    "does not parse": ("def net(:", True),
    "has a zero": ("x = '\0'", True),
    "is not text": (b"\xff\xfe\x00", True),
    "imports what is missing": ("import nope_nope", True),
    "raises": ("raise RuntimeError('no\\nway')", True),
    "divides by zero": ("1 / 0", True),
    "leaves": ("raise SystemExit", True),
    "imports itself": ("from {name} import odd", True),
    "is empty": ("", False),
}


# Networks that may be taken.
FAIR = {"a builder that is half"}


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Specifications, builders, forwards, modules."""
    for spec in SPECS:
        part = f"networks: {'libraries' if spec in OUTSIDE else 'specifications'}"
        yield Case(part, short(spec), layers("--model", spec), user_code=spec in OUTSIDE)
        words = draw.choice((audit("--model", spec), train("--model", spec)))
        yield Case(part, f"{words[0]} {short(spec)}", words, user_code=spec in OUTSIDE)
        if draw.random() < 0.3:
            words = distill("kd", "--teacher", spec)
            yield Case(part, f"teacher {short(spec)}", words, user_code=spec in OUTSIDE)
    for number, (name, (body, own)) in enumerate(ODD.items()):
        text = f"{HEAD}\ndef odd(num_classes=3):\n    {body}\n"
        yield from _uses(
            "networks: builders", f"a builder that {name}", text, f"fuzz_b{number}", own
        )
    for number, (name, (body, own)) in enumerate(FORWARD.items()):
        text = f"{HEAD}\nclass odd(Net):\n    def forward(self, x):\n        {body}\n"
        yield from _uses(
            "networks: forwards", f"a network that {name}", text, f"fuzz_f{number}", own
        )
    for number, (name, (text, own)) in enumerate(MODULES.items()):
        module = f"fuzz_m{number}"
        text = text.format(name=module) if isinstance(text, str) else text
        yield from _uses("networks: modules", f"a module that {name}", text, module, own)


# Called with arguments that are not theirs: whose failure that is, one may see either way.
OUTSIDE = ("os:getcwd", "json:loads", "builtins:print", "builtins:range", "subprocess:getoutput",
"torch:zeros", "torch.nn:Linear", "torch.nn:Module", "torch.nn:Identity")  # fmt: skip


def _uses(part: str, name: str, text: str | bytes, module: str, own: bool) -> Iterator[Case]:
    """A module of the user's in an audit and in training."""
    content = text if isinstance(text, bytes) else text.encode()
    spec = f"scratch.{module}:odd"
    for words in (audit("--model", spec), train("--model", spec)):
        files = {f"{module}.py": content}
        said = f"{words[0]}: {name}"
        yield Case(part, said, words, files, may_pass=name in FAIR, user_code=own, late=True)
