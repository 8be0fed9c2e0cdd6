"""Event files for TensorBoard: `SummaryWriter`, as in torch.utils.tensorboard."""

from .writer import SummaryWriter

__all__ = ["SummaryWriter"]
