import json

import pytest
import torch

from earlysieve.cli.layers_command import parse_shape
from earlysieve.errors import InputError
from earlysieve.networks import small_cnn
from tests.cli.helpers import SMALL, ok, problem, weights
from tests.networks.test_spec import bert


def test_table_marks_what_auto_chooses():
    out = ok("layers", "--model", SMALL, "--input-shape", "3,28,28").stdout
    assert "chosen by --layers auto: stage1, stage2, stage3" in out
    row = next(line for line in out.splitlines() if " stage2 " in line)
    assert [cell.strip() for cell in row.strip("│ ").split("│")] == [
        "*",
        "stage2",
        "Sequential",
        "32x14x14",
        "13,952",
        "1",
    ]


def test_deep_layers_are_hidden_unless_asked_for():
    words = ("layers", "--model", "torchvision:resnet18", "--input-shape", "3x32x32")
    short, whole = ok(*words).stdout, ok(*words, "--all").stdout
    assert "layer1.0.conv1" not in short
    assert "49 layers inside these are hidden; --all shows them." in short
    assert "layer1.0.conv1" in whole
    assert "hidden" not in whole


def test_json_holds_every_layer_in_order():
    found = json.loads(ok("layers", "--model", SMALL, "--json").stdout)
    assert found["auto"] == ["stage1", "stage2", "stage3"]
    names = [layer["layer"] for layer in found["layers"]]
    assert names[0] == "stage1.0"
    assert names[-1] == "head"
    assert len(names) == 22
    assert found["layers"][-1] == {
        "layer": "head",
        "kind": "Linear",
        "shape": [1000],
        "parameters": 65000,
        "calls": 1,
        "auto": False,
    } | {"shape": [10], "parameters": 650}


def test_quiet_prints_nothing():
    result = ok("layers", "--model", SMALL, "--quiet")
    assert result.output == ""


TABLE = "earlysieve.networks:SmallMLP"


@pytest.mark.parametrize("words", [("--input-shape", "20"), ("--model-option", "input_shape=[20]")])
def test_a_network_for_tables_is_built_for_the_shape(words):
    found = json.loads(ok("layers", "--model", TABLE, *words, "--json").stdout)
    assert found["auto"] == ["layer1", "layer2", "layer3"]
    first = next(layer for layer in found["layers"] if layer["layer"] == "layer1.0")
    assert first["parameters"] == 20 * 128 + 128


def test_text_network_is_run_on_tokens(tmp_path):
    found = json.loads(ok("layers", "--model", f"hf:{bert(tmp_path)}", "--json").stdout)
    assert found["layers"][-1]["layer"] == "classifier"
    assert found["auto"]


def test_input_that_does_not_fit():
    text = problem("layers", "--model", SMALL, "--input-shape", "1,28,28")
    assert text.startswith("Expected images of 3 channels, (C, H, W), as the layer 'stage1.0' of")
    assert "but got 1, (1, 28, 28); " in text


def test_checkpoint_has_to_fit(tmp_path):
    file = weights(tmp_path / "w.pt", classes=4)
    words = ("layers", "--model", SMALL, "--checkpoint", file, "--num-classes", 10)
    assert "'head.weight'" in problem(*words)


def test_weights_of_another_number_of_classes_tell_it(tmp_path):
    file = tmp_path / "model.pt"
    torch.save(small_cnn(num_classes=3).state_dict(), file)
    words = ("layers", "--model", SMALL, "--checkpoint", file, "--input-shape", "3,28,28")
    shown = ok(*words).stdout
    assert "The weights have 3 outputs, as with --num-classes 3." in shown
    assert "(4, " in problem(*words, "--num-classes", 4)
    other = {**small_cnn(num_classes=3).state_dict()}
    first = next(iter(other))
    torch.save({**other, first: other[first][:2]}, file)
    assert f"'{first}' to have shape" in problem(*words)


def test_shapes():
    assert parse_shape("3,224,224") == (3, 224, 224)
    assert parse_shape("20") == (20,)
    for wrong in ("", "3,,4", "0,2", "a", "-1,2"):
        with pytest.raises(InputError, match="Expected --input-shape as positive integers"):
            parse_shape(wrong)
