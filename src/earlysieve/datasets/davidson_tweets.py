"""The tweets of Davidson et al. (ICWSM 2017): offensive or not, and who is mentioned."""

import hashlib
import html
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earlysieve._files import is_file, is_folder
from earlysieve.datasets.source import Source
from earlysieve.datasets.text import Texts, Tokenizer, need_tokenizer
from earlysieve.errors import DataError, InputError, one_line

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("neither", "offensive")
GROUPS = tuple(f"{name}, {what}" for name in CLASSES for what in ("no identity", "identity"))
COLUMNS = ("class", "tweet")
# The file's classes: 0 hate speech, 1 offensive language, 2 neither.
_NEITHER = 2

# Neutral words for people by origin, faith, sex, orientation, health or status, in the singular and
# the plural. Slurs are left out, since they carry the label themselves, and so are words whose
# everyday use in tweets is another ("man", "girl", "straight", "american").
IDENTITY_TERMS = (
    *("african", "africans", "arab", "arabs", "asian", "asians", "black", "blacks", "caucasian"),
    *("chinese", "european", "hispanic", "hispanics", "indian", "indians", "japanese", "korean"),
    *("latina", "latinas", "latino", "latinos", "mexican", "mexicans", "white", "whites"),
    *("atheist", "buddhist", "catholic", "catholics", "christian", "christians", "hindu", "islam"),
    *("islamic", "jew", "jewish", "jews", "mosque", "muslim", "muslims"),
    *("bisexual", "female", "females", "gay", "gays", "heterosexual", "homosexual", "homosexuals"),
    *("lesbian", "lesbians", "lgbt", "male", "males", "queer", "trans", "transgender", "woman"),
    *("women", "autistic", "blind", "deaf", "disabled", "elderly", "immigrant", "immigrants"),
    *("refugee", "refugees"),
)
_SHARES = {"train": 0.6, "validation": 0.1, "test": 0.3}


def davidson(
    path: str | os.PathLike[str],
    *,
    tokenizer: Tokenizer,
    split: str | None = None,
    max_length: int = 64,
) -> Texts:
    """Tweets that are offensive (hate speech or offensive language) or neither.

    The group is the class times whether the text mentions an identity term (`IDENTITY_TERMS`, as
    a whole word; names after @ and # are not words). The file has no official split: a row's
    split follows from its number by a hash, 60% train, 10% validation, 30% test.

    Args:
        path: `labeled_data.csv`, or the folder that holds it.
        tokenizer: as for `Texts`.
        split: "train" (by default), "validation", "test", or "all".
        max_length: tokens.

    Raises:
        DataError: the file is missing, or has other columns or classes.
        InputError: `split` is something else.
    """
    chosen = split or "train"
    if chosen not in (*_SHARES, "all"):
        raise InputError(
            f"Expected split to be {', '.join(_SHARES)} or all, but got '{chosen}'; choose one"
        )
    table = _read(Path(path))
    rows = np.array([chosen in ("all", split_of(int(row))) for row in table.index])
    table = table[rows]
    texts = [html.unescape(text) for text in table["tweet"]]
    labels = (table["class"] != _NEITHER).to_numpy(np.int64)
    groups = 2 * labels + np.array([mentions_identity(text) for text in texts], np.int64)
    return Texts(
        texts,
        labels,
        CLASSES,
        tokenizer=tokenizer,
        max_length=max_length,
        ids=[str(row) for row in table.index],
        groups=groups,
        group_names=GROUPS,
    )


def split_of(row: int) -> str:
    """The split of a row number, the same on every machine."""
    digest = hashlib.sha256(f"davidson {row}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < _SHARES["train"]:
        return "train"
    return "validation" if place < _SHARES["train"] + _SHARES["validation"] else "test"


def mentions_identity(text: str) -> bool:
    """Whether a text holds an identity term as a word, in any case."""
    return _TERM.search(text) is not None


_TERM = re.compile(rf"(?<![\w@#])(?:{'|'.join(IDENTITY_TERMS)})(?!\w)", re.IGNORECASE)


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    file = path / "labeled_data.csv" if is_folder(path) else path
    if not is_file(file):
        raise DataError(
            f"Expected the file 'labeled_data.csv' at '{path}', but there is none; "
            "pass the file or the folder that holds it"
        )
    try:
        table = pd.read_csv(file, index_col=0)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(
            f"Expected '{file}' to be a CSV file, but got: {one_line(error)}; check the file"
        ) from error
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise DataError(
            f"Expected the columns {', '.join(COLUMNS)} in '{file}', but {', '.join(missing)} "
            "is missing; pass labeled_data.csv as it was published"
        )
    strange = sorted(set(table["class"]) - {0, 1, 2}, key=str)
    if strange:
        raise DataError(
            f"Expected the classes 0, 1 and 2 in '{file}', but got {strange[0]}; "
            "pass labeled_data.csv as it was published"
        )
    return table


def _open(
    path: str, *, tokenizer: Tokenizer | None = None, max_length: int = 128, **split: str
) -> Texts:
    return davidson(path, tokenizer=need_tokenizer(tokenizer), max_length=max_length, **split)


SOURCE = Source(
    "davidson",
    "24,783 tweets, offensive or not, with the group 'mentions an identity term'",
    _open,
    ("split", "tokenizer", "max_length"),
    splits=lambda _: tuple(_SHARES),
    groups="4: class x mentions an identity term",
    metric="none official; here accuracy by group",
    licence="MIT",
    homepage="https://github.com/t-davidson/hate-speech-and-offensive-language",
    citation="Davidson et al., Automated Hate Speech Detection, ICWSM 2017",
    layout="DIR/labeled_data.csv, or the file",
)
