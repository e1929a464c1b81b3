"""CivilComments as WILDS has it (Koh et al., ICML 2021): toxic or not, and who is mentioned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._arrays import Bools
from earlysieve.datasets.published import Published, chosen, crossed, rows_of
from earlysieve.datasets.source import Source
from earlysieve.datasets.text import Texts, Tokenizer, need_tokenizer

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("not toxic", "toxic")
IDENTITIES = (
    *("male", "female", "LGBTQ", "christian", "muslim", "other_religions", "black", "white"),
)
COARSE = crossed(CLASSES, ("no identity", "identity"))
OVERLAPPING = crossed(IDENTITIES, CLASSES)
VARIANTS = ("coarse", "overlapping")
SPLITS = ("train", "val", "test")
COLUMNS = ("comment_text", "split", "toxicity", *IDENTITIES, "identity_any")
PUBLISHED = Published(
    "CivilComments",
    "https://wilds.stanford.edu/datasets/#civilcomments",
    "civilcomments_v1.0 of WILDS and pass that folder, or the one that holds it",
)


class Comments(Texts):
    """Texts of which each may be in several groups at once.

    Attributes:
        overlapping_group_names: one name per group.
    """

    def __init__(
        self, *texts: Any, overlapping: Bools, overlapping_names: Sequence[str], **options: Any
    ) -> None:
        """Keep texts (see `Texts`) and which of K groups each is in, shape (N, K)."""
        super().__init__(*texts, **options)
        self._overlapping = overlapping
        self.overlapping_group_names = tuple(overlapping_names)

    @property
    def overlapping_groups(self) -> Bools:
        """Whether each example is in each group, shape (N, K)."""
        return self._overlapping[self._rows]


def civilcomments(
    path: str | Path,
    *,
    tokenizer: Tokenizer,
    split: str | None = None,
    variant: str | None = None,
    max_length: int = 300,
) -> Comments:
    """Comments on articles that most raters found toxic, or not.

    Two sets of groups are in use, and results on them cannot be compared. "coarse" are 4 groups:
    toxic or not, and whether any identity is mentioned. "overlapping" are the 16 of WILDS: each of
    eight identities that is mentioned, toxic or not; a comment may be in several or in none, so
    that `groups` are unknown and `overlapping_groups` says which. That matrix is there in both.

    Args:
        path: folder that holds `all_data_with_identities.csv`, or the one above it.
        tokenizer: as for `Texts`.
        split: "train" (by default), "val" or "test".
        variant: "coarse" (by default) or "overlapping".
        max_length: tokens, as in WILDS.

    Raises:
        DataError: the file is missing or not as it was published.
        InputError: `split` or `variant` is something else.
    """
    part = chosen(split, SPLITS, "split")
    kind = chosen(variant, VARIANTS, "variant")
    folder = PUBLISHED.folder(path)
    name = "all_data_with_identities.csv"
    file = PUBLISHED.find(folder, (name, f"civilcomments_v1.0/{name}"))
    table = PUBLISHED.table(file, COLUMNS)
    numbers = PUBLISHED.codes(file, "split", table["split"], {s: i for i, s in enumerate(SPLITS)})
    table = table.iloc[rows_of(part, SPLITS, numbers, file)]
    labels = _most_say(file, table, "toxicity").astype(np.int64)
    mentioned = np.stack([_most_say(file, table, name) for name in IDENTITIES], 1)
    overlapping = np.stack([mentioned & (labels == k)[:, None] for k in (0, 1)], 2)
    known: dict[str, Any] = {}
    if kind == "coarse":
        groups = 2 * labels + _most_say(file, table, "identity_any")
        known = {"groups": groups, "group_names": COARSE}
    return Comments(
        list(table["comment_text"]),
        labels,
        CLASSES,
        tokenizer=tokenizer,
        max_length=max_length,
        overlapping=overlapping.reshape(len(labels), -1),
        overlapping_names=OVERLAPPING,
        **known,
    )


def _most_say(file: Path, table: pd.DataFrame, column: str) -> Bools:
    """Whether at least half of the raters say so."""
    import pandas as pd

    shares = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~((shares >= 0) & (shares <= 1)))
    if len(bad):
        raise PUBLISHED.damaged(
            file, f"its column '{column}' has '{table[column].iloc[bad[0]]}' where a share can be"
        )
    return np.asarray(shares >= 0.5)


def _open(
    path: str, *, tokenizer: Tokenizer | None = None, max_length: int = 300, **names: str
) -> Comments:
    return civilcomments(path, tokenizer=need_tokenizer(tokenizer), max_length=max_length, **names)


SOURCE = Source(
    "civilcomments",
    "comments on articles, toxic or not, in the layout of WILDS",
    _open,
    ("split", "variant", "tokenizer", "max_length"),
    splits=lambda _: SPLITS,
    variants=VARIANTS,
    groups="coarse: 4, toxic x any identity; overlapping: 16, eight identities x toxic",
    metric="worst-group accuracy; WILDS takes the 16 overlapping groups",
    licence="CC0",
    homepage=PUBLISHED.homepage,
    citation="Borkan et al., Nuanced Metrics, WWW 2019; Koh et al., WILDS, ICML 2021",
    layout="DIR/all_data_with_identities.csv (DIR is civilcomments_v1.0, or the folder above)",
    sizes={"train": 269038, "val": 45180, "test": 133782},
    group_sizes={
        "train": (148186, 90337, 12731, 17784),
        "val": (25159, 14966, 2111, 2944),
        "test": (74780, 43778, 6455, 8769),
    },
)
