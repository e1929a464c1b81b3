"""Small transformers for small images and short texts."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from earlysieve.errors import InputError


class TransformerBlock(nn.Module):
    """Self-attention and two linear layers, each after a LayerNorm and added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tokens (B, T, width); mask (B, T) is true where a token counts."""
        batch, count, width = tokens.shape
        qkv = self.qkv(self.norm1(tokens)).view(batch, count, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        seen = None if mask is None else mask[:, None, None, :]
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        result: Tensor = tokens + self.mlp(self.norm2(tokens))
        return result


class SmallViT(nn.Module):
    """A vision transformer: patches, learned places, blocks, mean over tokens, a linear layer.

    The parts are called patches, block1, block2, ..., norm and head.

    Args:
        num_classes: C, >= 2.
        channels: of the images.
        image_size: height and width in pixels, multiples of `patch`.
        patch: side of a patch in pixels.
        width: of a token, a multiple of `heads`.
        depth: number of blocks.
        heads: of the attention.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        channels: int = 3,
        image_size: tuple[int, int] = (28, 28),
        patch: int = 4,
        width: int = 64,
        depth: int = 4,
        heads: int = 4,
    ) -> None:
        super().__init__()
        check_transformer(num_classes, width, depth, heads)
        if patch < 1 or channels < 1 or any(side < patch or side % patch for side in image_size):
            raise InputError(
                f"Expected the image's sides to be multiples of the patch ({patch}) and at least "
                f"one channel, but got {image_size} and {channels}; change one of them"
            )
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        count = (image_size[0] // patch) * (image_size[1] // patch)
        self.places = nn.Parameter(0.02 * torch.randn(1, count, width))
        self.blocks = depth
        for number in range(1, depth + 1):
            self.add_module(f"block{number}", TransformerBlock(width, heads))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, C) of images (B, channels, H, W)."""
        tokens = self.patches(images).flatten(2).transpose(1, 2) + self.places
        for number in range(1, self.blocks + 1):
            tokens = getattr(self, f"block{number}")(tokens)
        logits: Tensor = self.head(self.norm(tokens).mean(1))
        return logits


class SmallTextTransformer(nn.Module):
    """Word embeddings, learned places, blocks, mean over tokens that count, a linear layer.

    The parts are called embedding, block1, block2, ..., norm and head.

    Args:
        num_classes: C, >= 2.
        vocabulary: number of tokens; token 0 is the padding.
        max_length: most tokens of a text.
        width: of a token, a multiple of `heads`.
        depth: number of blocks.
        heads: of the attention.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        num_classes: int = 2,
        *,
        vocabulary: int = 1000,
        max_length: int = 32,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
    ) -> None:
        super().__init__()
        check_transformer(num_classes, width, depth, heads)
        if vocabulary < 2 or max_length < 1:
            raise InputError(
                "Expected a vocabulary of 2 tokens or more and texts of one or more, but got "
                f"{vocabulary} and {max_length}; correct the argument"
            )
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        self.places = nn.Parameter(0.02 * torch.randn(1, max_length, width))
        self.blocks = depth
        for number in range(1, depth + 1):
            self.add_module(f"block{number}", TransformerBlock(width, heads))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Logits (B, C) of token numbers (B, T) and a mask (B, T), 1 where a token counts."""
        mask = input_ids != 0 if attention_mask is None else attention_mask.bool()
        tokens = self.embedding(input_ids) + self.places[:, : input_ids.shape[1]]
        for number in range(1, self.blocks + 1):
            tokens = getattr(self, f"block{number}")(tokens, mask)
        weight = mask.to(tokens.dtype)[..., None]
        mean = (self.norm(tokens) * weight).sum(1) / weight.sum(1).clamp(min=1)
        logits: Tensor = self.head(mean)
        return logits


def check_transformer(num_classes: int, width: int, depth: int, heads: int) -> None:
    """Check the sizes of a transformer.

    Raises:
        InputError: an argument is out of its range.
    """
    if num_classes < 2 or depth < 1 or heads < 1 or width < 1 or width % heads:
        raise InputError(
            "Expected at least 2 classes, one block, one head and a width that is a multiple of "
            f"the heads, but got num_classes={num_classes}, depth={depth}, heads={heads}, "
            f"width={width}; correct the argument"
        )
