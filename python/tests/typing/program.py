"""A user's program as type checkers see it: all of this is right."""

import rushlight as torch
from rushlight import Tensor, nn
from rushlight.nn import functional as F


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(2, width)
        self.second = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(torch.tanh(self.first(x)))
        return out


def train(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses: list[float] = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def statistics(x: Tensor) -> tuple[int, torch.Size, torch.dtype]:
    y: Tensor = torch.softmax(x, dim=1).sum(dim=1, keepdim=True)
    z: Tensor = (2 * y + y[:, None, 0] ** 2 - 1).to(torch.float64).reshape(-1).clamp(min=0)
    same: bool = torch.allclose(z, z)
    return (z.numel() if same else z.ndim), z.shape, z.dtype


x = torch.randn(8, 2, dtype=torch.float32)
print(train(Net(width=4), x, x.sum(1, keepdim=True)), statistics(x))
