import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from tests.tiny import tiny_model
from training.networks.erasure import erase_pose, eraser
from training.recipe import load_recipe


def poses_and_latents(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Poses, and latents that hold them among other things."""
    generator = torch.Generator().manual_seed(2)
    pose = 0.4 * torch.randn(count, 3, generator=generator)
    z = torch.randn(count, EMBEDDING_SIZE, generator=generator).double()
    z[:, :3] += 3 * pose.double()
    return pose, z


def told(of: torch.Tensor, by: torch.Tensor) -> float:
    """R² of the best linear regression on the very rows to which it is fitted."""
    x, y = by.numpy(), of.numpy()
    return float(LinearRegression().fit(x, y).score(x, y))


def test_what_is_erased_no_line_reads_and_little_else_changes() -> None:
    pose, z = poses_and_latents(4000)
    x = z[:, :32]
    clean = x - (x - x.mean(dim=0)) @ eraser(x, pose.double()).T
    assert told(pose, x) > 0.5
    assert told(pose, clean) < 1e-9
    torch.testing.assert_close(clean.mean(dim=0), x.mean(dim=0))
    # Three of 32 directions go; what has nothing to do with them is as it was.
    assert told(x[:, 3:], clean) > 0.99


def test_erasing_once_more_changes_nothing() -> None:
    pose, z = poses_and_latents(2000)
    projection = eraser(z[:, :32], pose.double())
    torch.testing.assert_close(projection @ projection, projection)
    assert torch.linalg.matrix_rank(projection) == 3


def test_a_model_tells_no_pose_by_expression_and_style_and_makes_the_same_of_the_rest() -> None:
    pose, z = poses_and_latents(3000)
    pose[5] = torch.nan
    model = tiny_model()
    with torch.no_grad():
        before = model.splitter(z.float())
    erase_pose(model, z, pose)
    with torch.no_grad():
        after = model.splitter(z.float())
        made = model.merger(after)
    known = ~pose.isnan().any(dim=1)
    for attribute in (Attribute.EXPRESSION, Attribute.STYLE):
        part = SPACES[attribute].slice
        assert told(pose[known], before[known, part]) > 0.1
        # 32 random numbers explain a hundredth of 3,000 by chance.
        assert told(pose[known], after[known, part]) < 0.03
    for attribute in (Attribute.POSE, Attribute.IDENTITY):
        assert torch.equal(after[:, SPACES[attribute].slice], before[:, SPACES[attribute].slice])
    # The merger, small as it is, makes nearly as much of z as a line would, to which it was fitted too.
    unexplained = (made - z.float()).square().mean() / (z - z.mean(dim=0)).square().mean()
    assert unexplained < 1.2 * (1 - told(z, after))


def test_too_few_poses_are_refused() -> None:
    pose, z = poses_and_latents(200)
    pose[99:] = torch.nan
    with pytest.raises(ValueError, match="the poses of 99 crops are too few"):
        erase_pose(tiny_model(), z, pose)


def test_the_bundled_recipe_erases() -> None:
    assert load_recipe("facet-128").erase_pose
    assert not load_recipe("facet-64").erase_pose
    assert np.isclose(load_recipe("facet-64-identity").identity_distillation.direct, 1.0)
