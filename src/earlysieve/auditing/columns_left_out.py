"""The Python that leaves columns of a table out, as a next step has it."""

import json
from collections.abc import Sequence

_NAMED = "# leave out "
BOUND = "X, y = ...  # the data that you gave to es.audit"
BOUND_TRAINING = "X_train, y_train = ...  # those that the model was trained on"
_DROPS, _OF_BOTH = "X, X_train = (one.drop(columns=", ") for one in (X, X_train))"


def code_without(variables: str | Sequence[str], columns: Sequence[str | int]) -> str:
    """Code that leaves variables out of X and X_train and audits what is trained on the rest.

    Args:
        variables: the name of one, or those of several.
        columns: that stand for them: names of a frame, or places in an array; none: not known.

    Returns:
        Lines, the first a comment that `columns_left_out` reads, then such as bind the names to
        the user's data; empty where the columns are not known, or have names that no line holds.
    """
    given = [variables] if isinstance(variables, str) else list(variables)
    names = [*given, *(one for one in columns if isinstance(one, str))]
    if not columns or not all(one.isprintable() for one in names):
        return ""
    listed = json.dumps(list(columns), ensure_ascii=False)
    named = all(isinstance(one, str) for one in columns)
    places = f"X, X_train = (np.delete(one, {listed}, axis=1{_OF_BOTH}"
    return "\n".join(
        (
            f"{_NAMED}{json.dumps(given, ensure_ascii=False)[1:-1]}",
            BOUND,
            BOUND_TRAINING,
            drop_of_both(columns) if named else places,
            "# train a network of as many inputs on (X_train, y_train), then",
            "result = es.audit(model, (X, y), seen_in_training=False)",
        )
    )


def drop_of_both(columns: Sequence[str | int]) -> str:
    """The line that takes columns of frames out of X and X_train."""
    return f"{_DROPS}{json.dumps(list(columns), ensure_ascii=False)}{_OF_BOTH}"


def columns_left_out(code: str) -> list[str]:
    """The variables that the code of a step leaves out; none where it does something else."""
    first = code.partition("\n")[0]
    if not first.startswith(_NAMED):
        return []
    return [str(name) for name in json.loads(f"[{first.removeprefix(_NAMED)}]")]


def names_to_drop(code: str, known: Sequence[str]) -> list[str]:
    """What a file's columns are called that the code of a step leaves out; none where one is not.

    A variable is a column of the file, or its categories are: of two flags that exclude each other
    the columns are dropped, since nothing there has the name of both.

    Args:
        code: as `code_without` makes it.
        known: the columns of the file.
    """
    there = set(known)
    variables = columns_left_out(code)
    whole = [name for name in variables if name in there]
    drops = next((one for one in code.split("\n") if one.startswith(_DROPS)), None)
    columns: list[str] = []
    if drops is not None:
        columns = json.loads(drops.removeprefix(_DROPS).removesuffix(_OF_BOTH))
    rest = [one for one in columns if not any(one == v or one.startswith(f"{v}_") for v in whole)]
    if len(whole) < len(variables) and not rest:
        return []
    return [*whole, *rest] if set(rest) <= there else []
