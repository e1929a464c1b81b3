"""Small networks of every kind that has to work, with random weights and one batch each."""

from collections.abc import Callable

import torch
from torch import nn

from earlysieve.model.batch import Inputs

Made = tuple[nn.Module, Inputs]
CLASSES = 3


def images(side: int, count: int = 2) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def tokens() -> dict[str, torch.Tensor]:
    ids = torch.randint(1, 40, (2, 6), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    return {"input_ids": ids, "attention_mask": mask}


class InPlace(nn.Module):
    """A ReLU that overwrites the layer before it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Linear(8, 8)
        self.again = nn.ReLU(inplace=True)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.again(self.second(self.relu(self.first(x)))))


class Recurrent(nn.Module):
    def __init__(self, *, batch_first: bool = True) -> None:
        super().__init__()
        self.batch_first = batch_first
        self.embed = nn.Embedding(40, 6)
        self.lstm = nn.LSTM(6, 8, num_layers=2, batch_first=batch_first)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        embedded = self.embed(ids if self.batch_first else ids.T)
        out, _ = self.lstm(embedded)
        return self.head(out[:, -1] if self.batch_first else out[-1])


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(4, 6)
        self.right = nn.Linear(2, 6)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.left(a) + self.right(b)))


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, CLASSES)
    )


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 6, 3, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(6, 8, 3, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, CLASSES),
    )


def torchvision(name: str, side: int, **options: object) -> Callable[[], Made]:
    def make() -> Made:
        import torchvision.models as models

        return getattr(models, name)(weights=None, num_classes=CLASSES, **options), images(side)

    return make


def vision_transformer() -> Made:
    from torchvision.models import VisionTransformer

    return VisionTransformer(16, 4, 5, 2, 8, 16, num_classes=CLASSES), images(16)


def video() -> Made:
    from torchvision.models.video import r3d_18

    clip = torch.randn(2, 3, 4, 24, 24, generator=torch.Generator().manual_seed(1))
    return r3d_18(num_classes=CLASSES), clip


def timm_resnet() -> Made:
    import timm

    return timm.create_model("resnet10t", pretrained=False, num_classes=CLASSES), images(48)


def timm_transformer() -> Made:
    import timm

    options = {"img_size": 32, "embed_dim": 12, "num_classes": CLASSES}
    return timm.create_model("vit_tiny_patch16_224", pretrained=False, **options), images(32)


def bert() -> Made:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=40,
        hidden_size=8,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=CLASSES,
    )
    return BertForSequenceClassification(config), tokens()


def gpt2() -> Made:
    from transformers import GPT2Config, GPT2ForSequenceClassification

    config = GPT2Config(
        vocab_size=40,
        n_embd=8,
        n_layer=4,
        n_head=2,
        n_positions=16,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        num_labels=CLASSES,
    )
    return GPT2ForSequenceClassification(config), tokens()


def distilbert() -> Made:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    config = DistilBertConfig(
        vocab_size=40, dim=8, n_layers=3, n_heads=2, hidden_dim=16, num_labels=CLASSES
    )
    return DistilBertForSequenceClassification(config), tokens()


ARCHITECTURES: dict[str, Callable[[], Made]] = {
    "resnet18": torchvision("resnet18", 48),
    "densenet121": torchvision("densenet121", 48),
    "mobilenet_v2": torchvision("mobilenet_v2", 48),
    "efficientnet_b0": torchvision("efficientnet_b0", 48),
    "inception_v3": torchvision("inception_v3", 80, init_weights=False, aux_logits=False),
    "googlenet": torchvision("googlenet", 48, init_weights=False, aux_logits=False),
    "convnext_tiny": torchvision("convnext_tiny", 48),
    "swin_t": torchvision("swin_t", 48),
    "vgg11": torchvision("vgg11", 32),
    "vision transformer": vision_transformer,
    "timm resnet": timm_resnet,
    "timm transformer": timm_transformer,
    "r3d_18": video,
    "BERT": bert,
    "GPT-2": gpt2,
    "DistilBERT": distilbert,
    "LSTM": lambda: (Recurrent(), tokens()["input_ids"]),
    "LSTM, sequence first": lambda: (Recurrent(batch_first=False), tokens()["input_ids"]),
    "MLP": lambda: (mlp(), torch.randn(2, 12)),
    "in-place ReLU": lambda: (InPlace(), torch.randn(2, 6)),
    "plain CNN": lambda: (cnn(), images(12)),
    "two inputs": lambda: (TwoInputs(), (torch.randn(2, 4), torch.randn(2, 2))),
}


def make(name: str) -> Made:
    """The network in evaluation mode and a batch of two."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, inputs = ARCHITECTURES[name]()
    return model.eval(), inputs
