"""The Python that leaves columns of a table out, as a next step has it."""

import json
from collections.abc import Sequence

_NAMED = "# leave out "


def code_without(name: str, columns: Sequence[str | int]) -> str:
    """Code that leaves a variable out of X and X_train and audits what is trained on the rest.

    Args:
        name: of the variable.
        columns: that stand for it: names of a frame, or places in an array; none: not known.

    Returns:
        Lines, the first a comment that `column_left_out` reads; empty where the columns are not
        known, or have names that no line holds.
    """
    names = [name, *(one for one in columns if isinstance(one, str))]
    if not columns or not all(one.isprintable() for one in names):
        return ""
    listed = json.dumps(list(columns), ensure_ascii=False)
    named = all(isinstance(one, str) for one in columns)
    less = f"one.drop(columns={listed})" if named else f"np.delete(one, {listed}, axis=1)"
    return "\n".join(
        (
            f"{_NAMED}{json.dumps(name, ensure_ascii=False)}",
            f"X, X_train = ({less} for one in (X, X_train))",
            "# train a network of as many inputs on (X_train, y_train), then",
            "result = es.audit(model, (X, y), seen_in_training=False)",
        )
    )


def column_left_out(code: str) -> str | None:
    """The variable that the code of a step leaves out; None where it does something else."""
    first = code.partition("\n")[0]
    return str(json.loads(first.removeprefix(_NAMED))) if first.startswith(_NAMED) else None
