"""Mean absolute error of a drawn picture."""

from torch import Tensor, nn

from training.losses.masked import masked_mean


class ReconstructionLoss(nn.Module):
    """L1 over the part of each picture that was photographed: sum(mask |drawn - image|) / sum(mask).

    Pictures `(n, 3, h, w)` in [-1, 1]; mask `(n, 1, h, w)` in [0, 1].
    """

    def forward(self, drawn: Tensor, image: Tensor, mask: Tensor) -> Tensor:
        return masked_mean((drawn - image).abs().mean(dim=1, keepdim=True), mask)
