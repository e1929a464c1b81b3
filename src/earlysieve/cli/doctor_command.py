"""`earlysieve doctor`: versions, devices, and what is missing for what."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict

import click

from earlysieve._version import __version__
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.exit_codes import Failure
from earlysieve.cli.installed import USES, Package, packages, version_of
from earlysieve.cli.libraries import load_libraries
from earlysieve.errors import one_line


@click.command("doctor", cls=EachOnce)
@speaking
def command(quiet: bool, as_json: bool) -> None:
    """Say what is installed here: versions, devices, and what is missing for what.

    Ends with exit code 1 where earlysieve itself cannot work.

    \b
    Examples:
      earlysieve doctor
      earlysieve doctor --json > machine.json
    """
    console = Console(quiet, as_json)
    found = packages()
    problems, devices = _torch()
    problems += _vision()
    known = found or []
    broken = [one for one in known if not one.extra and not one.fits]
    problems += [f"{one.name}{one.wanted} is needed; {_have(one)}." for one in broken]
    _show_machine(devices, console)
    if found is None:
        console.say("This copy of earlysieve is not installed by pip, so its extras are not known.")
    _show_extras(known, console)
    console.result(
        {
            "earlysieve": __version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "devices": devices,
            "packages": [asdict(one) for one in known],
            "missing": missing(known),
            "problems": problems,
        }
    )
    if not problems:
        console.say("earlysieve can work here.")
    else:
        raise Failure(f"Expected an installation that works, but: {' '.join(problems)}")


def missing(found: Sequence[Package]) -> dict[str, str]:
    """The pip command for each extra that is not complete."""
    extras = dict.fromkeys(one.extra for one in found if one.extra and not one.fits)
    return {extra: f"pip install 'earlysieve[{extra}]'" for extra in extras}


def _torch() -> tuple[list[str], list[str]]:
    """What is wrong with torch, and the devices that it sees."""
    try:
        load_libraries()
        import torch
    except Exception as error:  # noqa: BLE001 - a broken installation may raise anything
        return [f"torch cannot be imported ({one_line(error)})."], []
    devices = [f"cpu, {os.cpu_count()} cores, {torch.get_num_threads()} threads"]
    for number in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(number).total_memory / 2**30
        devices.append(f"cuda:{number}, {torch.cuda.get_device_name(number)}, {memory:.0f} GiB")
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [], devices


def _vision() -> list[str]:
    """Whether torchvision, where it is installed, is one for this torch."""
    if version_of("torchvision") is None:
        return []
    try:
        import torchvision  # noqa: F401
    except Exception as error:  # noqa: BLE001 - a library for another torch raises anything
        return [
            f"torchvision does not fit torch ({one_line(error)}); install both in one command: "
            "pip install torch torchvision."
        ]
    return []


def _show_machine(devices: Sequence[str], console: Console) -> None:
    rows = [
        ("earlysieve", __version__),
        ("Python", platform.python_version()),
        ("system", platform.platform()),
        *(("device", text) for text in devices),
    ]
    console.table(("", "found"), rows)


def _show_extras(found: Sequence[Package], console: Console) -> None:
    """One row per package, and how to install what is missing."""
    rows = [
        (
            one.extra or "(core)",
            f"{one.name}{one.wanted}",
            one.version or "missing",
            USES[one.extra],
        )
        for one in found
    ]
    if rows:
        console.table(("extra", "package", "installed", "needed for"), rows)
    for extra, pip in missing(found).items():
        console.say(f"Missing for {USES[extra]}: {pip}")


def _have(one: Package) -> str:
    return "it is not installed" if one.version is None else f"{one.version} is installed"
