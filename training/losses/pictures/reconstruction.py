"""Mean absolute error of a drawn picture."""

from torch import Tensor, nn

from training.losses.pictures.masked import masked_mean


class ReconstructionLoss(nn.Module):
    """L1 by what each pixel counts: sum(weight |drawn - image|) / sum(weight).

    Pictures `(n, 3, h, w)` in [-1, 1]; weights `(n, 1, h, w)`, at least 0.
    """

    def forward(self, drawn: Tensor, image: Tensor, mask: Tensor) -> Tensor:
        return masked_mean((drawn - image).abs().mean(dim=1, keepdim=True), mask)
