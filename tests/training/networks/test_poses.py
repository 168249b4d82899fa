"""Pose learns its labels, and nothing else changes."""

from copy import deepcopy

import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from tests.tiny import tiny_model
from training.networks.poses import POSE, learn_poses

COUNT, VIEWS = 400, 2


def labelled() -> tuple[Tensor, Tensor]:
    """Latents of which three numbers tell the pose, for half of them."""
    z = torch.randn(COUNT, VIEWS, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(1))
    poses = 0.3 * z[..., :3]
    poses[COUNT // 2 :] = float("nan")
    return z, poses


@torch.no_grad()
def test_pose_is_what_labels_say_and_all_else_stays() -> None:
    (z, poses), before = labelled(), tiny_model()
    after = deepcopy(before)
    with torch.enable_grad():
        learn_poses(after, z, poses)
    old, new = (model.splitter(z.flatten(0, 1)) for model in (before, after))
    wanted = poses.flatten(0, 1)
    known = ~wanted.isnan().any(dim=1)
    off = [F.mse_loss(f[known][:, POSE], wanted[known]) for f in (old, new)]
    assert off[1] < 0.05 * off[0]
    others = [number for number in range(EMBEDDING_SIZE) if not POSE.start <= number < POSE.stop]
    assert F.mse_loss(new[:, others], old[:, others]) < 0.05 * old[:, others].var()
    asked = before.merger(old)
    assert F.mse_loss(after.merger(new), asked) < 0.1 * asked.var()
    for mine, theirs in zip(after.encoder.parameters(), before.encoder.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_it_is_the_same_each_time() -> None:
    (z, poses), models = labelled(), [tiny_model(), tiny_model()]
    for model in models:
        learn_poses(model, z, poses, steps=5)
    torch.testing.assert_close(models[0].state_dict(), models[1].state_dict(), rtol=0, atol=0)
