import pytest
import torch

from model.networks.detector_cells import STRIDES
from model.networks.detector_network import Cells, middles
from training.detector.assignment import BACKGROUND, NEITHER, Faces, assign
from training.detector.loss import detector_loss

SIDE = 128
PLACE, STRIDE = middles(SIDE, SIDE)
NOBODY = Faces(torch.zeros(0, 4), torch.zeros(0, 5, 2), torch.zeros(0, dtype=torch.bool))


def faces(*boxes: tuple[float, float, float, float], sure: bool = True) -> Faces:
    """Points in the middles of the boxes."""
    corners = torch.tensor(boxes, dtype=torch.float32)
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    return Faces(corners, middle[:, None].expand(-1, 5, 2).clone(), torch.full((len(boxes),), sure))


def perfect(truth: Faces) -> Cells:
    """Cells that say what the assignment asks of them."""
    number = assign(truth, SIDE, SIDE)
    boxes = torch.cat([PLACE - 1, PLACE + 1], dim=1)
    points = PLACE[:, None].expand(-1, 5, 2).clone()
    boxes[number >= 0], points[number >= 0] = truth.boxes[number[number >= 0]], truth.points[number[number >= 0]]
    logits = torch.where(number >= 0, 20.0, -20.0)
    return Cells(logits[None], boxes[None], points[None])


@pytest.mark.parametrize(("size", "strides"), [(12, {8}), (30, {8}), (48, {8, 16}), (80, {16}), (110, {16, 32})])
def test_a_face_is_the_business_of_the_scales_of_its_size(size: float, strides: set[int]) -> None:
    number = assign(faces((64 - size / 2, 64 - size / 2, 64 + size / 2, 64 + size / 2)), SIDE, SIDE)
    assert set(STRIDE[number >= 0].tolist()) == strides
    off = (PLACE[number >= 0] - 64).abs().amax(dim=1) / STRIDE[number >= 0]
    assert off.max() <= 1.25


@pytest.mark.parametrize("x", [0.0, 3.9, 4.1, 57.3])
def test_the_smallest_face_always_has_a_cell(x: float) -> None:
    number = assign(faces((x - 3, 40, x + 3, 46)), SIDE, SIDE)
    assert (number == 0).any()


def test_where_two_faces_claim_a_cell_the_smaller_has_it() -> None:
    number = assign(faces((40, 40, 88, 88), (60, 60, 68, 68)), SIDE, SIDE)
    nearest = (PLACE - 60).abs().sum(dim=1).masked_fill(STRIDES[0] != STRIDE, 1e9).argmin()
    assert number[nearest] == 1
    assert (number == 0).any()


def test_cells_in_an_unsure_face_do_not_count() -> None:
    number = assign(faces((32, 32, 64, 64), sure=False), SIDE, SIDE)
    within = ((PLACE > 32) & (PLACE < 64)).all(dim=1)
    assert (number[within] == NEITHER).all()
    assert (number[~within] == BACKGROUND).all()
    assert (assign(NOBODY, SIDE, SIDE) == BACKGROUND).all()


def test_the_right_answer_costs_nothing_and_each_error_its_own_term() -> None:
    truth = faces((30, 30, 60, 70), (80, 80, 96, 96))
    right = perfect(truth)
    terms = detector_loss(right, [truth], SIDE, SIDE)
    assert {name: float(value) for name, value in terms.items()} == pytest.approx(
        {"score": 0.0, "box": 0.0, "points": 0.0}, abs=1e-5
    )
    wrong = detector_loss(Cells(-right.logits, right.boxes, right.points), [truth], SIDE, SIDE)
    assert wrong["score"] > 1
    assert wrong["box"] < 1e-5
    moved = detector_loss(Cells(right.logits, right.boxes + 5, right.points), [truth], SIDE, SIDE)
    assert moved["box"] > 0.2
    off = detector_loss(Cells(right.logits, right.boxes, right.points + 5), [truth], SIDE, SIDE)
    assert off["points"] > 0.1
    assert off["box"] < 1e-5


def test_a_picture_without_faces_costs_only_its_false_alarms() -> None:
    cells = Cells(torch.full((1, len(PLACE)), -20.0), torch.zeros(1, len(PLACE), 4), torch.zeros(1, len(PLACE), 5, 2))
    quiet = detector_loss(cells, [NOBODY], SIDE, SIDE)
    assert all(float(value) == pytest.approx(0, abs=1e-5) for value in quiet.values())
    cells.logits[0, 5] = 4.0
    assert detector_loss(cells, [NOBODY], SIDE, SIDE)["score"] > 3


def test_a_score_learns_a_power_of_its_boxs_overlap() -> None:
    truth = faces((30, 30, 60, 70))
    right = perfect(truth)
    # Half of each box is that of the face, so that the overlap is a half.
    halved = right.boxes.clone()
    halved[..., 2] = (right.boxes[..., 0] + right.boxes[..., 2]) / 2
    mine = right.logits > 0
    for power in (1.0, 0.5):
        logits = torch.where(mine, torch.logit(torch.tensor(0.5**power)), right.logits)
        assert float(detector_loss(Cells(logits, halved, right.points), [truth], SIDE, SIDE, power)["score"]) < 1e-5
        assert detector_loss(Cells(logits, halved, right.points), [truth], SIDE, SIDE, 1.5 - power)["score"] > 0.01
