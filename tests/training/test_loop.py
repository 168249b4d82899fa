import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import EVERYTHING, batches_for, only, tiny_recipe
from training import loop
from training.data.crops import CropSet
from training.loop import Report, Trainer, learning_rate
from training.recipe import LEARNING, Optimiser, Recipe, StageName, Weights
from training.runtime import distributed as ranks
from training.runtime.not_finite import NotFinite
from training.runtime.resume import load_state, save_state
from training.runtime.stop_signal import StopSignal

STAGES: tuple[StageName, ...] = ("autoencoder", "disentangle", "joint")


@pytest.fixture(scope="module")
def crops() -> CropSet:
    return crop_set(40)


def trainer(recipe: Recipe, crops: CropSet) -> Trainer:
    model = tiny_model()
    return Trainer(recipe, model, batches_for(recipe, crops), crops.classes)


def tensors(state: Any, name: str = "") -> dict[str, torch.Tensor]:
    """Every tensor in nested state, by its path."""
    if isinstance(state, torch.Tensor):
        return {name: state.clone()}
    items = state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, (list, tuple)) else ()
    return {key: value for k, v in items for key, value in tensors(v, f"{name}.{k}").items()}


@pytest.mark.parametrize("stage", STAGES)
def test_a_resumed_run_is_bit_equal_to_an_unbroken_one(stage: StageName, crops: CropSet, tmp_path: Path) -> None:
    recipe = tiny_recipe(stage, 6)
    unbroken, first, second = (trainer(recipe, crops) for _ in range(3))
    reports: list[Report] = []
    assert unbroken.run(reports.append)
    halves: list[Report] = []
    assert not first.run(halves.append, lambda: first.step == 3)
    save_state(tmp_path / "state.pt", first.state())
    torch.manual_seed(12345)  # numbers drawn in between must not matter
    second.restore(load_state(tmp_path / "state.pt"))
    assert second.step == 3
    assert second.run(halves.append)
    assert [(r.step, r.losses) for r in halves] == [(r.step, r.losses) for r in reports]
    expected, reached = tensors(unbroken.state()), tensors(second.state())
    assert expected.keys() == reached.keys()
    assert {name for name in expected if not torch.equal(expected[name], reached[name])} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_changes_its_networks_and_no_others(stage: StageName, crops: CropSet) -> None:
    before = tiny_model().state_dict()
    run = trainer(tiny_recipe(stage, 3), crops)
    run.run(lambda _: None)
    for model in (run.model, run.averaged):
        changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
        assert {name.partition(".")[0] for name in changed} == set(LEARNING[stage])
    assert all((p.grad is None) == (not p.requires_grad) for p in run.model.parameters())


def test_networks_that_stand_still_pass_gradients_on(crops: CropSet) -> None:
    before = tiny_model().state_dict()
    recipe = tiny_recipe("joint", 3, weights=only("reconstruction"), standing=("decoder",))
    run = trainer(recipe, crops)
    run.run(lambda _: None)
    changed = {name for name, value in run.model.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.partition(".")[0] for name in changed} == {"encoder", "splitter", "merger"}


def test_the_average_lags_behind_the_weights(crops: CropSet) -> None:
    recipe = tiny_recipe("joint", 4, optimiser=Optimiser(warmup_steps=1, decay_steps=1, ema=0.9))
    run = trainer(recipe, crops)
    weights: list[torch.Tensor] = []
    run.run(lambda _: weights.append(next(run.model.merger.parameters()).detach().clone()))
    expected = weights[0]
    for weight in weights[1:]:
        expected = 0.9 * expected + 0.1 * weight
    torch.testing.assert_close(next(run.averaged.merger.parameters()).detach(), expected)


def test_reports_count_up_and_name_every_weighted_loss(crops: CropSet) -> None:
    reports: list[Report] = []
    assert trainer(tiny_recipe("joint", 2), crops).run(reports.append)
    assert [report.step for report in reports] == [1, 2]
    every_step = vars(EVERYTHING).keys() | {"gradient", "latent_critic", "image_critic"}
    assert [report.losses.keys() - every_step for report in reports] == [{"image_penalty"}, set()]
    assert all(every_step <= report.losses.keys() for report in reports)
    assert all(report.images_per_second > 0 and 0 <= report.waiting < 1 for report in reports)


def test_a_finished_run_does_nothing_more(crops: CropSet) -> None:
    run = trainer(tiny_recipe("disentangle", 1), crops)
    assert run.run(lambda _: None)
    before = tensors(run.state())
    assert run.run(lambda report: pytest.fail(f"stepped to {report.step}"))
    assert all(torch.equal(value, before[name]) for name, value in tensors(run.state()).items())


@pytest.mark.parametrize("loss", ["pose", "reconstruction"])
def test_a_loss_that_is_not_finite_is_named_and_nothing_steps(loss: str, crops: CropSet) -> None:
    if loss == "pose":
        bad = replace(crops, pose=torch.full_like(crops.pose, torch.inf))
        run = trainer(tiny_recipe("disentangle", 2), bad)
    else:
        run = trainer(tiny_recipe("autoencoder", 2), crops)
        with torch.no_grad():
            next(run.model.decoder.parameters()).fill_(torch.nan)
    before = tensors(run.state())
    with pytest.raises(NotFinite, match=rf"step 0: .*{loss}.* not finite"):
        run.run(lambda _: None)
    assert run.step == 0
    after = tensors(run.state())
    assert all(torch.equal(value.nan_to_num(), before[name].nan_to_num()) for name, value in after.items())


