"""Face Landmarker's 52 blendshape scores: their names in its order, and what a mirror does to them."""

import numpy as np

from model.attributes import Vector

_PAIRED = "browDown 1,browInnerUp 0,browOuterUp 1,cheekPuff 0,cheekSquint 1,eyeBlink 1,eyeLookDown 1,eyeLookIn 1"
_PAIRED += ",eyeLookOut 1,eyeLookUp 1,eyeSquint 1,eyeWide 1,jawForward 0,jawLeft 0,jawOpen 0,jawRight 0,mouthClose 0"
_PAIRED += ",mouthDimple 1,mouthFrown 1,mouthFunnel 0,mouthLeft 0,mouthLowerDown 1,mouthPress 1,mouthPucker 0"
_PAIRED += ",mouthRight 0,mouthRollLower 0,mouthRollUpper 0,mouthShrugLower 0,mouthShrugUpper 0,mouthSmile 1"
_PAIRED += ",mouthStretch 1,mouthUpperUp 1,noseSneer 1"


def _names() -> tuple[str, ...]:
    names = ["_neutral"]
    for entry in _PAIRED.split(","):
        name, paired = entry.split()
        names += [f"{name}Left", f"{name}Right"] if paired == "1" else [name]
    return tuple(names)


BLENDSHAPES = _names()


def _other_side(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left" if name.endswith("Right") else name


_MIRROR = np.array([BLENDSHAPES.index(_other_side(name)) for name in BLENDSHAPES])


def mirrored(scores: Vector) -> Vector:
    """The scores `(..., 52)` of the mirror image."""
    return scores[..., _MIRROR]


def mirrored_pose(pose: Vector) -> Vector:
    """Pitch, yaw, roll `(..., 3)` of the mirror image."""
    return pose * np.array([1.0, -1.0, -1.0], np.float32)
