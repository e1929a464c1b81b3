"""A file never chooses code: which fields of a configuration would run some, and may they.

A configuration may come from anybody, as a file of --config, a grid or the store of a search. The
networks of torchvision, timm and transformers and our own builders are safe to name there. Whatever
else would import a module, or run code that lies beside weights, needs the user's word for it.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from earlysieve.datasets.registry import source_names
from earlysieve.errors import InputError

MODEL_FAMILIES = ("torchvision", "timm", "hf", "hf-hub")
OWN_BUILDERS = (
    "earlysieve.networks:small_cnn",
    "earlysieve.networks:SmallCNN",
    "earlysieve.networks:SmallMLP",
    "earlysieve.networks:simkd_student",
    # The names of earlier versions, which stand in the files of finished runs.
    "earlysieve.models:small_cnn",
    "earlysieve.models:SmallCNN",
    "earlysieve.cli.simkd_student:build",
)

_MODEL_FIELDS = ("model", "student", "teacher")
_METHOD_FIELD = "method"
_DATA_FIELDS = ("data", "validation")
# Fields whose text is the name of a file, a column or a layer, whatever it looks like.
_NAMES = (
    "checkpoint",
    "checkpoint_key",
    "checkpoint_prefix",
    "pretrained",
    "head",
    "freeze",
    "groups_from",
    "validation_groups_from",
    "groups_reader",
    "teacher_checkpoint",
    "teacher_checkpoint_key",
    "teacher_checkpoint_prefix",
    "teacher_pretrained",
    "teacher_logits",
    "tokenizer",
    "split",
    "text_column",
    "layer",
    "classifier",
    "teacher_classifier",
)
# Arguments of timm and transformers that load code, or files outside the model's own folder.
_LOADING_OPTIONS = (
    "trust_remote_code",
    "code_revision",
    "use_kernels",
    "kernel_config",
    "checkpoint_path",
    "pretrained_cfg",
    "pretrained_cfg_overlay",
)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class Code:
    """A field of a configuration that would run code.

    Attributes:
        field: its path, such as "method_options.teacher".
        what: the specification that it names; for an option of a loader the path and its value.
    """

    field: str
    what: str


def code_in(fields: Mapping[str, Any]) -> tuple[Code, ...]:
    """What a configuration would run, in the order of its fields, nested ones included."""
    return tuple(_found(fields))


def trusted_by(given: Mapping[str, Any]) -> frozenset[str]:
    """What a user trusts by naming it: the code of the fields that were given by hand."""
    return frozenset(code.what for code in code_in(given))


def check_trusted(fields: Mapping[str, Any], trusted: Collection[str] = ()) -> None:
    """Check that a configuration runs nothing but what is trusted.

    Args:
        fields: of a `TrainConfig`, as plain values; some may be absent.
        trusted: what the user named, see `trusted_by`.

    Raises:
        InputError: a field would run other code; the first is named.
    """
    for code in code_in(fields):
        if code.what not in trusted:
            raise InputError(
                "Expected a configuration that runs no code of its own, but its field "
                f"'{code.field}' asks for '{code.what}'; if you trust that code, name it on the "
                "command line as well, or give --trust-config"
            )


def _found(fields: Mapping[str, Any]) -> Iterator[Code]:
    """Without recursion, which a file could exhaust."""
    waiting: list[tuple[str, str, Any]] = [("", "", fields)]
    while waiting:
        path, key, value = waiting.pop()
        if isinstance(value, Mapping):
            inner = [(f"{path}.{name}".lstrip("."), str(name), v) for name, v in value.items()]
            waiting += reversed(inner)
        elif isinstance(value, list | tuple):
            waiting += [(path, key, item) for item in reversed(value)]
        if path and _loads(key, value):
            yield Code(path, f"{path}={value}")
        elif isinstance(value, str) and _is_code(key, value):
            yield Code(path, value)


def _loads(key: str, value: Any) -> bool:
    """Whether an option makes its loader run code or open another file."""
    if key == "weights_only":
        return value is not True
    if key == "attn_implementation":
        return isinstance(value, str) and "/" in value  # a kernel from a repository
    return key in _LOADING_OPTIONS and value not in (None, False, "")


def _is_code(key: str, text: str) -> bool:
    head, separator, rest = text.partition(":")
    if not separator or key in _NAMES or text in OWN_BUILDERS:
        return False
    if key == _METHOD_FIELD:
        return True
    if key in _MODEL_FIELDS:
        return head not in MODEL_FAMILIES
    if key in _DATA_FIELDS:
        return head not in (*source_names(), "split") and _imports(head, rest, text)
    safe = (*MODEL_FAMILIES, *source_names())
    named = head.endswith(".py") or _is_dotted(rest)
    return head not in safe and named and _imports(head, rest, text)


def _imports(head: str, rest: str, text: str) -> bool:
    """Whether a source is a module with a function, and not a path with a colon in it."""
    if os.name == "nt" and _DRIVE.match(text):
        return False
    # A file is imported before anything is looked for in it, whatever follows the colon.
    return head.endswith(".py") or _is_dotted(head) or _is_dotted(rest)


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
