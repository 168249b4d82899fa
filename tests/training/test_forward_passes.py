import pytest
import torch
from torch import Generator, nn

from model.attributes import EMBEDDING_SIZE, SPACES
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import passes_for, tiny_recipe
from training.forward_passes import CYCLE_SHIFT, CYCLE_ZOOM, moved, standing, swap
from training.losses.objective import Objective


def test_a_frame_moves_by_what_it_is_told() -> None:
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(moved(images, torch.zeros(2, 3)), images, atol=1e-5, rtol=0)
    pixel = torch.tensor([[0.0, 1 / 64 / CYCLE_SHIFT, 0.0], [0.0, 0.0, 99.0]])  # one pixel across; cut off down
    shifted = moved(images, pixel)
    torch.testing.assert_close(shifted[0, :, :, :-1], images[0, :, :, 1:], atol=1e-4, rtol=0)
    half = 2 * CYCLE_SHIFT * 64 - 1
    between = images[1, :, 1:-1] * (1 - half) + images[1, :, 2:] * half
    torch.testing.assert_close(shifted[1, :, :-2], between, atol=1e-4, rtol=0)
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    wider = moved(ramp, torch.tensor([[1.0, 0.0, 0.0]]))
    torch.testing.assert_close(wider[..., 16:48], ramp[..., 16:48] * (1 + CYCLE_ZOOM), atol=1e-3, rtol=0)


def test_a_swap_takes_exactly_one_attribute_from_the_next_row() -> None:
    f = torch.randn(64, EMBEDDING_SIZE)
    swapped, other = swap(f, Generator().manual_seed(0)), f.roll(-1, dims=0)
    chosen = []
    for row in range(64):
        taken = [s for s in SPACES.values() if torch.equal(swapped[row, s.slice], other[row, s.slice])]
        kept = [s for s in SPACES.values() if torch.equal(swapped[row, s.slice], f[row, s.slice])]
        assert len(taken) == 1
        assert len(kept) == len(SPACES) - 1
        chosen.append(taken[0].start)
    assert set(chosen) == {space.start for space in SPACES.values()}


def test_swaps_follow_from_their_generator() -> None:
    f = torch.randn(16, EMBEDDING_SIZE)
    assert torch.equal(swap(f, Generator().manual_seed(3)), swap(f, Generator().manual_seed(3)))
    assert not torch.equal(swap(f, Generator().manual_seed(3)), swap(f, Generator().manual_seed(4)))


def test_chances_say_how_often_each_attribute_is_swapped() -> None:
    f = torch.randn(200, EMBEDDING_SIZE)
    swapped = swap(f, Generator().manual_seed(0), (0.0, 0.8, 0.2, 0.0))
    counts = [int((swapped[:, s.slice] != f[:, s.slice]).all(dim=1).sum()) for s in SPACES.values()]
    assert counts[0] == counts[3] == 0
    assert counts[1] + counts[2] == 200
    assert 140 < counts[1] < 180


def test_a_standing_network_passes_gradients_on_and_gets_none() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    network[2].requires_grad_(False)
    x = torch.randn(2, 3, requires_grad=True)
    with standing(network):
        y = network(x).sum()
    y.backward()
    assert x.grad is not None
    assert (x.grad != 0).all()
    assert all(p.grad is None for p in network.parameters())
    assert [p.requires_grad for p in network.parameters()] == [True, True, False, False]


def test_a_failure_does_not_leave_a_network_standing() -> None:
    network = nn.Linear(1, 1)
    with pytest.raises(KeyError), standing(network):
        raise KeyError
    assert network.weight.requires_grad


def test_each_pass_is_what_it_says_and_runs_once() -> None:
    recipe, model = tiny_recipe("joint", 1, bf16=False, cycle_share=0.5), tiny_model()
    passes = passes_for(recipe, crop_set(40), model, Objective(recipe, 0))
    calls: list[str] = []
    for name, network in model.named_children():
        network.register_forward_hook(lambda *_, name=name: calls.append(name))
    with torch.no_grad():
        z = model.encoder(passes.batch.images)
        expected = {"z": z, "f": model.splitter(z), "everyone": model.splitter(z), "drawn": model(passes.batch.images)}
        for name, value in expected.items():
            torch.testing.assert_close(getattr(passes, name), value)
        torch.testing.assert_close(passes.swapped_drawn, model.render(passes.swapped))
        torch.testing.assert_close(passes.remerged, model.splitter(model.merger(passes.swapped)))
        torch.testing.assert_close(passes.generated, model.render(model.splitter(passes.random_z)))
        torch.testing.assert_close(passes.reframed, model.embed(passes.batch.reframed))
        noiseless = model.embed(passes.swapped_drawn)
    assert 0 < (passes.reread - noiseless).abs().max() < 0.5  # the noise is seen, and is small
    assert passes.swapped.shape == (3, EMBEDDING_SIZE)
    before = len(calls)
    for name in (*expected, "swapped_drawn", "remerged", "generated", "reframed", "reread"):
        getattr(passes, name)
    assert len(calls) == before


def test_an_autoencoder_draws_from_z_alone() -> None:
    recipe, model = tiny_recipe("autoencoder", 1, bf16=False), tiny_model()
    passes = passes_for(recipe, crop_set(40), model, Objective(recipe, 0))
    with torch.no_grad():
        torch.testing.assert_close(passes.drawn, model.decoder(model.encoder(passes.batch.images)))
        torch.testing.assert_close(passes.generated, model.decoder(passes.random_z))
