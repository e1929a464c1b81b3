"""What pages of help name is there: commands, options, attributes, reasons of verdicts."""

import dataclasses
import re
from pathlib import Path

import click
import pytest

from earlysieve.auditing import reasons
from earlysieve.auditing.result import AuditResult
from earlysieve.auditing.summary import Summary
from earlysieve.cli.main import main
from earlysieve.methods.registry import OWN, method_named

DOCS = Path(__file__).parents[2] / "docs"
if not DOCS.exists():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)
PAGES = [
    *(DOCS / f"{name}.md" for name in ("faq", "troubleshooting", "which-method")),
    *sorted((DOCS / "tutorials").glob("*.md")),
]


def commands() -> dict[str, click.Command]:
    context = click.Context(main)
    return {name: main.get_command(context, name) for name in main.list_commands(context)}


def options() -> set[str]:
    found = {"--help", "--version"}
    for command in commands().values():
        for item in command.params:
            found |= {*item.opts, *item.secondary_opts}
    for method in OWN:
        settings = dataclasses.fields(method_named(method).settings)
        found |= {f"--{field.name.replace('_', '-')}" for field in settings}
    return found


KNOWN = options()


@pytest.fixture(params=PAGES, ids=lambda page: page.stem)
def text(request):
    return request.param.read_text(encoding="utf-8")


def test_commands_are_there(text):
    named = set(re.findall(r"`earlysieve ([a-z]+)", text)) | set(
        re.findall(r"^ +earlysieve ([a-z]+)", text, re.MULTILINE)
    )
    assert named <= set(commands())


def test_options_are_there(text):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - {"--out"}
    assert named <= KNOWN


def test_attributes_are_there(text):
    summary = {field.name for field in dataclasses.fields(Summary)}
    assert set(re.findall(r"result\.summary\.(\w+)", text)) <= summary
    assert set(re.findall(r"result\.(\w+)", text)) <= set(dir(AuditResult)) | {
        field.name for field in dataclasses.fields(AuditResult)
    }


@pytest.mark.parametrize("reason", reasons.REASONS)
def test_every_reason_of_a_verdict_is_explained(reason):
    sentence = re.split(r"[:.,]", reasons.REASONS[reason])[0]
    words = re.sub(r"\s+", " ", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"))
    assert sentence[:60] in words
