"""Face Landmarker reading drawn faces, several at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Self

import numpy as np
import torch
from torch import Tensor

from model.attributes import POSE_ANGLES, Vector
from model.engine.backend import Pixels
from training.data.labellers import HeadLabeller
from training.evaluation.outside.label_networks import head_in, nothing
from training.targets.blendshapes import BLENDSHAPES


class DrawnFaceReader:
    """Reads crops `(n, size, size, 3)`: blendshapes and angles `(n, 55)`, NaN where no face is found. To be closed."""

    def __init__(self, landmarker: Path, threads: int) -> None:
        """Raises FileNotFoundError without the Landmarker's file, ModuleNotFoundError without the extra `label`."""
        self._idle: SimpleQueue[HeadLabeller] = SimpleQueue()
        for _ in range(threads):
            self._idle.put(HeadLabeller(landmarker))
        self._threads = ThreadPoolExecutor(threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()
        while not self._idle.empty():
            self._idle.get().close()

    def __call__(self, pictures: Pixels) -> Tensor:
        return torch.from_numpy(np.stack(list(self._threads.map(self._read, pictures))))

    def _read(self, picture: Pixels) -> Vector:
        labeller = self._idle.get()
        try:
            head = head_in(picture, labeller)
        finally:
            self._idle.put(labeller)
        if head is None:
            return nothing(len(BLENDSHAPES) + len(POSE_ANGLES))
        return np.concatenate([head.blendshapes, head.pose])
