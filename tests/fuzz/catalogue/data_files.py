"""Data on disk that is missing, empty, damaged or of another kind."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import Case, audit, train
from tests.fuzz.values import LONG, TEXTS, damaged, short

IMAGES = ("--model", "fuzz_nets:images", "--image-size", "8", "--split", "all")
ROW = "".join(f"../photos/{name}/{i}.png,{name}\n" for name in ("cat", "dog") for i in (0, 1))
TABLES: dict[str, str | bytes] = {
    "nothing": "",
    "a line break": "\n",
    "no rows": "path,label\n",
    "no header": ROW,
    "no label": "path\n../photos/cat/0.png\n",
    "no path": "label\ncat\n",
    "other names": "file,class\n" + ROW,
    "another case": "Path,Label\n" + ROW,
    "semicolons": "path;label\n" + ROW.replace(",", ";"),
    "tabs": "path\tlabel\n" + ROW.replace(",", "\t"),
    "too many fields": "path,label\n" + ROW + "a,b,c,d,e\n",
    "too few fields": "path,label\n" + ROW + "a\n",
    "an open quote": 'path,label\n"../photos/cat/0.png,cat\n' + ROW,
    "zeros": "path,label\n" + ROW + "a\0b,cat\n",
    "not UTF-8": b"path,label\n../photos/cat/0.png,\xff\xfe\n",
    "UTF-16": ("path,label\n" + ROW).encode("utf-16"),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(60),
    "bytes": bytes(range(256)) * 4,
    "JSON": '[{"path": "a", "label": 1}]',
    "missing files": "path,label\nnope.png,cat\nnope2.png,dog\n",
    "empty paths": "path,label\n,cat\n,dog\n",
    "folders as files": "path,label\n../photos,cat\n../photos/cat,dog\n",
    "a long path": f"path,label\n{LONG},cat\n{ROW}",
    "a home of nobody": f"path,label\n~nope/x,cat\n{ROW}",
    "a path with a line break": f'path,label\n"a\nb.png",cat\n{ROW}',
    "one class": "path,label\n../photos/cat/0.png,cat\n../photos/cat/1.png,cat\n",
    "one row": "path,label\n../photos/cat/0.png,cat\n",
    "empty labels": ROW.replace(",cat", ",").replace(",dog", ",").join(("path,label\n", "")),
    "one empty label": f"path,label\n{ROW}../photos/cat/2.png,\n",
    "negative labels": "path,label\n" + ROW.replace("cat", "-1").replace("dog", "-2"),
    "labels far apart": "path,label\n" + ROW.replace("cat", "0").replace("dog", "999999999999"),
    "huge labels": "path,label\n" + ROW.replace("cat", "1" * 5000).replace("dog", "2"),
    "only the header twice": "path,label\npath,label\n",
    "unknown groups": "path,label,group\n" + ROW.replace("\n", ",1e999\n"),
    "negative groups": "path,label,group\n" + ROW.replace("\n", ",-7\n"),
    "another split": "path,label,split\n" + ROW.replace("\n", ",test\n"),
    "two labels": "path,label,label\n" + ROW.replace("\n", ",x\n"),
    "pictures that are text": "path,label\ntext.png,cat\ntext.png,dog\n",
    "rows that say two things": f"path,label\n{ROW}../photos/cat/0.png,dog\n",
    "rows twice": f"path,label\n{ROW}{ROW}",
    "labels nan": "path,label\n" + ROW.replace("cat", "nan"),
    "labels of fractions": "path,label\n" + ROW.replace("cat", "0.5").replace("dog", "1.5"),
    "formulas": "path,label\n" + ROW.replace("cat", "=1+1").replace("dog", "@x"),
}  # fmt: skip
FAIR = {
    "formulas", "labels of fractions", "labels nan", "rows twice", "rows that say two things",
    "unknown groups",
    "negative groups", "two labels", "one empty label", "negative labels", "labels far apart",
    "another split",
    "another case", "huge labels", "empty labels", "one row", "too few fields", "a line break",
    "semicolons", "tabs",
}  # fmt: skip
SPECS = (
    "folder:", "folder:nope", "folder:good.pt", "csv:", "csv:nope.csv", "csv:photos",
    "csv:csv:x.csv", "csv:good.pt",
    "hf:", "hf:photos", "hf:fuzz_nets.py", "bar:", "bar:nope",
    "bar:photos", "davidson:",
    "davidson:nope", "davidson:photos", "fashion-mnist:nope", "fashion-mnist:photos", "nope.csv",
    "nope:nope",
    "http://127.0.0.1:9/x.csv", "https://127.0.0.1:9/x.csv", "s3://x/y.csv", "file:///etc/passwd",
    "digits:nope",
    "dgits", "photos/cat/0.png", "old-run", "/dev/null", "/etc/passwd", "~nope", "~nope/x.csv",
    "csv:~nope",
    f"{LONG}.csv", f"csv:{LONG}", f"folder:{LONG}", "a\0b.csv", "csv:a\0b", "good.pt",
)  # fmt: skip


# Images that the user's network does not take.
OTHER_IMAGES = ("hf:photos", "digits:nope")


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Sources that are not there, tables, folders, pictures."""
    for spec in SPECS:
        words = draw.choice((audit, train))("--data", spec)
        yield Case(
            "data: sources",
            f"{words[0]} {short(spec)}",
            words,
            may_pass=spec == "digits:nope",
            user_code=spec in OTHER_IMAGES,
        )
    for name, content in TABLES.items():
        files = {
            "t.csv": content.encode() if isinstance(content, str) else content,
            "text.png": b"x",
        }
        words = draw.choice((audit, train))("--data", "scratch/t.csv", *IMAGES)
        fair = name in FAIR
        yield Case("data: tables", f"{words[0]} {name}", words, files, may_pass=fair, late=True)
    for split in TEXTS:
        words = audit("--data", "photos", *IMAGES[:4], "--split", split)
        yield Case("data: splits", short(split), words, may_pass=split in ("", " "))
    for column in draw.sample(TEXTS, 5):
        files = {"t.csv": b"path,label\n" + ROW.encode()}
        words = audit("--data", "scratch/t.csv", "--text-column", column)
        yield Case("data: text columns", short(column), words, files)
    for root in [text for text in TEXTS if text.strip()]:
        files = {"t.csv": b"path,label\n" + ROW.encode()}
        words = audit("--data", "scratch/t.csv", *IMAGES, "--root", root)
        yield Case("data: roots", short(root), words, files)
    yield from _folders(draw, world)
    yield from _pictures(draw, world)


