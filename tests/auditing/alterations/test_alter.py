"""Alterations of images do what they are called, more of it the stronger they are."""

import pytest
import torch

from earlysieve.auditing.alterations.alter import ALTERATIONS, COLOURED, Light, light_of

from .shots import shots

WAYS = [(name, kind, *made) for name, kinds in ALTERATIONS.items() for kind, made in kinds.items()]


@pytest.mark.parametrize(("name", "kind", "way", "strengths"), WAYS, ids=[one[1] for one in WAYS])
def test_stronger_changes_more_and_the_same_each_time(name, kind, way, strengths):
    images = shots(4)
    light = light_of(images)
    changed = [light.altered(images, way, one) for one in strengths]
    lost = [float((one - images).square().mean()) for one in changed]
    assert lost[0] > 0
    assert lost == sorted(lost)
    assert torch.equal(changed[0], light.altered(images, way, strengths[0]))
    assert all(one.min() >= 0 and one.max() <= 1 for one in changed)
    if name not in COLOURED:
        assert light_of(shots(2, channels=1)).altered(shots(2, channels=1), way, strengths[0]).shape


def made(kind, images, strength):
    way = next(made[0] for _, one, *made in WAYS if one == kind)
    return Light(torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1)).altered(images, way, strength)


def test_by_hand():
    image = torch.full((1, 3, 8, 8), 0.5)
    image[:, 0] = 0.4
    assert made("dark", image, 0.5)[0, :, 0, 0].tolist() == pytest.approx([0.2, 0.25, 0.25])
    assert made("bright", image, 0.5)[0, :, 0, 0].tolist() == pytest.approx([0.7, 0.75, 0.75])
    assert made("flatter", image, 0.5)[0, :, 0, 0].tolist() == pytest.approx([0.45, 0.5, 0.5])
    assert made("warm", image, 0.2)[0, :, 0, 0].tolist() == pytest.approx([0.48, 0.5, 0.4])
    mean = 1.4 / 3
    assert made("grey", image, 0.0)[0, :, 0, 0].tolist() == pytest.approx([mean] * 3)
    for kind, strength in (("blurred", 2.0), ("coarse", 3.0), ("sharpened", 3.0)):
        assert torch.allclose(made(kind, image, strength), image, atol=1e-5)
    fallen = made("vignetted", image, 0.4)[0, 1]
    corner = 2 * (7 / 8) ** 2 / 2
    assert float(fallen[0, 0]) == pytest.approx(0.5 * (1 - 0.4 * corner))
    assert float(fallen[3, 3]) == pytest.approx(0.5 * (1 - 0.4 * (1 / 8) ** 2))


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (2, -1), (4.3, -0.48)])
def test_light_comes_in_steps_only_where_that_of_the_images_does(scale, shift):
    images = scale * shots(3) + shift
    light = light_of(images)
    assert light.step is not None
    assert light.step.flatten().tolist() == pytest.approx([scale / 255] * 3, rel=1e-3)
    way, strengths = ALTERATIONS["blur"]["blurred"]
    steps = 255 * (light.altered(images, way, strengths[0]) - shift) / scale
    assert torch.allclose(steps, steps.round(), atol=0.02)
    fine = images + 0.3 / 255 * torch.rand(images.shape, generator=torch.Generator().manual_seed(1))
    assert light_of(fine).step is None
    uneven = torch.tensor([0.0, 1.0, 2.3, 5.0]).repeat(16).reshape(1, 1, 8, 8)
    assert light_of(uneven).step is None
    assert light_of(torch.zeros(1, 1, 8, 8)).step is None
