import pytest
import torch

from model.attributes import EMBEDDING_SIZE
from model.networks.config import NetworkConfig
from training.critics.networks import ClassifierDiscriminator, Halving, ImageDiscriminator, LatentDiscriminator

SMALL = NetworkConfig(128, (8, 8, 16, 16, 24), (0,) * 5, (0,) * 5, hidden=32)


def test_scores_are_one_number_each_and_do_not_depend_on_who_else_is_judged() -> None:
    for critic, inputs in (
        (LatentDiscriminator(), torch.randn(5, EMBEDDING_SIZE)),
        (ImageDiscriminator(SMALL), torch.rand(5, 3, 128, 128)),
    ):
        scores = critic(inputs)
        assert scores.numel() == 5
        torch.testing.assert_close(critic(inputs[2:3]), scores[2:3])
        assert len(scores.unique()) == 5


def test_it_judges_what_is_drawn_however_small_what_is_read() -> None:
    config = NetworkConfig(64, (8, 8, 16, 16), (0,) * 4, (0,) * 4, finer_channels=(8, 16))
    assert ImageDiscriminator(config)(torch.rand(2, 3, 256, 256)).shape == (2, 1)


def test_patches_are_judged_by_what_is_about_them() -> None:
    config = NetworkConfig(64, (8, 8, 16, 16), (0,) * 4, (0,) * 4, finer_channels=(8,))
    critic, images = ImageDiscriminator(config, patches=True), torch.rand(1, 3, 128, 128)
    scores, maps = critic.look(images)
    assert scores.shape == (1, 64)
    assert [each.shape[-1] for each in maps] == [64, 32, 16, 8]
    other = images.clone()
    other[..., :16, :16] = 0.0
    changed = (critic(other) != scores).view(8, 8)
    assert changed[0, 0]
    assert not changed[4:, 4:].any()


def test_every_pixel_and_every_weight_counts() -> None:
    critic = ImageDiscriminator(SMALL)
    images = torch.rand(1, 3, 128, 128, requires_grad=True)
    critic(images).sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).float().mean() > 0.99
    assert all(parameter.grad is not None for parameter in critic.parameters())


def test_through_a_classifier_each_level_judges_each_place() -> None:
    critic, images = ClassifierDiscriminator(), torch.rand(3, 3, 128, 128, requires_grad=True)
    scores = critic(images)
    assert scores.shape == (3, 3 * 64)
    torch.testing.assert_close(critic(images[1:2]), scores[1:2], atol=1e-5, rtol=1e-4)
    scores.sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).float().mean() > 0.99
    heads = [parameter.requires_grad for parameter in critic.heads.parameters()]
    learning = [name for name, parameter in critic.named_parameters() if parameter.grad is not None]
    assert len(learning) == len(heads)
    assert all(name.startswith("heads.") for name in learning)  # what the classifier sees stays


def test_the_classifiers_scores_follow_the_critics_own() -> None:
    config = NetworkConfig(64, (8, 8, 16, 16), (0,) * 4, (0,) * 4, finer_channels=(8,))
    critic, images = ImageDiscriminator(config, patches=True, classifier=True), torch.rand(2, 3, 128, 128)
    scores, maps = critic.look(images)
    assert scores.shape == (2, 64 + 3 * 64)
    assert [each.shape[-1] for each in maps] == [64, 32, 16, 8]
    assert critic.classifier is not None
    torch.testing.assert_close(scores[:, 64:], critic.classifier(images))


def test_it_grows_with_the_networks() -> None:
    sizes = [
        sum(p.numel() for p in ImageDiscriminator(NetworkConfig.for_size(size)).parameters()) for size in (64, 128)
    ]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("channels", [(8, 16), (16, 8)])
def test_halving_keeps_the_strength_of_a_signal(channels: tuple[int, int]) -> None:
    torch.manual_seed(0)
    before, after = channels
    x = torch.randn(8, before, 32, 32)
    y = Halving(before, after)(x)
    assert y.shape == (8, after, 16, 16)
    assert 0.05 < (y.std() / x.std()).item() < 2.0
