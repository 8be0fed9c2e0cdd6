"""torch._dynamo's settings, which programs set before torch.compile: kept and ignored."""

from types import SimpleNamespace

config = SimpleNamespace(suppress_errors=False, cache_size_limit=8, verbose=False)


def reset():
    """Does nothing: there is no cache of compiled code."""
