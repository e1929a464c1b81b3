"""Parts that the user named: those that must not matter, and those that belong to the task."""

from collections.abc import Sequence
from dataclasses import dataclass

from earlysieve._names import near_names
from earlysieve._readable import (
    COLUMNS,
    PARTS,
    SUM_OF_COLUMNS,
    as_kept,
    as_part,
    readable,
)
from earlysieve.auditing.pair_texts import OF_PAIRS
from earlysieve.auditing.swaps.table_parts import is_of, is_pair_of, part_name
from earlysieve.auditing.swaps.two_columns import PAIR, named_together
from earlysieve.auditing.telling_ranges import Telling
from earlysieve.datasets.variables import Variable
from earlysieve.errors import InputError

_LISTED = 24
_TELLS_NOTHING = "nothing of that kind tells a class in these data"
_NO_PAIRS = "these are no pairs of texts, or most of them have one text in common"
# What pages show of texts that no part of its own is swapped for, and what to name instead.
_LEFT = {
    "other tokens": "without telling words; name telling words, or length of the text",
    "all other words": "without telling words; name telling words, or length of the text",
    "words beyond topics": "without its topic; name topic, or telling words",
    "plain words": "between its beginning and its end; name telling words, or beginning or end",
    "plain words in between": "between beginning and end; name telling words, or beginning or end",
}


@dataclass(frozen=True)
class Named:
    """What was named, by the names that results keep.

    Attributes:
        irrelevant: what must not matter, with the telling values of such columns.
        relevant: what belongs to the task.
        typed: what the user wrote for each.
    """

    irrelevant: tuple[str, ...]
    relevant: tuple[str, ...]
    typed: dict[str, str]

    @property
    def every(self) -> tuple[str, ...]:
        """Both, and two columns together that are named alike."""
        return (
            self.irrelevant
            + self.relevant
            + named_together(self.irrelevant)
            + named_together(self.relevant)
        )

    def bars(self, part: str) -> bool:
        """Whether a part must not matter: also two columns together that are both named."""
        return part in self.irrelevant or is_pair_of(part, self.irrelevant)


def named_parts(
    irrelevant: Sequence[str], relevant: Sequence[str], telling: Sequence[Telling]
) -> Named:
    """What the user named, as results keep it.

    Args:
        irrelevant, relevant: names as they were written.
        telling: values of columns, which are barred with their column.
    """
    barred = [as_part(name) for name in irrelevant]
    matters = [as_part(name) for name in relevant]
    of_values = [one.name for one in telling if part_name(one.variable) in barred]
    barred += [name for name in of_values if name not in matters]
    typed = {as_part(name): name for name in (*irrelevant, *relevant)}
    return Named(tuple(barred), tuple(matters), typed)


def covers(names: Sequence[str], part: str, *, barred: bool = False) -> bool:
    """Whether naming these names a part, too: values of a named column, or two named columns.

    A pair with a column that is not named is none of them: what only both tell is another thing.

    Args:
        names: of parts, as results keep them.
        part: in question.
        barred: it must not matter; then only its own name says that it belongs to the task.
    """
    if part in names or barred:
        return part in names
    return any(is_of(part, name) for name in names) or is_pair_of(part, names)


def check_there(
    named: Named,
    parts: Sequence[str],
    skipped: Sequence[str],
    kind: str,
    variables: Sequence[Variable],
) -> None:
    """Check that the data have what was named.

    Args:
        named: by the user.
        parts: that can be swapped, in these data.
        skipped: that cannot, for a reason that is told elsewhere.
        kind: of the data, see `Carrier.kind`.
        variables: of a table.

    Raises:
        InputError: a name is of no part.
    """
    if kind == "table" and COLUMNS in named.irrelevant:
        raise InputError(no_sum(named.typed.get(COLUMNS, COLUMNS)))
    there = {*parts, *skipped, *([COLUMNS] if kind == "table" else [])}
    for word, names in (("irrelevant", named.irrelevant), ("relevant", named.relevant)):
        lacking = [named.typed.get(name, name) for name in names if name not in there]
        if lacking:
            of_table = [*parts, *map(part_name, variables)]
            every = PARTS.get(kind) or tuple(dict.fromkeys(map(readable, of_table)))
            raise InputError(refusal(word, lacking, every))


def none_here(named: Named, parts: Sequence[str], kind: str) -> dict[str, str]:
    """Named parts that data of this kind may have, and these have none of: why they are not asked.

    Args:
        named: by the user.
        parts: that can be swapped, in these data.
        kind: of the data, see `Carrier.kind`.
    """
    able = set(map(as_part, PARTS.get(kind, ())))
    lacking = [name for name in named.every if name in able and name not in parts]
    return {name: _NO_PAIRS if name in OF_PAIRS else _TELLS_NOTHING for name in lacking}


def no_sum(name: str, option: str = "irrelevant") -> str:
    """That a table holds nothing but its columns, which cannot all be without importance.

    Args:
        name: as it was written.
        option: that named it.
    """
    return (
        f"Expected {option} to name columns, but got '{name}', of which every answer of a table is "
        f"made; name the columns that must not matter, or say relevant where {SUM_OF_COLUMNS} is "
        "the task"
    )


def refusal(word: str, names: Sequence[str], every: Sequence[str]) -> str:
    """That data of this kind have no such parts.

    Args:
        word: "irrelevant" or "relevant".
        names: that these data lack.
        every: that there are.
    """
    bare = {name.removeprefix("column ").strip("'"): name for name in every}
    near = [bare[name] for name in near_names(names[0].removeprefix("column ").strip("'"), bare)]
    told = f"near names are {', '.join(near)}" if near else "name parts that these data have"
    if names[0].startswith(PAIR):
        return f"Expected two columns of the table, as 'columns A and B', but got {names[0]}"
    unswapped = next((name for name in names if as_kept(name) in _LEFT), None)
    if unswapped is not None:
        return (
            f"Expected {word} parts that can be swapped, but got {unswapped}, which is only read, "
            f"as what is left of a text {_LEFT[as_kept(unswapped)]}"
        )
    if names[0].startswith("layer "):
        return (
            f"Expected {word} parts of the data, but got {names[0]}, which is a layer of the "
            f"model; name what it may see: {', '.join(every[:_LISTED])}"
        )
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return (
        f"Expected {word} parts among {', '.join(every[:_LISTED])}{more}, but got "
        f"{', '.join(names)}; {told}"
    )
