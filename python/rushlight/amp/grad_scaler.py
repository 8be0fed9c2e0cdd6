"""GradScaler: on GPUs it keeps small float16 gradients from vanishing; the CPU's bfloat16 has
float32's range and needs no scaling, so everything passes unchanged."""

from __future__ import annotations


class GradScaler:
    """Scales nothing: `scale` gives the loss back, `step` steps, so that training loops written
    for a GPU run as they are."""

    def __init__(
        self,
        device="cuda",
        init_scale=2.0**16,
        growth_factor=2.0,
        backoff_factor=0.5,
        growth_interval=2000,
        enabled=True,
    ):
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval

    def scale(self, outputs):
        """The outputs, unchanged."""
        return outputs

    def unscale_(self, optimizer):
        """Does nothing: the gradients are not scaled."""

    def step(self, optimizer, *args, **kwargs):
        """optimizer.step(*args, **kwargs)."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale=None):
        """Does nothing."""

    def get_scale(self) -> float:
        """1.0."""
        return 1.0

    def is_enabled(self) -> bool:
        """False."""
        return False

    def get_growth_factor(self) -> float:
        """The factor that was given."""
        return self._growth_factor

    def get_backoff_factor(self) -> float:
        """The factor that was given."""
        return self._backoff_factor

    def get_growth_interval(self) -> int:
        """The number of steps that was given."""
        return self._growth_interval

    def state_dict(self) -> dict:
        """{}: there is no state."""
        return {}

    def load_state_dict(self, state_dict):
        """Does nothing, also with the state of a scaler that was used on a GPU."""
