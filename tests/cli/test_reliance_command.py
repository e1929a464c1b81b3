import json

import numpy as np
import pytest

from earlysieve.runs.reliance_run import open_cues
from tests.cli.helpers import SMALL, ok, problem, run, weights


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Weights of a network that was trained on coloured digits."""
    out = tmp_path_factory.mktemp("run")
    words = ("--model", SMALL, "--data", "digits", "--shortcut", "colour", "--limit", 600)
    adam = ("--optimizer", "adam", "--lr", "0.003", "--epochs", 4)
    ok("train", *words, *adam, "--out", out, "-q")
    return out / "model.pt"


def words_of(file):
    return ("reliance", "--model", SMALL, "--checkpoint", file, "--data", "digits", "--limit", 400)


def test_reliance_on_a_planted_cue(file, tmp_path):
    out = tmp_path / "reliance.json"
    words = (*words_of(file), "--shortcut", "colour", "--out", out, "--json")
    found = json.loads(ok(*words).stdout)
    assert found.pop("seconds") > 0
    assert json.loads(out.read_text()) == found
    cue = found["cues"][0]
    assert cue["cue"] == "colour"
    assert cue["reliance"]["low"] > 0.3
    assert cue["agreement"]["low"] > cue["agreement"]["chance"] == 0.1
    assert found["split"] == "test"
    assert found["config"]["seen_in_training"] is False
    by_cue = json.loads(ok(*words_of(file), "--cue", "colour", "--json").stdout)
    assert by_cue["cues"] == found["cues"]


def test_several_cues_for_people(file):
    shown = ok(*words_of(file), "--cue", "colour", "--cue", "mark").stdout
    for piece in (
        "colour",
        "mark",
        "Reliance: accuracy lost where the cue fails",
        "By chance 0.100",
    ):
        assert piece in shown


def test_examples_that_the_model_knows_are_said(file, tmp_path):
    words = (*words_of(file), "--cue", "colour")
    assert "Note: the" not in ok(*words).stdout
    shown = ok(*words, "--split", "train").stdout
    assert "Note: the model was trained on these examples, where a cue costs less" in shown
    config = {"data": "digits", "data_options": {"split": "test"}, "checkpoint": None}
    (tmp_path / "fix.json").write_text(json.dumps({"changed": True, "config": config}))
    (tmp_path / "model.pt").write_bytes(file.read_bytes())
    shown = ok(*words_of(tmp_path / "model.pt"), "--cue", "colour").stdout
    assert "was fitted to, or chosen on, these examples" in " ".join(shown.split())


@pytest.fixture
def birds(tmp_path):
    """Light and dark pictures in two classes, beside a column that tells half of them."""
    from PIL import Image

    rows = ["path,label,place,split"]
    for number in range(24):
        shade = 60 if number % 2 else 180
        picture = np.full((16, 16, 3), shade, np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
        place = "water" if number % 3 else "land"
        rows.append(f"{number}.png,{'landbird' if number % 2 else 'waterbird'},{place},test")
    path = tmp_path / "birds.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_reliance_on_a_column(birds, tmp_path):
    file = weights(tmp_path / "w.pt", classes=2)
    words = ("reliance", "--model", SMALL, "--checkpoint", file, "--data", birds)
    column = ("--image-size", 16, "--cue-column", "place")
    said = ("--cue-class", "water=waterbird", "--cue-class", "land=landbird")
    found = json.loads(ok(*words, *column, *said, "--json").stdout)
    cue = found["cues"][0]
    assert cue["cue"] == "place"
    # A picture's shade is its class, and the place says nothing more of it.
    assert cue["reliance"]["difference"] == 0.0
    assert (cue["reliance"]["agreeing"], cue["reliance"]["failing"]) == (12, 12)
    assert "as in land=landbird" in problem(*words, *column)
    against = ("--cue-class", "water=waterbird", "--cue-class", "land=not:waterbird")
    found = json.loads(ok(*words, *column, *against, "--json").stdout)
    assert found["cues"][0]["reliance"] == cue["reliance"]
    assert "Expected the columns path, label, colour" in problem(*words, "--cue-column", "colour")


def test_reliance_on_a_column_of_a_data_set_in_a_folder(birds, tmp_path):
    from PIL import Image

    datasets = pytest.importorskip("datasets")
    rows = [line.split(",") for line in birds.read_text().splitlines()[1:]]
    columns = {
        "image": [Image.open(tmp_path / path).copy() for path, *_ in rows],
        "label": [label for _, label, _, _ in rows],
        "place": [place for *_, place, _ in rows],
    }
    test = datasets.Dataset.from_dict(columns).cast_column("image", datasets.Image())
    datasets.DatasetDict({"test": test}).save_to_disk(tmp_path / "birds")
    file = weights(tmp_path / "w.pt", classes=2)
    words = ("reliance", "--model", SMALL, "--checkpoint", file, "--image-size", 16, "--json",
             "--cue-column", "place", "--cue-class", "water=waterbird",
             "--cue-class", "land=landbird")  # fmt: skip
    of_file, of_folder = (
        json.loads(ok(*words, "--data", data).stdout)["cues"][0]["reliance"]
        for data in (birds, f"hf:{tmp_path}/birds")
    )
    assert of_folder == of_file


def of_birds(birds, folder):
    file = weights(folder / "w.pt", classes=2)
    model = ("--model", SMALL, "--checkpoint", file)
    return ("reliance", *model, "--data", birds, "--image-size", 16)


@pytest.mark.parametrize("said", ["water=waterbird", "land=not:waterbird"])
def test_of_two_values_the_other_says_the_opposite(birds, tmp_path, said):
    words = (*of_birds(birds, tmp_path), "--cue-column", "place")
    both = ("--cue-class", "water=waterbird", "--cue-class", "land=not:waterbird")
    shown = ok(*words, "--cue-class", said).stdout
    way = "against" if said.startswith("water") else "for"
    other = "land" if said.startswith("water") else "water"
    told = f"'{other}', the other value of 'place', speaks {way} 'waterbird'; --cue-class {other}="
    assert told in " ".join(shown.split())
    of_one, of_both = (
        json.loads(ok(*words, *given, "--json").stdout)["cues"]
        for given in (("--cue-class", said), both)
    )
    assert of_one == of_both


def test_values_that_no_class_is_named_for_are_told(birds, tmp_path):
    birds.write_text(birds.read_text().replace("water,", "1,").replace("land,", "0,"))
    words = of_birds(birds, tmp_path)
    shown = ok(*words, "--cue-column", "place", "--cue-class", "1=waterbird").stdout
    told = "What --cue-class does not name of 'place' speaks for the class of its name or number: "
    assert f"{told}for 'landbird' ('0'); VALUE=CLASS or VALUE=not:CLASS says otherwise." in shown
    both = ("--cue-class", "1=waterbird", "--cue-class", "0=not:waterbird")
    assert "does not name" not in ok(*words, "--cue-column", "place", *both).stdout


def test_a_single_class_that_lacks_a_side_is_one(birds, tmp_path):
    kept = [row for row in birds.read_text().splitlines() if ",landbird,water," not in row]
    birds.write_text("\n".join(kept) + "\n")
    words = of_birds(birds, tmp_path)
    said = ("--cue-class", "water=waterbird", "--cue-class", "land=landbird")
    shown = ok(*words, "--cue-column", "place", *said).stdout
    assert (
        "Note: of 'place', 1 class lacks examples on one side and is left out: landbird." in shown
    )


def test_a_column_that_is_randomised_is_reported_as_such(tmp_path, monkeypatch):
    (tmp_path / "own_table_of_a_test.py").write_text(
        "import numpy as np\n"
        "from torch import nn\n"
        "from earlysieve.datasets.table import Table\n\n\n"
        "def data():\n"
        "    labels = np.arange(200) % 2\n"
        "    values = np.stack([2 * labels - 1, 0 * labels], 1)\n"
        "    return Table(values, labels, ['a', 'b'], columns=['task', 'idle'])\n\n\n"
        "def net():\n"
        "    model = nn.Linear(2, 2)\n"
        "    model.weight.data[:] = 0\n"
        "    model.weight.data[1, 0] = 1\n"
        "    model.bias.data[:] = 0\n"
        "    return model\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    words = ("reliance", "--model", "own_table_of_a_test:net", "--data", "own_table_of_a_test:data")
    shown = ok(*words, "--randomise", "task").stdout
    assert "Drop when randomised (task): " in shown
    assert "This is no reliance" in shown
    found = json.loads(ok(*words, "--randomise", "idle", "--json").stdout)
    assert found["drop_when_randomised"]["drop"] == 0.0
    assert found["cues"] == []


NETS = """
import torch
from torch import nn

