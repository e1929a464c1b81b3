"""MultiNLI (Williams et al., NAACL 2018) in the split of group DRO, with negation as the group."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earlysieve.datasets.published import Published, chosen, crossed, rows_of
from earlysieve.datasets.source import Source
from earlysieve.datasets.text import Tokenizer, need_tokenizer
from earlysieve.datasets.text_pairs import TextPairs, joined
from earlysieve.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("contradiction", "entailment", "neutral")
GROUPS = crossed(CLASSES, ("no negation", "negation"))
SPLITS = ("train", "val", "test")
# In the order in which group DRO put them one after the other.
PARTS = ("train", "dev_matched", "dev_mismatched")
PUBLISHED = Published(
    "MultiNLI",
    "https://cims.nyu.edu/~sbowman/multinli/",
    "multinli_1.0.zip, put metadata_random.csv of https://github.com/kohpangwei/group_DRO "
    "(dataset_metadata/multinli) beside it, and pass the folder that holds both",
)
_SIDES = ("gold_label", "sentence1", "sentence2")


def multinli(
    path: str | Path, *, tokenizer: Tokenizer, split: str | None = None, max_length: int = 128
) -> TextPairs:
    """Whether a hypothesis follows from a premise; contradictions have more negations.

    Layout: `path/metadata_random.csv` with the row of each example, gold_label (0, 1, 2), split
    (0, 1, 2) and sentence2_has_negation, and `path/multinli_1.0/multinli_1.0_train.jsonl`,
    ..._dev_matched.jsonl and ..._dev_mismatched.jsonl (or .txt). Rows are counted through the
    three; those without an agreed label are in none of the splits.

    Args:
        path: folder that holds both.
        tokenizer: as for `Texts`, called with two texts.
        split: "train" (by default), "val" or "test".
        max_length: tokens of both texts together.

    Raises:
        DataError: something is missing (it is named), or the lists and the texts do not agree.
        InputError: `split` is something else.
    """
    part = chosen(split, SPLITS, "split")
    folder = PUBLISHED.folder(path)
    file = PUBLISHED.find(folder, ("metadata_random.csv", "data/metadata_random.csv"))
    table = PUBLISHED.table(file, None, index_col=0)
    PUBLISHED.check_columns(
        file, list(table.columns), ("gold_label", "split", "sentence2_has_negation")
    )
    three, two = {"0": 0, "1": 1, "2": 2}, {"0": 0, "1": 1}
    labels = PUBLISHED.codes(file, "gold_label", table["gold_label"], three)
    negations = PUBLISHED.codes(
        file, "sentence2_has_negation", table["sentence2_has_negation"], two
    )
    numbers = PUBLISHED.codes(file, "split", table["split"], three)
    texts = _texts(folder, file, table.index, [CLASSES[label] for label in labels])
    rows = rows_of(part, SPLITS, numbers, file)
    return TextPairs(
        [texts[row] for row in rows],
        labels[rows],
        CLASSES,
        tokenizer=tokenizer,
        max_length=max_length,
        groups=(2 * labels + negations)[rows],
        group_names=GROUPS,
    )


def _texts(folder: Path, file: Path, index: pd.Index[str], labels: list[str]) -> list[str]:
    """The pair of each row of the list, whose label has to be that of the texts."""
    import pandas as pd

    whole = pd.concat([_read(_part(folder, name)) for name in PARTS], ignore_index=True)
    places = np.array([int(i) if str(i).isdigit() else -1 for i in index], np.int64)
    if places.min() < 0 or places.max() >= len(whole):
        raise PUBLISHED.damaged(
            file, f"it names rows up to {places.max()} and the texts have {len(whole)}"
        )
    found = whole.iloc[places]
    wrong = np.flatnonzero(found["gold_label"].to_numpy() != np.array(labels))
    if len(wrong):
        raise PUBLISHED.damaged(
            file,
            f"the label of its row {places[wrong[0]]} is '{labels[wrong[0]]}' and that of the text "
            f"'{found['gold_label'].iloc[wrong[0]]}'",
        )
    return joined(list(found["sentence1"]), list(found["sentence2"]))


def _part(folder: Path, name: str) -> Path:
    own = [f"multinli_1.0_{name}{suffix}" for suffix in (".jsonl", ".txt")]
    places = ("multinli_1.0/", "", "data/")
    return PUBLISHED.find(folder, [f"{place}{file}" for place in places for file in own])


def _read(file: Path) -> pd.DataFrame:
    import pandas as pd

    if file.suffix == ".txt":
        return PUBLISHED.table(
            file, _SIDES, sep="\t", quoting=csv.QUOTE_NONE, encoding_errors="replace"
        )
    rows = []
    try:
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                rows.append([str(row[name]) for name in _SIDES])
    except (OSError, ValueError, RecursionError, TypeError) as error:
        raise PUBLISHED.damaged(file, f"its line {len(rows) + 1}: {one_line(error)}") from error
    except KeyError as error:
        raise PUBLISHED.damaged(file, f"its line {len(rows) + 1} has no {error}") from error
    return pd.DataFrame(rows, columns=list(_SIDES))


def _open(
    path: str, *, tokenizer: Tokenizer | None = None, max_length: int = 128, **split: str
) -> TextPairs:
    return multinli(path, tokenizer=need_tokenizer(tokenizer), max_length=max_length, **split)


SOURCE = Source(
    "multinli",
    "whether a hypothesis follows from a premise; contradictions often have a negation",
    _open,
    ("split", "tokenizer", "max_length"),
    splits=lambda _: SPLITS,
    groups="6: label x whether the hypothesis has nobody, no, never or nothing",
    metric="worst-group accuracy",
    licence="that of the Open American National Corpus; fiction under several free licences",
    homepage=PUBLISHED.homepage,
    citation="Williams et al., A Broad-Coverage Challenge Corpus, NAACL 2018; split: Sagawa et al.",
    layout="DIR/metadata_random.csv, DIR/multinli_1.0/multinli_1.0_{train,dev_matched,"
    "dev_mismatched}.jsonl (or .txt)",
    sizes={"train": 206175, "val": 82462, "test": 123712},
    group_sizes={
        "train": (57498, 11158, 67376, 1521, 66630, 1992),
        "val": (22814, 4634, 26949, 613, 26655, 797),
        "test": (34597, 6655, 40496, 886, 39930, 1148),
    },
)
