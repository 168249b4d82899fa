"""Pose learns its labels, and nothing else changes."""

from copy import deepcopy

import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.face_model import FaceModel
from tests.tiny import tiny_model
from tests.training.networks.staying import assert_the_rest_stays
from training.networks.poses import POSE, learn_poses

COUNT, VIEWS = 400, 2


@torch.no_grad()
def labelled(model: FaceModel) -> tuple[Tensor, Tensor]:
    """Latents and, of half of them, poses: about what the model reads, and off by what three numbers tell."""
    z = torch.randn(COUNT, VIEWS, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(1))
    poses = model.splitter(z.flatten(0, 1))[:, POSE].reshape(COUNT, VIEWS, -1) + 0.1 * z[..., :3]
    poses[COUNT // 2 :] = float("nan")
    return z, poses


def test_pose_is_what_labels_say_and_all_else_stays() -> None:
    before = tiny_model()
    (z, poses), after = labelled(before), deepcopy(before)
    learn_poses(after, z, poses)
    seen, wanted = z.flatten(0, 1), poses.flatten(0, 1)
    known = ~wanted.isnan().any(dim=1)
    with torch.no_grad():
        off = [F.mse_loss(model.splitter(seen[known])[:, POSE], wanted[known]) for model in (before, after)]
    assert off[1] < 0.05 * off[0]
    others = [number for number in range(EMBEDDING_SIZE) if not POSE.start <= number < POSE.stop]
    assert_the_rest_stays(before, after, seen, others)


def test_it_is_the_same_each_time() -> None:
    models = [tiny_model(), tiny_model()]
    for model in models:
        learn_poses(model, *labelled(model), steps=5)
    torch.testing.assert_close(models[0].state_dict(), models[1].state_dict(), rtol=0, atol=0)
