"""Pretrained weights as they lie on a machine that has fetched them, made of random networks."""

from pathlib import Path

import torch
from torch import nn


def torch_home(folder: Path, monkeypatch, name: str = "resnet18") -> nn.Module:
    """A folder in which torch finds the published weights of a torchvision model; that model."""
    from torchvision import models

    weights = models.get_model_weights(name).DEFAULT
    model = seeded(lambda: models.get_model(name))
    place = folder / "hub" / "checkpoints" / weights.url.rpartition("/")[2]
    place.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), place)
    monkeypatch.setenv("TORCH_HOME", str(folder))
    return model


def timm_folder(folder: Path, name: str = "test_resnet", classes: int = 7) -> nn.Module:
    """A folder as timm writes it for the hub; its network."""
    import timm
    from timm.models._hub import save_for_hf

    model = seeded(lambda: timm.create_model(name, num_classes=classes))
    model.pretrained_cfg |= {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.4)}
    save_for_hf(model, folder, model_config={"num_classes": classes})
    return model


def vit_folder(folder: Path, labels: dict[int, str], *, size: int = 32) -> nn.Module:
    """A folder of `save_pretrained` with an image classifier and its image processor."""
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    config = ViTConfig(
        image_size=size,
        patch_size=8,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=labels,
        label2id={name: k for k, name in labels.items()},
    )
    model = seeded(lambda: ViTForImageClassification(config))
    model.save_pretrained(folder)
    ViTImageProcessor(
        size={"height": size, "width": size}, image_mean=[0.5] * 3, image_std=[0.25] * 3, resample=3
    ).save_pretrained(folder)
    return model


def seeded(build) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        return build()