def _folders(draw: Random, world: Path) -> Iterator[Case]:
    picture = (world / "photos/cat/0.png").read_bytes()
    folders: dict[str, dict[str, Any]] = {
        "empty": {"d": lambda path: path.mkdir()},
        "files alone": {"d/a.png": picture, "d/b.png": picture},
        "empty classes": {"d/a": lambda path: path.mkdir(), "d/b": lambda path: path.mkdir()},
        "one class": {"d/a/1.png": picture, "d/a/2.png": picture},
        "one example each": {"d/a/1.png": picture, "d/b/1.png": picture},
        "text alone": {"d/a/1.txt": b"x", "d/b/1.txt": b"x"},
        "broken pictures alone": {"d/a/1.png": b"x", "d/b/1.png": b"x"},
        "a class of broken pictures": {"d/a/1.png": picture, "d/a/2.png": picture,
        "d/b/1.png": b"x"},
        "a link to itself": {"d/a": lambda path: path.symlink_to(path), "d/b/1.png": picture},
        "classes of splits": {"d/train/1.png": picture, "d/test/1.png": picture},
        "hidden classes": {"d/.a/1.png": picture, "d/.b/1.png": picture},
        "folders as pictures": {"d/a/1.png": lambda p: p.mkdir(), "d/b/1.png": lambda p: p.mkdir()},
    }  # fmt: skip
    for name, files in folders.items():
        fair = name in ("one example each", "files alone", "classes of splits")
        for command in (audit, train):
            words = command("--data", "scratch/d", *IMAGES[:4])
            yield Case(
                "data: folders", f"{words[0]} {name}", words, files, may_pass=fair, late=True
            )


def _pictures(draw: Random, world: Path) -> Iterator[Case]:
    good = (world / "photos/cat/0.png").read_bytes()
    for name, content in damaged(draw, good, 12):
        files = {f"photos/cat/{i}.png": content for i in range(6)}
        words = audit("--data", "scratch/photos", *IMAGES[:4], "--strict")
        yield Case("data: pictures", name, words, files, copy="photos", may_pass=True)
