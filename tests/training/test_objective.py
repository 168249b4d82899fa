import pytest
import torch
from torch import Generator, Tensor, nn

from model.attributes import EMBEDDING_SIZE, SPACES
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import EVERYTHING, batches_for, tiny_recipe
from training.data.crops import CropSet
from training.objective import Objective, standing, swap
from training.stages import StageName, Weights


@pytest.fixture(scope="module")
def crops() -> CropSet:
    return crop_set(40)


def measured(stage: StageName, crops: CropSet, weights: Weights = EVERYTHING, step: int = 0) -> dict[str, Tensor]:
    recipe = tiny_recipe(stage, 10, weights=weights, bf16=False)
    torch.manual_seed(0)
    objective = Objective(recipe, crops.classes)
    batch = batches_for(recipe, crops)[0]
    losses: dict[str, Tensor]
    losses, z = objective(tiny_model(), batch, step, Generator().manual_seed(0))
    assert z.shape == (recipe.batch_size, EMBEDDING_SIZE)
    assert not z.requires_grad
    return losses


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


@pytest.mark.parametrize(
    ("stage", "absent"),
    [
        ("autoencoder", set(vars(EVERYTHING)) - {"reconstruction", "structural", "latent_adversarial"}),
        ("disentangle", {"reconstruction", "structural", "latent_adversarial"}),
        ("joint", set()),
    ],
)
def test_each_stage_has_its_losses(stage: StageName, absent: set[str], crops: CropSet) -> None:
    losses = measured(stage, crops)
    assert losses.keys() == vars(EVERYTHING).keys() - absent
    assert all(loss.shape == () and loss.isfinite() and loss >= 0 for loss in losses.values())


def test_a_weight_of_zero_leaves_a_loss_out(crops: CropSet) -> None:
    losses = measured("joint", crops, Weights())
    assert losses.keys() == {"reconstruction", "structural", "latent"}


def test_the_total_is_the_weighted_sum() -> None:
    objective = Objective(tiny_recipe("joint", 1, weights=Weights(reconstruction=2.0, pose=0.5)), 0)
    losses = {"reconstruction": torch.tensor(3.0), "pose": torch.tensor(4.0)}
    assert objective.total(losses).item() == 2.0 * 3.0 + 0.5 * 4.0


def test_the_cycle_rises_over_its_ramp(crops: CropSet) -> None:
    first, later, end = (float(measured("joint", crops, step=step)["cycle"].detach()) for step in (0, 499, 5000))
    assert later == pytest.approx(500 * first, rel=1e-4)
    assert end == pytest.approx(1000 * first, rel=1e-4)


def test_the_cycle_teaches_merger_and_decoder_but_not_those_who_read(crops: CropSet) -> None:
    recipe = tiny_recipe("joint", 10, bf16=False)
    model = tiny_model()
    objective = Objective(recipe, crops.classes)
    losses, _ = objective(model, batches_for(recipe, crops)[0], 0, Generator().manual_seed(0))
    losses["cycle"].backward()
    learned = {name.partition(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert learned == {"merger", "decoder"}


def test_unknown_labels_leave_their_losses_at_zero(crops: CropSet) -> None:
    unknown = {
        "pose": torch.full_like(crops.pose, torch.nan),
        "identity": torch.full_like(crops.identity, -1),
        "expression": torch.full_like(crops.expression, -1),
        "identity_target": torch.full_like(crops.identity_target, torch.nan),
        "expression_target": torch.full_like(crops.expression_target, torch.nan),
    }
    losses = measured("joint", CropSet(**(vars(crops) | unknown)))
    assert "identity_class" not in losses  # there are no people to tell apart
    named = ("pose", "identity", "identity_triplet", "expression", "expression_class")
    assert {name: float(losses[name].detach()) for name in named} == dict.fromkeys(named, 0.0)


def test_the_discriminator_learns_to_tell_latents_from_normal_numbers() -> None:
    objective = Objective(tiny_recipe("autoencoder", 1), 0)
    critic = objective.discriminator
    assert critic is not None
    z = 2.0 + 0.1 * torch.randn(64, EMBEDDING_SIZE)
    optimiser = torch.optim.Adam(critic.parameters(), 1e-3)
    values = []
    for step in range(60):
        loss = objective.discriminate(critic, z, Generator().manual_seed(step))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        values.append(float(loss.detach()))
    assert values[-1] < 0.2 < values[0]
    assert critic(z).max() < critic(torch.randn(64, EMBEDDING_SIZE)).min()
    assert critic(z).shape == (64,)
