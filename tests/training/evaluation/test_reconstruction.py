import numpy as np
import pytest
import torch

from model.engine.dummy import DummyModel
from tests.faces import draw_face
from tests.training.drawn import crop_set
from training.evaluation.faces import enlarged, see
from training.evaluation.reconstruction import face_ellipse, fidelity, pca_reconstruct, reconstruct, report


def test_fidelity_by_hand() -> None:
    a = np.full((2, 16, 16, 3), 100, np.uint8)
    b = a.copy()
    b[0] += 10
    result = fidelity(b, a)
    # One picture is off by 10 everywhere, the other not at all: its squared error counts as 1e-6.
    assert result.error == 5.0
    assert result.psnr == pytest.approx((10 * np.log10(255**2 / 100) + 10 * np.log10(255**2 / 1e-6)) / 2, rel=1e-6)
    luminance = (2 * 110 * 100 + 6.5025) / (110**2 + 100**2 + 6.5025)
    assert result.ssim == pytest.approx((luminance + 1) / 2, abs=1e-6)
    assert fidelity(a, b).error == 5.0  # no byte wraps round


def test_errors_count_inside_the_face_at_64_pixels() -> None:
    face = face_ellipse(64)
    assert face.mean() == pytest.approx(np.pi * 0.3 * 0.39, abs=0.002)
    assert face[33, 32]
    assert not face[33, 12]
    assert not face[7, 32]
    original = np.full((1, 128, 128, 3), 100, np.uint8)
    around, within = original.copy(), original.copy()
    around[:, ~face_ellipse(128)] += 50
    within[:, face_ellipse(128)] += 8
    assert fidelity(around, original).face_error < 2.5  # some pixels of 64 lie across the edge
    assert fidelity(within, original).face_error == pytest.approx(8, abs=0.4)


def test_detail_is_what_half_the_pixels_cannot_hold() -> None:
    board = (2 * (np.indices((128, 128)).sum(axis=0) % 2) - 1)[None, ..., None]
    strong, weak = ((128 + height * board.repeat(3, axis=3)).astype(np.uint8) for height in (40, 10))
    assert fidelity(weak, strong).detail == pytest.approx(0.25, abs=1e-3)
    assert fidelity(enlarged(enlarged(strong, 64), 128), strong).detail == pytest.approx(0, abs=0.02)


def test_reconstruct_draws_the_embeddings() -> None:
    backend = DummyModel()
    faces = see(backend, crop_set(2))
    np.testing.assert_array_equal(reconstruct(backend, faces), backend.render(faces.embeddings))


def pictures(count: int, rank: int) -> np.ndarray:
    """Whole-numbered pictures about mid-grey that lie in a space of some dimensions."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(-2, 3, (rank, 16 * 16 * 3))
    return (127 + rng.integers(-5, 6, (count, rank)) @ patterns).reshape(count, 16, 16, 3).astype(np.uint8)


def test_principal_components_are_exact_up_to_their_number() -> None:
    data = pictures(60, 6)
    np.testing.assert_array_equal(pca_reconstruct(data[:40], data, size=6), data)
    assert np.abs(pca_reconstruct(data[:40], data, size=3).astype(int) - data).mean() > 0.5


def test_fewer_crops_than_components() -> None:
    data = pictures(10, 4)
    np.testing.assert_array_equal(pca_reconstruct(data, data), data)


def test_more_components_are_better_and_the_random_numbers_of_others_stay() -> None:
    faces = np.stack([draw_face(32, seed) for seed in range(30)])
    before = torch.get_rng_state()
    errors = [fidelity(pca_reconstruct(faces[:20], faces[20:], size), faces[20:]).error for size in (1, 5, 15)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > errors[2]
    assert torch.equal(torch.get_rng_state(), before)


def test_the_report_compares_ways_on_the_same_faces() -> None:
    originals = np.stack([draw_face(32, seed) for seed in range(4)])
    shown = report("m", originals, {"itself": originals, "grey": np.full_like(originals, 128)})
    assert shown.figures["faces"] == 4
    assert shown.figures["itself"]["ssim"] == pytest.approx(1.0)
    assert shown.figures["itself"]["error"] == 0.0
    assert shown.figures["grey"] == vars(fidelity(np.full_like(originals, 128), originals))
    assert [row[0] for row in shown.tables[0]] == ["", "itself", "grey"]
    lines = shown.plot.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["itself", "grey"]
    assert np.asarray(lines[1].get_ydata())[-1] == 1.0