def test_the_learning_rate_rises_stays_and_falls() -> None:
    how = Optimiser(learning_rate=1.0, warmup_steps=4, decay_steps=5)
    rates = [learning_rate(step, 12, how) for step in range(13)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0])
    round_ = replace(how, schedule="cosine")
    rates = [learning_rate(step, 12, round_) for step in range(6, 13)]
    assert rates == pytest.approx([1, 1, 0.9045085, 0.6545085, 0.3454915, 0.0954915, 0], abs=1e-6)
    sharp = Optimiser(learning_rate=2.0, warmup_steps=0, decay_steps=0)
    assert [learning_rate(step, 3, sharp) for step in range(3)] == [2, 2, 2]


def test_the_same_seed_gives_the_same_run_and_another_does_not(crops: CropSet) -> None:
    curves: list[list[dict[str, float]]] = []
    states = []
    for seed in (1, 1, 2):
        run = trainer(tiny_recipe("joint", 3, seed=seed), crops)
        reports: list[Report] = []
        run.run(reports.append)
        curves.append([report.losses for report in reports])
        states.append(tensors(run.state()))
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # torch's own, while it traces
def test_compiled_networks_learn_alike_under_the_same_names(crops: CropSet, monkeypatch: pytest.MonkeyPatch) -> None:
    # All of torch.compile but the code generator, which would take minutes here.
    monkeypatch.setattr(loop, "COMPILER", "aot_eager")
    recipe = tiny_recipe("disentangle", 2, bf16=False, weights=Weights(latent=1.0, pose=1.0))
    curves: list[list[Report]] = [[], []]
    runs = [trainer(replace(recipe, compile=choice), crops) for choice in (False, True)]
    for run, reports in zip(runs, curves, strict=True):
        run.run(reports.append)
    plain, compiled = runs
    assert all(network._compiled_call_impl is not None for network in compiled.model.children())
    assert compiled.state()["model"].keys() == plain.state()["model"].keys()
    for mine, theirs in zip(*curves, strict=True):
        assert mine.losses == pytest.approx(theirs.losses, rel=1e-4)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
def test_a_compiled_critic_judges_alike_and_its_slope_is_found(crops: CropSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "COMPILER", "aot_eager")
    weights = Weights(latent=0.0, perceptual=1.0, image_adversarial=1.0, feature_matching=0.5)
    recipe = tiny_recipe("drawing", 2, bf16=False, weights=weights)
    curves: list[list[Report]] = [[], []]
    runs = [trainer(replace(recipe, compile=choice), crops) for choice in (False, True)]
    for run, reports in zip(runs, curves, strict=True):
        run.run(reports.append)
    [reference] = runs[1].objective.references
    assert reference._compiled_call_impl is not None
    assert runs[0].objective.critics.of_pictures.look != runs[1].objective.critics.of_pictures.look
    assert "image_penalty" in curves[1][0].losses
    for mine, theirs in zip(*curves, strict=True):
        assert mine.losses == pytest.approx(theirs.losses, rel=1e-4)


def test_weights_that_are_rounded_once_a_step_give_what_they_give_rounded_each_time(crops: CropSet) -> None:
    curves: list[list[Report]] = [[], []]
    # Without those whose gradient is little more than the sign of differences near nought, which rounding turns round,
    # and without readers of random weights, to which a rounded picture is another one.
    weights = replace(EVERYTHING, grid=0.0, smoothness=0.0, second_reader=0.0, likeness=0.0)
    recipe = tiny_recipe("joint", 3, bf16=True, weights=weights)
    for once, reports in zip((True, False), curves, strict=True):
        torch.set_autocast_cache_enabled(once)
        try:
            trainer(recipe, crops).run(reports.append)
        finally:
            torch.set_autocast_cache_enabled(True)
    # The passes' gradients of a weight come together in bfloat16 where they share the rounded one. After Adam's first
    # step that is up to 1.5 %, where bfloat16 is emulated or AMX multiplies.
    for mine, theirs, tolerance in zip(*curves, (1e-4, 0.02, 0.02), strict=True):
        assert mine.losses == pytest.approx(theirs.losses, rel=tolerance, abs=1e-5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_after_the_step_in_progress(number: signal.Signals, crops: CropSet) -> None:
    run = trainer(tiny_recipe("disentangle", 50), crops)
    handler = signal.getsignal(number)

    def report(now: Report) -> None:
        if now.step == 2:
            os.kill(os.getpid(), number)

    with StopSignal() as stop:
        assert not stop()
        assert not run.run(report, stop)
    assert run.step == 2
    assert signal.getsignal(number) is handler


def test_time_that_is_over_stops() -> None:
    assert StopSignal(0.0)()
    assert not StopSignal(1.0)()
    assert not StopSignal()()


def test_a_batch_that_cannot_be_shared(crops: CropSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "count", lambda: 4)
    with pytest.raises(ValueError, match="6 pictures of a batch cannot be shared among 4 processes"):
        trainer(tiny_recipe("joint", 1), crops)
