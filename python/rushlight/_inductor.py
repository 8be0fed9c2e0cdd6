"""torch._inductor's settings, which programs set before torch.compile: kept and ignored."""

from types import SimpleNamespace

config = SimpleNamespace(
    triton=SimpleNamespace(), cpp=SimpleNamespace(), coordinate_descent_tuning=False
)
