"""Special functions of mathematics."""

from rushlight._C.special import *  # noqa: F403
