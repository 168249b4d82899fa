"""Photographs are drawn back as they were while splitter and merger learn."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.face_model import FaceModel
from tests.training.drawn import crop_set
from tests.training.networks.latents import round_trip, seen
from training.networks.drawing_back import DRAWN, DrawnBackLoss, Photographs, photographs_in
from training.networks.relearning import Exchange, Pace, Step, relearn

SIZE = 16
PACE = Pace(steps=150, batch=128, rate=3e-3, decay=0.0, warmup=10)


class Painter(nn.Module):
    """Draws each latent as grey waves."""

    def __init__(self) -> None:
        super().__init__()
        waves = torch.randn(EMBEDDING_SIZE, SIZE * SIZE, generator=torch.Generator().manual_seed(5))
        self.waves = nn.Parameter(waves / EMBEDDING_SIZE**0.5 / 2.0)

    def forward(self, z: Tensor) -> Tensor:
        return (z @ self.waves).tanh().view(-1, 1, SIZE, SIZE).expand(-1, 3, -1, -1)


@torch.no_grad()
def off(model: FaceModel, painter: Painter, z: Tensor) -> float:
    """How far drawings of the latents' own embeddings are from what is drawn of the latents."""
    return float(F.l1_loss(painter(model.merger(model.splitter(z))), painter(z)))


def test_a_merger_that_lost_its_way_finds_it_by_what_is_seen() -> None:
    z, painter, model = seen(600).z, Painter(), round_trip()
    least = off(model, painter, z[:, 0])
    with torch.no_grad():
        for values in model.merger.parameters():
            values.add_(torch.randn(values.shape, generator=torch.Generator().manual_seed(7)), alpha=0.1)
        pictures = painter(z[:, 0])
    lost = off(model, painter, z[:, 0])
    assert lost > 1.2 * least

    def look(rows: Tensor) -> Photographs:
        return Photographs(pictures[rows], torch.ones(len(rows), 1, SIZE, SIZE))

    nothing_else = torch.zeros(())
    relearn(
        model,
        z,
        lambda _: nothing_else,
        PACE,
        merger_loss=DrawnBackLoss(painter, look, torch.arange(len(z))),
        among=(0.0, 0.5),
    )
    assert off(model, painter, z[:, 0]) - least < 0.1 * (lost - least)
    assert painter.waves.grad is None


def test_photographs_are_compared_that_keep_their_parts_and_their_frame() -> None:
    asked = []

    def look(rows: Tensor) -> Photographs:
        asked.append(rows)
        return Photographs(torch.zeros(len(rows), 3, SIZE, SIZE), torch.ones(len(rows), 1, SIZE, SIZE))

    rows, view = torch.arange(100, 400), torch.arange(300) % 3
    givers = torch.arange(330)[:, None].repeat(1, EMBEDDING_SIZE)
    givers[:30, 40] = 50  # these have something of another one, and the last 30 are random
    embeddings = torch.randn(330, EMBEDDING_SIZE)
    step = Step(rows, view, embeddings, embeddings)
    latents = torch.randn(330, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(3)).requires_grad_()
    exchange = Exchange(step, embeddings, givers, latents, latents.detach(), nn.Identity())
    DrawnBackLoss(Painter(), look, torch.arange(1000, 2000))(exchange).backward()
    expected = range(30, 30 + 3 * DRAWN, 3)  # of the ninety that are left, the first
    assert [row.tolist() for row in asked] == [[1100 + place for place in expected]]
    assert latents.grad is not None
    assert latents.grad.abs().sum(dim=1).nonzero()[:, 0].tolist() == [*expected]


def test_crops_are_looked_at_as_they_were_found() -> None:
    crops = crop_set(4)
    images, weights = photographs_in(crops, 64)(torch.tensor([2, 0]))
    assert images.shape == (2, 3, 64, 64)
    assert weights.shape == (2, 1, 64, 64)
    assert weights.unique().tolist() == [1.0]  # all face
    assert float((images[0] - images[1]).abs().mean()) > 0.01
    again, _ = photographs_in(crops, 64)(torch.tensor([0]))
    torch.testing.assert_close(again[0], images[1])