def either():
    model = nn.Sequential(nn.Linear(4, 2))  # of x, officer, town_a, town_b
    model[0].weight.data[:] = torch.tensor([[0.0, 0, 0, 0], [4, 2, 0, 0]])
    model[0].bias.data[:] = torch.tensor([0.0, -1])
    return model
"""


@pytest.fixture
def loans(tmp_path, monkeypatch):
    """Each combination of label, officer (whom the town copies) and x, in each of two splits."""
    (tmp_path / "nets_of_loans.py").write_text(NETS)
    rows = ["label,x,officer,town,age,split"]
    for number in range(16):
        label, officer, x = number % 2, (number // 2) % 2, (number // 4) % 2
        town, split = "ba"[officer], ("train", "test")[number // 8]
        rows.append(f"{['no', 'yes'][label]},{x},{2 * officer - 1},{town},{number / 2},{split}")
    (tmp_path / "loans.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return ("--model", "nets_of_loans:either", "--data", "table:loans.csv", "--drop-column", "age")


def test_reliance_on_a_column_of_a_table(loans):
    # It says yes where the officer is 1 or x is 1. Where officer 1 says yes, it is right on 1 and
    # 1/2 of yes and no where that agrees, and on 1/2 and 0 where it conflicts: 3/4 - 1/4.
    said = ("--cue-class", "1=yes", "--cue-class", "-1=not:yes")
    town = ("--cue-column", "town", "--cue-class", "a=yes", "--cue-class", "b=no")
    words = ("reliance", *loans, "--cue-column", "officer", *said)
    cues = json.loads(ok(*words, *town, "--json").stdout)["cues"]
    assert [cue["cue"] for cue in cues] == ["officer", "town"]
    for cue in cues:
        assert (cue["reliance"]["agrees"], cue["reliance"]["fails"]) == (0.75, 0.25)
        assert (cue["reliance"]["agreeing"], cue["reliance"]["failing"]) == (4, 4)
    turned = ("--cue-class", "1=no", "--cue-class", "-1=yes", "--split", "all")
    words = ("reliance", *loans, "--cue-column", "officer", *turned)
    cue = json.loads(ok(*words, "--json").stdout)["cues"][0]
    assert cue["reliance"]["difference"] == -0.5
    assert cue["reliance"]["agreeing"] == 8


def test_a_limit_draws_the_same_rows_of_table_and_cue(loans):
    options = {"drop_column": "age", "split": "all", "limit": 6}
    given = {
        "data": "table:loans.csv",
        "model": "nets_of_loans:either",
        "pretrained": None,
        "checkpoint": None,
        "num_classes": None,
        "model_option": (),
        "seed": 3,
    }
    classes_of = {"1": "yes", "-1": "no"}
    setup = open_cues(given, options, planted=[], columns=["officer"], classes_of=classes_of)
    assert len(setup.data) == 6
    assert setup.cues["officer"].tolist() == (setup.data.values[:, 1] > 0).tolist()


def test_columns_of_a_table_that_are_no_cue(loans, tmp_path):
    words = ("reliance", *loans, "--split", "all", "--cue-column")
    assert "(near names are 'officer')" in problem(*words, "oficer")
    assert "as in -1=no (on the command line" in problem(*words, "officer")
    said = ("officer", "--cue-class", "2=no")
    assert "as '-1', '1', but got '2'; correct it" in problem(*words, *said)
    lines = [f"{'yes' if k % 2 else 'no'},0,1,a,{k}.5,train" for k in range(60)]
    (tmp_path / "loans.csv").write_text("\n".join(["label,x,officer,town,age,split", *lines]))
    told = problem(*words, "age")
    assert "at most 50 different values as a cue, but 'age'" in told
    assert "name those that are codes, as in --cue-class=-999=CLASS" in told


@pytest.fixture
def coded(loans, tmp_path):
    """Of 80 rows of each class half have the code -999, and an officer who says yes to them."""
    lines = ["label,x,officer,town,age,split"]
    for number in range(160):
        label, code, split = number % 2, (number // 2) % 2, ("train", "test")[number // 80]
        age = -999 if code else f"{number}.5"
        lines.append(
            f"{['no', 'yes'][label]},0,{2 * code - 1},{'ab'[number // 4 % 2]},{age},{split}"
        )
    (tmp_path / "loans.csv").write_text("\n".join(lines) + "\n")
    return ("reliance", *loans, "--split", "all", "--cue-column", "age")


@pytest.mark.parametrize("said", ["yes", "not:no"])
def test_one_code_of_a_column_of_many_values_is_a_cue(coded, said):
    words = (*coded, f"--cue-class=-999={said}")
    cue = json.loads(ok(*words, "--json").stdout)["cues"][0]
    assert cue["reliance"]["difference"] == 1.0
    assert (cue["reliance"]["agreeing"], cue["reliance"]["failing"]) == (80, 80)
    assert cue["unknown"] == 0
    rest = "against 'yes'" if said == "yes" else "for 'no'"
    assert f"All other values of 'age' than '-999' speak {rest}." in ok(*words).stdout


def test_codes_of_two_classes_leave_the_other_values_out(coded):
    words = (*coded, "--cue-class=-999=yes", "--cue-class", "0.5=no", "--cue-class", "1.5=no")
    cue = json.loads(ok(*words, "--json").stdout)["cues"][0]
    assert cue["unknown"] == 78
    assert cue["reliance"]["difference"] == 1.0
    told = "All other values of 'age' than '-999', '0.5', '1.5' speak for no class, and are left"
    assert told in " ".join(ok(*words).stdout.split())


def test_codes_that_a_column_of_many_values_lacks(coded):
    assert "but got '-99'; correct it" in problem(*coded, "--cue-class=-99=yes")
    wrong = run(*coded, "--cue-class=-999=maybe")
    assert wrong.exit_code == 1
    assert "name a class (no, yes), but got 'maybe'" in wrong.stderr


def test_values_of_a_table_speak_for_what_they_go_with_in_training(loans, tmp_path):
    # Of 40 training rows each, 36 of Lee are "yes", 36 of Diaz "no", and 20 of Kay.
    lines = ["label,x,officer,town,age,split"]
    for name, town, yes in (("Lee", "a", 36), ("Diaz", "b", 4), ("Kay", "b", 20)):
        officer = {"Lee": 1, "Diaz": -1, "Kay": 3}[name]
        for number in range(40):
            label = "yes" if number < yes else "no"
            lines.append(f"{label},{number % 2},{officer},{town},{name},train")
        for number in range(8):  # nothing of it is left in the test
            label = ("yes", "no")[number % 2]
            lines.append(f"{label},{number % 4 // 2},{officer},{town},{name},test")
    (tmp_path / "loans.csv").write_text("\n".join(lines) + "\n")
    words = ("reliance", *loans, "--cue-column", "age", "--split", "test")
    shown = ok(*words).stdout
    assert (
        "speak for 'no' ('Diaz') and for 'yes' ('Lee'), as the rows of split train show; 'Kay' "
        "speaks for no class, and is left out. --cue-class" in shown
    )
    told = ("--cue-class", "Lee=yes", "--cue-class", "Diaz=no", "--cue-class", "Kay=no")
    said, shown = (json.loads(ok(*words, *more, "--json").stdout)["cues"] for more in (told, ()))
    assert shown[0]["unknown"] == 8
    assert said[0]["unknown"] == 0
    # Lee's are answered "yes", of Diaz' those with x: 1 and 1/2 are right where the officer agrees
    # with the label, 0 and 1/2 where not.
    assert (shown[0]["reliance"]["agrees"], shown[0]["reliance"]["fails"]) == (0.75, 0.25)
    more = json.loads(ok(*words, "--cue-class", "Kay=yes", "--json").stdout)["cues"][0]
    assert (more["unknown"], more["reliance"]["agreeing"]) == (0, 12)


@pytest.mark.parametrize(("source", "cue"), [("slabs", "linear"), ("latents", "latent")])
def test_reliance_on_the_cue_of_a_table_that_is_made(source, cue, tmp_path):
    mlp = ("--model", "tests.cli.networks:table_net")
    adam = ("--optimizer", "adam", "--lr", "0.003", "--epochs", 1)
    ok("train", *mlp, "--data", source, "--limit", 4000, *adam, "--out", tmp_path, "-q")
    words = ("reliance", *mlp, "--checkpoint", tmp_path / "model.pt", "--data", source)
    found = json.loads(ok(*words, "--json").stdout)
    assert found["cues"][0]["cue"] == cue
    assert found["cues"][0]["reliance"]["low"] > 0.2
    assert found["split"] == "test"
    assert "Expected a correlation such as 0.95" in problem(*words, "--data", f"{source}:x")


def test_bad_input(file, tmp_path):
    words = words_of(file)
    assert "Expected the values of a cue, but got none" in problem(*words)
    assert "Expected cues among colour" in problem(*words, "--cue", "smell")
    assert "Expected a CSV file, a table or a data set of HuggingFace to take" in problem(
        *words, "--cue-column", "x"
    )
    assert "Expected a table" in problem(*words, "--cue", "colour", "--randomise", "x")
    (tmp_path / "file").touch()
    assert "is a file" in problem(*words, "--cue", "colour", "--out", tmp_path / "file" / "x")
    for more in (
        ("--cue", "colour", "--correlation", "0.5"),
        ("--cue", "colour", "--cue-column", "x"),
        ("--cue", "colour", "--cue-class", "a=b"),
        ("--cue-column", "x", "--cue-class", "ab"),
    ):
        assert run(*words, *more).exit_code == 2
