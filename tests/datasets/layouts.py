"""Tiny folders in the exact layouts of published data sets."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

IDENTITIES = ("male", "female", "LGBTQ", "christian", "muslim", "other_religions", "black", "white")


def picture(path: Path, shade: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((8, 8, 3), shade, np.uint8)
    pixels[0] = len(path.name)
    Image.fromarray(pixels).save(path)


def waterbirds(folder: Path) -> Path:
    """Two birds of each group in each split."""
    rows = ["img_id,img_filename,y,split,place,place_filename"]
    for number in range(24):
        split, label, place = number % 3, number // 3 % 2, number // 6 % 2
        name = f"{label:03}.Bird/Bird_{number:04}.jpg"
        picture(folder / name, 10 * number)
        rows.append(f"{number + 1},{name},{label},{split},{place},/f/forest/0000{number}.jpg")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")
    return folder


ATTRIBUTES = ("Bald", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Male")
# Black, blond, brown, gray, two at once, none; each female and male.
HAIR = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 0, 1, 0), (0, 0, 0, 0))


def faces() -> list[tuple[str, tuple[int, ...], int]]:
    """File, attributes and split of 36 faces."""
    found = []
    for number in range(36):
        split, male, hair = number % 3, number // 3 % 2, HAIR[number // 6]
        values = tuple(2 * v - 1 for v in (0, *hair, male))
        found.append((f"{number + 1:06}.jpg", values, split))
    return found


def celeba(folder: Path, suffix: str = ".txt", images: str = "img_align_celeba") -> Path:
    """Faces with every colour of hair and sex in every split."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, _, _ in faces():
        picture(folder / images / name)
    if suffix == ".txt":
        lines = ["36", " ".join(ATTRIBUTES) + " "]
        lines += [f"{name} " + " ".join(f"{v:2d}" for v in values) for name, values, _ in faces()]
        parts = [f"{name} {split}" for name, _, split in faces()]
    else:
        lines = [",".join(("image_id", *ATTRIBUTES))]
        lines += [",".join((name, *map(str, values))) for name, values, _ in faces()]
        parts = ["image_id,partition", *(f"{name},{split}" for name, _, split in faces())]
    (folder / f"list_attr_celeba{suffix}").write_text("\n".join(lines) + "\n")
    (folder / f"list_eval_partition{suffix}").write_text("\n".join(parts) + "\n")
    return folder


def civilcomments(folder: Path) -> Path:
    """Six comments, four of them in training."""
    import pandas as pd

    #        text                 split    toxic  any  male  female  ... black
    rows = [
        ("good", "train", 0.1, 0.0, {}),
        ('a "quoted",\nlong one', "train", 0.5, 1.0, {"male": 0.5, "black": 1.0}),
        ("fine", "train", 0.49, 0.6, {"female": 0.6, "male": 0.4}),
        ("bad", "train", 0.9, 0.1, {"white": 0.1}),
        ("so so", "val", 0.2, 0.7, {"muslim": 0.7}),
        ("worse", "test", 1.0, 1.0, {"LGBTQ": 1.0}),
    ]
    table = pd.DataFrame(
        {
            "id": range(100, 106),
            "comment_text": [row[0] for row in rows],
            "split": [row[1] for row in rows],
            "created_date": "2017-01-01",
            "toxicity": [row[2] for row in rows],
            **{name: [row[4].get(name, 0.0) for row in rows] for name in IDENTITIES},
            "identity_any": [row[3] for row in rows],
            "severe_toxicity": 0.0,
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "all_data_with_identities.csv")
    return folder


LABELS = ("contradiction", "entailment", "neutral")
# Label and premise of ten pairs, in the order train, dev_matched, dev_mismatched.
PAIRS = [(LABELS[number % 3] if number != 6 else "-", f"Premise {number}.") for number in range(10)]


def multinli(folder: Path, suffix: str = ".jsonl") -> Path:
    """Ten pairs, one without a label; odd ones have a negation."""
    (folder / "multinli_1.0").mkdir(parents=True, exist_ok=True)
    bounds = {"train": (0, 6), "dev_matched": (6, 8), "dev_mismatched": (8, 10)}
    for name, (start, end) in bounds.items():
        rows = [
            {
                "annotator_labels": [label],
                "genre": "fiction",
                "gold_label": label,
                "pairID": f"{start + i}c",
                "sentence1": premise,
                "sentence2": f'He said "nothing {start + i}' if (start + i) % 2 else "It is.",
            }
            for i, (label, premise) in enumerate(PAIRS[start:end])
        ]
        file = folder / "multinli_1.0" / f"multinli_1.0_{name}{suffix}"
        if suffix == ".jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            names = ("gold_label", "genre", "sentence1", "sentence2", "label1")
            lines = ["\t".join(names)]
            lines += ["\t".join(str(row.get(n, "x")) for n in names) for row in rows]
            file.write_text("\n".join(lines) + "\n")
    lines = [",gold_label,sentence2_has_negation,split"]
    for number, (label, _) in enumerate(PAIRS):
        if label != "-":
            lines.append(f"{number},{LABELS.index(label)},{number % 2},{number // 2 % 3}")
    (folder / "metadata_random.csv").write_text("\n".join(lines) + "\n")
    return folder


def nico(folder: Path) -> Path:
    """Two animals and two vehicles, one of which is the train, in two contexts each."""
    for upper, classes in (("Animal", ("bear", "dog")), ("Vehicle", ("car", "train"))):
        for name in classes:
            for context in ("on grass", f"as {name}"):
                for number in range(2):
                    picture(folder / upper / name / context / f"{number}.jpg")
    return folder


NICOPP_CLASSES = ("hot air balloon", "airplane")


def nicopp(folder: Path, contexts: tuple[str, ...] = ("autumn", "rock", "water")) -> Path:
    """Two classes, numbered against the alphabet, in three contexts."""
    lists = folder / "NICO_DG_official"
    lists.mkdir(parents=True)
    for context in contexts:
        for split, numbers in (("train", range(3)), ("test", range(3, 4))):
            lines = []
            for label, name in enumerate(NICOPP_CLASSES):
                for number in numbers:
                    path = f"NICO_DG/{context}/{name}/{context}_{number:06}.jpg"
                    picture(folder / path)
                    lines.append(f"{path} {label}")
            (lists / f"{context}_{split}.txt").write_text("\n".join(lines) + "\n")
    return folder


def imagenet_a(folder: Path) -> Path:
    """One picture of each of 200 classes."""
    for number in range(200):
        picture(folder / f"n{1_000_000 + 7 * number:08}" / "0.000116_fox.jpg", number)
    words = [f"n{1_000_000 + 7 * number:08} thing {number}" for number in range(200)]
    (folder / "README.txt").write_text("About ImageNet-A.\n\n" + "\n".join(words) + "\n")
    return folder


def imagenet_9(folder: Path) -> Path:
    """Two variants, one picture of each class."""
    from earlysieve.datasets.imagenet_9 import FOLDERS

    for variant, shade in (("original", 40), ("mixed_rand", 200)):
        for name in FOLDERS:
            picture(folder / "bg_challenge" / variant / "val" / name / "fg_0.png", shade)
    return folder


def bar(folder: Path, train: int = 40, test: int = 10) -> Path:
    """Photographs of six actions."""
    from earlysieve.datasets.bar_photos import CLASSES

    for split, count in (("train", train), ("test", test)):
        for name in CLASSES:
            for number in range(count):
                picture(folder / split / f"{name}_{number + 1000 * (split == 'test')}.jpg")
    return folder
