"""Which fields of a configuration would run code, and who may say that they may."""

import pytest

from earlysieve.errors import InputError
from earlysieve.runs.trust import MODEL_FAMILIES, check_trusted, code_in, trusted_by

SAFE = (
    {},
    {"model": "torchvision:resnet18", "data": "digits", "epochs": 3, "patience": None},
    {"model": "timm:resnet18", "data": "photos/", "validation": "0.1"},
    {"model": "hf:folder", "data": "hf:folder", "model_options": {"trust_remote_code": False}},
    {"model": "hf:os:system", "data": "csv:a:b/labels.csv", "validation": "split:test"},
    {"model": "earlysieve.networks:small_cnn", "data": "fashion-mnist:/data"},
    {"model": "earlysieve.models:small_cnn", "data": "/data/10:30/photos"},
    {"data": "photos", "checkpoint": "nets:net"},
    {
        "model": "earlysieve.cli.simkd_student:build",
        "model_options": {"student": "torchvision:resnet18", "teacher": "timm:resnet18"},
    },
    {
        "method_options": {
            "teacher": "hf:teacher",
            "teacher_checkpoint": "os:system",
            "teacher_logits": "os:system",
            "layer": "a:b",
            "teacher_options": {"trust_remote_code": False, "size": "3:4", "weights_only": True},
        },
        "data_options": {"tokenizer": "os:system", "text_column": "a:b", "split": "a:b"},
        "device": "cuda:0",
    },
    {"model_options": {"attn_implementation": "sdpa", "checkpoint_path": ""}},
)
CODE = (
    ({"model": "os:system"}, "model", "os:system"),
    ({"model": "nets:net"}, "model", "nets:net"),
    ({"model": "../nets:net"}, "model", "../nets:net"),
    ({"model": "nets.py:net"}, "model", "nets.py:net"),
    ({"model": "HF:folder"}, "model", "HF:folder"),
    ({"model": "earlysieve.models:torch.hub.load"}, "model", "earlysieve.models:torch.hub.load"),
    ({"model": "earlysieve.networks:small"}, "model", "earlysieve.networks:small"),
    ({"data": "loads:train"}, "data", "loads:train"),
    ({"data": "loads:not a name/"}, "data", "loads:not a name/"),
    ({"data": "../loads.py:train"}, "data", "../loads.py:train"),
    ({"data": "/tmp/loads.py:no name/"}, "data", "/tmp/loads.py:no name/"),
    ({"data": "C:\\photos"}, "data", "C:\\photos"),
    ({"model_options": {"x": "/tmp/a b.py:f g"}}, "model_options.x", "/tmp/a b.py:f g"),
    ({"data": "timm:resnet18"}, "data", "timm:resnet18"),
    ({"model": "digits:x"}, "model", "digits:x"),
    ({"validation": "loads:test"}, "validation", "loads:test"),
    ({"method_options": {"teacher": "os:system"}}, "method_options.teacher", "os:system"),
    (
        {"method_options": {"teacher_options": {"student": "os:system"}}},
        "method_options.teacher_options.student",
        "os:system",
    ),
    (
        {"model_options": {"parts": [1, {"net": "os:system"}]}},
        "model_options.parts.net",
        "os:system",
    ),
    ({"model_options": {"parts": ["os:system"]}}, "model_options.parts", "os:system"),
    (
        {"model_options": {"trust_remote_code": True}},
        "model_options.trust_remote_code",
        "model_options.trust_remote_code=True",
    ),
    (
        {"method_options": {"teacher_options": {"trust_remote_code": "yes"}}},
        "method_options.teacher_options.trust_remote_code",
        "method_options.teacher_options.trust_remote_code=yes",
    ),
    (
        {"model_options": {"weights_only": False}},
        "model_options.weights_only",
        "model_options.weights_only=False",
    ),
    (
        {"model_options": {"checkpoint_path": "evil.pt"}},
        "model_options.checkpoint_path",
        "model_options.checkpoint_path=evil.pt",
    ),
    (
        {"model_options": {"attn_implementation": "someone/kernel"}},
        "model_options.attn_implementation",
        "model_options.attn_implementation=someone/kernel",
    ),
)


@pytest.mark.parametrize("fields", SAFE)
def test_what_a_file_may_name(fields):
    assert code_in(fields) == ()
    check_trusted(fields)


@pytest.mark.parametrize(("fields", "field", "what"), CODE)
def test_what_it_may_not_unless_the_user_named_the_same(fields, field, what):
    assert [(code.field, code.what) for code in code_in(fields)] == [(field, what)]
    with pytest.raises(InputError) as caught:
        check_trusted(fields, {"other:code", "model"})
    assert f"its field '{field}' asks for '{what}'; if you trust that code" in str(caught.value)
    check_trusted(fields, {what})
    check_trusted(fields, trusted_by(fields))


def test_trust_in_one_loader_is_no_trust_in_another():
    given = {"model_options": {"trust_remote_code": True}}
    teacher = {"method_options": {"teacher_options": {"trust_remote_code": True}}}
    with pytest.raises(InputError, match=r"'method_options.teacher_options.trust_remote_code'"):
        check_trusted({**given, **teacher}, trusted_by(given))


def test_several_are_found_in_order_and_depth_is_no_way_around():
    deep: dict = {"model": "os:system"}
    for _ in range(5000):
        deep = {"inner": deep}
    fields = {"data": "loads:train", "model": "nets:net", "model_options": deep}
    assert [code.what for code in code_in(fields)] == ["loads:train", "nets:net", "os:system"]


def test_the_tables_are_those_of_what_opens_them():
    from earlysieve.networks import spec

    assert set(MODEL_FAMILIES) == set(spec._FAMILIES)
