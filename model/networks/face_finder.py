"""The detector's whole way on a device: pictures as bytes in, faces out, with nothing in between that waits."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from model.networks.detector_cells import CANDIDATES, FIRST_SIDE, MAX_OVERLAP, STRIDES, seen_at
from model.networks.detector_network import DetectorNetwork, Separable, decoded, middles

HEADER = 64
"""Bytes of a row before its pixels: heights and widths of the picture and of each look at it, as int32."""
CHAIN = 16
"""How long a chain of boxes, each of which suppresses the next, is followed to its end."""
_GREY = 128.0
_STEP = STRIDES[-1]


def row_size(side: int) -> int:
    """Bytes of a row that holds a picture of up to `side` by `side` pixels."""
    return HEADER + 3 * side**2


def put_pictures(rows: NDArray[np.uint8], pictures: list[NDArray[np.uint8]], side: int, looks: tuple[int, ...]) -> None:
    """Write RGB pictures `(h, w, 3)`, no side longer than `side`, into rows `(n, row_size(side))`, with their sizes."""
    for row, picture in zip(rows, pictures, strict=True):
        height, width = picture.shape[:2]
        sizes = [height, width, *(each for longest in looks for each in seen_at(height, width, longest))]
        row[:HEADER].view(np.int32)[: len(sizes)] = sizes
        row[HEADER:].reshape(side, side, 3)[:height, :width] = picture


class FaceFinder(nn.Module):
    """Rows of `put_pictures` `(n, row_size(side))` uint8 -> `(n, looks, CANDIDATES, 15)` float32.

    For each look the surest cells: the score, 0 where there is no face; left, top, width and height of its box; x and
    y of five points from pixels' middles: all in pixels of the look. Of boxes that overlap one has a score.

    Every picture gets what a network over a canvas of its own size gives: pictures lie in squares, and what is beyond a
    picture's own canvas is nought before every convolution, as the padding about a canvas is. Called by one thread at a
    time.
    """

    def __init__(
        self, network: DetectorNetwork, side: int, looks: tuple[int, ...], min_score: float, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.looks = looks
        self.network = _fused(network).to(dtype)
        self.side, self.min_score, self.dtype = side, min_score, dtype
        self._inside: dict[int, Tensor] = {}
        for module in self.network.modules():
            if isinstance(module, nn.Conv2d) and module.kernel_size != (1, 1):
                module.register_forward_pre_hook(self._cut)
        for longest in looks:
            for name, numbers in zip(("middles", "strides"), middles(longest, longest), strict=True):
                self.register_buffer(f"{name}_{longest}", numbers, persistent=False)

    def forward(self, rows: Tensor) -> Tensor:
        sizes = rows[:, :HEADER].view(torch.int32)
        pixels = rows[:, HEADER:].reshape(-1, self.side, self.side, 3).to(self.dtype)
        found = []
        for number, longest in enumerate(self.looks):
            seen = sizes[:, 2 * number + 2 : 2 * number + 4]
            found.append(self._faces(resized(pixels, sizes[:, :2], seen, longest), seen))
        return torch.stack(found, dim=1)

    def _cut(self, _: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        """What a convolution reads, with nothing beyond each picture's canvas."""
        (maps,) = inputs
        return (maps * self._inside[maps.shape[-1]],)

    def _faces(self, pixels: Tensor, seen: Tensor) -> Tensor:
        """Pictures `(n, 3, longest, longest)` from 0 to 255, and the part of each that is picture `(n, 2)`."""
        longest = pixels.shape[-1]
        canvas = (seen + _STEP - 1) // _STEP * _STEP
        for stride in (1, 2, 4, *STRIDES):
            self._inside[longest // stride] = _within(canvas // stride, longest // stride).to(self.dtype)
        images = pixels.masked_fill(~_within(seen, longest), _GREY).div(127.5).sub(1.0)
        maps = self.network(images.contiguous(memory_format=torch.channels_last))
        self._inside.clear()
        grid: tuple[Tensor, Tensor] = (getattr(self, f"middles_{longest}"), getattr(self, f"strides_{longest}"))
        cells = decoded(maps, grid)
        there = (grid[0] < canvas.flip(1)[:, None]).all(dim=-1)
        scores, best = (cells.logits.sigmoid() * there).topk(CANDIDATES, dim=1)
        boxes = cells.boxes.take_along_dim(best[..., None], 1)
        points = cells.points.flatten(2).take_along_dim(best[..., None], 1) - 0.5
        kept = scores * surest(boxes, scores > self.min_score)
        return torch.cat([kept[..., None], boxes[..., :2], boxes[..., 2:] - boxes[..., :2], points], dim=-1)


def resized(pixels: Tensor, before: Tensor, after: Tensor, longest: int) -> Tensor:
    """Pictures in squares `(n, side, side, 3)` as squares `(n, 3, longest, longest)` of whole numbers.

    `before` and `after` `(n, 2)` are the heights and widths of the pictures in them. What OpenCV does, by two products
    of matrices: reduced, each pixel is the mean of what it covers (INTER_AREA); enlarged, it lies on the line between
    two (INTER_LINEAR). Beyond the pictures there may be anything.
    """
    side = pixels.shape[1]
    if side <= min(longest, FIRST_SIDE):
        return pixels.permute(0, 3, 1, 2)
    down, across = (_shares(before[:, axis], after[:, axis], side, longest).to(pixels.dtype) for axis in (0, 1))
    narrow = (down @ pixels.flatten(2)).reshape(-1, longest, side, 3).permute(0, 3, 1, 2)
    whole: Tensor = (narrow @ across.transpose(1, 2)[:, None]).add(0.5).floor()
    return whole


def _shares(before: Tensor, after: Tensor, side: int, longest: int) -> Tensor:
    """What part of each new pixel each old one is `(n, longest, side)`, of lengths `(n,)` before and after."""
    before = before.clamp(min=1)[:, None, None]
    step = before / after.clamp(min=1)[:, None, None]
    new, old = torch.arange(longest, device=before.device)[:, None], torch.arange(side, device=before.device)
    first = new * step
    covered = (torch.minimum(first + step, old + 1) - torch.maximum(first, old)).clamp(min=0.0) / step
    middle = ((new + 0.5) * step - 0.5).clamp(min=0.0).minimum(before - 1.0)
    between = (1.0 - (middle - old).abs()).clamp(min=0.0)
    return torch.where(step >= 1.0, covered, between)


def _within(sizes: Tensor, length: int) -> Tensor:
    """Whether a pixel is one of the first rows and columns `(n, 2)` of a square: `(n, 1, length, length)`."""
    place = torch.arange(length, device=sizes.device)
    down, across = (place < sizes[:, axis, None] for axis in (0, 1))
    return (down[:, :, None] & across[:, None, :])[:, None]


def surest(boxes: Tensor, faces: Tensor) -> Tensor:
    """Which of some boxes `(n, k, 4)`, surest first, are faces `(n, k)` that no surer one overlaps too much.

    What greedy suppression finds, all boxes at a time: after as many rounds as a chain of boxes has, each of which
    would suppress the next, nothing changes any more.
    """
    corners = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    ends = torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    common = (ends - corners).clamp(min=0.0).prod(dim=-1)
    area = (boxes[..., 2:] - boxes[..., :2]).prod(dim=-1)
    overlaps = common > MAX_OVERLAP * (area[:, :, None] + area[:, None, :] - common)
    before = overlaps.tril(-1).to(boxes.dtype)  # [i, j]: j is surer than i
    kept = faces
    for _ in range(CHAIN):
        kept = faces & ~((before @ kept[..., None].to(boxes.dtype))[..., 0] > 0)
    return kept


def _fused(network: DetectorNetwork) -> DetectorNetwork:
    """A network in evaluation mode with its normalisations in its convolutions."""
    network.stem[0], network.stem[1] = fuse_conv_bn_eval(network.stem[0], network.stem[1]), nn.Identity()  # type: ignore[type-var,arg-type]
    for module in network.modules():
        if isinstance(module, Separable):
            module.spread, module.spread_norm = fuse_conv_bn_eval(module.spread, module.spread_norm), nn.Identity()  # type: ignore[assignment]
            module.mix, module.mix_norm = fuse_conv_bn_eval(module.mix, module.mix_norm), nn.Identity()  # type: ignore[assignment]
    return network
