"""The running mean of a model's weights."""

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class RunningMean(AveragedModel):
    """An exponential running mean, from the first weights that it is told on.

    Torch's own looks in every step how often it was told, on the device, and so waits for everything before.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__(model, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]
        self.requires_grad_(False)

    def update_parameters(self, model: nn.Module) -> None:
        """Let the weights of a model count. It has no buffers that change."""
        if not int(self.n_averaged):  # this number stays on the processor
            super().update_parameters(model)
            return
        assert self.multi_avg_fn is not None
        self.multi_avg_fn([*self.module.parameters()], [*model.parameters()], self.n_averaged)
        self.n_averaged += 1
