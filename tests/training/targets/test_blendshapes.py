import numpy as np

from training.targets.blendshapes import BLENDSHAPES, mirrored, mirrored_pose


def test_the_names_and_their_order() -> None:
    assert len(BLENDSHAPES) == len(set(BLENDSHAPES)) == 52
    known = {
        0: "_neutral",
        1: "browDownLeft",
        3: "browInnerUp",
        6: "cheekPuff",
        9: "eyeBlinkLeft",
        10: "eyeBlinkRight",
        23: "jawForward",
        25: "jawOpen",
        27: "mouthClose",
        38: "mouthPucker",
        44: "mouthSmileLeft",
        45: "mouthSmileRight",
        50: "noseSneerLeft",
        51: "noseSneerRight",
    }
    assert {number: BLENDSHAPES[number] for number in known} == known


def test_a_mirror_swaps_the_sides_and_leaves_the_middle() -> None:
    scores = np.arange(52, dtype=np.float32)
    turned = mirrored(scores)
    assert turned[[44, 45]].tolist() == [45, 44]
    assert turned[[9, 10]].tolist() == [10, 9]
    assert turned[[BLENDSHAPES.index("jawLeft"), BLENDSHAPES.index("jawOpen")]].tolist() == [26, 25]


def test_mirrored_twice_is_the_identity() -> None:
    scores = np.random.default_rng(0).uniform(size=(5, 52)).astype(np.float32)
    np.testing.assert_array_equal(mirrored(mirrored(scores)), scores)
    np.testing.assert_array_equal(np.sort(mirrored(scores)), np.sort(scores))


def test_a_mirror_turns_yaw_and_roll_round() -> None:
    np.testing.assert_allclose(mirrored_pose(np.array([[0.1, 0.2, 0.3]], np.float32)), [[0.1, -0.2, -0.3]])
