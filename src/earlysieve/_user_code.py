"""The user's own code: found by name, called, and told from ours when it fails."""

import importlib
import importlib.util
import inspect
import os
import re
import sys
import sysconfig
import traceback
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, TypeVar

from earlysieve._files import expanded, is_file
from earlysieve.errors import EarlysieveError, InputError, UserCodeError, first_line, one_line

T = TypeVar("T")

_OURS = str(Path(__file__).resolve().parent)
_LIBRARIES = tuple(
    {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_IN_WORKER = re.compile(r"Caught \S+ in DataLoader worker process")
# File systems hold no longer ones.
_LONGEST_NAME = 200
_PLACE = re.compile(r'File "(.+?)", line (\d+), in (\S+)')

# Folders that were made importable, and top-level modules that the user named, in this process.
_folders: list[str] = []
_named: set[str] = set()


def load_function(
    module: str, name: str, *, forms: str, error: type[EarlysieveError] = InputError
) -> Callable[..., Any]:
    """The function or class `name` of a module or of a Python file.

    The current folder, or that of the file, becomes importable for good, after everything else:
    the user's code may import its neighbours late, and no installed package is shadowed. Of a
    file here and an installed module of the same name, the file is meant.

    Args:
        module: such as "my_package.nets", "nets" or "folder/nets.py".
        name: of the function, dotted for one inside a class.
        forms: what may be named, for messages, such as "a model as torchvision:NAME".
        error: what to raise if it is not there.

    Raises:
        EarlysieveError: (of the class `error`) there is no such module or function, or it needs a
            package that is not installed.
        UserCodeError: the module raises an exception while it is imported.
    """
    found = _load(module, name, forms, error)
    function = _inside(found, name)
    if not callable(function):
        raise error(_no_function(found, module, name))
    return function  # type: ignore[no-any-return]


def load_object(module: str, name: str, kind: type[T], *, forms: str) -> T:
    """What is called `name` in a module or Python file; see `load_function`.

    Args:
        module, name, forms: see `load_function`.
        kind: the class that it has to be of.

    Raises:
        InputError: there is no such module or name, or it is something else.
        UserCodeError: the module raises an exception while it is imported.
    """
    found = _inside(_load(module, name, forms, InputError), name)
    if not isinstance(found, kind):
        home = kind.__module__.rpartition(".")[0]
        got = "nothing" if found is None else type(found).__name__
        raise InputError(
            f"Expected an {home}.{kind.__name__} called '{name}' in the module '{module}', but got "
            f"{got}; correct the name, or write {name} = {kind.__name__}(...) there"
        )
    return found


def _inside(found: Any, name: str) -> Any:
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def arguments_of(function: Callable[..., Any], spec: str) -> set[str]:
    """The names of the arguments that a function takes by name.

    Raises:
        InputError: it does not tell.
    """
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name for p in _parameters(function, spec) if p.kind in kinds}


def _parameters(function: Callable[..., Any], spec: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Expected '{spec}' to be a function written in Python, but got a builtin one; wrap "
            "it in a function of your own"
        ) from error


def call_function(function: Callable[..., Any], spec: str, offered: Mapping[str, Any]) -> Any:
    """Call a function with those of the arguments `offered` that it takes; None is left out.

    Raises:
        InputError: it needs an argument that is not offered, or does not tell what it takes.
        UserCodeError: it raises an exception that is not ours.
    """
    needed = [p.name for p in _parameters(function, spec) if _is_needed(p)]
    by_name = arguments_of(function, spec)
    missing = [name for name in needed if name not in by_name & offered.keys()]
    if missing:
        raise InputError(
            f"Expected '{spec}' to need no arguments but {', '.join(offered)}, but it needs "
            f"'{missing[0]}'; give that a default"
        )
    given = {
        key: value
        for key, value in offered.items()
        if key in by_name and (value is not None or key in needed)
    }
    try:
        return function(**given)
    except EarlysieveError:
        raise
    except Exception as error:
        called = ", ".join(f"{name}={value!r}" for name, value in given.items())
        told = f" with {called}" if called else ""
        raise failure(error, f"Expected '{spec}' to run{told}") from error


def failure(error: Exception, expected: str) -> UserCodeError:
    """The error that says whose code raised `error`, which should be made its cause."""
    place = _last_place(error)
    where = "" if place is None else f" ({place[0]}, line {place[1]})"
    return UserCodeError(
        f"{expected}, but your code raised {_said(error)}{where}; correct it, its traceback tells "
        "more"
    )


def refusal(
    error: Exception, expected: str, advice: str, *, kind: type[EarlysieveError] = InputError
) -> EarlysieveError:
    """The error for code that was tried with what the user gave, which should be its cause.

    If the user's code raised `error` itself, it is to be corrected. A library that it called may as
    well have been given the wrong thing, and the user is told where.

    Args:
        error: what was raised.
        expected: how the sentence begins: "Expected ...".
        advice: how it ends where the user's code may be right.
        kind: of the error in that case.
    """
    if _raised_by_user(error):
        return failure(error, expected)
    place = _last_place(error)
    where = "" if place is None else f" ({place[0]}, line {place[1]})"
    return kind(f"{expected}, but it failed: {first_line(error)}{where}; {advice}")


def blame(error: Exception) -> UserCodeError | None:
    """The error to raise in place of a foreign one that comes from the user's code, else None."""
    place = _last_place(error)
    if place is None:
        return None
    found = failure(error, f"Expected the code in '{place[0]}' to run")
    found.__cause__ = error
    return found


def users_traceback(error: BaseException) -> str:
    """The traceback of `error` from the first line of the user's on."""
    told = str(error)
    if _IN_WORKER.match(told):
        return told.partition("\n")[2]
    shown = traceback.TracebackException(type(error), error, _from_users_frame(error.__traceback__))
    return "".join(shown.format())


def _load(module: str, name: str, forms: str, error: type[EarlysieveError]) -> ModuleType:
    importlib.invalidate_caches()
    try:
        if module.endswith(".py"):
            return _load_file(expanded(module), error)
        parts = module.split(".")
        if not all(part.isidentifier() and len(part) < _LONGEST_NAME for part in parts):
            shown = module[:_LONGEST_NAME]
            raise error(
                f"Expected {forms}, but '{shown}' is no module's name; write a name such as "
                f"my_package.my_module, or the path of a file: {shown}.py:{name}"
            )
        top = module.partition(".")[0]
        if top != "earlysieve":
            _make_importable(Path.cwd())
            _named.add(top)
        here = Path(f"{module}.py")
        if "." not in module and here.is_file() and not _is_found_as(module, here):
            return _load_file(here, error)
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name is not None and f"{module}.".startswith(f"{missing.name}."):
            raise error(
                f"Expected {forms}, but there is no module '{module}' here or among the installed "
                "packages; check the name and the current directory"
            ) from missing
        raise error(
            f"Expected the module '{module}' to be importable, but it needs '{missing.name}', "
            "which is not installed; install that first"
        ) from missing
    except EarlysieveError:
        raise
    except Exception as problem:
        raise failure(problem, f"Expected the module '{module}' to be importable") from problem


def _load_file(path: Path, error: type[EarlysieveError]) -> ModuleType:
    """Import a file, under a name of its own where its plain name means something else."""
    if not is_file(path):
        raise error(f"Expected a Python file at '{path}', but there is none; check the path")
    file = path.resolve()
    _make_importable(file.parent)
    if file.stem.isidentifier() and _is_found_as(file.stem, file):
        _named.add(file.stem)
        return importlib.import_module(file.stem)
    name = f"{file.stem}_{zlib.crc32(os.fsencode(file)):08x}"
    _named.add(name)
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise error(f"Expected a Python file at '{path}', but it cannot be imported; check it")
        found = importlib.util.module_from_spec(spec)
        sys.modules[name] = found
        try:
            spec.loader.exec_module(found)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _make_importable(folder: Path) -> None:
    """After all that is importable already, but before folders of the user's that came earlier."""
    place = str(folder)
    if place not in _folders and (place in sys.path or (folder == Path.cwd() and "" in sys.path)):
        return
    earlier = [sys.path.index(known) for known in _folders if known in sys.path]
    at = min(earlier, default=len(sys.path))
    while place in _folders and place in sys.path:
        sys.path.remove(place)
    sys.path.insert(at, place)
    _folders[:] = [place, *(known for known in _folders if known != place)]


def _is_found_as(name: str, file: Path) -> bool:
    """Whether importing `name` gives the module of this file."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return (
        spec is not None
        and spec.origin is not None
        and Path(spec.origin).resolve() == file.resolve()
    )


def _no_function(module: ModuleType, spec: str, name: str) -> str:
    from earlysieve._names import near_names

    known = [key for key in dir(module) if callable(getattr(module, key, None))]
    near = near_names(name, known)
    hint = f"near names are: {', '.join(near)}" if near else "check the name"
    return (
        f"Expected a function or class '{name}' in the module '{spec}', but there is none; {hint}"
    )


def _is_needed(parameter: inspect.Parameter) -> bool:
    several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not several


def _said(error: Exception) -> str:
    """Type and message of an exception, that of a loader's worker as the worker raised it."""
    if _IN_WORKER.match(str(error)):
        return str(error).strip().splitlines()[-1]
    return f"{type(error).__name__}: {one_line(error)}" if str(error) else type(error).__name__


def _last_place(error: Exception) -> tuple[str, int] | None:
    """File and line of the user's that were nearest to where an exception was raised."""
    if _IN_WORKER.match(str(error)):
        told = [(file, int(line)) for file, line, _ in _PLACE.findall(str(error))]
        return next((place for place in reversed(told) if _is_users(place[0])), None)
    if isinstance(error, SyntaxError) and error.filename and _is_users(error.filename):
        return error.filename, error.lineno or 0
    found, step = None, error.__traceback__
    while step is not None:
        if _is_users_frame(step):
            found = step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next
    return found


def _raised_by_user(error: Exception) -> bool:
    """Whether the user's code raised it, and no library that it called."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and _is_users_frame(step)


def _from_users_frame(step: TracebackType | None) -> TracebackType | None:
    while step is not None and not _is_users_frame(step):
        step = step.tb_next
    return step


def _is_users_frame(step: TracebackType) -> bool:
    frame = step.tb_frame
    top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return top in _named or _is_users(frame.f_code.co_filename)


def _is_users(file: str) -> bool:
    return not (
        not Path(file).is_absolute()  # a compiled library's
        or file.startswith(("<", _OURS, *_LIBRARIES))
        or "site-packages" in file
        or "dist-packages" in file
    )
