"""How wide the attention of a network is, in the classes of each library."""

import pytest
import timm
import torchvision
import transformers
from torch import nn

from earlysieve.networks.attention import attention_width, usual_width
from earlysieve.networks.small_transformers import SmallTextTransformer, SmallViT


def bert() -> nn.Module:
    sizes = {"hidden_size": 48, "num_attention_heads": 2, "intermediate_size": 8}
    config = transformers.BertConfig(vocab_size=9, num_hidden_layers=1, **sizes)
    return transformers.BertForSequenceClassification(config)


@pytest.mark.parametrize(
    ("make", "width"),
    [
        (bert, 48),
        (lambda: SmallViT(2, width=32), 32),
        (lambda: SmallTextTransformer(2, width=32), 32),
        (lambda: timm.create_model("test_vit"), 64),
        (lambda: torchvision.models.swin_t(), 768),
        (lambda: nn.TransformerEncoderLayer(8, 2, 16), 8),
        (lambda: torchvision.models.mobilenet_v3_small(), None),  # with gates
        (lambda: timm.create_model("test_resnet"), None),
    ],
)
def test_the_width_of_attention(make, width):
    assert attention_width(make()) == width


def test_what_a_name_is_taken_for():
    assert usual_width("hf:any/folder") == 768
    assert usual_width("timm:hf-hub:timm/vit_tiny_patch16_224") == 768
    assert usual_width("torchvision:maxvit_t") == 768
    assert usual_width("timm:resnet18") is None
    assert usual_width("nets:my_vit") is None
